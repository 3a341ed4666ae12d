"""``fe2tui demo``: a demo cloud for other programs."""

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
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Port on 127.0.0.1; 0: any free one.")
@click.option("--empty", is_flag=True, help="An account with no instances yet.")
@click.option("--instances", type=click.IntRange(0), default=0, help="This many further running instances.")
@click.option("--instant", is_flag=True, help="No delays: states change at once.")
@click.pass_obj
def demo(options: GlobalOptions, port: int, empty: bool, instances: int, instant: bool) -> int:
    """Serve a demo cloud until Ctrl-C.

    The first line printed points this program, boto3 and the AWS CLI at it: run it in another terminal.
    """
    from fe2tui.cli.dashboard import start_demo_cloud
    from fe2tui.demo import Options

    wanted: dict[str, Any] = {"port": port, "scene": not empty, "extra": instances}
    if options.region:
        region = find_region(options.region)
        if region is None:
            raise unknown_region_error(options.region)
        wanted["region"] = region
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    cloud = start_demo_cloud(Options.instant(**wanted) if instant else Options(**wanted))
    try:
        print(cloud.export_line(), flush=True)
        if sys.stderr.isatty():
            print_message("A demo cloud, until Ctrl-C. Paste the line above into another terminal, then: fe2 instances")
        os.waitpid(cloud.pid, 0)
        said = (cloud.folder / "demo.log").read_text(errors="replace").splitlines()
    except KeyboardInterrupt:
        return 0
    finally:
        cloud.stop()
    raise Fe2Error("The demo cloud ended by itself.", said[-1] if said else "")
