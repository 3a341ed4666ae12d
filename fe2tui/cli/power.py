"""``start``, ``stop``, ``reboot``."""

from __future__ import annotations

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.options import Asked

_names = click.argument("names", nargs=-1, required=True, type=InstanceName())
_WAIT = "Whether to return only when it is done."


@click.command()
@_names
@click.option("--wait/--no-wait", default=True, help=_WAIT)
@click.pass_obj
def start(asked: Asked, names: tuple[str, ...], wait: bool) -> int:
    """Start instances and wait until ssh answers."""
    from fe2tui.cli.work.power import start as work

    return work(asked, names, wait=wait)


@click.command()
@_names
@click.option("--force", is_flag=True, help="Do not let their systems shut down. May lose what is not on disk yet.")
@click.option("--wait/--no-wait", default=False, help=_WAIT)
@click.pass_obj
def stop(asked: Asked, names: tuple[str, ...], force: bool, wait: bool) -> int:
    """Stop instances and return at once. Their disks stay, and go on costing."""
    from fe2tui.cli.work.power import stop as work

    return work(asked, names, force=force, wait=wait)


@click.command()
@_names
@click.option("--wait/--no-wait", default=True, help=_WAIT)
@click.pass_obj
def reboot(asked: Asked, names: tuple[str, ...], wait: bool) -> int:
    """Reboot instances and wait until ssh answers again."""
    from fe2tui.cli.work.power import reboot as work

    return work(asked, names, wait=wait)
