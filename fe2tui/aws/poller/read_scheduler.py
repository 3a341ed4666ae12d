"""Schedules the reads of all parts of one region's fleet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fe2tui.aws.paged_reads import InstancesRead
from fe2tui.aws.poller.fleet_source import FleetSource, loop_time
from fe2tui.aws.poller.image_sources import ImageNameSource, OwnImageSource, PublicImageSource, SnapshotSource
from fe2tui.aws.poller.price_sources import OnDemandPriceSource, SpotHistorySource, SpotPriceSource
from fe2tui.aws.poller.resource_sources import (
    AccountIdSource,
    CpuSource,
    IdleAddressSource,
    SpotRequestSource,
    VolumeSource,
)
from fe2tui.aws.session import Session
from fe2tui.errors import CredentialsError, Fe2Error
from fe2tui.model.fleet import Fleet, Problem
from fe2tui.model.money.spot_usage import TimeSpan

if TYPE_CHECKING:
    from fe2tui.aws.prices import PriceCache
    from fe2tui.aws.spot_prices import SpotHistoryStore


class ReadScheduler:
    """Reads the parts of one region's fleet. ``changed`` is called after each read of one.

    Most parts are read after the instances. Urgent ones (pending images, CPU figures of instances that came into view)
    have their own timer, which runs only while the fleet is watched.
    """

    def __init__(
        self,
        session: Session,
        price_cache: PriceCache | None,
        clock: Callable[[], datetime],
        on_change: Callable[[], None],
        last: Fleet | None,
        *,
        reads_cpu: bool = True,
        spot_history_store: SpotHistoryStore | None = None,
    ) -> None:
        self._session = session
        self._on_change = on_change
        known = last or Fleet(session.location, clock())
        self._volumes = VolumeSource(session, known.volumes)
        self._on_demand = OnDemandPriceSource(session, price_cache, clock, on_change, known.prices)
        self._spot_prices = SpotPriceSource(session, known.prices.spot)
        self._spot_history = SpotHistorySource(session, spot_history_store, clock, on_change, known.spot_history)
        self._image_names = ImageNameSource(session, known.image_names)
        self._images = OwnImageSource(session, known.images)
        self._snapshots = SnapshotSource(session, self._images, known.snapshots)
        self._public_images = PublicImageSource(session, known.public_images)
        self._addresses = IdleAddressSource(session, known.idle_addresses)
        self._cpu = CpuSource(session, clock, last, is_on=reads_cpu)
        self._account = AccountIdSource(session, known.account)
        self._spot_requests = SpotRequestSource(session, known.requests)
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
        )
        self._reads: dict[FleetSource[Any], asyncio.Task[None]] = {}
        self._problems: dict[FleetSource[Any], Problem] = {}
        self._instances_read: InstancesRead | None = None
        self._is_watched = True
        self._alarm: asyncio.TimerHandle | None = None

    def fleet(self, instances_read: InstancesRead, seen_at: datetime) -> Fleet:
        return Fleet(
            location=self._session.location,
            seen_at=seen_at,
            instances=instances_read.instances,
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
            problems=tuple(self._problems[part] for part in self._sources if part in self._problems),
            account=self._account.latest,
        )

    def on_instances_read(self, instances_read: InstancesRead) -> None:
        now = loop_time()
        self._instances_read = instances_read
        for part in self._sources:
            part.on_instances_read(instances_read, now)
        self._start_reads([part for part in self._sources if part.is_free or self._is_watched])
        self._read_urgent()

    def set_watched(self, is_watched: bool) -> None:
        """Whether someone is watching. Otherwise nothing urgent is read, and nothing that AWS charges for."""
        self._is_watched = is_watched
        self._read_urgent()

    def request_all(self) -> None:
        """Read everything that is free, or that failed, after the next read of the instances."""
        for part in self._sources:
            part.request_read(failed=part in self._problems)

    def read_images_soon(self) -> None:
        self._images.on_change()
        self._read_urgent()

    def set_cpu_ids(self, ids: Iterable[str]) -> None:
        self._cpu.set_ids(ids, loop_time())
        self._read_urgent()

    def want_spot_history(self, spans: Mapping[str, TimeSpan]) -> None:
        self._spot_history.set_spans(spans, loop_time())
        self._read_urgent()

    @property
    def reads_cpu(self) -> bool:
        return self._cpu.is_on

    @reads_cpu.setter
    def reads_cpu(self, on: bool) -> None:
        self._cpu.set_on(on, loop_time())
        if not on:
            self._problems.pop(self._cpu, None)
            self._on_change()
        self._read_urgent()

    async def close(self) -> None:
        self._instances_read = None
        self._cancel_alarm()
        tasks = list(self._reads.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _read_urgent(self) -> None:
        self._cancel_alarm()
        if self._instances_read is None or not self._is_watched:
            return
        hurried = [part for part in self._sources if part.is_urgent]
        self._start_reads(hurried)
        waiting = [part.due for part in hurried if part not in self._reads and part.due < float("inf")]
        if waiting:
            self._alarm = asyncio.get_running_loop().call_at(min(waiting), self._read_urgent)

    def _cancel_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _start_reads(self, sources: Iterable[FleetSource[Any]]) -> None:
        now = loop_time()
        for part in sources:
            if self._instances_read is not None and part not in self._reads and part.due <= now:
                part.on_read_start(now)
                self._reads[part] = asyncio.create_task(self._read(part, self._instances_read))

    async def _read(self, source: FleetSource[Any], instances_read: InstancesRead) -> None:
        failure: Fe2Error | None = None
        try:
            await source.read(instances_read)
        except Fe2Error as error:
            failure = error
        finally:
            del self._reads[source]
        source.on_read_end(loop_time(), failure)
        if isinstance(failure, CredentialsError):
            self._instances_read = None  # nothing is urgent until the instances, which need the same login, were read
        if failure is None:
            self._problems.pop(source, None)
        elif not source.ignores_failures:
            self._problems[source] = Problem(source.name, failure.summary, failure.remedy, failure.code)
        if source is self._images and failure is None:
            self._snapshots.on_images_read(loop_time())
        if failure is None or not source.ignores_failures:
            self._on_change()
        self._read_urgent()
