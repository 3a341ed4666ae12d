"""Tab offers the instances, images, spot requests and types last seen, without AWS. ``completion``: its script."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fe2tui.cli.options import GlobalOptions, location_of
from fe2tui.errors import Fe2Error
from fe2tui.model.text import visible

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from fe2tui.model.location import Location

# Names that every shell passes on as one word, and that are no options. What has another name is offered by its id.
_PLAIN_WORD = re.compile(r"[\w.+/][\w.+/-]*")
_GONE_STATES = ("shutting-down", "terminated")  # EC2's words, as the store keeps them
_PROGRAMS = ("fe2", "fe2tui")
_Name = TypeVar("_Name")


class InstanceName(click.ParamType[str]):
    """The Name or id of an instance. With ``user``, ``user@`` may precede it."""

    name = "name"

    def __init__(self, *, user: bool = False) -> None:
        self._user = user

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from fe2tui.store.completion_names import last_instances

        user, at_sign, typed = incomplete.rpartition("@") if self._user else ("", "", incomplete)
        names = _known_names(ctx, "instances") or _last_names(
            ctx, lambda file, at: last_instances(file, profile=at.profile, region=at.region, endpoint=at.endpoint)
        )
        names = [each for each in names if each[2] not in _GONE_STATES]
        return list(_completion_items(names, typed, f"{user}{at_sign}"))


class ImageName(click.ParamType[str]):
    """The name or id of an image of the account. With ``words``, also ubuntu, amazon, debian and dlami."""

    name = "image"

    def __init__(self, *, words: bool = False) -> None:
        self._words = words

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from fe2tui.model.image import IMAGE_WORDS
        from fe2tui.store.completion_names import last_images

        words = [CompletionItem(word) for word in IMAGE_WORDS if self._words and word.startswith(incomplete)]
        names = _known_names(ctx, "images") or _last_names(ctx, lambda file, at: last_images(file, at.key))
        return [*_completion_items(names, incomplete), *words]


class RequestId(click.ParamType[str]):
    name = "request"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from fe2tui.store.completion_names import last_requests

        requests = _known_names(ctx, "requests") or _last_names(ctx, lambda file, at: last_requests(file, at.key))
        return list(_completion_items([("", key, state) for key, state in requests], incomplete))


class AddressName(click.ParamType[str]):
    """The address, allocation id or name of an unused Elastic IP."""

    name = "address"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from fe2tui.store.completion_names import last_addresses

        names = _known_names(ctx, "addresses") or _last_names(ctx, lambda file, at: last_addresses(file, at.key))
        return list(_completion_items(names, incomplete))


class TypeName(click.ParamType[str]):
    """An instance type. With ``family``, families are offered until a dot is typed."""

    name = "type"

    def __init__(self, *, family: bool = False) -> None:
        self._family = family

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from fe2tui.store.completion_names import last_types

        names = _known_names(ctx, "types") or _last_names(ctx, lambda file, at: last_types(file, at.key))
        if self._family and "." not in incomplete:
            names = list(dict.fromkeys(name.partition(".")[0] for name in names))
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _completion_items(names: list[tuple[str, str, str]], typed: str, before: str = "") -> Iterator[CompletionItem]:
    """Those of (name, id, state) that begin with ``typed``: by name if it is a plain word and unique, else by id."""
    from click.shell_completion import CompletionItem

    shared = Counter(name for name, _, _ in names)
    for name, key, state in names:
        is_clear = bool(_PLAIN_WORD.fullmatch(name)) and shared[name] == 1
        by_name = bool(_PLAIN_WORD.fullmatch(name)) and name.startswith(typed)
        if is_clear and by_name:
            yield CompletionItem(f"{before}{name}", help=state)
        elif by_name or (key.startswith(typed) and (typed or not is_clear)):
            words = state if is_clear or not name else f"{visible(name)}, {state}"
            yield CompletionItem(f"{before}{key}", help=words)


def _known_names(ctx: click.Context, kind: str) -> list[Any]:
    """The names that the dashboard has in memory; empty in a shell."""
    known = ctx.ensure_object(GlobalOptions).known
    return list(getattr(known, kind)) if known is not None else []


def _last_names(ctx: click.Context, read: Callable[[Path, Location], list[_Name]]) -> list[_Name]:
    """What ``read`` gets from the store for the command line's location; empty if that fails."""
    from fe2tui import paths

    try:
        return read(paths.store_file(), location_of(ctx.ensure_object(GlobalOptions)))
    except (Fe2Error, OSError):
        return []  # an error message in the middle of a half-typed command helps no one


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that makes Tab complete names in a shell.

    \b
    bash:  fe2 completion bash > ~/.local/share/bash-completion/completions/fe2
    zsh:   eval "$(fe2 completion zsh)"          in ~/.zshrc, after compinit
    fish:  fe2 completion fish > ~/.config/fish/completions/fe2.fish
    """
    from click.shell_completion import get_completion_class

    from fe2tui.cli.main import group

    completion_class = get_completion_class(shell)
    assert completion_class is not None
    for program in _PROGRAMS:
        script = completion_class(group(program), {}, program, f"_{program.upper()}_COMPLETE").source()
        if shell == "zsh":
            script = script.replace(f"#compdef {program}\n", "", 1)
        click.echo(script)
