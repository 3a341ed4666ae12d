"""What a launch request may be, as far as can be seen without asking AWS, and that it survives being written down."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fe2tui.errors import FieldError
from fe2tui.model.launch import LaunchRequest, field_errors, parse_market
from fe2tui.model.volume import MAX_VOLUME_SIZE

GOOD = LaunchRequest("train-resnet", "ubuntu", "p3.8xlarge")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": "déjà vu 日本語 🚀"},
        {"name": "two words [prod]"},
        {"name": "👩\u200d🚀 ops"},
        {"name": "n" * 255},
        {"image": "ami-0123456789abcdef0"},
        {"type": "u-6tb1.112xlarge"},
        {"type": "mac2-m2.metal"},
        {"disk": 1},
        {"disk": MAX_VOLUME_SIZE},
        {"iops": 3000},
        {"iops": 80_000},
    ],
)
def test_what_can_be_is_let_through(changes: dict[str, object]) -> None:
    assert field_errors(replace(GOOD, **changes)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "  "),
        ("name", " base"),
        ("name", "\u200d"),
        ("name", "base\n"),
        ("name", "\x1b[2Jbase"),
        ("name", "abc\u202egnp"),
        ("name", "n" * 256),
        ("name", "i-0123456789abcdef0"),
        ("name", "me@base"),
        ("image", ""),
        ("image", " "),
        ("disk", 0),
        ("disk", -5),
        ("disk", MAX_VOLUME_SIZE + 1),
        ("type", ""),
        ("type", "m5"),
        ("type", "m5.large; rm"),
        ("type", "M5.large"),
        ("iops", 2999),
        ("iops", 80_001),
    ],
)
def test_what_cannot_be_is_blamed_on_its_field_with_what_to_do(field: str, value: object) -> None:
    (error,) = field_errors(replace(GOOD, **{field: value}))  # type: ignore[arg-type]
    assert error.field == field and error.summary and error.remedy
    assert error.exit_code == 2


def test_every_wrong_field_is_said_at_once_in_the_order_of_the_form() -> None:
    wrong = LaunchRequest("", "", "", disk=0, iops=1)
    assert [error.field for error in field_errors(wrong)] == ["name", "image", "disk", "type", "iops"]


text = some.text(max_size=20)


@given(
    some.builds(
        LaunchRequest,
        text,
        text,
        text,
        disk=some.none() | some.integers(),
        key_name=some.none() | text,
        key_action=some.sampled_from(["use", "import", "create"]),
        address=some.none() | text,
        tags=some.dictionaries(text, text, max_size=3),
    )
)
def test_a_request_comes_back_from_json_as_it_was(request_: LaunchRequest) -> None:
    assert LaunchRequest.from_json(json.loads(json.dumps(request_.as_json()))) == request_


@given(text, text, text, some.none() | some.integers(), some.none() | some.integers())
def test_any_request_is_judged_with_one_error_a_field_at_most(
    name: str, image: str, kind: str, disk: int | None, iops: int | None
) -> None:
    blamed = [error.field for error in field_errors(LaunchRequest(name, image, kind, disk=disk, iops=iops))]
    assert len(blamed) == len(set(blamed))


@pytest.mark.parametrize("key", ["Name", "aws:cost", "AWS:x"])
def test_a_tag_that_could_not_be_kept_is_refused(key: str) -> None:
    (error,) = field_errors(LaunchRequest("base", "ubuntu", "t3.micro", tags={key: "zz", "project": "x"}))
    assert (error.field, error.exit_code) == ("tags", 2)
    assert error.remedy


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *((word, "spot") for word in (True, "spot", "True", "yes")),
        *((word, "spot-once") for word in ("one-time", "One-Time", "spot-once")),
        *((word, "on-demand") for word in (False, None, "on-demand", "no", "-", "false")),
    ],
)
def test_how_it_is_bought_can_be_said_in_words_or_as_yes_and_no(said: object, meant: str) -> None:
    assert parse_market(said) == meant


@pytest.mark.parametrize("said", ["sometimes", "", 2, "spot!"])
def test_other_words_for_how_it_is_bought_are_refused(said: object) -> None:
    with pytest.raises(FieldError, match="stands where SPOT is expected") as refused:
        parse_market(said)
    assert refused.value.field == "market"
