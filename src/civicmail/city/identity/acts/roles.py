"""Acts on roles: assign, end, record a conflict (P-16; D1 to D4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import require_row
from civicmail.city.guard.resources import OfPerson, Resource
from civicmail.city.guard.roles import MAX_HOURS, ROLES, Role
from civicmail.city.identity.acts.person_act import PersonAct
from civicmail.city.pages.act import Act, Command, FormPage, Operation, OwnAct, Page, Parameter
from civicmail.city.pages.inputs import Because, Choice, Choices, Day, Input, Nothing, Number, PersonName, Text, reason
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from civicmail.city.identity.models import ConflictRecord, RoleActivation, RoleAssignment

ROLE_CHOICES: Choices = [(code, meaning.name) for code, meaning in ROLES.items()]
_NAMED = Parameter("ROLE", f"One of {', '.join(ROLES)}.")


class GrantInput(Input):
    """department: code, for a role of one department; until: the last day, at most a year away."""

    person = PersonName(label="Who?")
    duty = Choice(label="Which role?", choices=ROLE_CHOICES)
    department = Choice(label="For which department?", help="Only for an authorizer of a department.", required=False)
    until = Day(label="Until which day?", help="At most a year away.")
    reason = reason(help="Who decided it, and why. At least 10 characters.", min_length=10)


class AssignRole(Act[None, GrantInput, "RoleAssignment"]):
    """Give somebody a role, with an end."""

    name, permission, input, fresh_proof = "grant_duty", "duty.grant", GrantInput, True
    page = Page("access/duties/grant/", "duty-grant")
    operation = Operation("/duties", "write:duties", status=201)
    command = Command("duty grant", positions=("person", "duty"))

    def choices(self, row: None, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.city.directory.models import Department

        departments = Department.objects.filter(closed__isnull=True).order_by("name").values_list("code", "name")
        return {"department": [("", "The whole city"), *departments]}

    def perform(self, given: GrantInput, *, actor: Actor, now: int) -> RoleAssignment:
        from civicmail.city.directory.models import Department
        from civicmail.city.identity.actions import roles
        from civicmail.city.pages.forms import end_of_day

        return roles.grant(
            given.person, _role(given.duty), until=end_of_day(given.until), actor=actor, reason=given.reason, now=now,
            department=Department.objects.filter(code=given.department).first(),
        )  # fmt: skip

    def message(self, row: None, done: RoleAssignment) -> str:
        return f"{done.person} holds the role {ROLES[_role(done.role)].name.lower()}."

    def form_page(self) -> FormPage:
        return FormPage(
            title="Grant a role",
            section="Access office",
            submit="Grant 1 role",
            back=_list(),
            crumbs=[("Role assignments", _list())],
        )


class EndRole(PersonAct["RoleAssignment", Because, "RoleAssignment"]):
    """End a role before its time, and what was activated under it."""

    name, permission, input = "end_duty", "duty.end", Because
    page = Page("access/duties/<int:pk>/end/", "duty-end")
    operation = Operation("/duties/{int:id}/end", "write:duties")
    command = Command(
        "duty end",
        row={
            "person": Parameter("PERSON", "The number in the directory, or the sign-in name."),
            "role": _NAMED,
            "department": Parameter("CODE", "For a role of a department.", option="--department", default=""),
        },
    )

    model = "access.RoleAssignment"
    related = ("person", "department")

    def find(self, person: str, role: str, department: str, *, actor: Actor, now: int) -> RoleAssignment:
        from civicmail.city.identity.queries.signin import find_person

        somebody = find_person(person)
        return _held(somebody.uid if somebody is not None else person, role, department)

    def perform(self, row: RoleAssignment, given: Because, *, actor: Actor, now: int) -> RoleAssignment:
        from civicmail.city.identity.actions import roles

        roles.end(row, actor=actor, reason=given.reason, now=now)
        row.refresh_from_db()
        return row

    def message(self, row: RoleAssignment, done: RoleAssignment) -> str:
        return f"The role of {row.person} has ended."

    def form_page(self, row: RoleAssignment) -> FormPage:
        name = ROLES[_role(row.role)].name.lower()
        return FormPage(
            title=f"End the role {name} of {row.person}?", section="Access office", submit="End 1 role", stop=True, back=_list(),
            crumbs=[("Role assignments", _list())],
            effects=[f"{row.person} can do nothing more as {name}, from the next click on.", "What was activated is deactivated."],
        )  # fmt: skip


class ConflictInput(Input):
    """Two roles that exclude each other, held by one person by exception (D3)."""

    person = PersonName(label="Who?")
    first = Choice(label="One role", choices=ROLE_CHOICES)
    second = Choice(label="The other role", choices=ROLE_CHOICES)
    control = Text(
        label="What watches over it instead?", help="Who looks at what, how often. At least 30 characters.",
        min_length=30, max_length=2000,
    )  # fmt: skip
    until = Day(label="Until which day?", help="At most a year. Then the roles are of no use any more, neither of them.")


class RecordConflict(Act[None, ConflictInput, "ConflictRecord"]):
    """Record why somebody may have two roles that exclude each other."""

    name, permission, input, fresh_proof = "record_conflict", "duty.record-conflict", ConflictInput, True
    page = Page("access/duties/conflicts/new/", "conflict-new")
    operation = Operation("/duties/conflicts", "write:duties", status=201)
    command = Command("duty conflict", positions=("person", "first", "second"))

    def perform(self, given: ConflictInput, *, actor: Actor, now: int) -> ConflictRecord:
        from civicmail.city.identity.actions import roles
        from civicmail.city.pages.forms import end_of_day

        return roles.record_conflict(
            given.person, _role(given.first), _role(given.second), control=given.control, until=end_of_day(given.until),
            actor=actor, now=now,
        )  # fmt: skip

    def message(self, row: None, done: ConflictRecord) -> str:
        return f"The conflict of {done.person} is recorded."

    def form_page(self) -> FormPage:
        return FormPage(
            title="Record a role conflict", section="Access office", submit="Record 1 conflict",
            back=_list(), crumbs=[("Role assignments", _list())],
            note="The page Role assignments and every report show it until it ends. Without it neither role is of any use.",
        )  # fmt: skip


class ActivateInput(Input):
    """hours: at most four; reason: in at least ten characters."""

    hours = Number(
        label=_("For how long?"), default=1, missing=_("Choose how long."),
        choices=[(1, _("1 hour")), (2, _("2 hours")), (3, _("3 hours")), (MAX_HOURS, _("4 hours"))],
    )  # fmt: skip
    reason = Text(
        label=_("What for?"), help=_("The case or task. It is recorded in every audit entry of what you do."), min_length=10
    )


class ActivateRole(Act["RoleAssignment", ActivateInput, "RoleActivation"]):
    """Activate a privileged role of one's own, for at most four hours."""

    name, permission, input, fresh_proof = "take_up_duty", "duty.take-up", ActivateInput, True
    page = Page("duties/<int:pk>/take-up/", "duty-take-up")
    command = Command("duty take", row={"role": _NAMED}, personal=True)

    def load(self, pk: int, *, actor: Actor, now: int) -> RoleAssignment:
        from django.shortcuts import get_object_or_404

        from civicmail.city.identity.models import RoleAssignment

        return get_object_or_404(RoleAssignment.objects.select_related("person", "department"), pk=pk, person__uid=actor.uid)

    def find(self, role: str, *, actor: Actor, now: int) -> RoleAssignment:
        return _held(actor.uid, role)

    def resource(self, row: RoleAssignment, actor: Actor) -> Resource:
        return OfPerson(row.person.uid)

    def perform(self, row: RoleAssignment, given: ActivateInput, *, actor: Actor, now: int) -> RoleActivation:
        from civicmail.city.identity.actions import roles

        return roles.activate(row, hours=given.hours, actor=actor, reason=given.reason, now=now)

    success_message = _("The role is activated. Deactivate it when you are done.")

    def form_page(self, row: RoleAssignment) -> FormPage:
        from django.urls import reverse
        from django.utils.translation import gettext

        from civicmail.city.pages import wording

        role, back = wording.role(row.role).lower(), reverse("duties")
        return FormPage(
            title=gettext("Activate the role {role}?").format(role=role), section=gettext("My roles"), back=back,
            crumbs=[(gettext("My roles"), back)], submit=gettext("Act as {role}").format(role=role),
        )  # fmt: skip


class DeactivateRole(OwnAct["list[RoleActivation]", Nothing, "list[RoleActivation]"]):
    """Deactivate a role of one's own before its time is over."""

    name, permission, input = "lay_down_duty", "duty.take-up", Nothing
    page = Page("duties/uses/<int:pk>/lay-down/", "duty-lay-down")
    command = Command("duty lay-down", row={"role": _NAMED}, personal=True, tables=True)
    success_message = _("The role is deactivated.")

    def load(self, pk: int, *, actor: Actor, now: int) -> list[RoleActivation]:
        from django.shortcuts import get_object_or_404

        from civicmail.city.identity.models import RoleActivation

        return [get_object_or_404(RoleActivation.objects.select_related("grant__person"), pk=pk, grant__person__uid=actor.uid)]

    def find(self, role: str, *, actor: Actor, now: int) -> list[RoleActivation]:
        from civicmail.city.guard.actions.acting import acting_person
        from civicmail.city.guard.errors import Unusable
        from civicmail.city.identity.queries.actors import active_roles

        used = [use for use in active_roles(acting_person(actor), now) if use.grant.role == _role(role)]
        if not used:
            raise Unusable(f"You have not activated the role {ROLES[_role(role)].name.lower()}.")
        return used

    def perform(self, row: list[RoleActivation], given: Nothing, *, actor: Actor, now: int) -> list[RoleActivation]:
        from civicmail.city.identity.actions import roles

        for use in row:
            roles.deactivate(use, actor=actor, now=now)
        return row

    def button_page(self, row: list[RoleActivation]) -> str:
        from django.urls import reverse

        return reverse("duties")


def _list() -> str:
    from django.urls import reverse

    return reverse("duty-grants")


def _held(uid: str, role: str, department: str = "") -> RoleAssignment:
    from civicmail.city.identity.models import RoleAssignment

    grants = RoleAssignment.objects.select_related("person", "department").filter(
        person__uid=uid, role=_role(role), ended__isnull=True
    )
    grants = grants.filter(department__code=department) if department else grants
    return require_row(grants.order_by("-until").first(), f"{uid} does not have the role {ROLES[_role(role)].name.lower()}.")


def _role(code: str) -> Role:
    from civicmail.city.guard.errors import Unusable

    if code not in ROLES:
        raise Unusable(f"There is no role {code}; there are {', '.join(ROLES)}.")
    return code


ASSIGN_ROLE, END_ROLE, RECORD_CONFLICT, ACTIVATE_ROLE = AssignRole(), EndRole(), RecordConflict(), ActivateRole()
DEACTIVATE_ROLE = DeactivateRole()
ACTS: tuple[Act[Any, Any, Any], ...] = (ASSIGN_ROLE, END_ROLE, RECORD_CONFLICT, ACTIVATE_ROLE, DEACTIVATE_ROLE)
