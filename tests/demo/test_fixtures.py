"""What the shared fixtures do for every test."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fe2tui.demo import Cloud


def test_a_connection_to_another_host_is_refused_and_logged() -> None:
    guard = sys.modules["fe2tui_test_guard"]
    with socket.socket() as sock, pytest.raises(OSError, match="stay on this computer"):
        sock.connect(("203.0.113.9", 80))
    with pytest.raises(OSError, match="stay on this computer"):
        socket.getaddrinfo("example.org", 80)
    assert len(guard.ATTEMPTS) == 2
    guard.ATTEMPTS.clear()
    log = Path(os.environ["TESTS_GUARD_LOG"])
    assert "203.0.113.9" in log.read_text()
    log.write_text("")


def test_a_child_process_cannot_reach_another_host(guarded_environment: dict[str, str]) -> None:
    code = "import socket; socket.create_connection(('203.0.113.9', 80), 1)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=guarded_environment, capture_output=True, text=True, check=False
    )
    assert "stay on this computer" in done.stderr
    log = Path(guarded_environment["TESTS_GUARD_LOG"])
    assert "203.0.113.9" in log.read_text()
    log.write_text("")


def test_the_environment_has_no_personal_settings(clean_environment: Path) -> None:
    assert not [name for name in os.environ if name.startswith("AWS_")]
    assert "SSH_AUTH_SOCK" not in os.environ
    assert Path.home() == clean_environment


def test_demo_env_points_at_the_cloud_with_a_home_of_its_own(cloud: Cloud, demo_env: Path) -> None:
    assert os.environ["AWS_ENDPOINT_URL"] == cloud.endpoint
    assert demo_env != cloud.home
    key = demo_env / "data" / "keys" / "default.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_bytes() == cloud.key_file.read_bytes()
