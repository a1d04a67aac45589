"""Every detector asks the clock inside a text, whatever the text is; and looks at the same as if it did not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from civicmail.core.message import message_parser
from civicmail.core.sandbox.errors import TOO_LONG, Spent
from civicmail.mail.screening.confidential import candidates, canonical, check, prefilter, shapes, texts
from civicmail.mail.screening.confidential.shapes import STRETCH, Text
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import ContentCase
from mail.screening.confidential.test_detectors import BOMBS, WOKEN

UNITS = (
    "1", "4716 0359 ", "123-45-", "1 2 3", " ", "\n", "1\n", "a@", "\"\\'", "([{<", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo0+/", "A1-",
    "*", "born ", "dob 1/1/", "diagnosed with ", "ssn,", "patient: Aa, ", "password is ", "AKIA", "_", "a\t",
)  # fmt: skip
"""What parsers trip over: digits in groups, blanks, addresses, quotes, brackets, what looks like base64, words without values."""


@pytest.mark.rule(
    "P-19, P-24",
    "Every detector checks the time limit inside a text, even without matches: text that no detector had time for counts "
    "as unread.",
)
@pytest.mark.parametrize("detector", prefilter.DETECTORS, ids=lambda one: one.name)
def test_a_detector_asks_the_clock_in_every_stretch_of_a_text(detector: shapes.Detector) -> None:
    """Also where nothing matches."""
    length = 2 * STRETCH + 1
    for unit in UNITS:
        asked = 0

        def tick() -> None:
            nonlocal asked
            asked += 1

        for _ in detector.find(Text("1", (unit * (length // len(unit) + 1))[:length], tick=tick)):
            pass
        assert asked >= 2, unit


@pytest.mark.parametrize("detector", prefilter.DETECTORS, ids=lambda one: one.name)
def test_a_detector_ends_where_the_time_does(detector: shapes.Detector) -> None:
    def over() -> None:
        raise Spent(TOO_LONG)

    for unit in UNITS:
        with pytest.raises(Spent):
            list(detector.find(Text("1", unit * (2 * STRETCH // len(unit) + 1), tick=over)))


def case(text: str, **asked: Any) -> ContentCase:
    raw = b"From: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode()
    return ContentCase(raw, message_parser.parse(raw), ReadMessage(inbound=True, size=len(raw), **asked))


def test_a_message_takes_its_seconds_and_no_more() -> None:
    """From outside, too. By a clock that goes on a second whenever it is asked: what is asked once too often was not stopped."""
    for unit in UNITS:
        asked = 0

        def clock() -> float:
            nonlocal asked
            asked += 1
            return float(asked)

        found = check.find(case(WOKEN + unit * (20 * STRETCH // len(unit))), clock)
        assert found.facts.get("confidential.unread") is True, unit
        assert [one.mask for one in found.findings if one.code == "unread"] == [TOO_LONG], unit
        assert asked <= 2 + check.SECONDS, unit


def test_what_may_be_of_a_list_is_looked_for_within_the_same_time() -> None:
    def over() -> None:
        raise Spent(TOO_LONG)

    with pytest.raises(Spent):
        candidates.of([Text("1", "12345678 Ann " * STRETCH, tick=over)])


def hits(text: str) -> list[shapes.Hit]:
    return list(check.in_text(canonical.of("1", text)))


@pytest.mark.parametrize("stretch", [61, 331])
def test_stretches_lose_and_invent_nothing(stretch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    every = [WOKEN + (bomb * (700 // len(bomb) + 1))[:700] for bomb in BOMBS]
    every += [
        f"my ssn is 512-34-5678, born 3/4/1980, MRN 1234567 routing 075000022 account 123456789 {'x' * n} DL S123-4567-8901-23"
        for n in range(20)
    ]
    whole = [hits(text) for text in every]
    assert sum(map(len, whole)) > 200
    monkeypatch.setattr(shapes, "STRETCH", stretch)
    assert [hits(text) for text in every] == whole


def test_a_match_may_begin_in_one_stretch_and_end_far_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "STRETCH", 100)
    text = Text("1", "a" * 90 + "b" + "c" * 20_000 + "a" * 300 + "bc")
    assert [one.span() for one in shapes.each(re.compile("bc+"), text)] == [(90, 20_091), (20_391, 20_393)]


def test_text_that_is_not_ascii_is_brought_into_one_spelling_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "FOLDED", 100)
    said = texts.Texts()
    for part, words in (("1", "é" * 60), ("2", "é" * 60), ("3", "e" * 500)):
        said.add(part, words)
    assert [one.part for one in said.texts] == ["1", "3"] and [part for part, _ in said.unread] == ["2"]


def test_lines_of_a_table_are_stopped_too() -> None:
    def over() -> None:
        raise Spent(TOO_LONG)

    def rows() -> Iterator[str]:
        yield "name,ssn"
        yield from ("Ann Bee,x" for _ in range(1_000))

    with pytest.raises(Spent):
        list(shapes.lines(replace(Text("1", "\n".join(rows())), tick=over), 10_000))
