"""Who sent a message is what its receipt has evidence of, never what the message says (promise 4)."""

from __future__ import annotations

import pytest

from civicmail.city.policy.dispositions import Disposition, Finding
from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.query.match import matches
from civicmail.core.query.scopes import imported_for, received_by, sent_from, with_disposition, withheld, withheld_from
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.mailbox_evidence import sent_by
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.search.fields import view

DANA = "dana@city.example"
ASSERTED = Finding("sender", "asserted")
AT = 1_700_000_000_000


def capture(
    kind: str,
    sender: str = DANA,
    *,
    login: str = "",
    findings: tuple[Finding, ...] = (),
    rule: str = "deliver",
    to: tuple[Recipient, ...] = (Recipient("lena@city.example"),),
    do: tuple[str, ...] = ("deliver",),
    custodian: str = "",
) -> Capture:
    done = tuple(Disposition(n, d, (rule,)) for n, d in enumerate(do))  # type: ignore[arg-type]
    envelope = Envelope(sender, to, AT, login=login)
    return Capture(capture_id(AT), AT, bytes(32), 0, bytes(32), Source(kind), envelope, done, findings, custodian=custodian)


@pytest.mark.rule(
    "P-06, promise 4",
    "The sender of a message is determined by evidence in its receipt: a sign-in, a verified relay, ourselves; never by a header.",
)
@pytest.mark.parametrize(
    ("made", "sender"),
    [
        (capture("submission", login="p-1/k7qm2xvd"), DANA),
        (capture("submission", "Dana+News@City.Example", login="p-1/token"), DANA),
        (capture("submission", login="p-1/token", rule="not-yours", do=("refuse",)), DANA),
        (capture("submission", login="p-1/token", rule="envelope-not-yours", do=("refuse",)), ""),
        (capture("submission"), ""),
        (capture("relay", findings=(ASSERTED,)), DANA),
        (capture("relay"), ""),
        (capture("local", "notices@city.example"), "notices@city.example"),
        (capture("local", ""), ""),
        (capture("mx", findings=(ASSERTED,)), ""),
        (capture("lmtp", findings=(ASSERTED,)), ""),
        (capture("journal", findings=(ASSERTED,)), ""),
        (capture("import", findings=(ASSERTED,)), ""),
    ],
)
def test_only_who_signed_in_a_checked_peer_or_we_have_sent_something(made: Capture, sender: str) -> None:
    forged = message_parser.fields(f"From: {DANA}\r\nSender: {DANA}\r\nReturn-Path: <{DANA}>\r\n\r\nx".encode())
    assert sent_by(made) == sender
    assert view(made, forged)["sent"] == sender
    assert matches(sent_from([DANA.upper()]), view(made, forged)) == (sender == DANA)


def test_what_reached_a_mailbox_is_what_was_addressed_to_it_and_not_what_was_brought_in() -> None:
    to = (Recipient("alias@city.example", box="lena@city.example"),)
    here, brought = (view(capture(kind, to=to), message_parser.fields(b"")) for kind in ("mx", "import"))
    for box in ("lena@city.example", "Alias@City.Example"):
        assert matches(received_by([box]), here)
        assert not matches(received_by([box]), brought)
    assert not matches(received_by(["ena@city.example"]), here)
    assert not matches(received_by([]), here)
    assert not matches(sent_from([]), here)


def test_a_custodian_is_somebody_by_the_whole_name_only() -> None:
    """Neither a part of the words nor more of them."""
    seen = view(capture("import", custodian="Mary Ann Lee"), message_parser.fields(b""))
    assert matches(imported_for(["mary ann lee"]), seen)
    assert not any(matches(imported_for([name]), seen) for name in ("Ann Lee", "Mary Ann", "Mary Ann Lee Jr", ""))
    assert not matches(imported_for([]), seen)


def test_a_copy_that_was_withheld_is_known_by_its_mailbox_under_all_names_that_the_sender_used() -> None:
    to = (Recipient("lena@city.example"), Recipient("l.vogt@city.example", box="lena@city.example"), Recipient(DANA))
    made = capture("mx", "x@y.example", to=to, do=("hold", "kept", "deliver"))
    seen = view(made, message_parser.fields(b""))
    assert matches(withheld_from(["lena@city.example"]), seen)
    assert matches(withheld_from(["l.vogt@city.example"]), seen)
    assert not matches(withheld_from([DANA]), seen)
    assert matches(withheld(made.id.hex()), seen)
    assert matches(with_disposition("hold"), seen)
    assert matches(with_disposition("hold", ["lena@city.example"]), seen)
    assert not matches(with_disposition("hold", [DANA]), seen)
    assert not matches(with_disposition("hold", []), seen)
    assert view(capture("mx"), message_parser.fields(b""))["withheld"] == ""
