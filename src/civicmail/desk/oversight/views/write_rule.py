"""Write a rule: a new one, or the next version of one. Errors are shown at the text."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse

from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.desk.oversight import rule_text
from civicmail.desk.oversight.acts.rules import DRAFT_RULE
from civicmail.desk.oversight.queries import rules as queries
from civicmail.desk.oversight.queries.starter_updates import offer
from civicmail.desk.oversight.views.rule_pages import crumbs, versions_of
from civicmail.desk.oversight.views.rules import LIST


@acting("rule.write")
def new(request: CityRequest) -> HttpResponse:
    """A rule that is not there yet."""
    require(request, "rule.write")
    return _draft(request, "New rule", "Rules", [LIST], {"text": rule_text.SKELETON, "after": 0})


@acting("rule.write")
def another(request: CityRequest, rule: str) -> HttpResponse:
    """Start the next version from the text of the active one."""
    require(request, "rule.write")
    rows = versions_of(rule)
    newest = rows[0].number
    initial = {"text": queries.current_version(rows).text, "after": newest}
    return _draft(request, f"New version {newest + 1}", rule, crumbs(rule), initial)


def _draft(
    request: CityRequest, title: str, section: str, above: Sequence[tuple[str, str]], initial: dict[str, object]
) -> HttpResponse:
    if (update := offer(request.GET.get("offered", ""))) is not None:  # taken on views/starter_updates_page.py
        initial |= {"text": update.text, "changed": "As this version of the program brings it."}
    form_page = FormPage(
        title=title, section=section, submit="Save as a draft", back=above[-1][1], crumbs=above, initial=initial,
        template="oversight/writing.html",
    )  # fmt: skip
    return act_pages.answer(request, DRAFT_RULE, None, form_page)
