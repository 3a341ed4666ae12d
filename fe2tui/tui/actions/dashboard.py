"""Actions of the dashboard itself: move between panes and rows, filter, sort, CPU, theme, help, quit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fe2tui.model.cpu import monthly_cost_of_metrics
from fe2tui.model.instance import State
from fe2tui.model.text import dollars, plural
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.pane_ids import ACTIVITY, FULL_DETAILS, IMAGES, INSTANCES, SPOT

if TYPE_CHECKING:
    from fe2tui.tui.forms.form import Form
    from fe2tui.tui.panes.base import Pane
    from fe2tui.tui.panes.list_pane import ListPane
    from fe2tui.tui.task_runner import RunningTask


def _acting_pane(context: CommandContext) -> Pane:
    return context.services.main_screen.pane_set[context.pane]


def _list_pane(context: CommandContext) -> ListPane:
    return context.services.main_screen.pane_set.list_pane(context.pane)


async def open_selected(context: CommandContext) -> None:
    """Open the row under the cursor; in details, run the command of the block; from Activity, go to the row."""
    if context.pane == ACTIVITY:
        context.services.main_screen.go_to_row(context.services.main_screen.activity.selected_subject)
        return
    view = context.services.main_screen.full_view
    command = _acting_pane(context).open_row() if view is None else view.open_block()
    if command == FULL_DETAILS:
        from fe2tui.tui.actions.full_view import open_details

        await open_details(context)
    elif command:
        context.services.perform(command)


def toggle_details(context: CommandContext) -> None:
    context.services.main_screen.toggle_details()


def mark(context: CommandContext) -> None:
    _list_pane(context).table.mark()
    context.services.main_screen.repaint_soon()


def unmark(context: CommandContext) -> None:
    _list_pane(context).table.unmark_all()
    context.services.main_screen.repaint_soon()


def mark_all(context: CommandContext) -> None:
    _list_pane(context).table.mark_all()
    context.services.main_screen.repaint_soon()


def leave_level(context: CommandContext) -> None:
    """Leave the search, then the details or Activity; the filter, then the marks."""
    screen = context.services.main_screen
    if screen.full_view is not None:
        if not screen.full_view.leave_search():
            screen.close_full_view()
    elif context.pane == ACTIVITY and context.search_text:
        screen.end_activity_search()
    elif context.pane == ACTIVITY:
        screen.go_to(screen.pane_layout.leave_activity())
    else:
        _acting_pane(context).leave()
        screen.repaint_soon()


async def cancel_task(context: CommandContext) -> None:
    """Cancel the selected task, or the only one there is, after a confirmation."""
    from fe2tui.tui.forms.confirm import cancel_question

    services, entry = context.services, context.services.main_screen.activity.selected_row
    tasks = {task.number: task for task in services.task_runner.state.running}
    number = entry.task_number if entry is not None else 0
    task = tasks.get(number) or (next(iter(tasks.values())) if len(tasks) == 1 else None)
    if task is None:
        services.tell(f"Select one of the {plural(len(tasks), 'task')} running first.", "warning")
        return

    def task_now() -> RunningTask:
        return next((one for one in services.task_runner.state.running if one.number == task.number), task)

    if await services.ask(cancel_question(task_now)) == "yes":
        is_running = services.task_runner.cancel(task.number)
        services.tell(f"Cancelling: {task.title} …" if is_running else f"{task.title} has already ended.")


async def open_filter(context: CommandContext) -> None:
    if (view := context.services.main_screen.full_view) is not None:
        view.open_search()
        return
    if context.pane == ACTIVITY:
        await context.services.main_screen.open_activity_search()
        return
    pane = _acting_pane(context).list_pane
    if pane is not None:
        await pane.open_filter()


async def choose_sort(context: CommandContext) -> None:
    from fe2tui.tui.forms.picker import sort_picker

    pane = _acting_pane(context).list_pane
    if pane is None:
        return
    sort_id = await context.services.ask(sort_picker(pane.sorts.values(), pane.arrangement.sort))
    if sort_id is not None:
        pane.sort_by(sort_id)


def show_running(context: CommandContext) -> None:
    _show_only(context, "state:running")


def show_moving(context: CommandContext) -> None:
    _show_only(context, "state:moving")


def show_stopped(context: CommandContext) -> None:
    _show_only(context, "state:stopped")


def show_alerts(context: CommandContext) -> None:
    _show_only(context, "alert")


def _show_only(context: CommandContext, text: str) -> None:
    """Filter the instances by a text; without the filter if it is theirs already."""
    screen = context.services.main_screen
    pane = screen.instances
    pane.show_only("" if pane.arrangement.filter.text == text and context.pane == INSTANCES else text)
    screen.go_to(INSTANCES)


def read_now(context: CommandContext) -> None:
    context.services.fleet_watch.read_now()
    if (view := context.services.main_screen.full_view) is not None:
        view.read_again()
    context.services.tell("Reading again …")


def go_to_instances(context: CommandContext) -> None:
    context.services.main_screen.go_to(INSTANCES)


def go_to_images(context: CommandContext) -> None:
    context.services.main_screen.go_to(IMAGES)


def go_to_spot(context: CommandContext) -> None:
    context.services.main_screen.spot_pane.hold_keys()
    context.services.main_screen.go_to(SPOT)


def go_to_activity(context: CommandContext) -> None:
    """Go to the activity, or from where it lies over the images back to what was there."""
    context.services.task_runner.mark_failures_seen()
    context.services.main_screen.go_to(context.services.main_screen.pane_layout.toggle_activity())


def go_to_errors(context: CommandContext) -> None:
    context.services.task_runner.mark_failures_seen()
    context.services.main_screen.go_to(ACTIVITY)
    context.services.main_screen.activity.go_to_failure()


def zoom(context: CommandContext) -> None:
    context.services.main_screen.zoom()


async def choose_theme(context: CommandContext) -> None:
    """Show each theme that the cursor is on; keep the one that is chosen, else go back to the one before."""
    from fe2tui.tui.forms.picker import Picker, PickerItem
    from fe2tui.tui.theme import THEMES

    services, app = context.services, context.services.app
    before, configured = app.theme, services.settings.theme

    def show(name: str) -> None:
        app.theme = name

    themes = sorted(app.available_themes.values(), key=lambda theme: (theme.name not in THEMES, theme.name))
    items = [
        PickerItem(theme.name, theme.name, "dark" if theme.dark else "light", theme.name == before) for theme in themes
    ]
    chosen = await services.ask(Picker("Theme", items, submit_word="Keep", preview=show))
    app.theme = chosen or before
    if chosen is None or chosen == before:
        return
    if configured:
        services.tell(f"{chosen} is shown until you quit: config.toml sets the theme {configured}.")
        return
    services.preferences.theme = chosen
    services.save_preferences()


def enlarge_pane(context: CommandContext) -> None:
    _resize_pane(context, 1)


def shrink_pane(context: CommandContext) -> None:
    _resize_pane(context, -1)


def _resize_pane(context: CommandContext, by: int) -> None:
    screen = context.services.main_screen
    screen.pane_layout.resize(by)
    screen.on_resize()
    context.services.save_preferences()


async def show_help(context: CommandContext) -> None:
    from fe2tui.tui.help import HelpScreen

    await _run_choice(context, HelpScreen(context, context.services.keymap.keys))


async def open_palette(context: CommandContext) -> None:
    from fe2tui.tui.forms.picker import Picker
    from fe2tui.tui.help import palette_items

    items = palette_items(context, context.services.keymap.keys)
    await _run_choice(context, Picker("Commands", items, submit_word="Run", is_wide=True))


async def _run_choice(context: CommandContext, form: Form[str]) -> None:
    """Ask for the id of a command, and run it."""
    command_id = await context.services.ask(form)
    if command_id is not None:
        context.services.perform(command_id)


async def quit_program(context: CommandContext) -> None:
    from fe2tui.tui.forms.confirm import quit_question

    runner = context.services.task_runner
    if not runner.state.running or await context.services.ask(quit_question(lambda: runner.state.running)) == "yes":
        context.services.app.exit()


async def toggle_cpu(context: CommandContext) -> None:
    fleet_watch, refresh_timer = context.services.fleet_watch, context.services.main_screen.refresh_timer
    if fleet_watch.reads_cpu:
        fleet_watch.reads_cpu = False
        context.services.tell("CPU figures are off.")
    elif context.location.is_local or await _confirm_cpu(context, _running_count(context, refresh_timer.cpu_ids)):
        fleet_watch.reads_cpu = True
        refresh_timer.update_cpu_ids()
        context.services.tell("CPU figures are on; those of visible machines appear within a minute.")
    context.services.main_screen.repaint_soon()


def _running_count(context: CommandContext, ids: Iterable[str]) -> int:
    instances = context.fleet.instances if context.fleet is not None else {}
    return sum(1 for key in ids if key in instances and instances[key].state is State.RUNNING)


async def _confirm_cpu(context: CommandContext, machines: int) -> bool:
    from fe2tui.tui.forms.confirm import ConfirmChoice, ConfirmForm

    count = plural(machines, "running machine")
    question = ConfirmForm(
        "Read the CPU use of the visible machines from CloudWatch?",
        [
            "AWS bills $0.01 for 1,000 figures. They are read every five minutes while the dashboard is in use.",
            f"Visible now: {count}: {dollars(monthly_cost_of_metrics(machines), sign='$')} for a month, day and night.",
            "It is off again at the next start; the setting cpu_chart = true keeps it on.",
        ],
        title="CPU",
        choices=(ConfirmChoice("y", "Yes", "yes"),),
    )
    return await context.services.ask(question) is not None
