"""The file to write a table or a chart to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from textual import on
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.errors import FieldError
from fe2tui.ssh.keyfiles import display_path
from fe2tui.tui.forms.form import Field, Form, dim


def parse_path(text: str, formats: Mapping[str, str]) -> Path:
    """The file of that path, with its folder.

    Raises FieldError(path) if it cannot be written, or its suffix is not in ``formats``.
    """
    if not text:
        raise FieldError("path", "A file name is needed.", f"Such as instances{next(iter(formats))}.")
    path = Path(text).expanduser().absolute()
    if path.suffix.lower() not in formats:
        raise FieldError("path", f"The file name must end in {' or '.join(formats)}.", "The ending sets the format.")
    if path.is_dir():
        raise FieldError("path", f"{path} is a folder.", "Name a file in it.")
    if not path.parent.is_dir():
        raise FieldError("path", f"There is no folder {path.parent}.", "Create it first, or choose another.")
    return path


class ExportForm(Form[Path]):
    """Answers with the file to write, or None. Whether to overwrite one is asked by the action."""

    def __init__(self, description: str, formats: Mapping[str, str], *, path: str) -> None:
        """``formats`` are the suffixes, each with a few words about it."""
        super().__init__("Export", submit_label="Write")
        self._description = description
        self._formats = formats
        self._path = path

    def compose(self) -> Iterator[Widget]:
        formats = ", ".join(f"{suffix} {words}" for suffix, words in self._formats.items())
        yield from self.compose_frame(
            Static(dim(self._description), classes="details"),
            Field("File", id="path", value=self._path),
            Static(id="folder", classes="remedy"),
            Static(dim(f"The ending sets the format: {formats}."), classes="remedy"),
            classes="-narrow-form -wide-field",
        )

    def on_mount(self) -> None:
        self._show_folder(self._path)

    @on(Input.Changed)
    def _show_folder_of_typed(self, event: Input.Changed) -> None:
        self._show_folder(event.value.strip())

    def _show_folder(self, text: str) -> None:
        folder = Path(text).expanduser().absolute().parent if text else Path.cwd()
        self.query_one("#folder", Static).update(dim(f"In the folder {display_path(folder)}"))

    def action_submit(self) -> None:
        field = self.query_one("#path", Field)
        try:
            self.dismiss(parse_path(field.value, self._formats))
        except FieldError as error:
            field.show_error(error)
