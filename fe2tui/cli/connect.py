"""``connect``."""

from __future__ import annotations

from pathlib import Path

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.options import Asked


@click.command()
@click.argument("name", metavar="[USER@]NAME", type=InstanceName(user=True))
@click.argument("ports", required=False, default="")
@click.option("--user", help="Login user; left out: by the tag fe2:user, or by the image.")
@click.option("--key-file", type=click.Path(path_type=Path, dir_okay=False), help="Private key.")
@click.option("--port", type=click.IntRange(1, 65_535), help="ssh port; left out: by the tag fe2:port, or 22.")
@click.option("--print", "only_print", is_flag=True, help="Print the whole ssh command, and do not run it.")
@click.pass_obj
def connect(
    asked: Asked, name: str, ports: str, user: str | None, key_file: Path | None, port: int | None, only_print: bool
) -> int:
    """Open a shell on an instance. PORTS are tunnelled from the same ports here: `8888` or `[8888,8008]`.

    The exit status is that of ssh, which is that of the shell.
    """
    from fe2tui.cli.work.connect import connect as work

    return work(asked, name, ports, user=user, key_file=key_file, port=port, only_print=only_print)
