"""Spot prices: of the type of what is selected, over more days or fewer, and into a file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

from fe2tui.model.image import Image
from fe2tui.model.machine_type import MachineType
from fe2tui.model.type_query import TypesAt
from fe2tui.model.words import plural, visible
from fe2tui.tui.possible import IMAGES, SPOT
from fe2tui.tui.verbs.export import to_file
from fe2tui.tui.verbs.from_image import type_for
from fe2tui.tui.verbs.sources import source_of
from fe2tui.tui.view import View

if TYPE_CHECKING:
    from fe2tui.tui.app import Dashboard
    from fe2tui.tui.parts import Parts


def _parts(view: View) -> Parts:
    return cast("Dashboard", view.desk.app).parts


def show_type(view: View, type_name: str) -> None:
    """Go to the spot prices of a type."""
    parts = _parts(view)
    parts.spot.open(type_name)
    parts.spot.keep_keys()
    parts.main.go_to(SPOT)
    parts.main.write_lines()


async def prices(view: View) -> None:
    """Those of the instance's type, or of one for the image; in the spot pane, of the selected instance's again."""
    if view.pane == SPOT:
        _parts(view).spot.unpin()
        _parts(view).main.write_lines()
    elif view.pane == IMAGES:
        show_type(view, await type_of(view, view.images[0]))
    else:
        show_type(view, view.targets[0].type)


async def type_of(view: View, image: Image) -> str:
    """The type that an image's instances have most, else the cheapest current one that it can run on."""
    fleet = view.desk.fleet or view.fleet
    made = Counter(
        one.type for one in (fleet.instances.values() if fleet else ()) if one.image_id == image.id
    ).most_common(1)
    if made:
        return made[0][0]
    source = source_of(view)
    catalogue, at = await source.get(), TypesAt(source.prices())
    fitting = [one for one in catalogue.types.values() if _fits(one, image)]
    known = [(price, one.name) for one in fitting if (price := at.spot(one) or at.price(one)) is not None]
    return min(known)[1] if known else type_for(image)


def _fits(one: MachineType, image: Image) -> bool:
    return one.current and one.spot and not one.bare_metal and image.architecture in one.architectures


def shorter(view: View) -> None:
    """Look at fewer days."""
    _change_days(view, -1)


def longer(view: View) -> None:
    """Look at more days."""
    _change_days(view, 1)


def _change_days(view: View, by: int) -> None:
    _parts(view).spot.change_days(by)
    _parts(view).main.footer.redraw()


async def export(view: View) -> None:
    """Write what is charted to a file: its prices, or its picture."""
    from fe2tui.chart.csv import csv_of
    from fe2tui.chart.svg import svg

    body = _parts(view).spot.body
    chart = body.charted.chart.chart if body is not None else None
    if chart is None:
        why = body.charted.why_none if body is not None else ""
        view.tell(f"Nothing is charted that could be written: {why}" if why else "Nothing is charted yet.", "warning")
        return
    days = plural((chart.end - chart.start).days, "day")
    what = f"{visible(chart.about)}, {days}, {plural(len(chart.lines), 'zone')}, as charted."
    title = f"{chart.about} · {view.region} · {days}"
    written = await to_file(
        view,
        what,
        {".csv": "all changes, for spreadsheets", ".svg": "the chart, for people"},
        f"spot-{chart.about}-{view.region}.csv",
        lambda suffix: svg(chart, title=title) if suffix == ".svg" else csv_of(chart),
    )
    if written is not None:
        view.tell(f"Wrote the spot prices of {visible(chart.about)} to {written}")
