"""The library's HTTP, with certificates read once for all clients. Imports AWS's library: import it late."""

from __future__ import annotations

import ssl
from typing import Any

from aiobotocore.httpsession import AIOHTTPSession

_contexts: dict[object, ssl.SSLContext] = {}


class Transport(AIOHTTPSession):
    """As the library's own, which reads the certificates (25 ms) for each client, also for one that uses no TLS."""

    _is_plain = False

    async def send(self, request: Any) -> Any:
        """Send a request; a client has one address."""
        self._is_plain = request.url.startswith("http://")
        return await super().send(request)

    def _build_verify_context(self) -> ssl.SSLContext:
        if self._is_plain:
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, should the address turn to TLS after all
        if self._cert_file:  # type: ignore[attr-defined]  # goes into the context: not to be shared
            return self._trusting()
        key = self._verify  # type: ignore[attr-defined]
        if key not in _contexts:
            _contexts[key] = self._trusting()
        return _contexts[key]

    def _trusting(self) -> ssl.SSLContext:
        context: ssl.SSLContext = super()._build_verify_context()  # type: ignore[misc]
        return context
