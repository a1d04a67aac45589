"""Report a violation, and read what was reported about oneself: rule, response, decision, appeal (P-30; V1)."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from civicmail.city.conduct.actions import consequences
from civicmail.city.conduct.acts.violations import ANSWER_MY_VIOLATION, REPORT_VIOLATION
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import violation_parties, violations
from civicmail.city.directory.models import Episode
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import OfPerson
from civicmail.city.pages import act_pages, wording
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, me, require
from civicmail.city.pages.days import last_day
from civicmail.city.pages.page import Page
from civicmail.city.pages.states import labels
from civicmail.city.policy.clauses import CLAUSES

STATES = labels(
    "recorded",
    "confirmed",
    "decided",
    "appealed",
    "upheld",
    "overturned",
    reported="open",
    proposed="confirmed",
    unfounded="closed",
    noted="closed",
    reversed="closed",
)
"""What is not decided yet is not shown."""
OUTCOMES = {
    "none": _("Nothing follows."),
    "warning": _("A warning, and training."),
    "suspension": _("You cannot use mail until {day}."),
    "restriction": _("You write to one address outside of the city at a time, until {day}."),
    "ended": _("Your access to mail has ended."),
    "permanent": _("You may not use the city's mail any more."),
}


@acting("my.violations")
def mine(request: CityRequest) -> HttpResponse:
    """List one's own violations, with those that wait for an answer."""
    require(request, "my.violations", OfPerson(me(request).uid))
    rows = [(v, STATES[v.state], _title(v)) for v in violations.known_to(me(request).uid)]
    page = Page(gettext("Violations reported about me"), gettext("Violations"))
    return render(request, "conduct/mine.html", {"page": page, "rows": rows})


@acting("my.violations")
def one(request: CityRequest, pk: int) -> HttpResponse:
    """Show one's own violation: the rule, the possible response, the decision with its ground. Never the reporter."""
    row = act_pages.permitted_row(ANSWER_MY_VIOLATION, request, pk)
    table = violation_parties.table()
    form_page = FormPage(
        title=gettext("A violation reported about me"), section=gettext("Violations"),
        crumbs=[(gettext("About me"), reverse("my-violations"))], state=STATES[row.state],
        facts=[(gettext("Rule"), row.clause), (gettext("Reported"), row.made)], back=reverse("my-violations"),
        submit=gettext("Record my answer"), template="conduct/my_violation.html",
        context={
            "v": row, "title": _title(row), "asks": consequences.pending_answer(row, epoch_ms(request.now)),
            "outcome": _outcome(row), "ground": table.grounds.get(row.ground, row.ground), "last": _last(row),
        },
    )  # fmt: skip
    return act_pages.answer(request, ANSWER_MY_VIOLATION, row, form_page)


def _outcome(row: Violation) -> str:
    """The decision in words for the person; empty while there is none."""
    if row.decided is None or row.outcome not in OUTCOMES:
        return ""
    return str(OUTCOMES[row.outcome]).format(day=wording.day(last_day(row.until)) if row.until is not None else "")


def _last(row: Violation) -> str:
    at = row.respond_by if row.state in ("reported", "recorded") else None
    if row.state == "decided" and row.decided is not None:
        at = row.decided + timedelta(milliseconds=consequences.APPEAL)
    return wording.day(at) if at is not None else ""


def _title(row: Violation) -> str:
    return wording.translate(CLAUSES[row.clause].title) if row.clause in CLAUSES else ""


@acting("violation.report")
def new(request: CityRequest) -> HttpResponse:
    """Report a violation by another person or oneself; sponsors select people of agencies here."""
    require(request, "violation.report")
    form_page = FormPage(
        title=gettext("Report a violation"), section=gettext("Violations"), back=reverse("home"),
        submit=gettext("Report 1 violation"), template="conduct/report.html", context={"outside": recordable(request)},
    )  # fmt: skip
    return act_pages.answer(request, REPORT_VIOLATION, None, form_page)


def recordable(request: CityRequest) -> list[Episode]:
    """People of agencies for whom this person answers: as sponsor, by office, or as access officer; in order of their names."""
    rows = Episode.objects.filter(ended__isnull=True, contract__isnull=False).exclude(person=me(request))
    if not request.actor.holds("access-officer"):
        codes = request.actor.departments | {h.department for h in request.actor.held if h.role == "authoriser"}
        rows = rows.filter(Q(contract__sponsor=me(request)) | Q(department__code__in=codes))
    return list(rows.select_related("person", "contract__agency").order_by("person__family", "person__given", "pk")[:200])
