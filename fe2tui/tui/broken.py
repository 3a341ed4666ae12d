"""What is told of a fault of our own: an error in words, with its traceback kept in a file."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime

from fe2tui import paths
from fe2tui.errors import Fe2Error

MOST_KEPT = 200_000  # bytes


class Broken(Fe2Error):
    """A fault of this program, not of AWS or the person."""


def broken(error: BaseException) -> Broken:
    """Keep the traceback in ``errors.log`` of the data folder, and say so."""
    what = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    try:
        log = paths.data_folder() / "errors.log"
        kept = log.read_text(encoding="utf-8")[-MOST_KEPT:] if log.exists() else ""
        told = "".join(traceback.format_exception(error))
        log.write_text(f"{kept}\n{datetime.now(UTC).isoformat()}\n{told}", encoding="utf-8")
    except OSError:
        return Broken(
            f"A fault of fe2tui itself: {what}", "It could not be written down: the data folder is not writable."
        )
    return Broken(f"A fault of fe2tui itself: {what}", f"What led to it is in {log}.")
