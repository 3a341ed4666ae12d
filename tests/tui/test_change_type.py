"""Change type: only types that fit, with their cost, and the way back when AWS has no capacity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Static

from fe2tui.demo import Cloud
from fe2tui.model.instance import State
from fe2tui.tui.forms.confirm import ConfirmForm
from fe2tui.tui.forms.launch import LaunchForm
from fe2tui.tui.forms.suggest import SuggestField
from fe2tui.tui.forms.type_picker import TypePicker, TypeTable
from tests.tui.driver import Driven, calls, dashboard
from tests.tui.type_lists import row_texts

FreshCloud = Callable[..., Cloud]
EnterCloud = Callable[[Cloud], Path]


@pytest.fixture
def own_cloud(fresh_cloud: FreshCloud, enter_cloud: EnterCloud) -> Cloud:
    """A lived-in cloud that this test may change."""
    cloud = fresh_cloud()
    enter_cloud(cloud)
    return cloud


def texts(form: ConfirmForm) -> str:
    return " ".join(" ".join(str(line.render()) for line in form.query(Static)).split())


async def picker(driven: Driven, *keys: str) -> TypePicker:
    await driven.press(*keys)
    form = await driven.opened(TypePicker)
    await driven.until(lambda: form.query_one(TypeTable).types.ids)
    return form


async def filtered(driven: Driven, form: TypePicker, text: str, first: str) -> None:
    names = {".": "full_stop", ":": "colon", " ": "space", "=": "equals_sign", ">": "greater_than_sign"}
    await driven.press(*(names.get(character, character) for character in text))
    await driven.until(lambda: form.query_one(TypeTable).cursor_id == first)


async def changed(driven: Driven, name: str, to: str) -> ConfirmForm:
    """The question whether to change it."""
    await driven.go_to(name)
    form = await picker(driven, "t")
    await filtered(driven, form, to, to)
    await driven.press("enter")
    return await driven.opened(ConfirmForm)


async def way_back(driven: Driven) -> str:
    """The question whether to go back to the old type, when it comes."""
    await driven.until(lambda: isinstance(driven.app.screen, ConfirmForm) and "Go back" in texts(driven.app.screen))
    return texts(await driven.opened(ConfirmForm))


async def test_only_what_the_instance_can_become_is_offered_and_a_key_shows_why_the_others_are_out(
    demo_env: Path,
) -> None:
    async with dashboard() as driven:
        await driven.go_to("base")
        form = await picker(driven, "t")
        table = form.query_one(TypeTable)
        assert table.cursor_id == "m5.xlarge"
        assert "m5.large" in table.types.ids and "m6g.large" not in table.types.ids
        await driven.press("ctrl+r")
        await filtered(driven, form, "m6g.large", "m6g.large")
        assert "Arm; base is x86_64" in row_texts(table, "m6g.large")[-1]
        await driven.press("enter")
        assert driven.app.screen is form
        await driven.press("escape")
        await driven.home()


async def test_costs_and_consequences_are_shown_before_anything_is_done(demo_env: Path, cloud: Cloud) -> None:
    before = len(calls(cloud, "StopInstances"))
    async with dashboard() as driven:
        said = texts(await changed(driven, "base", "m5.2xlarge"))
        assert "Change base from m5.xlarge to m5.2xlarge?" in said
        assert "$0.192 an hour more" in said
        assert "$140.16 more over a full month" in said
        assert "base is stopped, and started again as m5.2xlarge." in said
        assert "address" in said
        await driven.press("enter")  # the default is no
        await driven.home()
    assert len(calls(cloud, "StopInstances")) == before


async def test_after_a_yes_it_is_stopped_changed_and_started_again(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        await changed(driven, "base", "m5.2xlarge")
        await driven.press("y")
        await driven.home()
        await driven.until(lambda: any("base is m5.2xlarge now, and ready." in said for said in driven.toasts))
        await driven.until(lambda: driven.named("base").type == "m5.2xlarge")
        assert driven.named("base").state is State.RUNNING
        assert len(calls(own_cloud, "ModifyInstanceAttribute")) == 1


async def test_one_that_is_stopped_stays_stopped(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        said = texts(await changed(driven, "od1", "t3.large"))
        assert "started again" not in said
        await driven.press("y")
        await driven.until(lambda: driven.named("od1").type == "t3.large")
        assert driven.named("od1").state is State.STOPPED
        assert not calls(own_cloud, "StartInstances")


async def test_without_capacity_the_way_back_is_offered_and_taken(own_cloud: Cloud) -> None:
    own_cloud.control("/demo/faults", {"kind": "no-capacity", "action": "StartInstances", "times": 1})
    async with dashboard() as driven:
        await changed(driven, "base", "m5.2xlarge")
        await driven.press("y")
        question = await way_back(driven)
        zone = driven.named("base").zone
        assert f"AWS has no m5.2xlarge in {zone} right now. Go back to m5.xlarge and start it?" in question
        assert (
            "it costs $0.204 an hour ($148.61 a month if left on): instance $0.192, public address $0.005" in question
        )
        await driven.press("y")
        await driven.until(lambda: any("base is m5.xlarge again, and ready." in said for said in driven.toasts))
        await driven.until(lambda: driven.named("base").type == "m5.xlarge")
        assert driven.named("base").state is State.RUNNING


async def test_the_question_whether_to_go_back_waits_until_no_other_form_is_open(
    fresh_cloud: FreshCloud, enter_cloud: EnterCloud
) -> None:
    cloud = fresh_cloud(stop_seconds=1)
    enter_cloud(cloud)
    cloud.control("/demo/faults", {"kind": "no-capacity", "action": "StartInstances"})
    async with dashboard() as driven:
        await changed(driven, "base", "m5.2xlarge")
        await driven.press("y")
        await driven.press("l")
        launch = await driven.opened(LaunchForm)
        await driven.until(lambda: calls(cloud, "StartInstances"))
        await driven.pilot.pause(0.5)
        assert driven.app.screen is launch
        await driven.press("escape")
        await way_back(driven)
        await driven.press("escape")
        await driven.home()


async def test_whoever_does_not_want_to_go_back_has_it_stopped_with_the_new_type(own_cloud: Cloud) -> None:
    own_cloud.control("/demo/faults", {"kind": "no-capacity", "action": "StartInstances"})
    async with dashboard() as driven:
        await changed(driven, "base", "m5.2xlarge")
        await driven.press("y")
        await way_back(driven)
        await driven.press("escape")
        await driven.until(
            lambda: any("base is stopped, and m5.2xlarge now" in one.words for one in driven.task_runner.state.failures)
        )
        await driven.until(lambda: driven.named("base").type == "m5.2xlarge")
        assert driven.named("base").state is State.STOPPED


async def test_one_whose_type_can_never_change_opens_no_form_and_says_why(demo_env: Path) -> None:
    async with dashboard() as driven:
        for name, words in (("spot1", "spot1 is a spot instance"), ("tryout", "tryout is terminated")):
            await driven.go_to(name)
            await driven.press("t")
            await driven.until(lambda words=words: any(words in said for said in driven.toasts), of=words)  # type: ignore[misc]
            assert driven.is_home


async def test_with_several_marked_it_says_that_it_takes_one(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.press("a", "t")
        await driven.until(lambda: any("this needs one" in said for said in driven.toasts))
        assert driven.is_home


async def test_in_the_launch_form_the_type_is_picked_from_all_that_fit_the_image(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.press("l")
        form = await driven.opened(LaunchForm)
        await driven.until(lambda: "^t all types" in str(form.query_one("#type .hint", Static).render()))
        await driven.press("tab", *"base", "tab")  # from any field
        await driven.until(lambda: "60 GiB" in str(form.query_one("#image .hint", Static).render()))
        types = await picker(driven, "ctrl+t")
        table = types.query_one(TypeTable)
        assert table.cursor_id == "t3.micro"
        assert "m6g.large" not in table.types.ids
        await filtered(driven, types, "family:m5 vcpu>=8 mem>=32", "m5.2xlarge")
        await driven.press("enter")
        await driven.until(lambda: form.query_one("#type", SuggestField).value == "m5.2xlarge")
        await driven.until(lambda: "8 vCPU" in str(form.query_one("#type .hint", Static).render()))


async def test_from_the_palette_the_types_open_alone_and_enter_launches_one(demo_env: Path) -> None:
    async with dashboard() as driven:
        form = await picker(driven, "ctrl+p", *"instance", "space", *"types", "enter")
        await filtered(driven, form, "m5.2xlarge", "m5.2xlarge")
        await driven.press("enter")
        launch = await driven.opened(LaunchForm)
        assert launch.query_one("#type", SuggestField).value == "m5.2xlarge"
        await driven.press("escape")
        await driven.home()


async def test_the_spot_prices_of_all_types_are_read_by_the_first_picker_and_kept_for_the_next(
    fresh_cloud: FreshCloud, enter_cloud: EnterCloud
) -> None:
    cloud = fresh_cloud()
    enter_cloud(cloud)

    def of_all() -> int:
        return sum("InstanceType" not in call["params"] for call in calls(cloud, "DescribeSpotPriceHistory"))

    async with dashboard() as driven:
        assert not of_all()
        form = await picker(driven, "ctrl+p", *"instance", "space", *"types", "enter")
        table = form.query_one(TypeTable)
        await driven.until(lambda: row_texts(table, "c7g.large")[-1] != "–")
        assert "spot prices" not in str(form.query_one("#said", Static).render())
        read = of_all()
        assert 0 < read <= 6
        await driven.press("escape")
        await driven.home()
        await driven.press("l")
        await driven.opened(LaunchForm)
        await driven.press("ctrl+t")
        again = (await driven.opened(TypePicker)).query_one(TypeTable)
        await driven.until(lambda: again.types.ids and row_texts(again, again.types.ids[0])[-1] != "–")
        assert of_all() == read
        await driven.press("escape", "escape")
        await driven.home()


async def test_who_may_only_read_copies_the_name_of_a_type(demo_env: Path) -> None:
    async with dashboard(read_only=True) as driven:
        form = await picker(driven, "ctrl+p", *"instance", "space", *"types", "enter")
        await filtered(driven, form, "m5.2xlarge", "m5.2xlarge")
        await driven.press("enter")
        await driven.home()
        await driven.until(lambda: driven.app.clipboard == "m5.2xlarge")
