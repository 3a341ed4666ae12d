"""Runs commands: checks that they are available, imports them on first use, and reports their errors."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from textual.binding import Binding

from fe2tui.errors import Fe2Error
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.commands import COMMANDS, COMMANDS_BY_ID, Command
from fe2tui.tui.key_queue import MAX_HOLD_SECONDS

if TYPE_CHECKING:
    from fe2tui.tui.services import Services


class CommandRunner:
    """Runs each command once at a time: a key that is pressed twice opens one form."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._running_ids: set[str] = set()

    def perform(self, command_id: str, context: CommandContext | None = None) -> None:
        command = COMMANDS_BY_ID.get(command_id)
        if command is None or command_id in self._running_ids:
            return
        if not command.action:  # a key of the widget that has the focus
            if key := self._services.keymap.keys[command.id]:
                self._services.app.simulate_key(next(iter(Binding.make_bindings([Binding(key, "")]))).key)
            return
        context = context or self._services.command_context()
        reason = command.unavailable_reason(context)
        if reason is not None:
            if reason:
                self._services.tell(reason, "warning")
            return
        module = command.run.partition(":")[0]
        if module in sys.modules and not inspect.iscoroutinefunction(_action(command)):
            try:
                _action(command)(context)
            except Fe2Error as error:
                self._services.report_error(command.title, error)
            return
        self._running_ids.add(command_id)
        self._services.key_queue.hold()
        asyncio.get_running_loop().call_later(MAX_HOLD_SECONDS, self._services.key_queue.release)
        self._services.start_worker(self._run(command, context), command.title)

    async def _run(self, command: Command, context: CommandContext) -> None:
        try:
            await asyncio.to_thread(import_module, command.run.partition(":")[0])
            result = _action(command)(context)
            if inspect.isawaitable(result):
                await result
        except Fe2Error as error:
            self._services.report_error(command.title, error)
        except ImportError as error:
            from fe2tui.tui.internal_error import log_internal_error

            self._services.report_error(command.title, log_internal_error(error))
        finally:
            self._running_ids.discard(command.id)
            self._services.key_queue.release()


def _action(command: Command) -> Callable[[CommandContext], Any]:
    module, _, name = command.run.partition(":")
    function: Callable[[CommandContext], Any] = getattr(import_module(module), name)
    return function


def import_actions() -> None:
    """Import the modules of all commands, so that the first key is as quick as the second. For a thread."""
    for module in dict.fromkeys(command.run.partition(":")[0] for command in COMMANDS if command.action):
        import_module(module)
