"""Whether a command is available now: each check returns None, or the reason why not as a sentence.

The titles of commands that depend on the selection are here, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fe2tui.model.instance import State
from fe2tui.model.location import zone_letter
from fe2tui.model.text import visible
from fe2tui.tui.pane_ids import ACTIVITY, DAY_CHOICES, IMAGES, INSTANCES, ROW_NOUNS, SPOT
from fe2tui.tui.widgets.cells import clip

if TYPE_CHECKING:
    from fe2tui.model.instance import Instance
    from fe2tui.tui.command_context import CommandContext

MAX_NAME = 20  # cells of a name in the title of a command


def always(context: CommandContext) -> str | None:
    return None


def row_noun(context: CommandContext) -> str:
    """The word for a row of the pane: ``instance``, ``image``, ``type``."""
    return ROW_NOUNS.get(context.pane, ROW_NOUNS[INSTANCES])


def has_target(context: CommandContext) -> str | None:
    return has_fleet(context) or (None if context.pane_targets else f"No {row_noun(context)} is selected.")


def has_one(context: CommandContext) -> str | None:
    reason = has_target(context)
    if reason is None and len(context.pane_targets) > 1:
        return f"{len(context.pane_targets)} {row_noun(context)}s are marked; this needs one. Esc unmarks them."
    return reason


def can_copy(context: CommandContext) -> str | None:
    if context.pane != ACTIVITY:
        return has_target(context)
    return None if context.has_activity else "Nothing has been done yet."


def can_launch(context: CommandContext) -> str | None:
    """In the images pane: instances can be launched from the selected image, if there is one."""
    if not context.region:
        return "No region is known yet. Sign in, or choose a profile or a region."
    if context.pane != IMAGES or not context.images:
        return None
    reason = has_one(context)
    image = context.images[0]
    if reason is not None or image.state == "available":
        return reason
    if image.state == "pending":
        return f"{visible(image.label)} is not complete yet. Launch from it when it is available."
    why = f": {visible(image.state_reason)}" if image.state_reason else ""
    return f"{visible(image.label)} is {visible(image.state)}{why}. Nothing can be launched from it."


def launch_title(context: CommandContext) -> str:
    zone = zone_letter(context.spot.zone) if context.pane == SPOT else ""
    return f"Launch in {visible(zone)}" if zone else "Launch"


def can_open(context: CommandContext) -> str | None:
    """Enter: everything about an instance or an image, a family or the zones of a type; in details the block's command.

    The row under the cursor is opened, whether others are marked or not.
    """
    if context.is_full_view:
        return None if context.block_word else ""
    if context.pane == SPOT:
        return has_target(context)
    if context.pane == ACTIVITY:
        is_listed = context.selected_instance is not None or context.selected_image is not None
        return None if is_listed else "This row is about no instance or image that is listed."
    row = context.selected_image if context.pane == IMAGES else context.selected_instance
    return has_fleet(context) or (None if row is not None else f"No {row_noun(context)} is selected.")


def open_title(context: CommandContext) -> str:
    if context.pane == ACTIVITY:
        return "Go to it"
    return context.block_word or ("Open" if context.pane == SPOT or context.is_full_view else "Details")


def can_show_spot_prices(context: CommandContext) -> str | None:
    if context.pane != SPOT:
        return has_one(context)
    return None if context.spot.is_pinned else "These are the prices of the selected instance's type."


def spot_prices_title(context: CommandContext) -> str:
    if context.pane != SPOT:
        return "Spot prices"
    followed = context.selected_instance
    return f"Follow {clip(visible(followed.label), MAX_NAME)}" if followed is not None else "Follow"


def can_remove(context: CommandContext) -> str | None:
    """At least one instance is not terminated, or at least one image is the account's own."""
    if context.pane != IMAGES:
        return can_terminate(context)
    reason = has_target(context)
    own = context.fleet.images if context.fleet is not None else {}
    if reason is not None or any(image.id in own for image in context.images):
        return reason
    named = f"{visible(context.images[0].label)} is" if len(context.images) == 1 else "They are"
    return f"{named} public and not yours. Only your own images can be deregistered."


def remove_title(context: CommandContext) -> str:
    return "Deregister" if context.pane == IMAGES else "Terminate"


def can_connect(context: CommandContext) -> str | None:
    reason = has_one(context)
    if reason is not None:
        return reason
    instance = context.targets[0]
    if instance.state in (State.RUNNING, State.PENDING):
        return None
    if instance.id in context.starting_ids:
        return None
    words = instance.state.value.replace("-", " ")
    return f"{instance.label} is {words}." + (" Start it first." if instance.state is State.STOPPED else "")


def can_stop_or_start(context: CommandContext) -> str | None:
    reason = has_target(context)
    if reason is not None:
        return reason
    # One that is stopping can be forced, unless AWS stops it.
    stops = (State.STOPPED, State.STOPPING)
    if any(
        (i.state is State.RUNNING and not _is_one_time_spot(i, context)) or (i.state in stops and not i.is_interrupted)
        for i in context.targets
    ):
        return None
    if len(context.targets) > 1:
        return "None of the marked instances can be stopped or started."
    instance = context.targets[0]
    if instance.state is State.RUNNING:
        return f"{visible(instance.label)} is a one-time spot instance; it can only be terminated."
    if instance.is_interrupted:
        return f"AWS interrupted {instance.label} and starts it again when there is capacity in {instance.zone}."
    return f"{instance.label} is {instance.state.value.replace('-', ' ')}; nothing to stop or start yet."


def _is_one_time_spot(instance: Instance, context: CommandContext) -> bool:
    requests = context.fleet.requests if context.fleet is not None else {}
    request = requests.get(instance.spot_request_id or "")
    return instance.is_spot and request is not None and not request.is_persistent


def can_reboot(context: CommandContext) -> str | None:
    reason = has_target(context)
    if reason is not None or any(i.state is State.RUNNING for i in context.targets):
        return reason
    return "Only a running instance can be rebooted."


def can_freeze(context: CommandContext) -> str | None:
    reason = has_one(context)
    if reason is not None:
        return reason
    instance = context.targets[0]
    if instance.state in (State.RUNNING, State.STOPPED):
        return None
    then = "" if instance.state.is_gone else " Freeze it when it is running or stopped."
    return f"{visible(instance.label)} is {instance.state.value.replace('-', ' ')}.{then}"


def can_change_type(context: CommandContext) -> str | None:
    """One instance whose type can change: not spot, not hibernated, not terminated."""
    from fe2tui.model.type_compatibility import fixed_type_reason

    reason = has_one(context)
    if reason is not None:
        return reason
    instance = context.targets[0]
    never = fixed_type_reason(instance)
    if never is None or instance.state.is_gone:
        return f"{never}." if never is not None else None
    return f"{never}. Freeze it into an image, and launch that with another type."


def can_terminate(context: CommandContext) -> str | None:
    reason = has_target(context)
    if reason is not None or any(not i.state.is_gone for i in context.targets):
        return reason
    return "It is already terminated." if len(context.targets) == 1 else "They are already terminated."


def keep_title(context: CommandContext) -> str:
    return "Unkeep" if context.targets and all(one.is_kept for one in context.targets) else "Keep"


def can_change_protection(context: CommandContext) -> str | None:
    return has_one(context) or can_terminate(context)


def can_take_screenshot(context: CommandContext) -> str | None:
    reason = has_one(context)
    if reason is not None or context.targets[0].state is State.RUNNING:
        return reason
    instance = context.targets[0]
    return (
        f"{visible(instance.label)} is {instance.state.value.replace('-', ' ')}: only a running instance has a screen."
    )


def can_show_fewer_days(context: CommandContext) -> str | None:
    reason = _can_change_days(context)
    return reason or (f"{DAY_CHOICES[0]} day is the shortest time." if context.spot.days <= DAY_CHOICES[0] else None)


def can_show_more_days(context: CommandContext) -> str | None:
    reason = _can_change_days(context)
    if reason is None and context.spot.days >= DAY_CHOICES[-1]:
        return f"{DAY_CHOICES[-1]} days is the longest time: AWS keeps no older spot prices."
    return reason


def _can_change_days(context: CommandContext) -> str | None:
    return None if context.pane == SPOT or context.is_spot_visible else "The spot prices are not visible: 3 goes there."


def can_filter(context: CommandContext) -> str | None:
    return None if context.pane == ACTIVITY else has_fleet(context)


def filter_title(context: CommandContext) -> str:
    return "Search" if context.pane == ACTIVITY or context.is_full_view else "Filter"


def has_search(context: CommandContext) -> str | None:
    return None if context.search_text else "Nothing is searched for: / searches in Activity, help, details and logs."


def can_resize(context: CommandContext) -> str | None:
    return None if context.can_resize else "No other pane is shown beside this one."


def has_rows(context: CommandContext) -> str | None:
    return None if context.visible_count else f"No {row_noun(context)} is shown."


def has_fleet(context: CommandContext) -> str | None:
    return None if context.fleet is not None else "The instances have not been read yet."


def has_running_task(context: CommandContext) -> str | None:
    return None if context.running_tasks else "No task is running."


def can_leave(context: CommandContext) -> str | None:
    """An esc too many is not worth a word."""
    return None if leave_title(context) else ""


def leave_title(context: CommandContext) -> str:
    """What esc does; empty where it does nothing. See ``Pane.leave``."""
    if context.is_full_view:
        return "End search" if context.search_text else "Back"
    spot = context.spot
    if context.pane == ACTIVITY:
        return "End search" if context.search_text else "Back"
    if context.pane == SPOT:
        if spot.moment is not None:
            return "Remove cursor"
        if spot.zone:
            return "Types"
    if context.filter_text:
        return "Show all"
    if context.pane == SPOT:
        return "Families" if spot.family else "Follow" if spot.is_pinned else ""
    return "Unmark" if context.marked_count or context.hidden_mark_count else ""


def has_marks(context: CommandContext) -> str | None:
    is_marked = context.marked_count or context.hidden_mark_count
    return None if is_marked else f"No {row_noun(context)} is marked."


def stop_or_start_title(context: CommandContext) -> str:
    """``Start`` if none runs and one is stopped, ``Force stop`` if all are stopping, else ``Stop``."""
    states = {instance.state for instance in context.targets}
    if State.RUNNING in states:
        return "Stop"
    return "Start" if State.STOPPED in states else "Force stop" if State.STOPPING in states else "Stop"
