"""What is printed: lines and tables for people, one JSON document for programs.

JSON keys are in snake case, times ISO 8601 in UTC, dollars numbers, and text as AWS has it; for people, foreign text is
shown with its invisible characters made visible.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fe2tui.model.progress import Outcome
from fe2tui.model.text import visible

if TYPE_CHECKING:
    from fe2tui.model.fleet import Fleet
    from fe2tui.model.instance import Attachment, Instance


def print_json(document: Any) -> None:
    """One document on stdout; indented when a person reads it."""
    on_screen = sys.stdout.isatty()
    any_text = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps(document, default=_plain, indent=2 if on_screen else None, ensure_ascii=not any_text))


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return iso_time(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


def iso_time(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC: ``2026-11-23T14:05:00Z``."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def round_dollars(amount: Decimal | None, places: int = 4) -> Decimal | None:
    """Dollars for programs, rounded to so many places: a cent has two."""
    return None if amount is None else amount.quantize(Decimal(1).scaleb(-places)).normalize()


_NO_INTERRUPTIONS: Mapping[str, str] = {}


def instance_document(
    instance: Instance, fleet: Fleet, interrupted: Mapping[str, str] = _NO_INTERRUPTIONS
) -> dict[str, Any]:
    """An instance for programs.

    ``price_per_hour`` is the machine's alone while it runs, ``cost_per_hour`` what it costs now, everything in.
    ``interrupted`` are words, by instance id, on those that AWS interrupted.
    """
    from fe2tui.model.money import hourly_cost, instance_per_hour

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
    """What came of one instance that something was asked of."""
    error = outcome.error
    return {
        "id": outcome.subject,
        "name": outcome.label,
        "done": outcome.is_done,
        "words": outcome.words,
        "error": {"summary": error.summary, "remedy": error.remedy, "code": error.code} if error else None,
    }


def instance_line(instance: Instance, interrupted: Mapping[str, str] = _NO_INTERRUPTIONS) -> str:
    """``spot1 (i-0b39947b710d05337 running): 3.17.155.171``; of one that AWS interrupted, that after it."""
    words = interrupted.get(instance.id)
    return f"{instance!r} – {visible(words)}" if words else repr(instance)
