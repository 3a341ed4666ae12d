"""What can be done now, and if not, why not, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fe2tui.model.instance import State

if TYPE_CHECKING:
    from fe2tui.tui.view import View

INSTANCES = "instances"
ACTIVITY = "activity"


def always(view: View) -> str | None:
    """Nothing stands in the way."""
    return None


def has_target(view: View) -> str | None:
    """An instance is selected or marked."""
    if view.fleet is None:
        return "The instances have not been read yet."
    return None if view.targets else "No instance is selected."


def has_one(view: View) -> str | None:
    """One instance is meant, not several."""
    reason = has_target(view)
    if reason is None and len(view.targets) > 1:
        return f"{len(view.targets)} instances are marked; this takes one. Esc unmarks them."
    return reason


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
    offers = (State.RUNNING, State.STOPPING)  # one that is stopping can be forced
    if any(i.state in offers or (i.state is State.STOPPED and not i.is_interrupted) for i in view.targets):
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


def can_terminate(view: View) -> str | None:
    """At least one is not gone yet."""
    reason = has_target(view)
    if reason is not None or any(not i.state.is_gone for i in view.targets):
        return reason
    return "It is terminated already." if len(view.targets) == 1 else "They are terminated already."


def has_rows(view: View) -> str | None:
    """The table is not empty."""
    return None if view.shown_count else "No instance is shown."


def has_fleet(view: View) -> str | None:
    """The instances have been read."""
    return None if view.fleet is not None else "The instances have not been read yet."


def has_running_task(view: View) -> str | None:
    """A task is under way."""
    return None if view.running_tasks else "Nothing is under way."


def something_to_leave(view: View) -> str | None:
    """Esc has something to do."""
    if view.pane == ACTIVITY:
        return has_running_task(view)
    return None if view.filter_text or view.marked else "No filter and no marks to leave."


def stop_word(view: View) -> str:
    """``Start`` when none of those meant runs and one is stopped, else ``Stop``."""
    targets = view.targets
    if (
        targets
        and not any(i.state is State.RUNNING for i in targets)
        and any(i.state is State.STOPPED for i in targets)
    ):
        return "Start"
    return "Stop"
