"""The job that sends security events: to a real rsyslog by TLS, TCP, UDP and a socket; killed, hung and away, none is lost."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Oversight, Settings, Siem
from civicmail.core.disk import journal
from civicmail.core.disk.frames import NO_ID
from civicmail.front.checkup import siem as left
from civicmail.front.checkup.findings import Installation
from civicmail.front.worker import siem, siem_connection
from civicmail.front.worker.siem import Forwarding
from civicmail.front.worker.siem_connection import Away, Wire
from civicmail.front.worker.siem_events import SecurityEvent
from civicmail.mail.archive.commit import write_events
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.archive.seal import Sealer
from neighbours.rsyslog import Rsyslog

NOW = 1_772_452_800_000
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture
def receiver() -> Iterator[Rsyslog]:
    with Rsyslog() as running:
        yield running


class Kept:
    """A receiver in this process. away: says no; dies: at the end of a connection, with what that one brought."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.away = self.dies = False

    def connect(self, _: Siem) -> Wire:
        if self.away:
            raise Away("it is away")
        return _Connection(self)


class _Connection:
    is_stream = True

    def __init__(self, kept: Kept) -> None:
        self._kept, self._came = kept, list[bytes]()

    def send(self, one: bytes, /) -> None:
        if self._kept.away:
            raise Away("it is away")
        self._came.append(one)

    def require_there(self) -> None:
        if self._kept.away:
            raise Away("it is away")

    def confirm(self) -> None:
        if self._kept.dies:
            raise Away("it did not read to the end")
        self._kept.lines += self._came

    def close(self) -> None:
        """Nothing."""


def names(first: int, count: int) -> list[str]:
    return [f"00000000-0000-4000-8000-{number:012d}" for number in range(first, first + count)]


def enter(data: Path, ids: list[str], act: str = "access.end", object_: str = "person:e-17", at: int = NOW) -> None:
    facts = [
        {"v": 1, "uuid": id_, "at": at, "act": act, "person": "tick", "object": object_, "reason": "so", "facts": {}} for id_ in ids
    ]
    write_events(data, [Event(Type.ENTRY, NO_ID, at, facts=one) for one in facts], at)


def durable(data: Path) -> dict[str, int]:
    return {name: journal.read_durable(journal.folder(data) / name) for name in journal.names(data)}


def forwarding(data: Path, one: Siem, kept: Kept | None = None, cycle: int = 300, settle: int = 200) -> Forwarding:
    def is_hidden(event: SecurityEvent) -> bool:
        return event.object == "mandate:2026-0001"

    more = {"connect": kept.connect} if kept else {}
    return Forwarding(Settings(), one, data, is_hidden, cycle=cycle, settle=settle, **more)


def work(job: Forwarding, seconds: float, until: object = None) -> None:
    """Rounds as the worker makes them."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not (callable(until) and until()):
        job.step(now_ms())
        time.sleep(0.02)


def test_events_are_sent_in_order_and_confirmed_before_the_position_moves(data: Path) -> None:
    """Also by another worker, which begins where the last confirmation was."""
    kept, one = Kept(), Siem()
    job = forwarding(data, one, kept, cycle=0, settle=0)
    job.step(NOW)
    enter(data, names(0, 5))
    job.step(NOW + 1)
    assert not kept.lines, "sent, and not confirmed"
    job.close()
    job = forwarding(data, one, kept, cycle=0, settle=0)
    job.step(NOW + 2)
    job.step(NOW + 3)
    assert [UUID.search(line.decode())[0] for line in kept.lines] == names(0, 5)  # type: ignore[index]
    enter(data, names(5, 1))
    job.step(NOW + 4)
    job.step(NOW + 5)
    assert len(kept.lines) == 6
    assert len(forwarding(data, one, kept)._known.positions) and forwarding(data, one, kept).once(NOW + 6) == 0


@pytest.mark.rule(
    "P-29",
    "A SIEM gets each security event at least once, in order, under one uuid: unconfirmed ones are sent again, despite crashes.",
)
def test_what_a_receiver_did_not_confirm_is_sent_again_under_its_uuid(data: Path) -> None:
    """It is away, or dies with what it was sent; doctor says so, without a database."""
    kept, one = Kept(), Siem(name="siem", url="tls://siem.city.example:6514")
    city = replace(Settings(), oversight=Oversight(siem=[one]))

    def found(now: int) -> tuple[str, str]:
        (finding,) = left.siem(Installation(data, city, now))
        return finding.level, finding.text

    assert found(NOW)[0] == "warning"
    job = forwarding(data, one, kept, cycle=0, settle=0)
    job.step(NOW)
    assert found(NOW) == ("ok", "It has every event; 0 were sent.")
    enter(data, names(0, 3))
    kept.away = True
    job.step(NOW + 1_000)
    assert found(NOW + 2_000) == (
        "warning",
        "The oldest event that it did not confirm has waited 2 seconds. it is away.",
    )
    assert found(NOW + left.MAX_LAG_MS + 1)[0] == "problem"
    kept.away, kept.dies = False, True
    for step in range(2, 6):
        job.step(NOW + step * 100_000)
    assert not kept.lines
    kept.dies = False
    for step in range(6, 10):
        job.step(NOW + step * 100_000)
    assert [UUID.search(line.decode())[0] for line in kept.lines] == names(0, 3)  # type: ignore[index]
    assert found(NOW + 1_000_000) == ("ok", "It has every event; 3 were sent.")


def test_what_was_sealed_while_the_receiver_was_away_comes_in_order(data: Path) -> None:
    """Journals are sealed and removed meanwhile."""
    kept, one = Kept(), Siem()
    job = forwarding(data, one, kept, cycle=0, settle=0)
    job.step(NOW)
    kept.away = True
    for number in range(4):
        enter(data, names(number * 10, 10))
        job.step(NOW + 1_000_000 * (number + 1))
        with Sealer(data) as sealer:
            assert sealer.seal(lambda: durable(data), now=NOW).records
    enter(data, names(40, 5))
    kept.away = False
    for step in range(10):
        job.step(NOW + 10_000_000 + step)
    assert [UUID.search(line.decode())[0] for line in kept.lines] == names(0, 45)  # type: ignore[index]


def test_only_the_acts_that_the_settings_name_and_nothing_of_a_sealed_mandate(data: Path) -> None:
    """P-06."""
    kept = Kept()
    job = forwarding(data, Siem(acts=["access.*", "mandate.*"], format="ocsf"), kept)
    job.step(NOW)
    enter(data, names(0, 1))
    enter(data, names(1, 1), "duty.end")
    enter(data, names(2, 1), "mandate.ask", "mandate:2026-0001")
    enter(data, names(3, 1), "mandate.ask", "mandate:2026-0002")
    assert job.once(NOW + 1) == 2
    assert [json.loads(line)["metadata"]["uid"] for line in kept.lines] == [*names(0, 1), *names(3, 1)]


@pytest.mark.neighbour("rsyslogd")
def test_a_real_receiver_gets_events_by_every_way(data: Path, receiver: Rsyslog, tmp_path: Path) -> None:
    """Rsyslog reads what we send as RFC 5424: TLS, UDP and /dev/log parsed, TCP as JSON."""
    ways = [
        Siem(name="tls", url=f"tls://localhost:{receiver.tls}", ca=str(receiver.ca), enterprise=4711),
        Siem(name="udp", url=f"udp://127.0.0.1:{receiver.udp}"),
        Siem(name="socket", url=f"unix:{receiver.socket}"),
        Siem(name="json", url=f"tcp://127.0.0.1:{receiver.tcp}", format="ocsf"),
    ]
    jobs = [forwarding(data, way) for way in ways]
    for job in jobs:
        job.step(now_ms())
    enter(data, names(0, 3))
    for job in jobs:
        assert job.once(now_ms()) == 3
    end = time.monotonic() + 60
    while (len(receiver.lines()) < 9 or len(receiver.lines("raw")) < 3) and time.monotonic() < end:
        time.sleep(0.05)
    parsed = receiver.lines()
    assert sorted(re.findall(r' uuid="([^"]+)"', "\n".join(parsed))) == sorted(names(0, 3) * 3)
    begin = r"13 5 \S+ mail\.city\.example civicmail access\.end \[origin "
    assert all(re.match(begin, line) for line in parsed)
    assert sum(" 2026-03-02T12:00:00.000Z " in line for line in parsed) == 6, "at a socket rsyslog takes the kernel's time"
    assert all(line.endswith("| access.end tick person:e-17") for line in parsed)
    assert sum("[civicmail@4711 " in line for line in parsed) == 3
    assert [json.loads(line)["metadata"]["uid"] for line in receiver.lines("raw")] == names(0, 3)
    wrong = forwarding(data, Siem(name="other", url=f"tls://localhost:{receiver.tls}"))
    assert wrong.once(now_ms()) == 0
    known = left.forwarded_to("other").last(data)
    assert known is not None and "certificate" in known.problem.lower(), "nobody has signed it whom the system trusts"


@pytest.mark.neighbour("rsyslogd")
def test_a_receiver_that_is_killed_and_hung_in_the_middle_loses_nothing(
    data: Path, receiver: Rsyslog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2,000 events over TLS; rsyslog is killed three times, once after it had hung; 0 are lost."""
    monkeypatch.setattr(siem, "RETRY_LONGEST", 100)
    monkeypatch.setattr(siem_connection, "TIMEOUT", 2.0)
    one = Siem(url=f"tls://localhost:{receiver.tls}", ca=str(receiver.ca))
    job = forwarding(data, one)
    job.step(now_ms())
    everything = names(0, 2_000)
    for number in range(20):
        enter(data, everything[number * 100 : number * 100 + 100])
        if number in (4, 9):
            work(job, 0.1)
            receiver.kill()
            work(job, 0.2)
            receiver.start()
        if number == 14:
            os.kill(receiver.pid, signal.SIGSTOP)
            work(job, 0.5)
            receiver.kill()
            receiver.start()
        work(job, 0.05)

    def arrived() -> set[str]:
        return set(re.findall(r' uuid="([^"]+)"', "\n".join(receiver.lines())))

    def is_confirmed() -> bool:
        known = left.forwarded_to("siem").last(data)
        return known is not None and not known.waiting and len(arrived()) == len(everything)

    work(job, 40, is_confirmed)
    job.close()
    assert arrived() == set(everything)
    assert is_confirmed()
