"""Where to write what is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from textual import on
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.errors import FieldError
from fe2tui.tui.forms.form import Field, Form, dim


def parse_path(text: str, formats: Mapping[str, str]) -> Path:
    """The file meant. Raises FieldError(path) for one that cannot be written, or of a kind that is not known."""
    if not text:
        raise FieldError("path", "A file is needed.", f"Such as instances{next(iter(formats))}.")
    path = Path(text).expanduser()
    if path.suffix.lower() not in formats:
        raise FieldError("path", f"The kind of file is told by its end: {', '.join(formats)}.", "Add one of these.")
    if path.is_dir():
        raise FieldError("path", "This is a folder.", "Name a file in it.")
    if not path.parent.is_dir():
        raise FieldError("path", f"There is no folder {path.parent}.", "Make it first, or choose another.")
    return path


class ExportForm(Form[Path]):
    """Answers with the file to write, or None. A file that is there is asked about by whoever writes it."""

    def __init__(self, description: str, formats: Mapping[str, str], *, path: str) -> None:
        super().__init__("Export", submit_label="Write")
        self._description = description
        self._formats = formats
        self._path = path

    def compose(self) -> Iterator[Widget]:
        """What is written, the file, and the kinds there are."""
        kinds = ", ".join(f"{suffix} {words}" for suffix, words in self._formats.items())
        yield from self.compose_frame(
            Static(dim(self._description), classes="details"),
            Field("File", id="path", value=self._path),
            Static(dim(f"By its end: {kinds}."), classes="remedy"),
            classes="-narrow-form -wide-field",
        )

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Answer with the file if it can be one."""
        field = self.query_one("#path", Field)
        try:
            self.dismiss(parse_path(field.value, self._formats))
        except FieldError as error:
            field.show_error(error)
