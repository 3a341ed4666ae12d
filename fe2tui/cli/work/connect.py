"""Connect: the system's ssh takes the terminal over."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import click

from fe2tui.cli.ending import complain
from fe2tui.cli.options import Asked
from fe2tui.cli.work.asking import agrees, somebody_there
from fe2tui.cli.work.output import print_json
from fe2tui.cli.work.working import Working
from fe2tui.errors import PortTakenError
from fe2tui.model.words import visible
from fe2tui.ssh.tunnels import parse_ports
from fe2tui.tasks import connect as task
from fe2tui.tasks.aftermath import explain_end
from fe2tui.tasks.context import Context

SSH_FAILED = 255


def connect(
    asked: Asked, name: str, ports: str, *, user: str | None, key_file: Path | None, port: int | None, only_print: bool
) -> int:
    """Open a shell, or print how; the exit status of ssh."""

    opening = not (only_print or asked.json)

    async def work(ctx: Context) -> task.Connection:
        tunnels = parse_ports(ports)
        while True:
            try:
                wanted = [f"{each.local}:{each.remote}" for each in tunnels]
                return await task.prepare(
                    ctx, name, user=user, ports=wanted, key_file=key_file, port=port, is_logged=opening
                )
            except PortTakenError as taken:
                await _agreed(asked, taken)
                tunnels = tuple(
                    replace(each, local=taken.free) if each.local == taken.port else each for each in tunnels
                )

    working = Working(asked)
    connection = working.run(work)
    if asked.json:
        print_json({"id": connection.instance.id, "name": connection.instance.name, "argv": connection.argv})
        return 0
    if only_print:
        click.echo(shlex.join(connection.argv))
        return 0
    complain(visible(connection.words))
    status = hand_over(connection)
    trouble = working.run(lambda ctx: explain_end(ctx, connection, status)) if status == SSH_FAILED else None
    if trouble:
        raise trouble
    return status


async def _agreed(asked: Asked, taken: PortTakenError) -> None:
    """Have the next free port taken in place of a taken one, or raise what was wrong."""
    if not asked.yes and not somebody_there():
        raise taken
    question = f"{visible(taken.summary)} Use {taken.free} here?"
    if not asked.yes and not await agrees(question, default=True, otherwise=""):
        raise taken
    complain(f"Port {taken.free} here leads to port {taken.port} there.")


def hand_over(connection: task.Connection) -> int:
    """Run ssh with this terminal until it ends; the exit status as a shell has it.

    Ctrl-C and Ctrl-\\ are for ssh alone; when ssh stops itself (``~^Z``), so do we, or the shell would never know.
    """
    for for_ssh_alone in (signal.SIGINT, signal.SIGQUIT):
        # not SIG_IGN: that the child would inherit
        signal.signal(for_ssh_alone, lambda *_: None)
    child = subprocess.Popen(connection.argv, env={**os.environ, **connection.env})
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    while True:
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            break
        os.kill(os.getpid(), signal.SIGSTOP)
        os.kill(child.pid, signal.SIGCONT)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
