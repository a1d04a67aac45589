"""The coding screen: list, message and decisions of a request side by side, each act with its letter (templates/work.html).

What it shows is opened under the request (queries/reading.py); every key is a button, and works without script.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.directory.errors import Unusable
from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.pages.city_request import CityRequest, acting, may, me, require
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import Label, label
from civicmail.core.message import dates
from civicmail.core.query.parse import parse
from civicmail.core.redaction.shapes import Document
from civicmail.desk.records import detectors, marked_text
from civicmail.desk.records.actions import decisions, inheritance, second_reading, suggestions
from civicmail.desk.records.actions.decisions import CODED, WHOLE, Ruling
from civicmail.desk.records.actions.redactions import present
from civicmail.desk.records.detectors import DETECTORS, Detection
from civicmail.desk.records.marked_text import Mark
from civicmail.desk.records.models import Decision, Item, Request
from civicmail.desk.records.queries import personal_mail, reviews
from civicmail.desk.records.queries.contradictions import contradictions
from civicmail.desk.records.queries.law import pack_of
from civicmail.desk.records.queries.reading import File, Reading
from civicmail.desk.records.queries.requests import agreed_scope
from civicmail.desk.records.states import VERDICT
from civicmail.desk.records.views import code_choice, request_page
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.search.errors import DamagedIndex
from civicmail.mail.search.search import Hit

ASKED = {"withhold": "Withhold", "personal": "Personal", "not-a-record": "No record"}
"""Verdicts that take a code, and so a form of their own."""
PLAIN = ("release", "not-responsive", "duplicate")
SHOWN = ("Subject", "Attachments")
"""Header lines that the screen shows elsewhere."""
OTHERS = (("Assign documents", "records-assign-items"), ("Sample", "records-sample"), ("Personal mail", "records-personal"))
"""Further pages of a review: words and name of the URL."""
MAX_NEAR = 5
"""Near-duplicates that an item leads to."""
REFUSALS = (Unusable, Conflict, NotPermitted)


@dataclass(frozen=True, slots=True)
class Place:
    """What the reviewer looks at. which, order: of the list; item: None in an empty list."""

    row: Request
    which: str
    order: str
    item: Item | None
    window: reviews.Window

    def link(self, **query: object) -> str:
        """The address of the screen with another item, list or form."""
        item = self.item.number if self.item else ""
        given = {"item": item, "which": self.which, "order": self.order, **query}
        return f"{reverse('records-review', args=[self.row.number])}?{urlencode({k: v for k, v in given.items() if v})}"


@acting("records.review")
def review(request: CityRequest, number: str) -> HttpResponse:
    """Show an item with its list and decisions, or carry out a decision and show the next one."""
    require(request, "records.review")
    row = request_page.seen(request, number)
    place = _place(request, row, request.GET)
    if request.method != "POST":
        return _shown(request, place)
    try:
        return _acted(request, place)
    except REFUSALS as error:
        if isinstance(error, Unusable) and request.POST.get("act") in ASKED:
            return _shown(request, place, form=request.POST, errors=error)
        messages.warning(request, error.args[0])
        return redirect(place.link())


def _place(request: CityRequest, row: Request, query: QueryDict) -> Place:
    which = query.get("which", "mine")
    order = query.get("order", "thread")
    which, order = which if which in reviews.WHICH else "mine", order if order in reviews.ORDERS else "thread"
    rows = reviews.listed(row, which, me(request))
    item = None
    if number := query.get("item", ""):
        items = Item.objects.filter(request=row).select_related("parent", "reader")
        item = items.filter(number=int(number)).first() if number.isdecimal() and len(number) < 9 else None
        if item is None:
            raise Http404
    else:
        item = rows.order_by(*reviews.ORDERS[order][1]).select_related("parent", "reader").first()
    listed = item.parent if item is not None and item.parent is not None else item
    return Place(row, which, order, item, reviews.window(rows, order, listed))


def _acted(request: CityRequest, place: Place) -> HttpResponse:
    """Raises Unusable, Conflict, NotPermitted."""
    row, item, now = place.row, place.item, epoch_ms(request.now)
    act = request.POST.get("act", "")
    if act == "undo":
        undone = decisions.undo(row, actor=request.actor, now=now)
        first = Item.objects.filter(request=row, content=undone[0].content).order_by("number").first()
        return redirect(place.link(item=first.number if first else ""))
    if act == "inherit":
        made = inheritance.take_over(row, actor=request.actor, now=now)
        messages.success(request, f"Decisions taken over from earlier requests: {len(made)}.")
        return redirect(place.link(item=""))
    if item is None:
        raise Conflict("There is no document in this list. Choose another list.")
    if act in ("use", "dismiss"):
        return _suggestion_answered(request, place, item, act)
    if act == "second":
        person = second_reading.ask(row, item, actor=request.actor, now=now)
        messages.success(request, f"{item.number:06}: given to {person}.")
    elif act == "confirm":
        second_reading.confirm(row, item, actor=request.actor, now=now)
        messages.success(request, f"{item.number:06}: confirmed.")
    else:
        ruling = _ruling(request, row, act)
        decisions.decide(row, _also(request, row, item), ruling, actor=request.actor, now=now, seen=_seen(request.POST))
    stays = "" if place.which in reviews.OPEN_LISTS else item.number
    return redirect(place.link(item=place.window.following or stays))


def _ruling(request: CityRequest, row: Request, act: str) -> Ruling:
    given = request.POST
    if act == "last":
        last = reviews.last_of(row, me(request))
        if last is None or last.verdict == "redact":
            raise Conflict("There is no decision of yours to repeat.")
        return Ruling(last.verdict, last.code, last.reason, last.facts, given.get("note", ""))
    if act not in (*PLAIN, *CODED):
        raise Conflict("Choose a decision.")
    reason, note = given.get("reason", "")[:2000], given.get("note", "")[:2000]
    return Ruling(act, given.get("code", ""), reason, code_choice.facts_of(given.dict()), note)


def _also(request: CityRequest, row: Request, item: Item) -> list[Item]:
    """The item, with its open files and the rest of its thread where that is ticked. Copies have the same content."""
    items = [item]
    decided = reviews.decisions(row).values("content")
    rest = Item.objects.filter(request=row).exclude(content__in=decided)
    if request.POST.get("thread") and item.thread:
        items += rest.filter(thread=item.thread)
    if request.POST.get("files"):
        items += rest.filter(parent__in=[one.pk for one in items])
    return items


def _seen(given: QueryDict) -> list[int] | None:
    """The decisions that the page showed."""
    return [int(pk) for pk in given.get("seen", "").split() if pk.isdecimal()] if "seen" in given else None


def _suggestion_answered(request: CityRequest, place: Place, item: Item, act: str) -> HttpResponse:
    name, _, span = request.POST.get("suggestion", "").partition(":")
    first, _, last = span.partition("-")
    if name not in DETECTORS or not (first.isdecimal() and last.isdecimal()):
        raise Http404
    detection = Detection(name, int(first), int(last))
    verb: Callable[..., object] = suggestions.use if act == "use" else suggestions.dismiss
    verb(place.row, item, detection, actor=request.actor, now=epoch_ms(request.now))
    return redirect(place.link())


def _shown(
    request: CityRequest, place: Place, form: Mapping[str, str] | None = None, errors: Unusable | None = None
) -> HttpResponse:
    row, person = place.row, me(request)
    today = timezone.localtime(request.now)
    pack = pack_of(row)
    shown: dict[str, Any] = {
        "row": row,
        "place": place,
        "progress": reviews.progress(row, person, pack, today.replace(hour=0, minute=0, second=0, microsecond=0), today.date()),
        "which": reviews.WHICH,
        "orders": {key: words for key, (words, _) in reviews.ORDERS.items()},
        "page": _page(row),
        "last": _last(row, person),
        "inheritable": 0 if place.item else len(inheritance.inheritable(row)),
    }
    if place.item is not None:
        shown |= _item(request, place, place.item)
        do = (form or request.GET).get("act" if form else "do", "")
        if do in ASKED:
            shown |= {"form": None, "asked": _coded(place, do, form or {}, errors, today.date())}
    status = 422 if errors else 200
    return render(request, "records/review.html", shown, status=status)


def _last(row: Request, person: Person) -> tuple[bool, str] | None:
    """Whether the reviewer's last decision can be repeated, and its word; None without one."""
    last = reviews.last_of(row, person)
    return (last.verdict != "redact", str(VERDICT[last.verdict][1])) if last is not None else None


def _page(row: Request) -> Page:
    crumbs = [(row.number, reverse("records-request", args=[row.number]))]
    actions = [Action(words, reverse(name, args=[row.number])) for words, name in OTHERS]
    return Page("Review", row.number, crumbs, actions=actions)


def _item(request: CityRequest, place: Place, item: Item) -> dict[str, Any]:
    """What one item shows. Its entry is durable before anything is read."""
    row = place.row
    captures = [listed.capture for listed in place.window.rows]
    facts = {"ids": [item.capture], "item": item.number, "listed": len(captures)}
    opened = Reading(row, "content.show", actor=request.actor, facts=facts, now=epoch_ms(request.now))
    try:
        hits = opened.hits([*captures, item.capture])
    except (NotIndexed, DamagedIndex):
        hits = {}
    file = opened.file(item)
    family = Item.objects.filter(request=row, parent=item.parent or item).order_by("number")
    copies = Item.objects.filter(request=row, content=item.content).exclude(pk=item.pk)
    contents = {item.content, *(one.content for one in family), *(one.content for one in place.window.rows)}
    decided = reviews.by_content(row, contents)
    thread = Item.objects.filter(request=row, thread=item.thread).exclude(content=item.content) if item.thread else None
    inclusive = thread.filter(inclusive=True).first() if thread is not None and not item.inclusive else None
    decision = decided.get(item.content)
    waits = decision is not None and decision.second_asked and decision.confirmed is None
    return {
        "item": item,
        "hit": hits.get(item.capture),
        "decision": decision,
        "lines": _lines(place, hits, decided),
        "family": [
            {"item": one, "url": place.link(item=one.number), "state": _state(decided.get(one.content))}
            for one in ([item.parent, *family] if item.parent else family)
        ],
        "links": _links(place, item, inclusive),
        "state": _state(decision),
        "waits": waits,
        "may_confirm": waits and decision is not None and may(request, "records.second", second_reading.resource_of(decision)),
        "copies": copies.count(),
        "flags": personal_mail.flags([item.capture])[item.capture],
        "holders": item.holders,
        "thread": thread.count() if thread is not None else 0,
        "inclusive": inclusive,
        "near": _near(row, item),
        "history": [(d, VERDICT[d.verdict][1]) for d in reviews.history(row, item.content)],
        "seen": " ".join(str(d.pk) for d in decided.values()),
        **_text(request, row, item, file),
    }


def _near(row: Request, item: Item) -> list[tuple[Item, str]]:
    """Documents that say nearly the same, with the address of the differences."""
    if item.cluster is None:
        return []
    others = Item.objects.filter(request=row, cluster=item.cluster).exclude(content=item.content).order_by("number")[:MAX_NEAR]
    return [(one, reverse("records-difference", args=[row.number, item.number, one.number])) for one in others]


def _state(decision: Decision | None) -> Label:
    """An open document is gray in the list, because most are."""
    return VERDICT[decision.verdict] if decision is not None else ("plain", label("open")[1])


def _links(place: Place, item: Item, inclusive: Item | None) -> dict[str, str]:
    """Where the screen leads from an item."""
    near = {"previous": place.window.previous, "following": place.window.following}
    near |= {"parent": item.parent.number if item.parent else 0, "inclusive": inclusive.number if inclusive else 0}
    return {
        **{name: place.link(item=number) for name, number in near.items() if number},
        **{verdict.replace("-", "_"): place.link(do=verdict) for verdict in ASKED},
        "redact": reverse("records-redact", args=[place.row.number, item.number]),
        "back": place.link(),
    }


def _lines(place: Place, hits: Mapping[str, Hit], decided: Mapping[str, Decision]) -> list[dict[str, Any]]:
    """Rows of the list; group: the subject of a thread where a new one begins."""
    lines = []
    thread: str | None = None
    for item in place.window.rows:
        hit, decision = hits.get(item.capture), decided.get(item.content)
        lines.append({
            "item": item,
            "subject": (hit.subject if hit else "") or "(no subject)",
            "who": parseaddr(hit.from_)[0] or hit.from_ if hit else "",
            "url": place.link(item=item.number),
            "state": _state(decision),
            "is_decided": decision is not None,
            "group": place.order == "thread" and item.thread != thread,
        })  # fmt: skip
        thread = item.thread
    return lines


def _text(request: CityRequest, row: Request, item: Item, file: File) -> dict[str, Any]:
    """The words of an item, marked, with what was found and is suggested."""
    if file.document is None:
        return {"file": file, "why": file.why}
    document = file.document
    head, start = marked_text.head(document) if not item.part else ([], 0)
    terms = _terms(request, row, document)
    answered = suggestions.answered(row, item.content)
    suggested = [one for one in detectors.detect(document, start) if one not in answered]
    pack, precision = pack_of(row), suggestions.precision()
    marks = [Mark(first, last, "hit") for term in terms for first, last in term.places]
    marks += [Mark(one.first, one.last, "suggested", n) for n, one in enumerate(suggested, 1)]
    marks += [Mark(r.first, r.last, "box" if r.code else "open", r.number) for r in present(row, [item.content]) if r.first >= 0]
    return {
        "file": file,
        "head": [(name, runs, _moment(runs) if name == "Date" else None) for name, runs in head if name not in SHOWN],
        "blocks": marked_text.blocks(document, marks, start),
        "terms": [(term.text, len(term.places)) for term in terms],
        "suggestions": [
            {
                "number": n,
                "key": f"{one.detector}:{one.first}-{one.last}",
                "detector": DETECTORS[one.detector],
                "precision": precision[one.detector],
                "warnings": pack.warnings(one.detector),
            }
            for n, one in enumerate(suggested, 1)
        ],
    }


def _moment(runs: Iterable[marked_text.Run]) -> datetime | None:
    """The moment that a Date header names; None for one that is not usable."""
    moment = dates.parse("".join(run.text for run in runs))
    return moment if moment is not None and 1970 <= moment.year < 9999 else None


def _terms(request: CityRequest, row: Request, document: Document) -> list[marked_text.Term]:
    scope = agreed_scope(row)
    return marked_text.terms(document, parse(scope.query, now=request.now)) if scope is not None else []


def _coded(place: Place, verdict: str, given: Mapping[str, str], errors: Unusable | None, today: date) -> dict[str, Any]:
    """The form of a decision that takes a code."""
    kind = verdict if verdict in WHOLE else ""
    fields = errors.fields if errors else {}
    codes = code_choice.choices(
        place.row, pack_of(place.row), lambda code: code.kind == kind if kind else code.kind not in WHOLE,
        today=today, chosen=given.get("code", ""), given=given, errors=fields,
    )  # fmt: skip
    typed = {name: given.get(name, "") for name in ("reason", "note")}
    return {"verdict": verdict, "words": ASKED[verdict], "codes": codes, "error": str(errors) if errors else "", **typed}


@acting("records.see")
def open_points(request: CityRequest, number: str) -> HttpResponse:
    """List what contradicts itself, and so blocks a release."""
    row = request_page.seen(request, number)
    found = contradictions(row)
    page = request_page.page(row, "Contradictions")
    shown = {
        "page": page,
        "row": row,
        "sections": request_page.sections(row, "records-contradictions", request.actor, epoch_ms(request.now)),
        "found": [(c, f"{reverse('records-review', args=[row.number])}?which=all&item={c.item}") for c in found[:500]],
        "total": len(found),
    }
    return render(request, "records/contradictions.html", shown)


@acting("records.see")
def personal_report(request: CityRequest, number: str) -> HttpResponse:
    """Download when the messages came that were excluded as purely personal, and how many they are."""
    row = request_page.seen(request, number)
    response = HttpResponse(personal_mail.report(row), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{row.number}-personal-mail.csv"'
    return response
