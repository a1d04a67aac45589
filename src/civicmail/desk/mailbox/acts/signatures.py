"""Acts on a person's own lines below the identification block (P-14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import FormPage, Operation, OwnAct, Page
from civicmail.city.pages.inputs import Input, Text
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.mailbox.compose import MAX_SIGNATURE

if TYPE_CHECKING:
    from civicmail.desk.mailbox.models.senders import OwnSignature


class SignatureLines(Input):
    """At most some lines."""

    lines = Text(
        label=_("Your own lines"),
        help=_("For example a telephone number, or when you are there."),
        required=False,
        max_length=MAX_SIGNATURE,
        rows=4,
    )


class WriteSignature(OwnAct["OwnSignature", SignatureLines, "OwnSignature"]):
    """Set my own lines below the identification block."""

    name, permission, input = "write_signature", "my.write", SignatureLines
    page = Page("mail/signature/", "mail-signature")
    operation = Operation("/me/signature", "write:mail")

    def load(self, *, actor: Actor, now: int) -> OwnSignature:
        from civicmail.desk.mailbox.models import senders

        return senders.signature_of(actor, now=now)

    def initial(self, row: OwnSignature) -> Mapping[str, Any]:
        return {"lines": row.lines}

    def perform(self, row: OwnSignature, given: SignatureLines, *, actor: Actor, now: int) -> OwnSignature:
        from civicmail.desk.mailbox.actions import edit_drafts
        from civicmail.desk.mailbox.models import senders

        edit_drafts.sign(given.lines, actor=actor, now=now)
        return senders.signature_of(actor, now=now)

    success_message = _("Your lines are saved. They stand under what you write from now on.")

    def after(self, done: OwnSignature) -> str:
        from django.urls import reverse

        return reverse("mail-signature")

    def form_page(self, row: OwnSignature) -> FormPage:
        from django.urls import reverse
        from django.utils.translation import gettext

        from civicmail.desk.mailbox.views.opened_message import crumbs

        return FormPage(
            title=gettext("Signature"), section=gettext("My mail"), crumbs=crumbs(),
            back=reverse("my-mail"), submit=gettext("Save"), template="mailbox/signature.html",
            context={"identification": row.block},
        )  # fmt: skip


WRITE_SIGNATURE = WriteSignature()
