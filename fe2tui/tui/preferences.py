"""What the dashboard remembers of its looks: the theme and the sizes of the panes.

It is a small file in the data folder, not in the store: the first frame is drawn in the theme, before the store is
opened. config.toml belongs to the person; the program never writes it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from fe2tui import paths
from fe2tui.errors import StoreError


@dataclass
class Preferences:
    """``theme`` is empty before one was chosen. ``sizes`` are those of ``layout.PaneSizes`` that were changed."""

    theme: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Preferences:
        """What an earlier run saved; a file that cannot be read or understood is an empty one."""
        with suppress(OSError, ValueError, TypeError, AttributeError):
            saved = json.loads(paths.preferences_file().read_text(encoding="utf-8"))
            sizes = {str(name): size for name, size in saved["sizes"].items() if type(size) is int}
            return cls(str(saved["theme"]), sizes)
        return cls()

    def save(self) -> None:
        """Raises StoreError."""
        try:
            file = paths.preferences_file()
            new = file.with_name(f"{file.name}.{os.getpid()}")
            new.write_text(json.dumps(asdict(self)), encoding="utf-8")
            new.replace(file)
        except OSError as error:
            raise StoreError(
                f"{error.filename} cannot be written: {error.strerror}.", "It is remembered until you quit."
            ) from error
