"""Parts that mail needs are really stopped, one after the other, while mail comes by SMTP: nothing is lost, and nothing passes in
silence (promise 6). Rspamd, ClamAV, DNS, the reader and the worker are stopped in test_screened.py."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from civicmail.city.policy import active_rules
from civicmail.city.snapshot.credentials import device_key
from civicmail.city.snapshot.published_snapshot import publish, snapshot_path
from civicmail.desk.oversight import rule_text
from civicmail.mail.archive.machine import Machine
from civicmail.mail.screening.confidential import exact_lists
from civicmail.mail.screening.correspondents import correspondents_path
from civicmail.mail.screening.model import model_path
from neighbours.assassin import Spamd
from neighbours.authority import Authority
from neighbours.civic import Civicmail, civicmail
from neighbours.process import program
from neighbours.tools import swaks
from stories.test_people_send import BOB, people
from stories.test_screened import ALL, CAROL, City, mail

pytestmark = pytest.mark.neighbour("swaks", "openssl", "spamd")
OURS = "Ann Miller <ann@city.example>"
SECONDS = 60


@dataclass
class Town(City):
    """spamd: SpamAssassin, which is asked beside our own learner."""

    spamd: Spamd

    def count(self) -> int:
        return Machine(self.running.data).count()

    def child(self, words: str) -> int:
        """The process of ours whose command line says so."""
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes().replace(b"\0", b" ")
                parent = (path.parent / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue
            if int(parent) == self.running.pid and words.encode() in line:
                return int(path.parent.name)
        return 0

    def live(self, words: str) -> int:
        """The same, once it is there: a signal to process 0 would go to the whole group of the tests."""
        until(lambda: self.child(words) > 0)
        return self.child(words)

    def anew(self, *jobs: str) -> None:
        """These processes are killed, and others are there."""
        for words in jobs:
            before = self.live(words)
            os.kill(before, signal.SIGKILL)
            until(lambda words=words, before=before: self.child(words) not in (0, before))
        until(lambda: swaks(self.running.mx, "--quit-after", "EHLO", to=BOB, sender=CAROL).returncode == 0)

    def takes(self) -> bool:
        """Whether a stranger's recipient is taken."""
        return swaks(self.running.mx, "--quit-after", "RCPT", to=BOB, sender=CAROL).returncode == 0

    def do(self, id_: str) -> str:
        (row,) = self.queue(id_)
        return str(row["do"])

    def unavailable(self, id_: str) -> set[str]:
        return set(self.capture(id_).facts.get("unavailable", ()))  # type: ignore[arg-type]


def until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not there():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    authority = Authority(tmp_path_factory.mktemp("tls"))
    certificate, key = authority.issue("mail.city.example")
    with Spamd() as spamd:
        running = Civicmail(
            tmp_path_factory.mktemp("stopped") / "data",
            people=f'certificate = "{certificate}"\nkey = "{key}"',
            screening__checks=ALL,
            screening__spamd=spamd.address,
        )
        publish(running.data, people(device_key(running.data), 1))
        with running:
            yield Town(running, None, None, spamd)  # type: ignore[arg-type]


def test_without_spamassassin_mail_goes_on_and_the_record_says_so(town: Town, tmp_path: Path) -> None:
    """P-02: a second opinion; nobody waits for it, and nobody thinks that it was asked."""
    _, asked = town.send("--data", mail(tmp_path / "a"))
    assert "spamd" not in town.unavailable(asked)
    town.spamd.process.kill()
    reply, id_ = town.send("--data", mail(tmp_path / "b"))
    assert reply.startswith("250") and "spamd" in town.unavailable(id_)
    town.arrives(id_, seconds=SECONDS)


def test_a_list_of_values_that_cannot_be_read_lets_nothing_leave(town: Town, tmp_path: Path) -> None:
    """P-19: what is confidential cannot be found out; it waits, and goes when the list is there again."""
    folder = town.running.data / exact_lists.FOLDER
    folder.mkdir(exist_ok=True)
    (folder / "staff.list").write_bytes(b"spoilt")
    _, id_ = town.send("--data", mail(tmp_path / "a", from_=OURS, to=CAROL), to=CAROL, inside=True)
    assert "confidential" in town.unavailable(id_) and town.do(id_) == "pending"
    (folder / "staff.list").unlink()
    until(lambda: bool(town.decided(id_)))
    assert town.decided(id_)[-1].facts["do"] == "deliver"


def test_an_archive_that_cannot_write_takes_nothing(town: Town, tmp_path: Path) -> None:
    """Promise 1: no file may grow, as on a disk that is full; nobody hears 250, and nothing is half kept."""
    pid, before = town.child("gateway"), town.count()
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))
    said = swaks(town.running.mx, "--data", mail(tmp_path / "a"), to=BOB, sender=CAROL).stdout
    assert re.search(r"(?m)^<\*\* 45\d ", said) and "archived=" not in said, said
    if town.child("gateway") == pid:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
    words = mail(tmp_path / "b")
    until(lambda: swaks(town.running.mx, "--data", words, to=BOB, sender=CAROL).returncode == 0)
    assert town.count() == before + 1 and b'"problems":[]' in civicmail("verify", data=town.running.data).stdout


def test_what_was_spoilt_stops_nothing_while_somebody_remembers_it(town: Town, tmp_path: Path) -> None:
    """P-06: the last book and the last snapshot stay in force."""
    path, who = active_rules.active_path(town.running.data), snapshot_path(town.running.data)
    good = who.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[[rule]\n")
    who.write_bytes(b"spoilt")
    _, id_ = town.send("--data", mail(tmp_path / "a", attached=("invoice.exe", b"MZ" + bytes(200) + b"PE\0\0" + bytes(200))))
    assert town.do(id_) == "quarantine"
    active_rules.publish(
        town.running.data, rule_text.join_texts(rule_text.starter())
    )  # a worker that began meanwhile knows no other
    who.write_bytes(good)


def test_a_gateway_that_dies_has_promised_nothing_and_one_that_knows_nobody_takes_nothing(town: Town, tmp_path: Path) -> None:
    """Promise 1, P-06: the client of a message that is looked into hears no 250 and sends again. Who is here cannot be read when
    the next process begins: strangers and machines are told to come again, and nothing is kept."""
    who, before = snapshot_path(town.running.data), town.count()
    good, words = who.read_bytes(), mail(tmp_path / "a")
    until(lambda: bool(town.readers()))
    for pid in town.readers():
        os.kill(pid, signal.SIGSTOP)
    line = [
        program("swaks"),
        "--server",
        "127.0.0.1",
        "--port",
        str(town.running.mx),
        "--to",
        BOB,
        "--from",
        CAROL,
        "--data",
        words,
    ]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as client:
        assert client.stdout is not None
        assert any(said.strip() == "-> ." for said in client.stdout)
        who.write_bytes(b"spoilt")
        town.anew("gateway")
        assert "archived=" not in client.stdout.read()
    for port, sender in ((town.running.mx, CAROL), (town.running.relay, "printer@city.example")):
        said = swaks(port, to=BOB, sender=sender).stdout
        assert re.search(r"(?m)^<\*\* 45\d ", said), said
    assert town.count() == before
    who.write_bytes(good)
    publish(town.running.data, people(device_key(town.running.data), 2))
    until(town.takes)
    _, id_ = town.send("--data", words)
    town.arrives(id_, seconds=SECONDS)
    assert town.count() == before + 1


def test_processes_that_never_read_book_model_or_correspondents_let_nothing_in_or_out(town: Town, tmp_path: Path) -> None:
    """They hold what leaves, keep what comes, and mark what stays inside; a good book, and what is made anew, decide the
    rest."""
    data = town.running.data
    maker, publisher = town.live("--job mail"), town.live("--job city")
    for worker in (maker, publisher):  # else they make them anew too soon; the first is killed below
        os.kill(worker, signal.SIGSTOP)
    for path in (model_path(data), correspondents_path(data), active_rules.active_path(data)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"spoilt")
    town.anew("gateway")
    _, inward = town.send("--data", mail(tmp_path / "b"))
    _, inside = town.send("--data", mail(tmp_path / "c", from_=OURS), inside=True)
    _, outward = town.send("--data", mail(tmp_path / "d", from_=OURS, to=CAROL), to=CAROL, inside=True)
    assert {"spam", "known"} <= town.unavailable(inward)
    assert "unavailable:policy" in town.capture(inward).dispositions[0].rules
    assert town.capture(inward).dispositions[0].do == "pending" and town.do(outward) == "hold"
    assert b"Civicmail-Notice: unchecked" in town.arrives(inside, seconds=SECONDS)
    active_rules.publish(data, rule_text.join_texts(rule_text.starter()))
    os.kill(publisher, signal.SIGCONT)
    town.anew("--job mail")  # it makes the model anew
    town.arrives(inward, seconds=SECONDS)
    assert town.do(outward) == "hold", "a person lets it go"
