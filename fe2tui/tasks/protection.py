"""Termination protection, stop protection and shutdown behavior of instances.

Source: EC2 User Guide, "Change instance termination protection", "Enable stop protection" and "Change instance
initiated shutdown behavior".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import get_args

from fe2tui.aws import instances as aws
from fe2tui.errors import Fe2Error, StateError, UsageError
from fe2tui.model.instance import KEEP_TAG, Instance, InstanceAttributes, ShutdownBehavior
from fe2tui.model.progress import Outcome
from fe2tui.tasks.batch import activity_entries, call_each, end_entries, look_up_instances, outcomes, unique_ids
from fe2tui.tasks.context import Context, run_to_completion
from fe2tui.tasks.spot_requests import gone_error

_SetAttribute = Callable[[str], Awaitable[None]]


async def protect(
    ctx: Context, ids: Sequence[str], on: bool, *, stop: bool = False, known: Mapping[str, Instance] | None = None
) -> list[Outcome]:
    """Turn the termination protection of instances on or off, or with ``stop`` their stop protection.

    One outcome each. A spot instance cannot be protected: it gets a StateError. ``known`` were read a moment ago.
    """
    set_protection = aws.set_stop_protection if stop else aws.set_termination_protection
    words = f"{'stop' if stop else 'termination'} protection is {'on' if on else 'off'}"

    def refusal(instance: Instance) -> Fe2Error | None:
        return spot_protection_error(instance) if on and instance.is_spot else None

    async def act(one: str) -> None:
        await set_protection(ctx.session, one, on)

    return await _set_attribute(ctx, "protect", ids, act, words, refusal, known)


async def set_shutdown_behavior(
    ctx: Context, ids: Sequence[str], behavior: str, *, known: Mapping[str, Instance] | None = None
) -> list[Outcome]:
    """Set what EC2 does when an instance shuts itself down, as by ``poweroff``: stop or terminate. One outcome each.

    Raises UsageError for another word. ``known`` were read a moment ago.
    """
    if behavior not in get_args(ShutdownBehavior):
        raise UsageError(f"“{behavior}” is no shutdown behavior.", "It is stop or terminate.")

    async def act(one: str) -> None:
        await aws.set_shutdown_behavior(ctx.session, one, behavior)

    return await _set_attribute(ctx, "shutdown-behavior", ids, act, shutdown_text(behavior), lambda one: None, known)


async def change_attributes(
    ctx: Context, instance: Instance, before: InstanceAttributes, after: InstanceAttributes
) -> list[Outcome]:
    """Set the attributes that differ, one after the other. An outcome for each."""
    ids, known = [instance.id], {instance.id: instance}
    done: list[Outcome] = []
    if after.termination_protected is not before.termination_protected:
        done += await protect(ctx, ids, after.termination_protected, known=known)
    if after.stop_protected is not before.stop_protected:
        done += await protect(ctx, ids, after.stop_protected, stop=True, known=known)
    if after.shutdown_behavior != before.shutdown_behavior:
        done += await set_shutdown_behavior(ctx, ids, after.shutdown_behavior, known=known)
    return done


def shutdown_text(behavior: str) -> str:
    return f"when it shuts itself down (poweroff), EC2 {behavior}s it"


def spot_protection_error(instance: Instance) -> StateError:
    return StateError(
        f"{instance.label} is a spot instance, which EC2 does not let be protected.",
        f"Tag it {KEEP_TAG}=yes: bulk actions leave it out then.",
    )


async def _set_attribute(
    ctx: Context,
    command: str,
    ids: Sequence[str],
    act: _SetAttribute,
    words: str,
    refusal: Callable[[Instance], Fe2Error | None],
    known: Mapping[str, Instance] | None,
) -> list[Outcome]:
    """Call for each instance that is not refused: EC2 changes one attribute of one instance a call."""
    wanted = unique_ids(ids, command)
    found, results = await look_up_instances(ctx, wanted, known)
    labels = {key: one.label for key, one in found.items()}

    async def act_on_one(one: str) -> Fe2Error | None:
        try:
            await act(one)
        except Fe2Error as error:
            return error
        return None

    with activity_entries(ctx, command, labels) as entries:
        for key, one in found.items():
            error = gone_error(one, "changed") if one.state.is_gone else refusal(one)
            if error is not None:
                results[key] = error
        going = [key for key in found if key not in results]
        errors = await run_to_completion(call_each(going, act_on_one), ctx.pace.completion)
        results |= {key: error or words for key, error in errors.items()}
        end_entries(ctx, entries, results)
    return outcomes(wanted, results, labels)
