"""The console of an instance: its output, once or followed, and a screenshot of its screen."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from fe2tui.aws import instances as aws
from fe2tui.errors import Fe2Error, StateError, ThrottledError, UnreachableError, UsageError
from fe2tui.model.instance import Instance
from fe2tui.tasks.context import Context

FOLLOW_SECONDS = 3.0  # between two reads of an output that is followed
_FILE_NAME = re.compile(r"[\w.-]{1,80}")


class ConsoleReader:
    """Reads the console output of one instance, as new as EC2 has it.

    EC2 returns the output of this moment only for types on the Nitro hypervisor; for others what it kept at the last
    start, stop or reboot. Source: EC2 API reference, GetConsoleOutput.
    """

    def __init__(self, ctx: Context, instance_id: str) -> None:
        self._session = ctx.session
        self._instance_id = instance_id
        self.is_live = True
        """Whether EC2 returns the output of this moment, as far as is known."""

    async def read(self) -> str:
        """The last 64 KB of the output; empty while EC2 has none."""
        if self.is_live:
            try:
                if text := await aws.console_output(self._session, self._instance_id, latest=True):
                    return text
            except StateError as error:
                self.is_live = error.code != "UnsupportedOperation"
        return await aws.console_output(self._session, self._instance_id)


async def follow_console(
    ctx: Context, instance: Instance, on_output: Callable[[str], None], *, seconds: float = FOLLOW_SECONDS
) -> None:
    """Call ``on_output`` with the whole output whenever it has changed, until the task is cancelled.

    A read that AWS throttles, or that does not reach it, is reported and repeated. ``seconds`` pass between two reads.
    """
    reader, before, failure = ConsoleReader(ctx, instance.id), None, ""
    while True:
        try:
            text = await reader.read()
        except (ThrottledError, UnreachableError) as error:
            if error.summary != failure:
                failure = error.summary
                ctx.report_step("console", "waiting", failure, subject=instance.id, label=instance.label)
        else:
            failure = ""
            if text != before:
                before = text
                on_output(text)
        await asyncio.sleep(seconds)


async def save_screenshot(ctx: Context, instance: Instance, file: Path | None = None) -> Path:
    """Write a picture of the instance's screen, a JPEG, to a new file; by default in the current folder.

    Raises StateError for an instance that does not run or whose type has no screen (bare metal), UsageError if the
    file exists, Fe2Error if it cannot be written.
    """
    picture = await aws.console_screenshot(ctx.session, instance.id)
    name = instance.name if _FILE_NAME.fullmatch(instance.name) and not instance.name.startswith("-") else instance.id
    path = file or Path(f"{name}-{ctx.clock().astimezone():%Y%m%d-%H%M%S}.jpg")
    await asyncio.to_thread(_write_new_file, path, picture)
    return path


def _write_new_file(path: Path, content: bytes) -> None:
    try:
        with path.open("xb") as file:
            try:
                file.write(content)
            except OSError:
                with suppress(OSError):
                    path.unlink()
                raise
    except FileExistsError as error:
        raise UsageError(f"{path} exists already.", "Name another file.") from error
    except OSError as error:
        raise Fe2Error(f"{path} could not be written: {error.strerror}.", "Name another file.") from error
