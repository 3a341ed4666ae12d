"""Connect as a chosen user, with tunnels."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

from textual.widget import Widget
from textual.widgets import Static

from fe2tui.errors import Fe2Error, FieldError, PortTakenError
from fe2tui.model.command_text import CommandText
from fe2tui.ssh.tunnels import parse_ports
from fe2tui.tasks.connect import Connection
from fe2tui.tui.forms.form import Field, Form, dim

Prepare = Callable[[str | None, str], Awaitable[Connection]]
"""From user and ports; raises FieldError(user, ports), PortTakenError and what ``tasks.connect`` raises."""


class ConnectForm(Form[Connection]):
    """Answers with a connection that is ready to open; errors are shown beside their field."""

    def __init__(
        self, label: str, prepare: Prepare, *, command: Callable[[str | None, str], CommandText] | None = None
    ) -> None:
        """``command`` gives the command for a user and ports."""
        super().__init__(f"Connect to {label}", submit_label="Connect")
        self._prepare = prepare
        if command is not None:
            self.command_text = lambda: command(self._value("user") or None, self._value("ports"))

    def compose(self) -> Iterator[Widget]:
        yield from self.compose_frame(
            Field("User", id="user", placeholder="as the image says", hint="the login user"),
            Field("Ports", id="ports", placeholder="8888, 9000:8888", hint="tunnels, local:remote"),
            Static(dim("8888 tunnels port 8888 of this computer to port 8888 of the instance."), classes="remedy"),
            Static(id="trouble"),
            classes="-narrow-form",
        )

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Field).value

    def on_mount(self) -> None:
        self.show_form_error(None)

    def action_submit(self) -> None:
        self.start_worker(self._submit, "prepare", exclusive=True)

    async def _submit(self) -> None:
        user, ports = self.query_one("#user", Field), self.query_one("#ports", Field)
        for field in (user, ports):
            field.show_error(None)
        self.show_form_error(None)
        try:
            connection = await self._prepare(user.value or None, ports.value)
        except PortTakenError as error:
            ports.input.value = replace_port(ports.value, error.port, error.free)
            ports.show_error(FieldError("ports", error.summary, f"{error.free} is free: enter uses it."))
            ports.input.focus()
        except FieldError as error:
            (ports if error.field == "ports" else user).show_error(error)
        except Fe2Error as error:
            self.show_form_error(error)
        else:
            self.dismiss(connection)


def replace_port(ports: str, taken_port: str | int, free_port: int) -> str:
    """The tunnels in ``ports``, with a free local port in place of the one that is in use."""
    return ", ".join(
        f"{free_port}:{tunnel.remote}"
        if tunnel.local == int(taken_port)
        else str(tunnel.local)
        if tunnel.local == tunnel.remote
        else f"{tunnel.local}:{tunnel.remote}"
        for tunnel in parse_ports(ports)
    )
