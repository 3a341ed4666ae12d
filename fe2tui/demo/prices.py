"""On-demand prices of us-east-2 (us-west-2 has the same), as the Price List had them; dollars an hour.

A family's price goes with its size; where it does not (GPU families), each size is listed.
https://aws.amazon.com/ec2/pricing/on-demand/
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache

_LARGE = """
t2 .0928 t3 .0832 t3a .0752 t4g .0672 m3 .133 m4 .100 m5 .096 m5a .086 m5ad .103 m5d .113 m5n .119 m5dn .136 m5zn .1652
m6a .0864 m6i .096 m6id .11865 m6in .13923 m6idn .15909 m6g .077 m6gd .0904 m7a .11592 m7i .1008 m7i-flex .09576
m7g .0816 m7gd .1068 m8g .08976 m8gd .11748 m8i .10584 m8i-flex .10055 a1 .051 c3 .105
c4 .100 c5 .085 c5a .077 c5ad .086 c5d .096 c5n .108 c6a .0765 c6i .085 c6id .1008 c6in .1134 c6g .068 c6gd .0768
c6gn .0864 c7a .10264 c7i .08925 c7i-flex .08479 c7g .0725 c7gd .0907 c7gn .1248 c8g .07976 c8gd .0998 c8i .09371
c8i-flex .08903 r3 .166 r4 .133 r5 .126 r5a .113 r5ad .131 r5b .149 r5d .144 r5dn .167 r5n .149 r6a .1134 r6i .126
r6id .1512 r6in .17433 r6idn .19665 r6g .1008 r6gd .1152 r7a .15215 r7i .1323 r7iz .186 r7g .1071 r7gd .1361 r8g .11782
r8gd .14706 r8i .13892 r8i-flex .13197 x1 .208406 x1e .417 x2gd .167 x2idn .208406 x2iedn .416813 x2iezn .417
z1d .186 i2 .4265 i3 .156 i3en .226 i4i .1716 i4g .15444 i7i .1888 i7ie .25988 im4gn .18191 is4gen .2882 i8g .1716
d2 .345 d3 .2495 d3en .263 h1 .117 x8g .1954
"""

_EACH = """
g4dn.xlarge .526 g4dn.2xlarge .752 g4dn.4xlarge 1.204 g4dn.8xlarge 2.176 g4dn.12xlarge 3.912 g4dn.16xlarge 4.352
g4dn.metal 7.824 g5.xlarge 1.006 g5.2xlarge 1.212 g5.4xlarge 1.624 g5.8xlarge 2.448 g5.12xlarge 5.672
g5.16xlarge 4.096 g5.24xlarge 8.144 g5.48xlarge 16.288 g5g.xlarge .42 g5g.2xlarge .556 g5g.4xlarge .828
g5g.8xlarge 1.372 g5g.16xlarge 2.744 g5g.metal 2.744 g6.xlarge .8048 g6.2xlarge .9776 g6.4xlarge 1.3232
g6.8xlarge 2.0144 g6.12xlarge 4.6016 g6.16xlarge 3.3968 g6.24xlarge 6.6752 g6.48xlarge 13.3504 gr6.4xlarge 1.5392
gr6.8xlarge 2.4464 g6e.xlarge 1.861 g6e.2xlarge 2.24208 g6e.4xlarge 3.00424 g6e.8xlarge 4.52856
g6e.12xlarge 10.49264 g6e.16xlarge 7.57719 g6e.24xlarge 15.06559 g6e.48xlarge 30.13118 p2.xlarge .9
p2.8xlarge 7.2 p2.16xlarge 14.4 p3.2xlarge 3.06 p3.8xlarge 12.24 p3.16xlarge 24.48 p3dn.24xlarge 31.212
p4d.24xlarge 21.957642 p4de.24xlarge 27.447052 p5.4xlarge 6.88 p5.48xlarge 55.04 p5en.48xlarge 63.296
trn1.2xlarge 1.34375 trn1.32xlarge 21.5 trn1n.32xlarge 24.78 inf1.xlarge .228 inf1.2xlarge .362
inf1.6xlarge 1.18 inf1.24xlarge 4.721 inf2.xlarge .7582 inf2.8xlarge 1.96786 inf2.24xlarge 6.49063
inf2.48xlarge 12.98127 vt1.3xlarge .65 vt1.6xlarge 1.3 vt1.24xlarge 5.2 dl2q.24xlarge 8.9194 t1.micro .02
c1.medium .13 c1.xlarge .52 m2.xlarge .245 m2.2xlarge .49 m2.4xlarge .98
hpc6a.48xlarge 2.88 hpc6id.32xlarge 5.7 hpc7a.12xlarge 7.2 hpc7a.24xlarge 7.2 hpc7a.48xlarge 7.2 hpc7a.96xlarge 7.2
u-3tb1.56xlarge 27.3 u-6tb1.56xlarge 46.40391 u-6tb1.112xlarge 54.6
m1.small .044 m1.medium .087 m1.large .175 m1.xlarge .35
"""

_SIZES = {"nano": "0.0625", "micro": "0.125", "small": "0.25", "medium": "0.5", "large": "1", "xlarge": "2"}

# The largest size of a family, which its bare-metal one costs the same as, in units of `large`.
_METAL = {"m5": 48, "c5": 48, "r5": 48, "c5n": 36, "i3": 36, "z1d": 24, "a1": 8, "i3en": 48, "m5zn": 24}
_METAL_ARM = 32
_METAL_DEFAULT = 64

STORAGE = {
    "gp3": Decimal("0.08"),
    "gp2": Decimal("0.10"),
    "io1": Decimal("0.125"),
    "io2": Decimal("0.125"),
    "st1": Decimal("0.045"),
    "sc1": Decimal("0.015"),
    "standard": Decimal("0.05"),
}
"""Dollars a GB-month of each kind of volume."""

_SYSTEM, _THROUGHPUT = "System Operation", "Provisioned Throughput"
DISK_PARTS: tuple[tuple[str, str, str, str, Decimal, str], ...] = (
    (_SYSTEM, "VolumeP-IOPS.gp3", "gp3", "IOPS-Mo", Decimal("0.005"), "per provisioned IOPS-month"),
    (_SYSTEM, "VolumeP-IOPS.piops", "io1", "IOPS-Mo", Decimal("0.065"), "per provisioned IOPS-month"),
    (_SYSTEM, "VolumeP-IOPS.io2", "io2", "IOPS-Mo", Decimal("0.065"), "per IOPS-month up to 32,000"),
    (_SYSTEM, "VolumeP-IOPS.io2.tier2", "io2", "IOPS-Mo", Decimal("0.0455"), "per IOPS-month up to 64,000"),
    (_SYSTEM, "VolumeP-IOPS.io2.tier3", "io2", "IOPS-Mo", Decimal("0.03185"), "per IOPS-month over 64,000"),
    (_SYSTEM, "VolumeIOUsage", "standard", "IOs", Decimal("0.00000005"), "per I/O request"),
    (_SYSTEM, "directAPI.snapshot.Get", "", "SnapshotAPIUnits", Decimal("0.000003"), "per block read"),
    (_SYSTEM, "directAPI.snapshot.List", "", "Requests", Decimal("0.0000006"), "per list request"),
    (_THROUGHPUT, "VolumeP-Throughput.gp3", "gp3", "GiBps-mo", Decimal("40.96"), "per provisioned GiBps-month"),
)
"""What is paid for a volume beside its size: family, usage type, kind of volume, unit, dollars, what for.

https://aws.amazon.com/ebs/pricing/
"""

SNAPSHOTS: tuple[tuple[str, str, Decimal, str], ...] = (
    ("SnapshotUsage", "GB-Mo", Decimal("0.05"), "per GB-month of snapshot data stored"),
    ("SnapshotUsageUnderBilling", "GB-Mo", Decimal("0"), "per GB-month of snapshot data under billing"),
    ("SnapshotArchiveStorage", "GB-Mo", Decimal("0.0125"), "per GB-month of snapshot archive storage"),
    ("SnapshotArchiveRetrieval", "GB", Decimal("0.03"), "per GB retrieved from the snapshot archive"),
    ("SnapshotArchiveEarlyDelete", "GB-Mo", Decimal("0.0125"), "per GB-month deleted early from the archive"),
)
"""What is paid for snapshots: usage type, unit, dollars, what for."""


def _table(text: str) -> dict[str, Decimal]:
    words = text.split()
    return {name: Decimal(price) for name, price in zip(words[::2], words[1::2], strict=True)}


_FAMILIES = _table(_LARGE)
_TYPES = _table(_EACH)


@cache
def on_demand(name: str) -> Decimal | None:
    """Dollars an hour for Linux, shared tenancy; None for a type whose price is not known here."""
    if name in _TYPES:
        return _TYPES[name]
    family, _, size = name.partition(".")
    large = _FAMILIES.get(family)
    if large is None:
        return None
    if size in _SIZES:
        return (large * Decimal(_SIZES[size])).normalize()
    if size.startswith("metal"):
        digits = size.removeprefix("metal-").removesuffix("xl")
        default = _METAL_ARM if family.rstrip("nd").endswith("g") else _METAL_DEFAULT
        units = int(digits) * 2 if digits.isdigit() else _METAL.get(family, default)
        return (large * units).normalize()
    multiple = size.removesuffix("xlarge")
    return (large * int(multiple) * 2).normalize() if multiple.isdigit() else None
