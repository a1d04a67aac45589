"""An account is closed: counted against the archive, what is missing brought in, the live copy deleted, a certificate stays; on
real folders, with mail that the courier delivered (P-08, P-15; L3)."""

from __future__ import annotations

import asyncio
import hashlib
import imaplib
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from city.conduct.left import WHY, Place, place
from city.identity.staff import MS
from civicmail.city.conduct import closure_states
from civicmail.city.conduct.actions import account_closure
from civicmail.city.conduct.models import Closure
from civicmail.city.directory.models import Address, Mailbox
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Entry
from civicmail.city.identity.actions.publishing import publish
from civicmail.city.notices.models import Notice
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.core.config.load import load
from civicmail.core.message.model import Envelope, Recipient
from civicmail.front.sample.installation import free_ports
from civicmail.front.worker import offboarding
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Source
from civicmail.mail.courier import deliver
from civicmail.mail.pipeline.accept import Pipeline
from neighbours.dovecot import PASSWORD, Dovecot

pytestmark = pytest.mark.django_db
ANN = "ann@city.example"


class Town:
    """A data folder with a mailbox to which mail was delivered."""

    def __init__(self, data: Path) -> None:
        self.data, self.now, self.settings = data, MS, load(data)
        self.people: Place = place()
        self.box = data / "maildir" / "city.example" / "ann"
        publish(MS)

    def deliver(self, count: int) -> list[str]:
        """So many messages reach the mailbox, as the courier delivers them; their capture ids."""

        async def run() -> list[str]:
            watch = SnapshotWatcher(self.data, lambda: self.now)
            commit = GroupCommit(Writer(self.data, lambda: self.now))
            pipeline = Pipeline(commit, people=lambda: watch.current)
            ids = []
            for n in range(count):
                text = f"From: bob@home.example\r\nTo: {ANN}\r\nSubject: {n}\r\n\r\nHello {n}\r\n"
                envelope = Envelope("bob@home.example", (Recipient(ANN),), self.now)
                ids.append(str(uuid.UUID(bytes=(await pipeline.accept(text.encode(), envelope, Source("mx"))).id)))
            stop = asyncio.Event()
            courier = asyncio.create_task(deliver.run(self.settings, self.data, stop, pipeline.accept, lambda: self.now))
            async with asyncio.timeout(60):
                while any(True for _ in outstanding_file.current(self.data).waiting()):
                    await asyncio.sleep(0.02)
            stop.set()
            await courier
            await commit.close()
            return ids

        return asyncio.run(run())

    def closure(self) -> Closure:
        """Access has ended, and the department asks for the count."""
        self.people.leaves()
        return account_closure.ask(self.people.box, actor=self.people.boss, reason=WHY, now=self.now)

    def work(self) -> Closure:
        while offboarding.step(self.settings, self.data, lambda: self.now):
            pass
        return Closure.objects.order_by("-pk")[0]

    def order(self, row: Closure) -> Closure:
        return account_closure.order(row, live=row.live, actor=self.people.boss, reason=WHY, now=self.now)

    def files(self) -> list[Path]:
        return sorted(p for p in self.box.rglob("*") if p.is_file())


@pytest.fixture
def town(installed: Path) -> Town:
    return Town(installed)


@pytest.mark.rule(
    "P-08, P-15, L3",
    "The live copy of a mailbox is deleted when the archive has every message of it; missing ones are imported first.",
)
def test_an_account_is_closed_when_the_archive_has_everything_and_a_certificate_stays(town: Town) -> None:
    """Read mail under another name, a draft of a mail program, and what the courier delivered."""
    town.deliver(3)
    first = town.files()[0]
    (town.box / "cur").mkdir(exist_ok=True)
    first.rename(town.box / "cur" / f"{first.name}:2,S")
    drafts = town.box / ".Drafts" / "cur"
    drafts.mkdir(parents=True)
    (drafts / "1.draft:2,D").write_bytes(b"From: ann@city.example\nSubject: not sent\n\nTo be written.\n")
    (town.box / "subscriptions").write_text("Drafts\n")
    listed = sorted(hashlib.sha256(p.read_bytes()).hexdigest() for p in town.files() if p.name != "subscriptions")
    before = Machine(town.data).count()
    town.closure()
    row = town.work()
    assert (row.state, row.live, row.brought) == ("counted", 4, 1), "the draft is not in the archive yet"
    assert len(town.files()) == 5 and Machine(town.data).count() == before, "counting changes nothing"
    town.order(row)
    row = town.work()
    assert (row.state, row.live, row.brought) == ("closed", 4, 1) and not town.box.exists()
    assert row.listed == hashlib.sha256("".join(f"{s}\n" for s in listed).encode()).hexdigest()
    machine = Machine(town.data)
    brought = [c for c in map(machine.capture, machine.ids()) if c.source.kind == "import"]
    assert machine.count() == before + 1 and [c.custodian for c in brought] == [ANN]
    assert machine.body(brought[0].id).endswith(b"To be written.\n")
    assert Mailbox.objects.get(address=ANN).closed is not None and Address.objects.filter(address=ANN).exists(), "L3"
    entry = Entry.objects.get(act="account.closed")
    said = account_closure.certificate(Closure.objects.select_related("mailbox__holder", "department", "by", "orderer").get())
    assert entry.facts["certificate"] == row.sha256 == hashlib.sha256(said).hexdigest()
    assert orjson.loads(said)["messages"] == 4 and Notice.objects.get(key=f"closure:{row.pk}").to == "head@city.example"
    with pytest.raises(DatabaseError), transaction.atomic():
        Closure.objects.update(live=0)
    with pytest.raises(DatabaseError), transaction.atomic():
        Closure.objects.all().delete()


@pytest.mark.rule("P-15", "A message of a live mailbox counts as archived by its bytes, never by its name.")
def test_bytes_that_are_not_what_was_delivered_are_brought_in_before_they_go(town: Town) -> None:
    """A file under a capture's name is not believed by its name."""
    town.deliver(1)
    town.files()[0].write_bytes(b"Subject: other\n\nAltered in the mailbox.\n")
    town.closure()
    assert town.work().brought == 1
    town.order(Closure.objects.get())
    assert town.work().state == "closed"
    machine = Machine(town.data)
    assert any(machine.body(id_) == b"Subject: other\n\nAltered in the mailbox.\n" for id_ in machine.ids())


@pytest.mark.rule("P-08", "The certificate of a closed account is in the ledger's entry before the first file is deleted.")
def test_who_dies_at_any_step_goes_on_and_loses_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files go one by one, after the certificate is written."""
    town.deliver(3)
    town.closure()
    town.order(town.work())
    row = Closure.objects.get()
    account_closure.begin(row, now=MS)
    unlink: Callable[..., None] = Path.unlink
    gone: list[Path] = []

    def dies(self: Any, *_: Any, **__: Any) -> None:
        if gone:
            raise OSError("the power went")
        gone.append(self)
        unlink(self)

    from civicmail.core.disk.files import OS_FILES

    with monkeypatch.context() as m:
        m.setattr(type(OS_FILES), "unlink", lambda _files, path: dies(path))
        assert town.work().state == "closing"
    row = Closure.objects.get()
    assert len(town.files()) == 2 and row.sha256, "certified before the first file went"
    row = town.work()
    assert (row.state, row.live, town.box.exists()) == ("closed", 3, False)


@pytest.mark.rule("P-08", "Only the department of a mailbox closes its account.")
def test_only_the_department_closes_and_only_what_nobody_uses(town: Town) -> None:
    """Who has access, an officer, another count: each is a no."""
    with pytest.raises(Conflict, match="still has access"):
        account_closure.ask(town.people.box, actor=town.people.boss, reason=WHY, now=MS)
    row = town.closure()
    with pytest.raises(Conflict, match="already"):
        account_closure.ask(town.people.box, actor=town.people.boss, reason=WHY, now=MS)
    from city.conduct.left import OFFICER

    with pytest.raises(NotPermitted):
        account_closure.drop(row, actor=OFFICER, reason=WHY, now=MS)
    row = town.work()
    with pytest.raises(Conflict, match="count"):
        account_closure.order(row, live=row.live + 1, actor=town.people.boss, reason=WHY, now=MS)
    account_closure.drop(row, actor=town.people.boss, reason=WHY, now=MS)
    assert town.work().state == "dropped" and Mailbox.objects.get(address=ANN).closed is None


def test_a_link_in_a_mailbox_stops_it_and_says_why(town: Town) -> None:
    town.deliver(1)
    (town.box / "new" / "x").symlink_to("/etc/hostname")
    town.closure()
    row = town.work()
    assert row.state == "stopped" and "link" in row.problem
    (town.box / "new" / "x").unlink()
    account_closure.again(row, actor=town.people.boss, reason=WHY, now=MS)
    assert town.work().state == "counted"


def test_a_mailbox_in_another_system_is_not_counted_from_here(town: Town) -> None:
    town.settings = replace(town.settings, courier=replace(town.settings.courier, local="lmtp://127.0.0.1:24"))
    town.closure()
    row = town.work()
    assert row.state == "stopped" and "another system" in row.problem


@contextmanager
def signed_in(dovecot: Dovecot) -> Iterator[imaplib.IMAP4]:
    wire = imaplib.IMAP4("127.0.0.1", dovecot.imap)
    wire.login(ANN, PASSWORD)
    yield wire
    wire.logout()


def behind(town: Town, dovecot: Dovecot) -> None:
    courier = replace(
        town.settings.courier, local=f"lmtp://127.0.0.1:{dovecot.lmtp}", imap=f"imap://127.0.0.1:{dovecot.imap}",
        imap_key_file=str(dovecot.key_file),
    )  # fmt: skip
    town.settings = replace(town.settings, courier=courier)


@pytest.mark.neighbour("dovecot", "root")
def test_a_mailbox_in_dovecot_is_emptied_when_the_archive_has_all_of_it(town: Town) -> None:
    """P-08, P-15: filed and read in any folder, a draft that nobody sent, and a server that is away for a while."""
    with Dovecot(master="master-scratch") as dovecot:
        behind(town, dovecot)
        town.deliver(3)
        with signed_in(dovecot) as wire:
            wire.create('"To do.K&APY-nig"'), wire.create("Drafts"), wire.select("INBOX")
            wire.copy("1", '"To do.K&APY-nig"'), wire.store("1", "+FLAGS", "\\Deleted"), wire.expunge()
            wire.append("Drafts", "(\\Draft)", None, b"From: ann@city.example\r\nSubject: not sent\r\n\r\nTo be written.\r\n")
        before = Machine(town.data).count()
        town.closure()
        dovecot.stop()
        assert town.work().state == "counting", "it is away, and goes on later"
        dovecot.start()
        row = town.work()
        assert (row.state, row.live, row.brought) == ("counted", 4, 1), row.problem
        assert Machine(town.data).count() == before and len(dovecot.fetch(ANN)) == 2, "counting changes nothing"
        town.order(row)
        account_closure.begin(Closure.objects.get(), now=MS)
        dovecot.stop()
        assert town.work().state == "closing"
        dovecot.start()
        row = town.work()
        assert (row.state, row.live, row.brought, bool(row.sha256)) == ("closed", 4, 1, True)
        with signed_in(dovecot) as wire:
            assert [line.split()[-1] for line in wire.list()[1]] == [b"INBOX"] and wire.select("INBOX")[1] == [b"0"]
    machine = Machine(town.data)
    (brought,) = [c for c in map(machine.capture, machine.ids()) if c.source.kind == "import"]
    assert machine.count() == before + 1 and machine.body(brought.id).endswith(b"To be written.\r\n")
    assert orjson.loads(account_closure.certificate(Closure.objects.get()))["messages"] == 4


@pytest.mark.rule(
    "P-08",
    "An unavailable mailbox server does not stop the closing of an account, which continues when the server is back.",
)
def test_a_mailbox_server_that_is_away_stops_nothing(town: Town) -> None:
    """It goes on when the server is there again; nobody has to order it anew."""
    town.deliver(1)
    (key := town.data / "imap.key").write_text("scratch")
    (port,) = free_ports(1)
    courier = replace(town.settings.courier, local="lmtp://127.0.0.1:24", imap=f"imap://127.0.0.1:{port}", imap_key_file=str(key))
    town.settings = replace(town.settings, courier=courier)
    row = town.closure()
    assert town.work().state == "counting"
    account_closure.drop(row, actor=town.people.boss, reason=WHY, now=MS)


@given(st.lists(st.sampled_from(sorted({s.action for s in closure_states.STEPS})), max_size=12))
def test_nothing_is_closed_but_through_a_count_an_order_and_a_last_look(actions: list[str]) -> None:
    """Whatever happens in whatever order: closed has been counted, ordered and begun, and nothing leads out of it."""
    state, seen = "counting", ["counting"]
    for action in actions:
        try:
            state = closure_states.step(state, action)
        except Conflict:
            continue
        seen.append(state)
    if state == "closed":
        assert seen[-4:] == ["counted", "ordered", "closing", "closed"]
    assert "dropped" not in seen[:-1] and "closed" not in seen[:-1]
