"""From answers to records: what is tried again, what has failed, who is told (RFC 5321 4.2.1; promise 6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.config.settings import Courier
from civicmail.core.message.shapes import Envelope, Recipient
from civicmail.core.wire.answers import Reply
from civicmail.mail.archive.copies import Copy
from civicmail.mail.archive.outstanding import Entry
from civicmail.mail.archive.records import Capture, Source, Type
from civicmail.mail.courier.hops import Hop
from civicmail.mail.courier.jobs import Job
from civicmail.mail.courier.verdict import Result, answered, attempts, is_own, our_fault, outcomes, wait

T0, DAY = 1_800_000_000_000, 86_400_000
RULES = Courier(retry_first=60, retry_most=3600, expire=5 * 86_400)


def job(*tries: int, open_: frozenset[int] = frozenset()) -> Job:
    entry = Entry(bytes(16))
    entry.received, entry.sender, entry.kind, entry.seen = T0, "ann@city.example", "relay", True
    entry.copies = {i: Copy("bob@out.example", "deliver") for i in range(len(tries))}
    return Job(entry, Hop("smtp", "mx", 25), dict(enumerate(tries)), open_, doubtful=False)


def capture(*notify: str) -> Capture:
    e = Envelope("ann@city.example", tuple(Recipient("bob@out.example", n) for n in notify), T0)
    return Capture(bytes(16), T0, bytes(32), 1, bytes(32), Source("relay"), e)


def reply(code: int) -> Reply:
    return Reply(code, "", ("words",))


@pytest.mark.parametrize(
    ("result", "age", "type_"),
    [
        (answered(reply(250)), 0, Type.DELIVERED),
        (answered(reply(250)), 9 * DAY, Type.DELIVERED),
        (answered(reply(451)), 0, Type.DEFERRED),
        (answered(reply(451)), 5 * DAY, Type.FAILED),
        (answered(reply(421)), 0, Type.DEFERRED),
        (answered(reply(550)), 0, Type.FAILED),
        (answered(reply(530)), 0, Type.DEFERRED),  # "Must issue a STARTTLS command first": about us, not about the message
        (answered(reply(354)), 0, Type.DEFERRED),
        (Result(False, "4.4.2 lost", unknown=True), 5 * DAY, Type.FAILED),
        (our_fault(OSError(28, "No space left on device")), 500 * DAY, Type.DEFERRED),
    ],
)
def test_what_each_answer_means(result: Result, age: int, type_: Type):
    (event,) = outcomes(job(1), capture(""), {0: result}, T0 + age, RULES, own=True)
    assert event.type == type_ and event.to == (0,) and event.facts["hop"] == "smtp://mx:25"


@given(st.lists(st.sampled_from([250, 251, 421, 450, 451, 550, 552, 554]), min_size=1, max_size=8), st.integers(1, 50))
def test_every_recipient_gets_exactly_one_outcome(codes: list[int], n: int):
    j = job(*[n] * len(codes))
    events = outcomes(j, capture(*[""] * len(codes)), {i: answered(reply(c)) for i, c in enumerate(codes)}, T0, RULES, own=True)
    assert sorted(i for e in events for i in e.to) == list(range(len(codes)))
    for event in events:
        assert {codes[i] // 100 for i in event.to} == {{Type.DELIVERED: 2, Type.DEFERRED: 4, Type.FAILED: 5}[event.type]}
        if event.type == Type.DEFERRED:
            assert event.facts["next"] == T0 + wait(n, RULES) and event.facts["try"] == n


def test_waits_double_up_to_the_most():
    assert [wait(n, RULES) // 1000 for n in (1, 2, 3, 6, 7, 10**6)] == [60, 120, 240, 1920, 3600, 3600]


@pytest.mark.parametrize(
    ("notify", "own", "failed", "delivered"),
    [("", True, 1, 0), ("FAILURE", True, 1, 0), ("SUCCESS,FAILURE", True, 1, 1), ("success", True, 0, 1), ("NEVER", True, 0, 0),
     ("DELAY", True, 0, 0), ("SUCCESS,FAILURE", False, 0, 0)],
)  # fmt: skip
def test_who_is_told_what(notify: str, own: bool, failed: int, delivered: int):
    for result, told in ((answered(reply(550)), failed), (answered(reply(250)), delivered)):
        (event,) = outcomes(job(1), capture(notify), {0: result}, T0, RULES, own=own)
        assert event.facts.get("dsn", 0) == told
    (event,) = outcomes(job(1), None, {0: answered(reply(550))}, T0, RULES, own=True)
    assert event.facts["dsn"] == 0  # what the sender asked for cannot be read: nobody is bothered


def test_only_a_sender_of_ours_from_a_source_that_knows_its_senders_is_told():
    entry = job(1).entry
    assert is_own(entry, ours=True) and not is_own(entry, ours=False)
    for kind in ("mx", "lmtp", "journal", "import"):
        entry.kind = kind
        assert not is_own(entry, ours=True)


def test_attempts_with_different_numbers_and_doubts_are_different_records():
    events = attempts(job(1, 2, 2, open_=frozenset({2})), [0, 1, 2], T0, "TLSv1.3 X")
    assert [(e.to, e.facts["try"], e.facts.get("redelivered", "")) for e in events] == [
        ((0,), 1, ""), ((1,), 2, ""), ((2,), 2, "outcome unknown"),
    ]  # fmt: skip
    assert all(e.facts["tls"] == "TLSv1.3 X" for e in events)
