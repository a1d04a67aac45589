"""Acts on leavers and their accounts: answer what happens to the mail, count the account, decide about closing it (P-08, P-15)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.conduct import closure_states
from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import InDepartment, Resource
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Because, Choice, Choices, Input, Number, OptionalDay, OptionalPerson, Seen, Text, reason

if TYPE_CHECKING:
    from civicmail.city.conduct.models import Closure, Leaver

_PATH, _SCOPE = "/departments/{slug:department}/leavers/{int:id}", "write:conduct"


class LeaverAnswer(Input):
    """choice: reply (with text), forward (to: address of a function mailbox of the department), successor (a person) or nothing;
    until: the last day, but for nothing."""

    choice = Choice(label="What happens to mail for this person?", radio=True, missing="Choose one of the answers.")
    to = Choice(label="Which function mailbox?", help="For the second answer. One of this department.", required=False)
    successor = OptionalPerson(
        label="Who succeeds?",
        help="For the third answer. Somebody else approves it, and each look is recorded.",
    )
    text = Text(
        label="What do people hear who write?", max_length=4000, rows=4, required=False,
        help="For the first answer; with the others, too, where you want it. Say whom to write to instead.",
    )  # fmt: skip
    until = OptionalDay(label="Until which day?", help="It ends by itself, within a year. Not needed for the last answer.")
    reason = reason()


class ClosureAnswer(Input):
    """decision: order, again or drop; live: how many messages were counted, as it was read; state: of the closure, too."""

    decision = Choice(label="Your decision", radio=True, missing="Choose one of the answers.")
    reason = reason()
    live = Number(label="How many messages were counted, as it was read.", hidden=True)
    state = Seen()


class _OnLeaver[Given: Input, Done](Act["Leaver", Given, Done]):
    def load(self, department: str, pk: int, *, actor: Actor, now: int) -> Leaver:
        """Load the row. Raises NotPermitted unless the actor may see the people of the department."""
        from django.shortcuts import get_object_or_404

        from civicmail.city.conduct.queries import leavers
        from civicmail.city.directory.models import Department

        where = get_object_or_404(Department, code=department)
        guard.require(actor, "roster.see", InDepartment(where.code), now=now)
        return get_object_or_404(leavers.of_departments([where.code]), pk=pk)


class AnswerLeaver(_OnLeaver[LeaverAnswer, "Leaver"]):
    """Confirm that a person left, and choose what happens to their mail."""

    name, permission, input = "answer_leaver", "leaver.answer", LeaverAnswer
    operation = Operation(f"{_PATH}/answer", _SCOPE, page="left")
    success_message = "The departure is confirmed."

    def resource(self, row: Leaver, actor: Actor) -> Resource:
        from civicmail.city.identity.queries.actors import about_person

        return about_person(row.ending.person)

    def choices(self, row: Leaver, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.city.conduct.queries import leavers

        boxes = leavers.function_mailboxes(row).values_list("address", "address")
        return {"choice": list(leavers.CHOICES.items()), "to": [("", "Choose"), *boxes]}

    def perform(self, row: Leaver, given: LeaverAnswer, *, actor: Actor, now: int) -> Leaver:
        from civicmail.city.conduct.actions import leavers
        from civicmail.city.conduct.queries.leavers import function_mailboxes
        from civicmail.city.pages.forms import end_of_day

        return leavers.answer(
            row, given.choice, text=given.text, to=function_mailboxes(row).filter(address=given.to).first(),
            successor=given.successor, until=end_of_day(given.until) if given.until else 0, actor=actor, reason=given.reason,
            now=now,
        )  # fmt: skip

    def after(self, done: Leaver) -> str:
        from django.urls import reverse

        return reverse("left", args=[done.department.code, done.pk])


class CountAccount(_OnLeaver[Because, "Closure"]):
    """Count the messages of a leaver's live mailbox, and those missing in the archive: the first step, which deletes nothing."""

    name, permission, input = "count_account", "account.close", Because
    page = Page("dept/<slug:department>/leavers/<int:pk>/close/", "closure-new")
    operation = Operation(f"{_PATH}/close", _SCOPE, status=201)

    def resource(self, row: Leaver, actor: Actor) -> Resource:
        return _about_account(row)

    def perform(self, row: Leaver, given: Because, *, actor: Actor, now: int) -> Closure:
        from civicmail.city.conduct.actions import account_closure

        return account_closure.ask(row.mailbox, actor=actor, reason=given.reason, now=now)

    def message(self, row: Leaver, done: Closure) -> str:
        return f"The mailbox {row.mailbox} is being counted."

    def after(self, done: Closure) -> str:
        from django.urls import reverse

        return reverse("closure", args=[done.pk])

    def form_page(self, row: Leaver) -> FormPage:
        from django.urls import reverse

        code = row.department.code
        leavers, leaver = reverse("leavers", args=[code]), reverse("left", args=[code, row.pk])
        return FormPage(
            title=f"Close the account {row.mailbox}?", section=row.department.name, submit="Count 1 mailbox", back=leaver,
            crumbs=[(f"{row.department}: who left", leavers), (str(row.ending.person), leaver)],
            effects=[
                "Every message of the live mailbox is looked for in the archive, and what is missing there is counted.",
                "You see the count, and decide then. Nothing is deleted by this step.",
            ],
            stays=["The archive, its holds and the addresses stay as they are, also afterwards."],
        )  # fmt: skip


class DecideClosure(Act["Closure", ClosureAnswer, tuple[str, "Closure"]]):
    """Order the deletion of the live copy, a recount, or keep it. Only after the count was read."""

    name, permission, input = "decide_closure", "account.close", ClosureAnswer
    operation = Operation("/closures/{int:id}/decide", _SCOPE, page="closure")
    model, related = "conduct.Closure", ("mailbox__holder", "mailbox__department", "department", "by", "orderer")

    def resource(self, row: Closure, actor: Actor) -> Resource:
        return _about_account(row)

    def choices(self, row: Closure, actor: Actor) -> Mapping[str, Choices]:
        words = {"order": "Close the account", "again": "Count once more", "drop": "Keep the account as it is"}
        possible = {step.action for step in closure_states.STEPS if step.source == row.state}
        return {"decision": [(key, label) for key, label in words.items() if key in possible]}

    def initial(self, row: Closure) -> Mapping[str, Any]:
        return {"live": row.live}

    def perform(self, row: Closure, given: ClosureAnswer, *, actor: Actor, now: int) -> tuple[str, Closure]:
        from civicmail.city.conduct.actions import account_closure

        account_closure.decide(row, given.decision, given.live, actor=actor, reason=given.reason, now=now)
        row.refresh_from_db()
        return given.decision, row

    def message(self, row: Closure, done: tuple[str, Closure]) -> str:
        return {
            "order": "The account is being closed; the certificate will stand here.",
            "again": "The mailbox is being counted once more.",
            "drop": "The account stays as it is.",
        }[done[0]]

    def after(self, done: tuple[str, Closure]) -> str:
        from django.urls import reverse

        return reverse("closure", args=[done[1].pk])


def _about_account(row: Leaver | Closure) -> Resource:
    from civicmail.city.identity.queries.actors import about_mailbox

    return about_mailbox(row.mailbox)


ANSWER_LEAVER, COUNT_ACCOUNT, DECIDE_CLOSURE = AnswerLeaver(), CountAccount(), DecideClosure()
