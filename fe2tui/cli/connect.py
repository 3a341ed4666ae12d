"""``connect``."""

from __future__ import annotations

import os
import shlex
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.exit_status import print_message
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import print_json
from fe2tui.cli.prompts import confirm, is_interactive
from fe2tui.cli.run import CommandRun
from fe2tui.errors import PortTakenError
from fe2tui.model.text import visible

if TYPE_CHECKING:
    from fe2tui.tasks import connect as task
    from fe2tui.tasks.context import Context


@click.command()
@click.argument("name", metavar="[USER@]NAME", type=InstanceName(user=True))
@click.argument("ports", required=False, default="")
@click.option("--user", help="Login user; left out: by the tag fe2:user, or by the image.")
@click.option("--key-file", type=click.Path(path_type=Path, dir_okay=False), help="Private key.")
@click.option("--port", type=click.IntRange(1, 65_535), help="ssh port; left out: by the tag fe2:port, or 22.")
@click.option("--print", "only_print", is_flag=True, help="Print the whole ssh command, and do not run it.")
@click.pass_obj
def connect(
    options: GlobalOptions,
    name: str,
    ports: str,
    user: str | None,
    key_file: Path | None,
    port: int | None,
    only_print: bool,
) -> int:
    """Open a shell on an instance. PORTS are tunnelled from the same ports here: `8888` or `[8888,8008]`.

    The exit status is that of ssh, which is that of the shell.
    """
    return run_connect(options, name, ports, user=user, key_file=key_file, port=port, only_print=only_print)


SSH_FAILED = 255


def run_connect(
    options: GlobalOptions,
    name: str,
    ports: str,
    *,
    user: str | None,
    key_file: Path | None,
    port: int | None,
    only_print: bool,
) -> int:
    """Open a shell, or print how; the exit status of ssh."""
    from fe2tui.ssh.tunnels import parse_ports
    from fe2tui.tasks import connect as task
    from fe2tui.tasks.connect import connection_failure

    opening = not (only_print or options.json)

    async def work(ctx: Context) -> task.Connection:
        tunnels = parse_ports(ports)
        while True:
            try:
                wanted = [f"{each.local}:{each.remote}" for each in tunnels]
                return await task.prepare_connection(
                    ctx, name, user=user, ports=wanted, key_file=key_file, port=port, is_logged=opening
                )
            except PortTakenError as taken:
                await _agree_on_port(options, taken)
                tunnels = tuple(
                    replace(each, local=taken.free) if each.local == taken.port else each for each in tunnels
                )

    working = CommandRun(options)
    connection = working.run(work)
    if options.json:
        print_json({"id": connection.instance.id, "name": connection.instance.name, "argv": connection.argv})
        return 0
    if only_print:
        click.echo(shlex.join(connection.argv))
        return 0
    print_message(visible(connection.words))
    status = run_ssh(connection)
    trouble = working.run(lambda ctx: connection_failure(ctx, connection, status)) if status == SSH_FAILED else None
    if trouble:
        raise trouble
    return status


async def _agree_on_port(options: GlobalOptions, taken: PortTakenError) -> None:
    """Have the next free port taken in place of a taken one, or raise what was wrong."""
    if not options.yes and not is_interactive():
        raise taken
    question = f"{visible(taken.summary)} Use {taken.free} here?"
    if not options.yes and not await confirm(question, default=True, otherwise=""):
        raise taken
    print_message(f"Port {taken.free} here leads to port {taken.port} there.")


def run_ssh(connection: task.Connection) -> int:
    """Run ssh with this terminal until it ends; the exit status as a shell has it.

    Ctrl-C and Ctrl-\\ are for ssh alone; when ssh stops itself (``~^Z``), so do we, or the shell would never know.
    """
    import subprocess

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
