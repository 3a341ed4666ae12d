"""What the tests of the tasks work with."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fe2tui.aws import images, snapshots
from fe2tui.aws import instances as aws
from fe2tui.demo import Cloud
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.progress import Activity, Progress
from fe2tui.tasks.connect import Connection
from fe2tui.tasks.context import Context, Pace

LIVED_IN = ("base", "train-cuda-12", "scraper-2026-08")
QUICK = Pace(
    poll=0.1, ready=30, states=30, down=1.0, spot=20, spot_poll=0.1, settle=1.0, shown=0.5, completion=3.0, restart=20
)


@dataclass
class Bench:
    """A context on a demo cloud, and what it was told."""

    cloud: Cloud
    home: Path
    ctx: Context
    steps: list[Progress] = field(default_factory=list)

    def words(self, step: str) -> str:
        """What was said at a step, all times joined."""
        return "\n".join(it.words for it in self.steps if it.step == step)

    @property
    def path(self) -> list[str]:
        """The steps reported, each once, in order."""
        return list(dict.fromkeys(it.step for it in self.steps))

    def activity(self, command: str) -> list[Activity]:
        """What the log has of a command, newest first."""
        return [it for it in self.ctx.store.activity.recent() if it.command == command]

    def fault(self, kind: str, **wish: Any) -> None:
        """Ask the cloud for a fault."""
        self.cloud.control("/demo/faults", {"kind": kind, **wish})

    def forget_calls(self) -> None:
        """Forget the calls so far."""
        self.cloud.control("/demo/calls", method="DELETE")

    def calls(self, action: str) -> list[dict[str, Any]]:
        """The calls of an action that reached the cloud."""
        return [it for it in self.cloud.control("/demo/calls", method="GET") if it["action"] == action]

    async def named(self, name: str, *, gone: bool = False) -> list[Instance]:
        """The instances that have a name, those that are gone only if asked for."""
        found = await aws.describe_instances(self.ctx.session, filters={"tag:Name": [name]})
        return [it for it in found if gone or not it.state.is_gone]

    async def one(self, instance_id: str) -> Instance:
        """An instance as it is now."""
        return (await aws.describe_instances(self.ctx.session, [instance_id]))[0]

    async def remove_images(self) -> None:
        """Take away the own images that the lived-in account does not have from the start, with their snapshots."""
        session = self.ctx.session
        for image in await images.own_images(session):
            if image.name not in LIVED_IN:
                await images.deregister_image(session, image.id)
                for snapshot in await snapshots.snapshots_by_id(session, image.snapshot_ids):
                    await snapshots.delete_snapshot(session, snapshot.id)

    def request(self, name: str, **changes: Any) -> LaunchRequest:
        """A usual launch."""
        return LaunchRequest(**{"name": name, "image": "ubuntu", "type": "t3.micro", **changes})


def run_ssh(connection: Connection, command: str, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run a command over the system's ssh as a connection says."""
    argv = [connection.argv[0], *options, *connection.argv[1:], command]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
