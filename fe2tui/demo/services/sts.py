"""sts: the caller's identity, and roles, some of them with a one-time code.

The second access key has the number of another account.
Every code of six digits is right, except 000000.
"""

from __future__ import annotations

import secrets
from base64 import b64decode
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fe2tui.demo.account import ACCOUNT_ID, RoleSession
from fe2tui.demo.api import Call, operation
from fe2tui.demo.client_files import MFA_SERIAL
from fe2tui.demo.errors import ApiError, missing_parameter
from fe2tui.demo.protocols import iso

WRONG_CODE = "000000"


def _session(call: Call, principal: str) -> dict[str, Any]:
    seconds = int(call.text("DurationSeconds", "3600"))
    expires = call.now + timedelta(seconds=seconds)
    key = f"ASIAFE2TUI0{call.account.random.getrandbits(36):09X}"
    session = RoleSession(principal, secrets.token_urlsafe(30), secrets.token_urlsafe(60))
    call.account.sessions[key] = session
    return {
        "AccessKeyId": key,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": iso(expires),
    }


@operation("GetCallerIdentity", service="sts")
def get_caller_identity(call: Call) -> Mapping[str, Any]:
    session = call.account.sessions.get(call.access_key)
    principal = session.principal if session else "user/demo"
    account = call.owner_id
    service = "iam" if principal.startswith("user/") else "sts"
    return {
        "UserId": "AIDAFE2TUIDEMOUSER01",
        "Account": account,
        "Arn": f"arn:aws:{service}::{account}:{principal}",
    }


@operation("DecodeAuthorizationMessage", service="sts")
def decode_authorization_message(call: Call) -> Mapping[str, Any]:
    """In the demo, an encoded reason is base 64."""
    try:
        return {"DecodedMessage": b64decode(call.text("EncodedMessage"), validate=True).decode()}
    except ValueError:
        raise ApiError("InvalidAuthorizationMessageException", "The message is not valid.") from None


def _check_code(call: Call) -> None:
    code = call.text("TokenCode")
    if len(code) != 6 or not code.isdigit() or code == WRONG_CODE or call.text("SerialNumber") != MFA_SERIAL:
        raise ApiError("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ", 403)


@operation("AssumeRole", service="sts")
def assume_role(call: Call) -> Mapping[str, Any]:
    """A role whose name ends in `-mfa` needs a serial number and a code."""
    arn = call.text("RoleArn")
    if not arn:
        raise missing_parameter("RoleArn")
    role = arn.rpartition("/")[2]
    if call.text("SerialNumber") or call.text("TokenCode"):
        _check_code(call)
    elif role.endswith("-mfa"):
        user = f"User: arn:aws:iam::{ACCOUNT_ID}:user/demo"
        message = f"{user} is not authorized to perform: sts:AssumeRole on resource: {arn}"
        raise ApiError("AccessDenied", message, 403)
    principal = f"assumed-role/{role}/{call.text('RoleSessionName', 'demo')}"
    return {
        "Credentials": _session(call, principal),
        "AssumedRoleUser": {
            "AssumedRoleId": "AROAFE2TUIDEMOROLE01:demo",
            "Arn": f"arn:aws:sts::{ACCOUNT_ID}:{principal}",
        },
    }
