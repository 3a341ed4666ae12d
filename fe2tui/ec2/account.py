"""What every part of ``EC2`` stands on: one account in one region, and the thread that does the work."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, TypeVar

from fe2tui import settings
from fe2tui.aws import session as aws_session
from fe2tui.ec2.background import Background
from fe2tui.errors import NotFoundError
from fe2tui.model.progress import Report, unreported
from fe2tui.model.regions import find_region
from fe2tui.tasks.choosing import chosen

if TYPE_CHECKING:
    from types import TracebackType

_Self = TypeVar("_Self", bound="Account")


class Account:
    """One account in one region; see ``EC2``."""

    def __init__(
        self,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        read_only: bool = False,
        *,
        report: Report = unreported,
    ) -> None:
        """Raises NotFoundError for a region that nothing is called, SettingError for a wrong config.toml."""
        kept = settings.load()
        self._choice = chosen(kept, region=region, profile=profile, endpoint_url=endpoint_url, read_only=read_only)
        self._background = Background(self._choice, kept, report)
        self._do = self._background.do
        self._finalizer = weakref.finalize(self, self._background.close)

    def __repr__(self) -> str:
        place = self._background.place
        return f"EC2({place.region!r}, profile={place.profile!r})"

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give connections, thread and store back. It opens again when it is used."""
        self._background.close()

    def region(self, text: str | None = None) -> str:
        """The id of the first region whose name contains the text; without one, the id of the region in use.

        Raises NotFoundError.
        """
        if text is None:
            return self._background.place.region
        found = find_region(text)
        if found is None:
            raise NotFoundError(f"No region is called {text}.", "See regions().")
        return found

    def regions(self) -> list[str]:
        """The ids of the regions enabled for the account."""
        return self._do(lambda ctx: aws_session.regions(ctx.session))

    def _boto3(self) -> Any:
        from fe2tui.ec2.resource import boto3_resource

        return boto3_resource(self._choice, self._background.place.region)
