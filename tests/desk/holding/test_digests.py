"""One mail says what is kept back, at the moment that somebody chose; its links show, and change nothing by being opened (P-02)."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.notices import signed_links
from civicmail.city.notices.models import Notice
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.holding import digest_schedule
from civicmail.desk.holding.actions import digests, release_copies
from civicmail.desk.holding.held_copies import LATE_AFTER_MS
from civicmail.desk.holding.models import Digest
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.pipeline.accept import capture_of, scan
from desk.holding.test_quarantine import DANA, WHY, quarantined, states, words
from desk.holding.test_release_requests import FIRST, kept
from mail.archive.making import UNSYNCED
from pages.post import CANARIES, MESSAGE
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
ZONE = ZoneInfo("America/Chicago")
WANTED = {"answer": "wanted"}


def noon(city: Town) -> int:
    """Of a day before all the town's own mail."""
    return epoch_ms(timezone.localtime(city.now).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=3))


@pytest.mark.rule(
    "P-02",
    "Digests leave no gap: each begins where the last one ended, whenever the worker runs and however the clock changes.",
)
@given(
    st.sampled_from(digest_schedule.DAYS),
    st.sampled_from(digest_schedule.HOURS),
    st.lists(st.integers(-40, 60 * 24 * 20), min_size=2, max_size=30),
)
def test_digests_leave_nothing_out_and_say_nothing_twice(days: str, hour: int, rounds: list[int]) -> None:
    """Whenever the worker looks, and however far the clock goes back; what one is about ends where the next one begins."""
    begin, told = datetime(2026, 3, 1, 12, tzinfo=UTC), None
    covered: list[tuple[datetime, datetime]] = []
    at = begin
    for minutes in rounds:
        at += timedelta(minutes=minutes)
        slot = digest_schedule.last_due(days, hour, at, ZONE)
        assert slot <= at and slot.astimezone(ZONE).hour == hour
        if told is not None and slot <= told < slot + digest_schedule.MAX_PERIOD:
            continue
        covered.append((digest_schedule.period_start(told, slot), slot))
        told = slot
    for (_, end), (start, slot) in pairwise(covered):
        assert start == end or slot - end > digest_schedule.MAX_PERIOD


@pytest.mark.rule(
    "P-02, P-11, promise 7",
    "One mail at the time chosen lists held mail that its reader received or sent, without content; none is sent without items.",
)
def test_one_mail_tells_of_quarantine_and_held_and_of_what_was_sent(city: Town, installed: Path) -> None:
    """At the moment that each has chosen, what is kept back still, and no mail of nothing; the sender is named in one's own
    mailbox, and no word of the message anywhere."""
    now = noon(city)
    assert digests.send_due(now + DAY_MS) == 0
    first, held = quarantined(installed, now), quarantined(installed, now + 60_000, rule="executable", do="hold")
    gone = quarantined(installed, now + 120_000)
    release_copies.release(kept(gone, now + DAY_MS), actor=FIRST, reason=WHY, now=now)
    Digest.objects.create(person=city.people["crew0"], days="daily", hour=15)
    assert digests.send_due(now + 180_000) == 0, "it is not three yet"
    assert (digests.send_due(now + 4 * 3_600_000), digests.send_due(now + 5 * 3_600_000)) == (1, 0)
    notice = Notice.objects.get(key__startswith="digest:")
    assert notice.to == DANA and notice.subject == "2 messages are held"
    assert len(re.findall(r"/digest/[\w-]{40,}/", notice.text)) == 2 and "from heron@shop.example" in notice.text
    assert not any(word in notice.text for word in CANARIES.values())
    assert digests.send_due(now + DAY_MS + 4 * 3_600_000) == 0, "told of once"
    assert states(installed, first.id) == states(installed, held.id) == {DANA: False}


def late(data: Path, at: int) -> tuple[Capture, Capture]:
    """One for Dana that could not be checked, and one of hers that the next server has put off."""
    pending = quarantined(data, at, rule="unavailable:clamav", do="pending")
    envelope = Envelope(DANA, (Recipient("ann@acme.example"),), at, login="p-crew0/pages")
    sent = capture_of(capture_id(at), scan(MESSAGE), envelope, Source("submission", "pages"))
    put_off = {"hop": "smtp://192.0.2.9:25", "try": 1, "reply": "451 4.7.1 later", "next": at + 1000}
    with closing(Writer(data, lambda: at, UNSYNCED, 1 << 20)) as w:
        w.receipt(sent, MESSAGE)
        w.event(Event(Type.DEFERRED, sent.id, at + 500, (0,), put_off))
        w.flush()
    return pending, sent


@pytest.mark.rule(
    "P-06, promise 7",
    "A digest lists copies that are an hour late without waiting for a person: unavailable checks, and deferrals by the "
    "next server.",
)
def test_what_waits_for_no_person_is_told_of_when_it_is_late(city: Town, installed: Path) -> None:
    """An hour after its receipt, by the same mail; its link shows that, and nobody has anything to decide."""
    slot = noon(city)
    late(installed, slot - LATE_AFTER_MS + 1)  # late a moment after this digest
    pending, sent = late(installed, slot - LATE_AFTER_MS)
    Digest.objects.create(person=city.people["crew0"], days="daily", hour=12)
    assert digests.send_due(slot) == 1
    notice = Notice.objects.get(key__startswith="digest:")
    assert notice.subject == "2 messages are held or wait"
    assert "could not be checked so far" in notice.text and "to ann@acme.example: The next mail server" in notice.text
    links = re.findall(r"/digest/[\w-]{40,}/", notice.text)
    with time_machine.travel(from_ms(slot), tick=False):
        shown = [words(Client().get(link)) for link in links]
        assert [("Checking" in s, "Retrying" in s) for s in shown] == [(True, False), (False, True)]
        assert not any("let go" in said or "no spam" in said for said in shown)
        for link in links:
            assert Client().post(link, WANTED).status_code == 200
    assert not Entry.objects.filter(act="my.release").exists()
    assert states(installed, pending.id) == {DANA: False} and states(installed, sent.id) == {"ann@acme.example": True}
    assert digests.send_due(slot + DAY_MS) == 1, "those that were late since"


@pytest.mark.rule(
    "P-02, P-25",
    "Opening a digest link changes nothing; its button releases what the reader may release anyway, once, with an entry.",
)
def test_to_open_a_link_changes_nothing_and_its_button_lets_go(city: Town, visit: Visit, installed: Path) -> None:
    """Scanners open links; who may read the mailbox says with the link alone what they could say of their mail anyhow."""
    now = epoch_ms(city.now)
    spam, program = quarantined(installed, now - DAY_MS), quarantined(installed, now - DAY_MS - 1, rule="executable")
    assert digests.send_due(now + DAY_MS) == 1
    text = Notice.objects.get().text
    shown = {page: words(Client().get(page)) for page in re.findall(r"/digest/[\w-]{40,}/", text)}
    assert states(installed, spam.id) == {DANA: False}, "opened, and nothing else"
    page = next(page for page in shown if "This is no spam" in shown[page])
    (other,) = (p for p, said in shown.items() if "no spam" not in said and "script" in said)
    for _ in range(3):
        answer = Client().get(page)
        assert answer.status_code == 200 and answer["Referrer-Policy"] == "same-origin"
    assert Client().head(page).status_code == 200
    assert states(installed, spam.id) == {DANA: False} and not Entry.objects.filter(act="my.release").exists()
    Client().post(other, WANTED)
    assert states(installed, program.id) == {DANA: False}, "an officer decides about that"
    assert Client(enforce_csrf_checks=True).post(page, WANTED).status_code == 403
    assert Client().post(page, WANTED).status_code == 302
    assert states(installed, spam.id) == {DANA: True}
    entry = Entry.objects.get(act="my.release")
    assert (entry.person, entry.facts["by"]) == ("p-crew0", "link")
    assert "not held any more" in words(Client().get(page)) and Client().post(page, WANTED).status_code == 200
    assert Entry.objects.filter(act="my.release").count() == 1, "the same is not let go twice"


@pytest.mark.rule("P-02, P-25", "A program that opens a digest link and presses its button releases nothing.")
def test_a_program_that_presses_every_button_lets_nothing_go(city: Town, installed: Path) -> None:
    """Nothing is chosen beforehand, and what stands first changes nothing."""
    now = epoch_ms(city.now)
    spam = quarantined(installed, now - DAY_MS)
    assert digests.send_due(now + DAY_MS) == 1
    page = re.findall(r"/digest/[\w-]{40,}/", Notice.objects.get().text)[0]
    shown = Client().get(page).content.decode()
    (first, _) = re.findall(r'<input[^>]*name="answer"[^>]*>', shown)
    assert not re.search(r"<input[^>]* checked", shown) and 'value="leave"' in first
    pressed = Client().post(page)
    assert pressed.status_code == 422 and "Choose an answer." in words(pressed)
    left = Client().post(page, {"answer": "leave"}, follow=True)
    assert "It stays where it is." in words(left)
    assert states(installed, spam.id) == {DANA: False} and not Entry.objects.filter(act="my.release").exists()


@pytest.mark.rule("P-06, P-08", "A digest link belongs to one person, for two weeks, and is invalid without access.")
def test_a_link_is_of_one_person_and_ends(city: Town, visit: Visit, installed: Path) -> None:
    """Of somebody else who is signed in, too old, changed, of another mailbox, or of whoever has no access any more."""
    now = epoch_ms(city.now)
    capture = quarantined(installed, now - 1000)
    pk = city.people["crew0"].pk
    mine = f"/digest/{signed_links.make(installed, 'digest', capture.id, 0, now + DAY_MS, str(pk).encode())}/"
    assert visit("crew0").get(mine).status_code == 200 and visit("crew1").get(mine).status_code == 403
    old = f"/digest/{signed_links.make(installed, 'digest', capture.id, 0, now - 1000, str(pk).encode())}/"
    assert Client().get(old).status_code == 410 and Client().post(old, WANTED).status_code == 410
    assert Client().get(mine[:-3] + "AA/").status_code == 404
    other = signed_links.make(installed, "digest", capture.id, 0, now + DAY_MS, str(city.people["crew1"].pk).encode())
    assert "not held any more" in words(Client().get(f"/digest/{other}/"))
    Client().post(f"/digest/{other}/", WANTED)
    city.people["crew0"].account.is_active = False
    city.people["crew0"].account.save()
    assert Client().post(mine, WANTED).status_code == 403
    assert states(installed, capture.id) == {DANA: False}


def test_somebody_chooses_when_it_comes(city: Town, visit: Visit) -> None:
    client = visit("crew0")
    assert "Every day" in words(client.get("/mail/digest/"))
    assert client.post("/mail/digest/", {"days": "weekly", "hour": "9"}).status_code == 302
    row = Digest.objects.get()
    assert (row.days, row.hour, row.person.uid) == ("weekly", 9, "p-crew0")
    assert client.post("/mail/digest/", {"days": "never", "hour": "9"}).status_code == 422
    with pytest.raises(Unusable):
        digests.set_schedule(
            "daily", 3, actor=actor_of(city.people["crew0"].account, "", epoch_ms(city.now)), now=epoch_ms(city.now)
        )
    assert digest_schedule.last_due("weekly", 9, from_ms(epoch_ms(city.now)), ZONE).astimezone(ZONE).weekday() == 0
