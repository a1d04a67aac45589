"""A message is looked into in a limited process and by checks side by side; whatever fails is an answer of its own (promise 6)."""

from __future__ import annotations

import asyncio
import mmap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.city.policy.dispositions import Finding
from civicmail.core.config.settings import Screening, Settings
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.sandbox import async_pool, frames
from civicmail.core.sandbox.service import decode_reply, encode
from civicmail.mail.screening import combined_checks, message_reader, network_checks, reader_pool, screener
from civicmail.mail.screening.reader_request import ReadMessage, request_of
from civicmail.mail.screening.screener import Screened, Screener
from civicmail.mail.screening.shapes import CheckResult, CombinedCase, ExtractedMessage, NetworkCase

MAIL = (
    b"From: =?utf-8?q?J=C3=BCrgen?= <J@Out.example>\r\nTo: bob@city.example\r\nSubject: Hi\r\nList-Id: <l.out.example>\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<a href='http://x.test/a'>click</a>\r\n"
    b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF-1.7\r\n--b--\r\n"
)
ENVELOPE = Envelope("J@out.example", (Recipient("Bob@city.example"),), 1_772_452_800_000, "192.0.2.1", "out.example")


def screened(content: bytes | mmap.mmap = MAIL, *, seconds: int = 60, patient: bool = False) -> Screened:
    async def story() -> Screened:
        settings = Settings(screening=Screening(checks=["files"], seconds=seconds))
        screener = Screener(settings, Path("/"), lambda: 1, patient=patient)
        try:
            return await screener.screen(content, ENVELOPE, "mx")
        finally:
            await asyncio.to_thread(screener.close)

    return asyncio.run(story())


def codes(found: Screened) -> set[tuple[str, str]]:
    return {(f.check, f.code) for f in found.findings}


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """No checks in the gateway but those that a test names."""

    def name(*, outers: tuple[Any, ...] = (), joints: tuple[Any, ...] = ()) -> None:
        monkeypatch.setattr(network_checks, "CHECKS", tuple(("", check) for check in outers))
        monkeypatch.setattr(combined_checks, "CHECKS", tuple(("", check) for check in joints))

    name()
    return name


def check(name: str, find: Any, **more: Any) -> SimpleNamespace:
    return SimpleNamespace(NAME=name, VERSION=3, find=find, **more)


def test_one_reading_gives_facts_links_files_and_what_each_check_cost(only: Any) -> None:
    found = screened()
    assert found.facts["from.address"] == "j@out.example" and found.facts["from.name"] == "Jürgen"
    assert found.facts["message.subject"] == "Hi" and found.facts["message.list"] is True
    assert found.facts["message.size"] == len(MAIL) and found.unavailable == ()
    assert [link.url for link in found.message.links] == ["http://x.test/a"]
    assert [(file.name, file.true, file.size) for file in found.message.files] == [("a.pdf", "pdf", 8)]
    assert found.message.addresses("to") == ("bob@city.example",)
    made = found.findings[-1]
    assert (made.check, made.code) == ("screening", "made") and made.mask.startswith("read/1:") and made.cost > 0


def test_what_a_program_or_a_mailbox_rule_sent_says_so(only: Any) -> None:
    def facts(extra: bytes, sender: str = "j@out.example", source: str = "mx") -> tuple[object, object]:
        content = b"From: j@out.example\r\n" + extra + b"\r\nx\r\n"
        found = message_reader.read(
            content, request_of(Settings(), Envelope(sender, (), 0), source, inbound=source == "mx", size=len(content))
        ).facts
        return found["message.automatic"], found["message.forwarded"]

    assert facts(b"") == (False, False)
    assert facts(b"Auto-Submitted: no\r\n") == (False, False)
    assert facts(b"Auto-Submitted: auto-replied; x\r\n") == (True, False)
    assert facts(b"Auto-Submitted: auto-forwarded\r\n") == (True, True)
    assert facts(b"Precedence: bulk\r\n") == (True, False)
    assert facts(b"", sender="") == (True, False)
    assert facts(b"Resent-From: bob@city.example\r\n") == (False, True)
    assert facts(b"X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\r\n") == (False, True)
    assert facts(b"", sender="bob@city.example", source="submission") == (False, True)
    assert facts(b"List-Id: <l.out.example>\r\n", sender="bob@city.example") == (False, False)


def test_checks_are_made_side_by_side_and_those_that_put_it_together_know_them(only: Any) -> None:
    both = asyncio.Barrier(2)

    async def waits(case: NetworkCase) -> CheckResult:
        async with asyncio.timeout(5):
            await both.wait()
        return CheckResult((Finding("spf", "pass"),), {"auth.spf": "pass"}, {"domain": case.envelope.sender})

    async def too(_: NetworkCase) -> CheckResult:
        async with asyncio.timeout(5):
            await both.wait()
        return CheckResult(facts={"malware.found": ("X",)}, more={"recipients": {"bob@city.example": {"recipient.own": True}}})

    def joins(case: CombinedCase) -> CheckResult:
        assert case.facts["auth.spf"] == "pass" and case.more["spf"] == {"domain": "J@out.example"} and case.inbound
        return CheckResult((Finding("names", "x", sure=50),), {"names.staff": True, "auth.spf": "fail"})

    only(outers=(check("spf", waits), check("clamav", too)), joints=(check("names", joins),))
    found = screened()
    assert found.facts["auth.spf"] == "fail" and found.facts["malware.found"] == ("X",) and found.facts["names.staff"] is True
    assert found.recipients == {"bob@city.example": {"recipient.own": True}}
    assert all(f"{name}/3:" in found.findings[-1].mask for name in ("spf", "clamav", "names"))


@pytest.mark.rule("P-25, promise 6", "A check that fails, hangs or is missing is unavailable, and stops no message.")
def test_what_fails_hangs_or_lies_is_unavailable_and_the_others_are_made(only: Any) -> None:
    """Promise 6: no check ends the way of a message."""

    async def hangs(_: NetworkCase) -> CheckResult:
        await asyncio.Event().wait()
        raise AssertionError

    async def breaks(_: NetworkCase) -> CheckResult:
        raise RuntimeError("x")

    async def works(_: NetworkCase) -> CheckResult:
        return CheckResult(facts={"auth.arc": "pass"})

    def fails(_: CombinedCase) -> CheckResult:
        raise KeyError("model")

    only(
        outers=(check("clamav", hangs, SECONDS=0.05), check("auth", breaks, CHECKS=("spf", "dkim")), check("arc", works)),
        joints=(check("spam", fails),),
    )
    found = screened()
    assert set(found.unavailable) == {"clamav", "spf", "dkim", "spam"} and found.facts["auth.arc"] == "pass"
    assert {(f.check, f.mask) for f in found.findings if f.code == "unavailable"} == {
        ("clamav", "timeout"), ("spf", "error"), ("dkim", "error"), ("spam", "error"),
    }  # fmt: skip


def test_a_reader_that_dies_makes_everything_that_needs_it_unavailable(only: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_pool, "SERVICE", replace(reader_pool.SERVICE, program=("/bin/false",)))
    only(joints=(check("names", lambda _: CheckResult()),))
    found = screened()
    assert set(found.unavailable) == {"read", "files", "names"} and "message.subject" not in found.facts


@pytest.mark.parametrize(
    "said", [b"", b"\x81\xa7", encode({"people": 3}), b"\xdf" + b"\xff" * 9], ids=["none", "cut", "odd", "endless"]
)
def test_a_reader_that_was_taken_over_is_not_believed(only: Any, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    async def lied(*_: object) -> tuple[bytes, bytes]:
        return frames.ANSWER, said

    monkeypatch.setattr(async_pool, "_receive", lied)
    assert "read" in screened().unavailable


@pytest.mark.parametrize(
    "lie",
    [
        ExtractedMessage(facts={"inbound": False}),
        ExtractedMessage(facts={"sender.known": True}),
        ExtractedMessage(facts={"auth.dmarc": "pass"}),
        ExtractedMessage(facts={"message.recipients": 1}),
        ExtractedMessage(findings=(Finding("dkim", "pass", mask="header.d=city.example\r\nSubject: x"),)),
        ExtractedMessage(findings=(Finding("files", 3),)),  # type: ignore[arg-type]
    ],
)
def test_a_reader_that_was_taken_over_speaks_for_nobody_else(
    only: Any, monkeypatch: pytest.MonkeyPatch, lie: ExtractedMessage
) -> None:
    """What it says of the bytes must be taken from it; of doors, senders and proofs it knows nothing."""

    async def lied(*_: object) -> tuple[bytes, bytes]:
        return frames.ANSWER, encode(lie)

    monkeypatch.setattr(async_pool, "_receive", lied)
    found = screened()
    assert "read" in found.unavailable and not found.facts.keys() & lie.facts.keys()


def test_time_is_up_for_all_of_it(only: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> ExtractedMessage:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(reader_pool.Readers, "read", never)
    monkeypatch.setattr(screener, "CPU_SHARE", 1)
    found = screened(seconds=0)
    assert "read" in found.unavailable and ("read", "unavailable") in codes(found)


def test_a_message_beyond_the_limit_is_read_as_far_as_it_fits_and_that_is_said(
    only: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(screener, "MAX_READ", len(MAIL))
    path = tmp_path / "large"
    path.write_bytes(MAIL + b"x" * 100_000)
    with path.open("rb") as h, mmap.mmap(h.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found = screened(content)
    rest = next(f for f in found.findings if f.check == "read" and f.code == "unavailable")
    assert (rest.offset, rest.length, rest.mask) == (len(MAIL), 100_000, "too large")
    assert found.unavailable == ("read",) and found.facts["message.subject"] == "Hi"
    assert found.facts["message.size"] == len(MAIL) + 100_000
    assert screened(path.read_bytes(), patient=True).unavailable == (), "who has time reads all of it"


def test_a_large_message_does_not_hold_up_a_small_one(only: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """P-01: each size has a process of its own."""

    async def story() -> None:
        screener = Screener(Settings(screening=Screening(checks=["files"])), Path("/"), lambda: 1)
        large = MAIL + b"word and word\r\n" * (reader_pool.LARGE // 5)
        ended: list[str] = []

        async def one(name: str, content: bytes) -> None:
            await screener.screen(content, ENVELOPE, "mx")
            ended.append(name)

        await one("warm", MAIL)
        await asyncio.gather(one("large", large), one("small", MAIL))
        assert ended == ["warm", "small", "large"]
        await asyncio.to_thread(screener.close)

    asyncio.run(story())


@settings(max_examples=60)
@given(st.binary(max_size=600))
def test_any_bytes_are_read_and_cross_the_pipe_unchanged(content: bytes) -> None:
    request = request_of(Settings(screening=Screening(checks=[])), ENVELOPE, "mx", inbound=True, size=len(content))
    seen = message_reader.read(content, request)
    again = decode_reply(request, encode(seen), len(content))
    assert again.facts.keys() == seen.facts.keys() and again.files == seen.files
    assert decode_reply(request, encode(again), len(content)) == again


def test_bytes_cross_the_pipe_as_bytes() -> None:
    """Base64 in JSON was a third of the gateway's own work."""
    seen = ExtractedMessage(more={"a": {"x": b"\0\xff" * 5, "y": 1}, "b": {"z": b"", "w": b"last"}})
    for subject in ("plain", "half a pair \ud800"):
        reply = encode(replace(seen, subject=subject))
        assert decode_reply(ReadMessage(), reply, 0).more == seen.more and b"\0\xff" * 5 in reply
