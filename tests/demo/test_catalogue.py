"""The catalogue of the demo: every instance type of EC2, with its size and its price."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session

from fe2tui.demo import catalogue


@pytest.fixture(scope="module")
def known() -> catalogue.Catalogue:
    return catalogue.read()


def test_it_has_every_instance_type_of_botocore(known: catalogue.Catalogue) -> None:
    shape: Any = get_session().get_service_model("ec2").shape_for("InstanceType")
    assert set(shape.enum) - set(known.types) == set()


def test_every_type_has_a_price_a_size_and_a_network(known: catalogue.Catalogue) -> None:
    for one in known.types.values():
        assert one.price > 0, one.name
        assert one.vcpus >= one.cores > 0 and one.vcpus % one.cores == 0, one.name
        assert one.memory >= 512 and one.network and one.architectures and one.boot_modes, one.name


def test_every_type_on_offer_is_described_and_in_a_zone_of_its_region(known: catalogue.Catalogue) -> None:
    for region in known.regions():
        zones = set(known.zones(region))
        for name, offered in known.offerings(region).items():
            assert name in known.types
            assert offered and set(offered) <= zones


@pytest.mark.parametrize(
    ("name", "vcpus", "gib", "devices"),
    [
        ("m8g.large", 2, 8, []),
        ("c8i.4xlarge", 16, 32, []),
        ("r8a.48xlarge", 192, 1536, []),
        ("g6.12xlarge", 48, 192, [(4, "L4")]),
        ("g6e.48xlarge", 192, 1536, [(8, "L40S")]),
        ("g6f.large", 2, 8, [(0.125, "L4")]),
        ("p5.48xlarge", 192, 2048, [(8, "H100")]),
        ("p6-b200.48xlarge", 192, 2048, [(8, "B200")]),
        ("trn2.48xlarge", 192, 2048, [(16, "Trainium2")]),
        ("hpc7a.96xlarge", 192, 768, []),
        ("p3.8xlarge", 32, 244, [(4, "V100")]),
        ("u7i-12tb.224xlarge", 896, 12288, []),
    ],
)
def test_sizes_are_those_of_aws(
    known: catalogue.Catalogue, name: str, vcpus: int, gib: int, devices: list[tuple[float, str]]
) -> None:
    one = known.types[name]
    assert (one.vcpus, one.memory) == (vcpus, gib * 1024)
    assert [(device.count, device.name) for device in one.accelerators] == devices


def test_larger_sizes_of_a_family_cost_more(known: catalogue.Catalogue) -> None:
    for family in ("m8g", "c8i", "r8a", "r9g", "t8i", "x8aedz", "trn2"):
        sizes = [one for one in known.types.values() if one.name.startswith(f"{family}.") and "metal" not in one.traits]
        by_memory = sorted(sizes, key=lambda one: one.memory)
        assert len(by_memory) > 1
        assert [one.price for one in by_memory] == sorted(one.price for one in by_memory)


def test_the_data_name_their_source_and_what_is_derived() -> None:
    folder = Path(catalogue.__file__).parent
    heads = [line for line in (folder / "types.tsv").read_text().splitlines() if line.startswith("#")]
    assert any(re.search(r"Price List of us-east-1, 2026-\d\d-\d\d", line) for line in heads)
    basis = {line.split("\t")[0]: line.split("\t")[-1] for line in (folder / "types.tsv").read_text().splitlines()}
    assert (basis["r9g.large"], basis["p3.8xlarge"], basis["m5.large"]) == ("price", "documentation", "")
