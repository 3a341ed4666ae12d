"""Money that goes out evenly over a stretch of time: what all sums over the past are made of.

Dollars an hour times the seconds that lie in a window, and of disks dollars a month times its share of the calendar
month: the parts of a window add up to the whole, and nothing is ever negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from fe2tui.model.fleet import DiskRun, Fleet, Prices, Run
from fe2tui.model.instance import Instance, State
from fe2tui.model.money.calendar import month_of
from fe2tui.model.money.market import NO_HISTORIES, Histories, Meter, billed
from fe2tui.model.money.now import ADDRESS_PER_HOUR, disk_rate, follows_market, is_taken_back, machine_price
from fe2tui.model.volume import Volume

SHORTEST_RUN = timedelta(seconds=60)
FREE_WHEN_TAKEN_BACK = timedelta(hours=1)
"""A shorter run that AWS ends is not billed: Overview of Amazon EC2 Spot Instances, "How Spot Instances Work"."""

EVER = datetime(2006, 1, 1, tzinfo=UTC)  # before there was EC2
_HOUR = Decimal(3_600_000_000)  # microseconds
_MICROSECOND = timedelta(microseconds=1)
_NOTHING = Decimal(0)
_ON = (State.RUNNING, State.PENDING)

Part = Literal["machine", "disk", "address", "snapshots"]


class Flow(NamedTuple):
    """Dollars an hour (None: not known) from a moment on, until another or until today; a ``Meter`` has them change.

    With ``monthly`` they are dollars for a whole calendar month, of however many days: so EBS bills a GB-month.
    Source: EBS pricing, its example of 12 hours in a month of 30 days.
    """

    part: Part
    rate: Decimal | Meter | None
    begins: datetime
    ends: datetime | None = None
    monthly: bool = False

    def between(self, since: datetime, until: datetime) -> Decimal | None:
        """Dollars between two moments; None when there are some and their rate is not known."""
        ends = until if self.ends is None or self.ends > until else self.ends
        begins = self.begins if self.begins > since else since
        if ends <= begins:
            return _NOTHING
        if self.rate is None:
            return None
        if isinstance(self.rate, Meter):
            return self.rate.between(begins, ends) / _HOUR
        if not self.monthly:
            return self.rate * ((ends - begins) // _MICROSECOND) / _HOUR
        months = _NOTHING
        while begins < ends:
            start, end = month_of(begins)
            part_ends = min(end, ends)
            months += Decimal((part_ends - begins) // _MICROSECOND) / ((end - start) // _MICROSECOND)
            begins = part_ends
        return self.rate * months

    def per_hour(self, at: datetime) -> Decimal | None:
        """Dollars an hour at a moment at which it goes on."""
        if isinstance(self.rate, Meter):
            return self.rate.at(at)
        if self.rate is None or not self.monthly:
            return self.rate
        start, end = month_of(at)
        return self.rate * _HOUR / ((end - start) // _MICROSECOND)

    def is_open(self, at: datetime) -> bool:
        """Whether it goes on at a moment."""
        return self.begins <= at and (self.ends is None or at < self.ends)

    def turns_after(self, at: datetime) -> bool:
        """Whether it begins or ends later than a moment, so that what it costs a second changes by itself."""
        changes_at = self.rate.times[-1] if isinstance(self.rate, Meter) else self.begins
        return changes_at > at or (self.ends is not None and self.ends > at)


def flows_of_run(run: Run, histories: Histories = NO_HISTORIES) -> Iterable[Flow]:
    """The machine and its address. A machine that ran is paid for at least 60 seconds, unless AWS took it back.

    That of a spot machine follows the market's prices by type, ``histories`` (``Fleet.spot_history``). Of a run that
    nobody saw nothing is known; one whose end was not seen counts until it was last seen running.
    """
    if run.is_unknown:
        yield Flow("machine", None, run.started_at, run.gone_by)
        return
    ends = run.ended_at
    if not run.is_rest:
        if ends is not None and ends - run.started_at < SHORTEST_RUN:
            ends = run.started_at + SHORTEST_RUN
        stretches = () if _is_free(run) else billed(run, ends, histories)
        for begins, until, rate in stretches:
            yield Flow("machine", rate, begins, until)
    if run.has_address:
        yield Flow("address", ADDRESS_PER_HOUR, run.started_at, ends)


def _is_free(run: Run) -> bool:
    if not run.taken_back or run.ended_at is None or run.gone_by is not None:
        return False
    return run.ended_at - run.started_at < FREE_WHEN_TAKEN_BACK


def flow_of_disk(stretch: DiskRun) -> Flow:
    """A stretch of a disk's life."""
    return Flow("disk", stretch.per_month, stretch.started_at, stretch.ended_at, monthly=True)


def runs_of(instance: Instance, fleet: Fleet) -> tuple[Run, ...]:
    """The stretches in which the instance ran, or rested with an address: those recorded, and those EC2 tells of.

    A price recorded while it ran counts before today's; one that was not known then is today's.
    """
    recorded = {run.started_at: run for run in fleet.runs.get(instance.id, ())}
    for run in _told(instance, fleet):
        recorded.setdefault(run.started_at, run)
    return tuple(_priced(recorded[key], instance, fleet.prices) for key in sorted(recorded))


def _told(instance: Instance, fleet: Fleet) -> Iterable[Run]:
    """What EC2's own times tell of: the last run, and the rest after it with an address."""
    start, has_address = instance.launched_at, bool(instance.public_ip)
    if start is None:
        return
    begun = run_since(instance, start, fleet.prices)
    if instance.state in _ON:
        yield replace(begun, seen_at=start)
    elif (stopped := instance.changed_state_at) is not None:
        yield replace(begun, ended_at=stopped, taken_back=is_taken_back(instance))
        if has_address and instance.state is State.STOPPED and stopped > start:
            yield rest(instance, stopped)
    else:
        yield replace(begun, ended_at=start, gone_by=max(fleet.seen_at, start))


def run_since(instance: Instance, since: datetime, prices: Prices) -> Run:
    """A run of the instance as it is, which nobody has seen the end of."""
    return Run(
        instance.id,
        instance.name,
        instance.type,
        since,
        None,
        machine_price(instance, prices),
        bool(instance.public_ip),
        zone=instance.zone,
        is_spot=follows_market(instance),
    )


def last_name(runs: Sequence[Run]) -> str:
    """What the instance of these runs was called last; empty if it never was anything."""
    return next((run.name for run in reversed(runs) if run.name), "")


def rest(instance: Instance, since: datetime) -> Run:
    """The stretch of one that is stopped and keeps its address."""
    return Run(instance.id, instance.name, "", since, None, _NOTHING, True)


def _priced(run: Run, instance: Instance, prices: Prices) -> Run:
    if not run.zone and not run.is_rest and follows_market(instance):  # written down before that was
        run = replace(run, zone=instance.zone, is_spot=True)
    if run.price_per_hour is not None:
        return run
    then = instance if run.type == instance.type else replace(instance, type=run.type)
    return replace(run, price_per_hour=machine_price(then, prices))


def stretches_of(
    volume: Volume, fleet: Fleet, instance_id: str, attached_at: datetime | None = None
) -> Sequence[DiskRun]:
    """The stretches of a disk: those recorded, else the one that its age tells of, for what it is attached to.

    Empty when nothing tells how old it is.
    """
    recorded = fleet.disks.get(volume.id)
    if recorded:
        return [_priced_disk(stretch, volume, fleet) for stretch in recorded]
    begun = volume.created_at or attached_at
    if begun is None:
        return ()
    return (
        DiskRun(volume.id, instance_id, volume.size, volume.type, begun, per_month=disk_rate(volume, fleet.prices)),
    )


def _priced_disk(stretch: DiskRun, volume: Volume, fleet: Fleet) -> DiskRun:
    if stretch.per_month is not None or (stretch.size, stretch.type) != (volume.size, volume.type):
        return stretch
    return replace(stretch, per_month=disk_rate(volume, fleet.prices))


def flows_of(instance: Instance, fleet: Fleet) -> list[Flow]:
    """All that an instance cost and costs: its runs, its address, its disks while they were its own."""
    flows = [flow for run in runs_of(instance, fleet) for flow in flows_of_run(run, fleet.spot_history)]
    seen = set()
    for attachment in instance.attachments:
        volume = fleet.volumes.get(attachment.volume_id)
        stretches = stretches_of(volume, fleet, instance.id, attachment.attached_at) if volume is not None else ()
        if not stretches and attachment.volume_id not in fleet.disks:
            flows.append(Flow("disk", None, EVER))
        seen.add(attachment.volume_id)
        flows += [flow_of_disk(stretch) for stretch in stretches if stretch.instance_id == instance.id]
    for stretch in _by_instance(_Same(fleet.disks)).get(instance.id, ()):
        if stretch.volume_id not in seen or stretch.volume_id not in fleet.volumes:
            flows.append(flow_of_disk(stretch))
    return flows


class _Same:
    """A mapping that equals only itself, so that what was made of it can be kept as long as it is in use."""

    __slots__ = ("mapping",)

    def __init__(self, mapping: Mapping[str, tuple[DiskRun, ...]]) -> None:
        self.mapping = mapping

    def __hash__(self) -> int:
        return id(self.mapping)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.mapping is other.mapping


@lru_cache(maxsize=2)
def _by_instance(disks: _Same) -> Mapping[str, Sequence[DiskRun]]:
    found: dict[str, list[DiskRun]] = {}
    for stretches in list(disks.mapping.values()):
        for stretch in stretches:
            if stretch.instance_id:
                found.setdefault(stretch.instance_id, []).append(stretch)
    return found
