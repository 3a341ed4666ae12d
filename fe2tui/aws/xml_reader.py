"""Reads EC2's large XML replies quickly and without blocking the event loop's thread.

A reply is a set of items, ``<instancesSet><item>…</item>…</instancesSet>``. Items are located in the bytes. An item
with the same bytes as in the read before gives the same object again. Only the others are parsed by lxml, which
releases the interpreter's lock meanwhile, a slice at a time, so that drawing never waits for long.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from fe2tui.errors import UnreadableError

Item = TypeVar("Item")
_CachedSet = tuple[tuple[Item, ...], tuple[int, ...]]  # a set's objects, and its items' digests if there are several
SLICE_ITEMS = 60  # items parsed before other threads get their turn: about 3 ms
SMALL_BYTES = 65_536  # bytes that are read before lxml is imported
_ITEM_TAG = re.compile(rb"<(/?)item(/?)>")
_TOKEN = re.compile(rb"<nextToken>([^<]*)</nextToken>")
_END = re.compile(rb"</[\w:]*Response>\s*\Z")


class XmlReader(Generic[Item]):
    """Reads the pages of one kind of reply: ``tag`` is its set, ``build`` creates an object from an item's element.

    Objects are reused from one complete read to the next; a read is complete with a page that has no next token.
    ``built`` is how many objects the last page created. ``parse`` may run in any thread, one call at a time.
    """

    def __init__(self, tag: str, build: Callable[[Any], Item]) -> None:
        self.built_count = 0
        self._build = build
        self._tag = tag
        self._open_tag = f"<{tag}>".encode()
        self._close_tag = f"</{tag}>".encode()
        self._sets: dict[int, _CachedSet[Item]] = {}
        self._items: dict[int, Item] = {}
        self._old_sets: dict[int, _CachedSet[Item]] = {}
        self._old_items: dict[int, Item] = {}

    def parse(self, body: bytes) -> tuple[list[Item], str | None]:
        """The objects of a page and the token of the next page. Raises UnreachableError if it is not such a reply."""
        if not _END.search(body[-200:]):
            raise _unreadable_error()
        found = self._read_items(body) if self._is_scannable(body) else self._read_document(body)
        token = self.next_token(body)
        if token is None:
            self._old_sets, self._sets = self._sets, {}
            self._old_items, self._items = self._items, {}
        return found, token

    def next_token(self, body: bytes) -> str | None:
        match = _TOKEN.search(body, max(0, body.rfind(b"<nextToken>")))
        return _unescape(match[1]) if match and match[1] else None

    def _is_scannable(self, body: bytes) -> bool:
        """Whether items can be located in the bytes: no prefixes, comments or other encodings."""
        head = body[:200].lower()
        if b"encoding" in head and b"utf-8" not in head:
            return False
        return b"<!" not in body and (self._open_tag in body or self._tag.encode() + b"/>" in body)

    def _read_items(self, body: bytes) -> list[Item]:
        found: list[Item | None] = []
        fresh: list[tuple[int, bytes]] = []  # the place in found, and the item
        new_sets: list[tuple[int, int, int, tuple[int, ...]]] = []  # a set's digest, places and items' digests
        for inner in self._sets_in(body):
            digest, start = hash(inner), len(found)
            known = self._sets.get(digest) or self._old_sets.get(digest)
            if known is not None:
                found += known[0]
                self._cache_set(digest, known)
                continue
            items = list(_split_items(inner))
            digests = tuple(map(hash, items)) if len(items) > 1 or self._old_items else ()
            found += [self._items.get(one) or self._old_items.get(one) for one in digests] or [None] * len(items)
            fresh += [(start + n, item) for n, item in enumerate(items) if found[start + n] is None]
            new_sets.append((digest, start, len(found), digests if len(items) > 1 else ()))
        self._build_items(found, fresh)
        self.built_count = len(fresh)
        whole = [item for item in found if item is not None]
        for digest, start, stop, digests in new_sets:
            self._cache_set(digest, (tuple(whole[start:stop]), digests))
        return whole

    def _cache_set(self, digest: int, known: _CachedSet[Item]) -> None:
        """Keep a set for the next read as a whole, and the items of a set with several, which may change separately."""
        self._sets[digest] = known
        if known[1]:
            self._items.update(zip(known[1], known[0], strict=True))

    def _sets_in(self, body: bytes) -> Iterator[bytes]:
        start = body.find(self._open_tag)
        while start >= 0:
            start += len(self._open_tag)
            stop = body.find(self._close_tag, start)
            if stop < 0:
                raise _unreadable_error()
            yield body[start:stop]
            start = body.find(self._open_tag, stop)

    def _build_items(self, found: list[Item | None], fresh: list[tuple[int, bytes]]) -> None:
        for start in range(0, len(fresh), SLICE_ITEMS):
            part = fresh[start : start + SLICE_ITEMS]
            elements = _parse_xml(b"<items>%b</items>" % b"".join(item for _, item in part))
            if len(elements) != len(part):
                raise _unreadable_error()
            for (index, _), element in zip(part, elements, strict=True):
                found[index] = self._build(element)
            time.sleep(0)  # lets other threads run

    def _read_document(self, body: bytes) -> list[Item]:
        root = _parse_xml(body)
        for element in root.iter("*"):
            element.tag = element.tag.rpartition("}")[2]
        found = [self._build(item) for each in root.iter(self._tag) for item in each]
        self.built_count = len(found)
        return found


def _unescape(text: bytes) -> str:
    return text.decode().replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


def _parse_xml(xml: bytes) -> Any:
    if len(xml) < SMALL_BYTES:
        from xml.etree import ElementTree  # AWS's library has imported it already; lxml takes a while to import

        try:
            return ElementTree.fromstring(xml)
        except ElementTree.ParseError as error:
            raise _unreadable_error() from error
    from lxml import etree

    try:
        return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except etree.XMLSyntaxError as error:
        raise _unreadable_error() from error


def _split_items(inner: bytes) -> Iterator[bytes]:
    depth = start = 0
    for border in _ITEM_TAG.finditer(inner):
        if border[1]:
            depth -= 1
            if depth == 0:
                yield inner[start : border.end()]
        elif border[2]:
            if depth == 0:
                yield border[0]
        else:
            if depth == 0:
                start = border.start()
            depth += 1
    if depth:
        raise _unreadable_error()


def _unreadable_error() -> UnreadableError:
    return UnreadableError(
        "Got an incomplete or invalid response from EC2.",
        "Try again; if it persists, check your proxy and --endpoint-url.",
        code="MalformedResponse",
    )
