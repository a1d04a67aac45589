"""Acts on external systems: add, change, close one, end an account, confirm an end (P-08)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.identity.acts.person_act import PersonAct
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Because, Choice, Choices, Input, Number, PersonName, Text, reason

if TYPE_CHECKING:
    from civicmail.city.conduct.models import OutsideAccount, OutsideDoor, OutsideEnding

_LIST = "External systems"
_ROUTE = "access/outside/doors/<slug:code>"


class SystemToChange(Input):
    """person: number or address; hook: empty for by hand."""

    person = PersonName(label="Who answers for it?", help="Ends accounts there, and confirms it.")
    hook = Choice(
        label="Is a program told?", help="Addresses of the settings. Without one, the person does it by hand.", required=False
    )
    days = Number(label="Within how many days must an end be confirmed?", minimum=1, maximum=30, default=1)
    reason = reason(help="Who decided it, and why.")


class SystemToAdd(Input):
    """name: like Microsoft 365, VPN, badge of City Hall; the rest as for a change."""

    name = Text(label="What is it called?", help="Microsoft 365, VPN, badge of City Hall …", max_length=120, rows=1)
    person = SystemToChange.person
    hook = SystemToChange.hook
    days = SystemToChange.days
    reason = SystemToChange.reason


class AddSystem(Act[None, SystemToAdd, "OutsideDoor"]):
    """Add an external system."""

    name, permission, input = "add_outside_door", "outside.change", SystemToAdd
    page = Page("access/outside/new/", "outside-new")
    operation = Operation("/outside-doors", "write:access", status=201)

    def choices(self, row: None, actor: Actor) -> Mapping[str, Choices]:
        return {"hook": _hooks()}

    def perform(self, given: SystemToAdd, *, actor: Actor, now: int) -> OutsideDoor:
        from civicmail.city.conduct.actions import external_systems

        return external_systems.add_door(
            given.name, person=given.person, hook=given.hook, days=given.days, actor=actor, reason=given.reason, now=now
        )

    def message(self, row: None, done: OutsideDoor) -> str:
        return f"{done} was added; say who gets in."

    def after(self, done: OutsideDoor) -> str:
        return _url(done)

    def form_page(self) -> FormPage:
        crumbs = _crumbs()
        return FormPage(
            title="New external system", section="Access office", submit="Add 1 system", back=crumbs[0][1], crumbs=crumbs,
            note="Whoever's access ends here has to end there, too, and it counts when it is confirmed.",
        )  # fmt: skip


class ChangeSystem(Act["OutsideDoor", SystemToChange, "OutsideDoor"]):
    """Change who answers for a system, or how it is notified."""

    name, permission, input = "change_outside_door", "outside.change", SystemToChange
    page = Page(f"{_ROUTE}/change/", "outside-change")
    operation = Operation("/outside-doors/{slug:code}", "write:access", method="PATCH")

    def load(self, code: str, *, actor: Actor, now: int) -> OutsideDoor:
        from django.shortcuts import get_object_or_404

        from civicmail.city.conduct.models import OutsideDoor

        return get_object_or_404(OutsideDoor.objects.select_related("person"), code=code, closed__isnull=True)

    def choices(self, row: OutsideDoor, actor: Actor) -> Mapping[str, Choices]:
        return {"hook": _hooks()}

    def initial(self, row: OutsideDoor) -> Mapping[str, Any]:
        return {"person": row.person.uid, "hook": row.hook, "days": row.days}

    def perform(self, row: OutsideDoor, given: SystemToChange, *, actor: Actor, now: int) -> OutsideDoor:
        from civicmail.city.conduct.actions import external_systems

        return external_systems.change_door(
            row, person=given.person, hook=given.hook, days=given.days, actor=actor, reason=given.reason, now=now
        )

    def message(self, row: OutsideDoor, done: OutsideDoor) -> str:
        return f"{done.person} answers for {done}."

    def form_page(self, row: OutsideDoor) -> FormPage:
        return FormPage(
            title=f"Change {row}", section=_LIST, submit="Change 1 system", back=_url(row), crumbs=_crumbs(row),
            note="What has to end there is theirs from now on.",
        )  # fmt: skip


class CloseSystem(Act["OutsideDoor", Because, "OutsideDoor"]):
    """Close a system that is no longer used."""

    name, permission, input = "close_outside_door", "outside.change", Because
    model, key, related = "conduct.OutsideDoor", "code", ("person",)
    page = Page(f"{_ROUTE}/close/", "outside-close")
    operation = Operation("/outside-doors/{slug:code}/close", "write:access")

    def perform(self, row: OutsideDoor, given: Because, *, actor: Actor, now: int) -> OutsideDoor:
        from civicmail.city.conduct.actions import external_systems

        return external_systems.close_door(row, actor=actor, reason=given.reason, now=now)

    def message(self, row: OutsideDoor, done: OutsideDoor) -> str:
        return f"{row} is used no more."

    def after(self, done: OutsideDoor) -> str:
        return _crumbs()[0][1]

    def form_page(self, row: OutsideDoor) -> FormPage:
        return FormPage(
            title=f"Close {row}?", section=_LIST, submit="Close 1 system", back=_url(row), crumbs=_crumbs(row),
            effects=["Nobody is told of ends of access there any more."], stays=["What was confirmed stays on record."],
        )  # fmt: skip


class EndAccount(PersonAct["OutsideAccount", Because, "OutsideAccount"]):
    """Record that the account of a person who stays was ended there."""

    name, permission, input = "end_outside_account", "outside.give", Because
    model, related = "conduct.OutsideAccount", ("person", "door", "episode__department")
    page = Page("access/outside/accounts/<int:pk>/end/", "outside-take")
    operation = Operation("/outside-accounts/{int:id}/end", "write:access")

    def perform(self, row: OutsideAccount, given: Because, *, actor: Actor, now: int) -> OutsideAccount:
        from civicmail.city.conduct.actions import external_systems

        return external_systems.take(row, actor=actor, reason=given.reason, now=now)

    def message(self, row: OutsideAccount, done: OutsideAccount) -> str:
        return f"{row.person}: {row.door} ended."

    def form_page(self, row: OutsideAccount) -> FormPage:
        from django.urls import reverse

        return FormPage(
            title=f"End the account of {row.person} in {row.door}?", section=_LIST, submit="End 1 account",
            back=reverse("person", args=[row.episode.department.code, row.person.uid]),
            effects=[f"The account {row.login} counts as ended there. End it there first."],
            stays=["Access to the city's mail stays as it is."],
        )  # fmt: skip


class ConfirmEnding(Act["OutsideEnding", Because, "OutsideEnding"]):
    """Confirm, after checking, that the account has ended. reason: what was seen."""

    name, permission, input = "confirm_outside_ending", "outside.confirm", Because
    page = Page("access/outside/endings/<int:pk>/", "outside-confirm")
    operation = Operation("/outside-endings/{int:id}/confirm", "write:access")

    def load(self, pk: int, *, actor: Actor, now: int) -> OutsideEnding:
        from django.shortcuts import get_object_or_404

        from civicmail.city.conduct.queries import external_systems

        return get_object_or_404(external_systems.endings(), pk=pk)

    def resource(self, row: OutsideEnding, actor: Actor) -> Resource:
        from civicmail.city.conduct.queries import external_systems

        return external_systems.about(row)

    def perform(self, row: OutsideEnding, given: Because, *, actor: Actor, now: int) -> OutsideEnding:
        from civicmail.city.conduct.actions import external_systems

        return external_systems.confirm(row, actor=actor, reason=given.reason, now=now)

    def message(self, row: OutsideEnding, done: OutsideEnding) -> str:
        return f"{row.account.person}: the end at {row.account.door} is confirmed."

    def form_page(self, row: OutsideEnding) -> FormPage:
        from django.urls import reverse

        account = row.account
        facts: list[tuple[str, Any]] = [("Called there", account.login), ("Access ended here", row.ending.when), ("Due", row.due)]
        if row.tries:
            times = "once" if row.tries == 1 else f"{row.tries} times"
            facts.append(("Told", f"{times}: {row.problem}" if row.problem else times))
        return FormPage(
            title=f"Confirm the end of {account.person}’s access to {account.door}?", section=_LIST, submit="Confirm 1 end",
            back=reverse("outside-endings"), facts=facts,
            effects=["It counts as ended, in your name. Say in the reason what you saw there."],
            stays=["Nothing is changed in the other system: end it there first."],
        )  # fmt: skip


def _hooks() -> Choices:
    from civicmail.city.conduct.queries import external_systems

    return [("", "No: by hand"), *((name, name) for name in sorted(external_systems.hooks()))]


def _url(row: OutsideDoor) -> str:
    from django.urls import reverse

    return reverse("outside-door", args=[row.code])


def _crumbs(row: OutsideDoor | None = None) -> Sequence[tuple[str, str]]:
    from django.urls import reverse

    above = [(_LIST, reverse("outside-doors"))]
    return above if row is None else [*above, (row.name, _url(row))]


ADD_SYSTEM, CHANGE_SYSTEM, CLOSE_SYSTEM = AddSystem(), ChangeSystem(), CloseSystem()
END_ACCOUNT, CONFIRM_ENDING = EndAccount(), ConfirmEnding()
ACTS: tuple[Act[Any, Any, Any], ...] = (ADD_SYSTEM, CHANGE_SYSTEM, CLOSE_SYSTEM, END_ACCOUNT, CONFIRM_ENDING)
