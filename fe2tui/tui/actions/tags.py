"""Edit tags and the name; keep instances, so that bulk actions and alerts leave them out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from fe2tui.model.command_text import tags_text
from fe2tui.model.instance import KEEP_TAG
from fe2tui.model.progress import Outcome
from fe2tui.model.text import visible
from fe2tui.tasks import tags as task
from fe2tui.tasks.context import Context
from fe2tui.tui.actions.command_texts import instance_references, place_of
from fe2tui.tui.actions.targets import Targets, current_instance, newest_instances
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.tags import TagsForm


def keep_or_unkeep(context: CommandContext) -> None:
    """Tag the targets ``fe2:keep=yes``; remove the tag if all have it."""
    targets = _living_targets(context)
    are_kept = all(one.is_kept for one in targets.instances)

    async def work(ctx: Context) -> list[Outcome]:
        return await task.tag(ctx, targets.ids, {} if are_kept else {KEEP_TAG: "yes"}, [KEEP_TAG] if are_kept else [])

    verb = "Unkeep" if are_kept else "Keep"
    context.services.run_task(f"{verb} {targets.text}", work, instances=targets.instances)


async def edit_tags(context: CommandContext) -> None:
    services, targets = context.services, _living_targets(context)
    one = targets.instances[0]

    def check_name(name: str) -> None:
        fleet = services.fleet or context.fleet
        if fleet is not None:
            task.require_free_name(fleet, one, name)

    references = instance_references(context, targets.instances)
    command = partial(tags_text, place_of(context), references[0]) if len(references) == 1 else None
    form = TagsForm(targets.text, [each.tags for each in targets.instances], check_name=check_name, command=command)
    change = await services.ask(form)
    if change is None:
        return

    async def work(ctx: Context) -> list[Outcome]:
        return await task.tag(ctx, targets.ids, change.tags, change.remove)

    services.run_task(f"Tag {targets.text}", work, instances=targets.instances)


def _living_targets(context: CommandContext) -> Targets:
    newest = newest_instances(context)
    return Targets(tuple(one for each in context.targets if not (one := newest.get(each.id, each)).state.is_gone))


def change_tags(context: CommandContext, tags: Mapping[str, str], remove: Collection[str]) -> None:
    """Set tags of an instance, and remove those with the keys in ``remove``."""
    instance = current_instance(context)

    async def work(ctx: Context) -> list[Outcome]:
        return await task.tag(ctx, [instance.id], tags, remove)

    context.services.run_task(f"Tag {visible(instance.label)}", work, instances=(instance,))


def rename(context: CommandContext, name: str) -> None:
    instance, fleet = current_instance(context), context.services.fleet or context.fleet
    assert fleet is not None  # it has the instance

    async def work(ctx: Context) -> list[Outcome]:
        return [await task.rename(ctx, fleet, instance, name)]

    context.services.run_task(f"Rename {visible(instance.label)}", work, instances=(instance,))
