"""From an answer to the record that says so (P-06, promise 6): what is over, what is tried again, who is told."""

from __future__ import annotations

import pytest

from civicmail.core.config.settings import Courier
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.wire.reply_reader import Reply
from civicmail.mail.archive.copies import Copy
from civicmail.mail.archive.outstanding import Entry
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.courier.delivery_outcome import Result, attempts, from_reply, is_own, our_fault, outcomes, wait
from civicmail.mail.courier.hops import Hop
from civicmail.mail.courier.jobs import Job

T0 = 1_800_000_000_000
DAY = 86_400_000
RULES = Courier(expire=5 * 86_400, retry_first=60, retry_most=3600)


def entry(kind: str = "relay", sender: str = "ann@city.example") -> Entry:
    made = Entry(bytes(range(16)))
    made.received, made.kind, made.sender, made.seen = T0, kind, sender, True
    made.copies = {0: Copy("bob@out.example", "deliver")}
    return made


def job(tries: int = 1, *, open_: bool = False) -> Job:
    return Job(entry(), Hop("smtp", "sink.example", 25), {0: tries}, frozenset({0} if open_ else ()), doubtful=False)


def capture(notify: str = "") -> Capture:
    e = Envelope("ann@city.example", (Recipient("bob@out.example", notify),), T0)
    return Capture(bytes(range(16)), T0, bytes(32), 1, bytes(32), Source("relay"), e)


def one(result: Result, *, after: int = 0, tries: int = 1, notify: str = "", own: bool = True) -> Event:
    (event,) = outcomes(job(tries), capture(notify), {0: result}, T0 + after, RULES, own=own)
    return event


REFUSED = from_reply(Reply(550, "5.1.1", ("no such user",)))
LATER = from_reply(Reply(451, "4.3.0", ("later",)))
TAKEN = from_reply(Reply(250, "2.0.0", ("Ok",)))


def test_each_kind_of_answer_has_its_record() -> None:
    assert [one(r).type for r in (TAKEN, LATER, REFUSED)] == [Type.DELIVERED, Type.DEFERRED, Type.FAILED]
    assert one(LATER).facts["next"] == T0 + 60_000
    assert [wait(n, RULES) // 1000 for n in (1, 2, 3, 7, 40)] == [60, 120, 240, 3600, 3600]


def test_what_a_next_hop_cannot_take_fails_when_it_is_too_old() -> None:
    assert one(LATER, after=5 * DAY - 1).type == Type.DEFERRED
    failed = one(LATER, after=5 * DAY)
    assert failed.type == Type.FAILED and "expired" in failed.facts["reply"] and "later" in failed.facts["reply"]


@pytest.mark.rule("P-06, promise 6", "Our own faults never fail a message: it is tried again for as long as it takes.")
def test_our_own_fault_is_tried_again_for_as_long_as_it_takes() -> None:
    for error in (OSError(28, "No space left on device"), ZeroDivisionError()):
        assert one(our_fault(error), after=365 * DAY, tries=999).type == Type.DEFERRED


@pytest.mark.parametrize(("notify", "told"), [("", 1), ("FAILURE", 1), ("NEVER", 0), ("SUCCESS", 0)])
def test_a_sender_of_ours_is_told_of_a_failure_unless_it_said_otherwise(notify: str, told: int) -> None:
    assert one(REFUSED, notify=notify).facts["dsn"] == told
    assert one(REFUSED, notify=notify, own=False).facts["dsn"] == 0


@pytest.mark.parametrize("kind", ["mx", "lmtp", "journal", "import"])
def test_reports_go_to_senders_of_ours_by_doors_that_know_them_and_to_nobody_else(kind: str) -> None:
    assert is_own(entry("relay"), ours=True)
    assert not is_own(entry("relay"), ours=False)
    assert not is_own(entry("relay", sender=""), ours=True)
    assert not is_own(entry(kind), ours=True), "anybody may write any sender there"


@pytest.mark.rule("P-06, promise 1", "An attempt without an outcome is repeated, and its record states that.")
def test_an_attempt_says_that_the_last_one_may_have_arrived() -> None:
    (first,) = attempts(job(), [0], T0, "")
    (again,) = attempts(job(2, open_=True), [0], T0, "")
    assert (first.type, first.to) == (Type.ATTEMPT, (0,)) and "redelivered" not in first.facts
    assert again.facts.get("redelivered") == "outcome unknown"
