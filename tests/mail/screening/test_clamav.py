"""Malware by ClamAV: what is found is told with the part that it is in; what could not be scanned is never clean."""

from __future__ import annotations

import asyncio
import base64
import io
import socket
import zipfile
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
import zstandard

from civicmail.core.config.settings import Screening, Settings
from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.screening import clamav, clamd, files
from civicmail.mail.screening.allowance import Allowance
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.clamav import HOUR, Scanner
from civicmail.mail.screening.clamd import Clamd
from civicmail.mail.screening.screener import Screened, Screener
from civicmail.mail.screening.shapes import CheckResult, ExtractedMessage, NetworkCase
from mail.screening.fakeclamd import FakeClamd
from neighbours.virusscanner import EICAR, MARK
from neighbours.virusscanner import Clamd as RealClamd

NOW = 1_772_452_800_000  # 2026-03-02 12:00 UTC
ENVELOPE = Envelope("carol@home.example", (Recipient("bob@city.example"),), NOW)


def zipped(name: str, content: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return held.getvalue()


def mail(*attached: tuple[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "carol@home.example", "bob@city.example", "Plans"
    message.set_content("Please see the files.")
    for name, content in attached:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def seen(raw: bytes) -> ExtractedMessage:
    found = files.scan_files(message_parser.parse(raw), Allowance())
    return ExtractedMessage(facts=found.facts, more={"files": found.more})


def case(raw: bytes, scanner: Scanner | None, *, now: int = NOW) -> NetworkCase:
    world = CheckContext(Settings(), now, None, {} if scanner is None else {clamav.NAME: scanner})
    return NetworkCase(raw, seen(raw), ENVELOPE, "mx", True, world)


def told(address: str, raw: bytes, *, now: int = NOW) -> CheckResult:
    async def story() -> CheckResult:
        return await clamav.find(case(raw, Scanner(Clamd(address)), now=now))

    return asyncio.run(story())


def _card(content: bytes) -> bytes:
    return b"BEGIN:VCARD\r\nKEY;ENCODING=b:" + base64.b64encode(content) + b"\r\nEND:VCARD\r\n"


@pytest.mark.rule(
    "P-25",
    "The virus scanner gets content separately that it does not open: truncated zips, Zstandard and visiting cards.",
)
@pytest.mark.neighbour("clamd")
def test_a_real_clamd_gets_what_it_does_not_come_to_by_itself() -> None:
    """From a zip that was cut short, members that no list has, Zstandard, and a visiting card."""
    whole = zipped("a.com", EICAR)
    local = whole[: whole.rindex(b"PK\x01\x02")]
    cases = {
        "cut": mail(("a.zip", local + b"PK\x01\x02")),
        "unlisted": mail(("a.zip", local + zipped("a.txt", b"words"))),
        "zst": mail(("a.zst", zstandard.compress(EICAR))),
        "tar.zst": mail(("a.tar.zst", zstandard.compress(zipped("a.com", EICAR)))),
        "card": mail(("a.vcf", _card(EICAR))).replace(b"application/octet-stream", b"text/vcard"),
    }
    with RealClamd() as scanner:
        for name, raw in cases.items():
            found = told(scanner.address, raw)
            assert found.facts.get("malware.found") == ("Civicmail.Test.Eicar.UNOFFICIAL",), name
            assert [(f.code, f.part) for f in found.findings] == [("malware", "1.2.1" if name == "card" else "1.2")], name
        assert told(scanner.address, mail(("a.vcf", _card(b"%PDF-1.7")))).facts == {}
        scanner.kill()
        assert told(scanner.address, cases["zst"]).facts["unavailable"] == ("clamav",)


def test_what_was_not_scanned_by_itself_leaves_the_check_unavailable(tmp_path: Path) -> None:
    """The message was scanned, then clamd died."""
    with FakeClamd(tmp_path) as fake:
        honest, calls = fake.honest, []

        def once(wire: socket.socket, command: bytes) -> None:
            calls.append(command)
            if calls.count(b"zINSTREAM") == 1:
                honest(wire, command)

        fake.way = once
        assert told(fake.address, mail(("a.zst", zstandard.compress(EICAR)))).facts["unavailable"] == ("clamav",)


@pytest.mark.neighbour("clamd")
def test_a_real_clamd_from_the_first_message_to_its_death_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain, packed and packed twice; then it stands still, dies, and comes back."""
    monkeypatch.setattr(clamav, "SECONDS", 5.0)
    monkeypatch.setattr(clamav, "REST_SECONDS", 0.0)

    async def story(scanner: RealClamd) -> None:
        screener = Screener(Settings(screening=Screening(checks=["files"], clamd=scanner.address)), Path("/"), lambda: NOW)

        async def screened(*attached: tuple[str, bytes]) -> Screened:
            return await screener.screen(mail(*attached), ENVELOPE, "mx")

        try:
            clean = await screened(("plan.txt", b"Nothing"))
            assert "malware.found" not in clean.facts and not clean.unavailable
            twice = zipped("inner.zip", zipped("a.com", EICAR))
            for bad in (("virus.com", EICAR), ("virus.zip", zipped("a.com", EICAR)), ("nested.zip", twice)):
                found = await screened(("plan.txt", b"Nothing"), bad)
                assert found.facts["malware.found"] == ("Civicmail.Test.Eicar.UNOFFICIAL",)
                (one,) = [f for f in found.findings if f.check == "clamav"]
                assert (one.code, one.part, one.mask) == ("malware", "1.3", "Civicmail.Test.Eicar.UNOFFICIAL")
            await _fails(screened, scanner, monkeypatch)
        finally:
            await asyncio.to_thread(screener.close)

    with RealClamd() as scanner:
        asyncio.run(story(scanner))


async def _fails(screened: Callable[..., Awaitable[Screened]], scanner: RealClamd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clamav, "SECONDS", clamav.BLAME_SECONDS + 1.0)
    monkeypatch.setattr(clamd, "PING_SECONDS", 0.1)
    scanner.pause()
    still = await screened(("virus.com", EICAR))
    assert still.unavailable == ("clamav",) and "malware.found" not in still.facts
    scanner.go_on()
    assert (await screened(("virus.com", EICAR))).facts["malware.found"]
    scanner.kill()
    assert (await screened(("virus.com", EICAR))).unavailable == ("clamav",)
    await asyncio.to_thread(scanner.start)
    assert (await screened(("virus.com", EICAR))).facts["malware.found"]


def test_each_part_that_is_bad_is_named_with_its_place(tmp_path: Path) -> None:
    raw = mail(("one.bin", b"x" + MARK), ("two.bin", b"fine"), ("three.com", EICAR))
    with FakeClamd(tmp_path) as fake:
        # the fake does not read MIME: a mark in the text makes it find something in the whole
        raw = raw.replace(b"Please", MARK)
        found = told(fake.address, raw)
    assert {f.part: f.mask for f in found.findings} == {
        "1.2": "Civicmail.Test.Marker.UNOFFICIAL",
        "1.4": "Civicmail.Test.Eicar.UNOFFICIAL",
    }
    assert set(found.facts["malware.found"]) == {"Civicmail.Test.Marker.UNOFFICIAL", "Civicmail.Test.Eicar.UNOFFICIAL"}  # type: ignore[arg-type]
    assert all(raw[f.offset : f.offset + f.length].strip() for f in found.findings)


def test_what_is_bad_in_no_attachment_is_told_of_the_whole(tmp_path: Path) -> None:
    raw = mail(("two.bin", b"fine")).replace(b"Please", MARK)
    with FakeClamd(tmp_path) as fake:
        (found,) = told(fake.address, raw).findings
    assert (found.code, found.part, found.offset, found.length) == ("malware", "", 0, len(raw))


def test_a_scanner_that_dies_or_takes_no_more_has_scanned_nothing(tmp_path: Path) -> None:
    with FakeClamd(tmp_path, lambda wire, command: wire.recv(10_000) and None) as fake:
        found = told(fake.address, mail(("a.bin", bytes(3_000_000))))
    assert found.facts == {"unavailable": ("clamav",)} and found.findings[0].mask == clamd.BROKEN


@pytest.mark.rule("P-25", "Signatures that are three days old do not count for a file that can act.")
@pytest.mark.parametrize(
    ("hours", "attached", "code"),
    [
        (20, ("run.js", b"var a"), ""),
        (30, ("run.js", b"var a"), "stale"),
        (80, ("run.js", b"var a"), "unavailable"),
        (80, ("plan.txt", b"text"), "stale"),
    ],
)
def test_old_signatures_are_told_and_too_old_ones_do_not_count_for_what_can_act(
    hours: int, attached: tuple[str, bytes], code: str, tmp_path: Path
) -> None:
    with FakeClamd(tmp_path) as fake:
        made = clamav.signatures(fake.version)
        found = told(fake.address, mail(attached), now=made + hours * HOUR)
    assert [f.code for f in found.findings] == ([code] if code else [])
    assert ("unavailable" in found.facts) == (code == "unavailable")


def test_signatures_without_a_date_are_a_citys_own(tmp_path: Path) -> None:
    with FakeClamd(tmp_path, version="ClamAV 1.4.6") as fake:
        assert told(fake.address, mail(("run.js", b"var a"))) == CheckResult()


@pytest.mark.parametrize(
    "said", ["", "ClamAV 1.4.6", "ClamAV 1/2/Sun Feb 31 08:31:02 2026", "ClamAV 1/2/Sun Xyz  1 08:31:02 2026", "ClamAV 1/2/x" * 50]
)
def test_a_version_that_says_no_date_has_none(said: str) -> None:
    assert clamav.signatures(said) == -1


def heuristic(name: bytes) -> Callable[..., None]:
    def way(wire: object, command: bytes) -> None:
        wire.recv(1 << 20)  # type: ignore[attr-defined]
        wire.sendall(b"stream: " + name + b" FOUND\0")  # type: ignore[attr-defined]

    return way


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        (b"Heuristics.Encrypted.Zip", {"files.encrypted": True}),
        (b"Heuristics.OLE2.ContainsMacros.VBA", {"files.macros": True}),
        (b"Heuristics.Phishing.Email.SpoofedDomain", {}),
        (b"PUA.Win.Packer.Upx", {}),
        (b"Heuristics.Limits.Exceeded.MaxFileSize", {"files.limits": True}),
    ],
)
def test_what_it_only_thinks_is_no_malware(name: bytes, facts: dict[str, object], tmp_path: Path) -> None:
    with FakeClamd(tmp_path, heuristic(name)) as fake:
        assert told(fake.address, mail(("a.zip", b"x"))).facts == facts


def test_after_one_that_does_not_even_answer_a_ping_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mail does not wait for a dead scanner again and again; a slow file is no dead scanner."""
    monkeypatch.setattr(clamav, "SECONDS", clamav.BLAME_SECONDS + 0.55)
    monkeypatch.setattr(clamd, "PING_SECONDS", 60)
    alive = False

    def way(wire: object, command: bytes) -> None:
        if command == b"zPING" and alive:
            wire.sendall(b"PONG\0")  # type: ignore[attr-defined]
        while wire.recv(1 << 16):  # type: ignore[attr-defined]
            pass

    async def story(address: str) -> list[bytes]:
        nonlocal alive
        scanner = Scanner(Clamd(address))
        alive = True
        await clamav.find(case(b"x", scanner))
        await clamav.find(case(b"x", scanner))
        alive = False
        monkeypatch.setattr(clamd, "PING_SECONDS", 0.05)
        await clamav.find(case(b"x", scanner))
        assert (await clamav.find(case(b"x", scanner))).facts == {"unavailable": ("clamav",)}
        alive = True
        monkeypatch.setattr(clamd, "PING_SECONDS", 60)
        assert await scanner.ask.ping()  # it takes one after the other: whatever was asked before is listed by now
        return fake.asked

    with FakeClamd(tmp_path, way) as fake:
        assert asyncio.run(story(fake.address)) == [b"zINSTREAM", b"zPING"] * 3 + [b"zPING"]


def test_without_a_way_to_ask_it_is_unavailable_and_strange_places_blame_nobody() -> None:
    async def story(asked: NetworkCase) -> CheckResult:
        return await clamav.find(asked)

    assert asyncio.run(story(case(b"x", None))).facts == {"unavailable": ("clamav",)}
    rows = [["1", -5, 9, "base64"], ["1", 0, 1 << 60, "base64"], [1, 2], "x", None, ["1", 0, 3, "7bit"]]
    strange = NetworkCase(
        b"abc", ExtractedMessage(more={"files": {"places": rows}}), ENVELOPE, "mx", True, CheckContext(Settings(), NOW)
    )
    assert list(clamav._places(strange)) == [("1", 0, 3, "7bit")]
    assert (
        list(
            clamav._places(
                NetworkCase(
                    b"", ExtractedMessage(more={"files": {"places": 5}}), ENVELOPE, "mx", True, CheckContext(Settings(), NOW)
                )
            )
        )
        == []
    )
