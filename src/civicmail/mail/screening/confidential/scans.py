"""The network check "scans": text of outgoing pictures and scanned pages, by OCR within a time budget (P-19).

A sandboxed process extracts the pictures (ocr_pictures.py), tesseract reads each in its own sandboxed process, and the first
process repeats the content check with their text. Pictures beyond the time are a finding `unread`, and the message leaves encrypted
without waiting for a person.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path

from msgspec.structs import replace

from civicmail.city.policy.dispositions import Finding
from civicmail.core.config.settings import Settings
from civicmail.core.sandbox import ocr
from civicmail.core.sandbox.errors import TOO_LONG, TOO_MANY, Unreadable
from civicmail.core.sandbox.pool import Pool, shared
from civicmail.core.sandbox.service import Request
from civicmail.mail.screening.confidential import exact_match
from civicmail.mail.screening.confidential.shapes import CHECK, PICTURES, SCAN
from civicmail.mail.screening.reader_pool import MAX_READ
from civicmail.mail.screening.reader_request import SERVICE, ReadMessage, ReadPictures, request_of
from civicmail.mail.screening.shapes import NOTHING, CheckResult, NetworkCase

NAME = "scans"
VERSION = 1
CHECKS = (CHECK,)
SECONDS = 18.0
"""For all of it; OCR ends before."""
OCR_SECONDS = 8.0
"""By the clock, for the words of all pictures of a message: three or four full pages."""
READ_SECONDS = 5
"""Processor time in seconds for extracting the pictures, and for the check with their text."""
NO_READER = "no OCR"
KNOWN, MAX_KNOWN = 2000, 500
"""Number of pictures with a short text that are remembered: those below each message of a city."""


class Scans:
    """The OCR set-up of an installation. languages: as in the setting search.ocr_languages; "" turns OCR off."""

    def __init__(self, languages: str) -> None:
        self._languages = languages
        self._known: OrderedDict[str, tuple[str, str]] = OrderedDict()

    @property
    def is_enabled(self) -> bool:
        return bool(self._languages)

    async def scan(self, raw: bytes | mmap.mmap, request: ReadMessage) -> CheckResult:
        """Raises Unreadable."""
        content = raw if len(raw) <= MAX_READ else raw[:MAX_READ]
        pictures, missed = await _ask_reader(ReadPictures(), content)
        until = time.monotonic() + OCR_SECONDS
        pictures.sort(key=lambda picture: len(picture.content))
        readings = await asyncio.gather(*(self._words(picture.digest, picture.content, until) for picture in pictures))
        rows = [(picture.part, words, why) for picture, (words, why) in zip(pictures, readings, strict=True)]
        rows += [("", "", TOO_MANY)] * bool(missed)
        seen = await _ask_reader(replace(request, checks=(CHECK,), scanned=tuple(rows)), content)
        findings = tuple(f for f in seen.findings if f.check == CHECK and f.part.endswith(f"/{SCAN}"))
        facts = {name: value for name, value in seen.facts.items() if name.startswith("confidential.")}
        return CheckResult(findings, facts, seen.more.get(CHECK, {}))

    async def _words(self, digest: str, picture: bytes, until: float) -> tuple[str, str]:
        """The text of a picture, and the reason if it is unknown."""
        if (known := self._known.get(digest)) is not None:
            self._known.move_to_end(digest)
            return known
        words, why = await asyncio.get_running_loop().run_in_executor(_threads(), _read, self._languages, picture, until)
        if not why and len(words) <= MAX_KNOWN:
            self._known[digest] = (words, why)
            if len(self._known) > KNOWN:
                self._known.popitem(last=False)
        return words, why


def open_(settings: Settings, _data: Path) -> Scans:
    return Scans(settings.search.ocr_languages)


def wants(case: NetworkCase) -> bool:
    """Whether there are pictures, and some copy leaves."""
    if case.inbound or not case.message.more.get(CHECK, {}).get(PICTURES):
        return False
    domains = case.context.domains
    return any(recipient.address.rpartition("@")[2].lower() not in domains for recipient in case.envelope.recipients)


async def find(case: NetworkCase) -> CheckResult:
    tool = case.context.tools.get(NAME)
    if not isinstance(tool, Scans) or not tool.is_enabled:
        return NOTHING
    request = request_of(case.context.settings, case.envelope, case.source, inbound=False, size=len(case.raw))
    try:
        return await tool.scan(case.raw, replace(request, lists=exact_match.has_lists(case.context.tools.get(exact_match.NAME))))
    except Unreadable as error:
        return CheckResult((Finding(CHECK, "unread", f"/{SCAN}", mask=error.why, version=VERSION),), {"confidential.unread": True})


def _read(languages: str, picture: bytes, until: float) -> tuple[str, str]:
    """In a thread of _threads()."""
    left = until - time.monotonic()
    if left <= 0:
        return "", TOO_LONG
    reader = _reader(languages)
    return reader.words(picture, seconds=left) if reader is not None else ("", NO_READER)


@cache
def _reader(languages: str) -> ocr.Ocr | None:
    return ocr.find_tesseract(languages)


@cache
def _threads() -> ThreadPoolExecutor:
    """As many pictures are read at a time as there are processors; more would only be slower. Low priority: ocr.py."""
    return ThreadPoolExecutor(min(4, len(os.sched_getaffinity(0))), thread_name_prefix="scans")


@cache
def _reader_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, thread_name_prefix="scans-asked")


def _pool() -> Pool:
    return shared(SERVICE, 1)


async def _ask_reader[Reply](request: Request[Reply], content: bytes | mmap.mmap) -> Reply:
    ask = partial(_pool().request, request, content, seconds=READ_SECONDS)
    return await asyncio.get_running_loop().run_in_executor(_reader_threads(), ask)
