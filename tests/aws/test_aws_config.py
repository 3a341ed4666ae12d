"""Profile, region and endpoint are known without AWS's library, and are what the library would find."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from fe2tui.aws import aws_config
from fe2tui.aws.session import Choice, Session, default_region, profile_names
from fe2tui.errors import NoCredentialsError, NotFoundError, UsageError

CONFIG = """
[default]
region = us-west-1

[profile work]
region = eu-west-1
endpoint_url = http://127.0.0.1:1111

[profile "two words"]
region = eu-west-2
services = mine

[services mine]
ec2 =
  endpoint_url = http://127.0.0.1:2222
ssm =
  endpoint_url = http://127.0.0.1:3333

[profile deaf]
region = eu-west-3
endpoint_url = http://127.0.0.1:4444
ignore_configured_endpoint_urls = true

[sso-session corp]
sso_region = us-east-1
"""
CREDENTIALS = """
[default]
aws_access_key_id = a
aws_secret_access_key = b

[keys-only]
aws_access_key_id = a
aws_secret_access_key = b
region = sa-east-1
"""


@pytest.fixture(autouse=True)
def aws_folder(clean_environment: Path) -> Path:
    folder = clean_environment / ".aws"
    folder.mkdir()
    (folder / "config").write_text(CONFIG)
    (folder / "credentials").write_text(CREDENTIALS)
    return folder


ENVIRONMENTS: list[Mapping[str, str]] = [
    {},
    {"AWS_PROFILE": "work"},
    {"AWS_DEFAULT_PROFILE": "keys-only", "AWS_PROFILE": "work"},
    {"AWS_PROFILE": "two words"},
    {"AWS_PROFILE": "deaf"},
    {"AWS_PROFILE": "work", "AWS_DEFAULT_REGION": "ap-south-1"},
    {"AWS_PROFILE": "work", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    {"AWS_PROFILE": "two words", "AWS_ENDPOINT_URL": "http://127.0.0.1:5555"},
    {"AWS_ENDPOINT_URL": "http://127.0.0.1:5555", "AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:6666"},
]


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda each: " ".join(each) or "none")
async def test_profile_region_and_endpoint_are_those_that_the_library_finds(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.session import Session as Library

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    library = Library()
    client = library.create_client("ec2", aws_access_key_id="a", aws_secret_access_key="b")
    place = Session().location
    assert place.profile == (library.profile or "default")
    assert place.region == client.meta.region_name
    theirs = client.meta.endpoint_url
    assert place.endpoint == ("" if theirs.endswith(".amazonaws.com") else theirs)


def test_a_chosen_profile_wins_over_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert Session(Choice(profile="two words")).location.region == "eu-west-2"


def test_aws_region_wins_over_aws_default_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    monkeypatch.setenv("AWS_REGION", "ca-central-1")
    assert Session().region == "ca-central-1"
    assert default_region() == "ca-central-1"


def test_an_empty_variable_is_as_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "")
    monkeypatch.setenv("AWS_PROFILE", "")
    assert Session().location.region == "us-west-1"


@pytest.mark.parametrize(
    ("text", "region"),
    [("Ohio", "us-east-2"), ("us-east-2", "us-east-2"), ("ohio", "us-east-2"), ("eu-nowhere-9", "eu-nowhere-9")],
)
def test_a_region_is_chosen_by_its_id_or_a_part_of_its_name(text: str, region: str) -> None:
    assert Session(Choice(region=text)).region == region


def test_an_unknown_region_is_refused_with_what_lists_them() -> None:
    with pytest.raises(NotFoundError, match=r"Atlantis.*lists them"):
        Session(Choice(region="Atlantis"))


def test_a_chosen_endpoint_wins_and_its_last_slash_makes_no_other_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5555")
    assert Session(Choice(endpoint_url="http://127.0.0.1:7777/")).endpoint == "http://127.0.0.1:7777"


def test_profiles_of_both_files_are_listed_and_other_sections_are_not() -> None:
    assert profile_names() == ["default", "work", "two words", "deaf", "keys-only"]


def test_the_files_are_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("[profile elsewhere]\nregion = eu-north-1\n")
    monkeypatch.setenv("WHERE", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", "$WHERE/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert profile_names() == ["elsewhere"]
    assert default_region("elsewhere") == "eu-north-1"


def test_no_files_and_no_variables_are_a_place_without_a_region(aws_folder: Path) -> None:
    (aws_folder / "config").unlink()
    (aws_folder / "credentials").unlink()
    assert (Session().location.profile, Session().location.region) == ("default", "")


@pytest.mark.parametrize("file", ["config", "credentials"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"region = us-east-1\n", "line 1 stands before the first section"),
        (b"[default]\n\nx\nregion = us-east-1\n", "neither a section nor a setting .* is in line 3"),
        (b"\xef\xbb\xbf[default]\n", "it begins with a byte order mark; save it as UTF-8 without one"),
        ("[default]\n".encode("utf-16"), "it is encoded as UTF-16; save it as UTF-8"),
        (b"\xfe\xff\x00[", "it is encoded as UTF-16"),
        (b"[default]\nregion = \xe9\n", "line 2 is not encoded as UTF-8"),
        (b"[default]\na = b\n[default]\n", r"line 3 begins the section \[default\] again"),
        (b"[default]\na = b\na = c\n", r"line 3 sets a again in the section \[default\]"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_what_is_wrong_in_it(
    aws_folder: Path, file: str, content: bytes, why: str
) -> None:
    (aws_folder / file).write_bytes(content)
    with pytest.raises(UsageError, match=rf"{aws_folder / file} cannot be read: {why}"):
        aws_config.read()


@pytest.mark.parametrize(
    ("file", "section", "right"),
    [
        ("config", "dev", "[profile dev]"),
        ("config", "Profile dev", "[profile dev]"),
        ("credentials", "profile dev", "[dev]"),
    ],
)
async def test_a_section_that_would_be_the_profile_under_another_name_is_shown(
    aws_folder: Path, file: str, section: str, right: str
) -> None:
    (aws_folder / file).write_text(f"[{section}]\nregion = us-east-2\n")
    async with Session(Choice(profile="dev")) as session:
        with pytest.raises(NoCredentialsError) as caught:
            await session.identity()
    assert f"no AWS profile called “dev”, but ~/.aws/{file} has a section [{section}]: write {right}." in str(
        caught.value
    )


KEYS = {"AWS_ACCESS_KEY_ID": "ASIAY34FZKBOKMUTVV7A", "AWS_SECRET_ACCESS_KEY": "b"}


@pytest.mark.parametrize(
    ("environment", "chosen", "signer", "unused"),
    [
        ({}, None, "default", ""),
        ({"AWS_PROFILE": "work"}, None, "work", ""),
        (KEYS, None, "environment keys 609629065308", ""),
        ({**KEYS, "AWS_PROFILE": "work"}, None, "environment keys 609629065308", "work"),
        ({**KEYS, "AWS_PROFILE": "work"}, "keys-only", "keys-only", ""),
        ({**KEYS, "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, None, "environment keys …MPLE", ""),
        ({**KEYS, "AWS_ACCESS_KEY_ID": "a", "AWS_PROFILE": "keys-only"}, None, "keys-only", ""),
    ],
)
def test_a_session_is_called_by_what_signs(
    environment: Mapping[str, str], chosen: str | None, signer: str, unused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    session = Session(Choice(profile=chosen))
    assert session.profile == signer
    assert (
        session.signer_notice.startswith(f"AWS_PROFILE={unused} is not used") if unused else not session.signer_notice
    )


ACCOUNTS = """
[profile by-role]
role_arn = arn:aws:iam::609629065308:role/x
source_profile = other
[profile by-sso]
sso_account_id = 609629065308
[profile by-key]
aws_access_key_id = AKIAY34FZKBOKMUTVV7A
[profile other]
role_arn = arn:aws:iam::111122223333:role/x
[profile unknown]
credential_process = x
"""


def test_profiles_of_the_same_account_are_found_in_the_files(aws_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (aws_folder / "config").write_text(ACCOUNTS)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    assert Session().account_profiles == ("environment keys 609629065308", "by-role", "by-sso", "by-key")
    assert Session(Choice(profile="by-sso")).account_profiles == ("by-sso", "by-role", "by-key")
    assert Session(Choice(profile="unknown")).account_profiles == ("unknown",)
    assert Session(Choice(profile="by-role", read_only_profiles=("by-sso",))).read_only
    assert not Session(Choice(profile="by-role", read_only_profiles=("other",))).read_only


async def test_a_profile_that_is_nearly_right_is_offered() -> None:
    async with Session(Choice(profile="Wrok")) as session:
        with pytest.raises(NoCredentialsError, match="Did you mean “work”"):
            await session.identity()
