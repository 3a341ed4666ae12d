"""Tab: instance names from the last fleet seen, without asking AWS; and the scripts that shells load."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import click

from fe2tui.cli.options import Asked, place_of
from fe2tui.model.words import visible

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# What every shell passes on as one word. Whatever else a tag holds, the instance is offered by its id.
_PLAIN_WORD = re.compile(r"[\w.+/-]+")
_GONE = ("shutting-down", "terminated")  # EC2's words, as the store keeps them
_PROGRAMS = ("fe2", "fe2tui")


class InstanceName(click.ParamType[str]):
    """The Name or id of an instance; with ``user``, ``user@`` may stand before it."""

    name = "name"

    def __init__(self, *, user: bool = False) -> None:
        self._user = user

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        before, at, typed = incomplete.rpartition("@") if self._user else ("", "", incomplete)
        there = [one for one in _last_seen(ctx.ensure_object(Asked)) if one[2] not in _GONE]
        shared = Counter(name for name, _, _ in there)
        found = []
        for name, instance_id, state in there:
            is_clear = bool(_PLAIN_WORD.fullmatch(name)) and shared[name] == 1
            by_name = bool(_PLAIN_WORD.fullmatch(name)) and name.startswith(typed)
            if is_clear and by_name:
                found.append(CompletionItem(f"{before}{at}{name}", help=state))
            elif by_name or (instance_id.startswith(typed) and (typed or not is_clear)):
                words = state if is_clear or not name else f"{visible(name)}, {state}"
                found.append(CompletionItem(f"{before}{at}{instance_id}", help=words))
        return found


def _last_seen(asked: Asked) -> list[tuple[str, str, str]]:
    """(name, id, state) of what was last seen where the command line points; nothing when nothing can be read."""
    from fe2tui import paths
    from fe2tui.errors import Fe2Error
    from fe2tui.store import Store

    try:
        if not paths.store_file().exists():
            return []
        store = Store(paths.store_file())
        try:
            return store.fleets.names(place_of(asked))
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

    from fe2tui.cli.commands import group

    made = get_completion_class(shell)
    assert made is not None
    for program in _PROGRAMS:
        script = made(group(program), {}, program, f"_{program.upper()}_COMPLETE").source()
        if shell == "zsh":
            script = script.replace(f"#compdef {program}\n", "", 1)
        click.echo(script)
