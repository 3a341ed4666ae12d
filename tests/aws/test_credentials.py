"""Credentials: every source of them, and the error when there are none."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path

import pytest
from botocore.credentials import SSOProvider
from botocore.exceptions import ClientError
from botocore.tokens import SSOTokenProvider

from fe2tui.aws.errors import translate
from fe2tui.demo import Cloud
from fe2tui.demo.client_files import ACCOUNT_ARN
from fe2tui.errors import (
    AwsError,
    CredentialsError,
    DeniedError,
    ExpiredError,
    FieldError,
    MfaNeededError,
    NoCredentialsError,
    UsageError,
)
from tests.aws.conftest import Open, calls

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def add_profile(text: str) -> None:
    import os

    with Path(os.environ["AWS_CONFIG_FILE"]).open("a") as config:
        config.write(f"\n{text}\n")


@pytest.fixture
def no_keys(own_cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A cloud, and nothing that signs calls to it."""
    for name in (*KEYS, "AWS_PROFILE"):
        monkeypatch.delenv(name)
    Path(own_cloud.environment["AWS_SHARED_CREDENTIALS_FILE"]).write_text("")
    return own_cloud


async def test_no_credentials_says_which_commands_set_them_up(no_keys: Cloud, open_session: Open) -> None:
    with pytest.raises(NoCredentialsError, match=r"No AWS credentials.*aws configure") as caught:
        await open_session().identity()
    assert caught.value.exit_code == 4
    assert calls(no_keys) == []


async def test_no_credentials_comes_before_no_region(
    no_keys: Cloud, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    Path(no_keys.environment["AWS_CONFIG_FILE"]).write_text("")
    with pytest.raises(NoCredentialsError):
        await open_session().call("ec2", "DescribeRegions")


async def test_no_region_says_how_to_choose_one(
    own_cloud: Cloud, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    Path(own_cloud.environment["AWS_CONFIG_FILE"]).write_text("")
    with pytest.raises(UsageError, match="--region Ohio"):
        await open_session().call("ec2", "DescribeRegions")


async def test_a_profile_that_is_not_there_is_named(own_cloud: Cloud, open_session: Open) -> None:
    with pytest.raises(NoCredentialsError, match="no AWS profile called “stranger”"):
        await open_session(profile="stranger").identity()


async def test_half_a_key_names_the_missing_half(
    no_keys: Cloud, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    with pytest.raises(NoCredentialsError, match="AWS_SECRET_ACCESS_KEY is missing"):
        await open_session().identity()


async def test_credentials_that_are_mended_are_used_at_the_next_call(
    no_keys: Cloud, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_session()
    with pytest.raises(NoCredentialsError):
        await session.identity()
    for name in KEYS:
        monkeypatch.setenv(name, no_keys.environment[name])
    assert (await session.identity()).account == "123456789012"


async def test_a_key_that_aws_refuses_is_not_used_again_once_it_is_mended(no_keys: Cloud, open_session: Open) -> None:
    file = Path(no_keys.environment["AWS_SHARED_CREDENTIALS_FILE"])
    file.write_text("[default]\naws_access_key_id = AKIAOLD\naws_secret_access_key = x\n")
    session = open_session()
    with pytest.raises(CredentialsError, match="rejected these credentials"):
        await session.call("ec2", "DescribeVpcs")
    key, secret = no_keys.keys.access_key, no_keys.keys.secret
    file.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
    assert (await session.call("ec2", "DescribeVpcs"))["Vpcs"]


async def test_a_cached_role_that_aws_refuses_is_assumed_again(own_cloud: Cloud, open_session: Open) -> None:
    session = open_session(profile="role")
    await session.identity()
    own_cloud.control("/demo/faults", {"kind": "expired", "action": "DescribeVpcs", "times": 1})
    with pytest.raises(ExpiredError):
        await session.call("ec2", "DescribeVpcs")
    await open_session(profile="role").identity()
    assert len(calls(own_cloud, "AssumeRole")) == 2


PRIVATE_IMAGE = {
    "kind": "refuse",
    "action": "RunInstances",
    "code": "AuthFailure",
    "message": "Not authorized for images: [ami-0123456789abcdef0]",
    "status": 403,
}


async def test_a_refused_image_keeps_the_login(own_cloud: Cloud, open_session: Open) -> None:
    own_cloud.control("/demo/faults", PRIVATE_IMAGE)
    session = open_session(profile="role")
    with pytest.raises(FieldError, match="may not launch ami-0123456789abcdef0") as caught:
        await session.call("ec2", "RunInstances", ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1)
    assert (caught.value.field, caught.value.exit_code, caught.value.code) == ("image", 1, "AuthFailure")
    assert "AWS says: Not authorized for images: [ami-0123456789abcdef0]" in caught.value.remedy
    await open_session(profile="role").identity()
    assert len(calls(own_cloud, "AssumeRole")) == 1


async def test_a_login_that_has_worked_is_not_rejected_by_a_refusal_without_a_reason(
    own_cloud: Cloud, open_session: Open
) -> None:
    session = open_session()
    own_cloud.control("/demo/faults", {**PRIVATE_IMAGE, "action": "*Instances", "message": "Unauthorized."})
    with pytest.raises(CredentialsError):
        await session.call("ec2", "StopInstances", InstanceIds=["i-0123456789abcdef0"])
    await session.identity()
    with pytest.raises(AwsError, match="does not allow StopInstances"):
        await session.call("ec2", "StopInstances", InstanceIds=["i-0123456789abcdef0"])


async def test_a_region_that_is_not_enabled_does_not_reject_the_login(own_cloud: Cloud, open_session: Open) -> None:
    await open_session(profile="role").identity()
    refusal = {"kind": "refuse", "region": "eu-south-1", "status": 401, "message": "Not able to validate credentials"}
    own_cloud.control("/demo/faults", {**refusal, "service": "ec2", "code": "AuthFailure"})
    sts = own_cloud.control("/demo/faults", {**refusal, "action": "GetCallerIdentity", "code": "InvalidClientTokenId"})
    session = open_session(profile="role", region="eu-south-1")
    with pytest.raises(AwsError, match=r"region eu-south-1 is not enabled.*AWS says: Not able") as caught:
        await session.call("ec2", "DescribeVpcs")
    assert (caught.value.exit_code, caught.value.code) == (1, "AuthFailure")
    assert len(calls(own_cloud, "AssumeRole")) == 1
    own_cloud.control(f"/demo/faults/{sts['id']}", method="DELETE")
    with pytest.raises(CredentialsError):  # the login works in this region, but EC2 says that it does not accept it
        await session.call("ec2", "DescribeVpcs")


async def test_refused_credentials_of_one_profile_leave_the_logins_of_others(
    own_cloud: Cloud, open_session: Open
) -> None:
    other = f"[profile other]\nrole_arn = {ACCOUNT_ARN}:role/other\nsource_profile = default\nregion = us-east-2"
    add_profile(other)
    await open_session(profile="other").identity()
    session = open_session(profile="role")
    await session.identity()
    own_cloud.control("/demo/faults", {"kind": "expired", "action": "DescribeVpcs", "times": 1})
    with pytest.raises(ExpiredError):
        await session.call("ec2", "DescribeVpcs")
    await open_session(profile="other").identity()
    assert len(calls(own_cloud, "AssumeRole")) == 2


async def test_a_role_is_taken(own_cloud: Cloud, open_session: Open) -> None:
    assert "assumed-role/demo/" in (await open_session(profile="role").identity()).arn


async def test_a_role_taken_is_kept_for_the_next_run(own_cloud: Cloud, open_session: Open) -> None:
    await open_session(profile="role").identity()
    await open_session(profile="role").identity()
    assert len(calls(own_cloud, "AssumeRole")) == 1


async def test_kept_credentials_are_for_their_owner_only(own_cloud: Cloud, open_session: Open) -> None:
    import os

    await open_session(profile="role").identity()
    kept = [file for file in Path(os.environ["FE2TUI_HOME"], "cache", "logins").rglob("*") if file.is_file()]
    assert kept
    assert all(file.stat().st_mode & 0o077 == 0 for file in (*kept, *(file.parent for file in kept)))


async def test_a_one_time_code_is_asked_for_once_and_calls_wait_for_it(own_cloud: Cloud, open_session: Open) -> None:
    asked: list[str] = []

    async def ask(serial: str) -> str:
        asked.append(serial)
        return " 123456 "

    session = open_session(profile="mfa", ask_code=ask)
    assert "assumed-role/demo-mfa/" in (await session.identity()).arn
    await session.call("ec2", "DescribeRegions")
    await open_session(profile="mfa", ask_code=ask).identity()
    assert asked == ["arn:aws:iam::123456789012:mfa/demo"]


async def test_without_anybody_to_ask_the_device_is_named(own_cloud: Cloud, open_session: Open) -> None:
    with pytest.raises(MfaNeededError, match="mfa/demo") as caught:
        await open_session(profile="mfa").identity()
    assert caught.value.serial == "arn:aws:iam::123456789012:mfa/demo"
    assert calls(own_cloud, "AssumeRole") == []


WRONG = {
    "kind": "refuse",
    "action": "AssumeRole",
    "code": "AccessDenied",
    "message": "MultiFactorAuthentication failed with invalid MFA one time pass code.",
    "status": 403,
    "times": 1,
}


async def test_a_wrong_code_is_no_missing_permission_and_another_may_be_typed(
    own_cloud: Cloud, open_session: Open
) -> None:
    async def ask(serial: str) -> str:
        return "123456"

    own_cloud.control("/demo/faults", WRONG)
    session = open_session(profile="mfa", ask_code=ask)
    with pytest.raises(MfaNeededError, match=r"not accept the one-time code.*next code"):
        await session.identity()
    assert (await session.identity()).account


@pytest.mark.parametrize("typed", ["1", "abcdef"])
async def test_what_is_no_code_is_not_sent(own_cloud: Cloud, open_session: Open, typed: str) -> None:
    async def ask(serial: str) -> str:
        return typed

    with pytest.raises(MfaNeededError, match="6 digits"):
        await open_session(profile="mfa", ask_code=ask).identity()
    assert calls(own_cloud, "AssumeRole") == []


async def test_a_role_that_may_not_be_taken_is_a_matter_of_credentials(own_cloud: Cloud, open_session: Open) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "action": "AssumeRole"})
    with pytest.raises(CredentialsError, match="role"):
        await open_session(profile="role").call("ec2", "DescribeRegions")


async def test_a_program_may_give_the_credentials(own_cloud: Cloud, open_session: Open, tmp_path: Path) -> None:
    keys = {"Version": 1, "AccessKeyId": own_cloud.keys.access_key, "SecretAccessKey": own_cloud.keys.secret}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    read = f"{sys.executable} -c \"print(open('{tmp_path / 'keys.json'}').read())\""
    add_profile(f"[profile program]\nregion = us-east-2\ncredential_process = {read}")
    assert (await open_session(profile="program").identity()).account


@pytest.mark.parametrize(
    "program", ['sh -c "', "no-such-program-anywhere", f'{sys.executable} -c "raise SystemExit(1)"']
)
async def test_a_credential_process_without_credentials_is_reported(
    own_cloud: Cloud, open_session: Open, program: str
) -> None:
    add_profile(f"[profile program]\nregion = us-east-2\ncredential_process = {program}")
    with pytest.raises(CredentialsError, match="credential_process"):
        await open_session(profile="program").identity()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("printf 'Enter MFA code: ' >&2; read code </dev/tty || exit 3", r"failed with status 3.*"),
        ("printf 'Enter MFA code: ' >&2; read code || exit 3", r"status 3. It printed: Enter MFA code\..*by hand"),
        (
            "echo 'Session expired. Please run: granted sso login' >&2; exit 1",
            "It printed: Session expired",
        ),
        ("echo A newer version is available; echo '{}'", "something other than JSON. It printed: A newer version is"),
        ('echo \'{"SecretAccessKey": "hush"\'', "something other than JSON"),
        ("echo '[]'", "something other than JSON"),
        (
            "printf 'Enter MFA code: ' >&2; sleep 600",
            r"within 0.5 seconds.*waiting for input.*Enter MFA code",
        ),
    ],
)
@pytest.mark.parametrize("profile", ["program", "role-of-program"])
async def test_a_credential_process_without_credentials_is_described_and_cannot_take_the_terminal(
    own_cloud: Cloud,
    open_session: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    words: str,
    profile: str,
) -> None:
    monkeypatch.setattr("fe2tui.aws.credentials.PROCESS_SECONDS", 0.5 if "sleep" in script else 60)
    (tmp_path / "script").write_text(script)
    add_profile(
        f"[profile program]\nregion = us-east-2\ncredential_process = sh {tmp_path / 'script'}\n"
        f"[profile role-of-program]\nrole_arn = {ACCOUNT_ARN}:role/demo\nsource_profile = program\nregion = us-east-2"
    )
    with pytest.raises(CredentialsError, match="credential_process of profile program") as caught:
        await open_session(profile=profile).identity()
    assert re.search(words, str(caught.value))
    assert "hush" not in str(caught.value)
    assert caught.value.exit_code == 4


SSO = f"""[sso-session corp]
sso_start_url = https://corp.example/start
sso_region = us-east-2
sso_registration_scopes = sso:account:access

[profile new-sso]
region = us-east-2
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Admin

[profile old-sso]
region = us-east-2
sso_start_url = https://corp.example/start
sso_region = us-east-2
sso_account_id = 123456789012
sso_role_name = Admin

[profile role-of-new]
region = us-east-2
role_arn = {ACCOUNT_ARN}:role/demo
source_profile = new-sso

[profile role-of-role-of-old]
region = us-east-2
role_arn = {ACCOUNT_ARN}:role/demo
source_profile = role-of-old

[profile role-of-old]
role_arn = {ACCOUNT_ARN}:role/demo
source_profile = old-sso

[profile no-session]
region = us-east-2
sso_session = typo
sso_account_id = 123456789012
sso_role_name = Admin

[profile no-role]
region = us-east-2
sso_session = corp
"""
SSO_PROFILES = [
    ("new-sso", "new-sso"),
    ("old-sso", "old-sso"),
    ("role-of-new", "new-sso"),
    ("role-of-role-of-old", "old-sso"),
]


@pytest.mark.parametrize(("profile", "source"), SSO_PROFILES)
@pytest.mark.parametrize("is_expired", [False, True])
async def test_an_sso_session_that_is_missing_or_over_says_which_command_begins_one(
    own_cloud: Cloud,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    open_session: Open,
    profile: str,
    source: str,
    is_expired: bool,
) -> None:
    add_profile(SSO)
    cache = tmp_path / "sso"
    cache.mkdir()
    for library_class in (SSOProvider, SSOTokenProvider):  # they read HOME when they are imported
        monkeypatch.setattr(library_class, "_SSO_TOKEN_CACHE_DIR", str(cache))
    if is_expired:
        token = json.dumps({"accessToken": "x", "expiresAt": "2020-01-01T00:00:00Z"})
        for name in ("corp", "https://corp.example/start"):
            (cache / f"{hashlib.sha1(name.encode()).hexdigest()}.json").write_text(token)
    with pytest.raises(ExpiredError, match=f"aws sso login --profile {source}`") as caught:
        await open_session(profile=profile).identity()
    assert caught.value.summary == (
        "Your SSO session expired." if is_expired else "You are not signed in with SSO yet."
    )


@pytest.mark.parametrize(
    ("profile", "words"), [("no-session", "typo"), ("no-role", "has no sso_account_id and sso_role_name")]
)
async def test_an_sso_profile_that_lacks_something_says_what(
    own_cloud: Cloud, open_session: Open, profile: str, words: str
) -> None:
    add_profile(SSO)
    with pytest.raises(CredentialsError, match=words):
        await open_session(profile=profile).identity()


async def test_expired_keys_of_the_environment_are_exported_again(
    own_cloud: Cloud, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "second")
    own_cloud.control("/demo/faults", {"kind": "expired", "service": "sts", "times": 1})
    with pytest.raises(ExpiredError, match="Export new keys"):
        await open_session().identity()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            "aws_access_key_id = x\naws_secret_access_key = x\naws_session_token = x",
            "Write new keys into the profile mine",
        ),
        ("credential_process = x", "Try again: the profile gets new ones"),
        (f"role_arn = {ACCOUNT_ARN}:role/demo\nsource_profile = default", "Try again: the profile gets new ones"),
        (f"login_session = {ACCOUNT_ARN}:user/jane", "Run `aws login --profile mine`"),
        ("sso_session = corp", "Run `aws sso login --profile mine`"),
    ],
)
def test_what_to_do_about_an_expired_session_fits_the_profile(own_cloud: Cloud, settings: str, words: str) -> None:
    add_profile(f"[profile mine]\n{settings}")
    refusal = {"Error": {"Code": "ExpiredToken", "Message": "The token is expired."}}
    error = translate(ClientError(refusal, "GetCallerIdentity"), profile="mine")  # type: ignore[arg-type]
    assert words in error.remedy


async def test_expired_credentials_say_what_to_run(own_cloud: Cloud, open_session: Open) -> None:
    own_cloud.control("/demo/faults", {"kind": "expired", "service": "sts", "times": 1})
    session = open_session()
    with pytest.raises(ExpiredError, match="aws sso login") as caught:
        await session.identity()
    assert caught.value.code == "ExpiredToken"
    assert (await session.identity()).account


async def test_being_denied_is_no_matter_of_credentials_and_names_the_action(
    own_cloud: Cloud, open_session: Open
) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeRegions"})
    with pytest.raises(DeniedError, match="ec2:DescribeRegions"):
        await open_session().call("ec2", "DescribeRegions")


async def test_another_regions_session_shares_the_credentials(own_cloud: Cloud, open_session: Open) -> None:
    session = open_session(profile="role")
    await session.call("ec2", "DescribeRegions")
    async with await session.with_region("Oregon") as other:
        assert other.region == "us-west-2"
        await other.call("ec2", "DescribeRegions")
    assert len(calls(own_cloud, "AssumeRole")) == 1
    assert {call["region"] for call in calls(own_cloud, "DescribeRegions")} == {"us-east-2", "us-west-2"}


async def test_the_demo_refuses_six_noughts_as_aws_refuses_a_wrong_code(own_cloud: Cloud, open_session: Open) -> None:
    codes = iter(["000000", "654321"])

    async def ask(serial: str) -> str:
        return next(codes)

    session = open_session(profile="mfa", ask_code=ask)
    with pytest.raises(MfaNeededError, match="not accept the one-time code"):
        await session.identity()
    assert (await session.identity()).account
