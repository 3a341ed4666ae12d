"""Which instance a name means, and that nothing is ever guessed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fe2tui.errors import AmbiguousError, NotFoundError, UsageError
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.location import Location
from fe2tui.model.money.rates import hourly_cost
from fe2tui.tasks.names import find_instance, resolve_instance, resolve_instances
from fe2tui.tasks.read_fleet import read_instances, read_named_fleet, read_named_instances
from tests.tasks.tasks_bench import Bench


def _one(number: int, name: str = "", state: State = State.RUNNING) -> Instance:
    return Instance(f"i-{number:08x}", state, "t3.micro", "us-east-2a", tags={"Name": name} if name else {})


FLEET = [_one(1, "base"), _one(2, "twin"), _one(3, "twin", State.STOPPED), _one(4), _one(5, "i-00000001")]


@pytest.mark.parametrize(("name", "number"), [("base", 1), ("i-00000001", 1), ("i-00000004", 4), ("i-00000005", 5)])
def test_an_id_or_a_name_finds_its_instance(name: str, number: int) -> None:
    assert resolve_instance(FLEET, name) == _one(number) or resolve_instance(FLEET, name).id == f"i-{number:08x}"


def test_instances_may_be_a_fleet_or_a_list() -> None:
    fleet = Fleet(Location("p", "r"), datetime.now(UTC), {it.id: it for it in FLEET})
    assert resolve_instance(fleet, "base") is FLEET[0]
    assert resolve_instances(fleet, ["base", "i-00000001", "i-00000004"]) == [FLEET[0], FLEET[3]]


def test_a_shared_name_is_an_error_with_both_ids() -> None:
    with pytest.raises(AmbiguousError) as caught:
        resolve_instance(FLEET, "twin")
    assert caught.value.candidates == (
        ("i-00000002", "running t3.micro us-east-2a"),
        ("i-00000003", "stopped t3.micro us-east-2a"),
    )


def test_a_living_instance_comes_before_a_terminated_one_of_the_same_name() -> None:
    gone = [_one(8, "base", State.TERMINATED), _one(9, "base", State.SHUTTING_DOWN)]
    assert resolve_instance([*gone, *FLEET], "base").id == "i-00000001"
    assert resolve_instance(gone[:1], "base").state is State.TERMINATED


@pytest.mark.parametrize(
    ("name", "remedy"), [("bsae", "Did you mean base?"), ("zzz", "There are base, i-00000001 and twin.")]
)
def test_an_unknown_name_is_an_error_with_the_nearest_names(name: str, remedy: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        resolve_instance(FLEET, name)
    assert (caught.value.remedy, caught.value.exit_code) == (remedy, 3)


@pytest.mark.parametrize("name", ["", " ", "\t\n"])
def test_an_empty_name_is_an_error_and_never_all(name: str) -> None:
    for act in (
        lambda: resolve_instance(FLEET, name),
        lambda: resolve_instances(FLEET, [name]),
        lambda: resolve_instances(FLEET, []),
    ):
        with pytest.raises(UsageError):
            act()


@given(some.text(), some.lists(some.text(max_size=3), max_size=6))
def test_the_found_instance_always_has_the_given_name(name: str, names: list[str]) -> None:
    fleet = [_one(number, each) for number, each in enumerate(names)]
    try:
        found = resolve_instance(fleet, name)
    except (UsageError, NotFoundError):
        assert names.count(name) != 1 or not name.strip()
    else:
        assert name in (found.name, found.id)


async def test_a_name_with_wildcards_of_aws_means_only_itself(bench: Bench) -> None:
    for name in ("*", "bas?", "b*"):
        with pytest.raises(NotFoundError):
            await find_instance(bench.ctx, name)
    assert (await find_instance(bench.ctx, "[prod] web")).name == "[prod] web"


async def test_find_instance_reads_only_that_name(bench: Bench) -> None:
    bench.forget_calls()
    assert (await find_instance(bench.ctx, "base")).name == "base"
    assert len(bench.calls("DescribeInstances")) == 1


async def test_in_a_large_region_a_command_asks_only_for_the_instances_that_it_names(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await read_instances(bench.ctx)
    monkeypatch.setattr("fe2tui.tasks.read_fleet.PAGE_SIZE", 3)
    vault = await find_instance(bench.ctx, "vault")
    bench.forget_calls()
    fleet = await read_named_instances(bench.ctx, ["worker", vault.id])
    assert sorted(one.label for one in fleet.instances.values()) == ["vault", "worker", "worker"]
    with pytest.raises(AmbiguousError):
        resolve_instance(fleet, "worker")
    assert all(call["params"]["Filter"] for call in bench.calls("DescribeInstances"))
    costs = await read_named_fleet(bench.ctx, ["base"])
    (base,) = costs.instances.values()
    assert hourly_cost(base, costs).total is not None and len(bench.calls("DescribeVolumes")) == 1
    assert len((await read_named_instances(bench.ctx, ["base", "no such"])).instances) > 10, "for the nearest names"
