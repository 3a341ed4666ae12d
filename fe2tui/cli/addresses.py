"""``release``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fe2tui.cli.completion import AddressName
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.power import print_outcomes
from fe2tui.cli.prompts import confirm_effects
from fe2tui.cli.run import CommandRun

if TYPE_CHECKING:
    from fe2tui.model.progress import Outcome
    from fe2tui.tasks.context import Context


@click.command()
@click.argument("addresses", nargs=-1, required=True, type=AddressName())
@click.pass_obj
def release(options: GlobalOptions, addresses: tuple[str, ...]) -> int:
    """Release Elastic IPs that are associated with nothing. Says what is lost and what that saves, and asks.

    ADDRESSES are addresses, allocation ids or names; `fe2 cost` lists the unused ones. Without a terminal it refuses,
    except with --yes.
    """
    from fe2tui.tasks import release as task
    from fe2tui.tasks.context import require_writable

    command = CommandRun(options)

    async def work(ctx: Context) -> list[Outcome]:
        require_writable(ctx, "no address can be released")
        found = await task.find_addresses(ctx, addresses)
        question, sentences = task.release_question([(one.label, one.address) for one in found])
        command.clear_progress()
        await confirm_effects(question, sentences, yes=options.yes, refused="Nothing was released.")
        return await task.release(ctx, [one.id for one in found], known={one.id: one for one in found})

    return print_outcomes(options, command.run(work))
