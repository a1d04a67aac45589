"""Labels of one's own: make, rename, remove (P-06). The mail itself never changes, so none of it is an entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import FormPage, Operation, OwnAct, Page
from civicmail.city.pages.inputs import Input, Seen, Text
from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.mailbox.label_names import MAX_NAME

if TYPE_CHECKING:
    from civicmail.desk.mailbox.models import Label


class LabelName(Input):
    """name: with "/" between levels."""

    name = Text(label=_("Name"), help=_("With / a label lies in another: Projects/Bridge 5."), max_length=MAX_NAME, rows=1)


class LabelSeen(Input):
    """name: as last read."""

    name = Seen(label="The name as it was seen.", max_length=MAX_NAME)


class MakeLabel(OwnAct[None, LabelName, "Label"]):
    """Make a label; an existing one is returned."""

    name, permission, input = "make_label", "my.mail", LabelName
    operation = Operation("/mail-labels", "write:mail", page="mail-labels", status=201)

    def perform(self, given: LabelName, *, actor: Actor, now: int) -> Label:
        from civicmail.desk.mailbox.actions import mark_mail

        return mark_mail.make_label(given.name, actor=actor, now=now)

    def message(self, row: None, done: Label) -> Sentence:
        return _("The label {name} is there.", name=done.name)


class _OnLabel[Given: Input, Done](OwnAct["Label", Given, Done]):
    permission, model = "my.mail", "mailbox.Label"

    def state(self, row: Label) -> str:
        return row.name


class RenameLabel(_OnLabel[LabelName, "Label"]):
    """Rename a label of mine, and its sublabels."""

    name, input = "rename_label", LabelName
    page = Page("mail/labels/<int:pk>/", "mail-label")
    operation = Operation("/mail-labels/{int:id}", "write:mail", method="PATCH")

    def initial(self, row: Label) -> Mapping[str, Any]:
        return {"name": row.name}

    def perform(self, row: Label, given: LabelName, *, actor: Actor, now: int) -> Label:
        from civicmail.desk.mailbox.actions import mark_mail

        return mark_mail.rename_label(row.pk, given.name, actor=actor, now=now)

    def message(self, row: Label, done: Label) -> Sentence:
        return _("The label is called {name} now.", name=done.name)

    def form_page(self, row: Label) -> FormPage:
        from django.utils.translation import gettext

        return _page(gettext("Rename the label"), gettext("Rename"))


class RemoveLabel(_OnLabel[LabelSeen, str]):
    """Remove a label and its sublabels; messages stay. name: as last read."""

    name, input = "remove_label", LabelSeen
    page = Page("mail/labels/<int:pk>/remove/", "mail-unlabel")
    operation = Operation("/mail-labels/{int:id}/remove", "write:mail")

    def perform(self, row: Label, given: LabelSeen, *, actor: Actor, now: int) -> str:
        from civicmail.desk.mailbox.actions import mark_mail

        return mark_mail.remove_label(row.pk, actor=actor, now=now)

    def message(self, row: Label, done: str) -> Sentence:
        return _("The label {name} is removed. Its messages are where they were.", name=done)

    def form_page(self, row: Label) -> FormPage:
        from django.utils.translation import gettext

        return _page(
            gettext("Remove the label {name}?").format(name=row.name), gettext("Remove the label"),
            note=gettext("The label goes, and those that lie in it. The messages stay where they are."),
        )  # fmt: skip


def _page(title: str, submit: str, *, note: str = "") -> FormPage:
    from django.urls import reverse
    from django.utils.translation import gettext

    from civicmail.desk.mailbox.views.opened_message import crumbs

    back = reverse("mail-labels")
    section = gettext("Labels")
    return FormPage(title=title, section=section, submit=submit, back=back, crumbs=[*crumbs(), (section, back)], note=note)


MAKE_LABEL, RENAME_LABEL, REMOVE_LABEL = MakeLabel(), RenameLabel(), RemoveLabel()
