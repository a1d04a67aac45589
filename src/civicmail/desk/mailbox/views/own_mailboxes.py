"""My mailboxes: which may I use, by which right, until when, and who else does (P-06, M5)? And what it answers by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from civicmail.city.access.actions import autoreplies
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.models import Authorisation, AutoReply
from civicmail.city.access.queries.autoreplies import about_answer
from civicmail.city.access.queries.days import last_day
from civicmail.city.access.views.city_request import CityRequest as Request
from civicmail.city.access.views.city_request import acting, require
from civicmail.city.access.views.form_verb import run_verb, status_of
from civicmail.city.access.views.page import Action, Page
from civicmail.city.access.views.wording import day
from civicmail.city.directory.models import Mailbox
from civicmail.desk.mailbox import mail_list, queries
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
    """One mailbox. new: not opened, None where that cannot be told now; others: (name, what they may). answers: until when
    it answers by itself; answer: the page on which this person says so of the mailbox of a function."""

    box: OwnMailbox
    role: Any
    until: datetime | None
    new: int | None
    others: list[tuple[str, Any]]
    answers: date | None = None
    answer: str = ""


class AutoReplyForm(forms.Form):
    """The days are whole ones, by the city's clock."""

    starts = forms.DateField(label=gettext_lazy("From day"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    text = forms.CharField(
        label=gettext_lazy("What people of the city are answered"), max_length=autoreplies.MAX_TEXT_LENGTH, widget=forms.Textarea
    )
    outside = forms.CharField(
        label=gettext_lazy("What others are answered"),
        help_text=gettext_lazy("Leave it empty to answer nobody outside: then strangers do not learn that you are away."),
        max_length=autoreplies.MAX_TEXT_LENGTH,
        required=False,
        widget=forms.Textarea,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (starts := cleaned.get("starts")) and (until := cleaned.get("until")) and until < starts:
            self.add_error("until", gettext("The last day is not before the first one."))
        return cleaned


class SharedAutoReplyForm(AutoReplyForm):
    """Of a mailbox that several people use."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["outside"].help_text = gettext("Leave it empty to answer nobody outside.")


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
        row = set_now(box.row, request.now)
        role, until = (ROLES[own.role], own.until) if own else ("", None)
        lines.append(Line(box, role, until, new, others, _last_day(row) if row else None, _url(box, own)))
    actions = [Action(gettext("I am away…"), reverse("mail-away"))] if _own(request) else []
    page = Page(gettext("Which mailboxes may I use?"), gettext("Mailboxes"), crumbs(), actions=actions)
    return render(request, "mailbox/boxes.html", {"page": page, "lines": lines})


@acting("my.mail")
def away(request: Request) -> HttpResponse:
    """My own mailbox answers for me. Raises Http404 for whoever has none."""
    box = _own(request)
    if box is None:
        raise Http404
    return _save_auto_reply(request, box)


@acting("reply.set")
def away_of(request: Request, mailbox: int) -> HttpResponse:
    """The mailbox of a function answers: whoever may send from it says so, or its department (M5)."""
    box = get_object_or_404(Mailbox, pk=mailbox, kind=Mailbox.Type.FUNCTION, closed__isnull=True)
    require(request, "reply.set", about_answer(box, epoch_ms(request.now)))
    return _save_auto_reply(request, box)


def _save_auto_reply(request: Request, box: Mailbox) -> HttpResponse:
    row = set_now(box.pk, request.now)
    if request.method == "POST" and "end" in request.POST:
        return _end(request, box, row)
    form = (AutoReplyForm if box.holder_id else SharedAutoReplyForm)(
        request.POST if request.method == "POST" else None, initial=_initial(row)
    )
    made = (
        run_verb(form, lambda: set_auto_reply(request, box, form.cleaned_data))
        if request.method == "POST" and form.is_valid()
        else None
    )
    if made is not None:
        text = gettext("{mailbox} answers from {start} until {end}.")
        if box.holder_id:
            text = gettext("Your mailbox answers from {start} until {end}.")
        days = {"start": day(form.cleaned_data["starts"]), "end": day(form.cleaned_data["until"])}
        messages.success(request, text.format(mailbox=box, **days))
        return redirect(_mailbox_of(box))
    title = gettext("What is answered while I am away?") if box.holder_id else gettext("What does {mailbox} answer by itself?")
    trail = [*crumbs(), *([] if box.holder_id else [(gettext("Mailboxes"), reverse("mail-boxes"))])]
    page = Page(title.format(mailbox=box), gettext("Away"), trail, _state(row, request.now))
    shown = {"page": page, "form": form, "row": row, "last": _last_day(row) if row else None, "own": box.holder_id}
    return render(request, "mailbox/away.html", shown, status=status_of(form))


def _mailbox_of(box: Mailbox) -> str:
    return reverse("mail-away") if box.holder_id else reverse("mail-away-of", args=[box.pk])


def set_auto_reply(request: Request, box: Mailbox, cleaned: dict[str, Any]) -> AutoReply:
    """said: as Away has checked it. Raises NotPermitted, Unusable."""
    start, end = _midnight(cleaned["starts"]), _midnight(cleaned["until"] + timedelta(days=1))
    return autoreplies.set_autoreply(
        box, cleaned["text"], outside=cleaned["outside"], starts=epoch_ms(start), until=epoch_ms(end), actor=request.actor,
        reason="away, by the holder" if box.holder_id else "for a while, from the mailbox of a function", now=epoch_ms(request.now),
    )  # fmt: skip


def _end(request: Request, box: Mailbox, row: AutoReply | None) -> HttpResponse:
    end_auto_reply(request, box, row)
    text = gettext("Your mailbox answers no more.") if box.holder_id else gettext("{mailbox} answers no more.")
    messages.success(request, text.format(mailbox=box))
    return redirect(_mailbox_of(box))


def end_auto_reply(request: Request, box: Mailbox, row: AutoReply | None) -> None:
    """It answers no more, if it did."""
    if row is not None:
        why = "back, by the holder" if box.holder_id else "not wanted any more"
        autoreplies.end_autoreply(box, actor=request.actor, reason=why, now=epoch_ms(request.now))


def set_now(box: int, at: datetime) -> AutoReply | None:
    """What a mailbox (id of the row) answers now, or is going to."""
    return AutoReply.objects.filter(mailbox=box, kind="own", ended__isnull=True, until__gt=at).first()


def _url(box: OwnMailbox, own: Authorisation | None) -> str:
    """Where whoever may send from the mailbox of a function says what it answers."""
    sends = box.kind == Mailbox.Type.FUNCTION and own is not None and own.role == "delegate"
    return reverse("mail-away-of", args=[box.row]) if sends else ""


def _state(row: AutoReply | None, at: datetime) -> tuple[str, str]:
    if row is None:
        return ("quiet", gettext("Off"))
    return ("done", gettext("On")) if row.starts <= at else ("wait", gettext("Set"))


def _initial(row: AutoReply | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {"starts": timezone.localdate(row.starts), "until": _last_day(row), "text": row.text, "outside": row.outside}


def _last_day(row: AutoReply) -> date:
    return last_day(row.until)


def _midnight(on: date) -> datetime:
    return timezone.make_aware(datetime.combine(on, time.min))


def _own(request: Request) -> Mailbox | None:
    """The personal mailbox that the person may use at this moment."""
    _, mine = queries.own_mail(request.actor, now=epoch_ms(request.now))
    row = next((box.row for box in mine.boxes if box.kind == "own"), None)
    return Mailbox.objects.filter(pk=row).first() if row else None


def _rights(box: OwnMailbox) -> list[Authorisation]:
    """Who may use it, by the directory's names."""
    rows = Authorisation.objects.filter(mailbox=box.row, state="active").select_related("person")
    return sorted(rows, key=lambda r: (r.role != "holder", r.person.display, r.pk))
