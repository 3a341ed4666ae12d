"""The exceptions that fe2tui raises on purpose.

Every error says what happened (``summary``), what to do next (``remedy``, may be empty) and has AWS's own ``code``
where there is one. ``exit_code`` is what the shell returns.

::

    Fe2Error                       1
    ├── UsageError                 2   a wrong request; nothing was sent
    │   ├── FieldError             2   … because of one field of a form, or one option
    │   └── SettingError           2   config.toml
    ├── NotFoundError              3   no such instance, image, key pair, region …
    │   └── AmbiguousError         3   several things have that name
    ├── CredentialsError           4
    │   ├── NoCredentialsError     4   none found, or no such profile
    │   ├── ExpiredError           4   a session or token has expired
    │   └── MfaNeededError         4   a one-time code is needed
    ├── ReadOnlyError              1   a changing call under --read-only
    ├── StoreError                 1   fe2tui's own database
    ├── AwsError                   1   AWS refused, or could not be reached
    │   ├── DeniedError            1   the login may not do this
    │   ├── ThrottledError         1
    │   ├── CapacityError          1   no capacity for that type in that zone now
    │   │   ├── NoCapacityError    1   … nor in any other zone that was tried: nothing was launched
    │   │   └── StartAfterChangeError 1 … after the type was changed: the instance is stopped
    │   ├── QuotaError             1   the account's own limit
    │   ├── StateError             1   not possible in the present state
    │   ├── ProtectedError         1   termination protection
    │   ├── ClockError             1   this computer's clock is wrong
    │   └── UnreachableError       1   no answer, or a broken one
    │       ├── UnreadableError    1   … or an answer that is not AWS's
    │       └── UnknownResultError 1   … to a change, and whether it was made could not be looked up either
    ├── MachineError               1   ssh
    │   ├── NoAddressError         1
    │   ├── UnansweredError        1   refused or timed out
    │   ├── PermissionDeniedError  1   the instance accepts none of the keys
    │   ├── HostKeyChangedError    1   not the known host key: no connection
    │   ├── KeyFileError           1   a private key is missing, or must not be overwritten
    │   │   └── KeyNeedsPersonError 1  … or it needs a passphrase or a touch
    │   └── PortTakenError         1   a local port for a tunnel is in use
    └── InterruptedByUser        130
"""

from __future__ import annotations

from collections.abc import Sequence


class Fe2Error(Exception):
    """The base of all of them."""

    exit_code: int = 1

    def __init__(self, summary: str, remedy: str = "", *, code: str | None = None) -> None:
        super().__init__(summary)
        self.summary = summary
        self.remedy = remedy
        self.code = code

    def __str__(self) -> str:
        code = f" ({self.code})" if self.code else ""
        return " ".join(part for part in (f"{self.summary}{code}", self.remedy) if part)


class UsageError(Fe2Error):
    """The request is wrong; nothing was sent."""

    exit_code = 2


class FieldError(UsageError):
    """One field of a form, or one option, is wrong; ``field`` is its name in the request class.

    Where AWS refused it, ``exit_code`` is 1.
    """

    def __init__(self, field: str, summary: str, remedy: str = "", *, code: str | None = None) -> None:
        super().__init__(summary, remedy, code=code)
        self.field = field


class SettingError(UsageError):
    """config.toml has an unknown key or a wrong value; the summary names the key."""


class NotFoundError(Fe2Error):
    """There is no such instance, image, key pair, region …"""

    exit_code = 3


class AmbiguousError(NotFoundError):
    """Several things have that name; ``candidates`` are their ids, each with a description."""

    def __init__(self, summary: str, remedy: str = "", *, candidates: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(summary, remedy)
        self.candidates = tuple(candidates)


class CredentialsError(Fe2Error):
    """AWS does not accept the login."""

    exit_code = 4


class NoCredentialsError(CredentialsError):
    """No credentials were found, or there is no such profile."""


class ExpiredError(CredentialsError):
    """The session or token has expired."""


class MfaNeededError(CredentialsError):
    """A one-time code of the device ``serial`` is needed, and cannot be typed here."""

    def __init__(self, summary: str, remedy: str = "", *, serial: str = "") -> None:
        super().__init__(summary, remedy)
        self.serial = serial


class ReadOnlyError(Fe2Error):
    """A changing call was refused because this session may only read."""


class StoreError(Fe2Error):
    """The store cannot be read or written."""


class AwsError(Fe2Error):
    """AWS refused, or could not be reached. Raised as it is for errors without a class of their own.

    ``may_be_done``: if the call was to change something, the change may have been made all the same.
    """

    may_be_done = False


class DeniedError(AwsError):
    """The login may not do this; the summary names the action, and the resource if AWS names one.

    ``encoded_message`` is AWS's encoded reason, which ``sts:DecodeAuthorizationMessage`` decodes; mostly empty.
    """

    encoded_message: str = ""


class ThrottledError(AwsError):
    """AWS limits the number of calls."""


class CapacityError(AwsError):
    """AWS has no capacity for that type in that zone now, or does not offer the type there."""


class NoCapacityError(CapacityError):
    """No zone had capacity for a launch: nothing was launched. ``zones`` are those that were tried."""

    def __init__(
        self, summary: str, remedy: str = "", *, zones: Sequence[str], type_name: str = "", code: str | None = None
    ) -> None:
        super().__init__(summary, remedy, code=code)
        self.zones = tuple(zones)
        self.type_name = type_name


class StartAfterChangeError(CapacityError):
    """AWS did not start an instance after its type was changed: it is stopped, with the new type.

    AWS had no capacity, the zone does not offer the type, or the account's limit is reached.
    """

    def __init__(
        self,
        summary: str,
        remedy: str = "",
        *,
        instance_id: str,
        old_type: str,
        new_type: str,
        code: str | None = None,
    ) -> None:
        super().__init__(summary, remedy, code=code)
        self.instance_id = instance_id
        self.old_type = old_type
        self.new_type = new_type


class QuotaError(AwsError):
    """The account's own limit is reached."""


class StateError(AwsError):
    """Not possible in the present state."""


class ProtectedError(AwsError):
    """Protection is on, ``against`` termination or stop."""

    against = "termination"


class ClockError(AwsError):
    """This computer's clock differs too much from AWS's."""


class UnreachableError(AwsError):
    """No answer, a broken connection, or an answer that cannot be read."""

    may_be_done = True


class UnreadableError(UnreachableError):
    """The answer does not come from AWS: a proxy's page, for example."""


class UnknownResultError(UnreachableError):
    """AWS did not answer a change, and whether the change was made could not be looked up: it is still open."""


class MachineError(Fe2Error):
    """An instance could not be reached or used over ssh."""


class NoAddressError(MachineError):
    """The instance has no address that can be reached from here."""


class UnansweredError(MachineError):
    """The instance refused the connection, or did not answer in time."""


class PermissionDeniedError(MachineError):
    """The instance accepts none of the keys that were offered."""


class HostKeyChangedError(MachineError):
    """The instance's host key is not the known one: no connection was made."""


class KeyFileError(MachineError):
    """A private key file is missing, unreadable, or would be overwritten."""


class KeyNeedsPersonError(KeyFileError):
    """A private key needs a person: to type its passphrase, to touch its device, or to allow its use."""


class PortTakenError(MachineError):
    """A local port for a tunnel is in use; ``free`` is the next free one."""

    def __init__(self, summary: str, remedy: str = "", *, port: int, free: int) -> None:
        super().__init__(summary, remedy)
        self.port = port
        self.free = free


class InterruptedByUser(Fe2Error):
    """The user pressed ctrl+c."""

    exit_code = 130
