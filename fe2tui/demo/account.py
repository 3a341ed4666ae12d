"""The account that the demo cloud keeps: its regions, and what is common to them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from fe2tui.demo import Options, catalogue
from fe2tui.demo.clock import Agenda, Clock
from fe2tui.demo.errors import Refusal
from fe2tui.demo.instance_machines import MachineSide
from fe2tui.demo.records import (
    Address,
    Group,
    Image,
    Instance,
    KeyPair,
    Snapshot,
    SpotRequest,
    Subnet,
    Taggable,
    Volume,
    Vpc,
)

ACCOUNT_ID = "123456789012"
SCENE_REGIONS = ("us-east-2", "us-west-2")
DELAYS = ("boot_seconds", "ssh_seconds", "stop_seconds", "unseen_seconds", "linger_seconds")


class Region:
    """Everything of the account in one region, by id, in the order it came to be."""

    def __init__(self, account: Account, name: str) -> None:
        self.account = account
        self.name = name
        self.zones = account.catalogue.zones(name)
        self.instances: dict[str, Instance] = {}
        self.volumes: dict[str, Volume] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self.images: dict[str, Image] = {}
        self.keys: dict[str, KeyPair] = {}
        self.spots: dict[str, SpotRequest] = {}
        self.addresses: dict[str, Address] = {}
        self.vpcs: dict[str, Vpc] = {}
        self.subnets: dict[str, Subnet] = {}
        self.groups: dict[str, Group] = {}
        self.tokens: dict[str, tuple[str, str]] = {}

    @property
    def now(self) -> datetime:
        """The cloud's time."""
        return self.account.clock.now()

    def new_id(self, prefix: str) -> str:
        """A fresh id such as `vol-0b39947b710d05337`."""
        return f"{prefix}-0{self.account.random.getrandbits(64):016x}"

    def serial(self) -> int:
        """The next number in the order of creation."""
        self.account.count += 1
        return self.account.count

    def zone_id(self, zone: str) -> str:
        """The zone's id, as `use2-az1`."""
        return self.account.catalogue.zone_id(self.name, zone)

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """`act` happens that many seconds from now."""
        self.account.agenda.after(seconds, act)

    def default_vpc(self) -> Vpc | None:
        """The default network, if there is one."""
        return next((vpc for vpc in self.vpcs.values() if vpc.is_default), None)

    def taggables(self) -> Iterator[tuple[str, str, Taggable]]:
        """(resource type, id, record) of everything that can have tags."""
        holdings: tuple[tuple[str, Mapping[str, Any]], ...] = (
            ("instance", self.instances),
            ("volume", self.volumes),
            ("snapshot", self.snapshots),
            ("image", self.images),
            ("spot-instances-request", self.spots),
            ("elastic-ip", self.addresses),
            ("vpc", self.vpcs),
            ("subnet", self.subnets),
            ("security-group", self.groups),
            ("key-pair", {key.id: key for key in self.keys.values()}),
        )
        for kind, records in holdings:
            for identity, record in records.items():
                yield kind, identity, record


class Account:
    """The whole cloud: one account, its clock, its delays and its machines. `lock` guards all of it."""

    def __init__(self, options: Options, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.clock = Clock(datetime.fromisoformat(options.still_at) if options.still_at else None)
        self.agenda = Agenda(self.clock)
        self.random = Random(options.seed)
        self.count = 0
        self.lock = threading.RLock()
        self.catalogue = catalogue.read()
        self.machines = MachineSide(folder / "machines")
        self.sessions: dict[str, str] = {}
        self.machines.on_power = self._pressed
        self.machines.on_metadata = self._metadata
        self.no_capacity: Callable[..., bool] = lambda _action, _region, _zone, _market="": False
        self.image_failure: Callable[[str, str], tuple[str, str] | None] = lambda _region, _name: None
        self._regions: dict[str, Region] = {}

    def region(self, name: str) -> Region:
        """The region of that name, made on first use. Raises Refusal for one that does not exist."""
        known = self._regions.get(name)
        if known is None:
            if name not in self.catalogue.regions():
                raise Refusal("InvalidParameterValue", f"Invalid region: {name}")
            from fe2tui.demo.default_network import found

            known = self._regions[name] = Region(self, name)
            found(known)
        return known

    def open_regions(self) -> list[Region]:
        """The regions that have been used."""
        return list(self._regions.values())

    def change_delays(self, changes: Mapping[str, float]) -> None:
        """Changes the delays of what is begun from now on. Raises Refusal for an unknown one."""
        unknown = set(changes) - set(DELAYS)
        if unknown:
            raise Refusal("InvalidParameterValue", f"unknown delay {', '.join(sorted(unknown))}")
        delays: dict[str, Any] = {name: float(value) for name, value in changes.items()}
        self.options = replace(self.options, **delays)

    def find_instance(self, instance_id: str) -> tuple[Region, Instance]:
        """An instance of any region. Raises Refusal when there is none."""
        for region in self._regions.values():
            if instance_id in region.instances:
                return region, region.instances[instance_id]
        raise Refusal("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")

    def _metadata(self, instance_id: str, path: str) -> str | None:
        """What the machine's metadata service tells. Without the lock: who holds it may be waiting for the machine."""
        from fe2tui.demo.instance_metadata import metadata

        for region in self.open_regions():
            instance = region.instances.get(instance_id)
            if instance is not None:
                return metadata(region, instance, path)
        return None

    def _pressed(self, instance_id: str, what: str) -> None:
        """A machine was told, by whoever is logged in, to power off or to restart."""
        from fe2tui.demo.instance_states import pressed

        with self.lock:
            self.agenda.catch_up()
            for region in self._regions.values():
                if instance_id in region.instances:
                    pressed(region, region.instances[instance_id], what)
