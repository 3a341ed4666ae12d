"""Asking how busy machines are, which AWS bills: on or off, until the program ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from fe2tui.model.busy import looking_costs
from fe2tui.model.instance import State
from fe2tui.model.words import dollars, plural
from fe2tui.tui.view import View

if TYPE_CHECKING:
    from fe2tui.tui.app import Dashboard


async def switch(view: View) -> None:
    """Turn it off if it is on; turn it on, where it costs money only after saying how much."""
    parts = cast("Dashboard", view.desk.app).parts
    link = parts.desk.link
    if link.is_measured:
        link.is_measured = False
        view.tell("CPU figures are not asked for any more.")
    elif view.place.is_on_this_computer or await _is_wanted(view, _running(view, parts.pulse.looked_at)):
        link.is_measured = True
        parts.pulse.measure()
        view.tell("CPU figures of the machines in view are asked for; they come within a minute.")
    parts.news()


def _running(view: View, ids: Iterable[str]) -> int:
    instances = view.fleet.instances if view.fleet is not None else {}
    return sum(1 for key in ids if key in instances and instances[key].state is State.RUNNING)


async def _is_wanted(view: View, machines: int) -> bool:
    from fe2tui.tui.forms.confirm import Choice, Confirm

    count = plural(machines, "running machine")
    question = Confirm(
        "Ask CloudWatch how busy the machines in view are?",
        [
            "AWS bills $0.01 for 1,000 figures. Machines in view are asked about every five minutes, while somebody"
            " looks.",
            f"Now in view: {count}: {dollars(looking_costs(machines), sign='$')} for a month of looking day and night.",
            "It ends with this program; the setting cpu_chart = true turns it on for good.",
        ],
        title="CPU",
        choices=(Choice("y", "Yes", "yes"),),
    )
    return await view.ask(question) is not None
