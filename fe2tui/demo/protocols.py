"""AWS's protocols ec2 (forms and XML), query (the same, for sts) and json: parses requests, writes replies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from fe2tui.demo.errors import ApiError
from fe2tui.demo.http_server import Reply

EC2_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
STS_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

_SPECIAL = re.compile("[&<>\r]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML 1.0 cannot carry; AWS refuses them in tags."""


class Xml(str):
    """Text that is already XML."""

    __slots__ = ()


def escape(text: str) -> str:
    return _SPECIAL.sub(lambda found: _ENTITIES[found[0]], text)


def iso(moment: datetime) -> str:
    """A time as EC2 writes it, with milliseconds: `2026-11-20T10:00:00.000Z`."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def parse_time(text: str) -> datetime:
    """A time as clients send it; without a zone it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_query(body: str) -> dict[str, Any]:
    """A form body as a tree: `Filter.1.Value.2=x` is {"Filter": [{"Value": [..., "x"]}]}. All leaves are text."""
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
    return {key: _with_lists(value) for key, value in root.items()}


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(key.isdigit() for key in node):
        return [_with_lists(node[key]) for key in sorted(node, key=int)]
    if list(node) == ["member"]:
        return _with_lists(node["member"])
    return {key: _with_lists(value) for key, value in node.items()}


def texts(value: Any) -> list[str]:
    """A parameter that may be a list, a single value or absent, as a list of text."""
    items = value if isinstance(value, list) else [] if value in (None, "") else [value]
    return [str(item) for item in items]


def truth(value: Any) -> bool:
    """A boolean parameter; False if it is absent."""
    return str(value).lower() == "true"


def _content(value: Any) -> str:
    if isinstance(value, Xml):
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
    """An XML element. None gives no element, a list gives `item` elements, a mapping gives children."""
    if value is None:
        return ""
    content = _content(value)
    return f"<{name}>{content}</{name}>" if content else f"<{name}/>"


def tag_set(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def reply_of(action: str, protocol: str, result: Mapping[str, Any] | Xml, request_id: str) -> Reply:
    ids = {"x-amzn-RequestId": request_id}
    name = f"{action}Response"
    if protocol == "json":
        return Reply(200, json.dumps(result, default=datetime.timestamp).encode(), "application/x-amz-json-1.1", ids)
    if protocol == "query":
        meta = element("ResponseMetadata", {"RequestId": request_id})
        body = f'<{name} xmlns="{STS_NAMESPACE}">{element(f"{action}Result", result)}{meta}</{name}>'
        return Reply(200, body.encode(), "text/xml", ids)
    head = f'{DECLARATION}<{name} xmlns="{EC2_NAMESPACE}">\n<requestId>{request_id}</requestId>'
    return Reply(200, "".join((head, _content(result), f"</{name}>")).encode(), headers=ids)


def error_reply(protocol: str, error: ApiError, request_id: str) -> Reply:
    ids = {"x-amzn-RequestId": request_id}
    fields = {"Code": error.code, "Message": error.message}
    if protocol == "json":
        text = json.dumps({"__type": error.code, "message": error.message, "Message": error.message})
        return Reply(error.status, text.encode(), "application/x-amz-json-1.1", ids)
    if protocol == "query":
        inside = element("Error", {"Type": "Sender", **fields})
        body = f'<ErrorResponse xmlns="{STS_NAMESPACE}">{inside}<RequestId>{request_id}</RequestId></ErrorResponse>'
        return Reply(error.status, body.encode(), "text/xml", ids)
    inside = element("Errors", {"Error": fields})
    body = f"{DECLARATION}<Response>{inside}<RequestID>{request_id}</RequestID></Response>"
    return Reply(error.status, body.encode(), headers=ids)
