"""Export what is on the screen to a file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fe2tui.errors import Fe2Error
from fe2tui.model.documents import csv_text, image_document, instance_document, json_text
from fe2tui.model.interruption import interruption_text
from fe2tui.model.text import plural
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.confirm import ConfirmChoice, ConfirmForm
from fe2tui.tui.forms.export import ExportForm
from fe2tui.tui.pane_ids import IMAGES, SPOT

Titles = Sequence[str]
Rows = Sequence[Sequence[str]]
FORMATS: Mapping[str, str] = {".csv": "for spreadsheets", ".json": "for programs", ".md": "for people"}


async def export(context: CommandContext) -> None:
    """Write the rows of the list as shown: for people the columns shown, for programs what ``fe2 --json`` has."""
    if context.pane == SPOT:
        from fe2tui.tui.actions import spot_prices

        await spot_prices.export_chart(context)
        return
    titles, rows = context.services.visible_cells(context.pane)
    read_documents = _documents_reader(context)

    def text_for(suffix: str) -> str:
        if suffix == ".md":
            return markdown_table(titles, rows)
        documents = read_documents()
        if suffix == ".json":
            return json_text(documents, indent=2) + "\n"
        keys = list(documents[0]) if documents else []
        return csv_text(keys, [[document[key] for key in keys] for document in documents])

    what = f"{plural(len(rows), 'row')}. .csv and .json have all fields of each, .md the columns shown."
    path = await ask_and_write(context, what, FORMATS, f"{context.pane}-{context.region}.csv", text_for)
    if path is not None:
        context.services.tell(f"Wrote {plural(len(rows), 'row')} to {path}")


def _documents_reader(context: CommandContext) -> Callable[[], list[dict[str, Any]]]:
    """Returns a document for each row that is shown now. For thousands it takes a while: call it in a thread."""
    fleet, now = context.services.fleet or context.fleet, context.services.clock()
    assert fleet is not None  # it has rows
    if context.pane == IMAGES:
        model = context.services.main_screen.images.model
        images = [model.items[row_id] for row_id in model.rows.ids]
        return lambda: [image_document(one, fleet) for one in images]
    instances = context.services.visible_instances()

    def instance_documents() -> list[dict[str, Any]]:
        interruptions = {
            one.id: interruption_text(one, fleet.requests.get(one.spot_request_id or ""), now)
            for one in instances
            if one.was_interrupted
        }
        return [instance_document(one, fleet, interruptions) for one in instances]

    return instance_documents


async def ask_and_write(
    context: CommandContext, what: str, formats: Mapping[str, str], name: str, text_for: Callable[[str], str]
) -> Path | None:
    """Ask for a file, and before overwriting one. Returns the file that was written, or None.

    ``text_for`` returns the text for a suffix; it is called in a thread. Raises Fe2Error if the file cannot be written.
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
    await asyncio.to_thread(lambda: write_file(path, text_for(path.suffix.lower())))
    return path


def write_file(path: Path, text: str) -> None:
    """Write the whole file or nothing. Raises Fe2Error."""
    half = path.with_name(f".{path.name}.part")
    try:
        half.write_text(text, encoding="utf-8")
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise Fe2Error(f"{path} could not be written: {error.strerror}.", "Choose another file.") from error


def markdown_table(titles: Titles, rows: Rows) -> str:
    lines = [_line(titles), _line(["---"] * len(titles)), *(_line(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("\\", "\\\\").replace("|", "\\|") for cell in cells) + " |"
