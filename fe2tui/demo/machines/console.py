"""What a demo machine prints on its serial console while it boots."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

_RULE = "#" * 61


def fingerprint(public_key: str) -> str:
    """The SHA256 fingerprint of an OpenSSH public key, as ssh-keygen prints it."""
    digest = hashlib.sha256(base64.b64decode(public_key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def boot_log(hostname: str, user: str, host_key: str, at: datetime) -> str:
    """The end of a boot log with the host key as cloud-init's keys-to-console writes it, in lines that end in CRLF."""
    algorithm, blob = host_key.split()[:2]
    stamp = at.strftime("<14>%b %d %H:%M:%S cloud-init: ")
    lines = [
        "[    0.000000] Linux version 6.8.0-1018-aws (demo)",
        "[    0.412077] Booting on a demo hypervisor",
        "[    1.873411] EXT4-fs (nvme0n1p1): mounted filesystem with ordered data mode",
        f"[    4.018820] cloud-init[611]: Cloud-init v. 24.4 running 'init' at {at:%a, %d %b %Y %H:%M:%S} +0000.",
        f"ci-info: +++++++Authorized keys from /home/{user}/.ssh/authorized_keys for user {user}+++++++",
        stamp + _RULE,
        stamp + "-----BEGIN SSH HOST KEY FINGERPRINTS-----",
        stamp + f"256 {fingerprint(host_key)} root@{hostname} (ED25519)",
        stamp + "-----END SSH HOST KEY FINGERPRINTS-----",
        stamp + _RULE,
        "-----BEGIN SSH HOST KEY KEYS-----",
        f"{algorithm} {blob} root@{hostname}",
        "-----END SSH HOST KEY KEYS-----",
        "[    5.120944] cloud-init[702]: Cloud-init v. 24.4 finished. Datasource DataSourceEc2Local.",
        "",
        f"{hostname} login: ",
    ]
    return "\r\n".join(lines)
