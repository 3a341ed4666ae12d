"""How the Describe operations select and page: EC2's filters, MaxResults and NextToken."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from fe2tui.demo.errors import ApiError, invalid_combination, invalid_value
from fe2tui.demo.protocols import iso, texts

Item = TypeVar("Item")
Getter = Callable[[Any], Any]
"""The value of a record that a filter compares: text, a boolean, a number, a time, None, or several of these."""


def _pattern(value: str) -> Callable[[str], bool]:
    """A test for one filter value. `*` and `?` are wildcards, except after a backslash."""
    parts = re.findall(r"\\?.", value, re.DOTALL)
    wild = {"*": ".*", "?": "."}
    if not wild.keys() & set(parts):
        literal = "".join(part[-1] for part in parts)
        return lambda text: text == literal
    compiled = re.compile("".join(wild.get(part) or re.escape(part[-1]) for part in parts), re.DOTALL)
    return lambda text: compiled.fullmatch(text) is not None


def _as_texts(value: Any) -> Iterable[str]:
    if value is None:
        return ()
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, str):
        return (value,)
    if isinstance(value, datetime):
        return (iso(value),)
    if isinstance(value, Iterable):
        return (text for item in value for text in _as_texts(item))
    return (str(value),)


def _tag_getter(name: str) -> Getter | None:
    if name.startswith("tag:"):
        key = name[4:]
        return lambda record: record.tags.get(key)
    if name == "tag-key":
        return lambda record: list(record.tags)
    if name == "tag-value":
        return lambda record: list(record.tags.values())
    return None


def matcher(parameter: Any, getters: Mapping[str, Getter]) -> Callable[[Any], bool]:
    """A test for a request's `Filter` parameter: all filters must match, each with any of its values.

    Raises ApiError for an unknown filter.
    """
    tests: list[tuple[Getter, list[Callable[[str], bool]]]] = []
    for entry in parameter or ():
        name = entry.get("Name", "") if isinstance(entry, Mapping) else ""
        getter = _tag_getter(name) or getters.get(name)
        if getter is None:
            raise invalid_value(f"The filter '{name}' is invalid")
        tests.append((getter, [_pattern(value) for value in texts(entry.get("Value"))]))
    if not tests:
        return lambda record: True

    def matches(record: Any) -> bool:
        for getter, wanted in tests:
            values = list(_as_texts(getter(record)))
            if not any(test(text) for test in wanted for text in values):
                return False
        return True

    return matches


def page_size(params: Mapping[str, Any], low: int, high: int) -> int | None:
    """The request's MaxResults, or None. Raises ApiError if it is below `low` or above `high`."""
    text = params.get("MaxResults")
    if text in (None, ""):
        return None
    try:
        size = int(str(text))
    except ValueError:
        raise invalid_value(f"Invalid value '{text}' for maxResults") from None
    if not low <= size <= high:
        expected = f"greater than {low}" if size < low else f"less than or equal to {high}"
        raise invalid_value(f"Value ( {size} ) for parameter maxResults is invalid. Expecting a value {expected}.")
    return size


def query_digest(params: Mapping[str, Any]) -> int:
    """A number that is the same for all pages of one query."""
    rest = {key: value for key, value in params.items() if key not in ("NextToken", "MaxResults", "DryRun")}
    return zlib.crc32(json.dumps(rest, sort_keys=True, default=str).encode())


def write_token(position: Any, params: Mapping[str, Any]) -> str:
    """A NextToken that continues this query at `position`."""
    return base64.urlsafe_b64encode(json.dumps([position, query_digest(params)]).encode()).decode()


def read_token(params: Mapping[str, Any], code: str = "InvalidNextToken") -> Any:
    """The position in the request's NextToken, or None. Raises ApiError if the token belongs to another query."""
    token = params.get("NextToken")
    if not token:
        return None
    try:
        position, digest = json.loads(base64.urlsafe_b64decode(str(token).encode()))
    except (ValueError, TypeError, binascii.Error):
        raise ApiError(code, "The token is invalid.") from None
    if digest != query_digest(params):
        raise ApiError(code, "The token does not belong to this request.")
    return position


def slice_page(
    items: Sequence[Item], params: Mapping[str, Any], size: int, code: str = "InvalidNextToken"
) -> tuple[Sequence[Item], dict[str, str]]:
    """(one page of the items, the NextToken of the reply if more follow), as the services beside EC2 have it."""
    start = int(read_token(params, code) or 0)
    more = start + size < len(items)
    return items[start : start + size], {"NextToken": write_token(start + size, params)} if more else {}


def page(
    items: Sequence[Item],
    params: Mapping[str, Any],
    *,
    low: int = 5,
    high: int = 1000,
    default: int | None = None,
    key: str = "serial",
) -> tuple[Sequence[Item], str | None]:
    """(one page of the items, the token of the next page or None).

    `items` are sorted by their attribute `key`. The token holds that of the last item, so that items which appear or
    vanish between two pages do not shift the rest. With an empty `key` it holds the index.
    """
    size = page_size(params, low, high) or default
    start = 0
    position = read_token(params)
    if position is not None:
        start = bisect_right(items, position, key=attrgetter(key)) if key else position
    if size is None or start + size >= len(items):
        return items[start:], None
    last = items[start + size - 1]
    return items[start : start + size], write_token(getattr(last, key) if key else start + size, params)


def select(
    items: Iterable[Item], params: Mapping[str, Any], getters: Mapping[str, Getter], **paging: Any
) -> tuple[Sequence[Item], str | None]:
    """A page of the items that match the request's filters. `paging` is as in `page`."""
    matches = matcher(params.get("Filter"), getters)
    return page([item for item in items if matches(item)], params, **paging)


def check_no_ids_with_pages(params: Mapping[str, Any], parameter: str, set_name: str) -> None:
    """Raises ApiError if a request has both ids and MaxResults, as EC2 does."""
    if params.get(parameter) and params.get("MaxResults"):
        raise invalid_combination(f"The parameter {set_name} cannot be used with the parameter maxResults")
