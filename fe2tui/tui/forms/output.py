"""The output of a command of the shell, as it comes, on a screen that scrolls."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Log

from fe2tui.model.text import visible
from fe2tui.paths import stylesheets_folder
from fe2tui.tui.actions.clipboard import copy_text
from fe2tui.tui.forms.form import Form
from fe2tui.tui.widgets.table import MOVEMENT_BINDINGS, page_step

_FRAME_COLUMNS = 5  # frame, padding and scrollbar
_END_SECONDS = 2.0  # that a program may take to end when the form is closed


class OutputLog(Log):
    BINDINGS: ClassVar[list[BindingType]] = [*MOVEMENT_BINDINGS, Binding("space", "page(1)", show=False)]

    def action_move(self, by: int) -> None:
        self.scroll_relative(y=by, animate=False)

    def action_page(self, by: float) -> None:
        self.scroll_relative(y=page_step(by, self.scrollable_content_region.height), animate=False)


class OutputForm(Form[None]):
    """Runs a program until the form is closed, and shows what it writes, errors included. It gets no input."""

    CSS_PATH: ClassVar[CSSPathType | None] = [stylesheets_folder() / "forms.tcss", stylesheets_folder() / "line.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,enter", "leave", show=False),
        Binding("y", "copy_output", show=False),
    ]
    AUTO_FOCUS: ClassVar[str | None] = "OutputLog"

    def __init__(self, title: str, argv: Sequence[str], *, is_json: bool = False) -> None:
        """``is_json``: what it writes is one JSON document, shown indented."""
        super().__init__(title, leave_label="Close")
        self._argv = argv
        self._is_json = is_json
        self._text = ""

    def compose(self) -> Iterator[Widget]:
        yield from self.compose_frame(OutputLog(auto_scroll=False), classes="-output")

    def extra_keys(self) -> Sequence[tuple[str, str, str]]:
        return [("y", "Copy all", "copy_output")]

    def on_mount(self) -> None:
        self.start_worker(self._run)

    async def _run(self) -> None:
        title, columns = self._title, max(40, self.app.size.width - _FRAME_COLUMNS)
        self.retitle(f"{title} · running …")
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, "COLUMNS": str(columns), "PYTHONIOENCODING": "utf-8"},
                start_new_session=True,
            )
        except OSError as error:
            self._write(f"The command could not be started: {error.strerror}.\n")
            self.retitle(title)
            return
        assert process.stdout is not None
        try:
            while data := await process.stdout.read(65_536):
                self._write(data.decode(errors="replace"))
            status = await process.wait()
        finally:
            await _end(process)
        if self._is_json:
            self._show_indented()
        elif not self._text:
            self._write("It wrote nothing.\n")
        self.retitle(f"{title} · ended with status {status}" if status else title)

    def _write(self, text: str) -> None:
        self._text += text
        if not self._is_json:
            self.query_one(OutputLog).write(_visible_lines(text))

    def _show_indented(self) -> None:
        with suppress(ValueError):
            self._text = json.dumps(json.loads(self._text), indent=2, ensure_ascii=False) + "\n"
        self.query_one(OutputLog).write(_visible_lines(self._text))

    def action_copy_output(self) -> None:
        self.start_worker(partial(copy_text, self.app, self._text))
        self.notify("Copied the output", markup=False)


def _visible_lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.replace("\r", "").split("\n"))


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(_END_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
