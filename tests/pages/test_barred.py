"""Who is barred for good is said before anybody writes four reasons: on their page, where access is asked for, and in a roster."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client

from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.actions import barring
from desk.holding.test_quarantine import words
from pages.world import Town

pytestmark = pytest.mark.django_db
WHY = "Sent bids of others outside, a third time."


def bar(city: Town, key: str) -> Person:
    person = city.people[key]
    with transaction.atomic():
        barring.impose(
            person, "permanent", until=None, origin="", reason=WHY, first=city.people["office"], second=city.people["head"],
            actor=Actor("p-office", "", (HeldRole("access-officer", "", FOREVER),)), now=epoch_ms(city.now),
        )  # fmt: skip
    return person


@pytest.mark.rule(
    "P-30",
    "A bar, or a possible one, is shown on the person's page and at a request for access, before anyone writes four reasons.",
)
def test_a_barred_person_is_said_to_be_barred_before_four_reasons_are_written(city: Town, visit: Callable[[str], Client]) -> None:
    """No form, no button; the reason stays with those who decide."""
    person = bar(city, "crew3")
    shown = visit("head").get(f"/dept/public-works/people/{person.uid}/")
    assert "Barred for good" in words(shown) and "P-30" in words(shown) and WHY not in words(shown)
    assert f"/requests/new/?person={person.uid}".encode() not in shown.content, "nothing to ask with"
    asked = visit("head").get(f"/access/requests/new/?person={person.uid}")
    assert "Barred for good" in words(asked) and b"<textarea" not in asked.content


def test_somebody_with_a_former_name_of_theirs_is_asked_about_on_their_page(city: Town, visit: Callable[[str], Client]) -> None:
    """Without the name of whoever is barred, which is for those who decide."""
    person, other = bar(city, "crew3"), city.people["crew4"]
    Person.objects.filter(pk=other.pk).update(display=person.display)
    Person.objects.filter(pk=person.pk).update(display="Somebody Else", given="Somebody", family="Else")
    for path in (f"/dept/public-works/people/{other.uid}/", f"/access/requests/new/?person={other.uid}"):
        shown = words(visit("head").get(path))
        assert "Is it somebody who is barred?" in shown and "the same name (one of them formerly)" in shown, path
        assert person.uid not in shown and "Somebody Else" not in shown
