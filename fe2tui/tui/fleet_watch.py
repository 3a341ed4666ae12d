"""Reads the fleet of the location that is shown, for ever, and posts every read to the main screen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING

from textual.message import Message

from fe2tui.aws.worker_thread import in_worker_thread
from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.fleet import Fleet, InstanceUsage
from fe2tui.model.location import Location
from fe2tui.model.money.account import AccountTotals, AccountTracker
from fe2tui.model.money.alerts import AlertLimits
from fe2tui.model.money.spot_usage import TimeSpan, spot_history_spans

if TYPE_CHECKING:
    from textual.worker import Worker

    from fe2tui.aws.poller.poller import Poller
    from fe2tui.aws.session import Choice, Session
    from fe2tui.store import Store
    from fe2tui.tui.services import Services

LARGE_FLEET = 2_000  # instances


@dataclass
class LocationChanged(Message):
    location: Location


@dataclass
class FleetSeen(Message):
    """A fleet was read, with its usage history. ``from_store``: it is the one stored by an earlier run."""

    fleet: Fleet
    totals: AccountTotals
    from_store: bool = False

    def can_replace(self, message: Message) -> bool:
        """A newer fleet replaces one that has not been shown yet."""
        return isinstance(message, FleetSeen)


@dataclass
class FleetNotRead(Message):
    """A read of the instances failed: the last fleet stays.

    ``retry_in`` is seconds; 0 if it is unknown, infinite if only ``read_now`` tries again.
    """

    error: Fe2Error
    at: datetime
    retry_in: float


class FleetWatch:
    """One location at a time. Sessions of earlier locations stay open for the tasks that still use them."""

    def __init__(self, services: Services, choice: Choice) -> None:
        self._services = services
        settings = services.settings
        self._choice = replace(choice, read_only_profiles=settings.read_only_profiles)
        self.account_tracker = AccountTracker(AlertLimits.from_settings(settings.long_run_hours, settings.high_cost))
        self._cpu_setting = settings.cpu_chart
        self._opening: asyncio.Future[tuple[Session, FleetSeen | None]] | None = None
        self._session: Session | None = None
        self._store: Store | None = None
        self._store_failed = False
        self._previous_sessions: list[Session] = []
        self._worker: Worker[None] | None = None
        self._poller: Poller | None = None
        self.is_paused = False
        self._may_ask_mfa_code = True  # once, until a read succeeds or a person asks for one
        # Of the location that is shown:
        self._instance_usage: Mapping[str, tuple[InstanceUsage, ...]] = {}
        self._spot_history_spans: Mapping[str, TimeSpan] = {}
        self._looked_up_ends: set[tuple[str, datetime | None]] = set()

    # The location

    @property
    def is_open(self) -> bool:
        return self._session is not None and self._store is not None

    @property
    def session(self) -> Session:
        assert self._session is not None
        return self._session

    @property
    def store(self) -> Store:
        assert self._store is not None
        return self._store

    def start_opening(self) -> asyncio.Future[tuple[Session, FleetSeen | None]]:
        """Open session and store, and load the last fleet, in a thread, while the main screen is made."""
        self._opening = asyncio.ensure_future(asyncio.to_thread(self._open_session, self._choice))
        return self._opening

    def show_opened(self) -> None:
        """Post what ``start_opening`` has loaded, if it has; ``open`` continues from there."""
        if self._opening is not None and self._opening.done() and self._opening.exception() is None:
            self._show(*self._opening.result())

    async def open(self, choice: Choice | None = None) -> None:
        """Open session and store, post the last fleet of the location, then read for ever. Raises Fe2Error."""
        choice = choice or self._choice
        self._may_ask_mfa_code = True
        opening, self._opening = self._opening, None
        session, last = await (opening or asyncio.to_thread(self._open_session, choice))
        self._choice = choice
        if session is not self._session:
            self._show(session, last)
        if last is not None:
            await self._wait_until_drawn()
        self._worker = self._services.start_worker(
            self._read_for_ever(session, last.fleet if last else None), "Reading"
        )

    def _show(self, session: Session, last: FleetSeen | None) -> None:
        if self._session is not None:
            self._previous_sessions.append(self._session)
        if self._worker is not None:
            self._worker.cancel()
        self._session = session
        self._instance_usage, self._spot_history_spans = {}, {}
        self._looked_up_ends.clear()
        self._post(LocationChanged(session.location))
        if last is not None:
            self._post(last)

    def _open_session(self, choice: Choice) -> tuple[Session, FleetSeen | None]:
        from fe2tui.aws.session import Session
        from fe2tui.store import open_store

        if self._store is None:
            self._store = open_store()
        session = Session(choice, ask_code=self._ask_mfa_code)
        try:
            if self._store.problem is not None:
                self._warn(self._store.problem)
            session.learn_accounts(self._store.fleets.accounts())
            last = self._store.fleets.last_fleet(session.location)
            if last is not None and last.account and session.account not in ("", last.account):
                last = None  # of another account, which had this name before
        except StoreError as error:
            self._warn(error)
            return session, None
        return session, FleetSeen(last, self._totals(last), from_store=True) if last is not None else None

    async def _ask_mfa_code(self, serial: str) -> str:
        """Ask for a one-time code; empty when there is no answer."""
        if not self._may_ask_mfa_code:
            return ""
        self._may_ask_mfa_code = False
        from fe2tui.tui.forms.mfa_code import MfaCodeForm

        return await self._services.ask(MfaCodeForm(serial, profile=self.session.profile)) or ""

    async def go(self, *, region: str | None = None, profile: str | None = None) -> None:
        """Show another region or another profile. Raises Fe2Error, and stays where it is."""
        if profile is not None and profile != self.session.profile:
            choice = replace(self._choice, profile=profile, region=region)
        else:
            choice = replace(self._choice, region=region or self.session.region)
        await self.open(choice)

    async def reopen(self, choice: Choice) -> None:
        """Close the store and open everything again: the environment has changed."""
        if self._worker is not None:
            self._worker.cancel()
        if self._store is not None:
            await asyncio.to_thread(self._store.close)
        self._store = None
        await self.open(choice)

    async def close(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
        for session in [*self._previous_sessions, *([self._session] if self._session else [])]:
            with suppress(Fe2Error):
                await session.close()
        if self._store is not None:
            await asyncio.to_thread(self._store.close)

    # Reading

    async def _wait_until_drawn(self) -> None:
        drawn = asyncio.Event()
        self._services.main_screen.call_after_refresh(drawn.set)
        await drawn.wait()

    def _post(self, message: Message) -> None:
        self._services.main_screen.post_message(message)

    async def _read_for_ever(self, session: Session, last: Fleet | None) -> None:
        clock, slow_seconds = self._services.clock, self._services.settings.slow_seconds
        try:
            await session.warm_up()
        except Fe2Error as error:
            self._post(FleetNotRead(error, clock(), 0))
        while True:
            try:
                await self._read(session, last)
            except Fe2Error as error:
                failure = error
            except Exception as error:
                from fe2tui.tui.internal_error import log_internal_error

                failure = log_internal_error(error)  # a fault of our own in one read must not end all reading
            else:
                return
            self._post(FleetNotRead(failure, clock(), slow_seconds))
            await asyncio.sleep(slow_seconds)

    async def _read(self, session: Session, last: Fleet | None) -> None:
        settings, clock, store = self._services.settings, self._services.clock, self.store
        await asyncio.to_thread(import_module, "fe2tui.aws.poller.poller")
        from fe2tui.aws.poller.poller import Poller

        self.is_paused = False
        self._poller = poller = Poller(
            session,
            store.prices,
            quick=settings.quick_seconds,
            slow=settings.slow_seconds,
            clock=clock,
            last=last,
            reads_cpu=self.reads_cpu,
            spot_history_store=store.spot_history,
        )
        async for update in poller.updates():
            if not isinstance(update, Fleet):
                self._post(FleetNotRead(update.error, update.at, update.retry_in))
                continue
            self._may_ask_mfa_code = True
            # The work for a large fleet waits for its turn; that for a small one must not wait.
            in_thread = in_worker_thread if len(update.instances) > LARGE_FLEET else asyncio.to_thread
            fleet, totals = await in_thread(self._with_usage_history, update)
            self._post(FleetSeen(fleet, totals))
            if ends := await self._unseen_ends(session, fleet):
                fleet, totals = await in_thread(self._with_usage_history, update, ends)
                self._post(FleetSeen(fleet, totals))
            poller.want_spot_history(self._spot_history_spans)
            await in_thread(self._save, fleet)

    def _with_usage_history(
        self, fleet: Fleet, ends: Mapping[str, datetime] | None = None
    ) -> tuple[Fleet, AccountTotals]:
        """Record the usage in the store; the fleet with all recorded usage, and its totals. In a thread."""
        store, location = self.store, fleet.location
        try:
            if ends:
                ended = {key: fleet.instances[key] for key in ends}
                store.instance_usage.record(replace(fleet, instances=ended), whole=False, ends=ends)
            else:
                store.instance_usage.record(fleet)
            store.volume_usage.record(fleet)
            instance_usage, volume_usage = store.instance_usage.get(location), store.volume_usage.get(location)
        except StoreError as error:
            self._warn_once(error)
            return fleet, self._totals(fleet)
        is_same = instance_usage == self._instance_usage
        if not is_same:
            self._instance_usage = instance_usage
        fleet = replace(fleet, instance_usage=self._instance_usage, volume_usage=volume_usage)
        if not is_same:
            self._spot_history_spans = spot_history_spans(fleet, self._services.clock())
        return fleet, self._totals(fleet)

    def _totals(self, fleet: Fleet) -> AccountTotals:
        return self.account_tracker.update(fleet, self._services.clock())

    async def _unseen_ends(self, session: Session, fleet: Fleet) -> dict[str, datetime]:
        """When AWS stopped spot instances that fe2tui did not see stop: once for each run, when AWS answers."""
        unseen = {
            key: instance
            for key, usages in fleet.instance_usage.items()
            if usages[-1].ended_before is not None
            and (instance := fleet.instances.get(key)) is not None
            and (key, instance.launched_at) not in self._looked_up_ends
        }
        if not unseen:
            return {}
        await self._wait_until_drawn()
        await asyncio.to_thread(import_module, "fe2tui.tasks.usage_history")
        from fe2tui.tasks.usage_history import spot_usage_ends

        ends = await spot_usage_ends(session, unseen, fleet.instance_usage)
        if ends is None:
            return {}
        self._looked_up_ends |= {(key, instance.launched_at) for key, instance in unseen.items()}
        return ends

    def _save(self, fleet: Fleet) -> None:
        try:
            self.store.fleets.save(fleet)
        except StoreError as error:
            self._warn_once(error)

    def _warn_once(self, error: StoreError) -> None:
        if not self._store_failed:
            self._store_failed = True
            self._warn(error)

    def _warn(self, error: Fe2Error) -> None:
        """Report something that stops nothing. From any thread."""
        self._services.app.call_later(self._services.report_error, "Store", error)

    # What the poller is asked for

    def nudge(self) -> None:
        """Read at once, and quickly for a while."""
        if self._poller is not None:
            self._poller.nudge()

    def read_now(self) -> None:
        """Read everything at once: a person asks for it."""
        self._may_ask_mfa_code = True
        if self._poller is not None:
            self._poller.refresh()

    def read_images_soon(self) -> None:
        """Read images and snapshots soon: something was done to them."""
        if self._poller is not None:
            self._poller.read_images_soon()

    def read_addresses_soon(self) -> None:
        """Read the unused Elastic IPs soon: one was released."""
        if self._poller is not None:
            self._poller.read_addresses_soon()

    @property
    def reads_cpu(self) -> bool:
        """Whether CPU figures of visible instances are read. Without a setting, only where they cost nothing."""
        return self._cpu_setting if self._cpu_setting is not None else self.session.location.is_local

    @reads_cpu.setter
    def reads_cpu(self, on: bool) -> None:
        self._cpu_setting = on
        if self._poller is not None:
            self._poller.reads_cpu = on

    def set_cpu_ids(self, ids: Iterable[str]) -> None:
        if self._poller is not None:
            self._poller.set_cpu_ids(ids)

    def set_watched(self, is_watched: bool) -> None:
        """Pause reading while the dashboard is not watched."""
        if self._poller is not None and self.is_paused is is_watched:
            self.is_paused = not is_watched
            (self._poller.resume if is_watched else self._poller.pause)()
