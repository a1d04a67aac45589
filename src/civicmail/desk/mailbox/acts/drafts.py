"""A saved draft of one's own: discard it, remove a file, send it (P-06, P-14, P-22).

Writing is a page of its own (views/write_page.py), which saves, attaches, forecasts and sends with one form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import FormPage, Operation, OwnAct, Page
from civicmail.city.pages.inputs import Input, Number, Seen, Text
from civicmail.core.config.sentence import sentence as _

if TYPE_CHECKING:
    from civicmail.desk.mailbox.models import Draft, Outgoing

_PATH = "/drafts/{uuid:uid}"


class DraftSeen(Input):
    """version: as seen."""

    version = Seen(label="The version as it was seen.", is_number=True)


class FileToRemove(DraftSeen):
    """file: its id."""

    file = Number(label="The id of the file.")


class ToSend(DraftSeen):
    """plain: why it leaves unencrypted although a rule requires encryption, in words that are recorded; empty, and it leaves
    encrypted."""

    plain = Text(label="Why it goes unencrypted although a rule asks for more.", required=False, max_length=2000)


class _OnDraft[Given: Input, Done](OwnAct["Draft", Given, Done]):
    permission, model, key = "my.write", "mailbox.Draft", "uid"

    def state(self, row: Draft) -> str:
        return str(row.version)


class DiscardDraft(_OnDraft[DraftSeen, int]):
    """Delete a draft with its files. This cannot be undone."""

    name, input = "discard_draft", DraftSeen
    page = Page("mail/write/<uuid:uid>/discard/", "mail-draft-discard")
    operation = Operation(f"{_PATH}/discard", "write:mail")

    def perform(self, row: Draft, given: DraftSeen, *, actor: Actor, now: int) -> int:
        """The version that was discarded."""
        from civicmail.desk.mailbox.actions import edit_drafts

        edit_drafts.discard(row, actor=actor, now=now)
        return row.version

    success_message = _("The draft is discarded.")

    def after(self, done: int) -> str:
        from django.urls import reverse

        return reverse("mail-drafts")

    def form_page(self, row: Draft) -> FormPage:
        from django.urls import reverse
        from django.utils.translation import gettext

        from civicmail.desk.mailbox.views.opened_message import crumbs

        back = reverse("mail-draft", args=[row.uid])
        gone = gettext("The draft “{subject}” and its files are gone, and cannot be brought back.").format(subject=row.subject)
        return FormPage(
            title=gettext("Discard this draft?"),
            section=gettext("My mail"),
            crumbs=[*crumbs(), (gettext("Draft"), back)],
            submit=gettext("Discard 1 draft"),
            stop=True,
            back=back,
            effects=[gone],
            stays=[gettext("Nothing was sent, and no message of yours is touched.")],
        )


class RemoveDraftFile(_OnDraft[FileToRemove, "Draft"]):
    """Remove a file."""

    name, input = "remove_draft_file", FileToRemove
    operation = Operation(f"{_PATH}/files/remove", "write:mail", page="mail-draft")

    def perform(self, row: Draft, given: FileToRemove, *, actor: Actor, now: int) -> Draft:
        from civicmail.desk.mailbox.actions import edit_drafts

        return edit_drafts.remove(row, [given.file], actor=actor, now=now)


class SendDraft(_OnDraft[ToSend, "Outgoing"]):
    """Send a draft with its files. For twenty seconds `undo_mail` takes it back."""

    name, input = "send_draft", ToSend
    operation = Operation(f"{_PATH}/send", "write:mail", page="mail-draft", status=201)

    def perform(self, row: Draft, given: ToSend, *, actor: Actor, now: int) -> Outgoing:
        from civicmail.desk.mailbox.actions import submit_draft

        return submit_draft.send_saved(row, given.plain, actor=actor, now=now)


DISCARD_DRAFT, REMOVE_DRAFT_FILE, SEND_DRAFT = DiscardDraft(), RemoveDraftFile(), SendDraft()
