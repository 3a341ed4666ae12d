"""Whole reads of large lists: page after page, parsed beside the event loop, put in order."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from fe2tui.aws.replies import Item, Reader
from fe2tui.aws.session import Session
from fe2tui.model.instance import Instance

PAGE = 1000  # what DescribeInstances and DescribeVolumes give at most
_IN_THREAD = 100_000  # bytes that take longer to parse than a turn of the event loop may
_MANY = 2_000  # instances that take longer to put in order
_RUN = 4_000  # instances sorted in one go, which holds every other thread up: about 2 ms
_by_id = attrgetter("id")


async def read_all(session: Session, operation: str, reader: Reader[Item], **params: Any) -> list[Item]:
    """Everything a paginated EC2 read gives, each page parsed in a thread while the next is on its way."""
    found: list[Item] = []
    parsing: asyncio.Task[list[Item]] | None = None
    token: str | None = None
    try:
        while True:
            body = await session.body("ec2", operation, **params, **({"NextToken": token} if token else {}))
            if parsing is not None:
                found += await parsing
                parsing = None
            if len(body) < _IN_THREAD:
                page, token = reader.parse(body)
                found += page
            else:
                token = reader.next_token(body)
                parsing = asyncio.create_task(_parse(reader, body))
            if token is None:
                break
        if parsing is not None:
            found += await parsing
    finally:
        if parsing is not None and not parsing.done():
            await asyncio.wait([parsing])  # a thread cannot be stopped, and the reader serves one at a time
    return found


async def _parse(reader: Reader[Item], body: bytes) -> list[Item]:
    return (await asyncio.to_thread(reader.parse, body))[0]


@dataclass(frozen=True, slots=True)
class Sight:
    """The instances of one read in the order of their ids, and what follows from them."""

    instances: Mapping[str, Instance] = field(default_factory=dict)
    changed: tuple[Instance, ...] = ()  # new ones, and those that are not what they were
    is_moving: bool = False
    spot_types: frozenset[str] = frozenset()


async def put_in_order(found: list[Instance], before: Mapping[str, Instance]) -> Sight:
    """What a read found, beside what the one before it found."""
    if len(found) < _MANY:
        return _sight(found, before)
    return await asyncio.to_thread(_sight, found, before)


def _sight(found: list[Instance], before: Mapping[str, Instance]) -> Sight:
    instances: dict[str, Instance] = {}
    changed = []
    moving = False
    spot_types = set()
    for instance in _sorted(found):
        key = instance.id
        was = before.get(key)
        if was is not instance:
            if was is not None and was == instance:
                instance = was
            else:
                changed.append(instance)
        instances[key] = instance
        state = instance.state
        if state.is_moving:
            moving = True
        if instance.lifecycle == "spot" and not state.is_gone:
            spot_types.add(instance.type)
    return Sight(instances, tuple(changed), moving, frozenset(spot_types))


def _sorted(found: list[Instance]) -> Iterable[Instance]:
    if len(found) <= _RUN:
        return sorted(found, key=_by_id)
    runs = [sorted(found[start : start + _RUN], key=_by_id) for start in range(0, len(found), _RUN)]
    return heapq.merge(*runs, key=_by_id)
