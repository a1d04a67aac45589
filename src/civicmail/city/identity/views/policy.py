"""The policy as people read and accept it (P1, P3, P-18): HTML, nothing preselected, either answer with its effect."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.acts.policy_answers import ANSWER_POLICY
from civicmail.city.identity.models import PolicyText
from civicmail.city.identity.queries import policy_answers
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, me, require
from civicmail.city.pages.page import Page
from civicmail.city.policy.clauses import CLAUSES, OUT_OF_REACH


@dataclass(frozen=True, slots=True)
class Block:
    """A heading or a paragraph of a policy text."""

    heading: bool
    text: str


def blocks(text: str) -> list[Block]:
    """Empty lines part paragraphs, "# " starts a heading; nothing else means anything."""
    parts = (" ".join(part.split()) for part in text.replace("\r\n", "\n").split("\n\n"))
    return [Block(p.startswith("# "), p.removeprefix("# ")) for p in parts if p]


@acting("policy.read")
def clauses(request: CityRequest) -> HttpResponse:
    """Show each clause, for everyone, signed in or not; refusals and pages link here."""
    require(request, "policy.read")
    page = Page(gettext("E-mail policy"))
    newest = policy_answers.newest() if request.actor.uid else None
    shown = {"page": page, "clauses": CLAUSES.values(), "out_of_reach": OUT_OF_REACH, "newest": newest}
    return render(request, "identity/clauses.html", shown)


@acting("policy.read")
def read(request: CityRequest, version: int) -> HttpResponse:
    """Any version that was ever published."""
    require(request, "policy.read")
    text = get_object_or_404(PolicyText, version=version)
    page = Page(
        text.title, gettext("Policy"), facts=[(gettext("Version"), text.version)], crumbs=[(gettext("My access"), "/my/access/")]
    )
    return render(request, "identity/policy.html", {"page": page, "text": text, "blocks": blocks(text.text)})


@acting("policy.acknowledge")
def acknowledge(request: CityRequest, version: int) -> HttpResponse:
    """Show the policy and take the answer; an answer to another text than the one shown does not count."""
    who = me(request)
    require(request, "policy.acknowledge", OfPerson(who.uid))
    newest = policy_answers.newest()
    if newest is not None and newest.version != version:
        return redirect("acknowledge", version=newest.version)
    text = act_pages.permitted_row(ANSWER_POLICY, request, version)
    form_page = FormPage(
        title=gettext("Accept the e-mail policy?"),
        section=gettext("E-mail policy"),
        submit=gettext("Accept the policy"),
        facts=[(gettext("Version"), text.version), (gettext("In force since"), text.published)],
        back=_back(request),
        template="identity/acknowledge.html",
        context={"text": text, "blocks": blocks(text.text), "owed": policy_answers.owed_by(who.pk, epoch_ms(request.now))},
    )
    return act_pages.answer(request, ANSWER_POLICY, text, form_page)


def _back(request: CityRequest) -> str:
    """The page from which the person came, on this host; home otherwise."""
    target = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return target if safe else "/"
