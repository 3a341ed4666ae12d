"""Runs commands: asks whether they are possible, imports them on first use, and catches what they raise."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from fe2tui.errors import Fe2Error
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.commands import COMMANDS, COMMANDS_BY_ID, Command
from fe2tui.tui.internal_error import log_internal_error
from fe2tui.tui.key_queue import MAX_HOLD_SECONDS, KeyQueue
from fe2tui.tui.services import Severity

StartNamedWorker = Callable[[Awaitable[None], str], object]


class CommandRunner:
    """One command of the kind that waits for answers at a time: a key pressed twice opens one form."""

    def __init__(
        self,
        get_context: Callable[[], CommandContext],
        start_worker: StartNamedWorker,
        tell: Callable[[str, Severity], None],
        report_error: Callable[[str, Fe2Error], None],
        key_queue: KeyQueue,
    ) -> None:
        self._get_context = get_context
        self._start_worker = start_worker
        self._tell = tell
        self._report_error = report_error
        self._key_queue = key_queue
        self._running_ids: set[str] = set()

    def perform(self, command_id: str) -> None:
        """Do what a key, a click or the palette asked for, or say why it cannot be done."""
        command = COMMANDS_BY_ID.get(command_id)
        if command is None or command_id in self._running_ids:
            return
        view = self._get_context()
        reason = command.unavailable_reason(view)
        if reason is not None:
            self._tell(reason, "warning")
            return
        module = command.run.partition(":")[0]
        if module in sys.modules and not inspect.iscoroutinefunction(_action(command)):
            try:
                _action(command)(view)
            except Fe2Error as error:
                self._report_error(command.title, error)
            return
        self._running_ids.add(command_id)
        self._key_queue.hold()
        asyncio.get_running_loop().call_later(MAX_HOLD_SECONDS, self._key_queue.release)
        self._start_worker(self._run(command, view), command.title)

    async def _run(self, command: Command, context: CommandContext) -> None:
        try:
            await asyncio.to_thread(import_module, command.run.partition(":")[0])
            result = _action(command)(context)
            if inspect.isawaitable(result):
                await result
        except Fe2Error as error:
            self._report_error(command.title, error)
        except ImportError as error:
            self._report_error(command.title, log_internal_error(error))
        finally:
            self._running_ids.discard(command.id)
            self._key_queue.release()


def _action(command: Command) -> Callable[[CommandContext], Any]:
    module, _, name = command.run.partition(":")
    function: Callable[[CommandContext], Any] = getattr(import_module(module), name)
    return function


def import_actions() -> None:
    """Import what commands are made of, so that the first key is as quick as the second. For a thread."""
    for module in dict.fromkeys(command.run.partition(":")[0] for command in COMMANDS):
        import_module(module)
