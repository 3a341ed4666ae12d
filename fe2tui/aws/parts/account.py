"""What belongs to the account as a whole: its number, and addresses that it pays for in vain."""

from __future__ import annotations

from fe2tui.aws.addresses import idle_addresses
from fe2tui.aws.parts.part import RARELY, SELDOM, Part
from fe2tui.aws.reading import Sight
from fe2tui.aws.session import Session


class Account(Part):
    """The account's number. Not to be told it harms nothing."""

    name = "account"
    every = RARELY
    quiet = True

    def __init__(self, session: Session, found: str) -> None:
        super().__init__()
        self.found = found
        self._session = session

    async def read(self, sight: Sight) -> None:
        """Asked once a session."""
        self.found = (await self._session.identity()).account


class Addresses(Part):
    """Elastic IPs that are associated with nothing, every half hour."""

    name = "addresses"
    every = SELDOM

    def __init__(self, session: Session, found: tuple[str, ...]) -> None:
        super().__init__()
        self.found = found
        self._session = session

    async def read(self, sight: Sight) -> None:
        """One call."""
        self.found = await idle_addresses(self._session)
