"""``start``, ``stop``, ``reboot``, ``terminate``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.exit_status import print_error, print_message
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import outcome_document, print_json
from fe2tui.cli.prompts import confirm_effects, confirm_impact
from fe2tui.cli.read import print_fleet_problems
from fe2tui.cli.run import CommandRun
from fe2tui.model.progress import Outcome
from fe2tui.model.text import join_words, visible

if TYPE_CHECKING:
    from fe2tui.model.fleet import Fleet
    from fe2tui.model.instance import Instance
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.impact import Impact

    PowerAction = Callable[[Context, Fleet, Mapping[str, Instance]], Awaitable[list[Outcome]]]

_names = click.argument("names", nargs=-1, required=True, type=InstanceName())


@click.command()
@_names
@click.option("--wait/--no-wait", default=True, help="Whether to wait until ssh answers.")
@click.pass_obj
def start(options: GlobalOptions, names: tuple[str, ...], wait: bool) -> int:
    """Start instances and wait until ssh answers.

    Prints first what they cost while they run, and asks. Without a terminal it refuses, except with --yes.
    """
    from fe2tui.tasks import power

    command = CommandRun(options)

    async def act(ctx: Context, fleet: Fleet, known: Mapping[str, Instance]) -> list[Outcome]:
        question, costs = await power.read_start_costs(ctx, fleet, known.values(), wait=wait)
        if question:
            command.clear_progress()
            await confirm_effects(question, costs, yes=options.yes, refused="Nothing was started.")
        return await power.start(ctx, [*known], wait=wait, known=known)

    return act_on_instances(command, names, act)


@click.command()
@_names
@click.option("--force", is_flag=True, help="Skip the shutdown of the operating system. Unwritten data is lost.")
@click.option("--wait/--no-wait", default=False, help="Whether to wait until they are stopped.")
@click.pass_obj
def stop(options: GlobalOptions, names: tuple[str, ...], force: bool, wait: bool) -> int:
    """Stop instances and return at once. Their disks stay and keep costing.

    Asks first with --force, and where AWS would replace an instance that stops: in an Auto Scaling group, an EC2 Fleet,
    an EKS cluster or Elastic Beanstalk. Without a terminal it refuses then, except with --yes.
    """
    from fe2tui.aws.ec2_fleets import with_ec2_fleet_types
    from fe2tui.model.instance_group import stop_sentences
    from fe2tui.tasks import power

    command = CommandRun(options)

    async def act(ctx: Context, fleet: Fleet, known: Mapping[str, Instance]) -> list[Outcome]:
        unstoppable = None
        is_forced = force and not options.yes
        if not ctx.session.read_only and (is_forced or stop_sentences(known.values())):
            unstoppable = await power.find_unstoppable(ctx, known.values())
            going = await with_ec2_fleet_types(
                ctx.session, [one for key, one in known.items() if key not in unstoppable]
            )
            warnings = stop_sentences(going)
            if going and (is_forced or warnings):
                command.clear_progress()
                names = join_words([visible(each.label) for each in going])
                question = f"Force off {names}? Data not yet written to disk is lost." if force else f"Stop {names}?"
                await confirm_effects(question, warnings, yes=options.yes, refused="Nothing was stopped.")
        return await power.stop(ctx, [*known], force=force, wait=wait, known=known, unstoppable=unstoppable)

    return act_on_instances(command, names, act)


@click.command()
@_names
@click.option("--wait/--no-wait", default=True, help="Whether to wait until ssh answers.")
@click.pass_obj
def reboot(options: GlobalOptions, names: tuple[str, ...], wait: bool) -> int:
    """Reboot instances and wait until ssh answers again."""
    from fe2tui.tasks import power

    return act_on_instances(
        CommandRun(options),
        names,
        lambda ctx, fleet, known: power.reboot(ctx, [*known], wait=wait, known=known),
    )


@click.command()
@_names
@click.option("--wait/--no-wait", default=False, help="Whether to wait until they are terminated.")
@click.pass_obj
def terminate(options: GlobalOptions, names: tuple[str, ...], wait: bool) -> int:
    """Terminate instances. Shows what is lost and what stays, and asks for the name, or for the count of several."""
    from fe2tui.aws.ec2_fleets import with_ec2_fleet_types
    from fe2tui.tasks import terminate as task
    from fe2tui.tasks.context import require_writable
    from fe2tui.tasks.impact import terminate_impact
    from fe2tui.tasks.names import resolve_instances
    from fe2tui.tasks.read_fleet import read_named_fleet

    async def work(ctx: Context) -> list[Outcome]:
        require_writable(ctx, "nothing can be terminated")
        fleet = print_fleet_problems(await read_named_fleet(ctx, names))
        among = await with_ec2_fleet_types(ctx.session, resolve_instances(fleet, names))
        known = {each.id: each for each in among}
        protected = await task.protected_ids(ctx, [*known])
        impact = terminate_impact(fleet, among, now=ctx.clock(), protected=protected)
        if not impact.affected:
            print_message("Nothing will be done.")
            return await _skipped_outcomes(ctx, impact, among)
        await confirm_impact(impact, yes=options.yes)
        return await task.terminate(ctx, [*known], wait=wait, known=known, protected=protected)

    return print_outcomes(options, CommandRun(options).run(work))


async def _skipped_outcomes(ctx: Context, impact: Impact, among: Sequence[Instance]) -> list[Outcome]:
    """Why each instance is left out. The remedy for a spot request that stays open is to cancel it."""
    from fe2tui.tasks.terminate import surviving_requests

    surviving = await surviving_requests(ctx, among)
    for row in impact.rows:
        if row.skip_error is not None and row.id in surviving:
            row.skip_error.remedy = surviving[row.id]
    return [
        Outcome(row.id, row.label, row.skip_error.summary if row.skip_error else "", row.skip_error)
        for row in impact.rows
    ]


def act_on_instances(command: CommandRun, names: Sequence[str], act: PowerAction) -> int:
    from fe2tui.tasks.names import resolve_instances
    from fe2tui.tasks.read_fleet import read_named_instances

    async def work(ctx: Context) -> list[Outcome]:
        fleet = await read_named_instances(ctx, names)
        return await act(ctx, fleet, {each.id: each for each in resolve_instances(fleet, names)})

    return print_outcomes(command.options, command.run(work))


def print_outcomes(options: GlobalOptions, outcomes: Sequence[Outcome]) -> int:
    """Print the result for each instance or image. Returns the exit status of the first error, else 0."""
    if options.json:
        print_json([outcome_document(each) for each in outcomes])
    for outcome in outcomes:
        if outcome.error:
            is_named = outcome.error.summary.startswith(outcome.label)
            print_error("fe2" if is_named else visible(outcome.label), outcome.error)
        elif not options.json:
            words = outcome.words.removeprefix(f"{outcome.label} ")
            click.echo(f"{visible(outcome.label)} ({outcome.subject}): {visible(words)}")
    return next((each.error.exit_code for each in outcomes if each.error), 0)
