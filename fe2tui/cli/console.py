"""``console``, ``screenshot``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import print_json
from fe2tui.cli.run import CommandRun
from fe2tui.errors import NotFoundError, UsageError
from fe2tui.model.console import console_lines, new_output

if TYPE_CHECKING:
    from fe2tui.model.instance import Instance
    from fe2tui.tasks.context import Context


@click.command()
@click.argument("name", type=InstanceName())
@click.option("--follow", "-f", is_flag=True, help="Go on printing what is new, until Ctrl-C.")
@click.pass_obj
def console(options: GlobalOptions, name: str, follow: bool) -> None:
    """Print the console output of an instance: what its system wrote, the last 64 KB.

    EC2 has the output of this moment for types on the Nitro hypervisor, which most are. For others it is that of the
    last start, stop or reboot.
    """
    if follow and options.json:
        raise UsageError("--follow prints text without an end, which is no JSON document.", "Leave out one of them.")
    from fe2tui.tasks.console import ConsoleReader
    from fe2tui.tasks.names import find_instance

    command = CommandRun(options)

    async def work(ctx: Context) -> tuple[Instance, str]:
        instance = await find_instance(ctx, name)
        if follow:
            await _follow(ctx, command, instance)
        return instance, await ConsoleReader(ctx, instance.id).read()

    instance, text = command.run(work)
    if options.json:
        print_json({"id": instance.id, "name": instance.name, "output": text})
    elif text:
        click.echo("\n".join(console_lines(text.rstrip("\r\n"))))
    else:
        raise NotFoundError(
            f"AWS has no console output of {instance.label} ({instance.id}) yet.",
            "It comes some minutes after a start. A stopped instance may have none.",
        )


async def _follow(ctx: Context, command: CommandRun, instance: Instance) -> None:
    """Print the output, then what is new in it, until the command is interrupted."""
    from fe2tui.tasks.console import follow_console

    before = ""

    def on_output(text: str) -> None:
        nonlocal before
        new, before = new_output(before, text), text
        command.clear_progress()
        click.echo("\n".join(console_lines(new)), nl=False)

    await follow_console(ctx, instance, on_output)


@click.command()
@click.argument("name", type=InstanceName())
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def screenshot(options: GlobalOptions, name: str, file: Path | None) -> None:
    """Save a picture of an instance's screen as a JPEG, and print where.

    Without FILE, in the current folder, named after the instance and the time. A file that exists is not overwritten.
    The instance has to run; bare metal types have no screen.
    """
    from fe2tui.tasks.console import save_screenshot
    from fe2tui.tasks.names import find_instance

    async def work(ctx: Context) -> tuple[Instance, Path]:
        instance = await find_instance(ctx, name)
        return instance, await save_screenshot(ctx, instance, file)

    instance, path = CommandRun(options).run(work)
    if options.json:
        print_json({"id": instance.id, "name": instance.name, "file": str(path)})
    else:
        click.echo(str(path))
