"""What is kept back, by programs: files that leave, requests, contained accounts, findings, reported mail (issue 7; P-12, P-22,
P-25, P-31)."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from civicmail.city.guard.models import Account, Entry
from civicmail.desk.holding.models import Approval, Containment, Contest, Finding, Release, StandingApproval
from civicmail.desk.incidents.models import Case, Pull, Report
from pages.programs import asking
from pages.waitingfiles import FILE
from pages.world import Town

WHY = "The council has seen it and it is public."


@pytest.mark.rule(
    "P-16, P-22",
    "A program reads waiting files only after an entry, and never for a person who may not answer; it reads the kept names "
    "and subject as pages show them.",
)
@pytest.mark.rule("P-22", "A manager's program lists files of the own departments alone.")
def test_a_manager_answers_about_exactly_these_files_and_each_look_is_an_entry(city: Town) -> None:
    """Names and bytes after an entry alone; the sender and auditors see how it stands, other departments nothing."""
    place = f"/approvals/{city.objects['approval']}"
    ask = {who: asking(city.people[who]) for who in ("head", "chief", "auditor", "crew0", "crew1")}
    assert ask["chief"]("GET", "/approvals").json() == [] and ask["chief"]("GET", place).status_code in (403, 404)
    assert city.objects["approval"] in [row["id"] for row in ask["head"]("GET", "/approvals?state=waits").json()]
    assert [ask[who]("GET", place).json()["files"][0]["name"] for who in ("head", "auditor", "crew0")] == [
        "bridge.pdf", "", "bridge.pdf",
    ]  # fmt: skip
    assert [ask[who]("GET", place).json()["subject"] for who in ("head", "auditor")] == ["Plan of the bridge", ""]
    assert not Entry.objects.filter(act="approval.look").exists()
    assert [ask[who]("GET", f"{place}/files").status_code for who in ("auditor", "crew0")] == [403, 403]
    assert ask["head"]("GET", f"{place}/files").json()["files"][0]["name"] == "osprey-plan.pdf"
    assert Entry.objects.filter(act="approval.look", person="p-head").count() == 1
    file = ask["head"]("GET", f"{place}/files/1")
    assert file.content == FILE and file.headers["Content-Type"] == "application/octet-stream"
    assert Entry.objects.filter(act="approval.look", facts__part="1.2").count() == 1
    assert ask["head"]("GET", f"{place}/files/9").status_code == 404
    no = {"to": [0], "answer": "refuse", "reason": "x"}
    assert ask["crew0"]("POST", f"{place}/answer", no).status_code == 403
    assert ask["head"]("POST", f"{place}/answer", no).status_code == 422, "say why"
    assert ask["head"]("POST", f"{place}/answer", {"to": [0], "answer": "some", "leave": [1]}).status_code == 422, "there is one"
    answered = ask["head"]("POST", f"{place}/answer", {**no, "reason": WHY}).json()
    assert [(c["state"], c["reason"]) for c in answered["copies"]] == [("refused", WHY), ("waits", "")]
    assert ask["head"]("POST", f"{place}/answer", {**no, "reason": WHY}).status_code == 422, "that one waits no more"


@pytest.mark.rule("P-22", "Files are withdrawn by a program of their sender; for others they do not exist.")
def test_files_of_ones_own_are_taken_back_and_put_up_before_writing(city: Town) -> None:
    """Whose files they are, and nobody else."""
    place = f"/approvals/{city.objects['approval']}/withdraw"
    mine, other = asking(city.people["crew0"]), asking(city.people["crew1"])
    assert other("POST", place, {}).status_code == 404 and other("GET", "/my/approvals").json() == []
    assert {c["state"] for c in mine("POST", place, {}).json()["copies"]} == {"withdrawn"}
    assert mine("POST", place, {}).status_code == 409
    draft = f"/drafts/{mine('POST', '/drafts', {'to': 'ann@acme.example', 'subject': 'Plans'}).json()['uid']}"
    assert mine("POST", f"{draft}/put-up", {"words": "For the bid of March."}).status_code == 422, "there is no file"
    mine("POST", f"{draft}/files", {"version": 1, "name": "a.txt", "content": base64.b64encode(b"plan").decode()})
    assert other("POST", f"{draft}/put-up", {"words": "For the bid of March."}).status_code == 404
    put = mine("POST", f"{draft}/put-up", {"words": "For the bid of March."})
    assert (put.status_code, put.json()["message"], put.json()["words"]) == (201, None, "For the bid of March.")
    assert [c["address"] for c in put.json()["copies"]] == ["ann@acme.example"]
    assert Approval.objects.filter(person=city.people["crew0"]).count() == len(mine("GET", "/my/approvals").json()) == 2


def test_standing_approvals_are_of_departments_of_ones_own(city: Town) -> None:
    """P-22: allowed with an end, ended by who leads."""
    head, chief = asking(city.people["head"]), asking(city.people["chief"])
    until = (city.now + timedelta(days=60)).date().isoformat()
    wanted = {"department": "public-works", "domain": "acme.example", "until": until, "reason": WHY}
    assert chief("POST", "/standing-approvals", wanted).status_code == 422, "another's department is no choice"
    made = head("POST", "/standing-approvals", wanted).json()
    assert (made["domain"], made["used"], made["ended"]) == ("acme.example", 0, None)
    place = f"/standing-approvals/{made['id']}"
    assert chief("GET", place).status_code == 403
    assert head("POST", f"{place}/end", {"until": "2026-03-02T00:00:00Z"}).status_code == 409
    assert head("POST", f"{place}/end", {"until": made["until"]}).json()["ended"]
    assert StandingApproval.objects.get(pk=made["id"]).ended_by == city.people["head"]


@pytest.mark.rule("P-25", "By programs, too, two officers let malware go, and never one of them twice.")
def test_what_takes_two_officers_is_not_let_go_by_one(city: Town) -> None:
    """Malware; nor by whoever asked, and the state that was seen is said."""
    row = Release.objects.get(pk=city.objects["release"])
    Release.objects.filter(pk=row.pk).update(kind="malware", rules="virus")
    security, crew = asking(city.people["security"]), asking(city.people["crew0"])
    place = f"/releases/{row.pk}/answer"
    yes = {"answer": "yes", "reason": "The vendor has said what it is.", "state": "asked"}
    assert crew("POST", place, yes).status_code == 403
    assert security("POST", place, {**yes, "state": "agreed"}).status_code == 409
    assert security("POST", place, yes).json()["state"] == "agreed"
    assert [security("POST", place, {**yes, "state": state}).status_code for state in ("agreed", "asked")] == [403, 403]
    assert Release.objects.get(pk=row.pk).state == "agreed"
    assert [r["state"] for r in security("GET", "/releases?state=waits").json()] == ["agreed"]
    mine = crew("GET", "/my/releases").json()
    assert [(r["id"], r["state"]) for r in mine] == [(row.pk, "agreed")]
    assert asking(city.people["crew1"])("POST", f"/my/releases/{row.pk}/withdraw", {"state": "agreed"}).status_code == 404
    assert crew("POST", f"/my/releases/{row.pk}/withdraw", {"state": "agreed"}).json()["state"] == "withdrawn"


def test_a_contest_is_answered_word_for_word(city: Town) -> None:
    place = f"/contests/{city.objects['contest']}"
    second, auditor = asking(city.people["second"]), asking(city.people["auditor"])
    assert auditor("GET", place).status_code == 403
    assert "the offer that your office had asked for" in second("GET", place).json()["text"]
    said = {"answer": "upheld", "reason": "It came from another server than theirs."}
    assert second("POST", f"{place}/answer", said).json()["answer"] == "upheld"
    assert second("POST", f"{place}/answer", said).status_code == 409
    assert Contest.objects.get().person == city.people["second"]


@pytest.mark.rule("P-25", "An account is locked and released by programs in the state seen, and never by its owner.")
def test_an_account_that_acts_unlike_its_owner_is_locked_and_given_back(city: Town) -> None:
    """As it was seen, and never by its owner."""
    row = Containment.objects.get(pk=city.objects["containment"])
    crew = city.people["crew0"]
    Containment.objects.filter(pk=row.pk).update(person=crew, sender=f"person:{crew.uid}")
    security, place = asking(city.people["security"]), f"/contained/{row.pk}"
    assert asking(city.people["auditor"])("GET", place).status_code == 403
    assert security("POST", f"{place}/lock", {"state": "locked"}).status_code == 409
    assert Containment.objects.get(pk=row.pk).state == "held"
    assert security("POST", f"{place}/lock", {"state": "held"}).json()["state"] == "locked"
    assert asking(crew)("GET", "/me").status_code == 401, "tokens are a door, too"
    back = {"state": "locked", "reason": "Spoken to her; she has a new passkey.", "allowed": 20}
    assert security("POST", f"{place}/release", {**back, "go": ["x"]}).status_code == 422
    assert security("POST", f"{place}/release", back).json()["state"] == "released"
    Containment.objects.filter(pk=row.pk).update(person=city.people["security"], state="held")
    assert security("POST", f"{place}/lock", {"state": "held"}).status_code == 403, "one's own"
    assert Account.objects.filter(person=crew).exists()


@pytest.mark.rule("P-12", "By programs, too, the second use reviewer is another one, and there is no name before they agree.")
def test_a_finding_has_no_name_before_two_reviewers_agree(city: Town) -> None:
    """And the second is another one than the first."""
    reviewer, other = asking(city.people["reviewer"]), asking(city.people["examiner"])
    works = city.people["examiner"]
    city.grant("examiner", "use-reviewer")
    row = Finding.objects.get(pk=city.objects["finding"])
    place = f"/findings/{row.pk}"
    first = {"answer": "second", "reason": "It asks forty people to vote."}
    assert reviewer("GET", place).json()["who"] == row.pseudonym and reviewer("GET", place).json()["person"] is None
    assert reviewer("POST", f"{place}/answer", first).json()["state"] == "second"
    assert reviewer("POST", f"{place}/answer", first).status_code == 409
    agree = {"answer": "no", "reason": "There is nothing in it."}
    assert [reviewer("POST", f"{place}/second", {**agree, "state": state}).status_code for state in ("second", "x")] == [403, 403]
    assert other("POST", f"{place}/second", agree).json()["state"] == "refused"
    row.refresh_from_db()
    assert (row.second, row.person) == (works, None)


@pytest.mark.rule("P-16, P-31", "A program of security reads what was reported itself, after an entry, and nothing else.")
def test_reported_mail_is_answered_once_and_a_look_is_an_entry(city: Town) -> None:
    """What was handed over by reporting it, and nothing that is like it."""
    place = f"/incidents/{city.objects['incident']}"
    security, admin = asking(city.people["security"]), asking(city.people["admin"])
    assert admin("GET", place).status_code == 403
    shown = security("GET", place).json()
    assert (shown["state"], shown["reports"], shown["handed"]) == ("open", 1, [city.objects["mail delivered"]])
    assert not Entry.objects.filter(act="report.read").exists()
    assert security("GET", f"{place}/messages/{city.objects['mail delivered']}").json()["text"]
    assert Entry.objects.filter(act="report.read").count() == 1
    assert security("GET", f"{place}/messages/{city.objects['mail held']}").status_code == 404
    said = {"answer": "genuine", "reason": "It is from our own printer."}
    assert security("POST", f"{place}/answer", {**said, "state": "right"}).status_code == 409
    assert security("POST", f"{place}/answer", said).json()["state"] == "genuine"
    assert security("POST", f"{place}/answer", said).status_code == 409 and Case.objects.get().person == city.people["security"]


def test_a_program_reports_what_is_dangerous_to_its_person(city: Town) -> None:
    """P-31: what came to them, twice is once; security hears of it."""
    mine, other = asking(city.people["crew0"]), asking(city.people["crew1"])
    place = f"/mail/{city.objects['mail delivered']}/report"
    Report.objects.all().delete()
    assert other("POST", place, {"what": "danger"}).status_code == 404 and not Report.objects.exists()
    assert [mine("POST", place, {"what": "danger"}).status_code for _ in range(2)] == [200, 200]
    assert Report.objects.get().reporter == city.people["crew0"]


@pytest.mark.rule("P-31", "A program takes as many copies back as it has counted, and no other number.")
def test_copies_are_taken_back_as_many_as_were_counted_and_above_fifty_by_two(city: Town) -> None:
    """Counted first; undone in one act."""
    place = f"/incidents/{city.objects['incident']}"
    security, why = asking(city.people["security"]), {"reason": "It asks for passwords in our name."}
    count = security("GET", f"{place}/count").json()
    copies = security("GET", f"{place}/copies").json()
    assert count["copies"] == len([c for c in copies if c["state"] in ("delivered", "waiting", "deferred")]) >= 1
    assert security("GET", f"{place}/count?q=text%3Akestrel").status_code == 422, "nobody finds out words by counting"
    assert security("POST", f"{place}/pull", {**why, "copies": count["copies"] + 1}).status_code == 409
    assert Pull.objects.count() == 1
    made = security("POST", f"{place}/pull", {**why, "copies": count["copies"]}, idempotency_key="k").json()
    assert (made["state"], made["total"]) == ("running", count["copies"])
    large = f"/pulls/{city.objects['pull']}"
    assert security("POST", f"{large}/second", {**why, "answer": "x"}).status_code == 422
    assert security("POST", f"{large}/second", {**why, "answer": "agree"}).json()["state"] == "running"
    assert security("POST", f"{large}/second", {**why, "answer": "agree"}).status_code == 409
    assert security("POST", f"{large}/undo", {**why, "state": "running"}).json()["state"] == "undoing"
    own = f"/pulls/{made['id']}"
    Pull.objects.filter(pk=made["id"]).update(state="asked")
    assert security("POST", f"{own}/second", {**why, "answer": "agree"}).status_code == 403, "who asked is not the second"
    assert len(security("GET", f"{large}/copies?limit=50").json()) == 50


@pytest.mark.rule("P-17", "A person who may not perform an act does not learn whether its object exists.")
def test_who_may_not_do_it_does_not_learn_what_there_is(city: Town) -> None:
    """Numbers are easily counted up: 404 for those that are not there would say which are."""
    crew = asking(city.people["crew0"])
    body = {"answer": "no", "reason": "Nobody asked for this file.", "state": "open"}
    for place in ("/releases/{}/answer", "/findings/{}/answer", "/contests/{}/answer"):
        assert [crew("POST", place.format(id_), body).status_code for id_ in (1, 987_654)] == [403, 403], place
