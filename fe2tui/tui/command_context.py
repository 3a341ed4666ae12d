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
    """What is chosen in the spot pane; no ``type`` before anything is.

    ``zone`` is empty unless one is chosen, ``moment`` what the cursor in the chart points at. ``pinned``: a person
    picked the type; else it is that of the selected instance. ``family`` is the one that is opened in the list.
    """

    type: str = ""
    zone: str = ""
    days: int = 7
    moment: datetime | None = None
    is_pinned: bool = False
    family: str = ""


class CommandContext(NamedTuple):
    """The dashboard at one moment. ``marked`` are those marked *and* shown, in the order shown.

    ``shown_count`` and ``filter_text`` are those of the list that commands act on (``pane``; while
    that is the activity, of the list that was it before). ``image`` and ``marked_images`` are rows of the images, own
    and public ones: the account's own are those in ``fleet.images``.
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

    @property
    def targets(self) -> tuple[Instance, ...]:
        """What a command acts on: the marked ones, else the selected one, else nothing. Never a hidden row."""
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
        """What a command of any list acts on, in the list that it is pressed in."""
        if self.pane == SPOT:
            return (self.spot,) if self.spot.type else ()
        return self.images if self.pane == IMAGES else self.targets

    @property
    def marked_count(self) -> int:
        """How many are marked and shown in the list that the command is pressed in."""
        return 0 if self.pane == SPOT else len(self.marked_images if self.pane == IMAGES else self.marked_instances)

    @property
    def region(self) -> str:
        """The region that is shown."""
        return self.location.region


def is_form_open(context: CommandContext) -> bool:
    """Whether a form is open, and what is typed is meant for it."""
    return isinstance(context.services.app.screen, ModalScreen)


async def wait_until_no_form(context: CommandContext) -> None:
    """Wait until no form is open: what a person types there must not answer a question of a task under way."""
    while is_form_open(context):  # noqa: ASYNC110 - Textual tells nobody of a screen that goes
        await asyncio.sleep(0.1)
