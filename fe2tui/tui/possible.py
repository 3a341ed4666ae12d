"""What can be done now, and if not, why not, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fe2tui.model.becoming import why_never
from fe2tui.model.instance import State
from fe2tui.model.words import visible

if TYPE_CHECKING:
    from fe2tui.tui.view import View

INSTANCES = "instances"
IMAGES = "images"
SPOT = "spot"
ACTIVITY = "activity"
LISTS = frozenset({INSTANCES, IMAGES})
"""The panes that are lists of what a person has: their rows can be marked."""

BROWSED = LISTS | {SPOT}
"""The panes with a list in them: what looks at one or copies from it means something in each of them."""

NOUNS: Mapping[str, str] = {INSTANCES: "instance", IMAGES: "image", SPOT: "type"}


def always(view: View) -> str | None:
    """Nothing stands in the way."""
    return None


def noun(view: View) -> str:
    """What the rows of the list are: ``instance``, ``image``."""
    return NOUNS.get(view.pane, NOUNS[INSTANCES])


def has_target(view: View) -> str | None:
    """Something is selected or marked in the list."""
    return has_fleet(view) or (None if view.meant else f"No {noun(view)} is selected.")


def has_one(view: View) -> str | None:
    """One of the list is meant, not several."""
    reason = has_target(view)
    if reason is None and len(view.meant) > 1:
        return f"{len(view.meant)} {noun(view)}s are marked; this takes one. Esc unmarks them."
    return reason


def can_launch(view: View) -> str | None:
    """In the images: of the one that is meant, if any, instances can be made."""
    if view.pane != IMAGES or not view.images:
        return None
    reason = has_one(view)
    image = view.images[0]
    if reason is not None or image.state == "available":
        return reason
    if image.state == "pending":
        return f"{visible(image.label)} is not complete yet; it can be launched from when it is."
    why = f": {visible(image.state_reason)}" if image.state_reason else ""
    return f"{visible(image.label)} is {visible(image.state)}{why}. Nothing can be launched from it."


def launch_word(view: View) -> str:
    """``Launch``; with a zone chosen in the spot prices, in which."""
    zone = view.spot.zone.rsplit("-", 1)[-1] if view.pane == SPOT else ""
    return f"Launch in {visible(zone)}" if zone else "Launch"


def can_open(view: View) -> str | None:
    """What enter does with the row: connect to an instance, launch from an image, open a family or a type's zones."""
    if view.pane == SPOT:
        return has_target(view)
    return has_one(view) or can_launch(view) if view.pane == IMAGES else can_connect(view)


def can_look_at_prices(view: View) -> str | None:
    """One is meant whose type is known; in the spot prices, that they are not those of the selected instance anyway."""
    if view.pane != SPOT:
        return has_one(view)
    return None if view.spot.pinned else "These are the prices of the selected instance's type."


def prices_word(view: View) -> str:
    """``Follow``, in the spot prices themselves."""
    return "Follow" if view.pane == SPOT else "Spot prices"


def can_remove(view: View) -> str | None:
    """At least one instance is not gone yet, or at least one image is the account's own."""
    if view.pane != IMAGES:
        return can_terminate(view)
    reason = has_target(view)
    own = view.fleet.images if view.fleet is not None else {}
    if reason is not None or any(image.id in own for image in view.images):
        return reason
    named = f"{visible(view.images[0].label)} is" if len(view.images) == 1 else "They are"
    return f"{named} public, of somebody else's; only images of your own can be deregistered."


def remove_word(view: View) -> str:
    """``Deregister`` for images, ``Terminate`` for instances."""
    return "Deregister" if view.pane == IMAGES else "Terminate"


def can_connect(view: View) -> str | None:
    """It runs, or is about to."""
    reason = has_one(view)
    if reason is not None:
        return reason
    instance = view.targets[0]
    if instance.state in (State.RUNNING, State.PENDING):
        return None
    words = instance.state.value.replace("-", " ")
    return f"{instance.label} is {words}." + (" Start it first." if instance.state is State.STOPPED else "")


def can_stop_or_start(view: View) -> str | None:
    """At least one can be stopped or started, or forced to stop."""
    reason = has_target(view)
    if reason is not None:
        return reason
    rests = (State.STOPPED, State.STOPPING)  # one that is stopping can be forced, unless it is AWS that stops it
    if any(i.state is State.RUNNING or (i.state in rests and not i.is_interrupted) for i in view.targets):
        return None
    if len(view.targets) > 1:
        return "None of those marked is running or stopped."
    instance = view.targets[0]
    if instance.is_interrupted:
        return f"AWS took {instance.label} back and starts it again when there is capacity in {instance.zone}."
    return f"{instance.label} is {instance.state.value.replace('-', ' ')}; nothing to stop or start yet."


def can_reboot(view: View) -> str | None:
    """At least one runs."""
    reason = has_target(view)
    if reason is not None or any(i.state is State.RUNNING for i in view.targets):
        return reason
    return "Only a running instance can be rebooted."


def can_freeze(view: View) -> str | None:
    """It is one, and at rest or running."""
    reason = has_one(view)
    if reason is not None:
        return reason
    instance = view.targets[0]
    if instance.state in (State.RUNNING, State.STOPPED):
        return None
    then = "" if instance.state.is_gone else " Freeze it when it is running or stopped."
    return f"{visible(instance.label)} is {instance.state.value.replace('-', ' ')}.{then}"


def can_change_type(view: View) -> str | None:
    """It is one whose type can change at all: not spot, not hibernating, not gone."""
    reason = has_one(view)
    if reason is not None:
        return reason
    instance = view.targets[0]
    never = why_never(instance)
    if never is None or instance.state.is_gone:
        return f"{never}." if never is not None else None
    return f"{never}. Freeze it into an image, and launch that with another type."


def can_terminate(view: View) -> str | None:
    """At least one is not gone yet."""
    reason = has_target(view)
    if reason is not None or any(not i.state.is_gone for i in view.targets):
        return reason
    return "It is terminated already." if len(view.targets) == 1 else "They are terminated already."


def can_change_days(view: View) -> str | None:
    """The chart of the spot prices is in sight, whatever pane has the focus."""
    return None if view.pane == SPOT or view.is_spot_in_sight else "The spot prices are not in sight: 3 goes there."


def has_rows(view: View) -> str | None:
    """The list is not empty."""
    return None if view.shown_count else f"No {noun(view)} is shown."


def has_fleet(view: View) -> str | None:
    """The instances have been read."""
    return None if view.fleet is not None else "The instances have not been read yet."


def has_running_task(view: View) -> str | None:
    """A task is under way."""
    return None if view.running_tasks else "Nothing is under way."


def something_to_leave(view: View) -> str | None:
    """Esc has something to do."""
    if view.pane == ACTIVITY:
        return None
    spot = view.spot
    if view.pane == SPOT and not view.filter_text:
        is_in = spot.zone or spot.family or spot.pinned
        return None if is_in else "No filter, no family and no zone to leave."
    return None if view.filter_text or view.marked_count else "No filter and no marks to leave."


def stop_word(view: View) -> str:
    """``Start`` when none meant runs and one is stopped, ``Force stop`` when all are stopping, else ``Stop``."""
    states = {instance.state for instance in view.targets}
    if State.RUNNING in states:
        return "Stop"
    return "Start" if State.STOPPED in states else "Force stop" if State.STOPPING in states else "Stop"
