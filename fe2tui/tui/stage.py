"""Which panes share the terminal: all of them where it is wide, one at a time where it is not."""

from __future__ import annotations

from textual.screen import Screen

from fe2tui.tui.panes.activity import ActivityPane
from fe2tui.tui.panes.lists import Lists
from fe2tui.tui.possible import ACTIVITY

WIDE = 150
TALL, BROAD = 30, 100


class Stage:
    """Keeps the classes of the main screen that its style sheet arranges the panes by."""

    def __init__(self, screen: Screen[None], lists: Lists, activity: ActivityPane) -> None:
        self._screen = screen
        self._lists = lists
        self._activity = activity
        self._details_wanted: bool | None = None

    @property
    def pane(self) -> str:
        """The pane that commands act on."""
        is_activity = self._activity.has_focus if self.is_wide else self._screen.has_class("-activity")
        return ACTIVITY if is_activity else self._lists.acting.kind.pane

    @property
    def is_wide(self) -> bool:
        """Whether several panes are in sight."""
        return self._screen.has_class("-wide") and not self._screen.has_class("-zoom")

    def choose(self, pane: str) -> None:
        """Where there is room for one pane alone, it is this one from now on."""
        screen, lists = self._screen, self._lists
        screen.set_class(pane == ACTIVITY, "-activity")
        if pane != ACTIVITY:
            lists.choose(pane)
            for one in lists:
                screen.set_class(one is lists.acting, f"-{one.kind.pane}")

    def zoom(self) -> None:
        """Give the screen to the pane with the focus, or give it back."""
        pane = self.pane
        self._screen.toggle_class("-zoom")
        self.choose(pane)

    def toggle_details(self) -> None:
        """Show or hide the details."""
        if self._screen.has_class("-zoom"):
            self._screen.remove_class("-zoom")
            self._details_wanted = True
        else:
            self._details_wanted = not self._screen.has_class("-details")

    def arrange(self, width: int, height: int) -> None:
        """Show the panes that fit into so many cells."""
        roomy = width >= WIDE or (width >= BROAD and height >= TALL)
        self._screen.set_class(width >= WIDE, "-wide")
        self._screen.set_class(roomy if self._details_wanted is None else self._details_wanted, "-details")
        self._activity.alone = not self.is_wide
