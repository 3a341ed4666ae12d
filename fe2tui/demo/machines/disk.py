"""The disk of a demo machine: a folder with a home, a few commands of its own and its host key."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fe2tui.demo.machines.metadata_service import ENDPOINT

MARKER = "FE2_DEMO_MACHINE"
"""Every process of a machine has this variable; its value is the machine's folder."""

_LONGEST_SOCKET_PATH = 100

_SUDO = """#!/bin/sh
while [ $# -gt 0 ]; do
    case "$1" in
        -u|-g|-h|-p|-C|-D) shift 2 ;;
        --) shift; break ;;
        -*|*=*) case "$1" in *=*) export "$1" ;; esac; shift ;;
        *) break ;;
    esac
done
[ $# -gt 0 ] && exec "$@"
"""

# Without these, the `systemctl poweroff` with which a long job ends would turn off the person's own computer.
_POWER = """#!/bin/sh
name=${0##*/}
[ "$name" = shutdown ] && { [ "$1" = -r ] && name=reboot || name=poweroff; }
[ "$name" = halt ] && name=poweroff
[ "$name" = init ] && { [ "$1" = 6 ] && name=reboot || name=poweroff; }
if [ "$name" = systemctl ]; then
    for name in "$@"; do case "$name" in -*) ;; *) break ;; esac; done
    case "$name" in
        halt) name=poweroff ;;
        poweroff|reboot) ;;
        *) echo "systemctl: a demo machine has no services" >&2; exit 1 ;;
    esac
fi
echo "$name" 1<> "$FE2_DEMO_MACHINE/run/power"
"""

_POWER_NAMES = ("poweroff", "halt", "reboot", "shutdown", "init", "systemctl")


def plain_hostname(text: str) -> str:
    """The name as a host may bear it: letters, digits, hyphens and dots."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.")[:63] or "machine"


def _copy_tree(source: Path, to: Path) -> None:
    """Files, folders and links; not sockets and pipes, nor what vanishes meanwhile, as on a disk that is in use."""

    def no_files(folder: str, names: list[str]) -> list[str]:
        paths = [Path(folder, name) for name in names]
        return [path.name for path in paths if not (path.is_symlink() or path.is_file() or path.is_dir())]

    with contextlib.suppress(shutil.Error):
        shutil.copytree(source, to, symlinks=True, ignore=no_files)


def _write_command(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


@dataclass(slots=True)
class Disk:
    """What outlives a halt; nothing is written before `make`. `kept` is the home of the image that it is made from."""

    folder: Path
    hostname: str
    user: str
    kept: Path | None = None
    metadata_url: str = ""
    _short_run: Path | None = field(default=None, init=False)

    @property
    def home(self) -> Path:
        return self.folder / "home" / self.user

    @property
    def host_key_file(self) -> Path:
        return self.folder / "host_key"

    @property
    def authorized_keys(self) -> Path:
        return self.home / ".ssh" / "authorized_keys"

    @property
    def power(self) -> Path:
        """The FIFO into which the machine's poweroff and reboot commands write."""
        return self.folder / "run" / "power"

    @property
    def tmux_folder(self) -> Path:
        return self._short_run or self.folder / "run"

    def make(self, public_key: str | None) -> None:
        """Writes what a fresh machine has; what is there already stays as the person left it."""
        if self.home.is_dir():
            return
        if self.kept is not None and self.kept.is_dir():
            _copy_tree(self.kept, self.home)
        for folder in (self.home / ".ssh", self.folder / "bin", self.folder / "run"):
            folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        if public_key is not None:
            self._authorize(public_key.strip())
        self._write_bashrc()
        commands = self.folder / "bin"
        _write_command(commands / "sudo", _SUDO)
        _write_command(commands / "hostname", f"#!/bin/sh\necho {shlex.quote(self.hostname)}\n")
        for name in _POWER_NAMES:
            _write_command(commands / name, _POWER)
        os.mkfifo(self.power, 0o600)
        socket = self.folder / "run" / f"tmux-{os.getuid()}" / "default"
        if len(os.fsencode(socket)) > _LONGEST_SOCKET_PATH:
            self._short_run = Path(tempfile.mkdtemp(prefix="fe2-", dir="/tmp"))

    def copy_home(self, to: Path) -> None:
        """Copies the home as it is now, the files in it that can be copied, to a folder that is new."""
        source = self.home if self.home.is_dir() else self.kept
        if source is not None and source.is_dir():
            _copy_tree(source, to)

    def _authorize(self, public_key: str) -> None:
        """Adds a key; an image keeps those of the machine that it was made of."""
        file = self.authorized_keys
        known = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        if public_key not in known:
            file.write_text("".join(f"{line}\n" for line in (*known, public_key)), encoding="utf-8")
        file.chmod(0o600)

    def _write_bashrc(self) -> None:
        """A new one, or with this machine's name in the prompt of the one that there is."""
        file = self.home / ".bashrc"
        prompt, _, rest = self._bashrc().partition("\n")
        if file.is_file():
            first, _, rest = file.read_text(encoding="utf-8", errors="surrogateescape").partition("\n")
            if not first.startswith("PS1="):
                return
        file.write_text(f"{prompt}\n{rest}", encoding="utf-8", errors="surrogateescape")

    def _bashrc(self) -> str:
        prompt = f"{self.user}@{self.hostname}:\\w\\$ ".replace("\\$", "$")
        return (
            f"PS1={shlex.quote(prompt)}\n"
            "HISTFILE=~/.bash_history\n"
            "[ -t 0 ] && command -v dircolors >/dev/null && eval \"$(dircolors -b)\" && alias ls='ls --color=auto'\n"
            "alias ll='ls -alF'\n"
        )

    def shell(self, command: str | None) -> list[str]:
        """The argv of an interactive shell, or of one that runs `command`."""
        bash = shutil.which("bash")
        if command is not None:
            return [bash or "/bin/sh", "-c", command]
        if bash is None:
            return ["/bin/sh", "-i"]
        return [bash, "--noprofile", "--rcfile", str(self.home / ".bashrc"), "-i"]

    def environment(self, sent: Mapping[str, str], terminal: str | None) -> dict[str, str]:
        """What a process of the machine sees; of what the client sent only the locale, as sshd does."""
        found = {name: value for name, value in sent.items() if name == "LANG" or name.startswith("LC_")}
        found |= {
            MARKER: str(self.folder),
            "HOME": str(self.home),
            "USER": self.user,
            "LOGNAME": self.user,
            "SHELL": shutil.which("bash") or "/bin/sh",
            "PATH": f"{self.folder / 'bin'}:{os.environ.get('PATH', os.defpath)}",
            "TMUX_TMPDIR": str(self.tmux_folder),
        }
        if self.metadata_url:
            found[ENDPOINT] = self.metadata_url
        if terminal is not None:
            found["TERM"] = terminal or "dumb"
        return found

    def remove(self) -> None:
        """Removes every trace of the disk."""
        for folder in (self.folder, self._short_run):
            if folder is not None:
                with contextlib.suppress(FileNotFoundError):
                    shutil.rmtree(folder)
        self._short_run = None
