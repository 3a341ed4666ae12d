"""The instances that an action is for, and those that are skipped, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fe2tui.model.instance import KEEP_TAG, Instance
from fe2tui.model.progress import Outcome
from fe2tui.model.text import join_words, plural, visible
from fe2tui.tui.command_context import CommandContext

MAX_NAME_LENGTH = 32  # characters shown of a name among several
MAX_NAMED = 8  # instances named in a question; the rest are counted


@dataclass(frozen=True, slots=True)
class Skipped:
    instance: Instance
    reason: str

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.instance.id, self.instance.label, f"left out: {self.reason}", left_out=True)


@dataclass(frozen=True, slots=True)
class Targets:
    instances: tuple[Instance, ...]
    skipped: tuple[Skipped, ...] = ()

    @property
    def ids(self) -> list[str]:
        return [instance.id for instance in self.instances]

    @property
    def text(self) -> str:
        """The name of one, the number of several."""
        one = len(self.instances) == 1
        return visible(self.instances[0].label) if one else plural(len(self.instances), "instance")

    @property
    def skipped_lines(self) -> list[str]:
        by_reason: dict[str, list[str]] = {}
        for skipped in self.skipped:
            by_reason.setdefault(skipped.reason, []).append(visible(skipped.instance.label))
        return [f"Left out, {reason}: {_name_list(names)}." for reason, names in by_reason.items()]


def _name_list(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMED
    names = [name if len(name) <= MAX_NAME_LENGTH else f"{name[: MAX_NAME_LENGTH - 1]}…" for name in names]
    return join_words([*names[:MAX_NAMED], f"{more} more"] if more > 0 else list(names))


def select_targets(context: CommandContext, skip_reason: Callable[[Instance], str | None]) -> Targets:
    """The targets in their newest state. ``skip_reason`` returns why one is left out, or None.

    Of several targets, those tagged ``fe2:keep`` are left out too.
    """
    newest = newest_instances(context)
    is_bulk = len(context.targets) > 1
    fit: list[Instance] = []
    skipped: list[Skipped] = []
    for target in context.targets:
        instance = newest.get(target.id, target)
        reason = f"tagged {KEEP_TAG}" if is_bulk and instance.is_kept else skip_reason(instance)
        if reason is None:
            fit.append(instance)
        else:
            skipped.append(Skipped(instance, reason))
    return Targets(tuple(fit), tuple(skipped))


def current_instance(context: CommandContext) -> Instance:
    """The single target in its newest state."""
    target = context.targets[0]
    return newest_instances(context).get(target.id, target)


def newest_instances(context: CommandContext) -> Mapping[str, Instance]:
    fleet = context.services.fleet or context.fleet
    return fleet.instances if fleet is not None and fleet.location == context.location else {}


def instance_names(instances: Sequence[Instance]) -> str:
    """Their names on one line; of many, some, and the number of the rest."""
    return _name_list([visible(instance.label) for instance in instances])


def tell_nothing_to_do(context: CommandContext, targets: Targets, verb: str) -> None:
    context.services.tell(" ".join([f"Nothing to {verb}.", *targets.skipped_lines]), "warning")
