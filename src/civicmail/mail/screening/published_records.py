"""Check the DNS records of one of our own domains: SPF, DMARC, MTA-STS, TLS-RPT. With them others can recognize our mail and
deliver to us over TLS."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from civicmail.core.config.settings import Settings
from civicmail.mail.screening import dmarc, nameserver
from civicmail.mail.screening.domains import a_labels
from civicmail.mail.screening.resolver import Answer, Resolver, TemporaryFailure
from civicmail.mail.screening.tags import fields, salvaged

State = Literal["good", "waits", "weak", "missing", "wrong", "unknown"]
"""waits: somebody must take the next step (for keys)."""


@dataclass(frozen=True, slots=True)
class RecordCheck:
    """One record. name: in the zone; record: SPF, DKIM, DMARC, MTA-STS or TLS-RPT; says: the published value, or why it is
    unknown; text: one sentence; should: the recommended record; publish: that as a line of a zone file."""

    record: str
    name: str
    state: State
    says: str = ""
    text: str = ""
    should: str = ""
    publish: str = ""


def to_ask(settings: Settings) -> tuple[list[str], list[str]]:
    """City domains whose records can be queried (A-labels), and names for trials, which exist only for a resolver named in the
    settings."""
    every = [a_labels(domain) for domain in settings.city.domains]
    real = [domain for domain in every if settings.screening.resolver or not nameserver.is_special(domain)]
    return real, [domain for domain in every if domain not in real]


def on_trial(domains: list[str]) -> str:
    """Why nothing is known of these domains."""
    return f"{', '.join(domains)} is a name for trials; nobody outside can ask for its records, and no mail comes for it."


async def check_records(resolver: Resolver, domain: str, policy: str = "") -> list[RecordCheck]:
    """The four records of a domain (A-labels), queried concurrently. policy: as in check_record."""
    return list(await asyncio.gather(*(check_record(resolver, record, domain, policy) for record in RECORDS)))


async def check_record(resolver: Resolver, record: str, domain: str, policy: str = "") -> RecordCheck:
    """Check one of RECORDS. policy: id of the MTA-STS policy that our pages serve, "" for none."""
    name = place(record, domain)
    try:
        answer: Answer = await resolver.ask(name, "TXT")
    except TemporaryFailure as error:
        return unknown(record, domain, error.why)
    begins = _BEGINS[record]
    judged = _JUDGED[record](domain, [value for value in answer.values if begins.match(value)])
    return _of(judged, domain, policy) if record == "MTA-STS" and policy else judged


def place(record: str, domain: str) -> str:
    """The record's name in the zone."""
    return f"{_BEFORE[record]}{domain}"


def unknown(record: str, domain: str, why: str) -> RecordCheck:
    """A check that could not query; the record is not called missing. why: such as "no answer in time"."""
    return RecordCheck(
        record, place(record, domain), "unknown", why, f"The DNS could not be asked for {record} of {domain}: {why}."
    )


def zone_line(name: str, value: str) -> str:
    """A TXT record in zone file form: strings of at most 255 characters (RFC 1035 3.3.14)."""
    strings = [value[at : at + 255].replace("\\", "\\\\").replace('"', '\\"') for at in range(0, len(value), 255)]
    return f"{name}. IN TXT " + " ".join(f'"{string}"' for string in strings)


_BEFORE = {"SPF": "", "DMARC": "_dmarc.", "MTA-STS": "_mta-sts.", "TLS-RPT": "_smtp._tls."}
RECORDS = tuple(_BEFORE)

_REPORTS = re.compile(r"mailto:[^@\s!;,]+@[^\s!;,@]+|https://[^\s!;,]+", re.IGNORECASE)

_BEGINS = {
    "SPF": re.compile(r"v=spf1(?: |\Z)", re.IGNORECASE),
    "DMARC": re.compile(r"\s*v\s*=\s*DMARC1\s*(?:;|\Z)", re.IGNORECASE),
    "MTA-STS": re.compile(r"v=STSv1\s*;"),
    "TLS-RPT": re.compile(r"v=TLSRPTv1\s*;"),
}


def is_sts(record: str) -> bool:
    """Whether a TXT record announces an MTA-STS policy (RFC 8461 3.1)."""
    ids = [value for name, value in fields(record, "v=STSv1") or () if name == "id"]
    return len(ids) == 1 and re.fullmatch(r"[A-Za-z0-9]{1,32}", ids[0]) is not None


def is_tls_rpt(record: str) -> bool:
    """Whether a TXT record says where TLS reports go (RFC 8460 3): each rua= is a list of addresses."""
    lists = [value.split(",") for name, value in fields(record, "v=TLSRPTv1") or () if name == "rua"]
    return bool(lists) and all(_REPORTS.fullmatch(uri.strip(" \t")) for uris in lists for uri in uris)


def _spf(domain: str, values: list[str]) -> RecordCheck:
    should = f'{domain} TXT "v=spf1 mx -all", with whoever else sends in its name'
    if not values:
        text = f"{domain} has no SPF record, so anybody may send in its name."
        return RecordCheck("SPF", domain, "missing", "", text, should, zone_line(domain, "v=spf1 mx -all"))
    if len(values) > 1:
        return RecordCheck("SPF", domain, "wrong", values[0], f"{domain} has {len(values)} SPF records, so none counts.", should)
    terms = values[0].lower().split()
    if not ({"-all", "~all"} & set(terms) or any(term.startswith("redirect=") for term in terms)):
        text = f"The SPF record of {domain} does not say that nobody else sends."
        closed = " ".join([*(term for term in values[0].split() if term.lower().lstrip("?+") != "all"), "-all"])
        return RecordCheck("SPF", domain, "weak", values[0], text, should, zone_line(domain, closed))
    return RecordCheck("SPF", domain, "good", values[0])


def _dmarc(domain: str, values: list[str]) -> RecordCheck:
    name = f"_dmarc.{domain}"
    should = f'{name} TXT "v=DMARC1; p=reject; rua=mailto:dmarc@{domain}"; begin with p=none until the reports are good'
    if not values:
        text = f"{domain} has no DMARC record, so others let pass who pretends to be it."
        begin = zone_line(name, f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}")
        return RecordCheck("DMARC", name, "missing", "", text, should, begin)
    record = dmarc.read_record(values[0], domain)
    if len(values) > 1 or record is None or record.broken:
        return RecordCheck("DMARC", name, "wrong", values[0], f"The DMARC record of {domain} is not one that counts.", should)
    if record.flawed:
        text = f"The DMARC record of {domain} has pieces that cannot be read, so not everybody keeps to it."
        return RecordCheck("DMARC", name, "weak", values[0], text, should, zone_line(name, _mended(values[0])))
    if record.p == "none" or record.testing:
        text = f"The DMARC record of {domain} asks others for nothing yet."
        strict = re.sub(r"(?i)(;\s*p\s*=\s*)none", r"\g<1>reject", values[0], count=1)
        return RecordCheck("DMARC", name, "weak", values[0], text, should, zone_line(name, strict) if strict != values[0] else "")
    return RecordCheck("DMARC", name, "good", values[0])


def _mended(record: str) -> str:
    """A DMARC record without its invalid parts."""
    return "; ".join(f"{name}={value}" for name, value in salvaged(record)[0].items() if value)


def _mta_sts(domain: str, values: list[str]) -> RecordCheck:
    name = f"_mta-sts.{domain}"
    publish = zone_line(name, "v=STSv1; id=1")
    should = f'{name} TXT "v=STSv1; id=1", and the policy at https://mta-sts.{domain}/.well-known/mta-sts.txt (RFC 8461)'
    if not values:
        text = f"{domain} has no MTA-STS record, so others may bring mail without TLS."
        return RecordCheck("MTA-STS", name, "missing", "", text, should, publish)
    if len(values) > 1 or not is_sts(values[0]):
        return RecordCheck(
            "MTA-STS", name, "wrong", values[0], f"The MTA-STS record of {domain} is not one that counts.", should, publish
        )
    return RecordCheck("MTA-STS", name, "good", values[0])


def _of(look: RecordCheck, domain: str, policy: str) -> RecordCheck:
    """The check of an MTA-STS record against the id of the policy that our pages serve."""
    if look.state == "good" and dict(fields(look.says, "v=STSv1") or ()).get("id") == policy:
        return look
    publish = zone_line(look.name, f"v=STSv1; id={policy}")
    should = f'{look.name} TXT "v=STSv1; id={policy}"'
    if look.state != "good":
        return replace(look, should=should, publish=publish)
    text = f"The MTA-STS record of {domain} has another id than the policy that is served, so others keep to the policy before it."
    return replace(look, state="wrong", text=text, should=should, publish=publish)


def _tls_rpt(domain: str, values: list[str]) -> RecordCheck:
    name = f"_smtp._tls.{domain}"
    publish = zone_line(name, f"v=TLSRPTv1; rua=mailto:tls@{domain}")
    should = f'{name} TXT "v=TLSRPTv1; rua=mailto:tls@{domain}" (RFC 8460)'
    if not values:
        text = f"{domain} has no TLS-RPT record, so nobody tells it when mail could not be brought over TLS."
        return RecordCheck("TLS-RPT", name, "missing", "", text, should, publish)
    if len(values) > 1 or not is_tls_rpt(values[0]):
        return RecordCheck(
            "TLS-RPT", name, "wrong", values[0], f"The TLS-RPT record of {domain} is not one that counts.", should, publish
        )
    return RecordCheck("TLS-RPT", name, "good", values[0])


_JUDGED: dict[str, Callable[[str, list[str]], RecordCheck]] = {
    "SPF": _spf,
    "DMARC": _dmarc,
    "MTA-STS": _mta_sts,
    "TLS-RPT": _tls_rpt,
}
