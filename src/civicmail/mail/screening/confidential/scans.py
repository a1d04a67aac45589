"""The network check "scans": text of outgoing pictures and scanned pages, by OCR within a time budget (P-19).

A sandboxed process extracts the pictures (ocr_pictures.py), tesseract reads each in its own sandboxed process, and the first
process repeats the content check with their text. Pictures beyond the time are a finding `unread`, and the message leaves encrypted
without waiting for a person.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

from civicmail.city.policy.dispositions import Finding
from civicmail.core.config.settings import Settings
from civicmail.core.sandbox import ocr
from civicmail.core.sandbox.errors import CRASHED, TOO_LONG, TOO_MANY, Unreadable
from civicmail.core.sandbox.pool import Pool, shared
from civicmail.mail.screening import extract_codec
from civicmail.mail.screening.confidential import exact_match, ocr_pictures
from civicmail.mail.screening.confidential.shapes import CHECK, PICTURES, SCAN
from civicmail.mail.screening.reader_pool import MAX_READ
from civicmail.mail.screening.reader_request import request_of
from civicmail.mail.screening.shapes import NOTHING, CheckResult, NetworkCase

NAME = "scans"
VERSION = 1
CHECKS = (CHECK,)
COMMAND = (sys.executable, "-I", "-m", "civicmail.mail.screening.worker")
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

    async def scan(self, raw: bytes | mmap.mmap, ask: Mapping[str, Any]) -> CheckResult:
        """ask: as of reader_request.request_of(). Raises Unreadable."""
        content = raw if len(raw) <= MAX_READ else raw[:MAX_READ]
        pictures, missed = _decoded(ocr_pictures.decode, await _ask_reader({"pictures": True}, content))
        until = time.monotonic() + OCR_SECONDS
        pictures.sort(key=lambda one: len(one[2]))
        readings = await asyncio.gather(*(self._words(digest, picture, until) for _, digest, picture in pictures))
        rows = [[part, words, why] for (part, _, _), (words, why) in zip(pictures, readings, strict=True)]
        rows += [["", "", TOO_MANY]] * bool(missed)
        seen = _decoded(extract_codec.decode, await _ask_reader({"asked": {**ask, "checks": [CHECK], "scanned": rows}}, content))
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
    ask = request_of(case.context.settings, case.envelope, case.source, inbound=False, size=len(case.raw))
    try:
        return await tool.scan(case.raw, ask | exact_match.asks(case.context.tools.get(exact_match.NAME)))
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
    return shared(COMMAND, 1)


async def _ask_reader(question: Mapping[str, Any], content: bytes | mmap.mmap) -> bytes:
    ask = partial(_pool().request, question, content, seconds=READ_SECONDS)
    return await asyncio.get_running_loop().run_in_executor(_reader_threads(), ask)


def _decoded[T](decode: Callable[[bytes], T], answer: bytes) -> T:
    try:
        return decode(answer)
    except (TypeError, KeyError, ValueError, AttributeError):  # the process was taken over
        raise Unreadable(CRASHED) from None
