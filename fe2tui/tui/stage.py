"""Which panes share the terminal: three of them where it is wide, one at a time where it is not."""

from __future__ import annotations

from collections.abc import Collection

from textual.screen import Screen

from fe2tui.tui.command import PANES
from fe2tui.tui.panes.activity import ActivityPane
from fe2tui.tui.panes.lists import Lists
from fe2tui.tui.possible import ACTIVITY, IMAGES, INSTANCES, SPOT

WIDE = 150
TALL, BROAD = 30, 100
DETAILS = "details"
DESCRIBED = (INSTANCES, IMAGES)
"""The panes whose rows have details."""


def in_sight(pane: str, described: str, *, beside: bool, details: bool, activity: bool) -> frozenset[str]:
    """What is displayed. ``pane`` is the one that has the screen when they are not ``beside`` each other.

    ``described`` is the list whose details are shown: they lie over the other list, the activity always over the
    images, so that nothing that is looked at moves.
    """
    if not beside:
        return frozenset({pane, DETAILS} if details and pane in DESCRIBED else {pane})
    if activity:
        return frozenset({INSTANCES, ACTIVITY, SPOT})
    return frozenset({described, DETAILS, SPOT} if details else {INSTANCES, IMAGES, SPOT})


class Stage:
    """Keeps the classes of the main screen that its style sheet arranges the panes by."""

    def __init__(self, screen: Screen[None], lists: Lists, activity: ActivityPane) -> None:
        self._screen = screen
        self._lists = lists
        self._activity = activity
        self._is_wide = self._is_roomy = self._is_zoomed = False
        self._details_wanted: bool | None = None
        self._activity_lies_over = False
        self.pane = INSTANCES
        """The pane that commands act on."""
        self.described = INSTANCES
        """The list whose details are shown."""

    @property
    def is_beside(self) -> bool:
        """Whether several panes are in sight."""
        return self._is_wide and not self._is_zoomed

    @property
    def in_sight(self) -> frozenset[str]:
        """What is displayed."""
        return in_sight(
            self.pane,
            self.described,
            beside=self.is_beside,
            details=self._are_details_wanted and not self._is_zoomed,
            activity=self._activity_lies_over,
        )

    @property
    def _are_details_wanted(self) -> bool:
        return self._is_roomy if self._details_wanted is None else self._details_wanted

    def named(self, pane: str) -> Collection[str]:
        """The panes that the frame of one names: its own, and, in one of the frames, those that are not in sight."""
        if not self.is_beside:
            return PANES.keys()
        shown = self.in_sight
        lowest = ACTIVITY if ACTIVITY in shown else self.described if DETAILS in shown else IMAGES
        return {pane, *(PANES.keys() - shown if pane == lowest else ())}

    def choose(self, pane: str) -> None:
        """Commands act on this one from now on; where there is room for one alone, it is this one."""
        self.pane = pane
        if pane == ACTIVITY:
            self._activity_lies_over = self.is_beside
        else:
            self._activity_lies_over &= self.is_beside and pane != IMAGES
            self._lists.choose(pane)
        if pane in DESCRIBED:
            self.described = pane
        self._apply()

    def leave_activity(self) -> str:
        """Take the activity away from over the images; the pane that it was come from, to go to now."""
        self._activity_lies_over = False
        return self._lists.acting.kind.pane

    def toggle_activity(self) -> str:
        """The pane to go to: the activity, or from it, where it lies over the images, back."""
        return self.leave_activity() if self.pane == ACTIVITY and self.is_beside else ACTIVITY

    def zoom(self) -> None:
        """Give the screen to the pane that commands act on, or give it back."""
        self._is_zoomed = not self._is_zoomed
        self._activity_lies_over |= self.pane == ACTIVITY
        self._apply()

    def toggle_details(self) -> None:
        """Show or hide the details."""
        self._details_wanted = DETAILS not in self.in_sight
        self._is_zoomed = self._activity_lies_over = False
        self._apply()

    def arrange(self, width: int, height: int) -> None:
        """Show the panes that fit into so many cells."""
        self._is_wide = width >= WIDE
        self._is_roomy = BROAD <= width < WIDE and height >= TALL
        self._activity_lies_over |= self._is_wide and self.pane == ACTIVITY
        self._apply()

    def _apply(self) -> None:
        shown, screen = self.in_sight, self._screen
        classes = {f"-{pane}": pane in shown for pane in (*PANES, DETAILS)}
        screen.update_classes({"-beside": self.is_beside, **classes}, update=screen.is_mounted)
        self._activity.named = self.named(ACTIVITY)
