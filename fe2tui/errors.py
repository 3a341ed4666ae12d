"""What can go wrong, as people meet it.

Every error says what happened (``summary``), what to do next (``remedy``, may be empty) and carries AWS's own ``code``
when there is one. ``exit_code`` is what the shell returns.

::

    Fe2Error                       1
    ├── UsageError                 2   what was asked for makes no sense; nothing was sent
    │   ├── FieldError             2   … and one field of a form or one option is to blame
    │   └── SettingError           2   config.toml
    ├── NotFoundError              3   no such thing
    │   └── AmbiguousError         3   more than one has that name
    ├── CredentialsError           4
    │   ├── NoCredentialsError     4   none found, or no such profile
    │   ├── ExpiredError           4   a session or token ran out
    │   └── MfaNeededError         4   a one-time code is wanted
    ├── ReadOnlyError              1   a changing call under --read-only
    ├── StoreError                 1   our own database
    ├── AwsError                   1   AWS refused, or could not be reached
    │   ├── DeniedError            1   the login may not do this
    │   ├── ThrottledError         1
    │   ├── CapacityError          1   no machines of that type in that zone now
    │   │   ├── NoCapacityError    1   … nor in any other zone where it was looked for: nothing was launched
    │   │   └── StartAfterChangeError 1 … and the type was changed already: it is stopped, with the new one
    │   ├── QuotaError             1   the account's own limit
    │   ├── StateError             1   not possible in the state the thing is in
    │   ├── ProtectedError         1   termination protection
    │   ├── ClockError             1   this computer's clock is wrong
    │   └── UnreachableError       1   no answer, or a broken one
    │       └── UnreadableError    1   … or one that is not AWS's
    ├── MachineError               1   ssh
    │   ├── NoAddressError         1
    │   ├── UnansweredError        1   refused or timed out
    │   ├── PermissionDeniedError  1   no key that the machine accepts
    │   ├── HostKeyChangedError    1   never connected to
    │   ├── KeyFileError           1   a private key is missing, or must not be overwritten
    │   │   └── KeyNeedsPersonError 1  … or somebody must type its passphrase or touch its device
    │   └── PortTakenError         1   a local port for a tunnel
    └── InterruptedByUser        130
"""

from __future__ import annotations

from collections.abc import Sequence


class Fe2Error(Exception):
    """The root of all that this program raises on purpose."""

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
    """What was asked for makes no sense; nothing was sent."""

    exit_code = 2


class FieldError(UsageError):
    """One field of a form, or one option, is to blame: ``field`` is its name in the request class."""

    def __init__(self, field: str, summary: str, remedy: str = "", *, code: str | None = None) -> None:
        super().__init__(summary, remedy, code=code)
        self.field = field


class SettingError(UsageError):
    """config.toml has an unknown key or a wrong value; the summary names the key."""


class NotFoundError(Fe2Error):
    """There is no such instance, image, key, region."""

    exit_code = 3


class AmbiguousError(NotFoundError):
    """More than one thing has that name; ``candidates`` are their ids, each with a few words."""

    def __init__(self, summary: str, remedy: str = "", *, candidates: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(summary, remedy)
        self.candidates = tuple(candidates)


class CredentialsError(Fe2Error):
    """AWS does not know who is asking."""

    exit_code = 4


class NoCredentialsError(CredentialsError):
    """No credentials were found, or there is no such profile."""


class ExpiredError(CredentialsError):
    """The session or token ran out."""


class MfaNeededError(CredentialsError):
    """A one-time code of the device ``serial`` is wanted, and nobody is there to type it."""

    def __init__(self, summary: str, remedy: str = "", *, serial: str = "") -> None:
        super().__init__(summary, remedy)
        self.serial = serial


class ReadOnlyError(Fe2Error):
    """A changing call was refused because this session may only read."""


class StoreError(Fe2Error):
    """Our own database cannot be read or written."""


class AwsError(Fe2Error):
    """AWS refused, or could not be reached; the base of what has no class of its own."""


class DeniedError(AwsError):
    """The login may not do this; the summary names the action."""


class ThrottledError(AwsError):
    """Too many calls; AWS wants us to wait."""


class CapacityError(AwsError):
    """AWS has no free machines of that type in that zone now, or does not offer the type there."""


class NoCapacityError(CapacityError):
    """A launch for which no zone had a machine: nothing was launched; ``zones`` are those that were asked.

    Waiting, another type, or another way to buy may help.
    """

    def __init__(
        self, summary: str, remedy: str = "", *, zones: Sequence[str], type_name: str = "", code: str | None = None
    ) -> None:
        super().__init__(summary, remedy, code=code)
        self.zones = tuple(zones)
        self.type_name = type_name


class StartAfterChangeError(CapacityError):
    """The type was changed, and then AWS did not start it: it is stopped, with the new type.

    AWS had no capacity, or the zone does not have the type, or the account may run no more of it.
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
    """Not possible in the state that the thing is in."""


class ProtectedError(AwsError):
    """Termination or stop protection is on."""


class ClockError(AwsError):
    """This computer's clock differs too much from AWS's."""


class UnreachableError(AwsError):
    """No answer, a broken connection, or an answer that cannot be read."""


class UnreadableError(UnreachableError):
    """Something answered, and it was not what AWS sends."""


class MachineError(Fe2Error):
    """An instance could not be reached or used over ssh."""


class NoAddressError(MachineError):
    """The instance has no address that can be reached from here."""


class UnansweredError(MachineError):
    """The instance refused the connection, or did not answer in time."""


class PermissionDeniedError(MachineError):
    """The machine accepts none of the keys that were offered."""


class HostKeyChangedError(MachineError):
    """The machine's host key is not the one known: no connection was made."""


class KeyFileError(MachineError):
    """A private key file is missing, unreadable, or already there and not to be overwritten."""


class KeyNeedsPersonError(KeyFileError):
    """A private key can only be used by somebody who types a passphrase, touches a device or allows it."""


class PortTakenError(MachineError):
    """A local port wanted for a tunnel is in use; ``free`` is the next one that is not."""

    def __init__(self, summary: str, remedy: str = "", *, port: int, free: int) -> None:
        super().__init__(summary, remedy)
        self.port = port
        self.free = free


class InterruptedByUser(Fe2Error):
    """A person asked for it to end."""

    exit_code = 130
