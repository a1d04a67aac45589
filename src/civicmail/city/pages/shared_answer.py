"""The page that gives one answer to several rows of a list: what was ticked, its form, and the messages afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.utils.html import format_html, format_html_join

from civicmail.city.guard.shared_answers import MAX_ROWS
from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.forms import text_field
from civicmail.city.pages.lists import ticked_ids

VERBS = {"approve": "Approve", "refuse": "Deny"}
DONE = {"approve": "approved", "refuse": "denied"}


class AnswerForm(forms.Form):
    """One reason for all, which a denial needs. readers: who reads it."""

    def __init__(self, data: Any, *, answer: str, readers: str) -> None:
        super().__init__(data)
        needs_reason = answer == "refuse"
        hint = f"The {readers} read it.{' At least 10 characters.' if needs_reason else ''}"
        self.fields["reason"] = text_field("Why?", hint, min_length=10 if needs_reason else 0, required=needs_reason)


def ticked(request: CityRequest) -> tuple[str, list[int]]:
    """The answer, empty if there is no such, and the ids of the rows."""
    given = request.POST if request.method == "POST" else request.GET
    answer = given.get("act", "")
    return answer if answer in VERBS else "", ticked_ids(given.getlist("row")[:MAX_ROWS])


def title(button: str, ready: Sequence[Any]) -> str:
    """Of the page that asks: what its button says, or that there is nothing to answer."""
    return f"{button}?" if ready else "Nothing to answer"


def warn_of_others(request: CityRequest, others: Iterable[tuple[str, str, str]]) -> None:
    """Name each row that needs a look. others: its URL, its name, and why."""
    if items := format_html_join("", '<li><a href="{}">{}</a>: {}</li>', others):
        messages.warning(request, format_html("Look at these yourself:<ul>{}</ul>", items))
