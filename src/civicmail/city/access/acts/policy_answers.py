"""What somebody answers to the policy (P-18; P1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.access.act import Operation, OwnAct
from civicmail.city.access.actors import Actor
from civicmail.city.access.inputs import Choice, Input, Text
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.city.access.models import Acknowledgement, PolicyText


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

        from civicmail.city.access.queries import policy_answers

        text = policy_answers.newest()
        if text is None or text.version != version:
            raise Http404
        return text

    def initial(self, row: PolicyText) -> Mapping[str, Any]:
        return {"shown": row.sha256}

    def perform(self, row: PolicyText, given: PolicyAnswer, *, actor: Actor, now: int) -> Acknowledgement:
        from civicmail.city.access.actions import policy
        from civicmail.city.access.actions.acting import acting_person

        verb = policy.accept if given.answer == "accept" else policy.decline
        return verb(acting_person(actor), row, given.shown, actor=actor, now=now)


ANSWER_POLICY = AnswerPolicy()
