"""Acts on protected mail: protect a person, name the approvers, end it (P-16; E3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.examination_grounds import PROTECTED_CLASSES
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Because, Choice, Choices, Input, OptionalPerson, reason

if TYPE_CHECKING:
    from civicmail.city.guard.models import Protection

_SECTION = "Access office"


class Protecting(Input):
    """role: member or approver; person: number or address, or department: its code."""

    kind = Choice(label="Which class?", choices=list(PROTECTED_CLASSES.items()))
    role = Choice(
        label="As what?", radio=True, missing="Choose one of the two.",
        choices=[("member", "Their mail is protected"), ("approver", "They decide whether somebody looks at it")],
    )  # fmt: skip
    person = OptionalPerson(label="Who?", help="Or a department below.")
    department = Choice(label="Or which department?", help="With its divisions.", required=False)
    reason = reason()


class ProtectMail(Act[None, Protecting, "Protection"]):
    """Protect the mail of a person or department, or name the decider for a class. Not for oneself."""

    name, permission, input = "protect_mail", "mandate.protect", Protecting
    page = Page("access/protected/new/", "protect")
    operation = Operation("/protected", "write:mandates", status=201)

    def choices(self, row: None, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.city.directory.models import Department

        departments = Department.objects.filter(closed__isnull=True).order_by("name").values_list("code", "name")
        return {"department": [("", "No department"), *departments]}

    def perform(self, given: Protecting, *, actor: Actor, now: int) -> Protection:
        from civicmail.city.directory.models import Department
        from civicmail.city.guard.actions import protections

        department = Department.objects.get(code=given.department) if given.department else None
        return protections.name(
            given.kind, given.person, department, approves=given.role == "approver", actor=actor, reason=given.reason, now=now
        )

    def message(self, row: None, done: Protection) -> str:
        return f"{done.person or done.department}: {PROTECTED_CLASSES[done.kind].lower()}."

    def form_page(self) -> FormPage:
        from django.urls import reverse

        back = reverse("protected")
        return FormPage(
            title="Protect mail, or name who decides", section=_SECTION, submit="Save 1 name", back=back,
            crumbs=[("Protected mail", back)],
            note="Who decides also needs the role examination approver. You cannot do this for yourself.",
        )  # fmt: skip


class EndProtection(Act["Protection", Because, "Protection"]):
    """End a protection, or a decider's role."""

    name, permission, input = "end_protection", "mandate.protect", Because
    model, related = "access.Protection", ("person", "department")
    page = Page("access/protected/<int:pk>/end/", "protect-end")
    operation = Operation("/protected/{int:id}/end", "write:mandates")

    def perform(self, row: Protection, given: Because, *, actor: Actor, now: int) -> Protection:
        from civicmail.city.guard.actions import protections

        protections.end(row, actor=actor, reason=given.reason, now=now)
        return row

    def message(self, row: Protection, done: Protection) -> str:
        return f"{row.person or row.department} is taken out."

    def form_page(self, row: Protection) -> FormPage:
        from django.urls import reverse

        who, of_class, back = row.person or row.department, PROTECTED_CLASSES[row.kind].lower(), reverse("protected")
        title = f"End the protection of {who} as {of_class}?"
        effect = f"Mandates about {who} need nobody who is named for this class, unless they touch it in another way."
        if row.approves:
            title = f"Remove {who} as approver for {of_class}?"
            effect = f"{who} decides no more about mandates that touch this class."
        return FormPage(
            title=title, section=_SECTION, submit="Take 1 name out", back=back, crumbs=[("Protected mail", back)], stop=True,
            effects=[effect], stays=["What was decided stays as it is."],
        )  # fmt: skip


PROTECT_MAIL, END_PROTECTION = ProtectMail(), EndProtection()
