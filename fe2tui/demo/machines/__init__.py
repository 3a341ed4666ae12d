"""The machines of the demo: for each instance a real ssh server on a port of 127.0.0.1.

Its sessions run in a sandbox (sandbox.py), where this system lets users create one; where it does not, a log-in says
that the shell is the person's own. A machine costs a bound port until its first boot. All machines run on one asyncio
loop, in a thread that starts with the first boot. Every method may be called from any thread and has taken effect when
it returns, except `boot_later`.
"""

from __future__ import annotations

import asyncio
import errno
import resource
import shutil
import threading
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from fe2tui.demo.machines.disk import Disk, plain_hostname
from fe2tui.demo.machines.machine import Machine
from fe2tui.demo.machines.processes import kill_all

_DESCRIPTORS = 8192
_IMAGES = "images"


class Machines:
    """The machines of one demo cloud; `folder` holds a disk for each.

    `on_power(instance_id, "poweroff" | "reboot")` is called in a thread of its own when a user turns a machine off or
    restarts it; by default the machine just does so. `metadata(instance_id, path)` is the text at a path of an
    instance's metadata, or None; it is called on the machines' loop and must not block. Unknown ids raise KeyError.
    """

    def __init__(
        self,
        folder: Path,
        on_power: Callable[[str, str], None] | None = None,
        metadata: Callable[[str, str], str | None] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self._metadata = metadata
        self._on_power = on_power or self._apply_power
        self._machines: dict[str, Machine] = {}
        self._to_boot: dict[str, tuple[float, float]] = {}
        self._lock = threading.RLock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def create(
        self, instance_id: str, *, hostname: str, user: str, public_key: str | None, image_id: str | None = None
    ) -> int:
        """Reserves the machine's port until `destroy`, and returns it.

        `public_key` is an OpenSSH line; with None, no login is possible. The home is a copy of the image's, if one was
        saved.
        """

        def press_button(button: str) -> None:
            threading.Thread(target=self._on_power, args=(instance_id, button), daemon=True).start()

        metadata = partial(self._metadata, instance_id) if self._metadata is not None else None
        image_home = self._image_home(image_id) if image_id is not None else None
        disk = Disk(self.folder / instance_id, plain_hostname(hostname), user, image_home)
        with self._lock:
            if instance_id in self._machines:
                raise ValueError(f"{instance_id} exists already")
            try:
                machine = Machine(disk, public_key, press_button, metadata)
            except OSError as error:
                if error.errno != errno.EMFILE or not _allow_more_descriptors():
                    raise
                machine = Machine(disk, public_key, press_button, metadata)
            self._machines[instance_id] = machine
        return machine.port

    def boot(self, instance_id: str, after: float = 0.0, login_after: float = 0.0) -> None:
        """Boots the machine: its sshd answers `after` seconds from now; with 0, before this returns.

        For `login_after` more seconds, it refuses logins with "System is booting up".
        """
        with self._lock:
            self._to_boot.pop(instance_id, None)
        self._run(self._machine(instance_id).boot(after, login_after))

    def boot_later(self, instance_id: str, after: float = 0.0, login_after: float = 0.0) -> None:
        """Leaves the boot to `boot_waiting` or to the next operation on the machine."""
        with self._lock:
            self._to_boot[instance_id] = after, login_after

    def boot_waiting(self) -> None:
        """Boots the machines of `boot_later` one by one in a thread, so that the cloud can answer meanwhile."""

        def boot_all() -> None:
            while True:
                with self._lock:
                    instance_id = next(iter(self._to_boot), None)
                    if instance_id is None:
                        return
                    self._machine(instance_id)

        threading.Thread(target=boot_all, name="demo boot", daemon=True).start()

    def halt(self, instance_id: str) -> None:
        """Turns the machine off at once: closes its port and sessions, kills its processes. Disk and host key stay."""
        machine = self._machine(instance_id)
        if not machine.is_new:
            self._run(machine.halt())

    def reboot(self, instance_id: str, after: float = 0.0, login_after: float = 0.0) -> None:
        self.boot(instance_id, after, login_after)

    def destroy(self, instance_id: str) -> None:
        """Turns the machine off and removes its disk and host key; frees its port."""
        with self._lock:
            self._to_boot.pop(instance_id, None)
        machine = self._machine(instance_id)
        if not machine.is_new:
            self._run(machine.halt())
        with self._lock:
            self._machines.pop(instance_id, None)
        machine.remove()

    def save_image(self, instance_id: str, image_id: str) -> None:
        """Saves a copy of the machine's home for machines of this image."""
        self._machine(instance_id).disk.copy_home(self._image_home(image_id))

    def delete_image(self, image_id: str) -> None:
        """Deletes the home that was saved for an image, if any."""
        shutil.rmtree(self._image_home(image_id), ignore_errors=True)

    def console_output(self, instance_id: str) -> str:
        """The last 64 KiB of the machine's console; empty before its first boot."""
        return self._machine(instance_id).console

    def replace_host_key(self, instance_id: str) -> None:
        """Gives the machine a new host key, as if its address had a new owner. Its sessions end."""
        self._run(self._machine(instance_id).change_host_key())

    def close(self) -> None:
        """Destroys all machines and ends the loop. No process and no file is left."""
        with self._lock:
            self._to_boot.clear()
            machines, self._machines = self._machines, {}
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            asyncio.run_coroutine_threadsafe(_stop_all(machines.values()), loop).result()
            kill_all(self.folder)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
        for machine in machines.values():
            machine.remove()
        shutil.rmtree(self.folder / _IMAGES, ignore_errors=True)

    def _image_home(self, image_id: str) -> Path:
        return self.folder / _IMAGES / image_id

    def __enter__(self) -> Machines:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _machine(self, instance_id: str) -> Machine:
        """The machine; boots it now if its boot was left for later."""
        with self._lock:
            machine = self._machines[instance_id]
            if delays := self._to_boot.pop(instance_id, None):
                self._run(machine.boot(*delays))
            return machine

    def _apply_power(self, instance_id: str, button: str) -> None:
        if button == "reboot":
            self.reboot(instance_id)
        else:
            self.halt(instance_id)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._started_loop()).result()

    def _started_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_serve, args=(self._loop,), name="demo machines", daemon=True)
                self._thread.start()
            return self._loop


async def _stop_all(machines: Iterable[Machine]) -> None:
    for machine in machines:
        await machine.stop_answering()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


def _allow_more_descriptors() -> bool:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
    if soft >= wanted:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return True
