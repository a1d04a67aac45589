"""An act, defined once: whatever a person, a program or an operator can do. Pure.

A room's acts/ have a class for each act. Its page with the form, its operation of the API with the schema and its command
with the options are made from that. What an act does to the data is a verb of actions/, which `perform` calls. Modules with Django
are imported inside methods, so that commands stay fast.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.guard.resources import CITY, OfPerson, Resource
from civicmail.city.pages.inputs import Choices, Input

if TYPE_CHECKING:
    from civicmail.city.pages.page import Action


@dataclass(frozen=True, slots=True)
class Page:
    """Where people do it. route: of Django, whose converters give the keys of Act.load; name: of the URL."""

    route: str
    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Where programs do it. path: below the API's root, with the keys of Act.load as `{int:id}`; page: name of the URL whose
    readers may do it, "" for the act's own page; status: of a success; query: further keys, which may be any words."""

    path: str
    scope: str
    _: KW_ONLY
    method: str = "POST"
    page: str = ""
    status: int = 200
    query: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a command names the row by. metavar and help: for people; option: `--department` instead of a position; default: None
    where it is required."""

    metavar: str
    help: str
    option: str = ""
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """Where operators do it. verb: group and verb, `role end`; row: parameters of Act.find; positions: fields of the input that are
    arguments; options: names of others, where they are not `--field`; defaults: of fields that a command alone may leave out;
    metavars: of fields that it has words of its own for (Act.from_command); personal: a person shows who they are, also where
    nobody has claimed the installation; tables: they are brought up to this program's version first; json: it can show
    Act.as_json."""

    verb: str
    _: KW_ONLY
    row: Mapping[str, Parameter] = field(default_factory=dict)
    positions: Sequence[str] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    metavars: Mapping[str, str] = field(default_factory=dict)
    personal: bool = False
    tables: bool = False
    json: bool = False


@dataclass(frozen=True, kw_only=True)
class FormPage:
    """The page around the form of an act. title: a noun, or a question that names the object; section, crumbs, state, facts: of
    the page's head (page.py); submit: the button's verb, with the count; effects, stays: what changes for whom, and what does
    not; stop: whether the button is red; note: above the form; back: where "Cancel" leads, "" for no such link;
    initial: what the form begins with, where the page knows more than the act; actions: links of the page's head; template and
    context: where more than a form is shown."""

    title: str
    section: str
    submit: str
    back: str
    crumbs: Sequence[tuple[str, str]] = ()
    state: tuple[str, str] | None = None
    facts: Sequence[tuple[str, Any]] = ()
    actions: Sequence[Action] = ()
    effects: Sequence[str] = ()
    stays: Sequence[str] = ()
    stop: bool = False
    note: str = ""
    initial: Mapping[str, Any] = field(default_factory=dict)
    template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


class Act[Row, Given: Input, Done]:
    """One act. Its docstring says what it does: the API and the help of the command show it.

    name: operation id; permission: of the guard's table (permissions.py); input: what is given; view_permission:
    of a page that more people may see than may act, "" where both are one; fresh_proof: whether a person
    signs in once more before the page opens; page, operation, command: where it is done, each may be missing.
    """

    name: str
    permission: str
    input: type[Given]
    view_permission: str = ""
    fresh_proof: bool = False
    page: Page | None = None
    operation: Operation | None = None
    command: Command | None = None

    model: str = ""
    """Of a row that its key finds, as Django names it: "holding.Finding". An act on nothing that is there yet has none."""
    key: str = "pk"
    """The field of the model that the key is looked up in."""
    from_link: tuple[str, ...] = ()
    """Fields that a link to the page may fill in: never an answer or a reason."""
    owner: str = ""
    """The lookup of the uid of whose row it is: for everybody else it is not there. "" where that makes no difference."""
    related: tuple[str, ...] = ()
    """What is read with the row."""
    load: Callable[..., Row]
    """(key, …, *, actor, now) -> the row that it is done to, where that takes more than its key. Raises Http404."""
    find: Callable[..., Row]
    """The same by the parameters of the command, as keywords, with actor and now. Raises Unusable."""
    perform: Callable[..., Done]
    """(row, given, *, actor, now) -> what was done; now: ms. Calls one verb, which asks the guard. Without load it has no row."""
    form_page: Callable[..., FormPage]
    """(row) -> the page around the form; without load it has no row."""
    button_page: Callable[..., str]
    """(row) -> the page with the button, for an act that is only a button of another page and has no form_page."""

    def permission_of(self, row: Row, actor: Actor) -> str:
        """What the guard is asked for before it is done, where that depends on the row or on whose it is."""
        return self.permission

    def resource(self, row: Row, actor: Actor) -> Resource | None:
        """What the guard is asked about before a form is shown. Where only the verb knows all that the permission takes: what is
        known, or None; then the guard is asked whether they could at all."""
        return CITY if PERMISSIONS[self.permission].resource is Resource else None

    next_page: str = ""
    """Name of the page of what was done, by its number: a success leads to it. Without one, to where the form_page leads back."""

    def after(self, done: Done) -> str:
        """Where a success leads to, "" for where the form_page leads back."""
        if not self.next_page:
            return ""
        from django.urls import reverse

        return reverse(self.next_page, args=[done.pk])  # type: ignore[attr-defined]  # a row of the database

    success_message: str = ""

    def message(self, row: Row, done: Done) -> str:
        """One sentence for whoever did it: above the next page, in the answer of a command."""
        return self.success_message

    def line(self, row: Row, done: Done) -> str:
        """What a command shows: the message, unless an operator needs more, like a number."""
        return self.message(row, done)

    def note(self, row: Row, done: Done) -> str:
        """What a command says beside the line, on the standard error, so that programs read the line alone."""
        return ""

    def as_json(self, done: Done) -> Mapping[str, Any]:
        """What a command shows to another program."""
        return {}

    def from_command(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was typed, as the form takes it, where a command has other words for it. Raises Unusable."""
        return given

    def is_success(self, done: Done) -> bool:
        """Whether the message tells of a success; else the page with the button shows it as a warning."""
        return True

    def required(self, row: Row) -> Collection[str]:
        """Optional fields that this row needs all the same."""
        return ()

    def unneeded(self, row: Row) -> Collection[str]:
        """Optional fields that no page shows for this row."""
        return ()

    def choices(self, row: Row, actor: Actor) -> Mapping[str, Choices]:
        """What fields offer, where that depends on who asks or on the row."""
        return {}

    def initial(self, row: Row) -> Mapping[str, Any]:
        """What the form begins with."""
        return {}

    def implied(self, row: Row, given: Mapping[str, Any], now: int) -> Mapping[str, Any]:
        """What a program or a command means that leaves fields out: for a change, that they stay as they are. now: ms."""
        return self.initial(row) if self.is_change else {}

    def state(self, row: Row) -> str:
        """As it is now, for the field Seen of the input."""
        return str(getattr(row, "state", ""))

    def is_hidden(self, row: Row, actor: Actor, now: int) -> bool:
        """Whether this person may not even know that it is there: then the answer is 404. now: ms."""
        return False

    @property
    def has_row(self) -> bool:
        return bool(self.model) or hasattr(self, "load")

    @property
    def is_change(self) -> bool:
        return self.operation is not None and self.operation.method == "PATCH"

    @property
    def summary(self) -> str:
        return " ".join((type(self).__doc__ or "").split())


class OwnAct[Row, Given: Input, Done](Act[Row, Given, Done]):
    """An act of somebody on what is their own."""

    owner = "person__uid"

    def resource(self, row: Row, actor: Actor) -> Resource | None:
        return OfPerson(actor.uid)
