"""Keeps Python's cyclic collector from holding the screen up.

A full collection looks at every object: with 20,000 instances that takes 65 ms, in which no key is answered.
Instances form no cycles, so reference counts free them. Those that stay are frozen: the collector leaves them out, and
now and then looks at the rest, which are the screen's own objects.
"""

from __future__ import annotations

import gc

YOUNG_THRESHOLD = 2_500  # new objects between two collections: drawing makes many; each takes few milliseconds
NEVER = 1_000_000
MANY_OBJECTS = 500  # instances


def disable() -> None:
    """Collect nothing until the first read is on the screen. For a process that is the dashboard and nothing else."""
    gc.disable()


def young_only() -> None:
    """Collect young objects only, and freeze those there are. Does nothing unless ``disable`` was called before."""
    if gc.isenabled():
        return
    gc.enable()
    gc.set_threshold(YOUNG_THRESHOLD, NEVER, NEVER)
    gc.freeze()


def freeze(new_objects: int) -> None:
    """Freeze what there is if so many new instances are many. Does nothing unless ``young_only`` was called before."""
    if new_objects >= MANY_OBJECTS and gc.get_threshold()[1] == NEVER:
        gc.freeze()


def collect() -> None:
    """Collect all that is not frozen. Meant to be called every few minutes."""
    if gc.get_threshold()[1] == NEVER:
        gc.collect()
