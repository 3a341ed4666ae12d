"""The parts of a fleet beside its instances: each is read on its own, seldom, and keeps what it had when that fails."""

from fe2tui.aws.poller.read_scheduler import ReadScheduler

__all__ = ["ReadScheduler"]
