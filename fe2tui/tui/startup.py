"""Starts reading, imports the rest after the first read, and helps when there are no credentials."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from fe2tui import paths
from fe2tui.errors import CredentialsError, Fe2Error, MfaNeededError, StoreError
from fe2tui.model.text import join_words, plural, visible
from fe2tui.tui import gc_tuning
from fe2tui.tui.command_runner import import_actions
from fe2tui.tui.panes.instance_columns import COLUMNS, unknown_columns

if TYPE_CHECKING:
    from fe2tui.model.image import Image
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.freeze import OpenFreeze
    from fe2tui.tui.app import Dashboard
    from fe2tui.tui.services import Services

DRAW_DELAY = 0.1  # seconds for the first read to be drawn before more is imported
LOAD_TYPES_AFTER = 2.0  # seconds: a key that is pressed at once must not wait for the types


class Startup:
    """Begins when the main screen is mounted, and continues when the first read of a location has ended."""

    def __init__(self, app: Dashboard, services: Services) -> None:
        self._app = app
        self._services = services
        self._is_first_read_expected = True
        self._is_welcome_open = False

    def start(self) -> None:
        self._app.start_worker(self._open(), "Start")
        if self._services.settings.other_regions:
            self._app.start_worker(self._services.other_regions.run(), "Other regions")

    async def _open(self) -> None:
        try:
            await self._services.fleet_watch.open()
        except Fe2Error as error:
            self._app.error = error
            self._app.exit()
            return
        if self._app.startup_problem:
            self._services.report_error("Settings", Fe2Error(self._app.startup_problem))
        for problem in self._settings_problems():
            self._services.report_error("Settings", Fe2Error(problem, f"See {paths.config_file()}."))

    def _settings_problems(self) -> list[str]:
        app, settings = self._app, self._app.settings
        complaints = list(self._services.keymap.problems)
        if unknown := unknown_columns(settings.columns):
            named = join_words([f"“{column}”" for column in unknown], "or")
            complaints.append(f"columns: there is no column {named}. There are {', '.join(COLUMNS)} and tag:NAME.")
        if settings.theme and settings.theme not in app.available_themes:
            complaints.append(f"theme: unknown theme “{settings.theme}”. There are {', '.join(app.available_themes)}.")
        return complaints

    def expect_first_read(self) -> None:
        self._is_first_read_expected = True

    def continue_after_read(self, error: Fe2Error | None = None) -> None:
        """A read has ended. ``error`` is why the instances could not be read."""
        if self._is_first_read_expected:
            self._is_first_read_expected = False
            self._services.main_screen.set_timer(DRAW_DELAY, self._continue)
        if isinstance(error, MfaNeededError) or self._services.fleet is not None:
            return
        if isinstance(error, CredentialsError):
            self._app.start_worker(self._show_welcome(error), "Welcome")

    def _continue(self) -> None:
        gc_tuning.young_only()
        self._app.start_worker(self._after_first_read(), "Start")
        self._services.main_screen.spot_pane.allow_loading()

    async def _after_first_read(self) -> None:
        await asyncio.to_thread(import_actions)
        self._settle_unfinished()
        self._app.start_worker(self._load_types(), "Instance types")

    def take_up_unfinished(self) -> None:
        self._app.start_worker(self._take_up_unfinished(), "Changes of another run")

    async def _take_up_unfinished(self) -> None:
        from fe2tui.tasks.unfinished import is_unfinished

        with suppress(StoreError):
            if await asyncio.to_thread(is_unfinished, self._services.store, self._services.clock()):
                self._settle_unfinished()

    def _settle_unfinished(self) -> None:
        self._app.start_worker(self._recover_launches(), "Launches of an earlier run")
        self._app.start_worker(self._resume_freezes(), "Freezes of an earlier run")
        self._app.start_worker(self._resume_changes(), "Changes of an earlier run")

    async def _recover_launches(self) -> None:
        """Check whether launches that an earlier run did not finish have succeeded."""
        from fe2tui.tasks.launch import recover_launches

        services = self._services
        outcomes = await recover_launches(services.task_context())
        failed = [outcome for outcome in outcomes if outcome.error is not None]
        for outcome in failed:
            if outcome.error is not None:
                services.report_error(outcome.label, outcome.error)
        if outcomes and not failed:
            services.tell(f"{plural(len(outcomes), 'launch')} of an earlier run succeeded: {outcomes[0].label}.")
        services.main_screen.read_log()

    async def _resume_changes(self) -> None:
        """Start instances whose type change was cut short, and look up changes that AWS did not answer."""
        from fe2tui.tasks.change_type import resume_type_changes
        from fe2tui.tasks.power import settle_unknown

        services = self._services
        ctx = services.task_context()
        for outcome in [*await resume_type_changes(ctx), *await settle_unknown(ctx)]:
            services.tell(visible(outcome.words))
            services.main_screen.read_log()

    async def _resume_freezes(self) -> None:
        from fe2tui.tasks.freeze import open_freezes

        for one in await open_freezes(self._services.task_context()):
            self._watch_freeze(one)

    def _watch_freeze(self, one: OpenFreeze) -> None:
        from fe2tui.tasks.freeze import watch_freeze

        services = self._services

        async def work(ctx: Context) -> Image:
            try:
                return await watch_freeze(ctx, one)
            finally:
                services.fleet_watch.read_images_soon()

        def done(image: Image) -> str:
            return f"{visible(image.label)} is ready, frozen from {visible(one.label)} by an earlier run."

        services.run_task(f"Freeze {visible(one.label)}", work, result_text=done)

    async def _load_types(self) -> None:
        """Read the types of the region before a form needs them. A form that needs them reports errors."""
        await asyncio.sleep(LOAD_TYPES_AFTER)
        services = self._services
        with suppress(Fe2Error):
            await services.catalogues.get(services.task_context())

    async def _show_welcome(self, error: CredentialsError) -> None:
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

        app, fleet_watch = self._app, self._services.fleet_watch
        count = len(await asyncio.to_thread(profile_names))
        way = await self._services.ask(FirstStartForm(error, has_demo=app.start_demo is not None, profiles=count))
        if way == "quit":
            app.exit()
        elif way == "retry":
            await fleet_watch.open()
        elif way == "profile":
            self._services.perform("profile")
        elif way == "demo" and app.start_demo is not None:
            os.environ.update(await asyncio.to_thread(app.start_demo))
            self._services.task_runner.mark_failures_seen()  # of a location that is shown no longer
            await fleet_watch.reopen(replace(app.choice, profile=None, region=None, endpoint_url=None))
