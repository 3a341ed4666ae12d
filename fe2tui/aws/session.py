"""Who calls AWS, where, and how: one ``Session`` a profile and region."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fe2tui.model.place import Identity, Place

AskCode = Callable[[str], Awaitable[str]]
"""Asks a person for the one-time code of the device with that serial number; an empty text means "no"."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose for this run; None is "as the environment and ~/.aws say". Time-outs are seconds.

    ``region`` is an id, or part of a region's name (``Ohio``).
    """

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    read_only: bool = False
    connect_timeout: float = 5.0
    read_timeout: float = 20.0


class Session:
    """Calls AWS as one profile in one region. Usable as ``async with``; made without any AWS import.

    Every error that leaves it is an Fe2Error. Changing operations raise ReadOnlyError when ``read_only``. One session
    belongs to one event loop.
    """

    def __init__(self, choice: Choice | None = None, *, ask_code: AskCode | None = None) -> None:
        """Raises NotFoundError for a region that nothing is called; a profile that is not there fails the first call."""
        raise NotImplementedError

    @property
    def choice(self) -> Choice:
        """What it was made with."""
        raise NotImplementedError

    @property
    def place(self) -> Place:
        """Profile, region and endpoint, as botocore would find them. The region is empty when none is set anywhere."""
        raise NotImplementedError

    @property
    def profile(self) -> str:
        """The profile's name, ``default`` when none was chosen."""
        raise NotImplementedError

    @property
    def region(self) -> str:
        """The region's id; empty when none is set anywhere."""
        raise NotImplementedError

    @property
    def endpoint(self) -> str:
        """EC2's address when it is not AWS's own, else empty."""
        raise NotImplementedError

    @property
    def read_only(self) -> bool:
        """Whether changing operations are refused."""
        raise NotImplementedError

    async def warm(self) -> None:
        """Import AWS's library and make a client in a thread, so that the first call does not hold the loop up."""
        raise NotImplementedError

    async def identity(self) -> Identity:
        """Who AWS says we are; asked once."""
        raise NotImplementedError

    async def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        """One call, by AWS's own names: ``await session.call("ec2", "StopInstances", InstanceIds=[…])``.

        Reads are retried as AWS's adaptive mode does; changes only after the errors that EC2 names as passing, and
        after a broken connection where saying it twice does no harm.
        """
        raise NotImplementedError

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> AsyncIterator[list[Any]]:
        """The list ``key`` of each page of a reading operation: ``async for volumes in session.pages(…)``."""
        raise NotImplementedError

    async def body(self, service: str, operation: str, /, **params: Any) -> bytes:
        """As ``call``, but the answer's XML as it came, for replies too large for the library's parser."""
        raise NotImplementedError

    async def with_region(self, region: str) -> Session:
        """The same in another region (id, or part of its name), credentials shared."""
        raise NotImplementedError

    async def close(self) -> None:
        """Give the connections back."""
        raise NotImplementedError

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()


def profiles() -> list[str]:
    """The profiles in ~/.aws/config and ~/.aws/credentials (or where the environment says), in their order."""
    raise NotImplementedError


def default_region(profile: str | None = None) -> str | None:
    """The region that the environment, else the profile, names."""
    raise NotImplementedError


async def regions(session: Session) -> list[str]:
    """The ids of the regions enabled for the account; all that are known when that may not be read."""
    raise NotImplementedError
