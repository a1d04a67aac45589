"""The form that claims an installation."""

from __future__ import annotations

from django import forms
from django.utils.text import slugify

from civicmail.city.identity.actions.claiming import FirstOfficer


class ClaimForm(forms.Form):
    """The setup code, and the first access officer."""

    code = forms.CharField(
        label="Setup code", max_length=60, help_text="In the file keys/setup.code of the data folder; only its owner can read it."
    )
    given = forms.CharField(label="Your given name", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "given-name"}))
    family = forms.CharField(label="Your family name", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "family-name"}))
    uid = forms.CharField(label="Your personnel number", max_length=60, help_text="You sign in with it, too.")
    department = forms.CharField(label="Your department", max_length=120, help_text="As it is called: City IT.")
    reason = forms.CharField(
        label="Who decided that you are the first access officer",
        max_length=500,
        help_text="It is recorded: council decision 26-14.",
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own
        self.fields["code"].widget.attrs |= {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}

    def clean_department(self) -> str:
        name: str = self.cleaned_data["department"].strip()
        if not slugify(name):
            raise forms.ValidationError("Write the name with letters or digits.")
        return name

    def officer(self) -> FirstOfficer:
        """The first access officer, of a valid form; the code of the department comes from its name."""
        data = self.cleaned_data
        code = slugify(data["department"])[:40]
        return FirstOfficer(data["uid"], data["given"], data["family"], code, data["department"])
