"""Typed inputs of acts, field by field: labels, help, limits. Pure: commands show them without Django.

Forms of pages (act_pages.py), schemas of the API (front/web/api/act_operations.py) and options of commands
(front/cli/act_commands.py) are made from these and never written twice. The verb checks conditions on several fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Self, overload

if TYPE_CHECKING:
    from civicmail.city.directory.models import Person

    type Somebody = Person

type Choices = Sequence[tuple[str, str]]
"""(value, words), in the order in which they are offered."""


@dataclass(frozen=True, kw_only=True)
class Field[Value]:
    """One value. label, help: for people; missing: the error for a missing required value; hidden: the page fills it in
    (FormPage.initial); default: the value if a program or a command leaves it out; implied: they may leave it out, and Act.implied
    gives the value."""

    hint: ClassVar[str] = ""
    """What programs and commands give; pages say it in a hint of their own."""
    label: str
    help: str = ""
    required: bool = True
    missing: str = ""
    hidden: bool = False
    default: Value | None = None
    implied: bool = False
    name: str = field(default="", init=False)

    @property
    def description(self) -> str:
        """Label and help as sentences, for commands and the API."""
        label = str(self.label)
        return " ".join(filter(None, (label if label.endswith((".", "?", "!")) else f"{label}.", self.hint, str(self.help))))

    def __set_name__(self, owner: type[Input], name: str) -> None:
        object.__setattr__(self, "name", name)

    @overload
    def __get__(self, instance: None, owner: type[Input]) -> Self: ...
    @overload
    def __get__(self, instance: Input, owner: type[Input]) -> Value: ...
    def __get__(self, instance: Input | None, owner: type[Input]) -> Self | Value:
        if instance is None:
            return self
        value: Value = instance.values[self.name]
        return value


@dataclass(frozen=True, kw_only=True)
class Text(Field[str]):
    """A text; "" when an optional one is missing. min_length, max_length: in characters; rows: of its box, 1 for a line."""

    min_length: int = 0
    max_length: int = 400
    rows: int = 3


@dataclass(frozen=True, kw_only=True)
class Code(Text):
    """A text for the program, like a rule: no browser checks its spelling or breaks its lines."""


@dataclass(frozen=True, kw_only=True)
class Slug(Text):
    """A short name of letters, digits and dashes."""

    rows: int = 1


@dataclass(frozen=True, kw_only=True)
class Email(Field[str]):
    """An address; "" when an optional one is missing."""


@dataclass(frozen=True, kw_only=True)
class Number(Field[int]):
    """A whole number from minimum to maximum, or one of a few, which are all in sight. choices: as of Choice. A box begins with
    the default."""

    minimum: int | None = None
    maximum: int | None = None
    choices: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True, kw_only=True)
class OptionalNumber(Field[int | None]):
    """A whole number from minimum to maximum, or none."""

    minimum: int | None = None
    maximum: int | None = None
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class OptionalKey(Field[int | None]):
    """The number of a row, one of those that the act offers, or none. A command has words for it (Act.from_command)."""

    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Day(Field[date]):
    """A calendar day."""


@dataclass(frozen=True, kw_only=True)
class OptionalDay(Field[date | None]):
    """A calendar day, or none."""

    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice(Field[str]):
    """One of several values. choices: empty if the act gives them (Act.choices); radio: all are visible; nothing is preselected
    unless the act gives an initial value; default: the value if a program or a command leaves it out."""

    choices: Choices = ()
    radio: bool = False
    default: str = ""


@dataclass(frozen=True, kw_only=True)
class Several(Field[list[str]]):
    """Some of several values, as boxes. choices: as of Choice."""

    choices: Choices = ()


@dataclass(frozen=True, kw_only=True)
class Lines(Field[list[str]]):
    """Several texts, one a line. max_length: of each; max_count: of lines."""

    max_length: int = 254
    max_count: int = 1000
    rows: int = 6


@dataclass(frozen=True, kw_only=True)
class Flag(Field[bool]):
    """Yes or no. required: a program must state it; on a page an empty box is a no."""

    required: bool = False


@dataclass(frozen=True, kw_only=True)
class PersonName(Field["Somebody"]):
    """Somebody, by personnel number or address; on a page also by name."""

    hint: ClassVar = "Personnel number or address."


@dataclass(frozen=True, kw_only=True)
class OptionalPerson(Field["Somebody | None"]):
    """A person as of PersonName, or none."""

    hint: ClassVar = PersonName.hint
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class People(Field["list[Somebody]"]):
    """Several people, as of PersonName."""

    hint: ClassVar = "Personnel numbers or addresses."
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Amount(Field[Decimal | None]):
    """A number from nothing to maximum, with so many places behind the point; None when an optional one is missing."""

    maximum: int
    places: int = 2


@dataclass(frozen=True, kw_only=True)
class Money(Amount):
    """Dollars and cents, or none."""

    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Seen(Field[str]):
    """The state that the actor saw (Act.state): hidden on a page; a command has none, because it looks now. is_number: programs
    send it as a whole number, like a revision."""

    label: str = "The state as it was seen."
    max_length: int = 64
    is_number: bool = False


def reason(label: str = "Reason", help: str = "At least 20 characters. It is kept for ever.", *, min_length: int = 20) -> Text:
    """The reason, for the entry."""
    return Text(label=label, help=help, min_length=min_length)


class Input:
    """The input of an act. Subclasses have fields; an instance has their values.

    class EndRole(Input):
        reason = Text(label="Reason", min_length=20)
    """

    fields: ClassVar[dict[str, Field[Any]]] = {}

    def __init_subclass__(cls) -> None:
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Field)}
        inherited = {name: value for name, value in cls.fields.items() if name not in own}
        cls.fields = {**inherited, **own}

    def __init__(self, **values: Any) -> None:
        assert values.keys() == self.fields.keys(), (type(self).__name__, sorted(values))
        self.values = values


class Nothing(Input):
    """For acts that take nothing but what they are done to."""


class Because(Input):
    """A reason alone."""

    reason = reason()
