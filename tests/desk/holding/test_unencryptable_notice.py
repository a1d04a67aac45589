"""Whoever wrote what cannot leave, or has a mailbox that forwards, hears of it within a round of the worker (P-11, P-19, P-25)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.notices.models import Notice
from civicmail.city.policy.dispositions import Disposition
from civicmail.city.policy.dispositions import Finding as Seen
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.holding.actions import forwarding_notices as actions
from civicmail.desk.holding.models import Forwarded
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.courier.secure_routes import NO_WAY
from civicmail.mail.pipeline.accept import capture_of, scan
from desk.holding.test_findings import listened, sent
from mail.archive.making import UNSYNCED
from pages.post import CANARIES, MESSAGE
from pages.world import Town

pytestmark = pytest.mark.django_db
PAT, OFFICER = "pat.nguyen@city.example", "bram.otis@city.example"


def deferred(data: Path, capture: Capture, at: int, reply: str, *, tries: int = 1) -> None:
    facts = {"hop": "secure", "reply": reply, "try": tries, "next": at + 60_000}
    with closing(Writer(data, lambda: at, UNSYNCED, 1 << 20)) as w:
        w.event(Event(Type.DEFERRED, capture.id, at, (0,), facts))
        w.flush()


@pytest.mark.rule("P-19, promise 7", "The sender of an unencryptable message is notified, once.")
def test_whoever_wrote_what_has_no_way_is_told_once(city: Town, installed: Path) -> None:
    """Promise 7: at the first deferral for want of a way; no word of it, and nothing of other deferrals."""
    now = epoch_ms(city.now)
    stuck = sent(installed, now - 3000, do="encrypt", rules=("confidential-out",), review=())
    away = sent(installed, now - 2500, do="encrypt", rules=("confidential-out",), review=())
    long_ago = sent(installed, now - 3 * DAY_MS, do="encrypt", rules=("confidential-out",), review=())
    nobody = sent(installed, now - 2400, do="encrypt", rules=("confidential-out",), review=(), source="mx", login="")
    for tries in (1, 2):
        deferred(installed, stuck, now - 2000 + tries, f"{NO_WAY}the pick-up portal has no address (web.url)", tries=tries)
    deferred(installed, away, now - 1500, "4.4.1 smtp://192.0.2.7:25: no connection within 30 s.")
    deferred(installed, long_ago, now - 1400, f"{NO_WAY}the pick-up portal has no address (web.url)")
    deferred(installed, nobody, now - 1300, f"{NO_WAY}the pick-up portal has no address (web.url)")
    listened(installed, now)
    deferred(installed, stuck, now - 1000, f"{NO_WAY}the pick-up portal has no address (web.url)", tries=3)
    listened(installed, now)
    assert [notice.to for notice in Notice.objects.all()] == [PAT]
    notice = Notice.objects.get()
    assert stuck.uuid in notice.text
    assert "there is no way" in notice.text and "does not leave unencrypted" in notice.text
    assert not any(canary in notice.text for canary in (*CANARIES.values(), "home.example", "web.url"))


def forwarded(
    data: Path, at: int, mailbox: str, do: str = "quarantine", rules: tuple[str, ...] = ("forwarded-out",), **said: Any
) -> Capture:
    """What a rule of a mailbox sends on: written by a stranger, brought by the server of the mailboxes."""
    envelope = Envelope("stranger@shop.example", (Recipient("me@private.example"),), at, "127.0.0.1", **said)
    capture = capture_of(capture_id(at), scan(MESSAGE), envelope, Source("relay", "relay"))
    seen = (Seen("webmail", "forwarded", mask="x-sieve-redirected-from"), Seen("webmail", "forwarder", mask=mailbox))
    done, facts = (Disposition(0, do, rules),), {"sender.machine": True}  # type: ignore[arg-type]
    capture = replace(capture, dispositions=done, findings=seen, facts=facts)  # every relay is a machine to rules
    with closing(Writer(data, lambda: at, UNSYNCED, 1 << 20)) as w:
        w.receipt(capture, MESSAGE)
        w.flush()
    return capture


@pytest.mark.rule("P-11, P-25", "The owner of a mailbox whose rule would forward out of the city is notified, and so is security.")
def test_a_mailbox_that_forwards_out_of_the_city_is_told_and_so_is_security(city: Town, installed: Path) -> None:
    """Its owner, whoever wrote the message, and each security officer; once a day; not of what was let through."""
    now = epoch_ms(city.now)
    for n in range(3):
        forwarded(installed, now - 3000 + n, PAT)
    forwarded(installed, now - 2000, "gone.long@city.example")
    forwarded(installed, now - 1000, "dana.ortiz@city.example", do="deliver")
    listened(installed, now)
    told = {(n.to, n.subject): n.text for n in Notice.objects.all()}
    assert sorted(to for to, _ in told) == [OFFICER, PAT] and Notice.objects.filter(to=OFFICER).count() == 2
    (mine,) = Notice.objects.filter(to=PAT)
    assert "security office" in mine.text and "P-11" in mine.text
    assert all("shop.example" not in text and "private.example" not in text for text in told.values())
    assert Notice.objects.filter(to=OFFICER, text__contains="gone.long@city.example").exists()


@pytest.mark.rule("P-11", "The next day's notice states how many messages were stopped before.")
def test_what_was_stopped_on_earlier_days_is_counted_in_the_next_notice(city: Town, installed: Path) -> None:
    """One notice a day, and it says how much has come to be stopped since the first."""
    now = epoch_ms(city.now)
    for n in range(4):
        forwarded(installed, now - DAY_MS + n, PAT)
    forwarded(installed, now - 1000, PAT)
    listened(installed, now)
    first, second = [n.text for n in Notice.objects.filter(to=PAT).order_by("pk")]
    assert "not the first" not in first and "It is not the first: 4 messages since" in second
    assert Notice.objects.filter(to=OFFICER, text__contains="4 messages since").count() == 1
    actions.forget_old(now + 31 * DAY_MS)
    assert not Forwarded.objects.exists()


def test_a_mailbox_of_several_people_hears_of_its_rule_itself(city: Town, installed: Path) -> None:
    """Nobody holds it, and whoever reads it can take the rule out."""
    box = Mailbox.objects.filter(kind="function", closed__isnull=True).first()
    assert box is not None
    forwarded(installed, epoch_ms(city.now) - 1000, box.address)
    listened(installed, epoch_ms(city.now))
    assert "A rule of your mailbox" in Notice.objects.get(to=box.address).text


def test_a_rule_is_not_blamed_for_what_another_rule_keeps_back(city: Town, installed: Path) -> None:
    forwarded(installed, epoch_ms(city.now) - 1000, PAT, rules=("confidential-many",))
    listened(installed, epoch_ms(city.now))
    assert not Notice.objects.exists() and not Forwarded.objects.exists()
