"""Acts on authorizations in force: suspend, resume, extend, set the end of an overlap, revoke (P-04, P-07; M2, M5, M6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import require_row
from civicmail.city.identity.acts.access_requests import BY_NUMBER, OnAuthorization, OnNumbered
from civicmail.city.identity.acts.mailboxes import UntilBecause
from civicmail.city.identity.acts.person_act import PersonAct
from civicmail.city.pages.act import Command, FormPage, Operation, Page, Parameter
from civicmail.city.pages.inputs import Because, Input, Seen

if TYPE_CHECKING:
    from civicmail.city.identity.models import Authorization

_ROUTE, _PATH, _SCOPE = "access/authorisations/<int:pk>", "/rights/{int:id}", "write:access"
_PERSON = {"person": Parameter("PERSON", "The number in the directory, or the sign-in name.")}
_RELATED = OnAuthorization.related


class Extension(Input):
    """until: the last day; was: the end as seen, in milliseconds since 1970."""

    until = UntilBecause.until
    reason = UntilBecause.reason
    was = Seen(label="The end as it was seen.", max_length=20, required=False)


class _Switch(PersonAct["Authorization", Because, tuple["Authorization", int]]):
    """An act on all access of a person; its row is the newest authorization."""

    input = Because
    model, related = "access.Authorization", _RELATED

    def find(self, person: str, *, actor: Actor, now: int) -> Authorization:
        from civicmail.city.guard import guard
        from civicmail.city.identity.queries.actors import about_person
        from civicmail.city.identity.queries.signin import person_named

        who = person_named(person)
        guard.require(actor, self.permission, about_person(who), now=now)
        return require_row(
            who.authorizations.select_related(*self.related).order_by("-since", "-pk").first(), f"{who} never had mail access."
        )


class SuspendAccess(_Switch):
    """Suspend all access of a person at once: sending stops and incoming mail is held. It can be resumed."""

    name, permission = "suspend_access", "access.suspend"
    page = Page(f"{_ROUTE}/suspend/", "suspend")
    operation = Operation(f"{_PATH}/suspend", _SCOPE)
    command = Command("access suspend", row=_PERSON, personal=True, tables=True)

    def perform(self, row: Authorization, given: Because, *, actor: Actor, now: int) -> tuple[Authorization, int]:
        from civicmail.city.identity.actions import suspensions

        count = suspensions.suspend(row.person, actor=actor, reason=given.reason, now=now)
        return _fresh(row), count

    def message(self, row: Authorization, done: tuple[Authorization, int]) -> str:
        return f"Access of {row.person} was suspended."

    def line(self, row: Authorization, done: tuple[Authorization, int]) -> str:
        return f"{row.person}: {done[1]} suspended."

    def form_page(self, row: Authorization) -> FormPage:
        effects = [
            f"{row.person} cannot send, and is signed out everywhere within a second.",
            "What comes in is kept and held until access is resumed or somebody else looks after it.",
        ]
        return _switching(row, "Suspend", effects, stop=True)


class ResumeAccess(_Switch):
    """End a suspension; each authorization keeps its end."""

    name, permission = "resume_access", "access.resume"
    page = Page(f"{_ROUTE}/resume/", "resume")
    operation = Operation(f"{_PATH}/resume", _SCOPE)
    command = Command("access resume", row=_PERSON, personal=True, tables=True)

    def perform(self, row: Authorization, given: Because, *, actor: Actor, now: int) -> tuple[Authorization, int]:
        from civicmail.city.identity.actions import suspensions

        count = suspensions.resume(row.person, actor=actor, reason=given.reason, now=now)
        return _fresh(row), count

    def message(self, row: Authorization, done: tuple[Authorization, int]) -> str:
        return f"Access of {row.person} was resumed."

    def line(self, row: Authorization, done: tuple[Authorization, int]) -> str:
        return f"{row.person}: {done[1]} in force again."

    def form_page(self, row: Authorization) -> FormPage:
        effects = [f"{row.person} can send and read again, until {_day(row)} as before.", "What was held is delivered."]
        return _switching(row, "Resume", effects, stop=False)


class ExtendAccess(OnAuthorization[Extension]):
    """Extend a person's authorization. The department decides, and nobody about their own."""

    name, permission, input = "extend_access", "request.decide", Extension
    page = Page(f"{_ROUTE}/extend/", "extend")
    operation = Operation(f"{_PATH}/extend", _SCOPE)
    command = Command(
        "access extend",
        row=_PERSON | {"mailbox": Parameter("ADDRESS", "One that was granted; else the person's own.", "--mailbox", default="")},
        personal=True, tables=True,
    )  # fmt: skip

    def find(self, person: str, mailbox: str, *, actor: Actor, now: int) -> Authorization:
        from civicmail.city.guard.errors import Unusable
        from civicmail.city.identity.queries.signin import person_named

        who = person_named(person)
        rows = who.authorizations.select_related(*self.related).filter(state__in=("active", "suspended"))
        row = (rows.filter(mailbox__address=mailbox.lower()) if mailbox else rows.filter(role="holder")).first()
        if row is None:
            raise Unusable(f"{who} has no access{f' to {mailbox}' if mailbox else ''} that could be extended.")
        return row

    def state(self, row: Authorization) -> str:
        from civicmail.city.guard.epoch import epoch_ms

        return str(epoch_ms(row.until))

    def initial(self, row: Authorization) -> Mapping[str, Any]:
        from datetime import timedelta

        from django.utils import timezone

        year, contract = timezone.localdate() + timedelta(days=364), row.episode.contract
        return {"until": year if contract is None else min(year, contract.ends)}

    def perform(self, row: Authorization, given: Extension, *, actor: Actor, now: int) -> Authorization:
        from civicmail.city.identity.actions import access_requests
        from civicmail.city.pages.forms import end_of_day

        return access_requests.extend(row, end_of_day(given.until), actor=actor, reason=given.reason, now=now)

    def message(self, row: Authorization, done: Authorization) -> str:
        return f"{done.person} keeps {done.mailbox} until {_day(done)}."

    def line(self, row: Authorization, done: Authorization) -> str:
        from civicmail.city.pages.days import last_day

        return f"{done.person}: {done.mailbox} until {last_day(done.until).isoformat()}."

    def form_page(self, row: Authorization) -> FormPage:
        from django.urls import reverse
        from django.utils import timezone

        from civicmail.city.identity.queries import authorization_labels

        back = reverse("person", args=[row.episode.department.code, row.person.uid])
        return FormPage(
            title=f"Keep {row.mailbox.address} for {row.person}?", section=str(row.department), submit="Keep access of 1 person",
            back=back, crumbs=[(str(row.person), back)], state=authorization_labels.current_state(row, timezone.now()),
            effects=[f"{row.person} may use {row.mailbox} until the day that you say. Now it ends on {_day(row)}."],
            stays=["The four reasons stay as they were written. Where they are not true any more, ask anew instead."],
        )  # fmt: skip


class SetOverlap(OnAuthorization[UntilBecause]):
    """Set when the authorizations of a mover's old department end."""

    name, permission, input = "set_overlap", "access.end", UntilBecause
    page = Page(f"{_ROUTE}/overlap/", "overlap")
    operation = Operation(f"{_PATH}/overlap", _SCOPE)

    def initial(self, row: Authorization) -> Mapping[str, Any]:
        from civicmail.city.pages.days import last_day

        return {"until": last_day(row.until)}

    def perform(self, row: Authorization, given: UntilBecause, *, actor: Actor, now: int) -> Authorization:
        from civicmail.city.identity.actions import people
        from civicmail.city.pages.forms import end_of_day

        return people.set_overlap(row, end_of_day(given.until), actor=actor, reason=given.reason, now=now)

    def message(self, row: Authorization, done: Authorization) -> str:
        return f"The end for {row.person} is set."

    def form_page(self, row: Authorization) -> FormPage:
        from django.urls import reverse

        back, here = reverse("people", args=[row.department.code]), row.episode.department
        return FormPage(
            title=f"Set the end of access of {row.person}", section=str(row.department), submit="Set 1 end", back=back,
            crumbs=[(f"{row.department}: people", back)],
            effects=[f"{row.person} works in {here} now, and may use {row.mailbox} until the day that you say: 90 days at most."],
            stays=[f"{here} decides afresh; this does not wait for it, and does not keep it from deciding."],
        )  # fmt: skip


class EndRight(OnNumbered[Because]):
    """Revoke one authorization; the others stay."""

    name, permission, input = "end_right", "access.end", Because
    page = Page(f"{_ROUTE}/end/", "revoke")
    operation = Operation(f"{_PATH}/end", _SCOPE)
    command = Command("access revoke", row=BY_NUMBER, personal=True, tables=True, json=True)

    def perform(self, row: Authorization, given: Because, *, actor: Actor, now: int) -> Authorization:
        from civicmail.city.identity.actions import suspensions

        return suspensions.revoke(row, actor=actor, reason=given.reason, now=now)

    def message(self, row: Authorization, done: Authorization) -> str:
        return f"The right of {row.person} to {row.mailbox} has ended."

    def form_page(self, row: Authorization) -> FormPage:
        from django.urls import reverse
        from django.utils import timezone

        from civicmail.city.identity.queries import authorization_labels

        back = reverse("mailbox", args=[row.mailbox.address])
        effects = [f"{row.person} cannot send from {row.mailbox} or read it, within a second."]
        if row.role == "holder":
            effects.append("It is the person's own: what was granted to them ends too, and what comes in is held.")
        return FormPage(
            title=f"End access of {row.person} to {row.mailbox.address}?", section=str(row.department),
            submit="End 1 authorization", stop=True, back=back, crumbs=[(row.mailbox.address, back)],
            state=authorization_labels.current_state(row, timezone.now()), effects=effects,
            stays=["Mail is kept.", "Whoever needs it again is authorized anew."],
        )  # fmt: skip


def _switching(row: Authorization, verb: str, effects: list[str], *, stop: bool) -> FormPage:
    from django.urls import reverse

    from civicmail.city.identity.queries.actors import about_person

    back = reverse("person", args=[about_person(row.person).department, row.person.uid])
    return FormPage(
        title=f"{verb} access of {row.person}?", section=str(row.department), submit=f"{verb} access of 1 person", stop=stop,
        back=back, crumbs=[(str(row.person), back)], effects=effects,
        stays=["No mail is deleted.", "The four reasons and the approval stay as they are."],
    )  # fmt: skip


def _fresh(row: Authorization) -> Authorization:
    row.refresh_from_db()
    return row


def _day(row: Authorization) -> str:
    from civicmail.city.pages.days import last_day

    return f"{last_day(row.until):%b %-d, %Y}"


SUSPEND_ACCESS, RESUME_ACCESS, EXTEND_ACCESS = SuspendAccess(), ResumeAccess(), ExtendAccess()
SET_OVERLAP, END_RIGHT = SetOverlap(), EndRight()
ACTS = (SUSPEND_ACCESS, RESUME_ACCESS, EXTEND_ACCESS, SET_OVERLAP, END_RIGHT)
