"""The line at the bottom of the dashboard in which a command of the shell is typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.style import Style
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.errors import Fe2Error
from fe2tui.model.text import visible
from fe2tui.paths import stylesheets_folder
from fe2tui.tui.forms.form import SUBMIT_KEYS, Form, dim, error_content, safe_content
from fe2tui.tui.key_queue import KeyQueue
from fe2tui.tui.shell_commands import Completion
from fe2tui.tui.widgets.cells import clip

MAX_SHOWN = 8  # completions
Run = Callable[[], Awaitable[None] | None]
Complete = Callable[[str], tuple[str, Sequence[Completion]]]
"""From the text up to the cursor: what stays of it, and what may follow that."""


class CommandLine(Form[Run]):
    """Answers with what the line does. What is wrong with the line is shown above it, and the line stays.

    Tab puts the completions into the line one after the other; the arrows go through the history, of the lines that
    begin with what was typed.
    """

    TYPED_AHEAD = "all"
    CSS_PATH: ClassVar[CSSPathType | None] = [stylesheets_folder() / "forms.tcss", stylesheets_folder() / "line.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete(1)", show=False, priority=True),
        Binding("shift+tab", "complete(-1)", show=False, priority=True),
        Binding("up,ctrl+p", "recall(1)", show=False, priority=True),
        Binding("down,ctrl+n", "recall(-1)", show=False, priority=True),
    ]

    def __init__(
        self, complete: Complete, prepare: Callable[[str], Run], history: Sequence[str], key_queue: KeyQueue
    ) -> None:
        """``history`` has the newest line first. ``prepare`` gives what a line does, or raises Fe2Error."""
        super().__init__("")
        self._complete = complete
        self._prepare = prepare
        self._history = history
        self._key_queue = key_queue
        self._typed = ""  # without what tab and the arrows put into the line
        self._recalled = 0  # how far back in the history the line is
        self._base = ""
        self._completions: Sequence[Completion] = ()
        self._picked: int | None = None  # the completion in the line

    def compose(self) -> Iterator[Widget]:
        with Vertical(id="command-line"):
            yield Static(id="completions")
            yield Static(id="trouble")
            with Horizontal():
                yield Static(":", id="colon")
                yield Input(id="line", compact=True, placeholder="stop base … tab completes, ↑ goes to earlier lines")

    def on_mount(self) -> None:
        self.query_one("#completions").set_reactive(Widget.auto_links, False)  # no other colours for what is clickable
        self.show_form_error(None)
        self._find_completions()

    def takes_key(self, event: events.Key) -> bool:
        """The end of a pasted text runs nothing."""
        return event.key not in SUBMIT_KEYS or not self._key_queue.current_burst.is_text

    @property
    def _input(self) -> Input:
        return self.query_one("#line", Input)

    @on(Input.Changed)
    def _follow_typing(self, event: Input.Changed) -> None:
        event.stop()
        if not self.is_current:  # it was sent already
            return
        self._typed, self._recalled = event.value, 0
        self.show_form_error(None)
        self._find_completions()

    def _find_completions(self) -> None:
        self._picked = None
        self._base, self._completions = self._complete(self._typed)
        self._show_completions()

    def _show_completions(self) -> None:
        shown, picked = self._completions, self._picked
        first = max(0, min((picked or 0) - MAX_SHOWN // 2, len(shown) - MAX_SHOWN))
        lines = shown[first : first + MAX_SHOWN]
        width = max((len(one.text) for one in lines), default=0)
        room = max(8, self.app.size.width - width - 6)
        contents = [
            Content.assemble(
                safe_content(f" {one.text:<{width}}", "reverse" if first + at == picked else "$accent"),
                dim(f"  {clip(visible(one.hint), room)}"),
            ).stylize(Style.from_meta({"@click": f"screen.pick({first + at})"}))
            for at, one in enumerate(lines)
        ]
        if (more := len(shown) - first - len(lines)) > 0:
            contents.append(dim(f" … {more:,} more"))
        area = self.query_one("#completions", Static)
        area.display = bool(contents)
        area.update(Content("\n").join(contents))

    def action_complete(self, by: int) -> None:
        """Put the next completion into the line; the only one is followed by a space."""
        if not self._completions:
            return
        count = len(self._completions)
        self._picked = (0 if by > 0 else count - 1) if self._picked is None else (self._picked + by) % count
        self._write(self._base + self._completions[self._picked].text + (" " if count == 1 else ""))
        if count == 1:
            self._typed = self._input.value
            self._find_completions()
        else:
            self._show_completions()

    def action_pick(self, number: int) -> None:
        """Put a completion into the line: it was clicked."""
        self._write(f"{self._base}{self._completions[number].text} ")
        self._typed = self._input.value
        self._find_completions()

    def action_recall(self, by: int) -> None:
        lines = [line for line in self._history if line.startswith(self._typed) and line != self._typed]
        self._recalled = max(0, min(len(lines), self._recalled + by))
        self._write(lines[self._recalled - 1] if self._recalled else self._typed)

    def _write(self, text: str) -> None:
        self.show_form_error(None)
        with self.prevent(Input.Changed):
            self._input.value = text
        self._input.cursor_position = len(text)

    def action_submit(self) -> None:
        text = self._input.value.strip()
        if not text:
            self.dismiss(None)
            return
        try:
            run = self._prepare(text)
        except Fe2Error as error:
            self.show_form_error(error)
        else:
            self.dismiss(run)

    def show_form_error(self, error: Fe2Error | None) -> None:
        line = self.query_one("#trouble", Static)
        line.display = error is not None
        if error is not None:
            self.query_one("#completions").display = False
            line.update(error_content(error))
