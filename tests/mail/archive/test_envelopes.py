"""What operators see of a message: states as the courier has them, and nothing of its content (P-17, I1)."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.policy.dispositions import Disposition, Finding
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.envelopes import MessageTrace, is_named, shown_reply, trace_of
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Capture, Event, Occurrence, Report, Source, Type
from mail.archive.making import NOW, capture, delivered, fill, seal, writer

ADMIN = Actor("p-admin", "Noor", (HeldRole("system-administrator", active_until=NOW + 1000),))
CANARY = "kestrel"


def told(of: Capture, *events: Event) -> MessageTrace:
    """With the records numbered in the order given, as a journal would."""
    numbered = [replace(e, id=of.id, journal="0001", number=n + 2) for n, e in enumerate(events)]
    return trace_of(of, numbered)


def three(*do: str) -> Capture:
    names = ("a@city.example", "b@city.example", "c@city.example")[: len(do)]
    plain = capture(b"x")
    dispositions = tuple(Disposition(n, d, ("r",)) for n, d in enumerate(do))  # type: ignore[arg-type]
    return replace(plain, envelope=Envelope("s@x.example", tuple(map(Recipient, names)), NOW), dispositions=dispositions)


def event(type_: Type, at: int, whom: tuple[int, ...] = (0,), **facts: Any) -> Event:
    return Event(type_, bytes(16), at, whom, facts)


TRIED: dict[str, Any] = {"try": 1, "hop": "smtp://h:25"}
ATTEMPT = event(Type.ATTEMPT, NOW + 1, **TRIED)
DEFERRED = event(Type.DEFERRED, NOW + 2, **TRIED, next=NOW + 60_000, reply="451 later")


@pytest.mark.parametrize(
    ("do", "events", "state", "status"),
    [
        ("deliver", [], "waiting", "waiting"),
        ("deliver", [ATTEMPT], "trying", "waiting"),
        ("deliver", [ATTEMPT, DEFERRED], "deferred", "waiting"),
        ("deliver", [ATTEMPT, DEFERRED, event(Type.RELEASED, NOW + 3, reason="now")], "waiting", "waiting"),
        ("deliver", [event(Type.DELIVERED, NOW + 2, reply="250 ok")], "delivered", "delivered"),
        ("deliver", [event(Type.FAILED, NOW + 2, reply="550 no", dsn=1)], "failed", "failed"),
        ("deliver", [event(Type.PULLED, NOW + 2, mailbox="a@city.example", delivered=NOW)], "held", "held"),
        ("pending", [], "held", "held"),
        ("pending", [event(Type.DECIDED, NOW + 2, do="mark", rules=["m"])], "waiting", "waiting"),
        ("pending", [event(Type.DECIDED, NOW + 2, do="quarantine", rules=["v"])], "held", "held"),
        ("pending", [event(Type.DECIDED, NOW + 2, do="refuse", rules=["v"], reply="550 no", dsn=1)], "refused", "refused"),
        ("deliver", [event(Type.CANCELLED, NOW + 2, reason="asked")], "cancelled", "accepted"),
        ("deliver", [event(Type.HELD, NOW + 2, reason="asked")], "held", "held"),
        ("hold", [], "held", "held"),
        ("quarantine", [], "held", "held"),
        ("hold", [event(Type.RELEASED, NOW + 2, reason="fine", to="")], "waiting", "waiting"),
        ("refuse", [], "refused", "refused"),
        ("kept", [], "kept", "kept"),
    ],
)
def test_each_copy_stands_as_its_records_say(do: str, events: list[Event], state: str, status: str) -> None:
    traced = told(three(do), *events)
    assert [p.state for p in traced.passages] == [state]
    assert traced.status == status


def test_the_word_for_all_is_the_one_that_most_wants_a_look() -> None:
    to = [event(Type.DELIVERED, NOW + 2, (0, 1), reply="250 ok")]
    assert (told(three("deliver", "deliver", "hold"), *to).status, told(three("deliver", "deliver"), *to).status) == (
        "held",
        "delivered",
    )
    failed = event(Type.FAILED, NOW + 3, (2,), reply="550 no", dsn=1)
    traced = told(three("deliver", "deliver", "deliver"), *to, failed)
    assert (traced.status, traced.delivered) == ("failed", 2)
    assert told(replace(three("kept"), dispositions=())).status == "kept"


def test_times_tries_answers_and_new_addresses_are_those_of_the_records() -> None:
    moved = event(Type.RELEASED, NOW + 9, (0,), to="d@city.example", reason="left", actor="tick")
    [p] = told(three("deliver"), ATTEMPT, DEFERRED).passages
    assert (p.since, p.next, p.tries, p.reply, p.rules) == (NOW + 2, NOW + 60_000, 1, "451 later", ("r",))
    [p] = told(three("deliver"), moved).passages
    assert (p.box, p.since) == ("d@city.example", NOW + 9)
    steps = told(three("deliver"), DEFERRED, ATTEMPT).steps
    assert [s.type for s in steps] == ["attempt", "deferred"]
    assert steps[1].facts == (("hop", "smtp://h:25"), ("reply", "451 later"), ("try", "1"), ("next", str(NOW + 60_000)))


@pytest.mark.rule(
    "P-17, promise 4, I1",
    "An operator's view of a message has its envelope and its route, and no place for content.",
)
def test_nothing_of_the_content_comes_out() -> None:
    """Only what the envelope and the records of delivery say, whatever else a receipt has (I1)."""
    full = replace(
        three("deliver"),
        source=Source("import", f"/home/{CANARY}.pst", f"rebuilt {CANARY}"),
        findings=(Finding("links", "lies", f"part-{CANARY}", 7, 9, f"mask {CANARY}"),),
        custodian=CANARY,
        occurrence=Occurrence(CANARY, CANARY, 0),
        message_id=f"<{CANARY}@x.example>",
        once=f"notice:{CANARY}",
        report=Report("exchange", CANARY, (CANARY,), ({"a": CANARY, "how": "to"},)),
        properties={"subject": CANARY},
        envelope=Envelope("s@x.example", (Recipient("a@city.example", "", f"rfc822;{CANARY}"),), NOW, params={"ENVID": CANARY}),
    )
    sent = event(Type.DELIVERED, NOW + 2, reply="250 ok", sha256="ab", sent=[{"add": f"Subject: {CANARY}"}], queue=CANARY)
    traced = told(full, sent)
    assert CANARY not in str(asdict(traced))
    assert traced.checks == (("links", "lies"),)


@pytest.mark.rule("P-17, promise 4, I1, D4", "Envelopes are for a system administrator with the role activated, on every page.")
@pytest.mark.parametrize(
    "asker",
    [
        Actor(""),
        Actor("p-x", "X"),
        Actor("p-admin", "Noor", (HeldRole("system-administrator"),)),
        Actor("p-admin", "Noor", (HeldRole("system-administrator", active_until=NOW),)),
        Actor("p-audit", "Ivo", (HeldRole("auditor"),)),
        Actor("tick", machine=True),
    ],
)
def test_only_who_has_activated_the_role_sees_an_envelope(tmp_path: Path, asker: Actor) -> None:
    """System.see is asked at the door itself, whatever page or command comes (D4)."""
    [c] = fill(tmp_path, [b"one"])
    archive = Archive(tmp_path)
    place = archive.place(c.id)
    assert place is not None
    with pytest.raises(NotPermitted):
        archive.envelope(asker, place, now=NOW)
    assert archive.envelope(ADMIN, place, now=NOW).status == "delivered"


@pytest.mark.parametrize("kept", ["in journals", "sealed", "both"])
def test_a_stretch_of_time_has_exactly_its_captures_newest_first(tmp_path: Path, kept: str) -> None:
    made = fill(tmp_path, [b"one", b"two", b"two", b"three"])
    if kept != "in journals":
        seal(tmp_path)
    if kept == "both":
        w = writer(tmp_path)
        for n, c in enumerate([capture(b"four", received=NOW + 1), capture(b"five", received=NOW + 50)]):
            w.receipt(c, (b"four", b"five")[n])
            made.append(c)
        w.event(delivered(made[0], NOW + 99))  # sealed apart from its capture
        w.flush()
        w.close()
        seal(tmp_path)
    archive = Archive(tmp_path)
    times = sorted({c.received for c in made} | {0, NOW - 1, 1 << 47})
    for since in times:
        for until in times:
            wanted = sorted((c.id for c in made if since <= c.received <= until), reverse=True)
            assert [p.id for p in archive.window(since, until)] == wanted
            assert archive.count_in(since, until) == len(wanted)
            for n, before in enumerate(wanted):
                assert [p.id for p in archive.window(since, until, before)] == wanted[n + 1 :]


@pytest.mark.parametrize(
    ("wanted", "address", "fits"),
    [
        ("ann@city.example", "Ann@City.Example", True),
        ("ann@city.example", "joann@city.example", False),
        ("@city.example", "ann@city.example", True),
        ("@city.example", "ann@not-city.example", False),
        ("@city.example", "ann@sub.city.example", False),
        ("ann", "ann@x.example", True),
        ("ann", "joann@x.example", False),
        ("<>", "", True),
        ("<>", "ann@x.example", False),
        ("postmaster", "postmaster", True),
    ],
)
def test_an_address_is_named_whole_by_its_domain_or_by_its_local_part(wanted: str, address: str, fits: bool) -> None:
    assert is_named(wanted, address) is fits


def test_nobody_is_a_sender_and_no_recipient() -> None:
    """A copy that no mailbox of ours was named for is not one "for <>"."""
    assert not told(three("deliver")).has_recipient("<>")


@given(st.text(max_size=600))
def test_an_answer_is_one_line_that_steers_nothing(text: str) -> None:
    line = shown_reply(text, ())
    assert len(line) <= 301
    assert all(c.isprintable() for c in line)


def test_an_answer_that_names_the_message_does_not_name_it_to_an_operator() -> None:
    """I1: Exchange answers with the Message-ID; an address of the envelope is what an operator needs."""
    exchange = "250 2.6.0 <kestrel.budget@x.example> [InternalId=12] Queued mail for delivery"
    refused = "550 5.1.1 <B@city.example>: <kestrel@x.example> unknown"
    events = [event(Type.DELIVERED, NOW + 2, reply=exchange), event(Type.FAILED, NOW + 3, (1,), reply=refused, dsn=0)]
    traced = told(three("deliver", "deliver"), *events)
    replies = [p.reply for p in traced.passages]
    assert replies == ["250 2.6.0 <…> [InternalId=12] Queued mail for delivery", "550 5.1.1 <B@city.example>: <…> unknown"]
    assert [dict(step.facts)["reply"] for step in traced.steps] == replies


def test_what_mail_is_about_is_not_told_to_an_operator() -> None:
    """P-12, P-17: neither the findings about use nor the rules that asked about them."""
    rules = ("deliver", "shadow:use-campaign", "use-political-bulk", "notify:confidential-out")
    found = (Finding("use", "campaign"), Finding("spf", "pass"))
    traced = trace_of(replace(capture(b"x"), dispositions=(Disposition(0, "deliver", rules),), findings=found), [])
    assert traced.passages[0].rules == ("deliver", "notify:confidential-out")
    assert traced.checks == (("spf", "pass"),)


def test_what_was_decided_later_takes_the_place_of_what_the_receipt_says() -> None:
    decided = event(Type.DECIDED, NOW + 2, do="quarantine", rules=["virus", "use-campaign"])
    traced = told(three("pending"), decided)
    (passage,), (step,) = traced.passages, traced.steps
    assert (passage.do, passage.rules, passage.since) == ("quarantine", ("virus",), NOW + 2)
    assert step.facts == (("do", "quarantine"), ("rules", "virus"))
