"""Makes the parts of the dashboard, and implements ``Services`` with them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from textual.binding import Binding

from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.console_links import console_url
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance
from fe2tui.model.location import Location
from fe2tui.model.progress import ignore_progress
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.command_runner import CommandRunner
from fe2tui.tui.fleet_watch import FleetWatch
from fe2tui.tui.keymap import build_keymap
from fe2tui.tui.main_screen import MainScreen
from fe2tui.tui.other_regions import OtherRegions
from fe2tui.tui.pane_ids import ACTIVITY, MARKABLE_PANES, SPOT
from fe2tui.tui.services import Answer
from fe2tui.tui.startup import Startup
from fe2tui.tui.task_runner import TaskRunner

if TYPE_CHECKING:
    from textual.screen import Screen

    from fe2tui.aws.session import Session
    from fe2tui.aws.spot_prices import SpotHistoryCache, SpotPriceCache
    from fe2tui.model.progress import Report
    from fe2tui.store import Store
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.type_catalogue import TypeCatalogueCache
    from fe2tui.tui.app import Dashboard
    from fe2tui.tui.forms.launch import LaunchDraft
    from fe2tui.tui.shell_commands import ShellCommands
    from fe2tui.tui.tunnel_keeper import KeptTunnels, TunnelKeeper

_TERMINALS_WITHOUT_LINKS = ("dumb", "linux", "vt", "eterm")  # as TERM begins; others open them or ignore them
OPEN_TIMEOUT = 0.25  # seconds that the main screen waits for the last fleet, to have it in its first frame


class DashboardController:
    """Made a moment after the first frame. What its methods do is said in ``Services``."""

    def __init__(self, app: Dashboard) -> None:
        self.app = app
        self.clock = app.clock
        self.settings = app.settings
        self.preferences = app.preferences
        self.key_queue = app.key_queue
        self.tell = app.toast
        self.tell_outside = app.tell_outside
        self.set_terminal_title = app.set_terminal_title
        self.start_worker = app.start_worker
        self.launch_draft: LaunchDraft | None = None
        self.keymap = build_keymap(app.settings.keys)
        self._has_links = app.settings.links and not os.environ.get("TERM", "").startswith(_TERMINALS_WITHOUT_LINKS)
        self.fleet_watch = FleetWatch(self, app.choice)
        self.task_runner = TaskRunner(self)
        self.command_runner = CommandRunner(self)
        self.other_regions = OtherRegions(self)
        self.main_screen = MainScreen(self)
        self.startup = Startup(app, self)
        self.run_task = self.task_runner.start
        self.take_up_unfinished = self.startup.take_up_unfinished
        self.go = self.fleet_watch.go
        self.perform = self.command_runner.perform

    async def start(self) -> None:
        app = self.app
        bindings = (Binding(key, f"perform({command_id!r})", show=False) for key, command_id in self.keymap.all_keys())
        for binding in Binding.make_bindings(bindings):  # which knows / as slash
            app.bind(binding.key, binding.action, description=binding.description, show=False)
            if binding.action in ("perform('filter')", "perform('command_line')"):
                self.key_queue.field_keys.add(binding.key)
        app.set_keymap({**self.keymap.widget_keys})
        app.theme_changed_signal.subscribe(app, lambda _: self.main_screen.recolour())
        opening = self.fleet_watch.start_opening()
        self.main_screen.pane_layout.fit_to(*app.size)
        app.stylesheet.read_all(self.main_screen.css_path)  # the screen would have those that are known parsed again
        await asyncio.wait({opening}, timeout=OPEN_TIMEOUT)
        self.fleet_watch.show_opened()  # handled when the screen is mounted, before its first frame
        await app.push_screen(self.main_screen)
        self.startup.start()

    async def close(self) -> None:
        if self.kept_tunnels:
            await self.tunnel_keeper.close_all()
        for name in ("catalogues", "spot_prices", "spot_histories"):
            if name in self.__dict__:
                getattr(self, name).close()
        await self.fleet_watch.close()

    # What is there

    @property
    def session(self) -> Session:
        return self.fleet_watch.session

    @property
    def store(self) -> Store:
        return self.fleet_watch.store

    @property
    def fleet(self) -> Fleet | None:
        fleet = self.main_screen.fleet
        # The main screen learns of another location a moment after the session has changed.
        return fleet if fleet is not None and fleet.location == self.session.location else None

    @cached_property
    def shell_commands(self) -> ShellCommands | None:
        return self.app.open_shell() if self.app.open_shell is not None else None

    @property
    def kept_tunnels(self) -> Sequence[KeptTunnels]:
        return self.tunnel_keeper.all if "tunnel_keeper" in self.__dict__ else ()

    @cached_property
    def tunnel_keeper(self) -> TunnelKeeper:
        from fe2tui.tui.tunnel_keeper import TunnelKeeper

        return TunnelKeeper(self)

    @cached_property
    def catalogues(self) -> TypeCatalogueCache:
        from fe2tui.tasks.type_catalogue import TypeCatalogueCache

        return TypeCatalogueCache()

    @cached_property
    def spot_prices(self) -> SpotPriceCache:
        from fe2tui.aws.spot_prices import SpotPriceCache

        return SpotPriceCache()

    @cached_property
    def spot_histories(self) -> SpotHistoryCache:
        from fe2tui.aws.spot_prices import SpotHistoryCache

        return SpotHistoryCache(self.store.spot_history)

    def command_context(self) -> CommandContext:
        main, watch = self.main_screen, self.fleet_watch
        fleet, instances, images, full_view = self.fleet, main.instances, main.images, main.full_view
        acting = main.pane_set.acting_pane.list_pane
        known_instances, known_images = (fleet.instances, images.model.items) if fleet is not None else ({}, {})
        if full_view is not None:
            return CommandContext(
                self,
                watch.session.location,
                full_view.pane,
                fleet,
                known_instances.get(full_view.row_id),
                running_tasks=len(main.tasks.running),
                read_only=watch.session.read_only,
                selected_image=known_images.get(full_view.row_id),
                spot=main.spot_pane.choice,
                starting_ids=instances.starting_ids,
                is_full_view=True,
                block_word=full_view.block_word,
                search_text=full_view.text.searched_text,
            )
        is_activity = main.pane == ACTIVITY
        subject = main.activity.selected_subject
        instance_id = subject if is_activity else instances.table.cursor_id
        image_id = subject if is_activity else images.table.cursor_id
        marked_ids = () if is_activity else instances.table.visible_marks()
        return CommandContext(
            self,
            watch.session.location if watch.is_open else Location("", ""),
            main.pane,
            fleet,
            known_instances.get(instance_id or ""),
            tuple(known_instances[one] for one in marked_ids if one in known_instances),
            acting.visible_count if acting is not None else 0,
            acting.arrangement.filter.text if acting is not None else "",
            len(main.tasks.running),
            watch.is_open and watch.session.read_only,
            known_images.get(image_id or ""),
            tuple(known_images[one] for one in images.table.visible_marks() if one in known_images),
            main.spot_pane.choice,
            SPOT in main.pane_layout.visible_panes,
            instances.starting_ids,
            hidden_mark_count=main.pane_set.list_pane(main.pane).table.hidden_mark_count
            if main.pane in MARKABLE_PANES
            else 0,
            search_text=main.activity.search.text if is_activity else "",
            can_resize=main.pane_layout.can_resize,
            has_activity=main.activity.selected_row is not None,
        )

    def visible_instances(self) -> Sequence[Instance]:
        rows = self.main_screen.instances.model.rows
        return [rows.snapshot.items[one] for one in rows.ids] if rows.snapshot is not None else []

    def visible_cells(self, pane: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        return self.main_screen.pane_set.list_pane(pane).table.visible_cells()

    def console_url(self, resource_id: str) -> str | None:
        if not self._has_links or not self.fleet_watch.is_open:
            return None
        return console_url(resource_id, self.session.location)

    # What can be done

    def report_error(self, title: str, error: Fe2Error, *, shows_toast: bool = True) -> None:
        region = self.session.region if self.fleet_watch.is_open else ""
        self.task_runner.report_error(title, error, region, shows_toast=shows_toast)

    def save_preferences(self) -> None:
        try:
            self.preferences.save()
        except StoreError as error:
            self.tell(str(error), "warning")

    def task_context(self, report: Report | None = None) -> Context:
        from fe2tui.tasks.context import Context

        return Context(self.session, self.store, self.settings, report or ignore_progress, "dashboard", self.clock)

    async def ask(self, screen: Screen[Answer]) -> Answer | None:
        answer_future: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()

        def take(answer: Answer | None) -> None:
            if not answer_future.done():
                answer_future.set_result(answer)

        await self.app.push_screen(screen, take)
        screen.call_after_refresh(self.key_queue.release)
        return await answer_future

    def select(self, row_id: str) -> None:
        self.main_screen.pane_set.select(row_id)
