"""The sandbox of a machine: a file tree and processes of its own, in Linux namespaces that any user may create.

Where the system lets only some programs create them (AppArmor on Ubuntu), bubblewrap does it, if it is installed. What
runs in it sees the programs of this computer (/usr and the like, read-only), the machine's home and nothing else
of the person's files, and only its own processes. It shares the network, so that tunnels reach what it serves.

Source: user_namespaces(7), pivot_root(2), bwrap(1); programs of util-linux.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from fe2tui.demo.machines.disk import SANDBOX_FOLDER, SANDBOX_PATH, Disk
from fe2tui.demo.machines.processes import children_of

_PROGRAMS = ("unshare", "nsenter", "setsid", "mount", "umount", "pivot_root")
_PROGRAMS_WITH_BWRAP = ("bwrap", "nsenter", "setsid", "setpriv")
_PROGRAM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt")
_ETC = (
    "alternatives", "bash_completion.d", "ca-certificates", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime",
    "mime.types", "nsswitch.conf", "os-release", "pki", "protocols", "resolv.conf", "services", "ssl", "terminfo",
    "vim",
)  # fmt: skip
_START_PATIENCE, _END_PATIENCE = 10.0, 2.0  # seconds for its start, and for its end before it is killed

# The first process of the sandbox. It ends, and with it all others, when its standard input does.
_SETUP = """
set -e
root=$1 home=$2 user=$3 name=$4 machine=$5 own=$6 programs=$7 etc=$8
mount -t tmpfs -o mode=755,nosuid tmpfs "$root"
cd "$root"
mkdir -p etc "home/$user" proc dev/pts dev/shm tmp run var/tmp ".$own/bin" ".$own/run" before
bring() {
    if [ -d "$1" ]; then mkdir -p ".$1"; mount --rbind "$1" ".$1"
    elif [ -e "$1" ]; then : > ".$1"; mount --bind "$1" ".$1"; fi
}
for each in $programs; do
    if [ -L "$each" ]; then ln -s "$(readlink "$each")" ".$each"; else bring "$each"; fi
done
for each in $etc; do bring "/etc/$each"; done
mount --bind "$machine/bin" ".$own/bin"
while read -r _ _ _ _ point _; do
    case $point in *\\\\*) point=$(printf %b "$point") ;; esac
    case $point in "$root"/*) mount -o remount,bind,ro,nosuid,nodev none "$point" ;; esac
done < /proc/self/mountinfo
for each in null zero full random urandom tty; do bring "/dev/$each"; done
mount -t devpts -o newinstance,ptmxmode=0666,mode=0600 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
for each in dev/shm tmp run var/tmp; do mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$each"; done
mount -t proc proc proc
mount --rbind "$home" "home/$user"
mount --bind "$machine/run" ".$own/run"
printf '%s:x:1000:1000::/home/%s:/bin/bash\\nnobody:x:65534:65534::/:/bin/false\\n' "$user" "$user" > etc/passwd
printf '%s:x:1000:\\nnogroup:x:65534:\\n' "$user" > etc/group
printf '127.0.0.1 localhost %s\\n' "$name" > etc/hosts
echo "$name" > etc/hostname
hostname "$name" || :
pivot_root . before
cd /
umount -l before
rmdir before
mount -o remount,bind,ro none /
echo ready
exec sh -c 'until cat > /dev/null; do :; done' init
"""
_HOLD = "echo ready; until cat > /dev/null; do :; done"


class Sandbox:
    """The sandbox of one machine from a boot to its halt, made by the first `start`. Lives on the machines' loop."""

    possible: ClassVar[bool] = sys.platform == "linux"
    """False once none could be made here: without util-linux, or where the system allows users no namespaces."""
    uses_bwrap: ClassVar[bool] = False
    """True once only bubblewrap could make one."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._holder: Process | None = None
        self._changing = asyncio.Lock()
        self._is_over = False

    async def start(self) -> bool:
        """Makes the sandbox, unless it is there already. False if this is not possible here.

        Raises ConnectionAbortedError if the machine is being halted.
        """
        async with self._changing:
            if self._is_over:
                raise ConnectionAbortedError("the machine is halted")
            if self._holder is not None and self._holder.returncode is None:
                return True
            if not Sandbox.possible:
                return False
            if not Sandbox.uses_bwrap and _are_installed(_PROGRAMS) and await self._make(self._unshare()):
                return True
            Sandbox.uses_bwrap = True
            Sandbox.possible = _are_installed(_PROGRAMS_WITH_BWRAP) and await self._make_with_bwrap()
            return Sandbox.possible

    def _unshare(self) -> list[str]:
        disk, root = self._disk, self._disk.folder / "root"
        root.mkdir(exist_ok=True)
        return [
            "unshare", "--user", "--map-root-user", "--mount", "--uts", "--pid", "--fork", "--kill-child",
            "sh", "-c", _SETUP, "sh", str(root), str(disk.home), disk.user, disk.hostname, str(disk.folder),
            SANDBOX_FOLDER, " ".join(_PROGRAM_FOLDERS), " ".join(_ETC),
        ]  # fmt: skip

    async def _make_with_bwrap(self) -> bool:
        # in a file, since the arguments of a process can be read inside, too
        with (self._disk.folder / "bwrap").open("w+", encoding="utf-8") as file:
            file.write("\0".join(self._bwrap_arguments()))
            file.seek(0)
            return await self._make(["bwrap", "--args", str(file.fileno()), "sh", "-c", _HOLD], (file.fileno(),))

    def _bwrap_arguments(self) -> list[str]:
        """The user is 0 there: for another one, bwrap would need a second namespace, which nothing could enter."""
        disk, etc = self._disk, self._disk.folder / "etc"
        etc.mkdir(exist_ok=True)
        for name, text in {
            "passwd": f"{disk.user}:x:0:0::/home/{disk.user}:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n",
            "group": f"{disk.user}:x:0:\nnogroup:x:65534:\n",
            "hosts": f"127.0.0.1 localhost {disk.hostname}\n",
            "hostname": f"{disk.hostname}\n",
        }.items():
            (etc / name).write_text(text, encoding="utf-8")
        argv = ["--die-with-parent", "--unshare-user", "--uid", "0", "--gid", "0", "--unshare-pid"]
        argv += ["--unshare-uts", "--hostname", disk.hostname, "--proc", "/proc", "--dev", "/dev"]
        for folder in map(Path, _PROGRAM_FOLDERS):
            if folder.is_symlink():
                argv += ["--symlink", str(folder.readlink()), str(folder)]
            elif folder.exists():
                argv += ["--ro-bind", str(folder), str(folder)]
        for name in _ETC:
            argv += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
        for file in ("passwd", "group", "hosts", "hostname"):
            argv += ["--ro-bind", str(etc / file), f"/etc/{file}"]
        for empty in ("/tmp", "/run", "/var/tmp"):
            argv += ["--tmpfs", empty]
        argv += [
            "--bind",
            str(disk.home),
            f"/home/{disk.user}",
            "--bind",
            f"{disk.folder}/run",
            f"{SANDBOX_FOLDER}/run",
        ]
        return [*argv, "--ro-bind", f"{disk.folder}/bin", f"{SANDBOX_FOLDER}/bin", "--remount-ro", "/"]

    async def _make(self, argv: list[str], pass_fds: Sequence[int] = ()) -> bool:
        self._holder = await asyncio.create_subprocess_exec(
            *argv, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd="/", env={"PATH": SANDBOX_PATH},
            start_new_session=True, pass_fds=pass_fds,
        )  # fmt: skip
        assert self._holder.stdout is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(_START_PATIENCE):
                if await self._holder.stdout.readline() == b"ready\n":
                    return True
        await self._end()
        return False

    async def stop(self) -> None:
        """Kills everything in the sandbox. Returns when it has ended."""
        self._is_over = True
        async with self._changing:
            await self._end()

    async def _end(self) -> None:
        holder, self._holder = self._holder, None
        if holder is None:
            return
        assert holder.stdin is not None
        holder.stdin.close()
        try:
            await asyncio.wait_for(holder.wait(), _END_PATIENCE)
        except TimeoutError:
            with suppress(ProcessLookupError):
                holder.kill()
            await holder.wait()

    def command(self, argv: list[str], *, has_terminal: bool) -> list[str]:
        """The command line that runs `argv` in the sandbox, in a session of its own and in the machine's home.

        Its standard input becomes its controlling terminal if it has one. The program is the only child of the first.
        """
        pid = self._pid
        # Without rights over the namespace of the mounts.
        powerless = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
        if Sandbox.uses_bwrap:
            powerless = ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
        return [
            "nsenter", f"--target={pid}", "--user", "--mount", "--uts",
            f"--pid=/proc/{pid}/ns/{'pid' if Sandbox.uses_bwrap else 'pid_for_children'}", "--preserve-credentials",
            *powerless, "setsid", *(["--ctty"] if has_terminal else []), "sh", "-c", 'cd; exec "$@"', "sh", *argv,
        ]  # fmt: skip

    def open_terminal(self) -> tuple[int, int, str]:
        """Opens a new terminal of the sandbox: (controlling side, terminal, its name there). Raises OSError."""
        # Through the root folder of the process: in here, /dev/pts has the terminals of the person.
        devices = f"/proc/{self._pid}/root/dev/pts"
        controller = os.open(f"{devices}/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            name = ctypes.create_string_buffer(64)
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.unlockpt(controller) != 0 or libc.ptsname_r(controller, name, len(name)) != 0:
                raise OSError(ctypes.get_errno(), "no terminal could be opened")
            number = name.value.decode().rpartition("/")[2]
            terminal = os.open(f"{devices}/{number}", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
            return controller, terminal, name.value.decode()
        except OSError:
            os.close(controller)
            raise

    @property
    def _pid(self) -> int:
        assert self._holder is not None
        # bwrap itself stays outside: its child is in the namespaces
        return children_of(self._holder.pid)[0] if Sandbox.uses_bwrap else self._holder.pid


def _are_installed(programs: Iterable[str]) -> bool:
    return all(shutil.which(name, path=SANDBOX_PATH) for name in programs)
