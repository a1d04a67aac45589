"""Hostile bytes become plain values (Seen), with everything that the checks need the bytes for. Pure; runs in the limited process.

read(raw, asked) never raises on any bytes; a check that fails is unavailable, and the others are made all the same.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from civicmail.city.policy.dispositions import UNAVAILABLE, Finding
from civicmail.core.message import defect_codes, message_parser
from civicmail.core.message.model import Address, ParsedMessage
from civicmail.core.sandbox import filetype
from civicmail.mail.screening import inner
from civicmail.mail.screening.chosen import InnerCheck
from civicmail.mail.screening.gathering import COSTS, Gathered, failed
from civicmail.mail.screening.shapes import NOTHING, Found, Inner, Seen, SeenFile, SeenLink

NAME = "read"
VERSION = 1
PEOPLE, LINKS, FILES, FIELDS = 200, 2_000, 500, 100
URL_MOST, WORDS_MOST, SUBJECT_MOST, VALUE_MOST, NAME_MOST = 2_000, 300, 998, 1_000, 255

Clock = Callable[[], int]


def read(raw: bytes, asked: Mapping[str, Any], clock: Clock = time.perf_counter_ns) -> Seen:
    """asked: of asked.ASK; raw may be the beginning of what has asked["size"] bytes: then the rest is named as not looked at."""
    start = clock()
    message = message_parser.parse(raw)
    seen = _seen(message)
    parsed = (clock() - start) // 1000
    found = Gathered()
    if len(raw) < asked["size"]:
        rest = asked["size"] - len(raw)
        found.add(Found((Finding(NAME, UNAVAILABLE, "", len(raw), rest, "too large"),), {"unavailable": (NAME,)}))
    found.add(_closed(message))
    case = Inner(raw, message, asked)
    for name, check in inner.CHECKS:
        if not name or name in asked["checks"]:
            began = clock()
            found.add(_one(check, case), check.NAME, check.VERSION, (clock() - began) // 1000)
    found.more[COSTS] = {NAME: [VERSION, parsed], **found.costs}
    files = tuple(_known(seen.files, found.more.get("files", {})))
    return replace(seen, files=files, findings=tuple(found.findings), facts=found.facts, more=found.more)


def _closed(message: ParsedMessage) -> Found:
    """What nobody can look into here: a piece of a message, whose others came or come apart, and what lies behind a limit."""
    for one in _family(message):
        for defect in one.defects:
            if defect.code == defect_codes.PARTIAL or defect.code in defect_codes.CLOSED:
                mask = "a piece" if defect.code == defect_codes.PARTIAL else "too much"
                return Found((Finding(NAME, UNAVAILABLE, mask=mask),), {"unavailable": (NAME,)})
    return NOTHING


def _one(check: InnerCheck, case: Inner) -> Found:
    try:
        return check.find(case)
    except (MemoryError, RecursionError):
        return failed(check, "too much")
    except Exception:  # noqa: BLE001 - a check that fails at hostile bytes is unavailable, and the others are not
        return failed(check, "error")


def _seen(message: ParsedMessage) -> Seen:
    """What every check may want to know of the message, cut to what a process can pass on with each."""
    fields: dict[str, str] = {}
    for header in message.headers:
        if len(fields) == FIELDS:
            break
        fields.setdefault(header.name.lower(), header.value[:VALUE_MOST])
    return Seen(
        people={
            "from": _people(message.from_),
            "sender": _people(message.sender),
            "reply-to": _people(message.reply_to),
            "to": _people(message.to),
            "cc": _people(message.cc),
        },
        subject=message.subject[:SUBJECT_MOST],
        message_id=message.message_id[:SUBJECT_MOST],
        list_id=message.list_id[:NAME_MOST],
        references=tuple(one[:SUBJECT_MOST] for one in message.references[-20:]),
        fields=fields,
        links=tuple(_links(message)),
        files=tuple(_files(message)),
        defects=tuple(dict.fromkeys(defect.code for defect in message.defects)),
    )


def _people(field: Iterable[Address]) -> tuple[tuple[str, str], ...]:
    return tuple((one.display[:NAME_MOST], one.addr) for one in list(field)[:PEOPLE])


def _links(message: ParsedMessage) -> Iterator[SeenLink]:
    left = LINKS
    for one in _family(message):
        for link in one.links[:left]:
            yield SeenLink(link.url[:URL_MOST], link.text[:WORDS_MOST], link.part)
        left -= min(left, len(one.links))


def _files(message: ParsedMessage) -> Iterator[SeenFile]:
    left = FILES
    for one in _family(message):
        for part in one.attachments[:left]:
            digest = hashlib.sha256(part.content).hexdigest()
            name = part.filename[:NAME_MOST]
            yield SeenFile(part.path, name, part.content_type[:NAME_MOST], filetype.identify(part.content), part.size, digest)
        left -= min(left, len(one.attachments))


def _known(files: Iterable[SeenFile], more: Mapping[str, Any]) -> Iterator[SeenFile]:
    """With what the check of files knows better, and behind them what lies in containers."""
    words = more.get("types", {})
    for file in files:
        yield replace(file, true=words.get(file.part, file.true))
    for row in more.get("members", ()):
        yield SeenFile(*row)


def _family(message: ParsedMessage) -> Iterator[ParsedMessage]:
    """The letter and those attached to it."""
    yield message
    for child in message.children:
        yield from _family(child)
