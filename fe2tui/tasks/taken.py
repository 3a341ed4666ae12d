"""Spot machines that AWS took back: what is said to who wants something of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fe2tui.aws.spot_requests import spot_requests
from fe2tui.errors import AwsError, StateError
from fe2tui.model.instance import Instance
from fe2tui.model.interruption import interruption_words
from fe2tui.model.money import is_taken_back
from fe2tui.tasks.context import Context


def only_aws_starts(instance: Instance) -> StateError:
    """The error of who would start one that AWS stopped, or needs it running."""
    return StateError(
        f"AWS stopped {instance.label} to take its spot capacity back, and only AWS starts it again.",
        f"It waits for capacity in {instance.zone}. Launch another meanwhile, or terminate it.",
        code=instance.state_reason.partition(":")[0] or None,
    )


def is_gone(instance: Instance, cannot: str) -> StateError:
    """The error of who wants something of one that is no more; ``cannot`` is what: it cannot be started."""
    if is_taken_back(instance):
        words = f"AWS took the spot capacity of {instance.label} ({instance.id}) back, and terminated it: {cannot}."
        return StateError(words, "Launch another.", code=instance.state_reason.partition(":")[0] or None)
    return StateError(f"{instance.label} ({instance.id}) is {instance.state}: {cannot}.")


Interruptions = Mapping[str, str]
"""What AWS did to machines, in words, by instance id: only of those that it took back."""


async def interruptions(ctx: Context, instances: Iterable[Instance]) -> Interruptions:
    """What AWS did to those among them that it took back: one call for their requests, none where it took none.

    Where requests may not be read the words are fewer: the machines themselves do not tell when and why.
    """
    taken = [each for each in instances if is_taken_back(each)]
    ids = dict.fromkeys(each.spot_request_id for each in taken if each.spot_request_id)
    try:
        found = await spot_requests(ctx.session, list(ids)) if ids else []
    except AwsError:
        found = []
    by_id = {one.id: one for one in found}
    now = ctx.clock()
    told = {each.id: interruption_words(each, by_id.get(each.spot_request_id or ""), now) for each in taken}
    return {key: words for key, words in told.items() if words}
