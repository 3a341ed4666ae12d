"""Answers taken from under the library's parser, which would read them on the event loop's thread.

The library tells of each answer before it parses it (its event ``before-parse``). Within ``diversion`` an answer of
some size is put aside there, and the library gets an empty one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from botocore.parsers import create_parser

_EMPTY = {"json": b"{}", "rest-json": b"{}", "smithy-rpc-v2-cbor": b"\xa0"}
_EMPTY_XML = b"<empty/>"


class Diverted:
    """The answer that was put aside: ``response`` as the library has it, empty if there was none."""

    def __init__(self, at_least: int) -> None:
        self.at_least = at_least
        self.response: dict[str, Any] = {}
        self._operation: Any = None

    def take(self, operation: Any, response: dict[str, Any]) -> None:
        """Put an answer aside, and an empty one in its place."""
        self._operation, self.response = operation, dict(response)
        response["body"] = _EMPTY.get(operation.service_model.resolved_protocol, _EMPTY_XML)

    def parse(self) -> Any:
        """What the library's parser makes of it. Takes its time: for a thread."""
        parser = create_parser(self._operation.service_model.resolved_protocol)
        return parser.parse(self.response, self._operation.output_shape)


_diverted: ContextVar[Diverted | None] = ContextVar("_diverted", default=None)


@contextmanager
def diversion(at_least: int) -> Iterator[Diverted]:
    """Put aside the answer to the call made within it, if it has that many bytes and is no error."""
    diverted = Diverted(at_least)
    token = _diverted.set(diverted)
    try:
        yield diverted
    finally:
        _diverted.reset(token)


def divert(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    """For the library's event ``before-parse``."""
    diverted = _diverted.get()
    if diverted is not None and response_dict["status_code"] < 300 and len(response_dict["body"]) >= diverted.at_least:
        diverted.take(operation_model, response_dict)
