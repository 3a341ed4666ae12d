"""EC2: the plain, blocking Python face for notebooks, the REPL and scripts.

The same methods as the shell's commands, with ``_`` for ``-``. They run the tasks on a background event loop, so they
work where a loop runs already (a notebook), and Ctrl-C ends what is being waited for, cleanly.

    with EC2("Ohio") as e:
        base = e.launch("base", "ubuntu", 50, "m5.large")
        print(e.ip("base"))
        e.stop("base")
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fe2tui import settings
from fe2tui.aws import images as aws_images
from fe2tui.aws import instances as aws
from fe2tui.aws import session as aws_session
from fe2tui.aws.session import Choice, Session
from fe2tui.errors import NotFoundError, UsageError
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.progress import Outcome, Report, unreported
from fe2tui.model.regions import find_region
from fe2tui.store import Store, open_store
from fe2tui.tasks import connect as connecting
from fe2tui.tasks import launch as launching
from fe2tui.tasks import power
from fe2tui.tasks import terminate as terminating
from fe2tui.tasks.aftermath import explain_end
from fe2tui.tasks.choosing import chosen
from fe2tui.tasks.context import Context
from fe2tui.tasks.keys import KeyOffer, offer_keys
from fe2tui.tasks.names import find

if TYPE_CHECKING:
    from types import TracebackType

_Result = TypeVar("_Result")
_Item = TypeVar("_Item")
_END_SECONDS = 10.0


class Lines(list[_Item]):
    """A list that shows itself one thing a line, as the shell does."""

    def __repr__(self) -> str:
        return "\n".join(_line(item) for item in self)


def _line(item: object) -> str:
    if isinstance(item, Image):
        return f"{item.name} ({item.id} {item.state}): {item.architecture}, {item.root_size} GiB"
    if isinstance(item, Outcome):
        return f"{item.label} ({item.subject}): {item.error or item.words}"
    return str(item)


class EC2:
    """The machines of one account in one region.

    ``region`` is an id or part of a region's name (``Ohio``); what is not said comes from the environment, config.toml
    and ~/.aws. ``report`` hears of each step that a method takes. Errors are Fe2Errors, in words.
    """

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
        self._settings = settings.load()
        self._choice = chosen(
            self._settings, region=region, profile=profile, endpoint_url=endpoint_url, read_only=read_only
        )
        self._background = _Background(self._choice, self._settings, report)
        self._do = self._background.do
        self._finalizer = weakref.finalize(self, self._background.close)

    def __repr__(self) -> str:
        place = self._background.place
        return f"EC2({place.region!r}, profile={place.profile!r})"

    def __enter__(self) -> EC2:
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

    def instances(self) -> Lines[Instance]:
        """The instances of the region, terminated ones left out."""
        found = self._do(lambda ctx: aws.describe(ctx.session))
        return Lines(sorted((one for one in found if not one.state.is_gone), key=lambda one: (one.name, one.id)))

    def instance(self, name: str) -> Instance:
        """The instance of that name or id. Raises NotFoundError, AmbiguousError, UsageError (empty name)."""
        return self._do(lambda ctx: find(ctx, name))

    def ip(self, name: str) -> str | None:
        """Its public address; None if it has none."""
        return self.instance(name).public_ip

    def get_instance(self, name: str) -> Any:
        """boto3's own object of it (``ec2.Instance``), with all its properties and methods.

        When this EC2 may only read, its changing methods raise ReadOnlyError.
        """
        instance = self.instance(name)
        return _boto3_resource(self._choice, self._background.place.region).Instance(instance.id)

    def images(self) -> Lines[Image]:
        """The account's own images, newest first."""
        return Lines(self._do(lambda ctx: aws_images.own_images(ctx.session)))

    def image(self, text: str = "ubuntu", architecture: str = "x86_64") -> Image:
        """An image by id, own name, or word (ubuntu, amazon, debian, dlami: the newest). Raises FieldError(image)."""
        return self._do(lambda ctx: aws_images.resolve_image(ctx.session, text, architecture))

    def keys(self) -> KeyOffer:
        """The account's key pairs, which of them are on this computer, and which keys here could be imported."""
        return self._do(offer_keys)

    def launch(
        self,
        name: str,
        image: str = "ubuntu",
        disk: int | None = None,
        type: str = "t3.micro",
        key_name: str | None = None,
        security_group: str = "ssh",
        iops: int | None = None,
        *,
        wait: bool = True,
        **more: Any,
    ) -> Instance:
        """Launch an instance and, unless ``wait`` is False, return when ssh answers. ``disk`` is GiB.

        ``more`` are further fields of ``LaunchRequest``: zone, subnet_id, address, tags, key_action ("use", "import",
        "create"). Launches whose program was killed are found out first. Raises FieldError, CapacityError, QuotaError …
        """
        request = LaunchRequest(name, image, type, disk, key_name, security_group=security_group, iops=iops, **more)

        async def work(ctx: Context) -> Instance:
            await launching.recover(ctx)
            return await launching.launch(ctx, request, wait=wait)

        return self._do(work)

    def start(self, *names: str, wait: bool = True) -> Lines[Outcome]:
        """Start instances and wait until ssh answers. See ``stop`` for what is returned and raised."""
        return _each(self._do, names, lambda ctx, ids: power.start(ctx, ids, wait=wait))

    def stop(self, *names: str, force: bool = False, wait: bool = False) -> Lines[Outcome]:
        """Stop instances. What came of each is returned; of a single one, its error is raised instead."""
        return _each(self._do, names, lambda ctx, ids: power.stop(ctx, ids, force=force, wait=wait))

    def reboot(self, *names: str, wait: bool = True) -> Lines[Outcome]:
        """Reboot instances and wait until ssh answers again. See ``stop`` for what is returned and raised."""
        return _each(self._do, names, lambda ctx, ids: power.reboot(ctx, ids, wait=wait))

    def terminate(self, *names: str, wait: bool = False) -> Lines[Outcome]:
        """Terminate instances, their disks and spot requests with them, without asking, and free their names.

        No name is an error, never "all". See ``stop`` for what is returned and raised.
        """
        return _each(self._do, names, lambda ctx, ids: terminating.terminate(ctx, ids, wait=wait))

    def connect(
        self,
        name: str,
        ports: str | int | Sequence[int | str] = (),
        *,
        user: str | None = None,
        key_file: Path | None = None,
    ) -> int:
        """Open a shell on an instance in this terminal (``user@name`` works too); returns its exit status.

        ``ports`` are tunnelled from the same ports here. Raises UsageError where there is no terminal, and what
        ``tasks.connect`` raises.
        """
        here = sys.stdin.isatty()
        prepared = self._do(
            lambda ctx: connecting.prepare(ctx, name, ports=ports, user=user, key_file=key_file, is_logged=here)
        )
        if not here:
            raise UsageError("There is no terminal here to open a shell in.", f"In one: {prepared.command}")
        status = subprocess.call(prepared.argv, env={**os.environ, **prepared.env})
        trouble = self._do(lambda ctx: explain_end(ctx, prepared, status)) if status else None
        if trouble is not None:
            raise trouble
        return status


Act = Callable[[Context, Sequence[str]], Awaitable[list[Outcome]]]


def _each(do: Callable[[Callable[[Context], Awaitable[Any]]], Any], names: Sequence[str], act: Act) -> Lines[Outcome]:
    async def work(ctx: Context) -> list[Outcome]:
        found = await asyncio.gather(*(find(ctx, name) for name in names))
        return await act(ctx, [instance.id for instance in found])

    outcomes: list[Outcome] = do(work)
    if len(outcomes) == 1 and outcomes[0].error is not None:
        raise outcomes[0].error
    return Lines(outcomes)


class _Background:
    """A thread with an event loop, the session that lives on it, and the store."""

    def __init__(self, choice: Choice, chosen: settings.Settings, report: Report) -> None:
        self._session = Session(choice)
        self._settings = chosen
        self._report = report
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._store: Store | None = None
        self.place = self._session.place

    def do(self, work: Callable[[Context], Awaitable[_Result]]) -> _Result:
        """Do the work on the loop and wait for it. Ctrl-C cancels it, and waits until it has tidied up."""
        if not self.place.region:
            raise UsageError("No region is set.", "EC2('Ohio'), or set AWS_REGION, or region in config.toml.")
        loop, store = self._open()
        ctx = Context(self._session, store, self._settings, self._report, by="python")

        async def run() -> _Result:
            return await work(ctx)

        future = _submit(loop, run())
        try:
            return future.result()
        except KeyboardInterrupt:
            future.cancel()
            with suppress(BaseException):
                _submit(loop, _settled()).result(_END_SECONDS)
            raise

    def close(self) -> None:
        """End the thread. A later ``do`` begins another."""
        with self._lock:
            loop, thread, store = self._loop, self._thread, self._store
            self._loop = self._thread = self._store = None
        if loop is None or thread is None:
            return
        with suppress(Exception):
            _submit(loop, self._session.close()).result(_END_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_END_SECONDS)
        if not thread.is_alive():
            loop.close()
        if store is not None:
            store.close()

    def _open(self) -> tuple[asyncio.AbstractEventLoop, Store]:
        with self._lock:
            if self._loop is None or self._store is None:
                self._loop = asyncio.new_event_loop()
                self._store = open_store()
                self._thread = threading.Thread(target=self._loop.run_forever, name="fe2tui", daemon=True)
                self._thread.start()
            return self._loop, self._store


def _submit(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, _Result]) -> Future[_Result]:
    return asyncio.run_coroutine_threadsafe(work, loop)


async def _settled() -> None:
    """Until every other task of the loop that was cancelled has ended."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and task.cancelling()]
    await asyncio.gather(*others, return_exceptions=True)


def _boto3_resource(choice: Choice, region: str) -> Any:
    import boto3

    session = boto3.Session(profile_name=choice.profile, region_name=region)
    resource = session.resource("ec2", endpoint_url=choice.endpoint_url)
    if choice.read_only:
        resource.meta.client.meta.events.register("before-call.ec2", _refuse_changes)
    return resource


def _refuse_changes(model: Any, **_: object) -> None:
    aws_session.require_reading(model.name)


__all__ = ["EC2", "Lines"]
