"""The machines behind the instances: a thin layer over `machines` that starts it on first use and keeps order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fe2tui.demo.machines import Machines


_LAST = 0.25
"""The part of the way from running to the first login in which sshd answers already."""


class MachineSide:
    """Creates, boots and halts machines. Every call is in order and has taken effect when it returns,
    save `boot_soon`, which lets the cloud answer before a whole scene has booted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._machines: Machines | None = None
        self._known: set[str] = set()
        self._to_boot: dict[str, tuple[float, float]] = {}
        self._booting = False
        self._lock = threading.RLock()
        self.on_power: Callable[[str, str], None] | None = None
        self.on_metadata: Callable[[str, str], str | None] | None = None

    def _started(self) -> Machines:
        if self._machines is None:
            from fe2tui.demo.machines import Machines

            self._machines = Machines(self._folder, on_power=self._pressed, on_metadata=self.on_metadata)
        return self._machines

    def _pressed(self, instance_id: str, what: str) -> None:
        if self.on_power is not None:
            self.on_power(instance_id, what)

    def create(
        self, instance_id: str, *, hostname: str, user: str, public_key: str | None, image_id: str | None = None
    ) -> int:
        """Reserves the machine's port and returns it; its disk begins as that image's, if one was kept."""
        with self._lock:
            self._known.add(instance_id)
            return self._started().create(
                instance_id, hostname=hostname, user=user, public_key=public_key, image_id=image_id
            )

    def keep(self, instance_id: str, image_id: str) -> None:
        """Keeps what the machine's disk holds now as that image's."""
        with self._lock:
            self._first(instance_id)
            if instance_id in self._known:
                self._started().keep(instance_id, image_id)

    def forget(self, image_id: str) -> None:
        """Forgets what was kept for an image."""
        with self._lock:
            if self._machines is not None:
                self._machines.forget(image_id)

    def boot(self, instance_id: str, after: float, ssh_seconds: float = 0.0) -> None:
        """Lets people in `after` + `ssh_seconds` from now; for the last quarter of these its sshd only asks to wait."""
        with self._lock:
            if instance_id in self._known:
                self._started().boot(instance_id, after + ssh_seconds * (1 - _LAST), ssh_seconds * _LAST)

    def boot_soon(self, instance_ids: Iterable[str], after: float = 0.0, ssh_seconds: float = 0.0) -> None:
        """Boots machines one by one in a thread of its own."""
        with self._lock:
            self._to_boot |= dict.fromkeys(instance_ids, (after, ssh_seconds))
            if self._booting:
                return
            self._booting = True
        threading.Thread(target=self._boot_all, name="demo boot", daemon=True).start()

    def _boot_all(self) -> None:
        while True:
            with self._lock:
                if not self._to_boot:
                    self._booting = False
                    return
                instance_id = next(iter(self._to_boot))
                self.boot(instance_id, *self._to_boot.pop(instance_id))

    def _first(self, instance_id: str) -> None:
        """Lets a boot that is still to come happen before what is to follow it."""
        due = self._to_boot.pop(instance_id, None)
        if due is not None:
            self.boot(instance_id, *due)

    def halt(self, instance_id: str) -> None:
        """Takes the machine off the air; its disk and host key stay."""
        with self._lock:
            self._first(instance_id)
            if instance_id in self._known:
                self._started().halt(instance_id)

    def reboot(self, instance_id: str, ssh_seconds: float) -> None:
        """Takes the machine off the air; people can log in again `ssh_seconds` from now."""
        with self._lock:
            self._first(instance_id)
            if instance_id in self._known:
                self._started().reboot(instance_id, ssh_seconds * (1 - _LAST), ssh_seconds * _LAST)

    def destroy(self, instance_id: str) -> None:
        """Takes the machine and its disk away for good."""
        with self._lock:
            self._to_boot.pop(instance_id, None)
            if instance_id in self._known:
                self._known.discard(instance_id)
                self._started().destroy(instance_id)

    def console_output(self, instance_id: str) -> str:
        """What the machine's console has printed; empty without a machine or before its first boot."""
        with self._lock:
            self._first(instance_id)
            return self._started().console_output(instance_id) if instance_id in self._known else ""

    def replace_host_key(self, instance_id: str) -> None:
        """Gives the machine another host key."""
        with self._lock:
            self._first(instance_id)
            self._started().replace_host_key(instance_id)

    def close(self) -> None:
        """Takes all machines away and ends their processes."""
        with self._lock:
            self._to_boot.clear()
            self._known.clear()
            if self._machines is not None:
                self._machines.close()
                self._machines = None
