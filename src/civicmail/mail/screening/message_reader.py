"""Turn hostile bytes into an ExtractedMessage: plain values, with the results of the content checks. Pure; runs in the sandboxed
process.

read(raw, request) never raises for any bytes. A check that fails is unavailable, and the others still run.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from civicmail.city.policy.dispositions import UNAVAILABLE, Finding
from civicmail.core.filetype.identify import identify
from civicmail.core.message import defect_codes, message_parser
from civicmail.core.message.model import Address, ParsedMessage
from civicmail.mail.screening import content_checks
from civicmail.mail.screening.enabled_checks import ContentCheck
from civicmail.mail.screening.merged_results import COSTS, MergedResults, failed_result
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import NOTHING, CheckResult, ContentCase, ExtractedFile, ExtractedLink, ExtractedMessage

NAME = "read"
VERSION = 1
PEOPLE, LINKS, FILES, FIELDS = 200, 2_000, 500, 100
MAX_URL, MAX_WORDS, MAX_SUBJECT, MAX_VALUE, MAX_NAME = 2_000, 300, 998, 1_000, 255

Clock = Callable[[], int]


def read(raw: bytes, request: ReadMessage, clock: Clock = time.perf_counter_ns) -> ExtractedMessage:
    """Read a message. raw may be only the beginning of request.size bytes: then a
    finding names the rest as unread."""
    start = clock()
    message = message_parser.parse(raw)
    seen = _extract(message)
    parsed = (clock() - start) // 1000
    gathered = MergedResults()
    if len(raw) < request.size:
        rest = request.size - len(raw)
        gathered.add(CheckResult((Finding(NAME, UNAVAILABLE, "", len(raw), rest, "too large"),), {"unavailable": (NAME,)}))
    gathered.add(_closed(message))
    case = ContentCase(raw, message, request)
    for name, check in content_checks.CHECKS:
        if not name or name in request.checks:
            began = clock()
            gathered.add(_run(check, case), check.NAME, check.VERSION, (clock() - began) // 1000)
    gathered.more[COSTS] = {NAME: [VERSION, parsed], **gathered.costs}
    files = tuple(_known(seen.files, gathered.more.get("files", {})))
    return replace(seen, files=files, findings=tuple(gathered.findings), facts=gathered.facts, more=gathered.more)


def _closed(message: ParsedMessage) -> CheckResult:
    """A result for what cannot be read here: a fragment of a message (message/partial), or parts beyond a limit."""
    for one in _family(message):
        for defect in one.defects:
            if defect.code == defect_codes.PARTIAL or defect.code in defect_codes.CLOSED:
                mask = "a piece" if defect.code == defect_codes.PARTIAL else "too much"
                return CheckResult((Finding(NAME, UNAVAILABLE, mask=mask),), {"unavailable": (NAME,)})
    return NOTHING


def _run(check: ContentCheck, case: ContentCase) -> CheckResult:
    try:
        return check.find(case)
    except (MemoryError, RecursionError):
        return failed_result(check, "too much")
    except Exception:  # noqa: BLE001 - a check that fails at hostile bytes is unavailable, and the others are not
        return failed_result(check, "error")


def _extract(message: ParsedMessage) -> ExtractedMessage:
    """What any check may need of the message, within limits that fit the pipe."""
    fields: dict[str, str] = {}
    for header in message.headers:
        if len(fields) == FIELDS:
            break
        fields.setdefault(header.name.lower(), header.value[:MAX_VALUE])
    return ExtractedMessage(
        people={
            "from": _people(message.from_),
            "sender": _people(message.sender),
            "reply-to": _people(message.reply_to),
            "to": _people(message.to),
            "cc": _people(message.cc),
        },
        subject=message.subject[:MAX_SUBJECT],
        message_id=message.message_id[:MAX_SUBJECT],
        list_id=message.list_id[:MAX_NAME],
        references=tuple(one[:MAX_SUBJECT] for one in message.references[-20:]),
        fields=fields,
        links=tuple(_links(message)),
        files=tuple(_files(message)),
        defects=tuple(dict.fromkeys(defect.code for defect in message.defects)),
    )


def _people(field: Iterable[Address]) -> tuple[tuple[str, str], ...]:
    return tuple((one.display[:MAX_NAME], one.addr) for one in list(field)[:PEOPLE])


def _links(message: ParsedMessage) -> Iterator[ExtractedLink]:
    left = LINKS
    for one in _family(message):
        for link in one.links[:left]:
            yield ExtractedLink(link.url[:MAX_URL], link.text[:MAX_WORDS], link.part)
        left -= min(left, len(one.links))


def _files(message: ParsedMessage) -> Iterator[ExtractedFile]:
    left = FILES
    for one in _family(message):
        for part in one.attachments[:left]:
            digest = hashlib.sha256(part.content).hexdigest()
            name = part.filename[:MAX_NAME]
            yield ExtractedFile(part.path, name, part.content_type[:MAX_NAME], identify(part.content).name, part.size, digest)
        left -= min(left, len(one.attachments))


def _known(files: Iterable[ExtractedFile], more: Mapping[str, Any]) -> Iterator[ExtractedFile]:
    """The files with the true types found by the check of files, followed by archive members."""
    words = more.get("types", {})
    for file in files:
        yield replace(file, true=words.get(file.part, file.true))
    for row in more.get("members", ()):
        yield ExtractedFile(*row)


def _family(message: ParsedMessage) -> Iterator[ParsedMessage]:
    """The message and attached messages."""
    yield message
    for child in message.children:
        yield from _family(child)
