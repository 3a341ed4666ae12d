"""What an action of the dashboard is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from fe2tui.model.words import listed
from fe2tui.tui import possible
from fe2tui.tui.possible import ACTIVITY, IMAGES, INSTANCES, SPOT

if TYPE_CHECKING:
    from fe2tui.tui.view import View

Check = Callable[["View"], "str | None"]

PANES: Mapping[str, tuple[str, str]] = {
    INSTANCES: ("1", "Instances"),
    IMAGES: ("2", "Images"),
    SPOT: ("3", "Spot"),
    ACTIVITY: ("6", "Activity"),
}
EVERYWHERE = frozenset(PANES)
ACTIONS, VERBS = "fe2tui.tui.actions", "fe2tui.tui.verbs"


class Command(NamedTuple):
    """One action.

    ``check`` gives None, or in words why it cannot be done now. ``run`` is ``module:function``, imported on use; the
    function takes the ``View`` of the moment the key was pressed and may be a coroutine function, which then runs in a
    worker. ``order`` is its place in the footer, lowest first; 0 keeps it out; with a ``home``, it stands there in that
    pane alone. ``keys`` are further keys, never shown.
    """

    id: str
    key: str
    title: str
    help: str
    group: str
    run: str
    check: Check = possible.always
    scopes: frozenset[str] = EVERYWHERE
    order: int = 0
    changes: bool = False
    keys: tuple[str, ...] = ()
    word: Callable[[View], str] | None = None
    at_right: bool = False
    home: str = ""

    def reason(self, view: View) -> str | None:
        """Why it cannot be done here and now, in words; None when it can."""
        if view.pane not in self.scopes:
            names = [title for pane, (_, title) in PANES.items() if pane in self.scopes]
            return f"{self.title} means something in the {listed(names)} pane{'s' if len(names) > 1 else ''} only."
        if self.changes and view.read_only:
            return "This session may only read: it was opened read-only."
        return self.check(view)

    def title_now(self, view: View) -> str:
        """The word for the footer here and now."""
        return self.word(view) if self.word else self.title
