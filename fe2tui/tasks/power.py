"""Start, stop and reboot, for one instance or many."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from fe2tui.aws import instances as aws
from fe2tui.aws.spot import spot_request, spot_requests_by_id
from fe2tui.errors import (
    AwsError,
    CapacityError,
    ClockError,
    CredentialsError,
    Fe2Error,
    HostKeyChangedError,
    MachineError,
    StateError,
    ThrottledError,
    UnreachableError,
)
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.interruption import LIVE_REQUEST_STATES, is_waiting_for_aws, request_text
from fe2tui.model.money.rates import ADDRESS_PER_HOUR, HOURS_A_MONTH, has_address_running, running_cost
from fe2tui.model.money.unknown import no_price_reason, stale_prices_text
from fe2tui.model.progress import UNKNOWN_FOR, Activity, Outcome
from fe2tui.model.spot import SpotRequest
from fe2tui.model.text import dollars, join_words, plural, visible
from fe2tui.ssh.probe import wait_for_ssh
from fe2tui.ssh.route import Route
from fe2tui.tasks import usage_history
from fe2tui.tasks.batch import (
    STATES_AFTER,
    Results,
    activity_entries,
    change_states,
    end_entries,
    look_up_instances,
    outcomes,
    send_change,
    unique_ids,
)
from fe2tui.tasks.context import Context, wait_for_states
from fe2tui.tasks.read_fleet import with_costs
from fe2tui.tasks.readiness import wait_until_ready
from fe2tui.tasks.spot_requests import gone_error, only_aws_restarts_error
from fe2tui.tasks.ssh_login import compare_with_console, find_ssh_login, known_host_keys

_CHANGES = {"start": "starting", "stop": "stopping", "terminate": "terminating", "reboot": "rebooting"}
"""By the command in the log."""
_REBOOT_UNKNOWN = "We don't know whether it was rebooted: EC2 does not tell."
_OWN_STOP_WITHIN = timedelta(minutes=10)  # between our stop call and the time that EC2 reports
_PROBE_SECONDS = 0.5
_SPOT_REQUEST_NOT_READY = "IncorrectSpotRequestState"
_MAX_LISTED = 6  # instances whose price has a line of its own; the rest share one
_MAX_NAME_LENGTH = 32  # characters of a name in a list

Known = Mapping[str, Instance]
"""Instances that were read and recorded a moment ago, by id: they are not read again."""


async def start(ctx: Context, ids: Sequence[str], *, wait: bool = True, known: Known | None = None) -> list[Outcome]:
    """Start instances; with ``wait``, until ssh answers on each. One outcome each, in the order of the ids.

    Waits first for an instance that is still stopping, and sends nothing for one that is starting already. If a spot
    request is not ready yet (IncorrectSpotRequestState), tries again for two minutes.
    """
    instances: dict[str, Instance] = {}

    async def before(found: Known) -> None:
        instances.update(found)
        stopping = [key for key, one in found.items() if one.state is State.STOPPING]
        if stopping and wait:
            for key in stopping:
                ctx.report_step("start", "stopping", "is still stopping; waiting", subject=key, label=found[key].label)
            await wait_for_states(ctx, stopping, State.STOPPED)

    async def act(going: Sequence[str]) -> None:
        await _start_with_retries(ctx, [instances[key] for key in going if instances[key].state is not State.PENDING])

    async def after(going: Known) -> tuple[Results, list[Instance]]:
        ready = await wait_until_ready(ctx, "start", going.values())
        return {key: one.error or one.words for key, one in ready.items()}, [one.instance for one in ready.values()]

    refuse = partial(_start_refusal, wait=wait)
    return await _change_state(ctx, "start", "starting", ids, known, refuse, act, after if wait else None, before)


@dataclass(frozen=True, slots=True)
class StartAgain:
    """The state of an instance that this program has stopped for a task. ``is_open``: it is still to be started."""

    words: str
    instance: Instance | None = None
    error: Fe2Error | None = None
    is_open: bool = False


async def start_again(
    ctx: Context, instance_id: str, label: str, stopped_at: datetime | None, *, waits_for_stop: bool = False
) -> StartAgain:
    """Start an instance that was stopped for a task at ``stopped_at``; ``waits_for_stop`` waits until it is stopped.

    One that another process has started, terminated or stopped again meanwhile is left as it is. After an error that
    may pass it is still to be started. Raises what says that it never can be looked up.
    """
    try:
        found = {one.id: one for one in await aws.describe_instances(ctx.session, [instance_id])}
        if waits_for_stop and found and found[instance_id].state is State.STOPPING:
            with suppress(UnreachableError):  # after the longest wait it is stopping still
                found = await wait_for_states(ctx, [instance_id], State.STOPPED)
    except Fe2Error as error:
        if not may_pass(error):
            raise
        return StartAgain(f"{label} is not started yet: {error.summary}", is_open=True)
    instance = found.get(instance_id)
    state = instance.state if instance is not None else State.TERMINATED
    if state is State.STOPPING:
        return StartAgain(f"{label} is not started yet: it is still stopping.", instance, is_open=True)
    if instance is None or state is not State.STOPPED:
        return StartAgain(f"{label} is {state}{' again' if not state.is_gone else ''}.", instance)
    changed_at = instance.changed_state_at
    if changed_at is not None and stopped_at is not None and abs(changed_at - stopped_at) >= _OWN_STOP_WITHIN:
        return StartAgain(f"{label} was stopped again since, not by this program, and stays stopped.", instance)
    await usage_history.record_instances(ctx, [instance])
    (outcome,) = await start(ctx, [instance_id], wait=False, known=found)
    if outcome.error is None:
        return StartAgain(f"{label} is being started again.", instance)
    if may_pass(outcome.error):
        return StartAgain(f"{label} is not started yet: {outcome.error.summary}", instance, is_open=True)
    words = f"{label} could not be started again: {outcome.error.summary} {outcome.error.remedy}"
    return StartAgain(words.strip(), instance, outcome.error)


def may_pass(error: Fe2Error) -> bool:
    """Whether an error says nothing of the instance: it can be started once AWS answers and takes the login again."""
    is_failure = isinstance(error, AwsError) and error.may_be_done
    return is_failure or isinstance(error, ClockError | CredentialsError | ThrottledError | UnreachableError)


async def settle_unknown(ctx: Context) -> list[Outcome]:
    """The results of starts, stops, reboots and terminations that AWS was asked for and that are not known.

    AWS did not answer, or the program ended before. Each is reported once, and its entry in the activity log ended.
    What cannot be read now is left for the next time.
    """
    entries = await asyncio.to_thread(ctx.store.activity.unknown_entries, ctx.clock() - UNKNOWN_FOR)
    region = ctx.session.region
    open_entries = [
        one for one in entries if one.command in _CHANGES and one.region == region and one.words != _REBOOT_UNKNOWN
    ]
    if not open_entries:
        return []
    try:
        read = await aws.describe_instances(ctx.session, {one.subject for one in open_entries})
    except Fe2Error:
        return []
    found = {one.id: one for one in read}
    outcomes: list[Outcome] = []
    for entry in open_entries:
        if (instance := found.get(entry.subject)) is None:
            continue  # of another account, perhaps
        result, words, text = _late_result(ctx, entry, instance)
        if result:
            ctx.store.activity.end(entry.id, result, words, at=ctx.clock())
        outcomes.append(Outcome(entry.subject, entry.label, text))
    return outcomes


def _late_result(ctx: Context, entry: Activity, instance: Instance) -> tuple[str, str, str]:
    """The result (empty: EC2 may not show it yet) and the words for the activity log, and the text for the person."""
    label, state = entry.label, instance.state
    what = f"The result of an earlier {entry.command} of {label} was not known"
    states = STATES_AFTER.get(_CHANGES[entry.command])
    if states is None:
        return "unknown", _REBOOT_UNKNOWN, f"{what}, and EC2 does not tell it: {label} is {state} now."
    if state in states:
        return "done", f"{label} is {state}.", f"{what}: {label} is {state} now."
    if ctx.clock() - (entry.ended_at or entry.at) < timedelta(seconds=ctx.pace.settle):
        return "", "", f"{what}, and is not yet: {label} is {state}. The next command looks again."
    return "failed", f"{label} is {state}.", f"{what}: {label} is {state} still."


async def stop(
    ctx: Context,
    ids: Sequence[str],
    *,
    force: bool = False,
    wait: bool = True,
    known: Known | None = None,
    unstoppable: Results | None = None,
) -> list[Outcome]:
    """Stop instances; with ``wait``, until they are stopped. ``force`` does not let their systems shut down.

    ``unstoppable`` is what ``find_unstoppable`` returned a moment ago: nothing is sent for those.
    """
    refusals: Results = {}

    async def before(found: Known) -> None:
        refusals.update(await find_unstoppable(ctx, found.values()) if unstoppable is None else unstoppable)

    act = partial(aws.stop_instances, ctx.session, force=force)
    after = partial(_wait_until_stopped, ctx) if wait else None
    return await _change_state(
        ctx, "stop", "stopping", ids, known, lambda one: refusals.get(one.id), act, after, before
    )


async def reboot(ctx: Context, ids: Sequence[str], *, wait: bool = True, known: Known | None = None) -> list[Outcome]:
    """Reboot instances; with ``wait``, until ssh answers again."""

    async def after(going: Known) -> tuple[Results, list[Instance]]:
        results = await asyncio.gather(*(_wait_for_reboot(ctx, instance) for instance in going.values()))
        return dict(zip(going, results, strict=True)), []  # its addresses stay: there is nothing to record

    act = partial(aws.reboot_instances, ctx.session)
    return await _change_state(
        ctx, "reboot", "rebooting", ids, known, _reboot_refusal, act, after if wait else None, changes_state=False
    )


async def find_unstoppable(ctx: Context, instances: Iterable[Instance]) -> Results:
    """Which of these ``stop`` would leave as they are, and why.

    They are gone, stopped already, or spot instances of a one-time or a cancelled request. One call if there are spot
    instances. Source: EC2 User Guide, "Stop a Spot Instance", limitations.
    """
    refusals: Results = {}
    spot: dict[str, Instance] = {}  # by request
    for one in instances:
        if one.state.is_gone:
            refusals[one.id] = gone_error(one, "stopped")
        elif one.state is State.STOPPED:
            refusals[one.id] = "is stopped already"
        elif one.is_spot and one.spot_request_id:
            spot[one.spot_request_id] = one
    try:
        requests = await spot_requests_by_id(ctx.session, list(spot))
    except AwsError:
        return refusals  # EC2 itself refuses it then
    errors = {spot[request.id].id: _spot_stop_refusal(spot[request.id], request) for request in requests}
    return refusals | {key: error for key, error in errors.items() if error is not None}


async def _change_state(
    ctx: Context,
    command: str,
    words: str,
    ids: Sequence[str],
    known: Known | None,
    refuse: Callable[[Instance], Fe2Error | str | None],
    act: Callable[[Sequence[str]], Awaitable[object]],
    after: Callable[[Known], Awaitable[tuple[Results, list[Instance]]]] | None,
    before: Callable[[Known], Awaitable[None]] | None = None,
    *,
    changes_state: bool = True,
) -> list[Outcome]:
    """Look up, ``refuse``, ``act`` and wait (``after``); record the instances for the costs before and after.

    ``refuse`` returns why nothing is sent for an instance: an error, or words if it is in the wanted state already.
    """
    wanted = unique_ids(ids, command)
    found, results = await look_up_instances(ctx, wanted, known)
    labels = {key: one.label for key, one in found.items()}
    seen: list[Instance] = []
    with activity_entries(ctx, command, labels) as entries:
        if before is not None:
            await before(found)
        results |= {key: refusal for key, instance in found.items() if (refusal := refuse(instance))}
        going = [key for key in wanted if key not in results]
        accepted_text = f"AWS had accepted it: it is {words}."
        sent = await send_change(ctx, entries, going, change_states(ctx, found, going, act, words), accepted_text)
        results.update({key: _with_instance(found[key], error) for key, error in sent.items() if error is not None})
        going = [key for key in going if key not in results]
        end_entries(ctx, entries, results)
        if going and after is not None:
            for key, entry in entries.items():
                entry.left_behind = accepted_text
                ctx.report_step(command, "requested", words, subject=key, label=labels[key])
            waited, seen = await after({key: found[key] for key in going})
            results.update(waited)
        for key in going:
            results.setdefault(key, words)
        end_entries(ctx, entries, results)
    if seen:
        await usage_history.record_instances(ctx, seen)
    elif changes_state:
        await usage_history.read_and_record(ctx, going)
    return outcomes(wanted, results, labels)


def _with_instance(instance: Instance, error: Fe2Error) -> Fe2Error:
    """A capacity error with the type and the zone, which EC2's own message may lack."""
    if not isinstance(error, CapacityError):
        return error
    return CapacityError(
        f"AWS has no {instance.type} in {instance.zone} right now: {instance.label} stays {instance.state}.",
        "Wait and try again: a spot instance keeps its type and its zone. Or freeze it, and launch its image."
        if instance.is_spot
        else error.remedy,
        code=error.code,
    )


def _start_refusal(instance: Instance, wait: bool) -> Fe2Error | str | None:
    if instance.state.is_gone:
        return gone_error(instance, "started")
    if instance.is_interrupted:
        return only_aws_restarts_error(instance)
    if instance.state is State.STOPPING and not wait:
        return StateError(f"{instance.label} is stopping, and cannot be started yet.", "Wait until it is stopped.")
    if instance.state is State.PENDING and wait:
        return None  # nothing is sent for it, and it is waited for
    return f"is {instance.state} already" if instance.state in (State.RUNNING, State.PENDING) else None


def _reboot_refusal(instance: Instance) -> Fe2Error | str | None:
    if instance.state.is_gone:
        return gone_error(instance, "rebooted")
    if instance.is_interrupted:
        return only_aws_restarts_error(instance)
    if instance.state is not State.RUNNING:
        return StateError(
            f"{instance.label} is {instance.state}, and cannot be rebooted: only a running instance can.", "Start it."
        )
    return None


def _spot_stop_refusal(instance: Instance, request: SpotRequest) -> Fe2Error | None:
    if request.is_persistent and request.state in LIVE_REQUEST_STATES:
        return None
    summary = (
        f"The spot request of {instance.label} is {request.state}: it cannot be stopped any more, only terminated."
    )
    remedy = "Its disk goes with it: copy off what is needed first, or freeze it."
    if not request.is_persistent:
        summary = f"{instance.label} is a one-time spot instance: it cannot be stopped, only terminated."
        remedy = "Its disk goes with it: copy off what is needed first. A persistent spot instance could be stopped."
    return StateError(summary, remedy, code="UnsupportedOperation")


async def _start_with_retries(ctx: Context, instances: Sequence[Instance]) -> None:
    ids = [instance.id for instance in instances]
    if not ids:
        return
    deadline = asyncio.get_running_loop().time() + ctx.pace.spot
    while True:
        try:
            await aws.start_instances(ctx.session, ids)
        except Fe2Error as error:
            if error.code != _SPOT_REQUEST_NOT_READY or len(ids) > 1:
                raise
            await _require_startable(ctx, ids[0])
            one = instances[0]
            if asyncio.get_running_loop().time() > deadline:
                raise StateError(
                    f"The spot request of {one.label} was not ready for a start within {ctx.pace.spot:.0f} seconds.",
                    "AWS needs a while after a stop: start it again in some minutes. "
                    "`fe2 requests --long` shows its state.",
                    code=_SPOT_REQUEST_NOT_READY,
                ) from error
            words = "its spot request is not ready for it yet; trying again"
            ctx.report_step("start", "spot", words, subject=one.id, label=one.label)
            await asyncio.sleep(ctx.pace.spot_poll)
        else:
            return


async def _require_startable(ctx: Context, instance_id: str) -> None:
    """Raises StateError if trying again is useless: AWS itself stopped the instance, or its request has ended."""
    instance = next(iter(await aws.describe_instances(ctx.session, [instance_id])), None)
    if instance is None or not (instance.is_spot and instance.spot_request_id):
        return
    try:
        request = await spot_request(ctx.session, instance.spot_request_id)
    except AwsError:
        return
    if is_waiting_for_aws(instance, request):
        raise only_aws_restarts_error(instance)
    if request is not None and request.state not in LIVE_REQUEST_STATES:
        raise StateError(
            f"The spot request of {instance.label} is {request.state}: {request_text(request)}.",
            "It cannot be started any more: AWS terminates it, or terminate it yourself.",
            code=_SPOT_REQUEST_NOT_READY,
        )


async def _wait_until_stopped(ctx: Context, going: Known) -> tuple[Results, list[Instance]]:
    seen: dict[str, Instance] = {}

    def on_instance(instance: Instance) -> None:
        seen[instance.id] = instance
        if instance.state is State.STOPPED:
            ctx.report_step("stop", "stopped", "is stopped", subject=instance.id, label=instance.label)

    results: Results = dict.fromkeys(going, "stopped")
    try:
        await wait_for_states(ctx, list(going), State.STOPPED, on_instance=on_instance)
    except StateError as error:
        seen.update({one.id: one for one in await aws.describe_instances(ctx.session, list(going))})
        results |= {key: error for key in going if key not in seen or seen[key].state is not State.STOPPED}
    return results, list(seen.values())


async def _wait_for_reboot(ctx: Context, instance: Instance) -> Fe2Error | str:
    try:
        login = await find_ssh_login(ctx, instance)
        route = login.route(ctx, instance)
        await _wait_until_down(ctx, instance, route)
        ready = await wait_for_ssh(
            route,
            known_host_keys(),
            within=ctx.pace.ready,
            on_step=partial(ctx.report_step, "reboot", subject=instance.id, label=instance.label),
            log_in=login.can_log_in,
        )
    except HostKeyChangedError as error:
        await compare_with_console(ctx, instance, error)
        return error
    except Fe2Error as error:
        return error
    return ready.words


async def _wait_until_down(ctx: Context, instance: Instance, route: Route) -> None:
    """Wait until ssh no longer answers, or for ``pace.down``: by then the reboot has begun, and perhaps ended unseen.

    Probes ever less often: servers lock out clients that connect again and again without logging in.
    """
    loop = asyncio.get_running_loop()
    until, pause = loop.time() + ctx.pace.down, ctx.pace.poll / 4
    while loop.time() < until:
        try:
            await wait_for_ssh(route, known_host_keys(), within=_PROBE_SECONDS, log_in=False)
        except MachineError:
            ctx.report_step("reboot", "down", "is going down", subject=instance.id, label=instance.label)
            return
        await asyncio.sleep(pause)
        pause *= 1.5


async def read_start_costs(
    ctx: Context, fleet: Fleet, among: Iterable[Instance], *, wait: bool
) -> tuple[str, tuple[str, ...]]:
    """The question whether to start these instances, and ``start_cost_lines`` of those that ``start`` would start.

    The question is empty if none would be, as in a read-only session. ``wait`` is that of ``start``.
    """
    started = [
        one for one in among if one.state in (State.STOPPED, State.STOPPING) and _start_refusal(one, wait) is None
    ]
    if not started or ctx.session.read_only:
        return "", ()
    what = started[0].label if len(started) == 1 else plural(len(started), "instance")
    return f"Start {what}?", start_cost_lines(started, await with_costs(ctx, fleet, started), ctx.clock())


def start_cost_lines(instances: Sequence[Instance], fleet: Fleet, now: datetime) -> tuple[str, ...]:
    """What these instances cost an hour while they run, one line each, to be read before they are started.

    For one instance its parts; for several the price of each, most expensive first, and the sum; with the price of a
    month. A price that is not known is said to be unknown, and is in no sum.
    """
    if not instances:
        return ()
    is_one = len(instances) == 1
    lines = [*(_cost_lines_of_one(instances[0], fleet) if is_one else _cost_lines_of_several(instances, fleet))]
    if any(has_address_running(one, fleet) is None for one in instances):
        who, each = ("if it gets one", "") if is_one else ("for those that get one", " each")
        lines.append(f"A public address, {who}, costs ${ADDRESS_PER_HOUR} an hour more{each}.")
    if not all(one.is_spot for one in instances) and (stale := stale_prices_text(fleet, now)):
        lines.append(f"On-demand {stale}.")
    return tuple(lines)


def _cost_lines_of_one(instance: Instance, fleet: Fleet) -> Iterator[str]:
    cost = running_cost(instance, fleet)
    if cost.total is not None:
        market = " at the current spot price" if instance.is_spot else ""
        parts = [f"instance {_per_hour(cost.instance)}{market}"]
        parts += [f"public address {_per_hour(cost.address)}"] if cost.address else []
        parts += [f"disks {_per_hour(cost.volumes)}"] if cost.volumes else []
        yield (
            f"While it runs, it costs {_per_hour(cost.total)} an hour ({_per_month(cost.total)} a month if left on): "
            f"{join_words(parts)}."
        )
    elif cost.instance is None:
        yield f"Price unknown: {no_price_reason(instance, fleet)}."
    else:
        yield f"Price unknown: there is no price of its disks. The instance costs {_per_hour(cost.instance)} an hour."
    stays = ["disks"] if cost.volumes or cost.volumes is None else []
    stays += ["public address"] if instance.public_ip and instance.state is State.STOPPED else []
    if stays:
        yield f"Its {join_words(stays)} {'cost' if stays[0] == 'disks' else 'costs'} the same while it is stopped."


def _cost_lines_of_several(instances: Sequence[Instance], fleet: Fleet) -> Iterator[str]:
    costs = {one.id: running_cost(one, fleet) for one in instances}
    totals = {key: cost.total for key, cost in costs.items()}

    ordered = sorted(instances, key=lambda one: (totals[one.id] is not None, -(totals[one.id] or Decimal(0))))
    for one in ordered[:_MAX_LISTED]:
        total, name = totals[one.id], visible(one.label)
        name = name if len(name) <= _MAX_NAME_LENGTH else f"{name[: _MAX_NAME_LENGTH - 1]}…"
        yield f"{name}: {f'{_per_hour(total)} an hour' if total is not None else 'price unknown'}"
    rest = [totals[one.id] for one in ordered[_MAX_LISTED:]]
    if rest:
        known, unknown = _sum_known(rest)
        words = f"price unknown for {unknown:,}" if unknown else ""
        parts = (f"{'at least ' if unknown else ''}{_per_hour(known)} an hour" if unknown < len(rest) else "", words)
        yield f"{len(rest):,} more: {', '.join(part for part in parts if part)}"
    known, unknown = _sum_known(totals.values())
    if unknown == len(instances):
        yield "Price unknown for all of them."
    elif unknown:
        yield f"Together they cost at least {_per_hour(known)} an hour while they run: price unknown for {unknown:,}."
    else:
        yield (
            f"Together they cost {_per_hour(known)} an hour while they run ({_per_month(known)} a month if left on)."
        )
    disks = sum((cost.volumes for cost in costs.values() if cost.volumes), Decimal(0))
    if disks:
        yield f"Their disks cost {_per_hour(disks)} an hour of that while they are stopped, too."


def _sum_known(amounts: Iterable[Decimal | None]) -> tuple[Decimal, int]:
    """The sum of the known amounts, and how many are not known."""
    all_of_them = list(amounts)
    known = [amount for amount in all_of_them if amount is not None]
    return sum(known, Decimal(0)), len(all_of_them) - len(known)


def _per_month(per_hour: Decimal) -> str:
    return dollars(per_hour * HOURS_A_MONTH, sign="$")


def _per_hour(amount: Decimal | None) -> str:
    """Dollars with three decimals; with four where three would round the price away."""
    places = 4 if amount is not None and amount < Decimal("0.01") and amount != round(amount, 3) else 3
    return dollars(amount, places, sign="$")
