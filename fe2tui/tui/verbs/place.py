"""Go to another region or another profile."""

from __future__ import annotations

import asyncio

from fe2tui.aws.session import profiles, regions
from fe2tui.errors import Fe2Error
from fe2tui.model.regions import REGIONS
from fe2tui.tui.forms.picker import Item, Picker
from fe2tui.tui.view import View

PATIENCE = 2.0  # seconds for asking which regions are enabled


async def region(view: View) -> None:
    """Ask which region to show."""
    enabled = await _enabled(view)
    known = list(REGIONS) + [name for name in enabled or () if name not in REGIONS]
    items = [
        Item(name, name, _region_words(name, enabled), name == view.region)
        for name in known
        if enabled is None or name in enabled or name == view.region
    ]
    chosen = await view.ask(Picker("Region", items, submit_word="Go", empty="No region enabled for you is called so."))
    if chosen is not None and chosen != view.region:
        await view.desk.go(region=chosen)


async def _enabled(view: View) -> set[str] | None:
    """The regions enabled for the account; None when that is not told in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            return set(await regions(view.desk.session))
    except (TimeoutError, Fe2Error):
        return None


def _region_words(name: str, enabled: set[str] | None) -> str:
    words = REGIONS.get(name, "")
    return words if enabled is None or name in enabled else f"{words}, not enabled"


async def profile(view: View) -> None:
    """Ask which profile to show AWS through."""
    names = await asyncio.to_thread(profiles)
    if not names:
        view.tell("There are no profiles: `aws configure` makes one.", "warning")
        return
    settings = view.desk.settings
    items = [
        Item(name, name, "read-only" if settings.of_profile(name).read_only else "", name == view.place.profile)
        for name in names
    ]
    chosen = await view.ask(Picker("Profile", items, submit_word="Go"))
    if chosen is not None and chosen != view.place.profile:
        await view.desk.go(profile=chosen)
