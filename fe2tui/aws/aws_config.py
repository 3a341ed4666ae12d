"""What the environment and ~/.aws configure, read as botocore reads it, but without importing botocore.

The dashboard needs its location (account and region) before the first frame, long before AWS's library is imported. Two
differences from botocore: ``AWS_REGION`` counts, and overrides ``AWS_DEFAULT_REGION``, as in AWS's other programs; and
an empty variable counts as unset.
"""

from __future__ import annotations

import configparser
import os
import re
import shlex
from base64 import b32decode
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from fe2tui.errors import UsageError

Section = Mapping[str, str | Mapping[str, str]]
ENVIRONMENT_KEYS = "environment keys"
_NONE: Mapping[str, str] = {}
_ACCOUNT_IN_ARN = re.compile(r"arn:[\w-]+:\w+::(\d{12}):")
_MISNAMED_PROFILE = re.compile(r"\s*(?:profile\s+)?(\S+)\s*", re.IGNORECASE)
_KEY_WITH_ACCOUNT = re.compile(r"(AKIA|ASIA)[Q-Z2-7][A-Z2-7]{15}")


@dataclass(frozen=True, slots=True)
class AwsConfig:
    """Profile, region and endpoint as the environment and the files in ~/.aws configure them.

    ``misnamed`` are the sections that would be profiles under another name: what is wrong, by the profile's name.
    """

    environ: Mapping[str, str]
    profiles: Mapping[str, Section] = field(default_factory=dict)
    services: Mapping[str, Section] = field(default_factory=dict)
    misnamed: Mapping[str, str] = field(default_factory=dict)

    def profile(self, chosen: str | None = None) -> str:
        """The given profile, else the environment's, else ``default``."""
        return chosen or self.environ.get("AWS_DEFAULT_PROFILE") or self.environ.get("AWS_PROFILE") or "default"

    def signer(self, chosen: str | None = None) -> str:
        """What signs the calls: the given profile, else the keys in the environment, else the environment's profile.

        The keys have the profile's name if they are its own; otherwise their account's number, or the end of the key.
        Source: SDK guide, credential precedence.
        """
        profile, key = self.profile(chosen), self.environ.get("AWS_ACCESS_KEY_ID")
        if chosen or not key or key == self._profile_text(profile, "aws_access_key_id"):
            return profile
        return f"{ENVIRONMENT_KEYS} {_account_of_key(key) or '…' + key[-4:]}"

    def unused_profile(self, chosen: str | None = None) -> str:
        """The environment's profile, if keys in the environment sign in its place; else empty."""
        named = self.environ.get("AWS_DEFAULT_PROFILE") or self.environ.get("AWS_PROFILE") or ""
        signer = self.signer(chosen)
        return named if signer.startswith(ENVIRONMENT_KEYS) and named not in self.profiles_of_account(chosen) else ""

    def profiles_of_account(self, chosen: str | None = None, accounts: Mapping[str, str] = _NONE) -> tuple[str, ...]:
        """What signs, and the profiles of the same account. ``accounts`` are those that AWS returned, by signer."""
        signer, key = self.signer(chosen), self._environment_key(chosen)
        account = accounts.get(signer) or self.account_of_signer(chosen)
        same = (
            name
            for name in self.profiles
            if name != signer
            and (
                (account and account == (accounts.get(name) or self.account(name)))
                or (key and key == self.static_key(name))
            )
        )
        return (signer, *same)

    def account_of_signer(self, chosen: str | None = None) -> str:
        """The number of the account of what signs, as far as the environment and the files tell; else empty."""
        key = self._environment_key(chosen)
        return _account_of_key(key) if key else self.account(self.signer(chosen))

    def _environment_key(self, chosen: str | None) -> str:
        is_used = self.signer(chosen).startswith(ENVIRONMENT_KEYS)
        return self.environ.get("AWS_ACCESS_KEY_ID", "") if is_used else ""

    def account(self, profile: str) -> str:
        """The number of a profile's account, as far as the files tell; else empty."""
        for key in ("role_arn", "login_session"):
            if found := _ACCOUNT_IN_ARN.match(self._profile_text(profile, key) or ""):
                return found[1]
        texts = (self._profile_text(profile, key) for key in ("aws_account_id", "sso_account_id"))
        return next(filter(None, texts), "") or _account_of_key(self.static_key(profile))

    def source_profile(self, profile: str) -> str:
        """The profile at the end of a chain of ``source_profile``: the one that a person signs in with."""
        seen: set[str] = set()
        while (source := self._profile_text(profile, "source_profile")) and profile not in seen:
            seen.add(profile)
            profile = source
        return profile

    def has(self, profile: str, key: str) -> bool:
        return self._profile_text(profile, key) is not None

    def uses_sso(self, profile: str) -> bool:
        return any(key.startswith("sso_") for key in self.profiles.get(profile, {}))

    def missing_sso_settings(self, profile: str) -> tuple[str, ...]:
        """What a profile that uses SSO lacks to get credentials."""
        wanted = ("sso_account_id", "sso_role_name") if self.uses_sso(profile) else ()
        return tuple(key for key in wanted if not self._profile_text(profile, key))

    def static_key(self, profile: str) -> str:
        """The access key of a profile that signs with it; empty if the profile takes a role or has no key."""
        if self._profile_text(profile, "role_arn"):
            return ""
        return self._profile_text(profile, "aws_access_key_id") or ""

    def region(self, profile: str) -> str | None:
        """The environment's region, else the profile's."""
        found = self.environ.get("AWS_REGION") or self.environ.get("AWS_DEFAULT_REGION")
        return found or self._profile_text(profile, "region")

    def endpoint(self, profile: str, service: str = "ec2") -> str:
        """The configured address of a service; empty for AWS's own. Source: SDK guide, service-specific endpoints."""
        ignored = self.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") or self._profile_text(
            profile, "ignore_configured_endpoint_urls"
        )
        if (ignored or "").lower() == "true":
            return ""
        found = (
            self.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}")
            or self.environ.get("AWS_ENDPOINT_URL")
            or self._service_endpoint(profile, service)
            or self._profile_text(profile, "endpoint_url")
        )
        return (found or "").rstrip("/")

    def _profile_text(self, profile: str, key: str) -> str | None:
        value = self.profiles.get(profile, {}).get(key)
        return value if isinstance(value, str) and value else None

    def _service_endpoint(self, profile: str, service: str) -> str | None:
        section = self.services.get(self._profile_text(profile, "services") or "", {})
        settings = section.get(service)
        return settings.get("endpoint_url") if isinstance(settings, Mapping) else None


def read(environ: Mapping[str, str] | None = None) -> AwsConfig:
    """Read the environment, ~/.aws/config and ~/.aws/credentials. Raises UsageError for a file that cannot be read."""
    environ = os.environ if environ is None else environ
    profiles: dict[str, Section] = {}
    services: dict[str, Section] = {}
    misnamed: dict[str, str] = {}
    config = environ.get("AWS_CONFIG_FILE") or "~/.aws/config"
    for name, section in _sections(config).items():
        kind, title = _section_title(name)
        if kind == "profile" and title:
            profiles[title] = section
        elif kind == "services" and title:
            services[title] = section
        elif not kind and (match := _MISNAMED_PROFILE.fullmatch(name)):
            misnamed[match[1]] = f"{config} has a section [{name}]: write [profile {match[1]}]"
    credentials = environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"
    for name, section in _sections(credentials).items():
        profiles[name] = {**profiles.get(name, {}), **section}
        kind, title = _section_title(name)
        if kind == "profile" and title != name:
            misnamed[title] = f"{credentials} has a section [{name}]: write [{title}]"
    return AwsConfig(environ, profiles, services, misnamed)


def instance_region(environ: Mapping[str, str] | None = None) -> str:
    """The region of the EC2 instance that this program runs on; empty elsewhere.

    Asks the instance metadata service, for two seconds at most. Source: EC2 User Guide, instance metadata.
    """
    environ = os.environ if environ is None else environ
    address = environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or ""
    if (environ.get("AWS_EC2_METADATA_DISABLED") or "").lower() == "true" or not (address or _is_on_ec2()):
        return ""
    uses_ipv6 = (environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") or "").lower() == "ipv6"
    return _read_instance_region(address or f"http://{'[fd00:ec2::254]' if uses_ipv6 else '169.254.169.254'}")


def _is_on_ec2() -> bool:
    for file in ("sys_vendor", "bios_version"):
        with suppress(OSError):
            if "amazon" in Path("/sys/class/dmi/id", file).read_text().lower():
                return True
    return False


@lru_cache(maxsize=1)
def _read_instance_region(address: str) -> str:
    from http.client import HTTPException
    from urllib.request import ProxyHandler, Request, build_opener

    address = f"{address.rstrip('/')}/latest"
    opener = build_opener(ProxyHandler({}))  # the service is never behind a proxy
    try:
        ask_token = Request(
            f"{address}/api/token", method="PUT", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"}
        )
        with opener.open(ask_token, timeout=1) as reply:
            token = reply.read(1000).decode()
        ask = Request(f"{address}/meta-data/placement/region", headers={"X-aws-ec2-metadata-token": token})
        with opener.open(ask, timeout=1) as reply:
            return str(reply.read(100).decode()).strip()
    except (OSError, HTTPException, ValueError):
        return ""


def _account_of_key(key: str) -> str:
    """The account in an access key; empty for a key made before 2019, which has none.

    Source: base 32 after the prefix, the account in 40 bits of the first six bytes, as sts:GetAccessKeyInfo returns it.
    """
    if not _KEY_WITH_ACCOUNT.fullmatch(key):
        return ""
    number = int.from_bytes(b32decode(key[4:])[:6], "big")
    return f"{(number & 0x7FFFFFFFFF80) >> 7:012d}"


def _section_title(section: str) -> tuple[str, str]:
    if section == "default":
        return "profile", "default"
    try:
        parts = shlex.split(section)
    except ValueError:
        return "", ""
    if len(parts) != 2:
        return "", ""
    kind = next((known for known in ("profile", "services") if section.startswith(known)), "")
    return kind, parts[1]


def _sections(path: str) -> dict[str, Section]:
    file = Path(os.path.expandvars(path)).expanduser()
    if not file.is_file():
        return {}
    parser = configparser.RawConfigParser()
    try:
        content = file.read_bytes()
        if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE, BOM_UTF8)):
            raise UnicodeDecodeError("utf-8", content, 0, 2, "byte order mark")
        parser.read_string(content.decode())
    except (configparser.Error, UnicodeDecodeError, OSError) as error:
        raise UsageError(
            f"{file} cannot be read: {_reading_error(error)}.", "Correct that file; the AWS command line needs it too."
        ) from error
    return {name: {key: _value(parser.get(name, key)) for key in parser.options(name)} for name in parser.sections()}


def _reading_error(error: configparser.Error | UnicodeDecodeError | OSError) -> str:
    """What is wrong with a file."""
    match error:
        case OSError():
            return error.strerror or str(error)
        case UnicodeDecodeError() if error.object.startswith(BOM_UTF8):
            return "it begins with a byte order mark; save it as UTF-8 without one"
        case UnicodeDecodeError() if error.object.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            return "it is encoded as UTF-16; save it as UTF-8"
        case UnicodeDecodeError():
            line = error.object.count(b"\n", 0, error.start) + 1
            return f"line {line} is not encoded as UTF-8"
        case configparser.DuplicateSectionError():
            return f"line {error.lineno} begins the section [{error.section}] again"
        case configparser.DuplicateOptionError():
            return f"line {error.lineno} sets {error.option} again in the section [{error.section}]"
        case configparser.MissingSectionHeaderError():
            return f"line {error.lineno} stands before the first section, as [default]"
        case configparser.ParsingError():
            lines = ", ".join(str(number) for number, _ in error.errors)
            return f"neither a section nor a setting such as region = us-east-2 is in line {lines}"
    return " ".join(str(error).split())


def _value(text: str) -> str | Mapping[str, str]:
    if not text.startswith("\n"):
        return text
    pairs = (line.partition("=") for line in text.splitlines() if line.strip())
    return {key.strip(): value.strip() for key, _, value in pairs}
