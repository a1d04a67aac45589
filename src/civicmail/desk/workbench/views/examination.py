"""Load one examination for each of its pages: 404 for people who may not know of it, 403 with the sentence after its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.forms import Form
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from civicmail.city.guard import examination_grounds
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.mandates import GROUNDS, Mandate
from civicmail.city.guard.models import Mandate as Row
from civicmail.city.identity.examination_labels import EXAMINATIONS
from civicmail.city.identity.queries import mandates
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import Act
from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.page import Action, Page
from civicmail.core.query.lexer import LONGEST_QUERY
from civicmail.desk.workbench.acts import examinations
from civicmail.desk.workbench.views.filters import chosen_messages

LIST = ("Examinations", "/mandates/")


def seen(request: CityRequest, number: str) -> Row:
    """An examination that this person may know of. A second person without the activated role is told only that."""
    return examinations.visible(number, request.actor, epoch_ms(request.now))


def looking(request: CityRequest, number: str) -> tuple[Row, Mandate]:
    """The same, in force at this moment. Raises NotPermitted, which becomes a page with the sentence, also in the middle."""
    row = examinations.in_force(number, request.actor, epoch_ms(request.now))
    request.under = row  # the head of the page shows it
    return row, mandates.to_mandate(row)


def query_form(request: CityRequest, act: Act[Row, Any, Any], row: Row) -> tuple[Form, str]:
    """The form of an act on what a query finds or on messages that were ticked, and the query, which the page fills in."""
    data = request.POST.copy()
    if "chosen" in data:
        data["q"] = chosen_messages(data.getlist("id"))
    form = act_pages.form_of(act, row, request.actor, data or None)
    query = str(data.get("q", request.GET.get("q", ""))).replace("\0", " ").strip()[: LONGEST_QUERY + 1]
    form.initial = {"q": query}
    return form, query


def page(row: Row, heading: str = "", *, here: Sequence[tuple[str, str]] = (), **more: Any) -> Page:
    """The head of an examination's page: number, state, ground, end."""
    crumbs = [LIST, *([(row.number, reverse("mandate", args=[row.number]))] if heading else []), *here]
    facts: list[tuple[str, Any]] = [
        ("Ground", f"{ground(row)}, as {examination_grounds.role_name(row.role).lower()}"),
        ("Mail of", about(row)),
    ]
    if row.until and row.state in ("approved", "open", "urgent"):
        facts.append(("In force until", end_of(row)))
    return Page(heading or f"Examination {row.number}", f"Examination {row.number}", crumbs, EXAMINATIONS[row.state], facts, **more)


def end_of(row: Row) -> str:
    """The end of an examination with its time of day, as heads of pages show it."""
    assert row.until is not None
    return date_format(timezone.localtime(row.until), "M j, g:i a")


def ground(row: Row) -> str:
    return GROUNDS[mandates.to_mandate(row).ground]


def about(row: Row) -> str:
    """Whose mail it is about, in a word."""
    if row.department:
        return str(row.department)
    people = list(row.subjects.filter(until__isnull=True).select_related("person")[:3])
    count = row.subjects.filter(until__isnull=True).count()
    names = ", ".join(s.person.display for s in people[:2])
    return f"{names} and {count - 2} more" if count > 2 else names


def actions(row: Row, passed: str = "", *, search: bool = False) -> list[Action]:
    """Acts of the examiner while the examination is in force. passed: the query, for a URL."""
    tail = f"?{passed}" if passed else ""
    pages = (("Exports", "mandate-exports"), ("Hold", "mandate-hold"))
    page_actions = [Action(words, reverse(name, args=[row.number]) + tail) for words, name in pages]
    return [Action("Search", reverse("mandate-search", args=[row.number]), primary=True), *page_actions] if search else page_actions
