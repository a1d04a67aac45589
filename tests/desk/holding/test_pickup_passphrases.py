"""Who chooses the passphrase of a message in the pick-up portal, and who hears when it is opened (P-19)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.notices.models import Notice
from civicmail.desk.holding.actions import pickups
from civicmail.desk.holding.models import PickUp
from civicmail.mail.courier import pickup_store
from desk.holding.test_pickups import SECRET, Visit, box, told, written
from desk.holding.test_pickups import portal as portal
from desk.holding.test_quarantine import words
from pages.world import Town

pytestmark = pytest.mark.django_db


@pytest.mark.rule(
    "P-19",
    "Content that must never leave by TLS alone opens in the portal by its sender's passphrase only, which is sent by "
    "another channel than the link.",
)
def test_what_must_never_go_by_tls_opens_by_its_senders_passphrase_alone(
    portal: Any, city: Town, installed: Path, visit: Visit
) -> None:
    """The link is a key that went by plain mail: whoever reads that mailbox first chooses nothing, and sees nothing."""
    box(installed, city, kinds=("medical",))
    row, link = told(portal, installed, city)
    notice, passed_on = Notice.objects.get(to="pat@out.example"), Notice.objects.get(to="dana.ortiz@city.example")
    found = re.search(r"^([0-9a-z]{4}(?:-[0-9a-z]{4}){2})$", passed_on.text, re.MULTILINE)
    assert found is not None and found[1] not in notice.text and found[1] not in row.secret
    assert "tells you by telephone" in notice.text and "you choose" not in notice.text and "usted elige" not in notice.text
    asked = words(visit("").get(link))
    assert "Choose a passphrase" not in asked and "by telephone" in asked
    tried = visit("").post(link, {"secret": SECRET, "again": SECRET})
    assert tried.status_code == 422 and "078-05-1120" not in words(tried)
    assert "078-05-1120" in words(visit("").post(link, {"secret": found[1]}))
    row.refresh_from_db()
    assert (row.state, row.by, row.sender_only) == ("opened", "sender", True)


def test_boxes_of_an_older_program_are_opened_as_before(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    """P-19."""
    path = pickup_store.folder(installed) / box(installed, city) / "about"
    path.write_bytes(path.read_bytes().replace(b',"kinds":[]', b""))
    row, link = told(portal, installed, city)
    assert not row.sender_only and "Choose a passphrase" in words(visit("").get(link))


@pytest.mark.rule("P-19", "The sender is notified immediately when, and from which address, a message was opened in the portal.")
def test_its_sender_hears_at_once_when_and_from_where_it_was_opened(portal: Any, city: Town, installed: Path, visit: Visit) -> None:
    """Of the same address once; of each new one again, ten at the most."""
    box(installed, city)
    row, _ = told(portal, installed, city)
    PickUp.objects.update(person=city.people["crew0"])
    now = epoch_ms(city.now)
    for client in ("192.0.2.9", "192.0.2.9", "2001:db8::7"):
        pickups.open_(row, SECRET, rules=portal.secure, client=pickups.reader_actor(client), now=now)
    opened = Notice.objects.filter(key__startswith="pickup-opened:", to="dana.ortiz@city.example").order_by("id")
    assert opened.count() == 2
    first, second = [notice.text for notice in opened.all()]
    assert "192.0.2.9" in first and "chosen at the first opening" in first and "pat@out.example" in first
    assert written(city.now, "en") in first and f"/mail/secure/{row.pk}/" in first and "2001:db8::7" in second
    assert "078-05-1120" not in first and "Your file" not in first
    for last in range(20):
        pickups.open_(row, SECRET, rules=portal.secure, client=pickups.reader_actor(f"198.51.100.{last}"), now=now)
    assert opened.all().count() == pickups.MAX_NOTIFIED_ADDRESSES
    page = words(visit("crew0").get(f"/mail/secure/{row.pk}/"))
    assert page.count("192.0.2.9") == 2 and "198.51.100.19" in page
