"""AWS's and the network's errors in plain words: what happened, what to do next, AWS's own code.

Sources: EC2 API reference, error codes; reference pages of botocore.exceptions. Rules for AWS's codes are in
``refusals``; here are the library's own errors: no answer, no credentials, a wrong setting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from fe2tui.aws.refusals import refusal, sso_remedy
from fe2tui.errors import (
    AwsError,
    CredentialsError,
    ExpiredError,
    Fe2Error,
    NoCredentialsError,
    ThrottledError,
    UnreachableError,
    UnreadableError,
    UsageError,
)
from fe2tui.model.words import listed

_TRY_AGAIN = "Check the network, a VPN or proxy, and the region; then try again."


def translate(
    error: BaseException, *, action: str = "", profile: str = "", endpoint: str = "", now: datetime | None = None
) -> Fe2Error:
    """Our error for one of AWS's or the network's. ``action`` is what was asked for, as in ``ec2:StopInstances``.

    ``now`` is this computer's time, compared with the answer's Date where the clock may be to blame.
    """
    if isinstance(error, Fe2Error):
        return error
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        return refusal(response, action=action or _operation(error), profile=profile, endpoint=endpoint, now=now)
    for kind in _kinds(error):
        words = _WORDS.get(kind)
        if words is not None:
            return words(error, profile, endpoint)
    if isinstance(error, RuntimeError) and "credentials" in str(error):
        return ExpiredError("Your AWS session ran out.", sso_remedy(profile))
    if isinstance(error, OSError):
        return UnreachableError(f"{_where(endpoint)} cannot be reached: {_line(error)}.", _TRY_AGAIN)
    return AwsError(
        f"{action or 'The call'} failed inside AWS's library: {type(error).__name__}: {_line(error)}.",
        "This is not yours to mend; please report it with this line.",
        code=type(error).__name__,
    )


def _kinds(error: BaseException) -> Iterator[str]:
    """The names of the library's classes that an error is of, the nearest first."""
    for kind in type(error).__mro__:
        if kind.__module__.startswith(("botocore", "aiobotocore", "aiohttp", "json")) or kind is ValueError:
            yield kind.__name__


def _operation(error: BaseException) -> str:
    return str(getattr(error, "operation_name", ""))


def _line(error: object) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _where(endpoint: str, error: BaseException | None = None) -> str:
    told: dict[str, Any] = getattr(error, "kwargs", {})
    return str(told.get("endpoint_url") or endpoint or "AWS").split("?")[0].rstrip("/")


_Words = Callable[[BaseException, str, str], Fe2Error]


def _silent(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    return UnreachableError(f"{_where(endpoint, error)} did not answer in time.", _TRY_AGAIN, code=type(error).__name__)


def _not_there(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    where = _where(endpoint, error)
    return UnreachableError(f"{where} cannot be reached: nothing answers there.", _TRY_AGAIN, code=type(error).__name__)


def _broken(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    return UnreachableError(
        f"{_where(endpoint, error)} broke the connection off before it answered.",
        "It may pass; try again. If it stays, look at proxies and VPNs between here and there.",
        code=type(error).__name__,
    )


def _proxy(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    proxy = getattr(error, "kwargs", {}).get("proxy_url", "The proxy")
    return UnreachableError(
        f"The proxy {proxy} did not let the call through to {_where(endpoint)}.",
        "Look at HTTPS_PROXY, HTTP_PROXY and NO_PROXY.",
        code=type(error).__name__,
    )


def _tls(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    return UnreachableError(
        f"The certificate of {_where(endpoint, error)} is not one that this computer trusts.",
        "If a company's proxy opens encrypted traffic, set AWS_CA_BUNDLE to the file of its certificates.",
        code=type(error).__name__,
    )


def _unreadable(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    return UnreadableError(
        f"The answer of {_where(endpoint)} cannot be read: it is not what AWS sends.",
        "Look at what answers there: a proxy's or a hotel's sign-in page, or a wrong --endpoint-url.",
        code=type(error).__name__,
    )


def _none(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    if profile and profile != "default":
        return NoCredentialsError(
            f"The profile {profile} has no credentials.",
            f"Run `aws configure --profile {profile}`, or `aws configure sso --profile {profile}`.",
        )
    return NoCredentialsError(
        "No AWS credentials were found.",
        "Run `aws configure` with an access key, or `aws configure sso`, or choose a profile that has some.",
    )


def _no_profile(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    return NoCredentialsError(
        f"There is no AWS profile called “{getattr(error, 'kwargs', {}).get('profile', profile)}”.",
        "`aws configure list-profiles` names those that there are; --profile or AWS_PROFILE chooses one.",
    )


def _partial(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    missing = getattr(error, "kwargs", {}).get("cred_var", "a part")
    return NoCredentialsError(
        f"The credentials are incomplete: {missing} is missing.", "Set it too, or run `aws configure`."
    )


def _sso(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    return ExpiredError("Your SSO session ran out.", sso_remedy(profile), code=type(error).__name__)


def _no_sso_token(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    if "sso" not in str(error).lower():
        return _retrieval(error, profile, endpoint)
    return ExpiredError("Your SSO session ran out, or was never begun.", sso_remedy(profile), code=type(error).__name__)


def _login(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    which = f" --profile {profile}" if profile and profile != "default" else ""
    return ExpiredError(
        "Your AWS sign-in ran out.", f"Run `aws login{which}`, then try again.", code=type(error).__name__
    )


def _too_fast(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    return ThrottledError("AWS wants fewer calls: this account makes too many at once.", "Wait a minute and try again.")


def _mfa_again(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    return ExpiredError("The session that your one-time code opened ran out.", "Try again, and type the next code.")


def _retrieval(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    said = _line(getattr(error, "kwargs", {}).get("error_msg") or error)
    return CredentialsError(
        f"The credentials could not be had: {said}.",
        "Look at what the profile says about where they come from (credential_process, credential_source, SSO).",
        code=type(error).__name__,
    )


def _setting(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    return UsageError(
        f"AWS's own settings do not fit: {_line(error)}.", "Look at ~/.aws/config and the AWS_… variables."
    )


def _argument(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    """What the library finds wrong with a call before it is sent. Its report has a heading and a line for each."""
    report = str(getattr(error, "kwargs", {}).get("report") or error)
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    summary = " ".join(_argument_words(line) for line in lines if not line.startswith("Parameter validation"))
    return UsageError(summary or f"{_line(report)}.", "Name arguments, and spell them, as AWS does.")


def _argument_words(line: str) -> str:
    if found := re.fullmatch(r'Missing required parameter in (.+): "(.+)"', line):
        return f"The argument {found[2]} is missing."
    if found := re.fullmatch(r'Unknown parameter in (.+): "(.+?)", must be one of: (.+)', line):
        return f"There is no argument {found[2]}: there are {listed(found[3].split(', '))}."
    if found := re.match(r"Invalid type for parameter (\S+), value: (.*), type: .*, valid types: (.+)", line):
        wanted = listed(re.findall(r"'(?:\w+\.)*(\w+)'", found[3]), "or")
        return f"The argument {found[1]} cannot be {found[2]}: it is {_KINDS.get(wanted, wanted)}."
    return line if line.endswith(".") else f"{line}."


_KINDS = {
    "bool": "true or false",
    "str": "a text",
    "int": "a whole number",
    "list or tuple": "a list",
    "dict": "a map",
}


def _no_region(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    return UsageError("No region is set.", "Say --region Ohio, or set AWS_REGION, or run `aws configure`.")


def _value(error: BaseException, profile: str, endpoint: str) -> Fe2Error:
    said = _line(error)
    if said.startswith("Invalid endpoint"):
        return UsageError(f"{said.partition(':')[2].strip() or endpoint} is not an address.", "It begins with https://")
    return AwsError(f"AWS's library refused the call: {said}.", "Look at ~/.aws/config and the AWS_… variables.")


_WORDS: dict[str, _Words] = {
    "ConnectTimeoutError": _silent,
    "ReadTimeoutError": _silent,
    "EndpointConnectionError": _not_there,
    "ConnectionClosedError": _broken,
    "ClientPayloadError": _broken,
    "ServerDisconnectedError": _broken,
    "ProxyConnectionError": _proxy,
    "InvalidProxiesConfigError": _proxy,
    "SSLError": _tls,
    "HTTPClientError": _broken,
    "ResponseParserError": _unreadable,
    "NoCredentialsError": _none,
    "ProfileNotFound": _no_profile,
    "PartialCredentialsError": _partial,
    "UnauthorizedSSOTokenError": _sso,
    "SSOTokenLoadError": _sso,
    "TokenRetrievalError": _no_sso_token,
    "SSOError": _sso,
    "LoginError": _login,
    "CapacityNotAvailableError": _too_fast,
    "RefreshWithMFAUnsupportedError": _mfa_again,
    "CredentialRetrievalError": _retrieval,
    "MetadataRetrievalError": _retrieval,
    "InvalidConfigError": _retrieval,
    "InfiniteLoopConfigError": _retrieval,
    "UnknownCredentialError": _retrieval,
    "ConfigParseError": _setting,
    "ConfigNotFound": _setting,
    "NoRegionError": _no_region,
    "ParamValidationError": _argument,
    "ValueError": _value,
}
