"""``get-instance NAME - PROPERTY-OR-METHOD`` and its like: boto3's own objects, and spot requests, from the shell."""

from __future__ import annotations

import click

from fe2tui.cli.completion import ImageName, InstanceName, RequestId
from fe2tui.cli.images import architecture
from fe2tui.cli.options import Asked
from fe2tui.errors import UsageError

DASH = "-"
END = "--"  # as fastec2 had it: what follows is no argument, but how to show the result
INTERACTIVE = ("-i", "--interactive")


class DashCommand(click.Command):
    """A command after whose first ``-`` every word is taken as it stands; last may come ``-- -i``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        flags: list[str] = []
        if END in args:
            end = args.index(END)
            args, flags = args[:end], args[end + 1 :]
        if not ctx.resilient_parsing and any(flag not in INTERACTIVE for flag in flags):
            raise UsageError(
                f"After -- comes -i and nothing else, not {' '.join(flags)}.", f"fe2 {ctx.info_name} base -- -i"
            )
        ctx.meta[END] = flags
        at = args.index(DASH) if DASH in args else len(args)
        ctx.meta[DASH] = args[at:]
        return super().parse_args(ctx, args[:at])


@click.command(cls=DashCommand, options_metavar="[OPTIONS]")
@click.argument("name", type=InstanceName(), metavar="NAME [- PROPERTY-OR-METHOD [ARGUMENT]...]...")
@click.pass_context
def get_instance(ctx: click.Context, name: str) -> None:
    """Print a property of an instance, or run a method of it.

    The object is boto3's.

    \b
    fe2 get-instance base                              what there is
    fe2 get-instance base - public-ip-address          a property
    fe2 get-instance base - wait-until-stopped         a method
    fe2 get-instance base - modify-attribute --EbsOptimized '{"Value": true}'
    fe2 get-instance base - image - name               a property of a property
    fe2 get-instance base -- -i                        IPython, with the object as result
    """
    from fe2tui.cli.work.get import get_instance as work

    asked: Asked = ctx.obj
    work(asked, name, ctx.meta[DASH], interactive=bool(ctx.meta[END]))


@click.command(cls=DashCommand, options_metavar="[OPTIONS]")
@click.argument(
    "name", required=False, type=ImageName(words=True), metavar="[NAME] [- PROPERTY-OR-METHOD [ARGUMENT]...]..."
)
@architecture
@click.pass_context
def get_ami(ctx: click.Context, name: str | None, arch: str) -> None:
    """Print a property of an image, or run a method of it.

    NAME is that of an image of yours, an id, or ubuntu, amazon, debian or dlami; left out: the newest Ubuntu.
    The object is boto3's.

    \b
    fe2 get-ami - id                  the id of the newest stable Ubuntu
    fe2 get-ami base - state          pending or available
    fe2 get-ami base                  what there is
    fe2 get-ami base -- -i            IPython, with the object as result
    """
    from fe2tui.cli.work.get import get_ami as work

    asked: Asked = ctx.obj
    work(asked, name, arch, ctx.meta[DASH], interactive=bool(ctx.meta[END]))


@click.command(cls=DashCommand, options_metavar="[OPTIONS]")
@click.argument("request_id", type=RequestId(), metavar="ID [- PROPERTY-OR-METHOD [ARGUMENT]...]...")
@click.pass_context
def get_request(ctx: click.Context, request_id: str) -> None:
    """Print a property of a spot request, or run a method of it.

    The properties are those that EC2 tells; boto3 has no object of a request.

    \b
    fe2 get-request sir-8k2d91ab                            what there is
    fe2 get-request sir-8k2d91ab - state                    open, active, disabled, closed, cancelled or failed
    fe2 get-request sir-8k2d91ab - words                    what that means
    fe2 get-request sir-8k2d91ab - wait-until-fulfilled     until it has its machine
    fe2 get-request sir-8k2d91ab - cancel                   AWS launches nothing more for it; refused where that
                                                            would terminate a stopped machine, without --terminate
    """
    from fe2tui.cli.work.get import get_request as work

    asked: Asked = ctx.obj
    work(asked, request_id, ctx.meta[DASH], interactive=bool(ctx.meta[END]))


@click.command(cls=DashCommand, options_metavar="[OPTIONS]")
@click.argument("name", type=InstanceName(), metavar="NAME [- PROPERTY-OR-METHOD [ARGUMENT]...]...")
@click.pass_context
def get_request_from_instance(ctx: click.Context, name: str) -> None:
    """The same of the spot request behind an instance.

    \b
    fe2 get-request-from-instance spot1 - status
    fe2 get-request-from-instance spot1 - words
    """
    from fe2tui.cli.work.get import get_request_from_instance as work

    asked: Asked = ctx.obj
    work(asked, name, ctx.meta[DASH], interactive=bool(ctx.meta[END]))
