"""Go to another region or profile."""

from __future__ import annotations

import asyncio

from fe2tui.aws.session import enabled_regions, profile_names
from fe2tui.errors import Fe2Error
from fe2tui.model.location import REGIONS
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.picker import Picker, PickerItem

REGIONS_TIMEOUT = 2.0  # seconds to read which regions are enabled
NARROW_WIDTH = 90  # columns of a terminal up to which the picker needs all of it


async def choose_region(context: CommandContext) -> None:
    """Choose from the enabled regions, with what runs in each: first those where something costs."""
    enabled = await _enabled_regions(context)
    counts, now = context.services.other_regions.counts, context.services.clock()
    names = list(REGIONS) + [name for name in enabled or () if name not in REGIONS]
    names.sort(key=lambda name: -counts[name].per_hour if name in counts else 0)
    items = [
        PickerItem(
            name,
            name,
            _region_text(name, enabled),
            name == context.region,
            detail=counts[name].text(now) if name in counts else "",
        )
        for name in names
        if enabled is None or name in enabled or name == context.region
    ]
    is_narrow = context.services.app.size.width < NARROW_WIDTH
    picker = Picker("Region", items, submit_word="Go", empty="No enabled region fits.", is_wide=is_narrow)
    region_id = await context.services.ask(picker)
    if region_id is not None and region_id != context.region:
        await context.services.go(region=region_id)


async def _enabled_regions(context: CommandContext) -> set[str] | None:
    """The regions enabled for the account; None if AWS does not answer in time."""
    try:
        async with asyncio.timeout(REGIONS_TIMEOUT):
            return set(await enabled_regions(context.services.session))
    except (TimeoutError, Fe2Error):
        return None


def _region_text(name: str, enabled: set[str] | None) -> str:
    words = REGIONS.get(name, "")
    return words if enabled is None or name in enabled else f"{words}, not enabled"


async def choose_profile(context: CommandContext) -> None:
    names = await asyncio.to_thread(profile_names)
    if not names:
        context.services.tell("There are no profiles. Run `aws configure` to create one.", "warning")
        return
    settings = context.services.settings
    items = [
        PickerItem(
            name, name, "read-only" if settings.for_profile(name).read_only else "", name == context.location.profile
        )
        for name in names
    ]
    profile_name = await context.services.ask(Picker("Profile", items, submit_word="Go"))
    if profile_name is not None and profile_name != context.location.profile:
        await context.services.go(profile=profile_name)
