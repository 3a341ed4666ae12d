"""Launch as soon as there is room: when no zone has any, wait and try again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from fe2tui.errors import NoCapacityError
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchRequest
from fe2tui.tasks.context import Context
from fe2tui.tasks.launch import launch
from fe2tui.tasks.lookups import Lookups


async def launch_when_room(
    ctx: Context,
    request: LaunchRequest,
    *,
    every: float = 60.0,
    until: timedelta,
    wait: bool = True,
    known: Lookups | None = None,
) -> Instance:
    """Launch it; while no zone has room, try again ``every`` so many seconds until so much time has gone by."""
    deadline = ctx.clock() + until
    while True:
        try:
            return await launch(ctx, request, wait=wait, known=known)
        except NoCapacityError:
            if ctx.clock() + timedelta(seconds=every) > deadline:
                raise
        await asyncio.sleep(every)
