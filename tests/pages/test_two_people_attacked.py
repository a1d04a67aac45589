"""Nobody does both halves of what takes two people: the attacks, over HTTP, from outside (P-07, P-16; E3)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from civicmail.city.directory.models import Episode, Person
from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.guard.mandate_request import MandateRequest
from civicmail.city.guard.models import Account, Invitation, Mandate
from civicmail.city.identity.actions import mandates
from civicmail.city.identity.models import Authorization
from pages.world import Town

Visit = Callable[[str], Client]
WHY = "A tip that bids were passed on before the opening."
WORDS = dict.fromkeys(
    ("duties", "performance", "efficiency", "service"), "Answers letters of the people of this city, on the same day."
)


@pytest.fixture
def asked(city: Town) -> Mandate:
    """The examiner asks to look at somebody's mail."""
    now = epoch_ms(city.now)
    examiner = Actor(city.people["examiner"].uid, "Examiner", (HeldRole("examiner", "", now + DAY_MS),))
    return mandates.ask("examination", "examiner", MandateRequest((city.people["crew1"].uid,), reason=WHY), actor=examiner, now=now)


def answered(visit: Visit, made: Mandate) -> str:
    """What the approver hears, by page and by an answer that is sent all the same."""
    where, browser = f"/mandates/{made.number}/approve/", visit("approver")
    page = browser.get(where)
    for decision in ("yes", "approve"):
        browser.post(where, {"state": "asked", "decision": decision, "answer": decision, "reason": WHY})
    made.refresh_from_db()
    assert made.state == "asked", "one person has asked and approved"
    assert page.status_code == 403
    return str(page.content.decode())


def opened(city: Town, key: str, by: str) -> None:
    account = Account.objects.get(person=city.people[key])
    at = city.now - timedelta(days=1)
    Invitation.objects.create(
        account=account, mac=str(uuid.uuid4()), recovery=True, made=at, until=city.now, used=at, by=city.people[by].uid
    )


def test_who_is_no_second_person_for_the_examiner_reads_why(city: Town, visit: Visit, asked: Mandate) -> None:
    """Two people do it."""
    assert visit("approver").get(f"/mandates/{asked.number}/approve/").status_code == 200


def test_an_officer_who_recovered_examiner_and_approver_does_not_ask_and_approve(city: Town, visit: Visit, asked: Mandate) -> None:
    """The first attack of an hour."""
    opened(city, "examiner", "office")
    opened(city, "approver", "office")
    assert "could have signed in as you" in answered(visit, asked)


def test_one_person_with_two_numbers_does_not_ask_and_approve(city: Town, visit: Visit, asked: Mandate) -> None:
    """Also under another name by now."""
    one, other = city.people["examiner"], city.people["approver"]
    Person.objects.filter(pk=other.pk).update(given=one.given, family=one.family, display=one.display)
    Person.objects.filter(pk=other.pk).update(given=other.given, family=other.family, display=other.display)
    assert "one person with two numbers" in answered(visit, asked)


def test_a_head_alone_gives_nobody_mail(city: Town, visit: Visit) -> None:
    """Neither a person whom the head has added, nor by a requester who did nothing."""
    where = city.departments["public-works"]
    new = Person.objects.create(uid="x-77", given="No", family="Body", display="No Body")
    Episode.objects.create(
        person=new, kind="employee", department=where, position="Ghost", supervisor=city.people["deputy"], starts=city.now.date()
    )
    head = visit("head")
    head.post("/dept/public-works/positions/profile/?position=Ghost", WORDS)
    until = (city.now + timedelta(days=90)).date().isoformat()
    head.post("/dept/public-works/positions/review/?position=Ghost", {"row": [new.pk], "until": until, "version": 1})
    assert not Authorization.objects.filter(person=new).exists(), "the deputy, who did nothing, stands as the requester"
    page = head.get("/dept/public-works/positions/one/?position=Ghost").content.decode()
    assert "Somebody else authorizes" in page and 'name="row"' not in page


def test_nobody_is_led_to_a_page_that_is_for_a_second_person(city: Town, visit: Callable[[str], Client]) -> None:
    """Whoever made the sign-in of who asked for a right does not extend it, and no page offers it."""
    right = city.authorizations["crew0"]
    extend = f"/access/authorisations/{right.pk}/extend/"
    places = (f"/access/mailboxes/{right.mailbox.address}/", f"/dept/{right.department.code}/people/{right.person.uid}/")
    assert all(extend in visit("head").get(place).content.decode() for place in places)
    asker = Account.objects.get(person=right.requester)
    Invitation.objects.create(account=asker, by="p-head", whole=True, made=city.now, until=city.now, used=city.now, mac="x")
    assert visit("head").get(extend).status_code == 403
    assert not any(extend in visit("head").get(place).content.decode() for place in places)
