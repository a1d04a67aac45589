"""Read the messages and files of a request under a permit, as the Documents that are reviewed (core/redaction)."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import Unusable
from civicmail.core.query.tree import Among, Tree
from civicmail.core.redaction.errors import NotConverted
from civicmail.core.redaction.read import document_of
from civicmail.core.redaction.shapes import Document
from civicmail.core.sandbox.errors import Unreadable
from civicmail.core.sandbox.ocr import Ocr, find_tesseract
from civicmail.desk.records.actions import content
from civicmail.desk.records.models import Item, Request
from civicmail.desk.records.queries.requests import mandate_of
from civicmail.desk.viewer import sandboxed
from civicmail.desk.viewer.queries import damage_as_later, installation, store
from civicmail.desk.workbench.errors import OutOfScope
from civicmail.desk.workbench.export import Message
from civicmail.desk.workbench.scope import NOT_THERE, Gate
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.search.search import Hit, search

MAIL = "message.eml"
MAX_CACHED = 64
_cached: OrderedDict[tuple[bytes, str], Document] = OrderedDict()
"""Documents that were read last, by the hash and the name of their file: the redaction screen asks for one many times."""
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class File:
    """The file of an item: name, bytes, and the words that are reviewed; why: the sentence if it has none."""

    name: str
    content: bytes
    document: Document | None
    why: str = ""


class Reading:
    """What one permit opens: the messages of a request, each checked against its scope. Its entry is durable."""

    def __init__(self, request: Request, act: str, *, actor: Actor, facts: dict[str, Any], now: int) -> None:
        """facts: what will be viewed. Raises NotPermitted, Conflict, NotRecorded."""
        self._mandate = mandate_of(request, actor, now)
        self._permit = content.under(request, act, actor=actor, facts=facts, now=now)
        self._now = now
        self._archive = store().archive()
        self._gate = Gate(installation(), self._archive, self._permit, self._mandate, now)
        self._messages: dict[str, Message] = {}

    def message(self, capture: str) -> Message:
        """Raises OutOfScope, DamagedFile, NotInArchive."""
        if capture not in self._messages:
            place = self._archive.place(uuid.UUID(capture).bytes)
            if place is None:
                raise OutOfScope(NOT_THERE)
            self._messages[capture] = self._gate.read(place)
        return self._messages[capture]

    def file(self, item: Item) -> File:
        """Without words, and with the reason, if it is out of scope or cannot be read. Raises LaterError for damage."""
        try:
            with damage_as_later():
                body = self.message(item.capture).body
        except (OutOfScope, NotInArchive) as error:
            return File("", b"", None, str(error))
        name, data = MAIL, body
        if item.part:
            try:
                part = sandboxed.part(body, item.part)
            except Unreadable as error:
                return File(item.part, b"", None, f"The file cannot be taken out of its message ({error.why}): withhold it whole.")
            if part is None:
                return File(item.part, b"", None, "The message has no such part: withhold it whole.")
            name, data = part
        try:
            return File(name, data, read(data, name))
        except NotConverted as error:
            return File(name, data, None, str(error))

    def document(self, item: Item) -> Document:
        """The words of an item. Raises Unusable if it has none, and as file()."""
        file = self.file(item)
        if file.document is None:
            raise Unusable(file.why)
        return file.document

    def matching(self, tree: Tree, limit: int) -> list[str]:
        """Captures in scope that match, at most so many. Raises NotIndexed, DamagedIndex, NotFinished."""
        narrowed = self._mandate.scope.restrict(tree, self._now)
        found = search(store().reader_for(self._permit.person, whole=True), narrowed, limit=limit, scored=False)
        return [hit.id for hit in found.hits]

    def hits(self, captures: Collection[str]) -> dict[str, Hit]:
        """What the index knows of these messages, for lists: id -> hit. Raises NotIndexed, DamagedIndex."""
        ids = frozenset(uuid.UUID(capture).hex for capture in captures)
        tree = self._mandate.scope.restrict(Among(ids), self._now)
        found = search(store().reader_for(self._permit.person), tree, limit=len(ids) or 1, scored=False)
        return {hit.id: hit for hit in found.hits}


def read(data: bytes, name: str) -> Document:
    """The Document of a file. Raises NotConverted."""
    key = (hashlib.sha256(data).digest(), name)
    with _lock:
        if key in _cached:
            _cached.move_to_end(key)
            return _cached[key]
    document = document_of(data, name, ocr=_ocr(settings.CITY.search.ocr_languages))
    with _lock:
        _cached[key] = document
        while len(_cached) > MAX_CACHED:
            _cached.popitem(last=False)
    return document


@cache
def _ocr(languages: str) -> Ocr | None:
    """The program that reads scans, if it is installed."""
    return find_tesseract(languages)
