"""A line of each message of a list, for script that asks after the list is there: bodies are in the archive, a list is not kept
waiting for them, and without script there is the list all the same."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict

from django.http import HttpResponse, JsonResponse

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.views.city_request import CityRequest as Request
from civicmail.city.access.views.city_request import acting
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.query.errors import QueryError
from civicmail.core.query.lexer import LONGEST_QUERY
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import Among
from civicmail.desk.mailbox import finding, queries, scope, snippets
from civicmail.desk.mailbox.finding import PER_PAGE, Desk
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.search.errors import DamagedIndex
from civicmail.mail.search.search import search

REMEMBERED = 400
"""Texts that are kept in memory; each for the one person who was shown it."""


class Texts:
    """What was read lately. Safe for several threads."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._found: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, person: str, id_: str) -> str | None:
        with self._lock:
            if (text := self._found.get((person, id_))) is not None:
                self._found.move_to_end((person, id_))
            return text

    def put(self, person: str, id_: str, text: str) -> None:
        with self._lock:
            self._found[person, id_] = text
            while len(self._found) > self._most:
                self._found.popitem(last=False)


TEXTS = Texts()


@acting("my.mail")
def lines(request: Request) -> HttpResponse:
    """?id=…&q=words: {"lines": {id: [[text, marked], …]}} of those that this person may read; of any other id nothing is said."""
    now = epoch_ms(request.now)
    permit, mine = queries.mine_now(request.actor, now=now)
    try:
        asked = frozenset(uuid.UUID(text).hex for text in request.GET.getlist("id")[:PER_PAGE])
        words = snippets.words_of(parse(request.GET.get("q", "")[:LONGEST_QUERY], now=request.now))
        desk = queries.desk(permit, mine, now=now)
        readable = _readable(desk, asked) if mine.boxes else []
    except (ValueError, QueryError, NotIndexed, DamagedIndex):
        readable, words = [], ()
    found = {id_: snippets.line(text, words) for id_ in readable if (text := _text(desk, id_))}
    response = JsonResponse({"lines": found})
    response["Cache-Control"] = "private, no-store"
    return response


def _readable(desk: Desk, asked: frozenset[str]) -> list[str]:
    """Of these (32 digits each) the ids of what is mine and was not kept back from me at this moment."""
    opened = finding.delivered_since(desk)
    hits = search(desk.reader, scope.readable(Among(asked), desk.mine, opened), limit=len(asked) or 1, scored=False).hits
    return [hit.id for hit in hits]


def _text(desk: Desk, id_: str) -> str:
    text = TEXTS.get(desk.permit.person, id_)
    if text is None:
        try:
            place = desk.archive.place(uuid.UUID(id_).bytes)
            text = snippets.text_of(desk.archive.body(desk.permit, place)) if place is not None else ""
        except (DamagedFile, NotInArchive):
            text = ""
        TEXTS.put(desk.permit.person, id_, text)
    return text
