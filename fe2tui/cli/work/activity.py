"""What was done, by the dashboard and by commands."""

from __future__ import annotations

from collections.abc import Sequence

import click

from fe2tui.cli.ending import complain
from fe2tui.cli.options import Asked
from fe2tui.cli.work.left import start_what_was_left
from fe2tui.cli.work.output import iso, print_json
from fe2tui.model.progress import Activity
from fe2tui.model.words import local_time, table, visible
from fe2tui.store import open_store


def show_activity(asked: Asked, count: int) -> None:
    """Print the newest entries of the activity log."""
    store = open_store()
    try:
        if store.problem:
            complain(f"{visible(store.problem.summary)} {visible(store.problem.remedy)}")
        entries = store.activity.recent(count)
    finally:
        store.close()
    _show(asked, entries)
    start_what_was_left(asked)


def _show(asked: Asked, entries: Sequence[Activity]) -> None:
    if asked.json:
        print_json(
            [
                {
                    "at": iso(each.at),
                    "ended_at": iso(each.ended_at),
                    "command": each.command,
                    "id": each.subject,
                    "name": each.label,
                    "region": each.region,
                    "result": _result(each),
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
        (local_time(each.at), each.command, each.label or each.subject, _result(each), each.words) for each in entries
    ]
    if rows:
        click.echo("\n".join(table(("WHEN", "WHAT", "TO", "RESULT", "WORDS"), rows)))
    else:
        click.echo("Nothing was done yet.", err=True)


def _result(entry: Activity) -> str:
    return "cut short" if entry.cut_short else entry.result
