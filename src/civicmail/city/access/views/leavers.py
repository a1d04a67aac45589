"""Ending somebody's access: who leaves, when, and what happens to the mail? Then each door with its time (P-08, L1 to L4)."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from civicmail.city.access.actions import access_end
from civicmail.city.access.authorization_states import LIVING
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import LeaverForm, ReasonForm, end_of_day
from civicmail.city.access.models import Ending
from civicmail.city.access.queries.actors import about_person
from civicmail.city.access.queries.days import last_day
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views.city_request import CityRequest, acting, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.form_verb import run_verb, status_of
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.roster import crumb, department_of
from civicmail.city.directory.models import Person


@acting("access.end")
def leaver(request: CityRequest, department: str) -> HttpResponse:
    """?person=UID; a second time leads to what the first one did."""
    where = department_of(department)
    who = get_object_or_404(Person, uid=request.GET.get("person", ""))
    require(request, "roster.see", InDepartment(where.code))
    episode = who.episodes.filter(department=where).first()
    if episode is None:
        raise Http404
    require(request, "access.end", about_person(who))
    if (done := who.endings.filter(episode=episode).first()) is not None:
        return redirect("ending", pk=done.pk)
    form = LeaverForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = run_verb(form, lambda: _end(request, who, form))
        if made is not None:
            return redirect("ending", pk=made.pk)
    living = who.authorisations.filter(state__in=LIVING).select_related("mailbox")
    crumbs = [crumb(where), (str(who), reverse("person", args=[where.code, who.uid]))]
    page = Page(f"End access of {who}?", where.name, crumbs)
    devices = who.devices.filter(ended__isnull=True).count()
    effects = [
        "Sending stops at once, at every door: pages, mail programs, command line.",
        f"Rights that end: {', '.join(a.mailbox.address for a in living) or 'none'}.",
        f"Device passwords that end: {devices}. Duties, and what was granted to or by this person, end too.",
        "Requests that wait for this person's answer go to whoever decides otherwise.",
    ]
    stays = [
        "Mail is kept, and stays under every hold. Nothing is deleted.",
        "The addresses are never given to another person.",
        "This cannot be undone. Who comes back is authorised anew.",
    ]
    shown = {"page": page, "form": form, "effects": effects, "stays": stays, "verb": "End access of 1 person", "stop": True}
    return render(request, "access/confirm.html", {**shown, "back": crumbs[-1][1]}, status=status_of(form))


@acting("access.end")
def call_off(request: CityRequest, pk: int) -> HttpResponse:
    """The person stays: an end that was planned and has not come is planned no longer."""
    planned = get_object_or_404(Ending.objects.select_related("person", "episode__department"), pk=pk)
    require(request, "access.end", about_person(planned.person))
    form = ReasonForm(request.POST or None)
    where, who = planned.episode.department, planned.person
    back = reverse("person", args=[where.code, who.uid])
    crumbs = [(f"{where.name}: people", reverse("people", args=[where.code])), (str(who), back)]
    effects = [f"{who} keeps access as it is now. Nothing ends on {last_day(planned.when):%b %-d, %Y}."]
    return respond_to_form(
        request,
        form,
        lambda: access_end.call_off(planned, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)),
        page=Page(f"Does {who} stay?", where.name, crumbs),
        back=back, effects=effects, verb="Call off 1 end", message=f"The end of access of {who} is called off.",
    )  # fmt: skip


def _end(request: CityRequest, who: Person, form: LeaverForm) -> Ending:
    c = form.cleaned_data
    now = epoch_ms(request.now)
    when = now if c["when"] == "now" else end_of_day(c["day"])
    return access_end.end_access(who, reason=c["reason"], when=when, actor=request.actor, now=now, successor=c["successor"])
