"""The help and the items of the palette, both made from the table of commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple, TypeAlias

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from fe2tui.model.filters import Filter, parse_words
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.commands import COMMANDS, COMMANDS_BY_ID, commands_by_group, key_label
from fe2tui.tui.forms.form import Form, FormList, dim
from fe2tui.tui.forms.picker import PickerItem
from fe2tui.tui.pane_ids import IMAGES, INSTANCES, PANES, SPOT
from fe2tui.tui.widgets.cells import wrap
from fe2tui.tui.widgets.filter_bar import FilterBar
from fe2tui.tui.widgets.table import MOVEMENT_BINDINGS, page_step

_INSTANCE_FILTER_HELP = (
    ("train", "a word: in the name, id, type, address, zone, key pair or a tag"),
    ("state:running,pending", "by field: name id state type zone key image address group"),
    ("tag:env=prod", "a tag with that value; tag:env has the tag"),
    ("age>7d  cost<0.5  month>50", "older than; dollars an hour, a month"),
    ("spot  on-demand", "the purchase option"),
    ("alert", "needs attention, as ▲ says"),
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
    ("esc", "back: from the cursor in time, the zones, the filter, the family; then follow the selected instance"),
)
_COST_HELP = (
    ("tag:project=vision", "the filter: rows with that tag, and their total; also words, kind:disk, name:, id:"),
    ("cost>0.1  month>50  spent>20", "dollars an hour; a month at this rate; this month so far"),
    ("enter", "go to the instance or image that costs it"),
    ("c s f X …", "the keys of instances and images act on the row; X releases an unused Elastic IP"),
)
_MOVEMENT_HELP = (
    ("↑ ↓ j k", "up and down"),
    ("pgup pgdn home end", "by page, to the ends"),
    ("tab", "to the next frame"),
    ("mouse", "click rows, keys and tabs; a title sorts, a double click opens; over the chart: the prices then"),
    ("", "a click on ● ◐ ○ ▲ in the status line shows only these instances; once more: all"),
    ("", "text in the details can be selected with the mouse; ^c copies it"),
)
_GENERAL_GROUPS = ("Moving", "Location", "The program")  # of commands that do the same in all panes
MAX_WIDTH, FRAME_WIDTH = 120, 6  # cells, as in forms.tcss; edges, padding and scrollbar
_SIGNS_HELP = (
    ("●", "$state-running", "running"),
    ("◐", "$state-moving", "starting, stopping or shutting down; an image that is being created"),
    ("○", "$state-stopped", "stopped or terminated"),
    (
        "▲",
        "$state-trouble",
        "needs attention: interrupted by AWS, failing checks, or costly; amber: only running for long. The tag fe2:keep"
        " ends what is about length and cost",
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


class HelpEntry(NamedTuple):
    """Words or keys, and what they mean. ``command_id`` is the command that enter runs; empty for none."""

    words: str
    meaning: str
    command_id: str = ""
    style: str = "$accent"
    meaning_style: str = ""
    indent: int = 15

    @property
    def searched_text(self) -> str:
        return f"{self.words} {self.meaning} {self.command_id}"

    def content(self, width: int) -> Content:
        lines = _entry_lines(self.words, self.meaning, self.indent, width, self.style, self.meaning_style)
        return Content("\n").join(lines)


HelpSection: TypeAlias = tuple[str, Sequence[HelpEntry]]


def help_sections(context: CommandContext, keys: Mapping[str, str]) -> Iterator[HelpSection]:
    """The sections of the help, by title: first the keys of the pane with the focus."""
    here: list[HelpEntry] = []
    elsewhere: list[HelpEntry] = []
    general: list[HelpSection] = []
    for group, commands in commands_by_group(keys):
        entries: list[HelpEntry] = []
        for written, command in commands:
            is_here = context.pane in command.panes and command.footer_pane in ("", context.pane)
            styles = ("bold $accent", "") if is_here else ("$ink-dim", "$ink-dim")
            entry = HelpEntry(written, command.help, command.id, *styles)
            (entries if group in _GENERAL_GROUPS else here if is_here else elsewhere).append(entry)
        if entries:
            general.append((group, entries))
    yield f"Keys in {PANES[context.pane][1]}", here
    yield from general
    yield "Keys of other panes", elsewhere
    unbound = [command for command in COMMANDS if not keys.get(command.id, command.key)]
    yield (
        "Without a key: run them here, or from the palette",
        [
            HelpEntry(command.title, command.help, command.id, "bold", indent=24)
            for command in unbound
            if command.action
        ],
    )
    filters = [
        (INSTANCES, "The filter of instances", _INSTANCE_FILTER_HELP),
        (IMAGES, "The filter of images", _IMAGE_FILTER_HELP),
        (SPOT, "The filter of spot prices", _SPOT_FILTER_HELP),
    ]
    texts = [(title, help_text) for _, title, help_text in sorted(filters, key=lambda one: one[0] != context.pane)]
    for title, help_text in (
        *texts,
        ("Also for moving", _MOVEMENT_HELP),
        ("In the spot prices", _SPOT_KEYS_HELP),
        ("In the costs", _COST_HELP),
    ):
        yield title, [HelpEntry(words, meaning, indent=28) for words, meaning in help_text]
    yield "Signs", [HelpEntry(sign, meaning, style=colour, indent=4) for sign, colour, meaning in _SIGNS_HELP]


class HelpScreen(Form[str]):
    """All keys, the syntax of filters and the meaning of the signs, as a list that can be searched.

    Answers with the command of the entry that enter or a click chose.
    """

    AUTO_FOCUS: ClassVar[str | None] = ""
    TYPED_AHEAD = "all"
    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVEMENT_BINDINGS,
        Binding("q,question_mark", "leave", "Leave", show=False),
        Binding("enter", "submit", "Run", show=False),
        Binding("slash", "search", "Search", show=False),
        Binding("n", "find(1)", "Next", show=False, id="next_match"),
        Binding("N", "find(-1)", "Previous", show=False, id="previous_match"),
    ]

    def __init__(self, context: CommandContext, keys: Mapping[str, str]) -> None:
        super().__init__("Help", submit_label="Run")
        self._command_context = context
        self._keys = keys
        self._sections = tuple(help_sections(context, keys))
        self._query: Filter[str, None] = Filter()
        self._entries: list[HelpEntry | None] = []  # of each option; None for a title
        self._search_bar = FilterBar(parse_words, example="words to find")

    def compose(self) -> Iterator[Widget]:
        self._search_bar.display = False
        yield from self.compose_frame(
            self._search_bar, FormList(id="entries", compact=True), Static(id="about"), classes="-help"
        )

    def extra_keys(self) -> Sequence[tuple[str, str, str]]:
        return [("/", "Search", "search"), *([("n", "Next", "next_match")] if self._query.tests else [])]

    def on_resize(self) -> None:
        self._fill_list(self.highlighted)

    @property
    def _options(self) -> FormList:
        return self.query_one("#entries", FormList)

    @property
    def highlighted(self) -> HelpEntry | None:
        at = self._options.highlighted
        return self._entries[at] if at is not None and at < len(self._entries) else None

    def _fill_list(self, at: HelpEntry | None = None) -> None:
        """Show what matches, with the cursor on an entry, else on the first."""
        width = min(MAX_WIDTH, self.app.size.width) - FRAME_WIDTH
        options: list[Option] = []
        self._entries = []
        for title, entries in self._sections:
            shown = [one for one in entries if self._query.matches(f"{title} {one.searched_text}", None)]
            if shown:
                options.append(Option(Content(f"\n{title}" if options else title), disabled=True))
                options += [Option(entry.content(width)) for entry in shown]
                self._entries += [None, *shown]
        self._options.set_options(options or [Option(dim("No match."), disabled=True)])
        self._go_to(self._entries.index(at) if at is not None and at in self._entries else 1)

    def _go_to(self, row: int) -> None:
        options = self._options
        options.highlighted = row if row < len(self._entries) else None
        if row <= 1:
            options.scroll_home(animate=False)  # with the title above it
        else:
            options.scroll_to_highlight()
        self._show_about()

    def _show_about(self) -> None:
        entry, text = self.highlighted, ""
        if entry is not None and entry.command_id:
            command = COMMANDS_BY_ID[entry.command_id]
            key = self._keys.get(command.id, command.key)
            reason = command.unavailable_reason(self._command_context)
            text = f"Not now: {reason}" if reason else f'In config.toml: [keys] {command.id} = "{key or "none"}"'
        self.query_one("#about", Static).update(dim(text))

    # What a person does

    def action_move(self, by: int) -> None:
        """Move by entries; titles are passed over."""
        rows = [row for row, entry in enumerate(self._entries) if entry is not None]
        if rows:
            at = self._options.highlighted
            number = rows.index(at) if at in rows else 0
            self._go_to(rows[max(0, min(number + by, len(rows) - 1))])

    def action_page(self, by: float) -> None:
        self.action_move(page_step(by, max(2, self._options.size.height - 2)))

    def action_find(self, by: int) -> None:
        """Go to the next entry; from the last to the first. What does not match is not shown."""
        rows = [row for row, entry in enumerate(self._entries) if entry is not None]
        if rows:
            at = self._options.highlighted
            self._go_to(rows[(rows.index(at) + by) % len(rows) if at in rows else 0])

    def action_next_match(self) -> None:
        self.action_find(1)

    def action_search(self) -> None:
        self._search_bar.display = True
        self._search_bar.focus_input()

    def on_filter_bar_filter_changed(self, event: FilterBar.FilterChanged) -> None:
        event.stop()
        self._query = event.query
        self._fill_list()
        self.write_key_hints()

    def on_filter_bar_left(self, event: FilterBar.Left) -> None:
        event.stop()
        self._search_bar.display = bool(self._query.tests)
        self.set_focus(None)

    @on(OptionList.OptionHighlighted)
    def _follow_mouse(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._show_about()

    @on(OptionList.OptionSelected)
    def _run_clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Run the command of the entry, if it has one."""
        entry = self.highlighted
        if entry is not None and entry.command_id:
            self.dismiss(entry.command_id)

    def action_leave(self) -> None:
        """Leave the search, then the help."""
        if self._query.tests:
            self._search_bar.clear()
            self._search_bar.display = False
        else:
            self.dismiss(None)


def palette_items(context: CommandContext, keys: Mapping[str, str]) -> list[PickerItem]:
    """The commands for the palette: first those that are available, then the others with the reason why not."""
    able, unable = [], []
    for command in COMMANDS:
        if not command.action or command.id == "palette":
            continue
        shortcut = key_label(keys.get(command.id, command.key))
        reason = command.unavailable_reason(context)
        if reason is None:
            able.append(PickerItem(command.id, command.current_title(context), command.help, shortcut=shortcut))
        else:
            why = f"Not now: {reason}" if reason else "Nothing to do now."
            unable.append(PickerItem(command.id, command.title, why, shortcut=shortcut))
    return able + unable
