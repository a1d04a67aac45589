"""SPF by RFC 7208: the whole test suite of openspf where it is there, and what hostile records may cost."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from civicmail.mail.screening import spf
from civicmail.mail.screening.resolver import Answer, Kind, TemporaryFailure
from mail.screening import suites
from mail.screening.zone import Zone


def _check(
    zone: Any, *, client: str = "192.0.2.1", sender: str = "a@sender.example", helo: str = "mx.sender.example"
) -> spf.Verdict:
    return asyncio.run(spf.check(zone, client=client, sender=sender, helo=helo, seconds=60))


@pytest.mark.corpora
def test_the_203_tests_of_rfc_7208_are_decided_as_it_says(corpora: Path) -> None:
    assert suites.of_spf(corpora) == (203, [])


def _asking(rows: dict[str, str | list[str]], **more: Any) -> tuple[spf.Verdict, int]:
    zone = Zone({name: {"TXT": text} if name != "mx.sender.example" else {"A": text} for name, text in rows.items()})
    return _check(zone, **more), len(zone.asked)


def _chain(count: int, end: str) -> dict[str, str | list[str]]:
    rows: dict[str, str | list[str]] = {f"i{n}.example": f"v=spf1 include:i{n + 1}.example -all" for n in range(count)}
    return {"sender.example": "v=spf1 include:i0.example -all", **rows, f"i{count}.example": end}


@pytest.mark.rule("P-26", "SPF sends no more DNS queries than RFC 7208 allows, whatever a record contains.")
def test_a_record_has_no_more_questions_than_the_standard_allows() -> None:
    """RFC 7208 4.6.4: ten that cost a look-up, two that find nothing."""
    assert _asking(_chain(9, "v=spf1 ip4:192.0.2.1 -all"))[0].result == "pass"
    verdict, asked = _asking(_chain(30, "v=spf1 ip4:192.0.2.1 -all"))
    assert (verdict.result, asked) == ("permerror", 11)
    verdict, asked = _asking({"sender.example": "v=spf1 " + " ".join(f"exists:n{n}.example" for n in range(9)) + " -all"})
    assert (verdict.result, asked) == ("permerror", 4)
    loop: dict[str, str | list[str]] = {"sender.example": "v=spf1 include:sender.example -all"}
    assert _asking(loop)[0].result == "permerror"


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 " + "ip4:203.0.113.1 " * 400 + "-all", "permerror"),  # longer than anybody may make us read
        ("v=spf1 " + "a:%{l}.x.example " * 200 + "-all", "permerror"),
        ("v=spf1 exists:%{x} -all", "permerror"),
        ("v=spf1 ?exists:%{s0}.x.example +all", "permerror"),
        ("v=spf1 \xe4 -all", "permerror"),
        ("v=spf1 exp=words.example -all", "fail"),
        ("v=spf1 redirect=sender.example", "permerror"),
    ],
)
def test_hostile_records_end_in_time_and_as_what_they_are(record: str, result: str) -> None:
    began = time.perf_counter()
    verdict, asked = _asking({"sender.example": record, "words.example": "the words of a stranger"})
    assert verdict.result == result
    assert asked <= 12 and time.perf_counter() - began < 20
    assert not any("stranger" in part for part in (verdict.why,))


def test_ten_mail_servers_with_ten_addresses_each_are_looked_at_and_no_more() -> None:
    rows: dict[str, dict[str, Any]] = {"sender.example": {"TXT": "v=spf1 mx -all", "MX": [f"10 m{n}.example" for n in range(10)]}}
    rows |= {f"m{n}.example": {"A": [f"203.0.113.{n * 10 + k}" for k in range(10)]} for n in range(10)}
    zone = Zone(rows)
    assert _check(zone).result == "fail" and len(zone.asked) == 12
    rows["sender.example"]["MX"] = [f"10 m{n}.example" for n in range(11)]
    assert _check(Zone(rows)).result == "permerror"


def test_what_cannot_be_asked_is_a_temporary_error_and_says_whose_fault_it_is() -> None:
    class Dead:
        async def ask(self, name: str, kind: Kind) -> Answer:
            raise TemporaryFailure("our resolver does not answer", ours=True)

    verdict = _check(Dead())
    assert (verdict.result, verdict.ours, verdict.why) == ("temperror", True, "our resolver does not answer")


@pytest.mark.parametrize(
    "sender", ['"a@b"@sender.example', "@sender.example", "a+%{d}@sender.example", "ä@sender.example", "<>@sender.example"]
)
def test_the_domain_of_a_sender_is_what_stands_behind_its_last_at(sender: str) -> None:
    rows: dict[str, str | list[str]] = {"sender.example": "v=spf1 exists:%{l}.%{d} ip4:192.0.2.1 -all"}
    assert _asking(rows, sender=sender)[0] == spf.Verdict("pass", "sender.example", "mailfrom")


@pytest.mark.parametrize("helo", ["", "localhost", "[192.0.2.1]", "a b", "x" * 300, "-"])
def test_a_null_sender_whose_helo_is_no_name_has_nobody_to_ask(helo: str) -> None:
    verdict, asked = _asking({}, sender="", helo=helo)
    assert (verdict.result, verdict.identity, asked) == ("none", "helo", 0)
