"""Ids that are links: the terminal opens their page in the AWS console (OSC 8)."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.style import Style

from fe2tui.model.console_links import RESOURCE_ID

LinkOf = Callable[[str], str | None]
"""Gives the address of the page of an id; None where there is none."""


def no_link(resource_id: str) -> str | None:
    return None


def linked(content: Content, link_of: LinkOf) -> Content:
    for found in RESOURCE_ID.finditer(content.plain):
        if (address := link_of(found[0])) is not None:
            content = content.stylize(Style(link=address), *found.span())
    return content
