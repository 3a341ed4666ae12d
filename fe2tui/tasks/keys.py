"""Key pairs: which of the account can be used from this computer, and which keys of this computer can be imported."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fe2tui import paths
from fe2tui.aws import network
from fe2tui.errors import AwsError, Fe2Error, FieldError, KeyFileError
from fe2tui.model.text import visible
from fe2tui.ssh import keys as ssh_keys
from fe2tui.ssh.keyfiles import display_path, read_private_key, same_public
from fe2tui.ssh.keys import KeySearchPaths, LocalKey
from fe2tui.tasks.context import Context, activity_entry, run_to_completion

DEFAULT_KEY_NAME = "default"
_COMPLETION_SECONDS = 10.0
_KEY_NAME_PATTERN = re.compile(r"[ -~]{1,255}\Z")


@dataclass(frozen=True, slots=True, repr=False)
class AccountKey:
    """A key pair of the account in this region. ``private_key`` is the file of its private half.

    ``in_agent``: ssh-agent has it. ``searched_files``: where it was looked for. ``needs_person``: its use asks for a
    passphrase.
    """

    name: str
    fingerprint: str = ""
    type: str = ""
    private_key: Path | None = None
    in_agent: bool = False
    searched_files: tuple[Path, ...] = ()
    needs_person: bool = False

    def __repr__(self) -> str:
        return f"{visible(self.name)}: {visible(self.words)}"

    @property
    def is_usable(self) -> bool:
        """Whether the private half is on this computer."""
        return self.in_agent or self.private_key is not None

    @property
    def words(self) -> str:
        """Where the private half is: ``in ~/.ssh/id_ed25519``, ``in ssh-agent``, ``not on this computer``."""
        if self.private_key is not None:
            return f"in {display_path(self.private_key)}"
        return "in ssh-agent" if self.in_agent else "not on this computer"


@dataclass(frozen=True, slots=True, repr=False)
class ImportableKey:
    """A public key of this computer that the account does not have. ``source`` is its file, or ``ssh-agent``."""

    name: str  # the key pair name it would get
    public: str  # one line, as in authorized_keys
    source: str
    type: str = ""

    def __repr__(self) -> str:
        return f"{visible(self.name)}: {visible(self.source)} can be imported"


@dataclass(frozen=True, slots=True, repr=False)
class KeyChoices:
    """What can be chosen for "Key pair". ``preferred`` is the name that is used if none is given.

    With ``preferred`` None, no key pair of the account can be used from this computer: import or create one.
    """

    account: tuple[AccountKey, ...] = ()
    importable: tuple[ImportableKey, ...] = ()
    preferred: str | None = None

    def __repr__(self) -> str:
        account = [f"{key!r}{', used if none is named' if key.name == self.preferred else ''}" for key in self.account]
        return "\n".join([*account, *map(repr, self.importable)]) or "no key pairs"

    def find(self, name: str) -> AccountKey | None:
        return next((key for key in self.account if key.name == name), None)

    @property
    def names(self) -> set[str]:
        return {key.name for key in self.account} | {key.name for key in self.importable}

    @property
    def free_name(self) -> str:
        """A name for a new key pair: the usual one, or one like ``fe2tui`` that no other key has."""
        used = self.names
        return DEFAULT_KEY_NAME if DEFAULT_KEY_NAME not in used else _unused_name("fe2tui", used)


def key_search_paths() -> KeySearchPaths:
    """Where private keys are looked for: our own folder, ~/.ssh and ssh-agent."""
    try:
        return KeySearchPaths(paths.keys_folder())
    except OSError:  # a read-only disk: ~/.ssh and the agent can still be used
        return KeySearchPaths(Path.home() / ".ssh")


async def read_key_choices(ctx: Context) -> KeyChoices:
    """The account's key pairs, which of them can be used from this computer, and which keys can be imported.

    Preferred is ``default`` if its private half is here, else the first whose private half is. The private key named in
    config.toml counts, too.
    """
    pairs = await network.key_pairs(ctx.session)
    return await asyncio.to_thread(_build_choices, pairs, ctx.settings.key_file)


def _build_choices(pairs: Sequence[network.KeyPair], key_file: Path | None) -> KeyChoices:
    search_paths = key_search_paths()
    account = tuple(_match_local_key(search_paths, pair, key_file) for pair in pairs)
    usable = sorted((key for key in account if key.is_usable), key=lambda key: key.needs_person)
    preferred = next((key for key in usable if key.name == DEFAULT_KEY_NAME), usable[0] if usable else None)
    own = _importable(ssh_keys.local_public_keys(search_paths), pairs)
    return KeyChoices(account, own, preferred.name if preferred else None)


def _match_local_key(search_paths: KeySearchPaths, pair: network.KeyPair, key_file: Path | None) -> AccountKey:
    searched_files = ssh_keys.candidate_files(search_paths, pair.name)
    named = read_private_key(key_file) if key_file is not None else None
    if named is not None and key_file is not None and named.public and same_public(named.public, pair.public_key):
        return AccountKey(pair.name, pair.fingerprint, pair.type, key_file, False, searched_files, named.is_encrypted)
    found = ssh_keys.find_private_key(
        search_paths, pair.name, public_key=pair.public_key or None, fingerprint=pair.fingerprint or None
    )
    key = AccountKey(pair.name, pair.fingerprint, pair.type, searched_files=searched_files)
    if found is None:
        return key
    return replace(key, private_key=found.file, in_agent=found.is_in_agent, needs_person=found.needs_person)


def _importable(own: Iterable[LocalKey], pairs: Sequence[network.KeyPair]) -> tuple[ImportableKey, ...]:
    used_names = {pair.name for pair in pairs}
    found: list[ImportableKey] = []
    for key in own:
        if any(same_public(key.public, pair.public_key) for pair in pairs):
            continue
        source = display_path(key.file) if key.file is not None else "ssh-agent"
        stem = key.file.stem if key.file is not None else key.comment
        name = _unused_name(DEFAULT_KEY_NAME if DEFAULT_KEY_NAME not in used_names else stem, used_names)
        used_names.add(name)
        found.append(ImportableKey(name, key.public, source, key.type))
    return tuple(found)


def _unused_name(wanted: str, used: Collection[str]) -> str:
    base = "".join(character for character in wanted if _KEY_NAME_PATTERN.match(character)).strip()[:250] or "key"
    names = [base, *(f"{base}-{number}" for number in range(2, len(used) + 3))]
    return next(name for name in names if name not in used)


def _check_name(name: str) -> str:
    if _KEY_NAME_PATTERN.match(name) and name == name.strip():
        return name
    raise FieldError("key_name", "A key pair's name has 1 to 255 ASCII characters.", "Choose another name.")


async def import_key(ctx: Context, name: str, public: str) -> AccountKey:
    """Import a public key under that name. Raises FieldError(key_name) if the name is taken."""
    with activity_entry(ctx, "import key", _check_name(name)) as entry:
        pair = await run_to_completion(network.import_key_pair(ctx.session, name, public), _COMPLETION_SECONDS)
        pair = replace(pair, public_key=pair.public_key or public)
        key = await asyncio.to_thread(_match_local_key, key_search_paths(), pair, ctx.settings.key_file)
        entry.words = f"Imported key pair {name}, {key.words}."
    return key


async def create_key(ctx: Context, name: str) -> AccountKey:
    """Create an ed25519 key pair on this computer and import its public half.

    The private half is written to our keys folder first, with mode 0600 and never over a file; it never leaves this
    computer. Raises KeyFileError if the file exists, FieldError(key_name) if the account has a key pair of that name:
    then nothing is left behind.
    """
    with activity_entry(ctx, "create key", _check_name(name)) as entry:
        if "/" in name or name.startswith("."):
            raise FieldError("key_name", f"{name} cannot be the name of a key file.", "Choose another name.")
        file = key_search_paths().folder / f"{name}.pem"
        new_key = await asyncio.to_thread(ssh_keys.make_ed25519, f"fe2tui {name}")
        await asyncio.to_thread(_write_private_key, file, new_key.private, name)
        entry.left_behind = (
            f"The private key {display_path(file)} was written; we don't know whether AWS has its public half."
        )
        try:
            pair = await run_to_completion(
                network.import_key_pair(ctx.session, name, new_key.public), _COMPLETION_SECONDS
            )
        except Fe2Error as error:
            if isinstance(error, AwsError) and error.may_be_done:
                error.remedy = f"{entry.left_behind} Look at the account's key pairs before you create it again."
            else:  # AWS refused, and does not have the key. After any other exception we don't know: the file stays.
                file.unlink()
            raise
        entry.words = f"Created key pair {name}, in {display_path(file)}."
    return AccountKey(name, pair.fingerprint, pair.type or "ed25519", file)


def _write_private_key(file: Path, private: str, name: str) -> None:
    if file.exists():
        raise KeyFileError(
            f"{display_path(file)} exists already, and a private key is never overwritten.",
            f"Import it as {name}, or choose another name for the key pair.",
        )
    ssh_keys.create_private_key_file(file, private)
