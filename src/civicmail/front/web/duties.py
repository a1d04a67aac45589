"""My duties: as what do I act, and why? A privileged duty is taken up for some hours, with a reason and a fresh proof (D4)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from civicmail.city.access.actions import duties as verbs
from civicmail.city.access.duties import DUTIES
from civicmail.city.access.forms import TakeUp
from civicmail.city.access.models import DutyGrant, DutyUse
from civicmail.city.access.moments import ms
from civicmail.city.access.queries.actors import taken_up
from civicmail.city.access.resources import OfPerson
from civicmail.city.access.views.asked import Asked, acting, me, require
from civicmail.city.access.views.confirming import FORM, answered
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.saying import said
from civicmail.front.web.signin import stepup


@acting("my.duties")
def duties(request: Asked) -> HttpResponse:
    """Which duties the person holds, until when, and which of them is taken up now."""
    who = me(request)
    require(request, "my.duties", OfPerson(who.uid))
    used = {u.grant_id: u for u in taken_up(who, ms(request.now))}
    grants = who.duties.filter(ended__isnull=True, until__gt=request.now).select_related("department").order_by("duty")
    rows = [(g, DUTIES[g.duty], used.get(g.pk)) for g in grants if g.duty in DUTIES]
    return render(request, "duties.html", {"page": Page(gettext("As what may I act?"), gettext("My duties")), "rows": rows})


@acting("duty.take-up")
@stepup.required
def take_up(request: Asked, pk: int) -> HttpResponse:
    """For at most four hours; the reason stands in every entry of what is done meanwhile."""
    who = me(request)
    held = get_object_or_404(DutyGrant.objects.select_related("department"), pk=pk, person=who)
    require(request, "duty.take-up", OfPerson(who.uid))
    form = TakeUp(request.POST or None)

    def do() -> DutyUse:
        hours, reason = form.cleaned_data["hours"], form.cleaned_data["reason"]
        return verbs.take_up(held, hours=hours, actor=request.actor, reason=reason, now=ms(request.now))

    duty = said(DUTIES[held.duty].name if held.duty in DUTIES else held.duty).lower()
    question = gettext("Take up the duty {duty}?").format(duty=duty)
    return answered(
        request, form, do, page=Page(question, gettext("My duties"), [(gettext("My duties"), reverse("duties"))]),
        back=reverse("duties"), said=gettext("The duty is taken up. Lay it down when you are done."), template=FORM,
        submit=gettext("Act as {duty}").format(duty=duty),
    )  # fmt: skip


@acting("duty.take-up")
@require_POST
def lay_down(request: Asked, pk: int) -> HttpResponse:
    """Done before the time was over."""
    use = get_object_or_404(DutyUse.objects.select_related("grant__person"), pk=pk, grant__person=me(request))
    verbs.lay_down(use, actor=request.actor, now=ms(request.now))
    messages.success(request, gettext("The duty is laid down."))
    return redirect("duties")
