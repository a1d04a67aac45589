"""ARC: the chains of the test suite are decided as it says, and a sealer is believed about what it alone can know (RFC 8617)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from civicmail.mail.screening import arc
from civicmail.mail.screening.signatures import ArcSet, Signature, Signed
from mail.screening import suites
from mail.screening.zone import zone


@pytest.mark.corpora
def test_the_168_chains_of_the_suite_that_it_decides_are_decided_so(corpora: Path) -> None:
    assert suites.of_arc(corpora) == (168, [])


def _chain(*sealed: tuple[str, str]) -> Signed:
    return Signed(sets=tuple(ArcSet(Signature(domain, "s"), Signature(domain, "s"), results) for domain, results in sealed))


def test_a_long_chain_asks_for_one_key_and_no_more_where_that_is_none() -> None:
    """Fifty seals of a stranger whose name servers hang would leave no room for the questions of other mail."""
    dns = zone({})
    chain = _chain(*[(f"h{n}.example", "") for n in range(50)])
    assert asyncio.run(arc.verify(dns, chain, seconds=60)).result == "fail"
    assert dns.asked == [("s._domainkey.h49.example", "TXT")]


PASS = "i=1; mx; dmarc=pass (p=none) header.from=a.example; spf=fail"
HOLDS = arc.Verdict("pass", "list.example", 1)


@pytest.mark.parametrize(
    ("chain", "sealers", "by"),
    [
        ([("list.example", PASS)], ["list.example"], "list.example"),
        ([("mx.list.example", PASS)], ["LIST.example"], "mx.list.example"),
        ([("list.example", PASS)], [], ""),
        ([("evil-list.example", PASS)], ["list.example"], ""),
        ([("list.example", PASS), ("evil.example", PASS)], ["list.example"], ""),  # the last may have made up the first
        ([("list.example", PASS), ("second.example", "i=2; mx; arc=pass")], ["list.example", "second.example"], "list.example"),
        ([("evil.example", PASS), ("list.example", "i=2; mx; arc=pass; dmarc=fail header.from=a.example")], ["list.example"], ""),
        ([("list.example", PASS.replace("a.example", "b.example"))], ["list.example"], ""),
        ([("list.example", "i=1; mx; spf=fail (x; dmarc=pass header.from=a.example)")], ["list.example"], ""),
        ([("list.example", 'i=1; mx; spf=fail reason="; dmarc=pass header.from=a.example"')], ["list.example"], ""),
        ([("list.example", "i=1; mx; spf=fail ((x); dmarc=pass header.from=a.example")], ["list.example"], ""),
    ],
)
def test_whom_we_believe_is_believed_and_nobody_before_a_stranger(
    chain: list[tuple[str, str]], sealers: list[str], by: str
) -> None:
    assert arc.vouched(_chain(*chain), HOLDS, sealers, "a.example") == by
    assert arc.vouched(_chain(*chain), arc.Verdict("fail"), sealers, "a.example") == ""
