"""The name and the tags of one instance or of several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.errors import FieldError, UsageError
from fe2tui.model.command_text import CommandText
from fe2tui.model.text import plural, visible
from fe2tui.paths import stylesheets_folder
from fe2tui.tui.forms.form import Field, Form, dim

MAX_KEY_LENGTH, MAX_VALUE_LENGTH, MAX_TAGS = 128, 256, 50
"""Source: EC2 User Guide, "Tag your Amazon EC2 resources", tag restrictions."""

_RESERVED = "aws:"
_NAME = "Name"
_REMEDY = "Clear a key to remove its tag. A new tag goes into the last line."


class TagChange(NamedTuple):
    """The tags to set, with their new values, and the keys of those to remove."""

    tags: Mapping[str, str]
    remove: tuple[str, ...]


class _Known(NamedTuple):
    """A tag that instances have. ``value`` is None if they have different ones, or some have none."""

    key: str
    value: str | None

    @property
    def shown_key(self) -> str:
        return visible(self.key)

    @property
    def shown_value(self) -> str:
        return visible(self.value or "")


class TagRow(Horizontal):
    """A key and a value to type into; for a tag that is there (``known``) or a new one."""

    def __init__(self, known: _Known | None, count: int = 1) -> None:
        super().__init__(classes="tag")
        self.known = known
        is_mixed = known is not None and known.value is None
        value_hint = f"not the same in all {count}: left as it is" if is_mixed else "value"
        self.key_input = Input(
            known.shown_key if known else "", placeholder="key" if known is None else "removed", compact=True
        )
        self.value_input = Input(known.shown_value if known else "", placeholder=value_hint, compact=True)
        self.key_input.max_length, self.value_input.max_length = MAX_KEY_LENGTH, MAX_VALUE_LENGTH

    def compose(self) -> Iterator[Widget]:
        yield self.key_input
        yield Static("=", classes="equals")
        yield self.value_input

    @property
    def key(self) -> str:
        typed = self.key_input.value.strip()
        return self.known.key if self.known is not None and typed == self.known.shown_key.strip() else typed

    @property
    def value(self) -> str | None:
        """None for the values that the instances have, which differ."""
        typed = self.value_input.value
        return self.known.value if self.known is not None and typed == self.known.shown_value else typed.strip()


class TagsForm(Form[TagChange]):
    """Answers with what to change, or None. The name is a line of its own, for one instance."""

    CSS_PATH: ClassVar[CSSPathType | None] = [stylesheets_folder() / "forms.tcss", stylesheets_folder() / "tags.tcss"]
    AUTO_FOCUS = None
    ENTER_GOES_ON = True

    def __init__(
        self,
        label: str,
        tags: Sequence[Mapping[str, str]],
        *,
        check_name: Callable[[str], object] = lambda name: None,
        command: Callable[[Mapping[str, str], Sequence[str]], CommandText | None] | None = None,
    ) -> None:
        """``tags`` are those of each instance. ``check_name`` raises UsageError for a name that cannot be given."""
        super().__init__(f"Tags of {label}", submit_label="Save")
        if command is not None:
            self.command_text = lambda: command(*change) if (change := self._checked_change()) is not None else None
        self._tags = tags
        self._check_name = check_name
        keys = sorted({key for each in tags for key in each})
        self._known = [_Known(key, _common_value(key, tags)) for key in keys if key != _NAME or len(tags) > 1]
        self._reserved = [one for one in self._known if one.key.lower().startswith(_RESERVED)]
        self._name = tags[0].get(_NAME, "") if len(tags) == 1 else None

    def compose(self) -> Iterator[Widget]:
        reserved = [dim(f"{one.shown_key} = {one.shown_value or '…'}") for one in self._reserved]
        reserved += [dim("AWS's own tags cannot be changed.")] if reserved else []
        rows = [TagRow(one, len(self._tags)) for one in self._known if one not in self._reserved]
        yield from self.compose_frame(
            *([] if self._name is None else [Field("Name", id="name", value=visible(self._name), max_length=256)]),
            Vertical(*rows, TagRow(None), id="tags"),
            *([Static(Content("\n").join(reserved), classes="reserved")] if reserved else []),
            Static(dim(_REMEDY), classes="remedy"),
            Static(id="trouble"),
            classes="-tags",
        )

    def on_mount(self) -> None:
        self.show_form_error(None)
        first = next((row for row in self._rows if row.known is not None), None)
        (self._rows[-1].key_input if first is None else first.value_input).focus()

    @property
    def _rows(self) -> list[TagRow]:
        return list(self.query(TagRow))

    @on(Input.Changed, ".tag Input")
    async def _keep_empty_row(self, event: Input.Changed) -> None:
        """Have one empty row at the end, for a new tag."""
        event.stop()
        last = self._rows[-1]
        if last.key_input.value and event.input is last.key_input:
            await self.query_one("#tags").mount(TagRow(None))

    def action_submit(self) -> None:
        if (change := self._checked_change()) is not None:
            self.dismiss(change if change.tags or change.remove else None)

    def _checked_change(self) -> TagChange | None:
        """What to change; None, with the error on the screen, if something is wrong."""
        self.show_form_error(None)
        try:
            return self._change()
        except FieldError as error:
            self.query_one("#name", Field).show_error(error)
        except UsageError as error:
            self.show_form_error(error)
        return None

    def _change(self) -> TagChange:
        """Raises FieldError for the name, and UsageError for what EC2 refuses as a tag."""
        tags: dict[str, str] = {}
        unchanged: set[str] = set()
        for row in self._rows:
            key, value = row.key, row.value
            if not key:
                if row.known is None and value:
                    raise UsageError(f"The value “{visible(value)}” has no key.", "Write a key before it.")
                continue
            if key in tags or key in unchanged:
                raise UsageError(f"The key {visible(key)} is there twice.", "Clear one of them.")
            if key.lower().startswith(_RESERVED):
                raise UsageError(f"{visible(key)}: keys that begin with {_RESERVED} are AWS's own.", "Choose another.")
            if key == _NAME and self._name is not None:
                raise UsageError("The tag Name has a line of its own.", "Change it there.")
            if row.known is not None and (key, value) == (row.known.key, row.known.value):
                unchanged.add(key)
            elif row.known is None or value is not None:
                tags[key] = value or ""
            else:
                raise UsageError(f"The instances have different values of {row.known.shown_key}.", "Write a new value.")
        before = {one.key for one in self._known if one not in self._reserved}
        remove = sorted(before - tags.keys() - unchanged)
        name = self._changed_name()
        if name:
            tags[_NAME] = name
        elif name is not None:
            remove.append(_NAME)
        most = max(len({*each, *tags} - {*remove}) for each in self._tags)
        if most > MAX_TAGS:
            raise UsageError(f"That would be {plural(most, 'tag')}.", f"EC2 allows {MAX_TAGS}: clear some keys.")
        return TagChange(tags, tuple(remove))

    def _changed_name(self) -> str | None:
        """The new name, empty for none; None if it is as it was. Raises FieldError."""
        if self._name is None:
            return None
        field = self.query_one("#name", Field)
        field.show_error(None)
        if field.value in (self._name, visible(self._name).strip()):
            return None
        if field.value:
            try:
                self._check_name(field.value)
            except UsageError as error:
                raise FieldError("name", error.summary, error.remedy) from error
        return field.value


def _common_value(key: str, tags: Sequence[Mapping[str, str]]) -> str | None:
    values = {each.get(key) for each in tags}
    return values.pop() if len(values) == 1 else None
