"""What the account costs: the totals of the status line, and the rows of the cost table.

Both are added up from the same charges. ``AccountTracker`` keeps those of every instance and volume from one fleet to
the next and computes again only what changed; ``account_cost`` is for one fleet alone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeVar, get_args

from fe2tui.model.calendar import day_start, month_start
from fe2tui.model.filters import Filter
from fe2tui.model.fleet import Fleet, IdleAddress, InstanceUsage, VolumeUsage
from fe2tui.model.instance import Instance, State
from fe2tui.model.money.alerts import Alert, AlertLimits, AlertTimes, alert_times_of
from fe2tui.model.money.rates import (
    ADDRESS_PER_HOUR,
    HOURS_A_MONTH,
    hourly_cost,
    snapshot_per_month,
    snapshots_per_month,
    sum_if_known,
    volume_per_month,
)
from fe2tui.model.money.unknown import unknown_cost_sentences
from fe2tui.model.money.usage import (
    Charge,
    CostPart,
    instance_usage_charges,
    instance_usage_of,
    is_idle_past_unknown,
    last_name,
    volume_usage_charge,
    volume_usage_of,
)
from fe2tui.model.text import DASH, dollars, plural, table_lines, visible
from fe2tui.model.volume import Snapshot, Volume

_ZERO = Decimal(0)
_COLUMNS = ("NAME", "WHAT", "$/H", "TODAY", "THIS MONTH", "$/MONTH IF LEFT")
_PARTS = ("machine", "disk", "address", "snapshots")

CostKind = Literal["instance", "disk", "address", "snapshots"]


class Amounts(NamedTuple):
    """Known dollars by what they are for. ``unknown`` names the parts where something more is not known."""

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
        return self.machine + self.disk + self.address + self.snapshots

    @property
    def total(self) -> Decimal | None:
        return None if self.unknown else self.known


class CostRow(NamedTuple):
    """A thing that costs money, or did this month: an instance with its volumes and address, an unattached volume, …

    ``at_most``: the amounts are the most that it can cost, and are in no sum of the account. ``label``, ``what`` and
    ``tags`` contain foreign text; what AWS no longer shows has no tags.
    """

    kind: CostKind
    id: str
    label: str
    what: str
    hour_parts: Amounts
    today_parts: Amounts
    month_parts: Amounts
    at_most: bool = False
    tags: Mapping[str, str] = MappingProxyType({})

    def __repr__(self) -> str:
        """``base (m5.large running): 0.110 an hour, 1.20 today, 8.03 this month``, in dollars."""
        name, what, hour, today, month, _ = self.cells()
        return f"{visible(name)} ({visible(what)}): {hour} an hour, {today} today, {month} this month"

    def cells(self) -> tuple[str, ...]:
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
        """Dollars for a month of 730 hours, if it stays as it is; None when a part is not known."""
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
    """What a location costs, in dollars, at a moment; days and months are UTC's, as AWS bills.

    ``per_hour`` is the present rate, ``per_month`` a month of 730 hours if everything stays as it is, ``today`` and
    ``month`` are spent so far. They are the sums of the known amounts in the rows, without the rows ``at_most``, whose
    sum is ``snapshots_per_month``. ``missing`` says in sentences what is not counted or not known. Printed, it is the
    text of ``fe2 cost``.
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
        """``$0.419 an hour; $1.20 today, $8.03 this month; $306.00 a month at this rate``."""
        hour, today, month, per_month = self.texts()
        return f"{hour} an hour; {today} today, {month} this month; {per_month} a month at this rate"

    def __str__(self) -> str:
        return "\n".join(self.lines())

    @property
    def at_least(self) -> tuple[str, ...]:
        """The fields of sums in which some amount is missing: they are at least that."""
        counted = [row for row in self.rows if not row.at_most]
        hour = any(row.hour_parts.unknown for row in counted)
        found = {
            "per_hour": hour,
            "today": any(row.today_parts.unknown for row in counted),
            "month": any(row.month_parts.unknown for row in counted),
            "per_month": hour,
        }
        return tuple(name for name, is_partial in found.items() if is_partial)

    def matching(self, query: Filter[CostRow, None]) -> AccountCost:
        """The rows that match a filter (``model.cost_filter``), and their sums."""
        rows = tuple(row for row in self.rows if query.matches(row, None))
        return _add_up(self.at, rows, self.missing, sum_if_known(row.per_month for row in rows if row.at_most))

    def texts(self) -> tuple[str, str, str, str]:
        """Dollars per hour, today, this month and per month, with ``≥`` where some amount is missing."""
        partial = self.at_least
        amounts = (("per_hour", 3), ("today", 2), ("month", 2), ("per_month", 2))
        hour, today, month, per_month = (
            f"{'≥' if name in partial else ''}{_dollars(getattr(self, name), places)}" for name, places in amounts
        )
        return hour, today, month, per_month

    def lines(self) -> Iterator[str]:
        """The sums, the table of the rows, and the sentences of ``missing``."""
        began = month_start(self.at)
        hour, today, month, per_month = self.texts()
        yield f"Now         {hour} an hour; {per_month} a month at this rate"
        yield f"Today       {today} since midnight UTC"
        yield f"This month  {month} since {began.day} {began:%B} UTC"
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


_SECONDS_PER_HOUR = Decimal(3600)
_NO_ALERT_TIMES = AlertTimes()
_NO_LIMITS = AlertLimits(None, None)

_Thing = TypeVar("_Thing")
_HourParts = tuple[tuple[CostPart, Decimal | None], ...]


class AccountTotals(NamedTuple):
    """What the status line says of a fleet at a moment: counts of instances, and dollars as far as they are known.

    ``per_hour`` is the present rate. ``spent`` is since the first of the month, UTC; it grows by ``spending`` an hour.
    ``unknown`` counts the instances whose own price is not known. ``is_hour_partial`` and ``is_month_partial`` say that
    some amount is missing in ``per_hour`` or in ``spent``. ``long_running`` and ``costly`` count the instances with
    that alert. ``recomputed`` counts the instances and volumes that were computed again for these totals.
    """

    total: int
    running: int
    moving: int
    stopped: int
    per_hour: Decimal
    spent: Decimal
    at: datetime
    unknown: int = 0
    recomputed: int = 0
    spending: Decimal = _ZERO
    long_running: int = 0
    costly: int = 0
    is_hour_partial: bool = False
    is_month_partial: bool = False

    def this_month(self, now: datetime) -> Decimal:
        """Dollars since the first of the month, at a moment soon after ``at``."""
        return self.spent + self.spending * _seconds(max(now - self.at, timedelta(0))) / _SECONDS_PER_HOUR


class _Contribution(NamedTuple):
    """What one instance or volume adds to the account.

    ``hour_parts`` are dollars an hour now by part, None where not known; ``hour`` is the sum of the known ones.
    ``charges`` are all that it cost and costs; of a volume, ``usages`` has the usage behind each of them.
    ``before`` is the month so far minus ``spending`` (dollars an hour) since the month began. ``changes_by_itself``:
    ``spending`` will change without a change of the thing.
    """

    hour_parts: _HourParts
    charges: Sequence[Charge]
    usages: Sequence[VolumeUsage]
    hour: Decimal
    spending: Decimal
    before: Decimal
    changes_by_itself: bool
    is_hour_partial: bool
    partial_parts: frozenset[str]  # of the month
    state: State | None = None
    is_price_unknown: bool = False
    alert_times: AlertTimes = _NO_ALERT_TIMES

    @property
    def counts(self) -> tuple[bool, ...]:
        state = self.state
        return (
            state is State.RUNNING,
            state is not None and state.is_moving,
            state is State.STOPPED,
            self.is_price_unknown,
            self.is_hour_partial,
            bool(self.partial_parts),
        )


class AccountTracker:
    """Adds up one region of an account, fleet after fleet, and computes only what changed since the last one.

    ``limits`` say from when on an instance has an alert. Any thread may call; the calls wait for each other.
    """

    def __init__(self, limits: AlertLimits | None = None) -> None:
        self._limits = limits or AlertLimits()
        self._lock = threading.Lock()
        self._fleet: Fleet | None = None
        self._month = datetime(1970, 1, 1, tzinfo=UTC)
        self._contributions: dict[str, _Contribution] = {}
        self._alert_times: dict[str, AlertTimes] = {}
        self._self_changing_ids: set[str] = set()
        self._clear()

    def update(self, fleet: Fleet, now: datetime) -> AccountTotals:
        with self._lock:
            return self._update(fleet, now)

    def cost(self, fleet: Fleet, now: datetime) -> AccountCost:
        """The rows of a fleet and their sums. Takes a fraction of a second for ten thousand instances."""
        with self._lock:
            self._update(fleet, now)
            builder = _RowsBuilder(fleet, now, self._contributions)
        counted = sorted(builder.rows(), key=_row_sort_key)
        return _add_up(
            now,
            (*counted, *builder.snapshot_rows()),
            tuple(unknown_cost_sentences(fleet, now, counted)),
            snapshots_per_month(fleet.snapshots.values(), fleet.prices),
        )

    def _clear(self) -> None:
        self._contributions.clear()
        self._alert_times.clear()
        self._self_changing_ids.clear()
        self._counts = [0, 0, 0, 0, 0, 0]
        self._hour = self._spending = self._before = _ZERO

    def _update(self, fleet: Fleet, now: datetime) -> AccountTotals:
        month, last = month_start(now), self._fleet
        if last is None or month != self._month or not _have_same_prices(last, fleet):
            self._clear()
            self._month, last = month, None
        elapsed = _seconds(now - month)
        if last is None:
            changed_ids = {*fleet.instances, *fleet.instance_usage, *fleet.volumes, *fleet.volume_usage}
        else:
            changed_ids = _changed_ids(last, fleet) | self._self_changing_ids
        for key in changed_ids:
            self._drop(key)
            contribution = self._contribution(key, fleet, now, elapsed)
            if contribution is not None:
                self._add(key, contribution)
        self._fleet = fleet
        running, moving, stopped, unknown, partial_hours, partial_months = self._counts
        alerts = [alert for times in self._alert_times.values() if (alert := times.alert_at(now)) is not None]
        return AccountTotals(
            total=len(fleet.instances),
            running=running,
            moving=moving,
            stopped=stopped,
            per_hour=self._hour + ADDRESS_PER_HOUR * len(fleet.idle_addresses),
            spent=self._before + self._spending * elapsed / _SECONDS_PER_HOUR,
            at=now,
            unknown=unknown,
            recomputed=len(changed_ids),
            spending=self._spending,
            long_running=alerts.count(Alert.LONG),
            costly=alerts.count(Alert.COSTLY),
            is_hour_partial=partial_hours > 0,
            is_month_partial=partial_months > 0
            or any(is_idle_past_unknown(one, fleet, now) for one in fleet.idle_addresses),
        )

    def _contribution(self, key: str, fleet: Fleet, now: datetime, elapsed: Decimal) -> _Contribution | None:
        instance = fleet.instances.get(key)
        if instance is not None:
            return self._instance_contribution(instance, fleet, now, elapsed)
        if instance_usages := fleet.instance_usage.get(key):
            charges = _charges(instance_usages, fleet)
            gone = self._sum((), charges, (), now, elapsed)
            return gone._replace(is_price_unknown=_is_price_unknown(gone, instance_usages))
        volume = fleet.volumes.get(key)
        usages: Sequence[VolumeUsage] = fleet.volume_usage.get(key, ())
        hour_parts: _HourParts = ()
        if volume is not None:
            usages = volume_usage_of(volume, fleet, "")
            per_month = volume_per_month(volume, fleet.prices)
            hour_parts = (("disk", None if per_month is None else per_month / HOURS_A_MONTH),)
        elif not usages:
            return None
        partial_parts = frozenset(() if usages else ("disk",))
        return self._sum(hour_parts, list(map(volume_usage_charge, usages)), usages, now, elapsed, partial_parts)

    def _instance_contribution(
        self, instance: Instance, fleet: Fleet, now: datetime, elapsed: Decimal
    ) -> _Contribution:
        cost, usages = hourly_cost(instance, fleet), instance_usage_of(instance, fleet)
        hour_parts: list[tuple[CostPart, Decimal | None]] = [("machine", cost.instance), ("address", cost.address)]
        partial_parts: frozenset[str] = frozenset()
        if instance.state is not State.TERMINATED:
            unread = [one.volume_id for one in instance.attachments if one.volume_id not in fleet.volumes]
            if unread:
                hour_parts.append(("disk", None))
            if any(key not in fleet.volume_usage for key in unread):
                partial_parts = frozenset(("disk",))
        charges = _charges(usages, fleet)
        found = self._sum(tuple(hour_parts), charges, (), now, elapsed, partial_parts)
        return found._replace(
            state=instance.state,
            is_price_unknown=cost.instance is None or _is_price_unknown(found, usages),
            alert_times=alert_times_of(instance, fleet, now, self._limits, charges),
        )

    def _sum(
        self,
        hour_parts: _HourParts,
        charges: Sequence[Charge],
        usages: Sequence[VolumeUsage],
        now: datetime,
        elapsed: Decimal,
        partial_parts: frozenset[str] = frozenset(),
    ) -> _Contribution:
        spending = spent = _ZERO
        changes_by_itself = False
        for charge in charges:
            amount = charge.cost_between(self._month, now)
            if amount is None:
                partial_parts |= {charge.part}
            else:
                spent += amount
            changes_by_itself = changes_by_itself or charge.changes_after(now)
            if charge.is_active(now):
                spending += charge.rate_per_hour(now) or _ZERO
        return _Contribution(
            hour_parts,
            charges,
            usages,
            hour=sum((amount for _, amount in hour_parts if amount is not None), _ZERO),
            spending=spending,
            before=spent - spending * elapsed / _SECONDS_PER_HOUR,
            changes_by_itself=changes_by_itself,
            is_hour_partial=any(amount is None for _, amount in hour_parts),
            partial_parts=partial_parts,
        )

    def _add(self, key: str, contribution: _Contribution) -> None:
        self._contributions[key] = contribution
        self._count(contribution, 1)
        if contribution.changes_by_itself:
            self._self_changing_ids.add(key)
        if contribution.alert_times != _NO_ALERT_TIMES:
            self._alert_times[key] = contribution.alert_times

    def _drop(self, key: str) -> None:
        contribution = self._contributions.pop(key, None)
        if contribution is not None:
            self._count(contribution, -1)
            self._self_changing_ids.discard(key)
            self._alert_times.pop(key, None)

    def _count(self, contribution: _Contribution, sign: int) -> None:
        for index, counts in enumerate(contribution.counts):
            self._counts[index] += sign * counts
        self._hour += sign * contribution.hour
        self._spending += sign * contribution.spending
        self._before += sign * contribution.before


def _add_up(
    at: datetime, rows: tuple[CostRow, ...], missing: tuple[str, ...], snapshots: Decimal | None
) -> AccountCost:
    counted = [row for row in rows if not row.at_most]
    per_hour = sum((row.hour_parts.known for row in counted), _ZERO)
    return AccountCost(
        at=at,
        per_hour=per_hour,
        per_month=per_hour * HOURS_A_MONTH,
        today=sum((row.today_parts.known for row in counted), _ZERO),
        month=sum((row.month_parts.known for row in counted), _ZERO),
        rows=rows,
        missing=missing,
        snapshots_per_month=snapshots,
    )


def _idle_text(address: IdleAddress) -> str:
    return "unused Elastic IP" if address.label == address.address else f"unused Elastic IP {address.address}"


def account_cost(fleet: Fleet, now: datetime) -> AccountCost:
    """What a fleet costs, with its rows. ``AccountTracker`` does it quicker for one fleet after another."""
    return AccountTracker(_NO_LIMITS).cost(fleet, now)


def _charges(usages: Iterable[InstanceUsage], fleet: Fleet) -> Sequence[Charge]:
    return [charge for usage in usages for charge in instance_usage_charges(usage, fleet.spot_history)]


def _is_price_unknown(contribution: _Contribution, usages: Sequence[InstanceUsage]) -> bool:
    """Whether a price is missing in the month. Where AWS does not tell how long a run was, its length is missing."""
    return "machine" in contribution.partial_parts and not any(usage.has_unknown_length for usage in usages)


def _have_same_prices(last: Fleet, fleet: Fleet) -> bool:
    is_same_history = last.spot_history is fleet.spot_history or last.spot_history == fleet.spot_history
    return last.location == fleet.location and last.prices == fleet.prices and is_same_history


def _changed_ids(last: Fleet, fleet: Fleet) -> set[str]:
    changed_usage = _differing_ids(last.volume_usage, fleet.volume_usage)
    changed_ids = _differing_ids(last.instances, fleet.instances) | _differing_ids(last.volumes, fleet.volumes)
    changed_ids |= _differing_ids(last.instance_usage, fleet.instance_usage) | changed_usage
    if last.volumes is not fleet.volumes or changed_usage:
        # when an instance becomes costly depends on the volumes it has and had
        changed_ids.update(usage.instance_id for key in changed_usage for usage in last.volume_usage.get(key, ()))
        changed_ids.update(
            instance_id
            for instance_id, instance in fleet.instances.items()
            if any(attachment.volume_id in changed_ids for attachment in instance.attachments)
        )
    return changed_ids


def _differing_ids(before: Mapping[str, _Thing], after: Mapping[str, _Thing]) -> set[str]:
    if before is after:
        return set()
    changed = {key for key, thing in after.items() if (was := before.get(key)) is not thing and was != thing}
    return changed | {key for key in before if key not in after}


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(microseconds=1)) / 1_000_000


def _row_sort_key(row: CostRow) -> tuple[int, Decimal, str, str]:
    return get_args(CostKind).index(row.kind), -row.month_parts.known, row.label, row.id


@dataclass(slots=True)
class _PartSums:
    amounts: dict[str, Decimal] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)

    def add(self, part: str, amount: Decimal | None) -> None:
        if amount is None:
            self.unknown.add(part)
        elif amount:
            self.amounts[part] = self.amounts.get(part, _ZERO) + amount

    def to_amounts(self) -> Amounts:
        return Amounts(**self.amounts, unknown=frozenset(self.unknown))


@dataclass(slots=True)
class _RowSums:
    kind: CostKind
    label: str
    what: str
    exists: bool
    tags: Mapping[str, str] = field(default_factory=dict)
    hour: _PartSums = field(default_factory=_PartSums)
    today: _PartSums = field(default_factory=_PartSums)
    month: _PartSums = field(default_factory=_PartSums)

    def add_unknown_past(self, part: CostPart) -> None:
        self.today.add(part, None)
        self.month.add(part, None)

    def to_row(self, key: str, *, at_most: bool = False) -> CostRow | None:
        """The row; None for what no longer exists and cost nothing this month."""
        if not (self.exists or self.hour.amounts or self.month.amounts or self.month.unknown):
            return None
        amounts = (self.hour.to_amounts(), self.today.to_amounts(), self.month.to_amounts())
        return CostRow(self.kind, key, self.label, self.what, *amounts, at_most=at_most, tags=self.tags)


class _RowsBuilder:
    """Puts every charge into the row of the instance, volume or address that it was paid for."""

    def __init__(self, fleet: Fleet, now: datetime, contributions: Mapping[str, _Contribution]) -> None:
        self._fleet = fleet
        self._now = now
        self._day, self._month = day_start(now), month_start(now)
        self._rows: dict[str, _RowSums] = {}
        self._owners = {
            attachment.volume_id: instance.id
            for instance in fleet.instances.values()
            if instance.state is not State.TERMINATED
            for attachment in instance.attachments
        }
        for key, instance in fleet.instances.items():
            self._add_instance(instance, contributions[key])
        for key, usages in fleet.instance_usage.items():
            if usages and key not in fleet.instances:
                add = self._add_address if usages[-1].is_idle_address else self._add_gone_instance
                add(key, usages, contributions[key])
        for key, volume in fleet.volumes.items():
            self._add_volume(volume, contributions[key])
        for key in fleet.volume_usage:
            if key not in fleet.volumes and key in contributions:
                self._add_volume_charges(key, None, contributions[key], "")
        for one in fleet.idle_addresses:
            row = self._rows.setdefault(one.id, _RowSums("address", one.label, "", True))
            row.label, row.what, row.exists, row.tags = one.label, _idle_text(one), True, one.tags
            row.hour.add("address", ADDRESS_PER_HOUR)
            if is_idle_past_unknown(one, fleet, now):
                row.add_unknown_past("address")

    def rows(self) -> Iterable[CostRow]:
        return [row for key, sums in self._rows.items() if (row := sums.to_row(key)) is not None]

    def _add_instance(self, instance: Instance, contribution: _Contribution) -> None:
        bought = " spot" if instance.is_spot else ""
        what = f"{instance.type}{bought} {instance.state.value.replace('-', ' ')}"
        name = instance.name
        if not name and instance.state.is_gone:  # the name is taken off an instance when it is terminated
            name = last_name(instance_usage_of(instance, self._fleet))
        row = _RowSums("instance", name or instance.id, what, not instance.state.is_gone, instance.tags)
        self._rows[instance.id] = row
        for part, amount in contribution.hour_parts:
            row.hour.add(part, amount)
        for charge in contribution.charges:
            self._add_charge(row, charge)
        if "disk" in contribution.partial_parts:
            row.add_unknown_past("disk")

    def _add_gone_instance(
        self, instance_id: str, usages: Sequence[InstanceUsage], contribution: _Contribution
    ) -> None:
        type_name = next((usage.type for usage in reversed(usages) if usage.type), "")
        what = f"{type_name}, deleted" if type_name else "deleted"
        row = self._rows[instance_id] = _RowSums("instance", last_name(usages) or instance_id, what, False)
        for charge in contribution.charges:
            self._add_charge(row, charge)

    def _add_address(self, allocation_id: str, usages: Sequence[InstanceUsage], contribution: _Contribution) -> None:
        label = last_name(usages) or allocation_id
        row = self._rows[allocation_id] = _RowSums("address", label, "Elastic IP, in use again or released", False)
        for charge in contribution.charges:
            self._add_charge(row, charge)

    def _add_volume(self, volume: Volume, contribution: _Contribution) -> None:
        owner = self._owners.get(volume.id, "")
        row = self._rows.get(owner) or self._volume_row(volume.id, volume)
        for part, amount in contribution.hour_parts:
            row.hour.add(part, amount)
        if "disk" in contribution.partial_parts and not contribution.charges:
            row.add_unknown_past("disk")
        self._add_volume_charges(volume.id, volume, contribution, owner)

    def _add_volume_charges(
        self, volume_id: str, volume: Volume | None, contribution: _Contribution, owner: str
    ) -> None:
        is_recorded = bool(self._fleet.volume_usage.get(volume_id))
        for usage, charge in zip(contribution.usages, contribution.charges, strict=True):
            if charge.ends_at is not None and charge.ends_at <= self._month:
                continue
            instance_id = usage.instance_id if is_recorded else owner
            row = self._rows.get(instance_id)
            if row is None and instance_id:
                row = self._rows[instance_id] = _RowSums("instance", instance_id, "deleted", False)
            self._add_charge(row or self._volume_row(volume_id, volume, usage), charge)

    def _volume_row(self, volume_id: str, volume: Volume | None, usage: VolumeUsage | None = None) -> _RowSums:
        row = self._rows.get(volume_id)
        if row is None:
            is_unattached = volume is not None and volume_id not in self._owners
            thing = volume or usage
            size = f"{thing.size} GiB {thing.type}" if thing else ""
            state = "unattached" if is_unattached else "attached by now" if volume else "deleted"
            label = (volume.name if volume else "") or volume_id
            tags = volume.tags if volume is not None else {}
            row = self._rows[volume_id] = _RowSums("disk", label, f"{size}, {state}", is_unattached, tags)
        return row

    def _add_charge(self, row: _RowSums, charge: Charge) -> None:
        if charge.ends_at is None or charge.ends_at > self._month:
            row.month.add(charge.part, charge.cost_between(self._month, self._now))
            row.today.add(charge.part, charge.cost_between(self._day, self._now))

    def snapshot_rows(self) -> Iterable[CostRow]:
        """The images with their snapshots, each snapshot once; then the snapshots that no image uses."""
        left = dict(self._fleet.snapshots)
        rows = []
        for image in self._fleet.images.values():
            own = [left.pop(key) for key in dict.fromkeys(image.snapshot_ids) if key in left]
            if own:
                rows.append(self._snapshot_row(image.id, image.label, "image: ", own, image.tags))
        if left:
            rows.append(self._snapshot_row("", "of no image", "", list(left.values()), {}))
        return sorted(rows, key=_row_sort_key)

    def _snapshot_row(
        self, key: str, label: str, kind: str, snapshots: Sequence[Snapshot], tags: Mapping[str, str]
    ) -> CostRow:
        size = sum(one.volume_size for one in snapshots)
        row = _RowSums("snapshots", label, f"{kind}{plural(len(snapshots), 'snapshot')}, {size:,} GiB", True, tags)
        for snapshot in snapshots:
            rate = snapshot_per_month(snapshot, self._fleet.prices)
            row.hour.add("snapshots", None if rate is None else rate / HOURS_A_MONTH)
            self._add_charge(row, Charge("snapshots", rate, snapshot.started_at or self._now, is_monthly=True))
        found = row.to_row(key, at_most=True)
        assert found is not None  # it exists
        return found
