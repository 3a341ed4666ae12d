"""The disk of a machine: a folder with a home, some commands and the host key."""

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
"""The environment variable that every process of a machine has; its value is the machine's folder as it sees it."""

SANDBOX_FOLDER = "/demo"
"""The machine's folder as programs in its sandbox see it."""
SANDBOX_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

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

# Without these, a job that ends with `systemctl poweroff` would turn off the user's own computer.
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

_BASHRC = """HISTFILE=~/.bash_history
[ -t 0 ] && command -v dircolors >/dev/null && eval "$(dircolors -b)" && alias ls='ls --color=auto'
alias ll='ls -alF'
"""


def plain_hostname(text: str) -> str:
    """The text as a valid host name: letters, digits, hyphens and dots."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.")[:63] or "machine"


def _copy_tree(source: Path, to: Path) -> None:
    """Copies files, folders and links, but no sockets and pipes. The tree may change meanwhile."""

    def no_files(folder: str, names: list[str]) -> list[str]:
        paths = [Path(folder, name) for name in names]
        return [path.name for path in paths if not (path.is_symlink() or path.is_file() or path.is_dir())]

    with contextlib.suppress(shutil.Error):
        shutil.copytree(source, to, symlinks=True, ignore=no_files)


@dataclass(slots=True)
class Disk:
    """What stays when a machine is off. `create` writes it. `image_home` is the home that its image has, if any."""

    folder: Path
    hostname: str
    user: str
    image_home: Path | None = None
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
        """The FIFO that the machine's poweroff and reboot commands write to."""
        return self.folder / "run" / "power"

    @property
    def tmux_folder(self) -> Path:
        return self._short_run or self.folder / "run"

    def create(self, public_key: str | None) -> None:
        """Writes the disk of a new machine. An existing disk stays as it is."""
        if self.home.is_dir():
            return
        if self.image_home is not None and self.image_home.is_dir():
            _copy_tree(self.image_home, self.home)
        for folder in (self.home / ".ssh", self.folder / "bin", self.folder / "run"):
            folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        if public_key is not None:
            self._authorize(public_key.strip())
        self._write_bashrc()
        commands = {"sudo": _SUDO, "hostname": f"#!/bin/sh\necho {shlex.quote(self.hostname)}\n"}
        for name, text in (commands | dict.fromkeys(_POWER_NAMES, _POWER)).items():
            command = self.folder / "bin" / name
            command.write_text(text, encoding="utf-8")
            command.chmod(0o755)
        os.mkfifo(self.power, 0o600)
        socket = self.folder / "run" / f"tmux-{os.getuid()}" / "default"
        if len(os.fsencode(socket)) > _LONGEST_SOCKET_PATH:
            self._short_run = Path(tempfile.mkdtemp(prefix="fe2-", dir="/tmp"))

    def copy_home(self, to: Path) -> None:
        source = self.home if self.home.is_dir() else self.image_home
        if source is not None and source.is_dir():
            _copy_tree(source, to)

    def _authorize(self, public_key: str) -> None:
        """Adds a key to those that came with the image."""
        file = self.authorized_keys
        keys = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        if public_key not in keys:
            file.write_text("".join(f"{line}\n" for line in (*keys, public_key)), encoding="utf-8")
        file.chmod(0o600)

    def _write_bashrc(self) -> None:
        """Writes a .bashrc, or sets this machine's prompt in the one that came with the image."""
        file, rest = self.home / ".bashrc", _BASHRC
        if file.is_file():
            first, _, rest = file.read_text(encoding="utf-8", errors="surrogateescape").partition("\n")
            if not first.startswith("PS1="):
                return
        prompt = shlex.quote(f"{self.user}@{self.hostname}:\\w$ ")
        file.write_text(f"PS1={prompt}\n{rest}", encoding="utf-8", errors="surrogateescape")

    def shell(self, command: str | None, *, in_sandbox: bool) -> list[str]:
        """The command line of an interactive shell, or of one that runs `command`."""
        bash = shutil.which("bash", path=SANDBOX_PATH if in_sandbox else None)
        if command is not None:
            return [bash or "/bin/sh", "-c", command]
        if bash is None:
            return ["/bin/sh", "-i"]
        return [bash, "--noprofile", "--rcfile", f"{self._home_seen(in_sandbox)}/.bashrc", "-i"]

    def _home_seen(self, in_sandbox: bool) -> str:
        return f"/home/{self.user}" if in_sandbox else str(self.home)

    def environment(self, sent: Mapping[str, str], terminal: str | None, *, in_sandbox: bool) -> dict[str, str]:
        """The environment of a process. As sshd does, it takes only the locale from the client."""
        folder = SANDBOX_FOLDER if in_sandbox else str(self.folder)
        path = SANDBOX_PATH if in_sandbox else os.environ.get("PATH", os.defpath)
        variables = {name: value for name, value in sent.items() if name == "LANG" or name.startswith("LC_")}
        variables |= {
            MARKER: folder,
            "HOME": self._home_seen(in_sandbox),
            "USER": self.user,
            "LOGNAME": self.user,
            "SHELL": shutil.which("bash", path=path) or "/bin/sh",
            "PATH": f"{folder}/bin:{path}",
            "TMUX_TMPDIR": "/tmp" if in_sandbox else str(self.tmux_folder),
        }
        if self.metadata_url:
            variables[ENDPOINT] = self.metadata_url
        if terminal is not None:
            variables["TERM"] = terminal or "dumb"
        return variables

    def remove(self) -> None:
        for folder in (self.folder, self._short_run):
            if folder is not None:
                with contextlib.suppress(FileNotFoundError):
                    shutil.rmtree(folder)
        self._short_run = None
