"""Commands that take a filter, in which ``-word`` leaves out what the word fits."""

from __future__ import annotations

import re

import click

_LEFT_OUT = re.compile(r"-[^-].+")  # longer than an option of one letter


class FilterCommand(click.Command):
    """A command with an argument ``filters``, whose terms may begin with ``-``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        terms = [] if ctx.resilient_parsing else [word for word in args if _LEFT_OUT.fullmatch(word)]
        rest = super().parse_args(ctx, [word for word in args if word not in terms])
        if terms:
            ctx.params["filters"] = (*ctx.params.get("filters", ()), *terms)
        return rest
