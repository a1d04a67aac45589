"""Malware, by ClamAV: the whole message once, because clamd reads MIME and archives itself, and where something was found each
attachment, to say which; then what lies where it does not look (a zip that was cut short, Zstandard, a visiting card).

An outer check. Signatures that are older than a day are told of; older than three, a message with something in it that can act
counts as not scanned. Signatures without a date are a city's own.
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
from civicmail.mail.screening.clamd import Answer, Clamd
from civicmail.mail.screening.shapes import Found, Outer, unavailable

NAME = "clamav"
VERSION = 1
SECONDS = 15.0
"""For everything that is asked about one message; clamd's own MaxScanTime may be longer."""
BLAME_SECONDS = 4.0
"""For finding out which attachment it is."""
BLAMED = 50
"""Attachments that are asked about singly."""
HOUR = 3_600_000
STALE, TOO_OLD = 24 * HOUR, 72 * HOUR
"""Age of signatures, in ms: told of; not good enough for what can act."""
REST_SECONDS = 10.0
"""After a clamd that does not even answer a PING, how long nobody is made to wait for it."""
_ASK_AGAIN_SECONDS = 300.0
_MARGIN = 0.5
_APART = "apart "
"""How contents are called in what the check of files says, with the path of the part that they lie in last."""
_ACTS = tuple(f"files.{fact}" for fact in ("active", "encrypted", "executable", "form", "limits", "macros", "mismatch", "unread"))
"""What makes a message one that can act, or hides whether it can."""
_HEURISTIC = re.compile(r"(?:Heuristics|PUA)\.")
_SAME_AS = (("Heuristics.Encrypted.", "files.encrypted"), ("Heuristics.OLE2.ContainsMacros", "files.macros"))
"""What clamd says of a file without knowing it to be bad (AlertEncrypted, AlertOLE2Macros …)."""
_LIMITS = "Heuristics.Limits.Exceeded"
_DATE = re.compile(r"ClamAV [^/]+/\d+/\w{3} (\w{3}) +(\d+) (\d\d):(\d\d):(\d\d) (\d{4})\Z")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(slots=True)
class Scanner:
    """What lasts: the way to clamd, what it said of its signatures, until when it is left alone (seconds of the loop's clock)."""

    ask: Clamd
    made: int = -1
    asked: float = float("-inf")
    rests_until: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


def open_(settings: Settings, data: Path) -> Scanner:
    return Scanner(Clamd(settings.screening.clamd))


def signatures(version: str) -> int:
    """When they were made, ms since 1970 by this machine's clock; -1 where it does not say."""
    found = _DATE.fullmatch(version.strip())
    if found is None or found[1] not in _MONTHS:
        return -1
    try:
        day = datetime(int(found[6]), _MONTHS.index(found[1]) + 1, int(found[2]), int(found[3]), int(found[4]), int(found[5]))
        return int(day.timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return -1


async def find(case: Outer) -> Found:
    """Raises nothing but CancelledError."""
    scanner: Scanner | None = case.world.tools.get(NAME)
    if scanner is None:
        return unavailable(NAME, "refused", VERSION)
    loop = asyncio.get_running_loop()
    if loop.time() < scanner.rests_until:
        return unavailable(NAME, clamd.TIMEOUT, VERSION)
    answer = await scanner.ask.scan(case.raw, SECONDS - BLAME_SECONDS - _MARGIN)
    if answer.kind == "found":
        return await _found(answer.said, case, scanner)
    if answer.said == clamd.TIMEOUT and not await scanner.ask.ping():
        scanner.rests_until = loop.time() + REST_SECONDS
    if answer.kind == "failed":
        return unavailable(NAME, answer.said, VERSION)
    return await _apart(case, scanner) or _aged(await _made(scanner), case)


async def _apart(case: Outer, scanner: Scanner) -> Found | None:
    """What clamd does not come to by itself; None where nothing is found."""
    found: list[Finding] = []
    said = [(key, value) for key, value in case.seen.more.get("files", {}).items() if key.startswith(_APART)]
    for key, content in said[:BLAMED]:
        if not isinstance(content, bytes):
            continue
        answer = await scanner.ask.scan(content, BLAME_SECONDS)
        if answer.kind == "failed":
            return unavailable(NAME, answer.said, VERSION)
        if answer.kind == "found" and not _HEURISTIC.match(answer.said):
            found.append(Finding(NAME, "malware", key.rpartition(" ")[2], 0, len(content), answer.said, 100, VERSION))
    return Found(tuple(found), {"malware.found": tuple(dict.fromkeys(one.mask for one in found))}) if found else None


async def _found(name: str, case: Outer, scanner: Scanner) -> Found:
    if name.startswith(_LIMITS):  # it was scanned, and looking again would find the same: what is done is for rules to say
        return Found((Finding(NAME, "limits", mask=name, sure=100, version=VERSION),), {"files.limits": True})
    if _HEURISTIC.match(name):
        same: dict[str, FactValue] = {fact: True for start, fact in _SAME_AS if name.startswith(start)}
        return Found((Finding(NAME, "heuristic", mask=name, sure=50, version=VERSION),), same)
    blamed: list[Finding] = []
    names = {name: None}
    try:
        async with asyncio.timeout(BLAME_SECONDS):
            async for answer, part, offset, length in _each(case, scanner):
                blamed.append(Finding(NAME, "malware", part, offset, length, answer.said, 100, VERSION))
                names[answer.said] = None
    except TimeoutError:
        pass  # what it is called is known; which part it is may stay open
    whole = Finding(NAME, "malware", "", 0, len(case.raw), name, 100, VERSION)
    return Found(tuple(blamed) or (whole,), {"malware.found": tuple(names)})


async def _each(case: Outer, scanner: Scanner) -> AsyncIterator[tuple[Answer, str, int, int]]:
    """The attachments in which something is found, as they are."""
    for part, offset, length, encoding in _places(case):
        content, _ = await asyncio.to_thread(transfer_encoding.decode, case.raw[offset : offset + length], encoding)
        answer = await scanner.ask.scan(content, BLAME_SECONDS)
        if answer.kind == "found" and not _HEURISTIC.match(answer.said):
            yield answer, part, offset, length


def _places(case: Outer) -> Iterator[tuple[str, int, int, str]]:
    """Where attachments stand, as the check of files says (a limited process: believed as far as it is of the right kind)."""
    places = case.seen.more.get("files", {}).get("places", ())
    for row in places[:BLAMED] if isinstance(places, list | tuple) else ():
        match row:
            case [str(part), int(offset), int(length), str(encoding)] if 0 <= offset <= offset + length <= len(case.raw):
                yield part, offset, length, encoding


async def _made(scanner: Scanner) -> int:
    """When the signatures were made; asked again every few minutes, by one message at a time."""
    loop = asyncio.get_running_loop()
    async with scanner.lock:
        if loop.time() - scanner.asked > _ASK_AGAIN_SECONDS:
            version: Answer = await scanner.ask.version()
            if version.kind == "clean":
                scanner.made, scanner.asked = signatures(version.said), loop.time()
        return scanner.made


def _aged(made: int, case: Outer) -> Found:
    age = case.world.now - made
    if made < 0 or age <= STALE:
        return Found()
    hours = f"{age // HOUR} hours"
    if age > TOO_OLD and any(case.seen.facts.get(fact) for fact in _ACTS):
        return Found((Finding(NAME, "unavailable", mask="stale", version=VERSION),), {"unavailable": (NAME,)})
    return Found((Finding(NAME, "stale", mask=hours, version=VERSION),))
