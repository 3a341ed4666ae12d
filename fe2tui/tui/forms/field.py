"""A labelled line of a form: label, input, what is known about its value, and below it the error, if there is one."""

from __future__ import annotations

from collections.abc import Iterator

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from fe2tui.errors import Fe2Error
from fe2tui.tui.forms.form import dim, shown


class Row(Vertical):
    """A labelled line, and what is wrong with what it asks for. Its ``id`` is the name that errors have for it."""

    def __init__(self, label: str, *, id: str) -> None:
        super().__init__(id=id, classes="field")
        self._label = label
        self._error: Fe2Error | None = None

    def compose(self) -> Iterator[Widget]:
        """Label and value on one line, the error on the next."""
        with Horizontal(classes="line"):
            yield Label(self._label, classes="label", markup=False)
            yield from self.compose_value()
        yield Static(classes="error", markup=False)

    def compose_value(self) -> Iterator[Widget]:
        """What stands after the label."""
        raise NotImplementedError

    @property
    def error(self) -> Fe2Error | None:
        """What is said to be wrong with it."""
        return self._error

    def on_descendant_focus(self) -> None:
        """Its label is bright while the person is here."""
        self.add_class("-here")

    def on_descendant_blur(self) -> None:
        """The person is elsewhere."""
        self.remove_class("-here")

    def blame(self, error: Fe2Error | None) -> None:
        """Say what is wrong beside the field, or that nothing is."""
        self._error = error
        line = self.query_one(".error", Static)
        line.display = error is not None
        self.set_class(error is not None, "-wrong")
        if error is not None:
            parts = [shown(error.summary)] + ([dim(error.remedy)] if error.remedy else [])
            line.update(Content.assemble("▲ ", Content(" ").join(parts)))


class Field(Row):
    """A line to type into.

    ``hint`` is what is known about the value, to the right of it; an error takes a line of its own below.
    """

    def __init__(
        self,
        label: str,
        *,
        id: str,
        value: str = "",
        placeholder: str = "",
        hint: str = "",
        max_length: int = 0,
    ) -> None:
        super().__init__(label, id=id)
        self._hints: tuple[str, ...] = (hint,)
        self.input = self.make_input(value, placeholder, max_length)

    def make_input(self, value: str, placeholder: str, max_length: int) -> Input:
        """The input that the person types into."""
        return Input(value, placeholder=placeholder, max_length=max_length, compact=True)

    def compose_value(self) -> Iterator[Widget]:
        """The input, and the hint at its right."""
        yield self.input
        yield from self.compose_after()
        yield Static(dim(self._hints[0]), classes="hint")

    def compose_after(self) -> Iterator[Widget]:
        """What stands between the input and the hint."""
        yield Static(classes="opener")

    @property
    def value(self) -> str:
        """What is typed, without the space around it."""
        return self.input.value.strip()

    def hint(self, *words: str) -> None:
        """Say what is known about the value: the first of these that fits, else the last, cut."""
        if words != self._hints:
            self._hints = words
            self._say()

    def on_resize(self) -> None:
        """Another of the hints may fit."""
        self._say()

    def _say(self) -> None:
        line = self.query_one(".hint", Static)
        width = line.content_size.width or len(self._hints[0])
        line.update(dim(next((words for words in self._hints if len(words) <= width), self._hints[-1])))
