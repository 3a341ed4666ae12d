"""Which panes there are, which of them commands act on, and which are visible at a terminal size."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from math import ceil
from typing import NamedTuple

from textual.screen import Screen
from textual.widget import Widget

from fe2tui.tui.pane_ids import ACTIVITY, IMAGES, INSTANCES, MARKABLE_PANES, PANES, SPOT
from fe2tui.tui.panes.base import Pane
from fe2tui.tui.panes.list_pane import ListPane
from fe2tui.tui.preferences import Preferences


class PaneSet:
    """The panes with lists. ``acting_pane`` is the one that commands act on: it has the focus, or had it last."""

    def __init__(self, *panes: Pane) -> None:
        """The first pane has the focus when the program starts."""
        self._panes = {pane.kind.pane: pane for pane in panes}
        self.acting_pane = panes[0]

    def __iter__(self) -> Iterator[Pane]:
        return iter(self._panes.values())

    def __getitem__(self, name: str) -> Pane:
        return self._panes[name]

    def list_pane(self, name: str) -> ListPane:
        pane = self._panes[name]
        assert isinstance(pane, ListPane), f"{name} has no rows to mark"
        return pane

    def set_acting_pane(self, name: str) -> None:
        self.acting_pane = self._panes[name]

    @property
    def focused_pane(self) -> Pane | None:
        return next((pane for pane in self if pane.has_focus_within), None)

    def select(self, row_id: str) -> Pane | None:
        """Put the cursor on a row, now or when it appears. Returns the pane whose rows have such ids."""
        pane = next((pane for pane in self if pane.kind.id_prefix and row_id.startswith(pane.kind.id_prefix)), None)
        if pane is not None:
            pane.go_to_row(row_id)
        return pane

    def write_frame_titles(
        self, tab_panes: Callable[[str], Collection[str]], other_counts: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Write the tabs into each frame; ``tab_panes`` gives those that it names. Returns the counts shown.

        ``other_counts`` are those of panes without a list.
        """
        counts = {pane.kind.pane: pane.count_text for pane in self} | dict(other_counts)
        for pane in self:
            pane.write_frame_title(counts, tab_panes(pane.kind.pane))
        return counts


WIDE_COLUMNS = 150
ROOMY_LINES, ROOMY_COLUMNS = 30, 100
DETAILS = "details"


def visible_panes(
    pane: str, details_pane: str, *, is_side_by_side: bool, shows_details: bool, shows_activity: bool
) -> frozenset[str]:
    """The panes that are displayed. Unless several are side by side, ``pane`` has the screen.

    ``details_pane`` is the list whose details are shown, in the space of the other list. Activity is always shown in
    the space of the images.
    """
    if not is_side_by_side:
        return frozenset({pane, DETAILS} if shows_details and pane in MARKABLE_PANES else {pane})
    if shows_activity:
        return frozenset({INSTANCES, ACTIVITY, SPOT})
    return frozenset({details_pane, DETAILS, SPOT} if shows_details else {INSTANCES, IMAGES, SPOT})


class PaneSizes(NamedTuple):
    """The width of the spot pane and the height of the upper pane, in thousandths of the screen, where three panes are
    visible; and the lines of the details below a list. The defaults are those of the style sheet.
    """

    right: int = 333
    top: int = 600
    details: int = 11


_USUAL_SIZES = PaneSizes()
WHOLE, MIN_SHARE, MAX_SHARE = 1000, 200, 800
MIN_LINES = 5  # of a pane
STEP = 40  # thousandths by which a key resizes a pane


class PaneWidgets(NamedTuple):
    """What is resized: the column of lists, the panes in it, the details, and the spot pane beside them."""

    left: Widget
    instances: Widget
    images: Widget
    activity: Widget
    details: Widget
    spot: Widget


class PaneLayout:
    """Decides which panes are visible and how large, and sets the classes by which the style sheet arranges them."""

    def __init__(self, screen: Screen[None], pane_set: PaneSet, widgets: PaneWidgets, preferences: Preferences) -> None:
        self._screen = screen
        self._pane_set = pane_set
        self._widgets = widgets
        self._preferences = preferences
        self._size = (0, 0)  # of the terminal
        self._set_rules: Mapping[tuple[Widget, str], str | int] = {}
        self._is_wide = self._details_fit = self._is_zoomed = False
        self._details_choice: bool | None = None
        self._is_activity_open = False
        self.pane = INSTANCES  # that commands act on
        self.details_pane = INSTANCES  # the list whose details are shown

    @property
    def is_side_by_side(self) -> bool:
        return self._is_wide and not self._is_zoomed

    @property
    def visible_panes(self) -> frozenset[str]:
        return visible_panes(
            self.pane,
            self.details_pane,
            is_side_by_side=self.is_side_by_side,
            shows_details=self._shows_details and not self._is_zoomed,
            shows_activity=self._is_activity_open,
        )

    @property
    def _shows_details(self) -> bool:
        return self._details_fit if self._details_choice is None else self._details_choice

    def tab_panes(self, pane: str) -> Collection[str]:
        """The panes that the frame of ``pane`` names: itself; the lowest also names those not visible."""
        if not self.is_side_by_side:
            return PANES.keys()
        visible = self.visible_panes
        lowest = ACTIVITY if ACTIVITY in visible else self.details_pane if DETAILS in visible else IMAGES
        return {pane, *(PANES.keys() - visible if pane == lowest else ())}

    def activate(self, pane: str) -> None:
        """Make commands act on a pane. Where only one pane fits, it is shown."""
        self.pane = pane
        if pane == ACTIVITY:
            self._is_activity_open = self.is_side_by_side
        else:
            self._is_activity_open &= self.is_side_by_side and pane != IMAGES
            self._pane_set.set_acting_pane(pane)
        if pane in MARKABLE_PANES:
            self.details_pane = pane
        self._update_classes()

    def leave_activity(self) -> str:
        """Close Activity where it covers the images. Returns the pane to go to: the one before."""
        self._is_activity_open = False
        return self._pane_set.acting_pane.kind.pane

    def toggle_activity(self) -> str:
        """The pane to go to: Activity; or the one before if Activity already covers the images."""
        return self.leave_activity() if self.pane == ACTIVITY and self.is_side_by_side else ACTIVITY

    def zoom(self) -> None:
        self._is_zoomed = not self._is_zoomed
        self._is_activity_open |= self.pane == ACTIVITY
        self._update_classes()

    def toggle_details(self) -> None:
        self._details_choice = DETAILS not in self.visible_panes
        self._is_zoomed = self._is_activity_open = False
        self._update_classes()

    # Sizes

    @property
    def sizes(self) -> PaneSizes:
        saved = self._preferences.sizes
        return PaneSizes(**{name: self._limit(name, saved[name]) for name in PaneSizes._fields if name in saved})

    def _limit(self, name: str, size: int) -> int:
        """A size within what leaves each pane readable."""
        if name == "details":
            return max(MIN_LINES, min(size, self._size[1] - 2 - MIN_LINES))  # status line, footer, and a list
        return max(MIN_SHARE, min(size, MAX_SHARE))

    @property
    def _top(self) -> Widget:
        """The upper of the two panes in the column of lists, where they are side by side with the spot pane."""
        has_details_on_top = DETAILS in self.visible_panes and self.details_pane == IMAGES
        return self._widgets.details if has_details_on_top else self._widgets.instances

    @property
    def can_resize(self) -> bool:
        return self.is_side_by_side or DETAILS in self.visible_panes

    def resize(self, steps: int) -> None:
        """Make the pane that commands act on larger, or smaller if ``steps`` is negative."""
        sizes = self.sizes
        if self.is_side_by_side and self.pane == SPOT:
            self.set_sizes(right=sizes.right + STEP * steps)
        elif self.is_side_by_side:
            is_on_top = self._top is self._widgets.instances and self.pane == INSTANCES
            self.set_sizes(top=sizes.top + STEP * (steps if is_on_top else -steps))
        else:
            self.set_sizes(details=sizes.details - steps)

    def set_sizes(self, **sizes: int) -> None:
        """Set some of ``PaneSizes``, as far as each pane stays readable."""
        limited = {name: self._limit(name, size) for name, size in sizes.items()}
        self._preferences.sizes = {**self._preferences.sizes, **limited}
        self._apply_sizes()

    def edge_at(self, x: int, y: int) -> str:
        """The one of ``PaneSizes`` that is changed by dragging the edge at a point of the screen; empty for none.

        The edge above the lower pane has its title, which is clicked; the lower edge of the upper pane is dragged.
        """
        widgets = self._widgets
        if not widgets.left.region.y <= y < widgets.left.region.bottom:
            return ""
        if not self.is_side_by_side:
            return "details" if DETAILS in self.visible_panes and y == widgets.details.region.y - 1 else ""
        if x in (widgets.left.region.right - 1, widgets.spot.region.x):
            return "right"
        return "top" if x < widgets.left.region.right and y == self._top.region.bottom - 1 else ""

    def drag(self, edge: str, x: int, y: int) -> None:
        left, width = self._widgets.left.region, self._size[0]
        if edge == "details":
            self.set_sizes(details=left.bottom - y - 1)
        elif edge == "right":
            self.set_sizes(right=WHOLE - ceil(WHOLE * x / width))
        else:
            self.set_sizes(top=ceil(WHOLE * (y + 1 - left.y) / left.height))

    def _apply_sizes(self) -> None:
        """Set the sizes that differ from those of the style sheet."""
        sizes, widgets = self.sizes, self._widgets
        wanted: dict[tuple[Widget, str], str | int] = {}
        if self.is_side_by_side and sizes.right != _USUAL_SIZES.right:
            wanted |= {(widgets.left, "width"): f"{WHOLE - sizes.right}fr", (widgets.spot, "width"): f"{sizes.right}fr"}
        if self.is_side_by_side and sizes.top != _USUAL_SIZES.top:
            top = self._top
            for widget in (widgets.instances, widgets.images, widgets.activity, widgets.details):
                wanted[widget, "height"] = f"{sizes.top if widget is top else WHOLE - sizes.top}fr"
        if not self.is_side_by_side and sizes.details != _USUAL_SIZES.details:
            wanted[widgets.details, "height"] = sizes.details
        for widget, rule in {**self._set_rules, **wanted}:  # setting a rule lays out the screen, even to the same value
            if self._set_rules.get((widget, rule)) != wanted.get((widget, rule)):
                setattr(widget.styles, rule, wanted.get((widget, rule)))
        self._set_rules = wanted

    def fit_to(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._is_wide = width >= WIDE_COLUMNS
        self._details_fit = ROOMY_COLUMNS <= width < WIDE_COLUMNS and height >= ROOMY_LINES
        self._is_activity_open |= self._is_wide and self.pane == ACTIVITY
        self._update_classes()

    def _update_classes(self) -> None:
        visible, screen = self.visible_panes, self._screen
        classes = {f"-{pane}": pane in visible for pane in (*PANES, DETAILS)}
        for pane in self._pane_set:
            pane.set_in_view(pane.kind.pane in visible)
        self._apply_sizes()
        screen.update_classes({"-beside": self.is_side_by_side, **classes}, update=screen.is_mounted)
