"""Parts that can be taken out of a message, as ranges of its bytes (P-22)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message.removable_parts import places

FILE = b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA"


def multipart(kind: str, *parts: bytes, boundary: str = "b") -> bytes:
    """The header and body of a multipart, as a part or as a message."""
    mark = f"--{boundary}".encode()
    inner = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n".encode() + inner + mark + b"--\r\n"


TEXT = b"Content-Type: text/plain\r\n\r\nHello."
MESSAGE = b"From: a@city.example\r\n" + multipart("mixed", TEXT, FILE)


@pytest.mark.rule(
    "P-22, promise 2",
    "A file that does not leave is taken out with its header, and every other byte of the message stays.",
)
def test_a_part_stands_where_its_header_begins_up_to_the_line_end_before_the_delimiter() -> None:
    """Header and body, and not a byte of what stands around them."""
    found = places(MESSAGE)
    assert {path: MESSAGE[p.start : p.end] for path, p in found.items()} == {"1.1": TEXT, "1.2": FILE}
    assert found["1.2"].name == "a.pdf"


def test_a_part_of_an_attached_message_is_told_by_its_place_in_the_whole() -> None:
    """P-22, promise 2."""
    whole = multipart("mixed", TEXT, b"Content-Type: message/rfc822\r\n\r\n" + MESSAGE, boundary="outer")
    found = places(whole)
    assert sorted(found) == ["1.1", "1.2", "1.2/1.1", "1.2/1.2"]
    assert whole[found["1.2/1.2"].start : found["1.2/1.2"].end] == FILE
    coded = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nRnJvbTogYQ0KDQpi"
    assert sorted(places(multipart("mixed", TEXT, coded))) == ["1.1", "1.2"]


@pytest.mark.rule("P-22", "A signed or encrypted part, or the whole message, is not separated.")
@pytest.mark.parametrize(
    "whole",
    [
        FILE,
        multipart("signed; protocol=x", multipart("mixed", TEXT, FILE), TEXT, boundary="s"),
        multipart("encrypted", TEXT, FILE),
        multipart("alternative", TEXT, FILE),
        b"",
    ],
    ids=["alone", "signed", "encrypted", "alternative", "nothing"],
)
def test_what_is_signed_sealed_or_the_whole_message_cannot_be_taken_out(whole: bytes) -> None:
    """Nor one of several forms of the same words, because its reader would see what stands in its place alone."""
    assert places(whole) == {}


def test_what_is_signed_inside_of_a_message_stays_and_what_stands_beside_it_does_not() -> None:
    """P-22."""
    signed = multipart("signed; protocol=x", FILE, TEXT, boundary="s")
    assert sorted(places(multipart("mixed", signed, FILE))) == ["1.2"]


@given(st.lists(st.sampled_from([b"--b\r\n", b"--b--\r\n", FILE, TEXT, MESSAGE, b"\r\n", b"\n\n", b"\0"]), max_size=12))
def test_any_bytes_have_places_that_lie_in_them_and_beside_each_other(pieces: list[bytes]) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"".join(pieces)
    outer = sorted((p.start, p.end) for path, p in places(raw).items() if "/" not in path)
    edges = [edge for place in outer for edge in place]
    assert edges == sorted(edges) and all(0 <= edge <= len(raw) for edge in edges)
