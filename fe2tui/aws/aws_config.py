"""What the environment and ~/.aws configure, read as botocore reads it, but without importing botocore.

The dashboard needs its location (account and region) before the first frame, long before AWS's library is imported. Two
differences from botocore: ``AWS_REGION`` counts, and overrides ``AWS_DEFAULT_REGION``, as in AWS's other programs; and
an empty variable counts as unset.
"""

from __future__ import annotations

import configparser
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fe2tui.errors import UsageError

Section = Mapping[str, str | Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class AwsConfig:
    """Profile, region and endpoint as the environment and the files in ~/.aws configure them."""

    environ: Mapping[str, str]
    profiles: Mapping[str, Section] = field(default_factory=dict)
    services: Mapping[str, Section] = field(default_factory=dict)

    def profile(self, chosen: str | None = None) -> str:
        """The given profile, else the environment's, else ``default``."""
        return chosen or self._variable("AWS_DEFAULT_PROFILE") or self._variable("AWS_PROFILE") or "default"

    def region(self, profile: str) -> str | None:
        """The environment's region, else the profile's."""
        found = self._variable("AWS_REGION") or self._variable("AWS_DEFAULT_REGION")
        return found or self._profile_text(profile, "region")

    def endpoint(self, profile: str, service: str = "ec2") -> str:
        """The configured address of a service; empty for AWS's own. Source: SDK guide, service-specific endpoints."""
        ignored = self._variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") or self._profile_text(
            profile, "ignore_configured_endpoint_urls"
        )
        if (ignored or "").lower() == "true":
            return ""
        found = (
            self._variable(f"AWS_ENDPOINT_URL_{service.upper()}")
            or self._variable("AWS_ENDPOINT_URL")
            or self._service_endpoint(profile, service)
            or self._profile_text(profile, "endpoint_url")
        )
        return (found or "").rstrip("/")

    def _variable(self, name: str) -> str | None:
        return self.environ.get(name) or None

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
    for name, section in _sections(environ.get("AWS_CONFIG_FILE") or "~/.aws/config").items():
        kind, title = _section_title(name)
        if kind == "profile" and title:
            profiles[title] = section
        elif kind == "services" and title:
            services[title] = section
    for name, section in _sections(environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials").items():
        profiles[name] = {**profiles.get(name, {}), **section}
    return AwsConfig(environ, profiles, services)


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
        parser.read([file])
    except (configparser.Error, UnicodeDecodeError, OSError) as error:
        words = " ".join(str(error).split())
        raise UsageError(
            f"{file} cannot be read: {words}", "Correct that file; the AWS command line needs it too."
        ) from error
    return {name: {key: _value(parser.get(name, key)) for key in parser.options(name)} for name in parser.sections()}


def _value(text: str) -> str | Mapping[str, str]:
    if not text.startswith("\n"):
        return text
    pairs = (line.partition("=") for line in text.splitlines() if line.strip())
    return {key.strip(): value.strip() for key, _, value in pairs}
