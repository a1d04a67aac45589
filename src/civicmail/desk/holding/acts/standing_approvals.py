"""Standing approvals: which files of a department leave without a question, and until when (P-22)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import InDepartment, Resource
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Choice, Choices, Day, Email, Input, Text, reason

if TYPE_CHECKING:
    from civicmail.desk.holding.models import StandingApproval


class Allowing(Input):
    """Each field that is given must match. until: the last day, at most a year away; for everything of the department three months
    away."""

    department = Choice(label="Department")
    sha256 = Text(
        label="One document", help="Its SHA-256, as the page of an approval has it.", required=False, max_length=64, rows=1
    )
    series = Text(
        label="A series", help="A pattern of file names: agenda-*.pdf; *.pdf alone is everything.", required=False, max_length=120,
        rows=1,
    )  # fmt: skip
    domain = Text(label="To a domain", help="acme.example", required=False, max_length=253, rows=1)
    mailbox = Email(label="From a mailbox of a function", help="Whoever sends from it: permits@…", required=False)
    until = Day(label="Until which day?", help="At most a year; for everything, or all files of a kind, three months.")
    reason = reason("Why need nobody ask?", "At least 10 characters.", min_length=10)


class AllowStanding(Act[None, Allowing, "StandingApproval"]):
    """Allow a document, a series, a recipient's domain or a mailbox, for a department of one's own, until a day."""

    from_link = ("sha256",)
    name, permission, view_permission, input = "allow_standing", "approval.standing", "approvals.see", Allowing
    page = Page("holding/approvals/standing/new/", "standing-approval-new")
    operation = Operation("/standing-approvals", "write:files", status=201)

    def resource(self, row: None, actor: Actor) -> Resource:
        return InDepartment(min(actor.departments, default=""))

    def choices(self, row: None, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.city.directory.models import Department

        own = Department.objects.filter(code__in=actor.departments, closed__isnull=True).order_by("name")
        return {"department": list(own.values_list("code", "name"))}

    def perform(self, given: Allowing, *, actor: Actor, now: int) -> StandingApproval:
        from civicmail.city.directory.models import Department
        from civicmail.city.pages.forms import end_of_day
        from civicmail.desk.holding.actions import standing_approvals

        scope = standing_approvals.FileScope(
            given.sha256.strip().lower(), given.series.strip(), given.domain.strip().lower(), given.mailbox.strip().lower()
        )
        department = Department.objects.get(code=given.department)
        return standing_approvals.allow(department, scope, end_of_day(given.until), actor=actor, reason=given.reason, now=now)

    success_message = "It may leave from now on."

    def form_page(self) -> FormPage:
        from django.urls import reverse

        back = reverse("standing-approvals")
        return FormPage(
            title="New standing approval", section="File approvals", submit="Allow it", back=back,
            crumbs=[("File approvals", reverse("approvals")), ("Standing approvals", back)],
        )  # fmt: skip


ALLOW_STANDING = AllowStanding()
ACTS: tuple[Act[Any, Any, Any], ...] = (ALLOW_STANDING,)
