"""What fills the whole screen between the status line and the footer: details of one row, the console output."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.tui.commands import COMMANDS_BY_ID, key_label
from fe2tui.tui.panes.full_text import Block, FullText
from fe2tui.tui.widgets.line import Span, click_meta

if TYPE_CHECKING:
    from fe2tui.tui.services import Services


class SearchBar(Horizontal):
    """The line in which a search is typed. Enter keeps it, esc clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", show=False),
        Binding("down", "leave", show=False),
    ]

    def __init__(self, text: FullText) -> None:
        super().__init__(classes="search-bar filter-bar")
        self._text = text
        self.input = Input(placeholder="search", compact=True)

    def compose(self) -> Iterator[Widget]:
        yield Static(" / ", classes="filter-sign")
        yield self.input

    @on(Input.Changed)
    def _search(self, event: Input.Changed) -> None:
        event.stop()
        self._text.search(event.value)

    @on(Input.Submitted)
    def _leave_on_enter(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_leave()

    def action_leave(self) -> None:
        self.display = bool(self._text.searched_text)
        self._text.focus()

    def action_clear(self) -> None:
        self.input.value = ""
        self._text.search("")
        self.action_leave()


class FullView(Vertical):
    """A text about one row of a pane, in blocks. Commands act on that row while it is open.

    ``pane`` is the pane of the row, ``row_id`` the id of its instance or image.
    """

    what = ""  # shown before the name in the frame
    has_blocks = True
    """Whether the text has several blocks."""

    def __init__(self, services: Services, pane: str, row_id: str) -> None:
        super().__init__(classes="full-view")
        self.pane = pane
        self.row_id = row_id
        self._services = services
        self.text = FullText(self._follow_text, id="full-text", link_of=services.console_url)
        self._search_bar = SearchBar(self.text)

    def compose(self) -> Iterator[Widget]:
        yield self.text
        yield self._search_bar

    def on_mount(self) -> None:
        self._search_bar.display = False
        self.text.border_subtitle = self._key_hints()
        self.update()

    def _key_hints(self) -> Content:
        keys = self._services.keymap.keys
        hints = [("tab", "Next block", "")] if self.has_blocks else []
        for command, word in (("copy", "Copy it"), ("filter", "Search"), ("leave", "Leave")):
            key = key_label(keys.get(command, COMMANDS_BY_ID[command].key))
            hints += [(key, word, command)] if key else []
        parts = []
        for key, word, command in hints:
            part = Content.assemble((f"{key} ", "bold $accent"), (word, "$ink-dim"))
            parts.append(part.stylize(Style.from_meta(click_meta(command))) if command else part)
        return Content("  ").join(parts)

    @property
    @abstractmethod
    def name_text(self) -> str:
        """The name of the row, safe to show."""

    @property
    def state_spans(self) -> Sequence[Span]:
        """What the frame says at the right, before the id."""
        return ()

    @abstractmethod
    def blocks(self) -> Sequence[Block]:
        """The text as it is now."""

    def update(self) -> None:
        """Show the text as it is now: after a read, or because time has passed."""
        self.text.show(self.blocks())
        self.write_frame_title()

    def _follow_text(self) -> None:
        """The current block or match has changed."""
        self.write_frame_title()
        self._services.main_screen.footer.redraw()

    def write_frame_title(self) -> None:
        found = self.text.match_text
        right = [*([Span(f"{found} ", "accent", "filter")] if found else []), *self.state_spans]
        self.text.set_frame_title(
            [Span(f"{self.what} ", "dim"), Span(self.name_text, "strong")], [*right, Span(self.row_id, "dim")]
        )

    def read_again(self) -> None:
        """Read what the fleet does not have once more."""

    def take_focus(self) -> None:
        self.text.focus()

    @property
    def is_searching(self) -> bool:
        return self._search_bar.input.has_focus

    def open_search(self) -> None:
        self._search_bar.display = True
        self._search_bar.input.focus()

    def leave_search(self) -> bool:
        """Clear the search. Returns False if there is none."""
        if not self.text.searched_text:
            return False
        self._search_bar.action_clear()
        return True

    def open_block(self) -> str:
        """The command that enter runs; empty for none."""
        block = self.text.current_block
        return block.command if block is not None else ""

    @property
    def block_word(self) -> str:
        """What enter does, in a word; empty for nothing."""
        block = self.text.current_block
        return block.word if block is not None else ""

    @property
    def copied_text(self) -> str:
        """What the command Copy copies: the current block."""
        block = self.text.current_block
        return block.text if block is not None else ""

    @property
    def copied_title(self) -> str:
        block = self.text.current_block
        return (block.title if block is not None else "") or self.what
