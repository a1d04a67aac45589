"""Search within the scope of an examination; each page is an audit entry before it is made (E5, E6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.mandates import Mandate
from civicmail.city.guard.models import Mandate as Row
from civicmail.city.guard.permits import Permit
from civicmail.city.identity.actions import content_views
from civicmail.city.pages.city_request import CityRequest, acting
from civicmail.core.query.errors import QueryError
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import And, Everything, Range, Tree
from civicmail.desk.viewer import runs
from civicmail.desk.viewer.message_view import Run
from civicmail.desk.viewer.queries import installation, store
from civicmail.desk.viewer.store import NotIndexed
from civicmail.desk.workbench import scope
from civicmail.desk.workbench.scope import Gate
from civicmail.desk.workbench.views import examination
from civicmail.desk.workbench.views.filters import SORTS, Filters, filters_of
from civicmail.mail.search.counts import count
from civicmail.mail.search.errors import DamagedIndex
from civicmail.mail.search.finders import CUT_MESSAGES
from civicmail.mail.search.order import Sort
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import Hit, search

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A row. url: of the message, with the query that found it; who, to, subject: in runs, so that invisible characters are
    shown."""

    id: str
    url: str
    who: tuple[Run, ...]
    to: tuple[Run, ...]
    more: int
    at: datetime
    subject: tuple[Run, ...]
    size: int


@dataclass
class SearchPage:
    """The context of the templates. cut: why the result is incomplete. total of everything in scope match; unread: not completely
    readable; behind: archived and not indexed yet, of the whole archive; privileged: matching and not shown (E7); following: the
    cursor of the next page; typed: False for words from a link elsewhere."""

    filters: Filters
    lines: list[Line] = field(default_factory=list)
    total: int = 0
    everything: int = 0
    unread: int = 0
    behind: int = 0
    privileged: int = 0
    following: str = ""
    mistake: str = ""
    ready: bool = True
    cut: str = ""
    typed: bool = True

    @property
    def first(self) -> int:
        return (self.filters.number - 1) * PER_PAGE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1

    @property
    def older(self) -> str:
        return self.filters.link(after=self.following, page=str(self.filters.number + 1)) if self.following else ""

    @property
    def beginning(self) -> str:
        return self.filters.link() if self.filters.number > 1 else ""

    @property
    def unread_url(self) -> str:
        return self.filters.link(q="is:unreadable")


@acting("content.list")
def search_page(request: CityRequest, number: str) -> HttpResponse:
    """Show the messages in scope that match the words."""
    row, mandate = examination.looking(request, number)
    filters = filters_of(request.path, request.GET)
    answer = SearchPage(filters)
    status = 200
    try:
        parse(filters.query, now=request.now)
        if request.headers.get("Sec-Fetch-Site") == "cross-site":  # an entry has the person's own words only
            answer.typed = False
            return _shown(request, row, answer, status)
        facts = {"query": filters.query, "sort": filters.sort, "page": filters.number}
        permit = content_views.under(mandate, "content.list", actor=request.actor, facts=facts, now=epoch_ms(request.now))
        run_search(answer, mandate, permit, epoch_ms(request.now))
    except QueryError as error:
        answer.mistake, status = error.message, 422
    except (NotIndexed, DamagedIndex):
        answer.ready = False
    return _shown(request, row, answer, status)


def _shown(request: CityRequest, row: Row, answer: SearchPage, status: int) -> HttpResponse:
    part = request.headers.get("HX-Request-Type") == "partial"
    name = "workbench/found.html" if part else "workbench/search.html"
    page = examination.page(row, "Search", actions=examination.actions(row, answer.filters.passed))
    response = render(request, name, {"page": page, "row": row, "answer": answer, "sorts": SORTS, "part": part}, status=status)
    response["Vary"] = "HX-Request-Type"
    return response


def run_search(answer: SearchPage, mandate: Mandate, permit: Permit, now: int) -> None:
    """Fill in what the search finds. Raises QueryError, NotIndexed, DamagedIndex, NotFinished."""
    message_store = store()
    reader = message_store.reader_for(permit.person)
    archive = message_store.archive()
    gate = Gate(installation(), archive, permit, mandate, now)
    everything = within(reader, gate, mandate, answer.filters.query, now)
    tree = gate.privilege.readable(everything)
    sort: Sort = "oldest" if answer.filters.sort == "oldest" else "newest"
    page = search(reader, tree, limit=PER_PAGE, sort=sort, cursor=answer.filters.after, scored=False)
    answer.lines = [_line(hit, mandate.number, answer.filters.query) for hit in page.hits]
    answer.following = page.cursor
    answer.total = page.total if not answer.filters.after else count(reader, tree)
    answer.everything = count(reader, gate.privilege.readable(mandate.scope.tree(now))) if answer.filters.query else answer.total
    if (privileged := gate.privilege.tree()) is not None:
        answer.privileged = count(reader, And((everything, privileged)))
    answer.unread = count(reader, And((tree, Range("unreadable", 1))))
    answer.behind = max(0, archive.count() - count(reader, Everything()))
    answer.cut = CUT_MESSAGES[reader.cut] if reader.cut else ""


def count_hits(request: CityRequest, mandate: Mandate, query: str) -> int:
    """Count matches. Counts for word after word could reveal content, so this is a content view with its entry. Raises QueryError,
    NotIndexed, DamagedIndex, NotFinished after too long, and as content_views.under."""
    now = epoch_ms(request.now)
    parse(query, now=request.now)
    message_store = store()
    permit = content_views.under(mandate, "content.list", actor=request.actor, facts={"query": query, "counted": 1}, now=now)
    reader = message_store.reader_for(permit.person, whole=True)
    return count(reader, within(reader, Gate(installation(), message_store.archive(), permit, mandate, now), mandate, query, now))


def within(reader: Reader, gate: Gate, mandate: Mandate, query: str, now: int) -> Tree:
    """The words restricted to the examination's scope, with privileged mail. Raises QueryError."""
    words_tree = parse(query, now=datetime.fromtimestamp(now / 1000, UTC))
    return scope.within(mandate, gate.with_threads(reader, words_tree), now)


def _line(hit: Hit, number: str, query: str) -> Line:
    url = f"{reverse('mandate-message', args=[number, hit.id])}?{urlencode({'q': query})}"
    subject = runs.runs_of(hit.subject) or (Run("(no subject)"),)
    to = hit.to[0] if hit.to else ""
    more = max(0, len(hit.to) - 1)
    return Line(
        hit.id, url, runs.runs_of(hit.from_) or (Run("(nobody)"),), runs.runs_of(to), more, from_ms(hit.received), subject, hit.size
    )
