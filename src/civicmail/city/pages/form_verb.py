"""Run a verb from a form, and put its errors into the form's fields."""

from __future__ import annotations

from collections.abc import Callable

from django.forms.forms import BaseForm
from django.utils.translation import gettext

from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.pages.wording import translate


def run_verb[Made](form: BaseForm, verb: Callable[[], Made]) -> Made | None:
    """The result of a verb; None, with errors in the form, if it failed. NotPermitted and others propagate."""
    try:
        return verb()
    except Unusable as error:
        for name, words in error.fields.items():
            form.add_error(name if name in form.fields else None, translate(words))
        if not error.fields:
            form.add_error(None, translate(error.args[0]))
    except Conflict as error:
        form.add_error(None, gettext("{said} Your text is kept below.").format(said=translate(error.args[0])))
        form.stale = True  # type: ignore[attr-defined]  # read by status_of
    return None


def status_of(form: BaseForm) -> int:
    """The status of the page that shows the form again."""
    if getattr(form, "stale", False):
        return 409
    return 422 if form.is_bound and form.errors else 200
