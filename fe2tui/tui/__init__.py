"""The dashboard. ``run`` opens it and returns when the user quits.

What comes in: a ``Choice`` (profile, region, read-only), the settings, keys, and what AWS replies. What goes out: the
screen, and calls through ``fe2tui.tasks`` and ``fe2tui.aws``. Begin reading with ``main_screen`` and ``services``.

- A key: ``app`` → ``command_runner``, which finds its row in ``commands`` → a function in ``actions/``.
- A read: ``fleet_watch`` posts ``FleetSeen`` → ``main_screen`` sets its reactives, whose watchers hand the fleet on →
  ``panes/list_pane`` → ``list_model`` computes the rows → ``panes/instances`` and ``panes/instance_columns`` say what
  they show → ``widgets/table`` draws them.
- A line of the command line: ``forms/command_line`` → ``actions/command_line``, which has the room ``cli`` parse it
  (``shell_commands``) and calls the action of the key that does the same.
- A step of a task: ``task_runner`` posts ``TasksChanged`` → ``main_screen`` → ``panes/activity``.

``Services`` is everything that actions, forms and panes are given; ``controller`` makes the parts and implements it.
``command_context`` has the facts that a command decides by, ``availability`` decides. Forms are asked with
``services.ask``. ``panes/`` are the parts of the main screen, ``widgets/`` know nothing about instances. ``theme`` has
the colours, ``contrast`` makes each text readable in any theme, ``preferences`` remembers theme and pane sizes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fe2tui.tui import gc_tuning

if TYPE_CHECKING:
    from fe2tui.aws.session import Choice
    from fe2tui.settings import Settings
    from fe2tui.tui.shell_commands import ShellCommands

THREAD_SWITCH_SECONDS = 0.0002
"""How long a computing thread may keep the interpreter, while the event loop waits for it."""


def run(
    choice: Choice,
    settings: Settings,
    *,
    start_demo: Callable[[], Mapping[str, str]] | None = None,
    startup_problem: str = "",
    open_shell: Callable[[], ShellCommands] | None = None,
) -> int:
    """Open the dashboard; its exit status when the user quits.

    ``start_demo`` starts a demo cloud and returns the environment variables that point at it; it is offered where there
    are no credentials. ``startup_problem`` is reported in the dashboard. ``open_shell`` gives the
    shell's commands to the command line, when it is opened first. Raises Fe2Error if it cannot be opened, for
    example with a region that does not exist.
    """
    sys.setswitchinterval(THREAD_SWITCH_SECONDS)
    gc_tuning.disable()
    from fe2tui.tui.app import Dashboard
    from fe2tui.tui.terminal_handover import exit_on_signals

    dashboard = Dashboard(
        choice, settings, start_demo=start_demo, startup_problem=startup_problem, open_shell=open_shell
    )
    with exit_on_signals(dashboard):
        dashboard.run()
    if dashboard.error is not None:
        raise dashboard.error
    return dashboard.return_code or 0
