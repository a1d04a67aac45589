"""Real Dovecot, real IMAP clients, and an end of access: sign-in is ours, and an open connection ends within seconds (P-07, L2)."""

from __future__ import annotations

import imaplib
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from city.identity.people import KEY, PASSWORD, city, own, person
from city.identity.signins import account
from city.identity.signins import person as row
from civicmail.city.guard.models import Entry, Failure
from civicmail.city.identity.models import Device
from civicmail.city.snapshot.credentials import key_path
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher, mark_database_alive, publish
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.front.web import dovecot_auth
from civicmail.front.worker.imap_disconnect import ImapDisconnect, seen_path
from civicmail.mail.courier.doveadm import doveadm
from civicmail.mail.courier.imap_mailboxes import ImapServer, ServerUnavailable
from neighbours.dovecot import Asks, Dovecot
from neighbours.tools import swaks

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.neighbour("dovecot", "swaks", "root"),
]


def _now() -> int:
    return time.time_ns() // 1_000_000


class Reading:
    """Dovecot that asks our pages, and the worker's job that follows the snapshot."""

    def __init__(self, data: Path, url: str) -> None:
        self.data, self.version = data, 0
        self.dovecot = Dovecot(asks=Asks(url, dovecot_auth.secret(data)))
        key = self.dovecot.folder / "api.key"
        key.write_text("doveadm-scratch")
        self._key = key
        self._wires: list[imaplib.IMAP4] = []
        self.follow(True)

    def publish(self, snapshot: Snapshot) -> None:
        self.version += 1
        publish(self.data, replace(snapshot, version=self.version, at=_now()))

    def follow(self, on: bool) -> None:
        """The worker begins, or has ended."""
        if not on:
            self._stop.set()
            self._follows.join(60)
            return
        kick = doveadm(f"http://127.0.0.1:{self.dovecot.api}", str(self._key))
        kicking = ImapDisconnect(self.data, SnapshotWatcher(self.data, _now), kick, _now)
        while not seen_path(self.data).exists():  # it knows who may what now: else the first change that it sees is none to it
            kicking.step()
            time.sleep(0.1)
        self._stop = threading.Event()
        self._follows = threading.Thread(target=self._follow, args=(kicking, self._stop), daemon=True)
        self._follows.start()

    @staticmethod
    def _follow(kicking: ImapDisconnect, stop: threading.Event) -> None:
        while not stop.wait(0.1):
            kicking.step()

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *_: object) -> None:
        self.follow(False)
        for wire in self._wires:
            with suppress(OSError, imaplib.IMAP4.error):
                wire.shutdown()
        self.dovecot.__exit__()

    def signed_in(self, login: str = "ann@city.example", password: str = PASSWORD) -> imaplib.IMAP4:
        wire = imaplib.IMAP4("127.0.0.1", self.dovecot.imap, timeout=60)
        self._wires.append(wire)
        wire.login(login, password)
        return wire

    def is_refused(self, login: str, password: str = PASSWORD) -> bool:
        try:
            self.signed_in(login, password).logout()
        except imaplib.IMAP4.error as error:  # a sign-in that is cut off while it is made is none, and is no answer either
            return "AUTHENTICATIONFAILED" in str(error)
        return False

    def refused_after(self, login: str, began: float) -> None:
        """Nobody gets in under this name any more: within a second, and on a busy machine within the minute that is promised."""
        while not self.is_refused(login):
            assert time.monotonic() - began < 50


def _city(**people: Any) -> Snapshot:
    far = _now() + 86_400_000
    ann = replace(city().people["ann"], grants=(own("ann", far),))
    return city(people=[people.get("ann", ann), people.get("bob", person("bob", "Bob Baker", own("bob", far)))])


@pytest.fixture
def reading(installed: Path, live_server: Any) -> Iterator[Reading]:
    key_path(installed).write_bytes(KEY)
    publish(installed, replace(_city(), at=_now()))
    mark_database_alive(installed)
    dovecot_auth._watch.cache_clear()
    with Reading(installed, live_server.url) as found:
        found.publish(_city())
        yield found


def test_an_open_connection_ends_within_five_seconds_and_the_next_sign_in_at_once(reading: Reading) -> None:
    """L2: also in the middle of IDLE; others are left alone, and what was delivered stays."""
    assert (
        swaks(reading.dovecot.lmtp, "--protocol", "LMTP", "--body", "before the end", to="a.mueller@city.example").returncode == 0
    )
    ann, idle, bob = reading.signed_in(), reading.signed_in("a.mueller@city.example"), reading.signed_in("bob@city.example")
    ann.select("INBOX")
    assert b"before the end" in ann.fetch("1", "(BODY[TEXT])")[1][0][1]
    idle.select("INBOX")
    idle.send(b"A1 IDLE\r\n")
    assert idle.readline().startswith(b"+ ")
    ended = replace(_city().people["ann"], grants=(), devices=(), epoch=2, why="Your access to the city's mail ended.")
    began = time.monotonic()
    reading.publish(_city(ann=ended))
    reading.refused_after("ann@city.example", began)
    assert b"BYE" in idle.readline() and idle.readline() == b""
    with pytest.raises((imaplib.IMAP4.abort, OSError)):
        while True:
            ann.noop()
            assert time.monotonic() - began < 50
            time.sleep(0.05)
    assert time.monotonic() - began < 50
    assert bob.noop()[0] == "OK"
    assert swaks(reading.dovecot.lmtp, "--protocol", "LMTP", to="ann@city.example").returncode == 0, "mail is held, not lost"


def test_the_connections_of_several_end_at_the_same_moment(reading: Reading) -> None:
    """An agency is switched off, a department closes; at a start all that may not be open are ended, too."""
    wires = [reading.signed_in("ann@city.example"), reading.signed_in("bob@city.example")]
    over: dict[str, Any] = {"grants": (), "devices": (), "epoch": 2, "why": "The contract of your agency ended."}
    people = _city().people
    reading.publish(_city(ann=replace(people["ann"], **over), bob=replace(people["bob"], **over)))
    for wire in wires:
        wire.sock.settimeout(60)
        assert b"BYE" in wire.readline()


def test_our_master_user_opens_what_a_leaver_had(installed: Path, live_server: Any, settings: Any) -> None:
    """P-08: to count it and to empty it, when its holder is nobody to Dovecot any more."""
    key_path(installed).write_bytes(KEY)
    left = replace(_city().people["ann"], grants=(), devices=(), epoch=2)
    publish(installed, replace(_city(ann=left), at=_now()))
    mark_database_alive(installed)
    dovecot_auth._watch.cache_clear()
    with Dovecot(asks=Asks(live_server.url, dovecot_auth.secret(installed)), master="master-scratch") as dovecot:
        url = f"imap://127.0.0.1:{dovecot.imap}"
        settings.CITY = replace(settings.CITY, courier=replace(settings.CITY.courier, imap=url))
        began, found = time.monotonic(), list[bytes]()
        while swaks(dovecot.lmtp, "--protocol", "LMTP", "--body", "left behind", to="ann@city.example").returncode:
            assert time.monotonic() - began < 60, dovecot.log()  # a busy machine: Dovecot waits a second for us, and not longer
        while not found:
            with suppress(ServerUnavailable), ImapServer(url, "civicmail", str(dovecot.key_file)).open("ann@city.example") as box:
                found = [content for _, content in box.everything()]
            assert time.monotonic() - began < 60, dovecot.log()
        _no_other_master(dovecot)
    assert len(found) == 1 and b"left behind" in found[0]
    looks = Entry.objects.filter(act="mailbox.open-as-master")
    assert [(e.object, e.person, e.facts["client"]) for e in looks][-1:] == [("mailbox:ann@city.example", "dovecot", "127.0.0.1")]


def test_a_device_that_was_ended_while_no_worker_ran_is_out_too(reading: Reading) -> None:
    """L2: all who are connected are told to come again, once."""
    ann, bob = reading.signed_in(), reading.signed_in("bob@city.example")
    reading.follow(False)
    reading.publish(_city(ann=replace(_city().people["ann"], devices=())))
    reading.follow(True)
    for wire in (ann, bob):
        wire.sock.settimeout(60)
        assert b"BYE" in wire.readline()
    assert reading.signed_in("bob@city.example").noop()[0] == "OK"


def _no_other_master(dovecot: Dovecot) -> None:
    """P-16: somebody has written a second master user into the file, and asks for a mailbox that is open to its holder."""
    with (dovecot.folder / "masters").open("a") as masters:
        masters.write("helpdesk:{PLAIN}scratch::::::\n")
    began, said = time.monotonic(), "AUTHENTICATIONFAILED"
    while "AUTHENTICATIONFAILED" in said:  # until Dovecot has read the file again, and its password is right
        wire = imaplib.IMAP4("127.0.0.1", dovecot.imap, timeout=60)
        with pytest.raises((imaplib.IMAP4.error, OSError)) as refused:
            wire.login("bob@city.example*helpdesk", "scratch")
            wire.select("INBOX", readonly=True)
        with suppress(OSError, imaplib.IMAP4.error):
            wire.shutdown()
        said = str(refused.value)
        assert time.monotonic() - began < 60, dovecot.log()


def test_a_device_that_was_ended_is_out_and_another_stays_able(reading: Reading) -> None:
    ann = reading.signed_in()
    without = replace(_city().people["ann"], devices=())
    began = time.monotonic()
    reading.publish(_city(ann=without))
    reading.refused_after("ann@city.example", began)
    assert b"BYE" in ann.readline()


def test_nobody_else_gets_in_and_who_guesses_shuts_nobody_out(reading: Reading) -> None:
    """M5, S1, AC-7: wrong passwords from the very address of the owner leave mail, the account and open connections as they
    are; and the device shows when it was last used."""
    ann = account(row("ann", "Ann Müller"), "ann@city.example")
    Device.objects.create(person=ann.person, key="ann-phone", name="phone", mac="0", made=ann.made)
    reading.signed_in().logout()
    assert Device.objects.get().used_from == "127.0.0.1"
    for login in ("clerk@city.example", "printer@city.example", "nobody@city.example"):
        assert reading.is_refused(login)
    mine = reading.signed_in()
    for i in range(12):
        assert reading.is_refused("ann@city.example", f"guess {i}")
    assert Failure.objects.filter(account=ann).count() == 5, "and no more rows than that"
    ann.refresh_from_db()
    assert ann.locked is None and mine.noop()[0] == "OK"
    reading.signed_in("a.mueller@city.example").logout()
