"""Who calls AWS, where, and how: one ``Session`` for a profile and region."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fe2tui.aws import aws_config
from fe2tui.errors import CredentialsError, DeniedError, Fe2Error, ReadOnlyError
from fe2tui.model.location import REGIONS, Identity, Location, find_region, no_region_error, unknown_region_error

if TYPE_CHECKING:
    from fe2tui.aws.clients import Clients
    from fe2tui.aws.credentials import ProfileCredentials
    from fe2tui.settings import Settings

AskMfaCode = Callable[[str], Awaitable[str]]
"""Asks for the one-time code of the MFA device with that serial number; an empty text means no."""

READ_PREFIXES = ("Describe", "Get", "List")
_LOGIN_REJECTED = ("AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException")
_MAIN_REGIONS = (("cn-", "cn-north-1"), ("us-gov-", "us-gov-west-1"))
_REGION_ID_PATTERN = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for this run; None means "as the environment and ~/.aws configure". Times are seconds.

    ``region`` is an id or part of a region's name (``Ohio``). ``read_only_profiles`` are those that config.toml makes
    read-only: a session that signs for the account of one of them is read-only, too. ``first_retry_wait`` is the wait
    before a change is retried after a transient failure; it doubles with each retry.
    """

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    read_only: bool = False
    read_only_profiles: tuple[str, ...] = ()
    connect_timeout: float = 5.0
    read_timeout: float = 20.0
    first_retry_wait: float = 0.5


class Session:
    """Calls AWS as one profile in one region. Usable with ``async with``; created without importing AWS's library.

    Every error that leaves it is an Fe2Error. Changing operations raise ReadOnlyError if ``read_only``. A session
    belongs to one event loop. ``location`` has what signs the calls, and region and endpoint as botocore would resolve
    them; without a configured region, that of the EC2 instance that this program runs on, or else none.
    ``account_profiles`` are what signs and the profiles of the same account.
    """

    def __init__(self, choice: Choice | None = None, *, ask_code: AskMfaCode | None = None) -> None:
        """Raises NotFoundError for an unknown region. An unknown profile fails at the first call."""
        self.choice = choice or Choice()
        self._ask_code = ask_code
        self._config = found = aws_config.read()
        profile = found.profile(self.choice.profile)
        region = _resolve_region(self.choice.region) if self.choice.region else found.region(profile)
        region = region or aws_config.instance_region()
        endpoint = (self.choice.endpoint_url or found.endpoint(profile)).rstrip("/")
        self.location = Location(found.signer(self.choice.profile), region, endpoint)
        self.account_profiles = found.profiles_of_account(self.choice.profile)
        self._accounts: dict[str, str] = {}
        self._are_accounts_known = False
        self._is_sso = found.uses_sso(found.source_profile(profile))
        self._credentials: ProfileCredentials | None = None
        self._cached_clients: Clients | None = None
        self._identity: Identity | None = None
        self._login_worked = False
        self.ec2_fleet_types: dict[str, str] = {}
        """Of EC2 Fleets and Spot Fleets, by id, as far as they were read (``ec2_fleets``)."""

    @property
    def profile(self) -> str:
        return self.location.profile

    @property
    def region(self) -> str:
        return self.location.region

    @property
    def endpoint(self) -> str:
        return self.location.endpoint

    @property
    def read_only(self) -> bool:
        return self.choice.read_only or any(name in self.choice.read_only_profiles for name in self.account_profiles)

    @property
    def account(self) -> str:
        """The number of the account, if AWS has returned it or the configuration tells it; else empty."""
        return self._identity.account if self._identity else self._config.account_of_signer(self.choice.profile)

    @property
    def signer_notice(self) -> str:
        """What a person should know about what signs the calls; mostly empty."""
        unused = self._config.unused_profile(self.choice.profile)
        name = "AWS_DEFAULT_PROFILE" if os.environ.get("AWS_DEFAULT_PROFILE") else "AWS_PROFILE"
        return f"{name}={unused} is not used: the keys in AWS_ACCESS_KEY_ID sign the calls." if unused else ""

    def read_only_error(self, refused: str) -> ReadOnlyError:
        """The error for a change in a read-only session. ``refused`` says what is not done."""
        guards = [name for name in self.account_profiles if name in self.choice.read_only_profiles]
        if guards and not self.choice.read_only:
            remedy = f"[profiles.{guards[0]}] in config.toml makes this account read-only."
        else:
            remedy = "Leave --read-only out, or take read_only out of config.toml."
        return ReadOnlyError(f"This session may only read: {refused}.", remedy)

    def learn_accounts(self, accounts: Mapping[str, str]) -> None:
        """Take the accounts of other profiles from an earlier run, where the configuration does not tell them."""
        self._accounts = {
            name: account
            for name, account in accounts.items()
            if name != self.profile and not self._config.account(name)
        }
        self.account_profiles = self._config.profiles_of_account(self.choice.profile, self._accounts)

    def require_permitted(self, operation: str) -> None:
        """Raises ReadOnlyError for an operation that may change something, in a read-only session."""
        if self.read_only and not operation.startswith(READ_PREFIXES):
            raise self.read_only_error(f"{operation} was not sent")

    async def find_guards(self) -> None:
        """Find out whether a profile that config.toml makes read-only is of the same account. AWS is asked once.

        Raises what ``identity`` raises. A read-only profile that cannot sign in guards no other.
        """
        if self.read_only or self._are_accounts_known or not self.choice.read_only_profiles:
            return
        accounts = {**self._accounts, self.profile: (await self.identity()).account}
        for name in self.choice.read_only_profiles:
            is_known = name in self.account_profiles or name in accounts or self._config.account(name)
            if not is_known and self._config.static_key(name):
                choice = replace(self.choice, profile=name, region=self.region, read_only_profiles=())
                async with Session(choice) as other:
                    with suppress(Fe2Error):
                        accounts[name] = (await other.identity()).account
        self.account_profiles = self._config.profiles_of_account(self.choice.profile, accounts)
        self._are_accounts_known = True

    async def warm_up(self) -> None:
        """Import AWS's library and create clients in a thread, so that the first call does not block the event loop."""
        await asyncio.to_thread(self._warm_up)

    async def identity(self) -> Identity:
        """The caller's identity from STS, read once."""
        if self._identity is None:
            reply = await self.call("sts", "GetCallerIdentity")
            self._identity = Identity(str(reply.get("Account", "")), str(reply.get("Arn", "")))
        return self._identity

    async def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        """Make one call, by AWS's own names: ``await session.call("ec2", "StopInstances", InstanceIds=[…])``.

        Reads are retried in AWS's adaptive mode. Changes are retried only after the errors that EC2 documents as
        transient, and after a broken connection where a second call does no harm.
        """
        reply: dict[str, Any] = await self._send("send", service, operation, params)
        return reply

    async def credentials(self) -> dict[str, Any]:
        """The keys that sign, valid now: ``access_key``, ``secret_key``, ``token``, and ``expiry_time`` or None."""
        keys: dict[str, Any] = await self._send("credentials", "sts", "GetSessionToken", {})
        return keys

    async def pages(
        self, service: str, operation: str, key: str, /, *, region: str | None = None, **params: Any
    ) -> AsyncIterator[list[Any]]:
        """The list ``key`` of each page of a read: ``async for volumes in session.pages(…)``.

        ``at`` is the region of a service that exists in one region only.
        """
        token: str | None = None
        while True:
            some = {**params, "NextToken": token} if token else params
            reply = await self._send("send_for_page", service, operation, some, region=region)
            yield reply.get(key, [])
            token = reply.get("NextToken")
            if not token:
                return

    async def body(self, service: str, operation: str, /, **params: Any) -> bytes:
        """Like ``call``, but returns the raw reply, for replies too large for the library's parser."""
        body: bytes = await self._send("send_for_body", service, operation, params)
        return body

    async def with_region(self, region: str) -> Session:
        """The same session in another region (id, or part of its name), with the same credentials."""
        other = Session(replace(self.choice, region=region), ask_code=self._ask_code)
        await self._get_clients()
        other._credentials = self._credentials
        other._identity = self._identity
        other._login_worked = self._login_worked
        other.account_profiles = self.account_profiles
        other._accounts = self._accounts
        other._are_accounts_known = self._are_accounts_known
        return other

    async def close(self) -> None:
        if self._cached_clients is not None:
            await self._cached_clients.close()

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def _send(
        self, how: str, service: str, operation: str, params: dict[str, Any], *, region: str | None = None
    ) -> Any:
        if not operation.startswith(READ_PREFIXES):
            await self.find_guards()
            self.require_permitted(operation)
        try:
            clients = await self._get_clients()
            if not self.region:
                await clients.sign_in()
                raise no_region_error()
            reply = await getattr(clients, how)(service, operation, params, region)
        except Fe2Error as error:
            await self._on_error(error)
            raise
        except Exception as error:
            from fe2tui.aws.errors import region_not_enabled_error, translate

            our_error = translate(
                error,
                action=f"{service}:{operation}",
                profile=self.profile,
                endpoint=self.endpoint,
                login_worked=self._login_worked,
            )
            code = our_error.code if isinstance(our_error, CredentialsError) else None
            if code in _LOGIN_REJECTED and await self._works_only_in_main_region():
                message = getattr(error, "response", {}).get("Error", {}).get("Message", "")
                our_error = region_not_enabled_error(self.region, str(code), message)
            await self._on_error(our_error)
            if isinstance(our_error, DeniedError) and our_error.encoded_message:
                await self._explain(our_error)
            raise our_error from error
        self._login_worked = self._login_worked or how != "credentials"
        return reply

    async def _works_only_in_main_region(self) -> bool:
        """Whether STS accepts the login in the main region of the partition, and not in this one."""
        main = next((region for prefix, region in _MAIN_REGIONS if self.region.startswith(prefix)), "us-east-1")
        if self.region == main:
            return False
        works: list[bool] = []
        clients = await self._get_clients()
        for region in (self.region, main):
            try:
                async with asyncio.timeout(self.choice.read_timeout):
                    await clients.send("sts", "GetCallerIdentity", {}, region)
                works.append(True)
            except Exception:  # of AWS, its library or the network: only an answer counts
                works.append(False)
        return works == [False, True]

    async def _explain(self, error: DeniedError) -> None:
        """Add AWS's encoded reason to the error: decoded if the login may do that, else how to decode it."""
        encoded = error.encoded_message
        reason = f"To read AWS's reason: aws sts decode-authorization-message --encoded-message {encoded}"
        with suppress(Exception):  # of AWS, of the network, or of a text that is not as documented
            from fe2tui.aws.errors import decoded_reason

            async with asyncio.timeout(self.choice.read_timeout):
                clients = await self._get_clients()
                reply = await clients.send("sts", "DecodeAuthorizationMessage", {"EncodedMessage": encoded})
            reason = decoded_reason(reply["DecodedMessage"])
        error.remedy = f"{error.remedy} {reason}"

    async def _on_error(self, error: Fe2Error) -> None:
        """Credentials that failed are resolved again: the user may have fixed them meanwhile."""
        if isinstance(error, CredentialsError) and self._cached_clients is not None:
            self._identity = None
            self._login_worked = False
            await self._cached_clients.forget_credentials()

    async def _get_clients(self) -> Clients:
        if self._cached_clients is None and not _load_library.cache_info().currsize:
            await asyncio.to_thread(_load_library)
        if self._cached_clients is None:  # two simultaneous calls may both have waited
            clients, credentials = _load_library()
            choice = self.choice
            self._credentials = self._credentials or credentials.ProfileCredentials(
                choice.profile, self.region, self._ask_code
            )
            timeouts = (choice.connect_timeout, choice.read_timeout)
            self._cached_clients = clients.Clients(
                self._credentials, self.region, choice.endpoint_url, timeouts, choice.first_retry_wait
            )
        return self._cached_clients

    def _warm_up(self) -> None:
        clients, _ = _load_library()
        asyncio.run(clients.warm_up(self.region or "us-east-1", sso=self._is_sso))


def profile_names() -> list[str]:
    """The profiles in ~/.aws/config and ~/.aws/credentials (or where the environment points), in their order."""
    return list(aws_config.read().profiles)


def default_region(profile: str | None = None) -> str | None:
    found = aws_config.read()
    return found.region(found.profile(profile))


def effective_choice(
    settings: Settings,
    *,
    region: str | None = None,
    profile: str | None = None,
    endpoint_url: str | None = None,
    read_only: bool = False,
) -> Choice:
    """The choice for a session, from options (None if not given), environment and settings.

    A profile in the environment is left to AWS's own library: an explicit profile would make it ignore credentials in
    the environment. Source: SDK guide, credential precedence.
    """
    named_profile = os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE")
    has_keys = bool(os.environ.get("AWS_ACCESS_KEY_ID"))
    named_region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    of_profile = profile is not None and default_region(profile) is not None  # the profile has a region of its own
    return Choice(
        profile=profile or (None if named_profile or has_keys else settings.profile),
        region=region or (None if named_region or of_profile else settings.region),
        endpoint_url=endpoint_url,
        read_only=read_only or settings.read_only,
        read_only_profiles=settings.read_only_profiles,
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
    )


async def enabled_regions(session: Session, *, or_all: bool = True) -> list[str]:
    """The ids of the regions enabled for the account; all known ones if that may not be read.

    With ``or_all`` False, raises DeniedError then.
    """
    try:
        reply = await session.call("ec2", "DescribeRegions", AllRegions=False)
    except DeniedError:
        if not or_all:
            raise
        return list(REGIONS)
    return sorted(str(region["RegionName"]) for region in reply.get("Regions", []))


def _resolve_region(text: str) -> str:
    found = find_region(text)
    if found is not None:
        return found
    if _REGION_ID_PATTERN.fullmatch(text):
        return text  # a region newer than this program
    raise unknown_region_error(text)


@lru_cache(maxsize=1)
def _load_library() -> tuple[Any, Any]:
    from fe2tui.aws import clients, credentials

    clients.prepare_service_models()
    return clients, credentials
