"""A line of each message of a list, for a script that requests it after the list is shown: bodies are in the archive, the list does
not wait for them, and it is complete without a script."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from typing import NamedTuple

from django.http import HttpResponse, JsonResponse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.query.errors import QueryError
from civicmail.core.query.lexer import LONGEST_QUERY
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import Among
from civicmail.desk.mailbox import mail_list, queries, scope, snippets
from civicmail.desk.mailbox.mail_list import PER_PAGE, MailContext
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.search.errors import DamagedIndex
from civicmail.mail.search.fields import thread
from civicmail.mail.search.search import search

MAX_CACHED = 400
"""Cached texts; each only for the person who saw it."""


class CachedText(NamedTuple):
    """thread: the token of the conversation's first message."""

    words: str = ""
    thread: str = ""


class TextCache:
    """A cache of recent texts. Thread-safe."""

    def __init__(self, most: int = MAX_CACHED) -> None:
        self._most = most
        self._texts: OrderedDict[tuple[str, str], CachedText] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, person: str, id_: str) -> CachedText | None:
        with self._lock:
            if (text := self._texts.get((person, id_))) is not None:
                self._texts.move_to_end((person, id_))
            return text

    def put(self, person: str, id_: str, text: CachedText) -> None:
        with self._lock:
            self._texts[person, id_] = text
            while len(self._texts) > self._most:
                self._texts.popitem(last=False)


TEXT_CACHE = TextCache()


@acting("my.mail")
def lines(request: Request) -> HttpResponse:
    """?id=…&q=words: {"lines": {id: [[text, marked], …]}, "threads": {id: number of messages}} of messages that this person may
    read; other ids are ignored."""
    now = epoch_ms(request.now)
    permit, mine = queries.own_mail(request.actor, now=now)
    try:
        requested = frozenset(uuid.UUID(text).hex for text in request.GET.getlist("id")[:PER_PAGE])
        words = snippets.words_of(parse(request.GET.get("q", "")[:LONGEST_QUERY], now=request.now))
        desk = queries.desk(permit, mine, now=now)
        readable = _readable(desk, requested) if mine.boxes else []
    except (ValueError, QueryError, NotIndexed, DamagedIndex):
        readable, words = [], ()
    texts = _texts(desk, readable) if readable else {}
    snippets_by_id = {id_: snippets.line(text.words, words) for id_, text in texts.items() if text.words}
    sizes = mail_list.thread_sizes(desk, {text.thread for text in texts.values() if text.thread}) if texts else {}
    threads = {id_: sizes[text.thread] for id_, text in texts.items() if sizes.get(text.thread, 0) > 1}
    response = JsonResponse({"lines": snippets_by_id, "threads": threads})
    response["Cache-Control"] = "private, no-store"
    return response


def _readable(desk: MailContext, requested: frozenset[str]) -> list[str]:
    """The ids (32 digits each) of the person's own messages that are not withheld at this moment."""
    opened = mail_list.delivered_since(desk)
    hits = search(desk.reader, scope.readable(Among(requested), desk.mine, opened), limit=len(requested) or 1, scored=False).hits
    return [hit.id for hit in hits]


def _texts(desk: MailContext, ids: list[str]) -> dict[str, CachedText]:
    person = desk.permit.person
    texts = {id_: text for id_ in ids if (text := TEXT_CACHE.get(person, id_)) is not None}
    bodies = {id_: _body(desk, id_) for id_ in ids if id_ not in texts}
    for (id_, body), words in zip(bodies.items(), snippets.texts_of(list(bodies.values())), strict=True):
        texts[id_] = CachedText(words, thread(mail_list.header_of(body))) if body else CachedText()
        TEXT_CACHE.put(person, id_, texts[id_])
    return texts


def _body(desk: MailContext, id_: str) -> bytes:
    try:
        place = desk.archive.place(uuid.UUID(id_).bytes)
        return desk.archive.body(desk.permit, place) if place is not None else b""
    except (DamagedFile, NotInArchive):
        return b""
