"""What a person asks for, end to end: the rooms aws and ssh together.

A task is one async function: it gets a ``Context`` (session, store, settings, reporting), reports ``Progress``, writes
an entry to the activity log, and can be cancelled between its steps. Its error, or its entry, says what is left behind.
It returns objects of the model; the faces (tui, cli, ec2) print them.

Names, costs and usage are shared: ``names`` finds what a name means, ``read_fleet`` reads what one command needs,
``batch`` makes one call for many instances, ``usage_history`` records what costs are computed from. Whatever a caller
has read a moment ago it passes down (``known``, ``plan``, ``fleet``), and the task does not read it again.

Begin with ``context``, then ``power`` (the shortest task), then ``launch``: plan, send, wait.
"""
