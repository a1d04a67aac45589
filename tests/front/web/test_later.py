"""Addresses that only programs ask for are imported when one does: no start, no page and no test waits for them."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import URLResolver, path, reverse
from django.urls.resolvers import RoutePattern

from civicmail.front.web.urls import Later


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def test_what_stands_behind_is_imported_by_who_asks_for_it_and_by_nobody_else() -> None:
    """Neither by an address beside it nor by the name of one; its own names are under its namespace."""
    table = URLResolver(
        RoutePattern(""), [Later("programs/", "no.such.module", "programs", "programs"), path("page/", page, name="page")]
    )
    assert table.resolve("page/").func is page and table.reverse("page") == "page/"
    assert list(table.namespace_dict) == ["programs"]
    with pytest.raises(ModuleNotFoundError):
        table.resolve("programs/1/")


def test_the_names_of_the_api_and_of_scim_are_found() -> None:
    assert reverse("api:openapi-json") == "/api/v1/openapi.json"
    assert [reverse("scim:scim-root"), reverse("scim:scim-home")] == ["/scim/v2", "/scim/v2/"]
