"""What the sender of files that wait for approval can do beside withdrawing them: remind the approver, or send the text (P-22)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import FormPage, Operation, OwnAct
from civicmail.city.pages.inputs import Nothing
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.desk.holding.models import Approval


class _OnSentFiles(OwnAct["Approval", Nothing, "Approval"]):
    """By the message: capture is its number."""

    input = Nothing
    model, key, related = "holding.Approval", "capture", ("person", "department")


class RemindApprover(_OnSentFiles):
    """Remind the approver of files of mine that wait, at most once a working day."""

    name, permission = "remind_approver", "approval.remind"
    operation = Operation("/mail/{uuid:id}/remind", "write:files", page="mail-remind")

    def perform(self, row: Approval, given: Nothing, *, actor: Actor, now: int) -> Approval:
        from civicmail.desk.holding.actions import remind_approvers

        remind_approvers.remind_approvers(row, actor=actor, now=now)
        return row

    success_message = _("The reminder is sent.")


class SendText(_OnSentFiles):
    """Send the text of a message without its files, and withdraw their approval."""

    name, permission = "send_text", "approval.withdraw"
    operation = Operation("/mail/{uuid:id}/text", "write:files", page="mail-text")

    def perform(self, row: Approval, given: Nothing, *, actor: Actor, now: int) -> Approval:
        from civicmail.desk.holding.actions import approval_decisions

        approval_decisions.send_text(row, actor=actor, now=now)
        return row

    success_message = _("The text is on its way, without the files.")

    def form_page(self, row: Approval) -> FormPage:
        from django.urls import reverse
        from django.utils.translation import gettext, ngettext

        back = reverse("mail-message", args=[row.capture])
        waiting = [copy.address for copy in row.copies.all() if copy.state == "waits"]
        files = len(row.parts)
        stays = [ngettext("{count} file stays here.", "{count} files stay here.", files).format(count=files)]
        return FormPage(
            title=gettext("Send the text without the files?"),
            section=gettext("My mail"),
            crumbs=[(gettext("My mail"), reverse("my-mail")), (gettext("Message"), back)],
            facts=[(gettext("Subject"), row.subject)],
            effects=[
                gettext("The text leaves now, to: {to}.").format(to=", ".join(waiting)),
                gettext("In place of each file, the recipients get a line that says it was not approved for sending."),
                gettext("The approval of the files is withdrawn, and nobody decides on them. You cannot undo this."),
            ],
            stays=[*stays, gettext("The message in the archive keeps its files.")],
            submit=ngettext("Send the text to {count} recipient", "Send the text to {count} recipients", len(waiting)).format(
                count=len(waiting)
            ),
            back=back,
        )


REMIND_APPROVER, SEND_TEXT = RemindApprover(), SendText()
