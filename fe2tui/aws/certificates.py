"""Certificates read when they are needed, not while a module is imported.

aiohttp reads the system's certificates twice when it is imported (25 ms each), into contexts that aiobotocore never
uses: it makes its own, with botocore's choice of certificates. The contexts made in here read them at their first use
instead, so that whoever else in this process uses aiohttp notices nothing.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def read_when_used() -> Iterator[None]:
    """While it lasts, contexts that this thread makes put off reading the default certificates to their first use."""
    thread = threading.get_ident()
    read = ssl.SSLContext.set_default_verify_paths  # of the class below, which is written in C

    def put_off(context: ssl.SSLContext) -> None:
        if threading.get_ident() == thread:
            _put_off(context)
        else:
            read(context)

    with _ONE_AT_A_TIME:
        setattr(ssl.SSLContext, "set_default_verify_paths", put_off)  # noqa: B010 – mypy knows methods as fixed
        try:
            yield
        finally:
            delattr(ssl.SSLContext, "set_default_verify_paths")


def _put_off(context: ssl.SSLContext) -> None:
    names = ("wrap_bio", "wrap_socket", "get_ca_certs", "cert_store_stats")

    def first_use_of(name: str) -> Any:
        def use(*args: Any, **kwargs: Any) -> Any:
            for each in names:
                context.__dict__.pop(each, None)
            context.set_default_verify_paths()
            return getattr(context, name)(*args, **kwargs)

        return use

    context.__dict__.update({name: first_use_of(name) for name in names})
