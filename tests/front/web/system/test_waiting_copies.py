"""Who waits, followed by a page: always what a fresh reading of everything says, also when records were sealed away meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.policy.dispositions import Disposition
from civicmail.core.config.load import load
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.message.model import Envelope, Recipient
from civicmail.front.web.system.retry import try_now
from civicmail.front.web.system.waiting_copies import NOWHERE, Line, Waiting, groups
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.records import Capture, Event, Type
from mail.archive.making import NOW, capture, delivered, seal, writer

ADMIN = Actor("p-admin", "Noor", (HeldRole("system-administrator", active_until=NOW + 1000),))


def mail(*to: tuple[str, str], at: int = NOW) -> Capture:
    envelope = Envelope("s@x.example", tuple(Recipient(a) for a, _ in to), at)
    dispositions = tuple(Disposition(n, do) for n, (_, do) in enumerate(to))  # type: ignore[arg-type]
    return replace(capture(str(at).encode(), received=at), envelope=envelope, dispositions=dispositions)


def keep(data: Path, *of: Capture | Event) -> None:
    w = writer(data)
    for one in of:
        if isinstance(one, Capture):
            w.receipt(one, str(one.received).encode())
        else:
            w.event(one)
    w.flush()
    w.close()


def deferred(of: Capture, to: tuple[int, ...] = (0,), n: int = 1, reply: str = "451 later") -> Event:
    return Event(Type.DEFERRED, of.id, NOW + n, to, {"try": n, "next": NOW + 60_000 * n, "reply": reply, "hop": "h"})


def test_what_waits_is_told_by_next_hop_with_the_oldest_and_the_last_answer(data: Path) -> None:
    (data / "civicmail.toml").write_text((data / "civicmail.toml").read_text() + '\n[courier]\noutbound = "smtp://192.0.2.9:25"\n')
    first = mail(("a@city.example", "deliver"), ("b@other.example", "deliver"), ("c@city.example", "hold"))
    second = mail(("b@other.example", "deliver"), ("d@third.example", "kept"), at=NOW + 9)
    keep(data, first, second, deferred(first, (1,)), deferred(second, (0,), 2, "452 full"))
    lines = Waiting(data, load(data)).lines(NOW + 20)
    assert [(line.address, line.hop, line.held) for line in lines] == [
        ("a@city.example", "maildir", False),
        ("b@other.example", "smtp://192.0.2.9:25", False),
        ("c@city.example", "maildir", True),
        ("b@other.example", "smtp://192.0.2.9:25", False),
    ]
    local, out = groups(lines)
    assert (local.hop, local.recipients, local.next) == ("maildir", 1, 0)
    assert (out.recipients, out.messages, out.oldest, out.reply, out.next) == (2, 2, NOW, "452 full", NOW + 60_000)


def test_mail_that_waits_for_a_setting_has_no_next_hop(data: Path) -> None:
    keep(data, mail(("b@other.example", "deliver")))
    [line] = Waiting(data, load(data)).lines(NOW)
    assert line.hop == NOWHERE


def test_it_follows_what_is_new_and_what_was_sealed_away_meanwhile(data: Path) -> None:
    """Never a recipient too many or too few."""
    waiting = Waiting(data, load(data))
    first, second, third = (mail(("a@city.example", "deliver"), at=NOW + n) for n in range(3))

    def ids() -> list[bytes]:
        fresh = sorted(e.id for e in outstanding_file.current(data).waiting())
        found = sorted(line.id for line in waiting.lines(NOW + 100))
        assert found == fresh
        return found

    keep(data, first)
    assert ids() == [first.id]
    keep(data, second, delivered(first))
    assert ids() == [second.id]
    keep(data, third, delivered(second))
    outstanding_file.advance(data, NOW)
    seal(data)  # the page has not read these records, and their journal files are gone
    assert ids() == [third.id]
    keep(data, delivered(third))
    assert ids() == []


def test_a_damaged_snapshot_is_told_and_read_again_when_it_was_made_new(data: Path) -> None:
    (data / "outstanding").mkdir(exist_ok=True)
    (data / "outstanding" / "snapshot").write_bytes(b"rubbish")
    waiting = Waiting(data, load(data))
    with pytest.raises(DamagedFile):
        waiting.lines(NOW)
    (data / "outstanding" / "snapshot").unlink()
    assert waiting.lines(NOW) == []


@pytest.mark.rule("P-17", "An early retry of mail writes an entry with a reason.")
@pytest.mark.django_db
def test_trying_again_is_an_entry_and_then_a_record_for_those_who_wait(installed: Path) -> None:
    """With who asked and why; nobody who is held or served is touched (queue.act)."""
    one, other = mail(("a@city.example", "deliver"), ("c@city.example", "hold")), mail(("a@city.example", "deliver"), at=NOW + 1)
    keep(installed, one, other, deferred(one), deferred(other))
    waiting = Waiting(installed, load(installed))
    lines = waiting.lines(NOW + 10)
    assert {line.next for line in lines if not line.held} == {NOW + 60_000}
    assert try_now(installed, lines, actor=ADMIN, reason="The smart host is back.", now=NOW + 10) == 2
    entry = Entry.objects.get(act="queue.act")
    assert (entry.person, entry.object, entry.reason, entry.facts["messages"]) == (
        "p-admin", "hop:maildir", "The smart host is back.", 2,
    )  # fmt: skip
    after = waiting.lines(NOW + 11)
    assert {line.next for line in after} == {0}
    assert [line.held for line in after] == [line.held for line in lines]


@pytest.mark.django_db
def test_trying_again_takes_the_role_a_reason_and_somebody_who_waits(installed: Path) -> None:
    keep(installed, one := mail(("a@city.example", "deliver"), ("c@city.example", "hold")))
    lines = Waiting(installed, load(installed)).lines(NOW)
    held: list[Line] = [line for line in lines if line.held]
    for actor, some, why, error in (
        (Actor("p-x"), lines, "because", NotPermitted),
        (replace(ADMIN, held=(HeldRole("system-administrator"),)), lines, "because", NotPermitted),
        (ADMIN, lines, " ", Unusable),
        (ADMIN, held, "because", Conflict),
        (ADMIN, [], "because", Conflict),
    ):
        with pytest.raises(error):
            try_now(installed, some, actor=actor, reason=why, now=NOW)
    assert not Entry.objects.exists()
    assert [e.id for e in outstanding_file.current(installed).waiting()] == [one.id]
