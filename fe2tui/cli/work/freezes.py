"""Freezes that an earlier command left to AWS."""

from __future__ import annotations

from fe2tui.cli.ending import complain, say_error
from fe2tui.errors import StoreError
from fe2tui.model.words import visible
from fe2tui.tasks.context import Context
from fe2tui.tasks.freeze_look import look_at_freezes


async def tell_of_freezes(ctx: Context, *, but: str | None = None, stopped_only: bool = False) -> None:
    """Say what has become of freezes that an earlier command left; nothing if there is nothing new.

    ``but`` is an image, ``stopped_only`` as ``look_at_freezes`` has it.
    """
    try:
        outcomes = await look_at_freezes(ctx, but=but, stopped_only=stopped_only)
    except StoreError:
        return  # what was asked for is done: this is by the way
    for outcome in outcomes:
        if outcome.error:
            say_error(f"fe2: an earlier freeze of {visible(outcome.label)}", outcome.error)
        else:
            complain(f"An earlier freeze of {visible(outcome.label)}: {visible(outcome.words)}")
