"""``demo``: a demo cloud for other programs."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import click

from fe2tui.cli.exit_status import print_message
from fe2tui.cli.options import GlobalOptions
from fe2tui.errors import Fe2Error
from fe2tui.model.location import find_region, unknown_region_error


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Port on 127.0.0.1; 0: any free port.")
@click.option(
    "--scene",
    type=click.Choice(["plain", "museum"]),
    default="plain",
    help="The instances that are there; museum: in every state, with odd names and hostile tags.",
)
@click.option("--empty", is_flag=True, help="An account without instances.")
@click.option("--instances", type=click.IntRange(0), default=0, help="Number of further running instances.")
@click.option("--instant", is_flag=True, help="No delays: states change immediately.")
@click.pass_obj
def demo(options: GlobalOptions, port: int, scene: str, empty: bool, instances: int, instant: bool) -> int:
    """Serve a demo cloud until Ctrl-C.

    The first line it prints is a command: run it in another terminal to point fe2, boto3 and the AWS CLI at the cloud.
    """
    from fe2tui.cli.dashboard import start_demo_cloud
    from fe2tui.demo import Options

    settings: dict[str, Any] = {"port": port, "scene": not empty, "museum": scene == "museum", "extra": instances}
    if options.region:
        region = find_region(options.region)
        if region is None:
            raise unknown_region_error(options.region)
        settings["region"] = region
    for ending_signal in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending_signal, signal.default_int_handler)
    cloud = start_demo_cloud(Options.instant(**settings) if instant else Options(**settings))
    try:
        print(cloud.export_line(), flush=True)
        if sys.stderr.isatty():
            print_message(
                "The demo cloud runs until Ctrl-C. Paste this line into another terminal, then: fe2 instances"
            )
        os.waitpid(cloud.pid, 0)
        log = (cloud.folder / "demo.log").read_text(errors="replace").splitlines()
    except KeyboardInterrupt:
        return 0
    finally:
        cloud.stop()
    raise Fe2Error("The demo cloud has ended unexpectedly.", log[-1] if log else "")
