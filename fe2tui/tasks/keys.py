"""Key pairs: which of the account's the person can use, which of the person's the account lacks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fe2tui import paths
from fe2tui.aws import network
from fe2tui.errors import Fe2Error, FieldError, KeyFileError, UnreachableError
from fe2tui.model.words import visible
from fe2tui.ssh import keys as ssh_keys
from fe2tui.ssh.keyfiles import read_private_key, same_public
from fe2tui.ssh.keys import KeyPlaces, LocalKey
from fe2tui.tasks.context import Context
from fe2tui.tasks.record import recorded, unbroken

DEFAULT_NAME = "default"
_PATIENCE = 10.0
_NAME = re.compile(r"[ -~]{1,255}\Z")


@dataclass(frozen=True, slots=True, repr=False)
class AccountKey:
    """A key pair of the account in this region. ``private_key`` is its private half here, ``in_agent`` in ssh-agent.

    ``looked_for`` are the files that would have been it; ``needs_a_person`` says that its use asks for a passphrase.
    """

    name: str
    fingerprint: str = ""
    type: str = ""
    private_key: Path | None = None
    in_agent: bool = False
    looked_for: tuple[Path, ...] = ()
    needs_a_person: bool = False

    def __repr__(self) -> str:
        """``default: in ~/.ssh/id_ed25519``."""
        return f"{visible(self.name)}: {visible(self.words)}"

    @property
    def is_usable(self) -> bool:
        """Whether the private half is on this computer."""
        return self.in_agent or self.private_key is not None

    @property
    def words(self) -> str:
        """Where the private half is: ``in ~/.ssh/id_ed25519``, ``in ssh-agent``, ``not on this computer``."""
        if self.private_key is not None:
            return f"in {shown_path(self.private_key)}"
        return "in ssh-agent" if self.in_agent else "not on this computer"


@dataclass(frozen=True, slots=True, repr=False)
class OwnKey:
    """A public key of the person's that the account does not have. ``source`` is its file, or ``ssh-agent``."""

    name: str  # the key pair name it would get
    public: str  # one line, as in authorized_keys
    source: str
    type: str = ""

    def __repr__(self) -> str:
        """``id_ed25519: ~/.ssh/id_ed25519.pub can be imported``."""
        return f"{visible(self.name)}: {visible(self.source)} can be imported"


@dataclass(frozen=True, slots=True, repr=False)
class KeyOffer:
    """What can be chosen for "Key pair". ``preferred`` is the name to use when nothing was asked for, or None.

    With ``preferred`` None the account has no key that this person can use: ``importable`` and creating one remain.
    """

    account: tuple[AccountKey, ...] = ()
    importable: tuple[OwnKey, ...] = ()
    preferred: str | None = None

    def __repr__(self) -> str:
        """The keys, one a line; the one that a launch uses by itself is marked."""
        account = [f"{key!r}{', used if none is named' if key.name == self.preferred else ''}" for key in self.account]
        return "\n".join([*account, *map(repr, self.importable)]) or "no key pairs"

    def named(self, name: str) -> AccountKey | None:
        """The account's key of that name."""
        return next((key for key in self.account if key.name == name), None)


def key_places() -> KeyPlaces:
    """Where this person's keys are looked for."""
    try:
        return KeyPlaces(paths.keys_folder())
    except OSError:  # a read-only disk: what ~/.ssh and the agent have is still there
        return KeyPlaces(Path.home() / ".ssh")


def shown_path(path: Path) -> str:
    """A path as a person writes it, with ~ for home."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except ValueError:
        return str(path)


async def offer_keys(ctx: Context) -> KeyOffer:
    """The account's key pairs, which of them this person has, and what could be imported.

    ``default`` is preferred if its private half is here, else the first whose private half is. The private key of
    config.toml counts as one of the person's.
    """
    pairs = await network.key_pairs(ctx.session)
    return await asyncio.to_thread(_offer, pairs, ctx.settings.key_file)


def _offer(pairs: Sequence[network.KeyPair], key_file: Path | None) -> KeyOffer:
    places = key_places()
    account = tuple(_account_key(places, pair, key_file) for pair in pairs)
    usable = sorted((key for key in account if key.is_usable), key=lambda key: key.needs_a_person)
    preferred = next((key for key in usable if key.name == DEFAULT_NAME), usable[0] if usable else None)
    own = _importable(ssh_keys.local_public_keys(places), pairs)
    return KeyOffer(account, own, preferred.name if preferred else None)


def _account_key(places: KeyPlaces, pair: network.KeyPair, key_file: Path | None) -> AccountKey:
    looked_for = ssh_keys.looked_for(places, pair.name)
    named = read_private_key(key_file) if key_file is not None else None
    if named is not None and key_file is not None and named.public and same_public(named.public, pair.public_key):
        return AccountKey(pair.name, pair.fingerprint, pair.type, key_file, False, looked_for, named.encrypted)
    found = ssh_keys.find_private_key(
        places, pair.name, public_key=pair.public_key or None, fingerprint=pair.fingerprint or None
    )
    if found is None:
        return AccountKey(pair.name, pair.fingerprint, pair.type, looked_for=looked_for)
    return AccountKey(
        pair.name, pair.fingerprint, pair.type, found.file, found.in_agent, looked_for, found.needs_a_person
    )


def _importable(own: Iterable[LocalKey], pairs: Sequence[network.KeyPair]) -> tuple[OwnKey, ...]:
    taken = {pair.name for pair in pairs}
    found: list[OwnKey] = []
    for key in own:
        if any(same_public(key.public, pair.public_key) for pair in pairs):
            continue
        source = shown_path(key.file) if key.file is not None else "ssh-agent"
        stem = key.file.stem if key.file is not None else key.comment
        name = _free_name(DEFAULT_NAME if DEFAULT_NAME not in taken else stem, taken)
        taken.add(name)
        found.append(OwnKey(name, key.public, source, key.type))
    return tuple(found)


def _free_name(wanted: str, taken: Collection[str]) -> str:
    base = "".join(character for character in wanted if _NAME.match(character)).strip()[:250] or "key"
    names = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def _checked_name(name: str) -> str:
    if _NAME.match(name) and name == name.strip():
        return name
    raise FieldError("key_name", "A key pair's name has 1 to 255 ASCII characters.", "Choose another name.")


async def import_key(ctx: Context, name: str, public: str) -> AccountKey:
    """Give the account a public key of the person's, under that name. Raises FieldError(key_name) if it is taken."""
    with recorded(ctx, "import key", _checked_name(name)) as entry:
        pair = await unbroken(network.import_key_pair(ctx.session, name, public), _PATIENCE)
        key = await asyncio.to_thread(_account_key, key_places(), _with_public(pair, public), ctx.settings.key_file)
        entry.words = f"Imported key pair {name}, {key.words}."
    return key


async def create_key(ctx: Context, name: str) -> AccountKey:
    """Make an ed25519 key pair here and give the account its public half.

    The private half is written to our keys folder, 0600, never over a file, before AWS hears of the pair; it never
    leaves this computer. Raises KeyFileError if such a file is there, FieldError(key_name) if the account has such a
    key pair: then nothing is left.
    """
    with recorded(ctx, "create key", _checked_name(name)) as entry:
        if "/" in name or name.startswith("."):
            raise FieldError("key_name", f"{name} cannot be the name of a file.", "Choose another name.")
        file = key_places().folder / f"{name}.pem"
        made = await asyncio.to_thread(ssh_keys.make_ed25519, f"fe2tui {name}")
        await asyncio.to_thread(_write_new, file, made.private, name)
        entry.left = f"The private key {shown_path(file)} was written; whether AWS has its other half is not known."
        try:
            pair = await unbroken(network.import_key_pair(ctx.session, name, made.public), _PATIENCE)
        except UnreachableError as error:
            error.remedy = f"{entry.left} Look at the account's key pairs before you create it again."
            raise
        except Fe2Error:
            # Refused, so AWS has nothing of it. After a fault of our own nobody knows: then the key stays.
            file.unlink()
            raise
        entry.words = f"Created key pair {name}, in {shown_path(file)}."
    return AccountKey(name, pair.fingerprint, pair.type or "ed25519", file)


def _write_new(file: Path, private: str, name: str) -> None:
    if file.exists():
        raise KeyFileError(
            f"{shown_path(file)} exists already, and a private key is never written over.",
            f"Import it as {name}, or choose another name for the key pair.",
        )
    ssh_keys.create_private_key_file(file, private)


def _with_public(pair: network.KeyPair, public: str) -> network.KeyPair:
    return network.KeyPair(pair.name, pair.fingerprint, pair.type, pair.public_key or public, pair.id)
