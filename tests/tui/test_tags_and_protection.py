"""The forms for tags and for protection: what they show, what they refuse, what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest
from textual.widgets import Input

from fe2tui.errors import UsageError
from fe2tui.model.command_text import CommandPlace, protection_text, tags_text
from fe2tui.model.instance import Attachment, Instance, InstanceAttributes, State
from fe2tui.tui.forms.protection import ProtectionForm
from fe2tui.tui.forms.radio import RadioLine
from fe2tui.tui.forms.tags import TagChange, TagRow, TagsForm
from tests.tui.form_host import UNANSWERED, Host, error_of, opened, said, text_of, until

BASE = {"Name": "base", "env": "dev", "odd\x9b31m": "=x", "aws:autoscaling:groupName": "web"}


def taken(name: str) -> None:
    if name == "vault":
        raise UsageError("There is an instance vault already: i-1.", "Choose another name.")


def fill(host: Host, row: int, key: str | None = None, value: str | None = None) -> None:
    found = list(host.form.query(TagRow))[row]
    if key is not None:
        found.key_input.value = key
    if value is not None:
        found.value_input.value = value


PLACE = CommandPlace("r")


async def test_tags_are_changed_added_and_removed_and_the_rest_is_left_alone() -> None:
    form = TagsForm("base", [BASE], check_name=taken, command=partial(tags_text, PLACE, "base"))
    async with opened(form, (100, 30)) as (pilot, host):
        assert form.command_text is not None and form.command_text() is None  # nothing is changed yet
        assert "aws:autoscaling:groupName = web" in text_of(host) and "odd\\x9b31m" in text_of(host)
        fill(host, 0, value="prod")
        fill(host, 2, "owner", "jh")
        await pilot.pause()
        assert len(host.form.query(TagRow)) == 4  # a line for one more
        name = host.form.query_one("#name Input", Input)
        name.value = "vault"
        await pilot.press("ctrl+s")
        assert "There is an instance vault already" in error_of(host, "name") and host.answer is UNANSWERED
        name.value = "base-2"
        fill(host, 3, value="a value alone")
        await pilot.press("ctrl+s")
        assert "has no key" in said(host, "#trouble")
        fill(host, 3, "env", "")
        await pilot.press("ctrl+s")
        assert "env is there twice" in said(host, "#trouble")
        fill(host, 3, "aws:x", "y")
        await pilot.press("ctrl+s")
        assert "AWS's own" in said(host, "#trouble")
        fill(host, 3, "", "")
        fill(host, 1, "")
        text = form.command_text()
        assert text is not None and text.shell.startswith("fe2 tag base env=prod owner=jh Name=base-2 '--remove=odd")
        assert text.python.startswith("EC2('r').tag('base', tags={'env': 'prod', 'owner': 'jh', 'Name': 'base-2'}, rem")
        await pilot.press("ctrl+s")
        assert host.answer == TagChange({"env": "prod", "owner": "jh", "Name": "base-2"}, ("odd\x9b31m",))


@pytest.mark.parametrize(
    ("row", "value", "answer"),
    [
        (0, "", None),  # nothing was changed
        (0, "all", TagChange({"env": "all"}, ())),
        (1, "2", TagChange({"team": "2"}, ())),
    ],
)
async def test_of_several_instances_values_that_differ_are_left_alone(
    row: int, value: str, answer: TagChange | None
) -> None:
    several: Sequence[dict[str, str]] = [{"env": "dev", "team": "1"}, {"env": "prod", "team": "1"}]
    async with opened(TagsForm("2 instances", several), (100, 30)) as (pilot, host):
        assert not host.form.query("#name") and "not the same in all 2" in text_of(host)
        if value:
            fill(host, row, value=value)
        await pilot.press("ctrl+s")
        assert host.answer == answer


def an_instance(lifecycle: str = "on-demand") -> Instance:
    disk = Attachment("/dev/sda1", "vol-1", True)
    return Instance("i-1", State.RUNNING, "m5.large", "us-east-2a", lifecycle=lifecycle, attachments=(disk,))


async def test_protection_is_read_changed_and_explained() -> None:
    async def read() -> InstanceAttributes:
        return InstanceAttributes(termination_protected=True)

    asked = ProtectionForm("base", an_instance(), read, command=partial(protection_text, PLACE, "base"))
    async with opened(asked) as (pilot, host):
        await until(lambda: len(host.form.query(RadioLine)) == 3)
        assert [line.chosen_id for line in host.form.query(RadioLine)] == ["on", "off", "stop"]
        assert "refuses to terminate it" in said(host, "#means")
        await pilot.press("right", "tab", "tab", "right")
        assert "terminates it and deletes its disks" in said(host, "#means")
        text = asked.command_text() if asked.command_text is not None else None
        assert text is not None
        assert text.shell == "fe2 protect base off --region=r && fe2 shutdown-behavior base terminate --region=r"
        off, behavior = "EC2('r').protect('base', on=False)", "EC2('r').shutdown_behavior('base', behavior='terminate')"
        assert text.python == f"{off}; {behavior}"
        form = host.form
        assert isinstance(form, ProtectionForm)
        await until(lambda: form.is_readable)
        await pilot.press("shift+tab")
        assert "enter Next" in text_of(host)
        await pilot.press("enter")
        assert "enter Save" in text_of(host)
        await pilot.press("enter")
        assert host.answer == (InstanceAttributes(True), InstanceAttributes(False, False, "terminate"))


async def test_a_spot_instance_is_not_offered_protection_and_an_unchanged_form_answers_nothing() -> None:
    async def read() -> InstanceAttributes:
        return InstanceAttributes()

    async with opened(ProtectionForm("spot1", an_instance("spot"), read)) as (pilot, host):
        await until(lambda: len(host.form.query(RadioLine)) == 1)
        assert "is a spot instance" in said(host, "#means")
        await pilot.pause(0.4)
        await pilot.press("ctrl+s")
        assert host.answer is None
