"""The terminal: how it is read, its title, and its notifications while its window has no focus."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping

from textual.drivers.linux_driver import LinuxDriver

from fe2tui.errors import Fe2Error
from fe2tui.model.text import visible
from fe2tui.tui.widgets.cells import clip

BELL = "\x07"
SAVE_TITLE, RESTORE_TITLE = "\x1b[22;0t", "\x1b[23;0t"  # where a terminal does not know them, it ignores them
MAX_LENGTH = 200  # characters of a notification
COMMAND_TIMEOUT = 20.0  # seconds for the command of the setting ``notify``
_OSC_9_PROGRAMS = frozenset({"iTerm.app", "iTerm2", "WezTerm", "ghostty"})  # in TERM_PROGRAM or LC_TERMINAL
_OSC_9_TERMINALS, _OSC_777_TERMINALS = ("xterm-kitty", "xterm-ghostty"), ("rxvt", "foot")  # in TERM


def title_sequence(title: str) -> str:
    return f"\x1b]0;{title}{BELL}"


def notification(text: str, environment: Mapping[str, str]) -> str:
    """The bell and the escape sequences of a notification: OSC 9, OSC 777, or both if the terminal is not known."""
    words = clip(visible(f"fe2tui: {text}"), MAX_LENGTH)
    osc_9, osc_777 = f"\x1b]9;{words}{BELL}", f"\x1b]777;notify;fe2tui;{words.replace(';', ',')}{BELL}"
    terminal = environment.get("TERM", "")
    programs = {environment.get("TERM_PROGRAM", ""), environment.get("LC_TERMINAL", "")}
    if programs & _OSC_9_PROGRAMS or terminal.startswith(_OSC_9_TERMINALS):
        sequences = [osc_9]
    else:
        sequences = [osc_777] if terminal.startswith(_OSC_777_TERMINALS) else [osc_9, osc_777]
    if environment.get("TMUX"):  # passes on what is wrapped like this, with allow-passthrough on
        escaped = (one.replace("\x1b", "\x1b\x1b") for one in sequences)
        sequences = [f"\x1bPtmux;{one}\x1b\\" for one in escaped]
    return BELL + "".join(sequences)


async def run_notify_command(command: str, text: str) -> None:
    """Run the command of the setting ``notify`` with the text as its last argument. Raises Fe2Error."""
    remedy = "Correct the setting notify in config.toml."
    try:
        program = await asyncio.create_subprocess_exec(
            *shlex.split(command),
            visible(text),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise Fe2Error(f"The notification command “{command}” could not be run: {error.strerror}.", remedy) from error
    try:
        async with asyncio.timeout(COMMAND_TIMEOUT):
            _, errors = await program.communicate()
    except TimeoutError as error:
        program.kill()
        raise Fe2Error(
            f"The notification command “{command}” was ended: it ran for more than {COMMAND_TIMEOUT:.0f} seconds.",
            remedy,
        ) from error
    if program.returncode:
        last = errors.decode(errors="replace").strip().splitlines()[-1:]
        words = f": {visible(last[0])}" if last else ""
        raise Fe2Error(f"The notification command “{command}” failed with status {program.returncode}{words}.", remedy)


class TolerantDriver(LinuxDriver):
    """Reads the terminal as Textual does, and gives back its title.

    Drops what cannot be decoded: half a character after another program had the terminal, an old mouse report.
    """

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
