"""Answers that mailboxes give by themselves: whom, and as what (RFC 3834; L4, P-06)."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.courier.auto_reply import Responder, build, is_for_a_person, needs_answer

T0 = 1_772_452_800_000
TO = Recipient("ann@city.example")
MINE = ("ann@city.example", "a.test@city.example")


def capture(sender: str = "bob@home.example", source: str = "mx", **facts: str | bool) -> Capture:
    envelope = Envelope(sender, (TO, replace(TO, expanded=("all@city.example",))), T0)
    return Capture(b"\1" * 16, T0, b"", 1, b"", Source(source), envelope, message_id="<1@home.example>", facts=facts)


def letter(*fields: str, to: str = "Ann <ann@city.example>") -> bytes:
    return "\r\n".join([f"To: {to}", "From: bob@home.example", *fields, "", "Hello", ""]).encode()


@pytest.mark.rule("P-06", "Held mail gets no auto-reply.")
def test_what_reached_the_mailbox_is_answered_and_what_was_kept_back_is_not() -> None:
    for do, answered in {
        "deliver": True,
        "mark": True,
        "quarantine": False,
        "hold": False,
        "refuse": False,
        "pending": False,
    }.items():
        assert needs_answer(capture(), 0, do, ("a-rule",), "own") == answered, do
    assert not needs_answer(capture(), 0, "deliver", ("pass-elsewhere",), "own"), "the old system answers there"
    assert not needs_answer(capture(), 1, "deliver", ("deliver",), "own"), "it came by a list"


@pytest.mark.rule("P-08, L4", "For who left only mail is answered that waits for that reason.")
def test_for_who_left_only_what_waits_for_that_is_answered() -> None:
    """What else keeps a copy back keeps the answer back, too."""
    assert needs_answer(capture(), 0, "hold", ("access-held",), "left")
    assert not needs_answer(capture(), 0, "hold", ("attachments-wait",), "left")
    assert not needs_answer(capture(), 0, "deliver", ("deliver",), "left"), "its holder is back"
    assert not needs_answer(capture(), 0, "hold", ("access-held",), "own")


@pytest.mark.parametrize(
    "sender",
    [
        "",
        "MAILER-DAEMON@home.example",
        "no-reply@home.example",
        "owner-x@lists.example",
        "x-request@lists.example",
        "a b@x",
        "é@home.example",
    ],
)
def test_programs_and_null_senders_are_never_answered(sender: str) -> None:
    """P-06."""
    assert not needs_answer(capture(sender), 0, "deliver", ("deliver",), "own")


@pytest.mark.rule("P-06, P-26", "No auto-reply is sent to an address that may be forged.")
@pytest.mark.parametrize(
    "facts", [{"auth.own_domain": True}, {"auth.dmarc": "fail"}, {"auth.spf": "fail"}, {"auth.spf": "softfail"}]
)
def test_nobody_is_answered_whose_name_may_have_been_used(facts: dict[str, str | bool]) -> None:
    """A forged sender never asked for an answer."""
    assert not needs_answer(capture(**facts), 0, "deliver", ("deliver",), "own")
    assert needs_answer(capture(source="submission", **facts), 0, "deliver", ("deliver",), "own"), (
        "our own people are known by their sign-in"
    )


def test_a_broken_path_is_no_forgery_where_the_domain_vouches() -> None:
    assert needs_answer(capture(**{"auth.spf": "fail", "auth.dmarc": "pass"}), 0, "deliver", ("deliver",), "own")


@pytest.mark.parametrize("source", ["import", "journal", "local"])
def test_what_nobody_sent_now_is_not_answered(source: str) -> None:
    assert not needs_answer(capture(source=source), 0, "deliver", ("deliver",), "own")


@pytest.mark.rule("P-06", "Lists, bulk mail and what a program wrote are never answered (RFC 3834).")
@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-generated", "auto-submitted:\tauto-replied; x=y", "Precedence: bulk", "Precedence: LIST",
        "List-Id: <x>", "List-Unsubscribe: <mailto:x@y>", "X-Auto-Response-Suppress: DR, OOF", "Return-Path: <>",
        "Content-Type: multipart/report; boundary=x",
    ],
)  # fmt: skip
def test_lists_bulk_mail_and_what_a_program_wrote_are_never_answered(field: str) -> None:
    assert not is_for_a_person(letter(field), MINE)
    assert is_for_a_person(letter("Auto-Submitted: no", "X-Auto-Response-Suppress: None"), MINE)


def test_only_who_is_named_in_the_message_answers() -> None:
    """A blind copy answered would tell that there was one."""
    assert is_for_a_person(letter(to='"Test, A" <A.Test+x@CITY.example>'), MINE)
    assert not is_for_a_person(letter(to="eve@city.example"), MINE)
    assert is_for_a_person(letter("Cc: =?utf-8?q?Ann?= <ann@city.example>", to="eve@city.example"), MINE)


@given(st.binary(max_size=400))
def test_any_bytes_are_looked_at(content: bytes) -> None:
    is_for_a_person(content, MINE)


@pytest.mark.rule("P-06", "An auto-reply is marked as automatic, so that it is not answered (RFC 3834).")
def test_an_answer_says_what_it_is_and_is_the_same_each_time() -> None:
    said = Responder("ann@city.example", "Ann Tést")
    made = build(capture(), said, "I am away.\n\nPlease write to 311.", "Sample City", "mail.city.example")
    assert made == build(capture(), said, "I am away.\n\nPlease write to 311.", "Sample City", "mail.city.example")
    read = message_from_bytes(made, policy=policy.default)
    assert (read["From"].addresses[0].addr_spec, read["To"].addresses[0].addr_spec) == ("ann@city.example", "bob@home.example")
    assert read["Auto-Submitted"] == "auto-replied" and read["In-Reply-To"] == read["References"] == "<1@home.example>"
    assert read.get_content().replace("\r\n", "\n") == "I am away.\n\nPlease write to 311.\n\n-- \nSample City\n"
    assert not is_for_a_person(made, ("bob@home.example",)), "two of them never write to each other"
