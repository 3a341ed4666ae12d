"""The help screen and the items of the palette, both made from the table of commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.commands import COMMANDS, commands_by_group, key_label
from fe2tui.tui.forms.picker import PickerItem
from fe2tui.tui.widgets.cells import wrap

_INSTANCE_FILTER_HELP = (
    ("train", "a word: in the name, id, type, address, zone, key pair or a tag"),
    ("state:running,pending", "by field: name id state type zone key image address group"),
    ("tag:env=prod", "a tag with that value; tag:env has the tag"),
    ("age>7d  cost<0.5  month>50", "older than; dollars an hour, a month"),
    ("spot  on-demand", "the purchase option"),
    ("-state:stopped", "not"),
    ('"two words"', "what has spaces"),
)
_IMAGE_FILTER_HELP = (
    ("base", "a word: in the name, id, state, architecture, description or a tag"),
    ("state:available,pending", "by field: name id state arch owner"),
    ("age>30d  size>50", "older than; GiB"),
    ("month>1  made>0", "dollars a month at most; instances launched from it"),
    ("own  public", "your own images, images of others"),
)
_SPOT_FILTER_HELP = (
    ("p3  p3.8xlarge", "a word: in the name of a type; types that begin with it come first"),
    ("gpu:a10g arch:arm64", "by field, as of instance types: name type family gpu accel arch zone"),
    ("vcpu>=8  mem>=32", "at least 8 vCPUs; at least 32 GiB"),
    ("saves>60  spot", "more than 60 per cent below the on-demand price; offered as spot"),
)
_SPOT_KEYS_HELP = (
    ("← →", "move the cursor in time: the price of each zone then; past the right edge it disappears"),
    ("shift+← shift+→", "by a day"),
    ("enter", "open the family; go to the zones of the type; launch in the zone"),
    ("esc", "back: from the zones, the filter, the family; then follow the selected instance"),
)
_MOVEMENT_HELP = (
    ("↑ ↓ j k", "up and down"),
    ("pgup pgdn home end", "by page, to the ends"),
    ("tab", "to the next frame"),
    ("mouse", "click rows, keys and tabs; a title sorts, a double click opens; over the chart: the prices then"),
)
WIDTH, FRAME_WIDTH = 92, 7  # as in main.tcss; frame, padding and scrollbar
_SIGNS_HELP = (
    ("●", "$state-running", "running"),
    ("◐", "$state-moving", "starting, stopping or shutting down; an image that is being created"),
    ("○", "$state-stopped", "stopped or terminated"),
    (
        "▲",
        "$state-trouble",
        "needs attention: interrupted by AWS; or running for long, or costly, without the tag fe2:keep",
    ),
    ("◇", "$ink-dim", "a well-known public image: its first word means the newest of its kind"),
)


def _entry_lines(
    words: str, meaning: str, indent: int, width: int, style: str, meaning_style: str = ""
) -> Iterator[Content]:
    first = f"  {words:<{indent}}"
    for line in wrap(meaning, max(16, width - len(first))):
        yield Content.assemble((first, style), (line, meaning_style))
        first = " " * len(first)


class HelpScreen(ModalScreen[None]):
    """All keys, the syntax of filters, and the meaning of the signs. Keys of the pane with the focus are bright."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "leave", "Leave", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown,space", "scroll(12)", show=False),
        Binding("pageup", "scroll(-12)", show=False),
    ]

    def __init__(self, context: CommandContext, keys: Mapping[str, str]) -> None:
        super().__init__()
        self._command_context = context
        self._keys = keys

    def compose(self) -> Iterator[Widget]:
        frame = VerticalScroll(Static(id="help-text"), id="help")
        frame.border_title = Content("Help")
        frame.border_subtitle = Content.from_markup("[@click=screen.leave()][bold $accent]esc[/] Leave[/]")
        yield frame

    def on_resize(self) -> None:
        width = min(WIDTH, self.size.width * 96 // 100) - FRAME_WIDTH
        self.query_one("#help-text", Static).update(Content("\n").join(self._lines(width)))

    def _lines(self, width: int) -> Iterator[Content]:
        for group, commands in commands_by_group(self._keys):
            yield Content.styled(group, "bold")
            for written, command in commands:
                here = self._command_context.pane in command.panes
                style = ("bold $accent", "") if here else ("$ink-dim", "$ink-dim")
                yield from _entry_lines(written, command.help, 13, width, *style)
            yield Content("")
        for title, entries, indent in (
            ("Moving", _MOVEMENT_HELP, 20),
            ("In the spot prices", _SPOT_KEYS_HELP, 20),
            ("The filter", _INSTANCE_FILTER_HELP, 24),
            ("The filter of images", _IMAGE_FILTER_HELP, 24),
            ("The filter of spot prices", _SPOT_FILTER_HELP, 24),
        ):
            yield Content.styled(title, "bold")
            for words, meaning in entries:
                yield from _entry_lines(words, meaning, indent, width, "$accent")
            yield Content("")
        yield Content.styled("Signs", "bold")
        for sign, colour, meaning in _SIGNS_HELP:
            yield from _entry_lines(sign, meaning, 4, width, colour)
        yield Content("")
        yield Content.styled("Text in the details can be selected with the mouse; ^c copies it.", "$ink-dim")

    def action_scroll(self, lines: int) -> None:
        self.query_one("#help").scroll_relative(y=lines, animate=False)

    def action_leave(self) -> None:
        self.dismiss(None)


def palette_items(context: CommandContext, keys: Mapping[str, str]) -> list[PickerItem]:
    """The commands for the palette: first those that are available, then the others with the reason why not."""
    reasons = [(command, command.unavailable_reason(context)) for command in COMMANDS if command.id != "palette"]
    able = [
        PickerItem(
            command.id,
            command.current_title(context),
            f"{key_label(keys.get(command.id, command.key)):<5} {command.help}",
        )
        for command, reason in reasons
        if reason is None
    ]
    return able + [
        PickerItem(command.id, command.title, f"{'':<5} Not now: {reason}")
        for command, reason in reasons
        if reason is not None
    ]
