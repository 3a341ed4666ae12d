"""Questions at the terminal. Without a terminal a question raises UsageError; it is never taken for a yes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fe2tui.cli.exit_status import print_message
from fe2tui.errors import InterruptedByUser, UsageError
from fe2tui.model.text import visible

if TYPE_CHECKING:
    from fe2tui.tasks.impact import Impact


def is_interactive() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


async def ask(question: str, *, remedy: str) -> str:
    """Print a question on stderr and return the line typed after it: what was typed or pasted before answers nothing.

    Raises UsageError with ``remedy`` without a terminal, and InterruptedByUser at the end of the input.
    """
    import asyncio
    import termios

    if not is_interactive():
        raise UsageError(f"There is no terminal to ask “{question.strip()}” at.", remedy)
    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    print(question, end="", file=sys.stderr, flush=True)
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    # Not input() in a thread: it cannot be interrupted, and the program would wait for it when it ends.
    loop.add_reader(sys.stdin.fileno(), readable.set)
    try:
        await readable.wait()
        line = sys.stdin.readline()
    except asyncio.CancelledError:
        print(file=sys.stderr)
        raise
    finally:
        loop.remove_reader(sys.stdin.fileno())
    if not line:
        print(file=sys.stderr)
        raise InterruptedByUser("Nothing was typed.", "Nothing was changed.")
    return line.strip()


async def confirm(question: str, *, default: bool, remedy: str) -> bool:
    """Ask for a yes or no. An empty line means ``default``."""
    while True:
        answer = (await ask(f"{question} [{'Y/n' if default else 'y/N'}] ", remedy=remedy)).lower()
        if answer in ("", "y", "yes", "n", "no"):
            return answer.startswith("y") if answer else default


async def confirm_effects(question: str, sentences: Iterable[str], *, yes: bool, refused: str) -> None:
    """Print what something costs or destroys and, unless ``yes``, ask whether to do it. An empty line means no.

    Raises UsageError without a terminal, and InterruptedByUser with the sentence ``refused`` for a no.
    """
    for sentence in sentences:
        print_message(visible(sentence))
    if yes or await confirm(visible(question), default=False, remedy="Add --yes to do it without this question."):
        return
    raise InterruptedByUser(refused)


async def confirm_impact(impact: Impact, *, yes: bool) -> None:
    """Print an impact and, unless ``yes``, ask for the text that confirms it. Another text raises InterruptedByUser."""
    for line in impact.lines():
        print_message(line)
    if yes:
        return
    typed = await ask(f"{impact.question} ", remedy="Add --yes to do it without this question.")
    if not impact.is_confirmed_by(typed):
        raise InterruptedByUser(f"“{typed}” does not confirm it: nothing was done.")


async def ask_mfa_code(serial: str) -> str:
    """Ask for the code that an MFA device shows. Returns an empty text without a terminal."""
    return await ask(f"Code of {serial}: ", remedy="") if is_interactive() else ""
