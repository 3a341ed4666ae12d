"""What the dashboard's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fe2tui.demo import Cloud, Options


@pytest.fixture(scope="module")
def cloud(forked_cloud: type[Cloud]) -> Iterator[Cloud]:
    """The lived-in cloud of one module: what a screen shows must not depend on what other rooms' tests left there."""
    with forked_cloud(Options.instant()) as shared:
        yield shared


@pytest.fixture
def own_env(fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]) -> Path:
    """A lived-in cloud of this test's own, with nothing that other tests left there or that time took away."""
    return enter_cloud(fresh_cloud())
