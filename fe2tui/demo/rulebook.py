"""All rules together: importing this module fills the table of actions."""

from __future__ import annotations

import importlib
import pkgutil

from fe2tui.demo import rules, services
from fe2tui.demo.dispatch import ACTIONS

__all__ = ["ACTIONS"]

for _room in (rules, services):
    for _module in pkgutil.iter_modules(_room.__path__, f"{_room.__name__}."):
        importlib.import_module(_module.name)
