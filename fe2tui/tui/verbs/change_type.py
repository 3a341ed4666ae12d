"""Change the type of an instance: only to what it can become, with what that costs."""

from __future__ import annotations

from dataclasses import replace

from fe2tui.errors import Fe2Error, StartAfterChangeError
from fe2tui.model.becoming import why_not
from fe2tui.model.instance import Instance, State
from fe2tui.model.machine_type import MachineType
from fe2tui.model.words import visible
from fe2tui.tasks import change_type as task
from fe2tui.tasks.context import Context
from fe2tui.tui.forms.confirm import Choice, Confirm
from fe2tui.tui.forms.trouble import Trouble
from fe2tui.tui.forms.type_columns import Unfit
from fe2tui.tui.forms.type_picker import PickTypes
from fe2tui.tui.verbs.calm import until_no_form
from fe2tui.tui.verbs.meant import newest_of
from fe2tui.tui.verbs.power import start_costs
from fe2tui.tui.verbs.sources import source_of
from fe2tui.tui.view import View


async def change_type(view: View) -> None:
    """Show what the instance can become; after a yes, stop it if it runs, change its type, and start it again."""
    instance = newest_of(view)
    picked = await view.ask(_picker(view, instance))
    if picked is None:
        return
    instance = newest_of(view)
    plan = await _plan(view, instance, picked)
    if plan is None:
        return
    if plan.error is not None:
        await view.ask(Trouble(_title(instance), plan.error))
    elif await view.ask(_question(plan)) == "yes":
        _run(view, plan)


def _picker(view: View, instance: Instance) -> PickTypes:
    source = source_of(view)

    def fits_in(kind: MachineType) -> str | None:
        catalogue = source.kept()
        if catalogue is None:
            return None
        return why_not(instance, catalogue.types.get(instance.type), kind, catalogue.zones_of(kind.name))

    fits: Unfit = fits_in
    return PickTypes(
        source,
        region=view.region,
        clock=view.context().clock,
        fits=fits,
        present=instance.type,
        title=f"{_title(instance)}, {instance.type} now",
    )


def _title(instance: Instance) -> str:
    return f"Change the type of {visible(instance.label)}"


async def _plan(view: View, instance: Instance, picked: str) -> task.TypeChange | None:
    fleet = view.desk.fleet or view.fleet
    if fleet is None:
        return None
    catalogue = await view.desk.catalogues.get(view.context())
    return task.plan_change(instance, picked, catalogue, fleet)


def _question(plan: task.TypeChange) -> Confirm:
    label = visible(plan.instance.label)
    runs = plan.instance.state in (State.RUNNING, State.PENDING)
    return Confirm(
        f"Change {label} from {plan.instance.type} to {plan.to}?",
        plan.sentences,
        title="Change type",
        choices=(Choice("y", "Stop it and change" if runs else "Change", "yes"),),
    )


def _run(view: View, plan: task.TypeChange) -> None:
    instance, to = plan.instance, plan.to

    async def work(ctx: Context) -> Instance:
        try:
            return await task.change_type(ctx, instance.id, to, stop=True, known=view.desk.catalogues)
        except StartAfterChangeError as error:
            await until_no_form(view)
            if await view.ask(_way_back(view, instance, error)) != "back":
                raise
            return await task.change_back(ctx, error.instance_id, error.old_type)

    def done(changed: Instance) -> str:
        how = "and ready" if changed.state is State.RUNNING else f"and {changed.state}"
        if changed.type != to:
            return f"{visible(changed.label)} is {changed.type} again, {how}."
        return f"{visible(changed.label)} is {changed.type} now, {how}."

    view.run_task(f"Change type of {visible(instance.label)}", work, subjects=(instance,), done=done)


def _way_back(view: View, instance: Instance, error: StartAfterChangeError) -> Confirm:
    why = str(error.__cause__.summary) if isinstance(error.__cause__, Fe2Error) else error.summary
    question = (
        f"AWS has no {error.new_type} in {instance.zone} right now."
        if error.code == "InsufficientInstanceCapacity"
        else why
    )
    return Confirm(
        f"{question} Go back to {error.old_type} and start it?",
        [
            f"{visible(instance.label)} is stopped, and {error.new_type} now.",
            *start_costs(view, [replace(newest_of(view), type=error.old_type)]),
        ],
        title=_title(instance),
        choices=(Choice("y", f"Back to {error.old_type}", "back"),),
        no_word="Leave it stopped",
    )
