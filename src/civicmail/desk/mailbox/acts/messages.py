"""Acts on one message of one's own (P-02, P-06)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Operation, OwnAct
from civicmail.city.pages.inputs import Choice, Flag, Input, Text
from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.desk.mailbox.scope import OwnMailbox
    from civicmail.desk.mailbox.views.opened_message import OpenedMessage


class SpamAnswer(Input):
    """spam: false for good mail that was marked as spam."""

    spam = Flag(label="Whether it is spam.", required=True)


class OnMessage[Given: Input, Done](OwnAct["OpenedMessage", Given, Done]):
    """An act on one message that the actor sent or received."""

    permission = "my.mail"

    def load(self, id: uuid.UUID, *, actor: Actor, now: int) -> OpenedMessage:
        from civicmail.desk.mailbox.views.opened_message import message_of

        return message_of(actor, id, now=now)


class ReportMail(OnMessage[SpamAnswer, bool]):
    """Report an external message as spam or as good mail, for the spam filter."""

    name, input = "report_mail", SpamAnswer
    operation = Operation("/mail/{uuid:id}/spam", "write:mail", page="mail-report")

    def is_hidden(self, row: OpenedMessage, actor: Actor, now: int) -> bool:
        from civicmail.desk.mailbox.views.reporting import may_be_reported

        return not may_be_reported(row)

    def perform(self, row: OpenedMessage, given: SpamAnswer, *, actor: Actor, now: int) -> bool:
        from civicmail.desk.mailbox.actions import teach_filter

        teach_filter.teach(row.capture.id, spam=given.spam, actor=actor, now=now)
        return given.spam


class Care(Input):
    """mailbox: of a function, to which it came; what: take, or let-go."""

    mailbox = Text(
        label="The mailbox of a function to which it came.",
        help="It may be left out where it came to one alone.",
        required=False,
        max_length=254,
        rows=1,
    )
    what = Choice(label="What is done?", choices=[("take", "Take charge of it"), ("let-go", "Give it back")], default="take")


@dataclass(frozen=True, slots=True)
class OfficeMessage:
    """A message that came to mailboxes of functions. mailboxes: those that the actor may use."""

    id: uuid.UUID
    mailboxes: list[OwnMailbox]


class TakeMail(OwnAct["OfficeMessage", Care, tuple[str, str]]):
    """Take charge of a message in a shared mailbox, or give it back; others see it."""

    name, permission, input = "take_mail", "my.mail", Care
    operation = Operation("/mail/{uuid:id}/care", "write:mail", page="mail-take")

    def load(self, id: uuid.UUID, mailbox: int | None = None, *, actor: Actor, now: int) -> OfficeMessage:
        """mailbox: the row of the only one that is meant."""
        from django.http import Http404

        from civicmail.desk.mailbox.views.message_context import offices_of
        from civicmail.desk.mailbox.views.opened_message import message_of

        mailboxes = [box for box in offices_of(message_of(actor, id, now=now)) if mailbox in (None, box.row)]
        if not mailboxes:
            raise Http404
        return OfficeMessage(id, mailboxes)

    def perform(self, row: OfficeMessage, given: Care, *, actor: Actor, now: int) -> tuple[str, str]:
        """The mailbox, and what is done."""
        from django.http import Http404

        from civicmail.city.directory.models import Mailbox
        from civicmail.desk.mailbox.actions import office_handling

        named = given.mailbox.lower()
        meant = [box for box in row.mailboxes if named in box.addresses] if named else row.mailboxes
        if len(meant) != 1:
            raise Http404
        verb = office_handling.drop if given.what == "let-go" else office_handling.take
        verb(row.id, Mailbox.objects.get(pk=meant[0].row), actor=actor, now=now)
        return named or meant[0].id, given.what

    def message(self, row: OfficeMessage, done: tuple[str, str]) -> Sentence:
        if done[1] == "let-go":
            return _("Nobody has this now.")
        return _("You take care of this. The others of the mailbox see it.")


REPORT_MAIL, TAKE_MAIL = ReportMail(), TakeMail()
