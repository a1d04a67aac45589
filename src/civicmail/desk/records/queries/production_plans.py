"""The plan of a production: the items of its request, and what was decided about each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db.models import Max

from civicmail.city.law.pack import LawPack
from civicmail.desk.records.models import Decision, Item, ProducedFile, Production, Redaction, Request
from civicmail.desk.records.production import dispositions
from civicmail.desk.records.production.dispositions import DecidedItem, Marked
from civicmail.desk.records.production.plan import Plan
from civicmail.desk.records.queries import custodians
from civicmail.desk.records.queries.law import pack_of

MAX_NUMBERS = 20
"""Numbers that a line of the letter names; the log has all."""


def plan_of(production: Production) -> Plan:
    """The plan by the decisions of this moment. Raises IncompleteLetter, NotInPack."""
    request, pack = production.request, pack_of(production.request)
    items = decided_items(request, production.at)
    codes = {code.id: code for code in pack.codes}
    return Plan(
        request=request.number,
        number=production.number,
        first=production.first,
        language=request.language,
        formats=tuple(production.formats),
        items=items,
        earlier=released_before(production),
        citations={id_: code.citation for id_, code in codes.items()},
        labels={id_: code.label for id_, code in codes.items()},
        letter=letter(request, items, pack),
    )


def decided_items(request: Request, by: datetime) -> tuple[DecidedItem, ...]:
    """The items of a request with their decisions and redactions that count. by: what was first decided later is still open."""
    known = Decision.objects.filter(request=request, at__lte=by).values("content")
    decisions = {d.content: d for d in Decision.objects.filter(request=request, replaced__isnull=True, content__in=known)}
    marks: dict[str, list[Marked]] = defaultdict(list)
    for row in Redaction.objects.filter(request=request, removed__isnull=True).order_by("number"):
        marks[row.content].append(_marked(row))
    items = Item.objects.filter(request=request).select_related("parent")
    return tuple(
        _decided(item, decision, tuple(marks[item.content]) if decision else ())
        for item, decision in ((item, decisions.get(item.content)) for item in items)
    )


def released_before(production: Production) -> frozenset[int]:
    """Items of which an earlier production of the request has released files, as they are decided now: what was decided otherwise
    since then is released again."""
    earlier = production.request.productions.filter(state="released", number__lt=production.number)
    files = ProducedFile.objects.filter(production__in=earlier, item__gt=0)
    released = dict(files.values_list("item").annotate(at=Max("production__released")))
    changed = _changed(production.request)
    items = Item.objects.filter(request=production.request, number__in=released).values_list("number", "content")
    return frozenset(number for number, content in items if content not in changed or changed[content] <= released[number])


def _changed(request: Request) -> dict[str, datetime]:
    """Content -> when its decision or its redactions changed last."""
    changes: list[tuple[str, datetime]] = []
    for rows, columns in (
        (Decision.objects.filter(request=request), ("at", "replaced")),
        (Redaction.objects.filter(request=request), ("at", "removed")),
    ):
        for content, *moments in rows.values_list("content", *columns):
            changes += [(content, moment) for moment in moments if moment is not None]
    return dict(sorted(changes, key=lambda change: change[1]))


def letter(request: Request, items: tuple[DecidedItem, ...], pack: LawPack) -> str:
    """The letter that comes with the files. Raises IncompleteLetter."""
    counts = dispositions.balance(dispositions.dispositions(items))
    rows = withheld_rows(items, pack)
    kind = pack.letter("release", withheld=True) if rows else pack.letter("release")
    left = counts[dispositions.OPEN]
    facts = {
        "number": request.number,
        "balance": dispositions.equation(counts),
        "download-link": f"{settings.CITY.web.pages}/public/records/",
        "custodian": request.custodian.display if request.custodian else settings.CITY.city.name,
        "contact": custodians.address(),
        "withheld": rows,
        "rolling": f"{left:,} items are still in review." if left else "",
    }
    language = request.language if request.language in kind.text else pack.languages[0]
    rendered = pack.render_letter(kind.id, facts, language)
    return f"{rendered.subject}\n\n{rendered.body}\n"


def withheld_rows(items: tuple[DecidedItem, ...], pack: LawPack) -> list[Mapping[str, str]]:
    """A row for each code and reason, with the numbers of what it covers."""
    of_items = dispositions.dispositions(items)
    numbers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in items:
        if of_items[item.number] == "withheld":
            numbers[item.code, item.reason].append(f"item {item.number:06}")
        elif of_items[item.number] == "redacted":
            for mark in item.marks:
                numbers[mark.code, mark.reason or item.reason].append(f"number {mark.number}")
    codes = {code.id: code for code in pack.codes}
    return [
        {"what": _listed(parts), "code": code, "citation": codes[code].citation if code in codes else "", "reason": reason}
        for (code, reason), parts in numbers.items()
    ]


def _listed(parts: list[str]) -> str:
    more = len(parts) - MAX_NUMBERS
    return ", ".join(parts[:MAX_NUMBERS]) + (f" and {more:,} more, which the log names" if more > 0 else "")


def _marked(row: Redaction) -> Marked:
    box = None if row.x0 is None else (row.x0, row.y0 or 0.0, row.x1 or 0.0, row.y1 or 0.0)
    return Marked(row.number, row.code, row.reason, row.first, row.last, row.page, box, bool(row.override))


def _decided(item: Item, decision: Decision | None, marks: tuple[Marked, ...]) -> DecidedItem:
    return DecidedItem(
        number=item.number,
        content=item.content,
        parent=item.parent.number if item.parent else 0,
        verdict=decision.verdict if decision else "",
        code=decision.code if decision else "",
        reason=decision.reason if decision else "",
        marks=marks,
        is_message=not item.part,
        media_type=item.media_type or "message/rfc822",
        holders=tuple(item.holders),
        may_quote=bool(decision and decision.note.strip()),
    )
