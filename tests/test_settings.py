"""config.toml is read whole or refused with words that lead to the line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from fe2tui.errors import SettingError
from fe2tui.settings import ProfileSettings, Settings, load, setting_description


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_missing_file_means_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "none.toml") == Settings()


def test_the_file_is_the_one_in_our_configuration_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FE2TUI_HOME", str(tmp_path))
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.toml").write_text('region = "Ohio"\n')
    assert load().region == "Ohio"


def test_every_kind_of_value_is_read(written: Callable[[str], Path]) -> None:
    settings = load(
        written(
            'profile = "work"\nport = 2222\nkey_file = "~/k.pem"\nuse_private_address = true\nquick_seconds = 3\n'
            'notify = "notify-send fe2tui"\naddress_url = ""\ncolumns = ["state", "tag:owner"]\n[keys]\nlaunch = "n"\n'
            '[profiles.production]\ncolour = "red"\nread_only = true\n'
        )
    )
    assert (settings.long_run_hours, settings.high_cost, settings.cpu_chart) == (24.0, 50.0, None)
    assert (settings.profile, settings.port, settings.use_private_address) == ("work", 2222, True)
    assert settings.notify == "notify-send fe2tui"
    assert settings.key_file == Path("~/k.pem").expanduser()
    assert (settings.quick_seconds, settings.address_url, settings.columns) == (3.0, "", ("state", "tag:owner"))
    assert settings.keys == {"launch": "n"}
    assert settings.for_profile("production") == ProfileSettings("red", True)
    assert settings.for_profile("other") == ProfileSettings()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("# a comment\nregoin = 'x'\n", ["line 2", "“regoin” is not a setting", "Did you mean “region”?", "profile"]),
        ("port = 0\n", ["line 1", "“port” is 0", "from 1 to 65535"]),
        ("port = true\n", ["“port” is True"]),
        ('read_only = "yes"\n', ["“read_only”", "true or false"]),
        ("quick_seconds = 0.01\n", ["“quick_seconds”", "from 0.5 to 3600"]),
        ("high_cost = -1\n", ["“high_cost” is -1", "from 0 to 1000000"]),
        ("long_run_hours = nan\n", ["“long_run_hours” is nan", "from 0 to 1000000"]),
        ('notify = "say \'"\n', ["“notify”", "true, false or a command"]),
        ("notify = 1\n", ["“notify” is 1", "true, false or a command"]),
        ('cpu_chart = "yes"\n', ["“cpu_chart”", "true or false"]),
        ('address_url = "checkip"\n', ["“address_url”", "https://"]),
        ("columns = 'state'\n", ["“columns”", "list of texts"]),
        ("[keys]\nlaunch = 3\n", ["line 1", "“keys”", "table of texts"]),
        ("profiles = 3\n", ["“profiles”", "[profiles.production]"]),
        (
            "[profiles.a]\nread_only = true\n\n[profiles.b]\nread_only = 1\n",
            ["line 5", "“read_only” is 1", "true or false"],
        ),
        ("[profiles.b]\ncolor = 'red'\n", ["line 2", "“color” is not a setting", "Did you mean “colour”?"]),
        ("port = \n", ["not valid TOML", "line 1"]),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_key_and_line(
    written: Callable[[str], Path], text: str, parts: list[str]
) -> None:
    with pytest.raises(SettingError) as refused:
        load(written(text))
    for part in parts:
        assert part in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_file_that_cannot_be_read_is_an_error_and_not_the_defaults(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_a_file_of_another_encoding_is_refused_and_a_byte_order_mark_is_not(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('profile = "dev"\n', encoding="utf-16")
    with pytest.raises(SettingError, match="cannot be read: it is not encoded as UTF-8"):
        load(file)
    file.write_text('profile = "dev"\n', encoding="utf-8-sig")
    assert load(file).profile == "dev"


@pytest.mark.parametrize("of", [Settings, ProfileSettings])
def test_every_setting_says_what_it_means(of: type[Settings] | type[ProfileSettings]) -> None:
    for each in fields(of):
        assert setting_description(each).endswith((".", "…")), each.name
