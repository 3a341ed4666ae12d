"""How a command ends: errors in plain words on stderr, and an exit status that programs can rely on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from fe2tui.cli import INTERRUPTED
from fe2tui.errors import AmbiguousError, Fe2Error
from fe2tui.model.text import visible

BROKEN_PIPE = 141  # as a program has that the signal ends


def exit_status_of(program: str, work: Callable[[], int | None]) -> int:
    """Do the work; its exit status, or that of the error which ended it."""
    try:
        status = work() or 0
        sys.stdout.flush()
        return status
    except Fe2Error as error:
        print_error(program, error)
        return error.exit_code
    except KeyboardInterrupt:
        print_message(f"{program}: interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has seen enough. Python would complain when it flushes stdout at the end.
        _discard_output()
        return BROKEN_PIPE
    except OSError as error:
        _discard_output()
        what = f"{error.filename}: " if error.filename else "the output cannot be written: "
        print_message(f"{program}: {visible(what + (error.strerror or str(error)))}.")
        return Fe2Error.exit_code


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_error(program: str, error: Fe2Error) -> None:
    """What happened, AWS's code, the candidates of an ambiguous name, and what to do next."""
    code = f" ({visible(error.code)})" if error.code else ""
    print_message(f"{program}: {_visible_lines(error.summary)}{code}")
    if isinstance(error, AmbiguousError):
        for candidate, words in error.candidates:
            print_message(f"  {visible(candidate)}  {visible(words)}")
    if error.remedy:
        print_message(_visible_lines(error.remedy))


def print_message(line: str) -> None:
    """One line for a person, on stderr."""
    print(line, file=sys.stderr, flush=True)


def _visible_lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.splitlines())
