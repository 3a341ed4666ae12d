"""The language of the filter, and what instances are sorted by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fe2tui.model.documents import instance_document
from fe2tui.model.filters import FilterError, filter_and_sort, natural_sort_key
from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_filter import INSTANCE_LANGUAGE, INSTANCE_SORTS, InstanceScope
from fe2tui.model.instance_filter import INSTANCE_LANGUAGE as LANGUAGE
from fe2tui.model.location import Location, is_local_zone
from fe2tui.model.money.rates import instance_per_hour, volume_per_month
from fe2tui.model.money.unknown import no_price_reason
from fe2tui.model.volume import Volume

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_an_instance_with_only_an_ipv6_address_is_found_by_it_and_shows_it() -> None:
    only = Instance("i-0a", State.RUNNING, "t3.micro", "us-east-2a", private_ip="10.0.0.9", ipv6="2001:db8::9")
    fleet = Fleet(Location("default", "us-east-2"), NOW, {only.id: only})
    for text in ("address:2001:db8", '"db8::9"'):
        assert LANGUAGE.parse(text).matches(only, InstanceScope(fleet, NOW))
    assert only.address == "2001:db8::9" and repr(only).endswith(": 2001:db8::9")
    assert instance_document(only, fleet)["ipv6"] == "2001:db8::9"


def test_the_prices_of_the_region_are_not_those_of_its_local_zones() -> None:
    prices = Prices(on_demand={"t3.micro": Decimal("0.0104")}, storage={"gp3": Decimal("0.08")})
    usual, local = (Instance("i-0a", State.RUNNING, "t3.micro", zone) for zone in ("us-east-2a", "us-east-2-chi-1a"))
    assert instance_per_hour(usual, prices) == Decimal("0.0104") and instance_per_hour(local, prices) is None
    assert local.zone_letter == "chi-1a"
    disks = [Volume("vol-0a", 8, "gp3", zone, "in-use") for zone in (usual.zone, local.zone)]
    assert [volume_per_month(disk, prices) for disk in disks] == [Decimal("0.64"), None]
    fleet = Fleet(Location("default", "us-east-2"), NOW, {local.id: local}, prices=prices)
    assert "no price of t3.micro in us-east-2-chi-1a" in no_price_reason(local, fleet)
    own = replace(fleet.prices, local_zones={"us-east-2-chi-1": Prices(on_demand={"t3.micro": Decimal("0.02")})})
    assert instance_per_hour(local, own) == Decimal("0.02") != instance_per_hour(usual, own)
    assert not is_local_zone("us-gov-west-1a") and is_local_zone("us-east-1-wl1-bos-wlz-1")


def _instance(name: str, type_: str, state: State, days: float, **more: object) -> Instance:
    return Instance(
        id=f"i-{abs(hash(name)) % 16**8:08x}",
        state=state,
        type=type_,
        zone=str(more.pop("zone", "us-east-2a")),
        launched_at=NOW - timedelta(days=days),
        tags={"Name": name, **more.pop("tags", {})},  # type: ignore[dict-item]
        **more,  # type: ignore[arg-type]
    )


INSTANCES = [
    _instance("base", "m5.xlarge", State.RUNNING, 3, public_ip="18.216.25.57", key_name="default"),
    _instance("train-resnet", "p3.8xlarge", State.RUNNING, 0.2, lifecycle="spot", zone="us-east-2b"),
    _instance("old batch", "p3dn.24xlarge", State.STOPPED, 40, tags={"env": "prod", "Team": "data science"}),
    _instance("inst10", "t3.micro", State.PENDING, 0.0, image_id="ami-0aa", tags={"env": "dev"}),
    _instance("spot-the-dog", "t3.micro", State.TERMINATED, 9, tags={"env": "prod"}),
]
FLEET = Fleet(
    Location("default", "us-east-2"),
    NOW,
    {i.id: i for i in INSTANCES},
    prices=Prices(on_demand={"m5.xlarge": Decimal("0.192"), "t3.micro": Decimal("0.0104")}),
    image_names={"ami-0aa": "Ubuntu base"},
)


def shown(text: str) -> list[str]:
    query = INSTANCE_LANGUAGE.parse(text)
    return [i.name for i in INSTANCES if query.matches(i, InstanceScope(FLEET, NOW))]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", [i.name for i in INSTANCES]),
        ("train", ["train-resnet"]),
        ("TRAIN", ["train-resnet"]),
        ("18.216", ["base"]),
        ("ubuntu", []),
        ("base", ["base"]),
        ("state:running", ["base", "train-resnet"]),
        ("state:run", ["base", "train-resnet"]),
        ("state:running,stopped", ["base", "train-resnet", "old batch"]),
        ("state:moving", ["inst10"]),
        ("state:gone", ["spot-the-dog"]),
        ("type:p3", ["train-resnet", "old batch"]),
        ("type:p3.", ["train-resnet"]),
        ("zone:2b", ["train-resnet"]),
        ("key:default", ["base"]),
        ("image:ubuntu", ["inst10"]),
        ("image:ami-0aa", ["inst10"]),
        ("tag:env=prod", ["old batch", "spot-the-dog"]),
        ("tag:ENV=Prod state:stopped", ["old batch"]),
        ('tag:team="data science"', ["old batch"]),
        ("tag:env", ["old batch", "inst10", "spot-the-dog"]),
        ("tag:env=pro", []),
        ("age>7d", ["old batch", "spot-the-dog"]),
        ("age<6h", ["train-resnet", "inst10"]),
        ("age>1w -state:gone", ["old batch"]),
        ("spot", ["train-resnet"]),
        ('"spot"', ["spot-the-dog"]),
        ('"a>b"', []),
        ("name:spot", ["spot-the-dog"]),
        ("-spot -tag:env", ["base"]),
        ('"old batch"', ["old batch"]),
        ('-"old batch" type:p3', ["train-resnet"]),
        ("cost>0.1", ["base"]),
        ("month>73", ["base"]),
        ("cost<=0.02", ["old batch", "inst10", "spot-the-dog"]),
    ],
)
def test_a_filter_shows_what_fits_all_its_terms(text: str, names: list[str]) -> None:
    assert shown(text) == names


@pytest.mark.parametrize("text", ["state:", "tag:", "age>", "-", '"', "type: ", "state:,"])
def test_a_term_that_is_not_finished_hides_nothing(text: str) -> None:
    assert len(shown(text)) == len(INSTANCES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stat:running", "Did you mean state:?"),
        ("colour:red", "quotes make it a plain word"),
        ("agee>7d", "Did you mean age>?"),
        ("price>=1", "quotes make it a plain word"),
        ("state:runing", "There are pending"),
        ("age>soon", "an age such as 7d"),
        ("cost>much", "dollars an hour such as 0.5"),
    ],
)
def test_a_term_that_makes_no_sense_says_what_would(text: str, said: str) -> None:
    with pytest.raises(FilterError) as caught:
        INSTANCE_LANGUAGE.parse(f"base {text}")
    assert said in str(caught.value)
    assert caught.value.term == text


@given(st.text(max_size=40))
def test_any_text_is_a_filter_or_a_query_error(text: str) -> None:
    try:
        query = INSTANCE_LANGUAGE.parse(text)
    except FilterError:
        return
    for instance in INSTANCES:
        assert query.matches(instance, InstanceScope(FLEET, NOW)) in (True, False)


@given(st.lists(st.sampled_from(["train", "state:running", "type:p3", "tag:env=prod", "age>7d", "spot"]), max_size=4))
def test_more_terms_never_show_more(terms: list[str]) -> None:
    assert set(shown(" ".join(terms))) <= set(shown(" ".join(terms[:-1])))


@pytest.mark.parametrize("text", ["state:", "cost>", "web cost<", "-tag:"])
def test_a_term_without_a_value_is_wrong_once_typing_has_ended(text: str) -> None:
    LANGUAGE.parse(text)
    with pytest.raises(FilterError, match="has no value"):
        LANGUAGE.parse_complete(text)


def test_finished_filters_are_the_same_whether_anybody_types() -> None:
    for text in ("", "web", '"two words" -x', "state:running cost>1"):
        assert LANGUAGE.parse_complete(text).text == LANGUAGE.parse(text).text


def test_names_sort_by_the_numbers_in_them() -> None:
    assert sorted(["inst10", "inst2", "Inst1"], key=natural_sort_key) == ["Inst1", "inst2", "inst10"]


@pytest.mark.parametrize("name", list(INSTANCE_SORTS))
def test_every_sort_orders_every_instance(name: str) -> None:
    around, everything = InstanceScope(FLEET, NOW), INSTANCE_LANGUAGE.parse("")
    assert len(filter_and_sort(INSTANCES, around, everything, INSTANCE_SORTS[name], False, lambda i: i.id)) == len(
        INSTANCES
    )


@pytest.mark.parametrize("descending", [False, True])
def test_what_is_not_known_comes_last_whichever_way_it_is_sorted(descending: bool) -> None:
    by_cost = filter_and_sort(
        INSTANCES,
        InstanceScope(FLEET, NOW),
        INSTANCE_LANGUAGE.parse(""),
        INSTANCE_SORTS["hour"],
        descending,
        lambda i: i.id,
    )
    assert by_cost[-1].name == "train-resnet"
    assert by_cost[0 if descending else -2].name == "base"


def test_those_that_run_are_up_longer_than_those_that_do_not() -> None:
    up: Any = INSTANCE_SORTS["up"].key
    by_time = sorted(INSTANCES, key=lambda i: up(i, InstanceScope(FLEET, NOW)), reverse=True)
    assert [i.name for i in by_time][:3] == ["base", "train-resnet", "inst10"]
