"""Reads a region again and again: often while anything changes, seldom otherwise, and not at all while paused."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from fe2tui.aws.decode import InstanceReader
from fe2tui.aws.paged_reads import PAGE_SIZE, InstancesRead, read_all, sort_and_compare
from fe2tui.aws.poller.fleet_source import FleetSource, loop_time
from fe2tui.aws.poller.image_sources import ImageNameSource, OwnImageSource, PublicImageSource, SnapshotSource
from fe2tui.aws.poller.price_sources import OnDemandPriceSource, SpotHistorySource, SpotPriceSource
from fe2tui.aws.poller.resource_sources import (
    AccountIdSource,
    CpuSource,
    Ec2FleetTypeSource,
    IdleAddressSource,
    InstanceStatusSource,
    SpotRequestSource,
    VolumeSource,
)
from fe2tui.aws.session import Session
from fe2tui.errors import CredentialsError, Fe2Error, MfaNeededError
from fe2tui.model.fleet import Fleet, Problem
from fe2tui.model.instance_group import with_known_ec2_fleet_types
from fe2tui.model.money.spot_usage import TimeSpan

if TYPE_CHECKING:
    from fe2tui.aws.prices import PriceCache
    from fe2tui.aws.spot_prices import SpotHistoryStore

_FIRST_FRAME_DELAY = 0.2  # seconds that the first instances have for themselves, before all the rest is asked for
_CREDENTIALS_SLOWDOWN = 5  # times the slow interval: someone has to fix the credentials first


class ReadFailed(NamedTuple):
    """A read of the instances failed; the last good fleet stays.

    ``retry_in`` is seconds; infinite if only ``refresh`` will try again (an MFA code was not given).
    """

    error: Fe2Error
    at: datetime
    retry_in: float


class Poller:
    """Reads one region's fleet for one listener: the instances, and after them the other parts, each at its interval.

    Urgent parts (pending images, CPU figures of instances that came into view) have their own timer, which runs only
    while the poller is not paused.

    A failed read is never an empty fleet: it is a ``ReadFailed``, and reading goes on after 2, 4 … ``slow`` seconds.
    Until it succeeds, fleets that other parts change have "instances" in ``Fleet.problems``. Parts that could not be
    read (volumes, prices, spot, spot history, metrics, images, snapshots, addresses, public images, status checks) are
    in it too, with their last result. A slow listener gets the newest fleet, never a queue. ``Fleet.instance_usage``
    and ``Fleet.volume_usage`` are left to the store. A pending image does not make the poller quick: only images and
    snapshots are then read every few seconds.
    """

    def __init__(
        self,
        session: Session,
        price_cache: PriceCache | None = None,
        *,
        quick: float = 2.0,
        slow: float = 60.0,
        clock: Callable[[], datetime] | None = None,
        last: Fleet | None = None,
        reads_cpu: bool = True,
        spot_history_store: SpotHistoryStore | None = None,
    ) -> None:
        """``price_cache`` keeps on-demand prices for a day (``store.prices``); ``last`` is the last known fleet.

        ``quick`` and ``slow`` are seconds between two reads. ``reads_cpu``: whether to read CPU figures of the
        instances in view (``set_cpu_ids``), which AWS charges for.
        """
        self._session = session
        self._quick = quick
        self._slow = slow
        self._clock = clock or (lambda: datetime.now(UTC))
        known = last if last is not None and last.location == session.location else None
        self._reader = InstanceReader()
        self._instances_read = InstancesRead(instances=known.instances if known else {})
        self._seen_at: datetime | None = None
        self._failure: ReadFailed | None = None
        self._failures = 0
        self._changes = 0
        self._read_ended = -math.inf
        self._retry_wait = 0.0
        self._quick_until = 0.0
        self._is_paused = False
        self._is_read_requested = False
        self._wake = asyncio.Event()
        self._changed_event = asyncio.Event()
        fleet = known or Fleet(session.location, self._clock())
        self._volumes = VolumeSource(session, fleet.volumes)
        self._on_demand = OnDemandPriceSource(session, price_cache, self._clock, self._on_change, fleet.prices)
        self._spot_prices = SpotPriceSource(session, fleet.prices.spot)
        self._spot_history = SpotHistorySource(
            session, spot_history_store, self._clock, self._on_change, fleet.spot_history
        )
        self._image_names = ImageNameSource(session, fleet.image_names)
        self._images = OwnImageSource(session, fleet.images)
        self._snapshots = SnapshotSource(session, self._images, fleet.snapshots)
        self._public_images = PublicImageSource(session, fleet.public_images)
        self._addresses = IdleAddressSource(session, self._clock, fleet.idle_addresses)
        self._cpu = CpuSource(session, self._clock, known, is_on=reads_cpu)
        self._account = AccountIdSource(session, fleet.account)
        self._spot_requests = SpotRequestSource(session, fleet.requests)
        self._statuses = InstanceStatusSource(session, fleet.statuses)
        self._ec2_fleet_types = Ec2FleetTypeSource(session)
        self._sources: tuple[FleetSource[Any], ...] = (
            self._volumes,
            self._on_demand,
            self._spot_prices,
            self._spot_history,
            self._spot_requests,
            self._cpu,
            self._image_names,
            self._account,
            self._images,
            self._snapshots,
            self._addresses,
            self._public_images,
            self._statuses,
            self._ec2_fleet_types,
        )
        self._part_reads: dict[FleetSource[Any], asyncio.Task[None]] = {}
        self._part_error: BaseException | None = None
        self._problems: dict[FleetSource[Any], Problem] = {}
        self._can_read_parts = False  # once the instances were read, which need the same login
        self._alarm: asyncio.TimerHandle | None = None

    async def updates(self) -> AsyncIterator[Fleet | ReadFailed]:
        """Each fleet, or failed read, as it comes. For one listener at a time. Raises what is no Fe2Error."""
        reading = asyncio.create_task(self._read_loop())
        reading.add_done_callback(lambda _: self._changed_event.set())
        reported: tuple[int, ReadFailed | None] = (0, None)
        try:
            while True:
                await self._changed_event.wait()
                self._changed_event.clear()
                if reading.done():
                    await reading
                if self._part_error is not None:
                    raise self._part_error
                before, reported = reported, (self._changes, self._failure)
                if self._seen_at is not None and reported[0] != before[0]:
                    yield self._fleet(self._seen_at, reported[1])
                if reported[1] is not None and reported[1] is not before[1]:
                    yield reported[1]
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await self._cancel_part_reads()

    def _fleet(self, seen_at: datetime, failure: ReadFailed | None) -> Fleet:
        problems = [self._problems[part] for part in self._sources if part in self._problems]
        if failure is not None:
            error = failure.error
            problems.insert(0, Problem("instances", error.summary, error.remedy, error.code))
        return Fleet(
            location=self._session.location,
            seen_at=seen_at,
            instances=self._instances_read.instances,
            volumes=self._volumes.latest,
            prices=self._on_demand.with_spot(self._spot_prices.latest),
            cpu=self._cpu.latest,
            image_names=self._image_names.latest,
            images=self._images.latest,
            snapshots=self._snapshots.latest,
            public_images=self._public_images.latest,
            idle_addresses=self._addresses.latest,
            spot_history=self._spot_history.latest,
            requests=self._spot_requests.latest,
            statuses=self._statuses.latest,
            problems=tuple(problems),
            account=self._account.latest,
            addresses_read_at=self._addresses.read_at,
        )

    def nudge(self, for_seconds: float = 30.0) -> None:
        """Something was changed: read at once, and quickly for a while."""
        self._quick_until = max(self._quick_until, loop_time() + for_seconds)
        self._request_read()

    def refresh(self) -> None:
        """Read everything at once, also when paused or waiting after a failure."""
        for part in self._sources:
            part.request_read(failed=part in self._problems)
        self._request_read()

    def read_images_soon(self) -> None:
        """An image was changed: read images and snapshots now, and again until EC2 returns the change."""
        self._images.on_change()
        self._read_urgent()

    def read_addresses_soon(self) -> None:
        """An Elastic IP was released: read which ones are idle, with the next read of the instances, now."""
        self._addresses.request_read(failed=False)
        self.nudge()

    def set_cpu_ids(self, ids: Iterable[str]) -> None:
        """These instances are in view: read the CPU figures of the running ones.

        At most one call a minute; the same instance at most every five minutes. Nothing while ``reads_cpu`` is off.
        """
        self._cpu.set_ids(ids, loop_time())
        self._read_urgent()

    def want_spot_history(self, spans: Mapping[str, TimeSpan]) -> None:
        """Read past spot prices, by type over these times: at most once an hour, and only what is unknown."""
        self._spot_history.set_spans(spans, loop_time())
        self._read_urgent()

    @property
    def reads_cpu(self) -> bool:
        """Whether to read how busy machines are. What was read goes when it is set to False."""
        return self._cpu.is_on

    @reads_cpu.setter
    def reads_cpu(self, on: bool) -> None:
        self._cpu.set_on(on, loop_time())
        if not on:
            self._problems.pop(self._cpu, None)
            self._on_change()
        self._read_urgent()

    def pause(self) -> None:
        """Stop reading until ``resume``, ``nudge`` or ``refresh``."""
        self._is_paused = True
        self._read_urgent()

    def resume(self) -> None:
        """Go on reading: at once if the last read is older than the interval."""
        self._is_paused = False
        self._read_urgent()
        self._wake.set()

    def _request_read(self) -> None:
        self._is_read_requested = True
        self._wake.set()

    def _on_change(self) -> None:
        self._changes += 1
        self._changed_event.set()

    async def _read_loop(self) -> None:
        while True:
            await self._wait_until_due()
            try:
                await self._read()
            except Fe2Error as error:
                self._on_failure(error)
            self._read_ended = loop_time()

    async def _wait_until_due(self) -> None:
        while not self._is_read_requested:
            left = math.inf if self._is_paused else self._read_ended + self._interval() - loop_time()
            if left <= 0:
                break
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), None if math.isinf(left) else left)
            except TimeoutError:
                continue
        self._is_read_requested = False

    def _interval(self) -> float:
        if self._failures:
            return self._retry_wait
        return self._quick if self._instances_read.is_moving or loop_time() < self._quick_until else self._slow

    async def _read(self) -> None:
        found = await read_all(
            self._session, "DescribeInstances", self._reader, keeps_objects=True, MaxResults=PAGE_SIZE
        )
        known = with_known_ec2_fleet_types(found, self._session.ec2_fleet_types)
        self._instances_read = await sort_and_compare(known, self._instances_read.instances)
        is_first, self._seen_at = self._seen_at is None, self._clock()
        self._failures = 0
        self._failure = None
        self._on_change()
        if is_first:
            await asyncio.sleep(_FIRST_FRAME_DELAY)
            await asyncio.to_thread(_import_calls)
        self._can_read_parts = True
        now = loop_time()
        for part in self._sources:
            part.on_instances_read(self._instances_read, now)
        self._start_part_reads([part for part in self._sources if part.is_free or not self._is_paused])
        self._read_urgent()

    def _on_failure(self, error: Fe2Error) -> None:
        self._failures += 1
        if isinstance(error, MfaNeededError):
            self._retry_wait = math.inf
        elif isinstance(error, CredentialsError):
            self._retry_wait = self._slow * _CREDENTIALS_SLOWDOWN
        else:
            self._retry_wait = min(self._slow, self._quick * 2.0 ** min(self._failures - 1, 10))
        self._failure = ReadFailed(error, self._clock(), self._retry_wait)
        self._changed_event.set()

    def _read_urgent(self) -> None:
        self._cancel_alarm()
        if not self._can_read_parts or self._is_paused:
            return
        hurried = [part for part in self._sources if part.is_urgent]
        self._start_part_reads(hurried)
        waiting = [part.due for part in hurried if part not in self._part_reads and part.due < math.inf]
        if waiting:
            self._alarm = asyncio.get_running_loop().call_at(min(waiting), self._read_urgent)

    def _cancel_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _start_part_reads(self, sources: Iterable[FleetSource[Any]]) -> None:
        now = loop_time()
        for part in sources:
            if self._can_read_parts and part not in self._part_reads and part.due <= now:
                part.on_read_start(now)
                task = self._part_reads[part] = asyncio.create_task(self._read_part(part))
                task.add_done_callback(self._on_part_end)

    def _on_part_end(self, task: asyncio.Task[None]) -> None:
        """A bug in a read of a part ends the updates, as one in a read of the instances does."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._part_error = error
            self._changed_event.set()

    async def _read_part(self, source: FleetSource[Any]) -> None:
        failure: Fe2Error | None = None
        try:
            await source.read(self._instances_read)
        except Fe2Error as error:
            failure = error
        finally:
            del self._part_reads[source]
        source.on_read_end(loop_time(), failure)
        if isinstance(failure, CredentialsError):
            self._can_read_parts = False  # nothing is urgent until the instances, which need the same login, were read
        if failure is None:
            self._problems.pop(source, None)
        elif not source.ignores_failures:
            self._problems[source] = Problem(source.name, failure.summary, failure.remedy, failure.code)
        if source is self._images and failure is None:
            self._snapshots.on_images_read(loop_time())
        if failure is None or not source.ignores_failures:
            self._on_change()
        self._read_urgent()

    async def _cancel_part_reads(self) -> None:
        self._can_read_parts = False
        self._cancel_alarm()
        tasks = list(self._part_reads.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _import_calls() -> None:
    """Import what the sources call AWS with. In a thread: together it takes longer than a key may wait."""
    from fe2tui.aws import images, instances, metrics, network, prices, snapshots, spot, spot_prices  # noqa: F401
