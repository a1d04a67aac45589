"""Scan for malware with ClamAV: the whole message once, because clamd reads MIME and archives; each attachment when something was
found; then what clamd does not open (a truncated zip, Zstandard, a visiting card).

A network check. Signatures older than a day are reported. Older than three days, a message with active content counts as not
scanned. Signatures without a date are a city's own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from civicmail.city.policy.dispositions import FactValue, Finding
from civicmail.core.config.settings import Settings
from civicmail.core.message import transfer_encoding
from civicmail.mail.screening import clamd
from civicmail.mail.screening.clamd import Clamd, ScanReply
from civicmail.mail.screening.shapes import CheckResult, NetworkCase, unavailable

NAME = "clamav"
VERSION = 1
SECONDS = 15.0
"""For everything asked about one message; clamd's own MaxScanTime may be longer."""
BLAME_SECONDS = 4.0
"""For finding the infected attachment."""
BLAMED = 50
"""Attachments that are scanned one by one."""
HOUR = 3_600_000
STALE, TOO_OLD = 24 * HOUR, 72 * HOUR
"""Age of signatures, in ms: told of; not good enough for what can act."""
REST_SECONDS = 10.0
"""How long a clamd that does not answer PING is left alone."""
_CHECK_SECONDS = 300.0
_MARGIN = 0.5
_SEPARATE = "apart "
"""Prefix of the keys under which the check of files passes contents to scan, followed by the path of their part."""
_ACTS = tuple(f"files.{fact}" for fact in ("active", "encrypted", "executable", "form", "limits", "macros", "mismatch", "unread"))
"""Facts that make a message active, or may hide that it is."""
_HEURISTIC = re.compile(r"(?:Heuristics|PUA)\.")
_SAME_AS = (("Heuristics.Encrypted.", "files.encrypted"), ("Heuristics.OLE2.ContainsMacros", "files.macros"))
"""Heuristics of clamd that are no malware, and the fact that each stands for (AlertEncrypted, AlertOLE2Macros …)."""
_LIMITS = "Heuristics.Limits.Exceeded"
_DATE = re.compile(r"ClamAV [^/]+/\d+/\w{3} (\w{3}) +(\d+) (\d\d):(\d\d):(\d\d) (\d{4})\Z")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(slots=True)
class Scanner:
    """The connection to clamd, the date of its signatures, and until when it is left alone (seconds of the loop's clock)."""

    ask: Clamd
    made: int = -1
    checked_at: float = float("-inf")
    rests_until: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


def open_(settings: Settings, data: Path) -> Scanner:
    return Scanner(Clamd(settings.screening.clamd))


def signatures(version: str) -> int:
    """When the signatures were made, epoch ms by this machine's clock; -1 where the version does not say."""
    match = _DATE.fullmatch(version.strip())
    if match is None or match[1] not in _MONTHS:
        return -1
    try:
        day = datetime(int(match[6]), _MONTHS.index(match[1]) + 1, int(match[2]), int(match[3]), int(match[4]), int(match[5]))
        return int(day.timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return -1


async def find(case: NetworkCase) -> CheckResult:
    """Raises nothing but CancelledError."""
    scanner: Scanner | None = case.context.tools.get(NAME)
    if scanner is None:
        return unavailable(NAME, "refused", VERSION)
    loop = asyncio.get_running_loop()
    if loop.time() < scanner.rests_until:
        return unavailable(NAME, clamd.TIMEOUT, VERSION)
    answer = await scanner.ask.scan(case.raw, SECONDS - BLAME_SECONDS - _MARGIN)
    if answer.kind == "found":
        return await _result(answer.detail, case, scanner)
    if answer.detail == clamd.TIMEOUT and not await scanner.ask.ping():
        scanner.rests_until = loop.time() + REST_SECONDS
    if answer.kind == "failed":
        return unavailable(NAME, answer.detail, VERSION)
    return await _scan_separately(case, scanner) or _outdated(await _signatures_made_at(scanner), case)


async def _scan_separately(case: NetworkCase, scanner: Scanner) -> CheckResult | None:
    """Scan what clamd does not open; None when nothing is found."""
    findings: list[Finding] = []
    files = [(key, value) for key, value in case.message.more.get("files", {}).items() if key.startswith(_SEPARATE)]
    for key, content in files[:BLAMED]:
        if not isinstance(content, bytes):
            continue
        answer = await scanner.ask.scan(content, BLAME_SECONDS)
        if answer.kind == "failed":
            return unavailable(NAME, answer.detail, VERSION)
        if answer.kind == "found" and not _HEURISTIC.match(answer.detail):
            findings.append(Finding(NAME, "malware", key.rpartition(" ")[2], 0, len(content), answer.detail, 100, VERSION))
    return CheckResult(tuple(findings), {"malware.found": tuple(dict.fromkeys(one.mask for one in findings))}) if findings else None


async def _result(name: str, case: NetworkCase, scanner: Scanner) -> CheckResult:
    if name.startswith(_LIMITS):  # it was scanned, and looking again would find the same: what is done is for rules to say
        return CheckResult((Finding(NAME, "limits", mask=name, sure=100, version=VERSION),), {"files.limits": True})
    if _HEURISTIC.match(name):
        same: dict[str, FactValue] = {fact: True for start, fact in _SAME_AS if name.startswith(start)}
        return CheckResult((Finding(NAME, "heuristic", mask=name, sure=50, version=VERSION),), same)
    blamed: list[Finding] = []
    names = {name: None}
    try:
        async with asyncio.timeout(BLAME_SECONDS):
            async for answer, part, offset, length in _each(case, scanner):
                blamed.append(Finding(NAME, "malware", part, offset, length, answer.detail, 100, VERSION))
                names[answer.detail] = None
    except TimeoutError:
        pass  # what it is called is known; which part it is may stay open
    whole = Finding(NAME, "malware", "", 0, len(case.raw), name, 100, VERSION)
    return CheckResult(tuple(blamed) or (whole,), {"malware.found": tuple(names)})


async def _each(case: NetworkCase, scanner: Scanner) -> AsyncIterator[tuple[ScanReply, str, int, int]]:
    """The infected attachments."""
    for part, offset, length, encoding in _places(case):
        content, _ = await asyncio.to_thread(transfer_encoding.decode, case.raw[offset : offset + length], encoding)
        answer = await scanner.ask.scan(content, BLAME_SECONDS)
        if answer.kind == "found" and not _HEURISTIC.match(answer.detail):
            yield answer, part, offset, length


def _places(case: NetworkCase) -> Iterator[tuple[str, int, int, str]]:
    """Where attachments lie in the message. The sandboxed process says so: only well-formed rows are used."""
    places = case.message.more.get("files", {}).get("places", ())
    for row in places[:BLAMED] if isinstance(places, list | tuple) else ():
        match row:
            case [str(part), int(offset), int(length), str(encoding)] if 0 <= offset <= offset + length <= len(case.raw):
                yield part, offset, length, encoding


async def _signatures_made_at(scanner: Scanner) -> int:
    """When the signatures were made. One message at a time asks again, every few minutes."""
    loop = asyncio.get_running_loop()
    async with scanner.lock:
        if loop.time() - scanner.checked_at > _CHECK_SECONDS:
            version: ScanReply = await scanner.ask.version()
            if version.kind == "clean":
                scanner.made, scanner.checked_at = signatures(version.detail), loop.time()
        return scanner.made


def _outdated(made: int, case: NetworkCase) -> CheckResult:
    age = case.context.now - made
    if made < 0 or age <= STALE:
        return CheckResult()
    hours = f"{age // HOUR} hours"
    if age > TOO_OLD and any(case.message.facts.get(fact) for fact in _ACTS):
        return CheckResult((Finding(NAME, "unavailable", mask="stale", version=VERSION),), {"unavailable": (NAME,)})
    return CheckResult((Finding(NAME, "stale", mask=hours, version=VERSION),))
