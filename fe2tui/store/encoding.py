"""How objects of the model are written: as JSON lists of their fields in order, times as microseconds.

``ENCODING`` changes with the fields: a fleet that another version wrote with other fields is not read, but read from
AWS again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any

from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.volume import Volume

_BATCH = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=4096)  # an instance and its volumes begin at the same moment, often many at once
def from_micros(count: int) -> datetime:
    return _EPOCH + timedelta(microseconds=count)


def maybe_micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def maybe_moment(count: int | None) -> datetime | None:
    return None if count is None else from_micros(count)


def is_future(moment: datetime, now: datetime | None = None) -> bool:
    """Whether the moment at which something was read is still to come: this computer's clock was ahead then.

    ``now`` counts where it is later than this computer's time.
    """
    here = datetime.now(UTC)
    return moment > (here if now is None else max(now, here))


def field_names(of: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(of))


_INSTANCE, _VOLUME, _ATTACHMENT = field_names(Instance), field_names(Volume), Attachment._fields
_instance_values, _volume_values = attrgetter(*_INSTANCE), attrgetter(*_VOLUME)
ENCODING = ";".join(",".join(names) for names in (_INSTANCE, _VOLUME, _ATTACHMENT))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_micros(value)
    if isinstance(value, Volume):
        return _volume_values(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be written")


encode: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":"), default=_plain).encode
decode: Callable[[str], Any] = json.JSONDecoder().decode


def encode_instance(instance: Instance) -> str:
    return encode(_instance_values(instance))


def encode_volume(volume: Volume) -> str:
    return encode(_volume_values(volume))


_STATE, _LAUNCHED, _GROUPS, _ATTACHMENTS = (
    _INSTANCE.index(name) for name in ("state", "launched_at", "security_groups", "attachments")
)
_CREATED = _VOLUME.index("created_at")
_ATTACHED = _ATTACHMENT.index("attached_at")
_STATES = {state.value: state for state in State}


def decode_instances(texts: Sequence[str]) -> dict[str, Instance]:
    return {instance.id: instance for values in _decode_all(texts) if (instance := _instance(values))}


def decode_volumes(texts: Sequence[str]) -> dict[str, Volume]:
    return {volume.id: volume for values in _decode_all(texts) if (volume := decode_volume(values))}


def _decode_all(texts: Sequence[str]) -> Iterator[list[Any]]:
    # many in one text take half the time of one by one; all in one would block the interpreter for too long
    for first in range(0, len(texts), _BATCH):
        yield from decode(f"[{','.join(texts[first : first + _BATCH])}]")


def _instance(values: list[Any]) -> Instance:
    values[_STATE] = _STATES[values[_STATE]]
    values[_LAUNCHED] = maybe_moment(values[_LAUNCHED])
    values[_GROUPS] = tuple([tuple(group) for group in values[_GROUPS]])
    values[_ATTACHMENTS] = tuple([_attachment(kept) for kept in values[_ATTACHMENTS]])
    return Instance(*values)


def decode_volume(values: list[Any]) -> Volume:
    values[_CREATED] = maybe_moment(values[_CREATED])
    return Volume(*values)


def _attachment(values: list[Any]) -> Attachment:
    values[_ATTACHED] = maybe_moment(values[_ATTACHED])
    return Attachment(*values)
