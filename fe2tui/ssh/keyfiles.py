"""Reads keys: the public half of a private key file, the keys in the agent, and EC2's fingerprints of them.

OpenSSH's private format and public keys are read without asyncssh, because a form waits for them; only an old PEM file
without its ``.pub`` needs asyncssh.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import socket
from dataclasses import dataclass, replace
from pathlib import Path

_LARGEST_FILE = 64 * 1024
_AGENT_SECONDS = 2.0
_MAGIC = b"openssh-key-v1\0"
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----(.*?)-----END \1-----", re.DOTALL)
_RSA_OID = bytes.fromhex("300d06092a864886f70d0101010500")
_SHA1_LENGTH, _MD5_LENGTH = 20, 16


@dataclass(frozen=True, slots=True)
class PrivateKeyFile:
    """What can be read of a private key file without its passphrase; ``public`` may be empty."""

    public: str
    is_encrypted: bool


def display_path(path: Path) -> str:
    try:
        return f"~/{path.relative_to(Path.home())}"
    except ValueError:
        return str(path)


def public_blob(line: str) -> bytes:
    """The binary key in a line ``ssh-ed25519 AAAA… comment``; empty if it is none."""
    fields = line.split()
    if len(fields) < 2:
        return b""
    try:
        blob = base64.b64decode(fields[1], validate=True)
    except binascii.Error:
        return b""
    parts = _split_strings(blob)
    is_whole = len(parts) > 1 and sum(4 + len(part) for part in parts) == len(blob)
    return blob if is_whole and parts[0] == fields[0].encode() else b""


def same_public(one: str, other: str) -> bool:
    """Whether two lines hold the same key, whatever their comments."""
    blob = public_blob(one)
    return bool(blob) and blob == public_blob(other)


def read_private_key(file: Path) -> PrivateKeyFile | None:
    """What can be read of the private key in a file; None if there is none or the file cannot be read."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_LARGEST_FILE).decode("ascii", errors="replace")
    except OSError:
        return None
    match = _PEM.search(text)
    if match is None:
        return None
    if match[1] == "OPENSSH PRIVATE KEY":
        key = _read_openssh(match[2])
        # The .pub file has the comment, too.
        beside = read_public_half(file)
        return replace(key, public=beside) if key is not None and same_public(beside, key.public) else key
    encrypted = "ENCRYPTED" in match[1] or "ENCRYPTED" in match[2]
    public = read_public_half(file)
    if not public and not encrypted:
        public = _public_by_asyncssh(text)
    return PrivateKeyFile(public, encrypted)


def is_open_to_others(file: Path) -> bool:
    """Whether ssh refuses a private key because of its file's mode. Source: OpenSSH's sshkey_perm_ok."""
    try:
        found = file.stat()
    except OSError:
        return False
    return found.st_uid == os.getuid() and bool(found.st_mode & 0o077) and read_private_key(file) is not None


def read_public_half(file: Path) -> str:
    """The line in the ``.pub`` file beside a private key; empty if there is none."""
    try:
        line = file.with_name(file.name + ".pub").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
    return line if public_blob(line) and "\n" not in line else ""


def fits_fingerprint(public: str, file: Path | None, fingerprint: str) -> bool:
    """Whether EC2's fingerprint belongs to a key.

    EC2 has the MD5 of the public half in DER for an imported RSA key, the SHA-1 of the private half in PKCS#8 DER
    for one that it made itself, and the base64 SHA-256 of the public half for ed25519.
    """
    blob = public_blob(public)
    wanted = fingerprint.strip()
    if not blob:
        return False
    colons = wanted.replace(":", "").lower()
    if re.fullmatch(r"[0-9a-f]+", colons) and ":" in wanted:
        raw = bytes.fromhex(colons)
        if len(raw) == _MD5_LENGTH:
            return bool(der := _rsa_der(blob)) and hashlib.md5(der, usedforsecurity=False).digest() == raw
        if len(raw) == _SHA1_LENGTH:
            der = _private_der(file) if file is not None and _rsa_der(blob) else b""
            return bool(der) and hashlib.sha1(der, usedforsecurity=False).digest() == raw
        return False
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return digest == wanted.removeprefix("SHA256:").rstrip("=")


def agent_keys(agent_socket: str | None) -> tuple[str, ...]:
    """The public halves of the keys in an agent, as lines; empty if no agent answers.

    Source: the ssh-agent protocol, SSH_AGENTC_REQUEST_IDENTITIES.
    """
    if not agent_socket:
        return ()
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
            agent.settimeout(_AGENT_SECONDS)
            agent.connect(agent_socket)
            agent.sendall(b"\0\0\0\1\x0b")
            with agent.makefile("rb") as reply:
                length = min(int.from_bytes(reply.read(4), "big"), 1 << 20)
                answer = reply.read(length)
    except OSError:
        return ()
    if answer[:1] != b"\x0c" or len(answer) < length:
        return ()
    fields, lines = _split_strings(answer[5:]), []
    for blob, comment in zip(fields[::2], fields[1::2], strict=False):
        kind = (_split_strings(blob) or [b""])[0].decode("ascii", errors="replace")
        if kind and not kind.endswith("-cert-v01@openssh.com"):
            words = "".join(c if c.isprintable() else " " for c in comment.decode("utf-8", errors="replace"))
            lines.append(f"{kind} {base64.b64encode(blob).decode()} {words}".strip())
    return tuple(lines)


def _split_strings(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at + 4 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if at + 4 + length > len(data):
            break
        found.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def _read_openssh(body: str) -> PrivateKeyFile | None:
    try:
        data = base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error:
        return None
    if not data.startswith(_MAGIC):
        return None
    rest = data[len(_MAGIC) :]
    head = _split_strings(rest)[:3]
    if len(head) < 3:
        return None
    # Cipher, key derivation function and its options, then the number of keys, then the first public half.
    after = sum(4 + len(part) for part in head) + 4
    blob = (_split_strings(rest[after:]) or [b""])[0]
    kind = (_split_strings(blob) or [b""])[0].decode("ascii", errors="replace")
    public = f"{kind} {base64.b64encode(blob).decode()}" if kind else ""
    return PrivateKeyFile(public, head[0] != b"none")


def _public_by_asyncssh(text: str) -> str:
    import asyncssh

    try:
        key = asyncssh.import_private_key(text)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        return ""
    return " ".join(key.export_public_key().decode().split()[:2])


def _private_der(file: Path) -> bytes:
    import asyncssh

    try:
        return asyncssh.read_private_key(file).export_private_key("pkcs8-der")
    except (OSError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError, asyncssh.KeyExportError):
        return b""


def _rsa_der(blob: bytes) -> bytes:
    """An RSA key's SubjectPublicKeyInfo; empty for another kind of key."""
    fields = _split_strings(blob)
    if len(fields) != 3 or fields[0] != b"ssh-rsa":
        return b""
    _, exponent, modulus = fields
    numbers = _der(0x30, _der(0x02, modulus) + _der(0x02, exponent))
    return _der(0x30, _RSA_OID + _der(0x03, b"\0" + numbers))


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content
