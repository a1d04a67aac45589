"""Answers to the policy (P-18; P1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import InDepartment, Resource
from civicmail.city.pages.act import Act, Operation, OwnAct
from civicmail.city.pages.inputs import Choice, Choices, Input, Number, PersonName, Text
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.city.identity.models import Acknowledgement, PolicyText


class PolicyAnswer(Input):
    """answer: accept or decline; shown: the SHA-256 of the text that was read, as `read_policy` gives it."""

    answer = Choice(
        label=_("Your answer"),
        help=_("If you decline, you cannot use mail until you accept. That is no violation."),
        choices=[("accept", _("I accept the rules")), ("decline", _("I decline"))],
        radio=True,
        missing=_("Choose one of the two answers."),
    )
    shown = Text(label="The SHA-256 of the text that was read.", max_length=64, rows=1, hidden=True)


class AnswerPolicy(OwnAct["PolicyText", PolicyAnswer, "Acknowledgement"]):
    """Accept or decline the current policy, after reading it."""

    name, permission, input = "answer_policy", "policy.acknowledge", PolicyAnswer
    operation = Operation("/me/policy/{int:version}", "write:me", page="acknowledge")

    def load(self, version: int, *, actor: Actor, now: int) -> PolicyText:
        from django.http import Http404

        from civicmail.city.identity.queries import policy_answers

        text = policy_answers.newest()
        if text is None or text.version != version:
            raise Http404
        return text

    def initial(self, row: PolicyText) -> Mapping[str, Any]:
        return {"shown": row.sha256}

    def perform(self, row: PolicyText, given: PolicyAnswer, *, actor: Actor, now: int) -> Acknowledgement:
        from civicmail.city.guard.actions.acting import acting_person
        from civicmail.city.identity.actions import policy

        verb = policy.accept if given.answer == "accept" else policy.decline
        return verb(acting_person(actor), row, given.shown, actor=actor, now=now)


class SignedPaper(Input):
    """answer: accept or decline; reference: where the paper or its scan is."""

    person = PersonName(label="Who signed?")
    version = Number(label="Which version?")
    answer = Choice(
        label="What does the paper say?", radio=True, missing="Choose one of the two.",
        choices=[("accept", "Accepts the rules"), ("decline", "Declines")],
    )  # fmt: skip
    reference = Text(label="Where is the paper, or its scan?", help="File number or box.", min_length=3, max_length=200, rows=1)


class RecordPaper(Act[None, SignedPaper, "Acknowledgement"]):
    """Record a signature on paper, with the place of the paper."""

    name, permission, input = "record_paper", "policy.paper", SignedPaper
    operation = Operation("/policy/papers", "write:policy", page="policy-paper", status=201)
    from_link = ("person",)

    def resource(self, row: None, actor: Actor) -> Resource:
        """The resource for anyone; the verb checks the person named."""
        authorizes = {role.department for role in actor.held if role.role == "authoriser"}
        return InDepartment(min(actor.departments | authorizes, default=""))

    def choices(self, row: None, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.city.identity.models import PolicyText

        texts = PolicyText.objects.order_by("-version").values_list("version", "title")[:20]
        return {"version": [(str(version), f"Version {version}, {title}") for version, title in texts]}

    def perform(self, given: SignedPaper, *, actor: Actor, now: int) -> Acknowledgement:
        from civicmail.city.identity.actions import policy
        from civicmail.city.identity.models import PolicyText

        text = PolicyText.objects.get(version=given.version)
        return policy.record_paper(
            given.person, text, accepted=given.answer == "accept", reference=given.reference, actor=actor, now=now
        )

    def message(self, row: None, done: Acknowledgement) -> str:
        return f"Recorded for {done.person}: version {done.text.version}, {done.reference}."


ANSWER_POLICY, RECORD_PAPER = AnswerPolicy(), RecordPaper()
