"""A reply is one reply, whatever its text holds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.wire.replies import encode_reply


@pytest.mark.parametrize(
    ("reply", "wire"),
    [
        ("250 2.0.0 Ok archived=01", b"250 2.0.0 Ok archived=01\r\n"),
        ("550 5.7.1 Refused\nAsk the help desk", b"550-5.7.1 Refused\r\n550 5.7.1 Ask the help desk\r\n"),
        ("250 mx.city.example\nSIZE 1", b"250-mx.city.example\r\n250 SIZE 1\r\n"),
        ("550 5.7.1 caf\u00e9\r250 no", b"550-5.7.1 caf?\r\n550 5.7.1 250 no\r\n"),
        ("a traceback", b"451 4.3.0 Local error, please try again later\r\n"),
        ("", b"451 4.3.0 Local error, please try again later\r\n"),
    ],
)
def test_reply_is_encoded(reply: str, wire: bytes) -> None:
    assert encode_reply(reply) == wire


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=50).map(lambda t: "550 5.7.1 " + t) | st.text(max_size=20))
def test_no_text_breaks_out_of_its_reply(reply: str) -> None:
    lines = encode_reply(reply).split(b"\r\n")
    assert lines.pop() == b""
    codes = {line[:3] for line in lines}
    assert len(codes) == 1 and all(re.fullmatch(rb"[245]\d\d-[ -~]*", line) for line in lines[:-1])
    assert re.fullmatch(rb"[245]\d\d [ -~]*", lines[-1]) and all(len(line) <= 510 for line in lines)
