"""From the first frame to the first read; and what to do when AWS does not know who is asking."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from fe2tui.errors import CredentialsError, Fe2Error
from fe2tui.model.text import join_words, plural, visible
from fe2tui.tui.command_runner import import_actions
from fe2tui.tui.panes.instance_columns import COLUMNS, unknown_columns

if TYPE_CHECKING:
    from fe2tui.model.image import Image
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.freeze import OpenFreeze
    from fe2tui.tui.app import Dashboard
    from fe2tui.tui.controller import DashboardController

LOAD_TYPES_AFTER = (
    2.0  # seconds: those who came for the list alone, and those who press a key at once, do not wait for it
)


class Startup:
    """Begins when the first frame has been drawn."""

    def __init__(self, app: Dashboard, controller: DashboardController) -> None:
        self._app = app
        self._controller = controller
        self._is_welcome_open = False

    def start(self) -> None:
        """Open session and store, show the last fleet, read."""
        self._app.set_interval(1.0, self._controller.refresh_timer.tick)
        self._controller.fleet_watch.show_opened()
        self._app.start_worker(self._open(), "start")

    async def _open(self) -> None:
        try:
            await self._controller.fleet_watch.open()
        except Fe2Error as error:
            self._app.error = error
            self._app.exit()
            return
        if self._app.startup_problem:
            self._controller.report_error("settings", Fe2Error(self._app.startup_problem))
        for complaint in self._settings_problems():
            self._controller.report_error("settings", Fe2Error(complaint, "See config.toml."))

    def _settings_problems(self) -> list[str]:
        app, settings = self._app, self._app.settings
        complaints = list(self._controller.keymap.problems)
        if unknown := unknown_columns(settings.columns):
            named = join_words([f"“{column}”" for column in unknown], "or")
            complaints.append(f"columns: there is no column {named}. There are {', '.join(COLUMNS)} and tag:NAME.")
        if settings.theme and settings.theme not in app.available_themes:
            complaints.append(f"theme: there is no “{settings.theme}”. There are {', '.join(app.available_themes)}.")
        return complaints

    async def after_first_read(self) -> None:
        """The first read of a place has ended: import what forms need, and take up what an earlier run left."""
        await asyncio.to_thread(import_actions)
        app = self._app
        app.start_worker(self._recover_launches(), "launches")
        app.start_worker(self._resume_freezes(), "freezes")
        app.start_worker(self._load_types(), "types")

    async def _recover_launches(self) -> None:
        """Find out what became of launches cut short."""
        from fe2tui.tasks.launch import recover_launches

        services = self._controller
        outcomes = await recover_launches(services.task_context())
        failed = [outcome for outcome in outcomes if outcome.error is not None]
        for outcome in failed:
            if outcome.error is not None:
                services.report_error(outcome.label, outcome.error)
        if outcomes and not failed:
            services.tell(f"{plural(len(outcomes), 'launch')} of an earlier run found again: {outcomes[0].label}.")
        self._controller.activity_feed.read_log()

    async def _resume_freezes(self) -> None:
        """Watch freezes that an earlier run began, as tasks."""
        from fe2tui.tasks.freeze import open_freezes

        for one in await open_freezes(self._controller.task_context()):
            self._watch_freeze(one)

    def _watch_freeze(self, one: OpenFreeze) -> None:
        from fe2tui.tasks.freeze import watch_freeze

        services = self._controller

        async def work(ctx: Context) -> Image:
            try:
                return await watch_freeze(ctx, one)
            finally:
                services.fleet_watch.read_images_soon()

        def done(image: Image) -> str:
            return f"{visible(image.label)} is ready, frozen from {visible(one.label)} by an earlier run."

        services.run_task(f"Freeze {visible(one.label)}", work, result_text=done)

    async def _load_types(self) -> None:
        """Have the region's types at hand before a form asks for them; if that fails, the form says so."""
        await asyncio.sleep(LOAD_TYPES_AFTER)
        services = self._controller
        with suppress(Fe2Error):
            await services.catalogues.get(services.task_context())

    async def show_welcome(self, error: CredentialsError) -> None:
        """Say what to do when there are no credentials, and do what the person chooses."""
        if self._is_welcome_open:
            return
        self._is_welcome_open = True
        try:
            await self._ask_and_continue(error)
        finally:
            self._is_welcome_open = False

    async def _ask_and_continue(self, error: CredentialsError) -> None:
        from fe2tui.aws.session import profile_names
        from fe2tui.tui.forms.first_start import FirstStartForm

        app, fleet_watch = self._app, self._controller.fleet_watch
        count = len(await asyncio.to_thread(profile_names))
        way = await self._controller.ask(FirstStartForm(error, has_demo=app.start_demo is not None, profiles=count))
        if way == "quit":
            app.exit()
        elif way == "retry":
            await fleet_watch.open()
        elif way == "profile":
            self._controller.command_runner.perform("profile")
        elif way == "demo" and app.start_demo is not None:
            os.environ.update(await asyncio.to_thread(app.start_demo))
            self._controller.task_runner.unseen_failures = 0  # of a cloud that is shown no more
            await fleet_watch.reopen(replace(app.choice, profile=None, region=None, endpoint_url=None))
