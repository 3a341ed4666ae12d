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
from fe2tui.tasks.context import ActivityEntry, Context, begin_entry, end_entry

_MAX_CONCURRENT = 5  # calls; EC2's bucket for changes refills with five a second
_ERRORS_FOR_ALL = (CredentialsError, DeniedError, ReadOnlyError, ThrottledError, UnreachableError)

Call = Callable[[Sequence[str]], Awaitable[object]]
Results = dict[str, Fe2Error | str]
"""By id: why not, or the words for what was done."""


def unique_ids(ids: Sequence[str], verb: str) -> list[str]:
    """The ids, each once. Raises UsageError when there is none, or an empty one: that never means all."""
    unique = list(dict.fromkeys(ids))
    if not unique or not all(one.strip() for one in unique):
        raise UsageError(f"No instance was named to {verb}.", "Name one or several; nothing is never taken for all.")
    return unique


async def look_up_instances(ctx: Context, ids: Sequence[str]) -> tuple[dict[str, Instance], Results]:
    """The instances as they are now, and NotFoundErrors for those that EC2 does not know."""
    found = {instance.id: instance for instance in await aws.describe_instances(ctx.session, ids)}
    missing: Results = {
        one: NotFoundError(f"There is no instance {one} in {ctx.session.region}.", "It may have been terminated.")
        for one in ids
        if one not in found
    }
    return found, missing


async def call_all_or_each(ids: Sequence[str], act: Call) -> dict[str, Fe2Error | None]:
    """Call for all at once; if EC2 refuses because of one of them, for each by itself. What became of each."""
    if not ids:
        return {}
    try:
        await act(ids)
    except _ERRORS_FOR_ALL as error:
        return dict.fromkeys(ids, error)
    except Fe2Error as error:
        if len(ids) == 1:
            return {ids[0]: error}
    else:
        return dict.fromkeys(ids)
    gate = asyncio.Semaphore(_MAX_CONCURRENT)

    async def alone(one: str) -> Fe2Error | None:
        async with gate:
            try:
                await act([one])
            except Fe2Error as error:
                return error
        return None

    return dict(zip(ids, await asyncio.gather(*(alone(one) for one in ids)), strict=True))


@contextmanager
def activity_entries(
    ctx: Context, command: str, instances: Mapping[str, Instance]
) -> Iterator[dict[str, ActivityEntry]]:
    """An activity entry for each instance; those not ended by ``settle`` are, with what happened to the task."""
    entries = {key: begin_entry(ctx, command, instance.label, key) for key, instance in instances.items()}
    with ExitStack() as stack:
        stack.callback(_end_open_entries, ctx, command, entries, instances)
        try:
            yield entries
        except Fe2Error as error:
            for entry in entries.values():
                end_entry(ctx, entry, "failed", error.summary, error.remedy, error.code)
            entries.clear()
            raise


def end_entries(ctx: Context, entries: dict[str, ActivityEntry], results: Results) -> None:
    """End the entries of these."""
    for key, result in results.items():
        entry = entries.pop(key, None)
        if entry is None:
            continue
        if isinstance(result, Fe2Error):
            end_entry(ctx, entry, "failed", result.summary, result.remedy, result.code)
        else:
            end_entry(ctx, entry, "done", result)


def outcomes(ids: Sequence[str], results: Results, instances: Mapping[str, Instance]) -> list[Outcome]:
    """One outcome each, in the order asked for."""
    all_outcomes = []
    for key in ids:
        result = results[key]
        label = instances[key].label if key in instances else key
        if isinstance(result, Fe2Error):
            all_outcomes.append(Outcome(key, label, result.summary, result))
        else:
            all_outcomes.append(Outcome(key, label, result))
    return all_outcomes


def _end_open_entries(
    ctx: Context, command: str, entries: Mapping[str, ActivityEntry], instances: Mapping[str, Instance]
) -> None:
    for key, entry in entries.items():
        words = f"Cancelled. {entry.left_behind}" if entry.left_behind else "Cancelled before anything was done."
        ctx.report_step(command, "cancelled", words, subject=key, label=instances[key].label)
        end_entry(ctx, entry, "cancelled", words)
