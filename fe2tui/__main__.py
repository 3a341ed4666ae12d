"""``python -m fe2tui``."""

from __future__ import annotations

from fe2tui.cli import fe2tui

if __name__ == "__main__":
    fe2tui()
