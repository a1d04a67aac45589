"""My mail: where is that message? What I sent and received, by words, direction, state and day."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages import wording
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting
from civicmail.city.pages.listing import plain_text
from civicmail.city.pages.page import Page
from civicmail.core.query.errors import QueryError
from civicmail.desk.mailbox import mail_list, queries
from civicmail.desk.mailbox.actions import mark_mail
from civicmail.desk.mailbox.mail_list import PER_PAGE, ListPage, MailContext, Row
from civicmail.desk.mailbox.mail_marks import LabelMark
from civicmail.desk.mailbox.pending_decisions import Decisions, PendingDecision, pending_decisions
from civicmail.desk.mailbox.scope import OwnMail
from civicmail.desk.mailbox.views import words
from civicmail.desk.mailbox.views.folders import Folders, folders
from civicmail.desk.mailbox.views.list_address import DIRECTIONS, ORDERS, STATE_CHOICES, ListAddress, address_of
from civicmail.desk.mailbox.views.outgoing import notes
from civicmail.desk.mailbox.views.words import Who
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.search.errors import DamagedIndex
from civicmail.mail.search.finders import CUT_MESSAGES

NOTHING = ListPage((), 0, 0, 0, "", "")


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the table shows it. id: of the capture, for what is done with it; looks: the state is a reason to look or to wait;
    new: it was not opened; decision: on what waits of it."""

    id: str
    url: str
    who: Who
    to: bool
    at: datetime
    subject: str
    size: int
    role: str
    word: str
    looks: bool
    files: bool = False
    new: bool = False
    starred: bool = False
    labels: tuple[str, ...] = ()
    decision: PendingDecision | None = None


@dataclass(frozen=True, slots=True)
class QueryMistake:
    """The error of a query. fixed: the query with the nearest valid word, and its list; empty without one."""

    text: str
    fixed: str = ""
    url: str = ""


@dataclass
class Listing:
    """The context of the templates."""

    address: ListAddress
    mine: OwnMail
    labels: Collection[LabelMark] = ()
    answer: ListPage = NOTHING
    folders: Folders | None = None
    mistake: QueryMistake | None = None
    ready: bool = True
    cut: str = ""
    decisions: Decisions = field(default_factory=dict)

    @property
    def lines(self) -> list[Line]:
        return [line(row, self.decisions) for row in self.answer.rows]

    @property
    def chips(self) -> list[Any]:
        return self.address.chips(self.mine)

    @property
    def first(self) -> int:
        return (self.address.page - 1) * PER_PAGE + 1

    @property
    def last(self) -> int:
        return min(self.first + len(self.answer.rows) - 1, self.answer.total)

    @property
    def older(self) -> str:
        return self.address.link(after=self.answer.after, page=str(self.address.page + 1)) if self.answer.after else ""

    @property
    def newer(self) -> str:
        """The page before; the second one leads to the first as it is now."""
        page = self.address.page - 1
        if page <= 1:
            return self.address.link() if self.address.page > 1 else ""
        return self.address.link(before=self.answer.before, page=str(page)) if self.answer.before else self.address.link()

    @property
    def newest(self) -> str:
        return self.address.link()

    @property
    def csv(self) -> str:
        return self.address.link(format="csv")

    @property
    def unread(self) -> str:
        """The list of what could not be read whole."""
        return self.address.link(q="is:unreadable")

    @property
    def is_sized(self) -> bool:
        """Whether sizes are asked for."""
        return "larger:" in self.address.words or "smaller:" in self.address.words

    @property
    def is_hidden(self) -> bool:
        """Whether this is the list of messages that the person hid."""
        return self.address.values.get("state") == "hidden"

    @property
    def new(self) -> str:
        return self.address.link(state="unread")

    @property
    def hidden(self) -> str:
        return self.address.link(state="hidden")

    @property
    def matching(self) -> int:
        """How many messages an act on all of the list is about."""
        return min(self.answer.total, mark_mail.BATCH_SIZE)

    @property
    def quick(self) -> list[tuple[str, str, str, int]]:
        """Filters in one press, but for those in use: words, address, icon, number."""
        link = self.address.link
        near = self.address.direction
        filters = [
            ("state", (gettext("Unread"), link(state="unread"), "", self.answer.new)),
            ("q", (gettext("With files"), link(q="has:attachment", direction=near), "attach_file", 0)),
            ("direction", (gettext("From outside"), link(direction="outside"), "public", 0)),
            ("state", (gettext("Starred"), link(state="starred"), "star", 0)),
        ]
        used = self.address.values
        return [shown for key, shown in filters if key not in used or (key == "direction" and used[key] == "inbox")]

    @property
    def orders(self) -> list[tuple[Any, str, bool]]:
        return [(words_, self.address.link(sort=key), key == self.address.order) for key, words_ in ORDERS]

    @property
    def order(self) -> Any:
        return dict(ORDERS)[self.address.order]

    @property
    def directions(self) -> Any:
        return DIRECTIONS

    @property
    def stands(self) -> Any:
        return STATE_CHOICES


@acting("my.mail")
def mail(request: Request) -> HttpResponseBase:
    """Show the list. A person who has lost access is refused at the next request, because the mailboxes are determined at each
    request."""
    now = epoch_ms(request.now)
    permit, mine = queries.own_mail(request.actor, now=now)
    kept = queries.marks_by(permit, now=now)
    address = address_of(request.path, request.GET, mine, kept.labels, bare="inbox")
    listing = Listing(address, mine, kept.labels)
    whole: MailContext | None = None
    status = 200
    try:
        as_file = request.GET.get("format") == "csv"  # which does not show that it is incomplete
        chosen = queries.choose_box(mine, address.values.get("box", ""))
        desk = queries.desk(permit, chosen, now=now, marks=kept, whole=as_file)
        whole = desk if chosen is mine else replace(desk, mine=mine)
        if as_file:
            return _file(mail_list.all_rows(desk, address.list_query))
        listing.answer = mail_list.list_page(desk, address.list_query)
        held = [copy for row in listing.answer.rows for copy in row.held]
        listing.decisions = pending_decisions(request.actor, held, now)
        listing.cut = wording.translate(CUT_MESSAGES[desk.reader.cut]) if desk.reader.cut else ""
    except QueryError as error:
        if address.list_query.after or address.list_query.before:  # a cursor of another list: begin at its first page
            address = address.first_page()
        listing.address, listing.mistake = address, _mistake(address, error)
        status = 422
    except (NotIndexed, DamagedIndex):
        listing.ready = False
    unopened = listing.answer.unopened
    if whole and (listing.mistake or whole.mine is not desk.mine):
        unopened = mail_list.unopened_by_box(whole, mail_list.delivered_since(whole))
    listing.folders = folders(listing.address, whole, unopened, mine.boxes, request.actor.uid)
    folder = listing.folders.current
    title = str(folder.words) if folder and listing.address.is_narrowed else gettext("My mail")
    page = Page(title, gettext("My mail"), slim=True)
    return render(request, "mailbox/list.html", {"page": page, "listing": listing, "notes": notes(request)}, status=status)


def line(row: Row, decisions: Decisions = MappingProxyType({})) -> Line:
    """decisions: on held copies; the first one of the message is shown."""
    hit = row.hit
    decision = next((decisions[copy] for copy in row.held if copy in decisions), None)
    subject = words.marked(hit.subject) or gettext("(no subject)")
    url = reverse("mail-message", args=[hit.id])
    domains = settings.CITY.city.domains
    row_state = (*words.pill(row, settings.CITY.marks.doubts), row.files, row.new, row.starred, row.labels, decision)
    return Line(hit.id, url, words.who(row, domains), row.sent, from_ms(hit.received), subject, row.size, *row_state)


def _mistake(address: ListAddress, error: QueryError) -> QueryMistake:
    """With the nearest operator in the place of the wrong one, where that is what is wrong."""
    said, hint = wording.translate(error.message), error.hint
    text = address.words
    end = text.find(":", error.position) + 1
    if not hint.endswith(":") or not end:
        return QueryMistake(said)
    fixed = text[: error.position] + hint + text[end:]
    return QueryMistake(said, fixed, address.link(q=fixed))


class _Echo:
    def write(self, line: str) -> str:
        return line


def _file(rows: Iterator[Row]) -> StreamingHttpResponse:
    """The file of the whole list, as UTF-8 with a byte order mark for spreadsheets."""
    writer = csv.writer(_Echo())
    heads = [
        gettext("With"),
        gettext("Direction"),
        gettext("When"),
        gettext("Subject"),
        gettext("State"),
        gettext("Bytes"),
        "id",
        gettext("Labels"),
    ]
    first = next(rows, None)  # report errors before the response has begun

    def lines() -> Iterator[str]:
        yield "\ufeff" + writer.writerow(heads)
        if first is not None:
            yield writer.writerow(_cells(first))
        for row in rows:
            yield writer.writerow(_cells(row))

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="mail.csv"'
    return response


def _cells(row: Row) -> list[Any]:
    hit = row.hit
    at = timezone.localtime(from_ms(hit.received)).isoformat(timespec="seconds")
    direction = gettext("sent") if row.sent else gettext("brought in") if row.imported else gettext("received")
    texts = (words.plain_who(hit, row.sent), direction, at, hit.subject, words.status(row.state)[1])
    return [*(plain_text(text) for text in texts), row.size, hit.id, plain_text("; ".join(row.labels))]
