"""AWS's refusals in plain words: what happened, what to do next, AWS's own code."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from fe2tui import errors
from fe2tui.aws.errors import translate
from fe2tui.demo import Cloud
from fe2tui.errors import Fe2Error
from tests.aws.conftest import Answers, Open

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def refused(
    code: str, message: str = "", *, action: str = "ec2:RunInstances", status: int = 400, ahead: timedelta = timedelta()
) -> Fe2Error:
    """The error that one refusal becomes, on a computer whose clock is so far ahead."""
    from botocore.exceptions import ClientError

    headers = {"date": format_datetime(NOW, usegmt=True)}
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},
    }
    return translate(
        ClientError(response, action.partition(":")[2]),  # type: ignore[arg-type]
        action=action,
        profile="work",
        now=NOW + ahead,
    )


# Messages as EC2 words them.
NO_CAPACITY = (
    "We currently do not have sufficient m5.large capacity in the Availability Zone you requested (us-east-2a). "
    "Our system will be working on provisioning additional capacity."
)
NOT_HERE = (
    "Your requested instance type (p3.8xlarge) is not supported in your requested Availability Zone (us-east-2c). "
    "Please retry your request by not specifying an Availability Zone or choosing us-east-2a, us-east-2b."
)
VCPUS = (
    "You have requested more vCPU capacity than your current vCPU limit of {} allows for the instance bucket that the "
    "specified instance type belongs to."
)
UNAUTHORIZED = (
    "You are not authorized to perform this operation. User: arn:aws:iam::1:user/jo is not authorized to perform: "
    "ec2:CreateTags on resource: arn:aws:ec2:us-east-2:1:instance/* because no identity-based policy allows it."
)
ONE_TIME = (
    "You can't stop the Spot Instance 'i-0123456789abcdef0' because it is associated with a one-time Spot Instance "
    "request. You can only stop Spot Instances associated with persistent Spot Instance requests."
)
PROTECTED = (
    "The instance 'i-0123456789abcdef0' may not be terminated. Modify its 'disableApiTermination' instance attribute "
    "and try again."
)

NO_SPOT = "There is no Spot capacity available that matches your request."
TOO_LOW = "Your Spot request price of 0.02 is lower than the minimum required Spot request fulfillment price of 0.0375."
ODD = "Unable to fulfill capacity due to your request configuration. Please adjust your request and try again."

TABLE = [
    (
        "InsufficientInstanceCapacity",
        NO_SPOT,
        "CapacityError",
        "AWS has no spot instances of this type right now.*wait",
    ),
    ("UnfulfillableCapacity", ODD, "CapacityError", "no spot capacity for this request at the moment"),
    ("SpotMaxPriceTooLow", TOO_LOW, "CapacityError", r"\$0\.0375 an hour, and the request allows \$0\.02.*on demand"),
    ("SpotMaxPriceTooLow", "", "CapacityError", "above the maximum price"),
    ("InsufficientInstanceCapacity", NO_CAPACITY, "CapacityError", "AWS has no m5.large in us-east-2a right now"),
    ("Unsupported", NOT_HERE, "CapacityError", "AWS does not offer p3.8xlarge in us-east-2c"),
    ("Unsupported", "The requested configuration is currently not supported.", "CapacityError", "does not offer"),
    ("Unsupported", "ED25519 keys are not supported with Windows AMIs.", "FieldError", "kind of key.*RSA key pair"),
    ("InsufficientFreeAddressesInSubnet", "No.", "CapacityError", "subnet has no free addresses.*AWS says: No"),
    ("InsufficientAddressCapacity", "No.", "AwsError", "no public addresses left.*Another zone or type does not help"),
    ("VcpuLimitExceeded", VCPUS.format(32), "QuotaError", "at most 32 vCPUs of this family"),
    ("VcpuLimitExceeded", VCPUS.format(0), "QuotaError", "no vCPUs of this family yet"),
    ("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded", "QuotaError", "quota of spot instances"),
    ("VolumeLimitExceeded", "Too much.", "QuotaError", "Service Quotas"),
    ("InvalidParameterCombination", "… is not eligible for Free Tier.", "FieldError", "free plan does not allow"),
    ("InvalidParameterCombination", "No.", "AwsError", "does not allow this combination"),
    ("UnauthorizedOperation", UNAUTHORIZED, "DeniedError", "permission for ec2:CreateTags"),
    ("UnauthorizedOperation", "No.", "DeniedError", "permission for ec2:RunInstances"),
    ("AccessDeniedException", "No.", "DeniedError", "permission for ec2:RunInstances"),
    ("PendingVerification", "…", "AwsError", "still verifying your account"),
    ("OptInRequired", "You are not subscribed to this service.", "AwsError", "Enable the region"),
    ("OptInRequired", "accept terms … AWS Marketplace", "FieldError", "have to be accepted"),
    ("Blocked", "", "AwsError", "AWS Support"),
    ("InvalidKeyPair.NotFound", "", "FieldError", "no key pair of that name.*Import"),
    ("InvalidKeyPair.Duplicate", "", "FieldError", "exists already"),
    ("InvalidAMIID.NotFound", "", "FieldError", "no such image"),
    ("InvalidAMIID.Malformed", "", "FieldError", "no such image"),
    ("InvalidBlockDeviceMapping", "smaller than snapshot", "FieldError", "AWS says: smaller than snapshot"),
    ("VPCIdNotSpecified", "", "FieldError", "no default network"),
    ("ExpiredToken", "", "ExpiredError", "aws sso login --profile work"),
    ("ExpiredTokenException", "", "ExpiredError", "expired"),
    ("InvalidClientTokenId", "", "CredentialsError", "aws configure"),
    ("AuthFailure", "", "CredentialsError", "not enabled for the account"),
    (
        "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
        "The provided credentials do not have permission to create the service-linked role for EC2 Spot Instances.",
        "DeniedError",
        "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com",
    ),
    ("SignatureDoesNotMatch", "", "CredentialsError", "rejected these credentials"),
    ("RequestExpired", "Request has expired.", "ExpiredError", "aws sso login --profile work"),
    ("RequestTimeTooSkewed", "", "ClockError", "clock"),
    ("RequestLimitExceeded", "", "ThrottledError", "throttling this account"),
    ("ThrottlingException", "", "ThrottledError", "Wait a minute"),
    ("IncorrectInstanceState", "'i-0123456789abcdef0' is not …", "StateError", "i-0123456789abcdef0 is in a state"),
    ("IncorrectSpotRequestState", "", "StateError", "does not allow this"),
    ("UnsupportedOperation", ONE_TIME, "StateError", "one-time spot instance: it cannot be stopped"),
    ("UnsupportedOperation", "No.", "StateError", "AWS says: No."),
    ("OperationNotPermitted", PROTECTED, "ProtectedError", "i-0123456789abcdef0 has termination protection"),
    ("OperationNotPermitted", "… 'disableApiStop' …", "ProtectedError", "stop protection"),
    ("OperationNotPermitted", "No.", "StateError", "does not allow"),
    ("InvalidInstanceID.NotFound", "'i-0123456789abcdef0'", "NotFoundError", "i-0123456789abcdef0 in this region"),
    ("InvalidInstanceID.Malformed", "", "UsageError", "how it is written"),
    ("InvalidVolume.NotFound", "", "NotFoundError", "found nothing"),
    ("IdempotentParameterMismatch", "", "AwsError", "nothing was launched"),
    ("InternalError", "", "AwsError", "internal error"),
    ("SomethingNew", "Your frobnicator is full", "AwsError", "AWS says: Your frobnicator is full."),
]


@pytest.mark.parametrize(("code", "message", "kind", "words"), TABLE, ids=[f"{r[0]}-{r[2]}" for r in TABLE])
def test_a_refusal_says_what_happened_and_what_to_do_and_keeps_the_code(
    code: str, message: str, kind: str, words: str
) -> None:
    error = refused(code, message)
    assert type(error) is getattr(errors, kind)
    assert error.code == code
    assert error.summary.endswith((".", "!", "?"))
    assert error.remedy
    import re

    assert re.search(words, f"{error.summary} {error.remedy}")


@pytest.mark.parametrize(
    ("action", "message", "kind", "words"),
    [
        ("RunInstances", "Not authorized for images: [ami-0123456789abcdef0]", "FieldError", "ami-0123456789abcdef0"),
        ("DeregisterImage", "This image is managed by AWS Backup.", "AwsError", "does not allow DeregisterImage"),
        ("AssociateAddress", "The address does not belong to you.", "AwsError", "belongs to another account"),
        ("StopInstances", "Unauthorized.", "CredentialsError", "rejected these credentials"),
    ],
)
def test_an_auth_failure_about_a_resource_does_not_reject_the_login(
    action: str, message: str, kind: str, words: str
) -> None:
    error = refused("AuthFailure", message, action=f"ec2:{action}")
    assert type(error) is getattr(errors, kind)
    assert words in error.summary and message.rstrip(".") in str(error)
    assert error.exit_code == (4 if kind == "CredentialsError" else 1)


ORGANIZATION = (
    "You are not authorized to perform this operation. User: arn:aws:sts::1:assumed-role/Dev/jo is not authorized to "
    "perform: ec2:RunInstances on resource: arn:aws:ec2:us-east-2:1:volume/* with an explicit deny in a {}. "
    "Encoded authorization failure message: {}"
)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("service control policy", "policy of your organization (service control policy) denies it explicitly"),
        ("resource control policy", "only the organization's administrators can change that"),
        ("permissions boundary", "A policy (permissions boundary) denies it explicitly"),
        ("identity-based policy", "A policy (identity-based policy) denies it explicitly"),
    ],
)
def test_an_explicit_deny_names_the_resource_and_the_kind_of_policy(policy: str, words: str) -> None:
    error = refused("UnauthorizedOperation", ORGANIZATION.format(policy, "abc"))
    assert isinstance(error, errors.DeniedError)
    assert "ec2:RunInstances on arn:aws:ec2:us-east-2:1:volume/*." in error.summary
    assert words in error.remedy
    assert error.encoded_message == "abc" and "abc" not in str(error)


REASON = {
    "allowed": False,
    "explicitDeny": True,
    "matchedStatements": {"items": [{"statementId": "EncryptedVolumesOnly", "effect": "DENY"}]},
    "context": {
        "principal": {"id": "x", "arn": "arn:aws:sts::1:assumed-role/Dev/jo"},
        "action": "ec2:RunInstances",
        "resource": "arn:aws:ec2:us-east-2:1:volume/*",
        "conditions": {"items": [{"key": "ec2:Encrypted", "values": {"items": [{"value": "false"}]}}]},
    },
}


@pytest.mark.parametrize("is_decoded", [True, False])
async def test_an_encoded_reason_is_decoded_or_the_error_says_how(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path], open_session: Open, is_decoded: bool
) -> None:
    cloud = fresh_cloud(scene=False)
    enter_cloud(cloud)
    encoded = b64encode(json.dumps(REASON).encode()).decode()
    message = ORGANIZATION.format("service control policy", encoded)
    denial = {"kind": "refuse", "action": "RunInstances", "code": "UnauthorizedOperation", "status": 403}
    cloud.control("/demo/faults", {**denial, "message": message})
    if not is_decoded:
        cloud.control("/demo/faults", {"kind": "deny", "action": "DecodeAuthorizationMessage"})
    with pytest.raises(errors.DeniedError) as caught:
        await open_session().call("ec2", "RunInstances", ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1)
    if is_decoded:
        assert caught.value.remedy.endswith(
            "The decoded reason: ec2:RunInstances on arn:aws:ec2:us-east-2:1:volume/* is denied explicitly by the "
            "statement EncryptedVolumesOnly where ec2:Encrypted is false."
        )
    else:
        assert f"aws sts decode-authorization-message --encoded-message {encoded}" in caught.value.remedy


@pytest.mark.parametrize("row", TABLE, ids=[f"{r[0]}-{r[2]}" for r in TABLE])
def test_every_error_carries_the_sentence_of_aws(row: tuple[str, str, str, str]) -> None:
    code, message, _, _ = row
    assert message in str(refused(code, message))


@pytest.mark.parametrize("code", ["RequestExpired", "AuthFailure", "SignatureDoesNotMatch", "ExpiredToken"])
@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(minutes=-9), "Your clock is 9 minutes slow"),
        (timedelta(minutes=17), "Your clock is 17 minutes fast"),
        (timedelta(days=-3), "Your clock is 3d slow"),
    ],
)
def test_a_wrong_clock_is_found_by_the_answers_date(code: str, ahead: timedelta, words: str) -> None:
    error = refused(code, ahead=ahead)
    assert isinstance(error, errors.ClockError)
    assert error.summary.startswith(words)


def test_a_right_clock_is_not_blamed() -> None:
    assert not isinstance(refused("AuthFailure", ahead=timedelta(seconds=90)), errors.ClockError)


def test_no_capacity_for_a_start_does_not_speak_of_other_zones() -> None:
    assert "another zone or type" not in refused("InsufficientInstanceCapacity", action="ec2:StartInstances").remedy


def test_a_gateways_error_is_not_taken_for_ec2s_refusal() -> None:
    assert "502" in refused("502", "Bad Gateway", status=502).summary


def test_our_own_errors_stay_what_they_are() -> None:
    own = errors.NotFoundError("x")
    assert translate(own) is own


def test_an_unexpected_error_is_one_line_without_a_traceback() -> None:
    error = translate(KeyError("a\nb"), action="ec2:RunInstances")
    assert "\n" not in str(error)
    assert "KeyError" in error.summary


async def test_the_clock_is_looked_at_when_a_real_call_is_refused(
    demo_env: object, open_session: Open, answers: Answers
) -> None:
    answers.status = 401
    answers.headers = {"Date": format_datetime(datetime.now(UTC) + timedelta(minutes=9), usegmt=True)}
    answers.body = (
        b"<Response><Errors><Error><Code>AuthFailure</Code><Message>AWS was not able to validate the provided access "
        b"credentials</Message></Error></Errors><RequestID>x</RequestID></Response>"
    )
    with pytest.raises(errors.ClockError, match="Your clock is 9 minutes slow"):
        await open_session(endpoint_url=answers.url).call("ec2", "DescribeVpcs")


@pytest.mark.parametrize("code", ["ExpiredToken", "RequestExpired"])
def test_what_to_do_reads_alike_in_the_shell_and_in_the_dashboard(code: str) -> None:
    assert "refresh" not in refused(code).remedy.lower()
    assert "try again" in refused(code).remedy
