"""What senders say of encryption themselves: [secure] in any subject, and a message that goes as it is, with a reason (P-19)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from civicmail.city.policy.dispositions import Disposition
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.records import Source
from civicmail.mail.pipeline import encryption_requests
from civicmail.mail.pipeline.accept import Pipeline

NOW = 1_772_452_800_000


@pytest.mark.parametrize(
    ("subject", "asks"),
    [
        ("[secure] your file", True),
        ("Re: [SECURE] your file", True),
        ("=?utf-8?q?=5Bsecure=5D_Grant_f=C3=BCr?=", True),
        ("how to be secure", False),
        ("", False),
    ],
)
def test_the_word_in_the_subject_is_heard_from_any_client(subject: str, asks: bool) -> None:
    """P-19."""
    assert encryption_requests.is_requested(f"From: a@b\r\nSubject: {subject}\r\n\r\nx\r\n".encode()) is asks


@pytest.mark.rule("P-19", "[secure] in a subject takes effect from any client, without any rule or check.")
def test_what_was_asked_for_needs_no_rule_and_no_detector(tmp_path: Path) -> None:
    """Nothing is screened here, and no book is in force."""

    async def story() -> None:
        pipeline = Pipeline(GroupCommit(Writer(tmp_path, lambda: NOW)), lambda a: "live" if a.endswith("city.example") else None)
        envelope = Envelope("ann@city.example", (Recipient("bob@city.example"), Recipient("pat@out.example")), NOW)
        receipt = await pipeline.accept(b"Subject: [secure] x\r\n\r\nx\r\n", envelope, Source("submission", "s"))
        await pipeline.commit.close()
        assert [(d.do, d.secure, d.rules[-1]) for d in receipt.dispositions] == [
            ("deliver", False, "deliver"), ("encrypt", True, "secure-asked"),
        ]  # fmt: skip

    asyncio.run(story())


def test_what_waits_for_another_reason_leaves_encrypted_when_it_goes() -> None:
    """P-19."""
    (held,) = encryption_requests.require_encryption(
        [Disposition(0, "hold", ("file-leaves",))], [None], "submission", is_requested=True
    )
    assert (held.do, held.secure) == ("hold", True)
    assert Disposition.from_plain(held.plain()).secure


@pytest.mark.rule("P-19", "A sender may overrule encryption by rules, never their own request.")
def test_a_sender_may_put_aside_what_rules_want_and_never_what_was_asked_for() -> None:
    found = [Disposition(0, "encrypt", ("confidential-out",), secure=True)]
    (plain,) = encryption_requests.apply_override(found, [encryption_requests.OVERRIDE])
    assert (plain.do, plain.secure, plain.rules) == ("deliver", False, ("confidential-out", "sent-plain"))
    assert encryption_requests.apply_override(found, []) == tuple(found)
    (both,) = encryption_requests.require_encryption([plain], [None], "submission", is_requested=True)
    assert (both.do, both.secure) == ("encrypt", True)
