"""Where a fleet is: the profile, the region and the endpoint; and regions by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from string import ascii_lowercase
from typing import NamedTuple

from fe2tui.errors import NotFoundError, UsageError


@dataclass(frozen=True, slots=True)
class Location:
    """One region seen through one profile. ``endpoint`` is empty for AWS itself."""

    profile: str
    region: str
    endpoint: str = ""

    @property
    def key(self) -> str:
        return f"{self.profile}\x1f{self.region}\x1f{self.endpoint}"

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is a loopback address, where calls cost nothing."""
        return bool(re.match(r"https?://((?i:localhost)|127(\.\d{1,3}){3}|\[::1\])(:\d+)?(/|$)", self.endpoint))


class KnownAccount(NamedTuple):
    """An account as far as it is known: its number, else empty, and what signs for it at this endpoint."""

    number: str
    profiles: tuple[str, ...]
    endpoint: str = ""


def zone_letter(zone: str) -> str:
    """The zone without its region: ``2a`` of ``us-east-2a``, ``bos-1a`` of the local zone ``us-east-1-bos-1a``."""
    parts = zone.split("-")
    return "-".join(parts[3:] or parts[-1:])


_ORDINARY_ZONE = re.compile(r"[a-z]+(?:-[a-z]+)+-\d+[a-z]")


def is_local_zone(zone: str) -> bool:
    """Whether a zone, as in ``us-east-1-bos-1a``, is a Local or Wavelength Zone, whose prices are not the region's."""
    return bool(zone) and not _ORDINARY_ZONE.fullmatch(zone)


@lru_cache(maxsize=256)
def local_zone_group(zone: str) -> str:
    """The group of a Local Zone, by which the Price List has its prices: ``us-east-1-chi-1``. Else empty."""
    return zone.rstrip(ascii_lowercase) if is_local_zone(zone) else ""


@dataclass(frozen=True, slots=True)
class Identity:
    """The login, as sts:GetCallerIdentity returns it."""

    account: str
    arn: str

    @property
    def login(self) -> str:
        return self.arn.rsplit("/", 1)[-1].rsplit(":", 1)[-1]


REGIONS: Mapping[str, str] = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "af-south-1": "Africa (Cape Town)",
    "ap-east-1": "Asia Pacific (Hong Kong)",
    "ap-east-2": "Asia Pacific (Taipei)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-northeast-3": "Asia Pacific (Osaka)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-south-2": "Asia Pacific (Hyderabad)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ap-southeast-3": "Asia Pacific (Jakarta)",
    "ap-southeast-4": "Asia Pacific (Melbourne)",
    "ap-southeast-5": "Asia Pacific (Malaysia)",
    "ap-southeast-6": "Asia Pacific (New Zealand)",
    "ap-southeast-7": "Asia Pacific (Thailand)",
    "ca-central-1": "Canada (Central)",
    "ca-west-1": "Canada West (Calgary)",
    "eu-central-1": "Europe (Frankfurt)",
    "eu-central-2": "Europe (Zurich)",
    "eu-north-1": "Europe (Stockholm)",
    "eu-south-1": "Europe (Milan)",
    "eu-south-2": "Europe (Spain)",
    "eu-west-1": "Europe (Ireland)",
    "eu-west-2": "Europe (London)",
    "eu-west-3": "Europe (Paris)",
    "il-central-1": "Israel (Tel Aviv)",
    "me-central-1": "Middle East (UAE)",
    "me-south-1": "Middle East (Bahrain)",
    "mx-central-1": "Mexico (Central)",
    "sa-east-1": "South America (Sao Paulo)",
}


def find_region(text: str, known: Mapping[str, str] = REGIONS) -> str | None:
    """The region with that id, else the first one whose name contains the text as typed.

    Otherwise, upper and lower case are the same and ids count too: ``ohio`` and ``east-2``. None if there is none.
    """
    if text in known:
        return text
    if not text.strip():
        return None
    as_typed = (region for region, name in known.items() if text in name)
    lowered = text.lower()
    in_any_case = (region for region, name in known.items() if lowered in name.lower() or lowered in region)
    return next(chain(as_typed, in_any_case), None)


def unknown_region_error(text: str) -> NotFoundError:
    return NotFoundError(f"There is no region whose name contains “{text}”.", "`fe2 regions` lists them.")


def no_region_error() -> UsageError:
    return UsageError(
        "No region is set.",
        "Say --region Ohio (EC2('Ohio') in Python), set AWS_REGION or region in config.toml, or run `aws configure`.",
    )


def short_region_name(region: str) -> str:
    """The place in a region's name, in lower case: ``ohio``; the id of a region that is not in ``REGIONS``."""
    name = REGIONS.get(region, "")
    return name.partition("(")[2].rstrip(")").lower() if "(" in name else region
