"""What leaves as content: only CRLF, dots doubled, one end (RFC 5321 4.5.2; smuggling: no end of data but ours)."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from civicmail.core.wire.data import DataReceiver
from civicmail.core.wire.dotstuff import Conformer, Stuffer

ODD = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"\0", b"a", b"\r\n.\r\n", b"\n.\n", b"\r.\r"]), max_size=20)


def conformed(pieces: list[bytes]) -> bytes:
    conformer = Conformer()
    return b"".join(conformer.feed(p) for p in pieces) + conformer.end()


def stuffed(pieces: list[bytes]) -> bytes:
    stuffer = Stuffer()
    return b"".join(stuffer.feed(p) for p in pieces) + stuffer.end()


def test_bare_line_ends_and_nul_never_leave():
    assert conformed([b"a\nb\rc\0d\r\ne"]) == b"a\r\nb c d\r\ne\r\n"
    assert conformed([b"a\r"]) == b"a \r\n"
    assert conformed([]) == b""


@settings(max_examples=200, deadline=None)
@given(ODD)
@example([b"a\r", b"\n", b".", b"\r\n"])
def test_cuts_change_nothing_and_the_receiver_gets_what_was_sent(pieces: list[bytes]):
    whole = b"".join(pieces)
    clean = conformed(pieces)
    assert clean == conformed([whole])
    assert clean.count(b"\r\n") == clean.count(b"\n") == clean.count(b"\r")
    wire = stuffed([clean[i : i + 3] for i in range(0, len(clean), 3)])
    assert wire == stuffed([clean])
    receiver = DataReceiver("reject")
    assert receiver.feed(wire + b"QUIT\r\n") == clean
    assert receiver.ended and not receiver.refused and receiver.rest == b"QUIT\r\n"
