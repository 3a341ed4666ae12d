"""Sources of volumes, spot requests, CPU figures, status checks, the account's id, and idle Elastic IPs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from fe2tui.aws.decode import InstanceStatusReader, SpotRequestReader, VolumeReader
from fe2tui.aws.paged_reads import PAGE_SIZE, InstancesRead, read_all
from fe2tui.aws.poller.fleet_source import OFTEN, RARELY, SELDOM, FleetSource, loop_time
from fe2tui.aws.session import Session
from fe2tui.aws.worker_thread import in_worker_thread
from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Fleet, IdleAddress
from fe2tui.model.instance import InstanceStatus, State
from fe2tui.model.instance_group import ec2_fleet_id
from fe2tui.model.interruption import LIVE_REQUEST_STATES
from fe2tui.model.spot import SpotRequest
from fe2tui.model.volume import Volume

_MAX_FILTERED = 200  # the most volumes in one filter


class VolumeSource(FleetSource[Mapping[str, Volume]]):
    """All volumes every ten minutes; at once those that were attached to or detached from an instance."""

    name = "volumes"
    interval = 2 * OFTEN

    def __init__(self, session: Session, latest: Mapping[str, Volume]) -> None:
        super().__init__(session, latest)
        self._reader = VolumeReader()
        self._moved_ids: set[str] = set()
        self._all_due_at = 0.0
        self._reads_all = True

    def on_instances_read(self, instances_read: InstancesRead, now: float) -> None:
        self._moved_ids |= instances_read.moved_volume_ids
        if self._moved_ids:
            self.due = min(self.due, now)

    def on_read_start(self, now: float) -> None:
        self._reads_all = self._all_due_at <= now or len(self._moved_ids) > _MAX_FILTERED
        if self._reads_all:
            self._all_due_at = now + self.interval
        self.due = self._all_due_at

    async def read(self, instances_read: InstancesRead) -> None:
        moved, self._moved_ids = self._moved_ids, set()
        if self._reads_all:
            found = await read_all(
                self._session, "DescribeVolumes", self._reader, keeps_objects=True, MaxResults=PAGE_SIZE
            )
            self.latest = await in_worker_thread(lambda: {volume.id: volume for volume in found})
        else:
            from fe2tui.aws.instances import describe_volumes

            found = await describe_volumes(self._session, sorted(moved))
            rest = {key: volume for key, volume in self.latest.items() if key not in moved}
            self.latest = rest | {volume.id: volume for volume in found}

    def on_read_end(self, now: float, error: Fe2Error | None) -> None:
        super().on_read_end(now, error)
        if error is not None:
            self._all_due_at = now

    def request_read(self, *, failed: bool) -> None:
        super().request_read(failed=failed)
        self._all_due_at = self.due


_LAGGING_INTERVAL = 20.0  # seconds until a lagging request is read again
_SETTLING_SECONDS = 180.0  # seconds after which it is read at the usual interval


class SpotRequestSource(FleetSource[Mapping[str, SpotRequest]]):
    """All spot requests every five minutes while there is a spot instance, or a request that may still launch one.

    A spot instance that is new or has changed its state makes them due at once. A request's state lags behind its
    instance's (EC2 User Guide, "State changes for a Spot request"), so requests are read again until both agree, for at
    most three minutes.
    """

    name = "requests"

    def __init__(self, session: Session, latest: Mapping[str, SpotRequest]) -> None:
        super().__init__(session, latest)
        self._reader = SpotRequestReader()
        self._instances_read = InstancesRead()
        self._has_moved = False
        self._settling_until = 0.0
        self._is_lagging = False

    @property
    def is_urgent(self) -> bool:
        return self._is_lagging

    def on_instances_read(self, instances_read: InstancesRead, now: float) -> None:
        self._instances_read = instances_read
        if instances_read.changed_spot_ids:
            self._has_moved = True
            self.due = min(self.due, now)
            self._settling_until = now + _SETTLING_SECONDS

    async def read(self, instances_read: InstancesRead) -> None:
        from fe2tui.aws.spot import all_spot_requests

        moved, self._has_moved = self._has_moved, False
        if moved or instances_read.spot_types or any(one.state in LIVE_REQUEST_STATES for one in self.latest.values()):
            try:
                found = await all_spot_requests(self._session, self._reader)
            except Fe2Error:
                self._has_moved |= moved
                raise
            self._keep_if_changed({one.id: one for one in found})
        elif self.latest:
            known_ids = {one.spot_request_id for one in instances_read.instances.values() if one.is_spot}
            self._keep_if_changed({key: one for key, one in self.latest.items() if key in known_ids})

    def on_read_end(self, now: float, error: Fe2Error | None) -> None:
        super().on_read_end(now, error)
        self._is_lagging = error is None and now < self._settling_until and self._any_lagging()
        if self._is_lagging:
            self.due = min(self.due, now + _LAGGING_INTERVAL)

    def request_read(self, *, failed: bool) -> None:
        super().request_read(failed=failed)
        self._settling_until = loop_time() + _SETTLING_SECONDS

    def _any_lagging(self) -> bool:
        instances = self._instances_read.instances
        return any(
            _lags_behind(request, instance.state)
            for request in self.latest.values()
            if (instance := instances.get(request.instance_id or "")) is not None
        )


def _lags_behind(request: SpotRequest, state: State) -> bool:
    """Whether a request's state does not fit its instance's, so that EC2 will change it soon."""
    if state is State.RUNNING:
        return request.state in ("open", "disabled") and not request.status_code.startswith("instance-terminated")
    return request.state == "active" and not state.is_moving


REPEAT_AFTER = OFTEN  # seconds until an instance's figures are read again
_TIMER_TOLERANCE = 1.0  # seconds that a timer may fire early
MIN_CALL_GAP = 60.0  # seconds between two calls at least
_FIGURES_VALID = timedelta(minutes=30)  # how long figures are kept of instances out of view


class CpuSource(FleetSource[Mapping[str, tuple[float, ...]]]):
    """CPU figures of the instances in view: at most one call a minute, an instance at most every five minutes.

    ``is_on`` can be set at any time; the figures are dropped when it is set to False.
    """

    name = "metrics"
    interval = REPEAT_AFTER
    is_free = False

    def __init__(self, session: Session, clock: Callable[[], datetime], last: Fleet | None, *, is_on: bool) -> None:
        super().__init__(session, {})
        self._clock = clock
        self.is_on = is_on
        self._ids: tuple[str, ...] = ()
        self._instances_read = InstancesRead()
        self._ids_to_read: list[str] = []
        self._asked_at: dict[str, float] = {}
        self._last_call_at = -math.inf
        self._measured_at: dict[str, datetime] = {}
        self.due = math.inf
        if last is not None and is_on and clock() - last.seen_at < _FIGURES_VALID:
            self.latest = last.cpu
            self._measured_at = dict.fromkeys(last.cpu, last.seen_at)

    @property
    def is_urgent(self) -> bool:
        return self.is_on

    def set_on(self, on: bool, now: float) -> None:
        self.is_on = on
        if not on:
            self.latest = {}
            self._measured_at.clear()
        self._schedule(now)

    def set_ids(self, ids: Iterable[str], now: float) -> None:
        self._ids = tuple(dict.fromkeys(ids))
        self._schedule(now)

    def on_instances_read(self, instances_read: InstancesRead, now: float) -> None:
        self._instances_read = instances_read
        self._schedule(now)

    def on_read_start(self, now: float) -> None:
        self._ids_to_read = [
            key
            for key in self._ids_to_measure()
            if now - self._asked_at.get(key, -math.inf) >= REPEAT_AFTER - _TIMER_TOLERANCE
        ]
        self._asked_at = {key: at for key, at in self._asked_at.items() if now - at < REPEAT_AFTER}
        self._asked_at.update(dict.fromkeys(self._ids_to_read, now))
        self._last_call_at = now
        self._schedule(now)

    async def read(self, instances_read: InstancesRead) -> None:
        from fe2tui.aws.metrics import cpu_utilization

        ids, at = self._ids_to_read, self._clock()
        if not ids:
            return
        read = await cpu_utilization(self._session, ids, now=at)
        if not self.is_on:
            return
        measured = {**self._measured_at, **dict.fromkeys(ids, at)}
        self._measured_at = {key: moment for key, moment in measured.items() if at - moment < _FIGURES_VALID}
        before = {key: figures for key, figures in self.latest.items() if key in self._measured_at}
        self.latest = {key: figures for key, figures in before.items() if key not in ids} | read

    def on_read_end(self, now: float, error: Fe2Error | None) -> None:
        """A failed call counts too: it is not repeated any sooner."""
        self._schedule(now)

    def request_read(self, *, failed: bool) -> None:
        if failed:
            self._asked_at.clear()
            self._last_call_at = -math.inf
            self.due = 0.0 if self.is_on and self._ids_to_measure() else math.inf

    def _ids_to_measure(self) -> list[str]:
        instances = self._instances_read.instances
        return [key for key in self._ids if (one := instances.get(key)) is not None and one.state is State.RUNNING]

    def _schedule(self, now: float) -> None:
        """New instances as soon as possible; the others together, when the last one may be asked about again."""
        wanted = self._ids_to_measure() if self.is_on else []
        asked = [self._asked_at[key] for key in wanted if key in self._asked_at]
        if not wanted:
            self.due = math.inf
        else:
            again = max(asked) + REPEAT_AFTER if len(asked) == len(wanted) else now
            self.due = max(again, self._last_call_at + MIN_CALL_GAP)


_FAILED_INTERVAL = OFTEN  # seconds between two reads while a check fails, which may end any time


class InstanceStatusSource(FleetSource[Mapping[str, InstanceStatus]]):
    """The running instances whose status checks fail, or for which AWS has scheduled something, by id.

    Every 15 minutes; every five while a check fails. Nothing is read while no instance runs.
    """

    name = "status checks"
    interval = 3 * OFTEN

    def __init__(self, session: Session, latest: Mapping[str, InstanceStatus]) -> None:
        super().__init__(session, latest)
        self._reader = InstanceStatusReader()

    async def read(self, instances_read: InstancesRead) -> None:
        found: list[InstanceStatus] = []
        if any(one.state is State.RUNNING for one in instances_read.instances.values()):
            found = await read_all(
                self._session, "DescribeInstanceStatus", self._reader, keeps_objects=True, MaxResults=PAGE_SIZE
            )
        self._keep_if_changed({one.id: one for one in found if one.is_trouble})

    def on_read_end(self, now: float, error: Fe2Error | None) -> None:
        super().on_read_end(now, error)
        if any(one.failed for one in self.latest.values()):
            self.due = min(self.due, now + _FAILED_INTERVAL)


class Ec2FleetTypeSource(FleetSource[None]):
    """The types of the fleets that instances belong to, each once: the next read of the instances has them."""

    name = "fleets"
    interval = math.inf
    ignores_failures = True

    def __init__(self, session: Session) -> None:
        super().__init__(session, None)
        self.due = math.inf

    def on_instances_read(self, instances_read: InstancesRead, now: float) -> None:
        known = self._session.ec2_fleet_types
        if any((key := ec2_fleet_id(one)) and key not in known for one in instances_read.instances.values()):
            self.due = now

    async def read(self, instances_read: InstancesRead) -> None:
        from fe2tui.aws.ec2_fleets import read_ec2_fleet_types

        await read_ec2_fleet_types(self._session, map(ec2_fleet_id, instances_read.instances.values()))

    def request_read(self, *, failed: bool) -> None:
        """A type never changes."""


class AccountIdSource(FleetSource[str]):
    """The account's id. It does no harm if AWS does not return it."""

    name = "account"
    interval = RARELY
    ignores_failures = True

    async def read(self, instances_read: InstancesRead) -> None:
        self.latest = (await self._session.identity()).account
        await self._session.find_guards()


class IdleAddressSource(FleetSource[tuple[IdleAddress, ...]]):
    """Elastic IPs that are associated with nothing, every half hour; at once after one was released here."""

    name = "addresses"
    interval = SELDOM

    def __init__(self, session: Session, clock: Callable[[], datetime], latest: tuple[IdleAddress, ...]) -> None:
        super().__init__(session, latest)
        self._clock = clock
        self.read_at: datetime | None = None

    async def read(self, instances_read: InstancesRead) -> None:
        from fe2tui.aws.network import idle_addresses

        self.latest = await idle_addresses(self._session)
        self.read_at = self._clock()
