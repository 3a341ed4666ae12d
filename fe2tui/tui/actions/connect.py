"""Connect: hand the terminal to ssh, and return to the same row."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from fe2tui.errors import MachineError
from fe2tui.model.command_text import CommandText, connect_text
from fe2tui.model.instance import Instance, State
from fe2tui.model.text import age, visible
from fe2tui.tasks import connect as task
from fe2tui.tasks.connect import Connection, connection_failure
from fe2tui.tasks.context import Context
from fe2tui.tui.actions.clipboard import copy_text
from fe2tui.tui.actions.command_texts import instance_references, place_of
from fe2tui.tui.command_context import CommandContext, is_form_open
from fe2tui.tui.commands import key_label
from fe2tui.tui.forms.connect import ConnectForm
from fe2tui.tui.forms.error import ErrorForm
from fe2tui.tui.terminal_handover import NoTerminalError, hand_over, is_handed_over
from fe2tui.tui.widgets.cells import wrap

_Prepare = Callable[[Context], Awaitable[Connection]]


async def connect(
    context: CommandContext,
    *,
    user: str | None = None,
    ports: str = "",
    key_file: Path | None = None,
    port: int | None = None,
) -> None:
    """Open a shell. The arguments are those of ``prepare_connection``."""
    services, instance = context.services, context.targets[0]
    name = visible(instance.label)
    cancel_key = key_label(services.keymap.keys["cancel"])
    cancel_text = f"Cancel it in Activity{f' ({cancel_key})' if cancel_key else ''}."
    connecting = [task for task in services.task_runner.state.running if task.uses_terminal]
    if any(one.id == instance.id for task in connecting for one in task.instances):
        services.tell(f"Already connecting to {name}. {cancel_text}")
        return
    pane = services.main_screen.instances
    waits_for_ssh = instance.id in pane.starting_ids or pane.is_starting_ssh(instance.id)
    if instance.state is State.PENDING or waits_for_ssh:
        services.tell(f"Waiting for {name} to start, then connecting. {cancel_text}")

    async def prepare(ctx: Context) -> Connection:
        while instance.id in pane.starting_ids:  # noqa: ASYNC110 - until a read shows the start
            await asyncio.sleep(0.1)
        return await task.prepare_connection(
            ctx, instance, user=user, ports=ports, key_file=key_file, port=port, waits_for_ssh=waits_for_ssh
        )

    _start_task(context, instance, prepare)


async def connect_with(context: CommandContext) -> None:
    instance = context.targets[0]
    ctx = context.services.task_context()

    async def prepare(user: str | None, ports: str) -> Connection:
        return await task.prepare_connection(ctx, instance, user=user, ports=ports)

    (reference,) = instance_references(context, [instance])

    def command(user: str | None, ports: str) -> CommandText:
        return connect_text(place_of(context), reference, ports, user)

    connection = await context.services.ask(ConnectForm(instance.label, prepare, command=command))
    if connection is not None:
        ready = connection

        async def prepared(ctx: Context) -> Connection:
            return ready

        _start_task(context, instance, prepared)


def _start_task(context: CommandContext, instance: Instance, prepare: _Prepare) -> None:
    """Connect when it is prepared, unless the person does something else with the terminal by then."""
    number = 0

    async def work(ctx: Context) -> str:
        connection = await prepare(ctx)
        if _is_terminal_taken(context, number):
            return f"{visible(instance.label)} is ready: press c to connect."
        return await _run_ssh(context, ctx, connection)

    number = context.services.run_task(
        f"Connect {visible(instance.label)}", work, instances=(instance,), uses_terminal=True
    )


def _is_terminal_taken(context: CommandContext, number: int) -> bool:
    """Whether a form is open, ssh has the terminal, or a connection was asked for after the task ``number``."""
    newer = (task for task in context.services.task_runner.state.running if task.number > number)
    is_used = is_handed_over(context.services.app) or any(task.uses_terminal for task in newer)
    return is_used or is_form_open(context)


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
    return f"Disconnected from {name} ({age(timedelta(seconds=result.seconds))})."
