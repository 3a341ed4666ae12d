"""AWS's protocols on the wire: requests as calls with parameters; results and errors as XML or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

EC2_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

_SPECIAL = re.compile("[&<>\r]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""The characters that XML 1.0 cannot carry, so that AWS refuses them in what it stores."""


class Rendered(str):
    """Text that is XML already."""

    __slots__ = ()


def escape(text: str) -> str:
    """The text as XML carries it."""
    return _SPECIAL.sub(lambda found: _ENTITIES[found[0]], text)


def iso(moment: datetime) -> str:
    """EC2's form of a time, in milliseconds, as `2026-11-20T10:00:00.000Z`."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def parse_time(text: str) -> datetime:
    """A time as clients send it; one without a zone is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_query(body: str) -> dict[str, Any]:
    """A form body as a tree: `Filter.1.Value.2=x` becomes {"Filter": [{"Value": [..., "x"]}]}; all leaves are text."""
    root: dict[str, Any] = {}
    for key, value in parse_qsl(body, keep_blank_values=True):
        *path, leaf = key.split(".")
        node = root
        for step in path:
            below = node.setdefault(step, {})
            if not isinstance(below, dict):
                below = node[step] = {}
            node = below
        node[leaf] = value
    return {key: _listed(value) for key, value in root.items()}


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(key.isdigit() for key in node):
        return [_listed(node[key]) for key in sorted(node, key=int)]
    if list(node) == ["member"]:
        return _listed(node["member"])
    return {key: _listed(value) for key, value in node.items()}


def texts(value: Any) -> list[str]:
    """A parameter that may be a list, one value or absent, as a list of text."""
    if value is None or value == "":
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def truth(value: Any) -> bool:
    """A boolean parameter; absent is False."""
    return str(value).lower() == "true"


def _content(value: Any) -> str:
    if isinstance(value, Rendered):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Mapping):
        return "".join(element(name, child) for name, child in value.items())
    if isinstance(value, (list, tuple)):
        return "".join(element("item", child) for child in value)
    return escape(str(value))


def element(name: str, value: Any) -> str:
    """One XML element; None is left out, a list becomes `item` elements, a mapping its children."""
    if value is None:
        return ""
    content = _content(value)
    return f"<{name}>{content}</{name}>" if content else f"<{name}/>"


def tag_set(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as EC2 lists them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def ec2_reply(action: str, request_id: str, result: Mapping[str, Any] | Rendered) -> bytes:
    """The body of an answered EC2 call."""
    return "".join(
        (
            DECLARATION,
            f'<{action}Response xmlns="{EC2_NAMESPACE}">\n<requestId>{request_id}</requestId>',
            _content(result),
            f"</{action}Response>",
        )
    ).encode()


def ec2_error(code: str, message: str, request_id: str) -> bytes:
    """The body of a refused EC2 call."""
    error = element("Error", {"Code": code, "Message": message})
    return f"{DECLARATION}<Response><Errors>{error}</Errors><RequestID>{request_id}</RequestID></Response>".encode()


STS_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


def query_reply(action: str, request_id: str, result: Mapping[str, Any], namespace: str = STS_NAMESPACE) -> bytes:
    """The body of an answered call of the query protocol (sts)."""
    meta = element("ResponseMetadata", {"RequestId": request_id})
    name = f"{action}Response"
    return f'<{name} xmlns="{namespace}">{element(f"{action}Result", result)}{meta}</{name}>'.encode()


def query_error(code: str, message: str, request_id: str, namespace: str = STS_NAMESPACE) -> bytes:
    """The body of a refused call of the query protocol."""
    error = element("Error", {"Type": "Sender", "Code": code, "Message": message})
    return (f'<ErrorResponse xmlns="{namespace}">{error}<RequestId>{request_id}</RequestId></ErrorResponse>').encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} is not JSON")


def json_reply(result: Mapping[str, Any]) -> bytes:
    """The body of an answered call of the JSON protocol; times are epoch seconds."""
    return json.dumps(result, default=_plain).encode()


def json_error(code: str, message: str) -> bytes:
    """The body of a refused call of the JSON protocol."""
    return json.dumps({"__type": code, "message": message, "Message": message}).encode()


def tag_parameters(specifications: Iterable[Mapping[str, Any]] | None, kind: str) -> dict[str, str]:
    """The tags that a request's `TagSpecification` gives to resources of one kind."""
    found: dict[str, str] = {}
    for specification in specifications or ():
        if specification.get("ResourceType") == kind:
            for tag in specification.get("Tag", ()):
                found[tag["Key"]] = tag.get("Value", "")
    return found
