"""Reads the terminal as Textual does, outlives bytes that are not UTF-8, and gives back the terminal's title."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

from fe2tui.tui.terminal_messages import RESTORE_TITLE, SAVE_TITLE


class TolerantDriver(LinuxDriver):
    """Drops what cannot be decoded: half a character after another program had the terminal, an old mouse report."""

    def run_input_thread(self) -> None:
        while True:
            try:
                return super().run_input_thread()
            except UnicodeDecodeError:
                continue

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None:
            self.write(SAVE_TITLE)

    def stop_application_mode(self) -> None:
        if self._writer_thread is not None:
            self.write(RESTORE_TITLE)
        super().stop_application_mode()
