"""Where a fleet is: whose account, which region, behind which endpoint."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One region seen through one profile. ``endpoint`` is empty for AWS itself."""

    profile: str
    region: str
    endpoint: str = ""

    @property
    def key(self) -> str:
        """One text that tells places apart."""
        return f"{self.profile}\x1f{self.region}\x1f{self.endpoint}"

    @property
    def is_on_this_computer(self) -> bool:
        """Whether the endpoint is a loopback address, so that nobody bills for what it is asked."""
        return bool(re.match(r"https?://(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?(/|$)", self.endpoint))


@dataclass(frozen=True, slots=True)
class Identity:
    """Who AWS says we are."""

    account: str
    arn: str

    @property
    def login(self) -> str:
        """The last part of the ARN: a user's or a role session's name."""
        return self.arn.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
