"""Client tokens: the same request again is answered as before, another request under the same token is refused."""

from __future__ import annotations

import hashlib
import json

from fe2tui.demo.dispatch import Call
from fe2tui.demo.refusal import Refusal


def _asked(call: Call) -> str:
    return hashlib.sha256(json.dumps(call.params, sort_keys=True).encode()).hexdigest()


def earlier(call: Call) -> str | None:
    """The id that this request made when it came before, or None. Raises Refusal when another came with its token."""
    token = call.text("ClientToken")
    known = call.region.tokens.get(f"{call.action} {token}") if token else None
    if known is None:
        return None
    asked, identity = known
    if asked != _asked(call):
        raise Refusal(
            "IdempotentParameterMismatch",
            "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
        )
    return identity


def remember(call: Call, identity: str) -> None:
    """Notes what the request has made, whatever becomes of the reply."""
    token = call.text("ClientToken")
    if token:
        call.region.tokens[f"{call.action} {token}"] = (_asked(call), identity)
