"""Export what is on the screen to a file."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fe2tui.errors import Fe2Error
from fe2tui.model.text import plural
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.confirm import ConfirmChoice, ConfirmForm
from fe2tui.tui.forms.export import ExportForm
from fe2tui.tui.pane_ids import SPOT

Titles = Sequence[str]
Rows = Sequence[Sequence[str]]
FORMATS: Mapping[str, str] = {".csv": "for spreadsheets", ".json": "for programs", ".md": "for people"}


async def export(context: CommandContext) -> None:
    if context.pane == SPOT:
        from fe2tui.tui.actions import spot_prices

        await spot_prices.export_chart(context)
        return
    titles, rows = context.services.visible_cells(context.pane)
    what = f"{plural(len(rows), 'row')} and {plural(len(titles), 'column')}, as shown."
    name = f"{context.pane}-{context.region}.csv"
    path = await ask_and_write(context, what, FORMATS, name, lambda suffix: table_text(suffix, titles, rows))
    if path is not None:
        context.services.tell(f"Wrote {plural(len(rows), 'row')} to {path}")


async def ask_and_write(
    context: CommandContext, what: str, formats: Mapping[str, str], name: str, text_for: Callable[[str], str]
) -> Path | None:
    """Ask for a file, and before overwriting one. Returns the file that was written, or None.

    ``text_for`` returns the text for a suffix. Raises Fe2Error if the file cannot be written.
    """
    path = await context.services.ask(ExportForm(what, formats, path=name))
    if path is None:
        return None
    if path.exists():
        question = ConfirmForm(
            f"Overwrite {path}?",
            ["The file exists."],
            title="Export",
            choices=(ConfirmChoice("y", "Overwrite", "yes", is_destructive=True),),
        )
        if await context.services.ask(question) != "yes":
            return None
    await asyncio.to_thread(write_file, path, text_for(path.suffix.lower()))
    return path


def table_text(suffix: str, titles: Titles, rows: Rows) -> str:
    return _WRITERS[suffix](titles, rows)


def write_file(path: Path, text: str) -> None:
    """Write the whole file or nothing. Raises Fe2Error."""
    half = path.with_name(f".{path.name}.part")
    try:
        half.write_text(text, encoding="utf-8")
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise Fe2Error(f"{path} could not be written: {error.strerror}.", "Choose another file.") from error


def _csv(titles: Titles, rows: Rows) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows(rows)
    return out.getvalue()


def _json(titles: Titles, rows: Rows) -> str:
    return json.dumps([dict(zip(titles, row, strict=True)) for row in rows], indent=2, ensure_ascii=False) + "\n"


def _markdown(titles: Titles, rows: Rows) -> str:
    lines = [_line(titles), _line(["---"] * len(titles)), *(_line(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("\\", "\\\\").replace("|", "\\|") for cell in cells) + " |"


_WRITERS: Mapping[str, Callable[[Titles, Rows], str]] = {".csv": _csv, ".json": _json, ".md": _markdown}
