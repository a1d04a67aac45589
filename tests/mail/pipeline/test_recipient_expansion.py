"""Whom an envelope reaches (M4, M5; P-06): aliases, plus addresses, lists, mailboxes that are held."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from city.identity.people import T0, city
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.disk.tail import Tail
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.records import Capture, Source, Type
from civicmail.mail.pipeline.accept import Pipeline, all_live
from civicmail.mail.pipeline.recipient_expansion import ExpandedEnvelope, expand

ALL = "all@city.example"


def reached(*to: str, snapshot: Snapshot | None = None) -> ExpandedEnvelope:
    envelope = Envelope("carol@home.example", tuple(Recipient(a) for a in to), T0)
    return expand(envelope, snapshot or city(), lambda a: all_live(a) if a.endswith((".example",)) else None)


def test_an_alias_and_a_plus_address_reach_the_mailbox_and_stay_as_the_client_said_them() -> None:
    found = reached("A.Mueller@city.example", "bob+lists@city.example", "ann@city.example.")
    assert [(r.address, r.box) for r in found.envelope.recipients][:2] == [
        ("A.Mueller@city.example", "ann@city.example"),
        ("bob+lists@city.example", "bob@city.example"),
    ]
    assert found.settled == {}


@pytest.mark.rule("P-06, P-23", "A list is one capture and one body, with its expansion as evidence.")
def test_a_list_is_one_capture_with_its_expansion_as_evidence() -> None:
    found = reached(ALL, "bob@city.example")
    assert found.envelope.recipients == (
        Recipient(ALL),
        Recipient("bob@city.example"),
        Recipient("ann@city.example", expanded=(ALL,)),
        Recipient("eve@city.example", expanded=(ALL,)),
        Recipient("frank@city.example", expanded=(ALL,)),
    ), "bob was named himself"
    assert found.settled == {0: ("kept", "expand-list"), 3: ("hold", "access-held"), 4: ("kept", "list-member-closed")}


@pytest.mark.rule("P-06", "A member of a list with a closed mailbox gets nothing, and the record states that.")
def test_a_member_of_a_list_whose_mailbox_is_closed_gets_nothing_and_the_record_says_so() -> None:
    """Nobody is left out without a trace, and nobody is said twice."""
    snapshot = replace(
        city(), groups={ALL: ("frank@city.example", "nobody@city.example"), "two@city.example": ("frank@city.example",)}
    )
    envelope = Envelope("", (Recipient(ALL), Recipient("two@city.example")), T0)
    found = expand(envelope, snapshot, lambda _a: "live")
    assert [r.address for r in found.envelope.recipients[2:]] == ["frank@city.example", "nobody@city.example"]
    assert found.settled[2] == found.settled[3] == ("kept", "list-member-closed")
    assert all(r.box == "" for r in found.envelope.recipients), "no copy goes into a mailbox"


def test_who_is_named_twice_gets_one_copy() -> None:
    found = reached("ann@city.example", "a.mueller@city.example", "ann+x@city.example")
    assert found.settled == {1: ("kept", "same-mailbox"), 2: ("kept", "same-mailbox")}
    assert [r.address for r in found.envelope.recipients] == ["ann@city.example", "a.mueller@city.example", "ann+x@city.example"]


def test_mail_for_a_mailbox_that_is_held_is_held_and_one_that_was_closed_meanwhile_is_not_lost() -> None:
    found = reached("eve@city.example", "frank@city.example", "bob@out.example", "ghost@city.example")
    assert found.settled == {0: ("hold", "access-held"), 1: ("hold", "access-closed")}


def test_who_is_not_here_yet_is_left_as_named() -> None:
    envelope = Envelope("", (Recipient("eve@city.example"), Recipient(ALL)), T0)
    found = expand(envelope, city(), lambda _a: "elsewhere")
    assert found.envelope == envelope and found.settled == {}


def accepted(data: Path, *to: str, people: Snapshot | None, kind: str = "mx", refused: str = "") -> Capture:
    async def run() -> None:
        commit = GroupCommit(Writer(data, lambda: T0))
        pipeline = Pipeline(commit, people=lambda: people)
        envelope = Envelope("a@b.example", tuple(Recipient(a) for a in to), T0)
        await pipeline.accept(b"Subject: x\r\n\r\nx\r\n", envelope, Source(kind), rejected_by=refused)
        await commit.close()

    asyncio.run(run())
    (capture,) = [Capture.from_head(r.head) for r in Tail(data).poll() if r.type == Type.RECEIPT]
    return capture


@pytest.mark.parametrize("kind", ["mx", "relay", "submission", "lmtp", "local"])
def test_the_receipt_says_that_a_copy_is_held_and_by_which_rule(data: Path, kind: str) -> None:
    """M4: recorded, not lost."""
    capture = accepted(data, ALL, people=city(), kind=kind)
    assert [(d.to, d.do, d.rules) for d in capture.dispositions] == [
        (0, "kept", ("expand-list",)),
        (1, "deliver", ("deliver",)),
        (2, "deliver", ("deliver",)),
        (3, "hold", ("access-held",)),
        (4, "kept", ("list-member-closed",)),
    ]
    assert [r.expanded for r in capture.envelope.recipients] == [(), (ALL,), (ALL,), (ALL,), (ALL,)], "and it reads back"


@pytest.mark.parametrize(("kind", "people"), [("journal", city()), ("mx", None)])
def test_copies_for_the_record_and_cities_without_people_are_as_they_were(data: Path, kind: str, people: Snapshot | None) -> None:
    capture = accepted(data, "eve@city.example", people=people, kind=kind)
    assert capture.dispositions[0].do == ("kept" if kind == "journal" else "deliver")


def test_what_its_sender_is_refused_is_kept_as_evidence_and_nobody_gets_it(data: Path) -> None:
    capture = accepted(data, ALL, "bob@out.example", people=city(), kind="submission", refused="not-yours")
    assert [(d.to, d.do, d.rules) for d in capture.dispositions] == [(0, "refuse", ("not-yours",)), (1, "refuse", ("not-yours",))]
