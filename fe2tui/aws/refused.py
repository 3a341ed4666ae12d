"""One refusal of AWS's, and what its message tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

TYPE = re.compile(r"\b([a-z][a-z0-9-]*\d[a-z0-9-]*\.(?:\d+x|metal|nano|micro|small|medium|large|xlarge)[a-z0-9-]*)")
_ZONE = re.compile(r"\b([a-z]{2,}(?:-[a-z]+)+-\d[a-z](?:-[a-z0-9]+)*)\b")
_ID = re.compile(r"\b(?:i|vol|ami|sir|sg|subnet|vpc|snap|eni)-[0-9a-f]{8,17}\b")


@dataclass(frozen=True, slots=True)
class Refused:
    """One refusal: AWS's code and message, and what it was the answer to."""

    code: str
    message: str
    action: str
    profile: str = ""
    endpoint: str = ""
    status: int = 400
    date: str = ""
    now: datetime | None = None

    @property
    def sentence(self) -> str:
        """AWS's own words on one line, ended as a sentence."""
        text = " ".join(self.message.split())
        return text if not text or text.endswith((".", "!", "?")) else f"{text}."

    @property
    def said(self) -> str:
        """AWS's words, introduced."""
        return f"AWS says: {self.sentence}" if self.sentence else f"AWS gives no more than the code {self.code}."

    @property
    def type(self) -> str:
        """The instance type that the message names, or words for it."""
        found = TYPE.search(self.message)
        return found[1] if found else "instances of this type"

    @property
    def zone(self) -> str:
        """The zone that the message names, or nothing."""
        found = _ZONE.search(self.message)
        return found[1] if found else ""

    @property
    def ids(self) -> str:
        """The ids that the message names."""
        return ", ".join(dict.fromkeys(_ID.findall(self.message)))

    @property
    def clock_error(self) -> timedelta:
        """How far this computer's clock is ahead of the answer's Date; negative when it is slow."""
        from email.utils import parsedate_to_datetime

        try:
            theirs = parsedate_to_datetime(self.date)
        except (TypeError, ValueError):
            return timedelta(0)
        return (self.now or datetime.now(UTC)) - theirs.astimezone(UTC)
