"""config.toml: every setting, its meaning and its default.

A flag counts before an environment variable, that before config.toml, and that before ~/.aws/config. A missing file is
an empty one. An unknown key or a wrong value is left out, and reported with its line. Where it may have been meant to
guard an account, or to choose one, the guard is on instead: what was meant is not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from fe2tui import paths
from fe2tui.errors import SettingError

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class _Problem:
    """An unknown key or a wrong value: the path of the key, what is wrong, and what would be right.

    ``guards``: what it sets may have been meant to protect the account, or to choose another one.
    """

    key_path: tuple[str, ...]
    summary: str
    remedy: str
    guards: bool = False

    @property
    def profile(self) -> str:
        """The profile whose settings it is in; else empty."""
        return self.key_path[1] if self.key_path[0] == "profiles" and len(self.key_path) > 1 else ""


class _PartlyWrong(Exception):
    """A table that is wrong in part: its value without that part, and the problems, with paths inside it."""

    def __init__(self, value: Any, problems: list[_Problem]) -> None:
        super().__init__(problems)
        self.value = value
        self.problems = problems


_GUARDS = ("read_only", "profile", "profiles", "region")  # of the session; in a profile, all but its colour
_OFF_IF_WRONG: Mapping[str, object] = {"address_url": "", "cpu_chart": False, "other_regions": False}
"""Settings whose wrong value may be meant to keep something from being sent or billed: it is not."""


def _setting(default: _Value, check: Callable[[object], Any], words: str) -> _Value:
    """A field with its default, its meaning, and the check that a value from the file must pass."""
    declared: Any = (
        field(default_factory=dict, metadata={"check": check, "words": words})
        if isinstance(default, dict)
        else field(default=default, metadata={"check": check, "words": words})
    )
    return declared  # type: ignore[no-any-return]


def _check(
    is_right: Callable[[Any], bool], expected: str, convert: Callable[[Any], Any] = lambda it: it
) -> Callable[[object], Any]:
    def check(value: object) -> Any:
        if is_right(value):
            return convert(value)
        raise ValueError(expected)

    return check


def _number(least: float, most: float, expected: str) -> Callable[[object], float]:
    return _check(lambda it: type(it) in (int, float) and least <= it <= most, expected, float)


def _seconds(least: float) -> Callable[[object], float]:
    return _number(least, 3600, f"a number of seconds from {least:g} to 3600")


def _is_command(value: object) -> bool:
    import shlex

    try:
        return isinstance(value, str) and bool(shlex.split(value))
    except ValueError:  # a quote is not closed
        return False


_TEXT = 'a text in quotes, as in "us-east-2"'
_text = _check(lambda it: isinstance(it, str), _TEXT)
_path = _check(lambda it: isinstance(it, str), _TEXT, lambda it: Path(it).expanduser())
_flag = _check(lambda it: isinstance(it, bool), "true or false")
_port = _check(lambda it: type(it) is int and 1 <= it <= 65_535, "a whole number from 1 to 65535")
_notify = _check(
    lambda it: isinstance(it, bool) or _is_command(it), 'true, false or a command, as in "notify-send fe2tui"'
)
_amount = _number(0, 1_000_000, "a number from 0 to 1000000")
_texts = _check(
    lambda it: isinstance(it, list) and all(isinstance(one, str) for one in it),
    'a list of texts, as in ["state", "type"]',
    tuple,
)
_TEXT_TABLE = 'a table of texts, as in launch = "n"'


def _text_table(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError(_TEXT_TABLE)
    texts = {key: one for key, one in value.items() if isinstance(one, str)}
    problems = [
        _Problem((key,), f"“{key}” is {one!r}.", "It has to be a text in quotes.")
        for key, one in value.items()
        if key not in texts
    ]
    if problems:
        raise _PartlyWrong(texts, problems)
    return texts


def _address_url(value: object) -> str:
    url: str = _text(value)
    if url and not url.startswith(("https://", "http://")):
        raise ValueError('an address such as "https://checkip.amazonaws.com", or "" to never look it up')
    return url


@dataclass(frozen=True, slots=True)
class ProfileSettings:
    """Settings of one AWS profile: ``[profiles.NAME]``."""

    colour: str = _setting(
        "",
        _text,
        "Colour of the status line in the account of this profile, so that production looks different: red, #aa3355 …",
    )
    read_only: bool = _setting(False, _flag, "Refuse every change in this profile's account, as --read-only does.")


def _profiles(value: object) -> dict[str, ProfileSettings]:
    if not isinstance(value, dict):
        raise ValueError("tables, as in [profiles.production]")
    profiles: dict[str, ProfileSettings] = {}
    problems: list[_Problem] = []
    for name, table in value.items():
        if isinstance(table, dict):
            values, wrong = _check_table(ProfileSettings, table)
        else:
            values, wrong = {}, [_Problem((), f"“{name}” is {table!r}.", "It has to be a table.", guards=True)]
        if any(one.guards for one in wrong):
            values["read_only"] = True
        profiles[name] = ProfileSettings(**values)
        problems += [replace(one, key_path=(name, *one.key_path)) for one in wrong]
    if problems:
        raise _PartlyWrong(profiles, problems)
    return profiles


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; ``setting_description`` returns the meaning of each. Times are seconds."""

    profile: str | None = _setting(
        None, _text, "AWS profile to use when neither --profile, AWS_PROFILE nor keys in the environment are given."
    )
    region: str | None = _setting(
        None, _text, "Region, or part of its name (Ohio), when neither --region nor AWS_REGION is given."
    )
    user: str | None = _setting(None, _text, "Login user where neither the tag fe2:user nor the image says.")
    port: int = _setting(22, _port, "ssh port where the tag fe2:port does not say.")
    key_file: Path | None = _setting(
        None, _path, "Private key for ssh; without it, fe2tui looks for the key of the instance's key pair."
    )
    use_private_address: bool = _setting(
        False, _flag, "Reach machines at their private address, as from inside a VPN or the VPC."
    )
    address_url: str = _setting(
        "https://checkip.amazonaws.com",
        _address_url,
        "Service that returns your public address, for the security group; empty: never ask.",
    )
    connect_timeout: float = _setting(5.0, _seconds(0.1), "How long AWS may take to accept a connection.")
    read_timeout: float = _setting(20.0, _seconds(0.1), "How long a call waits for AWS's answer.")
    quick_seconds: float = _setting(2.0, _seconds(0.5), "Time between two reads while something moves.")
    slow_seconds: float = _setting(60.0, _seconds(5), "Time between two reads while nothing moves.")
    long_run_hours: float = _setting(
        24.0,
        _amount,
        "An instance that has run for more hours than this has an amber alert in the list and in the status line;"
        " 0: never."
        " The tag fe2:keep turns its alerts off.",
    )
    high_cost: float = _setting(
        50.0,
        _amount,
        "An instance whose run has cost more dollars than this within the last 30 days has a red alert; 0: never.",
    )
    cpu_chart: bool | None = _setting(
        None,
        _flag,
        "Show the CPU use of the running instances in view. Without it: not on AWS, where CloudWatch charges $0.01 for"
        " 1,000 figures, about $1 a month for 12 instances watched day and night; the command CPU turns it on for a"
        " while.",
    )
    notify: bool | str = _setting(
        True,
        _notify,
        "Tell the end of what took more than ten seconds while the terminal has no focus: true: by the bell and a"
        " notification of the terminal (OSC 9, OSC 777; in tmux with allow-passthrough on); false: not;"
        ' a command, as in "notify-send fe2tui": it gets the text as its last argument.',
    )
    links: bool = _setting(
        True, _flag, "Make ids links to the AWS console (OSC 8), for terminals that open links; false: plain text."
    )
    other_regions: bool = _setting(
        True,
        _flag,
        "While the dashboard is open, count the running instances of the account's other regions and what they cost per"
        " hour: two calls a region, every six hours, and every hour where something costs.",
    )
    read_only: bool = _setting(False, _flag, "Refuse every change, as --read-only does.")
    theme: str = _setting(
        "", _text, "Colour theme of the dashboard; empty: the one that was chosen last with the command Theme."
    )
    keys: Mapping[str, str] = _setting({}, _text_table, "[keys]: command = key, to bind other keys; see the key list.")
    columns: tuple[str, ...] = _setting(
        (), _texts, "Columns of the instances, in order; tag:NAME shows a tag; empty: as many as fit."
    )
    profiles: Mapping[str, ProfileSettings] = _setting(
        {},
        _profiles,
        "[profiles.NAME]: colour and read_only for one AWS profile and its account, whatever signs for it.",
    )

    @property
    def read_only_profiles(self) -> tuple[str, ...]:
        return tuple(name for name, one in self.profiles.items() if one.read_only)

    def for_profiles(self, names: Iterable[str]) -> ProfileSettings:
        """What counts for an account with these profiles: the strictest of each. Of colours, a read-only one's."""
        found = sorted(map(self.for_profile, names), key=lambda one: not one.read_only)
        colour = next((one.colour for one in found if one.colour), "")
        return ProfileSettings(colour, any(one.read_only for one in found))

    def for_profile(self, name: str) -> ProfileSettings:
        return self.profiles.get(name, ProfileSettings())


def setting_description(setting: Field[Any]) -> str:
    return str(setting.metadata["words"])


def load(path: Path | None = None) -> Settings:
    """The settings of a file, without what is wrong in it: ``read`` says what that is. Raises as ``read`` does."""
    return read(path)[0]


def read(path: Path | None = None) -> tuple[Settings, list[SettingError]]:
    """The settings of a file, by default config.toml in the configuration folder, and what is wrong in it.

    A wrong value, or an unknown key, is left out, or turns off what asks AWS or others for more. One that may guard an
    account makes the session, or the account of its profile, read-only. Raises SettingError for a file that cannot be
    read or is not TOML.
    """
    path = path or paths.config_file()
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin a file with a byte order mark
    except FileNotFoundError:
        return Settings(), []
    except UnicodeDecodeError as failure:
        raise SettingError(f"{path} cannot be read: it is not encoded as UTF-8.", "Save it as UTF-8.") from failure
    except OSError as failure:
        why = failure.strerror or failure
        raise SettingError(f"{path} cannot be read: {why}.", "Make it readable, or move it away.") from failure
    import tomllib

    try:
        values, problems = _check_table(Settings, tomllib.loads(text))
    except tomllib.TOMLDecodeError as failure:
        raise SettingError(f"{path} is not valid TOML: {failure}.", "Mend that line.") from failure
    if any(one.guards and not one.profile for one in problems):
        values["read_only"] = True
    return Settings(**values), [_error(path, text, one) for one in problems]


def _error(path: Path, text: str, problem: _Problem) -> SettingError:
    line = _line_of(text, problem.key_path)
    where = f"{path}, line {line}" if line else str(path)
    result = "Until it is corrected, it is off." if problem.key_path[0] in _OFF_IF_WRONG else "It is ignored."
    if problem.guards:
        whose = f"in the account of profile {problem.profile}" if problem.profile else "at all"
        result = f"Until it is corrected, nothing can be changed {whose}."
    return SettingError(f"{where}: {problem.summary}", f"{problem.remedy} {result}")


_OTHER_SPELLINGS = {"color": "colour"}


def _check_table(
    into: type[Settings] | type[ProfileSettings], table: Mapping[str, object]
) -> tuple[dict[str, Any], list[_Problem]]:
    """The values that are right, and what is wrong with the others."""
    known = {each.name: each for each in fields(into)}
    values: dict[str, Any] = {}
    problems: list[_Problem] = []
    for written, value in table.items():
        key = _OTHER_SPELLINGS.get(written, written)
        key = key if key in known and key not in table else written
        if key not in known:
            problems.append(_unknown_key(into, key, known))
            continue
        try:
            values[key] = known[key].metadata["check"](value)
        except ValueError as wrong:
            summary, remedy = f"“{key}” is {value!r}.", f"It has to be {wrong}."
            problems.append(_Problem((key,), summary, remedy, _is_guard(into, key)))
            if key in _OFF_IF_WRONG:
                values[key] = _OFF_IF_WRONG[key]
        except _PartlyWrong as found:
            values[key] = found.value
            problems += [replace(one, key_path=(key, *one.key_path)) for one in found.problems]
    return values, problems


def _is_guard(into: type[Settings] | type[ProfileSettings], key: str) -> bool:
    return key in _GUARDS if into is Settings else key != "colour"


def _unknown_key(into: type[Settings] | type[ProfileSettings], key: str, known: Iterable[str]) -> _Problem:
    from difflib import get_close_matches

    names = list(known)
    close = get_close_matches(key, names, n=1)
    there_are = f"There are: {', '.join(sorted(names))}."
    remedy = f"Did you mean “{close[0]}”? {there_are}" if close else there_are
    guards = _is_guard(into, close[0]) if close else into is ProfileSettings
    return _Problem((key,), f"“{key}” is not a setting.", remedy, guards)


def _line_of(text: str, key_path: tuple[str, ...]) -> int | None:
    """The number of the line that sets a key; None where this simple search does not find it."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            table = tuple(part.strip(" \"'") for part in header[1].split("."))
            if table[: len(key_path)] == key_path:
                return number
        elif (assigned := re.match(r"\s*([^=#]+?)\s*=", line)) and (
            *table,
            *(part.strip(" \"'") for part in assigned[1].split(".")),
        )[: len(key_path)] == key_path:
            return number
    return None
