"""Host keys: read off the console, kept by instance id, never replaced without a person's word."""

from __future__ import annotations

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncssh
import pytest

from fe2tui.errors import HostKeyChangedError
from fe2tui.ssh.hostkeys import HostKeys, fingerprint, parse_console

BEGIN, END = "-----BEGIN SSH HOST KEY KEYS-----", "-----END SSH HOST KEY KEYS-----"


def new_key(kind: str = "ssh-ed25519") -> str:
    return " ".join(asyncssh.generate_private_key(kind).export_public_key().decode().split()[:2])


ED, OTHER_ED, ECDSA = new_key(), new_key(), new_key("ecdsa-sha2-nistp256")


@pytest.fixture
def hosts(tmp_path: Path) -> HostKeys:
    return HostKeys(tmp_path / "data" / "known_hosts")


def test_the_keys_are_read_off_the_console_as_cloud_init_prints_them() -> None:
    text = f"boot\r\n{BEGIN}\r\n{ECDSA} root@ip-10-0-0-9\r\n{ED} root@ip-10-0-0-9\r\n{END}\r\nlogin: "
    assert parse_console(text) == (ECDSA, ED)


@pytest.mark.parametrize(
    "prefix", ["", "ci-info: ", "[   12.345678] ", "[   12.345678] cloud-init[1234]: ", "<14>Nov 23 13:48:05 ec2: "]
)
def test_prefixes_before_the_lines_do_no_harm(prefix: str) -> None:
    text = "\r\n".join(prefix + line for line in (BEGIN, f"{ED} root@base", END))
    assert parse_console(text) == (ED,)


def test_of_several_blocks_the_last_whole_one_counts() -> None:
    one, two = f"{BEGIN}\n{OTHER_ED} x\n{END}\n", f"{BEGIN}\n{ED} x\n{END}\n"
    assert parse_console(one + two) == (ED,)
    assert parse_console(one + two + f"{BEGIN}\n{OTHER_ED} cut o") == (ED,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "login:",
        f"{BEGIN}\n{ED} x\n",
        f"{ED}\n{END}",
        f"{BEGIN}\nnothing\n{END}",
        f"{BEGIN}\nssh-ed25519 AAAAbroken\n{END}",
        f"{BEGIN}\n{ED[:-20]}\n{END}",
        f"{BEGIN}\nssh-rsa {ED.split()[1]}\n{END}",
    ],
)
def test_what_is_not_a_whole_block_of_real_keys_gives_none(text: str) -> None:
    assert parse_console(text) == ()


def test_a_learnt_key_is_known_for_that_instance_only(hosts: HostKeys) -> None:
    assert hosts.known_keys("i-0a") == ()
    assert hosts.learn("i-0a", [ED, ECDSA]) == (ED, ECDSA)
    assert hosts.known_keys("i-0a") == (ED, ECDSA)
    assert hosts.known_keys("i-0a0") == hosts.known_keys("i-0") == ()


def test_learning_again_changes_nothing_and_a_further_kind_of_key_is_added(hosts: HostKeys) -> None:
    hosts.learn("i-0a", [ED])
    assert hosts.learn("i-0a", [f"{ED} with a comment"]) == ()
    assert hosts.learn("i-0a", [ED, ECDSA]) == (ECDSA,)
    assert len(hosts.file.read_text().splitlines()) == 2


def test_the_file_is_for_its_owner_only_and_readable_by_ssh_keygen(hosts: HostKeys) -> None:
    hosts.learn("i-0a", [ED])
    assert hosts.file.stat().st_mode & 0o777 == 0o600
    found = subprocess.run(["ssh-keygen", "-F", "i-0a", "-f", str(hosts.file)], capture_output=True, text=True)
    assert ED in found.stdout


@pytest.mark.parametrize("offered", [[OTHER_ED], [ECDSA], [ECDSA, OTHER_ED], [ED, OTHER_ED]])
def test_a_changed_key_is_refused_and_the_old_one_stays(hosts: HostKeys, offered: list[str]) -> None:
    hosts.learn("i-0a", [ED])
    with pytest.raises(HostKeyChangedError):
        hosts.learn("i-0a", offered)
    assert hosts.known_keys("i-0a") == (ED,)


def test_the_error_names_instance_both_fingerprints_and_a_command_that_forgets(hosts: HostKeys) -> None:
    hosts.learn("i-0a", [ED])
    hosts.learn("i-0b", [ED])
    with pytest.raises(HostKeyChangedError) as caught:
        hosts.learn("i-0a", [OTHER_ED], label="base")
    said = str(caught.value)
    for part in ("base (i-0a)", fingerprint(ED), fingerprint(OTHER_ED)):
        assert part in said
    command = caught.value.remedy[caught.value.remedy.index("ssh-keygen") :]
    subprocess.run(command, shell=True, check=True, capture_output=True)
    assert hosts.known_keys("i-0a") == ()
    assert hosts.known_keys("i-0b") == (ED,)


def test_the_fingerprint_is_the_one_that_ssh_keygen_prints(tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_text(ED)
    printed = subprocess.run(["ssh-keygen", "-l", "-f", str(tmp_path / "key.pub")], capture_output=True, text=True)
    assert fingerprint(ED) in printed.stdout


def test_forgetting_drops_one_instance_and_keeps_everything_else(hosts: HostKeys) -> None:
    hosts.learn("i-0a", [ED])
    hosts.learn("i-0b", [OTHER_ED])
    with hosts.file.open("a") as file:
        file.write("# a person's note\n")
    assert hosts.forget("i-0a") is True
    assert hosts.forget("i-0a") is False
    assert (hosts.known_keys("i-0a"), hosts.known_keys("i-0b")) == ((), (OTHER_ED,))
    assert "# a person's note" in hosts.file.read_text()
    assert hosts.file.stat().st_mode & 0o777 == 0o600


def test_lines_that_ssh_wrote_hashed_are_understood(hosts: HostKeys) -> None:
    hosts.learn("i-0a", [ED])
    hosts.learn("i-0b", [OTHER_ED])
    subprocess.run(["ssh-keygen", "-H", "-f", str(hosts.file)], check=True, capture_output=True)
    assert "i-0a" not in hosts.file.read_text()
    assert hosts.known_keys("i-0a") == (ED,)
    assert hosts.forget("i-0a")
    assert (hosts.known_keys("i-0a"), hosts.known_keys("i-0b")) == ((), (OTHER_ED,))


def test_a_last_line_without_its_end_is_not_run_into_the_next(hosts: HostKeys) -> None:
    hosts.file.parent.mkdir()
    hosts.file.write_text(f"i-0b {OTHER_ED}")
    hosts.learn("i-0a", [ED])
    assert (hosts.known_keys("i-0a"), hosts.known_keys("i-0b")) == ((ED,), (OTHER_ED,))


def test_several_writers_lose_nothing_of_each_other(hosts: HostKeys) -> None:
    begin = threading.Barrier(4)

    def work(first: int) -> None:
        own = HostKeys(hosts.file)
        begin.wait()
        for number in range(first, first + 50):
            own.learn(f"i-{number}", [ED])
            own.learn("i-shared", [ED])
            own.learn(f"i-gone{number}", [ED])
            own.forget(f"i-gone{number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, (0, 100, 200, 300)))
    assert len(hosts.file.read_text().splitlines()) == 4 * 50 + 1
