"""Report that one saw the content of a message by accident: two clicks, and no blame (P-17, I2)."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from civicmail.city.access.actions import content_views
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.reveals import NEXT, WHERE
from civicmail.city.access.views.city_request import CityRequest, acting, may, require
from civicmail.city.access.views.form_verb import run_verb, status_of
from civicmail.city.access.views.page import Page
from civicmail.mail.archive.errors import InvalidId
from civicmail.mail.archive.places import digits_of


class AccidentForm(forms.Form):
    """Which message and how; what was done next is the button. The neutral answer to how stands there already: it is true of all of
    them, and it keeps the promise of two clicks."""

    message = forms.CharField(
        label="Which message?", max_length=80, required=False, help_text="Its id, if you have it; nothing else about it."
    )
    how = forms.ChoiceField(
        label="How did you come to see it?", choices=list(WHERE.items()), widget=forms.RadioSelect, initial="other"
    )
    next = forms.ChoiceField(choices=list(NEXT.items()), widget=forms.HiddenInput, error_messages={"required": "Choose a button."})

    def clean_message(self) -> str:
        """Only an id: whatever else somebody could write here might say what is in the message."""
        text: str = self.cleaned_data["message"].strip()
        try:
            return digits_of(text) if text else ""
        except InvalidId:
            raise forms.ValidationError("Write only the id of the message, or leave this empty.") from None


@acting("content.accident")
def accident(request: CityRequest) -> HttpResponse:
    """One page, one button for each thing that somebody may have done next."""
    require(request, "content.accident")
    form = AccidentForm(request.POST or None, initial={"message": request.GET.get("message", "")[:80], "how": "other"})
    if request.method == "POST" and form.is_valid():
        cleaned, now = form.cleaned_data, epoch_ms(request.now)

        def recorded() -> bool:
            content_views.accident(request.actor, cleaned["message"], cleaned["how"], cleaned["next"], now=now)
            return True

        if run_verb(form, recorded):
            messages.success(request, "It is recorded. Thank you for saying so: that is all there is to do.")
            return redirect("viewings" if may(request, "viewings.see") else "home")
    page = Page("Did you see what a message says, by accident?", "Oversight")
    return render(request, "oversight/accident.html", {"page": page, "form": form, "nexts": NEXT.items()}, status=status_of(form))
