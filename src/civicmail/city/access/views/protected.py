"""Whose mail is protected, and who decides that somebody looks at it: set by the access office (pages, "/access/protected/"; P-16,
E3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.access.actions import protections
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.errors import Unusable
from civicmail.city.access.examination_grounds import PROTECTED_CLASSES
from civicmail.city.access.forms import PersonField, ReasonForm, set_choices
from civicmail.city.access.models import Protection
from civicmail.city.access.views.city_request import CityRequest, acting, may, require
from civicmail.city.access.views.form_response import FORM_TEMPLATE, respond_to_form
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


class Protect(ReasonForm):
    """Somebody, or a department, for a class."""

    kind = forms.ChoiceField(label="Which class?", choices=[("", "Choose"), *PROTECTED_CLASSES.items()])
    role = forms.ChoiceField(
        label="As what?",
        choices=[("member", "Their mail is protected"), ("approver", "They decide whether somebody looks at it")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    person = PersonField(label="Who?", help_text="Personnel number or address; or a department below.", required=False)
    department = forms.ChoiceField(label="Or which department?", required=False, help_text="With its divisions.")
    field_order = ("kind", "role", "person", "department", "reason")

    def __init__(self, departments: list[tuple[str, str]], data: QueryDict | None = None) -> None:
        super().__init__(data)
        set_choices(self, "department", [("", "No department"), *departments])


@acting("protection.see")
def protected(request: CityRequest) -> HttpResponse:
    """Each class with its members and with who decides; one without anybody who decides is closed."""
    require(request, "protection.see")
    kinds = {kind: Kind(name, BY_ITSELF.get(kind, "")) for kind, name in PROTECTED_CLASSES.items()}
    for row in Protection.objects.filter(ended__isnull=True).select_related("person", "department").order_by("id"):
        (kinds[row.kind].approvers if row.approves else kinds[row.kind].members).append(row)
    changes = bool(may(request, "mandate.protect"))
    actions = [Action("Protect or name somebody", reverse("protect"), primary=True)] if changes else []
    page = Page("Whose mail is protected?", "Access office", actions=actions)
    return render(request, "access/protected.html", {"page": page, "kinds": list(kinds.values()), "changes": changes})


@acting("mandate.protect")
def new(request: CityRequest) -> HttpResponse:
    """Somebody else's mail is protected, or somebody else decides about it."""
    require(request, "mandate.protect")
    departments = Department.objects.filter(closed__isnull=True).order_by("name").values_list("code", "name")
    form = Protect(list(departments), request.POST or None)

    def verb() -> Protection:
        c = form.cleaned_data
        actor, reason, now = request.actor, c["reason"], epoch_ms(request.now)
        if bool(c["person"]) == bool(c["department"]):
            raise Unusable("Name a person or a department.", {"person": "Name a person or a department."})
        if c["role"] == "approver":
            if c["person"] is None:
                raise Unusable("A person decides, not a department.", {"person": "Name the person who decides."})
            return protections.name_approver(c["kind"], c["person"], actor=actor, reason=reason, now=now)
        whom = c["person"] or Department.objects.get(code=c["department"])
        return protections.protect(c["kind"], whom, actor=actor, reason=reason, now=now)

    page = Page("Protect mail, or name who decides", "Access office", [("Protected mail", reverse("protected"))])
    return respond_to_form(
        request, form, verb, page=page, back=reverse("protected"), template=FORM_TEMPLATE, submit="Save 1 name",
        note="Who decides also needs the duty examination approver. Nobody does this for themselves.",
        message=lambda made: f"{made.person or made.department}: {PROTECTED_CLASSES[made.kind].lower()}.",
    )  # fmt: skip


@acting("mandate.protect")
def end(request: CityRequest, pk: int) -> HttpResponse:
    """Somebody belongs to a class, or decides for it, no more."""
    row = get_object_or_404(Protection.objects.select_related("person", "department"), pk=pk)
    require(request, "mandate.protect")
    form, who = ReasonForm(request.POST or None), row.person or row.department
    effect = f"Mandates about {who} need nobody who is named for this class, unless they touch it in another way."
    asks = f"Protect {who} no more as {PROTECTED_CLASSES[row.kind].lower()}?"
    if row.approves:
        asks = f"Shall {who} decide no more for {PROTECTED_CLASSES[row.kind].lower()}?"
        effect = f"{who} decides no more about mandates that touch this class."
    return respond_to_form(
        request, form,
        lambda: protections.end(row, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)),
        page=Page(asks, "Access office", [("Protected mail", reverse("protected"))]),
        back=reverse("protected"), verb="Take 1 name out", stop=True, message=f"{who} is taken out.",
        effects=[effect], stays=["What was decided stays as it is."],
    )  # fmt: skip
