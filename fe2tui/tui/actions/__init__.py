"""What commands do, a file a subject: ask what has to be asked, then run a task.

In: a ``CommandContext``, the state of the dashboard when the key was pressed: pane, selected and marked rows, fleet,
and ``services``. Out: calls of ``services``: ``ask`` opens a form, ``run_task`` runs a function of ``fe2tui.tasks`` and
shows it in Activity, ``tell`` shows a toast, ``go`` changes region or profile.

The table in ``tui/commands.py`` names each function here as text, so that it is imported when first used;
``availability.py`` has decided before that the command makes sense now. Begin with ``power.py`` (start, stop, reboot)
and ``targets.py`` (which instances an action is for, which are left out and why); ``dashboard.py`` holds the actions
that only change the screen.
"""
