"""A file of somebody new waits for a word of whoever it is for; mailboxes that invite files have it at once, and open it as text
first (P-25)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.identity.actions import mailboxes
from civicmail.city.identity.queries import snapshots
from civicmail.city.identity.queries.actors import actor_of
from civicmail.mail.archive.machine import Machine
from civicmail.mail.pipeline import envelope_facts
from civicmail.mail.pipeline.labels import label_of
from desk.holding.test_quarantine import DANA, quarantined, states, words
from mail.pipeline.making import NOW, envelope, modes, people
from pages.post import CANARIES
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
WHY = "Bids for the bridge come here until May."


@pytest.mark.rule(
    "P-25",
    "A file of a new sender is released by its recipient, with an entry, and the sender's mail is known from then on.",
)
def test_a_file_of_somebody_new_goes_on_the_word_of_whoever_it_is_for(city: Town, visit: Visit, installed: Path) -> None:
    """One button; the filter learns that such mail is wanted, so the sender is known from then on."""
    capture = quarantined(installed, epoch_ms(city.now) - 1000, rule="first-file", do="hold")
    client, page = visit("crew0"), f"/mail/{capture.uuid}/release/"
    assert "Did you ask for it?" in words(client.get(page)) and states(installed, capture.id) == {DANA: False}
    assert visit("crew1").get(page).status_code == 404
    client.post(page)
    assert states(installed, capture.id) == {DANA: True}
    labels = [label for e in Machine(installed).events(capture.id) if (label := label_of(e)) is not None]
    assert [(label.spam, label.by, label.how) for label in labels] == [(False, "p-crew0", "release")]
    assert Entry.objects.get(act="my.release").reason == "said by its reader to have been asked for"


@pytest.mark.rule("P-25", "A mailbox invites files until the chosen time, by the time of receipt.")
def test_a_mailbox_invites_files_until_the_day_that_was_said() -> None:
    """Told to the rules with each copy, by the time of the receipt."""
    at, book = NOW, people()
    box = book.mailboxes["bob@city.example"]
    object.__setattr__(box, "files_until", at + DAY_MS)
    (recipient,) = envelope("bob@city.example").recipients
    asked = [
        envelope_facts.of_recipient(recipient, book, modes, moment)["recipient.invites"]
        for moment in (at, at + DAY_MS - 1, at + DAY_MS)
    ]
    assert asked == [True, True, False]


@pytest.mark.rule("P-25", "The department that owns a function mailbox invites files for it, with a reason, for a year at most.")
def test_the_department_says_so_for_a_year_at_most(city: Town, visit: Visit, installed: Path) -> None:
    """With a reason and an entry; the doors are told; nobody else does, and not for a person's own mailbox."""
    now = epoch_ms(city.now)
    box = Mailbox.objects.get(address="streets@city.example")
    head = actor_of(city.people["head"].account, "", now)
    with pytest.raises(Unusable):
        mailboxes.invite_files(box, now + 367 * DAY_MS, actor=head, reason=WHY, now=now)
    with pytest.raises(NotPermitted):
        mailboxes.invite_files(box, now + DAY_MS, actor=actor_of(city.people["crew0"].account, "", now), reason=WHY, now=now)
    with pytest.raises(Conflict):
        own = city.authorizations["crew0"].mailbox
        mailboxes.invite_files(own, now + DAY_MS, actor=head, reason=WHY, now=now)
    day = (city.now + timedelta(days=30)).date()
    answer = visit("head").post(f"/access/mailboxes/{box.address}/files/", {"until": day.isoformat(), "reason": WHY})
    assert answer.status_code == 302
    until = snapshots.build_snapshot(1, now, ("city.example",)).mailboxes[box.address].files_until
    assert now + 29 * DAY_MS < until < now + 32 * DAY_MS
    assert Entry.objects.get(act="mailbox.invite").reason == WHY


@pytest.mark.rule("P-25, P-31", "Invited files open first as text and drawn pages; downloading the file is a separate step.")
def test_there_a_file_opens_as_text_first(city: Town, visit: Visit) -> None:
    """Its address alone does not give the file; the button of the page that shows it does."""
    Mailbox.objects.filter(address=DANA).update(files_until=city.now + timedelta(days=1))
    mail = f"/mail/{city.objects['mail delivered']}"
    client = visit("crew0")
    assert f"{mail}/file/look/?path=1.2" in client.get(f"{mail}/").content.decode()
    answer = client.get(f"{mail}/file/?path=1.2")
    assert answer.status_code == 302 and answer["Location"] == f"{mail}/file/look/?path=1.2"
    shown = client.get(answer["Location"])
    assert CANARIES["file text"] in words(shown) and CANARIES["file"] in words(shown)
    assert client.get(f"{mail}/file/picture/?path=1.2&n=1").status_code == 404
    assert client.get(f"{mail}/file/look/?path=9.9").status_code == 404
    given = client.post(f"{mail}/file/?path=1.2")
    assert given.status_code == 200 and "attachment" in given["Content-Disposition"]
    Mailbox.objects.filter(address=DANA).update(files_until=city.now - timedelta(days=1))
    assert client.get(f"{mail}/file/?path=1.2").status_code == 200, "its time is over"
