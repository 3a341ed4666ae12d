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
from fe2tui.model.progress import Outcome
from fe2tui.model.text import visible

if TYPE_CHECKING:
    from fe2tui.store import Store
    from fe2tui.tasks.context import Context

_Result = TypeVar("_Result")
_DEFAULT_REGION = "us-east-1"  # for reads that give the same answer in every region


class CommandRun:
    """Settings, store and progress line of one command, and ``run`` for its task."""

    def __init__(self, options: GlobalOptions) -> None:
        from fe2tui import settings

        self.options = options
        self.settings, problems = settings.read()
        for problem in problems:
            print_error("fe2", problem)
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
                from fe2tui.tasks.unfinished import settle_unfinished

                async for outcome in settle_unfinished(ctx):
                    _print_outcome(outcome)
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
    from fe2tui.tasks.unfinished import is_unfinished

    store = open_store()
    try:
        is_open = is_unfinished(store, datetime.now(UTC))
    except StoreError:
        return
    finally:
        store.close()
    if is_open:
        try:
            CommandRun(options).run(lambda ctx: asyncio.sleep(0))
        except Fe2Error as error:
            print_error("fe2", error)


async def report_earlier_freezes(ctx: Context, *, except_image_id: str | None = None) -> None:
    """Print the results of freezes that an earlier command started, if they have any since the last report."""
    from fe2tui.tasks.unfinished import settle_freezes

    async for outcome in settle_freezes(ctx, except_image_id=except_image_id):
        _print_outcome(outcome)


def _print_outcome(outcome: Outcome) -> None:
    if outcome.words:
        print_message(visible(outcome.words))
    if outcome.error:
        print_error(visible(outcome.label) if outcome.words else f"fe2: {visible(outcome.label)}", outcome.error)
