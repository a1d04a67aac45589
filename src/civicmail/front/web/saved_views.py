"""Saved views: a list with filters and order under a name, pinned to the home page if wanted.

Only the page's address and plain query words are stored; the address grants nothing.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from civicmail.city.guard.resources import OfPerson
from civicmail.city.pages.city_request import CityRequest, acting, me, require
from civicmail.city.pages.page import Page
from civicmail.front.web.models import SavedView

MAX_VIEWS = 30
"""Maximum of views for one person."""

_KEY = re.compile(r"[a-z][a-z-]{0,19}")
_NEVER = frozenset({"page", "format", "next", "token", "secret", "key", "code", "password", "csrfmiddlewaretoken"})


class Save(forms.Form):
    """A name, and whether it is shown at home."""

    name = forms.CharField(label=gettext_lazy("Name of this view"), max_length=60)
    pinned = forms.BooleanField(label=gettext_lazy("Show it on my home page"), required=False)
    page = forms.CharField(widget=forms.HiddenInput, max_length=200)
    query = forms.CharField(widget=forms.HiddenInput, max_length=500, required=False)


def kept(query: str) -> str:
    """The query that may be stored: plain words only, without page numbers and secrets."""
    pairs = parse_qsl("&".join(query[:2000].split("&")[:50]))
    return urlencode([(k, v[:200]) for k, v in pairs if _KEY.fullmatch(k) and k not in _NEVER and v])[:500]


def is_page(path: str) -> bool:
    """Whether this is the address of a page of ours that says no more than which list it is."""
    try:
        match = resolve(path)
    except Resolver404:
        return False
    return path.startswith("/") and getattr(match.func, "act", "") != "" and not {"secret", "key", "token"} & match.kwargs.keys()


@acting("my.views")
def views(request: CityRequest) -> HttpResponse:
    """The person's saved views."""
    require(request, "my.views", OfPerson(me(request).uid))
    rows = SavedView.objects.filter(person=me(request))
    return render(request, "saved_views.html", {"page": Page(_("My views"), _("My views")), "rows": rows})


@acting("my.views")
def save(request: CityRequest) -> HttpResponse:
    """?page=PATH&query=...: under which name? The same name once more takes the place of the old one."""
    who = me(request)
    require(request, "my.views", OfPerson(who.uid))
    params = request.POST if request.method == "POST" else request.GET
    path, query = params.get("page", ""), kept(params.get("query", ""))
    if not is_page(path):
        raise Http404
    form = Save(request.POST if request.method == "POST" else None, initial={"page": path, "query": query})
    if request.method == "POST" and form.is_valid() and _save(request, form, path, query):
        messages.success(request, _("This view is saved."))
        return redirect(f"{path}?{query}" if query else path)
    page = Page(_("Save this view"), _("My views"))
    shown = {"page": page, "form": form, "submit": _("Save this view"), "back": f"{path}?{query}" if query else path}
    return render(request, "pages/form.html", shown, status=422 if form.is_bound and form.errors else 200)


def _save(request: CityRequest, form: Save, path: str, query: str) -> bool:
    who, name, pinned = me(request), form.cleaned_data["name"].strip(), form.cleaned_data["pinned"]
    mine = SavedView.objects.filter(person=who)
    if mine.count() >= MAX_VIEWS and not mine.filter(page=path, name=name).exists():
        form.add_error(None, _("You have saved %(most)d views, which is the most. Delete one first.") % {"most": MAX_VIEWS})
        return False
    facts = {"query": query, "pinned": pinned, "made": request.now}
    try:
        with transaction.atomic():
            SavedView.objects.update_or_create(person=who, page=path, name=name, defaults=facts)
    except IntegrityError:  # the same click twice
        return True
    return True


@acting("my.views")
@require_POST
def delete(request: CityRequest, pk: int) -> HttpResponse:
    """Delete a saved view; the list itself stays."""
    require(request, "my.views", OfPerson(me(request).uid))
    get_object_or_404(SavedView, pk=pk, person=me(request)).delete()
    messages.success(request, _("The view is deleted. The list itself is as it was."))
    return redirect("views")
