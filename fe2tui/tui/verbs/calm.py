"""Waiting until a question may be asked."""

from __future__ import annotations

import asyncio

from textual.screen import ModalScreen

from fe2tui.tui.view import View


def has_form(view: View) -> bool:
    """Whether a form is open, and what is typed is meant for it."""
    return isinstance(view.desk.app.screen, ModalScreen)


async def until_no_form(view: View) -> None:
    """Wait until no form is open: what a person types there must not answer a question of a task under way."""
    while has_form(view):  # noqa: ASYNC110 - Textual tells nobody of a screen that goes
        await asyncio.sleep(0.1)
