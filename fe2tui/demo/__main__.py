"""The child of a demo cloud: `python -m fe2tui.demo ORDER`, started by `Cloud` with an address and a lifeline."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import socket
import sys
import threading
from pathlib import Path
from types import FrameType

from fe2tui.demo import Options
from fe2tui.demo.account import Account
from fe2tui.demo.control import Control
from fe2tui.demo.gateway import Gateway
from fe2tui.demo.http_server import Server
from fe2tui.demo.scene import furnish


def main(order: dict[str, object]) -> None:
    """Serves until the lifeline breaks or a signal asks for the end; leaves no process and no file."""
    folder = Path(str(order["folder"]))
    options = Options(**order["options"])  # type: ignore[arg-type]
    account = Account(options, folder)
    end = threading.Event()
    _watch(int(str(order["lifeline"])), end)
    try:
        # What the account begins with is there to stay: looking through it for garbage would only cost time.
        gc.disable()
        furnish(account)
        gc.freeze()
        gc.enable()
        gateway = Gateway(account)
        listening = socket.socket(fileno=int(str(order["listening"])))
        server = Server(listening, gateway, Control(gateway))
        threading.Thread(target=server.serve, name="demo server", daemon=True).start()
        end.wait()
    finally:
        account.machines.close()
        if order["remove"]:
            shutil.rmtree(folder, ignore_errors=True)
    # Threads that hold silent connections are not waited for.
    os._exit(0)


def _watch(lifeline: int, end: threading.Event) -> None:
    """Sets `end` when the parent's side of the pipe is gone, however the parent went, or on SIGTERM and SIGINT."""

    def watch() -> None:
        while os.read(lifeline, 1):
            pass
        end.set()

    def asked(_signal: int, _frame: FrameType | None) -> None:
        end.set()

    signal.signal(signal.SIGTERM, asked)
    signal.signal(signal.SIGINT, asked)
    threading.Thread(target=watch, name="demo lifeline", daemon=True).start()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
