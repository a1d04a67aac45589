"""My access: authorizations, reasons, ends, and answers to the policy (pages, "/my/access/"; P-04, P-10, P-18)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from civicmail.city.guard.access_status import MailFacts, why_refused
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.queries import access_status, personal_use, sponsors, usage
from civicmail.city.pages.city_request import CityRequest, acting, may, me, require
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import Label, label


@acting("my.access")
def access(request: CityRequest) -> HttpResponse:
    """Show each authorization with its four reasons, its owner, its approver and its end."""
    who = me(request)
    about = OfPerson(who.uid)
    require(request, "my.access", about)
    now = epoch_ms(request.now)
    facts = access_status.status_of(who.pk, now)
    rights = who.authorizations.select_related("mailbox", "department", "approver", "requester").order_by("-since")
    living = sorted((r for r in rights if r.state in LIVING), key=lambda r: r.role != "holder")
    used = usage.evidence([r for r in living if r.state in ("active", "suspended")], timezone.localdate(request.now))
    actions = [Action(gettext("People I sponsor"), reverse("my-sponsored"))] if sponsors.answers_for_anybody(who) else []
    context = {
        "page": Page(gettext("My access"), state=_state(facts, now), actions=actions),
        "why": why_refused(facts, now),
        "facts": facts,
        "living": [(r, used.get(r.pk)) for r in living],
        "past": [r for r in rights if r.state not in LIVING],
        "work": who.episodes.filter(ended__isnull=True)
        .select_related("supervisor", "contract__agency", "contract__sponsor")
        .first(),
        "uses": personal_use.allowed_to(who, timezone.localdate(request.now)),
        "said": who.acknowledgements.select_related("text").order_by("-at")[:20],
        "shows_devices": bool(may(request, "my.devices", about)),
    }
    return render(request, "identity/mine.html", context)


def _state(facts: MailFacts, now: int) -> Label:
    if not why_refused(facts, now):
        return label("active")
    if facts.suspended is not None and not facts.active:
        return label("suspended")
    return label("restricted" if facts.active else "no-access")
