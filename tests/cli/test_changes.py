"""Start, stop, reboot, terminate, launch: what changes something."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import boto3
import pytest

from fe2tui.demo.client_files import ACCOUNT_ARN
from tests.screen import Screen
from tests.store.store_samples import damage_table

LAUNCHED = re.compile(r"i-[0-9a-f]{17} in us-east-2")  # what is reported once EC2 has accepted a launch


def named(fe2: Any, name: str) -> dict[str, Any]:
    """The living instance of that name, as ``instances --json`` tells."""
    found: list[dict[str, Any]] = [each for each in fe2("instances", "--json").json if each["name"] == name]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def base(empty_fe2: Any) -> Any:
    """A shell on an account with one running instance, ``base``."""
    said = empty_fe2("launch", "base", "ubuntu", "20", "t3.micro", "--address", "203.0.113.7/32")
    assert said.status == 0, said.err
    return empty_fe2


def test_launch_prints_the_line_of_fastec2_when_ssh_answers_and_says_the_cost_before(empty_fe2: Any) -> None:
    said = empty_fe2("launch", "base", "ubuntu", "50", "m5.large")
    assert said.status == 0, said.err
    assert re.fullmatch(r"base \(i-[0-9a-f]{17} running\): [\d.]+\n", said.out)
    assert re.search(r"costs \$0\.\d{3} an hour while it runs, \$0\.\d{3} while stopped; \$\d+\.\d\d a month", said.err)
    made = named(empty_fe2, "base")
    assert (made["type"], made["volumes"][0]["size"], made["key_name"]) == ("m5.large", 50, "default")
    assert "\x1b" not in said.err


def test_launch_takes_values_by_position_by_name_or_both(empty_fe2: Any) -> None:
    first = empty_fe2("launch", "--name", "one", "--ami", "debian", "--disk", "20", "--type", "t3.micro", "--no-wait")
    assert first.status == 0, first.err
    mixed = ("launch", "two", "--type", "t3.small", "amazon", "30", "--iops", "4000", "--tag", "owner=jh", "--no-wait")
    second = empty_fe2(*mixed, "--json")
    assert second.status == 0, second.err
    assert (second.json["name"], second.json["type"], second.json["tags"]["owner"]) == ("two", "t3.small", "jh")
    assert {each["name"] for each in empty_fe2("instances", "--json").json} == {"one", "two"}


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["launch", "--", "--halp", "ubuntu", "20", "t3.micro"], "--halp"),
        (["launch", "--name=-x", "ubuntu", "20", "t3.micro"], "-x"),
        (["launch", "x", "ubuntu", "20", "t3.micro", "--key=-k", "--create-key"], "-k"),
        (["freeze", "base", "--", "--halp"], "--halp"),
    ],
)
def test_a_new_name_that_the_shell_would_read_as_an_option_is_refused(
    own_fe2: Any, arguments: list[str], field: str
) -> None:
    said = own_fe2(*arguments)
    assert (said.status, said.out) == (2, "")
    assert f"“{field}” begins with a -" in said.err
    sent = {call["action"] for call in own_fe2.cloud.control("/demo/calls", method="GET")}
    assert not sent & {"RunInstances", "CreateImage", "CreateKeyPair"}


def test_a_name_in_use_is_refused_and_nothing_is_launched(base: Any) -> None:
    said = base("launch", "base", "ubuntu", "20", "t3.micro")
    assert (said.status, said.out) == (2, "")
    assert "base" in said.err
    assert len(base("instances").lines) == 1


def test_a_launch_says_everything_that_is_wrong_at_once(empty_fe2: Any) -> None:
    said = empty_fe2("launch", "x", "no-such-image", "20", "t3.nosuch")
    assert (said.status, said.out) == (2, "")
    assert "no-such-image" in said.err
    assert "t3.nosuch" in said.err


def test_without_a_usable_key_it_says_which_flags_help_and_they_do(empty_fe2: Any, tmp_path: Any) -> None:
    for key in (tmp_path / "fe2tui-home/data/keys").glob("*.pem"):
        key.unlink()
    refused = empty_fe2("launch", "base", "ubuntu", "20", "t3.micro")
    assert (refused.status, refused.out) == (2, "")
    assert "--create-key" in refused.err
    made = empty_fe2("launch", "base", "ubuntu", "20", "t3.micro", "--key", "mine", "--create-key")
    assert made.status == 0, made.err
    assert named(empty_fe2, "base")["key_name"] == "mine"
    kept = tmp_path / "fe2tui-home/data/keys/mine.pem"
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_key_pair_is_created_under_a_free_name_where_the_usual_one_is_taken(empty_fe2: Any, tmp_path: Any) -> None:
    for key in (tmp_path / "fe2tui-home/data/keys").glob("*.pem"):
        key.unlink()
    for name in ("base", "second"):
        said = empty_fe2("launch", name, "ubuntu", "20", "t3.micro", "--create-key")
        assert said.status == 0, said.err
        assert named(empty_fe2, name)["key_name"] == "fe2tui"


def test_a_key_is_neither_created_nor_imported_where_one_can_be_used(empty_fe2: Any) -> None:
    for flag in ("--create-key", "--import-key"):
        said = empty_fe2("launch", f"m{flag}", "ubuntu", "20", "t3.micro", flag, "--no-wait")
        assert said.status == 0, said.err
        assert named(empty_fe2, f"m{flag}")["key_name"] == "default"
    called = {call["action"] for call in empty_fe2.cloud.control("/demo/calls", method="GET")}
    assert called & {"CreateKeyPair", "ImportKeyPair"} == set()


def test_stop_and_start_work_on_several_and_print_each_result(base: Any) -> None:
    base("launch", "second", "ubuntu", "20", "t3.micro", "--no-wait")
    stopped = base("stop", "base", "second", "--wait", "--json")
    assert stopped.status == 0, stopped.err
    assert [(each["name"], each["done"]) for each in stopped.json] == [("base", True), ("second", True)]
    assert {each["state"] for each in base("instances", "--json").json} == {"stopped"}
    started = base("start", "base", "--yes")
    assert started.status == 0, started.err
    assert re.match(
        r"While it runs, it costs \$0\.\d+ an hour \(\$[\d.]+ a month if left on\): instance .* and disks \$0\.\d+\.\n",
        started.err,
    )
    assert started.out.startswith("base (i-")
    assert named(base, "base")["state"] == "running"


def test_reboot_waits_until_ssh_answers_again(fresh_cloud: Any, on: Any) -> None:
    fe2 = on(fresh_cloud(scene=False, ssh_seconds=2.0))  # one that is down for less than a knock is waited out
    assert fe2("launch", "base", "ubuntu", "20", "t3.micro").status == 0
    said = fe2("reboot", "base")
    assert said.status == 0, said.err
    assert "going down" in said.err
    assert fe2("connect", "base", "--print").status == 0


def test_terminate_without_a_terminal_refuses_unless_told_yes(base: Any) -> None:
    refused = base("terminate", "base")
    assert (refused.status, refused.out) == (2, "")
    assert "--yes" in refused.err
    assert named(base, "base")["state"] == "running"
    done = base("terminate", "base", "--yes", "--wait")
    assert done.status == 0, done.err
    assert "20 GiB" in done.err
    assert base("instances").out == ""
    assert base("launch", "base", "ubuntu", "20", "t3.micro", "--no-wait").status == 0, "its name is free again"


def test_terminate_wants_the_name_typed(base: Any) -> None:
    with Screen(base.command("terminate", "base"), base.environment) as screen:
        screen.wait_for("Type base to terminate it:")
        screen.type("yes\r")
        assert screen.wait_for_end() == 130
        assert "nothing was done" in screen.text
    assert named(base, "base")["state"] == "running"
    with Screen(base.command("terminate", "base"), base.environment) as screen:
        screen.wait_for("Type base to terminate it:")
        assert "20 GiB: deleted" in screen.text
        screen.type("base\r")
        assert screen.wait_for_end() == 0
    assert base("instances").out == ""


def test_ctrl_c_at_the_question_leaves_all_as_it_was(base: Any) -> None:
    with Screen(base.command("terminate", "base"), base.environment) as screen:
        screen.wait_for("Type base to terminate it:")
        screen.type("\x03")
        assert screen.wait_for_end() == 130
        assert "Traceback" not in screen.text
    assert named(base, "base")["state"] == "running"


def test_forcing_off_asks_first(base: Any) -> None:
    assert base("stop", "base", "--force").status == 2
    assert named(base, "base")["state"] == "running"
    assert base("stop", "base", "--force", "--yes", "--wait").status == 0
    assert named(base, "base")["state"] == "stopped"


def test_tags_are_set_and_removed_a_name_is_changed_and_the_console_printed(own_fe2: Any) -> None:
    said = own_fe2("tag", "base", "env=prod", "note=", "--remove", "owner")
    assert said.status == 0, said.err
    assert "tagged env=prod and note=, without owner" in said.out
    tags = named(own_fe2, "base")["tags"]
    assert (tags["env"], tags["note"]) == ("prod", "") and "owner" not in tags
    assert own_fe2("tag", "base").status == 2
    assert "“env” is not a tag" in own_fe2("tag", "base", "env").err
    assert own_fe2("tag", "base", "aws:x=y").status == 1
    taken = own_fe2("rename", "base", "vault")
    assert taken.status == 2 and "There is an instance vault already" in taken.err
    assert own_fe2("rename", "base", "base-old").status == 0
    assert named(own_fe2, "base-old")["tags"]["env"] == "prod"
    console = own_fe2("console", "base-old")
    assert console.status == 0 and console.out
    assert own_fe2("protect", "base-old", "vault", "on").status == 0
    refused = own_fe2("terminate", "base-old", "--yes")
    assert refused.status == 1 and "`fe2 protect base-old off`" in refused.err
    assert own_fe2("protect", "base-old", "off", "--read-only").status != 0
    assert "EC2 terminates it" in own_fe2("shutdown-behavior", "base-old", "terminate").out
    assert own_fe2("tag", "base-old", "env=dev", "--read-only").status != 0


def test_a_followed_console_ends_with_ctrl_c_and_a_screenshot_says_where_it_is(fe2: Any, tmp_path: Path) -> None:
    with Screen(fe2.command("console", "base", "--follow"), fe2.environment) as screen:
        screen.wait_for("login:")
        screen.type("\x03")
        assert screen.wait_for_end() == 130
    file = tmp_path / "screen.jpg"
    said = fe2("screenshot", "base", str(file))
    assert (said.status, said.out) == (0, f"{file}\n") and file.stat().st_size
    assert fe2("screenshot", "base", str(file)).status == 2
    assert fe2("console", "base", "--follow", "--json").status == 2


def test_what_makes_aws_replace_a_member_of_a_group_asks_first_and_refuses_without_a_terminal(own_fe2: Any) -> None:
    inst1 = named(own_fe2, "inst1")["id"]
    own_fe2.cloud.control("/demo/tag", {"instance": inst1, "tags": {"aws:autoscaling:groupName": "web"}})
    own_fe2.cloud.control("/demo/calls", method="DELETE")
    for command in (
        ["stop", "inst1"],
        ["freeze", "inst1", "mine", "--stop-first"],
        ["change-type", "inst1", "m5.xlarge", "--stop"],
        ["change-type", "inst1", "t3.small", "--stop"],
    ):
        said = own_fe2(*command)
        assert (said.status, said.out) == (2, "")
        assert "inst1 belongs to the Auto Scaling group web, which terminates stopped instances" in said.err
        assert "--yes" in said.err and said.err.count("belongs to") == 1
    assert not {call["action"] for call in own_fe2.cloud.control("/demo/calls", method="GET")} & {"StopInstances"}
    assert "inst1 belongs to the Auto Scaling group web, which launches a new" in own_fe2("terminate", "inst1").err
    said = own_fe2("stop", "inst1", "--yes", "--wait")
    assert said.status == 0 and "inst1 belongs to the Auto Scaling group web" in said.err
    assert own_fe2("terminate", "inst1").err.count("belongs to") == 1


@pytest.mark.parametrize(
    "command",
    [
        ["stop", "base"],
        ["start", "base"],
        ["reboot", "base"],
        ["terminate", "base", "--yes"],
        ["launch", "new", "ubuntu", "20", "t3.micro"],
        ["get-instance", "base", "-", "terminate"],
    ],
)
def test_read_only_refuses_every_change_in_the_core(fe2: Any, command: list[str]) -> None:
    fe2.cloud.control("/demo/calls", method="DELETE")
    state = "stopped" if command[0] == "start" else "running"
    there = fe2("instances", "--json").json
    one = next(each["id"] for each in there if each["state"] == state and each["lifecycle"] == "on-demand")
    said = fe2("--read-only", *[one if word == "base" else word for word in command])
    assert (said.status, said.out) == (1, ""), said.err
    assert "only read" in said.err
    sent = {call["action"] for call in fe2.cloud.control("/demo/calls", method="GET")}
    assert [each for each in sent if not each.startswith(("Describe", "Get"))] == []


def test_read_only_may_be_set_for_a_profile(fe2: Any, tmp_path: Any) -> None:
    config = tmp_path / "fe2tui-home/config/config.toml"
    config.write_text(config.read_text() + "\n[profiles.default]\nread_only = true\n")
    running = next(each["id"] for each in fe2("instances", "--json").json if each["state"] == "running")
    said = fe2("stop", running)
    assert said.status == 1
    assert "only read" in said.err


SIGNERS = """
[profile prod]
region = us-east-2
[profile dev]
region = us-west-2
"""


@pytest.mark.parametrize(
    ("second_is_prod", "is_assumed", "refused"),
    [
        (False, False, True),  # the very key
        (False, True, True),  # another key of the account
        (True, False, False),  # another account
    ],
)
def test_a_read_only_profile_guards_its_account_whatever_signs(
    own_fe2: Any, tmp_path: Path, second_is_prod: bool, is_assumed: bool, refused: bool
) -> None:
    """AWS_PROFILE is dev, and the exported keys are prod's: they sign, and dev's settings do not count."""
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    config.write_text(SIGNERS)
    keys = own_fe2.cloud.keys
    first, second = (keys.access_key, keys.secret), (keys.second_access_key, keys.second_secret)
    profiles = {"prod": second if second_is_prod else first, "dev": second}
    credentials.write_text(
        "".join(
            f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
            for name, (key, secret) in profiles.items()
        )
    )
    settings = tmp_path / "fe2tui-home/config/config.toml"
    settings.write_text(f"{settings.read_text()}\nregion = 'us-east-2'\n[profiles.prod]\nread_only = true\n")
    variables = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), first, strict=True))
    if is_assumed:
        given = (
            boto3.Session()
            .client(
                "sts",
                endpoint_url=own_fe2.environment["AWS_ENDPOINT_URL"],
                region_name="us-east-2",
                aws_access_key_id=keys.access_key,
                aws_secret_access_key=keys.secret,
            )
            .assume_role(RoleArn=f"{ACCOUNT_ARN}:role/demo", RoleSessionName="jane")["Credentials"]
        )
        variables = {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }
    variables |= {
        "AWS_PROFILE": "dev",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
    }
    running = next(one for one in own_fe2("instances", "--json").json if one["state"] == "running")
    said = own_fe2("stop", running["id"], "--yes", **variables)
    assert "AWS_PROFILE=dev is not used" in said.err
    stopped = [call for call in own_fe2.cloud.control("/demo/calls", method="GET") if call["action"] == "StopInstances"]
    if refused:
        assert (said.status, stopped) == (1, [])
        assert "only read" in said.err and "[profiles.prod] in config.toml makes this account read-only" in said.err
    else:
        assert (said.status, len(stopped)) == (0, 1), said.err


def test_a_read_only_profile_whose_account_was_seen_guards_it(own_fe2: Any, tmp_path: Path) -> None:
    """Only an earlier run with it can tell the account of a profile with a credential_process."""
    environment = own_fe2.environment
    keys = {
        "Version": 1,
        "AccessKeyId": environment["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": environment["AWS_SECRET_ACCESS_KEY"],
    }
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    with Path(environment["AWS_CONFIG_FILE"]).open("a") as config:
        config.write(f"[profile prod]\nregion = us-east-2\ncredential_process = cat {tmp_path / 'keys.json'}\n")
    settings = tmp_path / "fe2tui-home/config/config.toml"
    settings.write_text(f"{settings.read_text()}\n[profiles.prod]\nread_only = true\n")
    assert own_fe2("cost", "--profile", "prod").status == 0
    running = next(one for one in own_fe2("instances", "--json").json if one["state"] == "running")
    said = own_fe2("stop", running["id"], "--yes")
    assert said.status == 1
    assert "[profiles.prod] in config.toml makes this account read-only" in said.err


def test_an_image_that_may_not_be_launched_is_status_1_and_keeps_the_login(own_fe2: Any) -> None:
    own_fe2.cloud.control(
        "/demo/faults",
        {
            "kind": "refuse",
            "action": "RunInstances",
            "code": "AuthFailure",
            "message": "Not authorized for images: [ami-0123456789abcdef0]",
            "status": 403,
        },
    )
    for _ in range(2):
        said = own_fe2("launch", "x", "ubuntu", "8", "t3.micro", "--yes", "--profile", "role")
        assert said.status == 1
        assert "may not launch ami-0123456789abcdef0. (AuthFailure)" in said.err
        assert "AWS says: Not authorized for images: [ami-0123456789abcdef0]" in said.err
    actions = [call["action"] for call in own_fe2.cloud.control("/demo/calls", method="GET")]
    assert (actions.count("RunInstances"), actions.count("AssumeRole")) == (2, 1)


def test_a_denied_action_is_status_1_named_with_awss_code_and_one_line(base: Any) -> None:
    base.cloud.control("/demo/faults", {"kind": "deny", "action": "StopInstances"})
    said = base("stop", "base")
    assert (said.status, said.out) == (1, "")
    assert "StopInstances" in said.err
    assert "UnauthorizedOperation" in said.err
    assert "Traceback" not in said.err


def test_what_was_done_is_in_the_activity_log_with_the_command_line(base: Any) -> None:
    base("stop", "base", "--wait")
    newest = base("activity", "--json").json[0]
    assert (newest["command"], newest["name"], newest["result"]) == ("stop", "base", "done")
    assert newest["by"] == "fe2 stop base --wait"
    assert "stop" in base("activity").out


def test_ctrl_c_while_waiting_is_status_130_and_the_instance_goes_on(fresh_cloud: Any, on: Any) -> None:
    fe2 = on(fresh_cloud(scene=False, boot_seconds=600))
    with Screen(fe2.command("launch", "base", "ubuntu", "20", "t3.micro"), fe2.environment) as screen:
        screen.wait_for(lambda text: bool(LAUNCHED.search(text)))
        screen.type("\x03")
        assert screen.wait_for_end() == 130
        assert "Traceback" not in screen.text
    assert named(fe2, "base")["state"] == "pending"


def test_a_launch_that_was_killed_is_found_by_the_next_and_not_done_twice(fresh_cloud: Any, on: Any) -> None:
    fe2 = on(fresh_cloud(scene=False, boot_seconds=600))
    with fe2.start("launch", "base", "ubuntu", "20", "t3.micro") as running:
        assert running.stderr
        for line in running.stderr:
            if LAUNCHED.search(line):
                break
        running.send_signal(signal.SIGKILL)
    said = fe2("launch", "base", "ubuntu", "20", "t3.micro", "--no-wait")
    assert "An earlier launch: base" in said.err
    assert len(fe2("instances").lines) == 1


def test_what_an_interrupted_launch_leaves_behind_stays_on_the_screen_however_narrow(fresh_cloud: Any, on: Any) -> None:
    fe2 = on(fresh_cloud(scene=False, boot_seconds=600))
    launching = fe2.command("launch", "base", "ubuntu", "20", "t3.micro")
    with Screen(launching, fe2.environment, columns=50) as screen:
        screen.wait_for(lambda text: bool(LAUNCHED.search(text)))
        screen.type("\x03")
        assert screen.wait_for_end() == 130
        said = "".join(screen.text.split())
    assert f"Cancelled.{named(fe2, 'base')['id']}waslaunched:itkeepsrunning,andcostsmoney." in said
    assert "fe2:interrupted." in said


def test_what_start_has_come_to_is_said_once(base: Any) -> None:
    base("stop", "base", "--wait")
    said = base("start", "base", "--yes")
    assert said.out.endswith("): is ready: ubuntu can log in\n")
    assert "can log in" not in said.err
    assert "base: base" not in said.err


@pytest.mark.parametrize("kind", ["protected", "terminated"])
def test_terminating_what_is_left_alone_says_that_nothing_is_done_and_why(fe2: Any, kind: str) -> None:
    there = fe2("instances", "--all", "--json").json
    terminated = next(each["id"] for each in there if each["state"] == "terminated")
    said = fe2("terminate", "vault" if kind == "protected" else terminated)
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("Nothing will be done.\n")
    assert kind in said.err
    assert "undone" not in said.err and "Stops" not in said.err and "Type" not in said.err


def test_forcing_off_leaves_a_one_time_spot_out_of_the_question(own_fe2: Any) -> None:
    with Screen(own_fe2.command("stop", "base", "spot1", "--force"), own_fe2.environment) as screen:
        assert "Force off base?" in screen.wait_for("[y/N]")
        screen.type("y\r")
        assert screen.wait_for_end() == 1
        assert "one-time spot instance" in screen.text


def test_read_only_refuses_a_launch_before_it_plans_one(fe2: Any) -> None:
    said = fe2("--read-only", "launch", "new", "ubuntu", "20", "t3.micro")
    assert (said.status, len(said.err.splitlines())) == (1, 2)
    assert "only read" in said.err


def test_a_field_is_complained_of_once_and_the_tag_name_is_refused(fe2: Any) -> None:
    said = fe2("launch", "new", "ubuntu", "0", "t3.micro", "--iops", "999999", "--tag", "Name=zz")
    assert said.status == 2
    assert (said.err.count("GiB"), said.err.count("IOPS")) == (1, 1)
    assert "The tag Name is the instance's name" in said.err


def test_a_damaged_store_is_reported_once_and_logged(empty_fe2: Any, tmp_path: Any) -> None:
    file = tmp_path / "fe2tui-home/data/fe2tui.sqlite"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"not a database, but a letter" * 100)
    said = empty_fe2("activity")
    assert said.status == 0
    assert "has been moved to" in said.err and ".corrupt-" in said.err
    again = empty_fe2("activity")
    assert again.err == "" and ".corrupt-" in again.out


def test_what_an_interrupted_start_leaves_behind_stays_on_the_screen(fresh_cloud: Any, on: Any) -> None:
    fe2 = on(fresh_cloud(scene=False))
    fe2("launch", "base", "ubuntu", "20", "t3.micro", "--no-wait")
    assert fe2("stop", "base", "--wait").status == 0
    fe2.cloud.control("/demo/delays", {"boot_seconds": 600})
    with Screen(fe2.command("start", "base", "--yes"), fe2.environment, columns=40) as screen:
        screen.wait_for("base: starting")
        screen.type("\x03")
        assert screen.wait_for_end() == 130
    assert "base: Cancelled. AWS had accepted it: it is starting." in " ".join(screen.text.replace("\n", "").split())


def test_a_failure_names_its_instance_once(fe2: Any) -> None:
    said = fe2("stop", "spot1")
    assert said.status == 1
    assert said.err.splitlines()[0].count("spot1") == 1


@pytest.mark.parametrize(
    ("arguments", "price"),
    [
        (["start", "od1"], r"While it runs, it costs \$0\.\d+ an hour \(\$[\d.]+ a month if left on\)"),
        (["start", "od1", "notebook"], r"Together they cost \$0\.\d+ an hour while they run \(\$[\d.]+ a month"),
        (["change-type", "inst1", "p3.8xlarge", "--stop"], r"\$12\.144 an hour more"),
        (["change-type", "od1", "t3.small", "--start"], r"\$0\.\d+ an hour less"),
        (["launch", "later", "ubuntu", "20", "m5.large", "--retry", "5"], r"This costs \$0\.\d+ an hour"),
        (["freeze", "inst1", "mine"], "is running, and there is no terminal"),
    ],
)
def test_what_makes_the_bill_larger_or_reboots_is_refused_without_a_terminal_unless_told_yes(
    fe2: Any, arguments: list[str], price: str
) -> None:
    fe2.cloud.control("/demo/calls", method="DELETE")
    said = fe2(*arguments)
    assert (said.status, said.out) == (2, "")
    assert re.search(price, said.err) and "--yes" in said.err
    sent = {call["action"] for call in fe2.cloud.control("/demo/calls", method="GET")}
    assert [each for each in sent if not each.startswith(("Describe", "Get"))] == []


def test_start_asks_once_at_a_terminal_with_its_price_and_an_empty_line_means_no(own_fe2: Any) -> None:
    for answer, status, state in (("\r", 130, "stopped"), ("y\r", 0, "pending")):
        with Screen(own_fe2.command("start", "od1", "--no-wait"), own_fe2.environment) as screen:
            assert "a month if left on" in screen.wait_for("Start od1? [y/N]")
            screen.type(answer)
            assert screen.wait_for_end() == status
        assert named(own_fe2, "od1")["state"] in (state, "running" if state == "pending" else state)


def test_what_is_typed_before_a_question_does_not_answer_it(own_fe2: Any) -> None:
    with Screen(own_fe2.command("start", "od1"), own_fe2.environment) as screen:
        screen.type("y\ry\r")
        screen.wait_for("Start od1? [y/N]")
        screen.type("\r")
        assert screen.wait_for_end() == 130
        assert "Nothing was started." in screen.text
    assert named(own_fe2, "od1")["state"] == "stopped"


def test_a_smaller_type_and_what_runs_already_need_no_question(own_fe2: Any) -> None:
    assert own_fe2("change-type", "inst1", "t3.micro", "--stop", "--no-wait").status == 0
    assert own_fe2("start", "base").status == 0


@pytest.mark.parametrize("table", ["instances", "parts", "runs", "places", "activity"])
def test_a_store_whose_damage_shows_only_in_use_is_healed_and_commands_go_on(own_fe2: Any, table: str) -> None:
    assert own_fe2("instances").status == 0
    damage_table(Path(own_fe2.environment["FE2TUI_HOME"]) / "data" / "fe2tui.sqlite", table)
    said = [own_fe2("instances"), own_fe2("stop", "base"), own_fe2("cost")]
    assert [one.status for one in said] == [0, 0, 0], [one.err for one in said]
    assert sum("has been moved to" in one.err for one in said) == 1
