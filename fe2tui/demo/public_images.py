"""The public images of a region: three of each family, the newest with the SSM parameter that names it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fe2tui.demo.account import Region
from fe2tui.demo.records import BlockDevice, Image, Snapshot

CANONICAL = "099720109477"
AMAZON = "137112412989"
DEBIAN = "136693071363"
DEEP_LEARNING = "898082745236"


@dataclass(frozen=True, slots=True)
class Family:
    """Images of one family and architecture. `{date}` in the name is the date of creation, as `date` formats it."""

    name: str
    date: str
    owner: str
    user: str
    architecture: str
    root: str
    size: int
    description: str
    parameter: str = ""
    alias: str | None = None


def _ubuntu(release: str, code: str, letters: str, parameter_arch: str) -> Family:
    disk = "hvm-ssd" if release == "22.04" else "hvm-ssd-gp3"
    volume = "ebs-gp2" if release == "22.04" else "ebs-gp3"
    return Family(
        name=f"ubuntu/images/{disk}/ubuntu-{code}-{release}-{letters}-server-{{date}}",
        date="%Y%m%d",
        owner=CANONICAL,
        user="ubuntu",
        architecture="x86_64" if letters == "amd64" else "arm64",
        root="/dev/sda1",
        size=8,
        description=f"Canonical, Ubuntu, {release}, {letters} {code} image",
        parameter=f"/aws/service/canonical/ubuntu/server/{release}/stable/current/{parameter_arch}/hvm/{volume}/ami-id",
        alias="amazon",
    )


def _amazon(arch: str) -> Family:
    return Family(
        name=f"al2023-ami-2023.9.{{date}}-kernel-6.1-{arch}",
        date="%Y%m%d.0",
        owner=AMAZON,
        user="ec2-user",
        architecture=arch,
        root="/dev/xvda",
        size=8,
        description=f"Amazon Linux 2023 AMI 2023.9 {arch} HVM kernel-6.1",
        parameter=f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{arch}",
        alias="amazon",
    )


def _debian(release: str, arch: str) -> Family:
    return Family(
        name=f"debian-{release}-{arch}-{{date}}",
        date="%Y%m%d-2310",
        owner=DEBIAN,
        user="admin",
        architecture="x86_64" if arch == "amd64" else "arm64",
        root="/dev/xvda",
        size=8,
        description=f"Debian {release} {arch}",
        parameter=f"/aws/service/debian/release/{release}/latest/{arch}",
        alias="amazon",
    )


def _deep_learning(release: str, arch: str) -> Family:
    chip = "" if arch == "x86_64" else "ARM64 "
    return Family(
        name=f"Deep Learning {chip}Base OSS Nvidia Driver GPU AMI (Ubuntu {release}) {{date}}",
        date="%Y%m%d",
        owner=DEEP_LEARNING,
        user="ubuntu",
        architecture=arch,
        root="/dev/sda1",
        size=75,
        description="Supported EC2 instances: G4dn, G5, G6, Gr6, P4, P4de, P5, P5e. CUDA 12, Nvidia driver 570",
        parameter=f"/aws/service/deeplearning/ami/{arch}/base-oss-nvidia-driver-gpu-ubuntu-{release}/latest/ami-id",
        alias="amazon",
    )


FAMILIES = (
    _ubuntu("26.04", "resolute", "amd64", "amd64"),
    _ubuntu("26.04", "resolute", "arm64", "arm64"),
    _ubuntu("24.04", "noble", "amd64", "amd64"),
    _ubuntu("24.04", "noble", "arm64", "arm64"),
    _ubuntu("22.04", "jammy", "amd64", "amd64"),
    _ubuntu("22.04", "jammy", "arm64", "arm64"),
    _amazon("x86_64"),
    _amazon("arm64"),
    _debian("13", "amd64"),
    _debian("13", "arm64"),
    _debian("12", "amd64"),
    _debian("12", "arm64"),
    _deep_learning("22.04", "x86_64"),
    _deep_learning("22.04", "arm64"),
    _deep_learning("24.04", "x86_64"),
    _deep_learning("24.04", "arm64"),
)


def _id(prefix: str, *parts: str) -> str:
    return f"{prefix}-0{hashlib.sha256('/'.join(parts).encode()).hexdigest()[:16]}"


def public_images(region: Region) -> Iterator[tuple[Image, Snapshot]]:
    """Three images of each family: 97, 37 and 9 days old, each with its snapshot."""
    today = region.now.replace(hour=6, minute=12, second=44, microsecond=0)
    for days in (97, 37, 9):
        created_at = today - timedelta(days=days)
        for family in FAMILIES:
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
        family.alias,
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
        owner_alias=family.alias,
        description=family.description,
        public=True,
        boot_mode="uefi" if family.architecture == "arm64" else "uefi-preferred",
        ssm_name=family.parameter if newest else None,
    )
    return image, snapshot


def parameters(region: Region) -> dict[str, Image]:
    """The names of the region's public SSM parameters, each with the image whose id is its value."""
    return {image.ssm_name: image for image in region.images.values() if image.ssm_name}
