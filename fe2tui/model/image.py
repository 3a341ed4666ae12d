"""An AMI, and the words for the newest public ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import NamedTuple

from fe2tui.model.instance import USER_TAG
from fe2tui.model.volume import Snapshot, Volume

SOURCE_TAG = "fe2:source"  # the instance that an image was frozen from: its id and name
DEFAULT_IMAGE = "ubuntu"  # the image of a launch that names none
FAILED_STATES = frozenset({"failed", "error", "invalid", "deregistered"})


@dataclass(frozen=True, slots=True, repr=False)
class Image:
    """One AMI. ``root_size`` is GiB, of the snapshot behind its root device; ``size`` is GiB of all its volumes.

    ``disks`` are the volumes that a launch creates from it, the root device's among them, without id and zone.
    """

    id: str
    name: str
    architecture: str = "x86_64"
    state: str = "available"
    owner_id: str = ""
    description: str = ""
    created_at: datetime | None = None
    root_device: str = "/dev/sda1"
    root_size: int = 0
    snapshot_ids: tuple[str, ...] = ()
    virtualization: str = "hvm"
    boot_mode: str = ""
    ena: bool = True
    platform: str = "Linux/UNIX"
    public: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    state_reason: str = ""  # EC2's code and words, of one that failed
    source_instance_id: str = ""
    size: int = 0
    disks: tuple[Volume, ...] = ()

    def __repr__(self) -> str:
        """As the shell shows it: ``base (ami-0b39947b710d05337 available): x86_64, 50 GiB``."""
        return self.line()

    def line(self, progress: float | None = None) -> str:
        """The same, with its progress (0 to 1) while it is pending: ``base (ami-… pending 40 %): …``."""
        from fe2tui.model.text import DASH, percent, visible

        state = self.state if progress is None else f"{self.state} {percent(progress)}"
        size = f"{self.size or self.root_size} GiB" if self.size or self.root_size else "size not known yet"
        why = f": {visible(self.state_reason)}" if self.state in FAILED_STATES and self.state_reason else ""
        return f"{visible(self.name) or DASH} ({self.id} {state}): {self.architecture}, {size}{why}"

    @property
    def made_from(self) -> str:
        """The id of the instance that it was made from; empty where not known."""
        return self.source_instance_id or self.tags.get(SOURCE_TAG, "").partition(" ")[0]

    @property
    def label(self) -> str:
        return self.name or self.id

    @property
    def is_windows(self) -> bool:
        return self.platform.lower().startswith("windows")

    @property
    def login_user(self) -> str:
        """The user to log in as: the tag ``fe2:user``, else the one of the image's maker."""
        return self.tags.get(USER_TAG) or login_user(self.name, self.owner_id)

    @property
    def known_login_user(self) -> str | None:
        """The same, None where ``ubuntu`` would be a guess."""
        user = self.login_user
        is_guess = user == "ubuntu" and not self.tags.get(USER_TAG) and "ubuntu" not in self.name.lower()
        return None if is_guess else user


class ImageEdition(NamedTuple):
    """One edition of a family of public images, by architecture.

    ``parameters`` are public SSM parameters with the newest image's id; ``patterns`` match the same image's name, for
    logins that may not read SSM.
    """

    title: str
    parameters: Mapping[str, str]
    patterns: Mapping[str, str]


class ImageWord(NamedTuple):
    """A word for the newest image of a family: of its first edition that AWS has.

    ``owner`` is the account that owns the images, ``user`` the login user.
    """

    word: str
    title: str
    user: str
    owner: str
    editions: tuple[ImageEdition, ...]

    def edition_of(self, image: Image) -> ImageEdition | None:
        """The edition of an image, by its name; None for an image of another family."""
        for edition in self.editions:
            pattern = edition.patterns.get(image.architecture)
            if pattern and image.owner_id == self.owner and fnmatchcase(image.name, pattern):
                return edition
        return None


_DEBIAN_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}
_ARCHITECTURES = {"x86_64": "x86_64", "arm64": "arm64"}


def _edition(title: str, parameter: str, pattern: str, architectures: Mapping[str, str]) -> ImageEdition:
    return ImageEdition(
        title,
        {arch: parameter.format(arch=name) for arch, name in architectures.items()},
        {arch: pattern.format(arch=name) for arch, name in architectures.items()},
    )


def _ubuntu(release: str, code: str) -> ImageEdition:
    return _edition(
        f"Ubuntu {release} LTS",
        f"/aws/service/canonical/ubuntu/server/{release}/stable/current/{{arch}}/hvm/ebs-gp3/ami-id",
        f"ubuntu/images/hvm-ssd-gp3/ubuntu-{code}-{release}-{{arch}}-server-*",
        _DEBIAN_ARCHITECTURES,
    )


def _debian(release: str) -> ImageEdition:
    return _edition(
        f"Debian {release}",
        f"/aws/service/debian/release/{release}/latest/{{arch}}",
        f"debian-{release}-{{arch}}-*",
        _DEBIAN_ARCHITECTURES,
    )


def _deep_learning(release: str) -> ImageEdition:
    return _edition(
        f"Deep Learning Ubuntu {release}",
        f"/aws/service/deeplearning/ami/{{arch}}/base-oss-nvidia-driver-gpu-ubuntu-{release}/latest/ami-id",
        f"Deep Learning *Base OSS Nvidia Driver GPU AMI (Ubuntu {release})*",
        _ARCHITECTURES,
    )


_AMAZON = _edition(
    "Amazon Linux 2023",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{arch}",
    "al2023-ami-2023*-kernel-*-{arch}",
    _ARCHITECTURES,
)

IMAGE_WORDS: Mapping[str, ImageWord] = {
    known.word: known
    for known in (
        ImageWord(
            "ubuntu", "Ubuntu LTS", "ubuntu", "099720109477", (_ubuntu("26.04", "resolute"), _ubuntu("24.04", "noble"))
        ),
        ImageWord("amazon", "Amazon Linux", "ec2-user", "137112412989", (_AMAZON,)),
        ImageWord("debian", "Debian", "admin", "136693071363", (_debian("13"), _debian("12"))),
        ImageWord(
            "dlami",
            "Deep Learning base, NVIDIA driver",
            "ubuntu",
            "898082745236",
            (_deep_learning("24.04"), _deep_learning("22.04")),
        ),
    )
}

_NAME_PARTS_BY_USER = {
    "ec2-user": ("amzn", "al20", "amazon linux", "rhel", "suse"),
    "admin": ("debian",),
    **{name: (name,) for name in ("fedora", "centos", "bitnami", "ubuntu")},
}


def login_user(image_name: str, owner_id: str = "") -> str:
    """The login user of an image by its name and owner; ``ubuntu`` where neither says."""
    name = image_name.lower()
    for user, parts in _NAME_PARTS_BY_USER.items():
        if any(part in name for part in parts):
            return user
    return {"136693071363": "admin", "137112412989": "ec2-user"}.get(owner_id, "ubuntu")


# Source: EC2 user guide; while an image is pending EC2 names its snapshots in their descriptions only.
_STATES_WITH_SNAPSHOT_IDS = ("available", "disabled")
_CREATE_IMAGE = re.compile(r"CreateImage\(.*\) for (ami-[0-9a-f]+)")


def image_snapshots(image: Image, snapshots: Iterable[Snapshot]) -> tuple[Snapshot, ...]:
    """The snapshots among these that an image consists of, or that are being taken for it."""
    return tuple(
        one
        for one in snapshots
        if one.id in image.snapshot_ids
        or (image.id in one.description and image.id in _CREATE_IMAGE.findall(one.description))
    )


def image_snapshot_ids(image: Image, snapshots: Mapping[str, Snapshot]) -> tuple[str, ...]:
    """The ids of all snapshots that an image consists of, each once.

    While it is pending, or when it failed, EC2 names it only in the snapshots' descriptions. ``snapshots`` are by id.
    """
    named = dict.fromkeys(image.snapshot_ids)
    if image.state not in _STATES_WITH_SNAPSHOT_IDS:
        named |= dict.fromkeys(one.id for one in image_snapshots(image, snapshots.values()))
    return tuple(named)


def image_progress(image: Image, snapshots: Iterable[Snapshot]) -> float | None:
    """The progress of a pending image, 0 to 1, weighted by the size of its snapshots; None in any other state.

    It is 0 before there is a snapshot.
    """
    if image.state != "pending":
        return None
    behind = image_snapshots(image, snapshots)
    whole = sum(max(one.volume_size, 1) for one in behind)
    return sum(one.progress * max(one.volume_size, 1) for one in behind) / whole if whole else 0.0
