"""Which account, region and endpoint: what a person said, then the environment, then config.toml, then ~/.aws."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fe2tui.aws.session import Choice, default_region

if TYPE_CHECKING:
    from fe2tui.settings import Settings


def chosen(
    settings: Settings,
    *,
    region: str | None = None,
    profile: str | None = None,
    endpoint_url: str | None = None,
    read_only: bool = False,
) -> Choice:
    """The choice for a session; None is what nobody said here. The settings may make a profile read-only.

    What the environment names is left for AWS's own library to find: a profile handed over as chosen would have it pass
    over the environment's credentials. Source: SDK guide, credential precedence.
    """
    named_profile = os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE")
    named_region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    of_profile = profile is not None and default_region(profile) is not None  # a region chosen with its profile
    in_use = profile or named_profile or settings.profile or "default"
    return Choice(
        profile=profile or (None if named_profile else settings.profile),
        region=region or (None if named_region or of_profile else settings.region),
        endpoint_url=endpoint_url,
        read_only=read_only or settings.read_only or settings.of_profile(in_use).read_only,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
    )
