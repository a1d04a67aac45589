"""Whose mail is protected, and who decides that somebody looks at it: set by the access office (pages, "/access/protected/"; P-16,
E3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.access.actions import protecting
from civicmail.city.access.errors import Unusable
from civicmail.city.access.forms import Because, Somebody, offer
from civicmail.city.access.grounds import PROTECTED
from civicmail.city.access.models import Protection
from civicmail.city.access.moments import ms
from civicmail.city.access.views.asked import Asked, acting, may, require
from civicmail.city.access.views.confirming import FORM, answered
from civicmail.city.access.views.page import Action, Page
from civicmail.city.directory.models import Department

BY_ITSELF = {
    "council": "Elected officials belong to it by themselves.",
    "city-attorney": "Whoever holds the duty city attorney belongs to it by themselves.",
}
"""Class -> who is in it without being named."""


@dataclass
class Kind:
    """One class as the page lists it."""

    name: str
    hint: str
    members: list[Protection] = field(default_factory=list)
    approvers: list[Protection] = field(default_factory=list)


class Protect(Because):
    """Somebody, or a department, for a class."""

    kind = forms.ChoiceField(label="Which class?", choices=[("", "Choose"), *PROTECTED.items()])
    role = forms.ChoiceField(
        label="As what?",
        choices=[("member", "Their mail is protected"), ("approver", "They decide whether somebody looks at it")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    person = Somebody(label="Who?", help_text="Personnel number or address; or a department below.", required=False)
    department = forms.ChoiceField(label="Or which department?", required=False, help_text="With its divisions.")
    field_order = ("kind", "role", "person", "department", "reason")

    def __init__(self, departments: list[tuple[str, str]], data: QueryDict | None = None) -> None:
        super().__init__(data)
        offer(self, "department", [("", "No department"), *departments])


@acting("protection.see")
def protected(request: Asked) -> HttpResponse:
    """Each class with its members and with who decides; one without anybody who decides is closed."""
    require(request, "protection.see")
    kinds = {kind: Kind(name, BY_ITSELF.get(kind, "")) for kind, name in PROTECTED.items()}
    for row in Protection.objects.filter(ended__isnull=True).select_related("person", "department").order_by("id"):
        (kinds[row.kind].approvers if row.approves else kinds[row.kind].members).append(row)
    changes = bool(may(request, "mandate.protect"))
    actions = [Action("Protect or name somebody", reverse("protect"), primary=True)] if changes else []
    page = Page("Whose mail is protected?", "Access office", actions=actions)
    return render(request, "access/protected.html", {"page": page, "kinds": list(kinds.values()), "changes": changes})


@acting("mandate.protect")
def new(request: Asked) -> HttpResponse:
    """Somebody else's mail is protected, or somebody else decides about it."""
    require(request, "mandate.protect")
    departments = Department.objects.filter(closed__isnull=True).order_by("name").values_list("code", "name")
    form = Protect(list(departments), request.POST or None)

    def verb() -> Protection:
        c = form.cleaned_data
        actor, reason, now = request.actor, c["reason"], ms(request.now)
        if bool(c["person"]) == bool(c["department"]):
            raise Unusable("Name a person or a department.", {"person": "Name a person or a department."})
        if c["role"] == "approver":
            if c["person"] is None:
                raise Unusable("A person decides, not a department.", {"person": "Name the person who decides."})
            return protecting.name_approver(c["kind"], c["person"], actor=actor, reason=reason, now=now)
        whom = c["person"] or Department.objects.get(code=c["department"])
        return protecting.protect(c["kind"], whom, actor=actor, reason=reason, now=now)

    page = Page("Protect mail, or name who decides", "Access office", [("Protected mail", reverse("protected"))])
    return answered(
        request, form, verb, page=page, back=reverse("protected"), template=FORM, submit="Save 1 name",
        note="Who decides also needs the duty examination approver. Nobody does this for themselves.",
        said=lambda made: f"{made.person or made.department}: {PROTECTED[made.kind].lower()}.",
    )  # fmt: skip


@acting("mandate.protect")
def end(request: Asked, pk: int) -> HttpResponse:
    """Somebody belongs to a class, or decides for it, no more."""
    row = get_object_or_404(Protection.objects.select_related("person", "department"), pk=pk)
    require(request, "mandate.protect")
    form, who = Because(request.POST or None), row.person or row.department
    effect = f"Mandates about {who} need nobody who is named for this class, unless they touch it in another way."
    asks = f"Protect {who} no more as {PROTECTED[row.kind].lower()}?"
    if row.approves:
        asks = f"Shall {who} decide no more for {PROTECTED[row.kind].lower()}?"
        effect = f"{who} decides no more about mandates that touch this class."
    return answered(
        request, form,
        lambda: protecting.end(row, actor=request.actor, reason=form.cleaned_data["reason"], now=ms(request.now)),
        page=Page(asks, "Access office", [("Protected mail", reverse("protected"))]),
        back=reverse("protected"), verb="Take 1 name out", stop=True, said=f"{who} is taken out.",
        effects=[effect], stays=["What was decided stays as it is."],
    )  # fmt: skip
