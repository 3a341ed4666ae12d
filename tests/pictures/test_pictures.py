"""Ten screens at three sizes look as they did: pictures of a cloud and a clock that stand still.

`pytest tests/pictures --renew` takes the pictures again. Those that differ are written to tests/pictures/differing.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from textual.widgets import Input

from fe2tui.demo import Cloud, Options
from fe2tui.model.fleet import Fleet
from fe2tui.model.progress import Activity
from fe2tui.store import open_store
from tests.pictures.picture import DIFFERING, STORED, difference, path_of, picture_of
from tests.tui.driver import Driven, dashboard

NOW = datetime(2026, 11, 23, 15, 40, tzinfo=UTC)
SIZES = [(80, 24), (120, 36), (200, 50)]
REST = 3.0  # seconds without a change after which a screen is stored; a comparison waits for what is stored
GIVE_UP = 20.0  # seconds without a change after which a screen is no longer expected to become the stored one
PATIENCE = 60.0
BARS = r"[▁▂▃▄▅▆▇█]{5}"
Scene = Callable[["Photographer"], AsyncIterator[str]]


@pytest.fixture(scope="module")
def still_cloud(forked_cloud: type[Cloud]) -> Iterator[Cloud]:
    """A lived-in cloud in which nothing moves on: a machine that is pending stays so."""
    with forked_cloud(Options(still_at=NOW.isoformat())) as cloud:
        session = boto3.Session(cloud.keys.access_key, cloud.keys.secret, region_name=cloud.options.region)
        ec2 = session.client("ec2", endpoint_url=cloud.endpoint)
        ids = [one["InstanceId"] for each in ec2.describe_instances()["Reservations"] for one in each["Instances"]]
        ec2.delete_tags(Resources=ids, Tags=[{"Key": "fe2:port"}])  # the ports differ each time
        yield cloud


@pytest.fixture
def still_env(
    still_cloud: Cloud, enter_cloud: Callable[[Cloud], Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The still cloud's environment, in UTC, with a log of what was done."""
    enter_cloud(still_cloud)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    write_log()
    yield
    monkeypatch.undo()
    time.tzset()


def write_log() -> None:
    """Activities that ended well and badly, today and before."""
    store = open_store()
    try:
        for hours, command, label, result, words, remedy, code, by in (
            (190.0, "freeze", "base", "done", "image base is ready, frozen from base", "", None, "fe2"),
            (73.0, "launch", "base", "done", "ready after 41 s: ssh ubuntu@127.0.0.1", "", None, "dashboard"),
            (
                26.4,
                "start",
                "train-resnet",
                "failed",
                "We currently do not have sufficient p3.8xlarge capacity in the Availability Zone you requested",
                "Choose another zone or another type, or try again later.",
                "InsufficientInstanceCapacity",
                "dashboard",
            ),
            (8.3, "interruption", "nightly-etl", "done", "AWS stopped it: no capacity", "", None, "dashboard"),
            (2.5, "stop", "od1", "cancelled", "the stop was sent; it goes on", "", None, "fe2"),
            (0.2, "terminate", "tryout", "done", "terminated, with 8 GiB of disk", "", None, "python"),
        ):
            at = NOW - timedelta(hours=hours)
            entry = Activity(at, command, "", label, "us-east-2", "running", "", by=by)
            store.activity.end(store.activity.begin(entry), result, words, remedy, code, at + timedelta(seconds=40))
    finally:
        store.close()


class Photographer:
    """Drives the dashboard from scene to scene."""

    def __init__(self, driven: Driven, size: tuple[int, int]) -> None:
        self.driven = driven
        self.size = size

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(strip.text for strip in self.driven.app.screen._compositor.render_strips())

    async def press(self, *keys: str) -> None:
        await self.driven.press(*keys)

    async def until(self, pattern: str) -> None:
        """Wait until the screen shows it."""
        await self.driven.until(lambda: re.search(pattern, self.text), PATIENCE, f"{pattern} in\n{self.text}\n")

    async def home(self) -> None:
        """Close the form that is open."""
        await self.press("escape")
        await self.driven.home()

    async def at_rest(self, seconds: float, stored: str | None = None) -> str:
        """The screen's picture as soon as it is the stored one, or when it has not changed for so many seconds."""
        now = asyncio.get_running_loop().time
        picture, since = await self.seen(), now()
        while picture != stored and now() - since < seconds:
            before, picture = picture, await self.seen()
            since = since if picture == before else now()
        return picture

    async def seen(self) -> str:
        await self.driven.pilot.pause(0.05)
        for field in self.driven.app.screen.query(Input):
            field.cursor_blink = False
        return picture_of(self.driven.app)


def is_all_read(fleet: Fleet) -> bool:
    """Whether every part of the fleet has been read, also when AWS stopped the instance that it interrupted."""
    prices, usages = fleet.prices, [one for each in fleet.instance_usage.values() for one in each]
    parts = (
        *(fleet.volumes, fleet.images, fleet.snapshots, fleet.public_images, fleet.idle_addresses, fleet.requests),
        *(fleet.instance_usage, fleet.volume_usage, fleet.spot_history, fleet.account),
        *(prices.on_demand, prices.spot, prices.storage, prices.snapshot),
    )
    return all(parts) and not fleet.problems and not any(one.is_spot and one.ended_before for one in usages)


async def scenes(at: Photographer) -> AsyncIterator[str]:
    """Goes through all scenes; yields each one's name when the screen shows what it is about."""
    await at.driven.until(lambda: is_all_read(at.driven.fleet), PATIENCE, "all reads")
    await at.until(r"train-resnet[^\n]*5\.\d{3}")
    await at.until(r"≥\$\d+\.\d\d (in )?Nov")
    if at.size[0] > 100:
        await at.until(rf"train-resnet[^\n]*{BARS}")
    yield "instances"
    await at.driven.go_to("nightly-etl")
    if at.size != (120, 36):  # where they are shown without being asked for
        await at.press("d")
    await at.until("╭─ nightly-etl ")
    yield "details"
    await at.driven.go_to("train-resnet")
    await at.press("p")
    await at.until(r"p3\.8xlarge(.|\n)*2b +\d+\.\d+ (.|\n)*2c +not offered")
    yield "spot"
    await at.press("2")
    await at.until("X Deregister")
    await at.press("down", "down")
    await at.until(r"▌ ● train-cuda-12")
    yield "images"
    await at.press("6")
    await at.until("Terminate tryout")
    yield "activity"
    await at.press("1", "dollar_sign")
    await at.until("1 Elastic IP is associated|Not counted: ")
    yield "cost"
    await at.home()
    await at.press("l")
    await at.until("Key pair")
    await at.press(*"forecast")
    for value in ("ubuntu", "80", "m5.large"):
        await at.press("tab", "ctrl+u", *value)
    await at.press("tab")
    await at.until(r"an hour")
    yield "launch"
    await at.home()
    await at.press("X")
    await at.until("Type train-resnet")
    yield "terminate"
    await at.home()
    await at.driven.go_to("base")
    await at.press("t")
    await at.until("can be chosen|cannot be chosen")
    await at.press(*"mem>=64 price<1.2 current")
    await at.until(r"\d of \d+ types(.|\n)*▌ +\w+\.\w+[^\n]* \d\.\d{4} +\d\.\d{4}")
    await at.press("down", "down")
    yield "types"
    await at.home()
    await at.press("question_mark")
    await at.until("─ Help ─")
    yield "help"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_screens_look_as_they_did(
    size: tuple[int, int], still_env: None, request: pytest.FixtureRequest
) -> None:
    renews = request.config.getoption("--renew", default=False)
    differences: list[str] = []
    async with dashboard(size=size, clock=lambda: NOW, timeout=120) as driven:
        at = Photographer(driven, size)
        async for name in scenes(at):
            path = path_of(name, size)
            if renews:
                path.write_text(await at.at_rest(REST))
                continue
            stored = path.read_text() if path.exists() else ""
            seen = await at.at_rest(REST if differences else GIVE_UP, stored)
            if seen != stored:
                DIFFERING.mkdir(exist_ok=True)
                (DIFFERING / path.name).write_text(seen)
                differences.append(f"{path.name}\n{difference(stored, seen)}")
    assert not differences, "\n\n".join(differences)


def test_there_is_no_picture_that_nothing_compares() -> None:
    names = {"instances", "details", "spot", "images", "activity", "cost", "launch", "terminate", "types", "help"}
    assert {path.name for path in STORED.iterdir()} == {path_of(name, size).name for name in names for size in SIZES}
