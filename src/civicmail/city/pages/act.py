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
    """The page of an act. route: of Django, whose converters give the keys of Act.load; name: of the URL."""

    route: str
    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """The API operation of an act. path: below the API's root, with the keys of Act.load as `{int:id}`; page: name of the URL whose
    readers may call it, "" for the act's own page; status: of a success; query: further keys in the query string, for arbitrary
    text."""

    path: str
    scope: str
    _: KW_ONLY
    method: str = "POST"
    page: str = ""
    status: int = 200
    query: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter by which a command names the row. metavar and help: for people; option: `--department` instead of a position;
    default: None if it is required."""

    metavar: str
    help: str
    option: str = ""
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """The command of an act. verb: group and verb, `role end`; row: parameters of Act.find; positions: fields of the input that are
    arguments; options: names of others, if they are not `--field`; defaults: of fields that only a command may leave out; metavars:
    of fields with an input form of their own (Act.from_command); personal: the actor must sign in, also in an unclaimed
    installation; tables: the database is migrated to this program's version first; json: it can print Act.as_json."""

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
    not; stop: whether the button is red; note: above the form; back: target of "Cancel", "" for no such link; initial: initial
    values, if the page knows more than the act; actions: links of the page's head; template and context: for pages with more
    than a form."""

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
    """One act. Its docstring is the description in the API and the help of the command.

    name: operation id; permission: of the guard's table (permissions.py); input: its typed input; view_permission: of a page that
    more people may see than may act, "" if both are one; fresh_proof: whether a person signs in again before the page opens; page,
    operation, command: its entry points, each optional.
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
        """The permission, if it depends on the row or its owner."""
        return self.permission

    def resource(self, row: Row, actor: Actor) -> Resource | None:
        """The resource for the guard before a form is shown. If only the verb has all facts: the known ones, or None; then the
        guard decides whether the actor could at all."""
        return CITY if PERMISSIONS[self.permission].resource is Resource else None

    next_page: str = ""
    """Name of the page of what was done, by its number: a success leads to it. Without one, to where the form_page leads back."""

    def after(self, done: Done) -> str:
        """The page after a success, "" for the one to which form_page leads back."""
        if not self.next_page:
            return ""
        from django.urls import reverse

        return reverse(self.next_page, args=[done.pk])  # type: ignore[attr-defined]  # a row of the database

    success_message: str = ""

    def message(self, row: Row, done: Done) -> str:
        """One sentence about the result for the actor: above the next page, and in the output of a command."""
        return self.success_message

    def line(self, row: Row, done: Done) -> str:
        """The output of a command: the message, unless an operator needs more, like a number."""
        return self.message(row, done)

    def note(self, row: Row, done: Done) -> str:
        """A remark of a command on standard error, so that programs read the output alone."""
        return ""

    def as_json(self, done: Done) -> Mapping[str, Any]:
        """The output of a command for another program."""
        return {}

    def from_command(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Command-line input converted to input of the form, if a command has other words for it. Raises Unusable."""
        return given

    def is_success(self, done: Done) -> bool:
        """Whether the message reports a success; else the page with the button shows it as a warning."""
        return True

    def required(self, row: Row) -> Collection[str]:
        """Optional fields that this row requires."""
        return ()

    def unneeded(self, row: Row) -> Collection[str]:
        """Optional fields that no page shows for this row."""
        return ()

    def choices(self, row: Row, actor: Actor) -> Mapping[str, Choices]:
        """Choices of fields that depend on the actor or the row."""
        return {}

    def initial(self, row: Row) -> Mapping[str, Any]:
        """Initial values of the form."""
        return {}

    def implied(self, row: Row, given: Mapping[str, Any], now: int) -> Mapping[str, Any]:
        """Values of fields that a program or a command leaves out: for a change, the present ones. now: ms."""
        return self.initial(row) if self.is_change else {}

    def state(self, row: Row) -> str:
        """The present state, for the field Seen of the input."""
        return str(getattr(row, "state", ""))

    def is_hidden(self, row: Row, actor: Actor, now: int) -> bool:
        """Whether this person may not even know that the row exists: then the answer is 404. now: ms."""
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
    """An act on the actor's own data."""

    owner = "person__uid"

    def resource(self, row: Row, actor: Actor) -> Resource | None:
        return OfPerson(actor.uid)
