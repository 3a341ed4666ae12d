"""``protect``, ``shutdown-behavior``."""

from __future__ import annotations

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.power import act_on_instances
from fe2tui.cli.run import CommandRun


@click.command()
@click.argument("names", nargs=-1, required=True, type=InstanceName())
@click.argument("state", type=click.Choice(["on", "off"]))
@click.option("--stop", is_flag=True, help="Protect against stops, and not only against being terminated.")
@click.pass_obj
def protect(options: GlobalOptions, names: tuple[str, ...], state: str, stop: bool) -> int:
    """Turn the termination protection of instances on or off, or with --stop their stop protection.

    EC2 refuses to terminate a protected instance, whoever asks. A stop-protected one can be neither stopped nor
    terminated. A shutdown from inside is not refused: see shutdown-behavior. Spot instances cannot be protected.
    """
    from fe2tui.tasks import protection

    return act_on_instances(
        CommandRun(options),
        names,
        lambda ctx, fleet, known: protection.protect(ctx, [*known], state == "on", stop=stop, known=known),
    )


@click.command()
@click.argument("names", nargs=-1, required=True, type=InstanceName())
@click.argument("behavior", type=click.Choice(["stop", "terminate"]))
@click.pass_obj
def shutdown_behavior(options: GlobalOptions, names: tuple[str, ...], behavior: str) -> int:
    """Set what EC2 does when an instance shuts itself down, as by `sudo poweroff`: stop or terminate it.

    An instance that is terminated loses the disks that are deleted on termination, also if it is protected.
    """
    from fe2tui.tasks import protection

    return act_on_instances(
        CommandRun(options),
        names,
        lambda ctx, fleet, known: protection.set_shutdown_behavior(ctx, [*known], behavior, known=known),
    )
