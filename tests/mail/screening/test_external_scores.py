"""Rspamd and SpamAssassin are asked by clients of ours: real ones answer, and whatever they do instead is an answer, too (P-02)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.config.settings import Screening, Settings
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.screening import external_scores, filter_client, rspamd, spamassassin
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.shapes import NOTHING, CheckResult, CombinedCase, ExtractedMessage, NetworkCase
from neighbours.assassin import Spamd
from neighbours.milters import GTUBE, Rspamd

ENVELOPE = Envelope("w@out.example", (Recipient("ann@city.example"),), 0, "192.0.2.4", "mx.out.example\r\nPass: all")
RSPAMD_SAYS = b'{"score":7.5,"required_score":15.0,"symbols":{"A":{"name":"A","score":-1.0},"B":{"name":"B","score":8.5}}}'
IN_CHUNKS = b"5\r\n" + RSPAMD_SAYS[:5] + b"\r\n%x;x=1\r\n" % (len(RSPAMD_SAYS) - 5) + RSPAMD_SAYS[5:] + b"\r\n0\r\n\r\n"
SPAMD_SAYS = b"SPAMD/1.1 0 EX_OK\r\nContent-length: 9\r\nSpam: True ; 7.5 / 5.0\r\n\r\nAAA,BBB\r\n"


def mail(text: bytes = b"Good morning, the permit is attached.") -> bytes:
    return (
        b"From: w@out.example\r\nTo: ann@city.example\r\nSubject: permit\r\nDate: Mon, 2 Mar 2026 12:00:00 +0000\r\n\r\n"
        + text
        + b"\r\n"
    )


async def asked(check: ModuleType, address: str, raw: bytes, *, inbound: bool = True) -> CheckResult:
    settings = Settings(screening=Screening(rspamd=f"http://{address}", spamd=address))
    world = CheckContext(settings, 0, None, {check.NAME: check.open_(settings, Path("/"))})
    return await check.find(NetworkCase(raw, ExtractedMessage(), ENVELOPE, "mx", inbound, world))  # type: ignore[no-any-return]


def why(found: CheckResult) -> str:
    (finding,) = found.findings
    assert found.facts["unavailable"] == (finding.check,) and finding.code == "unavailable"
    return finding.mask


@pytest.mark.neighbour("rspamd", "setpriv")
def test_a_real_rspamd_scores_mail() -> None:
    with Rspamd(asked=True) as real:
        good, bad = (asyncio.run(asked(rspamd, f"127.0.0.1:{real.asked}", mail(text))) for text in (b"Hello", GTUBE))
    assert good.more["score"] < good.more["required"] and bad.more["score"] >= bad.more["required"] == 15
    assert "MIME_GOOD" in next(f.mask for f in good.findings if f.code == "symbols")


@pytest.mark.neighbour("spamd")
def test_a_real_spamassassin_scores_mail() -> None:
    with Spamd() as real:
        good, bad = (asyncio.run(asked(spamassassin, real.address, mail(text))) for text in (b"Hello", GTUBE))
    assert good.more["score"] < good.more["required"] == 5 and bad.more["score"] > 500
    assert bad.findings[1].mask.split()[:1] == ["GTUBE"]


def answered(check: ModuleType, reply: bytes | None, raw: bytes = b"", *, seconds: float = 5) -> tuple[CheckResult, bytes]:
    """What is found where the program answers so, or stays silent (None); and what it was asked."""
    heard = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.readuntil(b"\r\n\r\n"))
        heard.extend(await reader.readexactly(len(raw or mail())))
        if reply is not None:
            writer.write(reply)
            await writer.drain()
            writer.close()
        else:
            await asyncio.sleep(seconds)

    async def story() -> CheckResult:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            return await asked(check, f"127.0.0.1:{server.sockets[0].getsockname()[1]}", raw or mail())

    return asyncio.run(story()), bytes(heard)


def http(body: bytes, *fields: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", *fields, b"", body])


@pytest.mark.parametrize(
    "reply",
    [
        http(RSPAMD_SAYS, b"Content-Length: %d" % len(RSPAMD_SAYS)),
        http(RSPAMD_SAYS),
        http(IN_CHUNKS, b"Transfer-Encoding: chunked"),
    ],
    ids=["length", "until it closes", "chunked"],
)
def test_an_answer_of_rspamd_is_read_however_it_is_framed(reply: bytes) -> None:
    found, heard = answered(rspamd, reply)
    assert found.more == {"score": 7.5, "required": 15.0} and [f.mask for f in found.findings] == ["7.50 of 15.00", "B A"]
    head = heard.partition(b"\r\n\r\n")[0]
    assert b"\r\nIP: 192.0.2.4" in head and b"Rcpt: ann@city.example" in head
    assert b"\r\nPass" not in head, "what a client said in HELO is no field of ours"


def test_an_answer_of_spamd_is_read() -> None:
    found, heard = answered(spamassassin, SPAMD_SAYS)
    assert found.more == {"score": 7.5, "required": 5.0} and found.findings[1].mask == "AAA BBB"
    assert heard.endswith(mail()) and heard.startswith(b"SYMBOLS SPAMC/1.5\r\n")


@pytest.mark.parametrize("check", [rspamd, spamassassin], ids=["rspamd", "spamd"])
@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\r\n\r\n",
        b"HTTP/1.1 500 No\r\n\r\n{}",
        http(b"[]"),
        http(b'{"score":1,"required_score":2,"symbols":[]}'),
        http(b"{"),
        http(RSPAMD_SAYS, b"Content-Length: 9999"),
        http(b"zz\r\n", b"Transfer-Encoding: chunked"),
        b"SPAMD/1.1 76 EX_PROTOCOL\r\n\r\n",
        SPAMD_SAYS[:30],
        b"x" * (filter_client.MAX_REPLY + 1),
    ],
    ids=["nothing", "empty", "500", "a list", "no symbols", "half", "cut", "bad chunk", "error", "half a line", "a flood"],
)
def test_what_is_no_answer_makes_the_check_unavailable(check: ModuleType, reply: bytes) -> None:
    assert why(answered(check, reply)[0]) == "broken"


@given(st.binary(max_size=200))
@settings(max_examples=40)
def test_any_bytes_for_an_answer_are_an_answer_or_a_plain_error(reply: bytes) -> None:
    reads: list[Callable[[bytes], object]] = [spamassassin.judged, rspamd.body_of, rspamd.judged]
    for read in reads:
        try:
            read(reply)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


@pytest.mark.rule("P-02, promise 6", "Another program that does not answer is unavailable, and is not waited for again and again.")
@pytest.mark.parametrize("check", [rspamd, spamassassin], ids=["rspamd", "spamd"])
def test_a_program_that_is_away_is_told_at_once_and_one_that_hangs_gets_a_rest(
    check: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert why(asyncio.run(asked(check, "127.0.0.1:1", mail()))) == "refused"
    monkeypatch.setattr(check, "SECONDS", 0.6)

    calls: list[int] = []

    async def hang(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        calls.append(1)
        await asyncio.Event().wait()

    async def twice() -> tuple[str, str]:
        server = await asyncio.start_server(hang, "127.0.0.1", 0)
        settings = Settings(screening=Screening(rspamd="x", spamd="x"))
        tool = filter_client.Program("127.0.0.1", server.sockets[0].getsockname()[1])
        case = NetworkCase(mail(), ExtractedMessage(), ENVELOPE, "mx", True, CheckContext(settings, 0, None, {check.NAME: tool}))
        find: Callable[[NetworkCase], Awaitable[CheckResult]] = check.find
        first = await find(case)
        second = await find(case)
        server.close()
        return why(first), why(second)

    assert asyncio.run(twice()) == ("timeout", "timeout")
    assert len(calls) == 1, "the second time it is not even asked"


@pytest.mark.parametrize("check", [rspamd, spamassassin], ids=["rspamd", "spamd"])
def test_nobody_is_asked_about_our_own_mail_or_what_is_too_large(check: ModuleType) -> None:
    assert asyncio.run(asked(check, "127.0.0.1:1", mail(), inbound=False)) == NOTHING
    assert asyncio.run(asked(check, "127.0.0.1:1", bytes(check.MAX_BYTES + 1))) == NOTHING


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, {}),
        ({"rspamd": {"score": 7.5, "required": 15.0}}, {"spam.others": 250}),
        ({"rspamd": {"score": 1.0, "required": 15.0}, "spamd": {"score": 5.0, "required": 5.0}}, {"spam.others": 500}),
        ({"spamd": {"score": 999.0, "required": 5.0}}, {"spam.others": 1000}),
        ({"spamd": {"score": -3.0, "required": 5.0}}, {}),
        ({"rspamd": {"score": 3.0, "required": 0.0}}, {}),
    ],
)
def test_the_strongest_of_them_is_one_number(more: dict[str, dict[str, float]], said: dict[str, int]) -> None:
    assert (
        external_scores.find(CombinedCase(ExtractedMessage(), ENVELOPE, "mx", True, CheckContext(Settings(), 0), {}, more)).facts
        == said
    )


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("http://127.0.0.1:11333", ("127.0.0.1", 11333)),
        ("http://scan.city.example/", ("scan.city.example", 99)),
        ("[::1]:783", ("::1", 783)),
        ("127.0.0.1", ("127.0.0.1", 99)),
    ],
)
def test_an_address_is_a_host_and_a_port(address: str, place: tuple[str, int]) -> None:
    found = filter_client.program_at(address, 99)
    assert (found.host, found.port) == place
