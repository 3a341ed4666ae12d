"""What a program that was killed left switched off: said before anything else, and started again where that is sure."""

from __future__ import annotations

from contextlib import suppress
from shlex import quote
from typing import TYPE_CHECKING

from fe2tui.cli.ending import complain, say_error
from fe2tui.errors import Fe2Error, StoreError
from fe2tui.model.words import visible

if TYPE_CHECKING:
    from fe2tui.cli.options import Asked
    from fe2tui.store import Store
    from fe2tui.tasks.context import Context

_CHANGE = "change type"


async def tell_what_was_left(ctx: Context) -> None:
    """Start instances that stand still for an image nobody waits for; say which types were being changed."""
    with suppress(StoreError):
        _tell_of_changes(ctx)
        place = ctx.session.place
        left = [one for one in ctx.store.freezes.left_stopped() if one.profile == place.profile]
        left = [one for one in left if one.endpoint == place.endpoint]
        if left and ctx.session.read_only:
            for one in left:
                complain(f"{visible(one.label)} is stopped for the image {visible(one.name)}, which nobody watches.")
        elif left:
            from fe2tui.cli.work.freezes import tell_of_freezes

            await tell_of_freezes(ctx, stopped_only=True)


def _tell_of_changes(ctx: Context) -> None:
    """Each is said once."""
    found = ctx.store.activity.cut_short(_CHANGE)
    for entry in found:
        label = visible(entry.label)
        complain(f"An earlier change of the type of {label} was cut short. {visible(entry.words)}")
        complain(f"fe2 instance {quote(label)} shows how it is; fe2 start {quote(label)} starts it.")
    if found:
        ctx.store.activity.close_orphans(ctx.clock())


def start_what_was_left(asked: Asked) -> None:
    """The same, for a command that asks nothing of AWS itself; what stands in the way is said, and is no failure."""
    from fe2tui.store import open_store

    store = open_store()
    try:
        is_left = _is_left(store)
    finally:
        store.close()
    if not is_left:
        return
    from fe2tui.cli.work.working import Working

    try:
        Working(asked).run(_nothing_more)
    except Fe2Error as error:
        say_error("fe2", error)


def _is_left(store: Store) -> bool:
    with suppress(StoreError):
        return bool(store.freezes.left_stopped() or store.activity.cut_short(_CHANGE))
    return False


async def _nothing_more(ctx: Context) -> None:
    """The end of a command that has only this to do."""
