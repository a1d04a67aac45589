"""My mailboxes: which may I use, by which right, until when, and who else does (P-06, M5)? And the answer while I am away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from civicmail.city.access.actions import replies
from civicmail.city.access.models import Authorisation, AutoReply
from civicmail.city.access.moments import ms
from civicmail.city.access.views.asked import Asked as Request
from civicmail.city.access.views.asked import acting
from civicmail.city.access.views.page import Action, Page
from civicmail.city.access.views.saying import day
from civicmail.city.access.views.trying import status_of, tried
from civicmail.city.directory.models import Mailbox
from civicmail.desk.mailbox import finding, queries
from civicmail.desk.mailbox.scope import Box
from civicmail.desk.mailbox.views.one import crumbs
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.search.errors import DamagedIndex

ROLES = {
    "holder": gettext_lazy("It is yours"),
    "delegate": gettext_lazy("You may use it"),
    "successor": gettext_lazy("You may read it"),
}
OTHERS = {"holder": gettext_lazy("holds it"), "delegate": gettext_lazy("may use it"), "successor": gettext_lazy("may read it")}
"""Right of an authorisation, as it is said of oneself and of others."""


@dataclass(frozen=True, slots=True)
class Line:
    """One mailbox. new: not opened, None where that cannot be told now; others: (name, what they may)."""

    box: Box
    role: Any
    until: datetime | None
    new: int | None
    others: list[tuple[str, Any]]


class Away(forms.Form):
    """The days are whole ones, by the city's clock."""

    starts = forms.DateField(label=gettext_lazy("From day"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    text = forms.CharField(
        label=gettext_lazy("What people of the city are answered"), max_length=replies.TEXT_MOST, widget=forms.Textarea
    )
    outside = forms.CharField(
        label=gettext_lazy("What others are answered"),
        help_text=gettext_lazy("Leave it empty to answer nobody outside: then strangers do not learn that you are away."),
        max_length=replies.TEXT_MOST,
        required=False,
        widget=forms.Textarea,
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if (starts := found.get("starts")) and (until := found.get("until")) and until < starts:
            self.add_error("until", gettext("The last day is not before the first one."))
        return found


@acting("my.mail")
def boxes(request: Request) -> HttpResponse:
    """My own first."""
    now = ms(request.now)
    permit, mine = queries.mine_now(request.actor, now=now)
    kept = queries.kept_by(permit, now=now)
    lines = []
    for box in mine.boxes:
        try:
            desk = queries.desk(permit, queries.chosen(mine, box.id), now=now, kept=kept)
            new: int | None = len(finding.unopened(desk))
        except (NotIndexed, DamagedIndex):
            new = None
        rights = _rights(box)
        own = next((r for r in rights if r.person.uid == permit.person), None)
        others = [(r.person.display, OTHERS[r.role]) for r in rights if r.person.uid != permit.person]
        lines.append(Line(box, ROLES[own.role] if own else "", own.until if own else None, new, others))
    actions = [Action(gettext("I am away…"), reverse("mail-away"))] if _own(request) else []
    page = Page(gettext("Which mailboxes may I use?"), gettext("Mailboxes"), crumbs(), actions=actions)
    return render(request, "mailbox/boxes.html", {"page": page, "lines": lines})


@acting("my.mail")
def away(request: Request) -> HttpResponse:
    """My own mailbox answers for me. Raises Http404 for whoever has none."""
    box = _own(request)
    if box is None:
        raise Http404
    row = AutoReply.objects.filter(mailbox=box, kind="own", ended__isnull=True, until__gt=request.now).first()
    if request.method == "POST" and "end" in request.POST:
        return _ended(request, box, row)
    form = Away(request.POST if request.method == "POST" else None, initial=_initial(row))
    made = tried(form, lambda: _set(request, box, form.cleaned_data)) if request.method == "POST" and form.is_valid() else None
    if made is not None:
        said = gettext("Your mailbox answers from {start} until {end}.")
        days = {"start": day(form.cleaned_data["starts"]), "end": day(form.cleaned_data["until"])}
        messages.success(request, said.format(**days))
        return redirect("mail-away")
    page = Page(gettext("What is answered while I am away?"), gettext("Away"), crumbs(), _state(row, request.now))
    shown = {"page": page, "form": form, "row": row, "last": _last_day(row) if row else None}
    return render(request, "mailbox/away.html", shown, status=status_of(form))


def _set(request: Request, box: Mailbox, said: dict[str, Any]) -> AutoReply:
    start, end = _midnight(said["starts"]), _midnight(said["until"] + timedelta(days=1))
    return replies.set_autoreply(
        box, said["text"], outside=said["outside"], starts=ms(start), until=ms(end), actor=request.actor,
        reason="away, by the holder", now=ms(request.now),
    )  # fmt: skip


def _ended(request: Request, box: Mailbox, row: AutoReply | None) -> HttpResponse:
    if row is not None:
        replies.end_autoreply(box, actor=request.actor, reason="back, by the holder", now=ms(request.now))
    messages.success(request, gettext("Your mailbox answers no more."))
    return redirect("mail-away")


def _state(row: AutoReply | None, at: datetime) -> tuple[str, str]:
    if row is None:
        return ("quiet", gettext("Off"))
    return ("done", gettext("On")) if row.starts <= at else ("wait", gettext("Set"))


def _initial(row: AutoReply | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {"starts": timezone.localdate(row.starts), "until": _last_day(row), "text": row.text, "outside": row.outside}


def _last_day(row: AutoReply) -> date:
    return timezone.localdate(row.until - timedelta(seconds=1))


def _midnight(on: date) -> datetime:
    return timezone.make_aware(datetime.combine(on, time.min))


def _own(request: Request) -> Mailbox | None:
    """The personal mailbox that the person may use at this moment."""
    _, mine = queries.mine_now(request.actor, now=ms(request.now))
    row = next((box.row for box in mine.boxes if box.kind == "own"), None)
    return Mailbox.objects.filter(pk=row).first() if row else None


def _rights(box: Box) -> list[Authorisation]:
    """Who may use it, by the directory's names."""
    rows = Authorisation.objects.filter(mailbox=box.row, state="active").select_related("person")
    return sorted(rows, key=lambda r: (r.role != "holder", r.person.display, r.pk))
