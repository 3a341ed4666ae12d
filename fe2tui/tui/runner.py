"""Runs commands: asks whether they are possible, imports them on first use, and catches what they raise."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from fe2tui.errors import Fe2Error
from fe2tui.tui.ahead import LONGEST, Ahead
from fe2tui.tui.broken import broken
from fe2tui.tui.commands import BY_ID, COMMANDS, Command
from fe2tui.tui.view import Severity, View

Work = Callable[[Awaitable[None], str], object]


class Runner:
    """One command of the kind that waits for answers at a time: a key pressed twice opens one form."""

    def __init__(
        self,
        view: Callable[[], View],
        work: Work,
        tell: Callable[[str, Severity], None],
        fail: Callable[[str, Fe2Error], None],
        ahead: Ahead,
    ) -> None:
        self._view = view
        self._work = work
        self._tell = tell
        self._fail = fail
        self._ahead = ahead
        self._under_way: set[str] = set()

    def perform(self, command_id: str) -> None:
        """Do what a key, a click or the palette asked for, or say why it cannot be done."""
        command = BY_ID.get(command_id)
        if command is None or command_id in self._under_way:
            return
        view = self._view()
        reason = command.reason(view)
        if reason is not None:
            self._tell(reason, "warning")
            return
        module = command.run.partition(":")[0]
        if module in sys.modules and not inspect.iscoroutinefunction(_function(command)):
            try:
                _function(command)(view)
            except Fe2Error as error:
                self._fail(command.title, error)
            return
        self._under_way.add(command_id)
        self._ahead.hold()
        asyncio.get_running_loop().call_later(LONGEST, self._ahead.release)
        self._work(self._run(command, view), command.title)

    async def _run(self, command: Command, view: View) -> None:
        try:
            await asyncio.to_thread(import_module, command.run.partition(":")[0])
            result = _function(command)(view)
            if inspect.isawaitable(result):
                await result
        except Fe2Error as error:
            self._fail(command.title, error)
        except ImportError as error:
            self._fail(command.title, broken(error))
        finally:
            self._under_way.discard(command.id)
            self._ahead.release()


def _function(command: Command) -> Callable[[View], Any]:
    module, _, name = command.run.partition(":")
    function: Callable[[View], Any] = getattr(import_module(module), name)
    return function


def import_commands() -> None:
    """Import what commands are made of, so that the first key is as quick as the second. For a thread."""
    for module in dict.fromkeys(command.run.partition(":")[0] for command in COMMANDS):
        import_module(module)
