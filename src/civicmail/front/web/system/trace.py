"""The page Trace: find a message by its envelope ("/system/trace/"). No subject, text or file names."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from django.http import HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting, require
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Page
from civicmail.desk.viewer.mail_states import MESSAGES
from civicmail.desk.viewer.queries import store
from civicmail.desk.viewer.store import IndexFailed, NotIndexed
from civicmail.front.web.system import installation
from civicmail.front.web.system.trace_search import MAX_ENVELOPES, PER_PAGE, TraceQuery, TraceResult, find
from civicmail.mail.archive.envelopes import STATUSES, MessageTrace, Status
from civicmail.mail.archive.errors import InvalidId
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.status_index import StatusIndex
from civicmail.mail.search.reader import Reader

STRETCHES: dict[str, tuple[str, timedelta]] = {
    "hour": ("an hour", timedelta(hours=1)),
    "day": ("a day", timedelta(days=1)),
    "week": ("a week", timedelta(days=7)),
    "month": ("31 days", timedelta(days=31)),
    "year": ("366 days", timedelta(days=366)),
}
DEFAULT = "week"
ID = re.compile(r"[0-9a-fA-F-]{12,80}")
"""What is looked up as an id, not as an address."""
CAPTURE = re.compile(r"[0-9a-f]{32}")
CSV_LOOKS = 5_000


@dataclass(frozen=True, slots=True)
class Form:
    """The search form as typed. party: an address on either side; before: the capture behind which the page begins; wrong: why a
    value cannot be used."""

    party: str
    sender: str
    recipient: str
    status: str
    within: str
    until: str
    at: datetime
    before: bytes = b""
    wrong: str = ""

    @property
    def params(self) -> dict[str, str]:
        plain = {"q": self.party, "from": self.sender, "to": self.recipient, "status": self.status}
        plain |= {"within": self.within, "until": self.until}
        return {k: v for k, v in plain.items() if v and (k, v) != ("within", DEFAULT)}

    @property
    def addressed(self) -> bool:
        return bool(self.party or self.sender or self.recipient)

    @property
    def is_narrow(self) -> bool:
        """Whether fields are used that are behind "More"."""
        return bool(self.sender or self.recipient or self.until)

    def link(self, **changes: str) -> str:
        query = urlencode({**self.params, **changes})
        return f"{reverse('trace')}?{query}" if query else reverse("trace")

    def message(self, capture: str) -> str:
        """Address of the page of a message that was opened from this list."""
        page = self.params | ({"before": self.before.hex()} if self.before else {})
        return f"{reverse('trace-one', args=[capture])}?{urlencode({'list': urlencode(page)})}"


@dataclass(frozen=True, slots=True)
class TraceSteps:
    """up: the list that a message was opened from; newer, older: addresses of the messages beside it, "" where there is none;
    place: where it is on the page of the list, such as "2 of 14"."""

    up: str
    newer: str = ""
    older: str = ""
    place: str = ""


@acting("system.see")
def trace(request: Request) -> HttpResponseBase:
    """Search the last week by default; an id opens its message."""
    require(request, "system.see")
    archive = store().archive()
    problem = ""
    typed = request.GET.get("q", "").strip()[:80]
    if named := request.GET.get("id", "").strip()[:80] or (typed if ID.fullmatch(typed) else ""):
        opened, problem = _named(archive, named)
        if opened is not None:
            return redirect("trace-one", opened)
    form = _form(request, request.GET)
    csv = request.GET.get("format") == "csv"
    answer = _search(request, archive, form, csv)
    rows = [{"pk": t.uuid, "t": t, "url": form.message(t.uuid)} for t in answer.rows]
    listing_ = listing.Listing("Messages, newest first", COLUMNS, (), "", "messages", path=request.path, params=form.params)
    listing_.results, listing_.total, listing_.everything = rows, len(rows), answer.window
    listing.fill(listing_)
    wider = list(STRETCHES)[list(STRETCHES).index(form.within) + 1 :][:1]
    shown = {
        "page": Page("Trace", "System", search=("Trace", reverse("trace"))),
        "asking": form,
        "typed": form.party or named,
        "said": problem,
        "answer": answer,
        "states": [(key, MESSAGES[key][1]) for key in STATUSES],
        "stretches": [(key, words) for key, (words, _) in STRETCHES.items()],
        "stretch": STRETCHES[form.within][0],
        "older": form.link(before=answer.more.hex()) if answer.more else "",
        "wider": (form.link(within=wider[0]), STRETCHES[wider[0]][0]) if wider else None,
        "indexed": _reader() is not None,
    }
    if csv:
        return listing.render_list(request, "system/trace.html", listing_, shown)
    return render(request, "system/trace.html", {**shown, "listing": listing_})


def trace_steps(request: Request, archive: Archive, capture: uuid.UUID) -> TraceSteps:
    """The messages before and after this one in the list that it was opened from (?list=QUERY); it reads a page of that list."""
    query = request.GET.get("list")
    if query is None:
        return TraceSteps(reverse("trace"))
    form = _form(request, QueryDict(query))
    up = form.link(**({"before": form.before.hex()} if form.before else {}))
    answer = _search(request, archive, form, csv=False)
    ids = [t.uuid for t in answer.rows]
    if str(capture) not in ids:
        return TraceSteps(up)
    at = ids.index(str(capture))
    newer = form.message(ids[at - 1]) if at else ""
    if at + 1 < len(ids):
        older = form.message(ids[at + 1])
    else:
        older = _first_of(request, archive, replace(form, before=capture.bytes)) if answer.more else ""
    return TraceSteps(up, newer, older, f"{at + 1} of {len(ids)}{' on this page' if answer.more or form.before else ''}")


def _first_of(request: Request, archive: Archive, form: Form) -> str:
    """Address of the first message of the next page; "" where none follows."""
    rows = _search(request, archive, form, csv=False).rows
    return form.message(rows[0].uuid) if rows else ""


def _search(request: Request, archive: Archive, form: Form, csv: bool) -> TraceResult:
    until = epoch_ms(form.at)
    since = until - int(STRETCHES[form.within][1].total_seconds() * 1000)
    query = TraceQuery(
        since,
        until,
        form.sender,
        form.recipient,
        cast(Status, form.status) if form.status in MESSAGES else None,
        form.before,
        form.party,
    )
    now = epoch_ms(request.now)
    waiting = {line.id for line in installation.waiting_copies(now)} if form.status in ("waiting", "held") else set()
    page_size, looks = (CSV_LOOKS, CSV_LOOKS) if csv else (PER_PAGE, MAX_ENVELOPES)
    statuses = StatusIndex(installation.data())
    return find(archive, _reader(), waiting, query, statuses=statuses, actor=request.actor, now=now, most=page_size, looks=looks)


def _reader() -> Reader | None:
    try:
        return store().reader()
    except (NotIndexed, IndexFailed):
        return None


def _form(request: Request, query: QueryDict) -> Form:
    params = {k: query.get(k, "").strip()[:320] for k in ("q", "from", "to", "status", "within", "until", "before")}
    within = params["within"] if params["within"] in STRETCHES else DEFAULT
    party = "" if ID.fullmatch(params["q"]) else params["q"]
    status = params["status"] if params["status"] in STATUSES else ""
    before = bytes.fromhex(params["before"]) if CAPTURE.fullmatch(params["before"]) else b""
    at, problem = request.now, ""
    if params["until"]:
        try:
            at = _moment(params["until"])
        except (ValueError, OverflowError):
            problem = f"This is no day and time; {STRETCHES[within][0]} until now is shown."
    return Form(party, params["from"], params["to"], status, within, params["until"], at, before, problem)


def _moment(text: str) -> datetime:
    """A day and time as a form gives it, in the city's time zone where it names none. Raises ValueError, OverflowError."""
    at = parse_datetime(text)
    if at is None:
        raise ValueError(text)
    return (timezone.make_aware(at) if timezone.is_naive(at) else at).astimezone(UTC)


def _named(archive: Archive, text: str) -> tuple[uuid.UUID | None, str]:
    """The capture that an id names, or the sentence why none is opened."""
    try:
        places = archive.find(text)
    except InvalidId as error:
        return None, str(error)
    if len(places) == 1:
        return uuid.UUID(bytes=places[0].id), ""
    if not places:
        return None, "Nothing is kept under this id."
    return None, f"{len(places)} messages have it. Their whole ids: {', '.join(p.uuid for p in places[:20])}."


def _to(t: MessageTrace) -> Cell:
    first = t.passages[0].address if t.passages else "nobody"
    return Cell(first, hint=f"and {len(t.passages) - 1:,} more" if len(t.passages) > 1 else "", full=True)


def state_of(t: MessageTrace) -> tuple[str, str]:
    """Role and words of the joined status: "2 of 3 delivered" where it is not the same for all."""
    role, word = MESSAGES[t.status]
    if t.status != "delivered" and t.delivered:
        return role, f"{word} · {t.delivered} of {len(t.passages)} delivered"
    return role, word


COLUMNS: tuple[Column, ...] = (
    Column("received", "Received", lambda r: Cell(from_ms(r["t"].received), r["url"])),
    Column("from", "From", lambda r: Cell(r["t"].sender or "<>", full=True), name="from"),
    Column("to", "To", lambda r: _to(r["t"]), name="to"),
    Column("status", "State", lambda r: state_of(r["t"])),
    Column("size", "Bytes", lambda r: r["t"].size, num=True, name="bytes"),
    Column("id", "Id", lambda r: r["t"].sha256[:12], name="id"),
)
