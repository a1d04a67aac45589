"""The tables of people are put back to an older state: what was taken away since is not given back (P-06, P-09; L2, A3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from django.db import transaction

from city.identity import staff
from city.identity.staff import MS, NOW
from civicmail.city.directory.models import Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.models import Account, Entry
from civicmail.city.identity import database_rollback
from civicmail.city.identity.actions import devices, journal_consumer, roles, suspensions
from civicmail.city.identity.actions.journal_consumer import JournalBatch
from civicmail.city.identity.models import Authorization, Device, RoleAssignment, Token
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.identity.worker_jobs import carry_entries
from civicmail.city.snapshot.imap_access import find_person, own_mailbox
from civicmail.core.disk.tail import Tail
from civicmail.core.ledger.entry_journal import EntryJournal

pytestmark = pytest.mark.django_db
OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))
WHY = "He was dismissed this morning."


@pytest.fixture
def ann(installed: Path) -> Iterator[Person]:
    head = staff.person("head")
    where = staff.department(head=head)
    staff.employed(head, where)
    made, _ = staff.worker("ann", where, head), staff.worker("bob", where, head)
    Device.objects.create(person=made, key="ann-phone", name="phone", mac="0", made=NOW)
    Token.objects.create(person=made, mac="1", made=NOW, until=staff.LATER, epoch=1)
    yield made
    EntryJournal.release()


def lost(data: Path, act: Callable[[], object]) -> None:
    """What was done, and is in the journals, is not in the tables any more; and whoever follows hears of it."""
    with transaction.atomic():
        act()
        carry_entries(lambda plain: EntryJournal.for_folder(data).append(plain, MS), MS)
        transaction.set_rollback(True)
    again(data)


def again(data: Path) -> None:
    heard = JournalBatch()
    for record in Tail(data).poll(1000):
        heard.entries.append((orjson.loads(record.head)["facts"], record.journal, record.number))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transaction, "on_commit", lambda act: act())  # the test's own transaction is never committed
        journal_consumer.write(heard, now=MS + 1)


def reads(login: str) -> bool:
    snapshot = build_snapshot(1, MS + 2, ("city.example",))
    person = find_person(snapshot, login)
    return person is not None and own_mailbox(snapshot, person, MS + 2) is not None


@pytest.mark.rule(
    "P-06, P-09, P-23",
    "If older tables of people are restored, people do not regain access, devices, tokens or roles that they lost since: "
    "they are locked until an officer has checked, everyone signs in again, and doctor is red.",
)
def test_whoever_was_ended_since_is_shut_out_and_everybody_is_signed_out(ann: Person, installed: Path) -> None:
    """The record says that she was ended, and not how she stands now."""
    epochs = dict(Account.objects.values_list("username", "epoch"))
    lost(installed, lambda: suspensions.suspend(ann, actor=OFFICER, reason=WHY, now=MS))
    assert not reads("ann@city.example") and reads("bob@city.example")
    account = Account.objects.get(person=ann)
    assert account.locked is not None
    assert Authorization.objects.get(person=ann).state == "suspended"
    assert not Device.objects.filter(person=ann, ended__isnull=True).exists()
    assert not Token.objects.filter(person=ann, ended__isnull=True).exists()
    assert all(epoch > epochs[name] for name, epoch in Account.objects.values_list("username", "epoch"))
    entry = Entry.objects.get(act="people.set-back")
    assert entry.facts["shut"] == ["ann"] and entry.facts["acts"] == 1
    said = database_rollback.read(installed)
    assert said is not None and (said.acts, said.blocked, said.first) == (1, ("ann",), MS)


def test_what_was_done_again_is_not_undone_by_the_same_record(ann: Person, installed: Path) -> None:
    lost(installed, lambda: suspensions.suspend(ann, actor=OFFICER, reason=WHY, now=MS))
    suspensions.resume(ann, actor=OFFICER, reason="She was suspended by mistake.", now=MS + 3)
    again(installed)
    assert Entry.objects.filter(act="people.set-back").count() == 1
    assert Authorization.objects.get(person=ann).state == "active"


def test_a_device_and_a_role_that_were_ended_since_end_again_alone(ann: Person, installed: Path) -> None:
    """L2, D1."""
    other = Device.objects.create(person=ann, key="ann-desk", name="desk", mac="2", made=NOW)
    grant = RoleAssignment.objects.create(
        person=ann, role="auditor", starts=staff.OLD, until=staff.LATER, by="officer", reason="x" * 20
    )
    me = Actor("ann", "Ann Test", admitted=True)
    lost(installed, lambda: devices.end(Device.objects.get(key="ann-phone"), actor=me, reason="", now=MS))
    assert [d.key for d in Device.objects.filter(ended__isnull=True)] == [other.key]
    assert reads("ann@city.example")
    lost(installed, lambda: roles.end(grant, actor=OFFICER, reason=WHY, now=MS))
    grant.refresh_from_db()
    assert grant.ended is not None
    said = database_rollback.read(installed)
    assert said is not None and (said.acts, said.blocked) == (2, ())


@pytest.mark.parametrize("act", ["content.show", "access.signs", "pickup.open", "mailbox.open-as-master", "entries.see"])
def test_a_look_whose_process_died_sets_nothing_back(ann: Person, installed: Path, act: str) -> None:
    """It is in a journal before its row is committed (E6)."""
    lost(installed, lambda: entries.enter(act, actor=Actor("exa"), reason="case 7", now=MS, object="mandate:1"))
    assert Entry.objects.filter(act=act).count() == 1
    assert not Entry.objects.filter(act="people.set-back").exists() and database_rollback.read(installed) is None
