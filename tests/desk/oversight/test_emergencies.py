"""One security officer stops an attack at once; a second person ratifies or time ends it, and what it held goes on (P-25)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.guard import models as guard
from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.policy import active_rules, rule_parser
from civicmail.city.policy.engine import decide
from civicmail.core.config.load import load
from civicmail.desk.oversight import emergencies as plain
from civicmail.desk.oversight import tasks
from civicmail.desk.oversight.actions import emergencies, publish_rules
from civicmail.desk.oversight.models import Emergency
from civicmail.mail.archive import outstanding_file
from civicmail.mail.pipeline.evaluator import Evaluator
from civicmail.mail.pipeline.policy_decision import envelope_rules
from civicmail.mail.pipeline.rescreening import Rescreening
from desk.oversight.book import WHY, author, officer, second
from desk.oversight.mailed import keep, letter
from pages.world import Town

db = pytest.mark.django_db
OWN = ("city.example",)
TYPED = {
    "sender": "Bill'ing@Evil.example",
    "domain": "@Évil.example",
    "host": "Pay.Évil.example",
    "url": "https://pay.evil.example/a?victim=1",
    "hash": "AB" * 32,
    "subject": 'Your  "invoice" (2026) \\ überfällig 100 %',
}
FACTS: dict[str, dict[str, Any]] = {
    "sender": {"from.address": "bill'ing@evil.example"},
    "domain": {"sender.domain": "mail.xn--vil-9la.example"},
    "host": {"links.hosts": ("good.example", "pay.xn--vil-9la.example")},
    "url": {"links.places": (plain.indicators.target_digest("http://pay.evil.example/a?victim=2"),)},
    "hash": {"files.sha256": ("0" * 64, "ab" * 32)},
    "subject": {"message.subject": 'AW: your "INVOICE"  (2026) \\ überfällig 100 % !'},
}


@pytest.fixture(autouse=True)
def screens(request: pytest.FixtureRequest) -> None:
    """Messages are looked into, as out of the box; tests without rows have no settings of an installation."""
    if "city" in request.fixturenames:
        request.getfixturevalue("city")
        settings = request.getfixturevalue("settings")
        settings.CITY = replace(settings.CITY, screening=replace(settings.CITY.screening, checks=["files", "links"]))


def made(kind: str = "sender", do: str = "quarantine", *, now: int, hours: int = 24, text: str = "") -> Emergency:
    return emergencies.make(kind, text or TYPED[kind], do, hours, touched=3, actor=officer(), reason=WHY, now=now)


@pytest.mark.rule("P-25", "An emergency rule stops mail from outside by one exact property, and never mail of employees.")
@pytest.mark.parametrize("kind", list(TYPED))
@pytest.mark.parametrize("do", ["refuse", "quarantine"])
def test_it_stops_what_comes_from_outside_by_one_thing_and_never_what_employees_send(kind: str, do: str) -> None:
    """Whatever is typed is data, never a condition of its own."""
    value = plain.cleaned(kind, TYPED[kind], OWN)
    book = rule_parser.parse_rule_set([("x", plain.text(7, kind, value, do, 'Because "so".\nid = 1', 1_900_000_000_000))])
    for inbound in (True, False):
        decision = decide(book, {"inbound": inbound, **FACTS[kind]}, [{}], 1)[0]
        assert decision.do == (do if inbound else "deliver")
    assert decide(book, {"inbound": True}, [{}], 1)[0].do == "deliver"
    assert decide(book, {"inbound": True, **FACTS[kind]}, [{}], 1_900_000_000_000)[0].do == "deliver", "it ends by itself"


@given(st.sampled_from(sorted(TYPED)), st.text(max_size=80))
def test_no_words_make_it_wider(kind: str, typed: str) -> None:
    try:
        value = plain.cleaned(kind, typed, OWN)
    except Unusable as wrong:
        assert "value" in wrong.fields
        return
    book = rule_parser.parse_rule_set([("x", plain.text(1, kind, value, "refuse", typed, 1_900_000_000_000))])
    assert [r.when.startswith("inbound && (") for r in book.rules] == [True]
    assert decide(book, {"inbound": True, "sender.address": "a@b.example", "message.subject": "Hello"}, [{}], 1)[0].do == "deliver"


@pytest.mark.parametrize(
    ("kind", "typed"),
    [("sender", "mayor@city.example"), ("domain", "city.example"), ("domain", "example"),
     ("domain", "co.uk"), ("url", "mailto:a@b.example"),
     ("host", "city.example"), ("host", "www.city.example"),
     ("hash", "abc"), ("subject", "a b c"), ("subject", "x" * 301)],
)  # fmt: skip
def test_what_would_stop_too_much_or_the_city_itself_is_not_taken(kind: str, typed: str) -> None:
    with pytest.raises(Unusable) as wrong:
        plain.cleaned(kind, typed, OWN)
    assert "value" in wrong.value.fields


@db
def test_it_acts_at_once_for_72_hours_at_most_and_a_second_person_ratifies(
    city: Town, installed: Path, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    """P-25: never the officer alone, and never longer."""
    now = epoch_ms(city.now)
    with django_capture_on_commit_callbacks(execute=True):
        row = made(now=now)
    assert [r.id for r in active_rules.active(installed).rules] == [f"emergency-{row.pk}"]
    with pytest.raises(Conflict):
        made(now=now)
    with pytest.raises(Unusable) as wrong:
        made("hash", now=now, hours=73)
    assert "hours" in wrong.value.fields
    for actor in (author(), second(), officer(until=0)):
        with pytest.raises(NotPermitted):
            emergencies.make("hash", "ab" * 32, "refuse", 1, touched=0, actor=actor, reason=WHY, now=now)
    with pytest.raises(Unusable):
        emergencies.make("hash", "ab" * 32, "deliver", 1, touched=0, actor=officer(), reason=WHY, now=now)
    for actor in (officer(), second("p-security")):
        with pytest.raises(NotPermitted):
            emergencies.ratify(row, actor=actor, reason=WHY, now=now)
    assert emergencies.ratify(row, actor=second(), reason=WHY, now=now).ratified == "ratified"
    with pytest.raises(Conflict):
        emergencies.reject(row, actor=author(), reason=WHY, now=now)
    said = guard.Entry.objects.filter(object=f"rule:emergency-{row.pk}").order_by("id").values_list("act", "facts")
    assert [a for a, _ in said] == ["emergency.make", "emergency.ratify"]
    assert "evil" not in str(list(said)).lower(), "an address of an outsider stands in no entry (I4)"


@db
def test_where_nobody_looks_into_messages_an_attack_is_stopped_by_its_envelope(city: Town, settings: Any) -> None:
    """P-25: by the return address alone; what nobody would find is not promised."""
    settings.CITY = replace(settings.CITY, screening=replace(settings.CITY.screening, checks=[]))
    now = epoch_ms(city.now)
    made("domain", do="refuse", now=now, text="evil.example")
    for kind in ("hash", "url", "subject"):
        with pytest.raises(Unusable) as wrong:
            made(kind, now=now)
        assert "kind" in wrong.value.fields
    (text,) = publish_rules.emergency_texts(now)
    book = envelope_rules(rule_parser.parse_rule_set([("x", text)]))
    assert decide(book, {"inbound": True, "sender.domain": "a.evil.example"}, [{}], now)[0].do == "refuse"


@pytest.mark.rule("P-25, P-29", "An emergency rule that is not ratified by the end of the next working day ends, and is a finding.")
@db
def test_one_that_nobody_ratifies_ends_and_is_a_finding(
    city: Town, installed: Path, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    """At the end of the next working day; and its own time ends one that was ratified."""
    now = epoch_ms(city.now)
    with django_capture_on_commit_callbacks(execute=True):
        row, kept = made(now=now, hours=72), made("hash", now=now, hours=2)
        Emergency.objects.filter(pk=row.pk).update(ratify_by=city.now + timedelta(hours=30))
        assert emergencies.end_due(now + 1) == 0
        assert emergencies.end_due(now + 2 * 3_600_000) == 1
        assert emergencies.end_due(now + 30 * 3_600_000 + 1) == 1
        assert emergencies.end_due(now + 30 * 3_600_000 + 1) == 0
    row.refresh_from_db()
    assert (row.ratified, row.why) == ("overdue", "nobody ratified it in time")
    assert guard.Entry.objects.filter(act="emergency.finding").count() == 1
    assert active_rules.active(installed).rules == ()
    kept.refresh_from_db()
    assert kept.why == "its time is over"


def screened(data: Path, now: int) -> None:
    """The worker that looks again at what is pending."""
    settings = load(data, None)
    with closing(Evaluator(settings, data, lambda: now)) as judging, asyncio.Runner() as runner:
        job = Rescreening(settings, data, lambda: now, judging, runner)
        assert job.step() == 1
        assert job.step() == 0


@db
@pytest.mark.parametrize(("do", "besides"), [("quarantine", ()), ("refuse", ("one-answer",))])
def test_what_it_has_kept_back_goes_on_through_the_checks_when_it_ends(
    city: Town, installed: Path, do: str, besides: tuple[str, ...]
) -> None:
    """P-25, promise 6: pending, not delivered; refused for another reason stays so; each copy once. Also what could not be refused
    any more, because another copy was taken or its client has gone."""
    now = epoch_ms(city.now)
    row, other = made(now=now, do=do), made("hash", now=now)
    mine = letter(now - DAY_MS, {}, "fire", "clerk", do="quarantine", rules=(f"emergency-{row.pk}", *besides))
    theirs = letter(now - DAY_MS + 1, {}, "fire", do="quarantine", rules=(f"emergency-{other.pk}",))
    keep(installed, [mine, theirs], index=False)
    assert tasks.release(installed, now) == 0, "nothing while it is in force"
    emergencies.stop(row, actor=officer(), reason=WHY, now=now)
    assert tasks.release(installed, now + 1) == 2
    assert tasks.release(installed, now + 2) == 0
    standing = {e.id: e for e in outstanding_file.current(installed).held()}
    assert {c.now for c in standing[mine.id].copies.values()} == {"pending"}
    assert {c.now for c in standing[theirs.id].copies.values()} == {"quarantine"}
    screened(installed, now + 3)
    standing = {e.id: e for e in outstanding_file.current(installed).entries.values()}
    assert all(c.is_waiting for c in standing[mine.id].copies.values()), "checked again, and on their way"
    assert all(c.is_held for c in standing[theirs.id].copies.values())
    assert tasks.release(installed, now + tasks.SETTLED + 2) == 0
    row.refresh_from_db()
    assert (row.released, row.gone_on) == (True, 2)
    assert guard.Entry.objects.filter(act="emergency.released").get().facts["copies"] == 2
