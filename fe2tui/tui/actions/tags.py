"""Keep: tag instances so that bulk actions and alerts leave them out, or remove that tag."""

from __future__ import annotations

from fe2tui.model.instance import KEEP_TAG
from fe2tui.model.progress import Outcome
from fe2tui.tasks import tags as task
from fe2tui.tasks.context import Context
from fe2tui.tui.actions.targets import Targets, newest_instances
from fe2tui.tui.command_context import CommandContext


def keep_or_unkeep(context: CommandContext) -> None:
    """Tag the targets ``fe2:keep=yes``; remove the tag if all have it."""
    newest = newest_instances(context)
    targets = Targets(tuple(one for each in context.targets if not (one := newest.get(each.id, each)).state.is_gone))
    are_kept = all(one.is_kept for one in targets.instances)

    async def work(ctx: Context) -> list[Outcome]:
        return await task.tag(ctx, targets.ids, {} if are_kept else {KEEP_TAG: "yes"}, [KEEP_TAG] if are_kept else [])

    verb = "Unkeep" if are_kept else "Keep"
    context.services.run_task(f"{verb} {targets.text}", work, instances=targets.instances)
