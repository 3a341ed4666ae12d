"""``connect``: ssh to an instance, with tunnels."""

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
    from fe2tui.tasks.connect import Connection
    from fe2tui.tasks.context import Context

_SSH_FAILED = 255  # ssh's own exit status where it could not connect


@click.command()
@click.argument("name", metavar="[USER@]NAME", type=InstanceName(user=True))
@click.argument("ports", required=False, default="")
@click.option("--user", help="Login user; default: the tag fe2:user, or the image's user.")
@click.option("--key-file", type=click.Path(path_type=Path, dir_okay=False), help="File of the private key.")
@click.option("--port", type=click.IntRange(1, 65_535), help="ssh port; default: the tag fe2:port, or 22.")
@click.option("--print", "only_print", is_flag=True, help="Print the whole ssh command instead of running it.")
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
    """Open a shell on an instance over ssh.

    PORTS are ports of the instance that become the same ports of this computer: `8888` or `[8888,8008]`. The exit
    status is that of ssh, which is that of the shell.
    """
    from fe2tui.ssh.tunnels import parse_ports
    from fe2tui.tasks.connect import connection_failure, prepare_connection

    opening = not (only_print or options.json)

    async def work(ctx: Context) -> Connection:
        tunnels = parse_ports(ports)
        while True:
            try:
                specs = [f"{each.local}:{each.remote}" for each in tunnels]
                return await prepare_connection(
                    ctx, name, user=user, ports=specs, key_file=key_file, port=port, is_logged=opening
                )
            except PortTakenError as error:
                await _agree_on_port(options, error)
                tunnels = tuple(
                    replace(each, local=error.free) if each.local == error.port else each for each in tunnels
                )

    command = CommandRun(options)
    connection = command.run(work)
    if options.json:
        print_json({"id": connection.instance.id, "name": connection.instance.name, "argv": connection.argv})
        return 0
    if only_print:
        click.echo(shlex.join(connection.argv))
        return 0
    print_message(visible(connection.words))
    status = run_ssh(connection)
    failure = command.run(lambda ctx: connection_failure(ctx, connection, status)) if status == _SSH_FAILED else None
    if failure:
        raise failure
    return status


async def _agree_on_port(options: GlobalOptions, error: PortTakenError) -> None:
    """Ask whether to use the next free local port, if there is a terminal. Raises the error if the answer is no."""
    question = f"{visible(error.summary)} Use {error.free} here?"
    if not options.yes and not (is_interactive() and await confirm(question, default=True, remedy="")):
        raise error
    print_message(f"Port {error.free} here leads to port {error.port} there.")


def run_ssh(connection: Connection) -> int:
    """Run ssh in this terminal until it ends. Returns its exit status, as a shell has it: 128 + the signal's number.

    Only ssh reacts to Ctrl-C and Ctrl-\\. When ssh stops itself (``~^Z``), this process stops too: otherwise the
    shell would not notice.
    """
    import subprocess

    for ignored in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(ignored, lambda *_: None)  # not SIG_IGN, which ssh would inherit
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
