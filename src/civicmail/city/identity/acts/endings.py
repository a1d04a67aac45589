"""Acts on the end of a person's access: end it, call off an end that was planned (P-08; L1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import field_error
from civicmail.city.identity.acts.person_act import PersonAct
from civicmail.city.pages.act import Command, FormPage, Operation, Page, Parameter
from civicmail.city.pages.inputs import Because, Choice, Input, OptionalDay, OptionalPerson, reason

if TYPE_CHECKING:
    from civicmail.city.directory.models import Department, Person
    from civicmail.city.identity.models import Ending


@dataclass(frozen=True, slots=True)
class Employed:
    """A person who works or worked in a department, and the end of access there, if it is set."""

    person: Person
    department: Department
    ending: Ending | None


class Leaving(Input):
    """when: now, or day, the last one; left out, it is the day if there is one. successor: who may read what comes, for a time."""

    when = Choice(
        label="When does access end?", radio=True, missing="Choose when.", implied=True,
        choices=[("now", "Now: all doors shut within a second"), ("day", "At the end of a day")],
    )  # fmt: skip
    day = OptionalDay(label="Which day?", help="Only for the second answer.")
    successor = OptionalPerson(
        label="Who looks after the mail?",
        help="Mail is kept in any case; a successor gets the right to read it for a time.",
    )
    reason = reason()


class EndAccess(PersonAct[Employed, Leaving, "Ending"]):
    """End a person's access, at once or on a day. Repeating it returns the first result."""

    name, permission, input = "end_access", "access.end", Leaving
    operation = Operation("/departments/{slug:department}/people/{str:uid}/end", "write:access", page="leaver")

    def load(self, department: str, uid: str, *, actor: Actor, now: int) -> Employed:
        from django.shortcuts import get_object_or_404

        from civicmail.city.directory.models import Person
        from civicmail.city.guard import guard
        from civicmail.city.identity.queries.actors import about_department
        from civicmail.city.identity.views.roster import department_of
        from civicmail.city.pages.city_request import or_404

        where, person = department_of(department), get_object_or_404(Person, uid=uid)
        guard.require(actor, "roster.see", about_department(where), now=now)
        episode = or_404(person.episodes.filter(department=where).first())
        return Employed(person, where, person.endings.filter(episode=episode).first())

    def implied(self, row: Employed, given: Mapping[str, Any], now: int) -> Mapping[str, Any]:
        return {"when": "day" if given.get("day") else "now"}

    def perform(self, row: Employed, given: Leaving, *, actor: Actor, now: int) -> Ending:
        from civicmail.city.identity.actions import access_end

        if row.ending is not None:
            return row.ending
        if given.when == "day" and given.day is None:
            raise field_error("day", "Say which day.")
        day = given.day if given.when == "day" else None
        return access_end.end_on(row.person, day, reason=given.reason, actor=actor, now=now, successor=given.successor)

    def after(self, done: Ending) -> str:
        from django.urls import reverse

        return reverse("ending", args=[done.pk])

    def form_page(self, row: Employed) -> FormPage:
        from django.urls import reverse

        from civicmail.city.identity.authorization_states import LIVING

        where, who = row.department, row.person
        back = reverse("person", args=[where.code, who.uid])
        living = who.authorizations.filter(state__in=LIVING).select_related("mailbox")
        devices = who.devices.filter(ended__isnull=True).count()
        return FormPage(
            title=f"End access of {who}?", section=where.name, submit="End access of 1 person", stop=True, back=back,
            crumbs=[(f"{where.name}: people", reverse("people", args=[where.code])), (str(who), back)],
            effects=[
                "Sending stops at once, at every door: pages, mail programs, command line.",
                f"Rights that end: {', '.join(a.mailbox.address for a in living) or 'none'}.",
                f"Device passwords that end: {devices}. Roles, and what was granted to or by this person, end too.",
                "Requests that wait for this person's answer go to whoever decides otherwise.",
            ],
            stays=[
                "Mail is kept, and stays under every hold. Nothing is deleted.",
                "The addresses are never given to another person.",
                "This cannot be undone. Who comes back is authorized anew.",
            ],
        )  # fmt: skip


class CallOffEnding(PersonAct["Ending", Because, "Ending"]):
    """Call off an end of access that was planned and has not come: the person stays."""

    name, permission, input = "call_off_ending", "access.end", Because
    model, related = "access.Ending", ("person", "episode__department")
    page = Page("access/endings/<int:pk>/call-off/", "call-off")
    operation = Operation("/endings/{int:id}/call-off", "write:access")
    command = Command(
        "access stay", row={"person": Parameter("PERSON", "The number in the directory, or the sign-in name.")}, personal=True,
        tables=True,
    )  # fmt: skip

    def find(self, person: str, *, actor: Actor, now: int) -> Ending:
        from civicmail.city.guard import guard
        from civicmail.city.guard.errors import Unusable
        from civicmail.city.identity.queries.actors import about_person
        from civicmail.city.identity.queries.signin import person_named

        who = person_named(person)
        guard.require(actor, self.permission, about_person(who), now=now)
        planned = who.endings.select_related(*self.related).filter(done__isnull=True).order_by("-pk").first()
        if planned is None:
            raise Unusable(f"No end of access is planned for {who}.")
        return planned

    def perform(self, row: Ending, given: Because, *, actor: Actor, now: int) -> Ending:
        from civicmail.city.identity.actions import access_end

        access_end.call_off(row, actor=actor, reason=given.reason, now=now)
        return row

    def message(self, row: Ending, done: Ending) -> str:
        return f"The end of access of {row.person} is called off."

    def form_page(self, row: Ending) -> FormPage:
        from django.urls import reverse

        from civicmail.city.pages.days import last_day

        where, who = row.episode.department, row.person
        back = reverse("person", args=[where.code, who.uid])
        return FormPage(
            title=f"Cancel the end of access of {who}?", section=where.name, submit="Cancel 1 end", back=back,
            crumbs=[(f"{where.name}: people", reverse("people", args=[where.code])), (str(who), back)],
            effects=[f"{who} keeps access as it is now. Nothing ends on {last_day(row.when):%b %-d, %Y}."],
        )  # fmt: skip


END_ACCESS, CALL_OFF_ENDING = EndAccess(), CallOffEnding()
