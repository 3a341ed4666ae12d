"""A small EC2 of its own, in a process of its own, for trying the program and for testing it.

`Cloud` is the side of whoever starts one: it binds the address, starts the child (`python -m fe2tui.demo`) and ends it.
The child keeps EC2's rules, and every one of its instances is a real ssh server on 127.0.0.1. Its profile `mfa` wants
a one-time code: any six digits will do, except 000000, which is refused as AWS refuses a wrong one.
Importing this package costs next to nothing; all that is heavy is imported by the child.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fe2tui.demo.cloud import Cloud, DemoUnavailable

__all__ = ["Cloud", "DemoUnavailable", "Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a demo cloud is to be; all times in seconds."""

    region: str = "us-east-2"
    """The region that its exports name; the scene lives in us-east-2 and us-west-2."""
    scene: bool = True
    """The lived-in account; without it there is a default network and the key pair `default`."""
    extra: int = 0
    """So many further plain running instances; they share one machine."""
    boot_seconds: float = 6.0
    """From pending to running."""
    ssh_seconds: float = 4.0
    """From running to the first login; for the last quarter sshd answers, but says that the system is booting up."""
    stop_seconds: float = 5.0
    """From stopping to stopped, and from shutting-down to terminated."""
    unseen_seconds: float = 1.0
    """How long after RunInstances the others do not know of it yet."""
    linger_seconds: float = 600.0
    """How long what has ended stays visible."""
    seed: int = 7
    still_at: str = ""
    """A moment (ISO 8601, with its offset) at which the cloud's clock stands still until a test moves it on."""
    port: int = 0
    """0: any free port of 127.0.0.1."""

    @classmethod
    def instant(cls, **changes: Any) -> Options:
        """Without delays, for tests; terminated instances still linger."""
        still = cls(boot_seconds=0.0, ssh_seconds=0.0, stop_seconds=0.0, unseen_seconds=0.0)
        return replace(still, **changes)


def __getattr__(name: str) -> Any:
    if name in ("Cloud", "DemoUnavailable"):
        from fe2tui.demo import cloud

        return getattr(cloud, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
