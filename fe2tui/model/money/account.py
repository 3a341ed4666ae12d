"""The account's costs as rows and sums."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from fe2tui.model.fleet import Fleet, InstanceUsage, VolumeUsage
from fe2tui.model.instance import Instance, State
from fe2tui.model.money.calendar import day_start, month_start
from fe2tui.model.money.rates import (
    ADDRESS_PER_HOUR,
    HOURS_A_MONTH,
    hourly_cost,
    snapshot_per_month,
    snapshots_per_month,
    volume_per_month,
)
from fe2tui.model.money.unknown import unknown_cost_sentences
from fe2tui.model.money.usage import (
    Charge,
    instance_usage_charges,
    instance_usage_of,
    last_name,
    volume_usage_charge,
    volume_usage_of,
)
from fe2tui.model.snapshot import Snapshot
from fe2tui.model.text import DASH, dollars, plural, table_lines, visible
from fe2tui.model.volume import Volume

_ZERO = Decimal(0)
_COLUMNS = ("NAME", "WHAT", "$/H", "TODAY", "THIS MONTH", "$/MONTH IF LEFT")
_PARTS = ("machine", "disk", "address", "snapshots")

CostKind = Literal["instance", "disk", "address", "snapshots"]


class Amounts(NamedTuple):
    """Dollars by what they are for, as far as they are known; ``unknown`` names the parts of which some is not."""

    machine: Decimal = _ZERO
    disk: Decimal = _ZERO
    address: Decimal = _ZERO
    snapshots: Decimal = _ZERO
    unknown: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        """``machine $0.096, disk unknown``."""
        parts = ((part, getattr(self, part), part in self.unknown) for part in _PARTS)
        words = [
            f"{part} {'unknown' if unknown else _dollars(amount, 3)}"
            for part, amount, unknown in parts
            if amount or unknown
        ]
        return ", ".join(words) or "nothing"

    @property
    def known(self) -> Decimal:
        """The sum of what is known."""
        return self.machine + self.disk + self.address + self.snapshots

    @property
    def total(self) -> Decimal | None:
        """The sum, or None when something in it is not known."""
        return None if self.unknown else self.known


class CostRow(NamedTuple):
    """One thing that costs money, or did this month: an instance with its disks and address, an unattached disk, …

    ``at_most``: the amounts are the most it can cost, and are in no sum of the account. ``label`` and ``what`` have
    foreign text in them.
    """

    kind: CostKind
    id: str
    label: str
    what: str
    hour_parts: Amounts
    today_parts: Amounts
    month_parts: Amounts
    at_most: bool = False

    def __repr__(self) -> str:
        """``base (m5.large running): 0.110 an hour, 1.20 today, 8.03 this month``, in dollars."""
        name, what, hour, today, month, _ = self.cells()
        return f"{visible(name)} ({visible(what)}): {hour} an hour, {today} today, {month} this month"

    def cells(self) -> tuple[str, ...]:
        """The row as text, as ``fe2 cost`` prints it."""
        return (
            self.label,
            self.what,
            self._cell(self.hour_parts, 3),
            self._cell(self.today_parts),
            self._cell(self.month_parts),
            self._cell(self.hour_parts, times=HOURS_A_MONTH),
        )

    def _cell(self, amounts: Amounts, places: int = 2, times: int = 1) -> str:
        if amounts.unknown and not amounts.known:
            return DASH
        limit = "≤" if self.at_most else "≥" if amounts.unknown else ""
        return f"{limit}{dollars(amounts.known * times, places)}"

    @property
    def per_hour(self) -> Decimal | None:
        """Dollars an hour now; None when a part is not known."""
        return self.hour_parts.total

    @property
    def per_month(self) -> Decimal | None:
        """Dollars in a month of 730 hours, if left as it is; None when a part is not known."""
        return None if self.per_hour is None else self.per_hour * HOURS_A_MONTH

    @property
    def today(self) -> Decimal | None:
        """Dollars since midnight UTC; None when a part is not known."""
        return self.today_parts.total

    @property
    def month(self) -> Decimal | None:
        """Dollars since the first of the month, UTC; None when a part is not known."""
        return self.month_parts.total


class AccountCost(NamedTuple):
    """What a region of an account costs, in dollars, at a moment; days and months are UTC's, as AWS bills.

    ``per_hour`` is the present rate, ``per_month`` a month of 730 hours if all is left as it is, ``today`` and
    ``month`` what was spent so far, as far as it was seen. They are the sums of what is known in the rows, those
    ``at_most`` left out: ``snapshots_per_month`` is theirs. ``missing`` says in sentences what is not in, or not known.
    Printed, it is the text of ``fe2 cost``.
    """

    at: datetime
    per_hour: Decimal
    per_month: Decimal
    today: Decimal
    month: Decimal
    rows: tuple[CostRow, ...] = ()
    missing: tuple[str, ...] = ()
    snapshots_per_month: Decimal | None = _ZERO

    def __repr__(self) -> str:
        """``$0.419 an hour; $1.20 today, $8.03 this month; $306.00 a month if left as it is``."""
        spent = f"{_dollars(self.today)} today, {_dollars(self.month)} this month"
        return f"{_dollars(self.per_hour, 3)} an hour; {spent}; {_dollars(self.per_month)} a month if left as it is"

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """The sums, the table of the rows, and what is missing."""
        began = month_start(self.at)
        yield f"Now         {_dollars(self.per_hour, 3)} an hour; {_dollars(self.per_month)} a month if left as it is"
        yield f"Today       {_dollars(self.today)} since midnight UTC"
        yield f"This month  {_dollars(self.month)} since {began.day} {began:%B} UTC"
        if self.snapshots_per_month is None or self.snapshots_per_month:
            yield f"Snapshots   at most {_dollars(self.snapshots_per_month)} a month, in no other sum"
        if self.rows:
            yield ""
            yield from table_lines(_COLUMNS, (row.cells() for row in self.rows), right=_COLUMNS[2:])
        if self.missing:
            yield ""
            yield from map(visible, self.missing)


def _dollars(amount: Decimal | None, places: int = 2) -> str:
    return dollars(amount, places, sign="$")


_NOTHING = Decimal(0)
_KIND_ORDER: Mapping[CostKind, int] = {"instance": 0, "disk": 1, "address": 2, "snapshots": 3}


def account_cost(fleet: Fleet, now: datetime) -> AccountCost:
    """What all there is costs, from a fleet with its ledgers (``Fleet.runs`` and ``Fleet.disks``).

    Takes a fraction of a second for ten thousand instances.
    """
    books = _AccountSums(fleet, now)
    for instance in fleet.instances.values():
        books.add_instance(instance)
    for instance_id, usages in fleet.instance_usage.items():
        if instance_id not in fleet.instances:
            books.add_gone_instance(instance_id, usages)
    for volume in fleet.volumes.values():
        books.add_volume(volume)
    for volume_id, volume_usages in fleet.volume_usage.items():
        if volume_id not in fleet.volumes:
            books.add_volume_usage(volume_usages, None)
    books.add_idle_addresses()
    counted = sorted(books.rows(), key=_row_sort_key)
    per_hour = sum((row.hour_parts.known for row in counted), _NOTHING)
    return AccountCost(
        at=now,
        per_hour=per_hour,
        per_month=per_hour * HOURS_A_MONTH,
        today=sum((row.today_parts.known for row in counted), _NOTHING),
        month=sum((row.month_parts.known for row in counted), _NOTHING),
        rows=(*counted, *books.snapshot_rows()),
        missing=unknown_cost_sentences(fleet, now, counted),
        snapshots_per_month=snapshots_per_month(fleet.snapshots.values(), fleet.prices),
    )


def _row_sort_key(row: CostRow) -> tuple[int, Decimal, str, str]:
    """Kind by kind, what cost most this month first."""
    return _KIND_ORDER[row.kind], -row.month_parts.known, row.label, row.id


@dataclass(slots=True)
class _PartSums:
    """Dollars by part, being added up."""

    amounts: dict[str, Decimal] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)

    def add(self, part: str, amount: Decimal | None) -> None:
        if amount is None:
            self.unknown.add(part)
        elif amount:
            self.amounts[part] = self.amounts.get(part, _NOTHING) + amount

    def to_amounts(self) -> Amounts:
        return Amounts(**self.amounts, unknown=frozenset(self.unknown))


@dataclass(slots=True)
class _RowSums:
    """One row, being added up."""

    kind: CostKind
    label: str
    what: str
    exists: bool
    hour: _PartSums = field(default_factory=_PartSums)
    today: _PartSums = field(default_factory=_PartSums)
    month: _PartSums = field(default_factory=_PartSums)

    def to_row(self, key: str) -> CostRow | None:
        """The row; None of what is no more and cost nothing this month."""
        if not (self.exists or self.hour.amounts or self.month.amounts or self.month.unknown):
            return None
        return CostRow(
            self.kind,
            key,
            self.label,
            self.what,
            self.hour.to_amounts(),
            self.today.to_amounts(),
            self.month.to_amounts(),
        )


class _AccountSums:
    """The rows of an account, being written."""

    def __init__(self, fleet: Fleet, now: datetime) -> None:
        self._fleet = fleet
        self._now = now
        self._day, self._month = day_start(now), month_start(now)
        self._rows: dict[str, _RowSums] = {}
        self._owners: dict[str, str] = {}  # of volumes: the instances they are attached to

    def rows(self) -> Iterable[CostRow]:
        """What has been written, in no order."""
        for key, entry in self._rows.items():
            row = entry.to_row(key)
            if row is not None:
                yield row

    def add_instance(self, instance: Instance) -> None:
        """Its machine and its address; and which disks are its own."""
        fleet, cost = self._fleet, hourly_cost(instance, self._fleet)
        bought = " spot" if instance.is_spot else ""
        what = f"{instance.type}{bought} {instance.state.value.replace('-', ' ')}"
        usages = instance_usage_of(instance, fleet)
        # a name is taken off what is terminated, so that another may have it
        named = instance.name or (last_name(usages) if instance.state.is_gone else "")
        label = named or instance.id
        entry = self._rows[instance.id] = _RowSums("instance", label, what, not instance.state.is_gone)
        entry.hour.add("machine", cost.instance)
        entry.hour.add("address", cost.address)
        for usage in usages:
            self._add_charges(entry, instance_usage_charges(usage, self._fleet.spot_history))
        if instance.state is State.TERMINATED:
            return
        for attachment in instance.attachments:
            self._owners[attachment.volume_id] = instance.id
            if attachment.volume_id not in fleet.volumes:
                entry.hour.add("disk", None)
                if attachment.volume_id not in fleet.volume_usage:
                    entry.today.add("disk", None)
                    entry.month.add("disk", None)

    def add_gone_instance(self, instance_id: str, usages: Sequence[InstanceUsage]) -> None:
        """The runs of an instance that EC2 no longer shows; it is called what it was last."""
        for usage in usages:
            ended_at = usage.ended_before or usage.ended_at
            if ended_at is None or ended_at > self._month:
                kind = next((one.type for one in reversed(usages) if one.type), "")
                what = f"{kind}, no more there" if kind else "no more there"
                label = last_name(usages) or instance_id
                entry = self._rows.setdefault(instance_id, _RowSums("instance", label, what, False))
                self._add_charges(entry, instance_usage_charges(usage, self._fleet.spot_history))

    def add_volume(self, volume: Volume) -> None:
        """What a disk costs now, for what it is attached to, and what it cost before."""
        owner, rate = self._owners.get(volume.id, ""), volume_per_month(volume, self._fleet.prices)
        entry = self._rows.get(owner) or self._unattached_volume(volume.id, volume)
        entry.hour.add("disk", None if rate is None else rate / HOURS_A_MONTH)
        usages = volume_usage_of(volume, self._fleet, owner)
        if not usages:
            entry.today.add("disk", None)
            entry.month.add("disk", None)
        self.add_volume_usage(usages, volume)

    def add_volume_usage(self, usages: Iterable[VolumeUsage], volume: Volume | None) -> None:
        """What a disk cost, each stretch for what it was attached to then."""
        for usage in usages:
            if usage.ended_at is not None and usage.ended_at <= self._month:
                continue
            entry = self._rows.get(usage.instance_id)
            if entry is None and usage.instance_id:
                label = usage.instance_id
                entry = self._rows[label] = _RowSums("instance", label, "no more there", False)
            if entry is None:
                entry = self._unattached_volume(usage.volume_id, volume, usage)
            self._add_charges(entry, (volume_usage_charge(usage),))

    def _unattached_volume(self, volume_id: str, volume: Volume | None, usage: VolumeUsage | None = None) -> _RowSums:
        entry = self._rows.get(volume_id)
        if entry is None:
            is_free = volume is not None and volume_id not in self._owners
            thing = volume or usage
            size = f"{thing.size} GiB {thing.type}" if thing else ""
            fate = "unattached" if is_free else "attached by now" if volume else "deleted"
            label = (volume.name if volume else "") or volume_id
            entry = self._rows[volume_id] = _RowSums("disk", label, f"{size}, {fate}", is_free)
        return entry

    def add_idle_addresses(self) -> None:
        """Elastic IPs associated with nothing. Since when, EC2 does not tell: what they cost before is not known."""
        for address in self._fleet.idle_addresses:
            entry = self._rows[address] = _RowSums("address", address, "Elastic IP, unused", True)
            entry.hour.add("address", ADDRESS_PER_HOUR)
            entry.today.add("address", None)
            entry.month.add("address", None)

    def _add_charges(self, entry: _RowSums, flows: Iterable[Charge]) -> None:
        for flow in flows:
            if flow.ends_at is not None and flow.ends_at <= self._month:
                continue
            entry.month.add(flow.part, flow.cost_between(self._month, self._now))
            entry.today.add(flow.part, flow.cost_between(self._day, self._now))

    def snapshot_rows(self) -> Iterable[CostRow]:
        """The images with their snapshots, each snapshot once; then the snapshots that no image uses."""
        fleet, left = self._fleet, dict(self._fleet.snapshots)
        rows = []
        for image in fleet.images.values():
            own = [left.pop(key) for key in dict.fromkeys(image.snapshot_ids) if key in left]
            if own:
                rows.append(self._snapshot_row(image.id, image.label, f"image: {_snapshot_text(own)}", own))
        if left:
            rows.append(self._snapshot_row("", "of no image", _snapshot_text(left.values()), left.values()))
        return sorted(rows, key=_row_sort_key)

    def _snapshot_row(self, key: str, label: str, what: str, snapshots: Iterable[Snapshot]) -> CostRow:
        hour, today, month = _PartSums(), _PartSums(), _PartSums()
        for snapshot in snapshots:
            rate = snapshot_per_month(snapshot, self._fleet.prices)
            per_hour = None if rate is None else rate / HOURS_A_MONTH
            flow = Charge("snapshots", rate, snapshot.started_at or self._now, is_monthly=True)
            hour.add("snapshots", per_hour)
            today.add("snapshots", flow.cost_between(self._day, self._now))
            month.add("snapshots", flow.cost_between(self._month, self._now))
        return CostRow(
            "snapshots", key, label, what, hour.to_amounts(), today.to_amounts(), month.to_amounts(), at_most=True
        )


def _snapshot_text(snapshots: Iterable[Snapshot]) -> str:
    some = list(snapshots)
    return f"{plural(len(some), 'snapshot')}, {sum(one.volume_size for one in some):,} GiB"
