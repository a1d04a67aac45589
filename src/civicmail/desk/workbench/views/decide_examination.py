"""A second person's decision on an examination, by counts and reasons and never by content (E3, E4, E5); and its end (E8)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from civicmail.city.access.actions import mandate_amendments, urgent_mandates
from civicmail.city.access.actions import mandates as verbs
from civicmail.city.access.epoch import epoch_ms, from_ms
from civicmail.city.access.models import Amendment
from civicmail.city.access.models import Mandate as Row
from civicmail.city.access.queries.mandates import about_mandate, subjects_of
from civicmail.city.access.resources import OfPerson
from civicmail.city.access.views.city_request import CityRequest, acting, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.directory.models import Person
from civicmail.desk.workbench import queries
from civicmail.desk.workbench.forms import CloseForm, DecisionForm, Reason
from civicmail.desk.workbench.views import examination

DECIDE = "workbench/deciding.html"


@acting("mandate.approve")
def approve(request: CityRequest, number: str) -> HttpResponse:
    """Should this look be allowed?"""
    row = examination.decidable(request, number)
    form = DecisionForm(request.POST or None, yes="Allow this look", no="Do not allow it", initial={"state": row.state})
    now = epoch_ms(request.now)

    def do() -> Row:
        row.state, reason = form.cleaned_data["state"], form.cleaned_data["reason"]
        if form.is_yes:
            return verbs.approve(row, actor=request.actor, now=now, reason=reason)
        return verbs.refuse(row, actor=request.actor, reason=reason, now=now)

    shown = _shown(request, row) | {"open": row.state == "asked"}
    return respond_to_form(
        request,
        form,
        do,
        page=examination.page(request, row, "Should this look be allowed?"),
        back=reverse("mandates"),
        message=lambda r: f"Mandate {r.number} was {'approved' if r.state == 'approved' else 'refused'}.",
        template=DECIDE,
        **shown,
    )


@acting("mandate.ratify")
def ratify(request: CityRequest, number: str) -> HttpResponse:
    """Was it right to look at once?"""
    row = examination.decidable(request, number, "mandate.ratify")
    yes, no = "It was right to look", "It was not: end it, and tell oversight"
    form = DecisionForm(request.POST or None, yes=yes, no=no, always=True, initial={"state": row.state})

    def do() -> Row:
        verb = urgent_mandates.ratify if form.is_yes else urgent_mandates.reject
        return verb(row, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now))

    shown = _shown(request, row) | {"open": row.ratified == "due"}
    return respond_to_form(
        request,
        form,
        do,
        page=examination.page(request, row, "Was it right to look at once?"),
        back=reverse("mandates"),
        message=lambda r: f"Mandate {r.number} was {r.ratified}.",
        template=DECIDE,
        **shown,
    )


@acting("mandate.approve")
def change(request: CityRequest, number: str, pk: int) -> HttpResponse:
    """May this mandate reach further?"""
    row = examination.decidable(request, number)
    amendment = get_object_or_404(Amendment, pk=pk, mandate=row)
    form = DecisionForm(request.POST or None, yes="Allow the change", no="Leave it as it is", initial={"state": amendment.state})

    def do() -> Amendment:
        amendment.state, reason = form.cleaned_data["state"], form.cleaned_data["reason"]
        verb = mandate_amendments.approve if form.is_yes else mandate_amendments.refuse
        return verb(amendment, actor=request.actor, reason=reason, now=epoch_ms(request.now))

    shown = _shown(request, row, amendment) | {"open": amendment.state == "asked", "change": amendment}
    return respond_to_form(
        request,
        form,
        do,
        page=examination.page(request, row, "May this mandate reach further?"),
        back=reverse("mandates"),
        message=lambda a: f"The change of mandate {number} was {a.state}.",
        template=DECIDE,
        **shown,
    )


def _shown(request: CityRequest, row: Row, amendment: Amendment | None = None) -> dict[str, Any]:
    """What a second person goes by: who, why, how broad, whose line, which conflicts."""
    people = list(Person.objects.filter(uid__in=amendment.people)) if amendment else subjects_of(row)
    now = epoch_ms(request.now)
    earlier = Row.objects.filter(person=row.person).exclude(pk=row.pk).exclude(subjects__person__uid=request.actor.uid)  # E1
    first, last = (amendment.first, amendment.last) if amendment else (row.first, row.last)
    return {
        "row": row,
        "reason": amendment.reason if amendment else row.reason,
        "words": amendment.words if amendment else row.words,
        "days": amendment.days if amendment else row.days,
        "first": from_ms(first) if first is not None else None,
        "last": from_ms(last) if last is not None else None,
        "breadth": queries.breadth(row, now, amendment),
        "before": queries.breadth(row, now) if amendment else None,
        "subjects": queries.subjects(people),
        "more": max(0, len(people) - queries.SHOWN),
        "classes": queries.classes(row),
        "conflicts": queries.conflicts(row.person, people),
        "earlier": [(r, queries.STATES[r.state][1].lower()) for r in earlier.order_by("-asked")[:5]],
    }


@acting("mandate.ask")
def withdraw(request: CityRequest, number: str) -> HttpResponse:
    """Take back what nobody has answered yet."""
    row = examination.own(request, number)
    return _end(
        request,
        row,
        f"Withdraw mandate {number}?",
        lambda reason: verbs.withdraw(row, actor=request.actor, reason=reason, now=epoch_ms(request.now)),
        ["Nobody looks at anything under it.", "It can be asked for again, under another number."],
        "Withdraw 1 mandate",
        "withdrawn",
    )


@acting("mandate.approve")
def stop(request: CityRequest, number: str) -> HttpResponse:
    """A second person ends what is in force."""
    row = examination.decidable(request, number)
    return _end(
        request,
        row,
        f"Stop mandate {number}?",
        lambda reason: verbs.stop(row, actor=request.actor, reason=reason, now=epoch_ms(request.now)),
        [f"{row.person} sees nothing more under it, from the next click on.", "Its exports are removed, and no more are made."],
        "Stop 1 mandate",
        "stopped",
    )


@acting("mandate.see")
def seal(request: CityRequest, number: str) -> HttpResponse:
    """Who looks seals; a second person unseals."""
    row = examination.seen(request, number)
    to = not row.sealed
    require(request, "mandate.ask" if to else "mandate.approve", OfPerson(row.person.uid) if to else about_mandate(row))
    effects = (
        ["Nobody whose mail it is learns of it, also when it is over.", "Auditors see only that there is one, and its entries."]
        if to
        else ["When it is over, those whose mail was looked at see that, as the city has set."]
    )
    return _end(
        request,
        row,
        f"{'Seal' if to else 'Unseal'} mandate {number}?",
        lambda reason: verbs.seal(row, to, actor=request.actor, reason=reason, now=epoch_ms(request.now)),
        effects,
        f"{'Seal' if to else 'Unseal'} 1 mandate",
        "sealed" if to else "unsealed",
        stop=False,
    )


def _end(
    request: CityRequest, row: Row, heading: str, do: Any, effects: list[str], verb: str, done: str, *, stop: bool = True
) -> HttpResponse:
    form = Reason(request.POST or None, initial={"state": row.state})

    def act() -> Row:
        row.state = form.cleaned_data["state"]
        mandate_row: Row = do(form.cleaned_data["reason"])
        return mandate_row

    return respond_to_form(
        request,
        form,
        act,
        page=examination.page(request, row, heading),
        back=reverse("mandate", args=[row.number]),
        to=reverse("mandates"),
        message=f"Mandate {row.number} was {done}.",
        effects=effects,
        stays=["What was looked at so far stays in the ledger."],
        verb=verb,
        stop=stop,
    )


@acting("mandate.ask")
def close(request: CityRequest, number: str) -> HttpResponse:
    """Done: say what was found (E8)."""
    row = examination.own(request, number)
    form = CloseForm(request.POST or None, initial={"state": row.state})

    def do() -> Row:
        row.state = form.cleaned_data["state"]
        return verbs.close(row, form.cleaned_data["finding"], actor=request.actor, now=epoch_ms(request.now))

    effects = ["Nothing more can be looked at under it.", "Its exports are removed; fetch what you need before."]
    stays = ["Holds stay in force until they are lifted.", "What was looked at stays in the ledger."]
    return respond_to_form(
        request,
        form,
        do,
        page=examination.page(request, row, f"Close mandate {number}?"),
        back=reverse("mandate", args=[number]),
        message=f"Mandate {number} was closed.",
        effects=effects,
        stays=stays,
        verb="Close 1 mandate",
        stop=True,
    )
