"""Full-screen details and console output of a row, and a screenshot of an instance."""

from __future__ import annotations

from fe2tui.model.text import visible
from fe2tui.tasks.console import save_screenshot
from fe2tui.tasks.context import Context
from fe2tui.tui.actions.targets import current_instance
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.pane_ids import IMAGES
from fe2tui.tui.panes.console import ConsoleView
from fe2tui.tui.panes.full_details import ImageDetailsView, InstanceDetailsView


async def open_details(context: CommandContext) -> None:
    """Show everything about the row under the cursor."""
    services = context.services
    if context.pane == IMAGES and context.selected_image is not None:
        await services.main_screen.open_full_view(ImageDetailsView(services, context.selected_image.id))
    elif context.selected_instance is not None:
        await services.main_screen.open_full_view(InstanceDetailsView(services, context.selected_instance.id))


async def open_console(context: CommandContext) -> None:
    """Show the console output of the target, and follow it."""
    services, main = context.services, context.services.main_screen
    if not isinstance(main.full_view, ConsoleView):
        await main.open_full_view(ConsoleView(services, current_instance(context)))


def take_screenshot(context: CommandContext) -> None:
    instance = current_instance(context)

    async def work(ctx: Context) -> str:
        return f"Saved the screen of {visible(instance.label)}: {(await save_screenshot(ctx, instance)).absolute()}"

    context.services.run_task(f"Screenshot of {visible(instance.label)}", work)
