"""Numbers about the requests of the last year, each made by the query that stands beside it.

A number of the public page is hidden where it is about fewer than MIN things, so that nobody is singled out by it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from civicmail.city.law.pack import LawPack
from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.records.models import Request
from civicmail.desk.records.queries import clock
from civicmail.desk.records.queries.law import local_day, pack_or_none
from civicmail.desk.records.states import OPEN

MIN = 5
"""Smallest number of things about which the public page says something."""
YEAR = timedelta(days=365)
HIDDEN = "hidden"
_OPEN = ", ".join(f"'{state}'" for state in sorted(OPEN))

type Value = int | Decimal | str | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. group: of a table, "" for none; label: of its row there; value: None where there is nothing to count, HIDDEN
    where it is about too few; base: how many things it is about; sql: the query of it, or of the rows from which it is made."""

    key: str
    title: Sentence
    definition: Sentence
    sql: str
    value: Value
    base: int
    label: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """Queries about the time since a day. In their templates, :since is that day, and :open are the states of open requests."""

    since: date

    def text(self, template: str) -> str:
        """The query as it is shown and run."""
        return template.replace(":since", f"'{self.since}'").replace(":open", f"({_OPEN})")

    def count(self, key: str, title: Sentence, definition: Sentence, template: str) -> Figure:
        sql = self.text(template)
        ((count,),) = _rows(sql)
        return Figure(key, title, definition, sql, count, count)

    def table(self, key: str, title: Sentence, definition: Sentence, template: str) -> list[Figure]:
        """A figure for each row of (label, count)."""
        sql = self.text(template)
        rows = [Figure(f"{key} {label}", title, definition, sql, count, count, label) for label, count in _rows(sql)]
        return rows or [Figure(key, title, definition, sql, 0, 0)]


def figures(now: datetime, *, public: bool) -> list[Figure]:
    """All numbers, counted now. public: those about too few are hidden."""
    query = Query((now - YEAR).date())
    made = [*_requests(query), *_days(query, now), *_idle(query, now), *_decisions(query), *_money(query)]
    return _without_small(made) if public else made


def percentile(values: Sequence[int], percent: int) -> int | None:
    """The smallest value that so many percent of all do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)] if values else None


def _requests(query: Query) -> list[Figure]:
    return [
        query.count(
            "received",
            _("Requests received"),
            _("Requests that came in within the last 365 days."),
            "SELECT COUNT(*) FROM records_request WHERE received >= :since",
        ),
        query.count(
            "open",
            _("Open requests"),
            _("Requests that are neither closed nor withdrawn at this moment."),
            "SELECT COUNT(*) FROM records_request WHERE state IN :open",
        ),
        *query.table(
            "intake",
            _("Requests by how they came"),
            _("Requests of the last 365 days: web page, mail, counter or telephone, a message, a file approval, a mailbox rule."),
            "SELECT intake, COUNT(*) FROM records_request WHERE received >= :since GROUP BY intake ORDER BY intake",
        ),
        *query.table(
            "outcome",
            _("Closed requests by outcome"),
            _("Requests closed within the last 365 days: released in full, in part, denied, no records, withdrawn."),
            "SELECT outcome, COUNT(*) FROM records_request WHERE state = 'done' AND closed >= :since GROUP BY outcome "
            "ORDER BY outcome",
        ),
    ]


def _days(query: Query, now: datetime) -> list[Figure]:
    """Calendar days between two moments, in the days of the city."""
    made = []
    for key, title, definition, template in (
        (
            "acknowledge",
            _("Days to the acknowledgment"),
            _("Calendar days from receipt to the acknowledgment, of requests acknowledged within the last 365 days."),
            "SELECT received, acknowledged FROM records_request WHERE acknowledged >= :since",
        ),
        (
            "finish",
            _("Days to the end"),
            _("Calendar days from receipt to the end, of requests closed within the last 365 days."),
            "SELECT received, closed FROM records_request WHERE state = 'done' AND closed >= :since",
        ),
        (
            "age",
            _("Age of open requests"),
            _("Calendar days since receipt, of all requests that are open."),
            "SELECT received, NULL FROM records_request WHERE state IN :open",
        ),
    ):
        sql = query.text(template)
        days = [(local_day(end or now) - local_day(begin)).days for begin, end in _rows(sql, times=True)]
        made += [_of_days(f"{key}-{percent}", title, definition, sql, days, percent) for percent in (50, 90)]
    return made


def _idle(query: Query, now: datetime) -> list[Figure]:
    """Working days on which nothing happened, as the Clock page of each request has them."""
    definition = _(
        "Working days since receipt on which nobody of the city worked on it, nobody waited for the requester, and the law made "
        "nobody wait; of requests received within the last 365 days."
    )
    sql = query.text("SELECT number FROM records_request WHERE received >= :since")
    rows = list(Request.objects.filter(number__in=[number for (number,) in _rows(sql)]).order_by("pk"))
    packs: dict[tuple[str, str], LawPack | None] = {}
    for row in rows:
        if (law := (row.law, row.law_version)) not in packs:
            packs[law] = pack_or_none(row)
    days = clock.idle_days([(row, pack) for row in rows if (pack := packs[row.law, row.law_version])], local_day(now))
    title = _("Idle days")
    total = Figure("idle", title, definition, sql, sum(days), len(days), unit="days")
    return [total, _of_days("idle-50", title, definition, sql, days, 50), _of_days("idle-90", title, definition, sql, days, 90)]


def _decisions(query: Query) -> list[Figure]:
    return [
        *query.table(
            "redacted",
            _("Redactions by code of the law"),
            _("Redactions of the last 365 days that count, by their code."),
            "SELECT code, COUNT(*) FROM records_redaction WHERE removed IS NULL AND code <> '' AND at >= :since GROUP BY code "
            "ORDER BY code",
        ),
        *query.table(
            "withheld",
            _("Withheld documents by code of the law"),
            _("Documents withheld by decisions of the last 365 days that count, by their code."),
            "SELECT code, COUNT(*) FROM records_decision WHERE replaced IS NULL AND verdict = 'withhold' AND at >= :since "
            "GROUP BY code ORDER BY code",
        ),
        query.count(
            "personal",
            _("Personal messages left out"),
            _("Documents that decisions of the last 365 days leave out as purely personal."),
            "SELECT COUNT(*) FROM records_decision WHERE replaced IS NULL AND verdict = 'personal' AND at >= :since",
        ),
        query.count(
            "objections",
            _("Objections answered"),
            _("Objections to a redaction or a withheld document that were answered within the last 365 days."),
            "SELECT COUNT(*) FROM records_contest WHERE state IN ('changed', 'upheld') AND answered >= :since",
        ),
        query.count(
            "reversed",
            _("Objections that changed something"),
            _("Of these, those after which more was released."),
            "SELECT COUNT(*) FROM records_contest WHERE state = 'changed' AND answered >= :since",
        ),
    ]


def _money(query: Query) -> list[Figure]:
    made = []
    for key, title, definition, template in (
        (
            "fees",
            _("Charges"),
            _("Amount times rate of all charges of the last 365 days that are no estimates, before any reduction."),
            "SELECT amount, rate, request_id FROM records_feeline WHERE is_estimate = false AND at >= :since",
        ),
        (
            "paid",
            _("Paid"),
            _("Payments for requests within the last 365 days."),
            "SELECT amount, 1, request_id FROM records_feeevent WHERE kind = 'paid' AND at >= :since",
        ),
    ):
        sql = query.text(template)
        rows = _rows(sql)
        total = sum((Decimal(str(amount)) * Decimal(str(rate)) for amount, rate, _request in rows), Decimal())
        base = len({request for *_prices, request in rows})
        made.append(Figure(key, title, definition, sql, total.quantize(Decimal("0.01")), base, unit="$"))
    return made


def _of_days(key: str, title: Sentence, definition: Sentence, sql: str, days: list[int], percent: int) -> Figure:
    return Figure(key, title, definition, sql, percentile(days, percent), len(days), f"{percent} %", "days")


def _rows(sql: str, *, times: bool = False) -> list[tuple[Any, ...]]:
    """What the shown query gives. times: its columns are moments, which SQLite has as text."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall()
    return [tuple(map(_moment, row)) for row in rows] if times else rows


def _moment(value: Any) -> datetime | None:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _without_small(made: list[Figure]) -> list[Figure]:
    """Hide what is about 1 to MIN - 1 things. In a table that would leave one hidden row, which the others and the total give
    away, the smallest other one is hidden too."""
    hidden = {one.key for one in made if 0 < one.base < MIN}
    tables: dict[str, list[Figure]] = {}
    for one in made:
        if " " in one.key:
            tables.setdefault(one.key.partition(" ")[0], []).append(one)
    for rows in tables.values():
        shown = sorted((one for one in rows if one.key not in hidden), key=lambda one: (one.base, one.key))
        if len(rows) - len(shown) == 1 and shown:
            hidden.add(shown[0].key)
    return [replace(one, value=HIDDEN) if one.key in hidden else one for one in made]
