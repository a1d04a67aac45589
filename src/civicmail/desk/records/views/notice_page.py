"""One notice to a person whom records are about: its days, its letter, and what may be done with it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.law.errors import IncompleteLetter
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.page import Action, Page
from civicmail.desk.records.acts import notices as acts
from civicmail.desk.records.models import Item, Request, SubjectNotice
from civicmail.desk.records.queries import notices
from civicmail.desk.records.queries.law import local_day, pack_or_none
from civicmail.desk.records.states import NOTICE, NOTICES
from civicmail.desk.records.views import request_page

BY_ACTION: dict[str, acts.OnNotice[Any]] = {"serve": acts.SERVE, "dispute": acts.DISPUTE, "end": acts.END, "drop": acts.DROP}


@acting("records.see")
def notice(request: CityRequest, pk: int) -> HttpResponse:
    """Show a notice, with the letter as it is today or as it was served."""
    require(request, "records.see")
    row = get_object_or_404(SubjectNotice.objects.select_related("request__custodian", "person", "by"), pk=pk)
    pack, today = pack_or_none(row.request), local_day(request.now)
    locks = notices.locks(row.request, pack, today) if pack is not None else []
    shown: dict[str, Any] = {
        "page": head(row, actions=_actions(request, row)),
        "row": row,
        "known": pack.notice_class(row.notice) if pack is not None else None,
        "lock": next((lock for lock in locks if lock.notice.pk == row.pk), None),
        "is_late": row.state == "due" and row.serve_by < today,
        "items": Item.objects.filter(request=row.request, content__in=row.contents).order_by("number"),
        "letter": row.letter,
    }
    if not row.letter and pack is not None:
        try:
            letter = notices.letter_of(row, pack, today)
            shown["letter"] = f"{letter.subject}\n\n{letter.body}"
        except IncompleteLetter as error:
            shown["missing"] = str(error)
    return render(request, "records/notice.html", shown)


def head(row: SubjectNotice, heading: str = "", **more: Any) -> Page:
    """The head of the pages of one notice. heading: of a page below it."""
    here = [("Notices", reverse("records-request-notices", args=[row.request.number]))]
    title = f"Notice to {row.name}"
    if heading:
        here.append((title, url(row)))
    page = request_page.page(row.request, heading or title)
    facts: list[tuple[str, Any]] = [("Decided", row.decided), ("Serve by", row.serve_by)]
    if row.sent is not None:
        facts = [("Decided", row.decided), ("Served", row.sent), ("By", row.service), ("Proof", row.proof)]
    return Page(page.h1, page.section, [*page.crumbs, *here], NOTICE[row.state], facts, **more)


def url(row: SubjectNotice) -> str:
    """The page of a notice."""
    return reverse("records-notice", args=[row.pk])


def public_part(row: Request, token: str) -> dict[str, Any]:
    """What the status page says of notices: that some records wait, and until when at the earliest. Nobody is named."""
    pack = pack_or_none(row)
    locks = notices.locks(row, pack, local_day(timezone.now())) if pack is not None else []
    return {"template": "records/public_lock.html", "waits": bool(locks), "lock": notices.longest(locks)}


def _actions(request: CityRequest, row: SubjectNotice) -> list[Action]:
    if not may(request, "records.work"):
        return []
    fitting = [act for action, act in BY_ACTION.items() if action in NOTICES.actions(row.state)]
    if row.state == "sent":
        fitting.remove(acts.END)  # the worker ends it on its day
    return [Action(act.title.rstrip("?"), reverse(act.page.name, args=[row.pk]), act is acts.SERVE) for act in fitting]
