"""Who still waits (promise 1): any order between journals gives the same state, and a snapshot equals the replay."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.city.policy.approvals import PartialApproval
from civicmail.city.policy.dispositions import Disposition
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.tail import Record
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.outstanding import DAY_MS, Outstanding, report_key
from civicmail.mail.archive.outstanding_file import advance, current, decode, encode, load, save, snapshot_path
from civicmail.mail.archive.records import Capture, Event, Source, Type

T0 = 1_800_000_000_000


@dataclass
class Books:
    """Journals of a story, as records."""

    journals: dict[str, list[Record]] = field(default_factory=dict)

    def add(self, journal: str, thing: Capture | Event) -> bytes:
        records = self.journals.setdefault(journal, [])
        number = len(records) + 1
        type_ = Type.RECEIPT if isinstance(thing, Capture) else thing.type
        sha = thing.sha256 if isinstance(thing, Capture) else bytes(32)
        path = Path(f"/d/journal/{journal}/{1:016d}.log")
        records.append(Record(journal, path, 64 * number, type_, 0, number, thing.id, sha, thing.head(journal, number), b""))
        return thing.id

    def event(self, journal: str, type_: Type, id_: bytes, at: int, to: list[int], **facts: Any) -> None:
        self.add(journal, Event(type_, id_, at, tuple(to), facts))

    def replay(self, order: list[str] | None = None) -> Outstanding:
        left = {name: list(records) for name, records in self.journals.items()}
        result = Outstanding()
        for name in order or []:
            if left.get(name):
                result.apply(left[name].pop(0))
        for records in left.values():
            for record in records:
                result.apply(record)
        return result


def capture(
    at: int = T0, *to: str, do: str = "deliver", kind: str = "mx", text: bytes = b"x", mid: str = "<1@x>", once: str = ""
) -> Capture:
    addresses = to or ("ann@city.example",)
    return Capture(
        id=capture_id(at),
        received=at,
        sha256=text.ljust(32, b"."),
        size=10,
        content_hash=bytes(32),
        source=Source(kind),
        envelope=Envelope("eve@out.example", tuple(Recipient(a) for a in addresses), at),
        dispositions=tuple(Disposition(i, do) for i in range(len(addresses))),  # type: ignore[arg-type]
        message_id=mid,
        once=once,
    )


def seen(o: Outstanding, now: int) -> dict[str, Any]:
    """Everything that may be asked."""
    return {
        "waiting": {
            e.id: {i: (c.address, c.tries, c.due, c.reply, c.is_open) for i, c in e.copies.items() if c.is_waiting}
            for e in o.waiting()
        },
        "held": {e.id: sorted(i for i, c in e.copies.items() if c.is_held) for e in o.held()},
        "pending": {e.id: sorted(i for i, c in e.copies.items() if c.is_pending) for e in o.pending()},
        "decided": {
            e.id: {i: (c.now, c.marks_in_force, c.end, c.reply, c.apart) for i, c in e.copies.items()}
            for e in o.entries.values()
            if e.seen and not e.was_pulled
        },
        "pulled": {e.id: {i: c.address for i, c in e.copies.items() if c.is_pulled} for e in o.pulled()},
        "owed": {e.id: sorted(e.owed) for e in o.owed()},
        "same": {e.id: o.original_of(e) for e in o.waiting()},
        "receipts": o.receipts,
        "positions": o.positions,
    }


def test_only_deliver_and_mark_wait_kept_and_refused_never():
    for do, waits, held in (
        ("deliver", 1, 0), ("mark", 1, 0), ("hold", 0, 1), ("quarantine", 0, 1), ("pending", 0, 1),
        ("kept", 0, 0), ("refuse", 0, 0),
    ):  # fmt: skip
        books = Books()
        books.add("1", capture(do=do))
        o = books.replay()
        assert (len(list(o.waiting())), len(list(o.held()))) == (waits, held), do


def test_a_deferral_waits_for_its_time_and_an_attempt_without_outcome_is_due_at_once():
    books = Books()
    id_ = books.add("1", capture())
    books.event("2", Type.ATTEMPT, id_, T0 + 1, [0], hop="h", **{"try": 1})
    copy = books.replay().entries[id_].copies[0]
    assert copy.is_open and copy.due == 0
    books.event("2", Type.DEFERRED, id_, T0 + 2, [0], hop="h", reply="450 later", next=T0 + 60_000, **{"try": 1})
    copy = books.replay().entries[id_].copies[0]
    assert not copy.is_open and copy.due == T0 + 60_000 and copy.reply == "450 later" and copy.tries == 1


def test_each_recipient_ends_by_itself_and_the_capture_is_forgotten_with_the_last():
    books = Books()
    id_ = books.add("1", capture(T0, "a@x.example", "b@x.example"))
    books.event("2", Type.DELIVERED, id_, T0 + 1, [1], hop="h", reply="250 ok")
    assert books.replay().entries[id_].waiting == [0]
    books.event("2", Type.CANCELLED, id_, T0 + 2, [0], reason="not wanted", actor="op")
    assert books.replay().entries == {}


def test_held_and_released_move_a_copy_and_a_release_ends_a_wait():
    books = Books()
    id_ = books.add("1", capture(do="quarantine"))
    books.event("3", Type.RELEASED, id_, T0 + 10, [0], reason="fine", actor="ann")
    o = books.replay()
    assert o.entries[id_].waiting == [0] and not list(o.held())
    books.event("2", Type.DEFERRED, id_, T0 + 20, [0], hop="h", reply="450", next=T0 + DAY_MS, **{"try": 1})
    assert books.replay().entries[id_].copies[0].due == T0 + DAY_MS
    books.event("3", Type.RELEASED, id_, T0 + 30, [0], reason="now", actor="op")
    assert books.replay().entries[id_].copies[0].due == 0
    books.event("3", Type.HELD, id_, T0 + 40, [0], reason="stop", actor="op")
    o = books.replay()
    assert not list(o.waiting()) and len(list(o.held())) == 1


def test_what_is_screened_later_takes_the_place_of_the_receipt_until_a_person_decides():
    """Pending is settled by the record of the later screening; what a person did counts more, whichever came first."""
    books = Books()
    id_ = books.add("1", capture(do="pending"))
    assert [e.id for e in books.replay().pending()] == [id_]
    books.event("3", Type.DECIDED, id_, T0 + 10, [0], do="mark", rules=["r"], marks=[["m", "words"]])
    o = books.replay()
    assert o.entries[id_].waiting == [0] and not list(o.pending())
    assert o.entries[id_].copies[0].marks_in_force == (("m", "words"),)
    books.event("3", Type.DECIDED, id_, T0 + 20, [0], do="quarantine", rules=["late"])
    o = books.replay()
    assert not o.entries[id_].waiting and [e.id for e in o.held()] == [id_]
    books.event("2", Type.RELEASED, id_, T0 + 15, [0], reason="fine", actor="ann")
    assert books.replay().entries[id_].waiting == [0]


def test_a_recipient_who_was_refused_beside_others_is_owed_a_report_by_the_receipt_itself():
    """No second record is needed, so no crash can part the refusal from what the sender is told of it."""
    books = Books()
    made = capture(T0, "a@x.example", "b@y.example", kind="submission")
    refused = Disposition(1, "refuse", ("r",), reply="550 5.7.1 no", dsn=True)
    id_ = books.add("1", replace(made, dispositions=(made.dispositions[0], refused)))
    o = books.replay()
    assert o.entries[id_].waiting == [0] and o.entries[id_].owed == [1]
    assert o.entries[id_].copies[1].reply == "550 5.7.1 no"
    books.add("1", capture(T0 + 2, "eve@out.example", kind="local", once=report_key(id_, 1)))
    books.event("2", Type.DELIVERED, id_, T0 + 3, [0], hop="h", reply="250 ok")
    assert id_ not in books.replay().entries


def test_a_failure_owes_a_report_until_the_report_itself_was_accepted():
    books = Books()
    id_ = books.add("1", capture(kind="relay"))
    books.event("2", Type.FAILED, id_, T0 + 1, [0], hop="h", reply="550 no", dsn=1)
    o = books.replay()
    assert [e.owed for e in o.owed()] == [[0]] and not list(o.waiting())
    report = capture(T0 + 2, "eve@out.example", kind="local", once=report_key(id_, 0))
    books.add("1", report)
    o = books.replay()
    assert not list(o.owed()) and id_ not in o.entries and report.id in o.entries


def test_the_same_bytes_and_envelope_within_a_day_are_a_second_receipt_of_the_first():
    books = Books()
    first = books.add("1", capture(T0))
    again = books.add("1", capture(T0 + 5))
    later = books.add("1", capture(T0 + DAY_MS + 1))
    other = books.add("1", capture(T0 + 6, text=b"y"))
    nameless = books.add("1", capture(T0 + 7, mid=""))
    local = books.add("1", capture(T0 + 8, kind="journal"))
    o = books.replay()
    assert {i: o.original_of(o.entries[i]) for i in (first, again, other, nameless, local)} == {
        first: None, again: first, other: None, nameless: None, local: None,
    }  # fmt: skip
    assert o.original_of(o.entries[later]) == again  # a day and a ms after the first, but within a day of the second
    books.event("2", Type.CANCELLED, again, T0 + 9, [0], reason="same as", same_as="x")
    assert o.original_of(books.replay().entries[later]) is not None
    o = books.replay()
    assert o.original_of(o.entries[later]) is None


def test_the_receipt_that_was_begun_is_the_first_whichever_came_earlier():
    books = Books()
    early, late = books.add("1", capture(T0)), books.add("3", capture(T0 + 5))
    books.event("2", Type.DELIVERED, late, T0 + 9, [0], hop="maildir", reply="")
    o = books.replay(["3", "2", "1"])
    assert o.original_of(o.entries[early]) == late


def test_mail_that_failed_may_be_sent_again_within_the_day():
    books = Books()
    first, again = books.add("1", capture(T0)), books.add("1", capture(T0 + 5))
    books.event("2", Type.FAILED, first, T0 + 9, [0], hop="h", reply="550 no", dsn=0)
    o = books.replay()
    assert o.original_of(o.entries[again]) is None


def test_what_is_older_than_a_day_is_forgotten_when_all_was_read():
    books = Books()
    id_ = books.add("1", capture(T0))
    books.event("2", Type.DELIVERED, id_, T0 + 1, [0], hop="h", reply="")
    books.event("2", Type.RELEASED, id_, T0 + 2, [0], reason="late", actor="op")
    o = books.replay()
    o.settle(T0 + 1000)
    assert len(o.receipts) == 1 and len(o.entries) == 1  # the late release: perhaps its receipt is still to come
    o.settle(T0 + DAY_MS + 1000)
    assert not o.receipts and not o.entries


@pytest.mark.rule(
    "P-31, promise 1",
    "A removed copy stays withheld until it is restored, whatever else of it was forgotten, in any order of journals.",
)
def test_what_was_delivered_and_taken_back_is_kept_back_until_it_is_put_back():
    """Also where all else about the capture was forgotten long ago; it neither waits nor is delivered again."""
    books, facts = Books(), {"mailbox": "ann@city.example", "delivered": T0 + 1}
    id_ = books.add("1", capture())
    books.event("2", Type.DELIVERED, id_, T0 + 1, [0], hop="h", reply="250 ok")
    o = books.replay()
    assert not o.entries
    books.event("3", Type.PULLED, id_, T0 + DAY_MS, [0], **facts)
    for state in (books.replay(), decode(encode(books.replay(["3"])))):
        state.settle(T0 + 9 * DAY_MS)
        assert [e.id for e in state.pulled()] == [id_]
        entry = state.entries[id_]
        assert (entry.copies[0].address, entry.copies[0].now, entry.waiting) == ("ann@city.example", "quarantine", [])
        assert not list(state.waiting()) and not list(state.held())
    books.event("3", Type.PULLED, id_, T0 + DAY_MS + 5, [0], **facts, back=1)
    o = books.replay()
    o.settle(T0 + 9 * DAY_MS)
    assert not o.entries and not list(o.pulled())


# -- any order -----------------------------------------------------------------------------------------------------------


def story(seed: int) -> Books:
    """What can happen to a few captures, told by four journals."""
    chance, books, now = random.Random(seed), Books(), T0
    for _ in range(chance.randint(1, 5)):
        now += chance.randint(1, 1000)
        do = chance.choice(["deliver", "deliver", "mark", "hold", "kept", "pending", "pending"])
        texts = chance.choice([b"one", b"two"])
        id_ = books.add(chance.choice("14"), capture(now, "a@x.example", "b@y.example", do=do, text=texts, kind="relay"))
        copies = [0, 1]
        if do == "kept":
            continue
        for n in range(1, chance.randint(1, 6)):
            now += chance.randint(1, 1000)
            to = chance.sample(copies, chance.randint(1, len(copies))) if copies else []
            match chance.choice(["try", "try", "end", "person", "cut", "decide"]) if to else "none":
                case "try":
                    books.event("2", Type.ATTEMPT, id_, now, to, hop="h", **{"try": n})
                    books.event("2", Type.DEFERRED, id_, now + 1, to, hop="h", reply=f"45{n}", next=now + 9999, **{"try": n})
                case "decide":
                    do = chance.choice(["deliver", "mark", "quarantine", "pending", "refuse"])
                    facts = {"do": do, "rules": ["r"], "marks": [["m", "words"]] if do == "mark" else []}
                    facts |= {"reply": "550 no", "dsn": 1} if do == "refuse" else {}
                    facts |= {"apart": {"leave": [["1.2", "aa"]], "out": [["1.3", f"{n}"]]}} if chance.random() < 0.4 else {}
                    books.event("3", Type.DECIDED, id_, now, to, **facts)
                    copies = [c for c in copies if c not in to] if do == "refuse" else copies
                case "cut":
                    books.event("2", Type.ATTEMPT, id_, now, to, hop="h", **{"try": n})
                case "person":
                    books.event("3", chance.choice([Type.HELD, Type.RELEASED]), id_, now, to, reason="r", actor="op")
                case "end":
                    end = chance.choice([Type.DELIVERED, Type.FAILED, Type.CANCELLED])
                    facts = {"reply": "r", "dsn": 1} if end == Type.FAILED else {"reply": "r"}
                    books.event("2", end, id_, now, to, hop="h", **facts)
                    for n in to if end == Type.DELIVERED and chance.random() < 0.5 else ():
                        facts = {"mailbox": ("a@x.example", "b@y.example")[n], "delivered": now}
                        books.event("5", Type.PULLED, id_, now + 3, [n], **facts)
                        if chance.random() < 0.5:
                            books.event("6", Type.PULLED, id_, now + 9, [n], **facts, back=1)
                    if end == Type.FAILED and chance.random() < 0.5:
                        books.add("4", capture(now + 2, once=report_key(id_, to[0]), kind="local"))
                    copies = [c for c in copies if c not in to]
    return books


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_any_interleaving_of_journals_gives_the_same_state(seed: int, order: int):
    books = story(seed)
    names = [name for name, records in books.journals.items() for _ in records]
    random.Random(order).shuffle(names)
    now = T0 + 10_000
    assert seen(books.replay(names), now) == seen(books.replay(), now)


@pytest.mark.rule("P-15, promise 1", "The snapshot of outstanding recipients equals a replay of every journal.")
@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_snapshot_in_the_middle_equals_the_replay(seed: int, order: int):
    books = story(seed)
    names = [name for name, records in books.journals.items() for _ in records]
    random.Random(order).shuffle(names)
    left = {name: list(records) for name, records in books.journals.items()}
    o, cut = Outstanding(), order % (len(names) + 1)
    for i, name in enumerate(names):
        if i == cut:
            o = decode(encode(o))
        o.apply(left[name].pop(0))
    again = decode(encode(o))
    assert encode(again) == encode(o)
    assert seen(o, T0) == seen(books.replay(), T0)


def test_a_record_that_the_snapshot_covers_changes_nothing():
    books = Books()
    id_ = books.add("1", capture())
    books.event("1", Type.DELIVERED, id_, T0 + 1, [0], hop="h", reply="")
    o = decode(encode(books.replay()))
    for record in books.journals["1"]:
        assert o.apply(record) is None
    assert not o.entries


def test_the_snapshot_is_kept_on_disk_and_damage_is_named(tmp_path: Path):
    books = Books()
    books.add("1", capture())
    assert load(tmp_path).positions == {}
    save(tmp_path, books.replay())
    assert load(tmp_path).positions == {"1": 1}
    content = bytearray(snapshot_path(tmp_path).read_bytes())
    for at in range(len(content)):
        broken = bytearray(content)
        broken[at] ^= 0xFF
        try:
            decode(bytes(broken))
        except DamagedFile:
            continue
        raise AssertionError(f"byte {at} may be flipped")
    with pytest.raises(DamagedFile):
        decode(bytes(content[:-1]))


def test_advance_covers_everything_durable(tmp_path: Path):
    from civicmail.mail.archive.commit import Writer

    writer = Writer(tmp_path, lambda: T0)
    first, second = capture(T0), capture(T0 + 1, text=b"two")
    writer.receipt(first, b"body")
    writer.flush()
    assert advance(tmp_path, T0) == {"0001": 1}
    writer.receipt(second, b"body")
    writer.event(Event(Type.DELIVERED, first.id, T0, (0,), {"hop": "maildir", "reply": ""}))
    writer.flush()
    assert list(current(tmp_path).entries) == [second.id]
    assert load(tmp_path).positions == {"0001": 1}
    assert advance(tmp_path, T0) == {"0001": 3}
    assert str(uuid.UUID(bytes=second.id)) == next(iter(load(tmp_path).entries.values())).uuid
    writer.close()


@pytest.mark.rule("P-22, promise 1", "Of several answers the last one counts, in any order of journals, and after a snapshot.")
def test_which_files_leave_is_remembered_past_a_snapshot_and_whatever_is_decided_later():
    """The last of several answers counts, and what is found later puts no file back."""
    books = Books()
    id_ = books.add("1", capture(do="hold"))
    for at, name in ((T0 + 9, "last"), (T0 + 5, "first")):
        apart = {"leave": [["1.2", name]], "out": [["1.3", "b"]]}
        books.event("3", Type.DECIDED, id_, at, [0], do="deliver", rules=[], apart=apart)
    books.event("3", Type.DECIDED, id_, T0 + 20, [0], do="deliver", rules=["late"])
    copy = decode(encode(books.replay())).entries[id_].copies[0]
    assert copy.apart == PartialApproval((("1.2", "last"),), (("1.3", "b"),))
