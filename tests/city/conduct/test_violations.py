"""Violations: reported, answered, found, decided and heard by different people; the table proposes; consequences act on mail alone
(P-30; V1 to V4)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.urls import resolve
from django.utils import timezone

from city.conduct import cases_of_violations as cases
from city.conduct.cases_of_violations import CAPTURE, DEPUTY, HEAD, ONE, THREE, TWO, WEEK, WHAT, WHY, actor, said, who
from city.identity.staff import MS, NOW
from civicmail.city.conduct import consequence_table
from civicmail.city.conduct.actions import consequences, findings, violation_reports
from civicmail.city.conduct.models import Evidence, Violation
from civicmail.city.conduct.queries import violation_parties, violations
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.identity.actions import barring, suspensions
from civicmail.city.identity.models import Authorization, Bar
from civicmail.city.identity.queries import access_status
from civicmail.city.notices.models import Notice
from civicmail.core.config.errors import ConfigError

pytestmark = pytest.mark.django_db
ANN = Actor("ann", "Ann", admitted=False)


@pytest.fixture(autouse=True)
def town() -> None:
    cases.town()


@pytest.mark.rule(
    "P-30, V1",
    "A report cites its evidence by message numbers only; the head of the department is notified without content, and "
    "access is unchanged.",
)
def test_a_report_names_its_evidence_and_the_head_hears_of_it_without_a_word() -> None:
    """Evidence by number alone; nobody's text is in the notice or the entry; nothing is taken away."""
    row = cases.reported()
    assert (row.state, row.department, row.kind) == ("reported", who("ann").episodes.get().department, "employee")
    assert list(Evidence.objects.values_list("capture", flat=True)) == [CAPTURE] and row.good_faith and not row.own
    (notice,) = Notice.objects.all()
    assert notice.to == "head@city.example" and "P-12" in notice.text and "votes" not in notice.text
    entry = Entry.objects.get(act="violation.report")
    assert (entry.person, entry.facts["evidence"]) == ("three", [CAPTURE]) and "votes" not in str(entry.facts) + entry.reason
    for wrong in ("", "hello", CAPTURE[:-1]):
        with pytest.raises(Unusable, match="no number of a message"):
            violation_reports.report(who("ann"), "P-12", WHAT, [wrong], actor=THREE, now=MS)
    with pytest.raises(IntegrityError), transaction.atomic():
        Violation.objects.filter(pk=row.pk).delete()
    assert violations.open_of([who("ann").pk, who("pat").pk]) == {who("ann").pk}


@pytest.mark.rule(
    "P-30",
    "An anonymous reporter leaves no trace: no account and no address in row, entry or notice; outsiders learn nothing "
    "about people.",
)
def test_who_reports_without_a_name_leaves_no_trace() -> None:
    """No account, no person, no address in row, entry and notice; the access office finds out whose message it was."""
    row = violation_reports.complain("A councillor's clerk insulted me in a letter.", CAPTURE, "resident@home.example", now=MS)
    assert (row.reporter, row.person, row.department) == (None, None, None)
    entry = Entry.objects.get(act="violation.report")
    assert (entry.person, entry.client, entry.reason) == ("unnamed", "", "") and "home.example" not in str(entry.facts)
    assert resolve(violation_reports.address(row)).url_name == "violation-unnamed", "the letter leads to it"
    with pytest.raises(Conflict, match="Name the person"):
        findings.find(row, "confirm", actor=ONE, reason=WHY, now=MS)
    row = violation_reports.name(row, who("ann"), "P-13", actor=ONE, reason="By the number of the message.", now=MS)
    assert row.department is not None and row.department.code == "works"
    assert resolve(violation_reports.address(row)).url_name == "violation"
    done = findings.find(row, "dismiss", actor=HEAD, reason=WHY, now=MS)
    assert done.state == "unfounded"
    notice = Notice.objects.get(to="resident@home.example")
    assert not any(word in notice.text for word in ("Ann", "works", "P-13", "unfounded"))


@pytest.mark.rule("P-30", "The number of unread complaints is limited in total.")
def test_what_waits_from_outside_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood fills no office; what waits is read first."""
    monkeypatch.setattr(violation_reports, "MAX_WAITING", 2)
    for _ in range(2):
        violation_reports.complain("A clerk insulted me in a letter.", "", "", now=MS)
    with pytest.raises(Conflict, match="come back tomorrow"):
        violation_reports.complain("A clerk insulted me in a letter.", "", "", now=MS)


@pytest.mark.rule(
    "P-30, V1",
    "No finding is made against a person before a question and a week to respond; they do not learn the reporter.",
)
def test_nobody_is_found_against_before_they_were_heard() -> None:
    """Asked, a week, their words; they do not learn who reported it."""
    row = cases.reported()
    with pytest.raises(Conflict, match="Request a response first"):
        findings.find(row, "confirm", actor=HEAD, reason=WHY, now=MS)
    row = findings.ask_response(row, actor=HEAD, now=MS)
    (asked,) = Notice.objects.filter(to="ann@city.example")
    assert "Nothing was found" in asked.text and "three" not in asked.text.lower() and "votes" not in asked.text
    with pytest.raises(Conflict, match="Request a response first"):
        findings.find(row, "confirm", actor=HEAD, reason=WHY, now=MS + WEEK - 1)
    with pytest.raises(NotPermitted):
        findings.respond(row, "I say it for her: she was away.", actor=actor("one"), now=MS)
    row = findings.respond(row, "It was a list of volunteers, who asked for it.", actor=ANN, now=MS + 1)
    assert findings.find(row, "confirm", actor=HEAD, reason=WHY, now=MS + 2).state == "confirmed"
    with pytest.raises(Conflict):
        findings.respond(row, "And another thing, which comes late.", actor=ANN, now=MS + 3)


@pytest.mark.rule(
    "P-30, V4",
    "Finder, decider and hearer of an appeal are three people, none of them the person, the reporter, or below the person.",
)
def test_finder_decider_and_hearer_are_different_people_and_none_had_a_part_before() -> None:
    """Nor the person, nor the reporter, nor somebody below the person; the database agrees."""
    by_head = cases.reported(by=HEAD)
    with pytest.raises(NotPermitted, match="Who reported it"):
        findings.find(by_head, "dismiss", actor=HEAD, reason=WHY, now=MS)
    about_head = cases.reported("head")
    assert Notice.objects.filter(to="one@city.example").exists() is False
    with pytest.raises(NotPermitted, match="above you"):
        findings.find(about_head, "dismiss", actor=DEPUTY, reason=WHY, now=MS)
    with pytest.raises(NotPermitted, match="themselves"):
        findings.find(about_head, "dismiss", actor=HEAD, reason=WHY, now=MS)
    row = cases.confirmed()
    with pytest.raises(NotPermitted, match="different people"):
        consequences.decide(row, said("warning"), actor=HEAD, now=MS + WEEK)
    with pytest.raises(NotPermitted, match="Who reported it"):
        consequences.decide(row, said("warning"), actor=THREE, now=MS + WEEK)
    row = consequences.decide(row, said("warning"), actor=ONE, now=MS + WEEK)
    row = consequences.appeal(row, "It was no list, it was my family.", actor=ANN, now=MS + WEEK)
    for again in (HEAD, ONE):
        with pytest.raises(NotPermitted, match="different people"):
            consequences.hear(row, uphold=True, actor=again, reason=WHY, now=MS + WEEK)
    with pytest.raises(IntegrityError), transaction.atomic():
        Violation.objects.filter(pk=row.pk).update(hearer=row.decider)
    assert consequences.hear(row, uphold=True, actor=TWO, reason=WHY, now=MS + WEEK).state == "upheld"


@pytest.mark.rule("P-30", "A self-report in good faith never counts.")
def test_what_somebody_tells_of_themselves_in_good_faith_never_counts() -> None:
    """It is noted; a finding against them takes a report that was none in good faith."""
    row = findings.ask_response(cases.reported(by=Actor("ann")), actor=HEAD, now=MS)
    assert row.own
    with pytest.raises(Unusable, match="never counts"):
        findings.find(row, "confirm", actor=HEAD, reason=WHY, now=MS + WEEK)
    assert findings.find(row, "note", actor=HEAD, reason=WHY, now=MS + WEEK).state == "noted"
    assert violation_parties.strikes_before(cases.reported(), MS + WEEK) == 0 and not Bar.objects.exists()
    with pytest.raises(Unusable, match="about oneself"):
        findings.find(cases.reported(), "note", actor=HEAD, reason=WHY, now=MS)


@pytest.mark.rule(
    "P-30, V2",
    "The table proposes by the strikes that count, and only its years let one age out; an officer decides, cites the "
    "ground, and departs with a reason.",
)
def test_the_table_proposes_and_an_officer_who_departs_says_so() -> None:
    """Warning, suspension for thirty days, for good; only years and an appeal take a strike away."""
    outcomes = []
    now = MS
    for outcome, days in (("warning", 0), ("suspension", 30), ("suspension", 30)):
        row = cases.decided(outcome=outcome, days=days, now=now)
        outcomes.append((row.proposed, row.departs))
        now += 40 * DAY_MS
        barring.expire(now)
    assert outcomes == [("warning", False), ("suspension", False), ("permanent", True)]
    assert Entry.objects.filter(act="violation.decide").order_by("-id")[0].facts["departs"] == 1
    later = cases.confirmed(now=now + 3 * 365 * DAY_MS)
    assert violation_parties.proposed(later, now + 3 * 365 * DAY_MS).outcome == "warning", (
        "three years later nothing counts any more"
    )
    severe = cases.confirmed(severe=True, now=now + 3 * 365 * DAY_MS)
    assert violation_parties.proposed(severe, now + 3 * 365 * DAY_MS).outcome == "permanent"
    for change in ({"outcome": "restriction"}, {"outcome": "ended"}, {"ground": "mood"}, {"cites": ""}):
        (field,) = change
        plain = {"outcome": "warning", "ground": "rule", "cites": "12.3", "why": WHY} | change
        with pytest.raises(Unusable) as error:
            consequences.decide(later, consequences.Decision(**plain), actor=ONE, now=now + 3 * 365 * DAY_MS)  # type: ignore[arg-type]
        assert field in error.value.fields


@pytest.mark.rule("P-30", "A suspension acts at once, ends by its day, and no button of the department ends it before.")
def test_a_suspension_ends_by_its_day_and_no_button_of_the_department_ends_it_before() -> None:
    """Executed and verified at the door."""
    row = cases.decided(outcome="suspension", days=30)
    start = MS + WEEK
    assert "(P-30)" in access_status.why_refused(who("ann").pk, start) and row.until == from_ms(start + 30 * DAY_MS)
    with pytest.raises(Conflict):
        suspensions.resume(who("ann"), actor=HEAD, reason="She is needed at work.", now=start)
    barring.expire(start + 30 * DAY_MS)
    assert access_status.why_refused(who("ann").pk, start + 30 * DAY_MS) == ""
    assert Bar.objects.filter(person=who("ann"), kind="re-entry", ended=None).exists(), "new access is decided higher for years"


@pytest.mark.rule(
    "P-30, V3",
    "A permanent bar changes nothing before a second officer agrees; overturned, it ends when another officer agrees, by a law.",
)
def test_a_permanent_bar_waits_for_a_second_officer_and_an_appeal_takes_two_again() -> None:
    """Nothing happens before; overturned means asked, and another officer agrees, by a law."""
    row = consequences.decide(cases.confirmed(severe=True), said("permanent"), actor=ONE, now=MS + WEEK)
    assert row.state == "proposed" and not Bar.objects.exists() and access_status.why_refused(who("ann").pk, MS + WEEK) == ""
    for second in (ONE, HEAD):
        with pytest.raises(NotPermitted):
            consequences.agree(row, yes=True, actor=second, reason="I agree with it.", now=MS + WEEK)
    back = consequences.agree(row, yes=False, actor=TWO, reason="A suspension is enough.", now=MS + WEEK)
    assert (back.state, back.outcome, back.decider) == ("confirmed", "", None)
    row = consequences.decide(back, said("permanent"), actor=ONE, now=MS + WEEK)
    row = consequences.agree(row, yes=True, actor=TWO, reason="The file says it all.", now=MS + WEEK)
    assert row.state == "decided" and Authorization.objects.get(person=who("ann")).state == "revoked"
    row = consequences.appeal(row, "The court has set it aside meanwhile.", actor=ANN, now=MS + WEEK)
    with pytest.raises(Unusable):
        consequences.hear(row, uphold=False, actor=actor("chief", "works"), reason=WHY, now=MS + WEEK)
    row = consequences.hear(row, uphold=False, law="Order 26-11", actor=actor("chief", "works"), reason=WHY, now=MS + WEEK)
    bar = Bar.objects.get(kind="permanent")
    assert row.state == "overturned" and bar.ended is None and bar.asker == who("chief")
    assert barring.answer_end(bar, yes=True, actor=THREE, reason="The order is in the file.", now=MS + WEEK).ended is not None


@pytest.mark.rule(
    "P-30",
    "An appeal is possible within thirty days; an overturned consequence ends immediately and no longer counts.",
)
def test_an_appeal_comes_within_thirty_days_and_what_is_overturned_ends_at_once() -> None:
    row = cases.decided(outcome="suspension", days=90)
    decided = MS + WEEK
    with pytest.raises(Conflict, match="time for an appeal"):
        consequences.appeal(row, "I was on leave when it came.", actor=ANN, now=decided + 30 * DAY_MS)
    row = consequences.appeal(row, "It was no list, it was my family.", actor=ANN, now=decided + 30 * DAY_MS - 1)
    assert access_status.why_refused(who("ann").pk, decided + DAY_MS), "it goes on until it is heard"
    consequences.hear(row, uphold=False, actor=TWO, reason=WHY, now=decided + 31 * DAY_MS)
    assert access_status.why_refused(who("ann").pk, decided + 31 * DAY_MS) == "" and not Bar.objects.filter(ended=None).exists()
    assert violation_parties.strikes_before(cases.reported(now=decided + 32 * DAY_MS), decided + 32 * DAY_MS) == 0


def test_who_was_elected_is_restricted_by_every_way_of_the_table() -> None:
    """Decision 0039: no ladder and no officer shuts them out."""
    row = cases.confirmed("mayor", severe=True)
    assert violation_parties.proposed(row, MS).outcome == "restriction"
    for outcome in ("suspension", "permanent", "ended"):
        with pytest.raises(Unusable):
            consequences.decide(row, said(outcome, 30), actor=ONE, now=MS + WEEK)
    consequences.decide(row, said("restriction", 90), actor=ONE, now=MS + WEEK)
    assert access_status.why_refused(who("mayor").pk, MS + WEEK) == ""


@pytest.mark.rule("P-30, V2", "The table of consequences is data; a city has its own, and a bad one is refused.")
def test_a_citys_own_table_is_read_and_a_bad_one_is_refused(tmp_path: Path) -> None:
    """Data, not code; and no table silences who was elected."""
    text = consequence_table.DEFAULT_PATH.read_text()
    own = tmp_path / consequence_table.FILE
    own.write_text(text.replace('days = 30 }, { outcome = "permanent" }', 'days = 14 }, { outcome = "permanent" }', 1))
    assert consequence_table.load(own).proposed("staff", 1, severe=False).days == 14
    for old, new, match in (
        ('{ outcome = "restriction", days = 30 }', '{ outcome = "suspension", days = 30 }', "never silenced"),
        ('{ outcome = "suspension", days = 30 }', '{ outcome = "suspension" }', "suspension for 0 days"),
        ('{ outcome = "warning" }', '{ outcome = "exile" }', "exile"),
        ("years = 3", "years = 0", "years from 1"),
        ("[ladder.outside]", "[ladder.guests]", "no ladder for outside"),
    ):
        other = tmp_path / f"{len(new)}{match[:3]}.toml"
        other.write_text(text.replace(old, new, 1))
        with pytest.raises(ConfigError, match=match):
            consequence_table.load(other)


def test_a_department_is_counted_by_what_happened_in_a_span() -> None:
    """P-28: what the statement of the department says."""
    cases.decided()
    findings.find(cases.reported(now=MS + DAY_MS), "dismiss", actor=HEAD, reason=WHY, now=MS + 2 * DAY_MS)
    cases.reported("pat", now=MS + 3 * DAY_MS)
    counts = violations.of_departments(["works"], NOW, from_ms(MS + 10 * DAY_MS))
    assert (counts.reported, counts.of_agencies, counts.confirmed, counts.unfounded) == (3, 1, 1, 1)
    assert (counts.decided, counts.open, counts.slowest, counts.permanent) == (1, 1, 7, 0)
    assert violations.of_departments(["clerk"], NOW, from_ms(MS + 10 * DAY_MS)) == violations.Counts()
    assert [row.outcome for row in violations.decided_since(NOW)] == ["warning"]
    month = timezone.localdate(NOW).replace(day=1)
    assert violations.by_month(NOW, from_ms(MS + 10 * DAY_MS)) == {("works", month, True): 1, ("works", month, False): 2}
    assert violations.by_month(NOW, from_ms(MS + DAY_MS)) == {("works", month, True): 1}
