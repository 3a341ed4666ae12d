"""An AMI, and the words that stand for the newest public ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fe2tui.model.instance import USER_TAG


@dataclass(frozen=True, slots=True)
class Image:
    """One AMI. ``root_size`` is GiB, of the snapshot behind its root device."""

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

    @property
    def label(self) -> str:
        """The name, or the id of one that has none."""
        return self.name or self.id

    @property
    def login_user(self) -> str:
        """Whom to log in as: the tag ``fe2:user``, else what the image's maker uses."""
        return self.tags.get(USER_TAG) or login_user(self.name, self.owner_id)


@dataclass(frozen=True, slots=True)
class ImageWord:
    """A word for the newest image of a family.

    ``parameters`` are public SSM parameter names by architecture; ``owner`` and ``pattern`` find the same image by
    DescribeImages where SSM may not be read; ``user`` is the login user.
    """

    word: str
    title: str
    user: str
    owner: str
    parameters: Mapping[str, str]
    pattern: Mapping[str, str]


def _word(
    word: str, title: str, user: str, owner: str, parameter: str, pattern: str, arms: tuple[str, str]
) -> ImageWord:
    names = {"x86_64": arms[0], "arm64": arms[1]}
    return ImageWord(
        word,
        title,
        user,
        owner,
        {arch: parameter.format(arch=name) for arch, name in names.items()},
        {arch: pattern.format(arch=name) for arch, name in names.items()},
    )


IMAGE_WORDS: Mapping[str, ImageWord] = {
    known.word: known
    for known in (
        _word(
            "ubuntu",
            "Ubuntu 24.04 LTS",
            "ubuntu",
            "099720109477",
            "/aws/service/canonical/ubuntu/server/24.04/stable/current/{arch}/hvm/ebs-gp3/ami-id",
            "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{arch}-server-*",
            ("amd64", "arm64"),
        ),
        _word(
            "amazon",
            "Amazon Linux 2023",
            "ec2-user",
            "137112412989",
            "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{arch}",
            "al2023-ami-2023*-kernel-*-{arch}",
            ("x86_64", "arm64"),
        ),
        _word(
            "debian",
            "Debian 12",
            "admin",
            "136693071363",
            "/aws/service/debian/release/12/latest/{arch}",
            "debian-12-{arch}-*",
            ("amd64", "arm64"),
        ),
        _word(
            "dlami",
            "Deep Learning base, NVIDIA driver, Ubuntu 22.04",
            "ubuntu",
            "898082745236",
            "/aws/service/deeplearning/ami/{arch}/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id",
            "Deep Learning* Base OSS Nvidia Driver GPU AMI (Ubuntu 22.04)*",
            ("x86_64", "arm64"),
        ),
    )
}

_USERS = (
    ("amzn", "ec2-user"),
    ("al20", "ec2-user"),
    ("amazon linux", "ec2-user"),
    ("rhel", "ec2-user"),
    ("suse", "ec2-user"),
    ("debian", "admin"),
    ("fedora", "fedora"),
    ("centos", "centos"),
    ("bitnami", "bitnami"),
    ("ubuntu", "ubuntu"),
)


def login_user(image_name: str, owner_id: str = "") -> str:
    """The login user of an image by its name and owner; ``ubuntu`` when nothing tells."""
    name = image_name.lower()
    for part, user in _USERS:
        if part in name:
            return user
    return {"136693071363": "admin", "137112412989": "ec2-user"}.get(owner_id, "ubuntu")
