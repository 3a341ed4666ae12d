"""Keeps Python's cyclic collector from holding the screen up.

A full collection looks at every object: with 100,000 instances that is a third of a second in which no key is answered.
Instances make no cycles and go by their counts; so those that stay are put out of the collector's sight, and what is
left of it (the screen's own objects) is looked through now and then.
"""

from __future__ import annotations

import gc

YOUNG = 2_500  # new objects between two looks at the youngest ones: a few milliseconds each, for drawing leaves many
NEVER = 1_000_000
MANY = 500  # instances


def pause() -> None:
    """Collect nothing until the first read is on the screen. For a process that is the dashboard and nothing else."""
    gc.disable()


def calm() -> None:
    """After ``pause``: look at young objects only, and no more at those there are. Else without effect."""
    if gc.isenabled():
        return
    gc.enable()
    gc.set_threshold(YOUNG, NEVER, NEVER)
    gc.freeze()


def keep(new: int) -> None:
    """So much that is new of so many instances is here to stay: out of sight with it if they are many."""
    if new >= MANY and gc.get_threshold()[1] == NEVER:
        gc.freeze()


def tidy() -> None:
    """Look through all that is in sight. Every few minutes."""
    if gc.get_threshold()[1] == NEVER:
        gc.collect()
