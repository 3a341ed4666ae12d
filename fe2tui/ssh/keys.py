"""The private keys on this computer: find the one of an EC2 key pair, create a new one."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fe2tui.errors import KeyFileError
from fe2tui.ssh.keyfiles import agent_keys, fits_fingerprint, read_private_key, same_public

_KEY_NAME = re.compile(r"[^/\0]{1,255}\Z")


@dataclass(frozen=True, slots=True)
class KeySearchPaths:
    """Where keys are looked for: our own folder (``NAME.pem``), ~/.ssh and the agent behind a socket."""

    folder: Path
    home: Path = field(default_factory=Path.home)
    agent_socket: str | None = field(default_factory=lambda: os.environ.get("SSH_AUTH_SOCK"))

    @property
    def ssh_folder(self) -> Path:
        return self.home / ".ssh"


@dataclass(frozen=True, slots=True)
class LocalKey:
    """A key whose private half is here. ``public`` is one line, as in authorized_keys; empty if it cannot be read.

    ``file`` is the private key's, None if only the agent has the key. ``is_encrypted``: the file needs a passphrase.
    """

    public: str
    file: Path | None = None
    is_in_agent: bool = False
    is_encrypted: bool = False

    @property
    def type(self) -> str:
        """``ssh-ed25519``, ``ssh-rsa`` …; empty if the public half cannot be read."""
        return self.public.split()[0] if self.public else ""

    @property
    def comment(self) -> str:
        return self.public.split(maxsplit=2)[2] if len(self.public.split(maxsplit=2)) > 2 else ""

    @property
    def needs_person(self) -> bool:
        """Whether a person has to touch a device or type a passphrase at each use."""
        return self.type.startswith("sk-") or (self.is_encrypted and not self.is_in_agent)


def local_keys(search_paths: KeySearchPaths, key_name: str | None = None) -> tuple[LocalKey, ...]:
    """All keys: files first (our own, those that ~/.ssh/config names, those in ~/.ssh), then the agent's.

    With ``key_name`` also the files of that name in ~/.ssh. Reads files and asks the agent: call it in a thread.
    """
    in_agent = agent_keys(search_paths.agent_socket)
    found: list[LocalKey] = []
    for file in _search_files(search_paths, key_name):
        key = read_private_key(file)
        if key is not None:
            held = any(same_public(key.public, line) for line in in_agent)
            found.append(LocalKey(key.public, file, held, key.is_encrypted))
    for line in in_agent:
        if not any(same_public(key.public, line) for key in found):
            found.append(LocalKey(line, is_in_agent=True))
    return tuple(found)


def local_public_keys(search_paths: KeySearchPaths) -> tuple[LocalKey, ...]:
    """The keys that EC2 can import (ed25519 and RSA), each once, those that need no person first.

    Source: EC2's ImportKeyPair.
    """
    once: dict[str, LocalKey] = {}
    for key in local_keys(search_paths):
        if key.type in ("ssh-ed25519", "ssh-rsa"):
            once.setdefault(key.public.split()[1], key)
    return tuple(sorted(once.values(), key=lambda key: (key.needs_person, key.type != "ssh-ed25519")))


def find_private_key(
    search_paths: KeySearchPaths, key_name: str, *, public_key: str | None = None, fingerprint: str | None = None
) -> LocalKey | None:
    """The private half of an EC2 key pair, None if it is not here.

    It is recognized by its public half (``public_key``, DescribeKeyPairs' PublicKey) or ``fingerprint`` (its
    KeyFingerprint), whatever its file is called. The name decides only if neither can be compared: a file of that name
    with another key is not the key. Source for fingerprints: EC2's guide, "Verify the fingerprint".
    """
    keys = local_keys(search_paths, key_name)
    if public_key:
        fitting = [key for key in keys if key.public and same_public(key.public, public_key)]
    elif fingerprint:
        fitting = [key for key in keys if fits_fingerprint(key.public, key.file, fingerprint)]
    else:
        fitting = [key for key in keys if key.file in candidate_files(search_paths, key_name)]
    if not fitting and (public_key or fingerprint):
        fitting = [key for key in keys if not key.public and key.file in candidate_files(search_paths, key_name)]
    fitting.sort(key=lambda key: key.needs_person)
    return fitting[0] if fitting else None


def candidate_files(search_paths: KeySearchPaths, key_name: str) -> tuple[Path, ...]:
    if not _KEY_NAME.match(key_name) or key_name in (".", ".."):
        return ()
    return (
        search_paths.folder / f"{key_name}.pem",
        search_paths.ssh_folder / key_name,
        search_paths.ssh_folder / f"{key_name}.pem",
    )


def identity_file(search_paths: KeySearchPaths, key: LocalKey) -> Path:
    """The file to give to ``ssh -i`` so that it offers this key and no other.

    For a key that only the agent has, this is a file with its public half, created in our keys folder.
    """
    if key.file is not None:
        return key.file
    folder = search_paths.folder / "agent"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = re.sub(r"[^A-Za-z0-9]", "", key.public.split()[1])[-16:]
    file = folder / f"{name}.pub"
    if not file.exists():
        fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        fresh.write_text(key.public + "\n", encoding="utf-8")
        fresh.replace(file)
    return file


def create_private_key_file(path: Path, material: str) -> Path:
    """Write a private key that only its owner can read; whole or not at all, and never over a file.

    Raises KeyFileError if the file exists, or cannot be written.
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, mode=0o700)
        _write_for_owner(fresh, material if material.endswith("\n") else material + "\n")
    except OSError as error:
        raise _not_written_error(path, error) from error
    try:
        _publish(fresh, path)
    except FileExistsError as error:
        raise KeyFileError(
            f"{path} exists already, and a private key is never overwritten.",
            "Choose another name for the key pair, or move that file away.",
        ) from error
    except OSError as error:
        raise _not_written_error(path, error) from error
    finally:
        fresh.unlink()
    return path


def _not_written_error(path: Path, error: OSError) -> KeyFileError:
    return KeyFileError(f"The private key could not be written to {path}: {error.strerror}.", "Nothing was saved.")


def _write_for_owner(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _publish(fresh: Path, path: Path) -> None:
    try:
        os.link(fresh, path)
    except FileExistsError:
        raise
    except OSError:
        # Not every file system has hard links.
        _write_for_owner(path, fresh.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key pair: the private half in OpenSSH's format, the public one as a line of authorized_keys."""

    private: str = field(repr=False)
    public: str


def make_ed25519(comment: str = "") -> NewKey:
    """A new ed25519 key pair; writes no file. Imports asyncssh."""
    import asyncssh

    key = asyncssh.generate_private_key("ssh-ed25519", comment=comment or None)
    return NewKey(key.export_private_key().decode(), key.export_public_key().decode().strip())


def _search_files(search_paths: KeySearchPaths, key_name: str | None) -> Iterator[Path]:
    seen: set[Path] = set()
    named = candidate_files(search_paths, key_name) if key_name else ()
    ours = sorted(search_paths.folder.glob("*.pem")) if search_paths.folder.is_dir() else []
    for file in (*named, *ours, *_configured_files(search_paths), *_ssh_folder_files(search_paths)):
        try:
            resolved = file.resolve()
            if resolved not in seen and file.is_file():
                seen.add(resolved)
                yield file
        except OSError:
            continue


def _ssh_folder_files(search_paths: KeySearchPaths) -> list[Path]:
    folder = search_paths.ssh_folder
    if not folder.is_dir():
        return []
    names = sorted(entry.name for entry in folder.iterdir())
    usual = [name for name in names if name.startswith("id_") and not name.endswith(".pub")]
    other = [name for name in names if name not in usual and (name.endswith(".pem") or f"{name}.pub" in names)]
    return [folder / name for name in (*usual, *other)]


def _configured_files(search_paths: KeySearchPaths) -> Iterator[Path]:
    for value in _identity_files(search_paths.ssh_folder / "config", search_paths.ssh_folder, depth=0):
        path = value.replace("%d", str(search_paths.home)).replace("%%", "%")
        if path.startswith("~/"):
            path = str(search_paths.home / path[2:])
        if "%" not in path and path.lower() != "none":
            yield Path(path) if path.startswith("/") else search_paths.ssh_folder / path


def _identity_files(config: Path, folder: Path, depth: int) -> Iterator[str]:
    try:
        lines = config.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        match = re.match(r"\s*(IdentityFile|Include)(?:\s*=\s*|\s+)(.+?)\s*$", line, re.IGNORECASE)
        if match is None:
            continue
        values = [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', match[2])]
        if match[1].lower() == "identityfile":
            yield from values[:1]
        elif depth < 4:
            for pattern in values:
                yield from _included_files(pattern, folder, depth)


def _included_files(pattern: str, folder: Path, depth: int) -> Iterator[str]:
    if pattern.startswith("~/"):
        pattern = str(folder.parent / pattern[2:])
    root, relative = (Path("/"), pattern[1:]) if pattern.startswith("/") else (folder, pattern)
    for file in sorted(root.glob(relative)) if relative else ():
        yield from _identity_files(file, folder, depth + 1)
