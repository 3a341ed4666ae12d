"""What the methods of ``EC2`` take for a thing of AWS: its name, its id, or the object that a method returned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from fe2tui.errors import UsageError
from fe2tui.model.demand import DemandPrice
from fe2tui.model.machine_type import MachineType
from fe2tui.model.progress import Outcome
from fe2tui.tasks.keys import AccountKey
from fe2tui.tasks.requests import Requested


class HasId(Protocol):
    """An instance, image or request, ours or boto3's."""

    @property
    def id(self) -> str: ...


Thing = str | HasId | Outcome | Requested
Type = str | MachineType | DemandPrice


def name_of(thing: object) -> str:
    """The text that a task looks a thing up by: a name or id as it is, of an object its id, of a type its name.

    Raises UsageError for anything else.
    """
    found = _text_of(thing)
    if found is None:
        raise UsageError(
            f"{thing!r:.60} stands where a name is expected.",
            "Give a name, an id, or an object that a method of EC2 returned.",
        )
    return found


def names_of(things: Iterable[object]) -> list[str]:
    """The same of several, lists of them among them."""
    names: list[str] = []
    for thing in things:
        if _text_of(thing) is None and isinstance(thing, Iterable):
            names += names_of(thing)
        else:
            names.append(name_of(thing))
    return names


def _text_of(thing: object) -> str | None:
    match thing:
        case str():
            return thing
        case Requested():
            return thing.request.id
        case Outcome():
            return thing.subject
        case MachineType() | AccountKey():
            return thing.name
        case DemandPrice():
            return thing.type
    found = getattr(thing, "id", None)
    return found if isinstance(found, str) else None
