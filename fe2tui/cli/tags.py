"""``tag``, ``rename``."""

from __future__ import annotations

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.power import print_outcomes
from fe2tui.cli.run import CommandRun
from fe2tui.errors import UsageError
from fe2tui.model.progress import Outcome


@click.command()
@click.argument("name", type=InstanceName())
@click.argument("tags", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--remove", multiple=True, metavar="KEY", help="Remove the tag with this key; may be repeated.")
@click.pass_obj
def tag(options: GlobalOptions, name: str, tags: tuple[str, ...], remove: tuple[str, ...]) -> int:
    """Set tags of an instance, or remove them.

    `fe2 tag base env=prod fe2:keep=yes` sets two; `fe2 tag base note=` sets an empty value, as AWS allows.
    """
    from fe2tui.tasks import tags as task
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.names import find_instance

    pairs = {}
    for text in tags:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(f"“{text}” is not a tag.", "Write key=value; --remove KEY removes one.")
        pairs[key] = value

    async def work(ctx: Context) -> list[Outcome]:
        instance = await find_instance(ctx, name)
        return await task.tag(ctx, [instance.id], pairs, remove, known={instance.id: instance})

    return print_outcomes(options, CommandRun(options).run(work))


@click.command()
@click.argument("name", type=InstanceName())
@click.argument("new", metavar="NEW")
@click.pass_obj
def rename(options: GlobalOptions, name: str, new: str) -> int:
    """Give an instance another name. A name that another instance has is refused."""
    from fe2tui.tasks import tags as task
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.names import resolve_instance
    from fe2tui.tasks.read_fleet import read_instances

    async def work(ctx: Context) -> list[Outcome]:
        fleet = await read_instances(ctx)
        return [await task.rename(ctx, fleet, resolve_instance(fleet, name), new)]

    return print_outcomes(options, CommandRun(options).run(work))
