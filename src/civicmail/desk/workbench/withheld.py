"""Privileged messages that match in an examination, by date and kind alone (E7)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from civicmail.city.guard.mandates import Mandate
from civicmail.core.query.tree import Among, And, Tree
from civicmail.desk.viewer.queries import store
from civicmail.desk.workbench import scope
from civicmail.desk.workbench.privilege import KINDS
from civicmail.desk.workbench.queries import privilege_of
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import search

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Stub:
    """id: UUID as text; at: ms of receipt."""

    id: str
    at: int
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StubPage:
    """total: of all pages; following: the cursor of the next page, "" at the end."""

    stubs: list[Stub]
    total: int
    following: str


def stubs(reader: Reader, mandate: Mandate, tree: Tree, *, limit: int = PER_PAGE, cursor: str = "") -> StubPage:
    """Privileged messages of this tree that are not cleared, newest first. tree: within the scope. Raises QueryError,
    NotFinished."""
    privileged = privilege_of(mandate).tree()
    if privileged is None:
        return StubPage([], 0, "")
    page = search(reader, And((tree, privileged)), limit=limit, sort="newest", cursor=cursor, scored=False)
    kinds = _kinds(reader, mandate, [hit.id for hit in page.hits])
    listed = [Stub(hit.id, hit.received, tuple(kinds[uuid.UUID(hit.id).hex])) for hit in page.hits]
    return StubPage(listed, page.total, page.cursor)


def kinds_of(mandate: Mandate, messages: Collection[str], now: int) -> dict[str, list[str]]:
    """id (32 digits) -> kinds, of the given messages that are within the scope, privileged and not cleared; others are left
    out."""
    ids = set()
    for text in messages:
        try:
            ids.add(uuid.UUID(text).hex)
        except ValueError:
            continue
    privileged = privilege_of(mandate).tree()
    if not ids or privileged is None:
        return {}
    reader = store().reader_for(mandate.person, whole=True)
    tree = And((scope.within(mandate, Among(frozenset(ids)), now), privileged))
    hits = search(reader, tree, limit=len(ids), scored=False).hits
    return _kinds(reader, mandate, [hit.id for hit in hits])


def _kinds(reader: Reader, mandate: Mandate, ids: Collection[str]) -> dict[str, list[str]]:
    privilege, captures = privilege_of(mandate), frozenset(uuid.UUID(id_).hex for id_ in ids)
    kinds: dict[str, list[str]] = {id_: [] for id_ in captures}
    for kind in KINDS:
        if captures and (privileged := privilege.tree([kind])) is not None:
            for hit in search(reader, And((Among(captures), privileged)), limit=len(captures), scored=False).hits:
                kinds[uuid.UUID(hit.id).hex].append(kind)
    return kinds
