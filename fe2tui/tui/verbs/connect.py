"""Connect: the terminal goes to ssh, and comes back to the same row."""

from __future__ import annotations

import signal
import time
from datetime import timedelta

from textual.screen import ModalScreen

from fe2tui.errors import MachineError
from fe2tui.model.instance import Instance, State
from fe2tui.model.words import age, visible
from fe2tui.tasks import connect as task
from fe2tui.tasks.aftermath import explain_end
from fe2tui.tasks.connect import Connection
from fe2tui.tasks.context import Context
from fe2tui.tui.forms.connect import ConnectForm
from fe2tui.tui.forms.trouble import Trouble
from fe2tui.tui.handover import CannotHandOver, hand_over
from fe2tui.tui.verbs.clipboard import copy_text
from fe2tui.tui.view import View, Work
from fe2tui.tui.widgets.cells import wrapped

LONG_WAIT = 3.0  # seconds after which a person may be busy with something else


async def connect(view: View) -> None:
    """Open a shell on the one instance meant."""
    instance = view.targets[0]
    if instance.state is State.PENDING:
        view.tell(f"{visible(instance.label)} is starting, and is connected to when it runs; in Activity del cancels.")

    async def work(ctx: Context) -> str:
        began = time.monotonic()
        connection = await task.prepare(ctx, instance)
        if time.monotonic() - began > LONG_WAIT and isinstance(view.desk.app.screen, ModalScreen):
            return f"{visible(instance.label)} can be reached now: c connects."
        return await _through(view, ctx, connection)

    _run(view, instance, work)


async def connect_with(view: View) -> None:
    """Ask for a user and for tunnels first."""
    instance = view.targets[0]
    ctx = view.context()

    async def prepare(user: str | None, ports: str) -> Connection:
        return await task.prepare(ctx, instance, user=user, ports=ports)

    connection = await view.ask(ConnectForm(instance.label, prepare))
    if connection is not None:
        ready = connection

        async def work(ctx: Context) -> str:
            return await _through(view, ctx, ready)

        _run(view, instance, work)


def _run(view: View, instance: Instance, work: Work) -> None:
    view.run_task(f"Connect {visible(instance.label)}", work, subjects=(instance,))


async def _through(view: View, ctx: Context, connection: Connection) -> str:
    """Hand the terminal over, and say how it ended. Raises what ssh's own failure means."""
    name, app = visible(connection.instance.label), view.desk.app
    words = f"connecting to {name} ({visible(connection.words)}); exit or ctrl+d comes back"
    try:
        ended = await hand_over(
            app, connection.argv, env=connection.env, announce="\n".join(wrapped(words, app.size.width))
        )
    except CannotHandOver as error:
        if await view.ask(Trouble(f"Connect to {name}", error, copyable=connection.command)) == "copy":
            await copy_text(app, connection.command)
            return f"Copied the ssh command for {name}."
        return f"{name}: {error.summary}"
    except OSError as error:
        raise MachineError(
            f"ssh could not be started: {error.strerror}.", "Is it installed, and may it be run?"
        ) from error
    failure = await explain_end(ctx, connection, ended.status, ended.stderr)
    if failure is not None:
        raise failure
    if ended.status == -signal.SIGINT:
        return f"{name}: interrupted before ssh was through."
    return f"Back from {name} after {age(timedelta(seconds=ended.seconds))}."
