"""The small forms: what is asked, what is answered, and that leaving does no harm."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen
from textual.widgets import Input, OptionList

from fe2tui.errors import MachineError, NoCredentialsError, PortTakenError
from fe2tui.model.command_text import CommandText
from fe2tui.tasks.connect import Connection
from fe2tui.tasks.impact import Impact, ImpactPart, ImpactRow
from fe2tui.tui.forms.confirm import ConfirmChoice, ConfirmForm
from fe2tui.tui.forms.connect import ConnectForm, replace_port
from fe2tui.tui.forms.error import ErrorForm
from fe2tui.tui.forms.export import ExportForm
from fe2tui.tui.forms.first_start import FirstStartForm
from fe2tui.tui.forms.impact import ImpactForm, ImpactRows
from fe2tui.tui.forms.mfa_code import MfaCodeForm
from fe2tui.tui.forms.picker import Picker, PickerItem, matching_items
from tests.tui.form_host import UNANSWERED, click_at_once, cut_off, error_of, opened, said, text_of, until, write

SMALL = (80, 24)


def _confirm() -> ConfirmForm:
    return ConfirmForm(
        "Stop base?",
        choices=(ConfirmChoice("y", "Stop", "stop"), ConfirmChoice("f", "Force", "force", is_destructive=True)),
    )


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["enter"], None),
        (["escape"], None),
        (["n"], None),
        (["y"], "stop"),
        (["f"], "force"),
        (["tab", "enter"], "stop"),
        (["right", "right", "enter"], "force"),
    ],
)
async def test_a_question_is_answered_no_unless_another_button_is_chosen(keys: list[str], answer: str | None) -> None:
    async with opened(_confirm()) as (pilot, host):
        await pilot.press(*keys)
        assert host.answer == answer


async def test_a_fault_in_what_a_form_reads_is_said_and_its_traceback_kept(clean_environment: Path) -> None:
    async def prepare(user: str | None, ports: str) -> Connection:
        raise ZeroDivisionError("no such thing")

    async with opened(ConnectForm("base", prepare)) as (pilot, host):
        await pilot.press("ctrl+s")
        await until(lambda: host._notifications)
        (toast,) = host._notifications
        assert toast.message.startswith(
            "A fault of fe2tui itself: ZeroDivisionError: no such thing Its traceback is in"
        )
        assert host.answer is UNANSWERED


async def test_a_countdown_goes_on_while_a_question_about_it_is_open() -> None:
    seconds = iter(range(50, 0, -1))
    async with opened(ConfirmForm("Cancel?", lambda: [f"Tries again in {next(seconds)}s."])) as (_, host):
        first = said(host, ".details")
        await until(lambda: said(host, ".details") != first)


async def test_a_submit_key_does_not_answer_a_question() -> None:
    async with opened(_confirm()) as (pilot, host):
        await pilot.press("ctrl+s")
        assert host.answer is UNANSWERED


async def test_a_question_can_be_answered_by_mouse() -> None:
    async with opened(_confirm()) as (pilot, host):
        await pilot.click("#choice-0")
        assert host.answer == "stop"


async def test_foreign_text_in_a_question_is_neither_markup_nor_control() -> None:
    async with opened(ConfirmForm("Stop [red]x[/] \x1b[31m?")) as (_, host):
        assert said(host, ".question") == "Stop [red]x[/] \\x1b[31m?"


ITEMS = [
    PickerItem(name, name, words, name == "us-east-2")
    for name, words in (("us-east-1", "Virginia"), ("us-east-2", "Ohio"), ("eu-west-1", "Ireland"))
]


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["enter"], "us-east-2"),
        (["down", "enter"], "eu-west-1"),
        (["up", "ctrl+s"], "us-east-1"),
        ([*"irel", "enter"], "eu-west-1"),
        ([*"us", "down", "enter"], "us-east-2"),
        ([*"nowhere", "enter"], UNANSWERED),
        (["escape"], None),
    ],
)
async def test_one_is_picked_from_a_list_that_filters_as_one_types(keys: list[str], answer: object) -> None:
    async with opened(Picker("Region", ITEMS)) as (pilot, host):
        await pilot.press(*keys)
        assert host.answer == answer


COMMAND_ITEMS = [
    PickerItem("change_type", "Type", "Change the type of the instance."),
    PickerItem("terminate", "Terminate", "Terminate the instance."),
    PickerItem("stop_or_start", "Stop", "Stop the instance if it runs, start it if it is stopped."),
    PickerItem("connect_with", "Connect with …", "Connect as another user, or with tunnels to ports of the instance."),
]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("t", ["Type", "Terminate", "Stop", "Connect with …"]),
        ("with", ["Connect with …"]),
        ("tunnel", ["Connect with …"]),
        ("start", ["Stop"]),
        ("chtype", ["Type"]),
        ("trmt", ["Terminate"]),
        ("instance type", ["Type"]),
        ("xyz", []),
    ],
)
def test_what_is_typed_is_found_by_beginnings_words_and_letters(typed: str, found: list[str]) -> None:
    labels = [item.label for item in matching_items(COMMAND_ITEMS, typed)]
    assert labels == found


async def test_a_long_hint_goes_on_in_the_next_line_and_the_frame_says_enter() -> None:
    async with opened(Picker("Commands", COMMAND_ITEMS, submit_word="Run", is_wide=True), (60, 20)) as (pilot, host):
        lines = [line.strip("│ ") for line in text_of(host).splitlines()]
        first = next(number for number, line in enumerate(lines) if line.startswith("Connect with"))
        assert lines[first : first + 2] == [
            "Connect with …  Connect as another user, or with",
            "tunnels to ports of the instance.",
        ]
        assert "enter Run" in text_of(host) and "^s" not in text_of(host) and "…" not in lines[first + 1]
        await pilot.press("ctrl+d", "ctrl+u", "ctrl+f", "enter")
        assert host.answer == "connect_with"


async def test_one_is_picked_by_mouse() -> None:
    async with opened(Picker("Region", ITEMS)) as (pilot, host):
        await pilot.click(OptionList, offset=(5, 2))
        assert host.answer == "eu-west-1"


async def test_a_click_on_an_item_that_the_filter_has_removed_meanwhile_picks_nothing() -> None:
    async with opened(Picker("Region", ITEMS)) as (pilot, host):
        options = host.form.query_one(OptionList)
        at = options.region.offset
        host.form.query_one(Input).value = "virginia"
        while options.option_count > 1:
            await asyncio.sleep(0)
        click_at_once(host, at.x + 5, at.y + 2)
        await pilot.pause()
        assert host.answer is UNANSWERED


async def test_a_double_click_in_a_list_picks_once() -> None:
    async with opened(Picker("Region", ITEMS)) as (pilot, host):
        at = host.form.query_one(OptionList).region.offset
        click_at_once(host, at.x + 5, at.y + 2, times=3)
        await pilot.pause()
        assert host.answer == "eu-west-1"


async def test_a_form_that_was_answered_takes_no_second_answer() -> None:
    async with opened(_confirm()) as (pilot, host):
        assert isinstance(host.form, ConfirmForm)
        host.form.action_choose(0)
        host.form.action_leave()
        await pilot.pause()
        assert host.answer == "stop"


@pytest.mark.parametrize("typed", ["12345", "12345a", ""])
async def test_a_code_that_is_not_six_digits_is_not_sent(typed: str) -> None:
    async with opened(MfaCodeForm("arn:aws:iam::123456789012:mfa/jane")) as (pilot, host):
        await pilot.press(*typed, "enter")
        assert host.answer is UNANSWERED
        assert "six digits" in error_of(host, "code")


async def test_a_code_of_six_digits_is_the_answer() -> None:
    async with opened(MfaCodeForm("arn:aws:iam::123456789012:mfa/jane")) as (pilot, host):
        await pilot.press(*"012345", "enter")
        assert host.answer == "012345"


DELETED = ImpactPart("vol-1", "disk 100 GiB", "deleted", "deleted", Decimal(8))
KEPT = ImpactPart("vol-2", "disk data 500 GiB", "kept, $40.00 a month", "kept", Decimal(40))
SKIPPED = ImpactRow("i-9", "prod-db", "running 2m", skip_reason="tagged fe2:keep")


def _impact(*names: str, skipped: tuple[ImpactRow, ...] = ()) -> Impact:
    rows = [ImpactRow(f"i-{n:017x}", name, "running 2m", (DELETED, KEPT)) for n, name in enumerate(names)]
    sentences = ("Saves $0.20 an hour.", "This cannot be undone.")
    return Impact("terminate", "instance", "disk", (*rows, *skipped), Decimal(146), Decimal(40), sentences)


@pytest.mark.parametrize("typed", ["", "bas", "Base", "base2", "yes", "y"])
async def test_the_wrong_words_terminate_nothing(typed: str) -> None:
    async with opened(ImpactForm(_impact("base"))) as (pilot, host):
        await pilot.press(*typed, "enter", "ctrl+s")
        assert host.answer is UNANSWERED
        assert "nothing was done" in error_of(host, "typed")


@pytest.mark.parametrize("typed", ["base", "i-00000000000000000"])
async def test_the_name_or_the_id_of_one_terminates_it(typed: str) -> None:
    async with opened(ImpactForm(_impact("base"))) as (pilot, host):
        await write(pilot, typed)
        await pilot.press("enter")
        assert host.answer == ("i-00000000000000000",)


async def test_several_are_confirmed_by_their_count_and_not_by_a_name() -> None:
    async with opened(ImpactForm(_impact("a", "b", "c"))) as (pilot, host):
        await pilot.press("a", "enter")
        assert host.answer is UNANSWERED
        await pilot.press("backspace", "3", "enter")
        assert isinstance(host.answer, tuple) and len(host.answer) == 3


async def test_esc_leaves_the_impact_form_without_an_answer() -> None:
    async with opened(ImpactForm(_impact("base"))) as (pilot, host):
        await pilot.press(*"base", "escape")
        assert host.answer is None


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_the_impact_form_shows_ids_disks_and_what_is_left_out_at_every_size(size: tuple[int, int]) -> None:
    async with opened(ImpactForm(_impact("base", "x" * 60, skipped=(SKIPPED,))), size) as (_, host):
        rows = host.form.query_one("#rows", ImpactRows).text
        for words in (
            "base",
            "i-00000000000000001",
            "disk 100 GiB: deleted",
            "disk data 500 GiB: kept, $40.00 a month",
        ):
            assert words in rows
        assert "prod-db  left out: tagged fe2:keep" in rows
        width = host.form.query_one("#rows").scrollable_content_region.width
        assert all(len(line) <= width for line in rows.splitlines())
        assert not cut_off(host)


@pytest.mark.parametrize("width", range(80, 200, 8))
async def test_the_cost_of_a_kept_disk_is_never_cut(width: int) -> None:
    names = ["a-name-of-more-than-twenty-four-letters", "b"]
    async with opened(ImpactForm(_impact(*names)), (width, 36)) as (_, host):
        assert host.form.query_one("#rows", ImpactRows).text.count("500 GiB: kept, $40.00 a month") == len(names)


async def test_an_impact_of_thousands_draws_only_visible_rows() -> None:
    sheet = ImpactForm(_impact(*(f"m{n}" for n in range(5_000))))
    async with opened(sheet) as (pilot, host):
        rows = host.form.query_one("#rows", ImpactRows)
        assert rows.line_count >= 5_000 and rows.size.height < 36
        await pilot.press("pagedown")
        assert "m4999" in "".join(rows.line_at(rows.line_count - back).plain for back in (1, 2, 3))


async def test_a_name_that_cannot_be_typed_is_asked_for_by_its_id() -> None:
    async with opened(ImpactForm(_impact("日本\u202e"))) as (_, host):
        assert "i-00000000000000000" in said(host, "#ask")


async def test_with_many_instances_the_question_stays_visible() -> None:
    async with opened(ImpactForm(_impact(*(f"m{n}" for n in range(300)))), SMALL) as (pilot, host):
        assert not cut_off(host)
        await pilot.press("pagedown", "pagedown")
        assert host.form.query_one("#rows").scroll_y > 0
        assert not cut_off(host)


@pytest.mark.parametrize(
    ("keys", "answer"),
    [(["enter"], "demo"), (["d"], "demo"), (["r"], "retry"), (["q"], "quit"), (["P"], "profile"), (["escape"], None)],
)
async def test_without_credentials_the_form_offers_what_to_do(keys: list[str], answer: str | None) -> None:
    form = FirstStartForm(NoCredentialsError("No credentials.", "Sign in."), has_demo=True, profiles=2)
    async with opened(form) as (pilot, host):
        assert "aws configure" in said(host, ".commands")
        assert "aws sso login" in said(host, ".commands")
        await pilot.press(*keys)
        assert host.answer == answer


async def test_a_missing_demo_is_not_offered() -> None:
    async with opened(FirstStartForm(NoCredentialsError("No credentials."), has_demo=False)) as (pilot, host):
        await pilot.press("d")
        assert host.answer is UNANSWERED
        await pilot.press("enter")
        assert host.answer == "retry"


async def test_an_error_shows_what_happened_what_to_do_the_code_and_a_command_to_copy() -> None:
    error = MachineError("It broke.", "Mend it.", code="Broken")
    async with opened(ErrorForm("Connect", error, command="ssh base")) as (pilot, host):
        assert said(host, ".question") == "▲ It broke."
        assert said(host, ".remedy") == "Mend it."
        assert "Broken" in said(host, ".details")
        await pilot.press("y")
        assert host.answer == "copy"


KINDS = {".csv": "for spreadsheets", ".json": "for programs"}


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [("", "A file name is needed"), ("table.xls", "must end in .csv or .json"), ("no/such/a.csv", "no folder")],
)
async def test_a_file_that_cannot_be_written_is_an_error_beside_the_field(
    typed: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(ExportForm("3 rows", KINDS, path="")) as (pilot, host):
        await write(pilot, typed)
        await pilot.press("ctrl+s")
        assert host.answer is UNANSWERED
        assert wrong in error_of(host, "path")


async def test_the_file_typed_is_the_answer() -> None:
    async with opened(ExportForm("3 rows", KINDS, path="")) as (pilot, host):
        await write(pilot, "table.json")
        await pilot.press("enter")
        assert host.answer == Path("table.json").absolute()


async def test_the_export_form_shows_the_folder_that_it_writes_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(ExportForm("3 rows", KINDS, path="table.csv")) as (pilot, host):
        assert said(host, "#folder") == f"In the folder {tmp_path}"
        await pilot.press("home", *"../")
        await pilot.pause()
        assert said(host, "#folder") == f"In the folder {tmp_path / '..'}"


async def test_what_a_form_does_can_be_copied_as_a_line_for_the_shell_or_for_python() -> None:
    text = CommandText("fe2 stop base", "EC2('us-east-2').stop('base')")
    async with opened(ConfirmForm("Stop base?", command=text)) as (pilot, host):
        assert "As a command" in text_of(host)
        for keys, copied in (["enter"], text.shell), (["down", "enter"], text.python):
            await pilot.press("ctrl+y")
            await pilot.pause()
            assert isinstance(host.screen, Picker) and text.python in text_of(host)
            await pilot.press(*keys)
            await until(lambda copied=copied: host.clipboard == copied)  # type: ignore[misc]
        assert host.answer is UNANSWERED
    async with opened(_confirm()) as (pilot, host):
        await pilot.press("ctrl+y")
        assert host.screen is host.form


async def test_a_port_in_use_is_an_error_beside_its_field_and_the_next_free_one_is_offered() -> None:
    asked: list[tuple[str | None, str]] = []
    ready: Any = object()

    async def prepare(user: str | None, ports: str) -> Connection:
        asked.append((user, ports))
        if len(asked) == 1:
            raise PortTakenError("Port 8888 of this computer is in use.", port=8888, free=8890)
        return ready  # type: ignore[no-any-return]

    async with opened(ConnectForm("base", prepare)) as (pilot, host):
        await pilot.press(*"jane", "tab", *"8888", "ctrl+s")
        await pilot.pause()
        assert "8890 is free" in error_of(host, "ports")
        assert host.form.query_one("#ports Input", Input).value == "8890:8888"
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert asked == [("jane", "8888"), ("jane", "8890:8888")]
        assert host.answer is ready


def test_a_free_port_takes_the_place_of_the_taken_one_only() -> None:
    assert replace_port("8008, 8888, 9000:80", 8888, 8889) == "8008, 8889:8888, 9000:80"


FORMS: list[Screen[Any]] = [
    _confirm(),
    Picker("Region", ITEMS * 20),
    MfaCodeForm("arn:aws:iam::123456789012:mfa/jane", profile="prod"),
    ImpactForm(_impact("base")),
    ExportForm("3 rows", KINDS, path=""),
    FirstStartForm(NoCredentialsError("No credentials.", "Sign in."), has_demo=True, profiles=2),
    ErrorForm("Connect", MachineError("It broke.", "Mend it.")),
]


@pytest.mark.parametrize("number", range(len(FORMS)))
async def test_no_form_is_cut_off_on_the_smallest_terminal(number: int) -> None:
    async with opened(FORMS[number], SMALL) as (_, host):
        assert not cut_off(host)
        frame = host.form.query_one("#frame")
        assert frame.max_scroll_y == 0
        assert host.size.region.contains_region(frame.region)


async def test_buttons_and_keys_in_the_lower_edge_can_be_clicked() -> None:
    async with opened(ExportForm("3 rows", KINDS, path="table.csv")) as (pilot, host):
        frame = host.form.query_one("#frame").region
        await pilot.click(offset=(frame.right - 6, frame.bottom - 1))
        assert host.answer is None
