"""`queue list|show|retry|drop`: without a courier, and obeyed by it (P-23)."""

from __future__ import annotations

import uuid
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from civicmail.city.policy.dispositions import Disposition
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.outstanding_file import current
from civicmail.mail.archive.records import Capture, Event, Source, Type
from front.cli.office import Office, now


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "data")


def keep(office: Office, *to: str, do: str = "deliver") -> str:
    at = now()
    envelope = Envelope("ana@city.example", tuple(Recipient(a) for a in to), at)
    dispositions = tuple(Disposition(i, do) for i in range(len(to)))  # type: ignore[arg-type]
    c = Capture(capture_id(at), at, bytes(32), 9, bytes(32), Source("mx"), envelope, dispositions)
    with closing(Writer(office.data, now)) as writer:
        writer.receipt(c, b"body")
        writer.flush()
    return c.uuid


def defer(office: Office, id_: str, to: int, reply: str, until: int) -> None:
    with closing(Writer(office.data, now)) as writer:
        facts = {"hop": "smtp://x:25", "reply": reply, "try": 1, "next": until}
        writer.event(Event(Type.DEFERRED, uuid.UUID(id_).bytes, now(), (to,), facts))
        writer.flush()


def rows(office: Office, capfdbinary: pytest.CaptureFixture[bytes], *words: str) -> list[dict[str, object]]:
    capfdbinary.readouterr()
    assert office.run("queue", *words, "--json") == 0
    return [orjson.loads(line) for line in capfdbinary.readouterr().out.splitlines()]


def test_an_empty_queue_says_so(office, capfdbinary):
    assert office.run("queue", "list") == 0
    assert b"Nobody waits." in capfdbinary.readouterr().err


def test_each_recipient_that_waits_has_a_line_with_the_reason(office, capfdbinary):
    id_ = keep(office, "ben@city.example", "eve@far.example")
    held = keep(office, "ben@city.example", do="hold")
    keep(office, "ben@city.example", do="kept")
    defer(office, id_, 0, "450 4.2.1 full \x1b[31m", now() + 60_000)
    first, second, third = rows(office, capfdbinary, "list")
    assert (first["id"], first["to"], first["state"], first["tries"]) == (id_, "ben@city.example", "deferred", 1)
    assert (second["to"], second["state"], second["hop"]) == ("eve@far.example", "waiting", "")
    assert (third["id"], third["state"]) == (held, "held")
    assert office.run("queue", "show", id_[:13]) == 0
    out = capfdbinary.readouterr().out
    assert b"last answer: 450 4.2.1 full" in out and b"\x1b" not in out


def test_retry_makes_it_due_and_drop_ends_it_with_a_reason(office, capfdbinary):
    id_ = keep(office, "ben@city.example")
    defer(office, id_, 0, "450 later", now() + 10**9)
    assert rows(office, capfdbinary, "retry", id_) == [{"id": id_, "to": "ben@city.example"}]
    (copy,) = current(office.data).entries[uuid.UUID(id_).bytes].copies.values()
    assert copy.due == 0
    assert office.run("queue", "drop", id_) == 2  # no reason
    assert office.run("queue", "drop", id_, "--reason", " ") == 2
    assert rows(office, capfdbinary, "drop", id_, "--reason", "sent by mistake") == [{"id": id_, "to": "ben@city.example"}]
    assert current(office.data).entries == {} and rows(office, capfdbinary, "list") == []


def test_held_mail_and_unknown_ids_are_left_alone(office, capfdbinary):
    held = keep(office, "ben@city.example", do="quarantine")
    assert office.run("queue", "retry", held) == 1
    assert office.run("queue", "drop", held, "--reason", "x") == 1
    assert office.run("queue", "show", "00000000-0000") == 1
    assert [r["state"] for r in rows(office, capfdbinary, "list")] == ["held"]
