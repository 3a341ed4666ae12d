"""Pages of a list, as EC2 cuts them: MaxResults within its limits, NextToken opaque and bound to the request."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from fe2tui.demo.refusal import Refusal

Item = TypeVar("Item")


def page_size(params: Mapping[str, Any], low: int, high: int, name: str = "maxResults") -> int | None:
    """The page size asked for, or None. Raises Refusal outside `low`…`high`."""
    text = params.get("MaxResults")
    if text in (None, ""):
        return None
    try:
        size = int(str(text))
    except ValueError:
        raise Refusal("InvalidParameterValue", f"Invalid value '{text}' for {name}") from None
    if size < low:
        raise Refusal(
            "InvalidParameterValue",
            f"Value ( {size} ) for parameter {name} is invalid. Expecting a value greater than {low}.",
        )
    if size > high:
        raise Refusal(
            "InvalidParameterValue",
            f"Value ( {size} ) for parameter {name} is invalid. Expecting a value less than or equal to {high}.",
        )
    return size


def question(params: Mapping[str, Any]) -> int:
    """A number for what is asked, apart from where its pages are cut."""
    rest = {key: value for key, value in params.items() if key not in ("NextToken", "MaxResults", "DryRun")}
    return zlib.crc32(json.dumps(rest, sort_keys=True, default=str).encode())


def write_token(position: Any, params: Mapping[str, Any]) -> str:
    """A token that continues this question at `position`."""
    return base64.urlsafe_b64encode(json.dumps([position, question(params)]).encode()).decode()


def read_token(params: Mapping[str, Any], code: str = "InvalidNextToken") -> Any:
    """The position in the request's NextToken, or None. Raises Refusal when it is not one of this question."""
    token = params.get("NextToken")
    if not token:
        return None
    try:
        position, asked = json.loads(base64.urlsafe_b64decode(str(token).encode()))
    except (ValueError, TypeError, binascii.Error):
        raise Refusal(code, "The token is invalid.") from None
    if asked != question(params):
        raise Refusal(code, "The token does not belong to this request.")
    return position


def page(
    items: Sequence[Item],
    params: Mapping[str, Any],
    *,
    low: int = 5,
    high: int = 1000,
    default: int | None = None,
    key: str = "serial",
) -> tuple[Sequence[Item], str | None]:
    """(the page, the token of the next or None).

    `items` are in the order of their attribute `key`, which the token remembers: what comes or goes between two pages
    moves nothing. With an empty `key` the token remembers the position.
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


def refuse_ids_with_pages(params: Mapping[str, Any], parameter: str, set_name: str) -> None:
    """Refuses MaxResults beside a list of ids, as EC2 does."""
    if params.get(parameter) and params.get("MaxResults"):
        raise Refusal(
            "InvalidParameterCombination",
            f"The parameter {set_name} cannot be used with the parameter maxResults",
        )
