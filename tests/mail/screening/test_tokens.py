"""What the learner counts of a message: bounded whatever comes, in base64 as in plain, nothing of the way it took (P-02)."""

from __future__ import annotations

import base64
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from civicmail.core.message import message_parser
from civicmail.mail.screening import bands, tokens
from civicmail.mail.screening.duplicate_index import NearDuplicateIndex, keys_of
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import ContentCase
from mail.screening.mailbag import mail

BODY = "Buy our cheap pills at once, they are good for you and your garden. " * 12


def counted(raw: bytes) -> dict[str, tokens.Ids]:
    return tokens.tokens(raw, message_parser.parse(raw))


def shared(a: tokens.Ids, b: tokens.Ids) -> float:
    return len(np.intersect1d(a, b)) / max(1, min(len(a), len(b)))


def test_base64_hides_no_words() -> None:
    head = b"Subject: hello\r\nContent-Type: text/plain; charset=utf-8\r\n"
    plain = counted(head + b"\r\n" + BODY.encode())
    packed = counted(head + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(BODY.encode()))
    assert shared(plain["words"], packed["words"]) == shared(plain["letters"], packed["letters"]) == 1.0
    assert shared(plain["bytes"], packed["bytes"]) < 0.2


@pytest.mark.rule("P-02", "Spam features contain nothing of a message's route, and are bounded for any input.")
def test_the_way_that_a_message_took_is_not_counted() -> None:
    """Hosts, dates, lists and Message-IDs tell where a corpus came from, not what spam is (screening.md 1.3)."""
    way = (
        b"Received: from a.example by b.example; Mon, 2 Mar 2026 12:00:00 +0000\r\nReturn-Path: <x@y.example>\r\n"
        b"Delivered-To: a@b.example\r\nList-Id: <l.example>\r\nDate: Mon, 2 Mar 2026 12:00:00 +0000\r\n"
        b"In-Reply-To: <2@a.example>\r\nPrecedence: bulk\r\nX-Mailman-Version: 2\r\n"
    )
    raw = mail(1, spam=True)
    assert counted(raw.replace(b"Message-ID: <1.", b"Message-ID: <2."))["form"].tolist() == counted(raw)["form"].tolist()
    for with_way, without in zip(counted(way + raw).values(), counted(raw).values(), strict=True):
        assert with_way.tolist() == without.tolist()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        bytes(range(256)) * 400,
        b"Subject: x\r\nContent-Type: text/html\r\n\r\n" + b"<a href='http://x.test/a?b=c'>q" * 160_000,
        b"Subject: x\r\n\r\n" + b"a" * 5_000_000,
        b"Subject: x\r\n\r\n" + b" ".join(b"w%d" % n for n in range(200_000)),
    ],
    ids=["empty", "no head", "binary", "5 MB of HTML in one line", "5 MB of one word", "a flood of words"],
)
def test_no_message_costs_more_than_its_share(raw: bytes) -> None:
    message = message_parser.parse(raw)
    began = time.process_time()
    found = tokens.find(ContentCase(raw, message, ReadMessage()))
    assert time.process_time() - began < 5, "bounded work; a usual message takes less than a millisecond"
    made = tokens.unpack(found.more)
    assert {family: len(ids) for family, ids in made.items()} == {f: len(i) for f, i in tokens.tokens(raw, message).items()}
    assert all(len(ids) <= 2 * tokens.FIRST and (not len(ids) or int(ids.max()) < 1 << tokens.BITS) for ids in made.values())
    assert len(found.more["bands"]) in (0, 8)


@given(st.binary(max_size=600))
@settings(max_examples=40)
def test_any_bytes_are_counted_and_every_number_is_spelt(raw: bytes) -> None:
    message = message_parser.parse(raw)
    made, spelt = tokens.tokens(raw, message), tokens.spelled(raw, message)
    assert {family: sorted(names) for family, names in spelt.items()} == {family: ids.tolist() for family, ids in made.items()}


@pytest.mark.rule(
    "P-02, promise 6",
    "Spam numbers from a compromised process are places of the table, and at most as many of a family as a message can have.",
)
@given(
    st.lists(st.integers(-1, 2 * tokens.FIRST + 1) | st.just(True), max_size=5) | st.none(),
    st.binary(max_size=60) | st.text(max_size=8) | st.none(),
)
@example(counts=[1, 2, 0, 3], said=bytes(range(24)))
@example(counts=[7_000, 7_000, 7_000, 7_000], said=b"\xff" * 60)
def test_what_a_taken_over_process_says_stays_inside_the_table(counts: object, said: object) -> None:
    """Of each family sorted places of the table, each once, and no more than a message has."""
    try:
        made = tokens.unpack({"counts": counts, "numbers": said})
    except ValueError:
        return
    for ids in made.values():
        assert len(ids) <= 2 * tokens.FIRST and bool((ids < 1 << tokens.BITS).all()) and ids.tolist() == sorted(set(ids.tolist()))


def test_a_flood_of_long_or_short_words_is_cut_where_every_text_is() -> None:
    """The beginning of a text is enough, unless its words are long."""
    for text in ("wordandword" * 3 + " ", "a ", "a-b ", "\u00e4 ", "$ "):
        some = text * (40_000 // len(text))
        slow = [w.lower()[: tokens.MAX_WORD].encode() for w in tokens._WORD.findall(some[: tokens.MAX_TEXT])]
        assert tokens._words("", some) == slow[: tokens.MAX_WORDS]


def test_near_copies_have_the_same_bands_and_others_do_not() -> None:
    def keys(text: str) -> object:
        return keys_of(bands.compute(text))

    words = [f"word{'abcdefghij'[n % 10]}{'klmnopq'[n % 7]}{'rstuvwxyz'[n % 9]}" for n in range(300)]
    text = " ".join(words)
    copies = [text.replace(words[40], "other"), text.upper(), f"Dear Bob, {text} 12345", text.replace(" ", "\n")]
    many = NearDuplicateIndex.from_texts(
        [keys(text), *(keys(" ".join(w for pair in pairwise(words[k:]) for w in pair)) for k in (3, 90))]
    )  # type: ignore[misc]
    assert all(many.has_near_duplicate(keys(copy)) for copy in copies)  # type: ignore[arg-type]
    other = " ".join(f"quite{'abcdefghij'[n % 10]}{'different'[n % 9]}" for n in range(300))
    assert many.best_match(keys(other)) == 0 and not NearDuplicateIndex().has_near_duplicate(keys(text))  # type: ignore[arg-type]
    assert bands.compute("Thank you very much, see you tomorrow") == []
