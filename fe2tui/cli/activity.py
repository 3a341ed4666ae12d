"""``activity``: the activity log."""

from __future__ import annotations

from contextlib import closing

import click

from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import print_json
from fe2tui.cli.run import open_store_and_report, recover_unfinished
from fe2tui.model.documents import iso_time
from fe2tui.model.progress import Activity
from fe2tui.model.text import local_time, table_lines


@click.command()
@click.option("--count", "-n", type=click.IntRange(1), default=20, help="How many entries, newest first.")
@click.pass_obj
def activity(options: GlobalOptions, count: int) -> None:
    """Print the latest actions, what they were done to, and their results."""
    with closing(open_store_and_report()) as store:
        entries = store.activity.recent(count)
    if options.json:
        print_json([_entry_document(each) for each in entries])
    elif entries:
        rows = [
            (local_time(each.at), each.command, each.label or each.subject, _result_text(each), each.words)
            for each in entries
        ]
        click.echo("\n".join(table_lines(("WHEN", "WHAT", "TO", "RESULT", "WORDS"), rows)))
    else:
        click.echo("The activity log is empty.", err=True)
    recover_unfinished(options)


def _entry_document(entry: Activity) -> dict[str, str | None]:
    return {
        "at": iso_time(entry.at),
        "ended_at": iso_time(entry.ended_at),
        "command": entry.command,
        "id": entry.subject,
        "name": entry.label,
        "region": entry.region,
        "result": _result_text(entry),
        "words": entry.words,
        "remedy": entry.remedy,
        "code": entry.code,
        "by": entry.by,
    }


def _result_text(entry: Activity) -> str:
    return "cut short" if entry.is_cut_short else entry.result
