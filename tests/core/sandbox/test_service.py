"""Requests to sandboxed processes and their replies are typed, and what no honest process sends is refused (P-23, P-25)."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.sandbox.errors import CRASHED, Unreadable
from civicmail.core.sandbox.process import Process
from civicmail.core.sandbox.service import Count, EpochMs, Request, decode_reply, encode, encode_request, request_decoder
from core.sandbox.crashing import SERVICE, DoMany
from house.sandboxes import SERVICES

REQUESTS = [request for service in SERVICES for request in service.requests]
PLAIN = (
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats() | st.text(max_size=9) | st.binary(max_size=9)
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9) | st.integers(0, 9), inner, max_size=4),
    max_leaves=20,
)


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    size: Count = 0
    at: EpochMs | None = None
    content: bytes = b""
    inside: tuple[Thing, ...] = ()


class Ask(Request[Thing], frozen=True):
    handler = "nobody:nothing"

    words: tuple[str, ...] = ()

    def check(self, reply: Thing, size: int) -> None:
        if reply.size > size:
            raise ValueError("more than there is")


THINGS = st.recursive(
    st.builds(Thing, st.text(), st.integers(0, 100), st.none() | st.integers(0, 1 << 41), st.binary()),
    lambda inner: st.builds(Thing, st.text(), inside=st.lists(inner, max_size=3).map(tuple)),
    max_leaves=5,
)


@given(THINGS)
def test_a_reply_comes_as_it_was_sent(thing: Thing) -> None:
    assert decode_reply(Ask(), encode(thing), 100) == thing


def test_half_surrogate_pairs_are_replaced() -> None:
    """Mail may hold them, and UTF-8 may not."""
    thing = Thing("a\ud800", content=b"\xff", inside=(Thing("\udfffb"),))
    assert decode_reply(Ask(), encode(thing), 0) == Thing("a?", content=b"\xff", inside=(Thing("?b"),))


def test_a_request_arrives_as_what_it_is() -> None:
    decoder = request_decoder((Ask, DoMany))
    for request in (Ask(("a", "b")), DoMany(3, "die")):
        assert decoder.decode(encode_request(request, 1.5)) == (1.5, request)


@pytest.mark.rule("P-23, P-25", "A reply of a sandboxed process that no honest one sends is refused, whatever it holds.")
@pytest.mark.parametrize(
    "lie",
    [
        {"name": 3}, {"name": b"x"}, {}, {"name": "a", "size": -1}, {"name": "a", "size": 1 << 41}, {"name": "a", "size": 1.0},
        {"name": "a", "size": True}, {"name": "a", "at": 1 << 60}, {"name": "a", "inside": [{}]}, {"name": "a", "size": 101},
        None, [],
    ],
)  # fmt: skip
def test_a_reply_that_no_honest_process_sends_is_refused(lie: object) -> None:
    with pytest.raises(Unreadable, match=CRASHED):
        decode_reply(Ask(), encode(lie), 100)


def test_a_reply_without_end_is_refused() -> None:
    for lie in (b"", b"\xc1", b"\xdf\xff\xff\xff\xff", b"\x91" * 100_000, encode(Thing("a")) + b"x", b"\x81\xa4name\xa1\xff"):
        with pytest.raises(Unreadable, match=CRASHED):
            decode_reply(Ask(), lie, 100)


@pytest.mark.rule("P-23, P-25", "Any reply of a compromised process has the type for its request, or is refused.")
@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: f"{one.__module__.rpartition('.')[2]}.{one.__name__}")
@given(value=VALUES | st.binary(max_size=60))
def test_whatever_is_believed_is_of_the_type_of_the_reply(request_: type[Request[Any]], value: object) -> None:
    """Of every service that there is."""
    fields = {"apart": {}, "seconds": 1, "pictures": False, "careful": False, "descriptor": 0, "first": 0, "path": "", "words": {}}
    fields |= {"filename": "", "page": 0, "dpi": 0, "layout": {}, "boxes": []}
    request = msgspec.convert({"type": request_.__name__, **fields}, request_)
    for reply in (encode(value), value if isinstance(value, bytes) else b""):
        with contextlib.suppress(Unreadable):
            believed = decode_reply(request, reply, 10)
            assert encode(decode_reply(request, encode(believed), 10)) == encode(believed)


def test_every_service_has_handlers_for_its_requests() -> None:
    assert len(SERVICES) > 7 and all(request.handler.count(":") == 1 for request in REQUESTS)
    assert len({request.handler for request in REQUESTS}) == len(REQUESTS)


@pytest.mark.rule("P-23", "A stream from a process that dies, hangs or lies ends with a reason, after its earlier items.")
@pytest.mark.parametrize("then", ["", "die", "raise", "long"])
def test_a_stream_keeps_what_came_before_its_end(then: str) -> None:
    process = Process(SERVICE)
    items: list[bytes] = []
    try:
        with contextlib.suppress(Unreadable) if then in ("die", "raise") else contextlib.nullcontext():
            items.extend(process.stream(DoMany(3, then), b"word", seconds=60))
        assert items == [b"word"] * 3
        assert process.ended == (then == "die")
    finally:
        process.kill()


def test_who_stops_early_ends_the_process() -> None:
    """What it still sends would be the reply to the next request."""
    process = Process(SERVICE)
    with contextlib.closing(process.stream(DoMany(3), b"word", seconds=60)) as items:
        assert next(items) == b"word"
    assert process.ended == 1
    assert list(process.stream(DoMany(1), b"next", seconds=60)) == [b"next"]
    process.kill()
