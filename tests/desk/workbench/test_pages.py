"""The pages of mandates: asked, answered, looked at, held, exported, ended; each look is an entry first (P-16, E2 to E6)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from civicmail.city.guard import models as guard
from civicmail.city.identity import models as identity
from civicmail.core.query.operators import OPERATORS
from civicmail.mail.archive.inventory import inventory
from desk.workbench.looking import Visit, asked, entries, text
from pages.world import Town

pytestmark = pytest.mark.django_db
SECRETS = ("Kestrel", "heron-in-the-text", "egret", "Ibis")
ASK = {
    "way": "request/records-officer",
    "people": "Lena Vogt\np-crew0",
    "words": "kestrel",
    "days": "14",
    "reason": "A resident asks for letters about the works on Elm Street.",
}


def test_it_is_asked_with_one_form_and_shows_people_and_no_mail(city: Town, visit: Visit) -> None:
    sent = visit("recorder").post("/mandates/new/", ASK)
    assert sent.status_code == 302
    row = guard.Mandate.objects.latest("id")
    assert (row.state, row.person.uid, row.words) == ("asked", "p-recorder", "kestrel")
    again = visit("recorder").get(sent["Location"])
    assert "Pending" in text(again) and "Lena Vogt" in text(again) and "Dana Ortiz" in text(again)
    assert not any(secret in text(again) for secret in SECRETS)
    assert visit("recorder").get(f"/mandates/{row.number}/search/").status_code == 403, "nothing before a second person's yes"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"people": "Nobody Known"}, "Nobody in the directory has the name"),
        ({"people": ""}, "Name people, or one department."),
        ({"reason": "short"}, "at least 20"),
        ({"words": "fro:x"}, "did you mean"),
        ({"days": "900"}, "From 1 to 90 days."),
        ({"way": "litigation/city-attorney"}, "not one of the available choices"),
        ({"people": "p-recorder"}, "Your own mail is under My mail."),
    ],
)
def test_what_cannot_be_asked_is_told_at_its_field_and_the_text_stays(
    city: Town, visit: Visit, change: dict[str, str], said: str
) -> None:
    page = visit("recorder").post("/mandates/new/", {**ASK, **change})
    assert page.status_code == 422
    assert said in text(page).replace("&#x27;", "'")
    assert "Elm Street" in text(page) or "reason" in change


@pytest.mark.rule("P-16, E3", "The second person sees how much an examination would open, and no content.")
def test_a_second_person_sees_counts_and_lines_and_never_content(city: Town, visit: Visit) -> None:
    """Breadth is a number."""
    guard.Subject.objects.filter(mandate__number="26-002").update(person=city.people["crew0"])
    page = text(visit("approver").get("/mandates/26-002/approve/"))
    assert "<strong>5</strong> of 6 messages fit" in page, "of the mailboxes that a yes would open"
    assert "Dana Ortiz" in page and "Rosa Hale" in page
    assert not any(secret in page for secret in SECRETS)
    wide = text(visit("approver").get(f"/mandates/26-001/changes/{city.objects['change']}/"))
    assert "5 without it" in wide and not any(secret in wide for secret in SECRETS)
    assert "26-001" in page, "what was asked for earlier"
    guard.Subject.objects.create(mandate=guard.Mandate.objects.get(number="26-001"), person=city.people["approver"], since=city.now)
    assert "26-001" not in text(visit("approver").get("/mandates/26-002/approve/")), "E1: nobody learns that it is about them"
    done = visit("approver").post("/mandates/26-002/approve/", {"decision": "yes", "reason": "", "state": "asked"})
    assert done.status_code == 302
    assert guard.Mandate.objects.get(number="26-002").state == "approved"
    no = {"decision": "no", "reason": "Too broad for this.", "state": "asked"}
    late = visit("approver").post("/mandates/26-002/approve/", no)
    assert late.status_code == 409, "somebody was faster"
    assert "Too broad for this." in text(late)


def test_a_second_person_is_told_of_lines_and_protected_mail(city: Town, visit: Visit) -> None:
    """E3: the head of a department asks about one of its people, who belongs to a protected class."""
    guard.Mandate.objects.filter(number="26-002").update(
        person=city.people["head"], role="department-head", ground="examination", protected=["union"]
    )
    guard.Protection.objects.create(kind="union", person=city.people["approver"], approves=True, by="p-office", at=city.now)
    page = text(visit("approver").get("/mandates/26-002/approve/"))
    assert "Rosa Hale is above Lena Vogt." in page
    assert "Union" in page
    guard.Protection.objects.all().delete()
    assert visit("approver").get("/mandates/26-002/approve/").status_code == 404, "only who is named for it"


def test_nobody_answers_their_own_or_in_the_line(city: Town, visit: Visit) -> None:
    for who in ("recorder", "head", "super", "crew1", "office", "auditor"):
        answer = visit(who).post("/mandates/26-002/approve/", {"decision": "yes", "reason": "", "state": "asked"})
        assert answer.status_code in (403, 404), who
    assert guard.Mandate.objects.get(number="26-002").state == "asked"


def test_whoever_it_is_about_learns_nothing(city: Town, visit: Visit) -> None:
    """E1: the list and the page are the same as if it were not there, also for an auditor."""
    row = guard.Mandate.objects.get(number="26-001")
    guard.Subject.objects.create(mandate=row, person=city.people["auditor"], since=city.now)
    assert "26-001" not in text(visit("auditor").get("/mandates/"))
    assert "26-002" in text(visit("auditor").get("/mandates/"))
    assert visit("auditor").get("/mandates/26-001/").status_code == visit("auditor").get("/mandates/26-999/").status_code == 404


def test_a_sealed_one_is_a_number_to_auditors(city: Town, visit: Visit) -> None:
    """E8"""
    guard.Mandate.objects.filter(number="26-001").update(sealed=True)
    page = text(visit("auditor").get("/mandates/"))
    assert "26-001" not in page and "Request for records 1" in page
    assert visit("auditor").get("/mandates/26-001/").status_code == 404
    assert visit("approver").get("/mandates/26-001/").status_code == 200


@pytest.mark.rule(
    "P-16, promise 4, E6",
    "Each content view on the pages of an examination is an entry of its kind before its bytes.",
)
def test_every_look_is_an_entry_before_its_bytes(city: Town, visit: Visit) -> None:
    """List, open, frame, file, whole message, print."""
    client, id_ = visit("recorder"), city.objects["mail delivered"]
    looks = [
        ("search/?q=kestrel", "content.list", "Kestrel"),
        (f"messages/{id_}/", "content.show", "egret"),
        (f"messages/{id_}/frame/", "content.show", "egret"),
        (f"messages/{id_}/part/?path=1.2", "content.attachment", "bittern-in-the-file"),
        (f"messages/{id_}/raw/", "content.attachment", "plover-header"),
        (f"messages/{id_}/?print=1", "content.print", "in the ledger as a print"),
    ]
    for n, (path, act, said) in enumerate(looks):
        page = asked(client, path)
        assert page.status_code == 200, path
        assert said in text(page), path
        made = entries("26-001")
        assert len(made) == n + 1, path
        assert (made[-1].act, made[-1].person, made[-1].duty) == (act, "p-recorder", "records-officer")
        assert not any(secret in json.dumps(made[-1].facts) for secret in SECRETS), "I4"
    assert made[0].facts["query"] == "kestrel"
    assert made[1].facts["id"] == id_


@pytest.mark.parametrize("where", ["exports", "hold"])
def test_a_number_is_a_look_with_its_entry(city: Town, visit: Visit, where: str) -> None:
    """E6: asked word after word, how many there are says what stands in a message; so nothing is counted that is not
    recorded, nor for whom has deactivated the role."""
    client = visit("recorder")
    assert "5" in text(client.get(f"/mandates/26-001/{where}/?q=kestrel"))
    (made,) = entries("26-001")
    assert (made.act, made.facts["query"], made.facts["counted"]) == ("content.list", "kestrel", 1)
    guard.Mandate.objects.filter(number="26-001").update(ground="examination", role="examiner")
    assert client.get(f"/mandates/26-001/{where}/?q=kestrel").status_code == 403
    assert len(entries("26-001")) == 1


def test_the_search_says_how_complete_it_is_and_keeps_what_was_typed(city: Town, visit: Visit) -> None:
    page = text(visit("recorder").get("/mandates/26-001/search/?q=kestrel&sort=oldest"))
    assert "<strong>5</strong>" in page and "of 5" in page and "Searched everything until" in page
    assert 'value="kestrel"' in page and "Oldest first" in page
    assert "mandate 26-001 until" in page, "the head shows role, mandate and end"
    none = text(visit("recorder").get("/mandates/26-001/search/?q=nothinglikeit"))
    assert "0 of 5 match" in none
    wrong = visit("recorder").get("/mandates/26-001/search/?q=fro:x")
    assert wrong.status_code == 422
    assert "did you mean" in text(wrong)


def test_words_that_a_link_from_elsewhere_brought_are_not_asked_in_anybodys_name(city: Town, visit: Visit) -> None:
    """The page stands with the words in its field; no entry says that the officer asked for them."""
    before = guard.Entry.objects.count()
    page = text(visit("recorder").get("/mandates/26-001/search/?q=gossip", headers={"Sec-Fetch-Site": "cross-site"}))
    assert "These words came by a link from elsewhere." in page and "gossip" in page
    assert guard.Entry.objects.count() == before
    assert "in scope" in text(visit("recorder").get("/mandates/26-001/search/?q=gossip", headers={"Sec-Fetch-Site": "same-origin"}))
    assert guard.Entry.objects.count() == before + 1


def test_nothing_outside_of_the_scope_is_opened_found_or_counted(city: Town, visit: Visit) -> None:
    """E5, over pages: the imported message is nobody's of this mandate."""
    client, outside = visit("recorder"), city.objects["mail imported"]
    for path in ("", "frame/", "part/?path=1.2", "raw/", "?view=headers", "?print=1", "?view=sent"):
        page = asked(client, f"messages/{outside}/{path}")
        assert page.status_code == 404, path
        assert not any(secret in text(page) for secret in SECRETS)
    for query in in_every_syntax(outside):
        page = client.get("/mandates/26-001/search/", {"q": query})
        assert page.status_code == 200, query
        assert f"messages/{outside}" not in text(page), query
        assert "<strong>6</strong>" not in text(page), query


def in_every_syntax(id_: str) -> list[str]:
    """Queries that would find the message of this id if there were no scope: with each operator, and with what only seems to."""
    values = {
        "has": "attachment", "is": "unreadable", "larger": "1", "smaller": "9M", "before": "2099", "older": "2099", "after": "1990",
        "newer": "1990", "on": "2026", "date": "1990..2099", "newer_than": "99y", "older_than": "0h", "id": id_, "thread": id_,
        "messageid": "wigeon.1@outside.example", "rfc822msgid": "wigeon.1@outside.example", "sha256": "0" * 12, "filetype": "pdf",
    }  # fmt: skip
    words = "(ibis OR curlew OR kestrel OR avocet OR dunlin OR osprey OR dana* OR outside*)"
    found = [f"{name}:{values.get(name, words)}" for name in OPERATORS]
    alone = ["*", "", "kestrel", '"Kestrel budget"', "NOT zzz", "-zzz", "-kestrel OR kestrel", "kestrel AROUND 5 budget", "kest*"]
    return [*found, *alone, *(f"({query}) OR *" for query in found), f"* OR id:{id_}", f"-(-id:{id_})"]


def test_a_mandate_that_ends_while_a_page_is_open_is_refused_at_the_next_click(city: Town, visit: Visit) -> None:
    """E3: with words, and without another byte."""
    client, id_ = visit("recorder"), city.objects["mail delivered"]
    assert client.get("/mandates/26-001/search/").status_code == 200
    guard.Mandate.objects.filter(number="26-001").update(until=city.now)
    before = len(entries("26-001"))
    mail = (f"messages/{id_}/", f"messages/{id_}/part/?path=1.2")
    for path in ("search/", *mail, "exports/", "hold/", f"exports/{city.objects['export']}/"):
        page = asked(client, path)
        assert page.status_code == 403, path
        assert "Mandate 26-001 is not in force." in text(page)
        assert not any(secret in text(page) for secret in SECRETS)
    assert len(entries("26-001")) == before


def test_a_role_that_was_deactivated_opens_nothing(city: Town, visit: Visit) -> None:
    identity.RoleActivation.objects.filter(grant__person=city.people["recorder"]).update(laid_down=city.now)
    page = visit("recorder").get("/mandates/26-001/search/")
    assert page.status_code == 403
    assert "Activate the role records officer first" in text(page)


@pytest.mark.rule("P-20, promise 3", "A hold from a search retains the captures of that search, whatever its words mean later.")
def test_a_hold_covers_what_the_search_finds_and_outlives_the_mandate(city: Town, visit: Visit, installed: Path) -> None:
    """The tree itself is held."""
    client = visit("recorder")
    assert "5 messages are there now" in text(client.get("/mandates/26-001/hold/?q=kestrel"))
    wrong = client.post("/mandates/26-001/hold/", {"q": "kestrel", "reason": "too short"})
    assert wrong.status_code == 422
    done = client.post(
        "/mandates/26-001/hold/", {"q": "kestrel", "ground": "request", "reason": "Request 41 of a resident, Elm Street."}
    )
    assert done.status_code == 302
    (hold,) = [each for each in inventory(installed).holds if each.scope == "mandate 26-001: kestrel"]
    assert (hold.ground, hold.actor, hold.scope) == ("request", "p-recorder", "mandate 26-001: kestrel")
    assert [e.facts["query"] for e in entries("26-001", "content.hold")] == ["kestrel"]
    from civicmail.mail.archive.reading import Archive
    from civicmail.mail.search.query_view import viewer
    from desk.workbench.kept import permit

    archive, see = Archive(installed), viewer(installed)
    covered = {p.uuid for p in archive.captures() if hold.covers(see(archive.capture(permit(), p), archive.body(permit(), p)))}
    assert {city.objects["mail delivered"], city.objects["mail held"]} <= covered
    assert hold.id in text(client.get("/mandates/26-001/"))


def test_an_urgent_look_needs_a_fresh_proof_and_a_yes_afterwards(city: Town, visit: Visit) -> None:
    """E4"""
    identity.RoleActivation.objects.create(
        grant=city.people["examiner"].roles.get(), reason="Case.", at=city.now, until=city.now + timedelta(hours=2)
    )
    asked = {**ASK, "way": "examination/examiner", "people": "p-crew0"}
    sent = visit("examiner").post("/mandates/urgent/", asked)
    assert sent.status_code == 302
    row = guard.Mandate.objects.latest("id")
    assert (row.state, row.ratified) == ("urgent", "due")
    assert visit("examiner").get(f"/mandates/{row.number}/search/").status_code == 200
    answer = {"decision": "no", "reason": "There was time to ask.", "state": "urgent"}
    assert visit("approver").post(f"/mandates/{row.number}/ratify/", answer).status_code == 302
    assert visit("examiner").get(f"/mandates/{row.number}/search/").status_code == 403
    assert "finding for the auditors" in text(visit("auditor").get(f"/mandates/{row.number}/"))
    client = visit("examiner")
    session = client.session
    session["fresh_at"] = 1
    session.save()
    assert client.get("/mandates/urgent/").status_code == 302, "to the proof"


def test_it_is_narrowed_at_once_widened_with_a_yes_and_closed_with_a_finding(city: Town, visit: Visit) -> None:
    """E5, E8"""
    client = visit("recorder")
    guard.Amendment.objects.all().delete()
    form = {"people": "p-crew0", "words": "kestrel", "days": "14", "reason": ASK["reason"]}
    assert client.post("/mandates/26-001/amend/", form).status_code == 302
    assert guard.Mandate.objects.get(number="26-001").words == "kestrel"
    assert client.post("/mandates/26-001/amend/", {**form, "words": "", "people": "p-crew0\np-crew1"}).status_code == 302
    assert guard.Mandate.objects.get(number="26-001").words == "kestrel", "it waits"
    change = guard.Amendment.objects.get(state="asked")
    answer = {"decision": "yes", "reason": "", "state": "asked"}
    assert visit("approver").post(f"/mandates/26-001/changes/{change.pk}/", answer).status_code == 302
    assert guard.Mandate.objects.get(number="26-001").words == ""
    done = client.post("/mandates/26-001/close/", {"finding": "Five letters were found and exported.", "state": "open"})
    assert done.status_code == 302
    assert "Five letters were found" in text(client.get("/mandates/26-001/"))


def test_filters_write_the_query_that_a_hold_and_an_export_get(city: Town, visit: Visit) -> None:
    page = text(visit("recorder").get("/mandates/26-001/search/?q=kestrel+OR+heron&from=ibis&since=2020-01-01&files=yes&until=x"))
    query = '(kestrel OR heron) from:"ibis" date:2020-01-01.. has:attachment'
    assert entries("26-001")[-1].facts["query"] == query
    assert "<strong>5</strong> of 5" in page
    for words in ("kestrel OR heron", "From: ibis", "Dated from Jan 1, 2020", "With files"):
        assert words in page
    assert "More filters (2)" in page
    passed = "/mandates/26-001/exports/?q=%28kestrel+OR+heron%29+from%3A%22ibis%22+date%3A2020-01-01..+has%3Aattachment"
    assert passed in page
    assert "Export 5 messages" in text(visit("recorder").get(passed))
    assert "0 of 5 match" in text(visit("recorder").get('/mandates/26-001/search/?from="x")+OR+(*'))
