"""An EC2 instance, as DescribeInstances returns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from fe2tui.model.location import zone_letter

KEEP_TAG = "fe2:keep"
PORT_TAG = "fe2:port"
USER_TAG = "fe2:user"
INTERRUPTION_CODES = ("Server.SpotInstanceShutdown", "Server.SpotInstanceTermination")


class State(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"
    STOPPING = "stopping"
    STOPPED = "stopped"

    @property
    def is_moving(self) -> bool:
        """Whether the instance leaves this state by itself, within minutes."""
        return self in (State.PENDING, State.SHUTTING_DOWN, State.STOPPING)

    @property
    def is_gone(self) -> bool:
        return self in (State.SHUTTING_DOWN, State.TERMINATED)


class Attachment(NamedTuple):
    device: str
    volume_id: str
    delete_on_termination: bool
    attached_at: datetime | None = None


class ScheduledEvent(NamedTuple):
    """``code`` is instance-stop, instance-retirement, instance-reboot, system-reboot or system-maintenance."""

    code: str
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, repr=False)
class InstanceStatus:
    """The failed status checks of a running instance, and what AWS has scheduled for it.

    ``failed`` names the checks: instance (its system does not answer), system (its host), attached-ebs (its disks).
    """

    id: str  # of the instance
    failed: tuple[str, ...] = ()
    failed_since: datetime | None = None
    events: tuple[ScheduledEvent, ...] = ()

    def __repr__(self) -> str:
        """``i-0b39947b710d05337: instance check failed since 2026-12-01 03:17 UTC``."""
        since = f" since {self.failed_since:%Y-%m-%d %H:%M} UTC" if self.failed_since is not None else ""
        parts = [f"{check} check failed{since}" for check in self.failed]
        parts += [f"{one.code} {f'on {one.not_before:%Y-%m-%d}' if one.not_before else 'now'}" for one in self.events]
        return f"{self.id}: {', '.join(parts) or 'no trouble'}"

    @property
    def is_trouble(self) -> bool:
        return bool(self.failed or self.events)


ShutdownBehavior = Literal["stop", "terminate"]


@dataclass(frozen=True, slots=True)
class InstanceAttributes:
    """What DescribeInstances does not say of an instance.

    ``shutdown_behavior`` is what EC2 does when the instance shuts itself down, as by ``poweroff``.
    """

    termination_protected: bool = False
    stop_protected: bool = False
    shutdown_behavior: ShutdownBehavior = "stop"


@dataclass(frozen=True, slots=True, repr=False)
class Instance:
    """One instance at one moment. Times are UTC."""

    id: str
    state: State
    type: str
    zone: str
    image_id: str = ""
    architecture: str = ""
    key_name: str | None = None
    launched_at: datetime | None = None
    lifecycle: str = "on-demand"  # on-demand, spot, scheduled, capacity-block
    public_ip: str | None = None
    private_ip: str | None = None
    public_dns: str | None = None
    ipv6: str | None = None
    vpc_id: str | None = None
    subnet_id: str | None = None
    security_groups: tuple[tuple[str, str], ...] = ()  # (id, name)
    tags: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    root_device: str = ""
    state_reason: str = ""  # EC2's code and words, as in Client.UserInitiatedShutdown: …
    transition_reason: str = ""  # as in User initiated (2026-11-20 10:00:00 GMT)
    spot_request_id: str | None = None
    client_token: str = ""
    platform: str = "Linux/UNIX"
    virtualization: str = ""
    boot_mode: str = ""
    ena: bool = True
    hibernation: bool = False
    instance_profile: str | None = None
    tenancy: str = "default"
    ec2_fleet_type: str = ""  # maintain, request or instant: of its EC2 Fleet or Spot Fleet, where that was read
    image_boot_mode: str = ""  # what its image asks for: legacy-bios, uefi, uefi-preferred; empty for the type's own

    def __repr__(self) -> str:
        """As the shell shows it: ``spot1 (i-0b39947b710d05337 running): 3.17.155.171``."""
        from fe2tui.model.text import DASH, visible

        return f"{visible(self.name) or DASH} ({self.id} {self.state}): {self.public_address or 'No public IP'}"

    @property
    def name(self) -> str:
        return self.tags.get("Name", "")

    @property
    def label(self) -> str:
        return self.name or self.id

    @property
    def is_spot(self) -> bool:
        return self.lifecycle == "spot"

    @property
    def is_kept(self) -> bool:
        """Whether the tag ``fe2:keep`` excludes it from bulk actions and alerts."""
        return self.tags.get(KEEP_TAG, "").strip().lower() not in ("", "0", "no", "false")

    @property
    def was_interrupted(self) -> bool:
        """Whether AWS ended the last run of this spot instance by itself, as the StateReason says.

        Codes: EC2 API reference, StateReason. An instance that AWS stopped can only be started by AWS.
        """
        is_over = self.state not in (State.PENDING, State.RUNNING)
        return self.is_spot and is_over and self.state_reason.startswith(INTERRUPTION_CODES)

    @property
    def is_interrupted(self) -> bool:
        """Whether AWS interrupted this spot instance and has it stopped (``was_interrupted``, and not terminated)."""
        return self.was_interrupted and not self.state.is_gone

    @property
    def public_address(self) -> str | None:
        """Its public IPv4 address, else its IPv6 address, which is public too."""
        return self.public_ip or self.ipv6

    @property
    def address(self) -> str | None:
        return self.public_address or self.private_ip

    @property
    def is_windows(self) -> bool:
        """Whether it runs Windows. Source: EC2 API reference, PlatformDetails and Platform."""
        return self.platform.lower().startswith("windows")

    @property
    def zone_letter(self) -> str:
        return zone_letter(self.zone)

    @property
    def changed_state_at(self) -> datetime | None:
        """When it was last stopped or terminated, from EC2's StateTransitionReason; None where that has no time."""
        from fe2tui.model.text import parse_transition_time

        return parse_transition_time(self.transition_reason)
