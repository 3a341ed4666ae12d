"""Interruptions are reported when a read shows them: in a toast, in the activity, in the status line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fe2tui.demo import Cloud
from fe2tui.model.instance import Instance, State
from fe2tui.model.progress import INTERRUPTION, REPLACEMENT, RETURN
from fe2tui.store import Store
from fe2tui.tui.availability import can_stop_or_start
from fe2tui.tui.interruption_news import NOTICE, InterruptionTracker, toast_texts
from fe2tui.tui.status_bar import alerts_text
from tests.tui.driver import Driven, dashboard
from tests.tui.fleets import NOW, instance
from tests.tui.test_interrupted_instances import GONE, MARKED, NOTICED, ONCE, REQUEST, TAKEN, seen
from tests.tui.test_status_bar import SUMS

RUNNING = replace(TAKEN, state=State.RUNNING, state_reason="")
LONG_PAST = replace(REQUEST, status_at=NOW - timedelta(hours=2))
NEXT = replace(instance(2, "next"), lifecycle="spot", spot_request_id=REQUEST.id)


def news(*reads: tuple[Instance, object] | tuple[Instance, object, Instance]) -> list[list[str]]:
    """The commands of what is news in each of these reads."""
    watch = InterruptionTracker()
    fleets = [seen(one, request, *others) for one, request, *others in reads]  # type: ignore[arg-type]
    return [[deed.command for deed in watch.update(fleet, NOW).new_events] for fleet in fleets]


def test_taking_back_and_bringing_back_are_told_once_each() -> None:
    assert news(
        (RUNNING, None),
        (replace(TAKEN, state=State.STOPPING), None),
        (TAKEN, REQUEST),
        (TAKEN, REQUEST),
        (replace(RUNNING, state=State.PENDING), None),
        (RUNNING, None),
        (RUNNING, None),
    ) == [[], [INTERRUPTION], [], [], [], [RETURN], []]
    assert news((NOTICED, None), (NOTICED, MARKED), (NOTICED, MARKED)) == [[], [NOTICE], []]


def test_what_the_first_read_finds_long_past_is_no_news_and_what_was_a_moment_ago_is() -> None:
    assert news((TAKEN, LONG_PAST), (TAKEN, LONG_PAST)) == [[], []]
    assert news((TAKEN, None), (TAKEN, LONG_PAST)) == [[], []]
    assert news((GONE, ONCE)) == [[INTERRUPTION]]


def test_the_replacement_of_an_interrupted_instance_is_reported() -> None:
    by_hand = replace(GONE, state_reason="Client.UserInitiatedShutdown: x")
    assert news((RUNNING, None), (by_hand, None, NEXT), (by_hand, None, NEXT)) == [[], [REPLACEMENT], []]
    assert news((RUNNING, None), (RUNNING, None, NEXT)) == [[], []]


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_toast_is_one_line_and_many_machines_share_one(width: int) -> None:
    watch = InterruptionTracker()
    watch.update(seen(RUNNING, None), NOW)
    total, (deed,) = watch.update(seen(GONE, ONCE), NOW)
    (words,) = toast_texts([deed], width)
    assert words.startswith("taken: interrupted ") and "gone, disk deleted" in words and len(words) <= width * 0.8
    assert toast_texts([deed] * 40, width) == ["AWS interrupted 40 instances: taken and taken …"]
    assert total == 1


def test_two_programs_that_see_one_interruption_write_one_entry(tmp_path: Path) -> None:
    first, second = Store(tmp_path / "s.sqlite"), Store(tmp_path / "s.sqlite")
    watch = InterruptionTracker()
    watch.update(seen(RUNNING, None), NOW)
    (deed,) = watch.update(seen(TAKEN, REQUEST), NOW).new_events
    entry, since = deed.as_activity("us-east-2"), NOW - timedelta(hours=1)
    later = replace(entry, at=entry.at + timedelta(minutes=1))
    assert [first.activity.add_once(entry, since), second.activity.add_once(later, since)] == [True, False]
    assert second.activity.add_once(later, entry.at + timedelta(seconds=30))  # started again meanwhile
    assert [one.command for one in first.activity.recent()] == [INTERRUPTION] * 2
    first.close()
    second.close()


def test_the_status_line_counts_them_first() -> None:
    assert alerts_text(SUMS, 2).startswith("2 interrupted")


async def test_the_dashboard_tells_what_aws_did_and_that_it_brought_it_back(cloud: Cloud, demo_env: Path) -> None:
    async with dashboard(size=(120, 36)) as driven:
        fleet = driven.view.fleet
        assert fleet is not None
        one = next(one for one in fleet.instances.values() if one.is_spot and one.state is State.RUNNING and one.name)
        before = driven.interruption_count
        assert not any("interrupted" in words for words in driven.toasts)
        cloud.control("/demo/interrupt", {"instance": one.id, "notice": 0})
        driven.view.services.fleet_watch.nudge()
        await driven.until(lambda: any(words.startswith(f"{one.label}: interrupted") for words in driven.toasts))
        assert driven.interruption_count == before + 1
        await driven.until(lambda: INTERRUPTION in entries_of(driven, one))
        await driven.until(driven.is_state(one.name, State.STOPPED))
        assert "AWS interrupted" in (
            can_stop_or_start(driven.view._replace(selected_instance=driven.named(one.name))) or ""
        )
        cloud.control("/demo/restore", {"instance": one.id})
        driven.view.services.fleet_watch.nudge()
        await driven.until(lambda: any(words.startswith(f"{one.label}: AWS started") for words in driven.toasts))
        await driven.until(lambda: entries_of(driven, one) == [RETURN, INTERRUPTION])
        assert driven.interruption_count == before


def entries_of(driven: Driven, one: Instance) -> list[str]:
    """The commands of the entries about a machine, newest first."""
    return [entry.command for entry in driven.view.services.store.activity.recent() if entry.subject == one.id]
