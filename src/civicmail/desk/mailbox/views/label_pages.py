"""My labels: which are there, a new one, another name, away with it. And the switch for keys."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.views import form_response, letter_keys
from civicmail.city.access.views.city_request import CityRequest as Request
from civicmail.city.access.views.city_request import acting
from civicmail.city.access.views.form_verb import run_verb, status_of
from civicmail.city.access.views.page import Page
from civicmail.desk.mailbox import queries
from civicmail.desk.mailbox.actions import mark_mail
from civicmail.desk.mailbox.mail_marks import LabelMark
from civicmail.desk.mailbox.models.marks import MAX_NAME
from civicmail.desk.mailbox.views.opened_message import crumbs


class Name(forms.Form):
    """Of a label."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=MAX_NAME,
        help_text=gettext_lazy("With / a label lies in another: Projects/Bridge 5."),
    )


@acting("my.mail")
def labels(request: Request) -> HttpResponse:
    """All of them, and a form for one more."""
    now = epoch_ms(request.now)
    permit, _ = queries.own_mail(request.actor, now=now)
    kept = queries.marks_by(permit, now=now)
    form = Name(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = run_verb(form, lambda: mark_mail.make_label(form.cleaned_data["name"], actor=request.actor, now=now))
        if made is not None:
            messages.success(request, gettext("The label {name} is there.").format(name=made.name))
            return redirect("mail-labels")
    rows = [(mark, len(kept.labelled((mark.pk,)))) for mark in kept.labels]
    page = Page(gettext("Which labels do I have?"), gettext("Labels"), crumbs())
    shown: dict[str, Any] = {"page": page, "form": form, "rows": rows, "keys": letter_keys.are_on(request)}
    return render(request, "mailbox/labels.html", shown, status=status_of(form))


@acting("my.mail")
def label(request: Request, pk: int) -> HttpResponse:
    """Another name for one, and for those below it."""
    mark = _own(request, pk)
    form = Name(request.POST if request.method == "POST" else None, initial={"name": mark.name})
    now = epoch_ms(request.now)
    return form_response.respond_to_form(
        request,
        form,
        lambda: mark_mail.rename_label(pk, form.cleaned_data["name"], actor=request.actor, now=now),
        page=Page(gettext("How is this label called?"), gettext("Labels"), _crumbs()),
        back=reverse("mail-labels"),
        message=lambda row: gettext("The label is called {name} now.").format(name=row.name),
        template=form_response.FORM_TEMPLATE,
        submit=gettext("Rename"),
    )


@acting("my.mail")
def remove(request: Request, pk: int) -> HttpResponse:
    """The messages stay where they are."""
    mark = _own(request, pk)
    if request.method == "POST":
        name = mark_mail.remove_label(pk, actor=request.actor, now=epoch_ms(request.now))
        messages.success(request, gettext("The label {name} is removed. Its messages are where they were.").format(name=name))
        return redirect("mail-labels")
    page = Page(gettext("Remove the label {name}?").format(name=mark.name), gettext("Labels"), _crumbs())
    return render(request, "mailbox/unlabel.html", {"page": page, "back": reverse("mail-labels")})


def _own(request: Request, pk: int) -> LabelMark:
    """Raises Http404 for what is nobody's of mine."""
    now = epoch_ms(request.now)
    permit, _ = queries.own_mail(request.actor, now=now)
    mark = next((m for m in queries.marks_by(permit, now=now).labels if m.pk == pk), None)
    if mark is None:
        raise Http404
    return mark


def _crumbs() -> list[tuple[str, str]]:
    return [*crumbs(), (gettext("Labels"), reverse("mail-labels"))]
