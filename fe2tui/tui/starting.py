"""From the first frame to the first read; and what to do when AWS does not know who is asking."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from fe2tui.errors import CredentialsError, Fe2Error
from fe2tui.model.words import listed, plural, visible
from fe2tui.tui.columns import COLUMNS, unknown_columns
from fe2tui.tui.runner import import_commands

if TYPE_CHECKING:
    from fe2tui.model.image import Image
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.freeze import OpenFreeze
    from fe2tui.tui.app import Dashboard
    from fe2tui.tui.parts import Parts

WARM_AFTER = 2.0  # seconds: those who came for the list alone, and those who press a key at once, do not wait for it


class Starting:
    """Begins when the first frame has been drawn."""

    def __init__(self, app: Dashboard, parts: Parts) -> None:
        self._app = app
        self._parts = parts
        self._is_welcoming = False

    def begin(self) -> None:
        """Open session and store, show the last fleet, read."""
        self._app.set_interval(1.0, self._parts.pulse.beat)
        self._parts.desk.link.show_opened()
        self._app.work(self._open(), "start")

    async def _open(self) -> None:
        try:
            await self._parts.desk.link.open()
        except Fe2Error as error:
            self._app.error = error
            self._app.exit()
            return
        if self._app.trouble:
            self._parts.desk.fail("settings", Fe2Error(self._app.trouble))
        for complaint in self._complaints():
            self._parts.desk.fail("settings", Fe2Error(complaint, "See config.toml."))

    def _complaints(self) -> list[str]:
        app, settings = self._app, self._app.settings
        complaints = list(self._parts.keymap.complaints)
        if unknown := unknown_columns(settings.columns):
            named = listed([f"“{column}”" for column in unknown], "or")
            complaints.append(f"columns: there is no column {named}. There are {', '.join(COLUMNS)} and tag:NAME.")
        if settings.theme and settings.theme not in app.available_themes:
            complaints.append(f"theme: there is no “{settings.theme}”. There are {', '.join(app.available_themes)}.")
        return complaints

    async def answered(self) -> None:
        """The first read of a place has ended: import what forms need, and take up what an earlier run left."""
        await asyncio.to_thread(import_commands)
        app = self._app
        app.work(self._recover(), "launches")
        app.work(self._watch_on(), "freezes")
        app.work(self._warm(), "types")

    async def _recover(self) -> None:
        """Find out what became of launches cut short."""
        from fe2tui.tasks.launch import recover

        desk = self._parts.desk
        outcomes = await recover(desk.context())
        failed = [outcome for outcome in outcomes if outcome.error is not None]
        for outcome in failed:
            if outcome.error is not None:
                desk.fail(outcome.label, outcome.error)
        if outcomes and not failed:
            desk.tell(f"{plural(len(outcomes), 'launch')} of an earlier run found again: {outcomes[0].label}.")
        self._parts.feed.read_log()

    async def _watch_on(self) -> None:
        """Watch freezes that an earlier run began, as tasks."""
        from fe2tui.tasks.freeze import open_freezes

        for one in await open_freezes(self._parts.desk.context()):
            self._watch(one)

    def _watch(self, one: OpenFreeze) -> None:
        from fe2tui.tasks.freeze import watch

        desk = self._parts.desk

        async def work(ctx: Context) -> Image:
            try:
                return await watch(ctx, one)
            finally:
                desk.images_changed()

        def done(image: Image) -> str:
            return f"{visible(image.label)} is ready, frozen from {visible(one.label)} by an earlier run."

        desk.run_task(f"Freeze {visible(one.label)}", work, done=done)

    async def _warm(self) -> None:
        """Have the region's types at hand before a form asks for them; if that fails, the form says so."""
        await asyncio.sleep(WARM_AFTER)
        desk = self._parts.desk
        with suppress(Fe2Error):
            await desk.catalogues.get(desk.context())

    async def welcome(self, error: CredentialsError) -> None:
        """Say what to do when there are no credentials, and do what the person chooses."""
        if self._is_welcoming:
            return
        self._is_welcoming = True
        try:
            await self._welcome(error)
        finally:
            self._is_welcoming = False

    async def _welcome(self, error: CredentialsError) -> None:
        from fe2tui.aws.session import profiles
        from fe2tui.tui.forms.first_start import FirstStart

        app, link = self._app, self._parts.desk.link
        count = len(await asyncio.to_thread(profiles))
        way = await self._parts.desk.ask(FirstStart(error, has_demo=app.start_demo is not None, profiles=count))
        if way == "quit":
            app.exit()
        elif way == "retry":
            await link.open()
        elif way == "profile":
            self._parts.runner.perform("profile")
        elif way == "demo" and app.start_demo is not None:
            os.environ.update(await asyncio.to_thread(app.start_demo))
            self._parts.desk.jobs.unseen = 0  # of a cloud that is shown no more
            await link.start_over(replace(app.choice, profile=None, region=None, endpoint_url=None))
