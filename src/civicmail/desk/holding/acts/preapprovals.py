"""Asking before the mail is written whether the files of a draft may leave (P-22)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import FormPage, Operation, OwnAct, Page
from civicmail.city.pages.inputs import Input, Text
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.desk.holding.models import Approval
    from civicmail.desk.mailbox.models import Draft


class Explanation(Input):
    """words: what it is for, in at least ten characters; the manager reads it."""

    words = Text(label=_("What is it for?"), help=_("At least 10 characters. Your manager reads it."), min_length=10)


class PutUpFiles(OwnAct["Draft", Explanation, "Approval"]):
    """Request pre-approval of a draft's files for its external recipients."""

    name, permission, input = "put_up_files", "my.write", Explanation
    page = Page("holding/approvals/put-up/<uuid:draft>/", "approval-put-up")
    operation = Operation("/drafts/{uuid:uid}/put-up", "write:files", status=201)

    model, key = "mailbox.Draft", "uid"
    related = ("person",)

    def perform(self, row: Draft, given: Explanation, *, actor: Actor, now: int) -> Approval:
        from civicmail.desk.holding.actions import preapproval

        return preapproval.request_preapproval(row, actor=actor, explanation=given.words, now=now)

    success_message = _("Your manager is asked.")

    def form_page(self, row: Draft) -> FormPage:
        from django.urls import reverse
        from django.utils.translation import gettext

        from civicmail.desk.holding.actions import preapproval
        from civicmail.desk.holding.models import Approval
        from civicmail.desk.holding.views.approvals import copies_of

        back = reverse("my-approvals")
        approval = Approval.objects.filter(draft=row.uid).first()
        shown = {
            "files": list(row.files.all()),
            "outside": preapproval.outside_recipients(row),
            "asked": approval,
            "copies": copies_of(approval) if approval else [],
        }
        return FormPage(
            title=gettext("Request pre-approval"), section=gettext("Approval"), crumbs=[(gettext("My file approvals"), back)],
            back=back,
            submit=gettext("Ask for approval"), template="holding/put_up.html", context=shown,
        )  # fmt: skip


PUT_UP_FILES = PutUpFiles()
