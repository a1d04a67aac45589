"""The API reference as a page, without script."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.page import Page
from civicmail.front.web.api import problems


@dataclass(frozen=True, slots=True)
class OperationView:
    """An operation as the page tells it. says: its words; changes: whether it is more than reading."""

    method: str
    path: str
    name: str
    says: str
    scope: str
    act: str
    clause: str

    @property
    def changes(self) -> bool:
        return self.method != "GET"


@acting("home")
def page(request: CityRequest) -> HttpResponse:
    """What can a program do here? Every operation by subject, with its scope and the act that the guard is asked for."""
    require(request, "home")
    from civicmail.front.web.api.document import API, OPERATIONS  # imported when somebody asks (urls.py)

    schema = API.get_openapi_schema()
    groups: dict[str, list[OperationView]] = {}
    for path, ways in schema["paths"].items():
        for method, operation in ways.items():
            extra = operation["x-civicmail"]
            entry = OperationView(
                method.upper(),
                path,
                operation["operationId"],
                operation["summary"].replace("`", ""),
                extra["scope"],
                extra["act"],
                extra["clause"],
            )
            groups.setdefault(operation["tags"][0], []).append(entry)
    facts = [("Below", problems.ROOT), ("Operations", len(OPERATIONS)), ("OpenAPI", schema["openapi"])]
    head = Page("API", "System", facts=facts)
    return render(request, "api/operations.html", {"page": head, "groups": groups.items()})
