"""EC2, the plain Python face: what a notebook, a script and the REPL do with it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import fe2tui
from fe2tui import EC2, Fe2Error, Instance, Outcome, State
from fe2tui.demo import Cloud
from fe2tui.ec2 import Lines
from fe2tui.errors import (
    AmbiguousError,
    FieldError,
    NoCapacityError,
    NotFoundError,
    ReadOnlyError,
    StateError,
    UsageError,
)
from fe2tui.model.progress import Activity, Progress
from fe2tui.model.type_change import TypeChangeIntent
from fe2tui.store import open_store

NAMES = [
    "EC2", "Fe2Error", "Fleet", "Image", "Instance", "InstanceType", "LaunchRequest", "Outcome", "Prices", "Progress",
    "State", "Volume",
]  # fmt: skip


@pytest.fixture
def ec2(demo_env: Path) -> Iterator[EC2]:
    with EC2("Ohio") as made:
        yield made


@pytest.fixture
def name() -> str:
    return f"m-{uuid.uuid4().hex[:8]}"


def test_the_public_names_are_these_and_each_can_be_had() -> None:
    assert sorted(fe2tui.__all__) == NAMES
    assert all(getattr(fe2tui, each).__name__ == each for each in NAMES)
    assert set(NAMES) <= set(dir(fe2tui))
    with pytest.raises(AttributeError):
        fe2tui.nosuch  # noqa: B018


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys; before = set(sys.modules); import fe2tui; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['fe2tui']"


def test_a_region_is_found_by_part_of_its_name(ec2: EC2) -> None:
    assert (ec2.region(), ec2.region("Oregon"), repr(ec2)) == (
        "us-east-2", "us-west-2", "EC2('us-east-2', profile='default')"
    )  # fmt: skip
    assert {"us-east-2", "us-west-2"} <= set(ec2.regions())
    with pytest.raises(NotFoundError):
        ec2.region("Atlantis")
    with pytest.raises(NotFoundError):
        EC2("Atlantis")


def test_instances_are_listed_one_a_line_as_fastec2_did_without_the_terminated(ec2: EC2) -> None:
    found = ec2.instances()
    assert not [each for each in found if each.state is State.TERMINATED]
    lines = repr(found).splitlines()
    assert len(lines) == len(found)
    base = ec2.instance("base")
    assert f"base ({base.id} running): {base.public_ip}" in lines
    assert any(line.endswith("stopped): No public IP") for line in lines)


def test_a_name_means_one_instance_or_is_an_error(ec2: EC2) -> None:
    assert ec2.instance(ec2.instance("base").id).name == "base"
    assert ec2.ip("base") == "127.0.0.1"
    with pytest.raises(AmbiguousError) as ambiguous:
        ec2.instance("worker")
    assert len(ambiguous.value.candidates) == 2
    with pytest.raises(NotFoundError, match="Did you mean base"):
        ec2.instance("bas")
    with pytest.raises(UsageError):
        ec2.instance("")


NO_NAMES = {
    "amis", "close", "cost", "count_regions", "instances", "keys", "region", "regions", "requests", "statuses", "types",
}  # fmt: skip
ONE: dict[str, Callable[[EC2, Any], Any]] = {
    "instance": lambda ec2, base: ec2.instance(base).id,
    "ip": lambda ec2, base: ec2.ip(base),
    "get_instance": lambda ec2, base: ec2.get_instance(base).id,
    "freeze": lambda ec2, base: ec2.freeze(base, "taken by none", way="nonsense"),  # type: ignore[arg-type]
    "change_type": lambda ec2, base: ec2.change_type(base, ec2.types("type:m5.xlarge")[0]),
    "connect": lambda ec2, base: ec2.connect(base),
    "get_request_from_instance": lambda ec2, base: ec2.get_request_from_instance(base),
}
"""Methods that take an instance, so called that they change nothing."""
SEVERAL: dict[str, Callable[..., Any]] = {
    "start": lambda ec2, *bases: ec2.start(*bases),
    "stop": lambda ec2, *bases: ec2.stop(*bases),
    "reboot": lambda ec2, *bases: ec2.reboot(*bases),
    "terminate": lambda ec2, *bases: ec2.terminate(*bases),
    "terminate_impact": lambda ec2, *bases: [row.id for row in ec2.terminate_impact(*bases).rows],
}
OTHER = {
    "launch", "ami", "get_ami", "deregister", "deregister_impact", "get_request", "price_demand", "price_hist",
    "tag", "rename", "console", "screenshot", "protect", "shutdown_behavior", "release",
}  # fmt: skip


def result_of(work: Callable[[], Any]) -> str:
    """What a method returns, or the error that it raises, as text."""
    try:
        return repr(work())
    except Fe2Error as error:
        return f"{type(error).__name__}: {error}"


def test_every_method_is_in_these_tests() -> None:
    public = {name for name in dir(EC2) if not name.startswith("_")}
    assert public == NO_NAMES | ONE.keys() | SEVERAL.keys() | OTHER


@pytest.mark.parametrize("method", ONE)
def test_a_method_takes_its_own_objects_and_boto3s_for_an_instance(ec2: EC2, method: str) -> None:
    base = ec2.instance("base")
    by_name = result_of(lambda: ONE[method](ec2, "base"))
    assert "UsageError" not in by_name or method == "connect"
    for thing in (base, ec2.get_instance(base), Outcome(base.id, "base", "stopped")):
        assert result_of(partial(ONE[method], ec2, thing)) == by_name
    assert "None is not a name" in result_of(lambda: ONE[method](ec2, None))


@pytest.mark.parametrize("method", SEVERAL)
def test_a_method_that_takes_several_takes_lists_of_its_own_objects(demo_env: Path, method: str) -> None:
    with EC2("Ohio", read_only=True) as ec2:
        base, train = ec2.instance("base"), ec2.instance("inst1")
        by_names = result_of(lambda: SEVERAL[method](ec2, "base", "inst1"))
        assert base.id in by_names and train.id in by_names
        for things in (
            [base, train],
            [[base, train]],
            [Lines([base]), (ec2.get_instance("inst1"),)],
            [base, base, train],
        ):
            assert result_of(partial(SEVERAL[method], ec2, *things)) == by_names
        nothings: list[list[Any]] = [[], [[]], [Lines()]]
        for nothing in nothings:
            assert result_of(partial(SEVERAL[method], ec2, *nothing)).startswith("UsageError: No instance")
        assert "7 is not a name" in result_of(lambda: SEVERAL[method](ec2, 7))


def test_images_types_keys_and_requests_may_be_objects_too(ec2: EC2, name: str) -> None:
    base, kind, key = ec2.ami("base"), ec2.types("type:m5.large")[0], ec2.keys().account[0]
    for image in (base, ec2.get_ami(base)):
        assert (ec2.ami(image), ec2.get_ami(image).id) == (base, base.id)
    assert (
        repr(ec2.price_demand(kind)) == repr(ec2.price_demand(ec2.price_demand(kind)[0])) == "m5.large: $0.096 an hour"
    )
    assert ec2.price_hist(kind).rows[0].type == "m5.large"
    asked = ec2.requests()[0]
    for request in (asked, ec2.get_request(asked), asked.request):
        assert ec2.get_request(request).id == asked.request.id
    usable = ec2.keys().find("default")
    assert key is not None and usable is not None
    subnet = next(iter(ec2.get_instance("base").vpc.subnets.all()))
    made = ec2.launch(name, base, 80, kind, usable, subnet_id=subnet, wait=False)
    assert (made.image_id, made.type, made.key_name, made.subnet_id) == (base.id, "m5.large", "default", subnet.id)
    image = ec2.freeze(made, name, wait=True)
    assert ec2.deregister([image])[0].is_done
    assert ec2.terminate([made])[0].is_done


def test_a_type_change_of_a_killed_program_is_taken_up_and_told_as_a_warning(ec2: EC2) -> None:
    base, store, at = ec2.instance("base"), open_store(), datetime.now(UTC) - timedelta(hours=1)
    entry = store.activity.begin(Activity(at, "change type", base.id, "base", "us-east-2", "running", ""))
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    left = TypeChangeIntent("left", base.id, "base", "m5.2xlarge", "us-east-2", "default", endpoint, at, activity=entry)
    store.type_changes.add(left)
    store.close()
    with pytest.warns(UserWarning, match="The change of base to m5.2xlarge was cut short. base is running again."):
        ec2.instances()
    assert open_store().activity.recent(1)[0].result == "failed"


def test_what_methods_return_prints_itself_shortly(ec2: EC2) -> None:
    returned = [
        *(ec2.instances(), ec2.instance("base"), ec2.amis(), ec2.ami(), ec2.ami("base").disks[0], ec2.keys()),
        *(ec2.keys().account[0], ec2.requests(), ec2.requests()[0], ec2.get_request(ec2.requests()[0])),
        *(ec2.types("m5"), ec2.types("m5")[0], ec2.price_demand("m5"), ec2.price_demand("m5")[0], ec2.price_hist("m5")),
        *(ec2.cost(), ec2.cost().rows[0], ec2.cost().rows[0].hour_parts, Outcome("i-1", "base", "stopped")),
        Progress("launch", "running", "is running", "i-1", "base"),
    ]
    for thing in returned:
        for text in (str(thing), repr(thing)):
            assert text and not re.search(r"Decimal\(|datetime|object at|\w=", text), text
            assert all(len(line) <= 400 for line in text.splitlines()), text
    assert len(repr(ec2.cost())) <= 120
    assert repr(ec2.amis("nothing-is-called-so")) == "[]"


def test_get_instance_is_boto3s_object(ec2: EC2) -> None:
    found = ec2.get_instance("base")
    assert type(found).__module__ == "boto3.resources.factory"
    assert (found.public_ip_address, found.state["Name"]) == ("127.0.0.1", "running")


def test_a_machine_lives_its_whole_life_by_these_methods(ec2: EC2, name: str) -> None:
    made = ec2.launch(name, "ubuntu", 20, "t3.micro")
    assert isinstance(made, Instance) and (made.name, made.state) == (name, State.RUNNING)
    assert repr(ec2.stop(name, wait=True)) == f"{name} ({made.id}): stopped"
    assert ec2.instance(name).state is State.STOPPED
    (started,) = ec2.start(name, yes=True)
    assert started.is_done and "can log in" in started.words
    assert ec2.terminate(name, wait=True)[0].is_done
    with pytest.raises(NotFoundError):
        ec2.instance(name)


def test_a_single_ones_error_is_raised_and_of_several_each_has_its_own(ec2: EC2, name: str) -> None:
    ec2.launch(name, wait=False)
    with pytest.raises(StateError, match="one-time spot"):
        ec2.stop("spot1")
    stopped, refused = ec2.stop(name, "spot1", wait=True)
    assert stopped.is_done and isinstance(refused.error, StateError)
    ec2.terminate(name)


def test_a_spot_machine_stops_when_interrupted_or_is_a_one_time_one(ec2: EC2, name: str) -> None:
    kept = ec2.launch(name, "ubuntu", 20, "m5.large", None, "ssh", None, True, wait=False)
    gone = ec2.launch(f"{name}-once", "ubuntu", 20, "m5.large", spot="one-time", wait=False)
    assert kept.is_spot and gone.is_spot
    wrongs: list[tuple[str, dict[str, Any]]] = [("sometimes", {}), ("on-demand", {"one_time": True})]
    for word, wrong in wrongs:
        with pytest.raises(FieldError) as refused:
            ec2.launch(f"{name}-x", type="m5.large", spot=word, wait=False, **wrong)
        assert refused.value.field == "market"
    assert ec2.stop(name, wait=True)[0].is_done
    with pytest.raises(StateError, match="one-time spot"):
        ec2.stop(gone.name)
    ec2.terminate(name, gone.name)


def test_without_room_on_the_spot_market_it_ends_or_asks_again_for_so_many_minutes(
    ec2: EC2, cloud: Cloud, name: str
) -> None:
    cloud.control("/demo/faults", {"kind": "no-capacity", "market": "spot"})
    try:
        with pytest.raises(NoCapacityError) as none:
            ec2.launch(name, type="p3.8xlarge", spot=True)
        assert set(none.value.zones) == {"us-east-2a", "us-east-2b"} and "on demand" in none.value.remedy
        with pytest.raises(NoCapacityError, match=r"had no spot p3\.8xlarge .* asked \d+ times"):
            ec2.launch(name, type="p3.8xlarge", spot=True, retry=0.1, yes=True)
    finally:
        cloud.control("/demo/faults", method="DELETE")
    with pytest.raises(NotFoundError):
        ec2.instance(name)


def test_no_names_never_mean_all(ec2: EC2) -> None:
    before = len(ec2.instances())
    for act in (ec2.start, ec2.stop, ec2.reboot, ec2.terminate):
        with pytest.raises(UsageError):
            act()
        with pytest.raises(UsageError):
            act("")
    assert len(ec2.instances()) == before


def test_other_regions_are_counted_costs_filtered_and_only_an_address_that_is_there_is_released(ec2: EC2) -> None:
    counts = {one.region: one for one in ec2.count_regions()}
    assert re.match(r"us-west-2: \d running, \$0\.", repr(counts["us-west-2"])) and counts["us-west-2"].per_hour > 0
    assert repr(counts["eu-west-1"]) == "eu-west-1: nothing"
    (idle,) = ec2.cost("kind:address").rows
    assert idle.label == "was for web" and ec2.cost("kind:address").per_hour == Decimal("0.005")
    with pytest.raises(UsageError):
        ec2.release()
    with pytest.raises(NotFoundError):
        ec2.release("203.0.113.250")
    with EC2("Ohio", read_only=True) as reading, pytest.raises(ReadOnlyError):
        reading.release(idle)


def test_a_report_hears_of_each_step(demo_env: Path, name: str) -> None:
    heard: list[Progress] = []
    with EC2("Ohio", report=heard.append) as ec2:
        ec2.launch(name)
        ec2.terminate(name)
    assert {"image", "key", "requested", "running", "ready"} <= {each.step for each in heard}


def test_a_second_image_of_an_instance_has_its_real_name_and_the_report_says_why(demo_env: Path, name: str) -> None:
    told: list[Progress] = []
    with EC2("Ohio", report=told.append) as ec2:
        ec2.launch(name, wait=False)
        assert ec2.freeze(name, wait=True).name == name
        second = ec2.freeze(name, wait=True)
        assert (second.name, ec2.ami(f"{name}-2").id) == (f"{name}-2", second.id)
        words = f"There is an image {name} already: the new one will be called {name}-2."
        assert words in [step.words for step in told if (step.task, step.step) == ("freeze", "name")]
        ec2.deregister(name, f"{name}-2")
        ec2.terminate(name)


def test_images_keys_and_errors_of_a_field(ec2: EC2) -> None:
    assert ec2.ami("ubuntu", "arm64").architecture == "arm64"
    assert ec2.ami() == ec2.ami("ubuntu")
    assert "base" in {each.name for each in ec2.amis()} and "base (ami-" in repr(ec2.amis())
    assert [each.name for each in ec2.amis("train made>0")] == ["train-cuda-12"]
    assert ec2.keys().preferred == "default"
    with pytest.raises(FieldError) as refused:
        ec2.launch("base", "ubuntu")
    assert refused.value.field == "name"
    with pytest.raises(FieldError, match="begins with a -"):
        ec2.launch("--help", "ubuntu")
    with pytest.raises(FieldError, match="begins with a -"):
        ec2.freeze("base", "--help")
    with pytest.raises(NotFoundError, match="Did you mean base"):
        ec2.ami("bse")


def test_get_ami_is_boto3s_object(ec2: EC2) -> None:
    found = ec2.get_ami("base")
    assert (type(found).__module__, found.state) == ("boto3.resources.factory", "available")
    assert ec2.get_ami().id == ec2.ami("ubuntu").id


def test_an_instance_is_frozen_launched_again_with_another_type_and_its_image_removed(ec2: EC2, name: str) -> None:
    ec2.launch(name, "ubuntu", 20, "t3.micro", wait=False)
    image = ec2.freeze(name, wait=True)
    assert (image.name, image.state, image.source_instance_id) == (name, "available", ec2.instance(name).id)
    larger = ec2.launch(f"{name}-2", name, 30, "m5.large")
    assert larger.image_id == image.id
    with pytest.raises(StateError):
        ec2.change_type(f"{name}-2", "m5.xlarge")
    assert ec2.change_type(f"{name}-2", "m5.xlarge", stop=True, yes=True).type == "m5.xlarge"
    assert repr(ec2.deregister(name)) == f"{name} ({image.id}): deregistered, its snapshot deleted"
    with pytest.raises(NotFoundError):
        ec2.ami(name)
    with pytest.raises(UsageError):
        ec2.deregister()
    ec2.terminate(name, f"{name}-2")


def test_prices_of_a_family_and_types_that_fit(ec2: EC2) -> None:
    assert repr(ec2.price_demand("m5")).startswith("m5.large: $0.096 an hour\nm5.xlarge: $0.192")
    assert [each.name for each in ec2.types("gpu:a10g vcpu<=8")] == ["g5.xlarge", "g5.2xlarge"]
    assert repr(ec2.types("name:t3.micro")) == "t3.micro: 2 vCPU  1 GiB"
    with pytest.raises(NotFoundError, match="Did you mean m5"):
        ec2.price_demand("m55")


def test_cost_is_exact_and_its_rows_add_up(ec2: EC2) -> None:
    spent = ec2.cost()
    counted = [row for row in spent.rows if not row.at_most]
    assert spent.per_hour == sum(row.hour_parts.known for row in counted) > 0
    assert spent.month == sum(row.month_parts.known for row in counted) >= spent.today
    assert "base" in {row.label for row in counted}


def test_spot_requests_are_listed_with_their_machines_and_each_has_what_ec2_tells_of_it(ec2: EC2) -> None:
    spot1 = ec2.instance("spot1")
    assert f"{spot1.spot_request_id} (one-time active): spot1 ({spot1.id} running)" in repr(ec2.requests()).splitlines()
    found = ec2.get_request_from_instance("spot1")
    assert (found.id, found.state, found.type, found.instance_id) == (
        spot1.spot_request_id, "active", "one-time", spot1.id
    )  # fmt: skip
    assert found.status["Code"] == "fulfilled" and found.launch_specification["InstanceType"] == spot1.type
    assert found.words.startswith("AWS terminates its machine")
    assert ec2.get_request(found.id).wait_until_fulfilled(timeout=1) == spot1.id
    with pytest.raises(AttributeError):
        found.nosuch  # noqa: B018
    with pytest.raises(NotFoundError):
        ec2.get_request_from_instance("base")
    with pytest.raises(StateError, match="would terminate it"):
        ec2.get_request_from_instance("nightly-etl").cancel()


def test_a_cancelled_request_has_what_it_is_then(ec2: EC2, name: str) -> None:
    made = ec2.launch(name, type="t3.micro", spot=True, wait=False)
    request = ec2.get_request_from_instance(made.id)
    assert f"{name} runs on" in request.cancel()
    assert (request.state, request.status["Code"]) == ("cancelled", "request-canceled-and-instance-running")
    ec2.terminate(made.id)


def test_read_only_refuses_every_change_also_boto3s(demo_env: Path, name: str) -> None:
    with EC2("Ohio", read_only=True) as ec2:
        changes = (
            lambda: ec2.stop("base"),
            lambda: ec2.launch(name),
            lambda: ec2.freeze("base", name),
            lambda: ec2.deregister("base"),
            lambda: ec2.change_type("od1", "t3.large"),
            ec2.get_instance("base").terminate,
            ec2.get_ami("base").deregister,
            ec2.get_request_from_instance("train-resnet").cancel,
        )
        for act in changes:
            with pytest.raises(ReadOnlyError):
                act()
        assert ec2.instance("base").state is State.RUNNING


def test_it_works_where_an_event_loop_runs_already(ec2: EC2) -> None:
    async def in_a_notebook() -> int:
        return len(ec2.instances())

    assert asyncio.run(in_a_notebook()) > 5


def test_several_threads_may_share_one(ec2: EC2) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        assert len({each.id for each in pool.map(lambda _: ec2.instance("base"), range(8))}) == 1


def test_closing_ends_the_thread_and_a_later_use_begins_another(demo_env: Path) -> None:
    ec2 = EC2("Ohio")
    assert ec2.instances()
    ec2.close()
    ec2.close()
    assert not [each for each in threading.enumerate() if each.name == "fe2tui"]
    assert ec2.instances()
    ec2.close()


def test_without_a_region_it_says_how_to_set_one(demo_env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(variable, "")
    with pytest.raises(UsageError, match="No region"):
        EC2().instances()


def test_connect_without_a_terminal_gives_the_command_instead(
    ec2: EC2, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "nothing").open("w+") as file:
        monkeypatch.setattr("sys.stdin", file)
        with pytest.raises(UsageError, match=r"ssh -i .*ubuntu@127.0.0.1"):
            ec2.connect("base")


SCRIPT = """
import sys
from fe2tui import EC2
ec2 = EC2("Ohio", report=lambda it: print(it.step, flush=True))
try:
    ec2.launch(sys.argv[1])
except KeyboardInterrupt:
    print("interrupted", flush=True)
    print(ec2.instances(), flush=True)
"""


def test_ctrl_c_ends_the_wait_at_once_and_the_log_says_what_is_left(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path], name: str
) -> None:
    enter_cloud(fresh_cloud(scene=False, boot_seconds=60))
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, name],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert child.stdout is not None
    said = [child.stdout.readline().strip()]
    while said.count("requested") < 2:
        said.append(child.stdout.readline().strip())
    began = time.monotonic()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=20)
    assert time.monotonic() - began < 10
    assert (child.returncode, err) == (0, "")
    assert "cancelled\ninterrupted\n" in out
    instance = re.search(rf"{name} \((i-\w+) pending\)", out)
    assert instance is not None
    from fe2tui.store import open_store

    (entry,) = open_store().activity.recent()
    assert (entry.result, entry.subject, entry.by) == ("cancelled", instance[1], "python")


def test_an_instance_shows_itself_as_the_shell_does(ec2: EC2) -> None:
    base = ec2.instance("base")
    assert repr(base) == f"base ({base.id} running): {base.public_ip}"
    assert repr(base) in repr([base])


def test_what_makes_the_bill_larger_is_refused_with_its_price_without_a_terminal_unless_told_yes(
    ec2: EC2, name: str
) -> None:
    changes: list[tuple[Callable[[], Any], str]] = [
        (lambda: ec2.start("od1"), "Start od1?"),
        (lambda: ec2.start(["od1", "notebook"]), "Start 2 instances?"),
        (lambda: ec2.change_type("inst1", "m5.xlarge", stop=True), "Change inst1 from m5.large to m5.xlarge?"),
        (lambda: ec2.launch(name, type="m5.large", retry=5), f"Launch {name} as soon as AWS has capacity"),
    ]
    for act, question in changes:
        with pytest.raises(UsageError, match="yes=True") as refused:
            act()
        assert question in refused.value.summary and re.search(r"\$0\.\d+ an hour", refused.value.summary)
    assert {one.name: one.state for one in ec2.instances()}["od1"] is State.STOPPED
    assert ec2.start("base")[0].is_done, "what runs already costs no more"


def test_what_makes_aws_replace_a_member_of_a_group_is_refused_without_a_terminal_unless_told_yes(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]
) -> None:
    cloud = fresh_cloud()
    enter_cloud(cloud)
    with EC2() as ec2:
        tags = {"aws:autoscaling:groupName": "web"}
        cloud.control("/demo/tag", {"instance": ec2.instance("inst1").id, "tags": tags})
        acts: list[Callable[[], Any]] = [
            lambda: ec2.stop("base", "inst1"),
            lambda: ec2.freeze("inst1", way="stop"),
            lambda: ec2.change_type("inst1", "t3.small", stop=True),
        ]
        for act in acts:
            with pytest.raises(UsageError, match="yes=True") as refused:
                act()
            assert "inst1 belongs to the Auto Scaling group web" in refused.value.summary
        assert ec2.instance("inst1").state is State.RUNNING
        assert "inst1 belongs to the Auto Scaling group web" in str(ec2.terminate_impact("inst1"))
        assert ec2.stop("inst1", yes=True, wait=True)[0].is_done


def test_tags_and_names_are_changed_and_the_console_is_read(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]
) -> None:
    enter_cloud(fresh_cloud())
    with EC2() as ec2:
        assert ec2.tag("base", tags={"env": "prod"}, remove=["owner"])[0].is_done
        tags = ec2.instance("base").tags
        assert tags["env"] == "prod" and "owner" not in tags
        assert ec2.rename("base", "older").is_done and ec2.instance("older").tags["env"] == "prod"
        with pytest.raises(UsageError, match="There is an instance vault already"):
            ec2.rename("older", "vault")
        with pytest.raises(UsageError, match="No tag was named"):
            ec2.tag("older")
        assert ec2.console("older")


def test_boto3s_objects_use_the_login_that_there_is(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]
) -> None:
    cloud = fresh_cloud()
    enter_cloud(cloud)
    with EC2(profile="role") as ec2:
        assert ec2.get_instance("od1").state["Name"] == "stopped"
    with EC2() as ec2:
        assert ec2.get_instance("od1").state["Name"] == "stopped"
    actions = [call["action"] for call in cloud.control("/demo/calls", method="GET")]
    assert actions.count("AssumeRole") == 1
