"""Mandates: who asks, who decides, what ends one, and who learns of it (P-16; E1 to E5, E8)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction

from city.identity import cases, staff
from city.identity.cases import APP, AUDITOR, EXA, HANK, HOUR, OFFICER, WHY, actor, approved, asked, entered
from city.identity.cases import quiet as quiet
from city.identity.staff import MS
from civicmail.city.directory.models import Department, Person
from civicmail.city.guard import examination_grounds
from civicmail.city.guard.actions import protections
from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.mandate_request import MandateRequest
from civicmail.city.guard.models import Account, Entry, Mandate
from civicmail.city.identity.actions import content_views, mandate_expiry, mandates
from civicmail.city.identity.actions.date_sweep import sweep
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.identity.queries import mandates as found
from civicmail.city.identity.queries.mandates import subjects_of
from civicmail.city.notices.models import Notice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet")]


@pytest.mark.rule(
    "P-16, E2",
    "Who may request an examination, in which role and on which ground, is one table; other requests are refused.",
)
@pytest.mark.parametrize("ground", ["request", "examination", "litigation", "continuity"])
@pytest.mark.parametrize(
    "role", ["examiner", "records-officer", "city-attorney", "access-officer", "auditor", examination_grounds.HEAD]
)
def test_the_table_says_who_asks_as_what_for_which_ground(ground: str, role: str) -> None:
    """And what is not in it nobody asks."""
    way = examination_grounds.find_rule(ground, role)
    who = replace(HANK, held=EXA.held) if role == examination_grounds.HEAD else actor("exa", role)  # type: ignore[arg-type]
    if way is None:
        with pytest.raises(NotPermitted):
            asked("wendy", by=who, ground=ground, role=role)
    else:
        made = asked("wendy", by=who, ground=ground, role=role)
        assert (made.ground, made.role, made.state, made.number) == (ground, role, "asked", "26-001")


@pytest.mark.rule(
    "P-16, E1", "Whoever asked for an examination is notified of the decision by mail, without whose mail it is about."
)
def test_whoever_asked_hears_the_decision_by_mail() -> None:
    for decide, decision in ((mandates.approve, "approved"), (mandates.refuse, "denied")):
        made = asked("wendy", by=EXA)
        decide(made, actor=APP, reason="Wendy is on leave until Monday.", now=MS)
        notice = Notice.objects.get(key__startswith=f"mandate:{made.number}:")
        assert (notice.to, notice.subject) == ("exa@city.example", f"Examination {made.number} was {decision}")
        assert f"/mandates/{made.number}/" in notice.text and "endy" not in notice.text


@pytest.mark.rule("P-16", "A department examines the mail of its own people only.")
def test_a_department_looks_at_its_own_people_only() -> None:
    with pytest.raises(NotPermitted, match="own people"):
        asked("wendy", "exa", by=HANK, role=examination_grounds.HEAD)
    with pytest.raises(NotPermitted, match="own people"):
        asked(people=(), department="clerk", by=HANK, role=examination_grounds.HEAD)
    made = asked(people=(), department="works", by=HANK, role=examination_grounds.HEAD)
    assert {p.uid for p in subjects_of(made)} == {"wendy", "carl"}, "hank asks, so his own mail is not in it"
    mandates.approve(made, actor=APP, now=MS)
    made.refresh_from_db()
    assert {"wendy@city.example", "carl@city.example", "works@city.example"} == set(made.boxes)


@pytest.mark.rule(
    "P-16, E2",
    "An examination states people, period, words, duration, and the reason in at least twenty characters.",
)
@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (MandateRequest(("wendy",), reason="too short"), "reason"),
        (MandateRequest(reason=WHY), "people"),
        (MandateRequest(("wendy",), "works", reason=WHY), "people"),
        (MandateRequest(("nobody",), reason=WHY), "people"),
        (MandateRequest(("exa",), reason=WHY), "people"),
        (MandateRequest(("wendy",), first=2, last=1, reason=WHY), "last"),
        (MandateRequest(("wendy",), words="(storm", reason=WHY), "words"),
        (MandateRequest(("wendy",), words="w " * 501, reason=WHY), "words"),
        (MandateRequest(("wendy",), days=0, reason=WHY), "days"),
        (MandateRequest(("wendy",), days=91, reason=WHY), "days"),
    ],
)
def test_what_is_asked_says_whose_mail_when_with_which_words_and_why(wanted: MandateRequest, field: str) -> None:
    with pytest.raises(Unusable) as refused:
        mandates.ask("examination", "examiner", wanted, actor=EXA, now=MS)
    assert list(refused.value.fields) == [field]
    assert not Mandate.objects.exists() and not Entry.objects.exists()


@pytest.mark.rule(
    "P-16, E1, E3, AC-5",
    "The second person is outside every reporting line concerned, and an excluded one is not told why.",
)
@pytest.mark.parametrize("uid", ["exa", "minion", "wendy", "hank", "carl"])
def test_the_second_person_is_outside_of_every_line_and_nobody_hears_why_not(uid: str) -> None:
    """Not who asked, nobody below them; not whom it is about, nobody above or below. All hear the same (E1)."""
    made = asked("wendy")
    who = actor(uid, "examination-approver")
    for verb in (mandates.approve, mandates.refuse):
        with pytest.raises(NotPermitted) as refused:
            verb(made, actor=who, reason="it may be looked at", now=MS)
        assert str(refused.value) == mandates.ELSEWHERE
    assert found.waiting_for(who, MS).requested == []
    made.refresh_from_db()
    assert made.state == "asked" and not entered("mandate.approve")
    if uid != "exa":
        assert found.find_visible(who, made.number, MS) is None
    assert found.waiting_for(APP, MS).requested == [made]
    assert found.find_visible(APP, made.number, MS) == made
    assert mandates.approve(made, actor=APP, now=MS).state == "approved"


def test_the_database_itself_knows_that_nobody_approves_their_own() -> None:
    made = asked("wendy")
    made.approver = made.person
    with pytest.raises(IntegrityError), transaction.atomic():
        made.save()


def test_without_the_role_or_without_taking_it_up_nobody_decides() -> None:
    made = asked("wendy")
    for who in (actor("app", "examination-approver", taken=MS), actor("app", "records-officer"), AUDITOR, OFFICER):
        with pytest.raises(NotPermitted):
            mandates.approve(made, actor=who, now=MS)


def test_an_approval_begins_the_window_and_says_so_in_the_ledger() -> None:
    """E2: fourteen days unless something else was asked for."""
    made = mandates.approve(asked("wendy"), actor=APP, now=MS + HOUR)
    assert (epoch_ms(made.starts), epoch_ms(made.until)) == (MS + HOUR, MS + HOUR + 14 * DAY_MS)
    assert made.boxes == ["wendy@city.example"] and made.custodians == ["Wendy Test", "wendy", "wendy@city.example"]
    (entry,) = entered("mandate.approve")
    assert (entry.person, entry.object, entry.facts["mandate"]) == ("app", "mandate:26-001", "26-001")
    (entry,) = entered("mandate.ask")
    assert entry.reason == WHY and entry.facts["people"] == ["wendy"]


def test_a_name_that_two_people_have_is_no_name_of_an_import() -> None:
    """E5: another one's import is not in the scope because of a name."""
    other = Person.objects.create(uid="wendy2", family="Test", display="Wendy Test")
    assert approved("wendy").custodians == ["wendy", "wendy@city.example"]
    other.display = "WENDY  test"  # imports are found by what is the same in any case
    other.save()
    assert approved("wendy").custodians == ["wendy", "wendy@city.example"]


@pytest.mark.rule("P-16, E3", "An undecided or unused examination expires after 72 hours.")
def test_what_nobody_answers_or_uses_lapses_after_72_hours() -> None:
    """And then it opens nothing and cannot be approved."""
    waits, unused, used = asked("wendy"), approved("carl", at=MS), approved("hank", at=MS)
    content_views.under(found.to_mandate(used), "content.list", actor=EXA, facts={}, now=MS + 1)
    sweep(MS + 72 * HOUR - 1)
    assert set(Mandate.objects.values_list("state", flat=True)) == {"asked", "approved", "open"}
    with pytest.raises(Conflict, match="expired"):
        mandates.approve(waits, actor=APP, now=MS + 72 * HOUR)
    with pytest.raises(NotPermitted, match="not in force"):
        content_views.under(found.to_mandate(unused), "content.list", actor=EXA, facts={}, now=MS + 72 * HOUR)
    assert found.live(EXA, used.number, MS + 72 * HOUR).state == "open"
    sweep(MS + 72 * HOUR)
    assert [Mandate.objects.get(pk=m.pk).state for m in (waits, unused, used)] == ["lapsed", "lapsed", "open"]
    with pytest.raises(NotPermitted, match="not in force"):
        found.live(EXA, unused.number, MS + 72 * HOUR)
    assert sweep(MS + 72 * HOUR).mandates == 0


@pytest.mark.rule("P-16, E3", "Protected mail is decided about by who is named for its class.")
def test_protected_mail_has_its_own_approver() -> None:
    """Mayor and council by being elected, the city attorney by the role, others as the city names them."""
    second = actor("second", "examination-approver")
    staff.worker("second", Department.objects.get(code="clerk"), Person.objects.get(uid="cora"))
    mayor = staff.person("mayor")
    staff.employed(mayor, staff.department("council"), "elected")
    cases.hold("cora", "city-attorney")
    staff.person("away")  # of no department, so in no line of cora's
    protections.protect("union", Department.objects.get(code="works"), actor=OFFICER, reason="the union's office is here", now=MS)
    for uid, kind in (("mayor", "council"), ("cora", "city-attorney"), ("wendy", "union")):
        approver = APP if uid != "cora" else actor("away", "examination-approver")
        made = asked(uid)
        assert made.protected == [kind]
        with pytest.raises(NotPermitted, match=examination_grounds.PROTECTED_CLASSES[kind].lower()):
            mandates.approve(made, actor=approver, now=MS)
        assert not found.waiting_for(approver, MS).requested
    protections.name_approver("council", Person.objects.get(uid="second"), actor=OFFICER, reason="chosen by the council", now=MS)
    both = asked("mayor", "wendy")
    with pytest.raises(NotPermitted, match="union"):
        mandates.approve(both, actor=second, now=MS)
    one = asked("mayor")
    assert found.waiting_for(second, MS).requested[-1] == one
    named = mandates.approve(one, actor=second, now=MS)
    assert named.approver == Person.objects.get(uid="second")
    row = Person.objects.get(uid="second").protections.get()
    protections.end(row, actor=OFFICER, reason="no longer on the council's list", now=MS)
    with pytest.raises(Conflict):
        protections.end(row, actor=OFFICER, reason="no longer on the council's list", now=MS)
    with pytest.raises(NotPermitted):
        mandates.approve(asked("mayor"), actor=second, now=MS)


def test_nobody_protects_or_names_themselves() -> None:
    for verb in (protections.protect, protections.name_approver):
        with pytest.raises(NotPermitted):
            verb("union", Person.objects.get(uid="officer"), actor=OFFICER, reason="because I say so", now=MS)
        with pytest.raises(NotPermitted):
            verb("union", Person.objects.get(uid="app"), actor=EXA, reason="because I say so", now=MS)


@pytest.mark.rule("P-16", "Of two people who decide on an examination the second is told so, and nothing is half-done.")
def test_two_who_decide_opposite_things_are_told_so() -> None:
    """The second one sees that somebody was faster, and nothing is half-done."""
    made = asked("wendy")
    seen_by_both = Mandate.objects.get(pk=made.pk)
    mandates.refuse(made, actor=APP, reason="too wide as it is asked", now=MS)
    with pytest.raises(Conflict):
        mandates.approve(seen_by_both, actor=APP, now=MS)
    made.refresh_from_db()
    assert (made.state, made.starts, made.boxes) == ("refused", None, []) and not entered("mandate.approve")


@pytest.mark.rule("P-16, promise 4, E2", "An examination ends automatically at its time, and an open page shows nothing more.")
def test_a_mandate_ends_by_itself_and_an_open_page_gets_nothing_more() -> None:
    """At its time, whether a sweep has been or not."""
    made = found.to_mandate(approved("wendy", days=2, at=MS))
    last = MS + 2 * DAY_MS
    assert content_views.under(made, "content.show", actor=EXA, facts={"id": "1"}, now=last - 1).mandate == "26-001"
    with pytest.raises(NotPermitted, match="not in force"):
        content_views.under(made, "content.show", actor=EXA, facts={"id": "1"}, now=last)
    sweep(last)
    assert Mandate.objects.get().state == "ended"
    (entry,) = entered("mandate.end")
    assert entry.person == "tick"


def test_it_ends_with_a_finding_by_who_looked() -> None:
    """E8."""
    row = approved("wendy", at=MS)
    made = found.to_mandate(row)
    content_views.under(made, "content.list", actor=EXA, facts={}, now=MS)
    row.refresh_from_db()
    for finding, who, error in (("none", EXA, Unusable), ("Nothing of the tip was true.", actor("app", "examiner"), NotPermitted)):
        with pytest.raises(error):
            mandates.close(row, finding, actor=who, now=MS)
    closed = mandates.close(row, "Nothing of the tip was true.", actor=EXA, now=MS + 1)
    assert (closed.state, closed.finding) == ("closed", "Nothing of the tip was true.")
    with pytest.raises(NotPermitted, match="not in force"):
        content_views.under(made, "content.show", actor=EXA, facts={}, now=MS + 2)


def test_a_second_person_stops_what_is_in_force() -> None:
    row = approved("wendy", at=MS)
    made = found.to_mandate(row)
    with pytest.raises(NotPermitted):
        mandates.stop(row, actor=actor("hank", "examination-approver"), reason="this goes too far now", now=MS)
    mandates.stop(row, actor=APP, reason="this goes too far now", now=MS + 1)
    with pytest.raises(NotPermitted, match="not in force"):
        content_views.under(made, "content.show", actor=EXA, facts={}, now=MS + 2)


@pytest.mark.rule("P-16, promise 5, E2", "An examination ends with the role or the access of its examiner, and is not restored.")
@pytest.mark.parametrize("how", ["duty", "account", "employment", "office"])
def test_it_ends_with_the_role_or_the_access_of_who_looks(how: str) -> None:
    """And does not come back with them."""
    if how == "office":
        row = asked("wendy", by=HANK, role=examination_grounds.HEAD)
        mandates.approve(row, actor=APP, now=MS)
        Department.objects.filter(code="works").update(head=Person.objects.get(uid="cora"))
    else:
        row = approved("wendy", at=MS)
        if how == "duty":
            RoleAssignment.objects.filter(role="examiner").update(ended=from_ms(MS))
        elif how == "account":
            Account.objects.filter(person__uid="exa").update(is_active=False)
        else:
            Person.objects.get(uid="exa").episodes.update(ended=from_ms(MS).date())
    assert mandate_expiry.end_without_role(MS + 1) == 1
    row.refresh_from_db()
    assert row.state == "ended" and mandate_expiry.end_without_role(MS + 1) == 0
    RoleAssignment.objects.update(ended=None)
    with pytest.raises(NotPermitted):
        found.live(EXA, row.number, MS + 2)


def test_what_is_kept_goes_on() -> None:
    """Deactivating a role for the night ends nothing; the guard asks for it again."""
    made = found.to_mandate(approved("wendy", at=MS))
    assert mandate_expiry.end_without_role(MS + 1) == 0
    with pytest.raises(NotPermitted, match="Activate"):
        content_views.under(made, "content.show", actor=actor("exa", "examiner", taken=MS), facts={}, now=MS + 1)
