"""The redaction screen: words or boxes of one part are marked and coded, and the file that would leave is shown as it is.

Every mark is a row at once; "Save" is the decision to redact, which counts only what has a code (decisions.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable, field_error
from civicmail.city.pages.city_request import CityRequest, acting, me, or_404, require
from civicmail.city.pages.page import Page
from civicmail.core.query.fold import tokens
from civicmail.core.redaction.errors import NotConverted
from civicmail.core.redaction.read import page_picture
from civicmail.core.redaction.shapes import Box, Document
from civicmail.desk.records import marked_text
from civicmail.desk.records.actions import decisions, redactions, same_words
from civicmail.desk.records.actions.decisions import Ruling
from civicmail.desk.records.actions.redactions import Place, box_at, present, words_at
from civicmail.desk.records.marked_text import Mark
from civicmail.desk.records.models import Item, Redaction, Request
from civicmail.desk.records.preview import preview_of
from civicmail.desk.records.queries.law import pack_of
from civicmail.desk.records.queries.reading import File, Reading
from civicmail.desk.records.views import code_choice, request_page

MAX_WORDS = 20_000
"""Words of a part that the screen shows; more are marked by searching for them."""
PICTURE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}
REFUSALS = (Unusable, Conflict, NotPermitted)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is redacted. marks: its redactions in reading order; chosen: the one in the panel, or None."""

    row: Request
    item: Item
    file: File
    marks: Sequence[Redaction]
    chosen: Redaction | None

    @property
    def document(self) -> Document:
        """Raises Unusable if it has no words."""
        if self.file.document is None:
            raise Unusable(self.file.why)
        return self.file.document

    @property
    def url(self) -> str:
        return reverse("records-redact", args=[self.row.number, self.item.number])


@acting("records.review")
def redact(request: CityRequest, number: str, item: int) -> HttpResponse:
    """Show a part with its redactions, or mark, code and remove them."""
    sheet, opened = _sheet(request, number, item)
    if request.method != "POST":
        return _shown(request, sheet, opened)
    try:
        return _acted(request, sheet, opened)
    except REFUSALS as error:
        if isinstance(error, Unusable) and request.POST.get("act") == "apply":
            return _shown(request, sheet, opened, form=request.POST.dict(), errors=error)
        messages.warning(request, error.args[0])
        return redirect(f"{sheet.url}?box={sheet.chosen.number}" if sheet.chosen else sheet.url)


def _sheet(request: CityRequest, number: str, item_number: int) -> tuple[Sheet, Reading]:
    """Its entry is durable before anything is read."""
    require(request, "records.review")
    row = request_page.seen(request, number)
    item = get_object_or_404(Item.objects.select_related("parent"), request=row, number=item_number)
    facts = {"ids": [item.capture], "item": item.number, "redact": 1}
    opened = Reading(row, "content.show", actor=request.actor, facts=facts, now=epoch_ms(request.now))
    file = opened.file(item)
    marks = sorted(present(row, [item.content]), key=lambda r: (r.page, r.first, r.y0 or 0.0, r.x0 or 0.0))
    wanted = (request.POST if request.method == "POST" else request.GET).get("box", "")
    chosen = next((mark for mark in marks if str(mark.number) == wanted), None)
    if chosen is None and not wanted:
        chosen = next((mark for mark in marks if not mark.code), marks[0] if marks else None)
    return Sheet(row, item, file, marks, chosen), opened


def _acted(request: CityRequest, sheet: Sheet, opened: Reading) -> HttpResponse:
    """Raises Unusable, Conflict, NotPermitted."""
    row, item, now, actor = sheet.row, sheet.item, epoch_ms(request.now), request.actor
    act, given = request.POST.get("act", ""), request.POST
    match act:
        case "mark" | "box" | "all":
            made = redactions.mark(row, _places(sheet, act, given.dict()), actor=actor, now=now)
            if not made:
                raise Conflict("Nothing was marked: it is redacted already, or it does not occur.")
            return redirect(f"{sheet.url}?box={made[0].number}")
        case "undo":
            redactions.undo(row, item, actor=actor, now=now)
        case "save":
            decisions.decide(row, [item], Ruling("redact"), actor=actor, now=now)
            return redirect(f"{reverse('records-review', args=[row.number])}?item={item.number}")
        case "apply" | "remove" | "allow":
            return _on_chosen(request, sheet, opened, act)
        case _:
            raise Conflict("Choose what to do.")
    return redirect(sheet.url)


def _on_chosen(request: CityRequest, sheet: Sheet, opened: Reading, act: str) -> HttpResponse:
    chosen, given, now = or_404(sheet.chosen), request.POST, epoch_ms(request.now)
    row, actor = sheet.row, request.actor
    numbers = [chosen.number]
    if act == "remove":
        redactions.remove(row, numbers, actor=actor, now=now)
        return redirect(sheet.url)
    if act == "allow":
        redactions.allow(row, chosen.number, given.get("override", ""), actor=actor, now=now)
        return redirect(f"{sheet.url}?box={chosen.number}")
    facts, code, reason = code_choice.facts_of(given.dict()), given.get("code", ""), given.get("reason", "")[:2000]
    if given.get("where") == "request" and chosen.first >= 0:
        numbers += [mark.number for mark in sheet.marks if not mark.code and _is_same(sheet.document, mark, chosen)]
        redactions.apply(row, numbers, code, reason, facts, actor=actor, now=now)
        places = same_words.places_of(row, _phrase(sheet.document, chosen), opened)
        made = redactions.mark(row, places, actor=actor, now=now, code=code, reason=reason, facts=facts)
        messages.success(request, f"Also redacted in this request: {len(numbers) - 1 + len(made)}.")
    else:
        redactions.apply(row, numbers, code, reason, facts, actor=actor, now=now)
    following = next((mark.number for mark in sheet.marks if not mark.code and mark.number not in numbers), chosen.number)
    return redirect(f"{sheet.url}?box={following}")


def _places(sheet: Sheet, act: str, given: Mapping[str, str]) -> list[Place]:
    """What is to be marked. Raises Unusable."""
    document, item = sheet.document, sheet.item
    if act == "all":
        return [Place(item.content, first, last) for first, last in marked_text.phrases(document, given.get("find", "")[:400])]
    if act == "box":
        return [box_at(item, document, _whole(given, "page") - 1, _box(given))]
    return [words_at(item, document, _whole(given, "first") - 1, _whole(given, "last") - 1)]


def _whole(given: Mapping[str, str], name: str) -> int:
    """Raises Unusable."""
    text = given.get(name, "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise field_error(name, "Write numbers of words, such as 31 to 38.")
    return int(text)


def _box(given: Mapping[str, str]) -> Box:
    """Raises Unusable."""
    try:
        x0, y0, x1, y1 = (float(given.get(name, "")) for name in ("x0", "y0", "x1", "y1"))
    except ValueError:
        raise field_error("box", "Write the four sides of the box in points.") from None
    return x0, y0, x1, y1


def _phrase(document: Document, mark: Redaction) -> str:
    return " ".join(word.text for word in document.words[mark.first : mark.last + 1])


def _is_same(document: Document, mark: Redaction, chosen: Redaction) -> bool:
    """Whether it is another mark of the same words."""
    return mark.pk != chosen.pk and mark.first >= 0 and tokens(_phrase(document, mark)) == tokens(_phrase(document, chosen))


def _shown(
    request: CityRequest, sheet: Sheet, opened: Reading, form: Mapping[str, str] | None = None, errors: Unusable | None = None
) -> HttpResponse:
    row, item, chosen = sheet.row, sheet.item, sheet.chosen
    pack = pack_of(row)
    coded = sum(bool(mark.code) for mark in sheet.marks)
    find = request.GET.get("find", "")[:400]
    shown: dict[str, Any] = {
        "page": _page(row, item),
        "row": row,
        "item": item,
        "file": sheet.file,
        "url": sheet.url,
        "chosen": chosen,
        "marks": [(mark, pack.code(mark.code).label if mark.code else "No code") for mark in sheet.marks],
        "coded": coded,
        "uncoded": len(sheet.marks) - coded,
        "copies": Item.objects.filter(request=row, content=item.content).exclude(pk=item.pk).count(),
        "parts": [_part(opened, part, item) for part in _family(item)],
        "find": find,
        "numbered": "numbers" in request.GET,
        "near": _near(sheet),
        "undoes": redactions.has_undo(row, item, me(request)),
    }
    if sheet.file.document is not None:
        shown |= _text(sheet, sheet.file.document, find)
    if chosen is not None:
        shown["asked"] = _coding(request, row, chosen, form, errors)
    return render(request, "records/redaction.html", shown, status=422 if errors else 200)


def _coding(
    request: CityRequest, row: Request, chosen: Redaction, form: Mapping[str, str] | None, errors: Unusable | None
) -> dict[str, Any]:
    """The panel's form: what was typed, or what the redaction has."""
    stored = {code_choice.field_name(chosen.code, need): str(value) for need, value in chosen.facts.items()}
    typed = form if form is not None else {"reason": chosen.reason, "code": chosen.code, **stored}
    codes = code_choice.choices(
        row,
        pack_of(row),
        lambda code: code.kind not in decisions.WHOLE,
        today=timezone.localtime(request.now).date(),
        chosen=typed.get("code", ""),
        given=typed,
        errors=errors.fields if errors else {},
    )
    return {"codes": codes, "reason": typed.get("reason", ""), "error": str(errors) if errors else ""}


def _page(row: Request, item: Item) -> Page:
    crumbs = [
        (row.number, reverse("records-request", args=[row.number])),
        ("Review", f"{reverse('records-review', args=[row.number])}?item={item.number}"),
    ]
    return Page(f"Redact {item.number:06}", row.number, crumbs)


def _family(item: Item) -> list[Item]:
    """The message and its files."""
    top = item.parent or item
    return [top, *Item.objects.filter(parent=top).order_by("number")]


def _part(opened: Reading, part: Item, item: Item) -> dict[str, Any]:
    """A tab: its name, and what hides in it."""
    file = opened.file(part)
    name = "Text" if not part.part else file.name or f"File {part.part}"
    hidden = ", ".join(file.document.hidden) if file.document is not None and part.part else ""
    words = ", ".join(filter(None, (name, hidden, "cannot be read" if file.document is None else "")))
    return {
        "words": words,
        "url": reverse("records-redact", args=[item.request.number, part.number]),
        "is_here": part.pk == item.pk,
    }


def _near(sheet: Sheet) -> dict[str, str]:
    """The redactions before and behind the chosen one."""
    numbers = [mark.number for mark in sheet.marks]
    if sheet.chosen is None or len(numbers) < 2:
        return {}
    at = numbers.index(sheet.chosen.number)
    return {
        "previous": f"{sheet.url}?box={numbers[at - 1]}" if at else "",
        "following": f"{sheet.url}?box={numbers[at + 1]}" if at + 1 < len(numbers) else "",
    }


def _text(sheet: Sheet, document: Document, find: str) -> dict[str, Any]:
    """The part as it is marked: words, and the pictures of pages with their boxes."""
    pack = pack_of(sheet.row)
    found = marked_text.phrases(document, find) if find else []
    marks = [Mark(first, last, "hit") for first, last in found]
    for mark in sheet.marks:
        label = pack.code(mark.code).label if mark.code else ""
        if mark.first >= 0:
            marks.append(Mark(mark.first, mark.last, "box" if mark.code else "open", mark.number, label))
    return {
        "blocks": marked_text.blocks(document, marks, fold=False) if len(document.words) <= MAX_WORDS else [],
        "words": len(document.words),
        "found": len(found),
        "kind": document.kind,
        "pages": [
            {
                "number": n + 1,
                "width": round(width, 2),
                "height": round(height, 2),
                "boxes": [_rectangle(mark) for mark in sheet.marks if mark.page == n and mark.x0 is not None],
            }
            for n, (width, height) in enumerate(document.sizes)
        ],
    }


def _rectangle(mark: Redaction) -> dict[str, Any]:
    x0, y0, x1, y1 = mark.x0 or 0.0, mark.y0 or 0.0, mark.x1 or 0.0, mark.y1 or 0.0
    return {"x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0, "number": mark.number, "coded": bool(mark.code)}


@acting("records.review")
@require_GET
def page(request: CityRequest, number: str, item: int, page: int) -> HttpResponse:
    """The picture of a page of the original, on which boxes are drawn."""
    sheet, _ = _sheet(request, number, item)
    if sheet.file.document is None or not 1 <= page <= len(sheet.document.sizes):
        raise Http404
    return HttpResponse(page_picture(sheet.file.content, page - 1), content_type="image/png", headers=PICTURE)


@acting("records.review")
@require_GET
def preview(request: CityRequest, number: str, item: int) -> HttpResponse:
    """Show the file that would leave: its own pages and its own words."""
    sheet, _ = _sheet(request, number, item)
    why, pages, words = "", 0, ""
    try:
        released = preview_of(sheet.row, sheet.item, sheet.document, sheet.file.content)
        pages, words = released.pages, " ".join(released.words)
    except (NotConverted, Unusable) as error:
        why = str(error)
    here = [*_page(sheet.row, sheet.item).crumbs, (f"Redact {sheet.item.number:06}", sheet.url)]
    shown = {"page": Page("Preview", sheet.row.number, here), "url": sheet.url, "why": why, "words": words}
    shown |= {"pages": range(1, min(pages, 50) + 1), "count": pages, "uncoded": sum(not mark.code for mark in sheet.marks)}
    return render(request, "records/preview.html", shown)


@acting("records.review")
@require_GET
def preview_page(request: CityRequest, number: str, item: int, page: int) -> HttpResponse:
    """The picture of a page of the file that would leave."""
    sheet, _ = _sheet(request, number, item)
    try:
        released = preview_of(sheet.row, sheet.item, sheet.document, sheet.file.content)
    except (NotConverted, Unusable):
        raise Http404 from None
    if not 1 <= page <= released.pages:
        raise Http404
    return HttpResponse(page_picture(released.content, page - 1), content_type="image/png", headers=PICTURE)
