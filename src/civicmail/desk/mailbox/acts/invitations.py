"""Answering an invitation to a meeting (RFC 5546; P-06)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Operation, OwnAct
from civicmail.city.pages.inputs import Input, Text
from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.mailbox import itip

if TYPE_CHECKING:
    from civicmail.desk.mailbox.actions.answer_invitation import Invitation


class MeetingAnswer(Input):
    """answer: ACCEPTED, TENTATIVE or DECLINED (RFC 5546)."""

    answer = Text(label="ACCEPTED, TENTATIVE or DECLINED (RFC 5546).", max_length=20, rows=1)


class AnswerInvitation(OwnAct["Invitation", MeetingAnswer, str]):
    """Answer a meeting invitation; the answer is sent as my mail."""

    name, permission, input = "answer_invitation", "my.mail", MeetingAnswer
    operation = Operation("/mail/{uuid:id}/invitation", "write:mail", page="mail-answer")

    def load(self, id: uuid.UUID, *, actor: Actor, now: int) -> Invitation:

        from civicmail.city.pages.city_request import or_404
        from civicmail.desk.mailbox.views.invitation_cards import invitation_of
        from civicmail.desk.mailbox.views.opened_message import message_of

        return or_404(invitation_of(message_of(actor, id, now=now)))

    def perform(self, row: Invitation, given: MeetingAnswer, *, actor: Actor, now: int) -> str:

        from django.http import Http404

        from civicmail.desk.mailbox.actions import answer_invitation

        answer = next((known for known in itip.ANSWERS if known == given.answer), None)
        if answer is None:
            raise Http404
        answer_invitation.respond(row, answer, actor=actor, now=now)
        return answer

    def message(self, row: Invitation, done: str) -> Sentence:
        organizer = row.meeting.organizer
        assert organizer is not None, "who asked is answered"
        who = f"{organizer.name} <{organizer.address}>" if organizer.name else organizer.address
        return _("Your answer goes to {who}.", who=who)


ANSWER_INVITATION = AnswerInvitation()
