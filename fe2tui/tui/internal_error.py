"""Errors of fe2tui itself: reported in a sentence, with the traceback in a file."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime

from fe2tui import paths
from fe2tui.errors import Fe2Error

MAX_LOG_CHARACTERS = 200_000


class InternalError(Fe2Error):
    """A fault of this program, not of AWS or of the user."""


def log_internal_error(error: BaseException) -> InternalError:
    """Append the traceback to ``errors.log`` in the data folder; the error to report."""
    what = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    try:
        log = paths.data_folder() / "errors.log"
        previous_log = log.read_text(encoding="utf-8")[-MAX_LOG_CHARACTERS:] if log.exists() else ""
        traceback_text = "".join(traceback.format_exception(error))
        log.write_text(f"{previous_log}\n{datetime.now(UTC).isoformat()}\n{traceback_text}", encoding="utf-8")
    except OSError:
        return InternalError(
            f"A fault of fe2tui itself: {what}", "Its traceback could not be saved: the data folder is not writable."
        )
    return InternalError(f"A fault of fe2tui itself: {what}", f"Its traceback is in {log}.")
