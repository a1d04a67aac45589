"""Whoever is barred is known by everything that the directory ever said of them, by whatever door they come again (P-30, P-08)."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from random import Random

import pytest
from django.apps import apps
from django.db import transaction

from city.identity import staff
from city.identity.staff import MS, NOW
from civicmail.city.directory.actions.people import Name, Work
from civicmail.city.directory.models import Address, Department, FormerName, Mailbox, Person, ScimUser
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Entry
from civicmail.city.guard.reasons import Reasons
from civicmail.city.identity.actions import access_requests, barring, bulk_authorization, feed
from civicmail.city.identity.actions import people as verbs
from civicmail.city.identity.models import Authorization, RoleAssignment
from civicmail.city.identity.queries import bars
from civicmail.city.notices.models import Notice

pytestmark = pytest.mark.django_db
OFFICER = Actor("one", "one", (HeldRole("access-officer", "", FOREVER),))
WHY = "Sent bids of others outside, a third time."
ROWS = "uid,given,family,kind,department,phone,outside\n"
WORDS = ("Amber", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Ginkgo", "Hazel")


@pytest.fixture
def town() -> Department:
    boss, head = staff.person("boss"), staff.person("head")
    top = staff.department("top", boss)
    where = staff.department("clerk", head, top)
    for who, place in ((boss, top), (head, where), (staff.person("one"), top), (staff.person("two"), top)):
        staff.employed(who, place)
    staff.mailbox("one@city.example", top, Person.objects.get(uid="one"))
    RoleAssignment.objects.create(
        person=Person.objects.get(uid="one"), role="access-officer", starts=NOW - timedelta(days=1), by="boss", reason="office",
        until=NOW + timedelta(days=90),
    )  # fmt: skip
    staff.worker("ann", where, head)
    return where


def barred(uid: str = "ann") -> Person:
    person = Person.objects.get(uid=uid)
    with transaction.atomic():
        barring.impose(
            person, "permanent", until=None, origin="violation:1", reason=WHY, first=Person.objects.get(uid="one"),
            second=Person.objects.get(uid="two"), actor=OFFICER, now=MS,
        )  # fmt: skip
    return person


def called(person: Person, given: str, family: str) -> None:
    verbs.rename(person, Name(family, given), actor=OFFICER, reason="married", now=MS)
    person.refresh_from_db()


def changed(person: Person, rand: Random, n: int) -> str:
    """One change by one of the doors; what was said before it, and can be used by somebody who comes."""
    given, family = rand.sample(WORDS, 2)
    match rand.choice(["rename", "feed", "row", "telephone", "outside", "alias", "provider"]):
        case "rename":
            called(person, given, family)
            return f"name {given} {family}"
        case "feed":
            row = f"{person.uid},{given},{family},employee,clerk,,\n"
            run = feed.propose((ROWS + row).encode(), source="x.csv", actor=OFFICER, now=MS + n)
            feed.apply(run, actor=OFFICER, reason="Looked at it.", now=MS + n, despite_brake=True)
            return f"name {given} {family}"
        case "row":
            Person.objects.filter(pk=person.pk).update(given=given, family=family, display=f"{given} {family}")
            return f"name {given} {family}"
        case "telephone":
            Person.objects.filter(pk=person.pk).update(phone=f"414 555 {n:04}")
            return f"phone 414-555-{n:04}"
        case "outside":
            Person.objects.filter(pk=person.pk).update(outside=f"{given}{n}@home.example")
            return f"outside {given}{n}@home.example"
        case "alias":
            box = Mailbox.objects.get(holder=person)
            Address.objects.create(address=f"{given}{n}@city.example".lower(), mailbox=box, person=person, since=NOW, until=NOW)
            return f"outside {given}{n}@city.example"
        case _:
            said = {"user_name": f"{given}{n}@login.example".lower(), "external": f"id-{given}-{n}", "said": {}}
            defaults = {**said, "made": NOW, "changed": NOW, "uuid": "6b0c4f4e-0000-4000-8000-000000000001"}
            ScimUser.objects.update_or_create(uid=person.uid, defaults=defaults)
            return f"outside {given}{n}@login.example" if n % 2 else f"external ID-{given}-{n}".lower()


@pytest.mark.rule(
    "P-30, P-08",
    "A barred person is recognized by every name, number and address that the directory ever had of them, however each "
    "change was made.",
)
@pytest.mark.parametrize("seed", range(12))
def test_any_history_of_changes_matches_the_bar(town: Department, seed: int) -> None:
    """Everything that was ever said, before the bar and after it, is recognized in somebody who comes under a new number;
    the rest of what they say is new."""
    rand, person = Random(seed), Person.objects.get(uid="ann")
    Person.objects.filter(uid="ann").update(given="Ann", family="Marlow", display="Ann Marlow")
    before = [changed(person, rand, n) for n in range(4)]
    barred()
    ever = ["name Ann Marlow", *before, *(changed(person, rand, n) for n in range(4, 8))]
    for n, said in enumerate(ever):
        kind, _, value = said.partition(" ")
        given, _, family = value.partition(" ") if kind == "name" else ("New", "", f"Come{chr(97 + n)}")
        phone, outside = (value if kind == "phone" else ""), (value if kind == "outside" else "")
        new = Person.objects.create(
            uid=f"n-{n}", given=family, family=given, display=f"{family}, {given}", phone=phone, outside=outside
        )
        if kind == "external":
            uuid = f"6b0c4f4e-0000-4000-8000-0000000001{n:02}"
            ScimUser.objects.create(uid=new.uid, user_name=f"n{n}", external=value, uuid=uuid, said={}, made=NOW, changed=NOW)
        found = [one for one in bars.likenesses_of(new) if one.other == person]
        assert len(found) == 1 and found[0].match == (kind != "name"), (said, ever)
    assert (
        bars.likenesses_of(Person.objects.create(uid="n-x", given="Un", family="Known", display="Un Known", phone="414 555 9999"))
        == []
    )


@pytest.mark.rule(
    "P-30",
    "An equal name with a permanently barred person is a question for the next head; an equal telephone, address or "
    "number for the access office, which states why it is another person. An office's telephone does not count.",
)
def test_a_former_name_is_a_question_and_a_number_is_the_access_offices(town: Department) -> None:
    """Of two people who share a name one is nobody's business but the next head's; telephones of an office are nobody's."""
    called(barred(), "Cara", "Novak")
    staff.employed(new := staff.person("new"), town)
    Person.objects.filter(uid="new").update(given="Ann", family="Test", display="Ann Test")
    ask = {"reasons": Reasons(**staff.WORDS), "until": MS + 60 * DAY_MS, "actor": OFFICER, "now": MS}
    asked = access_requests.ask(Person.objects.get(uid="new"), **ask)  # type: ignore[arg-type]
    with pytest.raises(NotPermitted, match="next head up"):
        access_requests.approve(asked, actor=Actor("head", departments=frozenset({"clerk"})), now=MS)
    boss = Actor("boss", departments=frozenset({"top", "clerk"}))
    assert bars.decision_for(asked)[1].department == "top"
    Person.objects.filter(uid__in=["new", "ann"]).update(phone="414 555 0100")
    asked = Authorization.objects.get(pk=asked.pk)
    assert bars.decision_for(asked)[1].department == "", "the access office alone"
    with pytest.raises(NotPermitted):
        access_requests.approve(asked, actor=boss, now=MS)
    for n in range(2):
        Person.objects.create(uid=f"o-{n}", family=f"O{n}", display=f"O{n}", phone="(414) 555-0100")
    assert bars.decision_for(asked)[1].department == "top", "the telephone of an office"
    assert access_requests.approve(asked, actor=boss, now=MS).state == "active" and new.uid == "new"


def test_nobody_who_was_called_otherwise_is_in_a_bulk_of_fifty(town: Department) -> None:
    """By the first roster, too, somebody looks at them alone."""
    called(barred(), "Cara", "Novak")
    staff.employed(new := staff.person("new"), town)
    Person.objects.filter(uid="new").update(given="Ann", family="Test", display="Ann Test")
    head = Actor("head", departments=frozenset({"clerk"}))
    other = Actor("two", departments=frozenset({"clerk"}))
    profile = bulk_authorization.write_profile(town, "Clerk", Reasons(**staff.WORDS), actor=other, now=MS)
    with pytest.raises(Conflict, match="Ann Test"):
        bulk_authorization.authorize(profile, [new], until=MS + 60 * DAY_MS, actor=head, now=MS)


@pytest.mark.rule(
    "P-30",
    "The access office is notified of a new person with data in common with a permanently barred one, however they were added.",
)
@pytest.mark.parametrize("door", ["page", "list", "renamed", "rehired", "barred later"])
def test_the_access_office_hears_when_they_come_and_not_when_they_ask(town: Department, door: str) -> None:
    """By a page, by a list, by another name, by coming back, and of who is here when somebody is barred; once."""
    if door != "barred later":
        called(barred(), "Cara", "Novak")
    act = {"actor": OFFICER, "reason": "begins here", "now": MS}
    match door:
        case "page" | "barred later":
            verbs.add("new", Name("Test", "Ann"), Work("employee", town), **act)  # type: ignore[arg-type]
        case "list":
            row = "new,Ann,Test,employee,clerk,,\n"
            run = feed.propose((ROWS + row).encode(), source="x.csv", actor=OFFICER, now=MS)
            feed.apply(run, actor=OFFICER, reason="Looked at it.", now=MS, despite_brake=True)
        case "renamed":
            staff.employed(new := staff.person("new"), town)
            called(new, "Ann", "Test")
        case _:
            new = Person.objects.create(uid="new", given="Ann", family="Test", display="Ann Test")
            verbs.rehire(new, Work("employee", town), **act)  # type: ignore[arg-type]
    if door == "barred later":
        assert not Notice.objects.exists()
        called(Person.objects.get(uid="ann"), "Cara", "Novak")
        barred()
    told = Notice.objects.filter(key__startswith="barred-like:").first()
    assert told and told.to == "one@city.example" and "(new)" in told.text and "(ann)" in told.text
    called(Person.objects.get(uid="new"), "Test", "Ann")
    assert Notice.objects.filter(key__startswith="barred-like:").count() == 1


@pytest.mark.rule("P-30", "An upgraded installation knows former names as far as its ledger goes back.")
def test_what_was_changed_before_the_database_kept_it_is_read_from_the_entries(town: Department) -> None:
    """An installation that is upgraded knows former names as far as its ledger goes."""
    called(Person.objects.get(uid="ann"), "Cara", "Novak")
    called(Person.objects.get(uid="ann"), "Cara", "Lindt")
    FormerName.objects.all().delete()
    assert Entry.objects.filter(act="person.change").count() == 2
    import_module("civicmail.city.identity.migrations.0019_former_names").carry_over(apps, None)
    assert set(FormerName.objects.values_list("display", "family")) == {("Ann Test", "Test"), ("Cara Novak", "Novak")}
