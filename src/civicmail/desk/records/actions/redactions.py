"""Redact the words and boxes of messages and files (Wis. Stat. 19.36 (6)).

A redaction belongs to content, so that all copies have it. Its number within the request is never used again: a requester
contests it by that number. Without a code it is a mark of the reviewer, and nothing is released.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.core.redaction.shapes import Box, Document
from civicmail.desk.records.actions.decisions import code_of
from civicmail.desk.records.actions.desk_work import enter, reviewing
from civicmail.desk.records.models import Decision, Item, Redaction, Request, Suggestion
from civicmail.desk.records.queries.law import pack_of

MAX_AT_ONCE = 5000
"""Places that one act marks."""


@dataclass(frozen=True, slots=True)
class Place:
    """What one redaction covers in a content: the words first to last, both included, or a box on a page."""

    content: str
    first: int = -1
    last: int = -1
    page: int = 0
    box: Box | None = None


def words_at(item: Item, document: Document, first: int, last: int) -> Place:
    """The place of words of a document that was read. Raises Unusable if there are no such words."""
    if not 0 <= first <= last < len(document.words):
        raise field_error("first", f"Words have numbers from 1 to {len(document.words)}, the first one not behind the last.")
    return Place(item.content, first, last, document.words[first].page)


def box_at(item: Item, document: Document, page: int, box: Box) -> Place:
    """The place of a box on a page, whose sides may be given in any order. Raises Unusable without an area on that page."""
    x0, x1 = sorted((box[0], box[2]))
    y0, y1 = sorted((box[1], box[3]))
    if document.kind != "pages" or not 0 <= page < len(document.sizes):
        raise field_error("page", "This part has no such page: mark words.")
    width, height = document.sizes[page]
    x0, y0, x1, y1 = max(0.0, x0), max(0.0, y0), min(width, x1), min(height, y1)
    if x1 <= x0 or y1 <= y0:
        raise field_error("box", "The box has no area on this page.")
    return Place(item.content, page=page, box=(x0, y0, x1, y1))


def mark(
    request: Request, places: Sequence[Place], *, actor: Actor, now: int, code: str = "", reason: str = "",
    facts: Mapping[str, str] | None = None,
) -> list[Redaction]:  # fmt: skip
    """Mark places; those that have a redaction already are left. code: with the facts that it needs. Raises NotPermitted,
    Conflict, Unusable."""
    if len(places) > MAX_AT_ONCE:
        raise Unusable(f"Nothing was marked: these are {len(places):,} places, more than {MAX_AT_ONCE:,}. Search for more words.")
    with reviewing(request, actor, now) as (row, me):
        needed: dict[str, str] = {}
        if code:
            known, needed = code_of(pack_of(row), code, facts or {}, from_ms(now))
            reason = reason.strip() or known.reason
        present_places = {_place_of(redaction) for redaction in present(row, {place.content for place in places})}
        new = [place for place in dict.fromkeys(places) if place not in present_places]
        last = Redaction.objects.filter(request=row).order_by("-number").values_list("number", flat=True).first() or 0
        made = Redaction.objects.bulk_create(
            _row_of(place, row, number, me, code=code, reason=reason, facts=needed, at=from_ms(now))
            for number, place in enumerate(new, last + 1)
        )
        _reopen(row, {place.content for place in new})
        enter("records.redacted", row, actor=actor, now=now, code=code, redactions=[r.number for r in made])
    return made


def apply(
    request: Request, numbers: Collection[int], code: str, reason: str, facts: Mapping[str, str], *, actor: Actor, now: int
) -> list[Redaction]:
    """Give redactions their code, with the facts that it needs. Raises NotPermitted, Conflict, Unusable."""
    with reviewing(request, actor, now) as (row, me):
        known, needed = code_of(pack_of(row), code, facts, from_ms(now))
        rows = _numbered(row, numbers)
        for redaction in rows:
            redaction.code, redaction.reason, redaction.facts = known.id, reason.strip() or known.reason, needed
            redaction.by, redaction.at = me, from_ms(now)
        Redaction.objects.bulk_update(rows, ["code", "reason", "facts", "by", "at"])
        for redaction in rows:  # which code the suggestions of a detector get
            Suggestion.objects.filter(
                request=row, content=redaction.content, first=redaction.first, last=redaction.last, answer="used"
            ).update(code=known.id)
        _reopen(row, {redaction.content for redaction in rows})
        enter("records.coded", row, actor=actor, now=now, code=known.id, redactions=sorted(numbers))
    return rows


def allow(request: Request, number: int, why: str, *, actor: Actor, now: int) -> Redaction:
    """Write down why the words of a redaction may leave elsewhere, for example because another person has the same name. "" takes
    that back. Raises NotPermitted, Conflict, Unusable."""
    if why and len(why.strip()) < 10:
        raise field_error("override", "Write at least 10 characters: why may the same words be released elsewhere?")
    with reviewing(request, actor, now) as (row, _):
        (redaction,) = _numbered(row, [number])
        redaction.override = why.strip()
        redaction.save(update_fields=["override"])
        enter("records.allowed", row, actor=actor, now=now, redaction=number, allowed=bool(why))
    return redaction


def remove(request: Request, numbers: Collection[int], *, actor: Actor, now: int) -> list[Redaction]:
    """Remove redactions; their numbers stay taken. Raises NotPermitted, Conflict."""
    with reviewing(request, actor, now) as (row, me):
        rows = _numbered(row, numbers)
        Redaction.objects.filter(pk__in=[r.pk for r in rows]).update(removed=from_ms(now), removed_by=me)
        _reopen(row, {redaction.content for redaction in rows})
        enter("records.unredacted", row, actor=actor, now=now, redactions=sorted(numbers))
    return rows


def undo(request: Request, item: Item, *, actor: Actor, now: int) -> list[Redaction]:
    """Undo what this reviewer marked or removed last in an item. Raises NotPermitted, Conflict."""
    with reviewing(request, actor, now) as (row, me):
        rows = Redaction.objects.filter(request=row, content=item.content)
        marked = rows.filter(by=me, removed__isnull=True).order_by("-at").first()
        gone = rows.filter(removed_by=me).order_by("-removed").first()
        if gone is not None and gone.removed is not None and (marked is None or marked.at <= gone.removed):
            undone = list(rows.filter(removed_by=me, removed=gone.removed))
            rows.filter(pk__in=[r.pk for r in undone]).update(removed=None, removed_by=None)
        elif marked is not None:
            undone = list(rows.filter(by=me, removed__isnull=True, at=marked.at))
            rows.filter(pk__in=[r.pk for r in undone]).update(removed=from_ms(now), removed_by=None)
        else:
            raise Conflict("There is no redaction of yours to undo here.")
        _reopen(row, {item.content})
        enter("records.redaction-undone", row, actor=actor, now=now, redactions=[r.number for r in undone])
    return undone


def has_undo(request: Request, item: Item, person: Person) -> bool:
    """Whether there is a mark or a removal of this reviewer that `undo` takes back."""
    mine = Q(by=person, removed__isnull=True) | Q(removed_by=person)
    return Redaction.objects.filter(mine, request=request, content=item.content).exists()


def present(request: Request, contents: Collection[str]) -> list[Redaction]:
    """The redactions of these contents that were not removed."""
    return list(Redaction.objects.filter(request=request, content__in=contents, removed__isnull=True).select_related("by"))


def _reopen(request: Request, contents: Collection[str]) -> None:
    """What a second reader agreed with has changed."""
    Decision.objects.filter(request=request, content__in=contents, replaced__isnull=True, confirmed__isnull=False).update(
        confirmed=None, confirmed_by=None
    )


def _numbered(request: Request, numbers: Collection[int]) -> list[Redaction]:
    rows = list(Redaction.objects.filter(request=request, number__in=numbers, removed__isnull=True))
    if len(rows) != len(set(numbers)) or not rows:
        raise Conflict("Not saved: a redaction was removed meanwhile. Reload the page.")
    return rows


def _row_of(place: Place, request: Request, number: int, by: Person, **more: object) -> Redaction:
    x0, y0, x1, y1 = place.box or (None, None, None, None)
    return Redaction(
        request=request, content=place.content, number=number, first=place.first, last=place.last, page=place.page,
        x0=x0, y0=y0, x1=x1, y1=y1, by=by, **more,
    )  # fmt: skip


def _place_of(row: Redaction) -> Place:
    box = None if row.x0 is None else (row.x0, row.y0, row.x1, row.y1)
    return Place(row.content, row.first, row.last, row.page, box)  # type: ignore[arg-type]  # a box has four sides
