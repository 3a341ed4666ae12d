"""Opens the session of the location that is shown, reads its fleet again and again, and posts what was read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from fe2tui.aws.worker_thread import in_worker_thread
from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.fleet import Fleet, InstanceUsage
from fe2tui.model.location import Location
from fe2tui.model.money import TimeSpan, spot_history_spans
from fe2tui.tui.internal_error import log_internal_error

if TYPE_CHECKING:
    from textual.worker import Worker

    from fe2tui.aws.poller.poller import Poller
    from fe2tui.aws.session import Choice, Session
    from fe2tui.settings import Settings
    from fe2tui.store import Store


LARGE_FLEET = 2_000  # instances


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


class PollListener(Protocol):
    """Who is told what was read."""

    def post_message(self, message: Message) -> bool:
        """Take what was read."""

    def first_read_ended(self) -> None:
        """The first read has ended, well or not, and has been told of."""

    def warn(self, text: str) -> None:
        """Tell that something is wrong that does not stop anything. From any thread."""


class FleetPolling:
    """Listens to one poller for one place."""

    def __init__(
        self,
        listener: PollListener,
        session: Session,
        store: Store,
        settings: Settings,
        clock: Callable[[], datetime],
        *,
        reads_cpu: bool,
    ) -> None:
        """``cpu``: whether to ask how busy the machines in view are, which AWS bills."""
        self._listener = listener
        self._session = session
        self._store = store
        self._settings = settings
        self._clock = clock
        self._poller: Poller | None = None
        self._reads_cpu = reads_cpu
        self._instance_usage: Mapping[str, tuple[InstanceUsage, ...]] = {}
        self._spot_history_spans: Mapping[str, TimeSpan] = {}
        self._looked_up_ends: set[tuple[str, datetime | None]] = set()  # of whose run it was asked when it ended
        self._store_failed = False
        self._has_posted = False
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
            reads_cpu=self._reads_cpu,
            spot_history_store=self._store.spot_history,
        )
        async for update in self._poller.updates():
            if isinstance(update, Fleet):
                # What takes long is done in its turn; what does not, must not wait for it.
                in_thread = in_worker_thread if len(update.instances) > LARGE_FLEET else asyncio.to_thread
                fleet = await in_thread(self._with_usage_history, update)
                if ends := await self._find_unseen_ends(fleet):
                    fleet = await in_thread(self._with_usage_history, update, ends)
                self._poller.want_spot_history(self._spot_history_spans)
                self._post(FleetSeen(fleet))
                await in_thread(self._save, fleet)
            else:
                self._post(FleetNotRead(update.error, update.at, update.retry_in))

    def nudge(self) -> None:
        """Be quick for a while."""
        if self._poller is not None:
            self._poller.nudge()

    def read_now(self) -> None:
        """Read at once."""
        if self._poller is not None:
            self._poller.refresh()

    def read_images_soon(self) -> None:
        """Something was done to images or snapshots: read them soon."""
        if self._poller is not None:
            self._poller.read_images_soon()

    def set_cpu_ids(self, ids: Iterable[str]) -> None:
        """These machines are in view."""
        if self._poller is not None:
            self._poller.set_cpu_ids(ids)

    @property
    def reads_cpu(self) -> bool:
        """Whether to ask how busy machines are."""
        return self._reads_cpu

    @reads_cpu.setter
    def reads_cpu(self, on: bool) -> None:
        self._reads_cpu = on
        if self._poller is not None:
            self._poller.reads_cpu = on

    def set_watched(self, is_watched: bool) -> None:
        """Pause when nobody looks, go on when somebody does."""
        if self._poller is not None and self.is_paused is is_watched:
            self.is_paused = not is_watched
            (self._poller.resume if is_watched else self._poller.pause)()

    def _post(self, message: Message) -> None:
        self._listener.post_message(message)
        if not self._has_posted:
            self._has_posted = True
            self._listener.first_read_ended()

    async def _find_unseen_ends(self, fleet: Fleet) -> dict[str, datetime]:
        """When spot machines that AWS stopped while nobody looked came to rest: asked once of each."""
        unseen = {
            key: instance
            for key, usages in fleet.instance_usage.items()
            if usages[-1].ended_before is not None and (instance := fleet.instances.get(key)) is not None
        }
        new = {
            key: instance for key, instance in unseen.items() if (key, instance.launched_at) not in self._looked_up_ends
        }
        if not new:
            return {}
        from fe2tui.tasks.usage_history import spot_usage_ends

        self._looked_up_ends |= {(key, instance.launched_at) for key, instance in new.items()}
        return await spot_usage_ends(self._session, new, fleet.instance_usage)

    def _with_usage_history(self, fleet: Fleet, ends: Mapping[str, datetime] | None = None) -> Fleet:
        """The fleet with what is written down of its past, after writing down what is new."""
        store, location = self._store, fleet.location
        try:
            if ends:
                some = {key: fleet.instances[key] for key in ends}
                store.instance_usage.record(replace(fleet, instances=some), whole=False, ends=ends)
            else:
                store.instance_usage.record(fleet)
            store.volume_usage.record(fleet)
            instance_usage, volume_usage = store.instance_usage.get(location), store.volume_usage.get(location)
        except StoreError as error:
            self._warn_once(error)
            return fleet
        is_same = instance_usage == self._instance_usage
        if not is_same:
            self._instance_usage = instance_usage
        whole = replace(fleet, instance_usage=self._instance_usage, volume_usage=volume_usage)
        if not is_same:
            self._spot_history_spans = spot_history_spans(whole, self._clock())
        return whole

    def _save(self, fleet: Fleet) -> None:
        try:
            self._store.fleets.save(fleet)
        except StoreError as error:
            self._warn_once(error)

    def _warn_once(self, error: StoreError) -> None:
        if not self._store_failed:
            self._store_failed = True
            self._listener.warn(str(error))


def _poller_class() -> type[Poller]:
    from fe2tui.aws.poller.poller import Poller

    return Poller


class FleetListener(Protocol):
    """What a link needs of the dashboard."""

    def post_message(self, message: Message) -> bool:
        """Take what was read."""

    def show_fleet(self, event: FleetSeen) -> None:
        """Show what was kept."""

    def location_changed(self) -> None:
        """Another place is shown from now on."""

    async def wait_until_drawn(self) -> None:
        """Wait until what was told so far is on the screen."""

    def first_read_ended(self) -> None:
        """The first read has ended and been told of: what else is imported late may be imported now."""

    def warn(self, text: str) -> None:
        """Tell that something is wrong that does not stop anything. From any thread."""


class WorkerHost(Protocol):
    """What runs workers."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """What tells the time."""

    def start_worker(self, work: Awaitable[None], name: str) -> Worker[None]:
        """Run a coroutine in a worker."""


class FleetWatch:
    """One place at a time. Sessions of places left behind stay open for the tasks that still use them."""

    def __init__(
        self,
        listener: FleetListener,
        host: WorkerHost,
        choice: Choice,
        settings: Settings,
        ask_code: Callable[[str], Awaitable[str]],
    ) -> None:
        self._listener = listener
        self._host = host
        self._choice = choice
        self._read_only_requested = choice.read_only and not settings.for_profile(choice.profile or "").read_only
        self._settings = settings
        self._clock = host.clock
        self._ask_code = ask_code
        self._session: Session | None = None
        self._store: Store | None = None
        self._polling: FleetPolling | None = None
        self._worker: Worker[None] | None = None
        self._previous_sessions: list[Session] = []
        self._opening: asyncio.Future[tuple[Session, Fleet | None]] | None = None
        self._cpu_setting = settings.cpu_chart

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

    def start_opening(self) -> asyncio.Future[tuple[Session, Fleet | None]]:
        """Open session and store, and read the last fleet, in a thread, before there is a screen to show it on."""
        self._opening = asyncio.ensure_future(asyncio.to_thread(self._open_session, self._choice))
        return self._opening

    def show_opened(self) -> None:
        """Show at once what ``begin`` has read, if it has; ``open`` goes on from there."""
        if self._opening is not None and self._opening.done() and self._opening.exception() is None:
            self._show(*self._opening.result())

    async def open(self, choice: Choice | None = None) -> None:
        """Open session and store, show what was last seen there, then read for ever. Raises Fe2Error."""
        choice = choice or self._choice
        opening, self._opening = self._opening, None
        session, last = await (opening or asyncio.to_thread(self._open_session, choice))
        self._choice = choice
        if session is not self._session:
            self._show(session, last)
        if last is not None:
            await self._listener.wait_until_drawn()
        self._worker = self._host.start_worker(self._poll(session, last), "poll")

    def _show(self, session: Session, last: Fleet | None) -> None:
        if self._session is not None:
            self._previous_sessions.append(self._session)
        self._session = session
        if self._worker is not None:
            self._worker.cancel()
        self._listener.location_changed()
        if last is not None:
            self._listener.show_fleet(FleetSeen(last, from_store=True))

    def _open_session(self, choice: Choice) -> tuple[Session, Fleet | None]:
        from fe2tui.aws.session import Session
        from fe2tui.store import open_store

        if self._store is None:
            self._store = open_store()
        session = Session(choice, ask_code=self._ask_code)
        return session, self._load_last_fleet(session.location)

    def _load_last_fleet(self, location: Location) -> Fleet | None:
        try:
            if self.store.problem is not None:
                self._listener.warn(str(self.store.problem))
            return self.store.fleets.last_fleet(location)
        except StoreError as error:
            self._listener.warn(str(error))
            return None

    async def _poll(self, session: Session, last: Fleet | None) -> None:
        try:
            await session.warm_up()
        except Fe2Error as error:
            self._listener.post_message(FleetNotRead(error, self._clock(), 0))
        cpu = self.reads_cpu
        self._polling = FleetPolling(self._listener, session, self.store, self._settings, self._clock, reads_cpu=cpu)
        while True:
            try:
                await self._polling.run(last)
            except Fe2Error as error:
                failure = error
            except Exception as error:
                failure = log_internal_error(error)  # a fault of our own in one read must not end all reading
            else:
                return
            self._listener.post_message(FleetNotRead(failure, self._clock(), self._settings.slow_seconds))
            await asyncio.sleep(self._settings.slow_seconds)

    async def go(self, *, region: str | None = None, profile: str | None = None) -> None:
        """Show another region or another profile. Raises Fe2Error, and stays where it is."""
        if profile is not None and profile != self.session.profile:
            read_only = self._read_only_requested or self._settings.for_profile(profile).read_only
            choice = replace(self._choice, profile=profile, region=region, read_only=read_only)
        else:
            choice = replace(self._choice, region=region or self.session.region)
        await self.open(choice)

    async def reopen(self, choice: Choice) -> None:
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
        for session in [*self._previous_sessions, *([self._session] if self._session else [])]:
            with suppress(Fe2Error):
                await session.close()
        if self._store is not None:
            await asyncio.to_thread(self._store.close)

    def nudge(self) -> None:
        """Make the poller quick for a while."""
        if self._polling is not None:
            self._polling.nudge()

    def read_images_soon(self) -> None:
        """Read images and snapshots soon."""
        if self._polling is not None:
            self._polling.read_images_soon()

    @property
    def reads_cpu(self) -> bool:
        """Whether it is asked how busy the machines in view are; unless a person says so, only where that is free."""
        return self._cpu_setting if self._cpu_setting is not None else self.session.location.is_local

    @reads_cpu.setter
    def reads_cpu(self, on: bool) -> None:
        self._cpu_setting = on
        if self._polling is not None:
            self._polling.reads_cpu = on

    def set_cpu_ids(self, ids: Iterable[str]) -> None:
        """These machines are in view."""
        if self._polling is not None:
            self._polling.set_cpu_ids(ids)

    def read_now(self) -> None:
        """Read at once."""
        if self._polling is not None:
            self._polling.read_now()

    def set_watched(self, is_watched: bool) -> None:
        """Say whether anybody looks: reading is paused while nobody does."""
        if self._polling is not None:
            self._polling.set_watched(is_watched)

    @property
    def is_paused(self) -> bool:
        """Whether reading is paused."""
        return self._polling is not None and self._polling.is_paused
