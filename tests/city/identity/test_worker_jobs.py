"""Entries reach the journal, sign-ins of mail doors reach the lock, counts are counts (A1, A3, AC-7, I4; P-07, P-16)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from city.identity import staff
from city.identity.staff import MS, NOW, OLD
from civicmail.city.directory.models import Address, Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Account, Carried, Failure
from civicmail.city.identity.actions import journal_consumer, throttling
from civicmail.city.identity.actions.journal_consumer import JournalBatch
from civicmail.city.identity.models import Device, Followed, Usage
from civicmail.city.identity.worker_jobs import FULL_SCAN_EVERY_MS, EntryCarrier, UsageRecorder, carry_entries

pytestmark = pytest.mark.django_db


class Journal:
    """Where entries go, and what it has."""

    def __init__(self) -> None:
        self.heads: list[dict[str, Any]] = []

    def __call__(self, heads: list[dict[str, Any]]) -> list[tuple[str, int]]:
        self.heads += heads
        return [("j", len(self.heads) - len(heads) + n) for n in range(1, len(heads) + 1)]


def _entries(count: int) -> None:
    with transaction.atomic():
        for n in range(count):
            entries.enter("duty.grant", actor=Actor("ann", "Ann"), reason="why", now=MS + n, object=f"duty:{n}")


@pytest.mark.rule("P-16, promise 4, A1, A3", "Every entry of people's acts reaches the ledger.")
def test_every_entry_is_carried_once_and_the_place_is_remembered() -> None:
    _entries(1203)
    journal = Journal()
    assert carry_entries(journal, MS) == 1203 and carry_entries(journal, MS) == 0
    assert [h["object"] for h in journal.heads] == [f"duty:{n}" for n in range(1203)]
    assert Carried.objects.count() == 1203 and Carried.objects.get(number=1203).journal == "j"
    assert journal.heads[0]["reason"] == "why" and journal.heads[0]["uuid"]


def test_a_crash_between_the_journal_and_the_note_carries_one_twice_and_loses_none() -> None:
    """A3: under the same uuid."""
    _entries(2)
    journal = Journal()

    def crash(heads: list[dict[str, Any]]) -> list[tuple[str, int]]:
        journal(heads)
        raise OSError("the power")

    with pytest.raises(OSError, match="power"):
        carry_entries(crash, MS)
    assert carry_entries(journal, MS) == 2
    assert len(journal.heads) == 4 and len({h["uuid"] for h in journal.heads}) == 2


@pytest.mark.rule(
    "promise 4",
    "New entries are carried to the ledger at once, and each hour those whose transaction was very late.",
)
def test_a_worker_carries_at_once_what_is_new_and_looks_for_what_was_late_each_hour() -> None:
    """A3: what it remembers of the settled ones keeps no entry back."""
    journal = Journal()
    carrying = EntryCarrier(journal)
    assert carrying.step(MS) == 0
    _entries(3)
    rows = entries.waiting(10)
    entries.mark_carried([(rows[0], "j", 1), (rows[2], "j", 2)], now=MS - entries.SETTLED_AFTER_MS)
    assert carrying.step(MS + 300) == 0
    _entries(1)
    assert carrying.step(MS + 600) == 1
    with CaptureQueriesContext(connection) as asked:
        assert carrying.step(MS + 900) == 0
    assert len(asked) == 1
    assert carrying.step(MS + FULL_SCAN_EVERY_MS) == 1 and journal.heads[1]["object"] == "duty:1"


def test_old_entries_are_not_asked_about_each_time_and_none_is_forgotten() -> None:
    """One that was committed very late is found by the thorough look."""
    _entries(3)
    journal = Journal()
    rows = entries.waiting(10)
    entries.mark_carried([(rows[0], "j", 1), (rows[2], "j", 2)], now=MS)
    later = MS + entries.SETTLED_AFTER_MS
    assert entries.settled(later - 1) == 0 and entries.settled(later) == rows[2].pk
    assert carry_entries(journal, later, after=entries.settled(later)) == 0 and entries.lag_ms(later) == 0
    assert carry_entries(journal, later) == 1 and journal.heads[0]["object"] == "duty:1"
    _entries(1)
    assert entries.lag_ms(MS + 5000) == 5000 and carry_entries(journal, later, after=entries.settled(later)) == 1


def _worker(uid: str = "ann") -> Person:
    head = staff.person()
    where = staff.department(f"d-{head.uid}", head)
    staff.employed(head, where)
    return staff.worker(uid, where, head)


def _attempt(act: str, person: str, at: int, device: str = "", login: str = "") -> dict[str, Any]:
    return {
        "act": act,
        "person": person,
        "by": "PLAIN",
        "device": device,
        "door": "submission",
        "client": "192.0.2.9",
        "login": login,
    }


@pytest.mark.rule("P-07, AC-7", "Wrong device passwords do not block pages, tokens or sending.")
def test_wrong_device_passwords_are_noted_and_lock_nobody_out_of_anything() -> None:
    """Who knows a name keeps nobody from the pages, from sending or from a token."""
    ann = _worker()
    heard = JournalBatch()
    for n in range(4):
        heard.entry(_attempt("sign-in-failed", "ann", MS), MS + n * 1000)
    journal_consumer.write(heard, now=MS + 10_000)
    heard.entry(_attempt("sign-in-failed", "ann", MS), MS + 5000)
    journal_consumer.write(heard, now=MS + 10_000)
    mine = Account.objects.get(person=ann)
    assert mine.locked is None and Failure.objects.filter(account=mine).count() == 5
    assert throttling.admit(mine.username, "password", client="192.0.2.9", now=MS + 10_000) is not None


def test_the_last_success_is_remembered_whatever_failed_around_it() -> None:
    ann = _worker()
    Device.objects.create(person=ann, key="k1", name="phone", mac="00" * 32, made=OLD)
    heard = JournalBatch()
    for n in (0, 1, 2, 4, 5, 6):
        heard.entry(_attempt("sign-in-failed", "ann", MS), MS + n * 1000)
    heard.entry(_attempt("sign-in", "ann", MS, "k1"), MS + 3000)
    heard.entry(_attempt("sign-in-failed", "", MS, login="ab" * 8), MS)
    heard.entry({"act": "duty.grant", "person": "ann"}, MS)
    journal_consumer.write(heard, now=MS + 10_000)
    device = Device.objects.get()
    assert Account.objects.get(person=ann).last_login == NOW + timedelta(seconds=3)
    assert device.used == NOW + timedelta(seconds=3) and device.used_from == "192.0.2.9"
    assert Failure.objects.get(account__isnull=True).login == "ab" * 8


@pytest.mark.rule("P-05, P-07", "Of sign-ins that are written together only the last of each account and device is written.")
def test_a_thousand_sign_ins_are_written_as_one() -> None:
    """Everybody else waits for whoever writes for long."""
    ann = _worker()
    Device.objects.create(person=ann, key="k1", name="phone", mac="00" * 32, made=OLD)
    heard = JournalBatch({"j": 7})
    for n in range(1000):
        heard.entry(_attempt("sign-in", "ann", MS, "k1"), MS + n)
    with CaptureQueriesContext(connection) as asked:
        journal_consumer.write(heard, now=MS + 10_000)
    assert len(asked) < 20
    assert Account.objects.get(person=ann).last_login == NOW + timedelta(milliseconds=999)
    assert Device.objects.get().used == NOW + timedelta(milliseconds=999)


def _receipt(login: str, sender: str, *to: str, kind: str = "submission") -> dict[str, Any]:
    return {
        "received": MS,
        "source": {"kind": kind},
        "envelope": {"login": login, "from": sender, "to": [{"a": a} for a in to]},
    }


@pytest.mark.rule("P-05", "Usage in journals counts once.")
def test_counts_are_by_mailbox_and_day_and_of_our_own_addresses_alone() -> None:
    """I4: nobody outside leaves a trace in them."""
    ann, bob = _worker(), _worker("bob")
    Address.objects.create(address="a.mueller@city.example", mailbox=ann.mailboxes.get(), person=ann, since=OLD)
    heard = JournalBatch({"j": 7})
    heard.receipt(_receipt("ann/k1", "ann@city.example", "bob@city.example", "resident@world.example"))
    heard.receipt(_receipt("ann/k1", "A.Mueller@city.example", "bob+x@city.example"))
    heard.receipt(_receipt("", "resident@world.example", "ann@city.example", kind="mx"))
    heard.receipt(_receipt("", "old@world.example", "ann@city.example", kind="import"))
    journal_consumer.write(heard, now=MS)
    journal_consumer.write(heard, now=MS)  # nothing new: nothing counts twice
    assert set(Usage.objects.values_list("person__uid", "sent", "received")) == {("ann", 2, 1), ("bob", 0, 2)}
    heard.receipt(_receipt("ann/k1", "ann@city.example", "bob@city.example"))
    journal_consumer.write(heard, now=MS)
    assert Usage.objects.get(person=ann).sent == 3 and Usage.objects.get(person=bob).received == 3
    assert dict(Followed.objects.values_list("journal", "number")) == {"j": 7}
    assert "world.example" not in str([*Usage.objects.values(), *Followed.objects.values()])


def test_while_the_database_is_away_it_is_kept_and_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    ann = _worker()
    job = UsageRecorder()
    job.batch.receipt(_receipt("ann/k1", "ann@city.example", "resident@world.example"))

    def away(*_: object, **__: object) -> None:
        raise DatabaseError("away")

    with monkeypatch.context() as patch:
        patch.setattr(journal_consumer, "write", away)
        patch.setattr("civicmail.city.identity.worker_jobs.close_connections", lambda: None)
        assert not job.write(MS)
    assert job.write(MS) and Usage.objects.get(person=ann).sent == 1


def test_no_entry_says_what_is_in_a_message_or_who_wrote_from_outside(caplog: pytest.LogCaptureFixture) -> None:
    """I4: canaries of a subject, a body and an outsider's address are nowhere in entries, heads or the log."""
    ann = _worker()
    journal, heard = Journal(), JournalBatch()
    receipt = _receipt("ann/k1", "ann@city.example", "canary-outside@world.example")
    receipt |= {"subject": "canary-subject", "body": "canary-body", "message_id": "canary-id@world.example"}
    heard.receipt(receipt)
    heard.entry(_attempt("sign-in-failed", "", MS, login="canary-outside@world.example"[:0] + "ab" * 8), MS)
    journal_consumer.write(heard, now=MS)
    _entries(1)
    carry_entries(journal, MS)
    told = orjson.dumps(journal.heads).decode() + caplog.text + str([*Usage.objects.values(), *Failure.objects.values()])
    assert "canary" not in told and ann.uid == "ann"


@pytest.mark.rule("P-01, P-07", "Usage of many people is written with as many statements as that of one.")
def test_what_many_did_is_written_with_the_statements_of_one_and_each_has_its_own() -> None:
    """A city has sixty messages in a second."""
    staff_ = [_worker(f"p{n}") for n in range(30)]
    for person in staff_:
        Device.objects.create(person=person, key=f"k-{person.uid}", name="phone", mac="00" * 32, made=OLD)

    def asked(*people: Person, at: int) -> int:
        heard = JournalBatch({"j": 7})
        for n, person in enumerate(people):
            for _ in range(n + 1):
                heard.receipt(_receipt(f"{person.uid}/k", f"{person.uid}@city.example"))
            heard.entry(_attempt("sign-in", person.uid, MS, f"k-{person.uid}"), at + n)
        with CaptureQueriesContext(connection) as queries:
            journal_consumer.write(heard, now=at)
        return len(queries)

    asked(*staff_, at=MS)
    assert asked(*staff_, at=MS + 3_600_000) == asked(staff_[0], at=MS + 7_200_000)
    later = {p: MS + 3_600_000 + n for n, p in enumerate(staff_)} | {staff_[0]: MS + 7_200_000}
    signed_in = Account.objects.filter(last_login__isnull=False).select_related("person")
    assert {a.person: a.last_login for a in signed_in} == {p: from_ms(at) for p, at in later.items()}
    assert {d.person: d.used for d in Device.objects.select_related("person")} == {p: from_ms(at) for p, at in later.items()}
    counts = {p: 2 * (n + 1) for n, p in enumerate(staff_)} | {staff_[0]: 3}
    assert {u.person: u.sent for u in Usage.objects.select_related("person")} == counts
