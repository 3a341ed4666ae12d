"""Freezes that an earlier command left to AWS."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from shlex import quote
from typing import TYPE_CHECKING, TypeVar

from fe2tui.cli.exit_status import print_error, print_message
from fe2tui.cli.options import GlobalOptions, choice_of
from fe2tui.cli.progress_line import ProgressLine
from fe2tui.cli.prompts import ask_mfa_code
from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.text import visible

if TYPE_CHECKING:
    from fe2tui.aws.session import Choice
    from fe2tui.cli.options import GlobalOptions
    from fe2tui.store import Store
    from fe2tui.tasks.context import Context


async def report_earlier_freezes(
    ctx: Context, *, except_image_id: str | None = None, stopped_only: bool = False
) -> None:
    """Say what has become of freezes that an earlier command left; nothing if there is nothing new.

    ``but`` is an image, ``stopped_only`` as ``look_at_freezes`` has it.
    """
    from fe2tui.tasks.freeze_watch import check_open_freezes

    try:
        outcomes = await check_open_freezes(ctx, except_image_id=except_image_id, stopped_only=stopped_only)
    except StoreError:
        return  # what was asked for is done: this is by the way
    for outcome in outcomes:
        if outcome.error:
            print_error(f"fe2: an earlier freeze of {visible(outcome.label)}", outcome.error)
        else:
            print_message(f"An earlier freeze of {visible(outcome.label)}: {visible(outcome.words)}")


_CHANGE_TYPE = "change type"


async def report_unfinished(ctx: Context) -> None:
    """Start instances that stand still for an image nobody waits for; say which types were being changed."""
    with suppress(StoreError):
        _report_type_changes(ctx)
        location = ctx.session.location
        left = [one for one in ctx.store.freezes.waiting_for_restart() if one.profile == location.profile]
        left = [one for one in left if one.endpoint == location.endpoint]
        if left and ctx.session.read_only:
            for one in left:
                print_message(
                    f"{visible(one.label)} is stopped for the image {visible(one.name)}, which nobody watches."
                )
        elif left:
            await report_earlier_freezes(ctx, stopped_only=True)


def _report_type_changes(ctx: Context) -> None:
    """Each is said once."""
    found = ctx.store.activity.cut_short_entries(_CHANGE_TYPE)
    for entry in found:
        label = visible(entry.label)
        print_message(f"An earlier change of the type of {label} was cut short. {visible(entry.words)}")
        print_message(f"fe2 instance {quote(label)} shows how it is; fe2 start {quote(label)} starts it.")
    if found:
        ctx.store.activity.close_orphans(ctx.clock())


def recover_unfinished(options: GlobalOptions) -> None:
    """The same, for a command that asks nothing of AWS itself; what stands in the way is said, and is no failure."""
    from fe2tui.store import open_store

    store = open_store()
    try:
        is_left = _has_unfinished(store)
    finally:
        store.close()
    if not is_left:
        return

    try:
        CommandRun(options).run(_do_nothing)
    except Fe2Error as error:
        print_error("fe2", error)


def _has_unfinished(store: Store) -> bool:
    with suppress(StoreError):
        return bool(store.freezes.waiting_for_restart() or store.activity.cut_short_entries(_CHANGE_TYPE))
    return False


async def _do_nothing(ctx: Context) -> None:
    """The end of a command that has only this to do."""


_Result = TypeVar("_Result")
DEFAULT_REGION = "us-east-1"  # for questions that are the same in every region


class CommandRun:
    """The means of one command."""

    def __init__(self, options: GlobalOptions) -> None:
        from fe2tui import settings

        self.options = options
        self.settings = settings.load()
        self._progress_line: ProgressLine | None = None

    @cached_property
    def choice(self) -> Choice:
        """Account, region and endpoint, by flags, environment and settings."""
        return choice_of(self.options, self.settings)

    @cached_property
    def store(self) -> Store:
        """The store; what is wrong with it is said once."""
        from fe2tui.store import open_store

        store = open_store()
        if store.problem:
            print_message(f"{visible(store.problem.summary)} {visible(store.problem.remedy)}")
        return store

    def run(self, work: Callable[[Context], Awaitable[_Result]], *, any_region: bool = False) -> _Result:
        """Do the work to its end. ``anywhere``: the answer is the same in every region, none need be set."""
        import asyncio

        try:
            return asyncio.run(self._run(work, any_region))
        finally:
            if "store" in self.__dict__:
                self.store.close()

    def clear_progress(self) -> None:
        """Take the line that shows the progress away, so that something else can be printed."""
        if self._progress_line is not None:
            self._progress_line.clear()

    async def _run(self, work: Callable[[Context], Awaitable[_Result]], anywhere: bool) -> _Result:
        from fe2tui.aws.session import Session
        from fe2tui.tasks.context import Context

        choice = self.choice
        if anywhere and not Session(choice).region:
            choice = replace(choice, region=DEFAULT_REGION)
        async with Session(choice, ask_code=ask_mfa_code) as session:
            with ProgressLine() as steps:
                self._progress_line = steps
                ctx = Context(session, self.store, self.settings, steps.report, self.options.by)
                await report_unfinished(ctx)
                return await work(ctx)
