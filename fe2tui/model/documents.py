"""Instances, images and costs as JSON and CSV, the same for ``--json`` in the shell and for the dashboard's export.

JSON keys are in snake case, times are ISO 8601 in UTC, dollars are numbers, and text is as AWS has it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fe2tui.model.fleet import Fleet
    from fe2tui.model.image import Image
    from fe2tui.model.instance import Attachment, Instance
    from fe2tui.model.money.account import AccountCost, CostRow
    from fe2tui.model.other_regions import RegionCount
    from fe2tui.model.volume import Snapshot

_NOT_PLAIN = re.compile(r"[^\n -~]")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def json_text(document: Any, *, indent: int | None = None, ascii_only: bool = False) -> str:
    """A document as JSON. Control and other invisible characters are escaped: none of them reaches a terminal."""
    text = json.dumps(document, default=_plain, indent=indent, ensure_ascii=ascii_only)
    return text if text.isascii() and "\x7f" not in text else _NOT_PLAIN.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return character if character.isprintable() else json.dumps(character)[1:-1].replace("\x7f", "\\u007f")


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


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Comma-separated values for spreadsheets; a list or a mapping is one cell, with ``; `` between its items."""
    lines = (",".join(_csv_quoted(_csv_cell(value)) for value in row) for row in (heads, *rows))
    return "".join(f"{line}\n" for line in lines)


def _csv_quoted(cell: str) -> str:
    # the csv module leaves a lone carriage return unquoted when lines end in a line feed
    doubled = cell.replace('"', '""')
    return f'"{doubled}"' if any(character in cell for character in ',"\r\n') else cell


def _csv_cell(value: object) -> str:
    """A cell. Foreign text that a spreadsheet would take for a formula gets a leading ``'``."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        value = value.get("id") or "; ".join(f"{key}={one}" for key, one in value.items())
    if isinstance(value, list | tuple):
        value = "; ".join(_csv_cell(one) for one in value)
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
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
        "ipv6": instance.ipv6,
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
        **_status_document(instance, fleet),
    }


def _status_document(instance: Instance, fleet: Fleet) -> dict[str, Any]:
    """Failed status checks (instance, system, attached-ebs) and what AWS has scheduled; null where not known."""
    status = fleet.statuses.get(instance.id)
    if status is None and any(problem.part == "status checks" for problem in fleet.problems):
        return {"failed_checks": None, "failed_since": None, "scheduled_events": None}
    events = status.events if status is not None else ()
    return {
        "failed_checks": list(status.failed) if status is not None else [],
        "failed_since": iso_time(status.failed_since) if status is not None else None,
        "scheduled_events": [{"code": one.code, "not_before": iso_time(one.not_before)} for one in events],
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


def image_document(image: Image, fleet: Fleet) -> dict[str, Any]:
    """An image as JSON. ``progress`` is 0 to 1, ``size`` the GiB of all its snapshots, costs are dollars."""
    from fe2tui.model.image import image_progress, image_snapshot_ids
    from fe2tui.model.money.rates import image_per_month

    available = 1.0 if image.state == "available" else None
    progress = image_progress(image, fleet.snapshots.values())
    return {
        "id": image.id,
        "name": image.name,
        "state": image.state,
        "progress": available if progress is None else round(progress, 4),
        "size": image.size or image.root_size or None,
        "architecture": image.architecture,
        "created_at": iso_time(image.created_at),
        "cost_per_month_at_most": round_dollars(image_per_month(image, fleet)),
        "snapshots": [_snapshot_document(each, fleet) for each in image_snapshot_ids(image, fleet.snapshots)],
        "source_instance_id": image.made_from or None,
        "login_user": image.login_user,
        "tags": dict(image.tags),
        "public": image.public,
        "owner_id": image.owner_id,
        "state_reason": image.state_reason,
    }


def _snapshot_document(snapshot_id: str, fleet: Fleet) -> dict[str, Any]:
    found: Snapshot | None = fleet.snapshots.get(snapshot_id)
    return {
        "id": snapshot_id,
        "state": found.state if found else None,
        "progress": found.progress if found else None,
        "size": found.volume_size if found else None,
        "stored": found.stored if found else None,
    }


_COST_PARTS = ("machine", "disk", "address", "snapshots")
_COST_DECIMALS = 6  # of dollars


def cost_document(total: AccountCost, fleet: Fleet, elsewhere: Iterable[RegionCount] = ()) -> dict[str, Any]:
    """The region's costs as JSON, in dollars: what is known of them. ``at_least`` names the sums in which some amount
    is missing. ``elsewhere`` is what was counted in the account's other regions.
    """
    return {
        "region": fleet.location.region,
        "at": iso_time(total.at),
        "per_hour": round_dollars(total.per_hour, _COST_DECIMALS),
        "today": round_dollars(total.today, _COST_DECIMALS),
        "month": round_dollars(total.month, _COST_DECIMALS),
        "per_month": round_dollars(total.per_month, _COST_DECIMALS),
        "at_least": list(total.at_least),
        "snapshots_per_month_at_most": round_dollars(total.snapshots_per_month, _COST_DECIMALS),
        "prices_read_at": iso_time(fleet.prices.read_at),
        "rows": [_cost_row_document(row) for row in total.rows],
        "missing": list(total.missing),
        "elsewhere": [region_count_document(one) for one in elsewhere],
    }


def _cost_row_document(row: CostRow) -> dict[str, Any]:
    """A row. None is an amount that is not known at all; ``at_least`` names the columns where something is missing."""
    from fe2tui.model.money.rates import HOURS_A_MONTH

    columns = {"per_hour": row.hour_parts, "today": row.today_parts, "month": row.month_parts}
    sums = {column: amounts.known for column, amounts in columns.items()}
    partial = [column for column, amounts in columns.items() if amounts.unknown]
    sums["per_month"] = sums["per_hour"] * HOURS_A_MONTH
    partial += ["per_month"] if row.hour_parts.unknown else []

    def amount(known: Decimal, is_partial: bool) -> Decimal | None:
        return None if is_partial and not known else round_dollars(known, _COST_DECIMALS)

    return {
        "kind": row.kind,
        "id": row.id,
        "name": row.label,
        "what": row.what,
        **{column: amount(known, column in partial) for column, known in sums.items()},
        "at_least": partial,
        "at_most": row.at_most,
        "tags": dict(row.tags),
        "parts": {
            part: {
                column: amount(getattr(amounts, part), part in amounts.unknown) for column, amounts in columns.items()
            }
            for part in _COST_PARTS
        },
    }


def cost_csv(total: AccountCost, fleet: Fleet) -> str:
    """The rows of the costs, a line each, with the region and the moment, so that files can be joined."""
    document = cost_document(total, fleet)
    flat: list[dict[str, Any]] = []
    for row in document["rows"]:
        parts = row.pop("parts")
        by_part = {f"{part}_{column}": amount for part in parts for column, amount in parts[part].items()}
        flat.append({"region": document["region"], "at": document["at"], **row, **by_part})
    keys = list(flat[0]) if flat else []
    return csv_text(keys, [[row[key] for key in keys] for row in flat])


def region_count_document(count: RegionCount) -> dict[str, Any]:
    return {
        "region": count.region,
        "counted_at": iso_time(count.at),
        "running": None if count.denied else count.running,
        "per_hour": None if count.denied else round_dollars(count.per_hour, _COST_DECIMALS),
        "at_least": count.is_partial,
        "denied": count.denied or None,
    }
