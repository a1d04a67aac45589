"""A violation's steps, reviews as they are run, and an account that is closed, by programs (issue 7; P-05, P-08, P-30)."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from civicmail.city.conduct.models import Closure, Review, ReviewPart, ReviewRow, Violation
from civicmail.city.guard.models import Entry
from civicmail.city.identity.models import Bar
from civicmail.front.web.models import Answered
from pages.asked import reviews
from pages.gone import gone
from pages.programs import asking
from pages.violationcases import violations
from pages.world import Town, town

WHY = "Forty people had the offer on their screens in working hours."
BRIEF = "The council wants it this month."


@pytest.fixture
def works(installed: Path, db: None) -> Town:
    """The town without its mail."""
    (installed / "claimed").touch()
    return town()


@pytest.mark.rule("P-30, V4", "By programs, too, a case needs different officers, and readers see only what its page shows them.")
def test_a_case_goes_from_report_to_hearing_with_a_different_officer_for_each_step(works: Town) -> None:
    """Who reported does not find, who found does not decide; whoever only reads hears no more than that."""
    place = f"/departments/public-works/violations/{violations(works)['violation']}"
    ask = {who: asking(works.people[who]) for who in ("head", "deputy", "office", "auditor", "crew6", "chief")}
    assert ask["auditor"]("GET", place).json()["state"] == "reported"
    assert ask["auditor"]("POST", f"{place}/finding", {"state": "x", "finding": "confirm", "reason": WHY}).status_code == 403
    finding = {"state": "reported", "finding": "confirm", "reason": WHY}
    assert ask["head"]("POST", f"{place}/finding", finding).status_code == 409, "she is heard first"
    number = place.rpartition("/")[2]
    assert ask["crew6"]("POST", f"/me/violations/{number}/answer", {"text": "It was to friends, who had asked."}).status_code == 200
    found = ask["head"]("POST", f"{place}/finding", finding).json()
    assert (found["state"], found["next"]) == ("confirmed", ["decision"])
    said = {"outcome": "suspension", "days": 30, "ground": "rule", "cites": "12.3", "why": WHY, "procedure": "represented"}
    decision = {**said, "state": "confirmed", "written": {"union": "Local 9, March 3", "article": "14"}}
    assert ask["head"]("POST", f"{place}/decision", decision).status_code == 403, "who found does not decide"
    bare = ask["office"]("POST", f"{place}/decision", {**decision, "written": {}})
    assert {e["field"] for e in bare.json()["errors"]} == {"union", "article"}
    decided = ask["office"]("POST", f"{place}/decision", decision, idempotency_key="k")
    assert (decided.json()["state"], decided.json()["outcome"], decided.json()["decider"]["uid"]) == (
        "decided",
        "suspension",
        "p-office",
    )
    assert ask["office"]("POST", f"{place}/decision", decision, idempotency_key="k").json() == decided.json()
    Answered.objects.update(at=works.now - timedelta(hours=25))
    assert ask["office"]("POST", f"{place}/decision", decision, idempotency_key="k").status_code == 409, "kept for a day"
    paper = {"text": "It was my own time, at lunch.", "reference": "File 26-4", "state": "decided"}
    assert ask["deputy"]("POST", f"{place}/appeal", paper).json()["state"] == "appealed"
    heard = {"state": "appealed", "answer": "no", "reason": "The calendar says that it was at lunch."}
    assert [ask[who]("POST", f"{place}/hearing", heard).status_code for who in ("head", "office")] == [403, 403]
    assert ask["deputy"]("POST", f"{place}/hearing", heard).json()["state"] == "overturned"
    assert not Bar.objects.filter(person=works.people["crew6"], ended__isnull=True).exists()


@pytest.mark.rule("P-30", "A program takes a step of a case in the state that it saw, and in no other.")
def test_a_step_of_a_case_that_has_gone_on_is_not_taken(works: Town) -> None:
    """A program says the state that it saw."""
    row = Violation.objects.get(pk=violations(works)["violation"])
    place, head = f"/departments/public-works/violations/{row.pk}", asking(works.people["head"])
    assert head("POST", f"{place}/ask", {"state": "confirmed"}).status_code == 409
    row.refresh_from_db()
    assert row.respond_by == works.now + timedelta(days=5) and not Entry.objects.filter(act="violation.ask").exists()
    Violation.objects.filter(pk=row.pk).update(respond_by=None)
    evidence = {"state": "confirmed", "number": "01a2150e-cece-7bb2-86d0-6e9539f71919", "reason": "A second offer."}
    assert head("POST", f"{place}/evidence", evidence).status_code == 409
    asked = head("POST", f"{place}/ask", {"state": "reported"})
    assert asked.status_code == 200 and asked.json()["respond_by"] and Entry.objects.filter(act="violation.ask").count() == 1


def test_a_bar_for_good_ends_by_two_officers_and_a_law(works: Town) -> None:
    """V3: one asks, and does not answer."""
    bar = Bar.objects.create(
        person=works.people["crew0"], kind="permanent", since=works.now, origin="violation:1", reason="Violation 1, P-12.",
        first=works.people["chief"], second=works.people["director"],
    )  # fmt: skip
    works.grant("second", "access-officer", taken=True)
    office, other = asking(works.people["office"]), asking(works.people["second"])
    law = {"law": "Ordinance 11, section 4", "reason": WHY}
    assert office("POST", f"/bars/{bar.pk}/answer-end", {"answer": "yes", "reason": WHY}).status_code == 409, "nobody asks"
    assert asking(works.people["auditor"])("POST", f"/bars/{bar.pk}/ask-end", law).status_code == 403
    assert office("POST", f"/bars/{bar.pk}/ask-end", law).json()["asker"]["uid"] == "p-office"
    assert office("POST", f"/bars/{bar.pk}/answer-end", {"answer": "yes", "reason": WHY}).status_code == 403
    assert other("POST", f"/bars/{bar.pk}/answer-end", {"answer": "yes", "reason": WHY}).json()["ended"]
    assert [row["kind"] for row in office("GET", "/bars").json()] == ["permanent"]


def test_a_complaint_is_given_a_name_once(works: Town) -> None:
    place = f"/violations/{violations(works)['unnamed']}"
    office, auditor = asking(works.people["office"]), asking(works.people["auditor"])
    named = {"person": "p-crew6", "clause": "P-12", "reason": "It has her signature."}
    assert auditor("GET", place).json()["person"] is None
    assert auditor("POST", f"{place}/name", named).status_code == 403
    assert office("POST", f"{place}/name", named).json()["person"]["uid"] == "p-crew6"
    assert office("POST", f"{place}/name", named).status_code == 409


@pytest.mark.rule("P-05", "Programs of the access office alone run reviews.")
def test_the_office_runs_reviews_and_auditors_read_their_evidence(works: Town) -> None:
    """Planned, begun, reminded, asked again, held back: by the access office alone."""
    found = reviews(works)
    office, auditor, head = (asking(works.people[who]) for who in ("office", "auditor", "head"))
    assert auditor("POST", "/campaigns", {"tier": "x", "reason": "x"}).status_code == 403
    assert head("GET", "/campaigns").status_code == 403
    assert len(office("GET", "/campaigns").json()) == 3
    planned = f"/campaigns/{found['review planned']}"
    begun = office("POST", f"{planned}/start", {"reason": BRIEF})
    assert begun.status_code == 200, begun.content
    assert (begun.json()["state"], begun.json()["started"] is not None) == ("running", True)
    assert office("POST", f"{planned}/call-off", {"reason": f"{BRIEF} {BRIEF}"}).status_code == 409
    runs = f"/campaigns/{found['review']}"
    assert office("POST", f"{runs}/remind", {"reason": BRIEF}).json()["count"] >= 1
    assert office("POST", f"{runs}/remind", {"reason": BRIEF}).status_code == 409, "once a day"
    over = f"/campaigns/{found['review over']}"
    left = office("POST", f"{over}/held-back/public-works", {"what": "leave", "reason": f"{BRIEF} {BRIEF}"})
    assert left.json()["count"] == ReviewRow.objects.filter(review=found["review over"], state="silent").count() > 0
    assert [row["id"] for row in auditor("GET", over).json()["failed"]] == [found["review failed"]]
    assert office("POST", f"/campaigns/rows/{found['review failed']}/retry", {"state": "open"}).status_code == 409
    again = office("POST", f"{over}/round", {"reason": BRIEF}).json()
    assert (again["round"], again["former"]) == (2, found["review over"])
    pack = auditor("GET", f"{runs}/pack")
    assert len(zipfile.ZipFile(io.BytesIO(pack.content)).namelist()) > 2
    made = office("POST", "/campaigns", {"tier": "everyone", "departments": ["fire"], "reason": BRIEF})
    assert made.status_code == 201 and Review.objects.get(pk=made.json()["id"]).definition["codes"] == ["fire"]


def test_essential_mailboxes_are_marked_and_unmarked(works: Town) -> None:
    office = asking(works.people["office"])
    found = reviews(works)
    assert [row["mailbox"] for row in office("GET", "/essential").json()] == ["streets@city.example"]
    assert office("POST", "/essential", {"address": "streets@city.example", "reason": BRIEF}).status_code == 409
    assert office("POST", f"/essential/{found['essential']}/end", {"reason": BRIEF}).status_code == 200
    assert office("POST", "/essential", {"address": "streets@city.example", "reason": BRIEF}).status_code == 201
    assert (
        office("POST", "/essential", {"address": "nobody@city.example", "reason": BRIEF}).json()["errors"][0]["field"] == "address"
    )


@pytest.mark.rule("P-05", "A program reads a part of a review for its reviewer only.")
def test_a_reviewer_hands_a_part_to_somebody_else_and_nobody_else_knows_of_it(works: Town) -> None:
    """The part of a review is its reviewer's; what is unremarkable is kept together when nothing else is left."""
    part = reviews(works)["review part"]
    head, chief = asking(works.people["head"]), asking(works.people["chief"])
    day = (works.now + timedelta(days=3)).date().isoformat()
    stand_in = {"to": "p-super", "day": day, "reason": BRIEF}
    assert [chief("POST", f"/reviews/parts/{part}/{what}", stand_in).status_code for what in ("stand-in", "rest")] == [404, 404]
    late = head("POST", f"/reviews/parts/{part}/stand-in", {**stand_in, "day": (works.now + timedelta(days=40)).date().isoformat()})
    assert (late.status_code, late.json()["errors"][0]["field"]) == (422, "day"), "the deadline of the review is before that"
    assert ReviewPart.objects.get(pk=part).delegate is None
    assert head("POST", f"/reviews/parts/{part}/stand-in", stand_in).json()["delegate"]["uid"] == "p-super"
    assert head("POST", f"/reviews/parts/{part}/rest").status_code == 409, "rows are out of order"
    for row in ReviewRow.objects.filter(part=part, state="open").exclude(exceptions=[]):
        head("POST", f"/reviews/rows/{row.pk}/keep", {"reason": BRIEF})
    kept = head("POST", f"/reviews/parts/{part}/rest")
    assert kept.status_code == 200 and kept.json()["count"] > 0, kept.content


@pytest.mark.rule("P-08, P-15", "A program orders the end of an account with the number that it has read, and with no other.")
def test_an_account_is_closed_by_whoever_has_seen_the_count(works: Town) -> None:
    """Counted first; an order names the number that was read."""
    found = gone(works)
    head, office = asking(works.people["head"]), asking(works.people["office"])
    place = f"/closures/{found['closure']}"
    order = {"decision": "order", "state": "counted", "reason": "Her last cases are handed over."}
    assert office("GET", place).json()["live"] == 1204
    assert office("POST", f"{place}/decide", {**order, "live": 1204}).status_code == 403
    assert head("POST", f"{place}/decide", {**order, "live": 1203}).status_code == 409, "another number"
    assert Closure.objects.get(pk=found["closure"]).state == "counted"
    new, why = f"/departments/public-works/leavers/{found['leaver']}/close", {"reason": order["reason"]}
    assert head("POST", new, why).status_code == 409, "it is being closed already"
    assert head("POST", f"{place}/decide", {**order, "decision": "drop", "live": 1204}).json()["state"] == "dropped"
    counts = head("POST", new, why)
    assert (counts.status_code, counts.json()["state"]) == (201, "counting")
    place = f"/closures/{counts.json()['id']}"
    Closure.objects.filter(pk=counts.json()["id"]).update(state="counted", live=1204)
    assert head("POST", f"{place}/decide", {**order, "live": 1204}, idempotency_key="k").json()["state"] == "ordered"
    assert head("POST", f"{place}/decide", {**order, "live": 1204}, idempotency_key="k").json()["state"] == "ordered"
    assert head("POST", f"{place}/decide", {**order, "live": 1204}).status_code == 409
