"""``activity``."""

from __future__ import annotations

import click

from fe2tui.cli.options import Asked


@click.command()
@click.option("--count", "-n", type=click.IntRange(1), default=20, help="How many, newest first.")
@click.pass_obj
def activity(asked: Asked, count: int) -> None:
    """Print what was done lately, to what, and what came of it."""
    from fe2tui.cli.work.activity import show_activity

    show_activity(asked, count)
