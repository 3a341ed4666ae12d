"""Change the type of an instance to one that it can become, with its costs."""

from __future__ import annotations

from dataclasses import replace

from fe2tui.errors import Fe2Error, StartAfterChangeError
from fe2tui.model.command_text import CommandText, command_text
from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.text import visible
from fe2tui.model.type_compatibility import incompatibility_reason
from fe2tui.tasks import change_type as task
from fe2tui.tasks.context import Context
from fe2tui.tui.actions.command_texts import instance_references, place_of
from fe2tui.tui.actions.power import start_cost_lines
from fe2tui.tui.actions.targets import current_instance
from fe2tui.tui.command_context import CommandContext, wait_until_no_form
from fe2tui.tui.forms.confirm import ConfirmChoice, ConfirmForm
from fe2tui.tui.forms.error import ErrorForm
from fe2tui.tui.forms.type_list import type_source
from fe2tui.tui.forms.type_picker import TypePicker


async def change_type(context: CommandContext, new_type: str | None = None) -> None:
    """Ask for the new type, unless it is given, and whether to change it."""
    instance = current_instance(context)
    if new_type is None:
        new_type = await context.services.ask(_type_picker(context, instance))
    if new_type is None:
        return
    instance = current_instance(context)
    catalogue = await context.services.catalogues.get(context.services.task_context())
    fleet = context.services.fleet or context.fleet
    if fleet is None:
        return
    plan = task.plan_type_change(instance, new_type, catalogue, fleet)
    if plan.error is not None:
        await context.services.ask(ErrorForm(_title(instance), plan.error))
        return
    is_running = instance.state in (State.RUNNING, State.PENDING)
    question = ConfirmForm(
        f"Change {visible(instance.label)} from {instance.type} to {new_type}?",
        plan.sentences,
        title="Change type",
        choices=(ConfirmChoice("y", "Stop it and change" if is_running else "Change", "yes"),),
        command=_command(context, instance, new_type),
    )
    if await context.services.ask(question) == "yes":
        _run_change(context, instance, new_type)


def _type_picker(context: CommandContext, instance: Instance) -> TypePicker:
    source = type_source(context)

    def unfit_reason(kind: InstanceType) -> str | None:
        catalogue = source.cached()
        if catalogue is None:
            return None
        return incompatibility_reason(instance, catalogue.types.get(instance.type), kind, catalogue.zones_of(kind.name))

    return TypePicker(
        source,
        region=context.region,
        clock=context.services.task_context().clock,
        unfit_reason=unfit_reason,
        current_type=instance.type,
        title=f"{_title(instance)}, {instance.type} now",
        command=lambda new_type: _command(context, instance, new_type),
    )


def _command(context: CommandContext, instance: Instance, new_type: str) -> CommandText:
    stops = instance.state in (State.RUNNING, State.PENDING)
    values = [*instance_references(context, [instance]), new_type]
    return command_text(place_of(context), "change-type", values, {"stop": stops})


def _title(instance: Instance) -> str:
    return f"Change the type of {visible(instance.label)}"


def _run_change(context: CommandContext, instance: Instance, to: str) -> None:
    async def work(ctx: Context) -> Instance:
        try:
            return await task.change_type(ctx, instance.id, to, stop=True, catalogues=context.services.catalogues)
        except StartAfterChangeError as error:
            await wait_until_no_form(context)
            if await context.services.ask(_revert_question(context, instance, error)) != "back":
                raise
            return await task.revert_type(ctx, error.instance_id, error.old_type)

    def done(changed: Instance) -> str:
        how = "and ready" if changed.state is State.RUNNING else f"and {changed.state}"
        if changed.type != to:
            return f"{visible(changed.label)} is {changed.type} again, {how}."
        return f"{visible(changed.label)} is {changed.type} now, {how}."

    context.services.run_task(
        f"Change type of {visible(instance.label)}", work, instances=(instance,), result_text=done
    )


def _revert_question(context: CommandContext, instance: Instance, error: StartAfterChangeError) -> ConfirmForm:
    why = error.__cause__.summary if isinstance(error.__cause__, Fe2Error) else error.summary
    if error.code == "InsufficientInstanceCapacity":
        why = f"AWS has no {error.new_type} in {instance.zone} right now."
    return ConfirmForm(
        f"{why} Go back to {error.old_type} and start it?",
        [
            f"{visible(instance.label)} is stopped, and {error.new_type} now.",
            *start_cost_lines(context, [replace(current_instance(context), type=error.old_type)]),
        ],
        title=_title(instance),
        choices=(ConfirmChoice("y", f"Back to {error.old_type}", "back"),),
        no_label="Leave it stopped",
    )
