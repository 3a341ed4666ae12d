"""The parts of a fleet beside its instances: volumes, prices, spot prices, CPU, names of images, the account.

Each is read on its own, seldom, and keeps what it last read when a read fails.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fe2tui.aws.aside import aside
from fe2tui.aws.describe import VolumeReader
from fe2tui.aws.images import image_names
from fe2tui.aws.metrics import cpu_hour
from fe2tui.aws.prices import PriceShelf, region_prices
from fe2tui.aws.reading import PAGE, Sight, read_all
from fe2tui.aws.session import Session
from fe2tui.aws.spot import current_spot
from fe2tui.errors import CredentialsError, Fe2Error, StoreError
from fe2tui.model.fleet import Fleet, Prices, Problem
from fe2tui.model.instance import State
from fe2tui.model.volume import Volume

OFTEN = 300.0  # seconds between two reads of volumes, spot prices and CPU
SELDOM = 3600.0  # between two looks at whether the on-demand prices are old
PRICES_LAST = timedelta(days=1)
MOST_MEASURED = 500  # machines whose CPU is read
_FEW = 200  # volumes that one filter names


@dataclass(slots=True)
class _Part:
    """One part: how to read it, how often (seconds), and when next. A quiet one's failure is nobody's problem.

    One that is not free is read no oftener, whoever asks, and not while nobody looks.
    """

    name: str
    read: Callable[[Sight], Awaitable[None]]
    every: float
    quiet: bool = False
    free: bool = True
    due: float = 0.0
    reading: asyncio.Task[None] | None = None

    @property
    def is_reading(self) -> bool:
        return self.reading is not None and not self.reading.done()


class Parts:
    """Reads the parts of one region's fleet; ``changed`` is called each time one of them is different."""

    def __init__(
        self,
        session: Session,
        shelf: PriceShelf | None,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
        last: Fleet | None,
        *,
        cpu: bool = True,
    ) -> None:
        self._session = session
        self._shelf = shelf
        self._clock = clock
        self._changed = changed
        self._volume_reader = VolumeReader()
        self._volumes: Mapping[str, Volume] = last.volumes if last else {}
        self._prices = last.prices if last else Prices()
        self._cpu: Mapping[str, tuple[float, ...]] = last.cpu if last and cpu else {}
        self._image_names: Mapping[str, str] = last.image_names if last else {}
        self._account = last.account if last else ""
        self._problems: dict[str, Problem] = {}
        self._moved_volumes: set[str] = set()
        self._new_images: set[str] = set()
        self._wanted_images: set[str] = set()
        self._spot_types: frozenset[str] = frozenset()
        self._all_volumes = _Part("volumes", self._read_volumes, OFTEN)
        self._some_volumes = _Part("volumes", self._read_moved_volumes, math.inf, due=math.inf)
        self._spot = _Part("spot", self._read_spot, OFTEN)
        self._names = _Part("images", self._read_image_names, SELDOM, quiet=True)
        self._parts = (
            self._all_volumes,
            self._some_volumes,
            _Part("prices", self._read_prices, SELDOM),
            self._spot,
            *([_Part("metrics", self._read_cpu, OFTEN, free=False)] if cpu else []),
            self._names,
            _Part("account", self._read_account, SELDOM, quiet=True),
        )

    def fleet(self, sight: Sight, seen_at: datetime) -> Fleet:
        """The instances of a read, with all parts as they were last read."""
        return Fleet(
            place=self._session.place,
            seen_at=seen_at,
            instances=sight.instances,
            volumes=self._volumes,
            prices=self._prices,
            cpu=self._cpu,
            image_names=self._image_names,
            problems=tuple(self._problems.values()),
            account=self._account,
        )

    def see(self, sight: Sight, *, nobody_looks: bool = False) -> None:
        """Start reading what the instances, or the time, make worth a read."""
        now = asyncio.get_running_loop().time()
        self._moved_volumes |= sight.moved_volumes
        self._new_images |= sight.new_images - self._image_names.keys() - {""}
        if sight.spot_types - self._spot_types:
            self._spot.due = now
        self._spot_types = sight.spot_types
        if self._new_images:
            self._names.due = now
        if len(self._moved_volumes) > _FEW:
            self._all_volumes.due = now
        if self._moved_volumes and not self._all_volumes.is_reading and self._all_volumes.due > now:
            self._some_volumes.due = now
        for part in self._parts:
            if not part.is_reading and part.due <= now and (part.free or not nobody_looks):
                part.due = now + part.every
                part.reading = asyncio.create_task(self._read(part, sight))

    def renew(self) -> None:
        """Read everything at the next sight that costs nothing, or could not be read."""
        for part in self._parts:
            if part.every < math.inf and (part.free or part.name in self._problems):
                part.due = -math.inf

    async def close(self) -> None:
        """Stop what is being read."""
        tasks = [part.reading for part in self._parts if part.reading is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, part: _Part, sight: Sight) -> None:
        try:
            await part.read(sight)
        except CredentialsError:
            return  # the next read of the instances meets the same, and says it
        except Fe2Error as error:
            if part.quiet:
                return
            self._problems[part.name] = Problem(part.name, error.summary, error.remedy, error.code)
        else:
            self._problems.pop(part.name, None)
        self._changed()

    async def _read_volumes(self, sight: Sight) -> None:
        self._moved_volumes.clear()
        found = await read_all(self._session, "DescribeVolumes", self._volume_reader, lasting=True, MaxResults=PAGE)
        self._volumes = await aside(_by_id, found)

    async def _read_moved_volumes(self, sight: Sight) -> None:
        wanted, self._moved_volumes = self._moved_volumes, set()
        some = [{"Name": "volume-id", "Values": sorted(wanted)}]
        found = await read_all(self._session, "DescribeVolumes", VolumeReader(), MaxResults=PAGE, Filters=some)
        rest = {key: volume for key, volume in self._volumes.items() if key not in wanted}
        self._volumes = rest | {volume.id: volume for volume in found}

    async def _read_prices(self, sight: Sight) -> None:
        listed = self._prices
        if self._is_old(listed):
            listed = await self._from_shelf() or listed
            self._prices = replace(listed, spot=self._prices.spot)
        if self._is_old(listed):
            listed = await region_prices(self._session)
            self._prices = replace(listed, spot=self._prices.spot)
            if listed.on_demand:
                await self._to_shelf(listed)

    def _is_old(self, prices: Prices) -> bool:
        return prices.read_at is None or not prices.on_demand or self._clock() - prices.read_at > PRICES_LAST

    async def _from_shelf(self) -> Prices | None:
        if self._shelf is None:
            return None
        try:
            return await asyncio.to_thread(self._shelf.get, self._session.region)
        except StoreError:
            return None  # whoever owns the store says so; prices can be read again

    async def _to_shelf(self, prices: Prices) -> None:
        if self._shelf is None:
            return
        try:
            await asyncio.to_thread(self._shelf.save, self._session.region, prices)
        except StoreError:
            return  # as above

    async def _read_spot(self, sight: Sight) -> None:
        spot = await current_spot(self._session, sight.spot_types)
        self._prices = replace(self._prices, spot=spot)

    async def _read_cpu(self, sight: Sight) -> None:
        running = (i.id for i in sight.instances.values() if i.state is State.RUNNING)
        some = [instance_id for instance_id, _ in zip(running, range(MOST_MEASURED), strict=False)]
        self._cpu = await cpu_hour(self._session, some, now=self._clock())

    async def _read_image_names(self, sight: Sight) -> None:
        self._wanted_images |= self._new_images  # those that a failed read has left, too
        self._new_images = set()
        if self._wanted_images:
            wanted = frozenset(self._wanted_images)
            self._image_names = {**self._image_names, **await image_names(self._session, wanted)}
            self._wanted_images -= wanted

    async def _read_account(self, sight: Sight) -> None:
        self._account = (await self._session.identity()).account


def _by_id(volumes: list[Volume]) -> Mapping[str, Volume]:
    return {volume.id: volume for volume in volumes}
