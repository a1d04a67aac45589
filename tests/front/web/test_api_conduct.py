"""Reviews, statements, leavers and violations by a program (issue 7; P-05, P-08, P-28, P-30)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from civicmail.city.conduct.models import Leaver, ReviewRow, Statement, Violation
from pages.asked import reviews
from pages.gone import gone
from pages.programs import asking
from pages.violationcases import violations
from pages.world import Town, town


@pytest.fixture
def works(installed: Path, db: None) -> Town:
    """The town without its mail."""
    (installed / "claimed").touch()
    return town()


@pytest.mark.rule("P-05", "A row of a review is answered by a program for its reviewer, in the state seen.")
def test_a_reviewer_answers_a_row_and_takes_it_back(works: Town) -> None:
    """Whoever is not asked neither reads nor answers; a row that was answered meanwhile is said."""
    found = reviews(works)
    head, chief, auditor = (asking(works.people[who]) for who in ("head", "chief", "auditor"))
    path = f"/departments/public-works/reviews/{found['review']}"
    assert chief("GET", path).status_code == 403 and not any(row["mine"] for row in auditor("GET", path).json()["rows"])
    mine = {row["id"]: row for row in head("GET", path).json()["rows"]}
    row = found["review row"]
    assert mine[row]["mine"] and mine[row]["state"] == "open"
    why = {"reason": "Closures go out by it every day."}
    for ask in (chief, auditor):
        assert ask("POST", f"/reviews/rows/{row}/keep", why).status_code in (403, 404)
    assert ReviewRow.objects.get(pk=row).state == "open"
    assert head("POST", f"/reviews/rows/{row}/keep", why).json()["state"] == "pending"
    assert head("POST", f"/reviews/rows/{row}/end", why).status_code == 409, "it was answered"
    assert head("POST", f"/reviews/rows/{row}/undo", {"state": "pending"}).json()["state"] == "open"
    assert head("POST", f"/reviews/rows/{row}/end", {"reason": "x"}).json()["errors"][0]["field"] == "reason"
    assert head("POST", f"/reviews/rows/{row}/end", why).json()["answer"] == "revoke"


@pytest.mark.rule("P-28", "A statement is signed by a program for its head alone, with words where it is not in order.")
def test_a_head_signs_the_statement_and_says_what_is_not_in_order(works: Town) -> None:
    """With words where it is not, once; who only reads it does not sign."""
    head, auditor = asking(works.people["head"]), asking(works.people["auditor"])
    path = "/departments/public-works/statements/2025-2"
    assert auditor("GET", path).json()["state"] == "open" and len(head("GET", path).json()["sections"]) > 2
    assert auditor("POST", f"{path}/sign", {"answer": "sign"}).status_code == 403
    assert head("POST", f"{path}/sign", {"answer": "except", "remarks": "x"}).status_code == 422
    assert Statement.objects.get().state == "open"
    said = {"answer": "except", "remarks": "Two contractors have not bound themselves; done by May."}
    signed = head("POST", f"{path}/sign", said).json()
    assert (signed["state"], signed["remarks"], signed["person"]["uid"]) == ("exceptions", said["remarks"], "p-head")
    assert head("POST", f"{path}/sign", said).status_code == 409
    assert head("GET", "/departments/public-works/statements").json()[0]["half"] == "2025-2"


@pytest.mark.rule("P-08", "A program decides about a leaver's mail for the department, with one of its own mailboxes.")
def test_a_department_says_what_happens_to_the_mail_of_who_left(works: Town) -> None:
    """The answers of the page, with what each of them needs."""
    place = f"/departments/public-works/leavers/{gone(works)['leaver']}"
    head, office = asking(works.people["head"]), asking(works.people["office"])
    why = {"reason": "Agreed with her supervisor last week."}
    assert office("GET", place).json()["choice"] == ""
    assert office("POST", f"{place}/answer", {**why, "choice": "nothing"}).status_code == 403
    wrong = head(
        "POST",
        f"{place}/answer",
        {**why, "choice": "forward", "to": "elsewhere@city.example", "until": str(works.now.date() + timedelta(days=30))},
    )
    assert wrong.status_code == 422 and Leaver.objects.get().choice == ""
    answered = head("POST", f"{place}/answer", {**why, "choice": "nothing"}).json()
    assert (answered["choice"], answered["by"]["uid"]) == ("nothing", "p-head")
    assert head("POST", f"{place}/answer", {**why, "choice": "nothing"}).status_code in (200, 409)


@pytest.mark.rule("P-30", "A reported person reads and answers their own case by a program, and never learns the reporter.")
def test_who_was_reported_reads_it_answers_once_and_never_hears_by_whom(works: Town) -> None:
    """The case of one's own, and nobody else's."""
    found = violations(works)
    her, other = asking(works.people["crew6"]), asking(works.people["crew0"])
    mine = her("GET", "/me/violations")
    assert [(v["clause"], v["asks"]) for v in mine.json()] == [("P-12", "response")]
    assert works.people["chief"].uid.encode() not in mine.content and other("GET", "/me/violations").json() == []
    path = f"/me/violations/{found['violation']}/answer"
    assert other("POST", path, {"text": "It was not me at all."}).status_code == 404
    assert her("POST", path, {"text": "It was one letter, to friends."}).json()["asks"] == ""
    assert her("POST", path, {"text": "And another thing."}).status_code == 409
    assert Violation.objects.get(pk=found["violation"]).response == "It was one letter, to friends."
    case = asking(works.people["head"])("GET", f"/departments/public-works/violations/{found['violation']}")
    assert case.json()["response"] and works.people["chief"].uid.encode() not in case.content, "reports in good faith"
