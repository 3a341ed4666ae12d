"""The person's clipboard, also over ssh and inside tmux."""

from __future__ import annotations

import asyncio
import os
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App

TMUX_TIMEOUT = 2.0  # seconds


async def copy_text(app: App[Any], text: str) -> None:
    """Copy by OSC 52, which the person's own terminal executes; inside tmux also by a tmux command.

    By default tmux does not pass OSC 52 on.
    """
    app.copy_to_clipboard(text)
    tmux = shutil.which("tmux")
    if not os.environ.get("TMUX") or tmux is None:
        return
    process = await asyncio.create_subprocess_exec(
        tmux,
        "load-buffer",
        "-w",
        "-",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(TMUX_TIMEOUT):
            await process.communicate(text.encode())
    except TimeoutError:
        process.kill()
        await process.wait()
