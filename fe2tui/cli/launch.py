"""``launch``: by position as in ``fe2 launch base ubuntu 50 m5.large``, or by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from fe2tui.cli.completion import ImageName, TypeName
from fe2tui.cli.options import Asked
from fe2tui.errors import FieldError, UsageError
from fe2tui.model.launch import LaunchRequest, market_meant
from fe2tui.model.spot import Market
from fe2tui.model.words import listed

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_PLACES = ("name", "image", "disk", "type", "key", "group", "iops", "spot")
LONGEST_RETRY = 7 * 24 * 60  # minutes
_LEFT_OUT = "-"


class Value(click.ParamType[str]):
    """A value by its position: Tab offers images where the image stands, and types where the type does."""

    name = "value"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        free = [place for place in _PLACES if ctx.params.get(place) is None]
        at = len(ctx.params.get("values") or ())
        place = free[at] if at < len(free) else ""
        kinds: dict[str, click.ParamType[str]] = {
            "image": ImageName(words=True),
            "type": TypeName(),
            "spot": click.Choice(("spot", "one-time", "on-demand")),
        }
        return kinds[place].shell_complete(ctx, param, incomplete) if place in kinds else []


@click.command()
@click.argument("values", nargs=-1, type=Value(), metavar="[NAME] [IMAGE] [DISK] [TYPE] [KEY] [GROUP] [IOPS] [SPOT]")
@click.option("--name", help="A name that no other instance has.")
@click.option(
    "--image",
    "--ami",
    type=ImageName(words=True),
    metavar="TEXT",
    help="ubuntu, amazon, debian, dlami, the name of an AMI of yours, or an id.",
)
@click.option("--disk", metavar="GIB", help="Size of the root disk; left out or -: as large as the image wants.")
@click.option("--type", type=TypeName(), metavar="TEXT", help="Instance type: t3.micro, m5.large …")
@click.option("--key", help="Key pair; left out: one whose private key is here.")
@click.option("--group", help="Security group; left out: “ssh”, port 22 from your address only.")
@click.option("--iops", type=int, help="IOPS of the disk; left out: those of the image, or 3,000.")
@click.option("--spot", "is_spot", is_flag=True, help="As a spot instance: stopped when AWS takes it back.")
@click.option("--one-time", is_flag=True, help="As a spot instance that is terminated when AWS takes it back.")
@click.option("--on-demand", is_flag=True, help="On demand, as happens without --spot.")
@click.option(
    "--retry",
    type=click.IntRange(1, LONGEST_RETRY),
    metavar="MINUTES",
    help="Where no zone has room: ask again every minute for so long.",
)
@click.option(
    "--zone", help="Availability zone; left out: each that offers the type, cheapest first, until one has room."
)
@click.option("--subnet", help="Subnet id, for accounts without a default network.")
@click.option("--address", metavar="CIDR", help="Who may reach port 22 of a group that has to be made.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A further tag; may be given again.")
@click.option("--import-key", is_flag=True, help="If no key pair can be used: import your public key.")
@click.option("--create-key", is_flag=True, help="If no key pair can be used: create one.")
@click.option("--wait/--no-wait", default=True, help="Whether to wait until ssh answers.")
@click.pass_obj
def launch(
    asked: Asked, /, values: tuple[str, ...], tags: tuple[str, ...], import_key: bool, create_key: bool, wait: bool,
    is_spot: bool, one_time: bool, on_demand: bool, retry: int | None, **named: str | int | None,
) -> None:  # fmt: skip
    """Launch an instance and wait until ssh answers.

    The values may stand in their order, or be named, or both:
    `fe2 launch base ubuntu 50 m5.large` is `fe2 launch base --image ubuntu --type m5.large --disk 50`.
    A value that is - is left out. SPOT is spot, one-time or on-demand.
    """
    if import_key and create_key:
        raise UsageError("Either --import-key or --create-key.", "Choose one.")
    market = _flagged(is_spot, one_time, on_demand)
    request = _request(values, named, market, tags, "import" if import_key else "create" if create_key else "use")

    from fe2tui.cli.work.launch import launch as work

    work(asked, request, wait=wait, retry=timedelta(minutes=retry) if retry else None)


def _request(
    values: Sequence[str],
    named: dict[str, str | int | None],
    market: Market | None,
    tags: Sequence[str],
    key_action: str,
) -> LaunchRequest:
    given = {place: named[place] for place in _PLACES if named.get(place) is not None}
    free = [place for place in _PLACES if place not in given]
    if len(values) > len(free):
        raise UsageError(f"“{values[len(free)]}” is one value too many.", "See fe2 launch --help.")
    given.update(zip(free, values, strict=False))
    missing = [place for place in ("name", "image", "type") if not str(given.get(place, "")).strip()]
    if missing:
        raise UsageError(f"A launch needs more: {listed(missing)}.", "fe2 launch base ubuntu 50 m5.large")
    key, group = (_text(given.get(place)) for place in ("key", "group"))
    return LaunchRequest(
        name=str(given["name"]),
        image=str(given["image"]),
        type=str(given["type"]),
        disk=_number("disk", given.get("disk")),
        key_name=key or None,
        key_action=key_action,
        security_group=group or "ssh",
        iops=_number("iops", given.get("iops")),
        zone=_text(named["zone"]),
        subnet_id=_text(named["subnet"]),
        address=_text(named["address"]),
        tags=dict(map(_tag, tags)),
        market=_market(given.get("spot"), market),
    )


def _market(by_place: str | int | None, by_name: Market | None) -> Market:
    if by_place is None:
        return by_name or "on-demand"
    meant = market_meant(by_place)
    if by_name and by_name != meant:
        raise UsageError(f"“{by_place}” says another way to buy it than the option does.", "Leave one out.")
    return meant


def _flagged(is_spot: bool, one_time: bool, on_demand: bool) -> Market | None:
    if on_demand and (is_spot or one_time):
        raise UsageError("Either on demand or as a spot instance.", "Choose one.")
    return "spot-once" if one_time else "spot" if is_spot else "on-demand" if on_demand else None


def _text(value: str | int | None) -> str | None:
    return str(value) if value not in (None, _LEFT_OUT) else None


def _number(field: str, value: str | int | None) -> int | None:
    if value in (None, _LEFT_OUT):
        return None
    try:
        return int(value)
    except ValueError:
        remedy = "The order is NAME IMAGE DISK TYPE: fe2 launch base ubuntu 50 m5.large"
        raise FieldError(field, f"{field}: “{value}” is not a whole number.", remedy) from None


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise FieldError("tags", f"“{text}” is not a tag.", "Write it as --tag project=vision")
    return key, value
