"""The option that renews the pictures."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew", action="store_true", help="write the pictures in tests/pictures/svg instead of comparing"
    )
