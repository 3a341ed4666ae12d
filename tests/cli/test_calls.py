"""A command asks AWS for nothing twice before it changes something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fe2tui.cli.main import group
from fe2tui.demo import Cloud, Options

LAUNCH = ("launch", "new", "ubuntu", "20", "t3.micro", "--address", "203.0.113.7/32", "--no-wait")
OWN_FIRST = {"DescribeImages": "an own image of that name, then that of the word"}
SPOT = ("launch", "newspot", "ubuntu", "20", "m5.large", "--spot", "--no-wait")

# Every command with arguments, each with the operations that may be sent several times before the first change, and
# why. A command with several cases has them in a row. The cases share one cloud, and run in this order.
CASES: dict[str, list[tuple[tuple[str, ...], dict[str, str]]]] = {
    "instances": [(("instances",), {}), (("instances", "--long"), {})],
    "instance": [(("instance", "base"), {}), (("instance", "spot1"), {})],
    "ip": [(("ip", "base"), {})],
    "connect": [(("connect", "base", "--print"), {}), (("connect", "ubuntu@base", "--print"), {})],
    "get-instance": [
        (("get-instance", "base", "-", "state"), {"DescribeInstances": "boto3's object reads itself"}),
    ],
    "amis": [(("amis",), {}), (("amis", "--long"), {}), (("amis", "--public"), {"DescribeImages": "own and public"})],
    "ami": [(("ami", "base"), {}), (("ami", "ubuntu"), OWN_FIRST)],
    "get-ami": [(("get-ami", "base", "-", "state"), {"DescribeImages": "boto3's object reads itself"})],
    "requests": [(("requests", "--long"), {})],
    "get-request-from-instance": [(("get-request-from-instance", "spot1", "-", "words"), {})],
    "get-request": [(("get-request", "REQUEST", "-", "words"), {}), (("get-request", "REQUEST", "-", "state"), {})],
    "types": [(("types", "family:m5"), {}), (("types", "spot<0.01"), {})],
    "price-demand": [(("price-demand", "m5"), {})],
    "price-hist": [(("price-hist", "m5.large"), {}), (("price-hist", "p3", "--days", "7"), {})],
    "cost": [(("cost",), {"DescribeSpotPriceHistory": "prices now, and in the past"})],
    "activity": [(("activity",), {})],
    "region": [(("region", "Ohio"), {})],
    "regions": [(("regions",), {})],
    "launch": [(LAUNCH, OWN_FIRST), (SPOT, OWN_FIRST)],
    "stop": [(("stop", "new", "--wait"), {}), (("stop", "newspot", "--force", "--yes", "--wait"), {})],
    "change-type": [(("change-type", "new", "t3.small"), {})],
    "tag": [(("tag", "new", "env=test"), {})],
    "rename": [(("rename", "newspot", "newspot2"), {}), (("rename", "newspot2", "newspot"), {})],
    "protect": [(("protect", "new", "on"), {}), (("protect", "new", "off"), {})],
    "shutdown-behavior": [(("shutdown-behavior", "new", "newspot", "stop"), {})],
    "console": [(("console", "base"), {})],
    "screenshot": [(("screenshot", "base", "FILE"), {})],
    "release": [(("release", "was for web", "--yes"), {})],
    "start": [(("start", "new", "--yes"), {}), (("start", "newspot", "--yes"), {})],
    "reboot": [(("reboot", "new"), {})],
    "freeze": [
        (("freeze", "new", "frozen", "--no-reboot"), {}),
        (("freeze", "new", "frozen2", "--stop-first"), {}),
        (("freeze", "newspot", "frozen3", "--reboot", "--json"), {}),
    ],
    "deregister": [(("deregister", "frozen", "--yes"), {})],
    "terminate": [
        (("terminate", "new", "--yes"), {}),
        (("terminate", "newspot", "--yes", "--wait"), {}),
        (("terminate", "spot1", "od1", "--yes"), {"DescribeInstanceAttribute": "one call for each instance"}),
    ],
    "demo": [],  # serves a cloud
    "completion": [],  # prints a script
}
READS = ("Describe", "Get", "List")


@pytest.fixture(scope="module")
def quiet() -> Iterator[Cloud]:
    """A lived-in cloud for this module, whose calls are counted."""
    with Cloud(Options.instant(museum=True)) as cloud:
        cloud.wait_ready()
        yield cloud


def reads_before_change(cloud: Cloud) -> list[tuple[str, str]]:
    """The reads before the first change, without further pages: operation and parameters."""
    found = []
    for call in cloud.control("/demo/calls", method="GET"):
        if not call["action"].startswith(READS):
            if call["service"] == "ec2":
                break
            continue
        params = call["params"]
        if not any(name.lower() == "nexttoken" for name in params):
            found.append((f"{call['action']}", repr(sorted(params.items()))))
    return found


def test_every_command_has_a_case() -> None:
    assert set(CASES) == set(group("fe2").list_commands(None))  # type: ignore[arg-type]


def test_no_command_asks_twice(quiet: Cloud, on: Callable[[Cloud], Any], tmp_path: Path) -> None:
    fe2 = on(quiet)
    request = next(one["id"] for one in fe2("requests", "--json").json if one["state"] == "active")
    failures = []
    for cases in CASES.values():
        for arguments, several in cases:
            # A reboot quicker than the first look at its ssh would be waited for much longer.
            quiet.control("/demo/delays", {"ssh_seconds": 3.0 if arguments[0] == "reboot" else 0.0})
            quiet.control("/demo/calls", method="DELETE")
            words = {"REQUEST": request, "FILE": str(tmp_path / "screen.jpg")}
            said = fe2(*[words.get(word, word) for word in arguments])
            if said.status != 0:
                failures.append(f"{' '.join(arguments)}: {said.err}")
            sent = reads_before_change(quiet)
            counts = Counter(action for action, _ in sent)
            for action, count in counts.items():
                # the Price List has one kind of product for each read, the public images one parameter path each
                if count > 1 and action not in several and action not in ("GetProducts", "GetParameters"):
                    asked = [params for name, params in sent if name == action]
                    failures.append(f"{' '.join(arguments)}: {action} {count} times: {asked}")
            same = [key for key, count in Counter(sent).items() if count > 1]
            failures += [f"{' '.join(arguments)}: the same read twice: {key}" for key in same]
    assert not failures, "\n".join(failures)
