"""Further running instances in large numbers, for benchmarks. They share one machine."""

from __future__ import annotations

from datetime import datetime, timedelta

from fe2tui.demo.account import Account, Region
from fe2tui.demo.instance_states import LOOPBACK, USER_SHUTDOWN
from fe2tui.demo.records import Attachment, Image, Instance, SecurityGroup, Subnet, Volume
from fe2tui.demo.rules.run_instances import next_private_ip

_TYPES = ("t3.medium", "m5.large", "c5.xlarge", "r5.large", "m6i.xlarge", "t3.micro", "c6i.2xlarge")
_PROJECTS = ("atlas", "bridge", "comet", "delta", "ember")
_MACHINE = "i-extra"


def create(region: Region, image: Image, public_key: str, count: int) -> None:
    """Creates `count` running instances in the region's default VPC."""
    vpc = region.default_vpc()
    if vpc is None or count <= 0:
        return
    subnets = [subnet for subnet in region.subnets.values() if subnet.vpc_id == vpc.id]
    group = next(one for one in region.security_groups.values() if one.vpc_id == vpc.id)
    machines = region.account.machines
    port = machines.create(_MACHINE, hostname="worker", user=image.user, public_key=public_key)
    machines.boot_later(_MACHINE)
    now = region.now.replace(microsecond=0)
    for index in range(count):
        launched_at = now - timedelta(minutes=7 * (index % 9000) + 10)
        _create_one(region, image, subnets[index % len(subnets)], group, index, launched_at, port)


def _create_one(
    region: Region, image: Image, subnet: Subnet, group: SecurityGroup, index: int, launched_at: datetime, port: int
) -> None:
    instance = Instance(
        serial=region.serial(),
        id=region.new_id("i"),
        reservation_id=region.new_id("r"),
        image_id=image.id,
        type=_TYPES[index % len(_TYPES)],
        architecture="x86_64",
        key_name="default",
        launched_at=launched_at,
        zone=subnet.zone,
        subnet_id=subnet.id,
        vpc_id=subnet.vpc_id,
        private_ip=next_private_ip(subnet),
        groups=[(group.id, group.name)],
        tags={"Name": f"worker-{index:05d}", "project": _PROJECTS[index % len(_PROJECTS)], "fe2:port": str(port)},
        user=image.user,
        state="running",
        public_ip=LOOPBACK,
        root_device=image.root_device,
        boot_mode=image.boot_mode,
        has_machine=False,
    )
    volume = Volume(region.serial(), region.new_id("vol"), subnet.zone, 8, launched_at, state="in-use")
    volume.attachment = Attachment(image.root_device, volume.id, instance.id, launched_at, True)
    instance.attachments.append(volume.attachment)
    region.volumes[volume.id] = volume
    region.instances[instance.id] = instance


def churn(account: Account, fraction: float) -> int:
    """Changes the state or the tags of a random fraction of the bulk instances. Returns how many."""
    changed = 0
    for region in account.used_regions():
        instances = [
            one for one in region.instances.values() if not one.has_machine and one.state in ("running", "stopped")
        ]
        count = round(len(instances) * fraction)
        for instance in account.random.sample(instances, count):
            if account.random.random() < 0.5:
                instance.state = "stopped" if instance.state == "running" else "running"
                instance.public_ip = LOOPBACK if instance.state == "running" else None
                instance.state_reason = None if instance.state == "running" else USER_SHUTDOWN
            instance.tags["churned"] = str(int(instance.tags.get("churned", "0")) + 1)
            instance.touch()
        changed += count
    return changed
