"""A released address cannot be had again: what AWS did with a call is never guessed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fe2tui.aws import network
from fe2tui.demo import Cloud
from fe2tui.errors import NotFoundError, StateError, UnknownResultError
from fe2tui.tasks.release import find_addresses, release
from tests.tasks.conftest import Begin


async def test_only_an_unused_address_is_released_and_a_lost_answer_is_looked_up(
    fresh_cloud: Callable[..., Cloud], begin: Begin
) -> None:
    bench = await begin(fresh_cloud())
    (idle,) = await find_addresses(bench.ctx, ["127.0.0.1", "was for web"])
    used = network.ElasticIp(idle.id, idle.address, "i-0123456789abcdef0")
    bench.forget_calls()
    outcomes = await release(bench.ctx, [idle.id, "eipalloc-0"], known={idle.id: used})
    assert [type(one.error) for one in outcomes] == [StateError, NotFoundError]
    assert bench.calls("ReleaseAddress") == []
    with pytest.raises(NotFoundError, match=r"There is no Elastic IP 203\.0\.113\.9 in us-east-2"):
        await find_addresses(bench.ctx, ["203.0.113.9"])
    bench.fault("broken", action="*Address*")
    (outcome,) = await release(bench.ctx, [idle.id], known={idle.id: idle})
    assert isinstance(outcome.error, UnknownResultError)
    assert "We don't know whether was for web is released" in outcome.error.summary
    bench.cloud.control("/demo/faults", method="DELETE")
    bench.fault("broken", action="ReleaseAddress")
    (outcome,) = await release(bench.ctx, [idle.id], known={idle.id: idle})
    assert (outcome.error, outcome.words) == (None, "released")
    assert await network.elastic_ips(bench.ctx.session) == []
    assert [one.result for one in bench.activity("release")] == ["done", "unknown", "failed"]
