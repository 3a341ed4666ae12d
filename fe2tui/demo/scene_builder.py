"""Puts things into an account as if they had been there for long; `scene` says which."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fe2tui.demo import instance_states, spot_requests
from fe2tui.demo.account import ACCOUNT_ID, Region
from fe2tui.demo.catalogue import on_demand
from fe2tui.demo.default_network import add_group
from fe2tui.demo.records import Attachment, Disk, Image, Instance, Rule, Snapshot, SpotRequest, Subnet, Volume
from fe2tui.demo.rules.run_instances import equip, next_private_ip
from fe2tui.demo.rules.volumes import shape
from fe2tui.demo.spot_interruption import SHUTDOWN


@dataclass(slots=True)
class Wish:
    """An instance as the scene describes it. `state` is where it is, or is going; ages are in hours."""

    name: str | None
    type: str
    zone: str
    image: Image
    age: float
    disk: int = 8
    state: str = "running"
    changed: float = 0.0
    spot: str | None = None
    interrupted: bool = False
    key: str | None = "default"
    groups: tuple[str, ...] = ("ssh",)
    tags: dict[str, str] = field(default_factory=dict)
    data: tuple[tuple[str, str, int, str], ...] = ()
    protected: bool = False


class Stage:
    """One region being furnished."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.now = region.now.replace(microsecond=0)

    def ago(self, hours: float) -> datetime:
        """That many hours before now."""
        return self.now - timedelta(hours=hours)

    def newest(self, pattern: str, architecture: str = "x86_64", skip: int = 0) -> Image:
        """The newest public image whose name has the text, or an older one."""
        found = [
            image
            for image in self.region.images.values()
            if image.public and pattern in image.name and image.architecture == architecture
        ]
        return sorted(found, key=lambda image: image.created_at)[-1 - skip]

    def group(self, name: str, description: str, *openings: tuple[int, str, str]) -> None:
        """A security group that lets in each (port, network, why)."""
        vpc = self.region.default_vpc()
        assert vpc is not None
        group = add_group(self.region, vpc.id, name, description)
        for port, network, why in openings:
            kind = "cidr6" if ":" in network else "cidr"
            group.rules.append(Rule(self.region.new_id("sgr"), False, "tcp", port, port, (kind, network), why or None))

    def image(self, name: str, parent: Image, size: int, hours: float, description: str) -> Image:
        """An own image with its snapshot."""
        made = self.ago(hours)
        image = Image(
            serial=self.region.serial(),
            id=self.region.new_id("ami"),
            name=name,
            owner_id=ACCOUNT_ID,
            architecture=parent.architecture,
            created_at=made,
            disks=[],
            user=parent.user,
            root_device=parent.root_device,
            description=description,
            boot_mode=parent.boot_mode,
            tags={"Name": name, "fe2:user": parent.user},
        )
        why = f"Created by CreateImage(i-0f1e2d3c4b5a69788) for {image.id}"
        snapshot = self.snapshot(why, size, hours, {"Name": name})
        image.disks.append(Disk(parent.root_device, size, snapshot.id))
        self.region.images[image.id] = image
        return image

    def snapshot(self, description: str, size: int, hours: float, tags: dict[str, str]) -> Snapshot:
        """An own, completed snapshot of a volume that is gone."""
        snapshot = Snapshot(
            self.region.serial(),
            self.region.new_id("snap"),
            self.region.new_id("vol"),
            size,
            self.ago(hours),
            ACCOUNT_ID,
            description=description,
            tags=tags,
        )
        self.region.snapshots[snapshot.id] = snapshot
        return snapshot

    def volume(self, name: str, zone: str, size: int, kind: str, hours: float) -> Volume:
        """A volume that nothing uses."""
        made = shape(size, kind, None, None)
        volume = Volume(
            self.region.serial(),
            self.region.new_id("vol"),
            self.region.name + zone,
            size,
            self.ago(hours),
            kind,
            made.iops,
            made.throughput,
            tags={"Name": name} if name else {},
        )
        self.region.volumes[volume.id] = volume
        return volume

    def instance(self, wish: Wish) -> Instance:
        """An instance with its disks, its spot request and its machine."""
        region = self.region
        zone = region.name + wish.zone
        vpc = region.default_vpc()
        subnet = next(one for one in region.subnets.values() if one.zone == zone and vpc and one.vpc_id == vpc.id)
        instance = self._blank(wish, subnet)
        self._disks(wish, instance)
        if wish.spot:
            self._request(wish, instance)
        region.instances[instance.id] = instance
        key = region.keys.get(wish.key or "")
        if wish.state != "terminated":
            equip(region, instance, wish.image, key.public_key if key else None)
        self._into_state(wish, instance)
        return instance

    def _blank(self, wish: Wish, subnet: Subnet) -> Instance:
        region = self.region
        named = {"Name": wish.name} if wish.name is not None else {}
        by_name = {group.name: (group.id, group.name) for group in region.groups.values()}
        return Instance(
            serial=region.serial(),
            id=region.new_id("i"),
            reservation_id=region.new_id("r"),
            image_id=wish.image.id,
            type=wish.type,
            architecture=wish.image.architecture,
            key_name=wish.key,
            launched_at=self.ago(wish.age),
            zone=subnet.zone,
            subnet_id=subnet.id,
            vpc_id=subnet.vpc_id,
            private_ip=next_private_ip(subnet),
            groups=[by_name[name] for name in wish.groups],
            tags={**named, **wish.tags},
            user=wish.image.user,
            root_device=wish.image.root_device,
            protected=wish.protected,
            boot_mode=wish.image.boot_mode,
            metadata={"HttpTokens": "required"},
            interrupted=wish.interrupted,
        )

    def _disks(self, wish: Wish, instance: Instance) -> None:
        root = wish.image.root_disk
        snapshot_id = root.snapshot_id or "" if root else ""
        self._disk(instance, wish.image.root_device, wish.disk, "gp3", snapshot_id, True, instance.tags.get("Name", ""))
        for device, name, size, kind in wish.data:
            self._disk(instance, device, size, kind, "", False, name)

    def _disk(
        self, instance: Instance, device: str, size: int, kind: str, snapshot_id: str, deleted: bool, name: str
    ) -> None:
        made = shape(size, kind, None, None)
        volume = Volume(
            self.region.serial(),
            self.region.new_id("vol"),
            instance.zone,
            size,
            instance.launched_at,
            kind,
            made.iops,
            made.throughput,
            snapshot_id,
            state="in-use",
            tags={"Name": name} if name else {},
        )
        volume.attachment = Attachment(device, volume.id, instance.id, instance.launched_at, deleted)
        self.region.volumes[volume.id] = volume
        instance.attachments.append(volume.attachment)

    def _request(self, wish: Wish, instance: Instance) -> None:
        region = self.region
        persistent = wish.spot == "persistent"
        request = SpotRequest(
            serial=region.serial(),
            id="sir-" + region.new_id("x")[3:11],
            kind=wish.spot or "one-time",
            interruption="stop" if persistent else "terminate",
            created_at=instance.launched_at,
            zone=instance.zone,
            launch={
                "ImageId": wish.image.id,
                "InstanceType": wish.type,
                "KeyName": wish.key,
                "SubnetId": instance.subnet_id,
            },
            max_price=str(on_demand(wish.type)),
            instance_id=instance.id,
            status_at=instance.launched_at,
        )
        if wish.interrupted:
            spot_requests.set_status(region, request, "disabled", "instance-stopped-no-capacity")
            request.status_at = self.ago(wish.changed)
        instance.spot_request_id = request.id
        region.spots[request.id] = request

    def _into_state(self, wish: Wish, instance: Instance) -> None:
        """Those on their way arrive by the cloud's own delays, once."""
        region, machines = self.region, self.region.account.machines
        changed = self.ago(wish.changed)
        if wish.state in ("running", "stopping", "shutting-down"):
            instance.state, instance.public_ip = "running", instance_states.LOOPBACK
        if wish.state == "running":
            machines.boot_soon([instance.id])
        elif wish.state == "pending":
            instance_states.begin_running(region, instance, soon=True)
            instance_states.give_address(region, instance)
        elif wish.state == "stopping":
            instance_states.begin_stopping(region, instance)
        elif wish.state == "shutting-down":
            instance_states.begin_terminating(region, instance)
        elif wish.interrupted:
            instance.state, instance.state_reason = "stopped", SHUTDOWN
            instance.transition_reason = SHUTDOWN[0]
        else:
            instance.state_reason = instance_states.USER_SHUTDOWN
            instance.transition_reason = instance_states.user_initiated(changed)
            if wish.state == "terminated":
                instance.has_machine = False
                instance_states.end(region, instance)
            else:
                instance.state = "stopped"
