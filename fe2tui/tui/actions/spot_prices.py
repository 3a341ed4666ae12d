"""Spot prices: of the type of the selected row, over more or fewer days, and to a file."""

from __future__ import annotations

from collections import Counter

from fe2tui.model.image import Image
from fe2tui.model.text import plural, visible
from fe2tui.model.type_filter import TypeScope
from fe2tui.tui.actions.export import ask_and_write
from fe2tui.tui.actions.launch import small_type_for
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.type_list import type_source
from fe2tui.tui.pane_ids import IMAGES, SPOT


def show_spot_prices(context: CommandContext, type_name: str) -> None:
    screen = context.services.main_screen
    screen.spot_pane.show_type(type_name)
    screen.spot_pane.hold_keys()
    screen.go_to(SPOT)
    screen.repaint_soon()


async def toggle_spot_prices(context: CommandContext) -> None:
    """Show the prices of the type of the instance, or of a type for the image.

    In the spot pane: follow the selected instance again.
    """
    if context.pane == SPOT:
        context.services.main_screen.spot_pane.unpin()
        context.services.main_screen.repaint_soon()
    elif context.pane == IMAGES:
        show_spot_prices(context, await usual_type_for(context, context.images[0]))
    else:
        show_spot_prices(context, context.targets[0].type)


async def usual_type_for(context: CommandContext, image: Image) -> str:
    """The most common type of the instances of an image, else the cheapest current type that can run it."""
    fleet = context.services.fleet or context.fleet
    common_types = Counter(
        one.type for one in (fleet.instances.values() if fleet else ()) if one.image_id == image.id
    ).most_common(1)
    if common_types:
        return common_types[0][0]
    source = type_source(context)
    catalogue, at = await source.read(), TypeScope(source.prices())
    priced = [
        (price, one.name)
        for one in catalogue.types.values()
        if one.current and one.spot and not one.bare_metal and image.architecture in one.architectures
        if (price := at.lowest_spot_price(one) or at.on_demand_price(one)) is not None
    ]
    return min(priced)[1] if priced else small_type_for(image)


def show_fewer_days(context: CommandContext) -> None:
    _change_days(context, -1)


def show_more_days(context: CommandContext) -> None:
    _change_days(context, 1)


def _change_days(context: CommandContext, by: int) -> None:
    context.services.main_screen.spot_pane.change_days(by)
    context.services.main_screen.footer.redraw()


async def export_chart(context: CommandContext) -> None:
    from fe2tui.chart.csv_export import prices_csv
    from fe2tui.chart.svg import chart_svg

    body = context.services.main_screen.spot_pane.body
    chart = body.price_chart.chart.chart if body is not None else None
    if chart is None:
        why = body.price_chart.no_chart_reason if body is not None else ""
        context.services.tell(f"There is no chart to write: {why}" if why else "There is no chart yet.", "warning")
        return
    days = plural((chart.end - chart.start).days, "day")
    what = f"{visible(chart.type_name)}, {days}, {plural(len(chart.lines), 'zone')}, as charted."
    title = f"{chart.type_name} · {context.region} · {days}"
    written = await ask_and_write(
        context,
        what,
        {".csv": "all changes, for spreadsheets", ".svg": "the chart, for people"},
        f"spot-{chart.type_name}-{context.region}.csv",
        lambda suffix: chart_svg(chart, title=title) if suffix == ".svg" else prices_csv(chart),
    )
    if written is not None:
        context.services.tell(f"Wrote the spot prices of {visible(chart.type_name)} to {written}")
