"""What the dashboard's tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fe2tui.demo import Cloud


@pytest.fixture
def own_env(fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]) -> Path:
    """A lived-in cloud of this test's own, with nothing that other tests left there or that time took away."""
    return enter_cloud(fresh_cloud())
