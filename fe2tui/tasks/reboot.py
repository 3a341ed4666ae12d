"""Waiting for a reboot: a machine's ssh has to go before its coming back means anything."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from fe2tui.errors import Fe2Error, MachineError
from fe2tui.model.instance import Instance
from fe2tui.ssh.probe import wait_for_ssh
from fe2tui.ssh.route import Route
from fe2tui.tasks.batch import Fates
from fe2tui.tasks.context import Context
from fe2tui.tasks.reach import find_login, host_keys

_KNOCK_SECONDS = 0.5


async def until_rebooted(ctx: Context, going: Mapping[str, Instance]) -> Fates:
    """Wait until each has gone and its ssh lets us in again. Its addresses stay. What became of each, by id."""
    became = await asyncio.gather(*(_rebooted(ctx, instance) for instance in going.values()))
    return dict(zip(going, became, strict=True))


async def _rebooted(ctx: Context, instance: Instance) -> Fe2Error | str:
    try:
        login = await find_login(ctx, instance)
        route = login.route(ctx, instance)
        await _until_down(ctx, instance, route)
        ready = await wait_for_ssh(
            route,
            host_keys(),
            within=ctx.pace.ready,
            on_step=lambda step, words: ctx.step("reboot", step, words, subject=instance.id, label=instance.label),
            log_in=login.can_log_in,
        )
    except Fe2Error as error:
        return error
    return ready.words


async def _until_down(ctx: Context, instance: Instance, route: Route) -> None:
    """Until its ssh no longer answers, or for so long that a reboot must have begun, and perhaps ended, unseen.

    Asked ever less often: servers keep out who connects again and again without logging in.
    """
    loop = asyncio.get_running_loop()
    until, pause = loop.time() + ctx.pace.down, ctx.pace.poll / 4
    while loop.time() < until:
        try:
            await wait_for_ssh(route, host_keys(), within=_KNOCK_SECONDS, log_in=False)
        except MachineError:
            ctx.step("reboot", "down", "is going down", subject=instance.id, label=instance.label)
            return
        await asyncio.sleep(pause)
        pause *= 1.5
