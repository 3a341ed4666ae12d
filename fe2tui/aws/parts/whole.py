"""All parts of one region's fleet: who is read when, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from fe2tui.aws.market import MarketShelf
from fe2tui.aws.parts.account import Account, Addresses
from fe2tui.aws.parts.cpu import Cpu
from fe2tui.aws.parts.disks import Volumes
from fe2tui.aws.parts.images import ImageNames, OwnImages, PublicImages, Snapshots
from fe2tui.aws.parts.money import Market, OnDemand, Spot
from fe2tui.aws.parts.part import Part, loop_time
from fe2tui.aws.parts.spot import Requests
from fe2tui.aws.prices import PriceShelf
from fe2tui.aws.reading import Sight
from fe2tui.aws.session import Session
from fe2tui.errors import CredentialsError, Fe2Error
from fe2tui.model.fleet import Fleet, Problem
from fe2tui.model.money import Span


class Parts:
    """Reads the parts of one region's fleet; ``changed`` is called each time one of them was read.

    Most are read after the instances were; those that hurry (images that are being made, CPU of what came into view)
    by their own clock, while somebody looks.
    """

    def __init__(
        self,
        session: Session,
        shelf: PriceShelf | None,
        clock: Callable[[], datetime],
        changed: Callable[[], None],
        last: Fleet | None,
        *,
        cpu: bool = True,
        market: MarketShelf | None = None,
    ) -> None:
        self._session = session
        self._changed = changed
        known = last or Fleet(session.place, clock())
        self._volumes = Volumes(session, known.volumes)
        self._on_demand = OnDemand(session, shelf, clock, changed, known.prices)
        self._spot = Spot(session, known.prices.spot)
        self._market = Market(session, market, clock, changed, known.spot_history)
        self._names = ImageNames(session, known.image_names)
        self._images = OwnImages(session, known.images)
        self._snapshots = Snapshots(session, self._images, known.snapshots)
        self._public = PublicImages(session, known.public_images)
        self._addresses = Addresses(session, known.idle_addresses)
        self._cpu = Cpu(session, clock, last, is_on=cpu)
        self._account = Account(session, known.account)
        self._requests = Requests(session, known.requests)
        self._parts: tuple[Part, ...] = (
            self._volumes,
            self._on_demand,
            self._spot,
            self._market,
            self._requests,
            self._cpu,
            self._names,
            self._account,
            self._images,
            self._snapshots,
            self._addresses,
            self._public,
        )
        self._reading: dict[Part, asyncio.Task[None]] = {}
        self._problems: dict[Part, Problem] = {}
        self._sight: Sight | None = None
        self._looked_at = True
        self._alarm: asyncio.TimerHandle | None = None

    def fleet(self, sight: Sight, seen_at: datetime) -> Fleet:
        """The instances of a read, with all parts as they were last read."""
        return Fleet(
            place=self._session.place,
            seen_at=seen_at,
            instances=sight.instances,
            volumes=self._volumes.found,
            prices=self._on_demand.with_spot(self._spot.found),
            cpu=self._cpu.found,
            image_names=self._names.found,
            images=self._images.found,
            snapshots=self._snapshots.found,
            public_images=self._public.found,
            idle_addresses=self._addresses.found,
            spot_history=self._market.found,
            requests=self._requests.found,
            problems=tuple(self._problems[part] for part in self._parts if part in self._problems),
            account=self._account.found,
        )

    def see(self, sight: Sight) -> None:
        """Start reading what the instances, or the time, make worth a read."""
        now = loop_time()
        self._sight = sight
        for part in self._parts:
            part.see(sight, now)
        self._start([part for part in self._parts if part.free or self._looked_at])
        self._hurry()

    def look(self, anyone: bool) -> None:
        """Whether somebody looks: what hurries is not read otherwise, and nothing that costs."""
        self._looked_at = anyone
        self._hurry()

    def renew(self) -> None:
        """Read everything at the next sight that costs nothing, or could not be read."""
        for part in self._parts:
            part.renew(failed=part in self._problems)

    def images_changed(self) -> None:
        """Read images and snapshots now, and until EC2 shows what was done to them."""
        self._images.change()
        self._hurry()

    def measure(self, ids: Iterable[str]) -> None:
        """The machines in view, whose CPU is wanted."""
        self._cpu.look_at(ids, loop_time())
        self._hurry()

    def want_market(self, spans: Mapping[str, Span]) -> None:
        """The times, by type, of which the spot market's prices are wanted."""
        self._market.want(spans, loop_time())
        self._hurry()

    @property
    def cpu(self) -> bool:
        """Whether CPU is measured."""
        return self._cpu.is_on

    @cpu.setter
    def cpu(self, on: bool) -> None:
        self._cpu.switch(on, loop_time())
        if not on:
            self._problems.pop(self._cpu, None)
            self._changed()
        self._hurry()

    async def close(self) -> None:
        """Stop what is being read."""
        self._sight = None
        self._silence()
        tasks = list(self._reading.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _hurry(self) -> None:
        """Start what hurries and is due, and come back for what is due next."""
        self._silence()
        if self._sight is None or not self._looked_at:
            return
        hurried = [part for part in self._parts if part.hurries]
        self._start(hurried)
        waiting = [part.due for part in hurried if part not in self._reading and part.due < float("inf")]
        if waiting:
            self._alarm = asyncio.get_running_loop().call_at(min(waiting), self._hurry)

    def _silence(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _start(self, parts: Iterable[Part]) -> None:
        now = loop_time()
        for part in parts:
            if self._sight is not None and part not in self._reading and part.due <= now:
                part.begin(now)
                self._reading[part] = asyncio.create_task(self._read(part, self._sight))

    async def _read(self, part: Part, sight: Sight) -> None:
        failure: Fe2Error | None = None
        try:
            await part.read(sight)
        except Fe2Error as error:
            failure = error
        finally:
            del self._reading[part]
        part.ended(loop_time(), failure)
        if isinstance(failure, CredentialsError):
            self._sight = None  # nothing hurries until the instances, which need the same login, were read
        if failure is None:
            self._problems.pop(part, None)
        elif not part.quiet:
            self._problems[part] = Problem(part.name, failure.summary, failure.remedy, failure.code)
        if part is self._images and failure is None:
            self._snapshots.images_read(loop_time())
        if failure is None or not part.quiet:
            self._changed()
        self._hurry()
