"""Tokens of identity providers that speak SCIM: which are in force, a new one, an end (P-08, S1)."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from civicmail.city.directory.models import FeedKey
from civicmail.city.identity.acts.feed_keys import MAKE_FEED_KEY, NewFeedKey
from civicmail.city.pages import act_pages, display_names, listing
from civicmail.city.pages.city_request import CityRequest, absolute, acting, require
from civicmail.city.pages.days import last_day
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import Label, label

FEEDS = ("Personnel feed", "feeds")


@acting("feed.key")
def keys(request: CityRequest) -> HttpResponseBase:
    """List every token ever made; those in force with their last use."""
    require(request, "feed.key")

    def state(key: FeedKey) -> Label:
        return label("revoked" if key.ended is not None else "lapsed" if key.until <= request.now else "active")

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
        "Identity providers",
        "Personnel feed",
        [(FEEDS[0], reverse(FEEDS[1]))],
        actions=[Action("Make a token", reverse("feed-key-new"), primary=True)],
    )
    return listing.render_list(request, "pages/list.html", table, {"page": page})


@acting(MAKE_FEED_KEY.permission)
@never_cache
def new(request: CityRequest) -> HttpResponse:
    """Shown once."""
    act_pages.permitted_row(MAKE_FEED_KEY, request)
    form_page = MAKE_FEED_KEY.form_page()

    def once(made: NewFeedKey) -> HttpResponse:
        page = Page("This is shown once", form_page.section, form_page.crumbs, once=True)
        shown = {"page": page, "secret": made.secret, "what": made.name, "url": absolute(request, "/scim/v2")}
        return render(request, "identity/feedkey.html", {**shown, "back": form_page.back})

    return act_pages.answer(request, MAKE_FEED_KEY, None, form_page, once=once)
