"""Who sent a request: AWS's signature on calls, HTTP's Basic authorization on the control address, and no web page.

Source: AWS General Reference, "Create a signed AWS API request" (Signature Version 4).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

from fe2tui.demo.account import Account
from fe2tui.demo.api import Call
from fe2tui.demo.errors import ApiError
from fe2tui.demo.http_server import Request

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=[^/,]+/(\d{8}/[^,]+/aws4_request),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]+)"
)
_MAX_CLOCK_SKEW = timedelta(minutes=5)
_OWN_NAMES = ("127.0.0.1", "localhost")


def comes_from_a_program(request: Request) -> bool:
    """False if a browser sent this for a web page: then it has the page's origin, or a host name that led it here."""
    return "origin" not in request.headers and request.headers.get("host", "").partition(":")[0] in _OWN_NAMES


def may_control(account: Account, request: Request) -> bool:
    """Whether the request has the cloud's own key and secret, as HTTP's Basic authorization."""
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), account.keys.authorization.encode())


def check_caller(call: Call, request: Request) -> None:
    """Checks key, time, session token and signature of a call. Raises ApiError as the service does."""
    session = call.account.sessions.get(call.access_key)
    secret = session.secret if session else call.account.keys.secret_of(call.access_key)
    token = request.headers.get("x-amz-security-token", "")
    if secret is None or not hmac.compare_digest(token.encode(), session.token.encode() if session else b""):
        raise _unknown_key(call)
    _check_time(call, request)
    parts = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if parts is None or not _is_signature(request, secret, *parts.groups()):
        raise _wrong_signature(call)


def _check_time(call: Call, request: Request) -> None:
    signed_at = request.headers.get("x-amz-date", "")
    try:
        moment = datetime.strptime(signed_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _wrong_signature(call) from None
    if abs(datetime.now(UTC) - moment) > _MAX_CLOCK_SKEW:
        if call.service == "ec2":
            raise ApiError("RequestExpired", "Request has expired.")
        raise ApiError("SignatureDoesNotMatch", f"Signature expired: {signed_at} is too old or too new", 403)


def _is_signature(request: Request, secret: str, scope: str, signed_headers: str, signature: str) -> bool:
    """Whether the signature is the secret's for this method, address, signed headers and body."""
    names = signed_headers.split(";")
    if "host" not in names or not request.headers["x-amz-date"].startswith(scope[:8]):
        return False
    path, _, query = request.target.partition("?")
    pairs = sorted(pair.partition("=") for pair in query.split("&") if pair)
    values = (" ".join(request.headers.get(name, "").split()) for name in names)
    canonical = "\n".join(
        (
            request.method,
            path,
            "&".join(f"{name}={value}" for name, _, value in pairs),
            *(f"{name}:{value}" for name, value in zip(names, values, strict=True)),
            "",
            signed_headers,
            hashlib.sha256(request.body).hexdigest(),
        )
    )
    digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), "\n".join(("AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, digest))):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(key.hex(), signature)


def _unknown_key(call: Call) -> ApiError:
    message = "The security token included in the request is invalid."
    if call.service == "ec2":
        return ApiError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    if call.protocol == "query":
        return ApiError("InvalidClientTokenId", message, 403)
    return ApiError("UnrecognizedClientException", message)


def _wrong_signature(call: Call) -> ApiError:
    message = (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    )
    if call.service == "ec2":
        return _unknown_key(call)
    if call.protocol == "query":
        return ApiError("SignatureDoesNotMatch", message, 403)
    return ApiError("InvalidSignatureException", message)
