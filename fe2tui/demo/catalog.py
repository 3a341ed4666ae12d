"""Regions, zones and instance types, from the data files that moto ships; reading them does not import moto."""

from __future__ import annotations

import gzip
import importlib.util
import json
import threading
from functools import cached_property
from pathlib import Path
from typing import Any

_DIRECTIONS = {
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "central": "c",
    "northeast": "ne",
    "southeast": "se",
    "northwest": "nw",
    "southwest": "sw",
}

# p3 has left moto's data, not AWS; the account of the demo has machines of it.
# https://aws.amazon.com/ec2/instance-types/p3/
_P3 = {"p3.2xlarge": (8, 61, 1), "p3.8xlarge": (32, 244, 4), "p3.16xlarge": (64, 488, 8)}
_P3_ZONES = {"us-east-2": "ab", "us-west-2": "abc", "us-east-1": "abcd"}


def moto_folder() -> Path:
    """Where moto is installed. Raises ModuleNotFoundError when it is not."""
    found = importlib.util.find_spec("moto")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("moto is not installed")
    return Path(found.submodule_search_locations[0])


class Catalog:
    """What EC2 offers where. Read on first use; safe to share between threads."""

    def __init__(self) -> None:
        self._resources = moto_folder() / "ec2" / "resources"
        self._offerings: dict[str, dict[str, list[str]]] = {}
        self._lock = threading.Lock()

    def _read(self, path: str) -> Any:
        return json.loads(gzip.decompress((self._resources / path).read_bytes()))

    @cached_property
    def types(self) -> dict[str, dict[str, Any]]:
        """Every instance type as DescribeInstanceTypes shows it."""
        types: dict[str, dict[str, Any]] = self._read("instance_types.json.gz")
        for name, (vcpus, memory, gpus) in _P3.items():
            types.setdefault(name, _p3(types["g4dn.xlarge"], name, vcpus, memory, gpus))
        return types

    def regions(self) -> list[str]:
        """The ids of all regions."""
        folder = self._resources / "instance_type_offerings" / "region"
        return sorted(path.name.split(".")[0] for path in folder.iterdir())

    def offerings(self, region: str) -> dict[str, list[str]]:
        """For each type on offer in the region, the zones that have it."""
        with self._lock:
            known = self._offerings.get(region)
            if known is None:
                known = {}
                for row in self._read(f"instance_type_offerings/availability-zone/{region}.json.gz"):
                    known.setdefault(row["InstanceType"], []).append(row["Location"])
                for name in _P3:
                    letters = _P3_ZONES.get(region, "")
                    if letters:
                        known.setdefault(name, [region + letter for letter in letters])
                for zones in known.values():
                    zones.sort()
                self._offerings[region] = known
            return known

    def zones(self, region: str) -> list[str]:
        """The names of the region's zones."""
        return sorted({zone for zones in self.offerings(region).values() for zone in zones})

    def zone_id(self, region: str, zone: str) -> str:
        """The zone's id, as `use2-az1` for us-east-2a."""
        area, direction, number = region.split("-")[-3:]
        return f"{area}{_DIRECTIONS[direction]}{number}-az{ord(zone[-1]) - 96}"

    def architectures(self, name: str) -> list[str]:
        """The architectures that the type runs."""
        found: list[str] = self.types[name]["ProcessorInfo"]["SupportedArchitectures"]
        return found

    def cores(self, name: str) -> tuple[int, int]:
        """(cores, threads each) of the type."""
        info = self.types[name]["VCpuInfo"]
        cores = info.get("DefaultCores", info["DefaultVCpus"])
        return int(cores), int(info.get("DefaultThreadsPerCore", 1))


def _p3(pattern: dict[str, Any], name: str, vcpus: int, memory: int, gpus: int) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(pattern))
    made |= {
        "InstanceType": name,
        "CurrentGeneration": False,
        "Hypervisor": "xen",
        "InstanceStorageSupported": False,
        "MemoryInfo": {"SizeInMiB": memory * 1024},
        "NitroTpmSupport": "unsupported",
        "SupportedBootModes": ["legacy-bios"],
    }
    del made["InstanceStorageInfo"], made["NitroTpmInfo"]
    made["ProcessorInfo"] |= {"SustainedClockSpeedInGhz": 2.7}
    made["EbsInfo"]["NvmeSupport"] = "unsupported"
    made["GpuInfo"] = {
        "Gpus": [{"Count": gpus, "Manufacturer": "NVIDIA", "MemoryInfo": {"SizeInMiB": 16384}, "Name": "V100"}],
        "TotalGpuMemoryInMiB": 16384 * gpus,
    }
    made["VCpuInfo"] |= {"DefaultCores": vcpus // 2, "DefaultVCpus": vcpus, "ValidCores": [vcpus // 2]}
    return made
