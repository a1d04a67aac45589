"""Open IMAP connections end with the right that they stand on (L2, P-07)."""

from __future__ import annotations

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from city.identity.people import T0, city, own, person
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher, publish
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.config.errors import ConfigError
from civicmail.front.worker.imap_disconnect import LOOK_EVERY, RETRY_AFTER_MS, ImapDisconnect
from civicmail.mail.courier.doveadm import doveadm


class World:
    """Dovecot as a list of what it was told, and a clock."""

    def __init__(self, data: Path) -> None:
        self.data, self.now, self.version = data, T0, 0
        self.told: list[list[str]] = []
        self.is_away = False

    def kick(self, mailboxes: list[str]) -> None:
        if self.is_away:
            raise OSError("refused")
        self.told.append(mailboxes)

    def publish(self, snapshot: Snapshot) -> None:
        self.version += 1
        self.now += 300
        publish(self.data, replace(snapshot, version=self.version, at=self.now))


class Answering(HTTPServer):
    """The HTTP door of doveadm: answers each command, also that of `fails`, with the tag that came with it."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.fails = ""
        super().__init__(("127.0.0.1", 0), _Door)


class _Door(BaseHTTPRequestHandler):
    server: Answering

    def do_POST(self) -> None:
        asked = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        fails = self.server.fails
        answers = [
            ["error", {"type": "exitCode", "exitCode": 75}, tag] if tag == fails else ["doveadmResponse", [{"count": "1"}], tag]
            for _, _, tag in asked
        ]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(orjson.dumps(answers))

    def log_message(self, *_: object) -> None:
        """Nothing on the screen of the tests."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    found = World(tmp_path)
    found.publish(city())
    return found


@pytest.fixture
def kicking(world: World) -> ImapDisconnect:
    made = ImapDisconnect(world.data, SnapshotWatcher(world.data, lambda: world.now), world.kick, lambda: world.now)
    made.step()
    world.now += RETRY_AFTER_MS
    made.step()
    world.told.clear()
    return made


def begun(world: World) -> ImapDisconnect:
    """A worker that begins now, after two rounds."""
    made = ImapDisconnect(world.data, SnapshotWatcher(world.data, lambda: world.now), world.kick, lambda: world.now)
    made.step()
    world.now += RETRY_AFTER_MS
    made.step()
    return made


def test_a_start_ends_what_may_not_be_open(world: World, kicking: ImapDisconnect) -> None:
    """Also a right that ended by its date while no worker ran."""
    begun(world)
    assert world.told == [["eve@city.example", "frank@city.example"]] * 2


@pytest.mark.rule(
    "P-06, P-07, promise 5",
    "An open IMAP connection ends also where access, sessions or a device password were ended while no worker ran.",
)
@pytest.mark.parametrize("how", ["access", "epoch", "device"])
def test_what_was_lost_while_nobody_followed_ends_all_connections_once(world: World, kicking: ImapDisconnect, how: str) -> None:
    """A new worker does not know whose connection stands on what is gone; the next one has nothing to do."""
    ann = city().people["ann"]
    changed = {"access": replace(ann, grants=()), "epoch": replace(ann, epoch=2), "device": replace(ann, devices=())}[how]
    world.publish(city(people=[changed]))
    world.is_away = True
    assert begun(world) and world.told == []
    world.is_away = False
    begun(world)
    assert world.told == [["*"]] * 2
    world.told.clear()
    begun(world)
    assert ["*"] not in world.told


@pytest.mark.rule(
    "P-06, promise 5, L2",
    "Lost access, ended sessions and lost devices end IMAP connections, including those of a sign-in in progress.",
)
@pytest.mark.parametrize("how", ["access", "epoch", "device"])
def test_who_lost_access_sessions_or_a_device_is_kicked_twice(world: World, kicking: ImapDisconnect, how: str) -> None:
    """The second time for a sign-in that was under way at the first."""
    ann = city().people["ann"]
    changed = {"access": replace(ann, grants=()), "epoch": replace(ann, epoch=2), "device": replace(ann, devices=())}[how]
    world.publish(city(people=[changed]))
    assert kicking.step() == 1 and kicking.step() == 0
    world.now += RETRY_AFTER_MS
    assert kicking.step() == 1 and world.told == [["ann@city.example"]] * 2
    world.now += RETRY_AFTER_MS
    assert kicking.step() == 0


def test_others_are_left_alone(world: World, kicking: ImapDisconnect) -> None:
    world.publish(city(people=[replace(city().people["ann"], name="Ann Other"), person("zoe", "Zoe", own("zoe"))]))
    kicking.step()
    assert world.told == []


def test_a_right_that_ends_by_its_date_ends_without_anybody_publishing(world: World, kicking: ImapDisconnect) -> None:
    world.publish(city(people=[person("ann", "Ann Müller", own("ann", world.now + 5_000))]))
    kicking.step()
    assert world.told == []
    world.now += 5_000 + LOOK_EVERY
    kicking.step()
    assert world.told == [["ann@city.example"]]


def test_dovecot_that_is_away_is_told_when_it_is_back(world: World, kicking: ImapDisconnect) -> None:
    world.is_away = True
    world.publish(city(people=[replace(city().people["ann"], devices=())]))
    assert kicking.step() == 0
    world.is_away = False
    world.now += RETRY_AFTER_MS
    assert kicking.step() == 1 and world.told == [["ann@city.example"]]


@pytest.mark.rule(
    "P-06, P-09, promise 5",
    "IMAP connections of several people who lose access at one moment all end: Dovecot gets a request for each mailbox, "
    "and each is repeated until Dovecot has answered it.",
)
def test_each_mailbox_is_a_command_of_its_own_and_each_is_answered(tmp_path: Path) -> None:
    """Dovecot 2.4.1 ends at a kick with two masks; tests/stories/test_reading.py asks a real one."""
    (tmp_path / "key").write_text("k")
    dovecot = Answering()
    thread = threading.Thread(target=dovecot.serve_forever, daemon=True)
    thread.start()
    kick = doveadm(f"http://127.0.0.1:{dovecot.server_port}", str(tmp_path / "key"))
    try:
        kick(["ann@city.example", "bob@city.example"])
        dovecot.fails = "bob@city.example"
        with pytest.raises(OSError, match="exitCode"):
            kick(["ann@city.example", "bob@city.example"])
    finally:
        dovecot.shutdown()
        dovecot.server_close()
        thread.join()
    assert [[command[1]["mask"] for command in asked] for asked in dovecot.asked] == [
        [["ann@city.example"], ["bob@city.example"]]
    ] * 2


def test_a_key_that_is_not_there_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="kick_key_file"):
        doveadm("http://127.0.0.1:1", str(tmp_path / "none"))
    (tmp_path / "key").write_text("k")
    with pytest.raises(OSError, match="refused"):
        doveadm("http://127.0.0.1:1", str(tmp_path / "key"))(["ann@city.example"])
