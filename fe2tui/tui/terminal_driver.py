"""Reads the terminal as Textual does, and outlives bytes that are not UTF-8."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver


class TolerantDriver(LinuxDriver):
    """Drops what cannot be decoded: half a character after another program had the terminal, an old mouse report."""

    def run_input_thread(self) -> None:
        while True:
            try:
                return super().run_input_thread()
            except UnicodeDecodeError:
                continue
