"""The keys that a person has, and which of them is an EC2 key pair's private half."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fe2tui.errors import KeyFileError
from fe2tui.ssh.keys import (
    KeySearchPaths,
    candidate_files,
    create_private_key_file,
    find_private_key,
    identity_file,
    local_keys,
    local_public_keys,
    make_ed25519,
)
from tests.ssh.ssh_yard import lock, write_key


@pytest.fixture
def places(tmp_path: Path) -> KeySearchPaths:
    (tmp_path / ".ssh").mkdir(mode=0o700)
    (tmp_path / "data" / "keys").mkdir(parents=True)
    return KeySearchPaths(tmp_path / "data" / "keys", tmp_path, agent_socket=None)


def openssl(*arguments: str | Path, data: bytes | None = None) -> bytes:
    return subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, check=True).stdout


def colons(digest: bytes) -> str:
    return ":".join(f"{byte:02x}" for byte in digest)


def test_nothing_anywhere_is_no_error(tmp_path: Path) -> None:
    places = KeySearchPaths(tmp_path / "none", tmp_path / "missing", "/no/agent")
    assert local_keys(places) == ()
    assert find_private_key(places, "default") is None


def test_a_key_is_found_by_its_public_half_whatever_its_file_is_called(places: KeySearchPaths) -> None:
    write_key(places.ssh_folder / "id_rsa_old", "ssh-rsa")
    line = write_key(places.ssh_folder / "id_ed25519")
    found = find_private_key(places, "some-name-at-aws", public_key=f"{line.rsplit(' ', 1)[0]} some-name-at-aws")
    assert found is not None
    assert found.file == places.ssh_folder / "id_ed25519"


def test_a_file_of_the_right_name_with_another_key_in_it_is_not_the_key(places: KeySearchPaths) -> None:
    write_key(places.ssh_folder / "default.pem")
    line = write_key(places.folder / "elsewhere")
    assert find_private_key(places, "default", public_key=line) is None


@pytest.mark.parametrize("where", ["folder/NAME.pem", ".ssh/NAME", ".ssh/NAME.pem"])
def test_where_nothing_can_be_compared_the_name_decides(places: KeySearchPaths, where: str) -> None:
    name = "my key"
    path = (places.folder if where.startswith("folder") else places.ssh_folder) / where.split("/")[1].replace(
        "NAME", name
    )
    write_key(places.ssh_folder / "id_ed25519")
    write_key(path)
    found = find_private_key(places, name)
    assert found is not None and found.file == path
    assert path in candidate_files(places, name)


@pytest.mark.parametrize("name", ["../id_ed25519", "/etc/passwd", "", ".", "..", "a\0b"])
def test_a_key_pairs_name_never_leads_out_of_the_folders(places: KeySearchPaths, name: str) -> None:
    write_key(places.home / "id_ed25519")
    assert candidate_files(places, name) == ()
    assert find_private_key(places, name) is None


def test_an_imported_rsa_key_is_known_by_the_md5_of_its_public_half(places: KeySearchPaths) -> None:
    file = places.ssh_folder / "id_rsa"
    write_key(file, "ssh-rsa")
    subprocess.run(["ssh-keygen", "-p", "-m", "PEM", "-N", "", "-f", str(file)], check=True, capture_output=True)
    der = openssl("rsa", "-in", file, "-pubout", "-outform", "DER")
    found = find_private_key(places, "default", fingerprint=colons(hashlib.md5(der).digest()))
    assert found is not None and found.file == file
    assert find_private_key(places, "default", fingerprint=colons(hashlib.md5(b"other").digest())) is None


def test_an_rsa_key_that_ec2_made_is_known_by_the_sha1_of_its_private_half(places: KeySearchPaths) -> None:
    file = places.ssh_folder / "downloaded.pem"
    file.write_bytes(openssl("genrsa", "-traditional", "2048"))
    der = openssl("pkcs8", "-in", file, "-inform", "PEM", "-outform", "DER", "-topk8", "-nocrypt")
    found = find_private_key(places, "default", fingerprint=colons(hashlib.sha1(der).digest()))
    assert found is not None and found.file == file
    assert found.type == "ssh-rsa"


@pytest.mark.parametrize("form", ["{}=", "{}", "SHA256:{}"])
def test_an_ed25519_key_is_known_by_its_sha256_however_it_is_written(places: KeySearchPaths, form: str) -> None:
    line = write_key(places.ssh_folder / "id_ed25519")
    digest = base64.b64encode(hashlib.sha256(base64.b64decode(line.split()[1])).digest()).decode().rstrip("=")
    found = find_private_key(places, "default", fingerprint=form.format(digest))
    assert found is not None and found.file == places.ssh_folder / "id_ed25519"


def test_keys_named_in_the_ssh_configuration_are_found_also_through_includes(places: KeySearchPaths) -> None:
    elsewhere = places.home / "else where"
    elsewhere.mkdir()
    lines = [write_key(elsewhere / name) for name in ("one", "two", "three", "four")]
    (places.ssh_folder / "config").write_text(
        f'Host a\n  IdentityFile "{elsewhere}/one"\nidentityfile="~/else where/two"\nInclude conf.d/*\n'
        "IdentityFile none\nIdentityFile ~/missing\nIdentityFile ~/%h\n"
    )
    (places.ssh_folder / "conf.d").mkdir()
    (places.ssh_folder / "conf.d" / "x").write_text('Include x\nIdentityFile "%d/else where/three"\n')
    for line in lines[:3]:
        assert find_private_key(places, "x", public_key=line) is not None
    assert find_private_key(places, "x", public_key=lines[3]) is None


def test_a_passphrase_does_not_hide_which_key_it_is(places: KeySearchPaths) -> None:
    line = write_key(places.ssh_folder / "id_ed25519", passphrase="secret")
    found = find_private_key(places, "default", public_key=line)
    assert found is not None
    assert found.is_encrypted and found.needs_person


def test_a_pem_file_with_a_passphrase_is_believed_by_its_name_alone(places: KeySearchPaths) -> None:
    pem = openssl("genrsa", "-traditional", "-aes128", "-passout", "pass:secret", "2048")
    (places.ssh_folder / "default.pem").write_bytes(pem)
    found = find_private_key(places, "default", fingerprint=colons(b"x" * 20))
    assert found is not None and found.is_encrypted
    assert find_private_key(places, "other", fingerprint=colons(b"x" * 20)) is None


def test_of_two_files_with_the_key_the_one_without_a_passphrase_is_taken(places: KeySearchPaths) -> None:
    line = write_key(places.ssh_folder / "z.pem")
    shutil.copy(places.ssh_folder / "z.pem", places.ssh_folder / "id_ed25519")
    lock(places.ssh_folder / "id_ed25519", "secret")
    found = find_private_key(places, "default", public_key=line)
    assert found is not None and found.file == places.ssh_folder / "z.pem"


def test_keys_of_the_agent_count_and_files_say_that_the_agent_holds_them_too(
    places: KeySearchPaths, agent: Callable[..., str]
) -> None:
    only = write_key(places.home / "only-in-agent")
    both = write_key(places.ssh_folder / "id_ed25519")
    unlocked = Path(shutil.copy(places.ssh_folder / "id_ed25519", places.home / "unlocked"))
    lock(places.ssh_folder / "id_ed25519", "secret")
    socket = agent(places.home / "only-in-agent", unlocked)
    places = KeySearchPaths(places.folder, places.home, socket)
    in_agent = find_private_key(places, "default", public_key=only)
    assert in_agent is not None
    assert (in_agent.file, in_agent.is_in_agent, in_agent.comment) == (None, True, "me@here")
    in_both = find_private_key(places, "default", public_key=both)
    assert in_both is not None
    assert in_both.is_in_agent and in_both.is_encrypted and not in_both.needs_person
    assert in_both.file == places.ssh_folder / "id_ed25519"


def test_an_agents_key_can_be_named_to_ssh_by_its_public_half(
    places: KeySearchPaths, agent: Callable[..., str]
) -> None:
    line = write_key(places.home / "only-in-agent")
    places = KeySearchPaths(places.folder, places.home, agent(places.home / "only-in-agent"))
    key = find_private_key(places, "default", public_key=line)
    assert key is not None
    file = identity_file(places, key)
    assert file.read_text().split()[:2] == line.split()[:2]
    assert identity_file(places, key) == file


def test_keys_to_import_come_each_once_those_that_ec2_takes_and_the_handiest_first(places: KeySearchPaths) -> None:
    write_key(places.ssh_folder / "id_ecdsa", "ecdsa-sha2-nistp256")
    locked = write_key(places.ssh_folder / "id_ed25519", passphrase="secret")
    rsa = write_key(places.ssh_folder / "id_rsa", "ssh-rsa", pub=True)
    ours = write_key(places.folder / "made.pem")
    (places.ssh_folder / "copy.pem").write_bytes((places.folder / "made.pem").read_bytes())
    offered = [key.public.split()[1] for key in local_public_keys(places)]
    assert offered == [line.split()[1] for line in (ours, rsa, locked)]


def test_files_that_are_no_keys_are_passed_over(places: KeySearchPaths) -> None:
    (places.ssh_folder / "id_nothing").write_text("hello")
    (places.ssh_folder / "broken.pem").write_text(
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
    )
    (places.ssh_folder / "id_folder").mkdir()
    os.mkfifo(places.ssh_folder / "id_fifo")
    (places.ssh_folder / "id_dangling").symlink_to("nowhere")
    assert local_keys(places) == ()


def test_a_new_key_file_is_for_its_owner_only_and_ssh_keygen_can_read_it(tmp_path: Path) -> None:
    key = make_ed25519("me")
    path = create_private_key_file(tmp_path / "keys" / "default.pem", key.private)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    shown = subprocess.run(["ssh-keygen", "-y", "-f", str(path)], capture_output=True, text=True, check=True)
    assert shown.stdout.split()[:2] == key.public.split()[:2]
    assert key.public.endswith(" me")
    assert [entry.name for entry in path.parent.iterdir()] == ["default.pem"]


def test_a_private_key_does_not_show_in_its_repr() -> None:
    assert "PRIVATE" not in repr(make_ed25519())


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "default.pem").write_text("precious")
    with pytest.raises(KeyFileError, match=r"default\.pem exists already"):
        create_private_key_file(tmp_path / "default.pem", "new")
    (tmp_path / "link.pem").symlink_to(tmp_path / "target")
    with pytest.raises(KeyFileError):
        create_private_key_file(tmp_path / "link.pem", "new")
    assert (tmp_path / "default.pem").read_text() == "precious"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["default.pem", "link.pem"]


def test_a_folder_that_cannot_be_made_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyFileError, match="could not be written"):
        create_private_key_file(tmp_path / "file" / "default.pem", "new")
