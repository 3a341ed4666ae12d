"""The process of a demo cloud: `python -P -m fe2tui.demo CONFIG`, started by `Cloud` with a bound socket and a pipe."""

# ruff: noqa: E402

from __future__ import annotations

import gc

# Before the other imports: the collector would go through their objects again and again.
gc.disable()

import json
import os
import shutil
import signal
import socket
import sys
import threading
from pathlib import Path

from fe2tui.demo import Options, instance_metadata, instance_states, scene
from fe2tui.demo.account import Account
from fe2tui.demo.client_files import Keys
from fe2tui.demo.control import Control
from fe2tui.demo.faults import Faults
from fe2tui.demo.gateway import Gateway
from fe2tui.demo.http_server import Server
from fe2tui.demo.rules.run_instances import launch_replacement
from fe2tui.demo.signature import comes_from_a_program


def main(config: dict[str, object]) -> None:
    """Serves until the parent closes its end of the pipe or a signal comes. Leaves no process and no file."""
    folder = Path(str(config["folder"]))
    faults = Faults()
    account = Account(
        Options(**config["options"]),  # type: ignore[arg-type]
        folder,
        Keys.read(folder),
        faults,
        create_region=scene.create_region,
        press_power_button=instance_states.power_button,
        read_metadata=instance_metadata.read,
        launch_replacement=launch_replacement,
    )
    end = threading.Event()
    _set_at_end(end, int(str(config["lifeline"])))
    try:
        scene.build(account)
        gc.freeze()
        gc.enable()
        gateway = Gateway(account)
        listening = socket.socket(fileno=int(str(config["listening"])))
        server = Server(listening, comes_from_a_program, gateway.answer, Control(gateway).answer)
        threading.Thread(target=server.serve, name="demo server", daemon=True).start()
        account.machines.boot_waiting()
        end.wait()
    finally:
        account.machines.close()
        if config["remove"]:
            shutil.rmtree(folder, ignore_errors=True)
    # A normal exit would wait for the threads of silent and held connections.
    os._exit(0)


def _set_at_end(end: threading.Event, lifeline: int) -> None:
    """Sets `end` when the parent's side of the pipe closes, or on SIGTERM or SIGINT."""

    def wait_for_parent() -> None:
        while os.read(lifeline, 1):
            pass
        end.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda _signal, _frame: end.set())
    # Under nohup these are ignored, and the programs on the machines would inherit that.
    for each in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(each, signal.SIG_DFL)
    threading.Thread(target=wait_for_parent, name="demo lifeline", daemon=True).start()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
