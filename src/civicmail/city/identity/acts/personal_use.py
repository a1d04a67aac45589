"""Acts on personal use: what a department's head allows, to whom, until when (P-10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import InDepartment, Resource
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Because, Choice, Choices, Day, Input, OptionalPerson, Text

if TYPE_CHECKING:
    from civicmail.city.directory.models import Department
    from civicmail.city.identity.models import PersonalUse


class UseToAllow(Input):
    """whom: all, position (with position) or person (with person: number or address); limits: in words; until: the last day."""

    whom = Choice(
        label="For whom?",
        choices=[("all", "Everybody in the department"), ("position", "One position"), ("person", "One person")],
    )
    position = Choice(label="Which position?", help="Only for one position.", required=False)
    person = OptionalPerson(label="Which person?", help="Only for one person.")
    limits = Text(label="Within which limits?", help="In words: what, when, how much.", min_length=20, max_length=1000)
    until = Day(label="Until which day?", help="It ends by itself.")


class AllowPersonalUse(Act["Department", UseToAllow, "PersonalUse"]):
    """Permit some personal use, as the department's head, until a day."""

    name, permission, input = "allow_personal_use", "personal-use.set", UseToAllow
    model, key = "directory.Department", "code"
    operation = Operation("/departments/{slug:department}/personal-use", "write:access", page="personal-use", status=201)
    success_message = "Personal use was allowed as written."

    def resource(self, row: Department, actor: Actor) -> Resource:
        return InDepartment(row.code)

    def choices(self, row: Department, actor: Actor) -> Mapping[str, Choices]:
        names = row.episodes.filter(ended__isnull=True).order_by("position").values_list("position", flat=True).distinct()
        return {"position": [("", "Choose"), *((name, name) for name in names if name)]}

    def perform(self, row: Department, given: UseToAllow, *, actor: Actor, now: int) -> PersonalUse:
        from civicmail.city.identity.actions import personal_use

        return personal_use.allow_to(
            given.whom, row, given.limits, until=given.until, position=given.position, person=given.person, actor=actor, now=now
        )


class EndPersonalUse(Act["PersonalUse", Because, "PersonalUse"]):
    """End the permission."""

    name, permission, input = "end_personal_use", "personal-use.set", Because
    model, related = "access.PersonalUse", ("department", "person", "by")
    page = Page("access/personal-use/<int:pk>/end/", "personal-use-end")
    operation = Operation("/personal-use/{int:id}/end", "write:access")
    success_message = "This personal use has ended."

    def resource(self, row: PersonalUse, actor: Actor) -> Resource:
        return InDepartment(row.department.code)

    def perform(self, row: PersonalUse, given: Because, *, actor: Actor, now: int) -> PersonalUse:
        from civicmail.city.identity.actions import personal_use

        return personal_use.end(row, actor=actor, reason=given.reason, now=now)

    def form_page(self, row: PersonalUse) -> FormPage:
        from django.urls import reverse

        back = reverse("personal-use", args=[row.department.code])
        whom = str(row.person) if row.person else f"everybody in the position {row.position}" if row.position else "everybody"
        return FormPage(
            title="End this personal use?", section=row.department.name, submit="End 1 rule", back=back,
            crumbs=[("Personal use", back)],
            effects=[f"From now on there is no personal use for {whom} by this rule.", row.limits],
        )  # fmt: skip


ALLOW_PERSONAL_USE, END_PERSONAL_USE = AllowPersonalUse(), EndPersonalUse()
