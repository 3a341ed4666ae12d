"""What a command works with: settings, a session, the store, somebody to report to, and an event loop for as long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

from fe2tui import settings
from fe2tui.aws.session import Choice, Session
from fe2tui.cli.ending import complain
from fe2tui.cli.options import Asked, choice_of
from fe2tui.cli.work.asking import one_time_code
from fe2tui.cli.work.left import tell_what_was_left
from fe2tui.cli.work.steps import Steps
from fe2tui.model.words import visible
from fe2tui.store import Store, open_store
from fe2tui.tasks.context import Context

_Result = TypeVar("_Result")
ANYWHERE = "us-east-1"  # for questions that are the same in every region


class Working:
    """The means of one command."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.settings = settings.load()
        self._steps: Steps | None = None

    @cached_property
    def choice(self) -> Choice:
        """Account, region and endpoint, by flags, environment and settings."""
        return choice_of(self.asked, self.settings)

    @cached_property
    def store(self) -> Store:
        """The store; what is wrong with it is said once."""
        store = open_store()
        if store.problem:
            complain(f"{visible(store.problem.summary)} {visible(store.problem.remedy)}")
        return store

    def run(self, work: Callable[[Context], Awaitable[_Result]], *, anywhere: bool = False) -> _Result:
        """Do the work to its end. ``anywhere``: the answer is the same in every region, none need be set."""
        try:
            return asyncio.run(self._run(work, anywhere))
        finally:
            if "store" in self.__dict__:
                self.store.close()

    def clear(self) -> None:
        """Take the line that shows the progress away, so that something else can be printed."""
        if self._steps is not None:
            self._steps.wipe()

    async def _run(self, work: Callable[[Context], Awaitable[_Result]], anywhere: bool) -> _Result:
        choice = self.choice
        if anywhere and not Session(choice).region:
            choice = replace(choice, region=ANYWHERE)
        async with Session(choice, ask_code=one_time_code) as session:
            with Steps() as steps:
                self._steps = steps
                ctx = Context(session, self.store, self.settings, steps.report, self.asked.by)
                await tell_what_was_left(ctx)
                return await work(ctx)
