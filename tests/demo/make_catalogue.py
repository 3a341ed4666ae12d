"""Writes types.tsv and zones.tsv of fe2tui/demo/catalogue from public data.

    python tests/demo/make_catalogue.py --moto FOLDER --prices FILE

FOLDER is `moto/ec2/resources` of an unpacked moto wheel: EC2's own answers about instance types and offerings.
FILE is `pkg/providers/pricing/zz_generated.pricing_aws.go` of karpenter-provider-aws: the Price List of us-east-1.
The list of types is that of the installed botocore. What these sources lack is given below or derived, and the column
`basis` says so:

- `documentation`: the size is in `_SIZES` below, from the EC2 documentation.
- `size`: the size is derived. A `metal` type is as large as the type that its name mentions (`metal-24xl`: 24xlarge),
  or as the largest of its family. A name such as u7i-12tb.224xlarge tells the memory, and four vCPUs for an `xlarge`.
- `price`: the price is derived. Prices grow with the size, counted in units of `large`: `medium` is a half, `4xlarge`
  is eight. A unit costs as much as in the nearest size of the family. If no size of it has a price, as much as in the
  most similar family: same letters, same architecture, most options shared, newest generation. If there is none, as
  much as in m8i or m8g.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fe2tui.demo import catalogue

_SIZES = """
cc1.4xlarge 16 23 x86_64 Intel - 10 Gigabit
cc2.8xlarge 32 60.5 x86_64 Intel 4x840hdd 10 Gigabit
cg1.4xlarge 16 22.5 x86_64 Intel 2x840hdd 10 Gigabit gpu:2:NVIDIA:M2050:3072
cr1.8xlarge 32 244 x86_64 Intel 2x120ssd 10 Gigabit
hi1.4xlarge 16 60.5 x86_64 Intel 2x1024ssd 10 Gigabit
hs1.8xlarge 16 117 x86_64 Intel 24x2048hdd 10 Gigabit
dl1.24xlarge 96 768 x86_64 Intel 4x1000ssd 4x 100 Gigabit gpu:8:Habana:Gaudi HL-205:32768
f1.2xlarge 8 122 x86_64 Intel 1x470ssd Up to 10 Gigabit fpga:1:Xilinx:Virtex UltraScale (VU9P):65536
f1.4xlarge 16 244 x86_64 Intel 1x940ssd Up to 10 Gigabit fpga:2:Xilinx:Virtex UltraScale (VU9P):65536
f1.16xlarge 64 976 x86_64 Intel 4x940ssd 25 Gigabit fpga:8:Xilinx:Virtex UltraScale (VU9P):65536
g2.2xlarge 8 15 x86_64 Intel 1x60ssd Moderate gpu:1:NVIDIA:K520:4096
g2.8xlarge 32 60 x86_64 Intel 2x120ssd High gpu:4:NVIDIA:K520:4096
g3s.xlarge 4 30.5 x86_64 Intel - Up to 10 Gigabit gpu:1:NVIDIA:M60:8192
g3.4xlarge 16 122 x86_64 Intel - Up to 10 Gigabit gpu:1:NVIDIA:M60:8192
g3.8xlarge 32 244 x86_64 Intel - 10 Gigabit gpu:2:NVIDIA:M60:8192
g3.16xlarge 64 488 x86_64 Intel - 20 Gigabit gpu:4:NVIDIA:M60:8192
g4ad.xlarge 4 16 x86_64 AMD 1x150ssd Up to 10 Gigabit gpu:1:AMD:Radeon Pro V520:8192
g4ad.2xlarge 8 32 x86_64 AMD 1x300ssd Up to 10 Gigabit gpu:1:AMD:Radeon Pro V520:8192
g4ad.4xlarge 16 64 x86_64 AMD 1x600ssd Up to 10 Gigabit gpu:1:AMD:Radeon Pro V520:8192
g4ad.8xlarge 32 128 x86_64 AMD 1x1200ssd 15 Gigabit gpu:2:AMD:Radeon Pro V520:8192
g4ad.16xlarge 64 256 x86_64 AMD 2x1200ssd 25 Gigabit gpu:4:AMD:Radeon Pro V520:8192
i3.metal 72 512 x86_64 Intel 8x1900ssd 25 Gigabit
p2.xlarge 4 61 x86_64 Intel - High gpu:1:NVIDIA:K80:12288
p2.8xlarge 32 488 x86_64 Intel - 10 Gigabit gpu:8:NVIDIA:K80:12288
p2.16xlarge 64 732 x86_64 Intel - 20 Gigabit gpu:16:NVIDIA:K80:12288
p3.2xlarge 8 61 x86_64 Intel - Up to 10 Gigabit gpu:1:NVIDIA:V100:16384
p3.8xlarge 32 244 x86_64 Intel - 10 Gigabit gpu:4:NVIDIA:V100:16384
p3.16xlarge 64 488 x86_64 Intel - 25 Gigabit gpu:8:NVIDIA:V100:16384
p6e-gb200.36xlarge 144 960 arm64 NVIDIA 3x7500ssd 1600 Gigabit gpu:4:NVIDIA:GB200:189440
"""
"""Types that EC2 no longer describes: vCPUs, memory in GiB, architecture, maker, local disks, network, accelerator.

Source: https://docs.aws.amazon.com/ec2/latest/instancetypes/ and the page of previous generations.
"""

_PRICES = {
    "dl2q.24xlarge": "8.9194",
    "hpc6a.48xlarge": "2.88",
    "hpc6id.32xlarge": "5.7",
    **dict.fromkeys(("hpc7a.12xlarge", "hpc7a.24xlarge", "hpc7a.48xlarge", "hpc7a.96xlarge"), "7.2"),
}
"""Types that us-east-1 does not sell: dollars an hour in us-east-2 (dl2q: us-west-2), from the Price List."""

_ZONES = {"us-east-2": "ab", "us-west-2": "abc", "us-east-1": "abcd"}
"""Where p3 is on offer. AWS still has it, but moto's data do not; the account of the demo has instances of it."""

_ACCELERATORS = (
    ("gpu", "GpuInfo", "Gpus"),
    ("neuron", "NeuronInfo", "NeuronDevices"),
    ("inference", "InferenceAcceleratorInfo", "Accelerators"),
    ("fpga", "FpgaInfo", "Fpgas"),
    ("media", "MediaAcceleratorInfo", "Accelerators"),
)
_TRAITS = {
    "CurrentGeneration": "current",
    "BareMetal": "metal",
    "BurstablePerformanceSupported": "burstable",
    "FreeTierEligible": "free",
    "HibernationSupported": "hibernation",
}
_UNITS = {"nano": 1 / 16, "micro": 1 / 8, "small": 1 / 4, "medium": 1 / 2, "large": 1, "xlarge": 2}
Row = dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--moto", type=Path, required=True, help="moto/ec2/resources of an unpacked wheel")
    parser.add_argument("--prices", type=Path, required=True, help="zz_generated.pricing_aws.go of karpenter")
    arguments = parser.parse_args()
    source = arguments.prices.read_text(encoding="utf-8")
    prices = dict(re.findall(r'"([a-z0-9-]+\.[a-z0-9-]+)": ([0-9.]+)', source)) | _PRICES
    generated = re.search(r"generated at (\S+) for (\S+)", source)
    described: dict[str, Any] = _read(arguments.moto / "instance_types.json.gz")
    offerings, zones = _offerings(arguments.moto / "instance_type_offerings" / "availability-zone")
    rows = {name: _row(record) for name, record in described.items()} | dict(_by_hand())
    for name in _names():
        if name not in rows:
            rows[name] = _derived_size(name, rows)
    for name, row in rows.items():
        row["zones"] = str(offerings.get(name, 0))
        if name in prices:
            row["price"] = _short(prices[name])
    for name in [name for name in rows if name not in prices]:
        rows[name]["price"] = _derived_price(name, rows, prices)
        rows[name]["basis"] = " ".join(filter(None, (rows[name].get("basis"), "price")))
    folder = Path(catalogue.__file__).parent
    first = (
        f"# Written by tests/demo/make_catalogue.py on {datetime.now(UTC):%Y-%m-%d}; it explains the column `basis`."
    )
    moto = f"moto {_moto_version(arguments.moto)} ships it (Apache-2.0)"
    heads = [
        first,
        f"# Sizes: EC2's DescribeInstanceTypes as {moto}, and the EC2 documentation.",
        f"# Prices: Price List of {generated[2]}, {generated[1]}, as karpenter-provider-aws has it (Apache-2.0)."
        if generated
        else "# Prices: karpenter-provider-aws (Apache-2.0).",
        f"# Types: the InstanceType list of botocore {version('botocore')}.",
    ]
    lines = ["\t".join(_fields(rows[name])) for name in sorted(rows)]
    (folder / "types.tsv").write_text("\n".join((*heads, "\t".join(catalogue.DEFAULTS), *lines, "")), encoding="utf-8")
    heads = [first, f"# Zones: EC2's DescribeInstanceTypeOfferings as {moto}."]
    (folder / "zones.tsv").write_text("\n".join((*heads, *zones, "")), encoding="utf-8")


def _fields(row: Row) -> Iterator[str]:
    for column, default in catalogue.DEFAULTS.items():
        field = row.get(column, "")
        yield "" if field == default else field


def _read(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))


def _moto_version(resources: Path) -> str:
    found = re.search(r'__version__ = "(.+)"', (resources.parents[1] / "__init__.py").read_text(encoding="utf-8"))
    return found[1] if found else "of an unknown version"


def _names() -> list[str]:
    from botocore.session import get_session

    shape: Any = get_session().get_service_model("ec2").shape_for("InstanceType")
    return list(shape.enum)


def _short(price: str | float) -> str:
    return f"{float(price):.6f}".rstrip("0").rstrip(".")


def _row(record: Mapping[str, Any]) -> Row:
    processor, network, cpus = record["ProcessorInfo"], record["NetworkInfo"], record["VCpuInfo"]
    storage = record.get("InstanceStorageInfo") or {"Disks": ()}
    traits = [word for field, word in _TRAITS.items() if record[field]]
    traits += ["efa"] if network.get("EfaSupported") else []
    traits += ["pv"] if "paravirtual" in record["SupportedVirtualizationTypes"] else []
    traits += ["instance-store"] if "instance-store" in record["SupportedRootDeviceTypes"] else []
    return {
        "type": record["InstanceType"],
        "vcpus": str(cpus["DefaultVCpus"]),
        "cores": str(cpus["DefaultCores"]),
        "memory": str(record["MemoryInfo"]["SizeInMiB"]),
        "architectures": " ".join(processor["SupportedArchitectures"]),
        "maker": processor["Manufacturer"],
        "clock": _short(processor["SustainedClockSpeedInGhz"]) if "SustainedClockSpeedInGhz" in processor else "",
        "network": network["NetworkPerformance"],
        "ena": network["EnaSupport"],
        "boot": " ".join(record["SupportedBootModes"]),
        "usage": " ".join(record["SupportedUsageClasses"]),
        "hypervisor": record.get("Hypervisor", "-"),
        "disks": " ".join(f"{disk['Count']}x{disk['SizeInGB']}{disk['Type']}" for disk in storage["Disks"]),
        "accelerators": ";".join(_devices(record)),
        "traits": " ".join(traits),
    }


def _devices(record: Mapping[str, Any]) -> Iterator[str]:
    for kind, group, items in _ACCELERATORS:
        for device in record.get(group, {}).get(items, ()):
            count = device["Count"] or device["GpuPartitionSize"]
            maker, memory = device.get("Manufacturer", "AWS"), device["MemoryInfo"]["SizeInMiB"]
            yield f"{kind}:{count}:{maker}:{device['Name']}:{memory}"


def _by_hand() -> Iterator[tuple[str, Row]]:
    for line in _SIZES.strip().splitlines():
        found = re.fullmatch(r"(\S+) (\S+) (\S+) (\S+) (\S+) (\S+) (.*?)( (?:gpu|fpga):.*)?", line)
        assert found is not None, line
        name, vcpus, memory, architecture, maker, disks, network, device = found.groups()
        new = name.startswith(("g4ad", "dl1", "p6e", "i3"))
        yield (
            name,
            {
                "type": name,
                "vcpus": vcpus,
                "cores": str(int(vcpus) // (1 if architecture == "arm64" else 2)),
                "memory": str(int(float(memory) * 1024)),
                "architectures": architecture,
                "maker": maker,
                "clock": "2.7" if name.startswith("p3") else "",
                "network": network,
                "ena": "required" if new else "supported",
                "boot": "uefi" if architecture == "arm64" else "legacy-bios",
                "usage": "capacity-block" if name.startswith("p6e") else "on-demand spot",
                "hypervisor": "-" if name.endswith(".metal") else "nitro" if new else "xen",
                "disks": disks.strip("-"),
                "accelerators": (device or "").strip(),
                "traits": "metal" if name.endswith(".metal") else "",
                "basis": "documentation",
            },
        )


def _derived_size(name: str, rows: Mapping[str, Row]) -> Row:
    family, _, size = name.partition(".")
    siblings = [row for other, row in rows.items() if other.partition(".")[0] == family]
    tebibytes = re.search(r"-(\d+)tb", family)
    if not siblings:
        siblings = [row for other, row in rows.items() if other.startswith("u7i" if family.startswith("u7i") else "u-")]
    bare = size.startswith("metal")
    named = size.removeprefix("metal-").removesuffix("xl") + "xlarge"
    largest = max(siblings, key=lambda row: int(row["vcpus"]))
    base = rows.get(f"{family}.{named}", largest)
    row = base | {"type": name, "basis": "size"}
    if tebibytes:
        count = re.fullmatch(r"(\d+)xlarge", size)
        vcpus = int(count[1]) * 4 if count else int(base["vcpus"])
        row |= {"memory": str(int(tebibytes[1]) << 20), "vcpus": str(vcpus), "cores": str(vcpus // 2)}
    if bare:
        row |= {"hypervisor": "-", "traits": " ".join(dict.fromkeys([*base["traits"].split(), "metal"]))}
    return row


def _derived_price(name: str, rows: Mapping[str, Row], prices: Mapping[str, str]) -> str:
    """Dollars an hour of a type that no source prices, from the most similar ones."""
    family = name.partition(".")[0]
    units = _units(rows[name])
    priced = [other for other in prices if other in rows]
    similar = [other for other in priced if other.partition(".")[0] == family]
    if not similar:
        families = {other.partition(".")[0]: other for other in priced}.values()
        scores = {other: _similarity(name, other, rows) for other in families}
        best = max(scores, key=lambda other: (scores[other], other))
        if scores[best][0] < 0:
            best = "m8g.large" if "arm64" in rows[name]["architectures"] else "m8i.large"
        similar = [other for other in priced if other.partition(".")[0] == best.partition(".")[0]]
    nearest = min(similar, key=lambda other: (abs(_units(rows[other]) - units), other))
    return _short(float(prices[nearest]) / _units(rows[nearest]) * units)


def _units(row: Row) -> float:
    """The size of a type in units of `large`; a `metal` size counts by its vCPUs."""
    size = row["type"].partition(".")[2]
    if size in _UNITS:
        return _UNITS[size]
    return int(size.removesuffix("xlarge")) * 2 if size.endswith("xlarge") else int(row["vcpus"]) / 2


def _similarity(name: str, other: str, rows: Mapping[str, Row]) -> tuple[int, ...]:
    """How much like the type's family another one is; begins with -1 when it is of another kind."""
    (letters, _, options), (its_letters, generation, its_options) = map(_parts, (name, other))
    if letters != its_letters:
        return (-1,)
    same = rows[name]["architectures"] == rows[other]["architectures"]
    shared = set(options) & set(its_options)
    return (int(same), len(shared), -len(set(its_options) - shared), generation)


def _parts(name: str) -> tuple[str, int, str]:
    """(letters, generation, options) of the family, as (`r`, 8, `gd`) of r8gd.large."""
    found = re.match(r"([a-z]+)-?(\d*)([^.]*)", name)
    assert found is not None, name
    return found[1], int(found[2] or 0), found[3]


def _offerings(folder: Path) -> tuple[dict[str, int], list[str]]:
    """(the line of zones.tsv that each type has, those lines): a column a region, the letters of the zones in it."""
    found: dict[str, dict[str, set[str]]] = {}
    regions = sorted(path.name.partition(".")[0] for path in folder.iterdir())
    for region in regions:
        for row in _read(folder / f"{region}.json.gz"):
            found.setdefault(row["InstanceType"], {}).setdefault(region, set()).add(row["Location"][-1])
    for name in ("p3.2xlarge", "p3.8xlarge", "p3.16xlarge"):
        found.setdefault(name, {region: set(letters) for region, letters in _ZONES.items()})
    numbers: dict[str, int] = {"\t" * (len(regions) - 1): 0}
    offered = {
        name: numbers.setdefault("\t".join("".join(sorted(zones.get(region, ()))) for region in regions), len(numbers))
        for name, zones in sorted(found.items())
    }
    return offered, ["\t".join(regions), *numbers]


if __name__ == "__main__":
    main()
