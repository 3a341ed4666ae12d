"""Deregister: the text before, which snapshots are deleted, which stay, and which could not be deleted."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fe2tui.aws import images as aws
from fe2tui.aws import snapshots
from fe2tui.errors import DeniedError, NotFoundError, ProtectedError, UsageError
from fe2tui.model.fleet import Fleet, Prices, PublicImage
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance, State
from fe2tui.model.location import Location
from fe2tui.model.volume import Snapshot
from fe2tui.tasks.deregister import deregister
from fe2tui.tasks.freeze import freeze, open_freezes
from fe2tui.tasks.impact import Impact, deregister_impact
from fe2tui.tasks.launch import launch
from tests.hold import Hold
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import Bench

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
async def image(bench: Bench, name: str) -> Image:
    """An image of the test's own."""
    machine = await launch(bench.ctx, bench.request(name), wait=False)
    return await freeze(bench.ctx, machine.id, way="no-reboot")


async def _there(bench: Bench, snapshot_ids: tuple[str, ...]) -> set[str]:
    return {one.id for one in await snapshots.snapshots_by_id(bench.ctx.session, snapshot_ids)}


async def _twin(bench: Bench, image: Image) -> Image:
    """Another own image that stands on the same snapshot, as RegisterImage makes them."""
    reply = await bench.ctx.session.call(
        "ec2",
        "RegisterImage",
        Name=f"{image.name}-twin",
        RootDeviceName=image.root_device,
        BlockDeviceMappings=[{"DeviceName": image.root_device, "Ebs": {"SnapshotId": image.snapshot_ids[0]}}],
    )
    found = await aws.image_by_id(bench.ctx.session, reply["ImageId"])
    assert found is not None and found.snapshot_ids == image.snapshot_ids
    return found


async def test_an_image_is_deregistered_with_its_snapshots_and_its_instances_keep_running(
    bench: Bench, image: Image, name: str
) -> None:
    child = await launch(bench.ctx, bench.request(f"{name}-child", image=image.id), wait=False)
    (outcome,) = await deregister(bench.ctx, [image.id])
    assert (outcome.is_done, outcome.label, outcome.words) == (
        True,
        image.name,
        "deregistered, its snapshot deleted",
    )
    assert await aws.image_by_id(bench.ctx.session, image.id) is None
    assert await _there(bench, image.snapshot_ids) == set()
    assert (await bench.one(child.id)).state in (State.RUNNING, State.PENDING)
    (entry,) = bench.activity("deregister")
    assert (entry.result, entry.label, entry.subject) == ("done", image.name, image.id)


async def test_a_snapshot_stays_until_the_last_image_that_uses_it_is_deregistered(bench: Bench, image: Image) -> None:
    twin = await _twin(bench, image)
    (outcome,) = await deregister(bench.ctx, [image.id])
    assert outcome.is_done and f"{image.snapshot_ids[0]} stays: {twin.name} uses it" in outcome.words
    assert await _there(bench, image.snapshot_ids) == set(image.snapshot_ids)
    (outcome,) = await deregister(bench.ctx, [twin.id])
    assert outcome.is_done and await _there(bench, image.snapshot_ids) == set()


async def test_two_images_that_share_a_snapshot_are_deregistered_with_it(bench: Bench, image: Image) -> None:
    twin = await _twin(bench, image)
    assert [it.is_done for it in await deregister(bench.ctx, [image.id, twin.id])] == [True, True]
    assert await _there(bench, image.snapshot_ids) == set()


async def test_the_users_of_a_snapshot_are_read_after_the_image_is_deregistered(bench: Bench, image: Image) -> None:
    bench.forget_calls()
    await deregister(bench.ctx, [image.id])
    actions = [it["action"] for it in bench.cloud.control("/demo/calls", method="GET")]
    gone, deleted = actions.index("DeregisterImage"), actions.index("DeleteSnapshot")
    assert "DescribeImages" in actions[gone:deleted]


async def test_a_snapshot_that_may_not_be_deleted_is_reported_with_its_cost(bench: Bench, image: Image) -> None:
    bench.ctx.store.prices.save(bench.ctx.session.region, Prices(snapshot=Decimal("0.05"), read_at=NOW))
    (snapshot,) = await snapshots.snapshots_by_id(bench.ctx.session, image.snapshot_ids)
    assert snapshot.stored is not None
    bench.fault("deny", action="DeleteSnapshot")
    (outcome,) = await deregister(bench.ctx, [image.id])
    assert isinstance(outcome.error, DeniedError) and outcome.error.code == "UnauthorizedOperation"
    cost = f"at most ${snapshot.stored * 0.05:.2f} a month"
    assert f"{image.name} is deregistered, but {snapshot.id} is left and costs {cost}" in outcome.words
    assert "ec2:DeleteSnapshot" in outcome.words
    assert await aws.image_by_id(bench.ctx.session, image.id) is None
    (entry,) = bench.activity("deregister")
    assert entry.result == "failed"


async def test_without_the_right_to_list_images_no_snapshot_is_deleted(bench: Bench, image: Image) -> None:
    hold = Hold(bench.cloud, "DeregisterImage", times=1)
    working = asyncio.create_task(deregister(bench.ctx, [image.id]))
    await hold.until_held()
    bench.fault("deny", action="DescribeImages")
    hold.release()
    (outcome,) = await working
    assert isinstance(outcome.error, DeniedError) and "is left and costs" in outcome.words
    assert await _there(bench, image.snapshot_ids) == set(image.snapshot_ids)


async def test_a_snapshot_that_is_in_use_for_a_moment_is_tried_again(bench: Bench, image: Image) -> None:
    bench.fault("refuse", action="DeleteSnapshot", code="InvalidSnapshot.InUse", message="in use", status=400, times=2)
    (outcome,) = await deregister(bench.ctx, [image.id])
    assert outcome.is_done and await _there(bench, image.snapshot_ids) == set()


async def test_a_pending_image_is_deregistered_with_the_snapshots_it_does_not_list_yet(
    fresh_cloud: Any, begin: Begin
) -> None:
    bench = await begin(fresh_cloud(stop_seconds=60))
    base = (await bench.named("base"))[0]
    image = await freeze(bench.ctx, base.id, wait=False)
    begun = await snapshots.snapshots_of_image(bench.ctx.session, image.id)
    assert image.snapshot_ids == () and begun
    (outcome,) = await deregister(bench.ctx, [image.id])
    assert outcome.is_done and await _there(bench, tuple(one.id for one in begun)) == set()
    assert await open_freezes(bench.ctx) == [], "it is not told again as a freeze that came to nothing"


async def test_a_failed_image_is_deregistered_with_its_snapshots(bench: Bench, name: str) -> None:
    machine = await launch(bench.ctx, bench.request(name), wait=False)
    bench.fault("fail-image", name=name)
    await asyncio.gather(freeze(bench.ctx, machine.id), return_exceptions=True)
    (failed,) = [one for one in await aws.own_images(bench.ctx.session) if one.name == name]
    left = await snapshots.snapshots_of_image(bench.ctx.session, failed.id)
    assert failed.state == "failed" and left
    assert (await deregister(bench.ctx, [failed.id]))[0].is_done
    assert await _there(bench, tuple(one.id for one in left)) == set() and await open_freezes(bench.ctx) == []


async def test_images_of_other_accounts_and_unknown_ones_are_refused(bench: Bench, image: Image) -> None:
    public = await aws.resolve_launch_image(bench.ctx.session, "ubuntu")
    bench.forget_calls()
    theirs, gone, mine = await deregister(bench.ctx, [public.id, "ami-0123456789abcdef0", image.id])
    assert isinstance(theirs.error, UsageError) and "not yours" in theirs.words
    assert isinstance(gone.error, NotFoundError)
    assert mine.is_done
    assert [call["params"]["ImageId"] for call in bench.calls("DeregisterImage")] == [image.id]


@pytest.mark.parametrize("ids", [[], [""], ["\t"]])
async def test_an_empty_name_deregisters_nothing(bench: Bench, ids: list[str]) -> None:
    bench.forget_calls()
    with pytest.raises(UsageError):
        await deregister(bench.ctx, ids)
    assert bench.cloud.control("/demo/calls", method="GET") == []


async def test_a_protected_image_is_explained_and_keeps_its_snapshots(bench: Bench, image: Image) -> None:
    bench.fault("refuse", action="DeregisterImage", code="OperationNotPermitted", message="protected", status=400)
    (outcome,) = await deregister(bench.ctx, [image.id])
    assert isinstance(outcome.error, ProtectedError) and "deregistration" in outcome.words
    assert image.id in outcome.error.remedy
    assert await _there(bench, image.snapshot_ids) == set(image.snapshot_ids)


async def test_after_a_lost_reply_the_image_is_looked_up(bench: Bench, image: Image) -> None:
    bench.fault("broken", action="DeregisterImage", times=1)
    (outcome,) = await deregister(bench.ctx, [image.id])
    assert outcome.is_done and await _there(bench, image.snapshot_ids) == set()


async def test_a_cancellation_says_what_was_done(bench: Bench, image: Image) -> None:
    bench.ctx.pace = replace(bench.ctx.pace, completion=0.1)
    bench.fault("silent", action="DeleteSnapshot")
    bench.forget_calls()
    working = asyncio.create_task(deregister(bench.ctx, [image.id]))
    while not bench.calls("DeleteSnapshot"):
        await asyncio.sleep(0.02)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    (entry,) = bench.activity("deregister")
    assert entry.result == "cancelled" and "is deregistered; its snapshots" in entry.words


BASE = Image("ami-1", "base", owner_id="1", created_at=NOW - timedelta(days=3), snapshot_ids=("snap-1", "snap-2"))
TWIN = Image("ami-2", "twin", owner_id="1", snapshot_ids=("snap-2",))
UBUNTU = Image("ami-9", "ubuntu/noble", owner_id="099720109477", public=True, snapshot_ids=("snap-9",))
MADE = Instance("i-1", State.RUNNING, "m5.large", "z", image_id="ami-1")


def _impact(*images: Image, prices: Prices | None = None, known: bool = True, taken: Snapshot | None = None) -> Impact:
    kept = {"snap-1": Snapshot("snap-1", 60, stored=20.0), "snap-2": Snapshot("snap-2", 100)}
    kept |= {taken.id: taken} if taken is not None else {}
    fleet = Fleet(
        Location("p", "r"),
        NOW,
        {MADE.id: MADE, "i-2": replace(MADE, id="i-2", state=State.TERMINATED)},
        prices=Prices(snapshot=Decimal("0.05")) if prices is None else prices,
        images={BASE.id: BASE, TWIN.id: TWIN},
        snapshots=kept if known else {},
        public_images=(PublicImage("ubuntu", "Ubuntu 24.04 LTS", UBUNTU),),
    )
    return deregister_impact(fleet, images, NOW)


def test_an_impact_says_what_is_deleted_what_is_kept_and_what_that_saves() -> None:
    impact = _impact(BASE)
    (row,) = impact.rows
    assert [part.text for part in row.parts] == [
        "snapshot 60 GiB: deleted, saves at most $1.00 a month",
        "snapshot 100 GiB: kept, twin uses it",
        "launched from it: i-1",
    ]
    assert row.state_text == "available, 3d old"
    assert (impact.saves_per_month, row.saves_per_month) == (Decimal("1.00"), Decimal("1.00"))
    assert (impact.title, impact.confirmation) == ("Deregister base", "base")
    assert impact.sentences == (
        "1 snapshot is deleted with it.",
        "1 snapshot is kept: another image uses it.",
        "Saves at most $1.00 a month.",
        "The instance launched from it is not affected; no new ones can be launched.",
        "This cannot be undone.",
    )


def test_images_deregistered_together_lose_the_snapshot_they_share_and_are_confirmed_by_their_count() -> None:
    impact = _impact(BASE, TWIN)
    assert impact.confirmation == "2" and not any(part.effect == "kept" for row in impact.rows for part in row.parts)
    assert impact.saves_per_month == Decimal("6.00")  # the shared one once: 20 × 0.05 + 100 × 0.05
    assert "2 snapshots are deleted with them." in impact.sentences


def test_an_image_of_another_account_is_left_out_and_not_counted() -> None:
    impact = _impact(BASE, UBUNTU)
    reason = "not yours"
    assert [row.skip_reason for row in impact.rows] == ["", reason]
    assert impact.confirmation == "base" and impact.saves_per_month == Decimal("1.00")
    assert impact.rows[1].skip_error is not None and impact.sentences[0] == f"1 image is left out: {reason}."
    assert _impact(UBUNTU).sentences[-1] == "Nothing will be done."


def test_an_unknown_saving_is_called_unknown() -> None:
    for impact in (_impact(BASE, prices=Prices()), _impact(BASE, known=False)):
        assert impact.saves_per_month is None and "What it saves is unknown." in impact.sentences
    assert _impact(BASE, known=False).rows[0].parts[0].text == "snapshot snap-1: deleted"
    pending = replace(BASE, state="pending", snapshot_ids=())
    assert _impact(pending).saves_per_month is None


def test_a_pending_image_loses_the_snapshots_that_are_created_for_it() -> None:
    pending = replace(BASE, state="pending", snapshot_ids=())
    impact = _impact(pending, taken=Snapshot("snap-7", 20, "pending", 0.1, description=f"CreateImage(i) for {BASE.id}"))
    assert impact.rows[0].parts[0].text == "snapshot 20 GiB: deleted, saves at most $1.00 a month"
    assert impact.saves_per_month == Decimal("1.00")


def test_an_image_whose_snapshots_are_all_kept_saves_nothing() -> None:
    impact = _impact(replace(BASE, snapshot_ids=("snap-2",)))
    assert "Saves nothing: no snapshot is deleted." in impact.sentences
    assert not any("at most" in sentence for sentence in impact.sentences)
