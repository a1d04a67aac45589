"""Sign-in forms."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm
from allauth.core import context
from allauth.mfa.webauthn.internal import auth
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from civicmail.city.guard.models import Account
from civicmail.city.identity.actions import throttling
from civicmail.core.config.clock import now_ms
from civicmail.front.web.signin.adapters import admitted


class Halves(forms.Form):
    """The two halves of a sign-in letter."""

    first = forms.CharField(label=_("First half"), max_length=60, help_text=_("It is in the letter."))
    second = forms.CharField(
        label=_("Second half"), max_length=60, help_text=_("The person who handed you the letter gave it to you.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs |= {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class NewPassword(forms.Form):
    """A new password, twice."""

    password = forms.CharField(
        label=_("New password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 15 characters; a few words that do not belong together are good."),
    )
    again = forms.CharField(
        label=_("The same again"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.account)
        return password

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password") and data.get("again") and data["password"] != data["again"]:
            self.add_error("again", _("The two are not the same."))
        return data


class ChangePassword(ChangePasswordForm):  # type: ignore[misc]  # allauth has no types
    """The old password is guessed here no faster than elsewhere."""

    def clean_oldpassword(self) -> str:
        ticket = admitted(context.request, self.user.username, "password")
        if ticket is None:
            raise get_adapter().validation_error("enter_current_password")
        try:
            old: str = super().clean_oldpassword()
        except forms.ValidationError:
            throttling.note_failure(ticket, door="web", now=now_ms())
            raise
        throttling.take_back(ticket)
        return old


class NewPasskey(forms.Form):
    """A passkey as the browser made it; the person was verified, or it is none."""

    name = forms.CharField(label=_("Name of this passkey"), max_length=60, required=False, initial=_("Passkey"))
    credential = forms.JSONField(widget=forms.HiddenInput)

    def clean_credential(self) -> dict[str, Any]:
        credential: dict[str, Any] = self.cleaned_data["credential"]
        auth.parse_registration_response(credential)
        if not auth.complete_registration(credential).is_user_verified():
            raise forms.ValidationError(_("The device did not ask who you are; use one with a PIN, a fingerprint or a face."))
        return credential


class NewDevice(forms.Form):
    """A device password for one mail program."""

    name = forms.CharField(
        label=_("Device"), max_length=80, help_text=_("So that you know it again: Pixel phone, Outlook at work.")
    )


class NewToken(forms.Form):
    """A token for the command line."""

    days = forms.IntegerField(
        label=_("Days"), min_value=1, max_value=30, initial=7, help_text=_("After so many days it ends by itself.")
    )


class NewProgramToken(forms.Form):
    """A token of the API. offered: (scope, words); nothing is preselected."""

    name = forms.CharField(
        label=_("Which program is it for?"), max_length=80, help_text=_("So that you know it again: report of the week, help desk.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What may the program do?"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("As little as it needs. It never can do more than you can yourself."),
        error_messages={"required": _("Choose at least one.")},
    )
    days = forms.IntegerField(
        label=_("Days"), min_value=1, max_value=365, initial=90, help_text=_("After so many days it ends by itself.")
    )

    def __init__(self, offered: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = offered


class NewMachine(forms.Form):
    """A password for a machine that sends as a service mailbox."""

    name = forms.CharField(label="Machine", max_length=80, help_text="Which one, and where it stands.")
    until = forms.DateField(
        label="Until", widget=forms.DateInput(attrs={"type": "date"}), help_text="It ends on this day; at most a year from now."
    )
    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3, "maxlength": 400}), max_length=400)
