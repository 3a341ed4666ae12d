"""The costs: show them, act on what costs, export them; release an unused Elastic IP."""

from __future__ import annotations

from collections.abc import Sequence

from fe2tui.model.command_text import command_text
from fe2tui.model.documents import cost_csv, cost_document, json_text
from fe2tui.model.fleet import IdleAddress
from fe2tui.model.location import short_region_name
from fe2tui.model.progress import Outcome
from fe2tui.model.text import plural, visible
from fe2tui.tasks import release as task
from fe2tui.tasks.context import Context
from fe2tui.tui.actions.clipboard import copy_text
from fe2tui.tui.actions.command_texts import place_of
from fe2tui.tui.actions.export import FORMATS, ask_and_write, markdown_table
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.commands import COMMANDS_BY_ID
from fe2tui.tui.forms.confirm import ConfirmChoice, ConfirmForm
from fe2tui.tui.forms.cost import CostForm, CostView
from fe2tui.tui.pane_ids import IMAGES, INSTANCES


async def show_costs(context: CommandContext, filter_text: str = "") -> None:
    """Show what everything costs, or what matches a filter; then go to what was chosen there."""
    short = short_region_name(context.region)
    where = context.region if short == context.region else f"{short} {context.region}"
    services = context.services
    form = CostForm(
        lambda: services.fleet,
        services.clock,
        where=where,
        cost=services.fleet_watch.account_tracker.cost,
        keys=services.keymap.keys,
        perform=lambda command_id, view: _act(services.command_context(), command_id, view),
        tell=lambda text: services.tell(text, "warning"),
        filter_text=filter_text,
        elsewhere=lambda: services.other_regions.elsewhere,
    )
    place = await services.ask(form)
    if place is not None:
        services.main_screen.go_to_row(place)


def _act(context: CommandContext, command_id: str, view: CostView) -> bool:
    """Do what a key asks for in the costs. Returns whether they have to be left for it, as for a shell."""
    services, row = context.services, view.row
    context = context._replace(is_full_view=False)
    if command_id == "export":
        services.start_worker(_export(context, view), "Export")
    elif command_id == "region":
        services.perform(command_id, context)
        return True
    elif row is None:
        return False
    elif row.kind == "instance" and row.id in view.fleet.instances:
        instance = (services.fleet or view.fleet).instances.get(row.id, view.fleet.instances[row.id])
        context = context._replace(pane=INSTANCES, selected_instance=instance, marked_instances=())
        is_left = command_id == "connect" and COMMANDS_BY_ID[command_id].unavailable_reason(context) is None
        services.perform(command_id, context)
        return is_left
    elif row.kind == "snapshots" and row.id in view.fleet.images:
        image = view.fleet.images[row.id]
        services.perform(command_id, context._replace(pane=IMAGES, selected_image=image, marked_images=()))
    elif row.kind == "address":
        address = next((one for one in view.fleet.idle_addresses if one.id == row.id), None)
        if address is None:
            services.tell(f"{visible(row.label)} is no longer unused.", "warning")
        elif command_id == "copy":
            services.start_worker(_copy(context, address.address), "Copy")
        elif context.read_only:
            services.tell("This session is read-only: it may change nothing.", "warning")
        else:
            services.start_worker(release(context, [address]), "Release")
    elif command_id == "copy" and row.id:
        services.start_worker(_copy(context, row.id), "Copy")
    return False


async def _copy(context: CommandContext, text: str) -> None:
    await copy_text(context.services.app, text)
    context.services.tell(f"Copied {visible(text)}")


async def release(context: CommandContext, addresses: Sequence[IdleAddress]) -> None:
    """Release Elastic IPs, after a question that says what is lost and what it saves."""
    question, sentences = task.release_question([(one.label, one.address) for one in addresses])
    form = ConfirmForm(
        visible(question),
        [visible(one) for one in sentences],
        title="Release",
        choices=(ConfirmChoice("y", "Release", "yes", is_destructive=True),),
        command=command_text(place_of(context), "release", [one.id for one in addresses]),
    )
    if await context.services.ask(form) != "yes":
        return

    async def work(ctx: Context) -> list[Outcome]:
        try:
            return await task.release(ctx, [one.id for one in addresses])
        finally:
            context.services.fleet_watch.read_addresses_soon()

    one = addresses[0].label if len(addresses) == 1 else f"{len(addresses):,} addresses"
    context.services.run_task(f"Release {visible(one)}", work)


async def _export(context: CommandContext, view: CostView) -> None:
    def text_for(suffix: str) -> str:
        if suffix == ".md":
            return markdown_table(view.titles, view.cells)
        if suffix == ".json":
            return json_text(cost_document(view.account, view.fleet), indent=2) + "\n"
        return cost_csv(view.account, view.fleet)

    count = plural(len(view.account.rows), "row")
    what = f"{count}. .csv and .json have all fields of each, .md the columns shown."
    path = await ask_and_write(context, what, FORMATS, f"costs-{context.region}.csv", text_for)
    if path is not None:
        context.services.tell(f"Wrote {count} to {path}")
