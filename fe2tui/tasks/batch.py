"""One call for many instances, and an outcome for each: when EC2 refuses the batch, each is asked for by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from fe2tui.aws import instances as aws
from fe2tui.errors import (
    CredentialsError,
    DeniedError,
    Fe2Error,
    NotFoundError,
    ReadOnlyError,
    ThrottledError,
    UnreachableError,
    UsageError,
)
from fe2tui.model.instance import Instance
from fe2tui.model.progress import Outcome
from fe2tui.tasks.context import Context
from fe2tui.tasks.record import Entry, begin, end

_AT_ONCE = 5  # calls; EC2's bucket for changes refills with five a second
_FOR_ALL = (CredentialsError, DeniedError, ReadOnlyError, ThrottledError, UnreachableError)

Act = Callable[[Sequence[str]], Awaitable[object]]
Fates = dict[str, Fe2Error | str]
"""By id: why not, or the words for what was done."""


def asked_for(ids: Sequence[str], verb: str) -> list[str]:
    """The ids, each once. Raises UsageError when there is none, or an empty one: that never means all."""
    unique = list(dict.fromkeys(ids))
    if not unique or not all(one.strip() for one in unique):
        raise UsageError(f"No instance was named to {verb}.", "Name one or several; nothing is never taken for all.")
    return unique


async def look_up(ctx: Context, ids: Sequence[str]) -> tuple[dict[str, Instance], Fates]:
    """The instances as they are now, and NotFoundErrors for those that EC2 does not know."""
    found = {instance.id: instance for instance in await aws.describe(ctx.session, ids)}
    missing: Fates = {
        one: NotFoundError(f"There is no instance {one} in {ctx.session.region}.", "It may have been terminated.")
        for one in ids
        if one not in found
    }
    return found, missing


async def each_or_all(ids: Sequence[str], act: Act) -> dict[str, Fe2Error | None]:
    """Call for all at once; if EC2 refuses because of one of them, for each by itself. What became of each."""
    if not ids:
        return {}
    try:
        await act(ids)
    except _FOR_ALL as error:
        return dict.fromkeys(ids, error)
    except Fe2Error as error:
        if len(ids) == 1:
            return {ids[0]: error}
    else:
        return dict.fromkeys(ids)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def alone(one: str) -> Fe2Error | None:
        async with gate:
            try:
                await act([one])
            except Fe2Error as error:
                return error
        return None

    return dict(zip(ids, await asyncio.gather(*(alone(one) for one in ids)), strict=True))


@contextmanager
def logged(ctx: Context, command: str, instances: Mapping[str, Instance]) -> Iterator[dict[str, Entry]]:
    """An activity entry for each instance; those not ended by ``settle`` are, with what happened to the task."""
    entries = {key: begin(ctx, command, instance.label, key) for key, instance in instances.items()}
    with ExitStack() as stack:
        stack.callback(_leave_none_open, ctx, command, entries, instances)
        try:
            yield entries
        except Fe2Error as error:
            for entry in entries.values():
                end(ctx, entry, "failed", error.summary, error.remedy, error.code)
            entries.clear()
            raise


def settle(ctx: Context, entries: dict[str, Entry], fates: Fates) -> None:
    """End the entries of these."""
    for key, fate in fates.items():
        entry = entries.pop(key, None)
        if entry is None:
            continue
        if isinstance(fate, Fe2Error):
            end(ctx, entry, "failed", fate.summary, fate.remedy, fate.code)
        else:
            end(ctx, entry, "done", fate)


def outcomes(ids: Sequence[str], fates: Fates, instances: Mapping[str, Instance]) -> list[Outcome]:
    """One outcome each, in the order asked for."""
    made = []
    for key in ids:
        fate = fates[key]
        label = instances[key].label if key in instances else key
        if isinstance(fate, Fe2Error):
            made.append(Outcome(key, label, fate.summary, fate))
        else:
            made.append(Outcome(key, label, fate))
    return made


def _leave_none_open(
    ctx: Context, command: str, entries: Mapping[str, Entry], instances: Mapping[str, Instance]
) -> None:
    for key, entry in entries.items():
        words = f"Cancelled. {entry.left}" if entry.left else "Cancelled before anything was done."
        ctx.step(command, "cancelled", words, subject=key, label=instances[key].label)
        end(ctx, entry, "cancelled", words)
