"""Change the protection and the shutdown behavior of an instance."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fe2tui.aws.instances import instance_attributes
from fe2tui.model.command_text import protection_text
from fe2tui.model.instance import InstanceAttributes
from fe2tui.model.progress import Outcome
from fe2tui.model.text import join_words, visible
from fe2tui.tasks import protection as task
from fe2tui.tasks.context import Context
from fe2tui.tui.actions.command_texts import instance_references, place_of
from fe2tui.tui.actions.targets import current_instance
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.protection import ProtectionForm


def _as_it_is(attributes: InstanceAttributes) -> InstanceAttributes:
    return attributes


async def change_protection(
    context: CommandContext, change: Callable[[InstanceAttributes], InstanceAttributes] = _as_it_is
) -> None:
    """Ask for the attributes. ``change`` gives those that are filled in, from the present ones."""
    services, instance = context.services, current_instance(context)
    label = visible(instance.label)

    async def read_attributes() -> InstanceAttributes:
        return await instance_attributes(services.task_context().session, instance.id)

    (reference,) = instance_references(context, [instance])
    command = partial(protection_text, place_of(context), reference)
    answer = await services.ask(ProtectionForm(label, instance, read_attributes, change, command=command))
    if answer is None:
        return
    before, after = answer

    async def work(ctx: Context) -> list[Outcome]:
        return await task.change_attributes(ctx, instance, before, after)

    def result_text(outcomes: list[Outcome]) -> str:
        return f"{label}: {join_words([one.words for one in outcomes])}"

    services.run_task(f"Protect {label}", work, instances=(instance,), result_text=result_text)
