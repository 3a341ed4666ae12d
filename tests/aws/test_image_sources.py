"""The account's images, snapshots and addresses in the fleet; those being made are watched by their own clock."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from fe2tui.aws import images
from fe2tui.aws.session import Session
from fe2tui.demo import Cloud
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import State
from tests.aws.conftest import Open, calls
from tests.aws.hurry import hurried, patient_session
from tests.aws.watch import is_whole, listening, watching

FACTOR = 100.0


async def freeze(session: Session, fleet: Fleet, name: str = "frozen") -> str:
    source = next(key for key, one in fleet.instances.items() if one.state is State.RUNNING)
    tags = {"Name": name}
    return await images.create_image(session, source, name, tags=tags, snapshot_tags=tags, no_reboot=True)


async def test_own_images_their_snapshots_public_images_and_idle_addresses_are_in_the_fleet(
    own_cloud: Cloud, open_session: Open
) -> None:
    async with watching(open_session(), slow=60) as watch:
        fleet = await watch.fleet(
            lambda fleet: bool(fleet.images and fleet.snapshots and fleet.public_images and fleet.idle_addresses)
        )
    assert {"base", "train-cuda-12", "scraper-2026-08"} <= {image.name for image in fleet.images.values()}
    assert all(not image.public for image in fleet.images.values())
    assert all(key in fleet.snapshots for image in fleet.images.values() for key in image.snapshot_ids)
    assert {one.word for one in fleet.public_images} >= {"ubuntu", "amazon", "debian", "dlami"}
    (idle,) = fleet.idle_addresses
    assert (idle.address, idle.label) == ("127.0.0.1", "was for web") and idle.id.startswith("eipalloc-")
    assert fleet.addresses_read_at is not None


def test_an_image_being_made_is_watched_without_reading_the_instances_any_quicker(own_cloud: Cloud) -> None:
    own_cloud.control("/demo/delays", {"stop_seconds": 2})

    async def watch() -> tuple[list[float], Counter[str], Fleet]:
        progress: list[float] = []
        async with patient_session(FACTOR) as session, listening(session, quick=2, slow=60) as (poller, seen):
            fleet = await seen(lambda fleet: bool(fleet.images) and not fleet.is_moving)
            await asyncio.sleep(30)
            own_cloud.control("/demo/calls", method="DELETE")
            made = await freeze(session, fleet)
            poller.read_images_soon()
            await seen(lambda fleet: made in fleet.images)
            while (fleet := await seen(lambda _: True)).images[made].state == "pending":
                progress += [one.progress for one in fleet.snapshots.values() if made in one.description]
                await asyncio.sleep(1)
            asked = Counter(call["action"] for call in calls(own_cloud))
            await asyncio.sleep(30)
            return progress, asked, await seen(lambda _: True)

    progress, asked, fleet = hurried(FACTOR, watch)
    [frozen] = [image for image in fleet.images.values() if image.name == "frozen"]
    assert frozen.state == "available"
    assert all(fleet.snapshots[key].state == "completed" for key in frozen.snapshot_ids)
    assert progress == sorted(progress)
    assert any(0 < one < 1 for one in progress)
    assert asked["DescribeImages"] > 10
    assert asked["DescribeInstances"] < asked["DescribeImages"] / 2


def test_nothing_hurries_any_more_once_the_image_is_made(own_cloud: Cloud) -> None:
    async def rest() -> None:
        async with patient_session(FACTOR) as session, listening(session, quick=2, slow=60) as (poller, seen):
            made = await freeze(session, await seen(lambda fleet: bool(fleet.images)))
            poller.read_images_soon()
            await seen(lambda fleet: made in fleet.images and fleet.images[made].state == "available")
            await asyncio.sleep(60)
            own_cloud.control("/demo/calls", method="DELETE")
            await asyncio.sleep(240)

    hurried(FACTOR, rest)
    asked = Counter(call["action"] for call in calls(own_cloud))
    few = 5  # every few minutes, on a machine that may stall; in a hurry it would be dozens
    assert asked["DescribeImages"] < few
    assert asked["DescribeSnapshots"] < few


async def test_a_change_of_images_is_seen_at_once(own_cloud: Cloud, open_session: Open) -> None:
    session = open_session()
    async with watching(session, slow=60) as watch:
        fleet = await watch.fleet(lambda fleet: bool(fleet.images and fleet.snapshots))
        gone = next(image for image in fleet.images.values() if image.name == "scraper-2026-08")
        await images.deregister_image(session, gone.id)
        watch.poller.read_images_soon()
        await watch.fleet(lambda fleet: gone.id not in fleet.images)


def test_a_pending_image_is_not_watched_while_reading_is_paused(own_cloud: Cloud) -> None:
    own_cloud.control("/demo/delays", {"stop_seconds": 600})

    async def away() -> int:
        async with patient_session(FACTOR) as session, listening(session, quick=2, slow=60) as (poller, seen):
            made = await freeze(session, await seen(lambda fleet: is_whole(fleet) and bool(fleet.images)))
            poller.read_images_soon()
            await seen(lambda fleet: made in fleet.images)
            poller.pause()
            await asyncio.sleep(5)
            own_cloud.control("/demo/calls", method="DELETE")
            await asyncio.sleep(120)
            asked = len(calls(own_cloud))
            poller.resume()
            await asyncio.sleep(60)
            return asked

    assert hurried(FACTOR, away) == 0
    assert calls(own_cloud, "DescribeImages")


@pytest.mark.parametrize("action", ["DescribeImages", "DescribeSnapshots"])
async def test_what_may_not_be_read_costs_the_rest_nothing(own_cloud: Cloud, open_session: Open, action: str) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "action": action})
    async with watching(open_session(), slow=60) as watch:
        fleet = await watch.fleet(
            lambda fleet: bool(fleet.problems and fleet.volumes and fleet.idle_addresses and fleet.prices.on_demand)
        )
    assert any(action in problem.summary and problem.remedy for problem in fleet.problems)
