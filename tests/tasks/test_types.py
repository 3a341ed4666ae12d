"""Types found for a single command: what AWS is asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fe2tui.demo import Cloud
from fe2tui.model.fleet import Problem
from fe2tui.tasks.type_catalogue import TypeCatalogueCache
from fe2tui.tasks.types import find_types
from tests.tasks.conftest import Begin

HISTORY = "DescribeSpotPriceHistory"


@pytest.mark.parametrize(("text", "is_of_all"), [("spot<0.02", True), ("family:m5", False)])
async def test_spot_prices_of_many_types_are_read_as_those_of_the_region(
    fresh_cloud: Callable[..., Cloud], begin: Begin, text: str, is_of_all: bool
) -> None:
    bench = await begin(fresh_cloud(scene=False))
    catalogues = TypeCatalogueCache()
    problems: list[Problem] = []
    found, at = await find_types(bench.ctx, text, catalogues, problems)
    catalogues.close()
    assert found and not problems
    assert all(at.lowest_spot_price(one) for one in found if one.spot)
    sent = bench.calls(HISTORY)
    assert 0 < len(sent) <= 6
    assert all(("InstanceType" not in call["params"]) is is_of_all for call in sent)
