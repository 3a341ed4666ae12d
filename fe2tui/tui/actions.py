"""What the commands of the dashboard itself do. The verbs that change things at AWS are in ``verbs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fe2tui.model.words import plural
from fe2tui.tui.possible import ACTIVITY, IMAGES, INSTANCES, SPOT
from fe2tui.tui.view import View

if TYPE_CHECKING:
    from fe2tui.tui.app import Dashboard
    from fe2tui.tui.panes.listpane import ListPane
    from fe2tui.tui.panes.pane import Pane
    from fe2tui.tui.parts import Parts
    from fe2tui.tui.screen import MainScreen


def _parts(view: View) -> Parts:
    return cast("Dashboard", view.desk.app).parts


def _screen(view: View) -> MainScreen:
    return _parts(view).main


def _pane(view: View) -> Pane:
    return _screen(view).lists[view.pane]


def _list(view: View) -> ListPane:
    return _screen(view).lists.rows_of(view.pane)


def open_selected(view: View) -> None:
    """Connect to the instance, launch from the image: what a double click does."""
    command = _pane(view).open_row()
    if command:
        _parts(view).perform(command)


def toggle_details(view: View) -> None:
    """Show or hide the details."""
    _screen(view).toggle_details()


def mark(view: View) -> None:
    """Mark the row under the cursor."""
    _list(view).table.mark()
    _screen(view).write_lines()


def mark_all(view: View) -> None:
    """Mark all that are shown."""
    _list(view).table.mark_all()
    _screen(view).write_lines()


def leave(view: View) -> None:
    """Leave the filter, then the marks; leave the activity pane for the one that it was come from."""
    screen = _screen(view)
    if view.pane == ACTIVITY:
        screen.go_to(screen.stage.leave_activity())
    else:
        _pane(view).leave()
        screen.write_lines()


async def cancel(view: View) -> None:
    """Cancel the task under the cursor, or the only one there is, when the person says yes."""
    from fe2tui.tui.unfinished import cancelling

    entry, jobs = _screen(view).activity.selected, _parts(view).desk.jobs
    number = entry.job if entry is not None and entry.job else 0
    if not number and len(jobs.running) == 1:
        number = next(iter(jobs.running))
    if not number:
        view.tell(f"Choose one of the {plural(len(jobs.running), 'task')} under way first.", "warning")
        return
    job = jobs.running[number]
    if await view.ask(cancelling(job)) != "yes":
        return
    if jobs.cancel(number):
        view.tell(f"{job.title}: being cancelled …")
    else:
        view.tell(f"{job.title} had ended by then.")


async def open_filter(view: View) -> None:
    """Open the line in which a filter is typed."""
    pane = _pane(view).listed
    if pane is not None:
        await pane.open_filter()


async def choose_sort(view: View) -> None:
    """Ask for the column to sort by; choosing the same again turns the order round."""
    from fe2tui.tui.forms.picker import Item, Picker

    pane = _pane(view).listed
    if pane is None:
        return
    present = pane.arrangement
    items = [
        Item(
            sort.id,
            sort.title,
            sort.first_words if sort.id != present.sort else "turn it round",
            sort.id == present.sort,
        )
        for sort in pane.sorts.values()
    ]
    chosen = await view.ask(Picker("Sort by", items, submit_word="Sort"))
    if chosen is not None:
        pane.sort_by(chosen)


def refresh(view: View) -> None:
    """Read again now."""
    _parts(view).desk.link.read_now()
    view.tell("Reading again …")


def go_to_instances(view: View) -> None:
    """Go to the instances."""
    _screen(view).go_to(INSTANCES)


def go_to_images(view: View) -> None:
    """Go to the images."""
    _screen(view).go_to(IMAGES)


def go_to_spot(view: View) -> None:
    """Go to the spot prices."""
    _parts(view).spot.keep_keys()
    _screen(view).go_to(SPOT)


def go_to_activity(view: View) -> None:
    """Go to the activity, or from where it lies over the images back to what was there."""
    _parts(view).desk.jobs.unseen = 0
    _screen(view).go_to(_screen(view).stage.toggle_activity())


def go_to_errors(view: View) -> None:
    """Go to the newest failure."""
    _parts(view).desk.jobs.unseen = 0
    _screen(view).go_to(ACTIVITY)
    _screen(view).activity.go_to_failure()


def zoom(view: View) -> None:
    """Give the screen to one pane, or give it back."""
    _screen(view).zoom()


def change_theme(view: View) -> None:
    """Change between the dark and the light colours."""
    from fe2tui.tui.theme import DARK, LIGHT

    app = view.desk.app
    app.theme = LIGHT if app.current_theme.dark else DARK


async def show_help(view: View) -> None:
    """Show every key."""
    from fe2tui.tui.help import Help

    await view.ask(Help(view, _parts(view).keymap.keys))


async def open_palette(view: View) -> None:
    """Open the palette of commands, and do what is chosen."""
    from fe2tui.tui.forms.picker import Picker
    from fe2tui.tui.help import palette_items

    parts = _parts(view)
    chosen = await view.ask(Picker("What to do?", palette_items(view, parts.keymap.keys), submit_word="Do it"))
    if chosen is not None:
        parts.perform(chosen)


async def leave_program(view: View) -> None:
    """Leave; with tasks under way, only after saying what they leave behind."""
    from fe2tui.tui.unfinished import leaving

    running = list(_parts(view).desk.jobs.running.values())
    if not running or await view.ask(leaving(running)) == "yes":
        view.desk.app.exit()
