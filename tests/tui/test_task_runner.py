"""Running tasks: how they end, the question before they are cancelled, and the list that follows them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import App
from textual.widget import Widget
from textual.widgets import Static

from fe2tui.demo import Cloud
from fe2tui.errors import CapacityError
from fe2tui.model.filters import parse_words
from fe2tui.model.instance import State
from fe2tui.model.progress import Activity, Outcome
from fe2tui.tasks.context import Context, activity_entry
from fe2tui.tui.forms.confirm import ConfirmForm
from fe2tui.tui.panes.activity import ActivityPane
from fe2tui.tui.services import Severity
from fe2tui.tui.task_runner import TaskState
from tests.tui.driver import Driven, dashboard
from tests.tui.form_host import until
from tests.tui.test_dashboard import shown

FreshCloud = Callable[..., Cloud]
EnterCloud = Callable[[Cloud], Path]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FROZEN = "AWS goes on creating base 2: the next start watches it."


@pytest.fixture
def own_cloud(fresh_cloud: FreshCloud, enter_cloud: EnterCloud) -> Cloud:
    """A lived-in cloud that this test may change, in this process's environment."""
    cloud = fresh_cloud()
    enter_cloud(cloud)
    return cloud


async def waiting(driven: Driven, title: str = "Freeze base", left: str = FROZEN) -> asyncio.Event:
    """Begin a task that leaves something behind, and waits for the event to end."""
    begun, end = asyncio.Event(), asyncio.Event()

    async def work(ctx: Context) -> str:
        with activity_entry(ctx, "freeze", "base") as entry:
            entry.left_behind = left
            ctx.report_step("freeze", "image", "its snapshot is being made")
            begun.set()
            await end.wait()
        return f"{title} is over."

    driven.view.services.run_task(title, work)
    await driven.until(begun.is_set)
    return end


def asked(driven: Driven) -> str:
    """What the open question says."""
    return "\n".join(str(one.render()) for one in driven.app.screen.query(Static))


async def test_leaving_with_tasks_under_way_says_what_each_leaves_and_esc_stays(demo_env: Path) -> None:
    async with dashboard() as driven:
        end = await waiting(driven)
        await driven.press("q")
        await driven.opened(ConfirmForm)
        text = asked(driven)
        for part in ("1 task is running. Quit now?", "Freeze base", "its snapshot is being made", FROZEN):
            assert part in text
        for key in ("escape", "q"):
            await driven.press(key)
            await (driven.home() if key == "escape" else driven.opened(ConfirmForm))
            assert driven.view.running_tasks == 1
        await driven.press("enter")  # which is no
        await driven.home()
        assert driven.view.running_tasks == 1 and driven.app.is_running
        end.set()
        await driven.until(lambda: not driven.view.running_tasks)


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_leaving_is_done_when_a_person_says_yes(demo_env: Path, key: str) -> None:
    async with dashboard() as driven:
        await waiting(driven)
        await driven.press(key)
        await driven.opened(ConfirmForm)
        assert driven.app._exit is False
        await driven.press("y")
        await driven.until(lambda: driven.app._exit)


async def test_esc_in_the_activity_goes_back_to_the_list_and_harms_nothing(demo_env: Path) -> None:
    async with dashboard(size=(80, 24)) as driven:
        await waiting(driven)
        await driven.press("6")
        await driven.until(lambda: driven.view.pane == "activity")
        await driven.press("escape")
        await driven.until(lambda: driven.view.pane == "instances")
        assert driven.view.running_tasks == 1
        assert driven.is_home


async def test_a_row_of_the_activity_leads_to_what_it_is_about(demo_env: Path) -> None:
    async with dashboard(size=(80, 24)) as driven:
        await driven.go_to("base")
        scraper, end = driven.named("scraper"), asyncio.Event()

        async def work(ctx: Context) -> None:
            await end.wait()

        driven.view.services.run_task("Reboot scraper", work, instances=(scraper,))
        await driven.press("6")
        await driven.until(lambda: "enter Go to it" in shown(driven) and "c Connect" in shown(driven))
        selected = driven.view.selected_instance
        assert selected is not None and selected.id == scraper.id
        await driven.press("enter")
        await driven.until(lambda: driven.view.pane == "instances" and driven.selected_row == scraper.id)
        end.set()
        await driven.until(lambda: not driven.view.running_tasks)


async def test_cancelling_a_task_asks_first_and_says_what_it_leaves(demo_env: Path) -> None:
    async with dashboard() as driven:
        await waiting(driven)
        await driven.press("6")
        await driven.until(lambda: driven.view.pane == "activity")
        await driven.press("delete")
        await driven.opened(ConfirmForm)
        assert FROZEN in asked(driven)
        await driven.press("escape")
        await driven.home()
        assert driven.view.running_tasks == 1
        await driven.press("x")
        await driven.opened(ConfirmForm)
        await driven.press("y")
        await driven.until(lambda: driven.view.running_tasks == 0)
        assert any("cancelled" in toast for toast in driven.toasts)


async def test_a_task_that_ended_while_one_was_asked_is_not_cancelled(demo_env: Path) -> None:
    async with dashboard() as driven:
        end = await waiting(driven)
        await driven.press("6")
        await driven.until(lambda: driven.view.pane == "activity")
        await driven.press("delete")
        await driven.opened(ConfirmForm)
        end.set()
        await driven.until(lambda: not driven.view.running_tasks)
        await driven.press("y")
        await driven.until(lambda: any("has already ended" in toast for toast in driven.toasts))


async def test_the_list_follows_the_steps_of_a_task_before_its_end(own_cloud: Cloud) -> None:
    async with dashboard(slow_seconds=600.0) as driven:
        await driven.until(lambda: driven.read_at is not None)
        end = asyncio.Event()

        async def work(ctx: Context) -> None:
            from fe2tui.aws import instances

            base = driven.named("base").id
            await instances.stop_instances(ctx.session, [base])
            ctx.report_step("change-type", "stopping", "stops", subject=base)
            await end.wait()

        driven.view.services.run_task("Change type of base", work)
        await driven.until(driven.is_state("base", State.STOPPED), seconds=10)
        end.set()
        await driven.until(lambda: not driven.view.running_tasks)


async def test_the_status_line_goes_on_under_an_open_form(own_cloud: Cloud) -> None:
    async with dashboard() as driven:
        await driven.press("s")
        await driven.opened(ConfirmForm)
        before = driven.status_text
        await driven.until(lambda: driven.status_text not in ("", before), seconds=8)
        assert isinstance(driven.app.screen, ConfirmForm)
        assert driven.status_text.strip() in shown(driven)


async def test_the_same_said_again_takes_the_place_of_what_is_there(demo_env: Path) -> None:
    async with dashboard() as driven:
        await driven.press("escape")  # with nothing to leave: not worth a word
        for _ in range(4):
            await driven.press("left_square_bracket")
        await driven.until(lambda: driven.toasts)
        assert driven.toasts == ["The spot prices are not visible: 3 goes there."]


async def test_the_end_of_a_task_names_the_kind_of_what_was_done(demo_env: Path) -> None:
    async with dashboard() as driven:
        for ids, words in (
            (("ami-1", "ami-2"), "2 images: deregistered"),
            (("i-1", "i-2"), "2 instances: deregistered"),
            (("ami-1", "i-2"), "2 things: deregistered"),
        ):

            async def work(ctx: Context, ids: tuple[str, ...] = ids) -> list[Outcome]:
                return [Outcome(one, one, "deregistered") for one in ids]

            driven.view.services.run_task("Deregister", work)
            await driven.until(lambda words=words: words in driven.toasts, of=words)  # type: ignore[misc]


async def test_a_failure_of_one_says_its_name_once(demo_env: Path) -> None:
    async with dashboard() as driven:

        async def work(ctx: Context) -> list[Outcome]:
            error = CapacityError("AWS has no m5.large there.", "Try later.")
            return [Outcome("i-1", "inst1", error.summary, error)]

        driven.view.services.run_task("Start inst1", work)
        await driven.until(lambda: driven.toasts)
        assert driven.toasts[0].count("inst1") == 1
        await driven.press("!")
        await driven.until(lambda: "Start inst1: AWS has no m5.large" in shown(driven))


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_nothing_in_the_activity_is_cut_however_much_there_is(demo_env: Path, size: tuple[int, int]) -> None:
    words = "deregistered, its snapshots that no other image uses are deleted and cost nothing any more"
    async with dashboard(size=size) as driven:

        async def work(ctx: Context) -> str:
            for number in range(30):
                with activity_entry(ctx, "deregister", f"base {'x' * (number % 9)} {number}") as entry:
                    entry.words = f"{words} {number}."
            return "Done."

        driven.view.services.run_task("Fill", work)
        await driven.until(lambda: "Done." in driven.toasts)
        await driven.press("6")
        pane = driven.activity
        await driven.until(lambda: driven.view.pane == "activity" and pane.max_scroll_y > 10)
        await driven.until(lambda: f"{words} 29." in _told(pane))
        # What was laid out is what there is room for, the scrollbar's column not counted.
        laid_out = max(sum(cell_len(text) for text, _ in line.cells) for line in pane._lines)
        assert laid_out < pane.scrollable_content_region.width


async def test_the_activity_is_drawn_even_if_it_gets_no_resize() -> None:
    class PaneWithoutResize(ActivityPane):
        def on_resize(self, event: events.Resize) -> None:  # type: ignore[override]
            event.prevent_default()

    pane = PaneWithoutResize(lambda: NOW)

    class Host(App[None]):
        def compose(self) -> Iterator[Widget]:
            yield pane

    async with Host().run_test(size=(80, 24)) as pilot:
        pane.display = False
        await pilot.pause()
        pane.show(TaskState(), [Activity(NOW, "stop", "i-1", "base", "us-east-2", "done", "stopped")])
        pane.display = True
        await until(lambda: "Stop base: stopped" in "".join(_lines(pane)))
        await pilot.pause()


async def test_what_was_done_to_many_is_one_row_and_words_are_found() -> None:
    pane = ActivityPane(lambda: NOW)

    class Host(App[None]):
        CSS = "ActivityPane { height: 1fr; }"

        def compose(self) -> Iterator[Widget]:
            yield pane

    def entry(command: str, number: int, seconds: int, words: str = "terminating") -> Activity:
        at, label = NOW - timedelta(seconds=seconds), f"worker-{number}"
        return Activity(at, command, f"i-{number}", label, "us-east-2", "done", words, by="dashboard")

    many = [entry("terminate", number, 10 + number // 50) for number in range(143)]
    async with Host().run_test(size=(100, 20)) as pilot:
        pane.focus()
        pane.show(TaskState(), [entry("stop", 7, 1, "stopped"), *many, entry("terminate", 900, 60)])
        await pilot.pause()
        told = _told(pane)
        for words in ("Stop worker-7: stopped", "Terminate 143 instances: terminating (", "138 more"):
            assert words in told
        assert "Terminate worker-900: terminating" in told and len(_lines(pane)) <= 20
        pane.search_for(parse_words("TERMINATE")[0])
        assert pane.selected_row is not None and pane.selected_row.title == "Terminate 143 instances"
        await pilot.press("n")
        assert pane.selected_row.title == "Terminate worker-900"
        await pilot.press("n", "N", "N")
        assert pane.selected_row.title == "Terminate 143 instances"
        assert "1 of 2" in str(pane.border_title)
        await pilot.press("g", "G")
        assert "2 of 2" in str(pane.border_title)
        assert pane.selected_row.title == "Terminate worker-900"


def _lines(pane: ActivityPane) -> list[str]:
    return [pane.render_line(y).text for y in range(pane.scrollable_content_region.height)]


def _told(pane: ActivityPane) -> str:
    return " ".join(" ".join(line.strip(" ▌✓◐▲○") for line in _lines(pane)).split())


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_what_a_toast_says_is_on_the_screen_whole(demo_env: Path, size: tuple[int, int]) -> None:
    words: dict[Severity, str] = {"information": "word", "warning": "warn"}
    async with dashboard(size=size, toasts=True) as driven:
        for severity, word in words.items():
            driven.view.services.tell(" ".join(f"{word}{number}" for number in range(30)), severity)
            await driven.until(lambda last=f"{word}29": last in shown(driven), of=severity)  # type: ignore[misc]
            at = {int(found) for found in re.findall(rf"{word}(\d+)", shown(driven))}
            assert at == set(range(30)), severity
            driven.app.clear_notifications()


async def test_who_is_looked_at_is_told_after_a_move_and_else_every_few_seconds(
    demo_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dashboard() as driven:
        told: list[set[str]] = []
        monkeypatch.setattr(driven.fleet_watch, "set_cpu_ids", lambda ids: told.append(set(ids)))
        for _ in range(20):
            driven.tick()
        assert 1 <= len(told) <= 6
        before = len(told)
        await driven.press("end")
        driven.tick()
        assert len(told) > before
        assert driven.selected_row in told[-1]
