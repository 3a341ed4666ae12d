"""Key pairs: which of the account's the person can use, which of the person's the account lacks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fe2tui.tasks.context import Context


@dataclass(frozen=True, slots=True)
class AccountKey:
    """A key pair of the account in this region. ``private_key`` is its private half here, ``in_agent`` in ssh-agent.

    ``looked_for`` are the files that would have been it.
    """

    name: str
    fingerprint: str = ""
    type: str = ""
    private_key: Path | None = None
    in_agent: bool = False
    looked_for: tuple[Path, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether the private half is on this computer."""
        return self.in_agent or self.private_key is not None

    @property
    def words(self) -> str:
        """Where the private half is: ``in ~/.ssh/id_ed25519``, ``in ssh-agent``, ``not on this computer``."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A public key of the person's that the account does not have. ``source`` is its file, or ``ssh-agent``."""

    name: str  # the key pair name it would get
    public: str  # one line, as in authorized_keys
    source: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class KeyOffer:
    """What can be chosen for "Key pair". ``preferred`` is the name to use when nothing was asked for, or None.

    With ``preferred`` None the account has no key that this person can use: ``importable`` and creating one remain.
    """

    account: tuple[AccountKey, ...] = ()
    importable: tuple[OwnKey, ...] = ()
    preferred: str | None = None

    def named(self, name: str) -> AccountKey | None:
        """The account's key of that name."""
        return next((key for key in self.account if key.name == name), None)


async def offer_keys(ctx: Context) -> KeyOffer:
    """The account's key pairs, which of them this person has, and what could be imported.

    ``default`` is preferred if its private half is here, else the first whose private half is.
    """
    raise NotImplementedError


async def import_key(ctx: Context, name: str, public: str) -> AccountKey:
    """Give the account a public key of the person's, under that name. Raises FieldError(key_name) if it is taken."""
    raise NotImplementedError


async def create_key(ctx: Context, name: str) -> AccountKey:
    """Have EC2 make an ed25519 key pair; its private half goes into our keys folder, 0600, never over a file.

    Raises KeyFileError if such a file is there, FieldError(key_name) if the account has such a key pair.
    """
    raise NotImplementedError
