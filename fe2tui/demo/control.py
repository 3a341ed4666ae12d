"""The control address, on the same port as the cloud: JSON in, JSON out. Tests use it.

A request has the cloud's access key and secret as HTTP's Basic authorization, except for `/demo/address`.

GET    /demo/ready                                {"ready": true}
GET    /demo/address                              the client's public address, as plain text
GET    /demo/calls     DELETE /demo/calls         the log of calls; DELETE empties it
POST   /demo/faults    GET, DELETE [/ID]          faults, described in faults.py
POST   /demo/delays    {"boot_seconds": 0, …}     changes delays from now on
POST   /demo/clock     {"advance": seconds}       advances the cloud's clock
POST   /demo/interrupt {"instance": id}           interrupts a spot instance; "notice": its length in seconds, by
                                                  default twice `stop_seconds`; "action": "stop" or
                                                  "terminate", by default as its request says
POST   /demo/expire    {"instance": id}           its spot request expires
POST   /demo/rebalance {"instance": id}           recommends rebalancing in its metadata
POST   /demo/restore   {"instance": id}           EC2 has capacity again for an instance that it interrupted
POST   /demo/host-key  {"instance": id}           its machine gets a new host key
POST   /demo/tag       {"instance": id, "tags": …}  sets tags as AWS's own services do: those of `aws:` too
POST   /demo/status    {"instance": id, "failed": ["instance"], "events": [["instance-retirement", 86400]]}
                                                  status checks that fail from now on (instance, system, attached-ebs),
                                                  and what is scheduled, in how many seconds, until it starts again
POST   /demo/churn     {"fraction": 0.01}         changes that part of the `extra` instances
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from fe2tui.demo import bulk_instances, spot_interruption
from fe2tui.demo.account import Region
from fe2tui.demo.errors import ApiError
from fe2tui.demo.gateway import Gateway
from fe2tui.demo.http_server import Reply, Request
from fe2tui.demo.records import Instance
from fe2tui.demo.signature import may_control

ADDRESS = "203.0.113.7"
"""The client's public address: one for documentation (RFC 5737), which belongs to no host."""


class Control:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._account = gateway.account
        self._posts: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "faults": lambda body: {"id": self._account.faults.add(body)},
            "delays": self._delays,
            "clock": self._clock,
            "interrupt": self._interrupt,
            "expire": self._on_instance(spot_interruption.expire),
            "rebalance": self._on_instance(spot_interruption.recommend_rebalance),
            "restore": self._on_instance(spot_interruption.restore),
            "host-key": self._on_instance(lambda _, instance: self._account.machines.replace_host_key(instance.id)),
            "tag": self._tag,
            "status": self._status,
            "churn": lambda body: {"changed": bulk_instances.churn(self._account, float(body.get("fraction", 0.01)))},
        }

    def answer(self, request: Request) -> Reply:
        """The reply: 400 with the reason for a wrong request, 403 without the key, 404 for an unknown address."""
        subject, _, identity = request.path.removeprefix("/demo/").partition("/")
        if subject == "address":
            return Reply(200, f"{ADDRESS}\n".encode(), "text/plain")
        result: Any
        try:
            if not may_control(self._account, request):
                result, status = {"error": "the request has not the key and secret of this demo cloud"}, 403
            elif (result := self._result(request, subject, identity)) is not None:
                status = 200
            else:
                result, status = {"error": "no such address"}, 404
        except ApiError as error:
            result, status = {"error": error.message}, 400
        except (ValueError, KeyError, TypeError) as error:
            result, status = {"error": f"{type(error).__name__}: {error}"}, 400
        return Reply(status, json.dumps(result).encode(), "application/json")

    def _result(self, request: Request, subject: str, identity: str) -> Any:
        if request.method == "POST" and subject in self._posts:
            body = json.loads(request.body or b"{}")
            with self._account.lock:
                self._account.schedule.run_due()
                result = self._posts[subject](body)
                self._account.schedule.run_due()
                return result
        if subject == "ready" and request.method == "GET":
            return {"ready": True}
        if subject == "calls":
            if request.method == "DELETE":
                self._gateway.calls.clear()
            # Another thread may log a call meanwhile.
            return [dict(call) for call in self._gateway.calls.copy()]
        if subject == "faults":
            if request.method == "DELETE":
                self._account.faults.lift(int(identity) if identity else None)
            return self._account.faults.in_force()
        return None

    def _delays(self, body: Mapping[str, Any]) -> Any:
        self._account.change_delays(body)
        return {}

    def _clock(self, body: Mapping[str, Any]) -> Any:
        self._account.clock.advance(float(body["advance"]))
        return {"now": self._account.clock.now().isoformat()}

    def _tag(self, body: Mapping[str, Any]) -> Any:
        _, instance = self._account.find_instance(str(body["instance"]))
        instance.tags = {**instance.tags, **body["tags"]}
        instance.touch()
        return {}

    def _status(self, body: Mapping[str, Any]) -> Any:
        region, instance = self._account.find_instance(str(body["instance"]))
        instance.failed_checks, instance.failed_since = tuple(body.get("failed", ())), region.now
        instance.events = [(str(code), region.now + timedelta(seconds=after)) for code, after in body.get("events", ())]
        return {}

    def _interrupt(self, body: Mapping[str, Any]) -> Any:
        region, instance = self._account.find_instance(str(body["instance"]))
        notice = body.get("notice")
        spot_interruption.interrupt(region, instance, None if notice is None else float(notice), body.get("action"))
        return {}

    def _on_instance(self, act: Callable[[Region, Instance], None]) -> Callable[[Mapping[str, Any]], Any]:
        def answer(body: Mapping[str, Any]) -> Any:
            act(*self._account.find_instance(str(body["instance"])))
            return {}

        return answer
