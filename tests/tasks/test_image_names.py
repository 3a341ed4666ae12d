"""Which image a name means."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from fe2tui.aws import images as aws
from fe2tui.demo import Cloud
from fe2tui.errors import NotFoundError, UsageError
from fe2tui.tasks.freeze import freeze
from fe2tui.tasks.names import find_image, find_instance, find_own_images
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import QUICK, Bench


async def _frozen(bench: Bench, image_name: str) -> str:
    machine = await find_instance(bench.ctx, "base")
    return (await freeze(bench.ctx, machine.id, image_name, way="no-reboot")).id


async def test_an_image_name_may_look_like_the_beginning_of_an_id(bench: Bench, name: str) -> None:
    image_id = await _frozen(bench, f"ami-{name}")
    assert (await find_image(bench.ctx, f"ami-{name}")).id == image_id
    with pytest.raises(NotFoundError, match="no image ami-missing"):
        await find_image(bench.ctx, "ami-missing")


async def test_a_disabled_image_is_found_by_its_name(bench: Bench, name: str) -> None:
    image_id = await _frozen(bench, name)
    await bench.ctx.session.call("ec2", "DisableImage", ImageId=image_id)
    found = await find_image(bench.ctx, name)
    assert (found.id, found.state) == (image_id, "disabled")
    await aws.deregister_image(bench.ctx.session, image_id)


@pytest.mark.parametrize("by_id", [False, True])
async def test_an_image_requested_a_moment_ago_is_waited_for(
    fresh_cloud: Callable[..., Cloud], begin: Begin, by_id: bool
) -> None:
    bench = await begin(fresh_cloud(stop_seconds=60, unseen_seconds=2), replace(QUICK, settle=20))
    machine = await find_instance(bench.ctx, "base")
    image = await freeze(bench.ctx, machine.id, "mine", way="no-reboot", wait=False)
    assert await aws.image_by_id(bench.ctx.session, image.id) is None, "EC2 does not show it yet"
    assert (await find_image(bench.ctx, image.id if by_id else "mine")).id == image.id


async def test_an_image_that_was_never_requested_is_not_waited_for(bench: Bench) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(NotFoundError):
            await find_image(replace(bench.ctx, pace=replace(bench.ctx.pace, settle=60)), "nobodys")


async def test_a_public_image_cannot_be_deregistered(bench: Bench) -> None:
    own = await aws.own_images(bench.ctx.session)
    with pytest.raises(UsageError, match=r"ubuntu stands for a public image \(Ubuntu LTS\), which is not yours"):
        await find_own_images(bench.ctx, own, ["base", "ubuntu"])
    public = await find_image(bench.ctx, "debian")
    with pytest.raises(UsageError, match="is not yours: nothing was done"):
        await find_own_images(bench.ctx, own, [public.id])
    with pytest.raises(NotFoundError, match="no image bse") as caught:
        await find_own_images(bench.ctx, own, ["bse"])
    assert "Did you mean base?" in caught.value.remedy
