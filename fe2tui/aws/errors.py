"""Translates AWS's and the network's errors into Fe2Errors: what happened, to what, why, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from shlex import quote
from typing import Any

from fe2tui.aws import aws_config
from fe2tui.errors import (
    AwsError,
    CapacityError,
    ClockError,
    CredentialsError,
    DeniedError,
    ExpiredError,
    Fe2Error,
    FieldError,
    MfaNeededError,
    NoCredentialsError,
    NotFoundError,
    ProtectedError,
    QuotaError,
    StateError,
    ThrottledError,
    UnreachableError,
    UnreadableError,
    UsageError,
)
from fe2tui.model.location import no_region_error
from fe2tui.model.text import age, join_words

INSTANCE_TYPE_PATTERN = re.compile(
    r"\b([a-z][a-z0-9-]*\d[a-z0-9-]*\.(?:\d+x|metal|nano|micro|small|medium|large|xlarge)[a-z0-9-]*)"
)
_ZONE_PATTERN = re.compile(r"\b([a-z]{2,}(?:-[a-z]+)+-\d[a-z](?:-[a-z0-9]+)*)\b")
_ID_PATTERN = re.compile(r"\b(?:i|vol|ami|sir|sg|subnet|vpc|snap|eni)-[0-9a-f]{8,17}\b")


_ENCODED_REASON = re.compile(r"Encoded authorization failure message: (\S+)")


@dataclass(frozen=True, slots=True)
class AwsRefusal:
    """An error reply: AWS's code and message, and the operation that it answers."""

    code: str
    message: str
    action: str
    profile: str = ""
    endpoint: str = ""
    status: int = 400
    date: str = ""
    now: datetime | None = None
    login_worked: bool = False

    @property
    def operation(self) -> str:
        return self.action.rpartition(":")[2] or "the call"

    @property
    def sentence(self) -> str:
        """AWS's message on one line, ended like a sentence."""
        text = " ".join(_ENCODED_REASON.sub("", self.message).split())
        return text if not text or text.endswith((".", "!", "?")) else f"{text}."

    @property
    def aws_message(self) -> str:
        return f"AWS says: {self.sentence}" if self.sentence else f"AWS returned only the code {self.code}."

    @property
    def instance_type(self) -> str:
        found = INSTANCE_TYPE_PATTERN.search(self.message)
        return found[1] if found else "instances of this type"

    @property
    def zone(self) -> str:
        found = _ZONE_PATTERN.search(self.message)
        return found[1] if found else ""

    @property
    def is_about_zone(self) -> bool:
        """Whether an Unsupported means the zone, so that another one may do. Else no zone can mend it.

        Source: EC2 API reference, client error codes. The message names the "requested Availability Zone", or says no
        more than that the "requested configuration" is not supported, which may be the zone's fault.
        """
        words = self.message.lower()
        return bool(self.zone) or "availability zone" in words or "requested configuration" in words

    @property
    def resource_ids(self) -> str:
        return ", ".join(dict.fromkeys(_ID_PATTERN.findall(self.message)))

    @property
    def is_about_login(self) -> bool:
        """Whether an AuthFailure rejects the credentials. EC2 also sends it when they may not use one resource.

        Source: EC2 API reference, client error codes.
        """
        words = self.message.lower()
        if any(word in words for word in ("credential", "access key", "signature", "security token")):
            return True
        return not self.login_worked and not (self.resource_ids or _RESOURCE_REFUSED.search(words))

    @property
    def clock_offset(self) -> timedelta:
        """How far this computer's clock is ahead of the reply's Date header; negative if it is slow."""
        from email.utils import parsedate_to_datetime

        try:
            theirs = parsedate_to_datetime(self.date)
        except (TypeError, ValueError):
            return timedelta(0)
        return (self.now or datetime.now(UTC)) - theirs.astimezone(UTC)


_RESOURCE_REFUSED = re.compile(r"not authorized for|managed by|belong|\bown|permission|access to")
_LIMIT_PATTERN = re.compile(r"limit of (\d+)")
_PRICES_PATTERN = re.compile(r"price of ([\d.]+) is lower .* price of ([\d.]+?)\.?(?:\s|$)")
_HOW_TO_RAISE_QUOTA = (
    "Stop other instances of its family, choose a smaller type, or request a higher quota in the AWS console "
    "(Service Quotas, Amazon EC2). The answer takes hours to days."
)


def _no_capacity(refusal: AwsRefusal) -> Fe2Error:
    """For InsufficientInstanceCapacity and similar codes. For a spot instance, EC2 names neither type nor zone."""
    what = f"spot {refusal.instance_type}" if "spot" in refusal.message.lower() else refusal.instance_type
    return CapacityError(
        f"AWS has no {what}{f' in {refusal.zone}' if refusal.zone else ''} right now.",
        "Try another zone or type, or wait and try again."
        if not refusal.action.endswith("StartInstances")
        else "Wait and try again, or change its type: a stopped instance cannot move to another zone.",
    )


def _quota_exceeded(refusal: AwsRefusal) -> Fe2Error:
    limit = _LIMIT_PATTERN.search(refusal.message)
    if refusal.code == "VcpuLimitExceeded" and limit:
        allowed = "no vCPUs of this family yet" if limit[1] == "0" else f"at most {limit[1]} vCPUs of this family"
        return QuotaError(f"Your account's quota allows {allowed}.", _HOW_TO_RAISE_QUOTA)
    if refusal.code == "MaxSpotInstanceCountExceeded":
        return QuotaError(
            "Your account's quota of spot instances of this family is used up.",
            f"{_HOW_TO_RAISE_QUOTA} On-demand instances have a separate quota.",
        )
    return QuotaError(f"Your account's quota is used up. {refusal.aws_message}", _HOW_TO_RAISE_QUOTA)


CLOCK_TOLERANCE = timedelta(minutes=4)  # AWS refuses at five
_LAUNCHES = ("RunInstances", "RequestSpotInstances", "CreateFleet")
_WAIT_AND_RETRY = "Wait a minute and try again."
_DENIED_RESOURCE = re.compile(r"on resource: (arn:\S+?)\.?(?:\s|$)")
_DENYING_POLICY = re.compile(r"with an explicit deny in (?:an? )?([\w -]+?(?:policy|boundary))")
_DENIED_ACTION = re.compile(r"perform:? ([\w-]+:\w+)")


def _sign_in_again(profile: str) -> str:
    """What to do when the credentials of a profile have expired."""
    if profile.startswith(aws_config.ENVIRONMENT_KEYS):
        return "Export new keys (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), then start again."
    config = aws_config.read()
    source = config.source_profile(profile)
    if not config.uses_sso(source):
        if config.has(source, "login_session"):
            return f"Run `aws login{_profile_option(source)}`, then try again."
        if source != profile or config.has(source, "credential_process"):
            return "Try again: the profile gets new ones."
        if config.has(source, "aws_session_token"):
            return f"Write new keys into the profile {source}: those there are temporary. Then try again."
    return f"Run `aws sso login{_profile_option(source)}`, then try again."


def _profile_option(profile: str) -> str:
    return f" --profile {quote(profile)}" if profile and profile != "default" else ""


def _denied(refusal: AwsRefusal) -> Fe2Error:
    if "MultiFactorAuthentication" in refusal.message:
        return MfaNeededError(
            "AWS did not accept the one-time code.", "Wait for the device's next code and enter that one."
        )
    found = _DENIED_ACTION.search(refusal.message)
    action = found[1] if found else refusal.action
    if action.endswith("AssumeRole") and not refusal.action.endswith("AssumeRole"):
        return CredentialsError(f"Profile {refusal.profile} has no permission to assume its role.", refusal.aws_message)
    resource = _DENIED_RESOURCE.search(refusal.message)
    error = DeniedError(
        f"You do not have permission for {action}{f' on {resource[1]}' if resource else ''}.",
        _denied_remedy(refusal.message, action),
    )
    if encoded := _ENCODED_REASON.search(refusal.message):
        error.encoded_message = encoded[1]
    return error


def _denied_remedy(message: str, action: str) -> str:
    """What to do, by the kind of policy. Source: IAM User Guide, access denied error messages."""
    policy = _DENYING_POLICY.search(message)
    if policy is None:
        return f"Ask the account's administrator to allow {action}, or use another profile."
    if "service control policy" in policy[1] or "resource control policy" in policy[1]:
        return (
            f"A policy of your organization ({policy[1]}) denies it explicitly: only the organization's administrators "
            "can change that, no permission in the account can."
        )
    return f"A policy ({policy[1]}) denies it explicitly: ask the account's administrator to change that policy."


def region_not_enabled_error(region: str, code: str, message: str) -> Fe2Error:
    """For a login that AWS accepts, but not in this region; with AWS's code and message."""
    return AwsError(
        f"The region {region} is not enabled for this account.",
        "Enable it in the AWS console (Account, AWS Regions), or choose another region. "
        f"{AwsRefusal(code, message, '').aws_message}",
        code=code,
    )


def decoded_reason(text: str) -> str:
    """What AWS's decoded reason says: the resource, the statements that deny, and what they looked at."""
    import json

    decoded = json.loads(text)
    context = decoded.get("context", {})
    statements = [str(one.get("statementId") or "") for one in decoded.get("matchedStatements", {}).get("items", [])]
    conditions = [
        f"{one['key']} is {join_words([str(value['value']) for value in one['values']['items']], 'or')}"
        for one in context.get("conditions", {}).get("items", [])
    ]
    parts = [
        f"{context.get('action', 'the call')} on {context.get('resource', 'a resource')} is "
        + ("denied explicitly" if decoded.get("explicitDeny") else "not allowed"),
        f"by the statement {join_words(list(filter(None, statements)))}" if any(statements) else "",
        f"where {join_words(conditions)}" if conditions else "",
    ]
    return f"The decoded reason: {' '.join(filter(None, parts))}."


def _session_expired(refusal: AwsRefusal) -> Fe2Error:
    return _clock_error(refusal) or ExpiredError("Your AWS session expired.", _sign_in_again(refusal.profile))


def _signature_rejected(refusal: AwsRefusal) -> Fe2Error:
    wrong = _clock_error(refusal)
    if wrong is not None:
        return wrong
    if refusal.code == "RequestExpired":  # EC2's code for an expired session
        remedy = f"{_sign_in_again(refusal.profile)} If you just signed in, check this computer's clock."
        return ExpiredError("Your AWS session expired.", remedy)
    if refusal.code == "RequestTimeTooSkewed":
        return ClockError(
            "AWS rejected the time of the call: this computer's clock may be wrong.", "Set the clock and try again."
        )
    if refusal.action.startswith("pricing:"):  # in another region, and perhaps of another partition
        return AwsError("The Price List does not accept this login.", "Prices are left out; everything else works.")
    return CredentialsError(
        "AWS rejected these credentials.",
        "The access key may be wrong, deleted or inactive, or the region not enabled for the account. `aws "
        "configure` sets another key.",
    )


def _auth_failure(refusal: AwsRefusal) -> Fe2Error:
    if refusal.is_about_login or _clock_error(refusal) is not None:
        return _signature_rejected(refusal)
    what = refusal.resource_ids
    if "image" in refusal.message.lower() and refusal.operation in _LAUNCHES:
        return FieldError(
            "image",
            f"Your account may not launch {what or 'this image'}.",
            f"{refusal.aws_message} It is private, was withdrawn, or has terms in AWS Marketplace that are not "
            "accepted: ask its owner to share it, or choose another image.",
        )
    return AwsError(
        f"EC2 does not allow {refusal.operation}{f' for {what}' if what else ''}: it belongs to another account, or an "
        "AWS service manages it.",
        refusal.aws_message,
    )


def _clock_error(refusal: AwsRefusal) -> Fe2Error | None:
    off = refusal.clock_offset
    if abs(off) < CLOCK_TOLERANCE:
        return None
    words = f"{round(abs(off) / timedelta(minutes=1))} minutes" if abs(off) < timedelta(hours=2) else age(abs(off))
    return ClockError(
        f"Your clock is {words} {'fast' if off > timedelta(0) else 'slow'}: AWS rejects calls with a wrong time.",
        "Set this computer's clock (`sudo timedatectl set-ntp true`) and try again.",
    )


def _wrong_state(refusal: AwsRefusal) -> Fe2Error:
    who = refusal.resource_ids or "It"
    if refusal.action.endswith("ModifyInstanceAttribute"):
        return StateError(f"{who} has to be stopped for this change.", refusal.aws_message)
    return StateError(f"{who} is in a state that does not allow this.", refusal.aws_message)


def _unsupported_operation(refusal: AwsRefusal) -> Fe2Error:
    if "one-time" in refusal.message.lower():
        return StateError(
            f"{refusal.resource_ids or 'This'} is a one-time spot instance: it cannot be stopped.",
            "It can only be terminated, which deletes its disk: copy what you need first.",
        )
    if refusal.action.endswith("ModifyInstanceAttribute"):
        return StateError("EC2 does not allow this change of this instance.", refusal.aws_message)
    return StateError("EC2 does not support this for this instance.", refusal.aws_message)


def _protected(refusal: AwsRefusal) -> Fe2Error:
    if "disableapi" not in refusal.message.lower() and "protect" not in refusal.message.lower():
        return StateError(f"{refusal.resource_ids or 'It'} does not allow this.", refusal.aws_message)
    against = "stop" if "disableapistop" in refusal.message.lower() else "termination"
    command = f"fe2 protect {refusal.resource_ids.replace(',', '') or 'NAME'} off"
    error = ProtectedError(
        f"{refusal.resource_ids or 'The instance'} has {against} protection.",
        f"`{command}{' --stop' if against == 'stop' else ''}` turns it off.",
    )
    error.against = against
    return error


def _invalid_combination(refusal: AwsRefusal) -> Fe2Error:
    if "free" in refusal.message.lower():
        return FieldError(
            "type",
            "Your account's free plan does not allow this type.",
            f"{refusal.aws_message} Choose a type that it allows, or upgrade the plan in the AWS console.",
        )
    return _type_incompatible(refusal) or AwsError("EC2 does not allow this combination.", refusal.aws_message)


def _type_incompatible(refusal: AwsRefusal) -> Fe2Error | None:
    found = INSTANCE_TYPE_PATTERN.search(refusal.message)
    words, name = refusal.message.lower(), found[1] if found else "This type"
    for part, why in (
        ("(ena)", f"{name} needs ENA networking, which is not enabled on the image or instance."),
        ("virtualization type", f"{name} needs another virtualisation type than the image has."),
        ("boot mode", f"{name} does not support the boot mode of the image."),
        ("architecture", f"{name} and the image have different architectures."),
    ):
        if part in words:
            return FieldError("type", why, f"Choose another type. {refusal.aws_message}")
    return None


def _invalid_parameter(refusal: AwsRefusal) -> Fe2Error:
    if misfit := _type_incompatible(refusal):
        return misfit
    for part, name in (("InstanceType", "type"), ("instance type", "type"), ("ImageId", "image"), ("iops", "iops")):
        if part in refusal.message:
            return FieldError(name, "EC2 rejected this value.", refusal.aws_message)
    return AwsError(f"EC2 refused {refusal.operation}.", refusal.aws_message)


_ERRORS_BY_CODE: tuple[tuple[str, Callable[[AwsRefusal], Fe2Error]], ...] = (
    (r"Insufficient\w*Capacity\w*|ReservationCapacityExceeded", _no_capacity),
    (r"\w*LimitExceeded|MaxSpotInstanceCountExceeded|ResourceCountExceeded", _quota_exceeded),
    (r"UnauthorizedOperation|AccessDenied\w*|NotAuthorized\w*|UnauthorizedAccess|Forbidden\w*", _denied),
    (r"ExpiredToken\w*|TokenRefreshRequired|UnauthorizedException|InvalidGrantException", _session_expired),
    (
        r"RequestExpired|RequestTimeTooSkewed|SignatureDoesNotMatch|InvalidSignature\w*"
        r"|InvalidClientTokenId|UnrecognizedClient\w*|InvalidAccessKeyId|InvalidToken|IncompleteSignature\w*",
        _signature_rejected,
    ),
    (r"AuthFailure", _auth_failure),
    (r"Incorrect\w*State|InvalidInstanceState\w*|InvalidState\w*", _wrong_state),
    (r"UnsupportedOperation", _unsupported_operation),
    (r"OperationNotPermitted", _protected),
    (r"InvalidParameterCombination", _invalid_combination),
    (r"InvalidParameterValue|InvalidParameter|MissingParameter|ValidationError", _invalid_parameter),
)
_THROTTLED = r"RequestLimitExceeded|\w*Throttl\w*|TooManyRequests\w*|SlowDown|BandwidthLimitExceeded"
_INTERNAL = r"ServerInternal|InternalError|InternalFailure|Unavailable|ServiceUnavailable|5\d\d"


def _error_of(refusal: AwsRefusal) -> Fe2Error:
    match refusal.code:
        case code if re.fullmatch(_THROTTLED, code):
            return _too_many_calls()
        case "UnfulfillableCapacity":
            return CapacityError(
                "AWS has no spot capacity for this request at the moment.",
                "Try another zone or type, or wait a few minutes and try again.",
            )
        case "InsufficientFreeAddressesInSubnet":
            return CapacityError(
                "The subnet has no free addresses.",
                f"{refusal.aws_message} Launch in another zone or subnet, or terminate what is not needed in this one.",
            )
        case "InsufficientAddressCapacity":
            return AwsError(
                "AWS has no public addresses left for this request.",
                f"{refusal.aws_message} Another zone or type does not help: wait and try again.",
            )
        case "SpotMaxPriceTooLow":
            prices = _PRICES_PATTERN.search(refusal.message)
            words = f": it is ${prices[2]} an hour, and the request allows ${prices[1]}" if prices else ""
            return CapacityError(
                f"The spot price is above the maximum price of the request{words}.",
                "Choose another zone or type, or launch it on demand.",
            )
        case "Unsupported":
            if "ed25519" in refusal.message.lower():
                return FieldError(
                    "key_name",
                    "EC2 does not support this kind of key with a Windows image.",
                    f"{refusal.aws_message} Choose an RSA key pair.",
                )
            if refusal.is_about_zone:
                return CapacityError(
                    f"AWS does not offer {refusal.instance_type} in {refusal.zone or 'this zone'}.",
                    "Choose another zone or type.",
                )
            return AwsError("AWS does not support this combination.", refusal.aws_message)
        case "AuthFailure.ServiceLinkedRoleCreationNotPermitted":
            # EC2 user guide, "Service-linked role for Spot Instance requests": callers of the API must create the role
            return DeniedError(
                "This account has no service-linked role for spot instances yet, and you do not have permission for "
                "iam:CreateServiceLinkedRole.",
                "Ask an administrator to run this once for the account: aws iam create-service-linked-role "
                "--aws-service-name spot.amazonaws.com",
            )
        case "PendingVerification":
            summary = "AWS is still verifying your account for this region."
            return AwsError(summary, "This takes minutes, at most four hours. Then try again.")
        case "OptInRequired" | "NotSignedUp":
            if "marketplace" in refusal.message.lower():
                return FieldError("image", "The terms of this image have to be accepted first.", refusal.aws_message)
            return AwsError(
                "Your account has not signed up for this service, or the region is not enabled.",
                "Enable the region in the AWS console (Account, AWS Regions). AWS verifies a new account for up to a "
                "day.",
            )
        case "Blocked":
            return AwsError("AWS has blocked your account.", "Contact AWS Support; only they can unblock it.")
        case "InvalidInstanceID.NotFound":
            return NotFoundError(
                f"There is no instance {refusal.resource_ids or 'with that id'} in this region.",
                "Check the id and the region. A new instance takes some seconds to appear.",
            )
        case "InvalidKeyPair.NotFound":
            summary = "There is no key pair of that name in this region."
            return FieldError("key_name", summary, "Import your own key, or create one.")
        case "InvalidKeyPair.Duplicate":
            return FieldError("key_name", "A key pair of that name exists already.", "Choose another name.")
        case "InvalidKey.Format" | "InvalidKeyPair.Format":
            return FieldError("key_name", "EC2 rejected this public key.", refusal.aws_message)
        case code if re.fullmatch(r"InvalidAMIID\.\w+|InvalidAMIName\.NotFound", code):
            summary = "There is no such image in this region."
            return FieldError("image", summary, "Type ubuntu, amazon, debian, dlami or an AMI.")
        case code if re.fullmatch(r"InvalidInstanceType(\.\w+)?", code):
            return FieldError("type", "There is no such instance type in this region.", "Type one such as t3.micro.")
        case "InvalidGroup.Duplicate":
            summary = "A security group of that name exists already."
            return FieldError("security_group", summary, "Choose another name.")
        case "InvalidGroup.NotFound" | "InvalidSecurityGroupID.NotFound" | "InvalidGroupId.Malformed":
            summary = "There is no such security group in this network."
            return FieldError("security_group", summary, "Choose another, or ssh.")
        case "InvalidSubnetID.NotFound" | "InvalidSubnet":
            return FieldError("subnet_id", "There is no such subnet in this region.", refusal.aws_message)
        case "InvalidBlockDeviceMapping":
            return FieldError("disk", "The disk does not fit the image.", refusal.aws_message)
        case "VPCIdNotSpecified" | "DefaultVpcDoesNotExist":
            summary = "This region has no default network (VPC)."
            return FieldError("subnet_id", summary, "Create one, or name a subnet to launch into.")
        case "IdempotentParameterMismatch":
            summary = "EC2 received this launch before, with other parameters: nothing was launched."
            return AwsError(summary, "Launch again from the start.")
        case code if re.fullmatch(r"[\w.]*NotFound(Exception)?", code):
            summary = f"EC2 found nothing with that id in this region. {refusal.aws_message}"
            return NotFoundError(summary, "Check the id and the region.")
        case code if re.fullmatch(r"[\w.]*Malformed", code):
            summary = f"EC2 rejected the form of an id. {refusal.aws_message}"
            return UsageError(summary, "Check how it is written.")
    for codes, error_for in _ERRORS_BY_CODE:
        if re.fullmatch(codes, refusal.code):
            return error_for(refusal)
    if refusal.status >= 500 or re.fullmatch(_INTERNAL, refusal.code):
        failed = AwsError(f"{refusal.endpoint or 'AWS'} had an internal error ({refusal.status}).", _WAIT_AND_RETRY)
        failed.may_be_done = True
        return failed
    return AwsError(f"AWS refused {refusal.operation}.", refusal.aws_message)


def _too_many_calls() -> Fe2Error:
    return ThrottledError("AWS is throttling this account (too many requests).", _WAIT_AND_RETRY)


_CHECK_CONFIG = "Check ~/.aws/config and the AWS_… variables."
_CHECK_NETWORK = "Check the network, a VPN or proxy, and the region; then try again."


def translate(
    error: BaseException,
    *,
    action: str = "",
    profile: str = "",
    endpoint: str = "",
    now: datetime | None = None,
    login_worked: bool = False,
) -> Fe2Error:
    """The Fe2Error for an error of AWS or of the network. It carries AWS's own sentence where AWS sent one.

    ``action`` is the refused operation, like ``ec2:StopInstances``. ``now`` is this computer's time: it is compared
    with the reply's Date header where the clock may be wrong. ``login_worked``: AWS accepted these credentials before.
    """
    if isinstance(error, Fe2Error):
        return error
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        meta = response.get("ResponseMetadata", {})
        refusal = AwsRefusal(
            code=str(response["Error"].get("Code") or "Unknown").removeprefix("Client.").removeprefix("Server."),
            message=str(response["Error"].get("Message") or ""),
            action=action or str(getattr(error, "operation_name", "")),
            profile=profile,
            endpoint=endpoint,
            status=int(meta.get("HTTPStatusCode") or 400),
            date=str(meta.get("HTTPHeaders", {}).get("date", "")),
            now=now,
            login_worked=login_worked,
        )
        our_error = _error_of(refusal)
        our_error.code = refusal.code
        if refusal.sentence and refusal.sentence not in f"{our_error.summary} {our_error.remedy}":
            our_error.remedy = f"{our_error.remedy} {refusal.aws_message}".strip()
        if isinstance(our_error, FieldError):
            our_error.exit_code = AwsError.exit_code  # the request was sent, and AWS refused it
        return our_error
    for kind in type(error).__mro__:
        if kind.__module__.startswith(("botocore", "aiobotocore", "aiohttp", "json")) or kind is ValueError:
            is_reset = kind.__name__ == "EndpointConnectionError" and not _is_never_connected(error)
            name = "ConnectionClosedError" if is_reset else kind.__name__
            library_error = _library_error(name, error, profile, endpoint)
            if library_error is not None:
                if isinstance(library_error, UnreachableError):
                    library_error.may_be_done = name not in _NEVER_SENT
                return library_error
    if isinstance(error, RuntimeError) and "credentials" in str(error):
        return ExpiredError("Your AWS session expired.", _sign_in_again(profile))
    if isinstance(error, OSError):
        return UnreachableError(f"{_endpoint_name(endpoint)} cannot be reached: {_one_line(error)}.", _CHECK_NETWORK)
    return AwsError(
        f"{action or 'The call'} failed inside AWS's library: {type(error).__name__}: {_one_line(error)}.",
        "This is a fault of fe2tui; please report it with this line.",
        code=type(error).__name__,
    )


_NEVER_SENT = frozenset(
    {"ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError", "InvalidProxiesConfigError", "SSLError"}
)
"""The library's errors after which nothing can have reached AWS: there was no connection."""


def _is_never_connected(error: BaseException) -> bool:
    """Whether an EndpointConnectionError means that: the library also raises it for a connection that was reset."""
    cause = getattr(error, "kwargs", {}).get("error")
    return any(kind.__name__ in ("ClientConnectorError", "gaierror") for kind in type(cause).__mro__)


def _one_line(error: object) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _endpoint_name(endpoint: str, error: BaseException | None = None) -> str:
    kwargs: dict[str, Any] = getattr(error, "kwargs", {})
    return str(kwargs.get("endpoint_url") or endpoint or "AWS").split("?")[0].rstrip("/")


def _library_error(kind: str, error: BaseException, profile: str, endpoint: str) -> Fe2Error | None:
    details: Mapping[str, Any] = getattr(error, "kwargs", {})
    where, code = _endpoint_name(endpoint, error), type(error).__name__
    option = _profile_option(profile)
    match kind:
        case "ConnectTimeoutError" | "ReadTimeoutError":
            return UnreachableError(f"{where} did not answer in time.", _CHECK_NETWORK, code=code)
        case "EndpointConnectionError":
            return UnreachableError(f"{where} cannot be reached: nothing answers there.", _CHECK_NETWORK, code=code)
        case "ConnectionClosedError" | "ClientPayloadError" | "ServerDisconnectedError" | "HTTPClientError":
            return UnreachableError(
                f"{where} closed the connection before it answered.",
                "Try again; if it persists, check your proxy or VPN.",
                code=code,
            )
        case "ProxyConnectionError" | "InvalidProxiesConfigError":
            return UnreachableError(
                f"The proxy {details.get('proxy_url', 'The proxy')} did not pass the call on to {where}.",
                "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY.",
                code=code,
            )
        case "SSLError":
            return UnreachableError(
                f"This computer does not trust the certificate of {where}.",
                "If a company proxy decrypts traffic, set AWS_CA_BUNDLE to the file with its certificates.",
                code=code,
            )
        case "ResponseParserError":
            return UnreadableError(
                f"{where} sent an answer that is not from AWS.",
                "Check what answers there: the sign-in page of a proxy or hotel, or a wrong --endpoint-url.",
                code=code,
            )
        case "NoCredentialsError" if missing := aws_config.read().missing_sso_settings(profile):
            return NoCredentialsError(
                f"The profile {profile} uses SSO, but has no {join_words(missing)}.",
                f"Run `aws configure sso{option}`.",
            )
        case "NoCredentialsError" if option:
            return NoCredentialsError(
                f"The profile {profile} has no credentials.",
                f"Run `aws configure{option}`, or `aws configure sso{option}`.",
            )
        case "NoCredentialsError":
            return NoCredentialsError(
                "No AWS credentials were found.",
                "Run `aws configure` with an access key, or `aws configure sso`, or pick a profile that has "
                "credentials.",
            )
        case "ProfileNotFound":
            name = str(details.get("profile", profile))
            from difflib import get_close_matches

            config = aws_config.read()
            misnamed = config.misnamed.get(name)
            close = None if misnamed else next(iter(get_close_matches(name.lower(), config.profiles, 1)), None)
            offer = f"Did you mean “{close}”? " if close else ""
            return NoCredentialsError(
                f"There is no AWS profile called “{name}”{f', but {misnamed}' if misnamed else ''}.",
                f"{offer}`aws configure list-profiles` lists the profiles; --profile or AWS_PROFILE chooses one.",
            )
        case "PartialCredentialsError":
            summary = f"The credentials are incomplete: {details.get('cred_var', 'a part')} is missing."
            return NoCredentialsError(summary, "Set it too, or run `aws configure`.")
        case "SSOTokenLoadError":
            return ExpiredError("You are not signed in with SSO yet.", _sign_in_again(profile), code=code)
        case "UnauthorizedSSOTokenError" | "SSOError":
            return ExpiredError("Your SSO session expired.", _sign_in_again(profile), code=code)
        case "TokenRetrievalError" if "sso" in str(error).lower():
            return ExpiredError("Your SSO session expired.", _sign_in_again(profile), code=code)
        case "LoginError":
            return ExpiredError("Your AWS sign-in expired.", f"Run `aws login{option}`, then try again.", code=code)
        case "CapacityNotAvailableError":
            return _too_many_calls()
        case "RefreshWithMFAUnsupportedError":
            summary = "The session opened by your one-time code expired."
            return ExpiredError(summary, "Try again and enter the next code.")
        case (
            "TokenRetrievalError"
            | "CredentialRetrievalError"
            | "MetadataRetrievalError"
            | "InfiniteLoopConfigError"
            | "UnknownCredentialError"
        ):
            return CredentialsError(
                f"The credentials could not be obtained: {_one_line(details.get('error_msg') or error)}.",
                "Check where the profile takes them from (credential_process, credential_source, SSO).",
                code=code,
            )
        case "InvalidConfigError":
            why = _one_line(details.get("error_msg") or error)
            return CredentialsError(f"The profile {profile} is configured wrongly: {why}.", _CHECK_CONFIG, code=code)
        case "ConfigParseError" | "ConfigNotFound":
            return UsageError(f"The AWS configuration is invalid: {_one_line(error)}.", _CHECK_CONFIG)
        case "NoRegionError":
            return no_region_error()
        case "ParamValidationError":
            return _invalid_arguments(str(details.get("report") or error))
        case "ValueError" if _one_line(error).startswith("Invalid endpoint"):
            address = _one_line(error).partition(":")[2].strip() or endpoint
            return UsageError(f"{address} is not an address.", "It begins with https://")
        case "ValueError" if _one_line(error) in ("No closing quotation", "No escaped character"):
            return CredentialsError(
                f"credential_process of profile {profile} cannot be read: {_one_line(error)}.", _CHECK_CONFIG
            )
        case "ValueError":
            return AwsError(f"AWS's library refused the call: {_one_line(error)}.", _CHECK_CONFIG)
    return None


def _invalid_arguments(report: str) -> Fe2Error:
    """What the library's validation reports before sending: its text has a heading and a line for each argument."""
    lines = [line.strip() for line in report.splitlines() if line.strip()]
    summary = " ".join(_argument_error_text(line) for line in lines if not line.startswith("Parameter validation"))
    return UsageError(summary or f"{_one_line(report)}.", "Name and spell arguments as AWS does.")


def _argument_error_text(line: str) -> str:
    if found := re.fullmatch(r'Missing required parameter in (.+): "(.+)"', line):
        return f"The argument {found[2]} is missing."
    if found := re.fullmatch(r'Unknown parameter in (.+): "(.+?)", must be one of: (.+)', line):
        return f"There is no argument {found[2]}: there are {join_words(found[3].split(', '))}."
    if found := re.match(r"Invalid type for parameter (\S+), value: (.*), type: .*, valid types: (.+)", line):
        wanted = join_words(re.findall(r"'(?:\w+\.)*(\w+)'", found[3]), "or")
        return f"The argument {found[1]} cannot be {found[2]}: it is {_PYTHON_TYPE_NAMES.get(wanted, wanted)}."
    return line if line.endswith(".") else f"{line}."


_PYTHON_TYPE_NAMES = {
    "bool": "true or false",
    "str": "a text",
    "int": "a whole number",
    "list or tuple": "a list",
    "dict": "a map",
}
