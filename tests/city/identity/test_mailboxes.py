"""Departments, agencies, people, mailboxes, aliases, lists: rules of rows under the guard (M1, S1, L3; P-04, P-08, P-09)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from city.identity import staff
from city.identity.staff import KINDS, MS, NOW, OLD
from civicmail.city.directory.actions.people import Name, Work
from civicmail.city.directory.models import Agency, Department, Mailbox, Person
from civicmail.city.directory.queries import owner_at
from civicmail.city.guard import guard
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.guard.resources import PersonCase
from civicmail.city.identity.actions import mailboxes, organization, people
from civicmail.city.identity.models import Device
from civicmail.city.identity.queries.snapshots import build_snapshot

pytestmark = pytest.mark.django_db

OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))
WHY = "Wanted by the department."
FOR = "Letters that are nobody's in particular."


def _town() -> tuple[Department, Person, Person]:
    head = staff.person("head")
    where = staff.department(head=head)
    staff.employed(head, where)
    return where, head, staff.worker("ann", where, head)


def _actor(person: Person) -> Actor:
    from civicmail.city.identity.queries.actors import actor_of

    return actor_of(person.account, "", MS)


@pytest.mark.rule("P-08, L3", "An address that belonged to a person is never given to another person, a function or a list.")
@pytest.mark.parametrize("later", ["alias", "function", "list"])
def test_an_address_is_never_given_to_another_person(later: str) -> None:
    """Not as an alias, not to a function, not to a list, however long ago it ended."""
    where, head, ann = _town()
    bob = staff.worker("bob", where, head)
    mailboxes.add_alias(ann.mailboxes.get(), "A.Mueller@city.example", actor=OFFICER, reason=WHY, now=MS)
    mailboxes.end_alias(ann.mailboxes.get(), "a.mueller@city.example", actor=OFFICER, reason=WHY, now=MS + 1)
    with pytest.raises(Unusable, match="belonged to another person"):
        if later == "alias":
            mailboxes.add_alias(bob.mailboxes.get(), "a.mueller@city.example", actor=OFFICER, reason=WHY, now=MS + DAY_MS)
        elif later == "function":
            mailboxes.make_function("a.mueller@city.example", "A", where, FOR, actor=OFFICER, reason=WHY, now=MS + DAY_MS)
        else:
            mailboxes.make_group("a.mueller@city.example", "A", where, actor=OFFICER, reason=WHY, now=MS + DAY_MS)
    mailboxes.add_alias(ann.mailboxes.get(), "a.mueller@city.example", actor=OFFICER, reason=WHY, now=MS + DAY_MS)


@pytest.mark.rule(
    "P-08, promise 4",
    "An address that reached one mailbox of an office never reaches another, whose users would read its earlier mail.",
)
@pytest.mark.parametrize("later", ["alias", "function", "list"])
def test_an_address_of_an_office_never_reaches_another_mailbox(later: str) -> None:
    """P-08, promise 4: whoever reads the other mailbox would read what had come to this one."""
    where, *_ = _town()
    parking = mailboxes.make_function("parking@city.example", "Parking", where, FOR, actor=OFFICER, reason=WHY, now=MS)
    roads = mailboxes.make_function("roads@city.example", "Roads", where, FOR, actor=OFFICER, reason=WHY, now=MS)
    mailboxes.add_alias(parking, "meters@city.example", actor=OFFICER, reason=WHY, now=MS)
    mailboxes.end_alias(parking, "meters@city.example", actor=OFFICER, reason=WHY, now=MS + 1)
    with pytest.raises(Unusable, match=r"reached parking@city\.example"):
        if later == "alias":
            mailboxes.add_alias(roads, "meters@city.example", actor=OFFICER, reason=WHY, now=MS + DAY_MS)
        elif later == "function":
            mailboxes.make_function("meters@city.example", "Meters", where, FOR, actor=OFFICER, reason=WHY, now=MS + DAY_MS)
        else:
            mailboxes.make_group("meters@city.example", "Meters", where, actor=OFFICER, reason=WHY, now=MS + DAY_MS)
    mailboxes.add_alias(parking, "meters@city.example", actor=OFFICER, reason=WHY, now=MS + DAY_MS)


def test_who_an_address_was_on_a_day_is_answered_for_ever() -> None:
    """P-08: with plus-addresses, aliases that ended, and the department of that day."""
    where, _, ann = _town()
    mailboxes.add_alias(ann.mailboxes.get(), "am@city.example", actor=OFFICER, reason=WHY, now=MS)
    mailboxes.end_alias(ann.mailboxes.get(), "am@city.example", actor=OFFICER, reason=WHY, now=MS + 5 * DAY_MS)
    found = owner_at("AM+list@city.example", NOW + timedelta(days=1))
    assert found is not None and (found.person, found.mailbox, found.department) == ("ann", "ann@city.example", "clerk")
    assert owner_at("am@city.example", NOW + timedelta(days=6)) is None and owner_at("am@city.example", OLD) is None
    mailboxes.make_group("all@city.example", "All", where, everyone=True, actor=OFFICER, reason=WHY, now=MS)
    listed = owner_at("all@city.example", NOW + timedelta(days=1))
    assert listed is not None and listed.kind == "list" and owner_at("all@city.example", OLD) is None


@pytest.mark.parametrize(
    "address",
    [
        "ann",
        "a b@city.example",
        "ann@other.example",
        "ann+x@city.example",
        ".ann@city.example",
        "a..b@city.example",
        "ä@city.example",
    ],
)
def test_what_is_no_address_of_ours_is_told(address: str) -> None:
    where, _, ann = _town()
    with pytest.raises(Unusable) as refused:
        mailboxes.add_alias(ann.mailboxes.get(), address, actor=OFFICER, reason=WHY, now=MS)
    assert set(refused.value.fields) == {"address"} and where.pk
    with pytest.raises(Unusable, match="role"):
        mailboxes.add_alias(ann.mailboxes.get(), "postmaster@city.example", actor=OFFICER, reason=WHY, now=MS)


def test_a_mailbox_has_one_owner_and_a_personal_one_its_holder() -> None:
    """M1: the database itself says so."""
    where, _, ann = _town()
    for wrong in ({"kind": "personal", "holder": None}, {"kind": "function", "holder": ann}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Mailbox.objects.create(address="x@city.example", name="x", department=where, made=NOW, **wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Mailbox.objects.create(address="x@city.example", name="x", kind="function", made=NOW)


def test_a_function_mailbox_says_what_for_and_closes_when_nobody_uses_it() -> None:
    where, head, ann = _town()
    with pytest.raises(Unusable, match="what it is for"):
        mailboxes.make_function("311@city.example", "311", where, "x", actor=_actor(head), reason=WHY, now=MS)
    box = mailboxes.make_function("311@city.example", "311", where, FOR, actor=_actor(head), reason=WHY, now=MS)
    row = staff.authorized(ann, box, ann.episodes.get(), head, role="delegate")
    with pytest.raises(Conflict, match="authorized to use"):
        mailboxes.close(box, actor=_actor(head), reason=WHY, now=MS)
    row.state = "revoked"
    row.save()
    mailboxes.close(box, actor=_actor(head), reason=WHY, now=MS)
    assert build_snapshot(1, MS, ("city.example",)).mailboxes["311@city.example"].state == "closed"
    with pytest.raises(Unusable, match="was a mailbox"):
        mailboxes.make_function("311@city.example", "311", where, FOR, actor=OFFICER, reason=WHY, now=MS)


def test_a_service_mailbox_ends_within_a_year_and_is_renewed() -> None:
    """S1."""
    where, _, ann = _town()
    with pytest.raises(Unusable, match="year"):
        mailboxes.make_service("p@city.example", "P", where, FOR, MS + 366 * DAY_MS, actor=OFFICER, reason=WHY, now=MS)
    box = mailboxes.make_service("p@city.example", "P", where, FOR, MS + 30 * DAY_MS, actor=OFFICER, reason=WHY, now=MS)
    Device.objects.create(machine=box, key="k", name="p", mac="00" * 32, made=NOW)
    mailboxes.renew_service(box, MS + 90 * DAY_MS, actor=OFFICER, reason=WHY, now=MS + DAY_MS)
    assert build_snapshot(1, MS + 89 * DAY_MS, ("city.example",)).mailboxes["p@city.example"].state == "open"
    mailboxes.close(Mailbox.objects.get(pk=box.pk), actor=OFFICER, reason=WHY, now=MS + DAY_MS)
    assert Device.objects.get().ended is not None and ann.pk


def test_the_tree_of_departments_has_no_cycle_and_heads_work_for_the_city() -> None:
    """P-04, bad input."""
    act = {"actor": OFFICER, "reason": WHY, "now": MS}
    root = organization.make_department("city", "City", **act)
    works = organization.make_department("works", "Works", parent=root, **act)
    streets = organization.make_department("streets", "Streets", parent=works, **act)
    for parent in (streets, works):
        with pytest.raises(Unusable, match="below"):
            organization.place_department(works, parent, **act)
    organization.place_department(streets, root, **act)
    with pytest.raises(Unusable, match="does not work"):
        organization.lead_department(works, staff.person("x"), **act)
    with pytest.raises(Unusable, match="small letters"):
        organization.make_department("Über", "U", **act)
    with pytest.raises(Unusable, match="divisions"):
        organization.close_department(Department.objects.get(code="city"), **act)
    with pytest.raises(NotPermitted):
        organization.make_department("x", "X", actor=Actor("ann", "Ann"), reason=WHY, now=MS)


@pytest.mark.rule("P-09, C3", "An agency is switched off with all its people in one act.")
def test_an_agency_is_switched_off_with_one_entry_that_lists_its_people() -> None:
    """Forty people, one action."""
    where, head, _ = _town()
    crowd = [staff.worker(f"c{n}", where, head, "contractor") for n in range(40)]
    agency = Agency.objects.get()
    assert organization.suspend_agency(agency, actor=OFFICER, reason=WHY, now=MS) == 40
    seen = build_snapshot(1, MS, ("city.example",))
    assert all("suspended" in seen.people[p.uid].why and seen.mailboxes[f"{p.uid}@city.example"].state == "held" for p in crowd)
    assert len(Entry.objects.get(act="agency.suspend").facts["people"]) == 40
    with pytest.raises(Conflict):
        organization.suspend_agency(agency, actor=OFFICER, reason=WHY, now=MS)
    organization.resume_agency(agency, actor=OFFICER, reason=WHY, now=MS)
    assert all(build_snapshot(1, MS, ("city.example",)).people[p.uid].why == "" for p in crowd)


@pytest.mark.parametrize("kind", KINDS)
def test_somebody_new_begins_without_access_and_an_agencys_people_under_a_contract(kind: str) -> None:
    """P-09: a difference that stands in the table of kinds."""
    where, head, _ = _town()
    agency = organization.make_agency("acme", "Acme", actor=OFFICER, reason=WHY, now=MS)
    today = NOW.date()
    contract = organization.make_contract(agency, "C-7", head, today, today + timedelta(days=90), actor=OFFICER, reason=WHY, now=MS)
    outside = kind in ("contractor", "vendor", "agent")
    with pytest.raises(Unusable) as refused:
        people.add("n-1", Name("New"), Work(kind, where, contract=None if outside else contract), actor=OFFICER, reason=WHY, now=MS)
    assert set(refused.value.fields) == {"contract"}
    made = people.add(
        "n-1", Name("New"), Work(kind, where, contract=contract if outside else None), actor=OFFICER, reason=WHY, now=MS
    )
    assert not made.authorizations.exists() and made.episodes.get().starts == today
    with pytest.raises(Unusable, match="already"):
        people.add("n-1", Name("New"), Work(kind, where, contract=contract if outside else None), actor=OFFICER, reason=WHY, now=MS)
    with pytest.raises(Unusable, match="works for the city already"):
        people.rehire(made, Work(kind, where, contract=contract if outside else None), actor=OFFICER, reason=WHY, now=MS)


def test_supervision_goes_round_in_no_circle_and_names_are_printable() -> None:
    where, _, ann = _town()
    bob = people.add("bob", Name("Baker"), Work("employee", where, supervisor=ann), actor=OFFICER, reason=WHY, now=MS)
    with pytest.raises(Unusable, match="supervise each other"):
        people.change_work(ann, position="Clerk", supervisor=bob, actor=OFFICER, reason=WHY, now=MS)
    for display in ("boss@bank.example", "A\u202eB"):
        with pytest.raises(Unusable):
            people.rename(ann, Name("Test", display=display), actor=OFFICER, reason=WHY, now=MS)
    people.rename(ann, Name("Meyer", "Ann"), actor=OFFICER, reason=WHY, now=MS)
    seen = build_snapshot(1, MS, ("city.example",))
    assert seen.people["ann"].name == "Ann Meyer" == seen.mailboxes["ann@city.example"].name
    assert Entry.objects.get(act="person.change").facts["family"] == ["Test", "Meyer"]


@pytest.mark.rule("P-04, M3", "The requester, the approver and the holder are three people.")
def test_requester_approver_and_holder_are_three_people() -> None:
    """The guard says it before anything is looked up."""
    decider = Actor("head", "Head", departments=frozenset({"clerk"}))
    assert guard.may(decider, "request.decide", PersonCase("clerk", "ann", first_actors=("super",), began_ms=MS), now=MS)
    assert not guard.may(decider, "request.decide", PersonCase("clerk", "ann", first_actors=("head",), began_ms=MS), now=MS)
    assert not guard.may(decider, "request.decide", PersonCase("clerk", "head", first_actors=("super",), began_ms=MS), now=MS)
    assert not guard.may(decider, "request.decide", PersonCase("parks", "ann", first_actors=("super",), began_ms=MS), now=MS)
    assert datetime.fromtimestamp(MS / 1000, UTC) == NOW
