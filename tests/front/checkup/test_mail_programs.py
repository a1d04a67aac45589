"""What doctor says of the records of mail programs; the DNS is a dictionary here."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from civicmail.core.config.settings import Programs, Settings
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.front.checkup.mail_programs import programs, query_srv

GOOD = {
    "_imaps._tcp.city.example": [(993, "imap.city.example.")],
    "_imap._tcp.city.example": [(0, ".")],
    "_submissions._tcp.city.example": [(465, "mail.city.example.")],
    "_submission._tcp.city.example": [(0, ".")],
}


def found(dns: dict[str, list[tuple[int, str]]] | OSError, named: bool = True) -> list[Finding]:
    told = Programs(imap="imaps://imap.city.example:993", submission="submissions://mail.city.example:465") if named else Programs()

    def ask(name: str) -> Sequence[tuple[int, str]]:
        if isinstance(dns, OSError):
            raise dns
        return dns.get(name, [])

    return list(programs(Installation(Path(), dataclasses.replace(Settings(), programs=told), 0), ask))


def test_records_that_are_there_are_fine() -> None:
    (finding,) = found(GOOD)
    assert (finding.level, finding.do) == ("ok", "")


@pytest.mark.rule("P-06", "`doctor` prints a record that is missing or another as the zone should have it.")
def test_a_record_that_is_missing_or_another_is_told_as_it_should_be() -> None:
    """The line for the zone, to be copied; a missing record is no problem for mail itself."""
    (missing,) = found({k: v for k, v in GOOD.items() if k != "_imaps._tcp.city.example"})
    assert missing.level == "warning"
    assert missing.do == "Add to the zone: _imaps._tcp.city.example. 3600 IN SRV 10 0 993 imap.city.example."
    (other,) = found(GOOD | {"_submissions._tcp.city.example": [(465, "old.example.")]})
    assert "old.example:465" in other.text and other.do.endswith("IN SRV 10 0 465 mail.city.example.")


def test_what_cannot_be_asked_is_said_with_all_that_should_be_there() -> None:
    (finding,) = found(OSError("NoNameservers"))
    assert finding.level == "warning" and "could not be asked for 4 records" in finding.text and "NoNameservers" in finding.text
    assert finding.do.count(" IN SRV ") == 4


def test_without_named_services_nobody_is_asked() -> None:
    (finding,) = found(OSError("never"), named=False)
    assert finding.level == "not-set-up" and "[programs]" in finding.text


def test_a_resolver_that_fails_is_an_answer_and_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """dnspython's own kinds of failure: a name that is not there, no answer, nobody there."""
    import dns.resolver

    for error, expected in ((dns.resolver.NXDOMAIN(), []), (dns.resolver.NoAnswer, []), (dns.resolver.NoNameservers(), OSError)):

        def resolve(self: object, name: str, kind: str, lifetime: float, error: BaseException = error) -> None:  # type: ignore[assignment]
            raise error

        monkeypatch.setattr(dns.resolver.Resolver, "__init__", lambda self: None)
        monkeypatch.setattr(dns.resolver.Resolver, "resolve", resolve)
        if expected is OSError:
            with pytest.raises(OSError, match="NoNameservers"):
                query_srv("_imaps._tcp.city.example")
        else:
            assert query_srv("_imaps._tcp.city.example") == expected
