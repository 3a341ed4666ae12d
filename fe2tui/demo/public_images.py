"""The public images of a region: three of each family, the newest with the SSM parameter that names it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from fe2tui.demo.account import Region
from fe2tui.demo.records import BlockDevice, Image, Snapshot

CANONICAL = "099720109477"
AMAZON = "137112412989"
DEBIAN = "136693071363"
DEEP_LEARNING = "898082745236"
_ARCHITECTURES = {"amd64": "x86_64", "arm64": "arm64"}


class Family(NamedTuple):
    """Images of one family and architecture. `{date}` in the name is the date of creation, as `date` formats it."""

    name: str
    date: str
    owner: str
    user: str
    architecture: str
    root: str
    size: int
    description: str
    parameter: str


def _families() -> Iterator[Family]:
    ubuntu = "/aws/service/canonical/ubuntu/server"
    for release, code, disk, volume in (
        ("26.04", "resolute", "hvm-ssd-gp3", "ebs-gp3"),
        ("24.04", "noble", "hvm-ssd-gp3", "ebs-gp3"),
        ("22.04", "jammy", "hvm-ssd", "ebs-gp2"),
    ):
        for chip, arch in _ARCHITECTURES.items():
            name = f"ubuntu/images/{disk}/ubuntu-{code}-{release}-{chip}-server-{{date}}"
            about = f"Canonical, Ubuntu, {release}, {chip} {code} image"
            parameter = f"{ubuntu}/{release}/stable/current/{chip}/hvm/{volume}/ami-id"
            yield Family(name, "%Y%m%d", CANONICAL, "ubuntu", arch, "/dev/sda1", 8, about, parameter)
    for arch in _ARCHITECTURES.values():
        name, about = (
            f"al2023-ami-2023.9.{{date}}-kernel-6.1-{arch}",
            f"Amazon Linux 2023 AMI 2023.9 {arch} HVM kernel-6.1",
        )
        parameter = f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{arch}"
        yield Family(name, "%Y%m%d.0", AMAZON, "ec2-user", arch, "/dev/xvda", 8, about, parameter)
    for release in ("13", "12"):
        for chip, arch in _ARCHITECTURES.items():
            name, about = f"debian-{release}-{chip}-{{date}}", f"Debian {release} {chip}"
            parameter = f"/aws/service/debian/release/{release}/latest/{chip}"
            yield Family(name, "%Y%m%d-2310", DEBIAN, "admin", arch, "/dev/xvda", 8, about, parameter)
    about = "Supported EC2 instances: G4dn, G5, G6, Gr6, P4, P4de, P5, P5e. CUDA 12, Nvidia driver 570"
    for release in ("22.04", "24.04"):
        for arch, prefix in (("x86_64", ""), ("arm64", "ARM64 ")):
            name = f"Deep Learning {prefix}Base OSS Nvidia Driver GPU AMI (Ubuntu {release}) {{date}}"
            parameter = (
                f"/aws/service/deeplearning/ami/{arch}/base-oss-nvidia-driver-gpu-ubuntu-{release}/latest/ami-id"
            )
            yield Family(name, "%Y%m%d", DEEP_LEARNING, "ubuntu", arch, "/dev/sda1", 75, about, parameter)


def _id(prefix: str, *parts: str) -> str:
    return f"{prefix}-0{hashlib.sha256('/'.join(parts).encode()).hexdigest()[:16]}"


def public_images(region: Region) -> Iterator[tuple[Image, Snapshot]]:
    """Three images of each family: 97, 37 and 9 days old, each with its snapshot."""
    today = region.now.replace(hour=6, minute=12, second=44, microsecond=0)
    for days in (97, 37, 9):
        created_at = today - timedelta(days=days)
        for family in _families():
            yield _image(region, family, created_at, newest=days == 9)


def _image(region: Region, family: Family, created_at: datetime, newest: bool) -> tuple[Image, Snapshot]:
    name = family.name.replace("{date}", created_at.astimezone(UTC).strftime(family.date))
    snapshot = Snapshot(
        region.serial(),
        _id("snap", region.name, name),
        _id("vol", region.name, name),
        family.size,
        created_at,
        family.owner,
        "amazon",
        f"Created for {name}",
    )
    image = Image(
        serial=region.serial(),
        id=_id("ami", region.name, name),
        name=name,
        owner_id=family.owner,
        architecture=family.architecture,
        created_at=created_at,
        disks=[BlockDevice(family.root, family.size, snapshot.id)],
        user=family.user,
        root_device=family.root,
        owner_alias="amazon",
        description=family.description,
        public=True,
        boot_mode="uefi" if family.architecture == "arm64" else "uefi-preferred",
        ssm_name=family.parameter if newest else None,
    )
    return image, snapshot


def parameters(region: Region) -> dict[str, Image]:
    """The names of the region's public SSM parameters, each with the image whose id is its value."""
    return {image.ssm_name: image for image in region.images.values() if image.ssm_name}
