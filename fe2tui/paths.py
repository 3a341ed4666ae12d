"""Where fe2tui's files are: configuration, data, cache, and the style sheets.

``FE2TUI_HOME`` puts the first three below one folder; otherwise they are where the platform has such things
(``~/.config/fe2tui``, ``~/.local/share/fe2tui`` and ``~/.cache/fe2tui`` on Linux).
"""

from __future__ import annotations

import os
from pathlib import Path

HOME_VARIABLE = "FE2TUI_HOME"
_PACKAGE = Path(__file__).resolve().parent


def _folder(kind: str) -> Path:
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser() / kind
    import platformdirs

    folder: Path = getattr(platformdirs.PlatformDirs("fe2tui", appauthor=False), f"user_{kind}_path")
    return folder


def config_folder() -> Path:
    """The folder of config.toml; it may not exist."""
    return _folder("config")


def config_file() -> Path:
    return config_folder() / "config.toml"


def data_folder() -> Path:
    """What must outlive the program. Creates it, for its owner only, if it does not exist."""
    folder = _folder("data")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def cache_folder() -> Path:
    """What can be read or computed again. Creates it, for its owner only, if it does not exist."""
    folder = _folder("cache")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def store_file() -> Path:
    return data_folder() / "fe2tui.sqlite"


def preferences_file() -> Path:
    """What the dashboard remembers of its looks (``tui.preferences``)."""
    return data_folder() / "dashboard.json"


def known_hosts_file() -> Path:
    """fe2tui's own known_hosts file: host keys by instance id, as ssh reads them."""
    return data_folder() / "known_hosts"


def keys_folder() -> Path:
    """Private keys that fe2tui created, ``NAME.pem``, for their owner only."""
    folder = data_folder() / "keys"
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder


def stylesheets_folder() -> Path:
    """The folder of the .tcss sheets: beside the package's files in a wheel, at the top of a checkout."""
    inside = _PACKAGE / "tcss"
    return inside if inside.is_dir() else _PACKAGE.parent / "tcss"
