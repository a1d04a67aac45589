"""A message that waits to be sent: take it back, or send it at once (P-06)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Operation, OwnAct
from civicmail.city.pages.inputs import Input, Seen
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.desk.mailbox.models import Outgoing


class OutgoingSeen(Input):
    """state: as seen, waiting."""

    state = Seen(default="waiting")


class _OnOutgoing(OwnAct["Outgoing", OutgoingSeen, "Outgoing"]):
    permission, input = "my.write", OutgoingSeen

    def load(self, uid: uuid.UUID, *, actor: Actor, now: int) -> Outgoing:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.mailbox.models import Outgoing

        return get_object_or_404(Outgoing.objects.defer("content"), uid=uid, person__uid=actor.uid)


class UndoMail(_OnOutgoing):
    """Take a waiting message back; its draft is restored."""

    name = "undo_mail"
    operation = Operation("/outgoing/{uuid:uid}/undo", "write:mail", page="mail-outgoing")

    def perform(self, row: Outgoing, given: OutgoingSeen, *, actor: Actor, now: int) -> Outgoing:
        from civicmail.desk.mailbox.actions import send_message

        return send_message.undo(row, actor=actor, reason="undo", now=now)

    success_message = _("It was not sent. Here it is again.")

    def after(self, done: Outgoing) -> str:
        from django.urls import reverse

        from civicmail.desk.mailbox.models import Draft

        has_draft = done.draft is not None and Draft.objects.filter(uid=done.draft).exists()
        return reverse("mail-draft", args=[done.draft]) if has_draft else ""


class HastenMail(_OnOutgoing):
    """Send a waiting message at once."""

    name = "hasten_mail"
    operation = Operation("/outgoing/{uuid:uid}/hasten", "write:mail", page="mail-outgoing")

    def perform(self, row: Outgoing, given: OutgoingSeen, *, actor: Actor, now: int) -> Outgoing:
        from civicmail.desk.mailbox.actions import send_message

        return send_message.send_now(row, actor=actor, now=now)


UNDO_MAIL, HASTEN_MAIL = UndoMail(), HastenMail()
