"""Freezes: on disk from the beginning, claimed by one process at a time, found again after a crash."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fe2tui.errors import FieldError, StoreError
from fe2tui.model.freeze import FreezeIntent
from fe2tui.model.location import KnownAccount
from fe2tui.model.progress import Activity
from fe2tui.store import Store
from tests.store.store_samples import ACCOUNT, NOON

INTENT = FreezeIntent(
    "one",
    "base",
    "i-1",
    "base",
    "stop",
    "us-east-2",
    "default",
    "",
    NOON,
    volume_count=2,
    activity=1,
    tags={"Name": "base"},
)


def _dead(path: Path, *intents: FreezeIntent) -> None:
    """What another program leaves that began these and ended."""
    other = Store(path)
    for intent in intents:
        other.freezes.add(intent)
    other.close()


def test_an_intent_comes_back_as_it_was_kept(store: Store, path: Path) -> None:
    store.freezes.add(INTENT)
    assert Store(path).freezes.get("one") == INTENT
    assert store.freezes.get("two") is None


def test_its_result_is_stored_and_a_known_image_stays_known(store: Store) -> None:
    store.freezes.add(INTENT)
    stopped = NOON + timedelta(seconds=5)
    store.freezes.record_stop("one", stopped)
    assert store.freezes.get("one") == replace(INTENT, restart=True, stopped_at=stopped)
    store.freezes.update("one", stage="pending", image_id="ami-1")
    store.freezes.clear_restart("one")
    store.freezes.update("one", stage="failed", error="no disk")
    assert store.freezes.get("one") == replace(
        INTENT, stage="failed", image_id="ami-1", error="no disk", stopped_at=stopped
    )


def test_a_claimed_freeze_is_hidden_from_other_processes_until_it_is_released(store: Store, path: Path) -> None:
    store.freezes.add(INTENT)
    assert store.freezes.claim_open(ACCOUNT) == Store(path).freezes.claim_open(ACCOUNT) == []
    store.freezes.release("one")
    assert store.freezes.claim_open(ACCOUNT) == [INTENT]
    assert store.freezes.claim_open(ACCOUNT) == []


def test_what_a_dead_program_left_goes_to_one_of_those_who_ask(store: Store, path: Path) -> None:
    pending = replace(INTENT, token="two", name="other", stage="pending", image_id="ami-2")
    over = [replace(INTENT, token=stage, name=stage, stage=stage) for stage in ("done", "failed", "abandoned")]
    _dead(path, INTENT, pending, *over)
    assert store.freezes.claim_open(ACCOUNT) == [INTENT, pending]
    assert Store(path).freezes.claim_open(ACCOUNT) == []


def test_those_of_another_account_or_endpoint_are_not_given_out(store: Store, path: Path) -> None:
    known = replace(INTENT, token="two", name="known", account="111111111111")
    _dead(path, INTENT, known)
    others = (("", ("work",)), ("", ("default",), "http://localhost:1"), ("222222222222", ("other",)))
    assert [store.freezes.claim_open(KnownAccount(*other)) for other in others] == [[], [], []]
    assert store.freezes.unsettled(KnownAccount("222222222222", ("default",))) == [INTENT], "by what signed, if unknown"
    assert store.freezes.claim_open(KnownAccount("111111111111", ("keys …1234",))) == [known], "by its number"
    assert store.freezes.claim_open(KnownAccount("", ("work", "default"))) == [INTENT], "by profiles of one account"


def test_a_name_being_asked_for_is_refused_to_another_in_that_region(store: Store, path: Path) -> None:
    store.freezes.add(INTENT)
    with pytest.raises(FieldError, match="being created already") as caught:
        Store(path).freezes.add(replace(INTENT, token="two"))
    assert caught.value.field == "ami_name"
    store.freezes.add(replace(INTENT, token="two", region="us-west-2"))
    store.freezes.update("one", stage="pending", image_id="ami-1")  # from now on AWS itself refuses the name
    store.freezes.add(replace(INTENT, token="three"))


def test_where_nothing_can_be_kept_nothing_is_begun() -> None:
    with pytest.raises(StoreError, match="not begun"):
        Store(None, problem="no disk").freezes.add(INTENT)


def test_the_entry_of_one_that_is_to_be_found_again_is_not_closed(store: Store, path: Path) -> None:
    other = Store(path)
    entry = Activity(NOON, "freeze", "i-1", "base", "us-east-2", "running", "under way")
    numbers = [other.activity.begin(entry) for _ in range(3)]
    for number, stage in zip(numbers, ("pending", "done", "abandoned"), strict=True):
        other.freezes.add(replace(INTENT, token=stage, name=stage, stage=stage, image_id="ami-1", activity=number))
    other.close()
    store.activity.close_orphans(NOON)
    results = {it.id: (it.result, it.words) for it in store.activity.recent()}
    assert results[numbers[0]][0] == "running"
    assert results[numbers[1]][0] == "done" and "ami-1" in results[numbers[1]][1]
    assert results[numbers[2]][0] == "cancelled"


def test_an_intent_that_an_earlier_version_kept_may_have_been_asked_for(store: Store, path: Path) -> None:
    store.freezes.add(INTENT)
    assert store.freezes.get("one") == INTENT and INTENT.asked_at is None
    store.freezes.record_request("one", NOON + timedelta(seconds=9))
    kept = store.freezes.get("one")
    assert kept is not None and kept.asked_at == NOON + timedelta(seconds=9)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE freezes SET body = json_remove(body, '$.asked_at')")
    older = Store(path).freezes.get("one")
    assert older is not None and older.asked_at == NOON


def test_a_freeze_without_an_image_or_with_a_stopped_instance_is_unsettled(store: Store, path: Path) -> None:
    store.freezes.add(INTENT)
    store.freezes.record_stop("one", NOON)
    assert store.freezes.unsettled() == Store(path).freezes.unsettled() == []
    store.freezes.release("one")
    assert [intent.token for intent in store.freezes.unsettled()] == ["one"]
    store.freezes.update("one", stage="pending", image_id="ami-1")
    assert [intent.token for intent in store.freezes.unsettled()] == ["one"]
    store.freezes.clear_restart("one")
    assert store.freezes.unsettled() == []


def test_an_image_that_its_person_took_away_is_settled_unless_its_machine_is_still_to_be_started(store: Store) -> None:
    for token in ("one", "two"):
        store.freezes.add(replace(INTENT, token=token, name=token))
        store.freezes.update(token, stage="pending", image_id=f"ami-{token}")
    store.freezes.record_stop("two", NOON)
    assert {one.token for one in store.freezes.pending(ACCOUNT, "us-east-2")} == {"one", "two"}
    for image_id in ("ami-one", "ami-two"):
        store.freezes.settle_deregistered(ACCOUNT, image_id)
    assert [one.token for one in store.freezes.pending(ACCOUNT, "us-east-2")] == ["two"]
