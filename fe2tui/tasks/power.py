"""Start, stop and reboot, for one or many."""

from __future__ import annotations

from collections.abc import Sequence

from fe2tui.model.progress import Outcome
from fe2tui.tasks.context import Context


async def start(ctx: Context, ids: Sequence[str], *, wait: bool = True) -> list[Outcome]:
    """Start instances; with ``wait``, until ssh answers on each. One outcome each, in the order asked for.

    A spot request that is not ready for it yet (IncorrectSpotRequestState) is tried again for two minutes.
    """
    raise NotImplementedError


async def stop(ctx: Context, ids: Sequence[str], *, force: bool = False, wait: bool = True) -> list[Outcome]:
    """Stop instances; ``force`` does not wait for their systems. A one-time spot instance cannot be stopped: said first."""
    raise NotImplementedError


async def reboot(ctx: Context, ids: Sequence[str], *, wait: bool = True) -> list[Outcome]:
    """Reboot instances; with ``wait``, until ssh answers again."""
    raise NotImplementedError
