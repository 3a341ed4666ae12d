"""``CommandRun`` runs a command's task; every command first deals with what killed commands have left behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from fe2tui.cli.exit_status import print_error, print_message
from fe2tui.cli.options import GlobalOptions, choice_of
from fe2tui.cli.progress_line import ProgressLine
from fe2tui.cli.prompts import ask_mfa_code
from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.progress import UNKNOWN_FOR
from fe2tui.model.text import shell_word, visible

if TYPE_CHECKING:
    from fe2tui.store import Store
    from fe2tui.tasks.context import Context

_Result = TypeVar("_Result")
_DEFAULT_REGION = "us-east-1"  # for reads that give the same answer in every region
_CHANGE_TYPE = "change type"  # as the activity log has it


class CommandRun:
    """Settings, store and progress line of one command, and ``run`` for its task."""

    def __init__(self, options: GlobalOptions) -> None:
        from fe2tui import settings

        self.options = options
        self.settings = settings.load()
        self._progress_line: ProgressLine | None = None
        self._reported: StoreError | None = None  # the store's problem

    @cached_property
    def store(self) -> Store:
        store = open_store_and_report()
        self._reported = store.problem
        return store

    def run(self, work: Callable[[Context], Awaitable[_Result]], *, any_region: bool = False) -> _Result:
        """Run ``work`` to its end in a session. With ``any_region``, it also runs if no region is set."""
        import asyncio

        try:
            return asyncio.run(self._run(work, any_region))
        finally:
            if "store" in self.__dict__:
                if self.store.problem is not self._reported:  # its damage showed only in use
                    report_store_problem(self.store)
                self.store.close()

    def clear_progress(self) -> None:
        if self._progress_line is not None:
            self._progress_line.clear()

    async def _run(self, work: Callable[[Context], Awaitable[_Result]], any_region: bool) -> _Result:
        from fe2tui.aws.session import Session
        from fe2tui.tasks.context import Context

        choice = choice_of(self.options, self.settings)
        if any_region and not Session(choice).region:
            choice = replace(choice, region=_DEFAULT_REGION)
        async with Session(choice, ask_code=ask_mfa_code) as session:
            with suppress(StoreError):
                session.learn_accounts(self.store.fleets.accounts())
            if session.signer_notice:
                print_message(visible(session.signer_notice))
            with ProgressLine() as progress_line:
                self._progress_line = progress_line
                ctx = Context(session, self.store, self.settings, progress_line.report, self.options.by)
                await _report_unfinished(ctx)
                return await work(ctx)


def open_store_and_report() -> Store:
    from fe2tui.store import open_store

    store = open_store()
    report_store_problem(store)
    return store


def report_store_problem(store: Store) -> None:
    if store.problem:
        print_message(f"{visible(store.problem.summary)} {visible(store.problem.remedy)}")


def recover_unfinished(options: GlobalOptions) -> None:
    """Report and repair what killed commands left behind, for a command without a ``CommandRun``. Prints errors."""
    import asyncio

    from fe2tui.store import open_store

    store = open_store()
    try:
        is_unfinished = (
            store.freezes.unsettled()
            or store.launches.has_open()
            or store.type_changes.has_open()
            or store.activity.cut_short_entries(_CHANGE_TYPE)
            or store.activity.unknown_entries(datetime.now(UTC) - UNKNOWN_FOR)
        )
    except StoreError:
        return
    finally:
        store.close()
    if is_unfinished:
        try:
            CommandRun(options).run(lambda ctx: asyncio.sleep(0))
        except Fe2Error as error:
            print_error("fe2", error)


async def report_earlier_freezes(
    ctx: Context, *, except_image_id: str | None = None, unsettled_only: bool = False
) -> None:
    """Print the results of freezes that an earlier command started, if they have any since the last report.

    ``except_image_id`` is not reported. ``unsettled_only`` leaves out those that only wait for their image.
    """
    from fe2tui.tasks.freeze_watch import check_open_freezes

    try:
        outcomes = await check_open_freezes(ctx, except_image_id=except_image_id, unsettled_only=unsettled_only)
    except StoreError:
        return  # the command itself has succeeded
    for outcome in outcomes:
        if outcome.error:
            print_error(f"fe2: an earlier freeze of {visible(outcome.label)}", outcome.error)
        else:
            print_message(f"An earlier freeze of {visible(outcome.label)}: {visible(outcome.words)}")


async def _report_unfinished(ctx: Context) -> None:
    """Report the results of launches and changes that AWS did not answer, or whose program was killed, once.

    Starts instances that were stopped for an image or for another type, and not started again.
    """
    with suppress(StoreError):
        # the tasks are imported only where there is something to do: that takes longer than most commands
        if ctx.store.type_changes.has_open():
            from fe2tui.tasks.change_type import resume_type_changes

            for outcome in await resume_type_changes(ctx):
                print_message(visible(outcome.words))
        if ctx.store.launches.has_open():
            from fe2tui.tasks.launch import recover_launches

            for outcome in await recover_launches(ctx, waits=False):
                print_message(f"An earlier launch: {visible(outcome.label)}: {visible(outcome.words)}")
                if outcome.error:
                    print_error(visible(outcome.label), outcome.error)
        if ctx.store.activity.unknown_entries(ctx.clock() - UNKNOWN_FOR):
            from fe2tui.tasks.power import settle_unknown

            for outcome in await settle_unknown(ctx):
                print_message(visible(outcome.words))
        if entries := ctx.store.activity.cut_short_entries(_CHANGE_TYPE):
            for entry in entries:
                label = visible(entry.label)
                print_message(f"An earlier change of the type of {label} was cut short. {visible(entry.words)}")
                word = shell_word(entry.label, entry.subject)
                print_message(f"fe2 instance {word} shows its state; fe2 start {word} starts it.")
            ctx.store.activity.close_orphans(ctx.clock())
        location = ctx.session.location
        unsettled = [
            one
            for one in ctx.store.freezes.unsettled()
            if (one.profile, one.endpoint) == (location.profile, location.endpoint)
        ]
        if ctx.session.read_only:
            for one in (each for each in unsettled if each.restart):
                print_message(
                    f"{visible(one.label)} is stopped for the image {visible(one.name)}. The next command that is not"
                    " read-only starts it again."
                )
        elif unsettled:
            await report_earlier_freezes(ctx, unsettled_only=True)
