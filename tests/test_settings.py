"""config.toml: what is right counts, what is wrong is said with words that lead to the line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from fe2tui.errors import SettingError
from fe2tui.settings import ProfileSettings, Settings, load, read, setting_description


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
            '[profiles.production]\ncolor = "red"\nread_only = true\n'
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


NOTHING = "nothing can be changed at all"


@pytest.mark.parametrize(
    ("text", "parts", "is_read_only"),
    [
        ("regoin = 'x'\n", ["line 2", "“regoin” is not a setting", "Did you mean “region”?", NOTHING], True),
        ("them = 'x'\n", ["line 2", "“them” is not a setting", "Did you mean “theme”?", "It is ignored."], False),
        ("nonsense = 1\n", ["“nonsense” is not a setting", "There are: ", "It is ignored."], False),
        ("readonly = true\n", ["Did you mean “read_only”?", NOTHING], True),
        ('read_only = "yes"\n', ["“read_only”", "true or false", NOTHING], True),
        ("profile = 5\n", ["“profile” is 5", "a text in quotes", NOTHING], True),
        ("profiles = 3\n", ["“profiles”", "[profiles.production]", NOTHING], True),
        ("[profile.b]\nread_only = true\n", ["line 2", "“profile” is {", NOTHING], True),
        ("port = 0\n", ["line 2", "“port” is 0", "from 1 to 65535", "It is ignored."], False),
        ("port = true\n", ["“port” is True"], False),
        ("quick_seconds = 0.01\n", ["“quick_seconds”", "from 0.5 to 3600"], False),
        ("high_cost = -1\n", ["“high_cost” is -1", "from 0 to 1000000"], False),
        ("long_run_hours = nan\n", ["“long_run_hours” is nan", "from 0 to 1000000"], False),
        ('notify = "say \'"\n', ["“notify”", "true, false or a command"], False),
        ("notify = 1\n", ["“notify” is 1", "true, false or a command"], False),
        ("columns = 'state'\n", ["“columns”", "list of texts"], False),
        ("[keys]\nlaunch = 3\n", ["line 3", "“launch” is 3", "a text in quotes", "It is ignored."], False),
    ],
)
def test_a_wrong_setting_is_left_out_and_said_and_one_that_may_be_a_guard_guards(
    written: Callable[[str], Path], text: str, parts: list[str], is_read_only: bool
) -> None:
    settings, (problem,) = read(written(f'theme = "nord"\n{text}'))
    for part in parts:
        assert part in str(problem)
    assert settings == Settings(theme="nord", read_only=is_read_only), "the others count"


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ('cpu_chart = "no"\n', "cpu_chart", False),
        ('address_url = "never"\n', "address_url", ""),
        ("other_regions = 0\n", "other_regions", False),
    ],
)
def test_what_asks_for_more_is_off_while_its_setting_is_wrong(
    written: Callable[[str], Path], text: str, name: str, value: object
) -> None:
    settings, (problem,) = read(written(text))
    assert getattr(settings, name) == value and f"“{name}” is" in str(problem)
    assert problem.remedy.endswith("Until it is corrected, it is off.")


def test_a_wrong_setting_of_a_profile_guards_the_account_of_that_profile_unless_it_is_its_colour(
    written: Callable[[str], Path],
) -> None:
    text = (
        "[profiles.a]\ncolr = 'red'\n\n[profiles.b]\nread_only = 1\n\n[profiles.c]\nsafe = true\n\n"
        "[profiles.d]\ncolour = 3\n\n[keys]\nlaunch = 'n'\nstop = 4\n"
    )
    settings, problems = read(written(text))
    assert settings.read_only_profiles == ("b", "c") and not settings.read_only
    assert settings.keys == {"launch": "n"}
    guarded = "Until it is corrected, nothing can be changed in the account of profile"
    for problem, parts in zip(
        problems,
        (
            ("line 2: “colr” is not a setting.", "Did you mean “colour”?", "It is ignored."),
            ("line 5: “read_only” is 1.", f"true or false. {guarded} b."),
            ("line 8: “safe” is not a setting.", f"{guarded} c."),
            ("line 11: “colour” is 3.", "It is ignored."),
            ("line 15: “stop” is 4.", "It is ignored."),
        ),
        strict=True,
    ):
        assert all(part in str(problem) for part in parts), str(problem)


def test_a_file_that_is_not_toml_is_refused(written: Callable[[str], Path]) -> None:
    with pytest.raises(SettingError, match=r"not valid TOML: .*line 1") as refused:
        load(written("port = \n"))
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
