"""End of data and line endings: whatever the cuts, only CRLF.CRLF ends, and the content is the reference's content (P-23)."""

from __future__ import annotations

import dataclasses
import re
import timeit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.wire.data import ChunkReceiver, DataReceiver, Newlines
from core.wire.talk import PROFILE, Talk

TRICKY = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"\0", b"a", b"\r\n.\r\n", b"\r\n.", b"x" * 997, b"y" * 1001]), max_size=30
).map(b"".join)


def reference(data: bytes, newlines: Newlines) -> tuple[bytes, bytes] | None:
    """Content and rest, line by line; None when the data has no end."""
    ended = re.match(rb"(?s)(|.*?\r\n)\.\r\n", data)
    if ended is None:
        return None
    lines = ended.group(1).split(b"\r\n")
    content = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)
    if newlines == "normalise":
        content = re.sub(rb"\r(?!\n)|\0", b" ", content)
        content = re.sub(rb"(?<!\r)\n", b"\r\n", content)
    return content, data[ended.end() :]


def receive(data: bytes, cuts: list[int], newlines: Newlines) -> tuple[DataReceiver, bytes]:
    receiver, content, at = DataReceiver(newlines), b"", 0
    for cut in sorted({*cuts, len(data)}):
        if not receiver.ended:
            content += receiver.feed(data[at:cut])
        else:
            receiver.rest += data[at:cut]
        at = cut
    return receiver, content


@settings(max_examples=400, deadline=None)
@given(TRICKY, st.lists(st.integers(0, 400), max_size=12), st.sampled_from(["reject", "normalise"]))
def test_any_cut_of_the_stream_gives_the_reference_content(data: bytes, cuts: list[int], newlines: Newlines) -> None:
    expected = reference(data, newlines)
    receiver, content = receive(data, [c for c in cuts if c < len(data)], newlines)
    assert receiver.ended == (expected is not None)
    if expected is None:
        return
    raw = data[: len(data) - len(expected[1])]
    assert receiver.rest == expected[1]
    broken = re.search(rb"\r(?!\n)|(?<!\r)\n|\0", raw) is not None
    assert receiver.lines.broken == broken
    assert receiver.refused == (broken and newlines == "reject")
    if not receiver.refused:
        assert content == expected[0]
        assert receiver.size == len(content)
        long = [len(line) + 2 for line in content.split(b"\r\n") if len(line) > 998]
        assert (receiver.lines.long, receiver.lines.longest) == (len(long), max(long, default=0))


@settings(max_examples=200, deadline=None)
@given(TRICKY)
def test_normalised_content_has_no_bare_cr_lf_or_nul(data: bytes) -> None:
    _, content = receive(data + b"\r\n.\r\n", [], "normalise")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", content)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300).filter(lambda b: b"\r\n.\r\n" not in b"\r\n" + b), st.lists(st.integers(0, 300), max_size=5))
def test_no_end_of_data_without_crlf_dot_crlf(data: bytes, cuts: list[int]) -> None:
    receiver, _ = receive(data, [c for c in cuts if c < len(data)], "reject")
    assert not receiver.ended


def test_a_dot_in_the_first_line_ends_an_empty_message() -> None:
    receiver, content = receive(b".\r\nQUIT\r\n", [], "reject")
    assert (receiver.ended, content, receiver.rest) == (True, b"", b"QUIT\r\n")


@settings(max_examples=300, deadline=None)
@given(st.lists(TRICKY, max_size=4), st.integers(1, 40))
def test_chunks_give_the_same_content_however_they_are_cut(chunks: list[bytes], step: int) -> None:
    receiver, content = ChunkReceiver(), b""
    for number, chunk in enumerate(chunks, 1):
        receiver.open(len(chunk), last=number == len(chunks))
        content += receiver.feed(b"")
        for at in range(0, len(chunk), step):
            assert not receiver.between
            content += receiver.feed(chunk[at : at + step])
        assert receiver.between
    whole = b"".join(chunks)
    expected = re.sub(rb"(?<!\r)\n", b"\r\n", re.sub(rb"\r(?!\n|\Z)|\0", b" ", whole)).removesuffix(b"\r")
    if whole and not whole.endswith(b"\n"):
        expected += b"\r\n"
    assert content == expected and receiver.size == len(content)
    assert (receiver.lines.mended > 0) == (content != whole or b"\0" in whole)


ENDS = [
    b"\n.\n",
    b"\r.\r",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r\n",
    b"\r\n.\r",
    b"\n.\r",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
    b"\r\r\n.\r\r\n",
    b"\r\n.\r\r\n",
    b"\n\n.\r\n",
    b"\r\n.\r\0\n",
]
SECOND = b"MAIL FROM:<x@out.example>\r\nRCPT TO:<b@city.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\nQUIT\r\n"


@pytest.mark.rule("P-23, promise 2", "Only CRLF.CRLF ends a message, whatever the listener's line-ending rule.")
@pytest.mark.rule(
    "P-23, promise 2",
    "A listener for the outside refuses a bare CR, LF or NUL, and nothing behind such a message is ever parsed.",
)
@pytest.mark.parametrize("newlines", ["reject", "normalise"])
@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize("end", ENDS, ids=repr)
def test_no_other_end_of_data_lets_a_second_message_in(end: bytes, step: int, newlines: Newlines) -> None:
    talk = Talk(dataclasses.replace(PROFILE, newlines=newlines))
    talk.send(b"HELO out.example\r\n", b"MAIL FROM:<a@out.example>\r\nRCPT TO:<b@city.example>\r\nDATA\r\n")
    talk.output, talk.seen = b"", []
    data = b"Subject: outer\r\n\r\nhello" + end + SECOND
    talk.send(*(data[i : i + step] for i in range(0, len(data), step)))
    if newlines == "reject":
        assert talk.seen == ["abandoned", "close broken lines"]
        assert talk.output.startswith(b"550 5.5.2 ") and talk.output.count(b"\r\n") == 1
    else:
        assert len(talk.messages) == 1
        assert talk.messages[0].startswith(b"Subject: outer") and talk.messages[0].endswith(b"Subject: smuggled\r\n\r\nx\r\n")


def test_five_kilobytes_cost_a_few_microseconds() -> None:
    data = (b"x" * 74 + b"\r\n") * 67 + b".\r\n"

    def once() -> None:
        assert len(DataReceiver("reject").feed(data)) == len(data) - 3

    assert min(timeit.repeat(once, number=200, repeat=20)) / 200 < 40e-6  # 8 µs on an idle core; the machine is shared


def test_twenty_five_megabytes_stream_in_bounded_memory() -> None:
    chunk = (b"x" * 74 + b"\r\n..y\r\n") * 800
    receiver = DataReceiver("reject")
    for _ in range(400):
        assert len(receiver.feed(chunk)) >= len(chunk) - 8 - 800
        assert len(receiver._held) <= 4
    receiver.feed(b".\r\n")
    assert receiver.ended and receiver.size == 400 * (len(chunk) - 800)
