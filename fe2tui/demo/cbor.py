"""The small part of CBOR (RFC 8949) that AWS's rpc-v2-cbor protocol needs; CloudWatch is spoken to in it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_BREAK = object()


def encode(value: Any) -> bytes:
    """The value as CBOR; times become epoch seconds under tag 1."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return _head(3, len(text)) + text
    if isinstance(value, datetime):
        return b"\xc1" + encode(value.timestamp())
    if isinstance(value, Mapping):
        pairs = b"".join(encode(key) + encode(item) for key, item in value.items())
        return _head(5, len(value)) + pairs
    if isinstance(value, (list, tuple)):
        return _head(4, len(value)) + b"".join(encode(item) for item in value)
    raise TypeError(f"{type(value).__name__} is not CBOR")


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes([major << 5 | argument])
    for code, form, limit in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32)):
        if argument < limit:
            return bytes([major << 5 | code]) + struct.pack(form, argument)
    return bytes([major << 5 | 27]) + struct.pack(">Q", argument)


def decode(data: bytes) -> Any:
    """The value that the bytes hold; times come as aware UTC datetimes. Raises ValueError."""
    try:
        return _Reader(data).value()
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise ValueError("not CBOR") from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def value(self) -> Any:
        head = self._data[self._at]
        self._at += 1
        major, info = head >> 5, head & 31
        if major == 7:
            return self._simple(info)
        if info == 31:
            return self._unbounded(major)
        argument = self._argument(info)
        if major == 0:
            return argument
        if major == 1:
            return -1 - argument
        if major == 2:
            return self._take(argument)
        if major == 3:
            return self._take(argument).decode()
        if major == 4:
            return [self.value() for _ in range(argument)]
        if major == 5:
            return {self.value(): self.value() for _ in range(argument)}
        tagged = self.value()
        return datetime.fromtimestamp(tagged, UTC) if argument == 1 else tagged

    def _take(self, count: int) -> bytes:
        self._at += count
        if self._at > len(self._data):
            raise IndexError
        return self._data[self._at - count : self._at]

    def _argument(self, info: int) -> int:
        if info < 24:
            return info
        size = {24: 1, 25: 2, 26: 4, 27: 8}.get(info)
        if size is None:
            raise ValueError("not CBOR")
        return int.from_bytes(self._take(size), "big")

    def _simple(self, info: int) -> Any:
        if info in (20, 21):
            return info == 21
        if info in (22, 23):
            return None
        if info == 31:
            return _BREAK
        forms = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}
        if info not in forms:
            raise ValueError("not CBOR")
        form, size = forms[info]
        return struct.unpack(form, self._take(size))[0]

    def _unbounded(self, major: int) -> Any:
        items: list[Any] = []
        while (item := self.value()) is not _BREAK:
            items.append(item)
        if major == 4:
            return items
        if major == 5:
            return dict(zip(items[::2], items[1::2], strict=True))
        return b"".join(items) if major == 2 else "".join(items)
