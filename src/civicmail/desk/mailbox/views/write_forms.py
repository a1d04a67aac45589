"""The form for writing. No field is required: a draft is saved as it is, and missing parts are reported before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from civicmail.city.pages.forms import MultipleFileField, set_choices
from civicmail.desk.mailbox.actions.edit_drafts import MAX_FIELD, MAX_TEXT, DraftContent
from civicmail.desk.mailbox.models import Draft
from civicmail.desk.mailbox.models.senders import Sender

FIELDS = ("mailbox", "to", "cc", "bcc", "subject", "text", "quote")


class RecipientsInput(forms.TextInput):
    """Names and addresses in one line, completed while typing."""

    completed_by = "mail-people"
    several = True


class Write(forms.Form):
    """senders: mailboxes from which the person may send. A draft of another one keeps its mailbox, and reports that on sending."""

    use_required_attribute = False

    mailbox = forms.ChoiceField(label=gettext_lazy("From"))
    to = forms.CharField(
        label=gettext_lazy("To"),
        required=False,
        max_length=MAX_FIELD,
        widget=RecipientsInput,
        help_text=gettext_lazy("Names or addresses, a comma between them."),
    )
    cc = forms.CharField(label=gettext_lazy("Copy to (Cc)"), required=False, max_length=MAX_FIELD, widget=RecipientsInput)
    bcc = forms.CharField(
        label=gettext_lazy("Blind copy to (Bcc)"),
        required=False,
        max_length=MAX_FIELD,
        widget=RecipientsInput,
        help_text=gettext_lazy("Nobody else sees these."),
    )
    subject = forms.CharField(label=gettext_lazy("Subject"), required=False, max_length=400)
    text = forms.CharField(
        label=gettext_lazy("Text"), required=False, max_length=MAX_TEXT, strip=False, widget=forms.Textarea(attrs={"rows": 12})
    )
    quote = forms.CharField(
        label=gettext_lazy("Quoted below"),
        required=False,
        max_length=MAX_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    file = MultipleFileField(label=gettext_lazy("Add files"), required=False, allow_empty_file=True)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    how = forms.CharField(widget=forms.HiddenInput, required=False, max_length=10)
    source = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, senders: Sequence[Sender], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("text", "quote"):  # the counter of cm.js is for short texts
            self.fields[name].widget.attrs.pop("maxlength", None)
        set_choices(self, "mailbox", [(s.address, f"{s.name} <{s.address}>") for s in senders])

    @property
    def written(self) -> DraftContent:
        """The typed text in its stored form, with plain line ends."""
        c = self.cleaned_data
        return DraftContent(**{name: str(c.get(name, "")).replace("\r\n", "\n") for name in FIELDS})

    @property
    def is_short(self) -> bool:
        """Whether the copy fields are empty, so that they need not be open."""
        return not any(self[name].value() or self[name].errors for name in ("cc", "bcc"))


class Search(forms.Form):
    """Words to look for in the address book."""

    q = forms.CharField(label=gettext_lazy("Name, position, department or address"), required=False, max_length=200)


def initial_of(draft: Draft) -> dict[str, Any]:
    """The form as the draft is saved."""
    return {name: getattr(draft, name) for name in (*FIELDS, "version", "how", "source")}
