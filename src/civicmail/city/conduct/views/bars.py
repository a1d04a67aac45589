"""Pages of bars: list them, and end a permanent one, which takes two officers (V3; P-30)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from civicmail.city.conduct.acts.bars import ANSWER_BAR_END, ASK_BAR_END
from civicmail.city.conduct.lists.bars import ROLES
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import PersonCase
from civicmail.city.identity.actions import barring
from civicmail.city.identity.bars import KINDS
from civicmail.city.identity.models import Bar
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import Act, FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.days import last_day
from civicmail.city.pages.states import label


@acting("violations.see")
def bar(request: CityRequest, pk: int) -> HttpResponse:
    """Show one bar. A permanent one is ended by two officers citing a law, never by one button."""
    require(request, "violations.see")
    row = act_pages.row_of(ASK_BAR_END, pk, actor=request.actor, now=epoch_ms(request.now))
    about = barring.about_end(row)
    act: Act[Bar, Any, Bar] = ASK_BAR_END if row.asker is None else ANSWER_BAR_END
    if request.method == "POST":
        require(request, act.permission, about)
    lives = row.kind == "permanent" and row.ended is None
    decides = lives and bool(may(request, act.permission, about))
    return act_pages.answer(request, act, row, _form_page(row, about, lives=lives, decides=decides))


def _form_page(row: Bar, about: PersonCase, *, lives: bool, decides: bool) -> FormPage:
    facts: list[tuple[str, Any]] = [("Person", row.person.uid), ("Since", row.since)]
    if row.until is not None:
        facts.append(("Until", last_day(row.until)))
    facts.append(("Department", about.department or "none"))
    state = label("ended") if row.ended is not None else (ROLES[row.kind], KINDS[row.kind].name)
    return FormPage(
        title=f"Ban of {row.person}", section="Bans", crumbs=[("Bans", reverse("bars"))], state=state, facts=facts,
        back=reverse("bars"), submit="Ask another officer" if row.asker is None else "Answer for 1 person",
        template="conduct/bar.html", context={"bar": row, "lives": lives, "says": KINDS[row.kind].description, "decides": decides},
    )  # fmt: skip
