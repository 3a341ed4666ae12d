"""What all of a region costs: now, today and this month, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from fe2tui.model.fleet import DiskRun, Fleet, Run
from fe2tui.model.instance import Instance, State
from fe2tui.model.money.calendar import day_start, month_start
from fe2tui.model.money.flows import Flow, flow_of_disk, flows_of_run, last_name, runs_of, stretches_of
from fe2tui.model.money.images import snapshot_per_month, snapshots_per_month
from fe2tui.model.money.missing import missing_words
from fe2tui.model.money.now import ADDRESS_PER_HOUR, HOURS_A_MONTH, disk_rate, hourly_cost
from fe2tui.model.money.rows import AccountCost, Amounts, CostRow, Kind
from fe2tui.model.snapshot import Snapshot
from fe2tui.model.volume import Volume
from fe2tui.model.words import plural

_NOTHING = Decimal(0)
_ORDER: Mapping[Kind, int] = {"instance": 0, "disk": 1, "address": 2, "snapshots": 3}


def account_cost(fleet: Fleet, now: datetime) -> AccountCost:
    """What all there is costs, from a fleet with its ledgers (``Fleet.runs`` and ``Fleet.disks``).

    Takes a fraction of a second for ten thousand instances.
    """
    books = _Books(fleet, now)
    for instance in fleet.instances.values():
        books.take_instance(instance)
    for instance_id, runs in fleet.runs.items():
        if instance_id not in fleet.instances:
            books.take_gone(instance_id, runs)
    for volume in fleet.volumes.values():
        books.take_volume(volume)
    for volume_id, stretches in fleet.disks.items():
        if volume_id not in fleet.volumes:
            books.take_stretches(stretches, None)
    books.take_addresses()
    counted = sorted(books.rows(), key=_place)
    per_hour = sum((row.hour_parts.known for row in counted), _NOTHING)
    return AccountCost(
        at=now,
        per_hour=per_hour,
        per_month=per_hour * HOURS_A_MONTH,
        today=sum((row.today_parts.known for row in counted), _NOTHING),
        month=sum((row.month_parts.known for row in counted), _NOTHING),
        rows=(*counted, *books.snapshot_rows()),
        missing=missing_words(fleet, now, counted),
        snapshots_per_month=snapshots_per_month(fleet.snapshots.values(), fleet.prices),
    )


def _place(row: CostRow) -> tuple[int, Decimal, str, str]:
    """Kind by kind, what cost most this month first."""
    return _ORDER[row.kind], -row.month_parts.known, row.label, row.id


@dataclass(slots=True)
class _Sums:
    """Dollars by part, being added up."""

    amounts: dict[str, Decimal] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)

    def add(self, part: str, amount: Decimal | None) -> None:
        if amount is None:
            self.unknown.add(part)
        elif amount:
            self.amounts[part] = self.amounts.get(part, _NOTHING) + amount

    def made(self) -> Amounts:
        return Amounts(**self.amounts, unknown=frozenset(self.unknown))


@dataclass(slots=True)
class _Entry:
    """One row, being added up."""

    kind: Kind
    label: str
    what: str
    is_there: bool
    hour: _Sums = field(default_factory=_Sums)
    today: _Sums = field(default_factory=_Sums)
    month: _Sums = field(default_factory=_Sums)

    def row(self, key: str) -> CostRow | None:
        """The row; None of what is no more and cost nothing this month."""
        if not (self.is_there or self.hour.amounts or self.month.amounts or self.month.unknown):
            return None
        return CostRow(self.kind, key, self.label, self.what, self.hour.made(), self.today.made(), self.month.made())


class _Books:
    """The rows of an account, being written."""

    def __init__(self, fleet: Fleet, now: datetime) -> None:
        self._fleet = fleet
        self._now = now
        self._day, self._month = day_start(now), month_start(now)
        self._entries: dict[str, _Entry] = {}
        self._owners: dict[str, str] = {}  # of volumes: the instances they are attached to

    def rows(self) -> Iterable[CostRow]:
        """What has been written, in no order."""
        for key, entry in self._entries.items():
            row = entry.row(key)
            if row is not None:
                yield row

    def take_instance(self, instance: Instance) -> None:
        """Its machine and its address; and which disks are its own."""
        fleet, cost = self._fleet, hourly_cost(instance, self._fleet)
        bought = " spot" if instance.is_spot else ""
        what = f"{instance.type}{bought} {instance.state.value.replace('-', ' ')}"
        runs = runs_of(instance, fleet)
        # a name is taken off what is terminated, so that another may have it
        named = instance.name or (last_name(runs) if instance.state.is_gone else "")
        label = named or instance.id
        entry = self._entries[instance.id] = _Entry("instance", label, what, not instance.state.is_gone)
        entry.hour.add("machine", cost.machine)
        entry.hour.add("address", cost.address)
        for run in runs:
            self._spend(entry, flows_of_run(run, self._fleet.spot_history))
        if instance.state is State.TERMINATED:
            return
        for attachment in instance.attachments:
            self._owners[attachment.volume_id] = instance.id
            if attachment.volume_id not in fleet.volumes:
                entry.hour.add("disk", None)
                if attachment.volume_id not in fleet.disks:
                    entry.today.add("disk", None)
                    entry.month.add("disk", None)

    def take_gone(self, instance_id: str, runs: Sequence[Run]) -> None:
        """The runs of an instance that EC2 no longer shows; it is called what it was last."""
        for run in runs:
            ended_at = run.gone_by or run.ended_at
            if ended_at is None or ended_at > self._month:
                kind = next((one.type for one in reversed(runs) if one.type), "")
                what = f"{kind}, no more there" if kind else "no more there"
                label = last_name(runs) or instance_id
                entry = self._entries.setdefault(instance_id, _Entry("instance", label, what, False))
                self._spend(entry, flows_of_run(run, self._fleet.spot_history))

    def take_volume(self, volume: Volume) -> None:
        """What a disk costs now, for what it is attached to, and what it cost before."""
        owner, rate = self._owners.get(volume.id, ""), disk_rate(volume, self._fleet.prices)
        entry = self._entries.get(owner) or self._unattached(volume.id, volume)
        entry.hour.add("disk", None if rate is None else rate / HOURS_A_MONTH)
        stretches = stretches_of(volume, self._fleet, owner)
        if not stretches:
            entry.today.add("disk", None)
            entry.month.add("disk", None)
        self.take_stretches(stretches, volume)

    def take_stretches(self, stretches: Iterable[DiskRun], volume: Volume | None) -> None:
        """What a disk cost, each stretch for what it was attached to then."""
        for stretch in stretches:
            if stretch.ended_at is not None and stretch.ended_at <= self._month:
                continue
            entry = self._entries.get(stretch.instance_id)
            if entry is None and stretch.instance_id:
                label = stretch.instance_id
                entry = self._entries[label] = _Entry("instance", label, "no more there", False)
            if entry is None:
                entry = self._unattached(stretch.volume_id, volume, stretch)
            self._spend(entry, (flow_of_disk(stretch),))

    def _unattached(self, volume_id: str, volume: Volume | None, stretch: DiskRun | None = None) -> _Entry:
        entry = self._entries.get(volume_id)
        if entry is None:
            is_free = volume is not None and volume_id not in self._owners
            thing = volume or stretch
            size = f"{thing.size} GiB {thing.type}" if thing else ""
            fate = "unattached" if is_free else "attached by now" if volume else "deleted"
            label = (volume.name if volume else "") or volume_id
            entry = self._entries[volume_id] = _Entry("disk", label, f"{size}, {fate}", is_free)
        return entry

    def take_addresses(self) -> None:
        """Elastic IPs associated with nothing. Since when, EC2 does not tell: what they cost before is not known."""
        for address in self._fleet.idle_addresses:
            entry = self._entries[address] = _Entry("address", address, "Elastic IP, unused", True)
            entry.hour.add("address", ADDRESS_PER_HOUR)
            entry.today.add("address", None)
            entry.month.add("address", None)

    def _spend(self, entry: _Entry, flows: Iterable[Flow]) -> None:
        for flow in flows:
            if flow.ends is not None and flow.ends <= self._month:
                continue
            entry.month.add(flow.part, flow.between(self._month, self._now))
            entry.today.add(flow.part, flow.between(self._day, self._now))

    def snapshot_rows(self) -> Iterable[CostRow]:
        """The images with their snapshots, each snapshot once; then the snapshots that no image uses."""
        fleet, left = self._fleet, dict(self._fleet.snapshots)
        rows = []
        for image in fleet.images.values():
            own = [left.pop(key) for key in dict.fromkeys(image.snapshot_ids) if key in left]
            if own:
                rows.append(self._snapshot_row(image.id, image.label, f"image: {_copies(own)}", own))
        if left:
            rows.append(self._snapshot_row("", "of no image", _copies(left.values()), left.values()))
        return sorted(rows, key=_place)

    def _snapshot_row(self, key: str, label: str, what: str, snapshots: Iterable[Snapshot]) -> CostRow:
        hour, today, month = _Sums(), _Sums(), _Sums()
        for snapshot in snapshots:
            rate = snapshot_per_month(snapshot, self._fleet.prices)
            per_hour = None if rate is None else rate / HOURS_A_MONTH
            flow = Flow("snapshots", rate, snapshot.started_at or self._now, monthly=True)
            hour.add("snapshots", per_hour)
            today.add("snapshots", flow.between(self._day, self._now))
            month.add("snapshots", flow.between(self._month, self._now))
        return CostRow("snapshots", key, label, what, hour.made(), today.made(), month.made(), at_most=True)


def _copies(snapshots: Iterable[Snapshot]) -> str:
    some = list(snapshots)
    return f"{plural(len(some), 'snapshot')}, {sum(one.volume_size for one in some):,} GiB"
