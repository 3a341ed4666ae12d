"""A command asked for with the mouse."""

from __future__ import annotations

from textual.message import Message


class Asked(Message):
    """Something that stands for a command was clicked; ``command`` is its id."""

    def __init__(self, command: str) -> None:
        super().__init__()
        self.command = command
