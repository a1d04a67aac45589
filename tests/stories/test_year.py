"""A city of 400 people through a year: reviews, leavers, movers, people who come back, violations, a list that lies, heads who are
away or say nothing. At the end nobody without a live authorization gets through any door, nobody with one was ever shut out, every
change has its entry, and the evidence of a review verifies without us (issue 7; P-05, P-08, P-09, P-30)."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.conduct.actions import consequences, findings, statements, violation_reports
from civicmail.city.conduct.actions.consequences import Decision
from civicmail.city.conduct.models import Review, ReviewRow, Statement, Violation
from civicmail.city.conduct.queries import review_evidence
from civicmail.city.directory.actions.people import Work
from civicmail.city.directory.models import Agency, Episode, FeedRun, Mailbox, Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.models import Entry
from civicmail.city.identity.actions import access_end, autoreplies, feed, organization, people
from civicmail.city.identity.models import Authorization, Bar, Ending
from civicmail.core.ledger.sequencer import Sequencer
from stories.year import Year, evidence, mail_doors, pages, rightly

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_review.py"
SAID = "Sent three messages that ask for votes, to a list of residents."
WHY = "Each message was sent from the city's address, in working hours."


@pytest.fixture
def year(installed: Path) -> Year:
    return Year(installed)


def agree(year: Year, settings: Any) -> int:
    """Doors and rows say the same: mail doors about everybody, pages about whoever was let in or shut out since the last time, and
    about some others; a mail program or an API program opens nothing for anybody else. How many may use mail."""
    year.carry()
    right = rightly(year.now)
    domains = tuple(settings.CITY.city.domains)
    mail = mail_doors(year.now, domains)
    assert mail - right == set(), f"{year.today}: mail without a right to it"
    assert right - mail == set(), f"{year.today}: a right, and no mail"
    assert year.opened(domains) - right == set(), f"{year.today}: a password or a token without a right to mail"
    some = right ^ (year.right or set()) if year.right is not None else set()
    some |= set(sorted(right)[:: 1 + len(right) // 20])
    assert pages(year.now, some) == right & some, f"{year.today}: pages say something else"
    year.right = right
    return len(right)


def test_a_year_of_a_city(year: Year, settings: Any, tmp_path: Path) -> None:
    """Acceptance 2: two reviews of everybody's access, 30 leavers, 10 movers, 3 who come back, 5 violations."""
    year.equip(_with_programs(year))
    assert agree(year, settings) > 390 and len(year.opened(("city.example",))) >= 12
    gone = _leavers_of_winter(year)
    agree(year, settings)
    _review_of_outsiders(year, settings)
    _violations(year, settings)
    _agency_off_and_on(year, settings)
    _lying_list(year)
    _review_of_everybody(year, settings)
    _movers_and_leavers_by_list(year, gone)
    agree(year, settings)
    _who_comes_back(year, gone)
    year.until(date(2026, 11, 20))
    assert agree(year, settings) > 300
    assert year.opened(("city.example",)), "and who stayed has theirs still"
    assert len(gone) == 30
    _every_change_has_an_entry()
    _evidence_verifies(year, tmp_path)


def _with_programs(year: Year) -> list[Person]:
    """Of those who will leave, move, be suspended, barred and recorded, and of some who stay."""
    codes, clerk = sorted(year.city.team), year.city.team["clerk"]
    leaving = [year.city.team[codes[n]][20 + n] for n in (0, 3)] + [year.city.team["works"][41], year.city.team["law"][42]]
    decided = [year.city.team["police"][7], year.city.team["finance"][7]]
    recorded = [Person.objects.get(uid=uid) for uid in ("c-3001", "c-3002")]
    staying = [year.city.team[code][10] for code in ("works", "law", "finance")] + [year.city.team["works"][0]]
    return [*leaving, *decided, *recorded, clerk[12], clerk[20], *staying]


def _leavers_of_winter(year: Year) -> list[str]:
    """Ten leave, each by their own department's word, some on a day to come."""
    gone = []
    for n in range(10):
        code = sorted(year.city.team)[n % 6]
        person, head = year.city.team[code][20 + n], year.by(year.city.team[code][0])
        when = year.now + (n % 3) * 4 * DAY_MS
        access_end.end_access(person, reason="Leaves the city for another one.", when=when, actor=head, now=year.now)
        gone.append(person.uid)
    year.until(date(2026, 1, 20))
    return gone


def _review_of_outsiders(year: Year, settings: Any) -> None:
    """The half-yearly review of contractors and function mailboxes begins by itself; the head of Public Works is away, and the
    deputy answers, without anybody having arranged it."""
    head = year.city.team["works"][0]
    box = Mailbox.objects.get(holder=head, kind="personal")
    year.until(date(2026, 1, 30))
    autoreplies.set_autoreply(
        box,
        "I am away until March.",
        starts=year.now,
        until=year.now + 30 * DAY_MS,
        actor=year.by(head),
        reason="Leave.",
        now=year.now,
    )
    year.silent = {head.uid}
    year.until(date(2026, 2, 20))
    review = Review.objects.get(tier="outside")
    assert not ReviewRow.objects.filter(review=review, state="open").exists(), "the deputy answered"
    works = ReviewRow.objects.filter(review=review, department__code="works", by__isnull=False)
    assert works.exists() and not works.filter(by=head).exists()
    year.silent = set()
    agree(year, settings)


def _violations(year: Year, settings: Any) -> None:
    """Two of agencies' people, one of them by mistake; two employees, one of them for good; one mistake told by oneself."""
    _second_officer(year)  # named before any of these cases begins: whom the first person names afterwards is no second
    sponsor = year.by(year.city.team["works"][0])
    paver, surveyor = Person.objects.get(uid="c-3001"), Person.objects.get(uid="c-3002")
    violation_reports.record(paver, "P-12", SAID, evidence(1), actor=sponsor, now=year.now)
    assert paver.uid not in rightly(year.now) and agree(year, settings), "in the same transaction"
    wrong = violation_reports.record(surveyor, "P-12", SAID, evidence(2), actor=sponsor, now=year.now)
    year.until(year.today + timedelta(days=2))
    consequences.reverse(wrong, actor=year.office, reason="It was another person of the same name.", now=year.now)
    assert surveyor.uid in rightly(year.now) and agree(year, settings)
    colleague = year.by(year.city.team["police"][6])
    once, worse = year.city.team["police"][7], year.city.team["finance"][7]
    _decided(year, colleague, once, "police", Decision("suspension", "rule", "Work rule 12.3", WHY, 30))
    assert once.uid not in rightly(year.now) and agree(year, settings)
    last = _decided(year, colleague, worse, "finance", Decision("permanent", "rule", "Work rule 12.3", WHY), severe=True)
    assert (last.state, last.outcome) == ("decided", "permanent")
    assert worse.uid not in rightly(year.now) and agree(year, settings)
    mine = year.city.team["law"][6]
    told = violation_reports.report(
        mine, "P-19", "I sent a list with numbers to the wrong person.", evidence(5), actor=year.by(mine), now=year.now
    )
    findings.find(told, "note", actor=year.by(year.city.team["law"][0]), reason=WHY, now=year.now)
    assert mine.uid in rightly(year.now)
    assert Violation.objects.count() == 5
    year.until(date(2026, 4, 20))
    assert once.uid in rightly(year.now), "thirty days are over"
    agree(year, settings)


def _decided(year: Year, by: Actor, person: Person, code: str, decision: Decision, *, severe: bool = False) -> Violation:
    """Reported, answered by the person, found by the department, decided by the access office."""
    row = violation_reports.report(person, "P-12", SAID, evidence(person.pk), actor=by, now=year.now)
    head = year.by(year.city.team[code][0])
    row = findings.ask_response(row, actor=head, now=year.now)
    row = findings.respond(row, "I did not know that this list was the city's.", actor=year.by(person), now=year.now)
    row = findings.find(row, "confirm", severe=severe, actor=head, reason=WHY, now=year.now)
    row = consequences.decide(row, decision, actor=year.office, now=year.now)
    if row.state == "decided":
        return row
    return consequences.agree(row, yes=True, actor=_second_officer(year), reason="The file says it all.", now=year.now)


def _second_officer(year: Year) -> Actor:
    from civicmail.city.identity.actions import roles

    person = year.city.team["clerk"][7]
    if not person.roles.filter(ended__isnull=True).exists():
        roles.grant(
            person,
            "access-officer",
            until=year.now + 200 * DAY_MS,
            actor=year.office,
            reason="The office has two people.",
            now=year.now,
        )
    held = person.roles.get(role="access-officer", ended__isnull=True)
    roles.activate(held, hours=4, actor=year.by(person), reason="The second officer answers.", now=year.now)
    return year.by(person)


def _agency_off_and_on(year: Year, settings: Any) -> None:
    """One entry shuts out everybody of an agency; one lets them in again."""
    agency = Agency.objects.get(code="blueheron")
    inside = {e.person.uid for e in Episode.objects.filter(contract__agency=agency, ended__isnull=True)} & rightly(year.now)
    organization.suspend_agency(agency, actor=year.office, reason="Their data were stolen.", now=year.now)
    assert not inside & rightly(year.now)
    agree(year, settings)
    organization.resume_agency(Agency.objects.get(pk=agency.pk), actor=year.office, reason="All is well again.", now=year.now)
    assert inside <= rightly(year.now)
    agree(year, settings)


def _lying_list(year: Year) -> None:
    """Half of the people are missing in the list: it stops, and nobody is ended."""
    before = rightly(year.now)
    uids = sorted(Episode.objects.filter(ended__isnull=True, contract__isnull=True).values_list("person__uid", flat=True))
    run = feed.propose(year.feed(gone=uids[::2]), source="personnel.csv", actor=year.office, now=year.now)
    assert run.state == "stopped"
    with pytest.raises(NotPermitted, match="brake"):
        feed.apply(run, actor=year.office, reason="As every night.", now=year.now)
    feed.reject(FeedRun.objects.get(pk=run.pk), actor=year.office, reason="Half of the city is missing in it.", now=year.now)
    assert rightly(year.now) == before


def _review_of_everybody(year: Year, settings: Any) -> None:
    """In May everybody is asked about. The heads of Police answer nothing, so silence falls on what is out of order there; in IT it
    would be so much that the breaker trips and an officer decides."""
    year.use(Person.objects.filter(episodes__ended__isnull=True).exclude(episodes__department__code="it"))
    police, it = year.city.team["police"], year.city.team["it"]
    administrator, mayor = year.city.named["administrator"], year.city.named["mayor"]
    year.silent = {p.uid for p in (*police[:2], *it[:2], administrator, mayor)} | {"police", "it"}
    before = rightly(year.now)
    year.until(date(2026, 5, 20))
    review = Review.objects.get(tier="everyone")
    assert review.state in ("over", "closed")
    rows = ReviewRow.objects.filter(review=review)
    assert rows.count() > 300
    shut = set(rows.filter(department__code="police", state="suspended").values_list("person__uid", flat=True))
    stopped = rows.filter(department__code="it", state="stopped")
    assert stopped.exists(), "the breaker"
    assert {r.person.uid for r in stopped} <= rightly(year.now) | (set(Person.objects.values_list("uid", flat=True)) - before)
    assert not shut & rightly(year.now)
    agree(year, settings)
    year.silent = set()
    year.until(date(2026, 7, 2))
    assert not ReviewRow.objects.filter(review=review, state__in=("pending", "failed")).exists(), (
        "all of it was done, and looked at"
    )
    _sign(year)


def _sign(year: Year) -> None:
    """The half-yearly statements are open; the heads sign."""
    for row in Statement.objects.filter(state="open").select_related("department__head"):
        if row.department.head is not None:
            statements.sign(row, "", actor=year.by(row.department.head), reason="I have read it.", now=year.now)
    assert Statement.objects.filter(state="signed", half="2026-1").count() >= 6


def _movers_and_leavers_by_list(year: Year, gone: list[str]) -> None:
    """The nightly list brings ten movers, and twenty more leavers a few at a time, below the brake."""
    movers = [p.uid for p in year.city.team["clerk"][12:22] if p.uid in rightly(year.now)][:10]
    leaving = [p.uid for code in ("finance", "law", "police", "works") for p in year.city.team[code][40:45]]
    leaving = [uid for uid in leaving if Episode.objects.filter(person__uid=uid, ended__isnull=True).exists()]
    for week in range(0, len(leaving), 4):
        some = leaving[week : week + 4]
        names = year.feed(gone=some, changed=dict.fromkeys(movers, "law") if not week else {})
        run = feed.propose(names, source="personnel.csv", actor=year.office, now=year.now)
        assert run.state == "proposed", list(run.lines.values_list("uid", "did", "reason"))
        feed.apply(run, actor=year.office, reason="As every night.", now=year.now)
        gone += some
        year.until(year.today + timedelta(days=5))
    for uid in movers[:6]:
        year.authorize(Person.objects.get(uid=uid))
    year.until(year.today + timedelta(days=20))
    right = rightly(year.now)
    assert set(movers[:6]) <= right and not set(movers[6:]) & right, "who was not decided about has no access any more"


def _who_comes_back(year: Year, gone: list[str]) -> None:
    """Three are hired again: nothing of before comes back by itself."""
    for n, uid in enumerate(gone[:3]):
        person = Person.objects.get(uid=uid)
        last = Episode.objects.filter(person=person).select_related("department", "supervisor").order_by("-starts")[0]
        people.rehire(
            person, Work("employee", last.department, last.position), actor=year.office, reason="Comes back to us.", now=year.now
        )
        assert uid not in rightly(year.now)
        if n < 2:
            year.authorize(person)
    year.until(year.today + timedelta(days=3))
    assert {uid in rightly(year.now) for uid in gone[:2]} == {True} and gone[2] not in rightly(year.now)


def _every_change_has_an_entry() -> None:
    """Whatever state an authorization is in, whoever is barred, and whatever was answered in a review: an entry of that very moment
    is about it, by its number, its person, or in its facts."""
    said: dict[int, list[str]] = {}
    for at, object_, facts in Entry.objects.values_list("at", "object", "facts"):
        said.setdefault(at, []).append(f"{object_} {facts}")

    def told(at: datetime | None, *names: str) -> bool:
        return at is not None and any(
            re.search(rf"(?<![\w-]){re.escape(n)}(?![\w-])", line) for line in said.get(epoch_ms(at), []) for n in names
        )

    for a in Authorization.objects.select_related("person"):
        assert told(a.since, f"authorisation:{a.pk}", a.person.uid), f"{a}: {a.state} since {a.since}, and no entry says so"
    for bar in Bar.objects.select_related("person"):
        assert told(bar.since, f"person:{bar.person.uid}"), f"{bar}: no entry of its beginning"
        assert bar.ended is None or told(bar.ended, f"person:{bar.person.uid}"), f"{bar}: no entry of its end"
    for end in Ending.objects.select_related("person").filter(done__isnull=False):
        assert told(end.done, f"person:{end.person.uid}"), f"{end}: no entry"
    answered = ReviewRow.objects.filter(by__isnull=False)
    assert answered.count() > 300
    for row in answered:
        assert told(row.at, str(row.pk)), f"row {row.pk} was answered, and no entry says so"


def _evidence_verifies(year: Year, tmp_path: Path) -> None:
    """The evidence of these reviews is proven by a program that shares nothing with this one, by a key that we trust."""
    with Sequencer(year.data) as ledger:
        ledger.integrate(year.now)
        ledger.checkpoint(year.now)
    done_with = Review.objects.filter(tier__in=("outside", "everyone"), state__in=("over", "closed")).order_by("pk")
    assert {review.tier for review in done_with} == {"outside", "everyone"}
    for review in done_with:
        path = tmp_path / f"review-{review.pk}.zip"
        path.write_bytes(review_evidence.file(review, year.data, "Sample City"))
        done = subprocess.run([sys.executable, "-I", str(TOOL), str(path)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout[:5]) == (0, "Good:"), (done.stdout, done.stderr)
        assert "entries were in" in done.stdout, "with the proofs of the ledger"
