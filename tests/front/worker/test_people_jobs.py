"""People's side in the city worker: entries become records of a journal, and mail does not wait for the database (A1, I4; P-16)."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from django.db import OperationalError, transaction

from city.identity import staff
from city.identity.staff import NOW as STAFF_NOW
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.models import Account, Carried, Entry, Failure
from civicmail.city.identity.actions import devices
from civicmail.city.identity.actions.publishing import publish
from civicmail.city.identity.models import Device, Usage
from civicmail.city.identity.worker_jobs import carry_entries
from civicmail.city.snapshot.models import Untold
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher, alive_path
from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.core.disk.frames import NO_ID
from civicmail.core.disk.tail import Tail
from civicmail.core.ledger import sequencer
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.core.message.model import Envelope, Recipient
from civicmail.front.checkup import job_registry
from civicmail.front.worker import people_jobs
from civicmail.front.worker.job_loop import Job, run_job
from civicmail.front.worker.processes import JobContext, begin
from civicmail.mail.archive.commit import SHORT_FILE, Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Event, Source, Type
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.pipeline.accept import capture_of, scan
from front.worker.rounds import PEOPLE, once

NOW = 1_772_452_800_000
LETTER = (
    b"From: canary-outside@world.example\r\nTo: ann@city.example\r\nSubject: canary-subject\r\n"
    b"Message-ID: <canary-id@world.example>\r\n\r\ncanary-body\r\n"
)


class Lost(Exception):
    """An older copy of the tables is put back."""


class Impatient(threading.Event):
    """A stop that is set after so many waits, none of which lasts."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.left = waits

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= 1
        if self.left <= 0:
            self.set()
        return self.is_set()


@pytest.mark.rule("P-17, I4", "No entry, log line or count contains content of a message or its outside author.")
@pytest.mark.django_db(transaction=True)
def test_a_round_carries_entries_into_a_journal_and_tells_nothing_of_mail(
    installed: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Canaries of subject, body, message id and an outsider's address, in a message that really was kept."""
    envelope = Envelope("canary-outside@world.example", (Recipient("ann@city.example"),), NOW, client="192.0.2.1")
    with closing(Writer(installed, lambda: NOW)) as writer:
        writer.receipt(capture_of(capture_id(NOW), scan(LETTER), envelope, Source("mx")), LETTER)
        writer.flush()
    with transaction.atomic():
        entries.enter("duty.grant", actor=Actor("ann", "Ann"), reason="why", now=NOW, object="duty:1")
    for carried in (1, 0):
        done = once(installed, *PEOPLE, now=NOW)
        assert (done["dated"], done["carried"]) == (0, carried)
    records = [orjson.loads(r.head) for r in Tail(installed).poll() if r.type == Type.ENTRY]
    assert [r["facts"]["act"] for r in records] == ["duty.grant"] and records[0]["facts"]["person"] == "ann"
    place = Carried.objects.get()
    assert (place.journal, place.number) == (records[0]["journal"], records[0]["number"])
    out, err = capsys.readouterr()
    told = out + err + caplog.text + str([*Entry.objects.values(), *Usage.objects.values()])
    assert "canary" not in told


@pytest.mark.django_db(transaction=True)
def test_a_job_waits_for_the_database_and_begins_when_it_is_back(installed: Path) -> None:
    """Gone for a minute, gone for a day: each round tries again, and doors see by the file that it is away."""
    tries = []

    def prepare() -> None:
        tries.append(1)
        if len(tries) < 4:
            raise OperationalError("the database is away")

    declared = job_registry.by_name("alive")
    context = JobContext(Settings(), installed, lambda: NOW)
    alive = Job("alive", lambda: begin(declared, context, prepare), declared.every)
    run_job(alive, installed, Impatient(3))
    assert len(tries) == 3 and not alive_path(installed).exists()
    run_job(alive, installed, Impatient(1))
    assert len(tries) == 4 and alive_path(installed).stat().st_mtime_ns == NOW * 1_000_000


def _receive(writer: Writer, count: int) -> None:
    for n in range(count):
        envelope = Envelope("ana@out.example", (Recipient("ann@city.example"),), NOW + n, client="192.0.2.1")
        writer.receipt(capture_of(capture_id(NOW + n), scan(LETTER), envelope, Source("mx")), LETTER)
        facts = {"act": "sign-in-failed", "by": "PLAIN", "login": "veiled", "door": "submission", "client": "192.0.2.1"}
        writer.event(Event(Type.ENTRY, NO_ID, NOW + n, facts=facts))
        writer.flush()


def _seal_all(data: Path) -> None:
    with Sequencer(data) as ledger:
        ledger.integrate(NOW)
    with Sealer(data) as sealer:
        sealer.seal(lambda: sequencer.positions(data), now=NOW)


@pytest.mark.rule(
    "P-05, P-07",
    "Sign-ins and counts of journals that were sealed without being read are read from the segments, or the gap is reported.",
)
@pytest.mark.django_db(transaction=True)
def test_what_was_sealed_while_nobody_followed_is_counted_when_the_database_is_back(installed: Path) -> None:
    """The worker starts anew after a day without the database, and journals were sealed and removed meanwhile."""
    with closing(Writer(installed, lambda: NOW, file_size=SHORT_FILE)) as writer:
        _receive(writer, 2)
    once(installed, *PEOPLE, now=NOW)
    assert Failure.objects.count() == 2
    with closing(Writer(installed, lambda: NOW, file_size=SHORT_FILE)) as writer:
        _receive(writer, 3)
    _seal_all(installed)
    assert not list(installed.glob("journal/*/*.log")), "all of it is in segments now"
    with closing(Writer(installed, lambda: NOW, file_size=SHORT_FILE)) as writer:
        _receive(writer, 1)
    once(installed, *PEOPLE, now=NOW)
    assert Failure.objects.count() == 6
    once(installed, *PEOPLE, now=NOW)
    assert Failure.objects.count() == 6, "and nothing twice"


@pytest.mark.django_db(transaction=True)
def test_tables_of_a_first_minute_get_the_entries_that_were_sealed_since(installed: Path) -> None:
    """A copy that was made before anything was read does not say how far; what came after it is in segments alone."""
    head = staff.person("head")
    where = staff.department(head=head)
    staff.employed(head, where)
    ann = staff.worker("ann", where, head)
    device = Device.objects.create(person=ann, key="ann-phone", name="phone", mac="0", made=STAFF_NOW)
    with pytest.raises(Lost), transaction.atomic():
        devices.end(device, actor=Actor("ann", "Ann Test", admitted=True), now=NOW)
        with closing(Writer(installed, lambda: NOW, file_size=SHORT_FILE)) as writer:
            carry_entries(lambda heads: people_jobs.append(writer, heads), NOW)
            _receive(writer, 1)
        raise Lost
    _seal_all(installed)
    assert not list(installed.glob("journal/*/*.log")), "all of it is in segments now"
    device.refresh_from_db()
    assert device.ended is None
    once(installed, *PEOPLE, now=NOW + 1)
    device.refresh_from_db()
    assert device.ended is not None
    assert Entry.objects.filter(act="people.set-back").exists()
    assert not Failure.objects.exists(), "who failed to sign in back then is no news"


@pytest.mark.django_db(transaction=True)
def test_what_can_be_read_nowhere_is_said(
    installed: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """A segment is lost before it was counted."""
    with closing(Writer(installed, lambda: NOW, file_size=SHORT_FILE)) as writer:
        _receive(writer, 1)
    once(installed, *PEOPLE, now=NOW)
    with closing(Writer(installed, lambda: NOW, file_size=SHORT_FILE)) as writer:
        _receive(writer, 2)
    _seal_all(installed)
    for path in installed.glob("segments/*/*/*.seg"):
        path.unlink()
    once(installed, *PEOPLE, now=NOW)
    assert "records of journals are in no segment" in caplog.text + "".join(capsys.readouterr())
    assert Failure.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_job_tells_doors_what_a_process_did_not_live_to_tell(installed: Path) -> None:
    """L2: four times a second, whoever made the change and wherever it died."""
    head = staff.person("head")
    where = staff.department(head=head)
    staff.employed(head, where)
    ann = staff.worker("ann", where, head)
    publish()
    now = now_ms()
    Untold.objects.create(at=now - 1000, people=[ann.pk])
    Account.objects.filter(person=ann).update(locked=STAFF_NOW)
    assert job_registry.by_name("doors").every <= 0.25
    once(installed, "doors", now=now)
    seen = SnapshotWatcher(installed, lambda: now).current
    assert seen is not None and "locked" in seen.people["ann"].why
    assert not Untold.objects.exists()
