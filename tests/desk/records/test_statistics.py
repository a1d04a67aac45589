"""Statistics of the records desk: each number is counted once more in Python, and nobody is singled out by a small one."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client

from civicmail.desk.records.models import Contest, Decision, FeeEvent, FeeLine, Pause, Redaction, Request
from civicmail.desk.records.queries import clock, statistics
from civicmail.desk.records.queries.law import local_day, pack_of
from civicmail.desk.records.queries.statistics import HIDDEN, MIN, figures
from civicmail.desk.records.states import FEE_EVENTS, INTAKES, OPEN, OUTCOMES, REQUEST, VERDICTS
from civicmail.desk.records.views.statistics_page import PUBLIC

pytestmark = pytest.mark.django_db
CODES = ("19.36(5)", "19.36(13)", "balancing")


@pytest.fixture(autouse=True)
def forgotten() -> None:
    PUBLIC.forget()


@pytest.fixture
def busy(city: Any, law: Any) -> Any:
    """Sixty more requests of two years, each as it may be."""
    chance, officer = random.Random(32), city.people["recorder"]
    for n in range(60):
        received = city.now - timedelta(days=chance.randrange(1, 700), hours=chance.randrange(24))
        state = chance.choice(sorted(REQUEST))
        until = (city.now - received) * chance.random()
        is_over = state in ("done", "withdrawn")
        row = Request.objects.create(
            number=f"PR-2025-{n:05}", receipt=_digest(f"r{n}"), link=_digest(f"l{n}"), intake=chance.choice(INTAKES), text="Mail.",
            law="wisconsin", law_version=law.version, received=received, state=state, since=received,
            acknowledged=None if state == "new" else received + until / 4, closed=received + until if is_over else None,
            outcome=chance.choice(sorted(OUTCOMES)) if state == "done" else "",
        )  # fmt: skip
        if chance.random() < 0.5:
            end = received + until / 2
            Pause.objects.create(request=row, reason="awaiting-scope", began=received + until / 4, ended=end, by=officer)
        for m in range(chance.randrange(4)):
            at = city.now - timedelta(days=chance.randrange(1, 700))
            replaced = city.now if chance.random() < 0.2 else None
            Decision.objects.create(
                request=row, content=_digest(f"{n} {m}"), verdict=chance.choice(VERDICTS), code=chance.choice(CODES), by=officer,
                at=at, replaced=replaced,
            )  # fmt: skip
            Redaction.objects.create(
                request=row, content=_digest(f"{n} {m}"), number=m + 1, first=1, last=2, code=chance.choice((*CODES, "")),
                by=officer, at=at, removed=replaced,
            )  # fmt: skip
            FeeLine.objects.create(
                request=row, task="copies", amount=chance.randrange(1, 500), rate=Decimal("0.0135"),
                is_estimate=chance.random() < 0.4, by=officer, at=at,
            )  # fmt: skip
            FeeEvent.objects.create(
                request=row, kind=chance.choice(FEE_EVENTS), amount=chance.randrange(50), reason="Cash.", by=officer, at=at
            )
            answered = None if chance.random() < 0.3 else at
            states = ("upheld", "changed") if answered else ("open",)
            Contest.objects.create(request=row, item=m, made=at, answered=answered, state=chance.choice(states))
    return city


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def value(made: list[statistics.Figure], key: str) -> Any:
    (one,) = [one for one in made if one.key == key]
    return one.value


def of_table(made: list[statistics.Figure], key: str) -> dict[str, Any]:
    return {one.label: one.value for one in made if one.key.startswith(f"{key} ")}


def rank(days: list[int], percent: int) -> int:
    """The smallest of these that so many percent do not exceed, by trying each."""
    return next(day for day in sorted(days) if sum(other <= day for other in days) * 100 >= percent * len(days))


@pytest.mark.rule("P-21", "Each number of the statistics of requests is what its query counts.")
def test_r32_each_number_is_what_python_counts(busy: Any) -> None:
    now: datetime = busy.now
    made, since = figures(now, public=False), datetime.combine((now - timedelta(days=365)).date(), datetime.min.time(), now.tzinfo)
    rows = list(Request.objects.all())
    year = [row for row in rows if row.received >= since]
    closed = [row for row in rows if row.state == "done" and row.closed and row.closed >= since]
    assert value(made, "received") == len(year) > 20
    assert value(made, "open") == sum(row.state in OPEN for row in rows)
    assert of_table(made, "intake") == Counter(row.intake for row in year)
    assert of_table(made, "outcome") == Counter(row.outcome for row in closed)
    spans = {
        "acknowledge": [(row.received, row.acknowledged) for row in rows if row.acknowledged and row.acknowledged >= since],
        "finish": [(row.received, row.closed) for row in closed],
        "age": [(row.received, now) for row in rows if row.state in OPEN],
    }
    for key, moments in spans.items():
        days = [_day(end).toordinal() - _day(begin).toordinal() for begin, end in moments]
        assert (value(made, f"{key}-50"), value(made, f"{key}-90")) == (rank(days, 50), rank(days, 90)), key
    idle = [len(clock.clock_of(row, pack_of(row), local_day(now)).account.idle) for row in year]
    assert (value(made, "idle"), value(made, "idle-90")) == (sum(idle), rank(idle, 90)) and sum(idle) > 100

    def recent(model: Any) -> list[Any]:
        return [row for row in model.objects.all() if row.at >= since]

    redacted = [row.code for row in recent(Redaction) if row.removed is None and row.code]
    assert of_table(made, "redacted") == Counter(redacted)
    decided = [row for row in recent(Decision) if row.replaced is None]
    assert of_table(made, "withheld") == Counter(row.code for row in decided if row.verdict == "withhold")
    assert value(made, "personal") == sum(row.verdict == "personal" for row in decided)
    answered = [row for row in Contest.objects.all() if row.answered and row.answered >= since and row.state != "open"]
    assert value(made, "objections") == len(answered) > value(made, "reversed") == sum(row.state == "changed" for row in answered)
    charged = sum(row.amount * row.rate for row in recent(FeeLine) if not row.is_estimate)
    assert value(made, "paid") == sum(row.amount for row in recent(FeeEvent) if row.kind == "paid") > 0
    assert value(made, "fees") == charged.quantize(Decimal("0.01")) > 0


def _day(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo("America/Chicago")).date()


def test_r32_the_query_beside_a_number_gives_it(busy: Any, visit: Callable[[str], Client]) -> None:
    """As it is shown: copied from the page of the API, and run."""
    lines = list(csv.DictReader(io.StringIO(visit("recorder").get("/records/statistics.csv").content.decode())))
    assert len(lines) > 25 and all(line["definition"].endswith(".") and line["query"].startswith("SELECT") for line in lines)
    page = visit("auditor").get("/records/statistics/").content.decode()
    for line in lines:
        with connection.cursor() as cursor:
            cursor.execute(line["query"])
            rows = cursor.fetchall()
        if line["query"].startswith("SELECT COUNT"):
            assert line["value"] == str(rows[0][0]), line
        elif "GROUP BY" in line["query"] and rows:
            assert int(line["value"]) in {count for label, count in rows if line["key"].endswith(f" {label}")}, line
        assert line["query"].replace("'", "&#x27;").replace(">", "&gt;").replace("<", "&lt;") in page


def test_r32_numbers_are_live(busy: Any) -> None:
    before = value(figures(busy.now, public=False), "open")
    row = Request.objects.filter(state__in=OPEN).first()
    Request.objects.filter(pk=row.pk).update(state="withdrawn", closed=busy.now)
    assert value(figures(busy.now, public=False), "open") < before


def test_r32_nobody_is_singled_out_on_the_public_page(busy: Any) -> None:
    exact = {one.key: one for one in figures(busy.now, public=False)}
    shown = {one.key: one.value for one in figures(busy.now, public=True)}
    few = {key for key, one in exact.items() if 0 < one.base < MIN}
    assert few and all(shown[key] == HIDDEN for key in few)
    assert shown["received"] == exact["received"].value and shown["age-50"] == exact["age-50"].value
    for table in ("intake", "outcome", "redacted", "withheld"):
        hidden = [key for key in shown if key.startswith(f"{table} ") and shown[key] == HIDDEN]
        assert len(hidden) != 1, "the others and the total would give it away"


def test_r32_one_hidden_row_takes_another_with_it(busy: Any) -> None:
    Request.objects.update(intake="web", received=busy.now)
    for intake, count in (("mail", 10), ("counter", 1)):
        Request.objects.filter(pk__in=list(Request.objects.filter(intake="web").values_list("pk", flat=True)[:count])).update(
            intake=intake
        )
    made = of_table(figures(busy.now, public=True), "intake")
    assert made["counter"] == made["mail"] == HIDDEN and isinstance(made["web"], int)


def test_r32_an_empty_desk_has_numbers_too(city: Any, law: Any) -> None:
    far = city.now + timedelta(days=5000)
    made = figures(far, public=True)
    assert value(made, "received") == 0 and value(made, "finish-50") is None and value(made, "redacted") == 0


def test_r32_anybody_reads_the_page_and_the_file(busy: Any) -> None:
    page = Client().get("/public/records/statistics/").content.decode()
    assert "Query" in page and "50 %, at most" in page and f"fewer than {MIN}" in page and "not shown" in page
    lines = list(csv.DictReader(io.StringIO(Client().get("/public/records/statistics.csv").content.decode())))
    assert HIDDEN in {line["value"] for line in lines}
    for number in Request.objects.values_list("number", flat=True):
        assert number not in page
