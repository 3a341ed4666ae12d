"""A fault in fe2tui's own files does not keep the dashboard from opening; it is shown there."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.widgets._toast import Toast

from fe2tui.aws.instances import describe_instances
from fe2tui.aws.session import Choice, Session
from fe2tui.model.progress import Activity
from fe2tui.model.type_change import TypeChangeIntent
from fe2tui.settings import load
from fe2tui.store import open_store
from fe2tui.tui.app import Dashboard
from fe2tui.tui.forms.mfa_code import MfaCodeForm
from tests.tui.driver import Driven, dashboard
from tests.tui.form_host import click_at_once
from tests.tui.pty_screen import Terminal


def _open() -> Terminal:
    return Terminal([sys.executable, "-P", "-m", "fe2tui"], dict(os.environ), 120, 36)


def test_a_damaged_store_is_reported_and_stays_in_the_activity(demo_env: Path) -> None:
    data = demo_env / "data"
    data.mkdir(exist_ok=True)
    (data / "fe2tui.sqlite").write_bytes(os.urandom(9000))
    with _open() as terminal:
        terminal.until("● base")
        terminal.until("The store was damaged")
        terminal.send("!")
        terminal.until(
            lambda: "▲" in terminal.text and "activity log and the earlier costs" in " ".join(terminal.text.split())
        )


def test_settings_that_cannot_be_read_open_it_for_reading_only(demo_env: Path) -> None:
    (demo_env / "config" / "config.toml").write_text("columns = [\n")
    with _open() as terminal:
        terminal.until("● base")
        terminal.until("read-only")
        terminal.send("!")  # the toast has no space for the whole path
        terminal.until("valid TOML")
        terminal.send("1l")
        terminal.until("is read-only")


@pytest.mark.parametrize(
    ("keys", "words"), [(["escape"], "needs the one-time code"), ([*"000000", "enter"], "did not accept")]
)
async def test_without_the_right_code_the_dashboard_stays_and_asks_again_on_request(
    demo_env: Path, keys: list[str], words: str
) -> None:
    app = Dashboard(Choice(profile="mfa"), load())
    async with app.run_test(size=(160, 36)) as pilot:
        driven = Driven(app, pilot)
        await driven.opened(MfaCodeForm)
        await driven.press(*keys)
        await driven.until(lambda: words in driven.notice_text and "ctrl+r asks for it again" in driven.notice_text)
        await driven.home()
        await driven.press("ctrl+r")
        await driven.opened(MfaCodeForm)
        await driven.press(*"123456", "enter")
        await driven.until(lambda: driven.view.fleet is not None)


def test_keys_that_are_not_utf8_do_not_end_the_input(demo_env: Path) -> None:
    with _open() as terminal:
        terminal.until("● base")
        terminal.child.send(b"\xff\xfe\x9b")
        terminal.press("?", "─ Help ─")


async def test_a_double_click_on_a_toast_closes_it_once(demo_env: Path) -> None:
    async with dashboard(toasts=True) as driven:
        driven.app.toast("a text that stays")
        await driven.until(lambda: "a text that stays" in driven.screen_text)
        at = driven.app.screen.query_one(Toast).region.offset
        click_at_once(driven.app, at.x + 2, at.y, times=4)
        await driven.until(lambda: "a text that stays" not in driven.screen_text)


async def test_an_internal_error_in_one_read_is_reported_and_the_next_read_succeeds(demo_env: Path) -> None:
    breaks: list[str] = []

    def clock() -> datetime:
        if breaks and sys._getframe(1).f_globals["__name__"] == "fe2tui.aws.poller.poller":
            raise ValueError(breaks.pop())
        return datetime.now(UTC)

    app = Dashboard(Choice(), replace(load(), quick_seconds=0.5, slow_seconds=5.0), clock=clock)
    async with app.run_test(size=(120, 36)) as pilot:
        driven = Driven(app, pilot)
        await driven.until(lambda: app.screen.id == "main" and driven.view.fleet is not None)
        breaks.append("an unforeseen reply")
        driven.view.services.fleet_watch.nudge()
        await driven.until(lambda: "unforeseen reply" in str(driven.read_error))
        await driven.until(lambda: driven.read_error is None)
        assert driven.view.fleet is not None
        assert driven.fleet.instances


async def test_a_type_change_that_was_cut_short_is_taken_up_at_the_start_and_with_every_task(demo_env: Path) -> None:
    async with Session(Choice()) as session:
        (base,) = await describe_instances(session, filters={"tag:Name": ["base"]})
        place, at = session.location, datetime.now(UTC) - timedelta(hours=1)
    store = open_store()
    entry = store.activity.begin(Activity(at, "change type", base.id, "base", place.region, "running", ""))
    left = TypeChangeIntent(
        "left", base.id, "base", "m5.2xlarge", place.region, place.profile, place.endpoint, at, activity=entry
    )
    store.type_changes.add(left)
    store.close()
    async with dashboard(prices=False) as driven:
        store = driven.view.services.store
        await driven.until(lambda: store.activity.recent(1)[0].result == "failed")
        words = "The change of base to m5.2xlarge was cut short. base is running again. Its type is m5.xlarge."
        assert store.activity.recent(1)[0].words.startswith(words)
        again = store.activity.begin(Activity(at, "change type", base.id, "base", place.region, "running", ""))
        store.type_changes.add(replace(left, token="another program's", activity=again))
        store.type_changes.release("another program's")
        driven.view.services.run_task("Wait", lambda ctx: asyncio.sleep(0))
        await driven.until(lambda: store.activity.recent(1)[0].result == "failed")
