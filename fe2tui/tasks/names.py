"""Which instance a person means. Never a guess: an empty name is an error, a name that two share is one too."""

from __future__ import annotations

from collections.abc import Iterable

from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance


def resolve(among: Fleet | Iterable[Instance], name: str) -> Instance:
    """The one instance with that Name or id; those shutting down or terminated only if there is no other.

    Raises UsageError (empty name), NotFoundError (with the nearest names), AmbiguousError (with the ids).
    """
    raise NotImplementedError


def resolve_all(among: Fleet | Iterable[Instance], names: Iterable[str]) -> list[Instance]:
    """The instances meant, each once, in the order asked for. No names at all are a UsageError, never "all"."""
    raise NotImplementedError
