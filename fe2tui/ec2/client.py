"""The base of ``EC2``: the background event loop and its session, boto3's objects, and what counts as a name."""

from __future__ import annotations

import asyncio
import sys
import threading
import warnings
import weakref
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from fe2tui import settings
from fe2tui.aws import session as aws_session
from fe2tui.aws.session import Choice, Session, effective_choice
from fe2tui.aws.spot_prices import SpotHistoryCache
from fe2tui.errors import InterruptedByUser, StoreError, UsageError
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.location import find_region, no_region_error, unknown_region_error
from fe2tui.model.on_demand_prices import OnDemandPrice
from fe2tui.model.progress import Outcome, Report, ignore_progress
from fe2tui.model.text import visible
from fe2tui.store import Store, open_store
from fe2tui.tasks.context import Context
from fe2tui.tasks.keys import AccountKey
from fe2tui.tasks.spot_requests import RequestWithInstance
from fe2tui.tasks.type_catalogue import TypeCatalogueCache
from fe2tui.tasks.unfinished import settle_unfinished

if TYPE_CHECKING:
    from types import TracebackType


class HasId(Protocol):
    """An instance, image or spot request: ours or boto3's."""

    @property
    def id(self) -> str: ...


Reference = str | HasId | Outcome | RequestWithInstance
TypeReference = str | InstanceType | OnDemandPrice


def name_of(thing: object) -> str:
    """The text that a task looks up: a string as it is, the id of an object, the name of a type or key pair.

    Raises UsageError for anything else.
    """
    found = _name_or_none(thing)
    if found is None:
        raise UsageError(
            f"{thing!r:.60} is not a name.",
            "Give a name, an id, or an object that a method of EC2 returned.",
        )
    return found


def names_of(things: Iterable[object]) -> list[str]:
    """``name_of`` for several; lists among them are flattened."""
    names: list[str] = []
    for thing in things:
        if _name_or_none(thing) is None and isinstance(thing, Iterable):
            names += names_of(thing)
        else:
            names.append(name_of(thing))
    return names


def _name_or_none(thing: object) -> str | None:
    match thing:
        case str():
            return thing
        case RequestWithInstance():
            return thing.request.id
        case Outcome():
            return thing.subject
        case InstanceType() | AccountKey():
            return thing.name
        case OnDemandPrice():
            return thing.type
    found = getattr(thing, "id", None)
    return found if isinstance(found, str) else None


def confirm_effects(question: str, sentences: Iterable[str], refused: str) -> None:
    """Print what something costs or destroys, and ask at the terminal whether to do it. An empty line means no.

    Raises UsageError with these sentences where there is no terminal, and InterruptedByUser with ``refused`` for a no.
    """
    words = visible(" ".join((*sentences, question)))
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(words, "There is no terminal to ask at: add yes=True to do it.")
    while (answer := input(f"{words} [y/N] ").strip().lower()) not in ("y", "yes"):
        if answer in ("", "n", "no"):
            raise InterruptedByUser(refused)


_Result = TypeVar("_Result")
_END_SECONDS = 10.0


class BackgroundLoop:
    """An event loop in a daemon thread, with the session and the store that its tasks use. Starts on first use."""

    def __init__(self, choice: Choice, chosen: settings.Settings, report: Report) -> None:
        self._session = Session(choice)
        self._settings = chosen
        self._report = report
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._store: Store | None = None
        self.location = self._session.location
        self.type_catalogues = TypeCatalogueCache()
        self.spot_histories = SpotHistoryCache()

    def run(self, work: Callable[[Context], Awaitable[_Result]]) -> _Result:
        """Run ``work`` on the loop and return its result. Ctrl-C cancels it and waits until it has cleaned up.

        What earlier programs left open is finished first, and told as warnings. Raises UsageError when no region is
        set, and whatever ``work`` raises.
        """
        if not self.location.region:
            raise no_region_error()
        loop, store = self._open()
        ctx = Context(self._session, store, self._settings, self._report, by="python")

        async def run() -> _Result:
            async for outcome in settle_unfinished(ctx):
                text = " ".join(filter(None, (outcome.words or f"{outcome.label}:", str(outcome.error or ""))))
                warnings.warn(visible(text), stacklevel=1)
            return await work(ctx)

        future = asyncio.run_coroutine_threadsafe(run(), loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            with suppress(BaseException):
                asyncio.run_coroutine_threadsafe(_wait_for_cancelled(), loop).result(_END_SECONDS)
            raise

    def close(self) -> None:
        """Close the session and the store, and stop the thread. A later ``run`` starts them again."""
        with self._lock:
            loop, thread, store = self._loop, self._thread, self._store
            self._loop = self._thread = self._store = None
        if loop is None or thread is None:
            return
        with suppress(Exception):
            asyncio.run_coroutine_threadsafe(self._close_session(), loop).result(_END_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_END_SECONDS)
        if not thread.is_alive():
            loop.close()
        if store is not None:
            store.close()

    async def _close_session(self) -> None:
        self.type_catalogues.close()
        self.spot_histories.close()
        await self._session.close()

    def _open(self) -> tuple[asyncio.AbstractEventLoop, Store]:
        with self._lock:
            if self._loop is None or self._store is None:
                self._loop = asyncio.new_event_loop()
                self._store = open_store()
                with suppress(StoreError):
                    self._session.learn_accounts(self._store.fleets.accounts())
                self.spot_histories = SpotHistoryCache(self._store.spot_history)
                self._thread = threading.Thread(target=self._loop.run_forever, name="fe2tui", daemon=True)
                self._thread.start()
            return self._loop, self._store


async def _wait_for_cancelled() -> None:
    """Wait until all cancelled tasks of the loop have ended."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and task.cancelling()]
    await asyncio.gather(*others, return_exceptions=True)


_Self = TypeVar("_Self", bound="Client")


class Client:
    """What all parts of ``EC2`` share: one account in one region."""

    def __init__(
        self,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        read_only: bool = False,
        *,
        report: Report = ignore_progress,
    ) -> None:
        """What is wrong in config.toml is told as warnings, and left out.

        Raises NotFoundError for an unknown region and SettingError for a config.toml that cannot be read.
        """
        kept, problems = settings.read()
        for problem in problems:
            warnings.warn(visible(str(problem)), stacklevel=2)
        choice = effective_choice(kept, region=region, profile=profile, endpoint_url=endpoint_url, read_only=read_only)
        self._background = BackgroundLoop(choice, kept, report)
        self._run = self._background.run
        self._finalizer = weakref.finalize(self, self._background.close)

    def __repr__(self) -> str:
        location = self._background.location
        return f"EC2({location.region!r}, profile={location.profile!r})"

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close connections, thread and store. The next method call opens them again."""
        self._background.close()

    def region(self, text: str | None = None) -> str:
        """The id of the first region whose name contains ``text``; without it, the region in use.

        Raises NotFoundError.
        """
        if text is None:
            return self._background.location.region
        found = find_region(text)
        if found is None:
            raise unknown_region_error(text)
        return found

    def regions(self) -> list[str]:
        """The ids of the regions that are enabled for the account."""
        return self._run(lambda ctx: aws_session.enabled_regions(ctx.session))

    def _boto3(self) -> Any:
        """boto3's ``ec2`` resource, with our credentials: boto3 would ask for a one-time code on the terminal.

        In a read-only session, calls that change something raise ReadOnlyError.
        """
        import boto3
        import botocore.session
        from botocore.credentials import Credentials, RefreshableCredentials

        from fe2tui.aws.credentials import use_ca_bundle

        async def sign_in(ctx: Context) -> tuple[Session, dict[str, Any]]:
            await ctx.session.find_guards()
            return ctx.session, await ctx.session.credentials()

        session, keys = self._run(sign_in)
        library: Any = botocore.session.Session(profile=session.choice.profile)
        use_ca_bundle(library)
        if keys["expiry_time"]:
            library._credentials = RefreshableCredentials.create_from_metadata(
                keys, lambda: self._run(lambda ctx: ctx.session.credentials()), "fe2tui"
            )
        else:
            library._credentials = Credentials(keys["access_key"], keys["secret_key"], keys["token"])
        boto3_session = boto3.Session(botocore_session=library, region_name=session.region)
        resource = boto3_session.resource("ec2", endpoint_url=session.choice.endpoint_url)
        resource.meta.client.meta.events.register(
            "before-call.ec2", lambda model, **_: session.require_permitted(model.name)
        )
        return resource
