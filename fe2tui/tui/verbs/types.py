"""Instance types: all of a region, to look at and to launch."""

from __future__ import annotations

from fe2tui.tui.forms.type_picker import PickTypes
from fe2tui.tui.verbs import launch, spot
from fe2tui.tui.verbs.clipboard import copy_text
from fe2tui.tui.verbs.sources import source_of
from fe2tui.tui.view import View


async def types(view: View) -> None:
    """Show the types; enter opens the launch form with the one under the cursor, or copies its name if read-only."""
    looked_at: list[str] = []
    picker = PickTypes(
        source_of(view),
        region=view.region,
        clock=view.context().clock,
        title=f"Instance types in {view.region}",
        submit_word="Copy" if view.read_only else "Launch",
        prices=looked_at.append,
    )
    picked = await view.ask(picker)
    if looked_at:
        spot.show_type(view, looked_at[-1])
    if picked is None:
        return
    if view.read_only:
        await copy_text(view.desk.app, picked)
        view.tell(f"Copied {picked}")
    else:
        await launch.launch(view, picked)
