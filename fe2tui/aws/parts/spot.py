"""The requests behind spot instances."""

from __future__ import annotations

from collections.abc import Mapping

from fe2tui.aws.describe import RequestReader
from fe2tui.aws.parts.part import OFTEN, Part, loop_time
from fe2tui.aws.reading import Sight
from fe2tui.aws.session import Session
from fe2tui.aws.spot_requests import all_requests
from fe2tui.errors import Fe2Error
from fe2tui.model.instance import State
from fe2tui.model.interruption import ALIVE
from fe2tui.model.spot import SpotRequest

_AGAIN = 20.0  # seconds until a request that lags behind its machine is looked at again
_SETTLING = 180.0  # seconds after which it is left to the usual pace


class Requests(Part):
    """All spot requests every five minutes while there is a spot instance or a request that may still make one.

    A spot instance that is new or in another state makes them due at once. A request lags behind its machine (EC2 User
    Guide, "State changes for a Spot request"), so they are read again until both agree, for three minutes at most.
    """

    name = "requests"
    every = OFTEN

    def __init__(self, session: Session, found: Mapping[str, SpotRequest]) -> None:
        super().__init__()
        self.found = found
        self._session = session
        self._reader = RequestReader()
        self._sight = Sight()
        self._moved = False
        self._settling_until = 0.0
        self._lags = False

    @property
    def hurries(self) -> bool:
        """While a request lags behind its machine."""
        return self._lags

    def see(self, sight: Sight, now: float) -> None:
        """Machines that moved make it due."""
        self._sight = sight
        if sight.moved_spot:
            self._moved = True
            self.due = min(self.due, now)
            self._settling_until = now + _SETTLING

    async def read(self, sight: Sight) -> None:
        """No call where there is nothing that a request could be about."""
        moved, self._moved = self._moved, False
        if moved or sight.spot_types or any(one.state in ALIVE for one in self.found.values()):
            try:
                found = await all_requests(self._session, self._reader)
            except Fe2Error:
                self._moved |= moved
                raise
            self._take({one.id: one for one in found})
        elif self.found:
            told_of = {one.spot_request_id for one in sight.instances.values() if one.is_spot}
            self._take({key: one for key, one in self.found.items() if key in told_of})

    def ended(self, now: float, error: Fe2Error | None) -> None:
        """Again soon while a request lags behind its machine."""
        super().ended(now, error)
        self._lags = error is None and now < self._settling_until and self._is_behind()
        if self._lags:
            self.due = min(self.due, now + _AGAIN)

    def renew(self, *, failed: bool) -> None:
        """Read anew, and look as closely as after a change."""
        super().renew(failed=failed)
        self._settling_until = loop_time() + _SETTLING

    def _take(self, found: Mapping[str, SpotRequest]) -> None:
        if found != self.found:
            self.found = found

    def _is_behind(self) -> bool:
        instances = self._sight.instances
        return any(
            _lags_behind(request, machine.state)
            for request in self.found.values()
            if (machine := instances.get(request.instance_id or "")) is not None
        )


def _lags_behind(request: SpotRequest, state: State) -> bool:
    """Whether a request's state does not go with that of its machine, so that EC2 will change it soon."""
    if state is State.RUNNING:
        return request.state in ("open", "disabled") and not request.status_code.startswith("instance-terminated")
    return request.state == "active" and not state.is_moving
