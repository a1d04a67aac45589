"""mbox files: where messages begin and end, and the three kinds of quoting told apart (RFC 4155, mbox(5))."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.mail.importers import mbox

LINE = b"From ana@out.example Mon Mar  2 12:00:00 2026\n"


def _write(messages: list[bytes], kind: mbox.Kind) -> bytes:
    """What a writer of this kind makes; messages end with a line end."""
    out = []
    for raw in messages:
        if kind == "mboxcl2":
            head, _, body = raw.partition(b"\n\n")
            raw = head + b"\nContent-Length: %d\n\n" % len(body) + body
        elif kind == "mboxrd":
            raw = re.sub(rb"(?m)^(>*From )", rb">\1", raw)
        else:
            raw = re.sub(rb"(?m)^(From )", rb">\1", raw)
        out.append(LINE + raw + b"\n")
    return b"".join(out)


def _read(content: bytes) -> tuple[mbox.Kind, list[bytes]]:
    kind = mbox.kind_of(content)
    return kind, [mbox.content(content, place, kind) for place in mbox.places(content, kind)]


_BODY_LINES = st.lists(
    st.sampled_from(
        [b"", b"text", b"From here on", b">From here on", b">>From here on", LINE.strip(), b"> From", b"Subject: inner"]
    ),
    max_size=8,
)
_MESSAGES = st.lists(_BODY_LINES, min_size=1, max_size=4).map(
    lambda bodies: [b"Subject: %d\nFrom: a@out.example\n\n" % i + b"".join(x + b"\n" for x in b) for i, b in enumerate(bodies)]
)


@given(_MESSAGES)
def test_mboxrd_gives_back_every_byte(messages: list[bytes]) -> None:
    content = _write(messages, "mboxrd")
    found = [mbox.content(content, place, "mboxrd") for place in mbox.places(content, "mboxrd")]
    assert found == messages
    marked = content.replace(LINE, b"From mboxrd@z Thu Jan  1 00:00:00 1970\n", 1)
    assert _read(marked) == ("mboxrd", messages)


@given(_MESSAGES)
def test_mboxcl2_gives_back_every_byte_by_its_content_length(messages: list[bytes]) -> None:
    kind, found = _read(_write(messages, "mboxcl2"))
    assert kind == "mboxcl2"
    assert [re.sub(rb"\nContent-Length: \d+", b"", raw, count=1) for raw in found] == messages


@given(_MESSAGES)
def test_mboxo_gives_back_every_byte_where_its_quoting_can_be_undone(messages: list[bytes]) -> None:
    sure = [re.sub(rb"(?m)^>+From ", b"From ", raw) for raw in messages]
    kind, found = _read(_write(sure, "mboxo"))
    assert kind == "mboxo"
    assert found == sure


def test_two_quotes_without_a_bare_line_mean_mboxrd() -> None:
    content = _write([b"Subject: x\n\n>From there\nFrom here\n"], "mboxrd")
    assert _read(content) == ("mboxrd", [b"Subject: x\n\n>From there\nFrom here\n"])


def test_a_bare_from_line_inside_a_message_means_that_the_writer_was_no_mboxrd() -> None:
    content = LINE + b"Subject: x\n\nFrom here on we walk\n>>From kept\n>From there\n\n"
    assert _read(content) == ("mboxo", [b"Subject: x\n\nFrom here on we walk\n>>From kept\nFrom there\n"])


def test_a_content_length_that_leads_elsewhere_is_not_believed() -> None:
    one = LINE + b"Subject: 1\nContent-Length: 3\n\nhello\n\n"
    two = LINE + b"Subject: 2\nContent-Length: 999999\n\nhello\n\n"
    kind, found = _read(one + two)
    assert kind == "mboxo"
    assert [raw[:10] for raw in found] == [b"Subject: 1", b"Subject: 2"]


def test_one_message_cannot_swallow_the_next_with_a_length_of_its_own() -> None:
    """Only where every message has a right Content-Length is it followed."""
    second = LINE + b"Subject: 2\n\nb\n\n"
    body = b"a\n"
    first = LINE + b"Subject: 1\nContent-Length: %d\n\n" % (len(body) + 1 + len(second) - 1) + body + b"\n"
    third = LINE + b"Subject: 3\n\nc\n\n"
    _, found = _read(first + second + third)
    assert len(found) == 3


def test_crlf_files_end_with_a_crlf_line() -> None:
    content = LINE.replace(b"\n", b"\r\n") + b"Subject: 1\r\n\r\na\r\n\r\n" + LINE + b"Subject: 2\r\n\r\nb\r\n\r\n"
    assert _read(content)[1] == [b"Subject: 1\r\n\r\na\r\n", b"Subject: 2\r\n\r\nb\r\n"]


def test_a_missing_empty_line_costs_no_byte_of_the_message() -> None:
    content = LINE + b"Subject: 1\n\na\n" + LINE + b"Subject: 2\n\nb"
    assert _read(content)[1] == [b"Subject: 1\n\na\n", b"Subject: 2\n\nb"]


def test_a_line_that_only_looks_like_a_separator_is_text() -> None:
    content = LINE + b"Subject: 1\n\n\nFrom the desk of Ana\n\nFrom ana Mon Mar  2 12:00:00 2026 I am away\nand back\n\n"
    assert len(_read(content)[1]) == 1


@pytest.mark.parametrize(
    ("line", "address", "at"),
    [
        (LINE, "ana@out.example", 1_772_452_800_000),
        (b"From ana@out.example Mon Mar  2 13:00:00 +0100 2026\n", "ana@out.example", 1_772_452_800_000),
        (b"From ana@out.example Mon Mar  2 12:00:00 2026 -0100\n", "ana@out.example", 1_772_456_400_000),
        (b"From mboxrd@z Thu Jan  1 00:00:00 1970\n", "", 0),
        (b"From MAILER-DAEMON Mon Feb 30 12:00:00 2026\n", "", None),
        (b"From \n", "", None),
    ],
)
def test_a_from_line_says_who_and_when(line: bytes, address: str, at: int | None) -> None:
    assert mbox.envelope_of(line) == (address, at)


@given(st.binary(max_size=300))
def test_any_bytes_behind_a_from_line_are_split_without_gap_or_overlap(rest: bytes) -> None:
    content = LINE + rest
    for kind in ("mboxo", "mboxrd", "mboxcl2"):
        end = 0
        for place in mbox.places(content, kind):  # type: ignore[arg-type]
            assert end <= place.line < place.start <= place.end
            assert content[place.line : place.line + 5] == b"From "
            end = place.end
        assert content[end:].strip(b"\r\n") == b""
