"""The policy as its keeper sees it: versions, a new one written, compared and published, papers that were signed (P1, P3)."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import CITY
from civicmail.city.identity.actions import policy as verbs
from civicmail.city.identity.acts.policy_answers import RECORD_PAPER
from civicmail.city.identity.models import Acknowledgement, PolicyText
from civicmail.city.identity.queries import policy_answers
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.identity.views.officeforms import PolicyWords
from civicmail.city.identity.views.policy import Block, blocks
from civicmail.city.pages import act_pages, listing
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require, require_could
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.forms import ReasonForm
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import Label, label

KEPT = ("title", "text", "changed", "material", "after")


@acting("policy.publish")
def versions(request: CityRequest) -> HttpResponseBase:
    """List every published version, with the number of people who accepted it."""
    require(request, "policy.publish")
    answers = policy_answers.counts()
    newest = policy_answers.newest()
    table = listing.from_query(
        request,
        PolicyText.objects.all(),
        caption="Versions of the policy",
        columns=[
            Column("version", "Version", lambda t: Cell(f"Version {t.version}", reverse("policy", args=[t.version])), ("version",)),
            Column("title", "Title", lambda t: Cell(t.title, hint=t.changed)),
            Column("state", "State", lambda t: _state(t, newest)),
            Column("material", "Asked of", lambda t: "everybody" if t.material else "new people", ("material",), name="asked of"),
            Column("published", "Published", lambda t: t.published, ("published",), name="published"),
            Column("yes", "Accepted", lambda t: answers.get((t.pk, True), 0), (), num=True, name="accepted"),
            Column("no", "Declined", lambda t: answers.get((t.pk, False), ""), (), num=True, name="declined"),
        ],
        filters=[],
        empty="No policy was published yet, so nobody is asked to accept one.",
        noun="versions",
        sort="-version",
        slim=lambda q: q.defer("text"),
    )
    actions = [
        Action("Write a new version", reverse("policy-new"), primary=True),
        Action("Record a paper", reverse("policy-paper")),
    ]
    page = Page("Policy versions", "Access office", actions=actions)
    return listing.render_list(request, "pages/list.html", table, {"page": page})


def _state(t: PolicyText, newest: PolicyText | None) -> Label:
    return label("active" if newest is not None and t.pk == newest.pk else "superseded")


@dataclass(frozen=True, slots=True)
class Line:
    """A block of a comparison. kind: same, new or gone."""

    kind: str
    heading: bool
    text: str


def compared(before: str, after: str) -> list[Line]:
    """Added and removed blocks, in the order of the new text."""
    old, new = blocks(before), blocks(after)
    lines: list[Line] = []
    for tag, a, b, c, d in _steps(old, new):
        if tag == "equal":
            lines += [Line("same", x.heading, x.text) for x in new[c:d]]
            continue
        lines += [Line("gone", x.heading, x.text) for x in old[a:b]]
        lines += [Line("new", x.heading, x.text) for x in new[c:d]]
    return lines


def _steps(old: list[Block], new: list[Block]) -> Sequence[tuple[str, int, int, int, int]]:
    return difflib.SequenceMatcher(None, [x.text for x in old], [x.text for x in new], autojunk=False).get_opcodes()


@acting("policy.publish")
def new(request: CityRequest) -> HttpResponse:
    """Write; then see it as people will, with what changed; then publish, with a reason. What was written travels with the form."""
    require(request, "policy.publish")
    newest = policy_answers.newest()
    data = request.POST if request.method == "POST" else None
    start = {"title": newest.title, "text": newest.text} if newest else {}
    words = PolicyWords(newest is None, data, initial={**start, "after": newest.version if newest else 0})
    if data is None or data.get("go") == "write":
        if data is not None:
            words = PolicyWords(newest is None, initial={name: data.get(name, "") for name in KEPT})
        return _writing(request, words, newest)
    if not words.is_valid():
        return _writing(request, words, newest)
    because = ReasonForm(data if data.get("from") == "check" else None)
    if because.is_bound and because.is_valid():
        made = run_verb(because, lambda: _publish(request, words, because))
        if made is not None:
            messages.success(request, f"Version {made.version} is in force.")
            return redirect("policies")
    return _checking(request, words, because, newest)


def _publish(request: CityRequest, words: PolicyWords, because: ReasonForm) -> PolicyText:
    c = words.cleaned_data
    return verbs.publish(
        c["title"], _plain(c["text"]), changed=c["changed"], material=c["material"] == "yes", after=c["after"],
        actor=request.actor, reason=because.cleaned_data["reason"], now=epoch_ms(request.now),
    )  # fmt: skip


def _plain(text: str) -> str:
    """Line ends as they are stored: a browser sends CR and LF."""
    return text.replace("\r\n", "\n").strip()


def _crumbs() -> list[tuple[str, str]]:
    return [("Policy versions", reverse("policies"))]


def _writing(request: CityRequest, words: PolicyWords, newest: PolicyText | None) -> HttpResponse:
    page = Page(f"New policy version {newest.version + 1 if newest else 1}", "Policy", _crumbs())
    shown = {"page": page, "form": words, "step": "write", "back": reverse("policies")}
    return render(request, "identity/policy_new.html", shown, status=status_of(words))


def _checking(request: CityRequest, words: PolicyWords, because: ReasonForm, newest: PolicyText | None) -> HttpResponse:
    c = words.cleaned_data
    number = newest.version + 1 if newest else 1
    shown: dict[str, Any] = {
        "page": Page(f"Publish version {number}?", "Policy", _crumbs()),
        "form": because,
        "step": "check",
        "kept": [(name, request.POST.get(name, "")) for name in KEPT],
        "words": c,
        "blocks": blocks(c["text"]),
        "lines": compared(newest.text, c["text"]) if newest else [],
        "newest": newest,
        "number": number,
        "effects": _effects(c["material"] == "yes", newest),
        "back": reverse("policies"),
    }
    return render(request, "identity/policy_new.html", shown, status=status_of(because))


def _effects(material: bool, newest: PolicyText | None) -> list[str]:
    if newest is None:
        return ["Everybody who has access accepts it within 14 days; who gets access accepts it first."]
    if not material:
        return [
            "Whoever accepted an earlier version is not asked before their year is over.",
            "Whoever is asked from now on reads this one.",
        ]
    people = Acknowledgement.objects.filter(accepted=True).order_by().values("person").distinct().count()
    return [
        f"Everybody is asked to accept it: {people} accepted an earlier one.",
        "After 14 days sending stops for whoever has not; mail still comes in.",
    ]


@acting("policy.paper")
def paper(request: CityRequest) -> HttpResponse:
    """?person=UID. Record a signature on paper, which counts like an answer on the page; a clerk enters where the paper is."""
    named = Person.objects.filter(uid=request.GET.get("person", "")).first()
    require_could(request, "policy.paper", about_person(named) if named else CITY)
    back, crumb = reverse("policies"), _crumbs()
    if named is not None:
        about = about_person(named)
        back = reverse("person", args=[about.department, named.uid]) if about.department else back
        crumb = [(str(named), back)]
    elif not may(request, "policy.publish"):
        back, crumb = "/", []
    title, submit = "Record a paper acceptance", "Record 1 paper acceptance"
    form_page = FormPage(title=title, section="Policy", submit=submit, back=back, crumbs=crumb)
    return act_pages.answer(request, RECORD_PAPER, None, form_page)
