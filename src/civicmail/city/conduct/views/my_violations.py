"""Report a violation, and read what was reported about oneself: rule, response, decision, appeal (P-30; V1)."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import text_field
from civicmail.city.access.queries.days import last_day
from civicmail.city.access.resources import OfPerson
from civicmail.city.access.views import wording
from civicmail.city.access.views.city_request import CityRequest, acting, me, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.page import Page
from civicmail.city.conduct.actions import consequences, findings, violation_reports
from civicmail.city.conduct.actions.consequences import APPEAL
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import violation_parties
from civicmail.city.conduct.views.violation_forms import Report
from civicmail.city.directory.models import Episode
from civicmail.city.policy.clauses import CLAUSES

STATES = {
    "reported": ("wait", _("Nothing was found yet")),
    "recorded": ("stop", _("Access ended, waits for review")),
    "confirmed": ("warn", _("Confirmed, waits for a decision")),
    "proposed": ("warn", _("Confirmed, waits for a decision")),
    "unfounded": ("quiet", _("Closed: nothing follows")),
    "noted": ("quiet", _("Closed: nothing follows")),
    "decided": ("done", _("Decided")),
    "appealed": ("wait", _("Your appeal waits to be heard")),
    "upheld": ("done", _("Appeal heard: the decision stands")),
    "overturned": ("quiet", _("Appeal heard: overturned")),
    "reversed": ("quiet", _("Closed: nothing follows")),
}
OUTCOMES = {
    "none": _("Nothing follows."),
    "warning": _("A warning, and training."),
    "suspension": _("You cannot use mail until {day}."),
    "restriction": _("You write to one address outside of the city at a time, until {day}."),
    "ended": _("Your access to mail has ended."),
    "permanent": _("You may not use the city's mail any more."),
}


class Answering(forms.Form):
    """The person's response."""

    text = text_field(
        _("What do you say to it?"), _("At least 10 characters. Whoever decides reads it."), min_length=10, max_length=4000, rows=6
    )


def visible_to(request: CityRequest) -> list[Violation]:
    """Violations of the signed-in person that they were notified of: asked, recorded, or found; the newest first."""
    informed = Q(respond_by__isnull=False) | Q(found__isnull=False) | Q(own=True)
    return list(Violation.objects.filter(informed, person=me(request)).order_by("-id"))


@acting("my.violations")
def mine(request: CityRequest) -> HttpResponse:
    """Everything about oneself, with what waits for an answer."""
    require(request, "my.violations", OfPerson(me(request).uid))
    rows = [(v, STATES[v.state], _title(v)) for v in visible_to(request)]
    page = Page(gettext("What was reported about me?"), gettext("Violations"))
    return render(request, "conduct/mine.html", {"page": page, "rows": rows})


@acting("my.violations")
def one(request: CityRequest, pk: int) -> HttpResponse:
    """One's own violation: the rule, the possible response, the decision with its ground. Never the reporter."""
    require(request, "my.violations", OfPerson(me(request).uid))
    row = next((v for v in visible_to(request) if v.pk == pk), None)
    if row is None:
        raise Http404
    now, form = epoch_ms(request.now), Answering(request.POST or None)
    pending, message = _asks(row, now)

    def verb() -> Violation:
        text = form.cleaned_data["text"]
        if pending == "appeal":
            return consequences.appeal(row, text, actor=request.actor, now=now)
        return findings.respond(row, text, actor=request.actor, now=now)

    table = violation_parties.table()
    role, word = STATES[row.state]
    crumbs, facts = (
        [(gettext("About me"), reverse("my-violations"))],
        [(gettext("Rule"), row.clause), (gettext("Reported"), row.made)],
    )
    heading = gettext("What was reported, and what do you say?")
    page = Page(heading, gettext("Violations"), crumbs, (role, str(word)), facts)
    return respond_to_form(
        request, form, verb, page=page, back=reverse("my-violations"), message=message, template="conduct/my_violation.html", v=row,
        title=_title(row), asks=pending, outcome=_outcome(row),
        ground=table.grounds.get(row.ground, row.ground), last=_last(row), to=reverse("my-violation", args=[row.pk]),
    )  # fmt: skip


def asks(row: Violation, now: int) -> str:
    """What the person can submit now: "response", "appeal" or nothing."""
    return _asks(row, now)[0]


def _asks(row: Violation, now: int) -> tuple[str, str]:
    """The same, with the message shown afterwards."""
    if row.state in ("reported", "recorded") and not row.response:
        return "response", gettext("Your answer is recorded.")
    if row.state == "decided" and row.decided is not None and now < epoch_ms(row.decided) + APPEAL:
        return "appeal", gettext("Your appeal is recorded. Somebody who had no part in it hears it.")
    return "", ""


def _outcome(row: Violation) -> str:
    """The decision in words for the person; empty while there is none."""
    if row.decided is None or row.outcome not in OUTCOMES:
        return ""
    return str(OUTCOMES[row.outcome]).format(day=wording.day(last_day(row.until)) if row.until is not None else "")


def _last(row: Violation) -> str:
    at = row.respond_by if row.state in ("reported", "recorded") else None
    if row.state == "decided" and row.decided is not None:
        at = row.decided + timedelta(milliseconds=APPEAL)
    return wording.day(at) if at is not None else ""


def _title(row: Violation) -> str:
    return wording.translate(CLAUSES[row.clause].title) if row.clause in CLAUSES else ""


@acting("violation.report")
def new(request: CityRequest) -> HttpResponse:
    """Report a violation by another person or oneself; sponsors select people of agencies here."""
    require(request, "violation.report")
    form = Report(request.POST or None)

    def verb() -> Violation:
        c = form.cleaned_data
        who = me(request) if c["whose"] == "me" else c["person"]
        return violation_reports.report(who, c["clause"], c["what"], form.numbers(), actor=request.actor, now=epoch_ms(request.now))

    page = Page(gettext("Which rule was broken?"), gettext("Violations"))
    return respond_to_form(
        request, form, verb, page=page, back=reverse("home"), message=gettext("It is reported. Whoever decides is told."),
        template="conduct/report.html", outside=recordable(request), to=reverse("home"),
    )  # fmt: skip


def recordable(request: CityRequest) -> list[Episode]:
    """People of agencies for whom this person answers: as sponsor, by office, or as access officer; in order of their names."""
    rows = Episode.objects.filter(ended__isnull=True, contract__isnull=False).exclude(person=me(request))
    if not request.actor.holds("access-officer"):
        codes = request.actor.departments | {h.department for h in request.actor.held if h.duty == "authoriser"}
        rows = rows.filter(Q(contract__sponsor=me(request)) | Q(department__code__in=codes))
    return list(rows.select_related("person", "contract__agency").order_by("person__family", "person__given", "pk")[:200])
