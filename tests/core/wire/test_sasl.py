"""Sign-in as a property of whole sessions: whatever is said, nobody sends who did not sign in under TLS (P-07, P-14, M4)."""

from __future__ import annotations

import dataclasses
import re
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.wire.errors import WireError
from civicmail.core.wire.events import Credentials
from civicmail.core.wire.sasl import LINE_LIMIT, MECHANISMS, Exchange, decode
from core.wire.talk import PROFILE, Talk

OPEN = dataclasses.replace(PROFILE, starttls=True, auth=True, chunking=True, xclient=True, max_errors=1000, max_idle=1000)
RIGHT = b64encode(b"\0ann\0right")
WORDS = st.sampled_from(
    [
        b"EHLO a\r\n",
        b"HELO a\r\n",
        b"STARTTLS\r\n",
        b"AUTH PLAIN " + RIGHT + b"\r\n",
        b"AUTH PLAIN " + b64encode(b"\0ann\0wrong") + b"\r\n",
        b"AUTH PLAIN\r\n",
        b"AUTH LOGIN\r\n",
        b"AUTH XOAUTH2 " + b64encode(b"user=ann\x01auth=Bearer wrong\x01\x01") + b"\r\n",
        RIGHT + b"\r\n",
        b64encode(b"ann") + b"\r\n",
        b64encode(b"right") + b"\r\n",
        b"\r\n",
        b"*\r\n",
        b"XCLIENT LOGIN=ann\r\n",
        b"MAIL FROM:<ann@city.example>\r\n",
        b"MAIL FROM:<ann@city.example> AUTH=<>\r\n",
        b"RCPT TO:<b@city.example>\r\n",
        b"DATA\r\n",
        b"x\r\n.\r\n",
        b"BDAT 3 LAST\r\n",
        b"RSET\r\n",
        b"x" * (LINE_LIMIT + 10) + b"\r\n",
        b"a\nb\r\n",
    ]
)


class Door(Talk):
    """Knows the one right password, and what it was asked."""

    def __init__(self) -> None:
        super().__init__(OPEN)
        self.in_now = False
        self.wrong = 0

    def _heed(self, event):  # type: ignore[no-untyped-def]
        if isinstance(event, Credentials):
            assert self.session.tls, "a password in the clear"
            self.in_now = event.secret == "right"
            self.wrong += not self.in_now
            self.seen.append("asked")
            return self.session.answer("235 2.7.0 Signed in" if self.in_now else "535 5.7.8 No")
        if type(event).__name__ in ("Upgrade", "PeerChanged"):
            self.in_now = False
        if type(event).__name__ in ("MailFrom", "RcptTo", "Ready", "DataStart", "EndOfData"):
            assert self.in_now and self.session.tls, f"{event} of nobody"
        return super()._heed(event)


@pytest.mark.rule("P-07", "A password is never sent in clear text.")
@pytest.mark.rule("P-07", "On a listener for people nothing is taken from who did not sign in.")
@settings(max_examples=400)
@given(st.lists(WORDS, max_size=40))
def test_nobody_sends_who_did_not_sign_in_under_tls(words: list[bytes]) -> None:
    door = Door()
    door.send(*words)
    assert re.fullmatch(rb"(?:(?:[2345]\d\d-[ -~]*\r\n)*[2345]\d\d [ -~]*\r\n)*", door.output)
    assert b"right" not in door.output
    assert door.session.signed_in == door.in_now or door.session.closed


@given(st.sampled_from(MECHANISMS), st.lists(st.binary(max_size=80) | st.text(max_size=40).map(str.encode), max_size=3))
def test_no_response_makes_an_exchange_raise_anything_but_its_reply(mechanism, responses: list[bytes]) -> None:  # type: ignore[no-untyped-def]
    exchange = Exchange(mechanism)
    for response in responses:
        for raw in (response, b64encode(response)):
            try:
                found = exchange.take(decode(raw))
            except WireError as problem:
                assert problem.smtp[:3] in ("501", "535") and problem.smtp.isascii()
            else:
                assert found is None or (found.name.isprintable() and "secret" not in repr(found))


@given(st.binary(max_size=60))
def test_base64_is_taken_strictly(raw: bytes) -> None:
    try:
        decoded = decode(raw)
    except WireError:
        return
    assert raw == b"=" or b64encode(decoded) == raw


def test_a_token_of_eight_kilobytes_fits_a_line_and_a_longer_line_ends_the_exchange() -> None:
    """RFC 4954 4.3."""
    talk = Talk(OPEN)
    talk.send(b"STARTTLS\r\n", b"EHLO a\r\n")
    token = "t" * 8000
    long = b64encode(f"user=ann\x01auth=Bearer {token}\x01\x01".encode())
    talk.send(b"AUTH XOAUTH2 " + long + b"\r\n")
    assert talk.seen[-1] == f"XOAUTH2 'ann' '{token}'" and talk.session.signed_in
    talk = Talk(OPEN)
    talk.send(b"STARTTLS\r\n", b"EHLO a\r\n", b"AUTH LOGIN\r\n")
    talk.output = b""
    talk.send(b"x" * (LINE_LIMIT + 10) + b"\r\n", b"NOOP\r\n")
    assert talk.output == b"500 5.5.6 Line too long\r\n250 2.0.0 Ok\r\n"
