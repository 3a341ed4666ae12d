"""The chart in the dashboard: what stands there, and the moment that it reads out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from rich.color import ColorSystem
from textual.app import App, ComposeResult
from textual.color import Color
from textual.pilot import Pilot

from fe2tui.chart.chart import Chart, draw
from fe2tui.tui.theme import LINE_COLOURS, THEMES, LineStyles
from fe2tui.tui.widgets.chart import ChartView
from tests.chart.charts import NOW, chart, steps

TWO = chart(steps((9, "3.87"), (3, "3.95")), steps((9, "4.02"), (1, "4.00")), reference="12.24")
OTHER = chart(steps((9, "0.50"), (3, "0.55")), reference="1.2")


class Host(App[None]):
    """One chart that fills the screen."""

    CSS = "ChartView { width: 1fr; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.pointed: list[datetime | None] = []
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = "fe2tui-dark"

    def compose(self) -> ComposeResult:
        yield ChartView()

    @property
    def view(self) -> ChartView:
        return self.query_one(ChartView)

    def on_chart_view_cursor_moved(self, event: ChartView.CursorMoved) -> None:
        self.pointed.append(event.moment)


def screen(app: Host) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def shown(pilot: Pilot[None], what: Chart) -> ChartView:
    """The view when its chart is drawn: the first one waits until what draws is imported."""
    app = pilot.app
    assert isinstance(app, Host)
    app.view.show(what)
    while app.view.picture is None:
        await pilot.pause(0.01)
    await pilot.pause()
    return app.view


async def test_the_chart_is_drawn_at_the_size_of_its_place_also_when_that_changes() -> None:
    app = Host()
    async with app.run_test(size=(100, 20)) as pilot:
        await shown(pilot, TWO)
        assert screen(app) == draw(TWO, 100, 20).text
        await pilot.resize_terminal(60, 12)
        await pilot.pause()
        assert screen(app) == draw(TWO, 60, 12).text
        await pilot.resize_terminal(30, 12)
        await pilot.pause()
        assert "too small" in screen(app)


async def test_words_stand_in_the_place_of_a_chart_that_is_not_there() -> None:
    app = Host()
    async with app.run_test(size=(60, 12)) as pilot:
        app.view.show(None, [("p3dn.24xlarge [bold] is not offered in Ohio.", "text"), ("u opens another", "dim")])
        await pilot.pause()
        lines = screen(app).split("\n")
        assert lines[5].strip() == "p3dn.24xlarge [bold] is not offered in Ohio."
        assert lines[6].strip() == "u opens another"


async def test_the_picture_is_kept_until_data_or_size_change() -> None:
    app = Host()
    async with app.run_test(size=(100, 20)) as pilot:
        view = await shown(pilot, TWO)
        first = view.picture
        view.refresh()
        view.show(replace(TWO))
        await pilot.pause()
        assert view.picture is first
        assert (await shown(pilot, OTHER)).picture is not first


async def test_the_cursor_comes_from_now_moves_by_columns_and_days_and_goes_beyond_now() -> None:
    app = Host()
    async with app.run_test(size=(100, 20)) as pilot:
        view = await shown(pilot, TWO)
        view.move_cursor(-1)
        await pilot.pause()
        assert view.picture == draw(replace(TWO, cursor=view.moment), 100, 20)
        last, at = view.moment, view.picture.column_of(view.moment) if view.picture and view.moment else None
        assert last is not None
        assert NOW - last < timedelta(hours=2)
        view.move_cursor(-3)
        await pilot.pause()
        assert view.picture is not None
        assert view.moment is not None
        assert view.picture.column_of(view.moment) == (at or 0) - 3
        view.shift_cursor(timedelta(days=-1))
        before = view.moment
        view.shift_cursor(timedelta(days=-1))
        assert before is not None
        assert view.moment == before - timedelta(days=1)
        view.move_cursor(-1000)
        await pilot.pause()
        assert view.picture.canvas is not None
        assert view.moment == view.picture.moment_at(view.picture.canvas.left)
        view.move_cursor(1000)
        await pilot.pause()
        assert view.moment is None
        assert app.pointed[0] == last
        assert app.pointed[-1] is None


async def test_the_cursor_stays_at_its_moment_when_other_data_come_and_goes_with_its_window() -> None:
    app = Host()
    async with app.run_test(size=(100, 20)) as pilot:
        view = await shown(pilot, TWO)
        view.set_cursor(NOW - timedelta(days=2))
        await shown(pilot, OTHER)
        assert view.moment == NOW - timedelta(days=2)
        view.show(None, [("reading …", "dim")])
        await shown(pilot, TWO)
        assert view.moment == NOW - timedelta(days=2)
        await shown(pilot, replace(TWO, start=NOW - timedelta(days=1)))
        assert view.moment is None
        assert app.pointed == [NOW - timedelta(days=2), None]


async def test_the_mouse_points_at_the_moment_under_it() -> None:
    app = Host()
    async with app.run_test(size=(100, 20)) as pilot:
        view = await shown(pilot, TWO)
        assert view.picture is not None
        await pilot.hover(ChartView, offset=(40, 10))
        assert app.pointed == [view.picture.moment_at(40)]
        view.on_leave()
        assert view.moment is None  # it goes with the mouse; a click keeps it
        await pilot.pause()
        await pilot.click(ChartView, offset=(50, 10))
        assert app.pointed[-1] == view.picture.moment_at(50)
        await pilot.hover(ChartView, offset=(2, 10))
        assert app.pointed[-1] == view.picture.moment_at(50)
        kept = view.moment
        await pilot.hover(ChartView, offset=(70, 10))
        assert view.moment != kept
        view.on_leave()
        assert view.moment == kept


@pytest.mark.parametrize("name", THEMES)
def test_lines_have_six_colours_that_stay_apart_among_256(name: str) -> None:
    theme = THEMES[name]
    ink = LineStyles(theme.variables | {"background": theme.background or "", "foreground": theme.foreground or ""})
    colours = [ink[line].color for line in LINE_COLOURS]
    assert (
        len({colour.downgrade(ColorSystem.EIGHT_BIT).number for colour in colours if colour}) == len(LINE_COLOURS) == 6
    )
    for colour in colours:
        assert colour is not None
        shade = Color.from_rich_color(colour)
        assert _contrast(shade, ink.background) >= 4.0


def _contrast(one: Color, other: Color) -> float:
    """WCAG's ratio of two colours: 1 to 21."""

    def light(colour: Color) -> float:
        parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)
