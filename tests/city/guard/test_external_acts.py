"""A deed outside of the database and its entry: both are there or neither, whatever dies in between (A1)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import DatabaseError

from civicmail.city.guard.actions import external_acts
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import NotRecorded
from civicmail.city.guard.models import Begun, Entry
from civicmail.city.identity.actions.journal_consumer import JournalBatch, write
from civicmail.core.disk.errors import DiskFull
from civicmail.core.disk.frames import NO_ID
from civicmail.core.disk.tail import Tail
from civicmail.front.worker.people_jobs import _UsageConsumer
from civicmail.mail.archive import commit, holds, rules
from civicmail.mail.archive.commit import Entering, write_entered
from civicmail.mail.archive.errors import UnknownHold
from civicmail.mail.archive.records import Event, Type

pytestmark = pytest.mark.django_db

CLERK = Actor("e-17", "Ines Moravec", client="192.0.2.7")
NOW = 1_700_000_000_000
WHY = "Suit 26-CV-7, water damage"


class Died(BaseException):
    """The process is gone: nothing of it runs any more."""


def entering() -> Entering:
    return external_acts.entering_of(
        "hold.placed", actor=CLERK, reason=WHY, now=NOW, object="mandate:26-1", facts={"ground": "other"}
    )


def place(data: Path) -> str:
    return holds.place(data, ground="other", scope="storm", actor=CLERK.uid, reason=WHY, now=NOW, entering=entering())


def follow(data: Path) -> None:
    """What the city worker does with the journals, from their beginning."""

    class Following:
        batch = JournalBatch()

    ear = _UsageConsumer(Following())  # type: ignore[arg-type]
    for record in Tail(data, bodies=False).poll():
        ear.hear(record)
    write(Following.batch, now=NOW)


def fails(error: BaseException) -> Any:
    def no(*_: Any, **__: Any) -> None:
        raise error

    return no


def test_an_entry_stands_in_the_record_of_its_deed_and_in_the_table(tmp_path: Path) -> None:
    name = place(tmp_path)
    (record,) = Tail(tmp_path, bodies=False).poll()
    row = Entry.objects.get()
    assert Event.from_head(record.head).facts["entry"] == orjson.loads(bytes(row.head))
    assert (row.act, row.person, row.facts) == ("hold.placed", "e-17", {"ground": "other", "hold": name})
    follow(tmp_path)
    assert Entry.objects.count() == 1


@pytest.mark.rule(
    "P-16, promise 4",
    "A deed outside of the database that fails leaves no entry, and where no entry can be written nothing is done.",
)
@pytest.mark.parametrize("error", [DiskFull("There is no room."), OSError(28, "No space left on device")])
def test_a_deed_that_fails_leaves_no_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Ten entries said that a hold was placed, and none was in force."""
    monkeypatch.setattr(commit, "write_events", fails(error))
    with pytest.raises(type(error)):
        place(tmp_path)
    monkeypatch.undo()
    with pytest.raises(UnknownHold):
        holds.end(tmp_path, "0123456789ab", actor=CLERK.uid, reason=WHY, now=NOW, entering=entering())
    assert not Entry.objects.exists() and holds.load(tmp_path) == []


def test_where_no_entry_can_be_written_nothing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("civicmail.city.guard.actions.entries.enter", fails(DatabaseError("locked")))
    with pytest.raises(NotRecorded, match="Nothing was changed"):
        place(tmp_path)
    assert holds.load(tmp_path) == []


@pytest.mark.rule("P-16, promise 4", "An act whose process dies before its entry gets the entry from the act's record.")
def test_who_dies_between_the_deed_and_its_entry_is_entered_from_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is durable, the transaction was never committed, and whoever follows the journals makes the row."""
    honest = commit.write_events

    def and_dies(*words: Any, **more: Any) -> None:
        honest(*words, **more)
        raise Died

    monkeypatch.setattr(commit, "write_events", and_dies)
    with suppress(Died):
        place(tmp_path)
    assert not Entry.objects.exists() and len(holds.load(tmp_path)) == 1
    follow(tmp_path)
    follow(tmp_path)
    row = Entry.objects.get()
    assert (row.act, row.person, row.reason, row.client, row.object) == ("hold.placed", "e-17", WHY, "192.0.2.7", "mandate:26-1")
    assert str(row.uuid) == orjson.loads(bytes(row.head))["uuid"]


def test_what_somebody_wrote_is_no_entry(tmp_path: Path) -> None:
    forged = Event(Type.HOLD, NO_ID, NOW, facts={"reason": '"entry":{"uuid":1}', "actor": "x"})
    rules.write(tmp_path, forged, commit.unentered)
    follow(tmp_path)
    assert not Entry.objects.exists()


def test_several_records_of_one_deed_have_one_entry(tmp_path: Path) -> None:
    write_entered(
        tmp_path, [Event(Type.CANCELLED, bytes([n] * 16), NOW, (0,), {"actor": "x"}) for n in range(3)], NOW, entering(), {}
    )
    assert [b'"entry":{' in record.head for record in Tail(tmp_path, bodies=False).poll()] == [True, False, False]
    follow(tmp_path)
    assert Entry.objects.count() == 1


def change(path: Path, error: BaseException | None = None) -> None:
    with external_acts.in_files(
        "keys.sign", actor=CLERK, reason=WHY, now=NOW, role="system-administrator", facts={"verb": "dkim new"}
    ):
        path.write_text("changed")
        if error is not None:
            raise error


def test_what_changes_files_is_entered_when_it_is_done_and_not_when_it_failed(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="disk"):
        change(tmp_path / "key", OSError("the disk is full"))
    assert not Entry.objects.exists() and not Begun.objects.exists()
    change(tmp_path / "key")
    row = Entry.objects.get()
    assert (row.act, row.facts) == ("keys.sign", {"verb": "dkim new"}) and not Begun.objects.exists()


@pytest.mark.rule("P-16", "An act on files whose process dies leaves an entry that the outcome is unknown.")
def test_who_dies_while_files_are_changed_leaves_an_entry_that_says_so(tmp_path: Path) -> None:
    """Nobody can tell any more whether it was done, so the entry does not claim it."""
    with suppress(Died):
        change(tmp_path / "key", Died())
    assert not Entry.objects.exists()
    assert external_acts.settle(NOW + external_acts.MAX_DURATION_MS - 1) == 0
    assert external_acts.settle(NOW + external_acts.MAX_DURATION_MS) == 1
    row = Entry.objects.get()
    assert row.facts == {"verb": "dkim new", "outcome": external_acts.OUTCOME_UNKNOWN}
    assert orjson.loads(bytes(row.head))["facts"] == row.facts
    assert external_acts.settle(NOW + 2 * external_acts.MAX_DURATION_MS) == 0


def test_where_it_cannot_be_said_that_files_will_change_they_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Begun.objects, "create", fails(DatabaseError("locked")))
    with pytest.raises(NotRecorded):
        change(tmp_path / "key")
    assert not (tmp_path / "key").exists()
