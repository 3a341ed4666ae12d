"""Which instance a person means. Never a guess: an empty name is an error, a name that two share is one too."""

from __future__ import annotations

from collections.abc import Iterable

from fe2tui.aws import instances as aws
from fe2tui.errors import AmbiguousError, NotFoundError, UsageError
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance
from fe2tui.model.words import listed, plural
from fe2tui.tasks.context import Context

_NAMED = 8  # names offered to somebody who mistook one


def resolve(among: Fleet | Iterable[Instance], name: str) -> Instance:
    """The one instance with that id or Name; those shutting down or terminated only if there is no other.

    Raises UsageError (empty name), NotFoundError (with the nearest names), AmbiguousError (with the ids).
    """
    instances = list(among.instances.values() if isinstance(among, Fleet) else among)
    if not name.strip():
        raise UsageError("No instance was named.", "Name one, or give its id.")
    by_id = [instance for instance in instances if instance.id == name]
    found = by_id or [instance for instance in instances if instance.name == name]
    found = [instance for instance in found if not instance.state.is_gone] or found
    if not found:
        raise NotFoundError(f"There is no instance {name}.", _nearest(name, instances))
    if len(found) > 1:
        raise AmbiguousError(
            f"{plural(len(found), 'instance')} are called {name}: {', '.join(instance.id for instance in found)}.",
            "Say which one by its id.",
            candidates=[(it.id, f"{it.state} {it.type} {it.zone}") for it in found],
        )
    return found[0]


def resolve_all(among: Fleet | Iterable[Instance], names: Iterable[str]) -> list[Instance]:
    """The instances meant, each once, in the order asked for. No names at all are a UsageError, never "all"."""
    instances = among if isinstance(among, Fleet) else list(among)
    found = {instance.id: instance for instance in (resolve(instances, name) for name in names)}
    if not found:
        raise UsageError("No instance was named.", "Name one or several; nothing is never taken for all.")
    return list(found.values())


async def find(ctx: Context, name: str) -> Instance:
    """The instance with that id or Name, as AWS shows it now. Raises as ``resolve`` does."""
    if not name.strip():
        return resolve([], name)
    filters = {"tag:Name": [plain_filter(name)]}
    found = await aws.describe(ctx.session, [name]) if _like_an_id(name) else []
    found = found or await aws.describe(ctx.session, filters=filters)
    return resolve(found or await aws.describe(ctx.session), name)


def plain_filter(text: str) -> str:
    """A value for a filter of EC2's that means just this text: ``*`` and ``?`` are wildcards there."""
    return text.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


def _like_an_id(name: str) -> bool:
    return name.startswith("i-") and all(character in "0123456789abcdef" for character in name[2:])


def _nearest(name: str, instances: list[Instance]) -> str:
    from difflib import get_close_matches

    names = sorted({instance.name for instance in instances if instance.name and not instance.state.is_gone})
    near = get_close_matches(name, names, n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    if not names:
        return "There are none."
    if len(names) == 1:
        return f"There is {names[0]}."
    more = len(names) - _NAMED
    return f"There are {listed([*names[:_NAMED], f'{more} more'] if more > 0 else names)}."
