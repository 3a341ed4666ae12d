"""Creates records with a past for the scene: instances, images and volumes that have existed for hours or months."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from fe2tui.demo import instance_states, spot_requests
from fe2tui.demo.account import Region
from fe2tui.demo.default_network import create_security_group
from fe2tui.demo.records import BlockDevice, Image, Instance, SecurityGroupRule, Snapshot, Subnet
from fe2tui.demo.rules.launch_plan import SpotOptions
from fe2tui.demo.rules.run_instances import create_machine, new_instance, new_spot_request
from fe2tui.demo.rules.volumes import new_attached_volume, new_volume, volume_shape


@dataclass(slots=True)
class InstanceSpec:
    """An instance of the scene. `age` and `changed` (since the last change of state) are in hours.

    `state` may be one on the way, such as pending. `data` are further volumes: (device, name, GiB, type). Without
    `has_machine` it has no ssh. `more` are further fields of the record.
    """

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
    has_machine: bool = True
    more: dict[str, Any] = field(default_factory=dict)


class SceneBuilder:
    def __init__(self, region: Region) -> None:
        self.region = region
        self.now = region.now.replace(microsecond=0)

    def ago(self, hours: float) -> datetime:
        return self.now - timedelta(hours=hours)

    def newest(self, pattern: str, architecture: str = "x86_64", skip: int = 0) -> Image:
        """The newest public image with the text in its name; `skip` 1 is the second newest."""
        public = [one for one in self.region.images.values() if one.public and one.architecture == architecture]
        return sorted((one for one in public if pattern in one.name), key=lambda one: one.created_at)[-1 - skip]

    def subnet(self, zone: str, cidr: str) -> None:
        """Creates a subnet of the default VPC in a Local Zone."""
        vpc = self.region.default_vpc()
        assert vpc is not None
        subnet = Subnet(*self.region.identity("subnet"), vpc.id, zone, cidr)
        self.region.subnets[subnet.id] = subnet

    def gone_image(self, name: str, parent: Image, hours: float) -> Image:
        """An image like `parent` that is deregistered: instances that were launched from it go on."""
        image = replace(
            parent, serial=self.region.serial(), id=self.region.new_id("ami"), name=name, created_at=self.ago(hours)
        )
        self.region.gone_images[image.id] = image
        return image

    def group(self, name: str, description: str, *openings: tuple[int, str, str]) -> None:
        """Creates a security group that opens each (port, CIDR, description)."""
        vpc = self.region.default_vpc()
        assert vpc is not None
        group = create_security_group(self.region, vpc.id, name, description)
        for port, network, about in openings:
            identity, source = self.region.new_id("sgr"), ("cidr6" if ":" in network else "cidr", network)
            group.rules.append(SecurityGroupRule(identity, False, "tcp", port, port, source, about or None))

    def image(self, name: str, parent: Image, size: int, hours: float, description: str) -> Image:
        """Creates an image of the account's own, with its snapshot."""
        image = Image(
            *self.region.identity("ami"),
            name=name,
            owner_id=self.region.owner_id,
            architecture=parent.architecture,
            created_at=self.ago(hours),
            disks=[],
            user=parent.user,
            root_device=parent.root_device,
            description=description,
            boot_mode=parent.boot_mode,
            tags={"Name": name, "fe2:user": parent.user},
        )
        about = f"Created by CreateImage(i-0f1e2d3c4b5a69788) for {image.id}"
        snapshot = self.snapshot(about, size, hours, {"Name": name})
        image.disks.append(BlockDevice(parent.root_device, size, snapshot.id))
        self.region.images[image.id] = image
        return image

    def snapshot(self, description: str, size: int, hours: float, tags: dict[str, str]) -> Snapshot:
        """Creates a completed snapshot of a volume that no longer exists."""
        identity, volume_id = self.region.identity("snap"), self.region.new_id("vol")
        created_at = self.ago(hours)
        snapshot = Snapshot(
            *identity, volume_id, size, created_at, self.region.owner_id, description=description, tags=tags
        )
        self.region.snapshots[snapshot.id] = snapshot
        return snapshot

    def volume(self, name: str, zone: str, size: int, kind: str, hours: float) -> None:
        tags = {"Name": name} if name else {}
        new_volume(self.region, self.region.name + zone, volume_shape(size, kind), self.ago(hours), tags=tags)

    def instance(self, spec: InstanceSpec) -> None:
        region = self.region
        zone = region.name + spec.zone
        named = {"Name": spec.name} if spec.name is not None else {}
        by_name = {group.name: (group.id, group.name) for group in region.security_groups.values()}
        instance = new_instance(
            region,
            spec.type,
            spec.image,
            next(subnet for subnet in region.subnets.values() if subnet.zone == zone),
            self.ago(spec.age),
            key_name=spec.key,
            groups=[by_name[name] for name in spec.groups],
            tags=named | spec.tags,
            protected=spec.protected,
            metadata={"HttpTokens": "required"},
            interrupted=spec.interrupted,
            has_machine=spec.has_machine,
            **spec.more,
        )
        if instance.ipv6 and not instance.wants_public_ip:
            instance.private_ip = ""
        self._disks(spec, instance)
        if spec.spot:
            self._request(spec, instance)
        region.instances[instance.id] = instance
        key = region.key_pairs.get(spec.key or "")
        if spec.has_machine and spec.state != "terminated":
            create_machine(region, instance, spec.image, key.public_key if key else None)
        self._into_state(spec, instance)

    def _disks(self, spec: InstanceSpec, instance: Instance) -> None:
        root, name = spec.image.root_disk, instance.tags.get("Name")
        snapshot_id, tags = root.snapshot_id or "" if root else "", {"Name": name} if name else {}
        shape = volume_shape(spec.disk, "gp3")
        new_attached_volume(
            self.region, instance, spec.image.root_device, shape, True, snapshot_id=snapshot_id, tags=tags
        )
        for device, name, size, kind in spec.data:
            new_attached_volume(self.region, instance, device, volume_shape(size, kind), False, tags={"Name": name})

    def _request(self, spec: InstanceSpec, instance: Instance) -> None:
        region = self.region
        persistent = spec.spot == "persistent"
        launch: dict[str, Any] = {"ImageId": spec.image.id, "InstanceType": spec.type}
        launch |= {"KeyName": spec.key, "SubnetId": instance.subnet_id}
        options = SpotOptions(spec.spot or "one-time", "stop" if persistent else "terminate", None)
        request = new_spot_request(region, instance, options, launch, instance.launched_at)
        if spec.interrupted:
            spot_requests.set_status(region, request, "disabled", "instance-stopped-no-capacity")
            request.status_at = self.ago(spec.changed)

    def _into_state(self, spec: InstanceSpec, instance: Instance) -> None:
        """Sets the instance's state. A state on the way ends after the cloud's delays."""
        region, machines = self.region, self.region.account.machines
        changed = self.ago(spec.changed)
        if spec.state in ("running", "stopping", "shutting-down"):
            instance.state = "running"
            instance.public_ip = instance_states.LOOPBACK if instance.wants_public_ip else None
        if spec.state == "running" and spec.has_machine:
            machines.boot_later(instance.id)
        elif spec.state == "running":
            pass
        elif spec.state == "pending":
            instance_states.begin_running(region, instance, boot_later=True)
            instance_states.give_address(region, instance)
        elif spec.state == "stopping":
            instance_states.begin_stopping(region, instance)
        elif spec.state == "shutting-down":
            instance_states.begin_terminating(region, instance)
        elif spec.interrupted:
            instance.state, instance.state_reason = "stopped", instance_states.SPOT_SHUTDOWN
            instance.transition_reason = instance_states.SPOT_SHUTDOWN[0]
        else:
            instance.state_reason = instance_states.USER_SHUTDOWN
            instance.transition_reason = instance_states.transition_reason("User", changed)
            if spec.state == "terminated":
                instance.has_machine = False
                instance_states.terminate(region, instance)
            else:
                instance.state = "stopped"
