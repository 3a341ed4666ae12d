"""Messages and errors on stderr, and the exit status of each kind of error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from fe2tui.cli import INTERRUPTED
from fe2tui.errors import AmbiguousError, Fe2Error
from fe2tui.model.text import visible

_BROKEN_PIPE = 141  # 128 and the number of SIGPIPE


def exit_status_of(program: str, work: Callable[[], int | None]) -> int:
    """Run ``work``, print the error that ends it, and return the exit status."""
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
        # The reader of the pipe has closed it. Python would complain when it flushes stdout at the end.
        _discard_output()
        return _BROKEN_PIPE
    except OSError as error:
        _discard_output()
        subject = f"{error.filename}: " if error.filename else "the output cannot be written: "
        print_message(f"{program}: {visible(subject + (error.strerror or str(error)))}.")
        return Fe2Error.exit_code


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_error(program: str, error: Fe2Error) -> None:
    """Print what happened, AWS's code, the candidates of an ambiguous name, and what to do."""
    code = f" ({visible(error.code)})" if error.code else ""
    print_message(f"{program}: {_visible_lines(error.summary)}{code}")
    if isinstance(error, AmbiguousError):
        for candidate, words in error.candidates:
            print_message(f"  {visible(candidate)}  {visible(words)}")
    if error.remedy:
        print_message(_visible_lines(error.remedy))


def print_message(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _visible_lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.splitlines())
