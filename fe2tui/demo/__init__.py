"""The demo cloud: a small EC2 on 127.0.0.1, to try the program with and to test it against.

It runs in a process of its own and keeps EC2's rules: states and their delays, errors in AWS's words, spot requests,
interruptions, list prices and spot prices. Each instance is a real ssh server on a port of this computer.

In: HTTP requests in AWS's protocols from this program, boto3 or the AWS CLI; and JSON at `/demo/…` (control.py), with
which tests read the calls, inject faults and advance the clock. Out: AWS's replies. Nothing leaves this computer.

Begin with gateway.py: a request comes from http_server.py, api.py parses it, and a function of rules/ (EC2) or
services/ (the others) answers the `Call` (api.py) from the records of an `Account`. scene.py is the account that a demo
opens with, catalogue/ has types and prices, machines/ the ssh servers. `Cloud` (cloud.py) is what the program and the
tests hold: it starts the process (`python -P -m fe2tui.demo`) and ends it. Importing this package is cheap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fe2tui.demo.cloud import Cloud, DemoUnavailable

__all__ = ["Cloud", "DemoUnavailable", "Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """What a demo cloud is like. Delays are in seconds."""

    region: str = "us-east-2"
    """The region that its clients use. The scene has instances in us-east-2 and us-west-2."""
    scene: bool = True
    """False: no instances, only a default network and the key pair `default`."""
    museum: bool = False
    """The scene has hostile tags and odd instances in every state, instead of a plain account."""
    extra: int = 0
    """The number of further running instances; they share one machine."""
    boot_seconds: float = 6.0
    """From pending to running."""
    ssh_seconds: float = 4.0
    """From running to the first login. In the last quarter, sshd answers that the system is booting up."""
    stop_seconds: float = 5.0
    """From stopping to stopped, and from shutting-down to terminated."""
    unseen_seconds: float = 1.0
    """How long the Describe calls do not show a new instance or image."""
    linger_seconds: float = 600.0
    """How long terminated instances and closed spot requests stay visible."""
    seed: int = 7
    still_at: str = ""
    """A time in ISO 8601 with its offset: the cloud's clock stands still there until a test advances it."""
    port: int = 0
    """The port on 127.0.0.1; 0: any free one."""

    @property
    def ssh_delays(self) -> tuple[float, float]:
        """Seconds until the sshd of a running instance answers, and seconds for which it then refuses logins."""
        return self.ssh_seconds * 0.75, self.ssh_seconds * 0.25

    @classmethod
    def instant(cls, **changes: Any) -> Options:
        """Options for tests: no delays, but terminated instances stay visible."""
        return replace(cls(boot_seconds=0.0, ssh_seconds=0.0, stop_seconds=0.0, unseen_seconds=0.0), **changes)


def __getattr__(name: str) -> Any:
    if name in ("Cloud", "DemoUnavailable"):
        from fe2tui.demo import cloud

        return getattr(cloud, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
