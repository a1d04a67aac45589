"""Response of a page with one form: run the verb, or show the errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import redirect, render

from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.page import Page

CONFIRM_TEMPLATE, FORM_TEMPLATE = "pages/confirm.html", "pages/form.html"


def respond_to_form[Made](
    request: CityRequest,
    form: BaseForm,
    do: Callable[[], Made],
    /,
    *,
    page: Page,
    back: str,
    message: str | Callable[[Made], str],
    to: str | Callable[[Made], str] = "",
    once: Callable[[Made], HttpResponse] | None = None,
    template: str = CONFIRM_TEMPLATE,
    **shown: Any,
) -> HttpResponse:
    """Respond to a page with one form.

    message: the result, in a sentence; to: the next page, else back; once: result -> a page that shows it once instead; shown:
    further context of the template (effects, stays, verb, stop; submit, note).
    """
    if request.method == "POST" and form.is_valid():
        done = run_verb(form, lambda: (do(),))
        if done is not None:
            made = done[0]
            if once is not None:
                return once(made)
            messages.success(request, message(made) if callable(message) else message)
            return redirect((to(made) if callable(to) else to) or back)
    return render(request, template, {"page": page, "form": form, "back": back, **shown}, status=status_of(form))
