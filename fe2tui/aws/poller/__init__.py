"""The parts of a fleet beside its instances: each is read on its own, seldom, and keeps what it had when that fails.

What a source calls AWS with is imported when it reads: the first instances are not to wait for it.
"""

from fe2tui.aws.poller.read_scheduler import ReadScheduler

__all__ = ["ReadScheduler"]
