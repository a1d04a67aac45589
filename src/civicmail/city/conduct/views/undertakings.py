"""Compliance agreements of agencies: record the signed paper, or let the agency's contact accept it on the page (P-09)."""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from civicmail.city.access.actions import undertakings as verbs
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.models import PolicyText, Undertaking
from civicmail.city.access.queries import undertakings
from civicmail.city.access.views.city_request import CityRequest, acting, me, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.policy import blocks
from civicmail.city.directory.models import Agency

HOW = {"paper": "on paper", "contact": "by its contact", "before": "taken over from before"}


class Paper(forms.Form):
    """Where the signed paper is kept."""

    reference = forms.CharField(
        label="Where is the signed paper?", min_length=3, max_length=200, help_text="Contract file and page, or its scan."
    )


class Bind(forms.Form):
    """Nothing is chosen beforehand. shown: the checksum of the text that was on the page."""

    answer = forms.BooleanField(label=_("I bind the agency and its people to these rules, and I may do so."))
    shown = forms.CharField(widget=forms.HiddenInput, max_length=64)


@acting("undertaking.record")
def record(request: CityRequest, code: str) -> HttpResponse:
    """The access office has the paper."""
    require(request, "undertaking.record")
    agency, text = _agency_and_policy(request, code)
    form, back = Paper(request.POST or None), reverse("agency", args=[agency.code])

    def verb() -> Undertaking:
        return verbs.record(agency, text, form.cleaned_data["reference"], actor=request.actor, now=epoch_ms(request.now))

    effects = [f"People of {agency} may use mail as far as each is authorised, until a newer version asks for a new signature."]
    done = ", ".join(f"version {u.text.version} ({HOW[u.how]})" for u in undertakings.undertakings_of(agency)) or "nothing yet"
    page = Page(
        f"Has {agency} signed version {text.version}?", "Agencies", [("Agencies", reverse("agencies")), (agency.name, back)],
        facts=[("Bound to", done)],
    )  # fmt: skip
    return respond_to_form(
        request,
        form,
        verb,
        page=page,
        back=back,
        effects=effects,
        verb="Record 1 undertaking",
        message="The undertaking is recorded.",
    )


@acting("undertaking.give")
def give(request: CityRequest, code: str) -> HttpResponse:
    """The agency's contact, who has a mailbox here, reads the text and binds the agency."""
    require(request, "undertaking.give")
    agency, text = _agency_and_policy(request, code)
    if undertakings.contact_of(agency) != me(request):
        raise Http404
    form = Bind(request.POST or None, initial={"shown": text.sha256})

    def verb() -> Undertaking:
        return verbs.give(agency, text, form.cleaned_data["shown"], actor=request.actor, now=epoch_ms(request.now))

    heading = gettext("Does {agency} accept the e-mail policy?").format(agency=agency)
    return respond_to_form(
        request,
        form,
        verb,
        page=Page(heading, gettext("Policy")),
        back=reverse("home"),
        template="conduct/undertaking.html",
        blocks=blocks(text.text),
        done=text.version in {u.text.version for u in undertakings.undertakings_of(agency)},
        to=reverse("home"),
        message=gettext("The agency is bound to this version."),
    )


def _agency_and_policy(request: CityRequest, code: str) -> tuple[Agency, PolicyText]:
    agency, text = get_object_or_404(Agency, code=code), undertakings.required_version(epoch_ms(request.now))
    if text is None:
        raise Http404
    return agency, text
