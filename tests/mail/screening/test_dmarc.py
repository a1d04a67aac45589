"""DMARC by RFC 9989: each of its own rules as a row."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.mail.screening import dmarc
from civicmail.mail.screening.dmarc import Proof, Verdict
from mail.screening.zone import Zone

LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,5}[a-z0-9])?", fullmatch=True)


def decide(rows: dict[str, str | list[str]], domain: str, *proofs: Proof, seconds: float = 60) -> tuple[Verdict, Zone]:
    dns = Zone({name: {"TXT": text} if name.startswith("_dmarc") else {"A": "192.0.2.1"} for name, text in rows.items()})
    return asyncio.run(dmarc.decide(dns, domain, proofs, seconds=seconds)), dns


def dkim(domain: str) -> Proof:
    return Proof("dkim", domain)


RULES = tomllib.loads((Path(__file__).parent / "dmarc.toml").read_text())["rule"]


@pytest.mark.rule("P-26", "The policy in force, its request and alignment are determined by RFC 9989.")
@pytest.mark.parametrize("rule", RULES, ids=[rule["name"] for rule in RULES])
def test_rules_of_rfc_9989(rule: dict[str, Any]) -> None:
    proofs = [Proof(method, domain) for method in ("dkim", "spf") for domain in rule.get(method, [])]
    verdict, _ = decide(rule.get("dns", {}), rule["author"], *proofs)
    assert [verdict.result, verdict.policy] == rule["gives"], verdict


def test_the_walk_asks_eight_names_at_most() -> None:
    """RFC 9989 4.10: of a name with more than eight labels those in the middle are left out."""
    long = "a.b.c.d.e.f.g.h.i.j.mail.example"
    verdict, dns = decide({}, long)
    names = [name for name, kind in dns.asked]
    assert verdict.result == "none"
    assert names == [f"_dmarc.{name}" for name in dmarc.targets(long)]
    assert len(names) == 8
    assert names[0] == f"_dmarc.{long}" and names[1] == "_dmarc.f.g.h.i.j.mail.example" and names[-1] == "_dmarc.example"


def test_who_has_a_record_and_proof_of_its_own_is_asked_about_once() -> None:
    """Nor does it matter to them that the servers of a name above fail."""
    dns = Zone({"_dmarc.m.a.example": {"TXT": "v=DMARC1; p=reject; np=none"}, "_dmarc.a.example": {"TXT": "TEMP"}})
    verdict = asyncio.run(dmarc.decide(dns, "m.a.example", [dkim("x.example"), dkim("m.a.example")], seconds=60))
    assert (verdict.result, verdict.policy, verdict.by) == ("pass", "reject", "dkim m.a.example")
    assert dns.asked == [("_dmarc.m.a.example", "TXT")]


@given(st.lists(LABEL, min_size=2, max_size=40))
@settings(max_examples=60)
def test_every_walk_is_short_and_goes_up(labels: list[str]) -> None:
    domain = ".".join(labels)
    found = dmarc.targets(domain)
    assert found[0] == domain and found[-1] == labels[-1] and len(found) <= 8 and len(found) == min(8, len(labels))
    assert all(domain.endswith(name) for name in found)
    assert [len(name.split(".")) for name in found[1:]] == list(range(len(found) - 1, 0, -1))


@given(st.text(max_size=80))
@settings(max_examples=100)
def test_any_record_is_read_or_is_none(text: str) -> None:
    for each in (text, f"v=DMARC1;{text}", f"v=DMARC1; p=reject; {text}"):
        record = dmarc.read_record(each, "a.example")
        assert record is None or record.p in (None, "none", "quarantine", "reject")


def test_what_cannot_be_known_now_is_a_temporary_error() -> None:
    for name in ("_dmarc.m.a.example", "_dmarc.a.example"):
        dns = Zone({name: {"TXT": "TEMP"}})
        assert asyncio.run(dmarc.decide(dns, "m.a.example", [dkim("m.a.example")], seconds=60)).result == "temperror"


def test_an_author_without_a_domain_is_a_permanent_error() -> None:
    for domain in ("", "localhost", "a..b", "x" * 300, "evil.example>;"):
        verdict, dns = decide({}, domain)
        assert verdict.result == "permerror" and dns.asked == []
