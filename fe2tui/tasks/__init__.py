"""What a person asks for, end to end: aws and ssh together.

Each task is one async function that takes a ``Context``, reports ``Progress``, writes its activity to the store, can be
cancelled between its steps, and says in its error, or in the activity log, what it leaves behind.
"""
