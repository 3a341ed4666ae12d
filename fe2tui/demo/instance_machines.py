"""The machines of the account's instances: a layer over `machines` that starts it on first use and keeps order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fe2tui.demo.machines import Machines

_BOOTING = 0.25
"""The part of `ssh_seconds`, at its end, in which sshd already answers but refuses logins."""


class InstanceMachines:
    """Creates, boots, halts and destroys machines by instance id. An id without a machine is ignored.

    Each method has taken effect when it returns, except `boot_later`: the cloud can answer before the scene has booted.
    `on_power` and `metadata` are as in `Machines`.
    """

    def __init__(
        self, folder: Path, *, on_power: Callable[[str, str], None], metadata: Callable[[str, str], str | None]
    ) -> None:
        self._folder = folder
        self._on_power = on_power
        self._metadata = metadata
        self._machines: Machines | None = None
        self._known: set[str] = set()
        self._to_boot: dict[str, tuple[float, float]] = {}
        self._lock = threading.RLock()

    def _started(self) -> Machines:
        if self._machines is None:
            from fe2tui.demo.machines import Machines

            self._machines = Machines(self._folder, on_power=self._on_power, metadata=self._metadata)
        return self._machines

    def create(
        self, instance_id: str, *, hostname: str, user: str, public_key: str | None, image_id: str | None = None
    ) -> int:
        """Reserves the machine's port and returns it. Its home is a copy of the image's, if one was saved."""
        with self._lock:
            self._known.add(instance_id)
            return self._started().create(
                instance_id, hostname=hostname, user=user, public_key=public_key, image_id=image_id
            )

    def save_image(self, instance_id: str, image_id: str) -> None:
        with self._lock:
            self._finish_boot(instance_id)
            if instance_id in self._known:
                self._started().save_image(instance_id, image_id)

    def delete_image(self, image_id: str) -> None:
        with self._lock:
            if self._machines is not None:
                self._machines.delete_image(image_id)

    def boot(self, instance_id: str, after: float, ssh_seconds: float = 0.0) -> None:
        """Lets users log in `after` + `ssh_seconds` from now."""
        with self._lock:
            if instance_id in self._known:
                self._started().boot(instance_id, after + ssh_seconds * (1 - _BOOTING), ssh_seconds * _BOOTING)

    def boot_later(self, instance_id: str, after: float = 0.0, ssh_seconds: float = 0.0) -> None:
        """Leaves the boot, with the delays of `boot`, to `boot_waiting` or to the next operation on the machine."""
        with self._lock:
            self._to_boot[instance_id] = after, ssh_seconds

    def boot_waiting(self) -> None:
        """Boots the machines of `boot_later`, one by one in a thread."""

        def boot_all() -> None:
            while True:
                with self._lock:
                    instance_id = next(iter(self._to_boot), None)
                    if instance_id is None:
                        return
                    self._finish_boot(instance_id)

        threading.Thread(target=boot_all, name="demo boot", daemon=True).start()

    def _finish_boot(self, instance_id: str) -> None:
        delays = self._to_boot.pop(instance_id, None)
        if delays is not None:
            self.boot(instance_id, *delays)

    def halt(self, instance_id: str) -> None:
        with self._lock:
            self._finish_boot(instance_id)
            if instance_id in self._known:
                self._started().halt(instance_id)

    def reboot(self, instance_id: str, ssh_seconds: float) -> None:
        """Turns the machine off and on; users can log in `ssh_seconds` from now."""
        with self._lock:
            self._finish_boot(instance_id)
            self.boot(instance_id, 0.0, ssh_seconds)

    def destroy(self, instance_id: str) -> None:
        with self._lock:
            self._to_boot.pop(instance_id, None)
            if instance_id in self._known:
                self._known.discard(instance_id)
                self._started().destroy(instance_id)

    def console_output(self, instance_id: str) -> str:
        """What the machine has printed on its console; empty before its first boot."""
        with self._lock:
            self._finish_boot(instance_id)
            return self._started().console_output(instance_id) if instance_id in self._known else ""

    def replace_host_key(self, instance_id: str) -> None:
        with self._lock:
            self._finish_boot(instance_id)
            self._started().replace_host_key(instance_id)

    def close(self) -> None:
        with self._lock:
            self._to_boot.clear()
            self._known.clear()
            if self._machines is not None:
                self._machines.close()
                self._machines = None
