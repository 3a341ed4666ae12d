"""Tab, in the shells themselves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from fe2tui.demo import Cloud
from tests.screen import Screen


@pytest.fixture
def seen(fe2: Any) -> list[str]:
    """The names that Tab may offer: what the last `instances` saw."""
    return [each["name"] for each in fe2("instances", "--json", "--all").json]


def offered(fe2: Any, line: str, shell: str = "bash") -> list[str]:
    words = line.split(" ")
    variables = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_FE2_COMPLETE": f"{shell}_complete"}
    said = fe2(**variables)
    assert (said.status, said.err) == (0, "")
    return [each.partition(",")[2] for each in said.lines if each]


def test_names_of_the_last_fleet_seen_are_offered_without_asking_aws(fe2: Any, seen: list[str], cloud: Cloud) -> None:
    cloud.control("/demo/calls", method="DELETE")
    assert "base" in seen
    assert "base" in offered(fe2, "fe2 ip ba")
    assert "base" in offered(fe2, "fe2 --json terminate ba")
    assert cloud.control("/demo/calls", method="GET") == []


def test_a_user_may_stand_before_the_name(fe2: Any, seen: list[str]) -> None:
    assert "root@base" in offered(fe2, "fe2 connect root@ba")


def test_names_that_are_no_plain_word_are_offered_by_their_id(fe2: Any, seen: list[str]) -> None:
    there = fe2("instances", "--json", "--all").json
    odd = [each for each in there if not each["name"].replace("-", "").replace("_", "").isalnum()]
    assert odd
    found = offered(fe2, "fe2 ip ")
    assert any(each["id"] in found for each in odd)
    assert all(name.isprintable() and " " not in name for name in found)


def test_nothing_is_offered_where_nothing_was_seen_yet(fe2: Any) -> None:
    assert offered(fe2, "fe2 ip ") == []


def test_names_of_another_region_are_not_offered(fe2: Any, seen: list[str]) -> None:
    assert offered(fe2, "fe2 ip --region us-west-1 ba") == []


def test_commands_and_options_are_offered(fe2: Any) -> None:
    assert {"start", "stop"} <= set(offered(fe2, "fe2 st"))
    assert "--read-only" in offered(fe2, "fe2 stop --re")


@pytest.fixture
def images_seen(fe2: Any) -> list[str]:
    """The names of images that Tab may offer: what the last `amis` saw."""
    return [each["name"] for each in fe2("amis", "--json").json]


@pytest.fixture
def types_seen(fe2: Any) -> list[str]:
    """The types that Tab may offer: those of the region, once they were read."""
    return [each["name"] for each in fe2("types", "--json").json]


def test_images_are_offered_and_the_words_for_public_ones_where_they_may_stand(
    fe2: Any, images_seen: list[str], cloud: Cloud
) -> None:
    cloud.control("/demo/calls", method="DELETE")
    assert "base" in images_seen
    for line in ("fe2 ami ", "fe2 get-ami ", "fe2 launch new ", "fe2 launch --image "):
        assert {"base", "train-cuda-12", "ubuntu", "debian"} <= set(offered(fe2, line)), line
    assert offered(fe2, "fe2 deregister ba") == ["base"]
    assert "ubuntu" not in offered(fe2, "fe2 deregister ")
    assert offered(fe2, "fe2 launch --name new ub") == ["ubuntu"]
    assert cloud.control("/demo/calls", method="GET") == []


def test_types_are_offered_and_families_before_their_types(fe2: Any, types_seen: list[str], cloud: Cloud) -> None:
    cloud.control("/demo/calls", method="DELETE")
    m5 = [name for name in types_seen if name.startswith("m5.")]
    assert m5[0] == "m5.large"
    for line in ("fe2 change-type base m5.", "fe2 launch new base 50 m5.", "fe2 launch --type m5.", "fe2 types m5."):
        assert offered(fe2, line) == m5, line
    assert offered(fe2, "fe2 launch new --image base 50 m5.") == m5
    families = offered(fe2, "fe2 price-demand m5")
    assert {"m5", "m5a"} <= set(families) and not any("." in family for family in families)
    assert offered(fe2, "fe2 price-demand m5.") == m5
    assert offered(fe2, "fe2 launch new base m5") == [], "there stands the size of the disk"
    assert cloud.control("/demo/calls", method="GET") == []


def test_no_image_and_no_type_is_offered_where_none_was_seen(fe2: Any) -> None:
    assert offered(fe2, "fe2 deregister ") == offered(fe2, "fe2 change-type base ") == []
    assert offered(fe2, "fe2 ami ") == ["ubuntu", "amazon", "debian", "dlami"]


@pytest.mark.parametrize(
    ("line", "found"), [("fe2 ip ba", "base"), ("fe2 ami ba", "base"), ("fe2 types m5.l", "m5.la")]
)
def test_nothing_that_takes_long_is_imported_for_it(
    fe2: Any, seen: list[str], images_seen: list[str], types_seen: list[str], line: str, found: str
) -> None:
    code = (
        "import atexit, sys; from fe2tui.cli import run_program; "
        "atexit.register(lambda: print(*(each for each in sys.modules if '.' not in each), file=sys.stderr)); "
        "run_program('fe2', [])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=fe2.environment | {"COMP_WORDS": line, "COMP_CWORD": "2", "_FE2_COMPLETE": "bash_complete"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"plain,{found}" in done.stdout
    heavy = {"aiobotocore", "botocore", "boto3", "aiohttp", "asyncssh", "textual", "rich", "lxml"}
    imported = set(done.stderr.split())
    assert "sqlite3" in imported
    assert heavy & imported == set()


def shell_or_skip(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed here")
    return path


def test_bash_completes_a_name(fe2: Any, seen: list[str]) -> None:
    with Screen([shell_or_skip("bash"), "--norc", "-i"], in_path(fe2)) as screen:
        screen.type('source <(fe2 completion bash); PS1="> "\r')
        screen.wait_for("\n>")
        screen.type("fe2 ip bas\t")
        screen.wait_for("fe2 ip base")


def test_zsh_completes_a_name(fe2: Any, seen: list[str]) -> None:
    with Screen([shell_or_skip("zsh"), "-f", "-i"], in_path(fe2)) as screen:
        screen.type('autoload -Uz compinit; compinit -u -D; eval "$(fe2 completion zsh)"; PS1="> "\r')
        screen.wait_for("\n>")
        screen.type("fe2 ip bas\t")
        screen.wait_for("fe2 ip base")


def test_fish_completes_a_name(fe2: Any, seen: list[str]) -> None:
    script = "fe2 completion fish | source; complete -C 'fe2 ip bas'"
    done = subprocess.run(
        [shell_or_skip("fish"), "--no-config", "-c", script],
        env=in_path(fe2),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\t")[0].split() == ["base"]


def in_path(fe2: Any) -> dict[str, str]:
    folder = fe2.command()[0].rpartition("/")[0]
    return {**fe2.environment, "PATH": f"{folder}:{fe2.environment['PATH']}"}


def test_terminated_ones_are_not_offered(fe2: Any, seen: list[str]) -> None:
    there = fe2("instances", "--json", "--all").json
    gone = {each["id"] for each in there if each["state"] == "terminated"}
    assert gone
    assert gone & {*offered(fe2, "fe2 stop "), *offered(fe2, "fe2 stop i-")} == set()


def test_of_a_name_that_several_have_the_ids_are_offered_with_the_name_beside_them(fe2: Any) -> None:
    there = [each for each in fe2("instances", "--json").json if each["name"] == "worker"]
    assert len(there) > 1
    assert sorted(offered(fe2, "fe2 stop work")) == sorted(each["id"] for each in there)
    assert "worker" not in offered(fe2, "fe2 stop ")
    variables = {"COMP_WORDS": "fe2 stop ", "COMP_CWORD": "work", "_FE2_COMPLETE": "fish_complete"}
    said = fe2(**variables)
    assert said.out.count("worker, ") == len(there)


def test_a_name_that_the_shell_would_read_as_an_option_is_offered_by_its_id(own_fe2: Any) -> None:
    ids = [each["id"] for each in own_fe2("instances", "--json").json if each["state"] == "stopped"][:2]
    for key, name in zip(ids, ("--yes", "-1+1"), strict=True):
        own_fe2("get-instance", key, "-", "create-tags", "--Tags", json.dumps([{"Key": "Name", "Value": name}]))
    assert {each["name"] for each in own_fe2("instances", "--json").json} >= {"--yes", "-1+1"}
    found = offered(own_fe2, "fe2 start ")
    assert set(ids) <= {*found, *offered(own_fe2, "fe2 start i-")}
    assert not [each for each in found if each.startswith("-")]
