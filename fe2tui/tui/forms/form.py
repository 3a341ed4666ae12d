"""What all forms share: the frame, the keys in its lower edge, labelled fields with their errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from fe2tui.errors import Fe2Error
from fe2tui.model.text import fit, visible
from fe2tui.paths import stylesheets_folder

Answer = TypeVar("Answer")


def safe_content(text: str, style: str = "") -> Content:
    """Text from outside as content: never markup, nothing invisible in it."""
    return Content.styled(visible(text), style) if style else Content(visible(text))


def dim(text: str) -> Content:
    """Text that is there to be found, not to be seen first."""
    return safe_content(text, DIM)


DIM = "$foreground 60%"


class FormFrame(VerticalScroll):
    """The rounded frame around a form's body; scrolls when the terminal is lower than the form."""

    can_focus = False


class Form(ModalScreen[Answer]):
    """A modal form. ``ctrl+s`` submits, ``esc`` leaves with None; both can be clicked in the frame's lower edge."""

    CSS_PATH: ClassVar[CSSPathType | None] = stylesheets_folder() / "forms.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "Submit", id="form.submit", show=False, priority=True),
        Binding("escape", "leave", "Leave", id="form.leave", show=False),
    ]
    AUTO_FOCUS: ClassVar[str | None] = "Input"
    SUBMIT_KEY: ClassVar[str] = "^s"
    """How the lower edge names the key that submits."""

    def __init__(self, title: str, *, submit_label: str = "", leave_label: str = "Leave") -> None:
        super().__init__()
        self._title = title
        self._submit_label = submit_label
        self._leave_label = leave_label

    def compose_frame(self, *body: Widget, classes: str = "") -> Iterator[Widget]:
        """The frame with the body in it, for ``compose`` to yield from."""
        frame = FormFrame(*body, id="frame", classes=classes)
        frame.border_title = safe_content(self._title)
        frame.border_subtitle = self._key_hints()
        yield frame

    def _key_hints(self) -> Content:
        """The keys in the lower edge, which a mouse can press."""
        keys: list[Content] = []
        if self._submit_label:
            keys.append(key_hint(self.SUBMIT_KEY, self._submit_label, "screen.submit"))
        keys += [key_hint(key, word, f"screen.{action}") for key, word, action in self.extra_keys()]
        keys.append(key_hint("esc", self._leave_label, "screen.leave"))
        return Content("  ").join(keys)

    def extra_keys(self) -> Sequence[tuple[str, str, str]]:
        """Further keys for the lower edge: key, word, and the name of the action."""
        return ()

    def write_key_hints(self) -> None:
        """Write the lower edge anew if other keys do something now: the whole frame is drawn again then."""
        frame, edge = self.query_one("#frame"), self._key_hints()
        if frame.border_subtitle != edge.markup:
            frame.border_subtitle = edge

    def retitle(self, title: str) -> None:
        """Give the frame another title."""
        self._title = title
        self.query_one("#frame").border_title = safe_content(title)

    def action_submit(self) -> None:
        """Answer with what is in the form; each form says how."""
        raise NotImplementedError

    def action_leave(self) -> None:
        """Leave unharmed."""
        self.dismiss(None)


def key_hint(key: str, word: str, action: str) -> Content:
    """A key and its word as something to click; the words are ours, never foreign text."""
    return Content.from_markup(f"[@click={action}()][bold $accent]{key}[/] {word}[/]")


class FormRow(Vertical):
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

    def show_error(self, error: Fe2Error | None) -> None:
        """Say what is wrong beside the field, or that nothing is."""
        self._error = error
        line = self.query_one(".error", Static)
        line.display = error is not None
        self.set_class(error is not None, "-wrong")
        if error is not None:
            parts = [safe_content(error.summary)] + ([dim(error.remedy)] if error.remedy else [])
            line.update(Content.assemble("▲ ", Content(" ").join(parts)))


class Field(FormRow):
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
        self._hint_forms: tuple[str, ...] = (hint,)
        self.input = self.make_input(value, placeholder, max_length)

    def make_input(self, value: str, placeholder: str, max_length: int) -> Input:
        """The input that the person types into."""
        return Input(value, placeholder=placeholder, max_length=max_length, compact=True)

    def compose_value(self) -> Iterator[Widget]:
        """The input, and the hint at its right."""
        yield self.input
        yield from self.compose_opener()
        yield Static(dim(self._hint_forms[0]), classes="hint")

    def compose_opener(self) -> Iterator[Widget]:
        """What stands between the input and the hint."""
        yield Static(classes="opener")

    @property
    def value(self) -> str:
        """What is typed, without the space around it."""
        return self.input.value.strip()

    def show_hint(self, *words: str) -> None:
        """Say what is known about the value: the first of these that fits, else the last, cut."""
        if words != self._hint_forms:
            self._hint_forms = words
            self._write_hint()

    def on_resize(self) -> None:
        """Another of the hints may fit."""
        self._write_hint()

    def _write_hint(self) -> None:
        line = self.query_one(".hint", Static)
        width = line.content_size.width or len(self._hint_forms[0])
        line.update(dim(fit(width, self._hint_forms)))
