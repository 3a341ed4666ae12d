"""Which of the instances meant an action is for, which are left out and why, and how to say it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fe2tui.model.instance import KEEP_TAG, Instance
from fe2tui.model.progress import Outcome
from fe2tui.model.words import listed, plural, visible
from fe2tui.tui.view import View

LONGEST = 32  # characters of a name among several
NAMED = 8  # instances named in a question; the rest are counted


@dataclass(frozen=True, slots=True)
class Left:
    """One instance that was meant and is left out."""

    instance: Instance
    reason: str

    @property
    def outcome(self) -> Outcome:
        """It as one of the outcomes of the action."""
        return Outcome(self.instance.id, self.instance.label, f"left out: {self.reason}", left_out=True)


@dataclass(frozen=True, slots=True)
class Meant:
    """The instances to act on, and those left out."""

    instances: tuple[Instance, ...]
    left: tuple[Left, ...] = ()

    @property
    def ids(self) -> list[str]:
        """Their ids."""
        return [instance.id for instance in self.instances]

    @property
    def words(self) -> str:
        """A name, or how many."""
        one = len(self.instances) == 1
        return visible(self.instances[0].label) if one else plural(len(self.instances), "instance")

    @property
    def left_words(self) -> list[str]:
        """One line for each reason, with the names."""
        by_reason: dict[str, list[str]] = {}
        for left in self.left:
            by_reason.setdefault(left.reason, []).append(visible(left.instance.label))
        return [f"Left out, {reason}: {_names(names)}." for reason, names in by_reason.items()]


def _names(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    names = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in names]
    return listed([*names[:NAMED], f"{more} more"] if more > 0 else list(names))


def meant(view: View, unfit: Callable[[Instance], str | None]) -> Meant:
    """The targets as they are now: ``unfit`` gives the reason for leaving one out.

    In a bulk action the tag ``fe2:keep`` is a reason of its own.
    """
    fleet = view.desk.fleet or view.fleet
    newest = fleet.instances if fleet is not None and fleet.place == view.place else {}
    is_bulk = len(view.targets) > 1
    fit: list[Instance] = []
    left: list[Left] = []
    for target in view.targets:
        instance = newest.get(target.id, target)
        reason = f"tagged {KEEP_TAG}" if is_bulk and instance.is_kept else unfit(instance)
        if reason is None:
            fit.append(instance)
        else:
            left.append(Left(instance, reason))
    return Meant(tuple(fit), tuple(left))


def newest_of(view: View) -> Instance:
    """The one instance meant, as it is now."""
    target = view.targets[0]
    fleet = view.desk.fleet or view.fleet
    known = fleet.instances if fleet is not None and fleet.place == view.place else {}
    return known.get(target.id, target)


def names_of(instances: Sequence[Instance]) -> str:
    """Their names in one line, the rest of many counted."""
    return _names([visible(instance.label) for instance in instances])


def tell_nothing_to_do(view: View, all_of: Meant, verb: str) -> None:
    """Say that nothing is left to act on, and why."""
    view.tell(" ".join([f"Nothing to {verb}.", *all_of.left_words]), "warning")
