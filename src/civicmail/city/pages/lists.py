"""A list, defined once: its columns, filters and order. Pure.

A room's lists/ have a class for each list. Its page with table and CSV (list_pages.py), its operation of the API with the schema
(front/web/api/list_operations.py) and its command (front/cli/list_commands.py) are made from that. Modules with Django are imported
inside functions, so that commands stay fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import CITY, Resource
from civicmail.city.pages.act import Page, Parameter

if TYPE_CHECKING:
    from civicmail.city.pages.listing import Listing

type Choices = Sequence[tuple[str, str]]
"""(value, words)."""


@dataclass(frozen=True, slots=True)
class RowAct:
    """What a reader can do about one row, below a value. posts: at once, by a button; else a link to the page that asks. Not for
    lists whose rows are ticked, which are in a form already."""

    words: str
    url: str
    posts: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row on a page. href: the row's own page, for the first column; role: color role of a state (the words are
    `text`); hint: a second, less prominent line; full: an address that is never truncated; acts: below it."""

    text: Any = ""
    href: str = ""
    role: str = ""
    hint: str = ""
    full: bool = False
    acts: tuple[RowAct, ...] = ()

    @classmethod
    def of(cls, value: Any, hint: str = "") -> Cell:
        """What a column shows of a value: (role, word) is a state."""
        if isinstance(value, Cell):
            return value
        role, text = value if isinstance(value, tuple) else ("", value)
        return cls("" if text is None else text, role=role, hint=hint)

    @property
    def is_time(self) -> bool:
        return isinstance(self.text, datetime)

    @property
    def is_day(self) -> bool:
        return isinstance(self.text, date) and not self.is_time


@dataclass(frozen=True, slots=True)
class ListRequest:
    """The reader of a list, and the time (epoch ms). parent: the object that the list belongs to, like a department, None for the
    city's."""

    actor: Actor
    now: int
    parent: Any = None


@dataclass(frozen=True, slots=True)
class Column:
    """One value of each row: a text, unless a subclass says otherwise.

    key: its name for programs; alias: its name in the URL of a page, if that differs; label: its header, "" if no page shows it;
    value: row -> value, or the attribute that has it, by default `key`; cell: (row, request) -> the cell that a page shows instead;
    link: name of the URL of the row's page, and the attributes that it takes, by default "pk"; hint: row -> a second line; sort:
    fields of order_by for ascending, empty for no sorting; name: word before the value on cards, which have no header; full: it is
    never truncated; optional: it may be missing; is_number: whether it is aligned right;
    csv_only: the page shows it elsewhere, as a second line.
    """

    key: str
    label: str = ""
    value: str | Callable[[Any], Any] = ""
    _: KW_ONLY
    cell: Callable[[Any, ListRequest], Any] | None = None
    link: tuple[str, ...] = ()
    hint: Callable[[Any], Any] | None = None
    sort: tuple[str, ...] = ()
    name: str = ""
    full: bool = False
    optional: bool = False
    is_number: bool | None = None
    alias: str = ""
    csv_only: bool = False

    def of(self, row: Any) -> Any:
        """The value of a row, None where it is missing."""
        return self.value(row) if callable(self.value) else attrgetter(self.value or self.key)(row)

    def text(self, value: Any) -> Any:
        """The value as a page and a CSV show it: a text, number, time or day."""
        return value


class Identifier(Column):
    """A UUID."""


class Number(Column):
    """A whole number."""


class Time(Column):
    """A moment."""


class Until(Column):
    """The moment at which something ends: pages show its last day."""

    def text(self, value: Any) -> Any:
        from civicmail.city.pages.days import last_day

        return last_day(value)


class Day(Column):
    """A calendar day."""


class Flag(Column):
    """Yes or no."""


class Texts(Column):
    """Several texts."""

    def text(self, value: Any) -> str:
        return ", ".join(value)


class Numbers(Column):
    """Several whole numbers; a page shows how many."""

    def text(self, value: Any) -> int:
        return len(value)


class Somebody(Column):
    """A person: programs get number and name, a command the number."""

    def text(self, value: Any) -> str:
        return str(value or "")


class Shown(Column):
    """Data that only pages show."""


@dataclass(frozen=True, slots=True)
class State(Column):
    """A state of a table: programs get its key. words: key -> color role and word."""

    _: KW_ONLY
    words: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Choice(Column):
    """One of several keys: programs get the key. words: key -> what a page shows."""

    _: KW_ONLY
    words: Mapping[Any, str]

    def text(self, value: Any) -> str:
        return self.words.get(value, value)


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of rows. lookups: of Django, one of which must match, by default `key`; apply: (rows, value, request) -> rows, for
    other conditions; choices: (value, words), or none for typed words; page_choices: those of a page, if they are rows of the
    database; others: further values that programs may give."""

    key: str
    label: str
    lookups: tuple[str, ...] = ()
    _: KW_ONLY
    apply: Callable[[Any, str, ListRequest], Any] | None = None
    choices: Choices | Callable[[], Choices] = ()
    page_choices: Callable[[], Choices] | None = None
    others: Sequence[str] = ()

    def offered(self) -> Choices:
        """The choices; called once Django is loaded."""
        return self.choices() if callable(self.choices) else self.choices

    def remaining(self, rows: Any, value: str, request: ListRequest) -> Any:
        """The rows that fit a value."""
        if self.apply is not None:
            return self.apply(rows, value, request)
        from django.db.models import Q

        return rows.filter(Q(*((lookup, value) for lookup in self.lookups or (self.key,)), _connector=Q.OR))


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the page's head. page, args: name and arguments of the URL; query: of its URL; permission: required to see the
    link, "" for none; about: the resource for the guard, by default the list's; is_sure: the resource has all facts; at most one
    link of a page is primary."""

    label: str
    page: str
    query: str = ""
    _: KW_ONLY
    args: Sequence[Any] = ()
    permission: str = ""
    about: Resource | None = None
    is_sure: bool = True
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """The API operation of a list. path: below the API's root, with the keys of the list as `{slug:department}`; page: name of the
    URL whose readers may call it, "" for the list's own page; shape: name of a row's schema."""

    path: str
    scope: str
    _: KW_ONLY
    page: str = ""
    shape: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """The command of a list. verb: group and verb, `agency list`; columns: keys of columns that `--json` prints; line: a row as
    text; renamed: columns to other names; order: of the rows, if it differs from that of programs; parameters: by which its parent
    is named; filters: those that are options; fixed: values of others; personal: the actor must sign in."""

    verb: str
    columns: Sequence[str]
    line: Callable[[Any], str]
    _: KW_ONLY
    renamed: Mapping[str, str] = field(default_factory=dict)
    order: Sequence[str] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    filters: Sequence[str] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Bulk:
    """Acts on the rows that are ticked. page: name of the URL of the page that says what each act does, and asks once; it gets the
    ids as `row`, and the act as `act`; acts: (value, words) of the buttons; args: of that URL; takes: whether a row can be ticked,
    by default each; the ticks are left out where no row can."""

    page: str
    acts: Choices
    _: KW_ONLY
    args: Sequence[Any] = ()
    takes: Callable[[Any], bool] = lambda _: True

    @property
    def url(self) -> str:
        from django.urls import reverse

        return reverse(self.page, args=self.args)


def ticked_ids(values: Iterable[str]) -> list[int]:
    """The ids of ticked rows as a browser sent them; what can be no id of the database is left out."""
    return [int(value) for value in values if value.isascii() and value.isdecimal() and len(value) < 19]


class List:
    """One list. The first paragraph of its docstring is the description in the API and the help of the command. The second explains
    properties of a row to programs.

    name: operation id; permission: of the guard's table; page, operation, command: where it is read, each may be missing.
    """

    name: str
    permission: str
    is_sure: bool = True
    """Whether the guard knows enough to say that somebody may; else it is asked whether they could."""
    page: Page | None = None
    operation: Operation | None = None
    command: Command | None = None

    columns: Sequence[Column] = ()
    filters: Sequence[Filter] = ()
    sort: str = ""
    """Column by which a page begins, "-" before it for descending."""
    order: str = "-pk"
    """Unique field by which programs page, "-" before it for the largest first."""

    title: str = ""
    section: str = ""
    crumbs: Sequence[tuple[str, str]] = ()
    """Pages above: words and name of the URL."""
    caption: str = ""
    """For screen readers."""
    empty: str = ""
    """What a page says where there is nothing."""
    noun: str = "people"
    """What is counted."""
    template: str = "pages/list.html"
    translated: bool = False
    """Whether it is an employee's, in their language: then texts are sentences."""

    model: str = ""
    """Of the rows, as Django names it: "holding.Release"."""
    related: Sequence[str] = ()
    """What is read with each row."""

    def parent(self, **keys: Any) -> Any:
        """The parent named by the URL, like a department; title, caption and empty may use its attributes as `{parent.name}`."""
        return None

    def find_parent(self, **keys: Any) -> Any:
        """The same by the parameters of the command. Raises Unusable."""
        return None

    def resource(self, request: ListRequest) -> Resource:
        """The resource for the guard."""
        return CITY

    def rows(self, request: ListRequest) -> Any:
        """A QuerySet."""
        from django.apps import apps

        return apps.get_model(self.model)._default_manager.all()

    def queryset(self) -> Any:
        """All rows of the table, with related data for the columns."""
        from django.apps import apps

        return self.with_related(apps.get_model(self.model)._default_manager.all())

    def with_related(self, rows: Any) -> Any:
        """The rows with what columns need, added after counting."""
        return rows.select_related(*self.related) if self.related else rows

    def prepare(self, rows: Sequence[Any], request: ListRequest) -> None:
        """Add to the rows of a page what takes one query for all of them; a CSV is without it."""

    def page_columns(self, request: ListRequest) -> Sequence[Column]:
        """The columns of the page, if they depend on the reader."""
        return [column for column in self.columns if column.label or column.cell is not None]

    def page_filters(self, request: ListRequest) -> Sequence[Filter]:
        return self.filters

    def page_title(self, request: ListRequest) -> str:
        return self.title

    def page_section(self, request: ListRequest) -> str:
        return self.section

    def page_crumbs(self, request: ListRequest) -> Sequence[tuple[str, str]]:
        """Pages above: words and URL."""
        from django.urls import reverse

        return [(words, reverse(name)) for words, name in self.crumbs]

    links: Sequence[Link] = ()
    """Of the page's head."""

    def page_links(self, request: ListRequest) -> Sequence[Link]:
        """Links of the page's head, where they depend on who reads it."""
        return self.links

    def page_bulk(self, request: ListRequest) -> Bulk | None:
        """Acts of this reader on several rows at once."""
        return None

    def facts(self, request: ListRequest, shown: Listing) -> Sequence[tuple[str, Any]]:
        """Facts of the page's head."""
        return ()

    def context(self, request: ListRequest) -> Mapping[str, Any]:
        """Further context of its template."""
        return {}

    @property
    def summary(self) -> str:
        return self._paragraph(0)

    @property
    def row_help(self) -> str:
        return self._paragraph(1)

    def _paragraph(self, number: int) -> str:
        paragraphs = (type(self).__doc__ or "").split("\n\n")
        return " ".join(paragraphs[number].split()) if number < len(paragraphs) else ""
