"""What all forms share: a frame with a title, keys in its lower edge, esc that leaves unharmed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.types import CSSPathType
from textual.widget import Widget

from fe2tui.model.words import visible
from fe2tui.paths import sheets_folder

Answer = TypeVar("Answer")


def shown(text: str, style: str = "") -> Content:
    """Text from outside as content: never markup, nothing invisible in it."""
    return Content.styled(visible(text), style) if style else Content(visible(text))


def dim(text: str) -> Content:
    """Text that is there to be found, not to be seen first."""
    return shown(text, DIM)


DIM = "$foreground 60%"


class Frame(VerticalScroll):
    """The rounded frame around a form's body; scrolls when the terminal is lower than the form."""

    can_focus = False


class Form(ModalScreen[Answer]):
    """A modal form. ``ctrl+s`` submits, ``esc`` leaves with None; both can be clicked in the frame's lower edge."""

    CSS_PATH: ClassVar[CSSPathType | None] = sheets_folder() / "forms.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "Submit", id="form.submit", show=False, priority=True),
        Binding("escape", "leave", "Leave", id="form.leave", show=False),
    ]
    AUTO_FOCUS: ClassVar[str | None] = "Input"
    SUBMIT_KEY: ClassVar[str] = "^s"
    """How the lower edge names the key that submits."""

    def __init__(self, title: str, *, submit_word: str = "", leave_word: str = "Leave") -> None:
        super().__init__()
        self._title = title
        self._submit_word = submit_word
        self._leave_word = leave_word

    def framed(self, *body: Widget, classes: str = "") -> Iterator[Widget]:
        """The frame with the body in it, for ``compose`` to yield from."""
        frame = Frame(*body, id="frame", classes=classes)
        frame.border_title = shown(self._title)
        frame.border_subtitle = self._edge()
        yield frame

    def _edge(self) -> Content:
        """The keys in the lower edge, which a mouse can press."""
        keys: list[Content] = []
        if self._submit_word:
            keys.append(edge_key(self.SUBMIT_KEY, self._submit_word, "screen.submit"))
        keys += [edge_key(key, word, f"screen.{action}") for key, word, action in self.further_keys()]
        keys.append(edge_key("esc", self._leave_word, "screen.leave"))
        return Content("  ").join(keys)

    def further_keys(self) -> Sequence[tuple[str, str, str]]:
        """Further keys for the lower edge: key, word, and the name of the action."""
        return ()

    def write_edge(self) -> None:
        """Write the lower edge anew if other keys do something now: the whole frame is drawn again then."""
        frame, edge = self.query_one("#frame"), self._edge()
        if frame.border_subtitle != edge.markup:
            frame.border_subtitle = edge

    def retitle(self, title: str) -> None:
        """Give the frame another title."""
        self._title = title
        self.query_one("#frame").border_title = shown(title)

    def action_submit(self) -> None:
        """Answer with what is in the form; each form says how."""
        raise NotImplementedError

    def action_leave(self) -> None:
        """Leave unharmed."""
        self.dismiss(None)


def edge_key(key: str, word: str, action: str) -> Content:
    """A key and its word as something to click; the words are ours, never foreign text."""
    return Content.from_markup(f"[@click={action}()][bold $accent]{key}[/] {word}[/]")
