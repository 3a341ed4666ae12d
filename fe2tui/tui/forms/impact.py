"""What terminating or deregistering would destroy, and the words that have to be typed to do it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.errors import FieldError
from fe2tui.model.words import visible
from fe2tui.tui.forms.field import Field
from fe2tui.tui.forms.form import Form, shown
from fe2tui.tui.forms.impact_rows import LeftOut, Rows
from fe2tui.tui.forms.loss import Loss
from fe2tui.tui.widgets.cells import clipped

BESIDES = 13  # lines of the sheet besides the rows
LONGEST_TYPED = 40


class ImpactSheet(Form[tuple[str, ...]]):
    """Answers with the ids of what goes, or None; only the right words, typed, do it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "scroll_rows(1)", show=False),
        Binding("up", "scroll_rows(-1)", show=False),
        Binding("pagedown", "scroll_rows(8)", show=False),
        Binding("pageup", "scroll_rows(-8)", show=False),
    ]

    def __init__(self, loss: Loss, *, left_out: Sequence[LeftOut] = ()) -> None:
        self._loss = loss
        self._left_out = tuple(left_out)
        self._ids = loss.ids
        verb = loss.verb.capitalize()
        subject = clipped(visible(loss.rows[0].label), 40) if len(loss.rows) == 1 else loss.count_words
        super().__init__(f"{verb} {subject}", submit_word=verb)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The texts that count: the name or the id of one, the count of several."""
        if len(self._ids) == 1:
            return tuple({self._loss.confirmation.strip(), self._ids[0]})
        return (self._loss.confirmation,)

    def _to_type(self) -> str:
        """What to ask for: the id of one whose name is too long, or cannot be typed."""
        words = self._loss.confirmation
        if len(self._ids) == 1 and (visible(words) != words or not words.isascii() or len(words) > LONGEST_TYPED):
            return self._ids[0]
        return words

    def compose(self) -> Iterator[Widget]:
        """What goes with its parts, what it means, and the field."""
        count = len(self._ids)
        end = "it" if count == 1 else "both" if count == 2 else f"all {count:,}"
        field = Field("", id="typed", placeholder="")
        yield from self.framed(
            Rows(self._loss, self._left_out),
            Static(self._sentences(), id="sentences"),
            Static(
                Content.assemble("Type ", shown(self._to_type(), "bold $accent"), f" to {self._loss.verb} {end}:"),
                id="ask",
            ),
            field,
            classes="-impact",
        )

    def _sentences(self) -> Content:
        return Content.assemble(shown(" ".join(self._loss.sentences)))

    def on_mount(self) -> None:
        """Draw for the width there is."""
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Draw again for another width."""
        self._draw()

    def action_scroll_rows(self, by: int) -> None:
        """Scroll what goes."""
        self.query_one("#rows", Rows).scroll_relative(y=by, animate=False)

    def _draw(self) -> None:
        rows = self.query_one("#rows", Rows)
        rows.styles.max_height = max(3, self.app.size.height - BESIDES)
        rows.lay_out(rows.scrollable_content_region.width or self.app.size.width - 10)

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Answer with the ids if the right words stand there; else say so and do nothing."""
        field = self.query_one("#typed", Field)
        if field.value in self.wanted:
            self.dismiss(self._ids)
        elif field.value:
            field.blame(
                FieldError(
                    "typed", "That is something else: nothing was done.", f"Type {self._to_type()}, or leave by esc."
                )
            )
        else:
            field.blame(
                FieldError(
                    "typed", "Nothing was typed, so nothing was done.", f"Type {self._to_type()}, or leave by esc."
                )
            )
