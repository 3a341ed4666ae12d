"""Tag and rename instances."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from fe2tui.aws import instances as aws
from fe2tui.errors import UsageError
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance
from fe2tui.model.progress import Outcome
from fe2tui.model.text import join_words
from fe2tui.tasks.batch import (
    activity_entries,
    call_all_or_each,
    end_entries,
    look_up_instances,
    outcomes,
    unique_ids,
)
from fe2tui.tasks.context import Context, run_to_completion
from fe2tui.tasks.spot_requests import gone_error


async def tag(
    ctx: Context,
    ids: Sequence[str],
    tags: Mapping[str, str],
    remove: Collection[str] = (),
    *,
    known: Mapping[str, Instance] | None = None,
) -> list[Outcome]:
    """Set tags of instances, and remove those with the keys in ``remove``. One outcome each.

    A tag that is there gets the new value. ``known`` are instances that were read a moment ago. Raises UsageError if
    there is nothing to set or remove, or a key is empty or in both.
    """
    if not (tags or remove):
        raise UsageError("No tag was named.", "Name one or several: key=value.")
    if "" in (*tags, *remove):
        raise UsageError("A tag needs a key.", "As in env=prod.")
    if both := [key for key in remove if key in tags]:
        raise UsageError(f"{join_words(both)} cannot be set and removed at once.", "Choose one.")
    wanted = unique_ids(ids, "tag")
    found, results = await look_up_instances(ctx, wanted, known)
    labels = {key: one.label for key, one in found.items()}
    with activity_entries(ctx, "tag", labels) as entries:
        results |= {key: gone_error(one, "tagged") for key, one in found.items() if one.state.is_gone}

        async def act(some: Sequence[str]) -> None:
            if tags:
                await aws.create_tags(ctx.session, some, tags)
            if remove:
                await aws.delete_tags(ctx.session, some, remove)

        going = [key for key in found if key not in results]
        errors = await run_to_completion(call_all_or_each(going, act), ctx.pace.completion)
        words = [f"tagged {join_words([f'{key}={value}' for key, value in tags.items()])}"] if tags else []
        words += [f"without {join_words([*remove])}"] if remove else []
        results |= {key: error or ", ".join(words) for key, error in errors.items()}
        end_entries(ctx, entries, results)
    return outcomes(wanted, results, labels)


async def rename(ctx: Context, fleet: Fleet, instance: Instance, name: str) -> Outcome:
    """Give an instance another name, its tag Name. Raises UsageError for an empty name or that of another instance."""
    new = name.strip()
    if not new:
        raise UsageError("The new name is empty.", f"`fe2 tag {instance.id} --remove Name` leaves it without a name.")
    require_free_name(fleet, instance, new)
    (outcome,) = await tag(ctx, [instance.id], {"Name": new}, known={instance.id: instance})
    return outcome if outcome.error else Outcome(outcome.subject, outcome.label, f"is called {new} now")


def require_free_name(fleet: Fleet, instance: Instance, name: str) -> None:
    """Raises UsageError if another instance has that name."""
    others = [one for one in fleet.instances_named(name) if one.id != instance.id and not one.state.is_gone]
    if others:
        raise UsageError(f"There is an instance {name} already: {others[0].id}.", "Choose another name.")
