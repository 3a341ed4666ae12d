"""Release Elastic IPs that are associated with nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fe2tui.aws import network
from fe2tui.aws.network import ElasticIp
from fe2tui.errors import AmbiguousError, AwsError, Fe2Error, NotFoundError, StateError
from fe2tui.model.money.rates import ADDRESS_PER_HOUR, HOURS_A_MONTH
from fe2tui.model.progress import Outcome
from fe2tui.model.text import dollars, join_words, plural
from fe2tui.tasks.batch import Results, activity_entries, call_each, end_entries, outcomes, unique_ids
from fe2tui.tasks.context import Context, require_writable, run_to_completion, unknown_result_error


async def find_addresses(ctx: Context, names: Iterable[str]) -> list[ElasticIp]:
    """The Elastic IPs of these addresses, allocation ids or names, each once, in their order.

    No names raise UsageError: that never means all. Raises NotFoundError, AmbiguousError with the ids, and StateError
    for one that is in use.
    """
    wanted = unique_ids(list(names), "release", "address")
    every = await network.elastic_ips(ctx.session)
    found = {one.id: one for one in (_resolve_address(every, name, ctx.session.region) for name in wanted)}
    for one in found.values():
        if one.used_by:
            raise _in_use_error(one)
    return list(found.values())


def _resolve_address(among: Sequence[ElasticIp], name: str, region: str) -> ElasticIp:
    found = (
        [one for one in among if one.id == name]
        or [one for one in among if one.address == name]
        or [one for one in among if one.name == name]
    )
    if not found:
        raise NotFoundError(f"There is no Elastic IP {name} in {region}.", "`fe2 cost` lists those that are unused.")
    if len(found) > 1:
        candidates = [
            (one.id, f"{one.address}, used by {one.used_by}" if one.used_by else one.address) for one in found
        ]
        raise AmbiguousError(
            f"{plural(len(found), 'Elastic IP')} are called {name}: {', '.join(one.id for one in found)}.",
            "Name one by its allocation id.",
            candidates=candidates,
        )
    return found[0]


def _in_use_error(address: ElasticIp) -> StateError:
    return StateError(
        f"{address.label} is in use: it is associated with {address.used_by}.",
        "Only an Elastic IP that is associated with nothing can be released.",
    )


def release_question(addresses: Sequence[tuple[str, str]]) -> tuple[str, tuple[str, ...]]:
    """The question before these (label, address) are released, and sentences on what is lost and what it saves."""
    labels = [label if label == address else f"{label} ({address})" for label, address in addresses]
    is_one = len(addresses) == 1
    per_hour = ADDRESS_PER_HOUR * len(addresses)
    return f"Release {join_words(labels)}?", (
        f"AWS gives {'this address' if is_one else 'these addresses'} to others: you cannot get"
        f" {'it' if is_one else 'them'} again. DNS records and allow-lists that name {'it' if is_one else 'them'} stop"
        " working.",
        f"Saves {dollars(per_hour, 3, sign='$')} an hour, {dollars(per_hour * HOURS_A_MONTH, sign='$')} a month.",
    )


async def release(ctx: Context, ids: Sequence[str], *, known: Mapping[str, ElasticIp] | None = None) -> list[Outcome]:
    """Release Elastic IPs, by their allocation ids. One outcome each.

    No ids raise UsageError: that never means all. One that is in use gets a StateError, the others are released.
    ``known`` were read a moment ago.
    """
    require_writable(ctx, "no address can be released")
    wanted = unique_ids(ids, "release", "address")
    if known is None:
        known = {one.id: one for one in await network.elastic_ips(ctx.session)}
    labels = {key: known[key].label for key in wanted if key in known}
    results: Results = {
        key: NotFoundError(f"There is no Elastic IP {key} in {ctx.session.region}.", "It may have been released.")
        for key in wanted
        if key not in known
    }
    with activity_entries(ctx, "release", labels) as entries:
        results |= {key: _in_use_error(known[key]) for key in labels if known[key].used_by}
        going = [key for key in labels if key not in results]

        async def act(key: str) -> Fe2Error | None:
            return await _release_one(ctx, known[key])

        errors = await run_to_completion(call_each(going, act), ctx.pace.completion)
        results |= {key: error or "released" for key, error in errors.items()}
        end_entries(ctx, entries, results)
    return outcomes(wanted, results, labels)


async def _release_one(ctx: Context, address: ElasticIp) -> Fe2Error | None:
    try:
        await network.release_address(ctx.session, address.id)
    except NotFoundError:
        return None  # released meanwhile
    except Fe2Error as error:
        if not (isinstance(error, AwsError) and error.may_be_done):
            return error
        try:
            is_there = any(one.id == address.id for one in await network.elastic_ips(ctx.session))
        except Fe2Error as unread:
            what = f"We don't know whether {address.label} is released"
            return unknown_result_error(what, error, unread, "`fe2 cost` lists the Elastic IPs that are unused.")
        return error if is_there else None
    return None
