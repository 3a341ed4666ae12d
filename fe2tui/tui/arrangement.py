"""How a list is looked at: which of its rows, in which order. Every pane that is a list is arranged by these means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from fe2tui.model.terms import Language, Query, Sort

EVERYTHING: Query[Any, Any] = Query()


class Arrangement(NamedTuple):
    """What a person asked to see, and in which order."""

    query: Query[Any, Any] = EVERYTHING
    sort: str = "name"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class PaneKind:
    """A kind of thing that has a pane of its own.

    ``noun`` is one of them in words, ``prefix`` what their ids begin with; empty where it tells nothing.
    """

    pane: str
    noun: str
    prefix: str


@dataclass(frozen=True, slots=True)
class ListKind(PaneKind):
    """A kind that is listed. ``language`` is that of the filter, ``example`` stands in its line while that is empty."""

    language: Language[Any, Any]
    sorts: Mapping[str, Sort[Any, Any]]
    example: str


class Arranged(Protocol):
    """What keeps the rows of a list: the one way to have others shown, or in another order."""

    @property
    def arrangement(self) -> Arrangement:
        """How they are arranged, or will be as soon as that is computed."""

    @property
    def counted(self) -> tuple[int, int] | None:
        """How many are shown, and of how many; None as long as nothing was read."""

    def rearrange(self, arrangement: Arrangement) -> None:
        """Another filter or order."""

    def look(self, anyone: bool) -> None:
        """Say whether the list is in sight: what nobody sees need not be computed."""
