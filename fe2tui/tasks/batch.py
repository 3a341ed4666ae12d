"""One call for many resources, with an outcome for each: if EC2 refuses the batch, each is asked for by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any, TypeVar

from fe2tui.aws import instances as aws
from fe2tui.errors import (
    AwsError,
    CredentialsError,
    DeniedError,
    Fe2Error,
    ReadOnlyError,
    ThrottledError,
    UnreachableError,
    UsageError,
)
from fe2tui.model.instance import Instance, State
from fe2tui.model.progress import Outcome
from fe2tui.tasks import usage_history
from fe2tui.tasks.context import (
    ActivityEntry,
    Context,
    begin_entry,
    end_entry,
    mark_asked,
    result_of,
    run_to_completion,
    unknown_result_error,
    wait_until_shown,
)
from fe2tui.tasks.names import instance_not_found_error

_MAX_CONCURRENT = 5  # calls; EC2's bucket for changes refills with five a second
_ERRORS_FOR_ALL = (CredentialsError, DeniedError, ReadOnlyError, ThrottledError, UnreachableError)

_Result = TypeVar("_Result", bound=Fe2Error | str | None)
Results = dict[str, Fe2Error | str]
"""By id: the error, or what was done in words."""


def unique_ids(ids: Sequence[str], verb: str, noun: str = "instance") -> list[str]:
    """The ids, each once. Raises UsageError if there is none, or an empty one: that never means all."""
    unique = list(dict.fromkeys(ids))
    if not unique or not all(one.strip() for one in unique):
        raise UsageError(f"No {noun} was named to {verb}.", "Name one or several: no name never means all.")
    return unique


async def look_up_instances(
    ctx: Context, ids: Sequence[str], known: Mapping[str, Instance] | None = None, *, with_volumes: bool = False
) -> tuple[dict[str, Instance], Results]:
    """The instances of these ids, and NotFoundErrors for those that EC2 does not know.

    Those that are not ``known`` are read, and recorded for the costs (``with_volumes``: with their volumes).
    """
    found = {one: known[one] for one in ids if known is not None and one in known}
    if rest := [one for one in ids if one not in found]:
        read = await aws.describe_instances(ctx.session, rest)
        found |= {instance.id: instance for instance in read}
        await usage_history.record_instances(ctx, read, with_volumes=with_volumes)
    missing: Results = {one: instance_not_found_error(ctx, one) for one in ids if one not in found}
    return {one: found[one] for one in ids if one in found}, missing


async def call_all_or_each(
    ids: Sequence[str], act: Callable[[Sequence[str]], Awaitable[object]]
) -> dict[str, Fe2Error | None]:
    """Call for all at once; if EC2 refuses because of one of them, for each by itself. The error of each, by id."""
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

    async def act_on_one(one: str) -> Fe2Error | None:
        try:
            await act([one])
        except Fe2Error as error:
            return error
        return None

    return await call_each(ids, act_on_one)


async def call_each(ids: Iterable[str], act: Callable[[str], Awaitable[Fe2Error | None]]) -> dict[str, Fe2Error | None]:
    """Call for each by itself, five at a time. The error of each, by id."""
    gate = asyncio.Semaphore(_MAX_CONCURRENT)

    async def one(key: str) -> Fe2Error | None:
        async with gate:
            return await act(key)

    keys = list(ids)
    return dict(zip(keys, await asyncio.gather(*(one(key) for key in keys)), strict=True))


STATES_AFTER: Mapping[str, frozenset[State]] = {
    "starting": frozenset({State.PENDING, State.RUNNING}),
    "stopping": frozenset({State.STOPPING, State.STOPPED}),
    "terminating": frozenset({State.SHUTTING_DOWN, State.TERMINATED}),
}


async def change_states(
    ctx: Context,
    instances: Mapping[str, Instance],
    ids: Sequence[str],
    act: Callable[[Sequence[str]], Awaitable[object]],
    change: str,
) -> dict[str, Fe2Error | None]:
    """``call_all_or_each`` for a change of state: ``starting``, ``stopping``, ``terminating`` or ``rebooting``.

    If AWS does not answer, the states of the instances tell whether it carried the call out. The error is an
    UnknownResultError where they cannot be read, and for a reboot, which changes no state.
    """
    errors = await call_all_or_each(ids, act)
    lost = {key: error for key, error in errors.items() if isinstance(error, AwsError) and error.may_be_done}
    if not lost:
        return errors
    seen: dict[str, State] = {}

    async def read() -> bool | None:
        seen.update({one.id: one.state for one in await aws.describe_instances(ctx.session, list(lost))})
        return all(seen.get(key) in STATES_AFTER[change] for key in lost) or None

    unread: Fe2Error | None = None
    if change in STATES_AFTER:
        try:
            await wait_until_shown(ctx, ctx.clock(), read, within=ctx.pace.shown)
        except Fe2Error as error:
            unread = error
    for key, lost_reply in lost.items():
        label, state = instances[key].label, seen.get(key)
        if state is None or unread is not None:
            what, remedy = f"We don't know whether {label} is {change}", "`fe2 instances` shows its state."
            errors[key] = unknown_result_error(what, lost_reply, unread or lost_reply, remedy)
        elif state in STATES_AFTER[change]:
            errors[key] = None
        else:
            own_error = copy(lost_reply)  # several instances share one error
            own_error.remedy = f"{label} is {state} still. {lost_reply.remedy}".strip()
            errors[key] = own_error
    return errors


@contextmanager
def activity_entries(ctx: Context, command: str, labels: Mapping[str, str]) -> Iterator[dict[str, ActivityEntry]]:
    """An activity entry for each id. Those that have no result at the end of the block end as failed or cancelled."""
    entries = {key: begin_entry(ctx, command, label, key) for key, label in labels.items()}
    try:
        yield entries
    except Fe2Error as error:
        end_entries(ctx, entries, dict.fromkeys(labels, error))
        raise
    finally:
        for key, entry in entries.items():
            left = "AWS had been asked already: the next command looks up the result." if entry.is_asked else ""
            words = f"Cancelled. {left or entry.left_behind or 'Nothing was changed.'}"
            ctx.report_step(command, "cancelled", words, subject=key, label=labels[key])
            end_entry(ctx, entry, "unknown" if entry.is_asked else "cancelled", words)


async def send_change(
    ctx: Context,
    entries: dict[str, ActivityEntry],
    ids: Sequence[str],
    sending: Coroutine[Any, Any, Mapping[str, _Result]],
    accepted_text: str,
) -> Mapping[str, _Result]:
    """Send what changes these instances, to its end, and return its results by id.

    The entries say meanwhile that AWS is asked, so that a result which is not waited for is looked up later. After a
    cancellation they end by what AWS still answers; ``accepted_text`` says what it does with an instance then.
    """

    def take(sent: asyncio.Task[Mapping[str, _Result]]) -> None:
        if not sent.done() or sent.cancelled() or sent.exception() is not None:
            return
        results = sent.result()
        end_entries(ctx, entries, {key: one for key, one in results.items() if isinstance(one, Fe2Error)})
        for key in results.keys() & entries.keys():
            entries[key].is_asked = False
            entries[key].left_behind = accepted_text

    for key in ids:
        mark_asked(ctx, entries[key])
    results = await run_to_completion(sending, ctx.pace.completion, take)
    for key in ids:
        entries[key].is_asked = False
    return results


def end_entries(ctx: Context, entries: dict[str, ActivityEntry], results: Results) -> None:
    for key, result in results.items():
        if (entry := entries.pop(key, None)) is None:
            continue
        if isinstance(result, Fe2Error):
            end_entry(ctx, entry, result_of(result), result.summary, result.remedy, result.code)
        else:
            end_entry(ctx, entry, "done", result)


def outcomes(ids: Sequence[str], results: Results, labels: Mapping[str, str]) -> list[Outcome]:
    """One outcome each, in the order of the ids."""
    return [
        Outcome(key, labels.get(key, key), result.summary, result)
        if isinstance(result := results[key], Fe2Error)
        else Outcome(key, labels.get(key, key), result)
        for key in ids
    ]
