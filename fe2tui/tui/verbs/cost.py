"""What the region costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fe2tui.model.regions import short_name
from fe2tui.tui.view import View

if TYPE_CHECKING:
    from fe2tui.tui.app import Dashboard


async def cost(view: View) -> None:
    """Show the cost sheet."""
    from fe2tui.tui.forms.cost import CostSheet

    clock = cast("Dashboard", view.desk.app).clock
    short = short_name(view.region)
    where = view.region if short == view.region else f"{short} {view.region}"
    await view.ask(CostSheet(lambda: view.desk.fleet, clock, where=where))
