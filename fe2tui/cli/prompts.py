"""Questions to a person at the terminal. A question without somebody to answer it is a UsageError, never a yes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from fe2tui.cli.exit_status import print_message
from fe2tui.errors import InterruptedByUser, UsageError

if TYPE_CHECKING:
    from fe2tui.tasks.impact import Impact


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


async def ask(question: str, *, otherwise: str) -> str:
    """The line typed after a question on stderr. ``otherwise`` says what to do where nobody can be asked."""
    import asyncio

    if not is_interactive():
        raise UsageError(f"This asks “{question.strip()}”, and there is no terminal to ask at.", otherwise)
    print(question, end="", file=sys.stderr, flush=True)
    loop = asyncio.get_running_loop()
    typed = asyncio.Event()
    # Not input() in a thread: that could not be interrupted, and the program would wait for it at its end.
    loop.add_reader(sys.stdin.fileno(), typed.set)
    try:
        await typed.wait()
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


async def confirm(question: str, *, default: bool, otherwise: str) -> bool:
    """A yes or no; ``default`` is what an empty line means."""
    while True:
        answer = (await ask(f"{question} [{'Y/n' if default else 'y/N'}] ", otherwise=otherwise)).lower()
        if answer in ("", "y", "yes", "n", "no"):
            return answer.startswith("y") if answer else default


async def confirm_impact(impact: Impact, *, yes: bool) -> None:
    """Print an impact and, unless ``yes``, ask for the text that confirms it. Raises InterruptedByUser for another."""
    for line in impact.lines():
        print_message(line)
    if yes:
        return
    typed = await ask(f"{impact.question} ", otherwise="Add --yes to do it without this question.")
    if not impact.is_confirmed_by(typed):
        raise InterruptedByUser(f"“{typed}” does not confirm it: nothing was done.")


async def ask_mfa_code(serial: str) -> str:
    """The code that an MFA device shows; empty where nobody can be asked."""
    return await ask(f"Code of {serial}: ", otherwise="") if is_interactive() else ""
