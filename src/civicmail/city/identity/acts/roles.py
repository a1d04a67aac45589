"""Acts on roles: assign, end, record a conflict (P-16; D1 to D4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.duties import DUTIES, MAX_HOURS, Duty
from civicmail.city.guard.resources import OfPerson, Resource
from civicmail.city.identity.acts.person_act import PersonAct
from civicmail.city.pages.act import Act, Command, FormPage, Operation, OwnAct, Page, Parameter
from civicmail.city.pages.inputs import Because, Choice, Choices, Day, Input, Nothing, Number, PersonName, Text, reason
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from civicmail.city.identity.models import ConflictRecord, DutyGrant, DutyUse

ROLES: Choices = [(code, meaning.name) for code, meaning in DUTIES.items()]
_NAMED = Parameter("DUTY", f"One of {', '.join(DUTIES)}.")


class GrantInput(Input):
    """department: code, for a role of one department; until: the last day, at most a year away."""

    person = PersonName(label="Who?", help="Personnel number or address.")
    duty = Choice(label="Which duty?", choices=ROLES)
    department = Choice(label="For which department?", help="Only for an authoriser of a department.", required=False)
    until = Day(label="Until which day?", help="At most a year away.")
    reason = reason(help="Who decided it, and why. At least 10 characters.", min_length=10)


class GrantDuty(Act[None, GrantInput, "DutyGrant"]):
    """Give somebody a duty, with an end."""

    name, permission, input, fresh_proof = "grant_duty", "duty.grant", GrantInput, True
    page = Page("access/duties/grant/", "duty-grant")
    operation = Operation("/duties", "write:duties", status=201)
    command = Command("duty grant", positions=("person", "duty"))

    def choices(self, row: None, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.city.directory.models import Department

        departments = Department.objects.filter(closed__isnull=True).order_by("name").values_list("code", "name")
        return {"department": [("", "The whole city"), *departments]}

    def perform(self, given: GrantInput, *, actor: Actor, now: int) -> DutyGrant:
        from civicmail.city.directory.models import Department
        from civicmail.city.identity.actions import duties
        from civicmail.city.pages.forms import end_of_day

        return duties.grant(
            given.person, _duty(given.duty), until=end_of_day(given.until), actor=actor, reason=given.reason, now=now,
            department=Department.objects.filter(code=given.department).first(),
        )  # fmt: skip

    def message(self, row: None, done: DutyGrant) -> str:
        return f"{done.person} holds the duty {DUTIES[_duty(done.duty)].name.lower()}."

    def form_page(self) -> FormPage:
        return FormPage(
            title="Grant a duty", section="Access office", submit="Grant 1 duty", back=_list(), crumbs=[("Duties", _list())]
        )


class EndDuty(PersonAct["DutyGrant", Because, "DutyGrant"]):
    """End a duty before its time, and what was taken up under it."""

    name, permission, input = "end_duty", "duty.end", Because
    page = Page("access/duties/<int:pk>/end/", "duty-end")
    operation = Operation("/duties/{int:id}/end", "write:duties")
    command = Command(
        "duty end",
        row={
            "person": Parameter("PERSON", "The number in the directory, or the sign-in name."),
            "duty": _NAMED,
            "department": Parameter("CODE", "For a duty of a department.", option="--department", default=""),
        },
    )

    model = "access.DutyGrant"
    related = ("person", "department")

    def find(self, person: str, duty: str, department: str, *, actor: Actor, now: int) -> DutyGrant:
        from civicmail.city.identity.queries.signin import find_person

        somebody = find_person(person)
        return _held(somebody.uid if somebody is not None else person, duty, department)

    def perform(self, row: DutyGrant, given: Because, *, actor: Actor, now: int) -> DutyGrant:
        from civicmail.city.identity.actions import duties

        duties.end(row, actor=actor, reason=given.reason, now=now)
        row.refresh_from_db()
        return row

    def message(self, row: DutyGrant, done: DutyGrant) -> str:
        return f"The duty of {row.person} has ended."

    def form_page(self, row: DutyGrant) -> FormPage:
        name = DUTIES[_duty(row.duty)].name.lower()
        return FormPage(
            title=f"End the duty {name} of {row.person}?", section="Access office", submit="End 1 duty", stop=True, back=_list(),
            crumbs=[("Duties", _list())],
            effects=[f"{row.person} can do nothing more as {name}, from the next click on.", "What was taken up is laid down."],
        )  # fmt: skip


class ConflictInput(Input):
    """Two duties that exclude each other, held all the same (D3)."""

    person = PersonName(label="Who?", help="Personnel number or address.")
    first = Choice(label="One duty", choices=ROLES)
    second = Choice(label="The other duty", choices=ROLES)
    control = Text(
        label="What watches over it instead?", help="Who looks at what, how often. At least 30 characters.",
        min_length=30, max_length=2000,
    )  # fmt: skip
    until = Day(label="Until which day?", help="At most a year. Then the duties are of no use any more, neither of them.")


class RecordConflict(Act[None, ConflictInput, "ConflictRecord"]):
    """Record why somebody may have two duties that exclude each other."""

    name, permission, input, fresh_proof = "record_conflict", "duty.record-conflict", ConflictInput, True
    page = Page("access/duties/conflicts/new/", "conflict-new")
    operation = Operation("/duties/conflicts", "write:duties", status=201)
    command = Command("duty conflict", positions=("person", "first", "second"))

    def perform(self, given: ConflictInput, *, actor: Actor, now: int) -> ConflictRecord:
        from civicmail.city.identity.actions import duties
        from civicmail.city.pages.forms import end_of_day

        return duties.record_conflict(
            given.person, _duty(given.first), _duty(given.second), control=given.control, until=end_of_day(given.until),
            actor=actor, now=now,
        )  # fmt: skip

    def message(self, row: None, done: ConflictRecord) -> str:
        return f"The conflict of {done.person} is recorded."

    def form_page(self) -> FormPage:
        return FormPage(
            title="Who holds two duties that exclude each other?", section="Access office", submit="Record 1 conflict",
            back=_list(), crumbs=[("Duties", _list())],
            note="It is shown on the page of duties and in every report until it ends. Without it neither duty is of any use.",
        )  # fmt: skip


class ActivateInput(Input):
    """hours: at most four; reason: in at least ten characters."""

    hours = Number(
        label=_("For how long?"), default=1, missing=_("Choose how long."),
        choices=[(1, _("1 hour")), (2, _("2 hours")), (3, _("3 hours")), (MAX_HOURS, _("4 hours"))],
    )  # fmt: skip
    reason = Text(label=_("What for?"), help=_("The case or task. It stands in every entry of what you do."), min_length=10)


class TakeUpDuty(Act["DutyGrant", ActivateInput, "DutyUse"]):
    """Take up a privileged duty of one's own, for at most four hours."""

    name, permission, input, fresh_proof = "take_up_duty", "duty.take-up", ActivateInput, True
    page = Page("duties/<int:pk>/take-up/", "duty-take-up")
    command = Command("duty take", row={"duty": _NAMED}, personal=True)

    def load(self, pk: int, *, actor: Actor, now: int) -> DutyGrant:
        from django.shortcuts import get_object_or_404

        from civicmail.city.identity.models import DutyGrant

        return get_object_or_404(DutyGrant.objects.select_related("person", "department"), pk=pk, person__uid=actor.uid)

    def find(self, duty: str, *, actor: Actor, now: int) -> DutyGrant:
        return _held(actor.uid, duty)

    def resource(self, row: DutyGrant, actor: Actor) -> Resource:
        return OfPerson(row.person.uid)

    def perform(self, row: DutyGrant, given: ActivateInput, *, actor: Actor, now: int) -> DutyUse:
        from civicmail.city.identity.actions import duties

        return duties.take_up(row, hours=given.hours, actor=actor, reason=given.reason, now=now)

    success_message = _("The duty is taken up. Lay it down when you are done.")

    def form_page(self, row: DutyGrant) -> FormPage:
        from django.urls import reverse
        from django.utils.translation import gettext

        from civicmail.city.pages import wording

        duty, back = wording.duty(row.duty).lower(), reverse("duties")
        return FormPage(
            title=gettext("Take up the duty {duty}?").format(duty=duty), section=gettext("My duties"), back=back,
            crumbs=[(gettext("My duties"), back)], submit=gettext("Act as {duty}").format(duty=duty),
        )  # fmt: skip


class LayDownDuty(OwnAct["list[DutyUse]", Nothing, "list[DutyUse]"]):
    """Lay down a duty of one's own before its time is over."""

    name, permission, input = "lay_down_duty", "duty.take-up", Nothing
    page = Page("duties/uses/<int:pk>/lay-down/", "duty-lay-down")
    command = Command("duty lay-down", row={"duty": _NAMED}, personal=True, tables=True)
    success_message = _("The duty is laid down.")

    def load(self, pk: int, *, actor: Actor, now: int) -> list[DutyUse]:
        from django.shortcuts import get_object_or_404

        from civicmail.city.identity.models import DutyUse

        return [get_object_or_404(DutyUse.objects.select_related("grant__person"), pk=pk, grant__person__uid=actor.uid)]

    def find(self, duty: str, *, actor: Actor, now: int) -> list[DutyUse]:
        from civicmail.city.guard.actions.acting import acting_person
        from civicmail.city.guard.errors import Unusable
        from civicmail.city.identity.queries.actors import active_roles

        used = [use for use in active_roles(acting_person(actor), now) if use.grant.duty == _duty(duty)]
        if not used:
            raise Unusable(f"You have not taken up the duty {DUTIES[_duty(duty)].name.lower()}.")
        return used

    def perform(self, row: list[DutyUse], given: Nothing, *, actor: Actor, now: int) -> list[DutyUse]:
        from civicmail.city.identity.actions import duties

        for use in row:
            duties.lay_down(use, actor=actor, now=now)
        return row

    def button_page(self, row: list[DutyUse]) -> str:
        from django.urls import reverse

        return reverse("duties")


def _list() -> str:
    from django.urls import reverse

    return reverse("duty-grants")


def _held(uid: str, duty: str, department: str = "") -> DutyGrant:
    from civicmail.city.guard.errors import Unusable
    from civicmail.city.identity.models import DutyGrant

    grants = DutyGrant.objects.select_related("person", "department").filter(person__uid=uid, duty=_duty(duty), ended__isnull=True)
    grants = grants.filter(department__code=department) if department else grants
    row = grants.order_by("-until").first()
    if row is None:
        raise Unusable(f"{uid} does not have the duty {DUTIES[_duty(duty)].name.lower()}.")
    return row


def _duty(code: str) -> Duty:
    from civicmail.city.guard.errors import Unusable

    if code not in DUTIES:
        raise Unusable(f"There is no duty {code}; there are {', '.join(DUTIES)}.")
    return code


GRANT_DUTY, END_DUTY, RECORD_CONFLICT, TAKE_UP_DUTY = GrantDuty(), EndDuty(), RecordConflict(), TakeUpDuty()
LAY_DOWN_DUTY = LayDownDuty()
ACTS: tuple[Act[Any, Any, Any], ...] = (GRANT_DUTY, END_DUTY, RECORD_CONFLICT, TAKE_UP_DUTY, LAY_DOWN_DUTY)
