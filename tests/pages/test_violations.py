"""Violations on their pages: from a phone, without script, by the people who may, without a word of any message (P-09, P-30)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from city.conduct.cases_of_violations import WHY
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import consequence_check
from civicmail.city.conduct.rate_limit import HOUR_MS, RateLimit
from civicmail.city.conduct.views import complaints
from civicmail.city.directory.models import Agency
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Account, Entry
from civicmail.city.identity.models import Acknowledgement, Bar, Undertaking
from civicmail.city.notices.models import Notice
from civicmail.city.pages.wording import day
from civicmail.front.web import middleware
from desk.holding.test_quarantine import words
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
CAPTURE = "01a2150e-cece-7bb2-86d0-6e9539f71920"


class Said:
    """Collects what the middleware would log of pages."""

    def __init__(self) -> None:
        self.pages: list[dict[str, object]] = []

    def info(self, _event: str, **facts: object) -> None:
        self.pages.append(facts)

    debug = info


@pytest.mark.rule("P-30", "A case proceeds from report to appeal on its pages, and its effect is checked at the entry points.")
def test_a_case_goes_from_report_to_appeal_on_its_pages(city: Town, visit: Visit) -> None:
    """Each step is a form on a page of its own; the person answers and appeals although mail is shut."""
    row = Violation.objects.get(pk=city.objects["violation"])
    case, mine = f"/dept/public-works/violations/{row.pk}/", f"/my/violations/{row.pk}/"
    head, office = visit("head"), visit("office")
    assert "Record the finding" in words(head.get(case)) and "The person was not asked" not in words(head.get(case))
    person = visit("crew6")
    assert person.post(mine, {"text": "It was to friends, who had asked."}).status_code == 302
    step = f"{case}finding/"
    assert head.post(step, {"reason": WHY}).status_code == 422, "nothing is chosen"
    assert head.post(step, {"finding": "confirm", "reason": WHY}).status_code == 302
    decision = f"{case}decision/"
    assert head.post(decision, {"outcome": "warning"}).status_code in (403, 422), "who found does not decide"
    plain = {"outcome": "suspension", "days": "30", "ground": "rule", "cites": "12.3", "why": WHY, "procedure": "represented"}
    first = words(office.get(decision))
    assert "The table proposes: warning and training" in first
    answer = office.post(decision, plain)
    assert answer.status_code == 422 and "This procedure asks for it." in words(answer)
    assert office.post(decision, plain | {"union": "Local 9, March 3", "article": "14"}).status_code == 302
    shown = words(office.get(case))
    assert "Verified Mail is shut until then." in shown and "not as the table proposes" in shown and "Local 9, March 3" in shown
    told = words(visit("crew6").get(mine))
    row.refresh_from_db()
    assert f"You cannot use mail until {day(row.until)}." in told and WHY in told and "Ed" not in told
    assert visit("crew6").post(mine, {"text": "It was no list, it was my family."}).status_code == 302
    row.refresh_from_db()
    assert row.state == "appealed"
    hearing = f"{case}hearing/"
    assert visit("deputy").post(hearing, {"answer": "no", "reason": WHY}).status_code == 302
    assert "Overturned" in words(office.get(case)) and not Bar.objects.filter(origin=f"violation:{row.pk}", ended=None).exists()


def test_a_record_from_a_phone_refuses_the_next_request_with_the_old_cookie(city: Town, visit: Visit) -> None:
    """L2: no script; one form; the person's open session is nothing any more."""
    pat = visit("crew2")
    assert pat.get("/my/access/").status_code == 200
    head = visit("head")
    assert "Pat Nguyen" in words(head.get("/violations/new/"))
    page = "/access/violations/record/p-crew2/"
    assert "signed out everywhere" in words(head.get(page))
    assert head.post(page, {"clause": "P-12", "what": WHY, "evidence": "not a number"}).status_code == 422
    assert head.post(page, {"clause": "P-12", "what": WHY, "evidence": CAPTURE}).status_code == 302
    assert pat.get("/my/access/").status_code == 302, "to the sign-in"
    row = Violation.objects.get(source="recorded")
    case = f"/dept/public-works/violations/{row.pk}/"
    assert "Verified Every door is shut." in words(head.get(case)) and "Somebody else decides this" in words(head.get(case))
    office = visit("office")
    assert office.post(f"{case}reverse/", {"reason": WHY}).status_code == 302
    assert Account.objects.get(person=city.people["crew2"]).is_active
    assert office.post(page, {"clause": "P-12", "what": WHY, "evidence": CAPTURE}).status_code == 302, "and again, if it must be"


@pytest.mark.rule("P-30", "No log states who was on the page for complaints.")
def test_a_complaint_needs_no_account_and_says_nothing_of_people(city: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for whoever is signed in; in two languages; few from one network, and nothing is kept of who."""
    monkeypatch.setattr(complaints, "LIMIT", RateLimit(2))
    log = Said()
    monkeypatch.setattr(middleware, "log", log)
    client = Client(REMOTE_ADDR="198.51.100.7")
    page = "/complaints/new/"
    said = {"what": "A letter about our street was insulting.", "number": "", "contact": ""}
    first = client.get(page)
    assert first.status_code == 200 and "no account and no name" in words(first)
    assert client.post(page, {"what": "short"}).status_code == 422
    before = Violation.objects.count()
    assert client.post(page, said).status_code == 302
    assert visit("crew0").post(page, said, REMOTE_ADDR="198.51.100.9").status_code == 302
    assert client.post(page, said).status_code == 409, "a third of this network in an hour"
    assert {facts["person"] for facts in log.pages if facts["view"] == "complaint"} == {"-"}, "no log says who was there"
    rows = Violation.objects.order_by("-id")[:2]
    assert Violation.objects.count() == before + 2 and {(v.reporter, v.person, v.contact) for v in rows} == {(None, None, "")}
    entries = Entry.objects.filter(act="violation.report").order_by("-id")[:2]
    assert {(e.person, e.client) for e in entries} == {("unnamed", "")}
    spanish = Client(REMOTE_ADDR="203.0.113.5").get(page, headers={"accept-language": "es"})
    assert "¿Qué" in spanish.content.decode() and "no account" not in words(spanish)
    office = visit("office")
    row = rows[0]
    naming = f"/access/violations/{row.pk}/name/"
    assert office.post(naming, {"person": "p-crew0", "clause": "P-13", "reason": "By its date and street."}).status_code == 302
    row.refresh_from_db()
    assert row.person == city.people["crew0"] and Notice.objects.filter(key__startswith=f"violation:{row.pk}:p-crew0").exists()


@pytest.mark.rule(
    "P-30",
    "Anyone complains about a message from the city without an account, a few times an hour from one network; the person "
    "is not recorded.",
)
def test_the_pace_of_a_network_is_forgotten_after_an_hour() -> None:
    """In memory alone; one network does not use up another's."""
    pace = RateLimit(2, remembered=3)
    assert [pace.takes(client, 0) for client in ("192.0.2.1", "192.0.2.200", "192.0.2.9")] == [True, True, False]
    assert pace.takes("2001:db8::1", 0) and pace.takes("2001:db8::2", 0) and not pace.takes("2001:db8::3", 0)
    assert pace.takes("2001:db8:0:1::1", 0)
    assert not pace.takes("192.0.2.1", HOUR_MS - 1) and pace.takes("192.0.2.1", HOUR_MS)
    for n in range(50):
        assert pace.takes(f"198.51.{n}.1", HOUR_MS + 1)
    assert len(pace._seen) <= 3


def test_a_permanent_bar_that_waits_for_its_second_officer_is_called_that(whole_city: Town) -> None:
    """Nothing was ended by anybody: it did not begin."""
    row = Violation.objects.get(state="proposed")
    assert consequence_check.of(row, epoch_ms(whole_city.now)) == ("pending", "Not in force: a second officer has not agreed yet")


def test_a_permanent_bar_has_no_button_that_undoes_it(city: Town, visit: Visit) -> None:
    """V3: an officer asks, by a law; the same one does not answer."""
    office = city.people["office"]
    bar = Bar.objects.create(
        person=city.people["crew0"], kind="permanent", since=city.now - timedelta(days=1), reason="Violation 9.", first=office,
        second=city.people["head"],
    )  # fmt: skip
    page, client = f"/access/bars/{bar.pk}/", visit("office")
    shown = client.get(page)
    assert "Only by a new decision of two officers" in words(shown) and "Undo" not in words(shown)
    assert client.post(page, {"law": "Order 26-11", "reason": WHY}).status_code == 302
    bar.refresh_from_db()
    assert bar.ended is None and bar.asker == office
    assert client.post(page, {"answer": "yes", "reason": WHY}).status_code == 403
    assert "You do not decide this" in words(client.get(page))


def test_an_agency_is_bound_on_paper_or_by_its_contact_on_the_page(city: Town, visit: Visit) -> None:
    """P-09: for each material version; without it nobody of it has mail; Home asks the contact."""
    text = city.policy
    text.pk, text.version, text.sha256, text.published = None, 8, "e" * 64, city.now - timedelta(days=15)
    text.save(force_insert=True)
    for key in ("office", "crew0"):
        person = city.people[key]
        Acknowledgement.objects.create(person=person, text=text, accepted=True, shown=text.sha256, at=city.now)
    client = visit("crew0")
    assert "Northline" in words(visit("office").get("/access/agencies/northline/")) and Undertaking.objects.count() == 1
    assert "no mail before a new one" in words(visit("office").get("/access/agencies/northline/"))
    page = "/agencies/northline/undertaking/"
    assert client.post(page, {"shown": "e" * 64}).status_code == 422, "nothing is chosen beforehand"
    assert client.post(page, {"answer": "on", "shown": "0" * 64}).status_code == 409
    assert client.post(page, {"answer": "on", "shown": "e" * 64}).status_code == 302
    made = Undertaking.objects.get(text__version=8)
    assert (made.how, made.by) == ("contact", city.people["crew0"])
    assert visit("office").post("/access/agencies/northline/undertaking/", {"reference": "File 9"}).status_code == 409
    assert Agency.objects.get(code="northline").contact
