"""The session, the store and the poller of the place that is shown; going to another place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.fleet import Fleet
from fe2tui.model.place import Place
from fe2tui.tui.broken import broken
from fe2tui.tui.polling import FleetNotRead, FleetSeen, Polling

if TYPE_CHECKING:
    from textual.worker import Worker

    from fe2tui.aws.session import Choice, Session
    from fe2tui.settings import Settings
    from fe2tui.store import Store


class Listener(Protocol):
    """What a link needs of the dashboard."""

    def post_message(self, message: Message) -> bool:
        """Take what was read."""

    def seen(self, event: FleetSeen) -> None:
        """Show what was kept."""

    def place_changed(self) -> None:
        """Another place is shown from now on."""

    async def until_drawn(self) -> None:
        """Wait until what was told so far is on the screen."""

    def answered(self) -> None:
        """The first read has ended and been told of: what else is imported late may be imported now."""

    def warn(self, text: str) -> None:
        """Tell that something is wrong that does not stop anything. From any thread."""


class Host(Protocol):
    """What runs workers."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """What tells the time."""

    def work(self, work: Awaitable[None], name: str) -> Worker[None]:
        """Run a coroutine in a worker."""


class Link:
    """One place at a time. Sessions of places left behind stay open for the tasks that still use them."""

    def __init__(
        self,
        listener: Listener,
        host: Host,
        choice: Choice,
        settings: Settings,
        ask_code: Callable[[str], Awaitable[str]],
    ) -> None:
        self._listener = listener
        self._host = host
        self._choice = choice
        self._asked_read_only = choice.read_only and not settings.of_profile(choice.profile or "").read_only
        self._settings = settings
        self._clock = host.clock
        self._ask_code = ask_code
        self._session: Session | None = None
        self._store: Store | None = None
        self._polling: Polling | None = None
        self._worker: Worker[None] | None = None
        self._left_behind: list[Session] = []
        self._opening: asyncio.Future[tuple[Session, Fleet | None]] | None = None
        self._cpu = settings.cpu_chart

    @property
    def is_open(self) -> bool:
        """Whether session and store are there."""
        return self._session is not None and self._store is not None

    @property
    def session(self) -> Session:
        """The session with the place that is shown."""
        assert self._session is not None, "asked for before it was opened"
        return self._session

    @property
    def store(self) -> Store:
        """The store."""
        assert self._store is not None, "asked for before it was opened"
        return self._store

    def begin(self) -> asyncio.Future[tuple[Session, Fleet | None]]:
        """Open session and store, and read the last fleet, in a thread, before there is a screen to show it on."""
        self._opening = asyncio.ensure_future(asyncio.to_thread(self._opened, self._choice))
        return self._opening

    def show_opened(self) -> None:
        """Show at once what ``begin`` has read, if it has; ``open`` goes on from there."""
        if self._opening is not None and self._opening.done() and self._opening.exception() is None:
            self._show(*self._opening.result())

    async def open(self, choice: Choice | None = None) -> None:
        """Open session and store, show what was last seen there, then read for ever. Raises Fe2Error."""
        choice = choice or self._choice
        opening, self._opening = self._opening, None
        session, last = await (opening or asyncio.to_thread(self._opened, choice))
        self._choice = choice
        if session is not self._session:
            self._show(session, last)
        if last is not None:
            await self._listener.until_drawn()
        self._worker = self._host.work(self._poll(session, last), "poll")

    def _show(self, session: Session, last: Fleet | None) -> None:
        if self._session is not None:
            self._left_behind.append(self._session)
        self._session = session
        if self._worker is not None:
            self._worker.cancel()
        self._listener.place_changed()
        if last is not None:
            self._listener.seen(FleetSeen(last, from_store=True))

    def _opened(self, choice: Choice) -> tuple[Session, Fleet | None]:
        from fe2tui.aws.session import Session
        from fe2tui.store import open_store

        if self._store is None:
            self._store = open_store()
        session = Session(choice, ask_code=self._ask_code)
        return session, self._last_fleet(session.place)

    def _last_fleet(self, place: Place) -> Fleet | None:
        try:
            if self.store.problem is not None:
                self._listener.warn(str(self.store.problem))
            return self.store.fleets.last(place)
        except StoreError as error:
            self._listener.warn(str(error))
            return None

    async def _poll(self, session: Session, last: Fleet | None) -> None:
        try:
            await session.warm()
        except Fe2Error as error:
            self._listener.post_message(FleetNotRead(error, self._clock(), 0))
        cpu = self.is_measured
        self._polling = Polling(self._listener, session, self.store, self._settings, self._clock, cpu=cpu)
        while True:
            try:
                await self._polling.run(last)
            except Fe2Error as error:
                failure = error
            except Exception as error:
                failure = broken(error)  # a fault of our own in one read must not end all reading
            else:
                return
            self._listener.post_message(FleetNotRead(failure, self._clock(), self._settings.slow_seconds))
            await asyncio.sleep(self._settings.slow_seconds)

    async def go(self, *, region: str | None = None, profile: str | None = None) -> None:
        """Show another region or another profile. Raises Fe2Error, and stays where it is."""
        if profile is not None and profile != self.session.profile:
            read_only = self._asked_read_only or self._settings.of_profile(profile).read_only
            choice = replace(self._choice, profile=profile, region=region, read_only=read_only)
        else:
            choice = replace(self._choice, region=region or self.session.region)
        await self.open(choice)

    async def start_over(self, choice: Choice) -> None:
        """Open everything anew, the store too: the environment is another."""
        if self._worker is not None:
            self._worker.cancel()
        if self._store is not None:
            await asyncio.to_thread(self._store.close)
        self._store = None
        await self.open(choice)

    async def close(self) -> None:
        """Close sessions and store. What AWS was asked to do goes on."""
        if self._worker is not None:
            self._worker.cancel()
        for session in [*self._left_behind, *([self._session] if self._session else [])]:
            with suppress(Fe2Error):
                await session.close()
        if self._store is not None:
            await asyncio.to_thread(self._store.close)

    def nudge(self) -> None:
        """Make the poller quick for a while."""
        if self._polling is not None:
            self._polling.nudge()

    def images_changed(self) -> None:
        """Read images and snapshots soon."""
        if self._polling is not None:
            self._polling.images_changed()

    @property
    def is_measured(self) -> bool:
        """Whether it is asked how busy the machines in view are; unless a person says so, only where that is free."""
        return self._cpu if self._cpu is not None else self.session.place.is_on_this_computer

    @is_measured.setter
    def is_measured(self, on: bool) -> None:
        self._cpu = on
        if self._polling is not None:
            self._polling.cpu = on

    def measure(self, ids: Iterable[str]) -> None:
        """These machines are in view."""
        if self._polling is not None:
            self._polling.measure(ids)

    def read_now(self) -> None:
        """Read at once."""
        if self._polling is not None:
            self._polling.refresh()

    def look(self, anyone: bool) -> None:
        """Say whether anybody looks: reading is paused while nobody does."""
        if self._polling is not None:
            self._polling.look(anyone)

    @property
    def is_paused(self) -> bool:
        """Whether reading is paused."""
        return self._polling is not None and self._polling.is_paused
