"""The items of a request for its reviewers: which ones, in which order, and what was decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from civicmail.city.directory.models import Person
from civicmail.city.law.pack import LawPack
from civicmail.desk.records.models import Decision, Item, PersonalFlag, Redaction, Request

WHICH = {
    "mine": "Open, mine",
    "open": "Open",
    "second": "For the second reader",
    "redact": "Redacted",
    "withheld": "Withheld",
    "flagged": "Flagged as personal",
    "all": "All",
}
OPEN_LISTS = ("mine", "open")
"""Lists that a document leaves when it is decided."""
ORDERS: dict[str, tuple[str, Sequence[str]]] = {
    "thread": ("By thread", ("-thread", "place", "number")),
    "date": ("By date", ("received", "number")),
    "number": ("By number", ("number",)),
}
WINDOW = 25
"""Items of the list before and behind the one that is shown."""


def decisions(request: Request) -> QuerySet[Decision]:
    """Those that count."""
    return Decision.objects.filter(request=request, replaced__isnull=True)


def listed(request: Request, which: str, reader: Person | None) -> QuerySet[Item]:
    """The messages of a list, or files whose message is not in the request. which: of WHICH."""
    rows = Item.objects.filter(request=request, parent__isnull=True)
    counting = decisions(request)
    match which:
        case "mine" | "open":
            rows = rows.exclude(content__in=counting.values("content"))
            return rows.filter(Q(reader=reader) | Q(reader__isnull=True)) if which == "mine" else rows
        case "second":
            waiting = counting.filter(second_asked=True, confirmed__isnull=True)
            return _with_files(rows, waiting)
        case "redact":
            return _with_files(rows, counting.filter(verdict="redact"))
        case "withheld":
            return _with_files(rows, counting.filter(verdict__in=("withhold", "not-a-record", "personal")))
        case "flagged":
            return rows.filter(capture__in=PersonalFlag.objects.values("capture"))
        case _:
            return rows


def _with_files(rows: QuerySet[Item], wanted: QuerySet[Decision]) -> QuerySet[Item]:
    """Messages of which the content, or that of a file, has one of these decisions."""
    contents = wanted.values("content")
    parents = Item.objects.filter(content__in=contents, parent__isnull=False).values("parent")
    return rows.filter(Q(content__in=contents) | Q(pk__in=parents))


@dataclass(frozen=True, slots=True)
class Window:
    """Part of a list. rows: around the present one; place: of the present one, from 1, 0 if it is not in the list; previous,
    following: numbers of the neighbors, 0 for none."""

    rows: Sequence[Item]
    place: int
    total: int
    previous: int
    following: int


def window(rows: QuerySet[Item], order: str, item: Item | None) -> Window:
    """The list around an item, in an order of ORDERS. An item that is not in it has neighbors all the same."""
    keys = ORDERS[order][1]
    ordered = rows.order_by(*keys)
    if item is None:
        return Window(list(ordered[: 2 * WINDOW]), 0, rows.count(), 0, 0)
    before = rows.filter(_beyond(keys, item, ahead=False)).order_by(*keys).reverse()
    behind = rows.filter(_beyond(keys, item, ahead=True)).order_by(*keys)
    earlier, later = list(before[:WINDOW])[::-1], list(behind[:WINDOW])
    is_in = rows.filter(pk=item.pk).exists()
    place = before.count() + 1 if is_in else 0
    shown = [*earlier, *([item] if is_in else []), *later]
    return Window(shown, place, rows.count(), earlier[-1].number if earlier else 0, later[0].number if later else 0)


def _beyond(keys: Sequence[str], item: Item, *, ahead: bool) -> Q:
    """Behind an item (ahead), or before it: in the first key, or equal there and in the next one, and so on."""
    cases = []
    equal: dict[str, object] = {}
    for key in keys:
        column = key.removeprefix("-")
        side = "gt" if ahead is not key.startswith("-") else "lt"
        cases.append(Q(**equal, **{f"{column}__{side}": getattr(item, column)}))
        equal[column] = getattr(item, column)
    return reduce(or_, cases)


def by_content(request: Request, contents: Collection[str]) -> dict[str, Decision]:
    """The decision that counts for each content."""
    return {d.content: d for d in decisions(request).filter(content__in=contents).select_related("by", "inherited__request")}


def history(request: Request, content: str) -> list[Decision]:
    """All decisions on a content, the newest first."""
    return list(Decision.objects.filter(request=request, content=content).select_related("by", "confirmed_by")[:20])


def last_of(request: Request, person: Person) -> Decision | None:
    """What this reviewer decided last and can undo."""
    return decisions(request).filter(by=person).order_by("-at", "-pk").first()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a review is. today: decisions of this person since midnight; day, days: of the target's working days."""

    today: int
    open: int
    total: int
    day: int
    days: int


def progress(request: Request, person: Person, pack: LawPack, midnight: datetime, today: date) -> Progress:
    """The counts of the head of the screen."""
    items = Item.objects.filter(request=request)
    undecided = items.exclude(content__in=decisions(request).values("content")).count()
    mine = Decision.objects.filter(request=request, by=person, at__gte=midnight).values("content").distinct().count()
    return Progress(mine, undecided, items.count(), pack.working_days(request.received.date(), today), pack.clock("respond").days)


def codes_used(request: Request) -> Counter[str]:
    """How often each code was used in a request."""
    used = Counter(decisions(request).exclude(code="").values_list("code", flat=True))
    used.update(Redaction.objects.filter(request=request, removed__isnull=True).exclude(code="").values_list("code", flat=True))
    return used
