"""What an account holds, as plain records; the rules change them, the views render them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zlib import crc32

STATE_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


@dataclass(slots=True, eq=False)
class Attachment:
    """A volume on an instance, seen from either side."""

    device: str
    volume_id: str
    instance_id: str
    attached_at: datetime
    delete_on_termination: bool
    status: str = "attached"


@dataclass(slots=True, eq=False)
class Instance:
    """One instance; `rendered` is its XML, kept until something changes (`touch`)."""

    serial: int
    id: str
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
    tags: dict[str, str]
    user: str = "ubuntu"
    state: str = "pending"
    state_reason: tuple[str, str] | None = None
    transition_reason: str = ""
    wants_public_ip: bool = True
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
    credits: str = "unlimited"
    source_dest_check: bool = True
    boot_mode: str | None = None
    ena: bool = True
    has_machine: bool = True
    unseen_until: datetime | None = None
    epoch: int = 0
    rendered: str | None = None

    def touch(self) -> None:
        """Forgets the XML after a change."""
        self.rendered = None

    @property
    def state_code(self) -> int:
        """EC2's number of the state."""
        return STATE_CODES[self.state]

    @property
    def interface_id(self) -> str:
        """The id of its one network interface."""
        return "eni-" + self.id[2:]


@dataclass(slots=True, eq=False)
class Modification:
    """A volume's change of size or kind, under way or done."""

    started_at: datetime
    before: tuple[int, str, int | None, int | None]
    after: tuple[int, str, int | None, int | None]
    state: str = "modifying"
    progress: int = 0
    ended_at: datetime | None = None


@dataclass(slots=True, eq=False)
class Volume:
    """One EBS volume; `size` in GiB."""

    serial: int
    id: str
    zone: str
    size: int
    created_at: datetime
    kind: str = "gp3"
    iops: int | None = 3000
    throughput: int | None = 125
    snapshot_id: str = ""
    encrypted: bool = False
    state: str = "available"
    attachment: Attachment | None = None
    tags: dict[str, str] = field(default_factory=dict)
    modification: Modification | None = None


@dataclass(slots=True, eq=False)
class Snapshot:
    """One snapshot; `size` is its volume's, in GiB."""

    serial: int
    id: str
    volume_id: str
    size: int
    started_at: datetime
    owner_id: str
    owner_alias: str | None = None
    description: str = ""
    state: str = "completed"
    progress: int = 100
    encrypted: bool = False
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def full_bytes(self) -> int | None:
        """What a full copy holds, once it is complete: between a quarter and three quarters of its volume."""
        if self.state != "completed":
            return None
        return self.size * 2**30 * (25 + crc32(self.id.encode()) % 51) // 100


@dataclass(slots=True, eq=False)
class Disk:
    """One EBS entry of an image's block device mapping; `size` in GiB."""

    device: str
    size: int
    snapshot_id: str | None
    kind: str = "gp3"
    delete_on_termination: bool = True
    encrypted: bool = False
    iops: int | None = None
    throughput: int | None = None


@dataclass(slots=True, eq=False)
class Image:
    """One machine image; `user` is the login that its machines know."""

    serial: int
    id: str
    name: str
    owner_id: str
    architecture: str
    created_at: datetime
    disks: list[Disk]
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
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def root_disk(self) -> Disk | None:
        """The disk it boots from."""
        return next((disk for disk in self.disks if disk.device == self.root_device), None)


@dataclass(slots=True, eq=False)
class KeyPair:
    """One key pair; `public_key` in OpenSSH's form."""

    serial: int
    id: str
    name: str
    kind: str
    fingerprint: str
    public_key: str
    created_at: datetime
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class SpotRequest:
    """One spot instance request; `launch` are the parameters that a replacement is launched with."""

    serial: int
    id: str
    kind: str
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
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Address:
    """One elastic address."""

    serial: int
    id: str
    public_ip: str
    instance_id: str | None = None
    association_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Vpc:
    """One network."""

    serial: int
    id: str
    cidr: str
    is_default: bool = False
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Subnet:
    """One subnet; `taken` counts the addresses it has given away."""

    serial: int
    id: str
    vpc_id: str
    zone: str
    cidr: str
    is_default: bool = False
    public_ips: bool = True
    taken: int = 0
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Rule:
    """One rule of a security group: from or to one range of addresses, or one other group."""

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
        """What makes two rules the same."""
        return (self.egress, self.protocol, self.from_port, self.to_port, self.source)


@dataclass(slots=True, eq=False)
class Group:
    """One security group."""

    serial: int
    id: str
    name: str
    description: str
    vpc_id: str
    rules: list[Rule] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


Taggable = Instance | Volume | Snapshot | Image | KeyPair | SpotRequest | Address | Vpc | Subnet | Group | Rule
