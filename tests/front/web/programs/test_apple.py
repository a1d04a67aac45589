"""The profile for iPhone, iPad and Mac, read as property list."""

from __future__ import annotations

import plistlib
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from civicmail.core.config.services import Service, Services
from civicmail.front.web.programs import apple
from front.web.programs.test_autoconfig import named
from pages.world import Town

__all__ = ["named"]
BOTH = Services(Service("imap", "imap.city.example", 993, True), Service("submission", "mail.city.example", 587, False))
ANN = apple.Owner("Ann Müller", "ann@city.example", "a-741")


@pytest.mark.rule("P-06, P-07", "A profile for a device has both services with TLS, and never a password.")
def test_a_device_reads_where_to_sign_in_and_never_a_password() -> None:
    """Both services, always with TLS, under the person's sign-in name; nothing in it opens anything."""
    whole = plistlib.loads(apple.profile(BOTH, ANN, "Sample City", "city.example"))
    (mail,) = whole["PayloadContent"]
    assert (whole["PayloadType"], mail["PayloadType"]) == ("Configuration", "com.apple.mail.managed")
    assert (mail["EmailAccountType"], mail["EmailAddress"], mail["EmailAccountName"]) == (
        "EmailTypeIMAP",
        "ann@city.example",
        "Ann Müller",
    )
    for way, host, port in (("Incoming", "imap.city.example", 993), ("Outgoing", "mail.city.example", 587)):
        assert (mail[f"{way}MailServerHostName"], mail[f"{way}MailServerPortNumber"]) == (host, port)
        assert mail[f"{way}MailServerUseSSL"] is True and mail[f"{way}MailServerUsername"] == "a-741"
        assert mail[f"{way}MailServerAuthentication"] == "EmailAuthPassword"
    assert not {key for key in [*whole, *mail] if key.endswith("Password") and key != "OutgoingPasswordSameAsIncomingPassword"}


def test_the_next_profile_of_a_person_takes_the_place_of_the_last() -> None:
    first, again, other = (
        plistlib.loads(apple.profile(BOTH, o, "Sample City", "city.example"))
        for o in (ANN, ANN, apple.Owner("Bo", "bo@city.example", "bo"))
    )
    assert (first["PayloadIdentifier"], first["PayloadUUID"]) == (again["PayloadIdentifier"], again["PayloadUUID"])
    assert first["PayloadIdentifier"] != other["PayloadIdentifier"] and first["PayloadUUID"] != other["PayloadUUID"]


@pytest.mark.django_db
def test_one_gets_ones_own_profile_and_what_to_type(city: Town, visit: Callable[[str], Client], named: Any) -> None:
    client = visit("crew0")
    answer = client.get("/set-up/profile/")
    assert answer.headers["Content-Type"] == "application/x-apple-aspen-config"
    assert "no-store" in answer.headers["Cache-Control"]
    (mail,) = plistlib.loads(answer.content)["PayloadContent"]
    assert (mail["EmailAddress"], mail["IncomingMailServerUsername"]) == ("dana.ortiz@city.example", "crew0@city.example")
    page = client.get("/set-up/").content.decode()
    for said in ("imap.city.example", "993, SSL/TLS", "mail.city.example", "587, STARTTLS", "crew0@city.example", "Not Verified"):
        assert said in page
    assert visit("crew6").get("/set-up/profile/").status_code in (302, 403)
    phone = client.get("/set-up/phone/").content.decode()
    assert "https://mail.city.example/set-up/" in phone and '<svg class="cm-qr" role="img"' in phone


@pytest.mark.django_db
def test_without_named_services_the_page_says_so_and_there_is_no_profile(city: Town, visit: Callable[[str], Client]) -> None:
    client = visit("crew0")
    assert "No mail program can be set up so far." in client.get("/set-up/").content.decode()
    assert client.get("/set-up/profile/").status_code == 404
