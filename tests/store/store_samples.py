"""Things to keep in a store."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.location import KnownAccount, Location
from fe2tui.model.volume import Volume

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLACE = Location("default", "us-east-2", "")
ACCOUNT = KnownAccount("", ("default",))
PRICES = Prices(
    on_demand={"m5.large": Decimal("0.096"), "t3.micro": Decimal("0.0104")},
    spot={("m5.large", "us-east-2a"): Decimal("0.0381")},
    storage={"gp3": Decimal("0.08")},
    read_at=NOON,
)


def machine(number: int = 0, **changes: object) -> Instance:
    """An instance with everything in it that has to survive being written down."""
    values: dict[str, object] = {
        "id": f"i-{number:017x}",
        "state": State.RUNNING,
        "type": "m5.large",
        "zone": "us-east-2a",
        "launched_at": NOON - timedelta(hours=3),
        "public_ip": "203.0.113.9",
        "security_groups": (("sg-1", "ssh"), ("sg-2", "bär")),
        "tags": {"Name": f"machine-{number}", "emoji 🚀": "'; DROP TABLE instances; --\x00\x1b[2J"},
        "attachments": (Attachment("/dev/sda1", f"vol-{number:017x}", True, NOON - timedelta(hours=3)),),
    }
    return Instance(**{**values, **changes})  # type: ignore[arg-type]


def fleet(*instances: Instance, at: datetime = NOON, prices: Prices = PRICES, location: Location = PLACE) -> Fleet:
    """A fleet of these, each with the disks it has attached."""
    volumes = [
        Volume(it.volume_id, 8, "gp3", instance.zone, "in-use", NOON, 3000, 125, True, tags={"Name": "data"})
        for instance in instances
        for it in instance.attachments
    ]
    return Fleet(location, at, {it.id: it for it in instances}, {it.id: it for it in volumes}, prices)


def damage_table(path: Path, table: str) -> None:
    """Overwrite the first page of a table, which is not read when the file is opened."""
    connection = sqlite3.connect(path)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
