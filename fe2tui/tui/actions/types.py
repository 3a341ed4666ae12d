"""All instance types of a region, to look at and to launch."""

from __future__ import annotations

from fe2tui.tui.actions import launch, spot_prices
from fe2tui.tui.actions.clipboard import copy_text
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.type_list import type_source
from fe2tui.tui.forms.type_picker import InitialFilter, TypePicker


async def browse_types(context: CommandContext, initial_filter: InitialFilter | None = None) -> None:
    """Show all types, or those that match a filter.

    Enter opens the launch form with the selected one, or copies its name in a read-only session.
    """
    shown_types: list[str] = []
    picker = TypePicker(
        type_source(context),
        region=context.region,
        clock=context.services.task_context().clock,
        title=f"Instance types in {context.region}",
        submit_word="Copy" if context.read_only else "Launch",
        initial_filter=initial_filter,
        show_spot_prices=shown_types.append,
    )
    type_name = await context.services.ask(picker)
    if shown_types:
        spot_prices.show_spot_prices(context, shown_types[-1])
    if type_name is None:
        return
    if context.read_only:
        await copy_text(context.services.app, type_name)
        context.services.tell(f"Copied {type_name}")
    else:
        await launch.launch(context, type_name)
