"""The records of an account: instances, volumes, images and so on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from zlib import crc32

STATE_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


@dataclass(slots=True, eq=False)
class Record:
    """What has an id and tags. `serial` is the order of creation."""

    serial: int
    id: str
    tags: dict[str, str] = field(default_factory=dict, kw_only=True)


@dataclass(slots=True, eq=False)
class Attachment:
    """A volume on an instance; the volume's record and the instance's record share it."""

    device: str
    volume_id: str
    instance_id: str
    attached_at: datetime
    delete_on_termination: bool
    status: str = "attached"


@dataclass(slots=True, eq=False)
class Instance(Record):
    """An instance.

    `groups` are (id, name) of its security groups, `state_reason` is (code, message), `notice` (action, time) of an
    interruption. `private_ip` is empty if it has IPv6 only. `failed_checks` are the status checks that fail (instance,
    system, attached-ebs); `events` are (code, time) of what is scheduled. `epoch` counts its changes of state.
    `has_machine`: it has a machine of its own. `xml` is its description, kept until `touch`, which is called after each
    change.
    """

    reservation_id: str
    image_id: str
    type: str
    architecture: str
    key_name: str | None
    launched_at: datetime
    zone: str
    subnet_id: str
    vpc_id: str
    private_ip: str
    groups: list[tuple[str, str]]
    user: str = "ubuntu"
    state: str = "pending"
    state_reason: tuple[str, str] | None = None
    transition_reason: str = ""
    wants_public_ip: bool = True
    ipv6: str | None = None
    is_windows: bool = False
    public_ip: str | None = None
    root_device: str = "/dev/sda1"
    attachments: list[Attachment] = field(default_factory=list)
    client_token: str = ""
    launch_index: int = 0
    spot_request_id: str | None = None
    interrupted: bool = False
    notice: tuple[str, datetime] | None = None
    rebalance_at: datetime | None = None
    ebs_optimized: bool = False
    monitoring: bool = False
    protected: bool = False
    stop_protected: bool = False
    shutdown_behavior: str = "stop"
    user_data: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    profile_arn: str | None = None
    hibernation: bool = False
    source_dest_check: bool = True
    boot_mode: str | None = None
    ena: bool = True
    has_machine: bool = True
    failed_checks: tuple[str, ...] = ()
    failed_since: datetime | None = None
    events: list[tuple[str, datetime]] = field(default_factory=list)
    unseen_until: datetime | None = None
    epoch: int = 0
    xml: str | None = None

    def touch(self) -> None:
        self.xml = None

    @property
    def state_code(self) -> int:
        return STATE_CODES[self.state]

    @property
    def interface_id(self) -> str:
        return "eni-" + self.id[2:]


class VolumeShape(NamedTuple):
    """A volume's size in GiB, type, IOPS and throughput in MiB/s."""

    size: int
    type: str
    iops: int | None
    throughput: int | None


@dataclass(slots=True, eq=False)
class Modification:
    """A volume's change of shape. Progress is in percent."""

    started_at: datetime
    before: VolumeShape
    after: VolumeShape
    state: str = "modifying"
    progress: int = 0
    ended_at: datetime | None = None


@dataclass(slots=True, eq=False)
class Volume(Record):
    """An EBS volume. Size in GiB, throughput in MiB/s."""

    zone: str
    size: int
    created_at: datetime
    type: str = "gp3"
    iops: int | None = 3000
    throughput: int | None = 125
    snapshot_id: str = ""
    encrypted: bool = False
    state: str = "available"
    attachment: Attachment | None = None
    modification: Modification | None = None


@dataclass(slots=True, eq=False)
class Snapshot(Record):
    """A snapshot. `size` is that of its volume, in GiB; `progress` is in percent."""

    volume_id: str
    size: int
    started_at: datetime
    owner_id: str
    owner_alias: str | None = None
    description: str = ""
    state: str = "completed"
    progress: int = 100
    encrypted: bool = False

    @property
    def full_bytes(self) -> int | None:
        """The bytes of a full copy, a quarter to three quarters of the volume; None until it is complete."""
        if self.state != "completed":
            return None
        return self.size * 2**30 * (25 + crc32(self.id.encode()) % 51) // 100


@dataclass(slots=True, eq=False)
class BlockDevice:
    """An EBS volume in an image's block device mapping. Size in GiB."""

    device: str
    size: int
    snapshot_id: str | None
    type: str = "gp3"
    delete_on_termination: bool = True
    encrypted: bool = False
    iops: int | None = None
    throughput: int | None = None


@dataclass(slots=True, eq=False)
class Image(Record):
    """An image. `user` is the login name on its machines; `ssm_name` the SSM parameter that names it."""

    name: str
    owner_id: str
    architecture: str
    created_at: datetime
    disks: list[BlockDevice]
    user: str
    root_device: str = "/dev/sda1"
    owner_alias: str | None = None
    description: str = ""
    public: bool = False
    state: str = "available"
    state_reason: tuple[str, str] | None = None
    boot_mode: str | None = "uefi-preferred"
    ssm_name: str | None = None
    source_instance_id: str | None = None
    unseen_until: datetime | None = None
    protected: bool = False

    @property
    def root_disk(self) -> BlockDevice | None:
        return next((disk for disk in self.disks if disk.device == self.root_device), None)


@dataclass(slots=True, eq=False)
class KeyPair(Record):
    """A key pair. `public_key` is in OpenSSH's form."""

    name: str
    type: str
    fingerprint: str
    public_key: str
    created_at: datetime


@dataclass(slots=True, eq=False)
class SpotRequest(Record):
    """A spot request. `launch` are the parameters of RunInstances for another instance; `status` is (code, message)."""

    type: str
    interruption: str
    created_at: datetime
    zone: str
    launch: Mapping[str, Any]
    max_price: str
    instance_id: str | None = None
    state: str = "active"
    status: tuple[str, str] = ("fulfilled", "Your spot request is fulfilled.")
    status_at: datetime | None = None
    valid_until: datetime | None = None


@dataclass(slots=True, eq=False)
class Address(Record):
    """An elastic IP address."""

    public_ip: str
    instance_id: str | None = None
    association_id: str | None = None


@dataclass(slots=True, eq=False)
class Vpc(Record):
    cidr: str
    is_default: bool = False


@dataclass(slots=True, eq=False)
class Subnet(Record):
    """A subnet. `used_addresses` counts all that it has ever given."""

    vpc_id: str
    zone: str
    cidr: str
    is_default: bool = False
    public_ips: bool = True
    used_addresses: int = 0


@dataclass(slots=True, eq=False)
class SecurityGroupRule:
    """A rule of a security group. `source` is (`cidr`, `cidr6`, `group` or `prefix`, its value)."""

    id: str
    egress: bool
    protocol: str
    from_port: int | None
    to_port: int | None
    source: tuple[str, str]
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for rules that EC2 regards as duplicates."""
        return (self.egress, self.protocol, self.from_port, self.to_port, self.source)


@dataclass(slots=True, eq=False)
class SecurityGroup(Record):
    name: str
    description: str
    vpc_id: str
    rules: list[SecurityGroupRule] = field(default_factory=list)
