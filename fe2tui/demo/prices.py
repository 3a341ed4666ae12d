"""What EBS costs in us-east-2, as the Price List has it. Source: https://aws.amazon.com/ebs/pricing/"""

from __future__ import annotations

from decimal import Decimal

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
