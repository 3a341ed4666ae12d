"""Host keys: our own known-hosts file, by instance id, and the keys that cloud-init prints on the console.

By instance id, because EC2 gives an address to another instance tomorrow. The system's ssh reads and appends to the
same file, so new lines are only ever appended; removal replaces the file.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import hmac
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fe2tui.errors import HostKeyChangedError
from fe2tui.ssh.keyfiles import public_blob

_BEGIN = "-----BEGIN SSH HOST KEY KEYS-----"
_END = "-----END SSH HOST KEY KEYS-----"
_AUTHORIZED_KEYS = re.compile(r"Authorized keys from \S+ for user ([A-Za-z0-9_][A-Za-z0-9._-]{0,63}?)\+*\s")
_KEY = re.compile(r"((?:ssh|ecdsa-sha2|sk-ssh|sk-ecdsa-sha2)-[A-Za-z0-9@.-]+) +(AAAA[A-Za-z0-9+/]+={0,2})")


def parse_console(text: str) -> tuple[str, ...]:
    """The host keys, ``ssh-ed25519 AAAA…``, of the last whole block that cloud-init printed; empty if there is none.

    Lines may end in CR LF and have a prefix (a kernel's time stamp, ``ci-info: ``, a syslog tag).
    Source: cloud-init's keys-to-console module.
    """
    begin, found = -1, ""
    while (begin := text.find(_BEGIN, begin + 1)) >= 0:
        block = text[begin + len(_BEGIN) :].partition(_BEGIN)[0]
        keys, end, _ = block.partition(_END)
        if end:
            found = keys
    return _parse_keys(found.splitlines())


def parse_console_user(text: str) -> str | None:
    """The login user for whom cloud-init installed the instance's key pair, by the console output's last such line.

    Source: cloud-init's ssh-authkey-fingerprints module, "Authorized keys from /home/USER/… for user USER".
    """
    found = _AUTHORIZED_KEYS.findall(text)
    return found[-1] if found else None


def fingerprint(key: str) -> str:
    """The fingerprint as ssh prints it, ``SHA256:…``."""
    digest = hashlib.sha256(base64.b64decode(key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


class HostKeys:
    """The known-hosts file; safe to use from several processes at once."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def create_file(self) -> None:
        """Create the file if it is missing: ssh only warns where it cannot save a key."""
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.file.touch(0o600)

    def known_keys(self, instance_id: str) -> tuple[str, ...]:
        """The known keys of an instance: ``ssh-ed25519 AAAA…``."""
        return _parse_keys(line for line in self._lines() if _is_for(line, instance_id))

    def learn(self, instance_id: str, keys: Iterable[str], *, label: str = "") -> tuple[str, ...]:
        """Save keys of an instance. Returns those that are new.

        Raises HostKeyChangedError, and saves nothing, if other keys are known for it.
        """
        offered = _parse_keys(keys)
        with self._lock():
            known = self.known_keys(instance_id)
            fresh = tuple(key for key in offered if key not in known)
            known_types = {key.split()[0] for key in known}
            conflict = next((key for key in fresh if key.split()[0] in known_types), None)
            if conflict is None and known and fresh and len(fresh) == len(offered):
                conflict = fresh[0]
            if conflict is not None:
                raise self.changed_error(instance_id, conflict, label=label)
            if fresh:
                self._append("".join(f"{instance_id} {key}\n" for key in fresh))
        return fresh

    def forget(self, instance_id: str) -> bool:
        """Remove every key of an instance. Returns whether there was one."""
        with self._lock():
            lines = self._lines()
            remaining = [line for line in lines if not _is_for(line, instance_id)]
            if len(remaining) == len(lines):
                return False
            fresh = self.file.with_name(f"{self.file.name}.{os.getpid()}.new")
            fresh.unlink(missing_ok=True)
            fresh.touch(0o600)
            fresh.write_text("".join(f"{line}\n" for line in remaining), encoding="utf-8")
            fresh.replace(self.file)
        return True

    def changed_error(self, instance_id: str, offered: str | None, *, label: str = "") -> HostKeyChangedError:
        """The error for an instance with another key than those known; ``offered`` is None if it was not seen."""
        known = self.known_keys(instance_id)
        alike = [key for key in known if offered and key.split()[0] == offered.split()[0]] or list(known)
        expected = ", ".join(fingerprint(key) for key in alike) or "none"
        shown = f"{offered.split()[0]} {fingerprint(offered)}" if offered else "a key of another kind"
        name = f"{label} ({instance_id})" if label and label != instance_id else instance_id
        return HostKeyChangedError(
            f"The host key of {name} is not the one known: it shows {shown}, known is {expected}. "
            "No connection was made.",
            "Either its system was installed again (a new root volume does that), or another machine answers in its "
            f"place and would read what you type. If you know why it changed: {self.forget_command(instance_id)}",
        )

    def forget_command(self, instance_id: str) -> str:
        """The command with which a person removes the known keys of an instance."""
        return shlex.join(["ssh-keygen", "-R", instance_id, "-f", str(self.file)])

    def compare_with_console(self, error: HostKeyChangedError, instance_id: str, console_keys: Sequence[str]) -> None:
        """Say in an error's remedy what the console output has to do with it: AWS shows it, not the machine itself."""
        shown = [fingerprint(key) for key in console_keys]
        if any(one in error.summary.partition(", known is ")[0] for one in shown):
            error.remedy = (
                "The instance's console output, which AWS shows, has this very key: its system has made new host keys. "
                f"To accept them: {self.forget_command(instance_id)}, then connect again: the new keys are taken from "
                "the console output."
            )
        elif shown and not set(console_keys) & set(self.known_keys(instance_id)):
            error.remedy = (
                f"The instance's console output, which AWS shows, has new host keys ({', '.join(shown)}). If the key "
                f"offered to you is one of them, its system has made new ones: {self.forget_command(instance_id)}, "
                "then connect again: the new keys are taken from the console output."
            )
        elif shown:
            error.remedy = f"The instance's console output, which AWS shows, has the known key. {error.remedy}"

    def _lines(self) -> list[str]:
        try:
            return self.file.read_text(encoding="utf-8", errors="replace").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _append(self, text: str) -> None:
        descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                text = "\n" + text
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self.file.with_name(self.file.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _parse_keys(lines: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for line in lines:
        if (match := _KEY.search(line)) and public_blob(match[0]):
            found[f"{match[1]} {match[2]}"] = None
    return tuple(found)


def _is_for(line: str, instance_id: str) -> bool:
    fields = line.split()
    if len(fields) < 3 or fields[0].startswith(("#", "@")):
        return False
    return any(_matches(pattern, instance_id) for pattern in fields[0].split(","))


def _matches(pattern: str, instance_id: str) -> bool:
    # ssh writes hashed names where the person's configuration has HashKnownHosts.
    if not pattern.startswith("|1|"):
        return pattern == instance_id
    try:
        salt, wanted = (base64.b64decode(part) for part in pattern.split("|")[2:4])
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(hmac.new(salt, instance_id.encode(), hashlib.sha1).digest(), wanted)
