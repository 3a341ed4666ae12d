"""Lists that show themselves as the shell shows them."""

from __future__ import annotations

from typing import TypeVar

from fe2tui.model.progress import Outcome

_Item = TypeVar("_Item")


class Lines(list[_Item]):
    """A list that shows itself one thing a line, as the shell does."""

    def __repr__(self) -> str:
        return "\n".join(map(repr, self)) or "[]"


def outcomes(found: list[Outcome]) -> Lines[Outcome]:
    """What came of each; of a single one, its error is raised."""
    if len(found) == 1 and found[0].error is not None:
        raise found[0].error
    return Lines(found)
