"""One message by smart host and by journal: two captures, linked by a record, and nothing else is (P-23)."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import pytest

from civicmail.core.disk import journal
from civicmail.core.disk.tail import Tail
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.link_job import LinkJob
from civicmail.mail.archive.links import DAY_MS, SEEN_MOST, Window, read_pairs
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.archive.seal import Sealer

T0 = 1_800_000_000_000
BODIES: dict[bytes, bytes] = {}  # by their SHA-256


def capture(
    kind: str,
    content: str = "one",
    *,
    at: int = 0,
    message_id: str = "",
    sender: str = "ann@city.example",
    to: str = "bob@city.example",
) -> Capture:
    envelope = Envelope(sender, (Recipient(to),), T0 + at)
    body = f"{kind} {content} {at}".encode()
    sha256, content_hash = hashlib.sha256(body).digest(), hashlib.sha256(content.encode()).digest()
    BODIES[sha256] = body
    return Capture(capture_id(T0 + at), T0 + at, sha256, len(body), content_hash, Source(kind), envelope, message_id=message_id)


def links(*captures: Capture) -> list[tuple[str, bytes, bytes]]:
    window = Window()
    found = [link for c in captures if (link := window.see(c)) is not None]
    return [(link.by, link.second.id, link.first.id) for link in found]


@pytest.mark.parametrize("kinds", [("relay", "journal"), ("journal", "relay"), ("mx", "journal")])
def test_the_later_one_names_the_earlier_one(kinds: tuple[str, str]) -> None:
    a, b = capture(kinds[0]), capture(kinds[1], at=1000)
    assert links(a, b) == links(b, a) == [("content", b.id, a.id)]


@pytest.mark.parametrize(
    "other",
    [
        capture("relay", at=5),
        capture("journal", "two", at=5),
        capture("journal", at=DAY_MS + 1),
        capture("import", at=5),
        capture("local", at=5),
    ],
    ids=["both by smart host", "other content", "a day later", "imported", "our own"],
)
def test_what_is_not_one_message_by_two_ways_is_not_linked(other: Capture) -> None:
    assert links(capture("mx"), other) == []


def test_a_changed_copy_is_known_by_its_message_id_sender_and_recipient() -> None:
    a, b = capture("relay", message_id="<1@x>"), capture("journal", "changed", at=1, message_id="<1@x>", sender="Ann@city.example")
    assert links(a, b) == [("message-id", b.id, a.id)]
    for other in ({"sender": "eve@out.example"}, {"to": "carol@city.example"}, {"message_id": "<2@x>"}):
        named = {"message_id": "<1@x>", **other}
        assert links(a, capture("journal", "changed", at=1, **named)) == []  # type: ignore[arg-type]


@pytest.mark.rule("P-23", "A message cannot be hidden behind another one's Message-ID.")
def test_a_second_message_under_the_same_message_id_is_linked_to_nothing() -> None:
    """A sender chooses its Message-ID: nobody hides a message behind another one's."""
    a, b = capture("relay", message_id="<1@x>"), capture("journal", "changed", at=1, message_id="<1@x>")
    other = capture("mx", "another text", at=2, message_id="<1@x>")
    assert links(a, b, other) == [("message-id", b.id, a.id)]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert SEEN_MOST <= 200_000
    monkeypatch.setattr("civicmail.mail.archive.links.SEEN_MOST", 3)
    assert links(capture("relay"), *(capture("relay", str(n), at=n) for n in range(1, 4)), capture("journal", at=9)) == []


def keep(data: Path, *captures: Capture) -> None:
    with closing(Writer(data, lambda: T0)) as writer:
        for c in captures:
            writer.receipt(c, BODIES[c.sha256])
        writer.flush()


def recorded(data: Path) -> list[Event]:
    return [Event.from_head(r.head) for r in Tail(data).poll() if r.type == Type.LINKED]


def test_a_link_is_recorded_once_whatever_is_restarted(data: Path) -> None:
    a, b = capture("mx"), capture("journal", at=1000)
    keep(data, a, b)
    for _ in range(2):
        with closing(LinkJob(data, T0)) as job:
            job.step(T0)
            job.step(T0 + 1)
    (event,) = recorded(data)
    assert event.id == b.id
    assert event.facts == {"by": "content", "first": a.uuid, "sha256": [b.sha256.hex(), a.sha256.hex()]}
    assert list(read_pairs(data)) == [(b.sha256, a.sha256)]


def test_a_torn_row_is_written_over_and_a_lost_file_is_made_anew(data: Path) -> None:
    keep(data, capture("mx"), capture("journal", at=1000))
    with closing(LinkJob(data, T0)) as job:
        job.step(T0)
        job.step(T0)
    whole = list(read_pairs(data))
    with (data / "links").open("ab") as file:
        file.write(b"torn")
    assert list(read_pairs(data)) == whole
    keep(data, capture("mx", "two", at=2000), capture("journal", "two", at=3000))
    with closing(LinkJob(data, T0)) as job:
        job.step(T0)
        job.step(T0)
    assert len(list(read_pairs(data))) == 2
    (data / "links").unlink()
    with closing(LinkJob(data, T0)) as job:
        job.step(T0)
    assert len(list(read_pairs(data))) == 2


def put_away(data: Path) -> None:
    """Everything is sealed, and its journal files are gone."""
    outstanding_file.advance(data, T0)
    with Sealer(data) as sealer:
        sealer.seal(lambda: dict.fromkeys(journal.names(data), 1 << 60), now=T0)
    assert list(Tail(data).poll()) == []


def work(data: Path) -> int:
    """The job begins, does its rounds, and ends: how many links it recorded."""
    with closing(LinkJob(data, T0 + 2000)) as job:
        return job.step(T0 + 2000) + job.step(T0 + 2001)


@pytest.mark.rule("P-23", "A restart of the link job, or a seal in between, forgets no twin.")
def test_a_twin_that_was_sealed_before_the_job_began_is_linked(data: Path) -> None:
    a, b = capture("mx"), capture("journal", at=1000)
    keep(data, a)
    put_away(data)
    keep(data, b)
    assert work(data) == 1
    (event,) = recorded(data)
    assert (event.id, event.facts["first"]) == (b.id, a.uuid)
    assert list(read_pairs(data)) == [(b.sha256, a.sha256)]


def test_twins_that_were_both_sealed_unlinked_are_linked_once_and_for_all(data: Path) -> None:
    keep(data, capture("mx"), capture("journal", at=1000))
    put_away(data)
    assert work(data) == 1
    put_away(data)
    assert work(data) == 0
    assert recorded(data) == []


def test_what_was_sealed_between_two_rounds_is_linked(data: Path) -> None:
    a, b = capture("mx", at=500), capture("journal", at=1000)
    with closing(LinkJob(data, T0)) as job:
        keep(data, capture("mx", "other"))
        assert job.step(T0 + 1) == 0
        keep(data, a)
        put_away(data)
        keep(data, b)
        assert job.step(T0 + 2) == 1


def test_a_twin_older_than_a_day_is_not_read_again(data: Path) -> None:
    keep(data, capture("mx", at=2000 - DAY_MS - 1))
    put_away(data)
    keep(data, capture("journal"))
    assert work(data) == 0
