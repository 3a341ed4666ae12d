"""An instance type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, repr=False)
class InstanceType:
    """One instance type, as DescribeInstanceTypes returns it.

    ``memory``, ``gpu_memory`` and ``accelerator_memory`` (of one) are MiB, ``local_disk`` GB in all (instance store),
    ``network`` EC2's words (``Up to 10 Gigabit``). ``gpus`` are NVIDIA's and AMD's; a type with a part of a GPU has 1,
    and a name such as ``1/8 L4``. ``accelerators`` are all others: Inferentia, Trainium, Gaudi, FPGAs.
    """

    name: str
    vcpus: int
    memory: int
    architectures: tuple[str, ...] = ("x86_64",)
    gpus: int = 0
    gpu_name: str = ""
    current: bool = True
    spot: bool = True
    free_tier: bool = False
    virtualizations: tuple[str, ...] = ("hvm",)
    boot_modes: tuple[str, ...] = ()
    ena: str = "supported"  # unsupported, supported, required
    gpu_memory: int = 0
    local_disk: int = 0
    local_disks: int = 0
    network: str = ""
    hypervisor: str = ""  # nitro, xen; empty for bare metal
    bare_metal: bool = False
    burstable: bool = False
    hibernation: bool = False
    root_devices: tuple[str, ...] = ("ebs",)
    accelerators: int = 0
    accelerator_name: str = ""
    accelerator_memory: int = 0

    def __repr__(self) -> str:
        return f"{self.name}: {self.summary}"

    @property
    def family(self) -> str:
        return self.name.partition(".")[0]

    @property
    def gpu_gigabytes(self) -> int:
        """The memory of one GPU in GB, as its maker counts: an A10G's 22888 MiB are sold as 24 GB."""
        return _gigabytes(self.gpu_memory)

    @property
    def network_text(self) -> str:
        """EC2's words for the network, shorter: ``≤ 12.5 Gb/s``, ``8 × 100 Gb/s``; empty if unknown. Foreign text."""
        words = self.network
        for long, short in (("Up to ", "≤ "), ("x ", " × "), (" Gigabit", " Gb/s"), (" Megabit", " Mb/s")):
            words = words.replace(long, short)
        return words.replace("Low to Moderate", "Low–moderate")

    @property
    def devices_text(self) -> str:
        """Its GPUs or other accelerators: ``4 × A10G``, ``1/8 L4`` for a part of one, ``6 × Inferentia2``; else empty.

        Contains foreign text.
        """
        count, name = (
            (self.gpus, self.gpu_name or "GPU") if self.gpus else (self.accelerators, self.accelerator_name or "device")
        )
        return "" if not count else name if "/" in name else f"{count} × {name}"

    @property
    def device_gigabytes(self) -> int:
        """The memory of one of its GPUs or other accelerators in GB; 0 if there is none, or it is not known."""
        return self.gpu_gigabytes if self.gpus else _gigabytes(self.accelerator_memory)

    @property
    def summary(self) -> str:
        """``32 vCPU  244 GiB  4 × V100``."""
        devices = f"  {self.devices_text}" if self.devices_text else ""
        return f"{self.vcpus} vCPU  {self.memory / 1024:g} GiB{devices}"


def _gigabytes(mib: int) -> int:
    return mib // 1024 if mib % 1024 == 0 else round(mib * 1.048576 / 1000)


_SIZES = ("nano", "micro", "small", "medium", "large", "xlarge")


def size_sort_key(type_name: str) -> tuple[str, int, str]:
    """A sort key that puts the types of a family smallest first."""
    family, _, size = type_name.partition(".")
    if size in _SIZES:
        return family, _SIZES.index(size), size
    many = re.fullmatch(r"(\d+)xlarge", size)
    return family, (5 + int(many[1]) if many else 10_000), size


@dataclass(frozen=True, slots=True)
class TypeCatalogue:
    """All types of one region by name, smallest of each family first, and the zones that offer each.

    ``read_at`` is when it was read from AWS.
    """

    types: Mapping[str, InstanceType] = field(default_factory=dict)
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    read_at: datetime | None = None

    def zones_of(self, type_name: str) -> tuple[str, ...] | None:
        """The zones that offer a type, sorted; None where that is not known."""
        return self.zones.get(type_name, ()) if self.zones else None

    def types_of(self, text: str) -> tuple[InstanceType, ...]:
        """The types of a family, or the one type of that name, smallest first."""
        wanted = text.strip().lower()
        return tuple(one for one in self.types.values() if wanted in (one.family, one.name))
