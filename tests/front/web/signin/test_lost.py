"""A lost phone is closed in two taps, also from a colleague's phone (P-07)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from civicmail.city.guard.models import Account, Entry
from civicmail.city.identity.models import Device
from pages.world import Town, signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.rule("P-07", "A lost device is closed in two taps, with whatever is signed in as its owner elsewhere.")
def test_two_taps_end_the_device_and_whatever_is_signed_in_elsewhere(city: Town, visit: Callable[[str], Client]) -> None:
    """The password, every other session and every open connection end; this session goes on; an entry says so, once."""
    other = visit("crew0")
    here = visit("crew0")
    epoch = Account.objects.get(person=city.people["crew0"]).epoch
    assert '<a class="usa-button" href="/my/devices/k7qm2xvd/lost/">I lost this' in here.get("/my/devices/").content.decode()
    question = here.get("/my/devices/k7qm2xvd/lost/").content.decode()
    assert "Close Pixel phone?" in question and question.count("Close it now") == 1
    assert Device.objects.get(key="k7qm2xvd").ended is None, "looking closes nothing"
    answer = here.post("/my/devices/k7qm2xvd/lost/", follow=True)
    assert "Pixel phone is closed." in answer.content.decode()
    assert Device.objects.get(key="k7qm2xvd").ended is not None
    assert here.get("/my/devices/").status_code == 200, "who closed it is still signed in"
    gone = other.get("/my/devices/")
    assert gone.status_code == 302 and gone.headers["Location"].startswith("/accounts/login/")
    assert Account.objects.get(person=city.people["crew0"]).epoch == epoch + 1, "doors compare it"
    entry = Entry.objects.get(act="device.lost")
    assert (entry.person, entry.object, entry.facts["name"]) == ("p-crew0", "device:k7qm2xvd", "Pixel phone")
    here.post("/my/devices/k7qm2xvd/lost/")
    assert Entry.objects.filter(act="device.lost").count() == 1
    assert Account.objects.get(person=city.people["crew0"]).epoch == epoch + 1


def test_nobody_closes_anothers_device(city: Town, visit: Callable[[str], Client]) -> None:
    for who in ("head", "office", "admin"):
        assert [
            visit(who).get("/my/devices/k7qm2xvd/lost/").status_code,
            visit(who).post("/my/devices/k7qm2xvd/lost/").status_code,
        ] == [403, 403]
    assert Device.objects.get(key="k7qm2xvd").ended is None


def test_a_proof_that_is_not_fresh_does_not_stand_in_the_way(city: Town) -> None:
    """Nothing is opened by it, and a lost phone may be the one with the passkey."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = signed_in(city.people["crew0"])
    session = client.session
    session["fresh_at"] = 0
    session.save()
    assert client.post("/my/devices/k7qm2xvd/lost/").headers["Location"] == "/my/devices/"
    assert Device.objects.get(key="k7qm2xvd").ended is not None
