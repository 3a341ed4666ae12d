"""Reads large lists whole: page after page, parsed in a thread, then sorted."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from fe2tui.aws.session import Session
from fe2tui.aws.worker_thread import in_worker_thread
from fe2tui.aws.xml_reader import Item, XmlReader
from fe2tui.model.instance import Instance
from fe2tui.model.location import is_local_zone

PAGE_SIZE = 1000  # the most that DescribeInstances and DescribeVolumes return
_MAX_FILTER_VALUES = 200  # the most values that EC2 takes in one filter
_THREAD_BYTES = 100_000  # larger pages would block the event loop
_THREAD_INSTANCES = 2_000  # more instances would take too long to sort on the event loop
_MIN_OBJECTS_TO_FREEZE = 200  # new objects of a page that are worth excluding from garbage collection


async def read_all(
    session: Session, operation: str, reader: XmlReader[Item], *, keeps_objects: bool = False, **params: Any
) -> list[Item]:
    """Everything that a paginated EC2 read returns. Each page is parsed in a thread while the next one is read.

    ``keeps_objects``: the caller keeps the objects for as long as the program runs, so they are excluded from garbage
    collection. With 20,000 instances a collection takes 65 ms, in which the screen freezes.
    """
    found: list[Item] = []
    parsing: asyncio.Task[list[Item]] | None = None
    token: str | None = None
    try:
        while True:
            body = await session.body("ec2", operation, **params, **({"NextToken": token} if token else {}))
            if parsing is not None:
                found += await parsing
                parsing = None
            if len(body) < _THREAD_BYTES:
                page, token = reader.parse(body)
                found += page
            else:
                token = reader.next_token(body)
                parsing = asyncio.create_task(in_worker_thread(_parse, reader, body, keeps_objects))
            if token is None:
                break
        if parsing is not None:
            found += await parsing
    finally:
        if parsing is not None and not parsing.done():
            await asyncio.wait([parsing])  # a thread cannot be cancelled, and the reader serves one caller at a time
    return found


def _parse(reader: XmlReader[Item], body: bytes, keeps_objects: bool) -> list[Item]:
    collects = keeps_objects and gc.isenabled()
    if collects:
        gc.disable()
    try:
        page, _ = reader.parse(body)
        if keeps_objects and reader.built_count > _MIN_OBJECTS_TO_FREEZE:
            # No collection before: it would take longer than a key may wait, and save next to nothing.
            gc.freeze()
    finally:
        if collects:
            gc.enable()
    return page


def filter_chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """The values without repeats, in lists that fit into one filter."""
    unique = list(dict.fromkeys(values))
    for start in range(0, len(unique), _MAX_FILTER_VALUES):
        yield unique[start : start + _MAX_FILTER_VALUES]


@dataclass(frozen=True, slots=True)
class InstancesRead:
    """The instances of one read, ordered by id, and what changed since the read before."""

    instances: Mapping[str, Instance] = field(default_factory=dict)
    is_moving: bool = False
    spot_types: frozenset[str] = frozenset()  # of spot instances that may cost money
    new_image_ids: frozenset[str] = frozenset()  # of instances that are new or changed
    moved_volume_ids: frozenset[str] = frozenset()  # attached or detached since
    local_zones: frozenset[str] = frozenset()
    changed_spot_ids: frozenset[str] = frozenset()  # spot instances that are new or changed their state


async def sort_and_compare(instances: list[Instance], before: Mapping[str, Instance]) -> InstancesRead:
    if len(instances) < _THREAD_INSTANCES:
        return _compare(instances, before)
    return await in_worker_thread(_compare, instances, before)


def _compare(found: list[Instance], before: Mapping[str, Instance]) -> InstancesRead:
    instances: dict[str, Instance] = {}
    images: set[str] = set()
    volumes: set[str] = set()
    spot_types: set[str] = set()
    moved_spot: set[str] = set()
    zones: set[str] = set()
    moving = False
    for instance in sorted(found, key=attrgetter("id")):
        was = before.get(instance.id)
        if was is not instance:
            if was is not None and was == instance:
                instance = was  # unchanged in all that we keep
            else:
                images.add(instance.image_id)
                volumes |= _volume_ids(was) ^ _volume_ids(instance)
                if instance.lifecycle == "spot" and (was is None or was.state is not instance.state):
                    moved_spot.add(instance.id)
        instances[instance.id] = instance
        zones.add(instance.zone)
        if instance.state.is_moving:
            moving = True
        if instance.lifecycle == "spot" and not instance.state.is_gone:
            spot_types.add(instance.type)
    return InstancesRead(
        instances,
        moving,
        frozenset(spot_types),
        frozenset(images),
        frozenset(volumes),
        frozenset(filter(is_local_zone, zones)),
        frozenset(moved_spot),
    )


def _volume_ids(instance: Instance | None) -> set[str]:
    return {attachment.volume_id for attachment in instance.attachments} if instance is not None else set()
