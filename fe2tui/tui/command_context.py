"""The facts that a command decides by: what was shown, selected and marked when its key was pressed."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from textual.screen import ModalScreen

from fe2tui.model.fleet import Fleet
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance
from fe2tui.model.location import Location
from fe2tui.tui.pane_ids import IMAGES, SPOT

if TYPE_CHECKING:
    from fe2tui.tui.services import Services


class SpotChoice(NamedTuple):
    """What is selected in the spot pane. ``type`` is empty before anything is.

    ``zone`` is empty unless one is selected; ``moment`` is where the cursor in the chart is. ``is_pinned``: the type
    was selected in the pane; otherwise it is that of the selected instance. ``family`` is the one that is open.
    """

    type: str = ""
    zone: str = ""
    days: int = 7
    moment: datetime | None = None
    is_pinned: bool = False
    family: str = ""


class CommandContext(NamedTuple):
    """The dashboard at one moment.

    ``pane`` is the pane that commands act on. ``selected_instance`` and ``selected_image`` are under the cursors of
    their lists; in Activity, they are what its row is about. ``marked_instances`` and ``marked_images`` are marked
    *and* shown, in the order shown; ``hidden_mark_count`` counts the marked rows of the pane that its filter hides.
    ``visible_count`` and ``filter_text`` are those of the pane's list, or in Activity those of the list before;
    ``search_text`` is what is searched for in Activity or in a full view. Images may be the account's own (those in
    ``fleet.images``) or public. ``starting_ids`` are the instances that a task of this dashboard starts, and that AWS
    still shows as stopped. ``is_full_view``: the details or the console output of the selected row fill the screen;
    ``block_word`` is what enter does in their current block, in a word; empty for nothing.
    ``has_activity``: there are rows in Activity.
    """

    services: Services
    location: Location
    pane: str
    fleet: Fleet | None = None
    selected_instance: Instance | None = None
    marked_instances: tuple[Instance, ...] = ()
    visible_count: int = 0
    filter_text: str = ""
    running_tasks: int = 0
    read_only: bool = False
    selected_image: Image | None = None
    marked_images: tuple[Image, ...] = ()
    spot: SpotChoice = SpotChoice()
    is_spot_visible: bool = False
    starting_ids: frozenset[str] = frozenset()
    is_full_view: bool = False
    block_word: str = ""
    hidden_mark_count: int = 0
    search_text: str = ""
    can_resize: bool = False
    has_activity: bool = False

    @property
    def targets(self) -> tuple[Instance, ...]:
        """The instances that a command acts on: the marked ones, else the selected one. Never a hidden row."""
        if self.marked_instances:
            return self.marked_instances
        return (self.selected_instance,) if self.selected_instance is not None else ()

    @property
    def images(self) -> tuple[Image, ...]:
        """The images that a command acts on: the marked ones, else the selected one. Never a hidden row."""
        if self.marked_images:
            return self.marked_images
        return (self.selected_image,) if self.selected_image is not None else ()

    @property
    def pane_targets(self) -> tuple[Instance, ...] | tuple[Image, ...] | tuple[SpotChoice, ...]:
        if self.pane == SPOT:
            return (self.spot,) if self.spot.type else ()
        return self.images if self.pane == IMAGES else self.targets

    @property
    def marked_count(self) -> int:
        return 0 if self.pane == SPOT else len(self.marked_images if self.pane == IMAGES else self.marked_instances)

    @property
    def region(self) -> str:
        return self.location.region


def is_form_open(context: CommandContext) -> bool:
    return isinstance(context.services.app.screen, ModalScreen)


async def wait_until_no_form(context: CommandContext) -> None:
    """Wait until no form is open: keys typed for one form must not answer the question of another."""
    while is_form_open(context):  # noqa: ASYNC110 - Textual has no event for a screen that is popped
        await asyncio.sleep(0.1)
