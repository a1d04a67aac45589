"""The page of one legal hold with its history, and the forms that place and end one (P-20)."""

from __future__ import annotations

from typing import Any

from django.forms import Form, HiddenInput
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Unusable
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.form_response import respond_to_form
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.wording import translate
from civicmail.desk.retention.actions import holds as verbs
from civicmail.desk.retention.acts.holds import MAX_QUERY, PLACE_HOLD
from civicmail.desk.retention.queries import holds as queries
from civicmail.desk.retention.queries.holds import HoldLine
from civicmail.desk.retention.states import GROUNDS, HOLD
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.search.errors import DamagedIndex, NotFinished

SECTION = "Retention"
_NOT_COUNTED = "It cannot be counted at this moment, because the index is not there."


def crumbs() -> list[tuple[str, str]]:
    return [("Legal holds", reverse("retention-holds"))]


def title(line: HoldLine) -> str:
    return f"Hold {line.pk}"


@acting("retention.see")
def hold(request: CityRequest, hold: str) -> HttpResponse:
    """Show a hold and its history."""
    require(request, "retention.see")
    line = queries.line_of(hold)
    if line is None:
        raise Http404
    facts: list[tuple[str, Any]] = [("Ground", GROUNDS[line.ground]), ("Placed", line.placed)]
    if line.messages is not None:
        facts += [("Messages", f"{line.messages:,}"), ("Counted", line.counted)]
    history = [{"at": line.placed, "words": "Placed", "by": line.by, "reason": line.reason}]
    if line.ended is not None:
        history.insert(0, {"at": line.ended, "words": "Ended", "by": line.ended_by, "reason": line.why})
    can_end = line.is_active and not line.ends_with_work and may(request, "retention.hold")
    actions = [Action("End this hold", reverse("retention-hold-end", args=[line.pk]))] if can_end else []
    page = Page(title(line), SECTION, crumbs(), HOLD[line.state], facts, actions)
    return render(request, "retention/hold.html", {"page": page, "line": line, "events": history})


@acting("retention.hold")
def place(request: CityRequest) -> HttpResponse:
    """Ask what is to be held, count it while the query is written, and place the hold. A script asks for the count alone."""
    require(request, "retention.hold")
    part = request.headers.get("HX-Request-Type") == "partial"
    sent = request.POST if request.method == "POST" else request.GET
    query = str(sent.get("query", "")).replace("\0", " ").strip()[: MAX_QUERY + 1]
    form = act_pages.form_of(PLACE_HOLD, None, request.actor, request.POST if request.method == "POST" else None)
    form.initial = {"query": query}
    form.fields["query"].widget = HiddenInput(attrs={"form": "place"})
    shown: dict[str, Any] = {"query": query}
    if request.method != "POST" and query and request.headers.get("Sec-Fetch-Site") != "cross-site":
        shown |= _counted(request, query)
    response = render(request, "retention/covered.html", {"form": form, **shown}) if part else _answer(request, form, shown)
    response["Vary"] = "HX-Request-Type"
    return response


def _answer(request: CityRequest, form: Form, shown: dict[str, Any]) -> HttpResponse:
    now = epoch_ms(request.now)
    return respond_to_form(
        request,
        form,
        lambda: act_pages.carry_out(PLACE_HOLD, None, form, request.actor, now),
        page=Page("Place a hold", SECTION, crumbs()),
        back=reverse("retention-holds"),
        to=PLACE_HOLD.after,
        message=PLACE_HOLD.success_message,
        template="retention/place_hold.html",
        **shown,
    )


def _counted(request: CityRequest, query: str) -> dict[str, Any]:
    """Context of the count: what the query covers now, or why that cannot be told."""
    try:
        reader = queries.reader_for(request.actor.uid)
        return {"covered": verbs.counted(query, reader, actor=request.actor, now=epoch_ms(request.now)), "is_counted": True}
    except (Unusable, NotFinished) as error:
        return {"mistake": translate(error.args[0])}
    except (NotIndexed, DamagedIndex):
        return {"mistake": _NOT_COUNTED}


def end_page(line: HoldLine) -> FormPage:
    """The form that ends a hold: what the schedules would then decide about."""
    if line.ends_with_work:
        effects, stays = [], [f"This hold belongs to {line.scope.partition(':')[0]} and ends with it."]
    else:
        effects, stays = _effects(line), ["What another hold covers stays.", "Nothing is disposed of until two people agree to it."]
    return FormPage(
        title=f"End hold {line.pk}?", section=SECTION, crumbs=[*crumbs(), (title(line), reverse("retention-hold", args=[line.pk]))],
        state=HOLD[line.state], submit="End this hold", back=reverse("retention-hold", args=[line.pk]), stop=True,
        effects=effects, stays=stays,
    )  # fmt: skip


def _effects(line: HoldLine) -> list[str]:
    head = f"The schedules decide again about what it covers: {line.scope}."
    try:
        freed = queries.freed(line.pk, queries.reader_for("retention"), epoch_ms(timezone.now()))
    except (NotIndexed, DamagedIndex, NotFinished):
        return [head, "How much that is cannot be counted at this moment."]
    lines = [head, f"{_messages(freed.alone)} under this hold and no other."]
    if not freed.is_adopted:
        return [*lines, "No schedules are in force, so nothing of it becomes due."]
    for name, class_, number in freed.over:
        lines.append(f"{number:,} of them would be due by the schedule “{name}” ({class_}), as far as it applies to them.")
    if not freed.over:
        lines.append("By their age none of them is due.")
    return lines


def _messages(number: int) -> str:
    return f"{number:,} message is" if number == 1 else f"{number:,} messages are"
