"""Further running instances in large numbers, for benchmarks. They share one machine."""

from __future__ import annotations

from datetime import timedelta

from fe2tui.demo.account import Account, Region
from fe2tui.demo.instance_states import LOOPBACK, USER_SHUTDOWN
from fe2tui.demo.records import Image
from fe2tui.demo.rules.run_instances import new_instance
from fe2tui.demo.rules.volumes import new_attached_volume, volume_shape

_TYPES = ("t3.medium", "m5.large", "c5.xlarge", "r5.large", "m6i.xlarge", "t3.micro", "c6i.2xlarge")
_PROJECTS = ("atlas", "bridge", "comet", "delta", "ember")
_MACHINE = "i-extra"


def create(region: Region, image: Image, public_key: str, count: int) -> None:
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
        project = _PROJECTS[index % len(_PROJECTS)]
        instance = new_instance(
            region,
            _TYPES[index % len(_TYPES)],
            image,
            subnets[index % len(subnets)],
            now - timedelta(minutes=7 * (index % 9000) + 10),
            key_name="default",
            groups=[(group.id, group.name)],
            tags={"Name": f"worker-{index:05d}", "project": project, "fe2:port": str(port)},
            state="running",
            public_ip=LOOPBACK,
            has_machine=False,
        )
        new_attached_volume(region, instance, image.root_device, volume_shape(8, "gp3"), True)
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
                runs = instance.state != "running"
                instance.state, instance.public_ip = ("running", LOOPBACK) if runs else ("stopped", None)
                instance.state_reason = None if runs else USER_SHUTDOWN
            instance.tags["churned"] = str(int(instance.tags.get("churned", "0")) + 1)
            instance.touch()
        changed += count
    return changed
