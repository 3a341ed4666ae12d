"""The tables, as a list of versions: each is what has to be done to the one before it.

Times are microseconds since 1970 UTC; dollars are text; lists and mappings are JSON.
"""

from __future__ import annotations

_FIRST = (
    """CREATE TABLE launches (
        token TEXT PRIMARY KEY, profile TEXT NOT NULL, endpoint TEXT NOT NULL, region TEXT NOT NULL,
        made_at INTEGER NOT NULL, stage TEXT NOT NULL, instance_id TEXT, error TEXT NOT NULL,
        request TEXT NOT NULL, call TEXT NOT NULL, process INTEGER NOT NULL, activity INTEGER NOT NULL,
        owner TEXT NOT NULL)""",
    "CREATE INDEX open_launches ON launches (profile, endpoint) WHERE stage IN ('intended', 'launched')",
    """CREATE TABLE places (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, profile TEXT NOT NULL, region TEXT NOT NULL,
        endpoint TEXT NOT NULL, account TEXT NOT NULL DEFAULT '', seen_at INTEGER NOT NULL DEFAULT 0,
        serial INTEGER NOT NULL DEFAULT 0, encoding TEXT NOT NULL DEFAULT '', runs_at INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE instances (
        place INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (place, id)) WITHOUT ROWID""",
    """CREATE TABLE volumes (
        place INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (place, id)) WITHOUT ROWID""",
    """CREATE TABLE parts (
        place INTEGER NOT NULL, part TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (place, part)) WITHOUT ROWID""",
    "CREATE TABLE prices (region TEXT PRIMARY KEY, read_at INTEGER, body TEXT NOT NULL)",
    """CREATE TABLE runs (
        place INTEGER NOT NULL, instance TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER,
        name TEXT NOT NULL, type TEXT NOT NULL, price TEXT, has_address INTEGER NOT NULL,
        PRIMARY KEY (place, instance, started_at)) WITHOUT ROWID""",
    """CREATE TABLE activity (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, command TEXT NOT NULL, subject TEXT NOT NULL,
        label TEXT NOT NULL, region TEXT NOT NULL, result TEXT NOT NULL, words TEXT NOT NULL, remedy TEXT NOT NULL,
        code TEXT, by TEXT NOT NULL, ended_at INTEGER, owner TEXT NOT NULL)""",
    "CREATE INDEX running_activity ON activity (id) WHERE result = 'running'",
)

_SECOND = (
    """CREATE TABLE disk_runs (
        place INTEGER NOT NULL, volume TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER,
        instance TEXT NOT NULL, size INTEGER NOT NULL, type TEXT NOT NULL, per_month TEXT,
        PRIMARY KEY (place, volume, started_at)) WITHOUT ROWID""",
    "ALTER TABLE places ADD COLUMN disks_at INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE freezes (
        token TEXT PRIMARY KEY, profile TEXT NOT NULL, endpoint TEXT NOT NULL, region TEXT NOT NULL,
        name TEXT NOT NULL, image_id TEXT, instance_id TEXT NOT NULL, label TEXT NOT NULL, body TEXT NOT NULL,
        made_at INTEGER NOT NULL, stage TEXT NOT NULL, error TEXT NOT NULL, activity INTEGER NOT NULL,
        owner TEXT NOT NULL)""",
    "CREATE INDEX open_freezes ON freezes (profile, endpoint) WHERE stage IN ('intended', 'pending')",
    "CREATE TABLE catalogues (place TEXT PRIMARY KEY, read_at INTEGER NOT NULL, body TEXT NOT NULL)",
)

_THIRD = (
    # what was written down before this version was seen running when it was first written
    "ALTER TABLE runs ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0",
    "UPDATE runs SET seen_at = started_at",
    "ALTER TABLE runs ADD COLUMN gone_by INTEGER",
    "ALTER TABLE places ADD COLUMN runs_serial INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE places ADD COLUMN disks_serial INTEGER NOT NULL DEFAULT 0",
)

_FOURTH = (
    """CREATE TABLE spot_history (
        place TEXT NOT NULL, type TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (place, type)) WITHOUT ROWID""",
    "ALTER TABLE runs ADD COLUMN zone TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN is_spot INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs ADD COLUMN taken_back INTEGER NOT NULL DEFAULT 0",
)

VERSIONS = (_FIRST, _SECOND, _THIRD, _FOURTH)
VERSION = len(VERSIONS)
