"""Connect: hand the terminal to ssh, and return to the same row."""

from __future__ import annotations

import signal
import time
from datetime import timedelta

from textual.screen import ModalScreen

from fe2tui.errors import MachineError
from fe2tui.model.instance import Instance, State
from fe2tui.model.text import age, visible
from fe2tui.tasks import connect as task
from fe2tui.tasks.connect import Connection, connection_failure
from fe2tui.tasks.context import Context
from fe2tui.tui.actions.clipboard import copy_text
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.connect import ConnectForm
from fe2tui.tui.forms.error import ErrorForm
from fe2tui.tui.services import TaskFunction
from fe2tui.tui.terminal_handover import NoTerminalError, hand_over
from fe2tui.tui.widgets.cells import wrap

LONG_WAIT_SECONDS = 3.0  # seconds after which a person may have opened a form


async def connect(context: CommandContext) -> None:
    instance = context.targets[0]
    if instance.state is State.PENDING:
        context.services.tell(f"Connecting to {visible(instance.label)} as soon as it runs; del in Activity cancels.")

    async def work(ctx: Context) -> str:
        began = time.monotonic()
        connection = await task.prepare_connection(ctx, instance)
        if time.monotonic() - began > LONG_WAIT_SECONDS and isinstance(context.services.app.screen, ModalScreen):
            return f"{visible(instance.label)} is ready: press c to connect."
        return await _run_ssh(context, ctx, connection)

    _start_task(context, instance, work)


async def connect_with(context: CommandContext) -> None:
    instance = context.targets[0]
    ctx = context.services.task_context()

    async def prepare(user: str | None, ports: str) -> Connection:
        return await task.prepare_connection(ctx, instance, user=user, ports=ports)

    connection = await context.services.ask(ConnectForm(instance.label, prepare))
    if connection is not None:
        ready = connection

        async def work(ctx: Context) -> str:
            return await _run_ssh(context, ctx, ready)

        _start_task(context, instance, work)


def _start_task(context: CommandContext, instance: Instance, run: TaskFunction) -> None:
    context.services.run_task(f"Connect {visible(instance.label)}", run, instances=(instance,))


async def _run_ssh(context: CommandContext, ctx: Context, connection: Connection) -> str:
    """Hand the terminal to ssh. Returns how it ended; raises the error that ssh's own failure means."""
    name, app = visible(connection.instance.label), context.services.app
    text = f"connecting to {name} ({visible(connection.words)}); exit or ctrl+d returns"
    try:
        result = await hand_over(
            app, connection.argv, env=connection.env, announce="\n".join(wrap(text, app.size.width))
        )
    except NoTerminalError as error:
        form = ErrorForm(f"Connect to {name}", error, command=connection.command_text)
        if await context.services.ask(form) == "copy":
            await copy_text(app, connection.command_text)
            return f"Copied the ssh command for {name}."
        return f"{name}: {error.summary}"
    except OSError as error:
        raise MachineError(
            f"ssh could not be started: {error.strerror}.", "Check that ssh is installed and executable."
        ) from error
    failure = await connection_failure(ctx, connection, result.status, result.stderr)
    if failure is not None:
        raise failure
    if result.status == -signal.SIGINT:
        return f"{name}: interrupted before ssh was connected."
    return f"Back from {name} after {age(timedelta(seconds=result.seconds))}."
