"""Lines for people, and one JSON document for programs.

JSON keys are in snake case, times are ISO 8601 in UTC, dollars are numbers, and text is as AWS has it. For people,
invisible characters in names and tags are made visible.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from fe2tui.model.progress import Outcome
from fe2tui.model.text import visible

if TYPE_CHECKING:
    from fe2tui.model.fleet import Fleet
    from fe2tui.model.instance import Attachment, Instance


def print_json(document: Any) -> None:
    """Print one JSON document on stdout, indented on a terminal."""
    on_screen = sys.stdout.isatty()
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps(document, default=_plain, indent=2 if on_screen else None, ensure_ascii=not is_utf8))


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return iso_time(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


def iso_time(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC: ``2026-11-23T14:05:00Z``."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def round_dollars(amount: Decimal | None, places: int = 4) -> Decimal | None:
    return None if amount is None else amount.quantize(Decimal(1).scaleb(-places)).normalize()


_NO_INTERRUPTIONS: Mapping[str, str] = {}


def instance_document(
    instance: Instance, fleet: Fleet, interrupted: Mapping[str, str] = _NO_INTERRUPTIONS
) -> dict[str, Any]:
    """An instance as JSON.

    ``price_per_hour`` is the price of the instance alone while it runs, ``cost_per_hour`` what it costs now with its
    volumes and address. ``interrupted`` describes interruptions by instance id.
    """
    from fe2tui.model.money.rates import hourly_cost, instance_per_hour

    cost = hourly_cost(instance, fleet).total
    return {
        "name": instance.name,
        "id": instance.id,
        "state": str(instance.state),
        "type": instance.type,
        "zone": instance.zone,
        "public_ip": instance.public_ip,
        "private_ip": instance.private_ip,
        "lifecycle": instance.lifecycle,
        "architecture": instance.architecture,
        "image_id": instance.image_id,
        "key_name": instance.key_name,
        "launched_at": iso_time(instance.launched_at),
        "price_per_hour": instance_per_hour(instance, fleet.prices),
        "cost_per_hour": round_dollars(cost, 6),
        "tags": dict(instance.tags),
        "volumes": [_volume_document(each, fleet) for each in instance.attachments],
        "security_groups": [{"id": group, "name": name} for group, name in instance.security_groups],
        "vpc_id": instance.vpc_id,
        "subnet_id": instance.subnet_id,
        "state_reason": instance.state_reason,
        "spot_request_id": instance.spot_request_id,
        "interruption": interrupted.get(instance.id) or None,
    }


def _volume_document(attachment: Attachment, fleet: Fleet) -> dict[str, Any]:
    volume = fleet.volumes.get(attachment.volume_id)
    return {
        "id": attachment.volume_id,
        "device": attachment.device,
        "delete_on_termination": attachment.delete_on_termination,
        "size": volume.size if volume else None,
        "type": volume.type if volume else None,
    }


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    error = outcome.error
    return {
        "id": outcome.subject,
        "name": outcome.label,
        "done": outcome.is_done,
        "words": outcome.words,
        "error": {"summary": error.summary, "remedy": error.remedy, "code": error.code} if error else None,
    }


def instance_line(instance: Instance, interrupted: Mapping[str, str] = _NO_INTERRUPTIONS) -> str:
    """``spot1 (i-0b39947b710d05337 running): 3.17.155.171``, followed by its interruption if there is one."""
    words = interrupted.get(instance.id)
    return f"{instance!r} – {visible(words)}" if words else repr(instance)
