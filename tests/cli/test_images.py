"""Images from the shell: what there is, freeze, deregister."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.screen import Screen

FIELDS = {
    *("id", "name", "state", "progress", "size", "architecture", "created_at", "cost_per_month_at_most", "snapshots"),
    *("source_instance_id", "login_user", "tags", "public", "owner_id"),
}
ID = r"ami-[0-9a-f]{17}"


def slow(fe2: Any) -> None:
    """From now on images stay pending."""
    fe2.cloud.control("/demo/delays", {"stop_seconds": 600})


def quick(fe2: Any) -> None:
    """Whatever is pending is done with the next call."""
    fe2.cloud.control("/demo/clock", {"advance": 3600})


def calls(fe2: Any) -> list[str]:
    return [call["action"] for call in fe2.cloud.control("/demo/calls", method="GET")]


# ------------------------------------------------------------------------------------------------ what there is


def test_amis_prints_own_images_one_a_line_newest_first(fe2: Any) -> None:
    said = fe2("amis")
    assert said.status == 0, said.err
    assert all(re.fullmatch(rf"[\w-]+ \({ID} available\): x86_64, \d+ GiB", line) for line in said.lines)
    made = [each["created_at"] for each in fe2("amis", "--json").json]
    assert len(made) == len(said.lines) >= 3
    assert made == sorted(made, reverse=True)


def test_amis_for_people_waits_for_no_prices(fe2: Any) -> None:
    fe2.cloud.control("/demo/calls", method="DELETE")
    fe2("amis")
    asked = set(calls(fe2))
    assert {"DescribeImages", "DescribeInstances"} <= asked
    assert not asked & {"GetProducts", "DescribeVolumes", "DescribeSnapshots", "DescribeInstanceTypes"}


def test_json_of_images_has_every_promised_field(fe2: Any) -> None:
    for each in fe2("amis", "--json").json:
        assert each.keys() >= FIELDS
        assert datetime.fromisoformat(each["created_at"]).tzinfo == UTC
        assert (each["progress"], each["public"]) == (1.0, False)
        assert sum(disk["size"] for disk in each["snapshots"]) == each["size"]
        assert 0 < each["cost_per_month_at_most"] <= each["size"] * 0.05


def test_the_long_table_has_ages_costs_and_the_instances_made_from_each(fe2: Any) -> None:
    head, *rows = fe2("amis", "--long").lines
    assert head.split()[:6] == ["NAME", "ID", "STATE", "GIB", "ARCH", "AGE"]
    base = next(row for row in rows if row.startswith("base "))
    assert "spot1" in base and re.search(r" \d+\.\d\d ", base)


@pytest.mark.parametrize(
    ("words", "fitting"),
    [(["train"], {"train-cuda-12"}), (["size>50", "-train"], {"base"}), (["made>0", "age>10d"], {"train-cuda-12"})],
)
def test_amis_takes_the_filters_of_the_dashboard(fe2: Any, words: list[str], fitting: set[str]) -> None:
    assert {line.partition(" ")[0] for line in fe2("amis", *words).lines} == fitting


def test_a_filter_that_makes_no_sense_is_wrong_usage_and_asks_nothing_of_aws(fe2: Any) -> None:
    fe2.cloud.control("/demo/calls", method="DELETE")
    said = fe2("amis", "colour:red")
    assert (said.status, said.out) == (2, "")
    assert "There is no field “colour”" in said.err
    assert calls(fe2) == []


def test_nothing_that_fits_is_said_and_is_no_failure(fe2: Any) -> None:
    said = fe2("amis", "arch:arm64")
    assert (said.status, said.out, said.err) == (0, "", "No image of yours matches in us-east-2.\n")
    assert fe2("amis", "arch:arm64", "--json").json == []
    assert "No images of yours in eu-central-1" in fe2("amis", "--region", "Frankfurt").err


def test_public_lists_the_newest_well_known_ones_of_each_architecture(fe2: Any) -> None:
    found = fe2("amis", "--public", "--json").json
    assert {(each["word"], each["architecture"]) for each in found} >= {
        (word, arch) for word in ("ubuntu", "amazon", "debian") for arch in ("x86_64", "arm64")
    }
    ubuntu = next(each for each in found if (each["word"], each["architecture"]) == ("ubuntu", "x86_64"))
    assert ubuntu["id"] in fe2("amis", "--public", "arch:x86_64").out
    assert fe2("get-ami", "-", "id").out == f"{ubuntu['id']}\n"


def test_ami_is_one_line_by_name_id_or_word_and_without_a_name_the_newest_ubuntu(fe2: Any) -> None:
    base = next(each for each in fe2("amis", "--json").json if each["name"] == "base")
    for asked in ("base", base["id"]):
        assert fe2("ami", asked).out == f"base ({base['id']} available): x86_64, {base['size']} GiB\n"
    assert fe2("ami").out == fe2("ami", "ubuntu").out
    assert fe2("ami", "debian", "--arch", "arm64").out.endswith("arm64, 8 GiB\n")
    assert fe2("ami", "base", "--json").json["login_user"] == "ubuntu"


@pytest.mark.parametrize("command", [["ami"], ["get-ami"], ["deregister", "--yes"]])
def test_an_unknown_image_is_status_3_with_the_nearest_names(fe2: Any, command: list[str]) -> None:
    said = fe2(*command, "bse")
    assert (said.status, said.out) == (3, "")
    assert "Did you mean base?" in said.err
    assert fe2(*command, "").status == 2


@pytest.mark.parametrize("name", ["ubuntu", "debian"])
def test_a_public_image_is_not_said_to_be_missing_but_not_yours(fe2: Any, name: str) -> None:
    said = fe2("deregister", name, "--yes")
    assert (said.status, said.out) == (2, "")
    assert f"{name} stands for a public image" in said.err and "not yours: nothing was done" in said.err


def test_json_of_a_freeze_has_what_json_of_its_image_has(own_fe2: Any) -> None:
    said = own_fe2("freeze", "base", "mine", "--no-reboot", "--json")
    assert said.status == 0, said.err
    assert said.json == own_fe2("ami", "mine", "--json").json
    assert said.json["cost_per_month_at_most"] > 0
    assert all(each["state"] for each in said.json["snapshots"])


def test_names_of_instances_beside_an_image_never_reach_the_terminal_as_they_are(own_fe2: Any) -> None:
    tags = '[{"Key": "Name", "Value": "\u202eevil"}]'
    assert own_fe2("get-instance", "spot1", "-", "create-tags", "--Tags", tags).status == 0
    shown = own_fe2("amis", "--long").out
    assert "\\u202eevil" in shown
    assert [character for character in shown if character != "\n" and not character.isprintable()] == []


# ------------------------------------------------------------------------------------------------ get-ami


def test_get_ami_is_boto3s_object_by_its_property_its_methods_and_its_names(fe2: Any) -> None:
    assert fe2("get-ami", "base", "-", "state").out == "available\n"
    assert fe2("get-ami", "base", "-", "tags", "--json").status in (0, 2)
    assert fe2("get-ami", "base", "-", "wait-until-exists").status == 0
    listed = fe2("get-ami", "base").out
    assert "  root-device-name\n" in listed and "  describe-attribute\n" in listed
    assert "deregister" in fe2("get-ami", "--json").json["methods"]
    assert fe2("get-ami", "base", "-", "stat").status == 2


def test_get_ami_changes_nothing_when_it_may_only_read(fe2: Any) -> None:
    said = fe2("--read-only", "get-ami", "base", "-", "deregister")
    assert (said.status, said.out) == (1, "")
    assert "only read" in said.err
    assert fe2("get-ami", "base", "-", "state").out == "available\n"


def test_get_ami_opens_ipython_with_the_object_as_result(fe2: Any) -> None:
    pytest.importorskip("IPython", reason="the extra ipython is not installed here")
    with Screen(fe2.command("get-ami", "--", "-i"), fe2.environment) as screen:
        screen.wait_for("In [1]:")
        screen.type("result.state, 40 + 2\r")
        screen.wait_for("('available', 42)")
        screen.type("exit\r")
        assert screen.wait_for_end() == 0
    assert fe2("get-ami", "--", "-x").err.endswith("fe2 get-ami base -- -i\n")


# ------------------------------------------------------------------------------------------------ freeze


def test_freeze_prints_the_id_at_once_and_get_ami_says_pending_until_it_is_done(own_fe2: Any) -> None:
    slow(own_fe2)
    said = own_fe2("freeze", "base", "mine", "--reboot")
    assert said.status == 0, said.err
    assert re.fullmatch(rf"{ID}\n", said.out)
    assert "base reboots" in said.err
    assert own_fe2("get-ami", "mine", "-", "state").out == "pending\n"
    assert re.search(rf"mine \({said.out.strip()} pending \d+ %\): x86_64", own_fe2("amis").out)
    document = own_fe2("ami", "mine", "--json").json
    assert 0 <= document["progress"] < 1
    assert document["tags"]["Name"] == "mine"
    quick(own_fe2)
    assert own_fe2("get-ami", "mine", "-", "state").out == "available\n"


def test_an_image_is_named_after_the_instance_and_never_twice_the_same(own_fe2: Any) -> None:
    assert "base" in {each["name"] for each in own_fe2("amis", "--json").json}
    unsaid = own_fe2("freeze", "base")
    assert (unsaid.status, unsaid.out) == (2, "")
    assert "There is an image base already: the new one will be called base-2." in unsaid.err
    assert "Add --yes to do it without this question, or name the image: fe2 freeze base AMI-NAME\n" in unsaid.err
    assert "CreateImage" not in calls(own_fe2)
    said = own_fe2("freeze", "base", "--yes", "--json")
    assert (said.json["name"], said.json["login_user"]) == ("base-2", "ubuntu")
    assert said.err.endswith("\nThe new image is called base-2; base is still the old image.\n")
    refused = own_fe2("freeze", "base", "base")
    assert (refused.status, refused.out) == (2, "")
    assert "base-3 is free" in refused.err


def test_wait_returns_when_the_image_can_be_used(own_fe2: Any) -> None:
    own_fe2.cloud.control("/demo/delays", {"stop_seconds": 1})
    said = own_fe2("freeze", "base", "mine", "--reboot", "--wait")
    assert said.status == 0, said.err
    assert own_fe2("get-ami", said.out.strip(), "-", "state").out == "available\n"
    assert re.search(r"\d+ %", said.err)


def test_ctrl_c_while_watching_leaves_it_to_aws_and_the_next_command_tells_its_end_once(own_fe2: Any) -> None:
    slow(own_fe2)
    with Screen(own_fe2.command("freeze", "base", "mine", "--reboot", "--wait"), own_fe2.environment) as screen:
        screen.wait_for("is pending")
        screen.type("\x03")
        assert screen.wait_for_end() == 130
        assert "AWS goes on creating mine" in " ".join(screen.text.split())
        assert "Traceback" not in screen.text
    assert "earlier freeze" not in own_fe2("amis").err
    quick(own_fe2)
    assert "An earlier freeze of base: The image mine (ami-" in own_fe2("amis").err
    assert own_fe2("amis").err == ""
    assert own_fe2("activity", "--json").json[0]["result"] == "done"


def test_why_aws_could_not_make_an_image_is_told_by_the_next_command(own_fe2: Any) -> None:
    slow(own_fe2)
    words = {"code": "Client.InternalError", "message": "Client error during snapshot"}
    own_fe2.cloud.control("/demo/faults", {"kind": "fail-image", "name": "mine", **words})
    assert own_fe2("freeze", "base", "mine", "--reboot").status == 0
    quick(own_fe2)
    told = own_fe2("amis")
    assert told.status == 0
    assert "an earlier freeze of base" in told.err and "Client error during snapshot" in told.err
    assert own_fe2("amis").err == ""


def test_a_failure_that_is_watched_is_status_1_with_awss_reason(own_fe2: Any) -> None:
    words = {"code": "Client.InternalError", "message": "Client error during snapshot"}
    own_fe2.cloud.control("/demo/faults", {"kind": "fail-image", "name": "mine", **words})
    own_fe2.cloud.control("/demo/delays", {"stop_seconds": 1})
    said = own_fe2("freeze", "base", "mine", "--reboot", "--wait")
    assert said.status == 1
    assert "Client error during snapshot" in said.err and "Traceback" not in said.err


def test_stop_first_starts_the_instance_again(own_fe2: Any) -> None:
    said = own_fe2("freeze", "inst1", "mine", "--stop-first", "--wait")
    assert said.status == 0, said.err
    assert "inst1" in said.err
    assert " running): " in own_fe2("instance", "inst1").out
    assert {"StopInstances", "CreateImage", "StartInstances"} <= set(calls(own_fe2))


def test_no_reboot_leaves_the_instance_alone_and_says_what_that_means(own_fe2: Any) -> None:
    said = own_fe2("freeze", "base", "mine", "--no-reboot")
    assert said.status == 0, said.err
    assert "reboots" not in said.err and "may be corrupt" in said.err


@pytest.mark.parametrize("ways", [["--stop-first", "--no-reboot"], ["--reboot", "--no-reboot"]])
def test_two_ways_at_once_are_wrong_usage(fe2: Any, ways: list[str]) -> None:
    said = fe2("freeze", "base", *ways)
    assert (said.status, said.out) == (2, "")


def test_at_a_terminal_it_is_asked_which_way_and_an_empty_line_leaves_all_as_it_was(own_fe2: Any) -> None:
    with Screen(own_fe2.command("freeze", "base", "mine"), own_fe2.environment) as screen:
        screen.wait_for("or leave it?")
        assert "Reboot" in screen.text and "Stop first" in screen.text and "may be corrupt" in screen.text
        screen.type("\r")
        assert screen.wait_for_end() == 130
        assert "No image was created." in screen.text
    assert "CreateImage" not in calls(own_fe2)
    with Screen(own_fe2.command("freeze", "base", "mine"), own_fe2.environment) as screen:
        screen.wait_for("or leave it?")
        screen.type("x\r")
        screen.wait_for(lambda text: text.count("or leave it?") == 2)
        screen.type("n\r")
        assert screen.wait_for_end() == 0
        assert "runs on" in screen.text
    assert own_fe2("get-ami", "mine", "-", "state").out == "available\n"


def test_at_a_terminal_it_asks_before_it_gives_the_image_another_name_and_says_it_last(own_fe2: Any) -> None:
    command = own_fe2.command("freeze", "base", "--wait")
    with Screen(command, own_fe2.environment) as screen:
        screen.wait_for("will be called base-2. Create it? [y/N]")
        screen.type("\r")
        assert screen.wait_for_end() == 130
        assert "No image was created." in screen.text
    assert "CreateImage" not in calls(own_fe2)
    with Screen(command, own_fe2.environment) as screen:
        screen.wait_for("Create it? [y/N]")
        screen.type("y\r")
        screen.wait_for("or leave it?")
        assert "The image base-2 can be created in 3 ways" in screen.text
        screen.type("n\r")
        assert screen.wait_for_end() == 0
        assert screen.text.rstrip().endswith("The new image is called base-2; base is still the old image.")
    assert own_fe2("get-ami", "base-2", "-", "state").out == "available\n"


def test_a_stopped_instance_is_frozen_without_a_question(own_fe2: Any) -> None:
    with Screen(own_fe2.command("freeze", "od1", "mine"), own_fe2.environment) as screen:
        assert screen.wait_for_end() == 0
        assert "stays stopped" in screen.text
    assert " stopped): " in own_fe2("instance", "od1").out


@pytest.mark.parametrize("command", [["freeze", "base"], ["deregister", "base", "--yes"]])
def test_read_only_makes_and_removes_no_image(fe2: Any, command: list[str]) -> None:
    before = fe2("amis").out
    said = fe2("--read-only", *command)
    assert (said.status, said.out) == (1, "")
    assert "only read" in said.err
    assert fe2("amis").out == before


# ------------------------------------------------------------------------------------------------ deregister


def test_deregister_without_a_terminal_shows_the_impact_and_refuses_unless_told_yes(own_fe2: Any) -> None:
    refused = own_fe2("deregister", "train-cuda-12")
    assert (refused.status, refused.out) == (2, "")
    assert "snapshot 100 GiB: deleted" in refused.err
    assert re.search(r"Saves at most \$\d\.\d\d a month", refused.err)
    assert "train-resnet" in refused.err and "--yes" in refused.err
    done = own_fe2("deregister", "train-cuda-12", "--yes", "--json")
    assert done.status == 0, done.err
    assert [(each["name"], each["done"]) for each in done.json] == [("train-cuda-12", True)]
    assert "train-cuda-12" not in own_fe2("amis").out


def test_deregister_wants_the_name_typed_or_the_count_of_several(own_fe2: Any) -> None:
    with Screen(own_fe2.command("deregister", "base"), own_fe2.environment) as screen:
        screen.wait_for("Type base to deregister it:")
        screen.type("yes\r")
        assert screen.wait_for_end() == 130
        assert "“yes” does not confirm it: nothing was done." in screen.text
    with Screen(own_fe2.command("deregister", "base", "train-cuda-12"), own_fe2.environment) as screen:
        screen.wait_for("Type 2 to deregister both:")
        screen.type("2\r")
        assert screen.wait_for_end() == 0
    assert len(own_fe2("amis").lines) == 1
