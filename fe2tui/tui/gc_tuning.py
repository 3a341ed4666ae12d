"""Keeps Python's cyclic collector from holding the screen up.

A full collection looks at every object: with 100,000 instances that is a third of a second in which no key is answered.
Instances make no cycles and go by their counts; so those that stay are put out of the collector's sight, and what is
left of it (the screen's own objects) is looked through now and then.
"""

from __future__ import annotations

import gc

YOUNG_THRESHOLD = (
    2_500  # new objects between two looks at the youngest ones: a few milliseconds each, for drawing leaves many
)
NEVER = 1_000_000
MANY_OBJECTS = 500  # instances


def disable() -> None:
    """Collect nothing until the first read is on the screen. For a process that is the dashboard and nothing else."""
    gc.disable()


def young_only() -> None:
    """After ``pause``: look at young objects only, and no more at those there are. Else without effect."""
    if gc.isenabled():
        return
    gc.enable()
    gc.set_threshold(YOUNG_THRESHOLD, NEVER, NEVER)
    gc.freeze()


def freeze(new_objects: int) -> None:
    """So much that is new of so many instances is here to stay: out of sight with it if they are many."""
    if new_objects >= MANY_OBJECTS and gc.get_threshold()[1] == NEVER:
        gc.freeze()


def collect() -> None:
    """Look through all that is in sight. Every few minutes."""
    if gc.get_threshold()[1] == NEVER:
        gc.collect()
