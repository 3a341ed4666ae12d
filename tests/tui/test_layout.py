"""The dashboard of a wide terminal: instances above images, the spot prices beside both."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from textual.widget import Widget

from fe2tui.demo import Cloud
from fe2tui.tui.layout import DETAILS, visible_panes
from fe2tui.tui.pane_ids import ACTIVITY, IMAGES, INSTANCES, SPOT
from fe2tui.tui.panes.spot import SpotPane
from tests.tui.driver import Driven, dashboard
from tests.tui.test_dashboard import shown

WIDE = (160, 40)
TABS = ("1 Instances", "2 Images", "3 Spot", "6 Activity")


@pytest.mark.parametrize(
    ("pane", "described", "details", "activity", "expected"),
    [
        (INSTANCES, INSTANCES, False, False, {INSTANCES, IMAGES, SPOT}),
        (INSTANCES, INSTANCES, True, False, {INSTANCES, DETAILS, SPOT}),
        (IMAGES, IMAGES, False, False, {INSTANCES, IMAGES, SPOT}),
        (IMAGES, IMAGES, True, False, {DETAILS, IMAGES, SPOT}),
        (SPOT, IMAGES, True, False, {DETAILS, IMAGES, SPOT}),
        (SPOT, INSTANCES, False, False, {INSTANCES, IMAGES, SPOT}),
        (ACTIVITY, INSTANCES, False, True, {INSTANCES, ACTIVITY, SPOT}),
        (ACTIVITY, IMAGES, True, True, {INSTANCES, ACTIVITY, SPOT}),
        (INSTANCES, INSTANCES, True, True, {INSTANCES, ACTIVITY, SPOT}),
    ],
)
def test_beside_each_other_the_details_lie_over_the_other_list_and_the_activity_over_the_images(
    pane: str, described: str, details: bool, activity: bool, expected: set[str]
) -> None:
    assert (
        visible_panes(pane, described, is_side_by_side=True, shows_details=details, shows_activity=activity) == expected
    )


@pytest.mark.parametrize(
    ("pane", "details", "expected"),
    [
        (INSTANCES, True, {INSTANCES, DETAILS}),
        (IMAGES, True, {IMAGES, DETAILS}),
        (IMAGES, False, {IMAGES}),
        (SPOT, True, {SPOT}),
        (ACTIVITY, True, {ACTIVITY}),
    ],
)
def test_alone_a_pane_has_the_screen_and_a_list_its_details(pane: str, details: bool, expected: set[str]) -> None:
    assert visible_panes(pane, INSTANCES, is_side_by_side=False, shows_details=details, shows_activity=True) == expected


def displayed(driven: Driven) -> set[str]:
    """What has a place on the screen, by its name."""
    main = driven.main_screen
    panes: dict[str, Widget] = {pane.kind.pane: pane for pane in main.pane_set}
    panes |= {ACTIVITY: main.activity, DETAILS: main.details}
    return {name for name, pane in panes.items() if pane.is_on_screen and pane.region.area}


def focused(driven: Driven) -> str:
    """The pane that has the focus, or is around what has it."""
    main = driven.main_screen
    if main.activity.has_focus:
        return ACTIVITY
    return main.pane_set.focused_pane.kind.pane if main.pane_set.focused_pane is not None else ""


def _is_made(spot: SpotPane) -> bool:
    return spot.body is not None or not spot._is_being_loaded


async def test_from_150_columns_on_three_panes_stand_beside_each_other_and_what_is_hidden_is_a_click_away(
    demo_env: Path,
) -> None:
    three = {INSTANCES, IMAGES, SPOT}
    async with dashboard(size=(149, 40)) as driven:
        assert displayed(driven) == {INSTANCES, DETAILS}
        for width in (150, 251):
            await driven.pilot.resize_terminal(width, 40)
            await driven.until(lambda: displayed(driven) == three)
            left, below, right = (driven.main_screen.pane_set[pane].region for pane in (INSTANCES, IMAGES, SPOT))
            assert (left.width, right.right) == (below.width, width)
            assert abs(left.width - 2 * right.width) <= 2
            assert right.height == left.height + below.height == 38
            await driven.until(lambda: [shown(driven).count(name) for name in TABS] == [1, 1, 1, 1])
        for name, pane in (("6 Activity", ACTIVITY), ("2 Images", IMAGES)):
            lines = shown(driven).splitlines()
            y = next(number for number, line in enumerate(lines) if name in line)
            await driven.pilot.click(offset=(lines[y].index(name) + 3, y))
            await driven.until(lambda: pane in displayed(driven) and focused(driven) == pane)  # noqa: B023
        await driven.press("1")
        await driven.pilot.resize_terminal(149, 40)
        await driven.until(lambda: displayed(driven) == {INSTANCES, DETAILS})


async def test_numbers_move_the_focus_and_details_and_activity_open_and_close_over_the_images(demo_env: Path) -> None:
    three = {INSTANCES, IMAGES, SPOT}
    steps = (
        ("3", three, SPOT),
        ("2", three, IMAGES),
        ("1", three, INSTANCES),
        ("d", {INSTANCES, DETAILS, SPOT}, INSTANCES),
        ("3", {INSTANCES, DETAILS, SPOT}, SPOT),
        ("2", {DETAILS, IMAGES, SPOT}, IMAGES),
        ("3", {DETAILS, IMAGES, SPOT}, SPOT),
        ("2", {DETAILS, IMAGES, SPOT}, IMAGES),
        ("6", {INSTANCES, ACTIVITY, SPOT}, ACTIVITY),
        ("1", {INSTANCES, ACTIVITY, SPOT}, INSTANCES),
        ("exclamation_mark", {INSTANCES, ACTIVITY, SPOT}, ACTIVITY),
        ("6", {INSTANCES, DETAILS, SPOT}, INSTANCES),
        ("6", {INSTANCES, ACTIVITY, SPOT}, ACTIVITY),
        ("1", {INSTANCES, ACTIVITY, SPOT}, INSTANCES),
        ("d", {INSTANCES, DETAILS, SPOT}, INSTANCES),
        ("d", three, INSTANCES),
        ("6", {INSTANCES, ACTIVITY, SPOT}, ACTIVITY),
        ("escape", three, INSTANCES),
        ("6", {INSTANCES, ACTIVITY, SPOT}, ACTIVITY),
        ("2", three, IMAGES),
    )
    async with dashboard(size=WIDE) as driven:
        await driven.until(lambda: driven.fleet.images)
        for key, panes, with_focus in steps:
            await driven.press(key)
            await driven.until(lambda: displayed(driven) == panes and focused(driven) == with_focus)  # noqa: B023
            assert driven.view.pane == with_focus
            if DETAILS in panes:  # those of the list that was last moved in
                await driven.until(lambda: (", for ssh" if IMAGES in panes else "SSH  ") in shown(driven))  # noqa: B023


async def test_z_gives_the_screen_to_the_pane_with_the_focus_and_back(demo_env: Path) -> None:
    async with dashboard(size=WIDE) as driven:
        for key, pane in (("2", IMAGES), ("3", SPOT), ("6", ACTIVITY), ("1", INSTANCES)):
            await driven.press(key)
            await driven.until(lambda: focused(driven) == pane)  # noqa: B023
            before = displayed(driven)
            await driven.press("z")
            await driven.until(lambda: displayed(driven) == {pane})  # noqa: B023
            await driven.until(lambda: all(name in shown(driven) for name in TABS) and focused(driven) == pane)  # noqa: B023
            await driven.press("z")
            await driven.until(lambda: displayed(driven) == before and focused(driven) == pane)  # noqa: B023


async def test_the_selected_instances_type_drives_the_chart_in_sight_until_another_is_picked(demo_env: Path) -> None:
    async with dashboard(size=(100, 30)) as driven:
        spot = driven.spot_pane
        await driven.go_to("vault")
        await driven.pilot.pause(0.3)
        assert spot.choice.type == ""
        await driven.press("3")
        await driven.until(lambda: spot.choice.type == driven.named("vault").type)
        await driven.press("1")
        await driven.pilot.resize_terminal(*WIDE)
        for name in ("train-resnet", "scraper"):
            await driven.go_to(name)
            await driven.until(lambda: spot.choice.type == driven.named(name).type)  # noqa: B023
            await driven.until(lambda: f"of {name}" in shown(driven))  # noqa: B023
        spot.show_type("c5.large")
        await driven.go_to("base")
        await driven.pilot.pause(0.3)
        assert (spot.choice.type, spot.choice.is_pinned) == ("c5.large", True)
        assert "of base" not in shown(driven)
        spot.unpin()
        await driven.press("down", "up")
        await driven.until(lambda: spot.choice.type == "m5.xlarge")


async def test_with_no_instance_each_pane_says_what_it_is_for(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]
) -> None:
    enter_cloud(fresh_cloud(scene=False))
    async with dashboard(size=WIDE, prices=False) as driven:
        await driven.until(lambda: "No instances in us-east-2." in shown(driven))
        assert displayed(driven) == {INSTANCES, IMAGES, SPOT}
        assert " of " not in shown(driven).splitlines()[1]


async def test_the_charts_keys_work_whatever_pane_has_the_focus_and_stand_in_its_own_footer(demo_env: Path) -> None:
    async with dashboard(size=WIDE) as driven:
        spot = driven.spot_pane
        await driven.until(lambda: spot.body is not None and spot.body.price_chart.chart.chart is not None)
        body = spot.body
        assert body is not None and focused(driven) == INSTANCES
        for key in ("1", "2", "6"):
            await driven.press(key, "right_square_bracket")
            assert driven.view.spot.days == 30, key
            await driven.press("left_square_bracket", "left")
            await driven.until(lambda: driven.view.spot.days == 7 and driven.view.spot.moment is not None)
            body.price_chart.chart.set_cursor(None)
            await driven.until(lambda: driven.view.spot.moment is None)
            assert "Longer" not in shown(driven)
        await driven.press("3")
        await driven.until(lambda: "Longer" in shown(driven))
        await driven.pilot.resize_terminal(120, 36)
        await driven.press("1", "right_square_bracket")
        await driven.until(lambda: any("not visible" in words for words in driven.toasts))
        assert driven.view.spot.days == 7


async def test_who_goes_on_at_once_finds_the_focus_where_they_went(demo_env: Path) -> None:
    async with dashboard(size=(120, 36)) as driven:
        for keys, pane in ((("3", "1"), INSTANCES), (("3", "2"), IMAGES), (("1", "3", "1"), INSTANCES)):
            await driven.press(*keys)
            spot = driven.spot_pane
            await driven.until(partial(_is_made, spot))
            await driven.pilot.pause()
            assert (focused(driven), driven.view.pane) == (pane, pane)


async def test_panes_are_resized_by_keys_and_by_the_mouse_and_keep_their_sizes(demo_env: Path) -> None:
    async with dashboard(size=WIDE) as driven:
        panes = driven.main_screen.pane_set
        await driven.until(lambda: displayed(driven) == {INSTANCES, IMAGES, SPOT})
        height, width = panes[INSTANCES].region.height, panes[SPOT].region.width
        await driven.press("greater_than_sign")
        await driven.until(lambda: panes[INSTANCES].region.height > height)
        await driven.press("2", "greater_than_sign", "greater_than_sign")
        await driven.until(lambda: panes[INSTANCES].region.height < height)
        await driven.press("3", "less_than_sign")
        await driven.until(lambda: panes[SPOT].region.width < width)
        await _drag(driven, (panes[SPOT].region.x, 5), (80, 5))
        await driven.until(lambda: panes[SPOT].region.x == 80)
        await _drag(driven, (5, panes[INSTANCES].region.bottom - 1), (5, 10))
        await driven.until(lambda: panes[INSTANCES].region.bottom == 11)
    async with dashboard(size=WIDE) as driven:
        panes = driven.main_screen.pane_set
        await driven.until(lambda: panes[SPOT].region.x == 80 and panes[INSTANCES].region.bottom == 11)
        await driven.pilot.resize_terminal(120, 36)
        await driven.until(lambda: displayed(driven) == {INSTANCES, DETAILS})
        await driven.press("1", "less_than_sign")
        details = driven.main_screen.details
        await driven.until(lambda: details.region.height == 12)
        await _drag(driven, (5, details.region.y - 1), (5, 14))
        await driven.until(lambda: details.region.y == 15)
        await driven.press("z", "greater_than_sign")
        await driven.until(lambda: any("No other pane is shown" in words for words in driven.toasts))


async def _drag(driven: Driven, start: tuple[int, int], end: tuple[int, int]) -> None:
    await driven.pilot.mouse_down(offset=start)
    await driven.pilot.hover(offset=end)
    await driven.pilot.mouse_up(offset=end)
