"""The next start finds a launch whose process was killed, and never sends it twice."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from fe2tui.demo import Cloud
from fe2tui.model.launch import LaunchIntent
from fe2tui.store import Store
from fe2tui.tasks.context import Pace, known_account
from fe2tui.tasks.launch import launch, recover_launches
from tests.tasks.tasks_bench import QUICK, Bench

LAUNCHER = """
import asyncio, sys
from fe2tui import settings
from fe2tui.aws.session import Choice, Session
from fe2tui.model.launch import LaunchRequest
from fe2tui.store import open_store
from fe2tui.tasks.context import Context
from fe2tui.tasks.launch import launch

async def main():
    async with Session(Choice()) as session:
        report = lambda it: print(it.step, flush=True)
        ctx = Context(session, open_store(), settings.load(), report, by="the killed one")
        await launch(ctx, LaunchRequest(sys.argv[1], "ubuntu", "t3.micro"))
        print("returned", flush=True)

asyncio.run(main())
"""


class Victim:
    """A process that launches, to be killed."""

    def __init__(self, name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, name], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
        )

    def kill_at(self, step: str, after: float) -> list[str]:
        """SIGKILL it ``after`` seconds from when it has reported a step; the steps that it came to."""
        assert self.process.stdout is not None
        said: list[str] = []
        for line in self.process.stdout:
            said.append(line.strip())
            if said[-1] == step:
                break
        time.sleep(after)  # a moment inside the step: nothing else tells of it
        self.process.kill()
        said += [line.strip() for line in self.process.stdout]
        self.process.wait()
        self.process.stdout.close()
        assert step in said
        return said


async def _open(bench: Bench) -> list[LaunchIntent]:
    """What another process would still find open."""
    elsewhere = Store(bench.ctx.store.path)
    found = elsewhere.launches.claim_open(await known_account(bench.ctx))
    elsewhere.close()
    return found


@pytest.mark.parametrize(
    ("step", "after"),
    [
        ("image", 0.0),
        ("security group", 0.0),
        ("requested", 0.0),
        ("requested", 0.1),
        ("requested", 0.45),
        ("requested", 0.55),
        ("requested", 0.7),
        ("running", 0.0),
        ("ssh answers", 0.0),
        ("ready", 0.0),
    ],
)
async def test_a_launch_killed_at_any_moment_is_found_and_never_sent_twice(
    bench: Bench, name: str, step: str, after: float
) -> None:
    bench.fault("slow", action="RunInstances", seconds=0.5, times=1)
    said = Victim(name).kill_at(step, after)
    bench.cloud.control("/demo/faults", method="DELETE")
    outcomes = await recover_launches(bench.ctx)
    there = await bench.named(name)
    assert len(there) <= 1
    if "requested" not in said:
        assert not any(it.is_done for it in outcomes) and there == []
    elif "ready" not in said:
        (outcome,) = outcomes
        assert outcome.label == name
        assert outcome.is_done is bool(there)
        assert outcome.subject == (there[0].id if there else "")
        assert there or "never launched" in str(outcome.error)
    (entry,) = bench.activity("launch")
    assert entry.by == "the killed one"
    assert (entry.result == "done") is bool(there) and entry.result != "running"
    assert await recover_launches(bench.ctx) == []
    assert await _open(bench) == []


async def test_what_was_never_launched_can_be_launched_again(bench: Bench, name: str) -> None:
    bench.fault("silent", action="RunInstances")
    Victim(name).kill_at("requested", 0.1)
    bench.cloud.control("/demo/faults", method="DELETE")
    (outcome,) = await recover_launches(bench.ctx)
    assert outcome.error is not None and "never launched" in outcome.error.summary
    assert "again" in outcome.error.remedy
    instance = await launch(bench.ctx, bench.request(name))
    assert [it.id for it in await bench.named(name)] == [instance.id]


async def test_a_launch_whose_process_died_is_found_by_its_token(bench: Bench, name: str) -> None:
    bench.fault("broken", action="RunInstances")
    Victim(name).kill_at("requested", 0.3)
    bench.cloud.control("/demo/faults", method="DELETE")
    (outcome,) = await recover_launches(bench.ctx)
    (instance,) = await bench.named(name)
    assert (outcome.subject, outcome.error) == (instance.id, None)
    assert instance.id in outcome.words and "running" in outcome.words


async def test_an_instance_that_ec2_does_not_show_yet_is_waited_for(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    cloud = fresh_cloud(scene=False, unseen_seconds=2)
    bench: Bench = await begin(cloud, Pace(poll=0.1, settle=10))  # type: ignore[misc]
    bench.fault("slow", action="RunInstances", seconds=0.3)
    Victim(name).kill_at("requested", 0.35)
    bench.cloud.control("/demo/faults", method="DELETE")
    (outcome,) = await recover_launches(bench.ctx)
    assert outcome.is_done and outcome.subject


async def test_a_refused_lookup_is_left_to_the_next_time(bench: Bench, name: str) -> None:
    Victim(name).kill_at("running", 0.0)
    bench.fault("deny", action="DescribeInstances")
    (outcome,) = await recover_launches(bench.ctx)
    assert outcome.error is not None and "We don't know yet" in outcome.error.remedy
    bench.cloud.control("/demo/faults", method="DELETE")
    (outcome,) = await recover_launches(bench.ctx)
    assert outcome.is_done


async def test_a_launch_of_a_living_process_is_left_alone(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(fresh_cloud(scene=False, boot_seconds=60))  # type: ignore[misc]
    working = asyncio.create_task(launch(bench.ctx, bench.request(name)))
    while not await bench.named(name):
        await asyncio.sleep(0.02)
    assert await recover_launches(bench.ctx) == []
    assert await _open(bench) == []
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_a_launch_in_another_region_is_looked_up_there(bench: Bench, name: str) -> None:
    os.environ["AWS_REGION"] = "us-west-2"
    try:
        Victim(name).kill_at("running", 0.0)
    finally:
        os.environ["AWS_REGION"] = "us-east-2"
    (outcome,) = await recover_launches(bench.ctx)
    assert outcome.is_done and outcome.subject


async def test_other_entries_of_a_killed_process_are_closed(bench: Bench) -> None:
    program = (
        "import os, datetime\nfrom fe2tui.store import open_store\nfrom fe2tui.model.progress import Activity\n"
        "now = datetime.datetime.now(datetime.UTC)\n"
        "open_store().activity.begin(Activity(now, 'stop', 'i-1', 'one', 'us-east-2', 'running', ''))\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program], check=False)
    assert [it.result for it in bench.activity("stop")] == ["running"]
    assert await recover_launches(bench.ctx) == []
    (entry,) = bench.activity("stop")
    assert entry.result == "cancelled" and entry.ended_at is not None


async def test_nothing_open_costs_no_call(bench: Bench) -> None:
    bench.forget_calls()
    assert await recover_launches(bench.ctx) == []
    assert bench.cloud.control("/demo/calls", method="GET") == []


def test_the_settle_time_is_longer_than_the_read_timeout(tmp_path: Path) -> None:
    assert timedelta(seconds=Pace().settle) > timedelta(seconds=20)
    assert QUICK.settle < Pace().settle
