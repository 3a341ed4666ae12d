"""``activity``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fe2tui.cli.exit_status import print_message
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import iso_time, print_json
from fe2tui.cli.run import recover_unfinished
from fe2tui.model.progress import Activity
from fe2tui.model.text import local_time, table_lines, visible


@click.command()
@click.option("--count", "-n", type=click.IntRange(1), default=20, help="How many, newest first.")
@click.pass_obj
def activity(options: GlobalOptions, count: int) -> None:
    """Print what was done lately, to what, and what came of it."""

    show_activity(options, count)


def show_activity(options: GlobalOptions, count: int) -> None:
    """Print the newest entries of the activity log."""
    from fe2tui.store import open_store

    store = open_store()
    try:
        if store.problem:
            print_message(f"{visible(store.problem.summary)} {visible(store.problem.remedy)}")
        entries = store.activity.recent(count)
    finally:
        store.close()
    _print_entries(options, entries)
    recover_unfinished(options)


def _print_entries(options: GlobalOptions, entries: Sequence[Activity]) -> None:
    if options.json:
        print_json(
            [
                {
                    "at": iso_time(each.at),
                    "ended_at": iso_time(each.ended_at),
                    "command": each.command,
                    "id": each.subject,
                    "name": each.label,
                    "region": each.region,
                    "result": _result_text(each),
                    "words": each.words,
                    "remedy": each.remedy,
                    "code": each.code,
                    "by": each.by,
                }
                for each in entries
            ]
        )
        return
    rows = [
        (local_time(each.at), each.command, each.label or each.subject, _result_text(each), each.words)
        for each in entries
    ]
    if rows:
        click.echo("\n".join(table_lines(("WHEN", "WHAT", "TO", "RESULT", "WORDS"), rows)))
    else:
        click.echo("Nothing was done yet.", err=True)


def _result_text(entry: Activity) -> str:
    return "cut short" if entry.is_cut_short else entry.result
