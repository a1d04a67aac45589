"""My mailboxes: which may I use, by which right, until when, and who else does (P-06, M5)? And what it answers by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.models import Authorization, AutoReply
from civicmail.city.identity.queries.autoreplies import about_answer, current_reply
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest as Request
from civicmail.city.pages.city_request import acting, or_404, require
from civicmail.city.pages.days import last_day
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import label
from civicmail.desk.mailbox import mail_list, queries
from civicmail.desk.mailbox.acts.auto_replies import END_AWAY, SET_AWAY, SET_OWN_AWAY
from civicmail.desk.mailbox.scope import OwnMailbox
from civicmail.desk.mailbox.views.opened_message import crumbs
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.search.errors import DamagedIndex

ROLES = {
    "holder": gettext_lazy("It is yours"),
    "delegate": gettext_lazy("You may use it"),
    "successor": gettext_lazy("You may read it"),
}
OTHERS = {"holder": gettext_lazy("holds it"), "delegate": gettext_lazy("may use it"), "successor": gettext_lazy("may read it")}
"""Role of an authorization, in words about oneself and about others."""


@dataclass(frozen=True, slots=True)
class Line:
    """One mailbox. new: number of unopened messages, None if unknown now; others: (name, permissions). answers: until when its
    auto-reply is on; answer: the page on which this person sets it for a function mailbox."""

    box: OwnMailbox
    role: Any
    until: datetime | None
    new: int | None
    others: list[tuple[str, Any]]
    answers: date | None = None
    answer: str = ""


@acting("my.mail")
def boxes(request: Request) -> HttpResponse:
    """My own first."""
    now = epoch_ms(request.now)
    permit, mine = queries.own_mail(request.actor, now=now)
    kept = queries.marks_by(permit, now=now)
    lines = []
    for box in mine.boxes:
        try:
            desk = queries.desk(permit, queries.choose_box(mine, box.id), now=now, marks=kept)
            new: int | None = len(mail_list.unopened(desk))
        except (NotIndexed, DamagedIndex):
            new = None
        rights = _rights(box)
        own = next((r for r in rights if r.person.uid == permit.person), None)
        others = [(r.person.display, OTHERS[r.role]) for r in rights if r.person.uid != permit.person]
        row = current_reply(box.row, request.now)
        role, until = (ROLES[own.role], own.until) if own else ("", None)
        lines.append(Line(box, role, until, new, others, last_day(row.until) if row else None, _url(box, own)))
    actions = [Action(gettext("I am away…"), reverse("mail-away"))] if _own(request) else []
    page = Page(gettext("My mailboxes"), gettext("Mailboxes"), crumbs(), actions=actions)
    return render(request, "mailbox/boxes.html", {"page": page, "lines": lines})


@acting("my.mail")
def away(request: Request) -> HttpResponse:
    """Set the auto-reply of one's own mailbox. Raises Http404 without one."""
    box = or_404(_own(request))
    return _save_auto_reply(request, box)


@acting("reply.set")
def away_of(request: Request, mailbox: int) -> HttpResponse:
    """Set the auto-reply of a function mailbox, by a person who may send from it, or by its department (M5)."""
    box = get_object_or_404(Mailbox, pk=mailbox, kind=Mailbox.Type.FUNCTION, closed__isnull=True)
    require(request, "reply.set", about_answer(box, epoch_ms(request.now)))
    return _save_auto_reply(request, box)


def _save_auto_reply(request: Request, box: Mailbox) -> HttpResponse:
    own, back = box.holder is not None, _page_of(box)
    if request.method == "POST" and "end" in request.POST:
        return act_pages.respond_to_button(request, END_AWAY, box, back)
    row = current_reply(box.pk, request.now)
    title = gettext("Out-of-office reply") if own else gettext("Auto-reply of {mailbox}")
    trail = [*crumbs(), *([] if own else [(gettext("Mailboxes"), reverse("mail-boxes"))])]
    form_page = FormPage(
        title=title.format(mailbox=box), section=gettext("Away"), crumbs=trail, state=_state(row, request.now), back=back,
        submit="", template="mailbox/away.html", context={"row": row, "last": last_day(row.until) if row else None, "own": own},
    )  # fmt: skip
    return act_pages.answer(request, SET_OWN_AWAY if own else SET_AWAY, box, form_page)


def _page_of(box: Mailbox) -> str:
    return reverse("mail-away") if box.holder else reverse("mail-away-of", args=[box.pk])


def _url(box: OwnMailbox, own: Authorization | None) -> str:
    """The URL at which a person who may send from a function mailbox sets its auto-reply."""
    sends = box.kind == Mailbox.Type.FUNCTION and own is not None and own.role == "delegate"
    return reverse("mail-away-of", args=[box.row]) if sends else ""


def _state(row: AutoReply | None, at: datetime) -> tuple[str, str]:
    return label("not-set-up" if row is None else "active" if row.starts <= at else "scheduled")


def _own(request: Request) -> Mailbox | None:
    """The personal mailbox that the person may use at this moment."""
    _, mine = queries.own_mail(request.actor, now=epoch_ms(request.now))
    row = next((box.row for box in mine.boxes if box.kind == "own"), None)
    return Mailbox.objects.filter(pk=row).first() if row else None


def _rights(box: OwnMailbox) -> list[Authorization]:
    """The people who may use it, by their names in the directory."""
    rows = Authorization.objects.filter(mailbox=box.row, state="active").select_related("person")
    return sorted(rows, key=lambda r: (r.role != "holder", r.person.display, r.pk))
