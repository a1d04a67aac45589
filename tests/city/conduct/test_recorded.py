"""A violation by an agency's person: recorded, and every door shuts in the same transaction; a wrong record is taken back by a
second officer (P-09; C2 to C4)."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from city.conduct import cases_of_violations as cases
from city.conduct.cases_of_violations import CAPTURE, HEAD, ONE, SPONSOR, TWO, WEEK, WHAT, WHY, actor, said, who
from city.identity import staff
from city.identity.staff import MS, NOW
from civicmail.city.conduct import consequence_table
from civicmail.city.conduct.actions import consequences, findings, violation_reports
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.violation_states import OPEN, STATES, STEPS, actions, step
from civicmail.city.directory.models import Agency, Contract, Episode
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Account, Entry
from civicmail.city.guard.reasons import Reasons
from civicmail.city.identity.actions import access_requests, organization
from civicmail.city.identity.models import Authorization, Bar, Device
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.notices.models import Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> None:
    cases.town()
    Device.objects.create(person=who("pat"), key="k1", name="phone", mac="00" * 32, made=NOW)


def recorded() -> Violation:
    return violation_reports.record(who("pat"), "P-12", WHAT, [CAPTURE], actor=SPONSOR, now=MS)


@pytest.mark.rule(
    "P-09, C2",
    "A sponsor, an authorizer or an access officer records a violation of an agency's person with evidence, and all "
    "access ends in that transaction.",
)
@pytest.mark.usefixtures("town")
def test_a_record_shuts_every_door_in_its_transaction() -> None:
    """By sponsor, authorizer or access officer; with evidence; told to sponsor and the agency's contact."""
    Agency.objects.update(contact="Pat.Boss@city.example")
    staff.worker("pat.boss", who("pat").episodes.get().department, who("head"), "contractor")
    for nobody in (actor("ann"), actor("chief", "clerk"), actor("pat")):
        with pytest.raises(NotPermitted):
            violation_reports.record(who("pat"), "P-12", WHAT, [CAPTURE], actor=nobody, now=MS)
    with pytest.raises(Unusable, match="names its evidence"):
        violation_reports.record(who("pat"), "P-12", WHAT, [], actor=SPONSOR, now=MS)
    with pytest.raises(Unusable, match="people of agencies"):
        violation_reports.record(who("ann"), "P-12", WHAT, [CAPTURE], actor=HEAD, now=MS)
    epoch = Account.objects.get(person=who("pat")).epoch
    row = recorded()
    account = Account.objects.get(person=who("pat"))
    assert account.epoch == epoch + 1 and not account.is_active and not Device.objects.filter(ended=None).exists()
    assert not actor_of(account, "", MS).admitted and Authorization.objects.get(person=who("pat")).state == "revoked"
    seen = build_snapshot(1, MS, ("city.example",))
    assert seen.people["pat"].why and seen.mailboxes["pat@city.example"].state == "held"
    assert row.state == "recorded" and row.ending is not None and row.ending.done is not None
    told = {n.to: n.text for n in Notice.objects.filter(key__contains=":agency:")}
    assert set(told) == {"pat.boss@city.example", "sponsor@city.example"}
    assert not any("votes" in text or CAPTURE in text for text in told.values()), "the agency gets no content"


@pytest.mark.usefixtures("town")
def test_when_a_record_fails_nothing_of_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("cut")

    monkeypatch.setattr(violation_reports, "_tell_agency", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        recorded()
    assert Authorization.objects.get(person=who("pat")).state == "active" and not Violation.objects.exists()


@pytest.mark.rule("P-09", "A wrong record is withdrawn by a second officer, and access is restored as it was.")
@pytest.mark.usefixtures("town")
def test_a_wrong_record_is_taken_back_by_a_second_officer_and_access_comes_back_as_it_was() -> None:
    """Decision 0040: a new employment and authorization of the same words, until the same day; new device passwords."""
    before = Authorization.objects.get(person=who("pat"))
    row = recorded()
    with pytest.raises(NotPermitted, match="takes two"):
        consequences.reverse(row, actor=actor("sponsor", "works"), reason=WHY, now=MS + DAY_MS)
    done = consequences.reverse(row, actor=ONE, reason="The messages were sent by another Pat.", now=MS + DAY_MS)
    assert done.state == "reversed" and not Bar.objects.filter(ended=None).exists()
    after = Authorization.objects.get(person=who("pat"), state="active")
    assert (after.until, after.duties, after.mailbox) == (before.until, before.duties, before.mailbox)
    assert after.episode.pk != before.episode.pk and Episode.objects.get(pk=before.episode.pk).ended is not None
    seen = build_snapshot(1, MS + DAY_MS, ("city.example",))
    assert seen.people["pat"].why == "" and seen.mailboxes["pat@city.example"].state == "open"
    assert Account.objects.get(person=who("pat")).is_active and seen.people["pat"].devices == ()
    with pytest.raises(Conflict):
        consequences.reverse(done, actor=TWO, reason="The messages were sent by another Pat.", now=MS + DAY_MS)


@pytest.mark.usefixtures("town")
def test_review_comes_after_the_record_and_re_entry_is_decided_one_level_higher() -> None:
    """C2, C4: their answer on paper, confirmed by another, no ladder; and at the next agency it is known."""
    row = findings.record_response(recorded(), "I was told to send it.", "Paper 26-9", actor=HEAD, now=MS + DAY_MS)
    with pytest.raises(NotPermitted, match="Who reported it"):
        findings.find(row, "confirm", actor=actor("sponsor", "works"), reason=WHY, now=MS + DAY_MS)
    row = findings.find(row, "confirm", actor=HEAD, reason=WHY, now=MS + DAY_MS)
    row = consequences.decide(row, said("ended"), actor=ONE, now=MS + DAY_MS)
    assert (row.proposed, row.departs) == ("ended", False)
    agency = Agency.objects.create(code="next", name="Next Paving")
    contract = Contract.objects.create(
        agency=agency, number="2", sponsor=who("one"), starts=NOW.date(), ends=NOW.date().replace(month=12)
    )
    where = Episode.objects.get(person=who("ann")).department
    Episode.objects.create(person=who("pat"), kind="vendor", department=where, contract=contract, starts=NOW.date())
    asked = access_requests.ask(
        who("pat"), reasons=Reasons(**staff.WORDS), until=MS + 30 * DAY_MS, actor=actor("three", office=True), now=MS + 2 * DAY_MS
    )
    with pytest.raises(NotPermitted, match="next head up"):
        access_requests.approve(asked, actor=HEAD, now=MS + 2 * DAY_MS)
    assert access_requests.approve(asked, actor=TWO, now=MS + 2 * DAY_MS).state == "active"


@pytest.mark.rule(
    "P-09, C2",
    "A confirmed violation by an agency's person ends access immediately, without regard to violation points.",
)
@pytest.mark.usefixtures("town")
def test_what_is_confirmed_about_an_agencys_person_ends_access_at_once() -> None:
    """Also where it was only reported; no strike is waited for."""
    row = cases.confirmed("pat")
    assert row.ending is not None and Authorization.objects.get(person=who("pat")).state == "revoked"
    row = consequences.decide(row, said("ended"), actor=ONE, now=MS + WEEK)
    with pytest.raises(NotPermitted):
        consequences.record_appeal(row, "It was my brother.", "Paper 1", actor=actor("ann"), now=MS + WEEK)
    row = consequences.record_appeal(row, "It was my brother.", "Paper 1", actor=TWO, now=MS + WEEK)
    consequences.hear(row, uphold=False, actor=TWO, reason=WHY, now=MS + WEEK)
    assert Authorization.objects.filter(person=who("pat"), state="active").exists()


@pytest.mark.rule(
    "P-09, C3",
    "An agency that is switched off is out with forty people in one entry, and new access there is decided one level "
    "higher afterwards.",
)
def test_forty_people_of_an_agency_are_out_with_one_entry_that_names_them() -> None:
    head = staff.person("head")
    works = staff.department("works", head)
    people = [staff.worker(f"w{n:02}", works, head, "contractor") for n in range(40)]
    agency = Agency.objects.get(code="acme")
    assert organization.suspend_agency(agency, actor=ONE, reason="Invoices for work that was never done.", now=MS) == 40
    entry = Entry.objects.get(act="agency.suspend")
    assert entry.facts["people"] == sorted(p.uid for p in people)
    seen = build_snapshot(1, MS, ("city.example",))
    assert all(seen.people[p.uid].why and not seen.people[p.uid].grants for p in people)
    organization.resume_agency(Agency.objects.get(code="acme"), actor=ONE, reason="The invoices were right after all.", now=MS)
    staff.person("one")
    new = staff.person("new")
    staff.employed(new, works, "contractor")
    asked = access_requests.ask(new, reasons=Reasons(**staff.WORDS), until=MS + 30 * DAY_MS, actor=ONE, now=MS)
    with pytest.raises(NotPermitted, match="next head up"):
        access_requests.approve(asked, actor=HEAD, now=MS)


@pytest.mark.rule("P-30", "No walk leaves the table of states, and nothing is decided that was not confirmed.")
@given(st.data())
@settings(max_examples=60)
def test_no_walk_leaves_the_table(data: st.DataObject) -> None:
    """Whatever is tried in whatever order; what is over stays over, and a finding comes before a decision."""
    state, seen = data.draw(st.sampled_from(["reported", "recorded"])), list[str]()
    everything = sorted({s.action for s in STEPS})
    for _ in range(8):
        wanted = data.draw(st.sampled_from(everything))
        if wanted not in actions(state):
            with pytest.raises(Conflict):
                step(state, wanted)
            continue
        state = step(state, wanted)
        seen.append(state)
        assert state in STATES
    if "decided" in seen:
        assert "confirmed" in seen and seen.index("confirmed") < seen.index("decided")
    if not actions(state):
        assert state not in OPEN


@given(st.sampled_from(["staff", "outside", "elected"]), st.integers(0, 12), st.booleans())
@settings(max_examples=60)
def test_the_table_never_grows_milder_and_severe_is_its_end(ladder: str, before: int, severe: bool) -> None:
    """V2: for each ladder and any number of strikes; who was elected is never shut out."""
    table = consequence_table.load()
    order = ["none", "warning", "restriction", "suspension", "ended", "permanent"]
    now, more = (table.proposed(ladder, n, severe=severe) for n in (before, before + 1))
    assert (order.index(now.outcome), now.days) <= (order.index(more.outcome), more.days)
    end = table.proposed(ladder, before, severe=True)
    assert (order.index(now.outcome), now.days) <= (order.index(end.outcome), end.days)
    assert ladder != "elected" or now.outcome in ("warning", "restriction")
    if ladder == "staff" and not severe:
        assert now.outcome == ("warning", "suspension", "permanent")[min(before, 2)]
