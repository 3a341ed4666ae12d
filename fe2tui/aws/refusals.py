"""What AWS answered instead of doing it, in plain words.

Source of the codes: EC2 API reference, error codes; IAM and STS references.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from fe2tui.aws.refused import TYPE, Refused
from fe2tui.aws.room import no_capacity, price_too_low, quota, unfulfillable, unsupported
from fe2tui.errors import (
    AwsError,
    ClockError,
    CredentialsError,
    DeniedError,
    ExpiredError,
    Fe2Error,
    FieldError,
    MfaNeededError,
    NotFoundError,
    ProtectedError,
    StateError,
    ThrottledError,
    UsageError,
)
from fe2tui.model.words import age

CLOCK_TOLERANCE = timedelta(minutes=4)  # AWS refuses at five
_LATER = "Wait a minute and try again."
_PERFORM = re.compile(r"perform:? ([\w-]+:\w+)")


def refusal(
    response: Mapping[str, Any], *, action: str, profile: str = "", endpoint: str = "", now: datetime | None = None
) -> Fe2Error:
    """Our error for an answer of AWS that is one."""
    error = response.get("Error", {})
    meta = response.get("ResponseMetadata", {})
    refused = Refused(
        code=str(error.get("Code") or "Unknown").removeprefix("Client.").removeprefix("Server."),
        message=str(error.get("Message") or ""),
        action=action,
        profile=profile,
        endpoint=endpoint,
        status=int(meta.get("HTTPStatusCode") or 400),
        date=str(meta.get("HTTPHeaders", {}).get("date", "")),
        now=now,
    )
    for codes, words in _RULES:
        if re.fullmatch(codes, refused.code):
            ours = words(refused)
            ours.code = refused.code
            return ours
    ours = _fault_of_aws(refused) if refused.status >= 500 else _other(refused)
    ours.code = refused.code
    return ours


def sso_remedy(profile: str) -> str:
    """The command that begins an SSO session again."""
    return f"Run `aws sso login{f' --profile {profile}' if profile and profile != 'default' else ''}`, then try again."


def _denied(refused: Refused) -> Fe2Error:
    if "MultiFactorAuthentication" in refused.message:
        return MfaNeededError("The one-time code was not accepted.", "Wait for the device's next code, and type that.")
    found = _PERFORM.search(refused.message)
    action = found[1] if found else refused.action
    if action.endswith("AssumeRole") and not refused.action.endswith("AssumeRole"):
        return CredentialsError(f"The login behind profile {refused.profile} may not take its role.", refused.said)
    return DeniedError(
        f"Your login may not do {action}.", f"Ask whoever runs the account to allow {action}, or use another profile."
    )


def _no_role(refused: Refused) -> Fe2Error:
    # EC2 user guide, "Service-linked role for Spot Instance requests": who asks by the API has to see that it exists
    return DeniedError(
        "This account has no role for spot instances yet, and your login may not do iam:CreateServiceLinkedRole.",
        "Have somebody who may run this, once for the account: "
        "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com",
    )


def _checking(refused: Refused) -> Fe2Error:
    return AwsError(
        "AWS is still checking your account for this region.", "It takes minutes, at most four hours; then try again."
    )


def _opt_in(refused: Refused) -> Fe2Error:
    if "marketplace" in refused.message.lower():
        return FieldError("image", "This image has terms that must be accepted first.", refused.said)
    return AwsError(
        "Your account is not signed up for this, or the region is not enabled.",
        "Enable the region under Account, AWS Regions, in AWS's console; a new account is checked for up to a day.",
    )


def _blocked(refused: Refused) -> Fe2Error:
    return AwsError("AWS has blocked your account.", "Write to AWS's support; only they can lift it.")


def _expired(refused: Refused) -> Fe2Error:
    wrong = _clock(refused)
    return wrong or ExpiredError("Your AWS session ran out.", sso_remedy(refused.profile))


def _bad_signature(refused: Refused) -> Fe2Error:
    wrong = _clock(refused)
    if wrong is not None:
        return wrong
    if refused.code == "RequestExpired":  # EC2's word for a session that is over
        remedy = f"{sso_remedy(refused.profile)} If it cannot be that, look at this computer's clock."
        return ExpiredError("Your AWS session ran out.", remedy)
    if refused.code == "RequestTimeTooSkewed":
        return ClockError("AWS found the call's time wrong: look at this computer's clock.", "Set it, and try again.")
    return CredentialsError(
        "AWS does not accept these credentials.",
        "The key may be wrong, deleted or switched off, or this region not enabled for the account; "
        "`aws configure` sets another key.",
    )


def _clock(refused: Refused) -> Fe2Error | None:
    off = refused.clock_error
    if abs(off) < CLOCK_TOLERANCE:
        return None
    words = f"{round(abs(off) / timedelta(minutes=1))} minutes" if abs(off) < timedelta(hours=2) else age(abs(off))
    return ClockError(
        f"Your clock is {words} {'fast' if off > timedelta(0) else 'slow'}: AWS refuses calls from another time.",
        "Set this computer's clock (`sudo timedatectl set-ntp true`), and try again.",
    )


def _throttled(refused: Refused) -> Fe2Error:
    return ThrottledError("AWS wants fewer calls: this account makes too many at once.", _LATER)


def _fault_of_aws(refused: Refused) -> Fe2Error:
    where = refused.endpoint or "AWS"
    return AwsError(f"{where} failed by a fault of its own ({refused.status}).", _LATER)


def _state(refused: Refused) -> Fe2Error:
    who = refused.ids or "It"
    if refused.action.endswith("ModifyInstanceAttribute"):
        return StateError(f"{who} is not stopped, and can only be changed so while it is.", refused.said)
    return StateError(f"{who} cannot do that in its present state.", refused.said)


def _unsupported_operation(refused: Refused) -> Fe2Error:
    if "one-time" in refused.message.lower():
        return StateError(
            f"{refused.ids or 'This'} is a one-time spot instance: it cannot be stopped.",
            "It can only be terminated; its disk goes with it: copy off what is needed first.",
        )
    if refused.action.endswith("ModifyInstanceAttribute"):
        return StateError("EC2 does not change that of this instance.", refused.said)
    return StateError("EC2 does not do that with this instance.", refused.said)


def _protected(refused: Refused) -> Fe2Error:
    if "disableapi" not in refused.message.lower() and "protect" not in refused.message.lower():
        return StateError(f"{refused.ids or 'It'} does not permit that.", refused.said)
    kind = "stop" if "disableapistop" in refused.message.lower() else "termination"
    return ProtectedError(
        f"{refused.ids or 'The instance'} has {kind} protection.",
        "Take the protection off in AWS's console first (Actions, Instance settings), if that is meant.",
    )


def _unknown_instance(refused: Refused) -> Fe2Error:
    who = refused.ids or "that id"
    return NotFoundError(
        f"EC2 knows no instance {who} in this region.",
        "A new one takes seconds to show; look at the region, and at the id.",
    )


def _not_found(refused: Refused) -> Fe2Error:
    return NotFoundError(f"EC2 knows no such thing in this region. {refused.said}", "Look at the id and at the region.")


def _malformed(refused: Refused) -> Fe2Error:
    return UsageError(f"EC2 cannot make sense of an id. {refused.said}", "Look at how it is written.")


def _no_vpc(refused: Refused) -> Fe2Error:
    return FieldError(
        "subnet_id", "This region has no default network (VPC).", "Have one made, or name a subnet to launch into."
    )


def _combination(refused: Refused) -> Fe2Error:
    if "free" in refused.message.lower():
        return FieldError(
            "type",
            "Your account's free plan does not allow this type.",
            f"{refused.said} Choose a type that it allows, or upgrade the plan in AWS's console.",
        )
    return _misfit(refused) or AwsError("EC2 does not allow this combination.", refused.said)


def _misfit(refused: Refused) -> Fe2Error | None:
    """For an image or an instance that a type cannot run."""
    found = TYPE.search(refused.message)
    words, name = refused.message.lower(), found[1] if found else "This type"
    for part, why in (
        ("(ena)", f"{name} needs ENA networking, which the image or instance does not have turned on."),
        ("virtualization type", f"{name} needs another kind of virtualisation than the image has."),
        ("boot mode", f"{name} does not boot in the way that the image needs."),
        ("architecture", f"{name} has another architecture than the image."),
    ):
        if part in words:
            return FieldError("type", why, f"Choose another type. {refused.said}")
    return None


def _reused_token(refused: Refused) -> Fe2Error:
    return AwsError(
        "EC2 has seen this launch before, with other parameters: nothing was launched.", "Launch again from the start."
    )


def _field(name: str, summary: str, remedy: str) -> Callable[[Refused], Fe2Error]:
    def words(refused: Refused) -> Fe2Error:
        return FieldError(name, summary, remedy or refused.said)

    return words


def _parameter(refused: Refused) -> Fe2Error:
    if misfit := _misfit(refused):
        return misfit
    for part, name in (("InstanceType", "type"), ("instance type", "type"), ("ImageId", "image"), ("iops", "iops")):
        if part in refused.message:
            return FieldError(name, "EC2 does not take this value.", refused.said)
    return AwsError(f"EC2 refused {refused.action.rpartition(':')[2] or 'the call'}.", refused.said)


def _other(refused: Refused) -> Fe2Error:
    name = refused.action.rpartition(":")[2] or "the call"
    return AwsError(f"AWS refused {name}.", refused.said)


_RULES: tuple[tuple[str, Callable[[Refused], Fe2Error]], ...] = (
    (r"Insufficient\w*Capacity\w*|ReservationCapacityExceeded", no_capacity),
    (r"UnfulfillableCapacity", unfulfillable),
    (r"SpotMaxPriceTooLow", price_too_low),
    (r"Unsupported", unsupported),
    (r"RequestLimitExceeded|\w*Throttl\w*|TooManyRequests\w*|SlowDown|BandwidthLimitExceeded", _throttled),
    (r"MaxSpotInstanceCountExceeded|MaxConfigLimitExceeded|\w*LimitExceeded|ResourceCountExceeded", quota),
    (r"UnauthorizedOperation|AccessDenied\w*|NotAuthorized\w*|UnauthorizedAccess|Forbidden\w*", _denied),
    (r"AuthFailure\.ServiceLinkedRoleCreationNotPermitted", _no_role),
    (r"PendingVerification", _checking),
    (r"OptInRequired|NotSignedUp", _opt_in),
    (r"Blocked", _blocked),
    (r"ExpiredToken\w*|TokenRefreshRequired|UnauthorizedException|InvalidGrantException", _expired),
    (
        r"RequestExpired|RequestTimeTooSkewed|AuthFailure|SignatureDoesNotMatch|InvalidSignature\w*"
        r"|InvalidClientTokenId|UnrecognizedClient\w*|InvalidAccessKeyId|InvalidToken|IncompleteSignature\w*",
        _bad_signature,
    ),
    (r"IncorrectInstanceState|Incorrect\w*State|InvalidInstanceState\w*|InvalidState\w*", _state),
    (r"UnsupportedOperation", _unsupported_operation),
    (r"OperationNotPermitted", _protected),
    (r"InvalidInstanceID\.NotFound", _unknown_instance),
    (
        r"InvalidKeyPair\.NotFound",
        _field("key_name", "This region has no key pair of that name.", "Import your own key, or have one made."),
    ),
    (
        r"InvalidKeyPair\.Duplicate",
        _field("key_name", "A key pair of that name is there already.", "Choose another name."),
    ),
    (r"InvalidKey\.Format|InvalidKeyPair\.Format", _field("key_name", "EC2 does not take this public key.", "")),
    (
        r"InvalidAMIID\.\w+|InvalidAMIName\.NotFound",
        _field("image", "There is no such image in this region.", "Type ubuntu, amazon, debian, dlami or an AMI."),
    ),
    (
        r"InvalidInstanceType(\.\w+)?",
        _field("type", "There is no such instance type in this region.", "Type one such as t3.micro."),
    ),
    (
        r"InvalidGroup\.Duplicate",
        _field("security_group", "A security group of that name is there already.", "Choose another name."),
    ),
    (
        r"InvalidGroup\.NotFound|InvalidSecurityGroupID\.NotFound|InvalidGroupId\.Malformed",
        _field("security_group", "There is no such security group in this network.", "Choose another, or ssh."),
    ),
    (r"InvalidSubnetID\.NotFound|InvalidSubnet", _field("subnet_id", "There is no such subnet here.", "")),
    (r"InvalidBlockDeviceMapping", _field("disk", "The disk does not fit the image.", "")),
    (r"VPCIdNotSpecified|DefaultVpcDoesNotExist", _no_vpc),
    (r"IdempotentParameterMismatch", _reused_token),
    (r"[\w.]*NotFound(Exception)?", _not_found),
    (r"[\w.]*Malformed", _malformed),
    (r"InvalidParameterCombination", _combination),
    (r"InvalidParameterValue|InvalidParameter|MissingParameter|ValidationError", _parameter),
    (r"ServerInternal|InternalError|InternalFailure|Unavailable|ServiceUnavailable|5\d\d", _fault_of_aws),
)
