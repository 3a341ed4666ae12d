"""Protection and shutdown behavior, set and asked for; EC2's rules about them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fe2tui.aws.instances import instance_attributes
from fe2tui.demo import Cloud
from fe2tui.errors import ProtectedError, StateError, UsageError
from fe2tui.model.instance import InstanceAttributes, State
from fe2tui.tasks.names import find_instance
from fe2tui.tasks.power import stop
from fe2tui.tasks.protection import change_attributes, protect, set_shutdown_behavior
from fe2tui.tasks.terminate import terminate
from tests.tasks.conftest import Begin


async def test_what_is_protected_is_refused_with_the_command_that_turns_it_off(
    fresh_cloud: Callable[..., Cloud], begin: Begin
) -> None:
    bench = await begin(fresh_cloud())
    base, spot = await find_instance(bench.ctx, "base"), await find_instance(bench.ctx, "spot1")
    done, refused = await protect(bench.ctx, [base.id, spot.id], True)
    assert done.words == "termination protection is on" and bench.activity("protect")
    assert isinstance(refused.error, StateError) and "spot1 is a spot instance" in refused.error.summary
    assert len(bench.calls("ModifyInstanceAttribute")) == 1
    [outcome] = await terminate(bench.ctx, [base.id])
    assert isinstance(outcome.error, ProtectedError) and "`fe2 protect base off`" in outcome.error.remedy

    before = await instance_attributes(bench.ctx.session, base.id)
    wanted = InstanceAttributes(False, True, "terminate")
    done_all = await change_attributes(bench.ctx, base, before, wanted)
    assert [one.words for one in done_all][:2] == ["termination protection is off", "stop protection is on"]
    assert await instance_attributes(bench.ctx.session, base.id) == wanted
    for act in (terminate, stop):
        [outcome] = await act(bench.ctx, [base.id])
        assert isinstance(outcome.error, ProtectedError) and "off --stop`" in outcome.error.remedy
    assert (await bench.one(base.id)).state is State.RUNNING

    with pytest.raises(UsageError, match="no shutdown behavior"):
        await set_shutdown_behavior(bench.ctx, [base.id], "hibernate")
    [outcome] = await protect(bench.ctx, [base.id], False, stop=True)
    assert outcome.is_done and (await terminate(bench.ctx, [base.id]))[0].is_done
    [outcome] = await set_shutdown_behavior(bench.ctx, [base.id], "stop")
    assert outcome.error is not None and "cannot be changed" in outcome.error.summary
