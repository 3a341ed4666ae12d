"""A store to keep things in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fe2tui.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    kept = Store(path)
    yield kept
    kept.close()
