"""The page of long work: how far it is, a way to stop it, and its result. It asks again every two seconds where script runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.page import Page

TEMPLATE = "pages/progress.html"


@dataclass(frozen=True, slots=True)
class Progress:
    """Shown by components/progress.html. url: the page itself; done of total: read so far, total 0 where nobody
    knows; is_running: not over; stop: the URL that stops it, "" if nobody may; seconds_left: an estimate."""

    url: str
    done: int
    total: int
    is_running: bool
    stop: str = ""
    seconds_left: int | None = None

    @property
    def percent(self) -> int | None:
        """For the title of the page, so that a tab in the background shows it; None where nobody knows."""
        return 100 * self.done // self.total if self.is_running and self.total else None

    @property
    def quarter(self) -> int:
        """Quarters done, for those who listen."""
        return 4 * self.done // self.total if self.total else 0

    def is_asked_again(self, request: CityRequest) -> bool:
        """Whether script asks how far it is; a page that also has a list answers other parts itself."""
        return "X-Poll" in request.headers


def response(
    request: CityRequest, template: str, page: Page, progress: Progress, context: dict[str, Any], *, whole: str = TEMPLATE
) -> HttpResponse:
    """The page, or the part of it that a script asked for again. template: extends components/progress.html; whole: extends
    pages/progress.html, where the page has more around it."""
    part = request.headers.get("HX-Request-Type") == "partial"
    shown = replace(page, percent=progress.percent)
    values = {"page": shown, "part": part, "progress": progress, "progress_template": template, **context}
    answer = render(request, template if part else whole, values)
    answer["Vary"] = "HX-Request-Type"
    return answer
