"""Tab: what was last seen (instances, images, spot requests, types), without asking AWS; what shells load for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from fe2tui.cli.options import GlobalOptions, location_of
from fe2tui.model.text import visible

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# What every shell passes on as one word. Whatever else a tag holds, the instance is offered by its id.
_PLAIN_WORD = re.compile(r"[\w.+/-]+")
_GONE_STATES = ("shutting-down", "terminated")  # EC2's words, as the store keeps them
_PROGRAMS = ("fe2", "fe2tui")


class InstanceName(click.ParamType[str]):
    """The Name or id of an instance; with ``user``, ``user@`` may stand before it."""

    name = "name"

    def __init__(self, *, user: bool = False) -> None:
        self._user = user

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        before, at, typed = incomplete.rpartition("@") if self._user else ("", "", incomplete)
        there = [one for one in _last_instances(ctx.ensure_object(GlobalOptions)) if one[2] not in _GONE_STATES]
        return list(_completion_items(there, typed, f"{before}{at}"))


class ImageName(click.ParamType[str]):
    """The name or id of an own image; with ``words``, also what stands for the newest public ones."""

    name = "image"

    def __init__(self, *, words: bool = False) -> None:
        self._words = words

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from fe2tui.model.image import IMAGE_WORDS

        words = [CompletionItem(word) for word in IMAGE_WORDS if self._words and word.startswith(incomplete)]
        return [*_completion_items(_last_images(ctx.ensure_object(GlobalOptions)), incomplete), *words]


class RequestId(click.ParamType[str]):
    """The id of a spot request."""

    name = "request"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        there = [("", key, state) for key, state in _last_requests(ctx.ensure_object(GlobalOptions))]
        return list(_completion_items(there, incomplete))


class TypeName(click.ParamType[str]):
    """An instance type; with ``family``, a family of them first."""

    name = "type"

    def __init__(self, *, family: bool = False) -> None:
        self._family = family

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        names = _last_types(ctx.ensure_object(GlobalOptions))
        if self._family and "." not in incomplete:
            names = list(dict.fromkeys(name.partition(".")[0] for name in names))
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _completion_items(there: list[tuple[str, str, str]], typed: str, before: str = "") -> Iterator[CompletionItem]:
    """Those of (name, id, state) that what was typed begins: by name where that is a plain word of only one."""
    from click.shell_completion import CompletionItem

    shared = Counter(name for name, _, _ in there)
    for name, key, state in there:
        is_clear = bool(_PLAIN_WORD.fullmatch(name)) and shared[name] == 1
        by_name = bool(_PLAIN_WORD.fullmatch(name)) and name.startswith(typed)
        if is_clear and by_name:
            yield CompletionItem(f"{before}{name}", help=state)
        elif by_name or (key.startswith(typed) and (typed or not is_clear)):
            words = state if is_clear or not name else f"{visible(name)}, {state}"
            yield CompletionItem(f"{before}{key}", help=words)


def _last_images(options: GlobalOptions) -> list[tuple[str, str, str]]:
    from fe2tui import paths
    from fe2tui.errors import Fe2Error
    from fe2tui.store.completion_names import last_images

    try:
        return last_images(paths.store_file(), location_of(options).key)
    except (Fe2Error, OSError):
        return []


def _last_requests(options: GlobalOptions) -> list[tuple[str, str]]:
    from fe2tui import paths
    from fe2tui.errors import Fe2Error
    from fe2tui.store.completion_names import last_requests

    try:
        return last_requests(paths.store_file(), location_of(options).key)
    except (Fe2Error, OSError):
        return []


def _last_types(options: GlobalOptions) -> list[str]:
    from fe2tui import paths
    from fe2tui.errors import Fe2Error
    from fe2tui.store.completion_names import last_types

    try:
        return last_types(paths.store_file(), location_of(options).key)
    except (Fe2Error, OSError):
        return []


def _last_instances(options: GlobalOptions) -> list[tuple[str, str, str]]:
    """(name, id, state) of what was last seen where the command line points; nothing when nothing can be read."""
    from fe2tui import paths
    from fe2tui.errors import Fe2Error
    from fe2tui.store import Store

    try:
        if not paths.store_file().exists():
            return []
        store = Store(paths.store_file())
        try:
            return store.fleets.instance_names(location_of(options))
        finally:
            store.close()
    except (Fe2Error, OSError):
        return []  # a message in the middle of somebody's typing is no use to them


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes Tab complete names in a shell.

    \b
    bash:  fe2 completion bash > ~/.local/share/bash-completion/completions/fe2
    zsh:   eval "$(fe2 completion zsh)"          in ~/.zshrc, after compinit
    fish:  fe2 completion fish > ~/.config/fish/completions/fe2.fish
    """
    from click.shell_completion import get_completion_class

    from fe2tui.cli.main import group

    made = get_completion_class(shell)
    assert made is not None
    for program in _PROGRAMS:
        script = made(group(program), {}, program, f"_{program.upper()}_COMPLETE").source()
        if shell == "zsh":
            script = script.replace(f"#compdef {program}\n", "", 1)
        click.echo(script)
