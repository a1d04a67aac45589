"""Sums of reports about mail in our name, one small file for each month (docs/formats.md, "Reports of others").

A report counts once, by its reporter, id, domain and begin, in the month of its begin. Strangers write reports, so every value is
limited and checked: addresses of servers, names of our domains and subdomains, kinds that RFC 8460 has. One row sums up everything
beyond a month's limit. No person's address is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import orjson

from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.lease import locked
from civicmail.mail.screening.domains import a_labels, is_domain, is_within
from civicmail.mail.screening.reports.shapes import Report
from civicmail.mail.screening.reports.summary import Sender, Sessions, Summary, key_of, summed

MONTHS = 13
MAX_SENDERS, MAX_SESSIONS, MAX_REPORTS, MAX_REPORTERS, MAX_SIGNED = 5_000, 200, 20_000, 500, 5
KINDS = frozenset(
    {
        "starttls-not-supported",
        "certificate-host-mismatch",
        "certificate-expired",
        "certificate-not-trusted",
        "validation-failure",
        "tlsa-invalid",
        "dnssec-invalid",
        "dane-required",
        "sts-policy-fetch-error",
        "sts-policy-invalid",
        "sts-webpki-invalid",
    }
)
"""RFC 8460 4.3."""
MANY = ""
"""In place of an address: all those for which there was no room, or whose address was none."""
_VERSION = 1
_AHEAD = 2 * 86_400  # seconds that clocks of reporters may be ahead


@dataclass(slots=True)
class Month:
    """seen: of each report the first 32 digits of SHA-256 (docs/formats.md)."""

    name: str
    summary: Summary = field(default_factory=Summary)
    seen: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Intake:
    """Counts of reports. foreign: about other domains; outside: of a month that is not stored, or is full."""

    new: int = 0
    known: int = 0
    foreign: int = 0
    outside: int = 0

    def __str__(self) -> str:
        """Like "3 reports are new, 1 known already"."""
        words = [f"{self.new} report{'' if self.new == 1 else 's'} {'is' if self.new == 1 else 'are'} new"]
        words += [f"{self.known} known already"] if self.known else []
        words += [f"{self.foreign} not about our domains"] if self.foreign else []
        words += [f"{self.outside} of a time that is not kept"] if self.outside else []
        return ", ".join(words)


def folder(data: Path) -> Path:
    return data / "reports"


def keep(data: Path, reports: Iterable[Report], domains: Collection[str], *, now: int, files: Files = OS_FILES) -> Intake:
    """Add reports to the months. domains: ours (A-labels); now: ms. Durable on return. Raises DamagedFile."""
    taken, months = Intake(), {}
    oldest = _months(now)[-1]
    files.make_folder(folder(data))
    with locked(folder(data) / ".lock"):
        for report in reports:
            name = _month(report.begin)
            if not report.begin or name < oldest or report.begin > now // 1000 + _AHEAD:
                taken.outside += 1
                continue
            if name not in months:
                months[name] = _read(_path(data, name)) or Month(name)
            _take(taken, months[name], report, domains)
        for month in months.values():
            files.replace(_path(data, month.name), _encoded(month))
    sweep(data, now, files)
    return taken


def read(data: Path, now: int) -> dict[str, Summary]:
    """The stored sums by month, such as 2026-03, newest first. now: ms. Raises DamagedFile."""
    summaries = {}
    for name in dict.fromkeys((_month(now // 1000 + _AHEAD), *_months(now))):  # clocks of reporters may be ahead
        if (month := _read(_path(data, name))) is not None:
            summaries[name] = month.summary
    return summaries


def sweep(data: Path, now: int, files: Files = OS_FILES) -> int:
    """Remove files older than MONTHS; return how many. now: ms."""
    oldest = _months(now)[-1]
    old = [path for path in folder(data).glob("????-??.json") if path.stem < oldest]
    for path in old:
        files.unlink(path)
    return len(old)


def _take(taken: Intake, month: Month, report: Report, domains: Collection[str]) -> None:
    digest = hashlib.sha256("\0".join(map(str, key_of(report))).encode("utf-8", "replace")).hexdigest()[:32]
    if digest in month.seen:
        taken.known += 1
        return
    one = summed([report], domains)
    if not (one.senders or one.sessions):
        taken.foreign += 1
        return
    if len(month.seen) >= MAX_REPORTS:
        taken.outside += 1
        return
    taken.new += 1
    month.seen.add(digest)
    _add(month.summary, one, tuple(domains))


def _add(into: Summary, one: Summary, ours: tuple[str, ...]) -> None:
    into.reports += one.reports
    into.begin = min(filter(None, (into.begin, one.begin)), default=0)
    into.end = max(into.end, min(one.end, one.begin + 31 * 86_400))
    into.others += one.others
    if len(into.reporters) < MAX_REPORTERS:
        into.reporters |= {name.rpartition("@")[2][:100] for name in one.reporters}
    for sender in one.senders.values():
        domain, address = _named(sender.domain, ours), _address(sender.address)
        key = (domain, address)
        if key not in into.senders and len(into.senders) >= MAX_SENDERS:
            key = (_above(domain, ours), MANY)
        to = into.senders.setdefault(key, Sender(*key))
        to.passed, to.failed, to.refused = to.passed + sender.passed, to.failed + sender.failed, to.refused + sender.refused
        room = max(0, MAX_SIGNED - len(to.signed))
        to.signed |= set(sorted(name for name in sender.signed - to.signed if is_domain(name))[:room])
    for sessions in one.sessions.values():
        name = _named(sessions.domain, ours)
        if name not in into.sessions and len(into.sessions) >= MAX_SESSIONS:
            name = _above(name, ours)
        kept = into.sessions.setdefault(name, Sessions(name))
        kept.good, kept.bad = kept.good + sessions.good, kept.bad + sessions.bad
        for kind, count in sessions.kinds.items():
            known = kind if kind in KINDS else "other"
            kept.kinds[known] = kept.kinds.get(known, 0) + count


def _named(domain: str, ours: tuple[str, ...]) -> str:
    plain = a_labels(domain)
    return plain if is_domain(plain) else _above(plain, ours)


def _above(domain: str, ours: tuple[str, ...]) -> str:
    """Our domain that equals it or is above it."""
    return next(one for one in ours if is_within(domain, one))


def _address(text: str) -> str:
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return MANY


def _encoded(month: Month) -> bytes:
    s = month.summary
    plain = {
        "v": _VERSION,
        "reports": s.reports,
        "begin": s.begin,
        "end": s.end,
        "others": s.others,
        "reporters": sorted(s.reporters),
        "senders": [[x.domain, x.address, x.passed, x.failed, x.refused, sorted(x.signed)] for x in s.senders.values()],
        "sessions": [[x.domain, x.good, x.bad, x.kinds] for x in s.sessions.values()],
        "seen": sorted(month.seen),
    }
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def _read(path: Path) -> Month | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        plain = orjson.loads(content)
        if plain["v"] != _VERSION:
            raise DamagedFile(f"{path} has version {plain['v']}; this program reads {_VERSION}.")
        return Month(path.stem, _summary(plain), set(plain["seen"]))
    except (ValueError, TypeError, KeyError):
        raise DamagedFile(f"{path} is not as it was written; remove it, and read the reports of that month in again.") from None


def _summary(plain: dict[str, Any]) -> Summary:
    senders = [Sender(row[0], row[1], row[2], row[3], row[4], set(row[5])) for row in plain["senders"]]
    sessions = [Sessions(*row) for row in plain["sessions"]]
    return Summary(
        reports=plain["reports"],
        begin=plain["begin"],
        end=plain["end"],
        reporters=set(plain["reporters"]),
        senders={(one.domain, one.address): one for one in senders},
        sessions={one.domain: one for one in sessions},
        others=plain["others"],
    )


def _path(data: Path, name: str) -> Path:
    return folder(data) / f"{name}.json"


def _month(seconds: int) -> str:
    """The month of a time; empty if no stored month has it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m") if 0 < seconds < 1 << 37 else ""


def _months(now: int) -> list[str]:
    """The last MONTHS, the newest first. now: ms."""
    at = datetime.fromtimestamp(now // 1000, UTC)
    count = at.year * 12 + at.month - 1
    return [f"{(count - back) // 12:04}-{(count - back) % 12 + 1:02}" for back in range(MONTHS)]
