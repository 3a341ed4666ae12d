"""The account of the demo cloud: its regions with their records, its clock, its delays and its machines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from fe2tui.demo import Options, catalogue
from fe2tui.demo.client_files import Keys
from fe2tui.demo.clock import Clock, Schedule
from fe2tui.demo.errors import ApiError, invalid_value, not_found
from fe2tui.demo.faults import Faults
from fe2tui.demo.machines import Machines
from fe2tui.demo.records import (
    Address,
    Image,
    Instance,
    KeyPair,
    SecurityGroup,
    Snapshot,
    SpotRequest,
    Subnet,
    Volume,
    Vpc,
)

ACCOUNT_ID = "123456789012"
SECOND_ACCOUNT_ID = "210987654321"
SCENE_REGIONS = ("us-east-2", "us-west-2")
DELAYS = ("boot_seconds", "ssh_seconds", "stop_seconds", "unseen_seconds", "linger_seconds")


class Region:
    """The records that one of the two accounts has in a region, by id (key pairs by name), in order of creation."""

    def __init__(self, account: Account, name: str, owner_id: str) -> None:
        self.account = account
        self.name = name
        self.owner_id = owner_id
        self.zones = account.catalogue.zones(name)
        self.instances: dict[str, Instance] = {}
        self.volumes: dict[str, Volume] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.images: dict[str, Image] = {}
        self.key_pairs: dict[str, KeyPair] = {}
        self.spot_requests: dict[str, SpotRequest] = {}
        self.addresses: dict[str, Address] = {}
        self.vpcs: dict[str, Vpc] = {}
        self.subnets: dict[str, Subnet] = {}
        self.security_groups: dict[str, SecurityGroup] = {}
        self.gone_images: dict[str, Image] = {}
        """Deregistered images that instances were launched from."""
        self.fleets: dict[str, str] = {}
        """The type of each EC2 Fleet and Spot Fleet: maintain, request or instant."""
        self.client_tokens: dict[str, tuple[str, str]] = {}

    @property
    def now(self) -> datetime:
        return self.account.clock.now()

    def new_id(self, prefix: str) -> str:
        """A fresh id such as `vol-0b39947b710d05337` or `sir-b39947b7`."""
        digits = f"{self.account.random.getrandbits(64):016x}"
        return f"sir-{digits[:8]}" if prefix == "sir" else f"{prefix}-0{digits}"

    def serial(self) -> int:
        self.account.count += 1
        return self.account.count

    def identity(self, prefix: str) -> tuple[int, str]:
        """The serial and the id of a new record."""
        return self.serial(), self.new_id(prefix)

    def zone_id(self, zone: str) -> str:
        return self.account.catalogue.zone_id(self.name, zone)

    def after(self, seconds: float, act: Callable[[], object]) -> None:
        self.account.schedule.after(seconds, act)

    def default_vpc(self) -> Vpc | None:
        return next((vpc for vpc in self.vpcs.values() if vpc.is_default), None)


@dataclass(frozen=True, slots=True)
class RoleSession:
    """An assumed role: its principal, and what its calls are signed with."""

    principal: str
    secret: str
    token: str


class Account:
    """The whole cloud, with the records of both its accounts. Hold `lock` while reading or changing records.

    `create_region` fills a new region. `press_power_button(region, instance, "poweroff" | "reboot")` is called when an
    instance's machine turns itself off or restarts. `read_metadata` is the text at a path of an instance's metadata, or
    None. `launch_replacement` launches the instance of an open spot request; it raises ApiError.
    """

    def __init__(
        self,
        options: Options,
        folder: Path,
        keys: Keys,
        faults: Faults,
        *,
        create_region: Callable[[Region], None],
        press_power_button: Callable[[Region, Instance, str], None],
        read_metadata: Callable[[Region, Instance, str], str | None],
        launch_replacement: Callable[[Region, SpotRequest], None],
    ) -> None:
        self.options = options
        self.folder = folder
        self.keys = keys
        self.faults = faults
        self.launch_replacement = launch_replacement
        self.clock = Clock(datetime.fromisoformat(options.still_at) if options.still_at else None)
        self.schedule = Schedule(self.clock)
        self.random = Random(options.seed)
        self.count = 0
        self.lock = threading.RLock()
        self.catalogue = catalogue.read()
        self.sessions: dict[str, RoleSession] = {}
        """Each assumed role, by its access key."""
        self._create_region = create_region
        self._press_power_button = press_power_button
        self._read_metadata = read_metadata
        self._regions: dict[tuple[str, str], Region] = {}
        self.machines = Machines(folder / "machines", on_power=self._on_power, metadata=self._metadata)

    def region(self, name: str, owner_id: str = ACCOUNT_ID) -> Region:
        """The region of that name in one of the accounts, created on first use. Raises ApiError for an unknown name."""
        key = name, owner_id
        if key not in self._regions:
            if name not in self.catalogue.regions():
                raise invalid_value(f"Invalid region: {name}")
            self._regions[key] = Region(self, name, owner_id)
            self._create_region(self._regions[key])
        return self._regions[key]

    def used_regions(self) -> list[Region]:
        return list(self._regions.values())

    def change_delays(self, changes: Mapping[str, float]) -> None:
        """Changes delays from now on; what has begun keeps its own. Raises ApiError for an unknown delay."""
        unknown = set(changes) - set(DELAYS)
        if unknown:
            raise invalid_value(f"unknown delay {', '.join(sorted(unknown))}")
        delays: dict[str, Any] = {name: float(value) for name, value in changes.items()}
        self.options = replace(self.options, **delays)

    def find_instance(self, instance_id: str) -> tuple[Region, Instance]:
        for region in self.used_regions():
            if instance := region.instances.get(instance_id):
                return region, instance
        raise not_found("InvalidInstanceID", "instance ID", [instance_id])

    def _metadata(self, instance_id: str, path: str) -> str | None:
        # Without the lock: a thread that holds it may be waiting for the machines' loop, which calls this.
        try:
            return self._read_metadata(*self.find_instance(instance_id), path)
        except ApiError:
            return None

    def _on_power(self, instance_id: str, button: str) -> None:
        with self.lock, suppress(ApiError):
            self.schedule.run_due()
            self._press_power_button(*self.find_instance(instance_id), button)
