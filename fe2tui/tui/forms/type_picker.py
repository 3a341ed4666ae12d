"""The picker of instance types: a filter over all types of a region."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.errors import Fe2Error
from fe2tui.model.command_text import CommandText
from fe2tui.model.filters import FilterError
from fe2tui.model.fleet import Prices
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.text import DASH, dollars, fit, join_words, visible
from fe2tui.model.type_filter import TYPE_SORTS, TypeScope
from fe2tui.paths import stylesheets_folder
from fe2tui.tui.forms.form import Form, dim, error_content, safe_content
from fe2tui.tui.forms.picker import sort_picker
from fe2tui.tui.forms.type_list import (
    TypeList,
    TypeRows,
    TypeSource,
    UnfitReason,
    architecture_text,
    gpu_memory,
    gpu_text,
    local_disk_text,
    network_text,
)
from fe2tui.tui.widgets.cells import wrap
from fe2tui.tui.widgets.grid import Cell
from fe2tui.tui.widgets.table import FIELD_MOVEMENT_BINDINGS, RowStyle, Table


class TypeTable(Table, can_focus=False):
    """The table of types; the keys of the form and the mouse move its cursor."""

    def __init__(self) -> None:
        self.types = TypeRows((), TypeScope(Prices(), {}), {})
        self._placed_id: str | None = None
        super().__init__(self.types, id="types")

    def show_types(self, types: TypeRows, sorted_by: tuple[str, bool]) -> None:
        self.types, self.sorted_by = types, sorted_by
        self.show(types)

    def place_cursor(self, name: str) -> None:
        """Put the cursor on the type of that name, else on the first, and scroll to it."""
        if not self.go_to(name) and self.types.ids:
            self.go_to(self.types.ids[0])
        self._placed_id = self.cursor_id
        if self._cursor or self.scroll_y:  # again when the table has its height and is drawn
            self.call_after_refresh(self.action_move, 0)

    @property
    def is_cursor_moved(self) -> bool:
        """Whether a person has moved the cursor since it was placed."""
        return self.cursor_id != self._placed_id

    def _row_style(self, row: int) -> RowStyle:
        look = super()._row_style(row)
        return RowStyle(look.row_id, "cursor", look.is_marked) if look.background == "idle" else look


DESCRIPTION_LINES = 3  # the height of #about in types.tcss
SEVERAL_PRICES = "several prices, see https://aws.amazon.com/ec2/pricing/on-demand/"
_HYPERVISORS = {"nitro": "Nitro", "xen": "Xen"}


def empty_text(types: TypeList, region: str, error: Fe2Error | None) -> Sequence[Cell]:
    if types.catalogue is not None:
        more = "ctrl+r shows the types that cannot be chosen." if types.hidden and not types.shows_unfit else ""
        return (("No type fits.", "text"), (more, "dim"))
    if error is not None:
        return (("The types could not be read.", "text"), (visible(error.remedy), "dim"))
    return ((f"Reading the instance types of {visible(region)} …", "text"), ("This takes a few seconds.", "dim"))


def type_description(types: TypeList, name: str | None, region: str, width: int) -> Content:
    """Why a type cannot be chosen, its size, and as many facts as fit DESCRIPTION_LINES of a width; empty for None."""
    kind = types.type(name)
    if kind is None:
        return Content("")
    why = types.reasons.get(kind.name)
    refusal = Content.assemble(("× ", "$warning"), safe_content(why), "\n") if why else Content("")
    facts = [fact for fact in type_facts(kind, types.scope, region) if fact]
    head = f"{visible(kind.name)}  {type_summary(kind)}"
    lines = DESCRIPTION_LINES - (len(wrap(f"× {visible(why)}", width)) if why else 0)
    while facts and len(wrap(f"{head}  {visible(' · '.join(facts))}", width)) > lines:
        facts.pop()
    return Content.assemble(
        refusal, safe_content(kind.name, "bold"), "  ", safe_content(type_summary(kind)), "  ", dim(" · ".join(facts))
    )


def type_summary(kind: InstanceType) -> str:
    """``4 vCPU, 16 GiB, 1 × T4 with 16 GB``."""
    memory = f"{kind.memory / 1024:,.1f}".removesuffix(".0")
    parts = [f"{kind.vcpus:,} vCPU", f"{memory} GiB"]
    if kind.devices_text:
        is_one = (kind.gpus or kind.accelerators) == 1
        each = f" with {gpu_memory(kind)} GB{'' if is_one else ' each'}" if gpu_memory(kind) else ""
        parts.append(f"{gpu_text(kind)}{each}")
    return ", ".join(parts)


def type_facts(kind: InstanceType, at: TypeScope, region: str) -> Iterator[str]:
    """Further facts, the most important first."""
    yield _zones_text(kind, at, region)
    yield architecture_text(kind)
    if (network := network_text(kind)) != DASH:
        yield f"network {network}"
    if (disk := local_disk_text(kind)) != DASH:
        yield f"local disk {disk}, erased when it stops"
    yield from _spot_texts(kind, at)
    if kind.burstable:
        yield "burstable: a baseline share of its CPU, credits for more"
    if kind.free_tier:
        yield "free tier"
    if not kind.current:
        yield "previous generation"
    yield "bare metal" if kind.bare_metal else _HYPERVISORS.get(kind.hypervisor, visible(kind.hypervisor))
    if kind.boot_modes:
        yield f"boots {join_words([visible(mode) for mode in kind.boot_modes], 'or')}"
    yield {"required": "needs ENA", "unsupported": "no ENA"}.get(kind.ena, "ENA")
    yield "can hibernate" if kind.hibernation else "cannot hibernate"


def _zones_text(kind: InstanceType, at: TypeScope, region: str) -> str:
    if not at.zones:
        return "zones not known"
    zones = [zone.removeprefix(f"{region.rsplit('-', 1)[0]}-") for zone in at.zones.get(kind.name, ())]
    return f"in {' '.join(map(visible, zones))}" if zones else "in no zone"


def _spot_texts(kind: InstanceType, at: TypeScope) -> Iterator[str]:
    if kind.name in at.prices.several:
        yield SEVERAL_PRICES
    if not kind.spot:
        yield "no spot"
        return
    if zone_prices := at.spot_prices_by_zone(kind):
        each = [f"{visible(zone.rsplit('-', 1)[-1])} {dollars(price, 4)}" for price, zone in zone_prices]
        yield f"spot {', '.join(each)}"


EXAMPLES = ("words", "vcpu>=8", "mem>=32", "gpu:a10g", "arch:arm64", "price<1.5", "zone:2a", "current", "-burstable")
CHECK_SECONDS = 1.0  # seconds between two checks for newer types or prices


@dataclass(frozen=True, slots=True)
class InitialFilter:
    """A filter, and the id of the column to sort by; empty for the usual one."""

    filter: str
    sort: str = ""


class TypeFilterInput(Input):
    """The filter line.

    It reports a change at once, not by a message, so that the list follows in the same frame.
    """

    def __init__(self, report_text: Callable[[str], None]) -> None:
        super().__init__(id="filter", compact=True)
        self._report_text = report_text

    def on_resize(self) -> None:
        self.placeholder = fit(
            self.content_size.width, ["  ".join(EXAMPLES[:count]) for count in range(len(EXAMPLES), 0, -1)]
        )

    def watch_value(self, value: str) -> None:
        if self.is_mounted:
            self._report_text(value)


class FixedHeightText(Static):
    """Text of a fixed height: a new layout of the screen with each key would take most of the time of a key."""

    def set_content(self, content: Content) -> None:
        self.update(content, layout=False)


class TypePicker(Form[str]):
    """Answers with the name of the picked type, or None. Types that cannot be chosen are hidden until asked for.

    ``unfit_reason`` says why a type cannot be chosen; ``current_type`` is the type of the instance.
    """

    TYPED_AHEAD = "all"
    CSS_PATH: ClassVar[CSSPathType | None] = [stylesheets_folder() / "forms.tcss", stylesheets_folder() / "types.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        *FIELD_MOVEMENT_BINDINGS,
        Binding("ctrl+o", "sort", show=False, priority=True),
        Binding("ctrl+r", "others", show=False, priority=True),
        Binding("ctrl+t", "prices", show=False, priority=True),
    ]

    def __init__(
        self,
        source: TypeSource,
        *,
        region: str,
        clock: Callable[[], datetime],
        unfit_reason: UnfitReason | None = None,
        current_type: str = "",
        title: str = "Instance types",
        submit_word: str = "Choose",
        initial_filter: InitialFilter | None = None,
        show_spot_prices: Callable[[str], None] | None = None,
        command: Callable[[str], CommandText] | None = None,
    ) -> None:
        """``show_spot_prices`` gets the type whose spot prices a person wants to see; the form is closed then.

        ``command`` gives the command that does the same with a type.
        """
        super().__init__(title, submit_label=submit_word)
        self._initial_filter = initial_filter
        self._source = source
        self._show_spot_prices = show_spot_prices
        if command is not None:
            self.command_text = lambda: command(kind.name) if (kind := self._selected_type) is not None else None
        self._region = region
        self._clock = clock
        self._type_list = TypeList(unfit_reason, current_type)
        self._error: Fe2Error | None = None
        self._filter_error: FilterError | None = None
        self._description = Content("")
        self._table = TypeTable()

    def compose(self) -> Iterator[Widget]:
        yield from self.compose_frame(
            TypeFilterInput(self._apply_filter),
            FixedHeightText(id="said"),
            self._table,
            FixedHeightText(id="about"),
            classes="-types",
        )

    def on_mount(self) -> None:
        self._type_list.update(self._source.cached(), self._source.prices())
        if self._initial_filter is not None:
            if self._initial_filter.sort:
                self._type_list.sort_by(self._initial_filter.sort)
            self.query_one("#filter", Input).value = self._initial_filter.filter
        self._show_list()
        self._place_cursor()
        self.start_worker(self._read_types)
        self.start_worker(self._read_spot_prices)
        self.set_interval(CHECK_SECONDS, self._check_source)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_description)

    def extra_keys(self) -> Sequence[tuple[str, str, str]]:
        others = [("^r", "Those that fit" if self._type_list.shows_unfit else "Others", "others")]
        prices = [("^t", "Spot prices", "prices")] if self._show_spot_prices is not None else []
        return [("^o", "Sort", "sort"), *(others if self._type_list.hidden else []), *prices]

    @property
    def _selected_type(self) -> InstanceType | None:
        return self._type_list.type(self._table.cursor_id)

    # Types and prices that come while it is open

    async def _read_types(self) -> None:
        try:
            catalogue = await self._source.read()
        except Fe2Error as error:
            self._error = error
            self._show_list()
        else:
            first = self._type_list.catalogue is None
            if self._type_list.update(catalogue, self._source.prices()):
                self._show_list()
            if first:
                self._place_cursor()

    async def _read_spot_prices(self) -> None:
        """Errors are shown in the summary only: types can be picked without spot prices."""
        self._type_list.spot_status = "reading spot prices …"
        self._show_summary()
        try:
            await self._source.read_spot_prices()
        except Fe2Error as error:
            self._type_list.spot_status = f"spot prices could not be read: {error.summary}"
        else:
            self._type_list.spot_status = ""
        self._check_source()
        self._show_summary()

    def _check_source(self) -> None:
        if self._type_list.update(self._source.cached() or self._type_list.catalogue, self._source.prices()):
            was_moved = self._table.is_cursor_moved
            self._show_list()
            if not was_moved:  # new prices may change which type is first
                self._place_cursor()

    # What is shown

    def _show_list(self) -> None:
        """Redraw the list; the cursor stays on its type if that is still shown."""
        rows = self._type_list.rows()
        self._table.empty_lines = empty_text(self._type_list, self._region, self._error)
        self._table.show_types(rows, (self._type_list.sort, self._type_list.descending))
        self.write_key_hints()
        self._show_summary()
        self._show_description()

    def _show_summary(self) -> None:
        error = self._filter_error or (self._error if self._type_list.catalogue is None else None)
        if error is not None:
            words = error_content(error)
        else:
            words = dim(" · ".join(self._type_list.summary_parts(self._clock())))
        self.query_one("#said", FixedHeightText).set_content(words)

    @on(Table.CursorMoved)
    def _show_description(self) -> None:
        width = self.query_one("#about").content_size.width or self.app.size.width - 4
        about = type_description(self._type_list, self._table.cursor_id, self._region, width)
        if about != self._description:  # both the list and its cursor call this
            self._description = about
            self.query_one("#about", FixedHeightText).set_content(about)

    def _place_cursor(self) -> None:
        """Put the cursor on the type whose name is typed, else on the first; without a filter on the current type."""
        typed = self.query_one("#filter", Input).value.strip().lower()
        self._table.place_cursor(typed or self._type_list.current_type)

    # What a person does

    def _apply_filter(self, text: str) -> None:
        self._filter_error = self._type_list.set_filter(text)
        self._show_list()
        self._place_cursor()

    def action_move(self, by: int) -> None:
        self._table.action_move(by)

    def action_page(self, by: float) -> None:
        self._table.action_page(by)

    def action_sort(self) -> None:
        self.app.push_screen(sort_picker(TYPE_SORTS.values(), self._type_list.sort), self._sort_by)

    @on(Table.SortRequested)
    def _sort_by(self, asked: Table.SortRequested | str | None) -> None:
        sort = asked.sort if isinstance(asked, Table.SortRequested) else asked
        if sort is None:
            return
        was_moved = self._table.is_cursor_moved
        self._type_list.sort_by(sort)
        self._show_list()
        if not was_moved:
            self._place_cursor()

    def action_prices(self) -> None:
        kind = self._selected_type
        if self._show_spot_prices is not None and kind is not None:
            self._show_spot_prices(kind.name)
            self.dismiss(None)

    def action_others(self) -> None:
        if self._type_list.hidden:
            self._type_list.shows_unfit = not self._type_list.shows_unfit
            self._show_list()

    @on(Table.RowOpened)
    def _pick_opened(self, event: Table.RowOpened) -> None:
        event.stop()
        self._pick()

    def action_submit(self) -> None:
        """Pick the type under the cursor; if part of the filter is wrong, only after the cursor was moved."""
        if not self._filter_error or self._table.is_cursor_moved:
            self._pick()

    def _pick(self) -> None:
        kind = self._selected_type
        if kind is None:
            return
        why = self._type_list.reasons.get(kind.name)
        if why is None:
            self.dismiss(kind.name)
        else:
            self.query_one("#said", FixedHeightText).set_content(
                Content.assemble(("▲ ", "$error"), safe_content(f"{kind.name} cannot be chosen: {why}"))
            )
