"""The control address, on the same port as the cloud: JSON in, JSON out.

GET    /demo/ready                                {"ready": true}
GET    /demo/address                              the caller's own public address, in plain text
GET    /demo/calls     DELETE /demo/calls         the calls so far; forget them
POST   /demo/faults    GET, DELETE [/ID]          faults.py says what they are
POST   /demo/delays    {"boot_seconds": 0, …}     changes the delays of what begins from now on
POST   /demo/clock     {"advance": seconds}       moves the cloud's time on
POST   /demo/interrupt {"instance": id}           AWS interrupts a spot instance; "notice": seconds from the notice in
                                                  the machine's metadata to the act, without it twice what a stop takes;
                                                  "action": "stop" or "terminate", without it what its request says
POST   /demo/expire    {"instance": id}           its spot request has run out
POST   /demo/rebalance {"instance": id}           the machine is told that it is likely to be interrupted
POST   /demo/restore   {"instance": id}           AWS has capacity again for one that it interrupted
POST   /demo/host-key  {"instance": id}           the machine gets another host key
POST   /demo/churn     {"fraction": 0.01}         so many of the `extra` instances change state or tags
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from fe2tui.demo import spot_interruption
from fe2tui.demo.account import Region
from fe2tui.demo.bulk_instances import churn
from fe2tui.demo.errors import Refusal
from fe2tui.demo.gateway import Gateway
from fe2tui.demo.http_server import Reply, Request
from fe2tui.demo.records import Instance

ADDRESS = "203.0.113.7"
"""Where the caller is said to be: an address of documentation (RFC 5737), which nobody has."""


class Control:
    """Answers the control address."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._account = gateway.account
        self._posts: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "faults": lambda wish: {"id": gateway.faults.add(wish)},
            "delays": self._delays,
            "clock": self._clock,
            "interrupt": self._interrupt,
            "expire": self._on(spot_interruption.expire),
            "rebalance": self._on(spot_interruption.recommend_rebalance),
            "restore": self._on(spot_interruption.restore),
            "host-key": self._host_key,
            "churn": lambda wish: {"changed": churn(self._account, float(wish.get("fraction", 0.01)))},
        }

    def answer(self, request: Request) -> Reply:
        """The reply to a request for `/demo/…`; a wrong one is a 400 with the reason."""
        subject, _, identity = request.path.removeprefix("/demo/").partition("/")
        if subject == "address":
            return Reply(200, f"{ADDRESS}\n".encode(), "text/plain")
        try:
            result = self._result(request, subject, identity)
        except Refusal as refusal:
            return _json({"error": refusal.message}, 400)
        except (ValueError, KeyError, TypeError) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, 400)
        return _json(result) if result is not None else _json({"error": "no such address"}, 404)

    def _result(self, request: Request, subject: str, identity: str) -> Any:
        if request.method == "POST" and subject in self._posts:
            wish = json.loads(request.body or b"{}")
            with self._account.lock:
                self._account.agenda.catch_up()
                result = self._posts[subject](wish)
                self._account.agenda.catch_up()
                return result
        if subject == "ready" and request.method == "GET":
            return {"ready": True}
        if subject == "calls":
            if request.method == "DELETE":
                self._gateway.calls.clear()
            return self._gateway.calls.listed()
        if subject == "faults":
            if request.method == "DELETE":
                self._gateway.faults.lift(int(identity) if identity else None)
            return self._gateway.faults.listed()
        return None

    def _delays(self, wish: Mapping[str, Any]) -> Any:
        self._account.change_delays(wish)
        return {}

    def _clock(self, wish: Mapping[str, Any]) -> Any:
        self._account.clock.advance(float(wish["advance"]))
        return {"now": self._account.clock.now().isoformat()}

    def _interrupt(self, wish: Mapping[str, Any]) -> Any:
        region, instance = self._account.find_instance(str(wish["instance"]))
        notice, action = wish.get("notice"), wish.get("action")
        spot_interruption.interrupt(
            region, instance, None if notice is None else float(notice), None if action is None else str(action)
        )
        return {}

    def _on(self, act: Callable[[Region, Instance], None]) -> Callable[[Mapping[str, Any]], Any]:
        """What is done to the instance that is named."""

        def done(wish: Mapping[str, Any]) -> Any:
            act(*self._account.find_instance(str(wish["instance"])))
            return {}

        return done

    def _host_key(self, wish: Mapping[str, Any]) -> Any:
        _, instance = self._account.find_instance(str(wish["instance"]))
        self._account.machines.replace_host_key(instance.id)
        return {}


def _json(result: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(result).encode(), "application/json")
