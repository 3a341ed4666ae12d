"""Launch: what is sent, which steps are reported, what is refused before, and what happens when AWS refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from fe2tui.aws.session import Session
from fe2tui.demo import Cloud
from fe2tui.errors import (
    CapacityError,
    DeniedError,
    Fe2Error,
    FieldError,
    QuotaError,
    ReadOnlyError,
    StoreError,
    UnknownResultError,
    UnreachableError,
)
from fe2tui.model.instance import State
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.progress import Progress
from fe2tui.store import Store
from fe2tui.tasks.connect import prepare_connection
from fe2tui.tasks.context import Pace, known_account
from fe2tui.tasks.launch import LaunchLookups, launch, plan_launch, recover_launches
from fe2tui.tasks.power import stop
from fe2tui.tasks.terminate import terminate
from tests.hold import Hold
from tests.tasks.tasks_bench import QUICK, Bench, run_ssh

STEPS = ["image", "key", "security group", "requested", "running", "ssh answers", "ready"]


async def _refused(bench: Bench, request: LaunchRequest) -> FieldError:
    """The error that a launch ends with, after making sure that nothing was sent."""
    bench.forget_calls()
    with pytest.raises(FieldError) as caught:
        await launch(bench.ctx, request)
    assert bench.calls("RunInstances") == []
    assert (await plan_launch(bench.ctx, request)).error_for(caught.value.field) is not None
    return caught.value


async def test_a_launch_ends_when_ssh_lets_us_in(bench: Bench, name: str) -> None:
    instance = await launch(bench.ctx, bench.request(name))
    assert bench.path == STEPS
    assert (instance.name, instance.state, instance.tags["fe2:user"]) == (name, State.RUNNING, "ubuntu")
    done = run_ssh(await prepare_connection(bench.ctx, name), "echo $USER")
    assert (done.stdout.strip(), done.returncode) == ("ubuntu", 0)


async def test_the_log_and_the_journal_say_what_was_launched(bench: Bench, name: str) -> None:
    instance = await launch(bench.ctx, bench.request(name))
    (entry,) = bench.activity("launch")
    assert (entry.subject, entry.label, entry.result, entry.by) == (instance.id, name, "done", "test")
    assert entry.ended_at is not None and entry.ended_at >= entry.at
    intent = bench.ctx.store.launches.get(instance.client_token)
    assert intent is not None
    assert (intent.stage, intent.instance_id, intent.call["ClientToken"]) == ("ready", instance.id, intent.token)


async def test_the_call_has_careful_defaults(bench: Bench, name: str) -> None:
    bench.forget_calls()
    instance = await launch(bench.ctx, bench.request(name, disk=30, iops=4000, tags={"project": "x"}), wait=False)
    intent = bench.ctx.store.launches.get(instance.client_token)
    assert intent is not None
    call = intent.call
    assert call["MetadataOptions"]["HttpTokens"] == "required"
    (disk,) = call["BlockDeviceMappings"]
    assert disk["DeviceName"] == "/dev/sda1"
    assert disk["Ebs"] == {"VolumeType": "gp3", "VolumeSize": 30, "Iops": 4000, "DeleteOnTermination": True}
    tags = {it["ResourceType"]: {tag["Key"]: tag["Value"] for tag in it["Tags"]} for it in call["TagSpecifications"]}
    assert tags == {
        "instance": {"project": "x", "Name": name, "fe2:user": "ubuntu"},
        "volume": {"project": "x", "Name": name},
    }
    assert bench.calls("CreateTags") == []
    assert len(bench.calls("RunInstances")) == 1


async def test_without_waiting_it_returns_as_soon_as_it_is_accepted(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(fresh_cloud(scene=False, boot_seconds=60))  # type: ignore[misc]
    instance = await launch(bench.ctx, bench.request(name), wait=False)
    assert instance.state is State.PENDING
    assert bench.path == STEPS[:4]
    assert bench.ctx.store.launches.claim_open(await known_account(bench.ctx)) == []


async def test_a_used_name_is_refused_until_its_instance_is_terminated(bench: Bench, name: str) -> None:
    instance = await launch(bench.ctx, bench.request(name), wait=False)
    refusal = await _refused(bench, bench.request(name))
    assert refusal.field == "name" and instance.id in refusal.summary
    await stop(bench.ctx, [instance.id])
    assert "stopped" in (await _refused(bench, bench.request(name))).summary
    await terminate(bench.ctx, [instance.id])
    assert (await plan_launch(bench.ctx, bench.request(name))).is_possible


async def test_a_name_with_wildcards_matches_only_itself(bench: Bench) -> None:
    assert (await plan_launch(bench.ctx, bench.request("*"))).error_for("name") is None


async def test_a_name_launched_a_moment_ago_is_in_use_though_ec2_does_not_show_it_yet(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(  # type: ignore[misc]
        fresh_cloud(scene=False, unseen_seconds=60), replace(QUICK, settle=30)
    )
    first = await launch(bench.ctx, bench.request(name), wait=False)
    error = await _refused(bench, bench.request(name))
    assert error.field == "name" and f"{first.id} was launched a moment ago" in error.summary
    bench.cloud.control("/demo/delays", {"unseen_seconds": 0})
    later = await launch(bench.ctx, bench.request(f"{name}-2"), wait=False)
    await terminate(bench.ctx, [later.id])
    await launch(bench.ctx, bench.request(f"{name}-2"), wait=False)


async def test_a_name_that_another_computer_has_launched_meanwhile_is_reported(bench: Bench, name: str) -> None:
    hold = Hold(bench.cloud, "RunInstances", times=1)
    launching = asyncio.create_task(launch(bench.ctx, bench.request(name)))
    await hold.until_held()
    other = await bench.ctx.session.call(
        "ec2", "RunInstances", ImageId=(await bench.named("base"))[0].image_id, InstanceType="t3.micro",
        MinCount=1, MaxCount=1, ClientToken=name,
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}],
    )  # fmt: skip
    hold.release()
    mine, theirs = await launching, other["Instances"][0]["InstanceId"]
    assert bench.words("same name") == f"{theirs} has this name too, launched elsewhere: use {mine.id} for yours."
    assert theirs in bench.activity("launch")[0].words


async def test_one_name_is_not_launched_twice_at_once(bench: Bench, name: str) -> None:
    hold = Hold(bench.cloud, "RunInstances", times=1)
    both = [asyncio.create_task(launch(bench.ctx, bench.request(name))) for _ in range(2)]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    hold.release()
    results = await asyncio.gather(*both, return_exceptions=True)
    refused = [it for it in results if isinstance(it, FieldError)]
    assert [it.field for it in refused] == ["name"]
    assert len(await bench.named(name)) == 1


@pytest.mark.parametrize(("type_name", "architecture"), [("t3.micro", "x86_64"), ("t4g.micro", "arm64")])
async def test_a_word_is_the_image_for_the_types_architecture(
    bench: Bench, name: str, type_name: str, architecture: str
) -> None:
    found = await plan_launch(bench.ctx, bench.request(name, type=type_name))
    assert found.is_possible and found.architecture == architecture
    assert found.image is not None and found.volume_size == found.image.root_size


async def test_an_image_of_another_architecture_is_refused_in_words(bench: Bench, name: str) -> None:
    intel = (await plan_launch(bench.ctx, bench.request(name))).image
    assert intel is not None
    refusal = await _refused(bench, bench.request(name, type="t4g.micro", image=intel.id))
    assert refusal.field == "image"
    assert "the type is Arm" in refusal.summary and "the arm64 image" in refusal.remedy


@pytest.mark.parametrize(
    ("field", "changes", "words"),
    [
        ("name", {"name": ""}, "needs a name"),
        ("image", {"image": "nosuch"}, "nosuch"),
        ("disk", {"disk": 2}, "at least 8 GiB"),
        ("type", {"type": "m99.large"}, "m99.large"),
        ("key_name", {"key_name": "nosuch"}, "no key pair nosuch in us-east-2"),
        ("security_group", {"security_group": "nosuch"}, "nosuch"),
        ("address", {"address": "elsewhere"}, "elsewhere"),
        ("subnet_id", {"subnet_id": "subnet-0123456789abcdef0"}, "subnet-0123456789abcdef0"),
        ("zone", {"zone": "us-east-2z"}, "us-east-2z"),
        ("iops", {"disk": 8, "iops": 5000}, "at most 4,000 IOPS"),
    ],
)
async def test_wrong_fields_are_reported_before_anything_is_sent(
    bench: Bench, name: str, field: str, changes: dict[str, object], words: str
) -> None:
    refusal = await _refused(bench, replace(bench.request(name), **changes))  # type: ignore[arg-type]
    assert (refusal.field, words in refusal.summary) == (field, True)


async def test_all_wrong_fields_are_reported_in_the_order_of_the_form(bench: Bench) -> None:
    found = await plan_launch(bench.ctx, LaunchRequest("", "nosuch", "m99.large", disk=0, key_name="nosuch"))
    assert [it.field for it in found.errors] == ["name", "image", "disk", "type", "key_name"]


async def test_a_missing_private_key_is_reported_before_the_launch_with_the_searched_files(
    bench: Bench, name: str
) -> None:
    refusal = await _refused(bench, bench.request(name, key_name="laptop-2023"))
    assert refusal.field == "key_name"
    for file in ("keys/laptop-2023.pem", "~/.ssh/laptop-2023", "ssh-agent"):
        assert file in refusal.summary


async def test_the_plan_knows_what_it_will_cost(bench: Bench, name: str) -> None:
    bench.ctx.pace = Pace(prices=20)
    found = await plan_launch(bench.ctx, bench.request(name, disk=100))
    cost = found.cost
    assert cost is not None and cost.instance_per_hour is not None and cost.volume_per_month is not None
    assert cost.per_hour == cost.instance_per_hour + cost.volume_per_month / 730 + cost.address_per_hour
    assert cost.per_month == cost.per_hour * 730
    assert bench.ctx.store.prices.get("us-east-2") is not None


async def test_lookups_ask_once_for_many_plans(bench: Bench, name: str) -> None:
    bench.ctx.pace = Pace(prices=60)
    known = LaunchLookups(bench.ctx)
    await plan_launch(bench.ctx, bench.request(name), known)
    bench.forget_calls()
    for length in range(1, 5):
        await plan_launch(bench.ctx, bench.request(name[:length]), known)
    asked = {it["action"] for it in bench.cloud.control("/demo/calls", method="GET")}
    assert asked <= {"DescribeInstances"}
    known.close()


async def test_without_capacity_the_next_zone_is_asked_with_a_new_token(bench: Bench, name: str) -> None:
    bench.fault("no-capacity", zone="us-east-2a")
    bench.forget_calls()
    instance = await launch(bench.ctx, bench.request(name))
    assert instance.zone == "us-east-2b"
    assert "t3.micro in us-east-2a" in bench.words("no capacity") and "trying us-east-2b" in bench.words("no capacity")
    tokens = [it["params"]["ClientToken"] for it in bench.calls("RunInstances")]
    assert len(tokens) == len(set(tokens)) == 2
    first, second = (bench.ctx.store.launches.get(token) for token in tokens)
    assert first is not None and second is not None
    assert (first.stage, second.stage) == ("failed", "ready")
    assert first.call["Placement"] != second.call["Placement"]
    assert len(await bench.named(name)) == 1


async def test_after_an_unsupported_zone_the_next_is_asked(bench: Bench, name: str) -> None:
    bench.fault("refuse", action="RunInstances", code="Unsupported", message="not in us-east-2a", status=400, times=1)
    assert (await launch(bench.ctx, bench.request(name), wait=False)).zone == "us-east-2b"


async def test_a_subnet_without_free_addresses_is_left_for_the_next_zone(bench: Bench, name: str) -> None:
    code = "InsufficientFreeAddressesInSubnet"
    words = "Insufficient free addresses in subnet 'subnet-0123456789abcdef0'."
    bench.fault("refuse", action="RunInstances", code=code, message=words, status=400, times=1)
    assert (await launch(bench.ctx, bench.request(name), wait=False)).zone == "us-east-2b"
    assert "The subnet has no free addresses; trying us-east-2b" in bench.words("no capacity")
    bench.fault("refuse", action="RunInstances", code=code, message=words, status=400)
    with pytest.raises(CapacityError, match="us-east-2a, us-east-2b or us-east-2c has no free addresses") as caught:
        await launch(bench.ctx, bench.request(f"{name}-2"))
    assert words in caught.value.remedy


@pytest.mark.parametrize(
    ("code", "message", "summary"),
    [
        ("InsufficientAddressCapacity", "Not enough addresses.", "AWS has no public addresses left"),
        ("Unsupported", "ED25519 key pairs are not supported with Windows AMIs.", "kind of key with a Windows image"),
        ("Unsupported", "Hibernation is not supported for this AMI.", "does not support this combination"),
    ],
)
async def test_what_no_zone_can_mend_asks_no_other_zone(
    bench: Bench, name: str, code: str, message: str, summary: str
) -> None:
    bench.fault("refuse", action="RunInstances", code=code, message=message, status=400)
    bench.forget_calls()
    with pytest.raises(Fe2Error, match=summary) as caught:
        await launch(bench.ctx, bench.request(name))
    assert message in caught.value.remedy and len(bench.calls("RunInstances")) == 1


@pytest.mark.parametrize("market", ["on-demand", "spot"])
async def test_a_disk_smaller_than_the_snapshot_is_seen_before_anything_is_sent(
    bench: Bench, name: str, market: str
) -> None:
    bench.forget_calls()
    with pytest.raises(FieldError, match="at least") as caught:
        await launch(bench.ctx, bench.request(name, image="base", disk=10, market=market))
    assert caught.value.field == "disk" and not bench.calls("RunInstances")


async def test_once_it_runs_no_fault_of_the_ssh_library_hides_the_instance(
    bench: Bench, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncssh

    async def fail(*args: object, **options: object) -> None:
        raise ValueError("PKCS#11 support not available")

    monkeypatch.setattr(asyncssh, "connect", fail)
    instance = await launch(bench.ctx, bench.request(name))
    assert [one.id for one in await bench.named(name)] == [instance.id]
    assert "could not be tried by this program: PKCS#11 support not available" in bench.words("ready")
    (entry,) = bench.activity("launch")
    assert (entry.result, entry.subject) == ("done", instance.id)


async def test_a_key_file_that_others_may_read_is_said_before_the_launch_and_after_it(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., Awaitable[Bench]], name: str
) -> None:
    bench = await begin(fresh_cloud(scene=False))
    usual = await plan_launch(bench.ctx, bench.request(name))
    assert usual.key is not None and usual.key.private_key is not None and not usual.warnings
    usual.key.private_key.chmod(0o644)
    plan = await plan_launch(bench.ctx, bench.request(name))
    assert any("chmod 600" in warning for warning in plan.warnings)
    await launch(bench.ctx, bench.request(name))
    assert "the login was not tried" in bench.words("ready") and "chmod 600" in bench.words("ready")


async def test_the_price_at_launch_is_kept(bench: Bench, name: str) -> None:
    bench.ctx.pace = Pace(prices=20)
    planned = await plan_launch(bench.ctx, bench.request(name))
    instance = await launch(bench.ctx, bench.request(name), wait=False)
    (run,) = bench.ctx.store.instance_usage.get(bench.ctx.session.location)[instance.id]
    assert planned.cost is not None and run.price_per_hour == planned.cost.instance_per_hour is not None
    assert run.started_at == (await bench.one(instance.id)).launched_at


async def test_no_capacity_anywhere_is_one_clear_error(bench: Bench, name: str) -> None:
    bench.fault("no-capacity")
    with pytest.raises(CapacityError) as caught:
        await launch(bench.ctx, bench.request(name))
    assert "us-east-2a, us-east-2b or us-east-2c" in caught.value.summary and caught.value.remedy
    assert caught.value.code == "InsufficientInstanceCapacity"
    assert [it.result for it in bench.activity("launch")] == ["failed"]
    assert await bench.named(name) == []


@pytest.mark.parametrize(("code", "kind"), [("VcpuLimitExceeded", QuotaError), ("UnauthorizedOperation", DeniedError)])
async def test_other_refusals_stop_at_the_first_zone(bench: Bench, name: str, code: str, kind: type[Fe2Error]) -> None:
    bench.fault("refuse", action="RunInstances", code=code, message="no", status=400)
    bench.forget_calls()
    with pytest.raises(kind):
        await launch(bench.ctx, bench.request(name))
    assert len(bench.calls("RunInstances")) == 1
    assert await bench.named(name) == []


@pytest.mark.parametrize("kind", ["broken", "malformed"])
@pytest.mark.parametrize("times", [1, 20])
async def test_a_broken_answer_never_launches_two_instances(bench: Bench, name: str, kind: str, times: int) -> None:
    bench.fault(kind, action="RunInstances", times=times)
    instance = await launch(bench.ctx, bench.request(name))
    assert [it.id for it in await bench.named(name)] == [instance.id]


async def test_an_unanswered_launch_is_reported_as_failed_once_that_is_sure(
    cloud: Cloud, begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(cloud, read_timeout=0.3)  # type: ignore[misc]
    await plan_launch(bench.ctx, bench.request(name))
    bench.fault("silent", action="RunInstances")
    try:
        with pytest.raises(UnreachableError, match="Nothing was launched"):
            await launch(bench.ctx, bench.request(name))
    finally:
        cloud.control("/demo/faults", method="DELETE")
    assert await bench.named(name) == []
    assert bench.ctx.store.launches.claim_open(await known_account(bench.ctx)) == []


async def test_an_unknown_result_is_reported_and_stays_open(
    cloud: Cloud, begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(cloud, read_timeout=0.3)  # type: ignore[misc]
    known = LaunchLookups(bench.ctx)
    await plan_launch(bench.ctx, bench.request(name), known)
    bench.ctx.report = lambda it: bench.fault("silent", service="ec2") if it.step == "security group" else None
    try:
        with pytest.raises(UnreachableError, match="We don't know whether"):
            await launch(bench.ctx, bench.request(name), shared_lookups=known)
    finally:
        cloud.control("/demo/faults", method="DELETE")
    (intent,) = bench.ctx.store.launches.claim_open(await known_account(bench.ctx))
    assert intent.request.name == name and intent.stage == "intended"


@pytest.mark.parametrize("kind", ["deny", "expired"])
async def test_a_lost_reply_that_may_not_be_looked_up_is_neither_failed_nor_done(
    bench: Bench, name: str, kind: str
) -> None:
    bench.fault("broken", action="RunInstances")

    def report(step: Progress) -> None:
        if step.step == "requested" and "Checking whether" in step.words:
            bench.fault(kind, action="DescribeInstances")

    bench.ctx.report = report
    with pytest.raises(UnknownResultError, match=r"We don't know whether .* It could not be looked up") as caught:
        await launch(bench.ctx, bench.request(name))
    assert "The next start of this program checks that" in caught.value.remedy
    assert [it.result for it in bench.activity("launch")] == ["unknown"]
    bench.cloud.control("/demo/faults", method="DELETE")
    (outcome,) = await recover_launches(bench.ctx)
    assert [outcome.subject] == [it.id for it in await bench.named(name)]
    assert [it.result for it in bench.activity("launch")] == ["done"]


@pytest.mark.parametrize("kind", ["throttle", "deny", "expired"])
async def test_a_refusal_after_a_lost_reply_is_not_the_answer_to_the_launch(
    cloud: Cloud, begin: Callable[..., object], name: str, kind: str
) -> None:
    bench: Bench = await begin(cloud, first_retry_wait=0.01)  # type: ignore[misc]
    bench.fault("broken", action="RunInstances", times=1)
    bench.fault(kind, action="RunInstances")
    try:
        instance = await launch(bench.ctx, bench.request(name), wait=False)
    finally:
        cloud.control("/demo/faults", method="DELETE")
    assert [it.id for it in await bench.named(name)] == [instance.id]


async def test_where_nothing_answers_nothing_is_looked_for(
    cloud: Cloud, begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(cloud)  # type: ignore[misc]
    plan = await plan_launch(bench.ctx, bench.request(name))
    bench.ctx.session = Session(replace(bench.ctx.session.choice, endpoint_url="http://127.0.0.1:9"))
    with pytest.raises(UnreachableError, match="nothing answers there") as caught:
        await launch(bench.ctx, bench.request(name), plan=plan)
    await bench.ctx.session.close()
    assert "Nothing was launched" in caught.value.remedy and "Checking" not in bench.words("requested")


async def test_a_launch_cancelled_during_the_call_says_what_it_leaves(bench: Bench, name: str) -> None:
    hold = Hold(bench.cloud, "RunInstances", times=1)
    launching = asyncio.create_task(launch(bench.ctx, bench.request(name)))
    await hold.until_held()
    launching.cancel()
    hold.release()
    with pytest.raises(asyncio.CancelledError):
        await launching
    (instance,) = await bench.named(name)
    (entry,) = bench.activity("launch")
    assert (entry.result, entry.subject) == ("cancelled", instance.id) and instance.id in entry.words
    assert instance.id in bench.words("cancelled")


async def test_a_launch_cancelled_while_it_boots_says_what_it_leaves(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(fresh_cloud(scene=False, boot_seconds=60))  # type: ignore[misc]
    launching = asyncio.create_task(launch(bench.ctx, bench.request(name)))
    while not (await bench.named(name)):
        await asyncio.sleep(0.02)
    launching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await launching
    (entry,) = bench.activity("launch")
    assert entry.result == "cancelled" and entry.subject and entry.subject in entry.words


async def test_an_instance_that_ec2_does_not_show_at_first_is_waited_for(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(fresh_cloud(scene=False, unseen_seconds=1))  # type: ignore[misc]
    assert (await launch(bench.ctx, bench.request(name))).state is State.RUNNING


async def test_an_instance_that_never_answers_is_reported_as_left_behind(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    pace = Pace(poll=0.1, ready=1.0)
    bench: Bench = await begin(fresh_cloud(scene=False, ssh_seconds=600), pace)  # type: ignore[misc]
    with pytest.raises(Fe2Error) as caught:
        await launch(bench.ctx, bench.request(name))
    (instance,) = await bench.named(name)
    assert instance.id in caught.value.remedy and "costs money" in caught.value.remedy


async def test_nothing_is_launched_if_the_intent_cannot_be_saved(bench: Bench, name: str) -> None:
    bench.ctx.store = Store(None)
    bench.forget_calls()
    with pytest.raises(StoreError):
        await launch(bench.ctx, bench.request(name))
    assert bench.calls("RunInstances") == []


async def test_a_store_that_fills_up_after_the_intent_does_not_hide_the_instance(
    bench: Bench, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreError("The store failed: database or disk is full.")

    journal = bench.ctx.store.launches
    with monkeypatch.context() as until_then:
        until_then.setattr(journal, "update", full)
        instance = await launch(bench.ctx, bench.request(name), wait=False)
    assert [it.id for it in await bench.named(name)] == [instance.id]
    assert "Not recorded: The store failed: database or disk is full." in bench.words("log")
    (outcome,) = await recover_launches(bench.ctx)
    assert outcome.subject == instance.id


async def test_read_only_launches_nothing(cloud: Cloud, begin: Callable[..., object], name: str) -> None:
    bench: Bench = await begin(cloud, read_only=True)  # type: ignore[misc]
    with pytest.raises(ReadOnlyError):
        await launch(bench.ctx, bench.request(name))
    assert await bench.named(name) == []


async def test_the_login_user_of_an_own_image_is_that_of_its_parent(bench: Bench, name: str) -> None:
    found = await plan_launch(bench.ctx, bench.request(name, image="amazon"))
    assert found.user == "ec2-user"
    assert (await plan_launch(bench.ctx, bench.request(name, tags={"fe2:user": "me"}))).user == "me"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"disk": 0}, "disk"), ({"disk": 0, "iops": 9000}, "disk"), ({"iops": 999_999}, "iops"), ({"iops": 1}, "iops")],
)
async def test_a_wrong_field_is_reported_once(bench: Bench, name: str, wrong: dict[str, int], field: str) -> None:
    assert [it.field for it in (await plan_launch(bench.ctx, bench.request(name, **wrong))).errors] == [field]


async def test_a_session_that_may_only_read_refuses_a_launch_before_anything_is_looked_up(
    cloud: Cloud, begin: Callable[..., Awaitable[Bench]], name: str
) -> None:
    bench = await begin(cloud, read_only=True)
    bench.forget_calls()
    with pytest.raises(ReadOnlyError):
        await launch(bench.ctx, bench.request(name))
    assert (bench.steps, bench.cloud.control("/demo/calls", method="GET")) == ([], [])
