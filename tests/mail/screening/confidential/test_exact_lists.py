"""Values of the city's own lists: found by two fields of a row, kept as keyed hashes alone (P-19)."""

from __future__ import annotations

import asyncio
import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.config.settings import Screening, Settings
from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.confidential import candidates, check, exact_lists, exact_match
from civicmail.mail.screening.confidential.errors import ListUnusable
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.screener import Screened, Screener
from civicmail.mail.screening.shapes import CheckResult, CombinedCase, ContentCase, ExtractedMessage

KEY = bytes(range(32))
ROWS = [(["512-34-5678", "E 100234"], "O'Brien"), (["912345"], "Müller-Lüdenscheidt"), (["77001122"], "Lee")]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    content, used, unused = exact_lists.build(exact_lists.make_key(tmp_path), ROWS, 7)
    assert (used, unused) == (3, 0)
    exact_lists.write(tmp_path, "staff", content)
    return tmp_path


def looked_up(data: Path, text: str, *, inbound: bool = False, tool: exact_match.Lists | None = None) -> CheckResult:
    raw = f"From: a@city.example\r\n\r\n{text}\r\n".encode()
    tool = tool or exact_match.open_(Settings(), data)
    seen = check.find(ContentCase(raw, message_parser.parse(raw), ReadMessage(inbound=inbound, lists=exact_match.has_lists(tool))))
    world = CheckContext(Settings(), 0, None, {exact_match.NAME: tool})
    return exact_match.find(
        CombinedCase(
            ExtractedMessage(), Envelope("a@city.example", (), 0), "submission", inbound, world, seen.facts, {check.NAME: seen.more}
        )
    )


@pytest.mark.rule(
    "P-19",
    "A value of the city's own list is detected together with the name of its row, and neither alone; the file contains no value.",
)
@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("pay Mr. O'Brien, 512345678", True),
        ("obrien: 512 34 5678", True),
        ("O\u2019Brien has E-100234 now", True),
        ("O'Brien has E-100234 now", True),
        ("512345678 is all I say", False),
        ("O'Brien is all I say", False),
        ("Lee has 512345678", False),  # both fields, but of two rows
        ("Frau Ludenscheidt: 912345", True),
        ("call Lee at 77001122 today", True),
        ("call Lee at 177001122 today", False),
    ],
)
def test_a_value_is_found_with_the_name_of_its_row_and_not_without(data: Path, text: str, there: bool) -> None:
    assert bool(looked_up(data, text).findings) is there


def test_what_is_found_is_told_like_everything_else(data: Path) -> None:
    """It adds to what the detectors have found, and shows two characters."""
    said = looked_up(data, "O'Brien 512345678 and 513-44-5678")
    (finding,) = said.findings
    assert (finding.check, finding.code, finding.part, finding.mask) == ("confidential", "list:staff", "1", "…78")
    assert (finding.offset, finding.length) == (8, 9)
    assert said.facts == {"confidential.high": ("ssn", "list:staff"), "confidential.count": 2}


def test_the_files_have_no_value_and_the_key_is_only_read(data: Path) -> None:
    content = exact_lists.path_of(data, "staff").read_bytes()
    for text in (b"512345678", b"512-34", b"Brien", b"brien", b"E100234", b"ludenscheidt"):
        assert text not in content
    assert (exact_lists.key_path(data).stat().st_mode & 0o777) == 0o400
    again, _, _ = exact_lists.build(os.urandom(32), ROWS, 7)
    assert not {content[n : n + 12] for n in range(64, len(content), 24)} & {again[n : n + 12] for n in range(64, len(again), 24)}
    assert exact_lists.make_key(data) == exact_lists.read_key(data)


def test_nothing_is_looked_up_for_mail_from_outside(data: Path) -> None:
    assert looked_up(data, "O'Brien 512345678", inbound=True) == CheckResult()


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z]{0,2}[0-9]{5,9}", fullmatch=True),
        st.from_regex(r"[a-z]{3,8}", fullmatch=True),
        min_size=1,
        max_size=40,
    )
)
@settings(max_examples=30, deadline=None)
def test_every_row_is_in_its_list_and_nothing_else_is(tmp_path_factory: pytest.TempPathFactory, rows: dict[str, str]) -> None:
    content, used, _ = exact_lists.build(KEY, [([value], word) for value, word in rows.items()], 0)
    path = tmp_path_factory.getbasetemp() / "some.list"
    path.write_bytes(content)
    held = exact_lists.read(path, KEY)
    assert (held.count, used) == (len(rows), len(rows))
    for value, word in rows.items():
        assert held.names(exact_lists.identifier_hash(KEY, value)) == [exact_lists.name_hash(KEY, value, word)]
    assert held.names(exact_lists.identifier_hash(KEY, "not-there")) == []


def test_a_list_that_is_damaged_or_of_another_key_makes_the_check_unavailable(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that cannot be used is never taken for an empty one."""
    logged: list[str] = []
    monkeypatch.setattr(exact_match.log, "error", lambda event, **_: logged.append(event))
    path = exact_lists.path_of(data, "staff")
    content = path.read_bytes()
    for wrong in (content[:-1], content[:40], content[:-1] + bytes([content[-1] ^ 1]), exact_lists.build(bytes(32), ROWS, 7)[0]):
        path.write_bytes(wrong)
        with pytest.raises(ListUnusable):
            exact_lists.read(path, exact_lists.read_key(data))
        assert looked_up(data, "O'Brien 512345678").facts == {"unavailable": ("confidential",)}
    assert [event.partition(",")[0] for event in logged] == ["a list of values cannot be used"] * 4


def test_lists_that_cannot_be_read_at_this_moment_are_asked_for_again(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is a folder that nobody may read an empty one, nor does a full table of files end what is found (promise 6)."""

    def full(*_: object) -> exact_lists.Exact:
        raise OSError(errno.EMFILE, "Too many open files")

    tool = exact_match.open_(Settings(), data)
    for name, place in (("read", exact_lists), ("iterdir", Path), ("stat", Path)):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, full)
            os.utime(data / exact_lists.FOLDER)
            assert looked_up(data, "O'Brien 512345678", tool=tool).facts == {"unavailable": ("confidential",)}
        assert "confidential.high" in looked_up(data, "O'Brien 512345678", tool=tool).facts


def test_a_new_list_is_seen_without_a_restart(data: Path) -> None:
    tool = exact_match.open_(Settings(), data)
    assert looked_up(data, "Meyer 4455667", tool=tool) == CheckResult()
    content, _, _ = exact_lists.build(exact_lists.read_key(data), [(["4455667"], "Meyer")], 0)
    exact_lists.write(data, "more", content)
    assert looked_up(data, "Meyer 4455667", tool=tool).facts["confidential.high"] == ("list:more",)
    exact_lists.remove(data, "more")
    os.utime(data / exact_lists.FOLDER, ns=(1, 1))  # a clock of another grain
    assert looked_up(data, "Meyer 4455667", tool=tool) == CheckResult()


def test_values_leave_the_limited_process_only_where_there_are_lists(tmp_path: Path) -> None:
    tool = exact_match.open_(Settings(), tmp_path)
    assert not exact_match.has_lists(tool) and not exact_match.has_lists(None)
    raw = b"Subject: x\r\n\r\nO'Brien 512345678\r\n"
    assert check.find(ContentCase(raw, message_parser.parse(raw), ReadMessage(lists=exact_match.has_lists(tool)))).more == {}


def test_a_message_brings_only_so_many_values() -> None:
    raw = (
        "Subject: x\r\n\r\n" + "".join(f"{n} word{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}\r\n" for n in range(10_000, 20_000))
    ).encode()
    said = check.find(ContentCase(raw, message_parser.parse(raw), ReadMessage(lists=True))).more["candidates"]
    assert len(said["ids"]) == candidates.IDS and len(said["words"]) <= candidates.WORDS


def test_what_a_taken_over_process_says_finds_nothing_and_is_cut(data: Path) -> None:
    world = CheckContext(Settings(), 0, None, {exact_match.NAME: exact_match.open_(Settings(), data)})
    case = CombinedCase(
        ExtractedMessage(),
        Envelope("", (), 0),
        "mx",
        False,
        world,
        {},
        {"confidential": {"candidates": {"ids": [["x"]], "words": []}}},
    )
    with pytest.raises(ValueError, match="unpack"):
        exact_match.find(case)
    assert exact_match.find(replace(case, more={})) == CheckResult()


def test_the_whole_way_a_value_is_found_and_is_in_nothing_that_is_kept(data: Path) -> None:
    """Through the limited process, as the gateway asks it."""
    text = b"From: a@city.example\r\nSubject: pay\r\n\r\nMr. O'Brien: 512345678\r\n"
    envelope = Envelope("a@city.example", (Recipient("b@out.example"),), 0, login="ann")

    async def story() -> Screened:
        screener = Screener(Settings(screening=Screening(checks=["confidential"])), data, lambda: 1)
        try:
            return await screener.screen(text, envelope, "submission")
        finally:
            await asyncio.to_thread(screener.close)

    found = asyncio.run(story())
    assert found.facts["confidential.high"] == ("list:staff",) and found.unavailable == ()
    assert "512345678" not in repr((found.findings, found.facts)) and "Brien" not in repr((found.findings, found.facts))
