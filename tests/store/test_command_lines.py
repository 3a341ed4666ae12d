"""The history of the command line."""

from __future__ import annotations

from datetime import UTC, datetime

from fe2tui.store import Store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_lines_are_kept_once_the_newest_first_and_the_oldest_are_forgotten(store: Store) -> None:
    for text in ("stop base", "cost", "stop base"):
        store.command_lines.add(text, NOW)
    assert store.command_lines.recent() == ["stop base", "cost"]
    for number in range(500):
        store.command_lines.add(f"ip {number}", NOW)
    assert len(store.command_lines.recent()) == 500
    assert store.command_lines.recent()[0] == "ip 499"
