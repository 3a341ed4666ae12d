"""AWS's and the network's errors in plain words: what happened, what to do next, AWS's own code."""

from __future__ import annotations

from datetime import datetime

from fe2tui.errors import Fe2Error


def translate(
    error: BaseException, *, action: str = "", profile: str = "", endpoint: str = "", now: datetime | None = None
) -> Fe2Error:
    """Our error for one of AWS's or the network's. ``action`` is what was asked for, as in ``ec2:StopInstances``.

    ``now`` is this computer's time, compared with the answer's Date where the clock may be to blame.
    """
    raise NotImplementedError
