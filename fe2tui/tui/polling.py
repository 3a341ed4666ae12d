"""Brings what the poller sees to the dashboard, and keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from fe2tui.aws.aside import aside
from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.fleet import Fleet, Run
from fe2tui.model.money import Span, market_spans

if TYPE_CHECKING:
    from fe2tui.aws.poller import Poller
    from fe2tui.aws.session import Session
    from fe2tui.settings import Settings
    from fe2tui.store import Store

LARGE = 2_000  # instances


class FleetSeen(Message):
    """A fleet was read. ``from_store``: it is the one kept from the last time, with its age."""

    def __init__(self, fleet: Fleet, *, from_store: bool = False) -> None:
        super().__init__()
        self.fleet = fleet
        self.from_store = from_store

    def can_replace(self, message: Message) -> bool:
        """A newer one takes the place of one that nobody has looked at yet."""
        return isinstance(message, FleetSeen)


class FleetNotRead(Message):
    """A read failed: the last fleet stays. ``retry_in`` is seconds."""

    def __init__(self, error: Fe2Error, at: datetime, retry_in: float) -> None:
        super().__init__()
        self.error = error
        self.at = at
        self.retry_in = retry_in


class Listener(Protocol):
    """Who is told what was read."""

    def post_message(self, message: Message) -> bool:
        """Take what was read."""

    def answered(self) -> None:
        """The first read has ended, well or not, and has been told of."""

    def warn(self, text: str) -> None:
        """Tell that something is wrong that does not stop anything. From any thread."""


class Polling:
    """Listens to one poller for one place."""

    def __init__(
        self,
        listener: Listener,
        session: Session,
        store: Store,
        settings: Settings,
        clock: Callable[[], datetime],
        *,
        cpu: bool,
    ) -> None:
        """``cpu``: whether to ask how busy the machines in view are, which AWS bills."""
        self._listener = listener
        self._session = session
        self._store = store
        self._settings = settings
        self._clock = clock
        self._poller: Poller | None = None
        self._cpu = cpu
        self._runs: dict[str, tuple[Run, ...]] = {}
        self._spans: Mapping[str, Span] = {}
        self._asked: set[tuple[str, datetime | None]] = set()  # of whose run it was asked when it ended
        self._store_failed = False
        self._has_told = False
        self.is_paused = False

    async def run(self, last: Fleet | None) -> None:
        """Read for ever, from the fleet known before. Ends when it is cancelled."""
        poller_class = await asyncio.to_thread(_poller_class)
        self._poller = poller_class(
            self._session,
            self._store.prices,
            quick=self._settings.quick_seconds,
            slow=self._settings.slow_seconds,
            clock=self._clock,
            last=last,
            cpu=self._cpu,
            market=self._store.spot,
        )
        async for seen in self._poller.seen():
            if isinstance(seen, Fleet):
                # What takes long is done in its turn; what does not, must not wait for it.
                in_thread = aside if len(seen.instances) > LARGE else asyncio.to_thread
                fleet = await in_thread(self._with_books, seen)
                if ends := await self._ends(fleet):
                    fleet = await in_thread(self._with_books, seen, ends)
                self._poller.want_market(self._spans)
                self._tell(FleetSeen(fleet))
                await in_thread(self._keep, fleet)
            else:
                self._tell(FleetNotRead(seen.error, seen.at, seen.retry_in))

    def nudge(self) -> None:
        """Be quick for a while."""
        if self._poller is not None:
            self._poller.nudge()

    def refresh(self) -> None:
        """Read at once."""
        if self._poller is not None:
            self._poller.refresh()

    def images_changed(self) -> None:
        """Something was done to images or snapshots: read them soon."""
        if self._poller is not None:
            self._poller.images_changed()

    def measure(self, ids: Iterable[str]) -> None:
        """These machines are in view."""
        if self._poller is not None:
            self._poller.measure(ids)

    @property
    def cpu(self) -> bool:
        """Whether to ask how busy machines are."""
        return self._cpu

    @cpu.setter
    def cpu(self, on: bool) -> None:
        self._cpu = on
        if self._poller is not None:
            self._poller.cpu = on

    def look(self, anyone: bool) -> None:
        """Pause when nobody looks, go on when somebody does."""
        if self._poller is not None and self.is_paused is anyone:
            self.is_paused = not anyone
            (self._poller.resume if anyone else self._poller.pause)()

    def _tell(self, message: Message) -> None:
        self._listener.post_message(message)
        if not self._has_told:
            self._has_told = True
            self._listener.answered()

    async def _ends(self, fleet: Fleet) -> dict[str, datetime]:
        """When spot machines that AWS stopped while nobody looked came to rest: asked once of each."""
        unseen = {
            key: instance
            for key, runs in fleet.runs.items()
            if runs[-1].gone_by is not None and (instance := fleet.instances.get(key)) is not None
        }
        new = {key: instance for key, instance in unseen.items() if (key, instance.launched_at) not in self._asked}
        if not new:
            return {}
        from fe2tui.tasks.books import ends_elsewhere

        self._asked |= {(key, instance.launched_at) for key, instance in new.items()}
        return await ends_elsewhere(self._session, new, fleet.runs)

    def _with_books(self, fleet: Fleet, ends: Mapping[str, datetime] | None = None) -> Fleet:
        """The fleet with what is written down of its past, after writing down what is new."""
        store, place = self._store, fleet.place
        try:
            if ends:
                some = {key: fleet.instances[key] for key in ends}
                store.runs.see(replace(fleet, instances=some), whole=False, ends=ends)
            else:
                store.runs.see(fleet)
            store.disks.see(fleet)
            runs, disks = store.runs.of(place), store.disks.of(place)
        except StoreError as error:
            self._complain(error)
            return fleet
        is_same = runs == self._runs
        if not is_same:
            self._runs = runs
        whole = replace(fleet, runs=self._runs, disks=disks)
        if not is_same:
            self._spans = market_spans(whole, self._clock())
        return whole

    def _keep(self, fleet: Fleet) -> None:
        try:
            self._store.fleets.save(fleet)
        except StoreError as error:
            self._complain(error)

    def _complain(self, error: StoreError) -> None:
        if not self._store_failed:
            self._store_failed = True
            self._listener.warn(str(error))


def _poller_class() -> type[Poller]:
    from fe2tui.aws.poller import Poller

    return Poller
