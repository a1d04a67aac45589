"""Tokens of identity providers that speak SCIM: which are in force, a new one, an end (P-08, S1)."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from civicmail.city.directory.models import FeedKey
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.actions import feedkeys as verbs
from civicmail.city.pages import display_names, listing
from civicmail.city.pages.city_request import CityRequest, absolute, acting, require
from civicmail.city.pages.days import last_day
from civicmail.city.pages.form_response import respond_to_form
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.forms import ReasonForm
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Action, Page

FEEDS = ("Personnel feed", "feeds")


class NewKey(ReasonForm):
    """Which program, for how long."""

    field_order = ("name", "days", "reason")
    name = forms.CharField(label="Which program is it for?", max_length=80)
    days = forms.IntegerField(
        label="For how many days?",
        min_value=1,
        max_value=verbs.MAX_DAYS,
        initial=180,
        help_text=f"At most {verbs.MAX_DAYS}. Make the next one before.",
    )


@acting("feed.key")
def keys(request: CityRequest) -> HttpResponseBase:
    """Every token that there ever was, those in force with when and from where they were last used."""
    require(request, "feed.key")

    def state(key: FeedKey) -> Cell:
        if key.ended is not None:
            return Cell("Ended", role="quiet")
        return Cell("Over", role="warn") if key.until <= request.now else Cell("In force", role="done")

    table = listing.from_query(
        request,
        FeedKey.objects.annotate(by_name=display_names.name_of("by")),
        caption="Tokens of identity providers",
        columns=[
            Column("name", "Program", lambda k: Cell(k.name, "" if k.ended else reverse("feed-key-end", args=[k.pk])), ("name",)),
            Column("state", "State", state),
            Column("until", "Until", lambda k: last_day(k.until), ("until",), name="until"),
            Column("used", "Last used", lambda k: Cell(k.used or "never", hint=k.used_from), ("used",), name="used"),
            Column("by", "Made by", lambda k: display_names.shown_name(k.by, k.by_name), ("by",), name="by"),
        ],
        empty="No identity provider has a token. Make one to let it say who works here, over SCIM.",
        noun="tokens",
        sort="-until",
    )
    page = Page(
        "Which identity providers say who works here?",
        "Personnel feed",
        [(FEEDS[0], reverse(FEEDS[1]))],
        actions=[Action("Make a token", reverse("feed-key-new"), primary=True)],
    )
    return listing.render_list(request, "pages/list.html", table, {"page": page})


@acting("feed.key")
@never_cache
def new(request: CityRequest) -> HttpResponse:
    """Shown once."""
    require(request, "feed.key")
    form = NewKey(request.POST or None)
    crumbs = [(FEEDS[0], reverse(FEEDS[1])), ("Tokens", reverse("feed-keys"))]
    if request.method == "POST" and form.is_valid():
        fields = form.cleaned_data
        secret = run_verb(
            form,
            lambda: verbs.make(
                fields["name"], days=fields["days"], actor=request.actor, reason=fields["reason"], now=epoch_ms(request.now)
            ),
        )
        if secret is not None:
            page = Page("This is shown once", "Personnel feed", crumbs, once=True)
            shown = {"page": page, "secret": secret, "what": fields["name"], "url": absolute(request, "/scim/v2")}
            return render(request, "identity/feedkey.html", {**shown, "back": reverse("feed-keys")})
    page = Page("Let a program say who works here", "Personnel feed", crumbs)
    note = "Whoever has the token can add and end people, never give anybody access."
    shown = {"page": page, "form": form, "submit": "Make the token", "back": reverse("feed-keys"), "note": note}
    return render(request, "pages/form.html", shown, status=status_of(form))


@acting("feed.key")
def end(request: CityRequest, pk: int) -> HttpResponse:
    """It opens nothing any more."""
    require(request, "feed.key")
    key = get_object_or_404(FeedKey, pk=pk)
    form = ReasonForm(request.POST or None)
    back = reverse("feed-keys")
    return respond_to_form(
        request,
        form,
        lambda: verbs.end(key, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)),
        page=Page(f"End the token of {key.name}?", "Personnel feed", [(FEEDS[0], reverse(FEEDS[1])), ("Tokens", back)]),
        back=back,
        message=f"{key.name} is not heard any more.",
        effects=["The program is refused at its next request.", "People who leave are not ended by it any more."],
        stays=["People stay as they are."],
        verb="End 1 token",
        stop=True,
    )
