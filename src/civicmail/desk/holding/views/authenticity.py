"""Is this really from the city? For anyone, without an account: a pasted message, or the number of one ("/really/"; P-26, P-27).

Only the day on which a message was sent is shown; pasted text is stored nowhere and never logged.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache

from civicmail.city.conduct.rate_limit import RateLimit
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.page import Page
from civicmail.core.config.errors import ConfigError, LaterError
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import authenticity, queries
from civicmail.desk.holding.authenticity import AuthenticityCheck, CheckResult, Verdict
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.courier import dkimkeys

MAX_LENGTH = 1_000_000
RATE_LIMIT = RateLimit(20)
"""Questions of one network within an hour: a number has 74 random bits, and nobody tries through."""
WORDS: dict[Verdict, tuple[str, Any, Any]] = {
    "exact": (
        "done", gettext_lazy("Yes, it is from the city."), gettext_lazy("The city sent exactly this message."),
    ),
    "sent": (
        "done", gettext_lazy("The city sent a message with this number."),
        gettext_lazy("Whether yours is that message, only the message itself can tell: paste it whole."),
    ),
    "signed": (
        "done", gettext_lazy("Yes, it is from the city."),
        gettext_lazy("It carries the city's signature, and nothing that is signed was changed."),
    ),
    "changed": (
        "warn", gettext_lazy("Be careful: it is not as the city sent it."),
        gettext_lazy(
            "The city sent a message with this number, and this text is another one. Some mail programs change messages; an "
            "attacker does, too. Call the office that it names, at a number that you find yourself."
        ),
    ),
    "pretends": (
        "stop", gettext_lazy("No proof that it is from the city."),
        gettext_lazy(
            "It says that it is from the city, and neither a signature nor a record of ours proves it. Do not pay, do not follow "
            "its links, and call the office that it names, at a number that you find yourself."
        ),
    ),
    "unknown": (
        "stop", gettext_lazy("Nothing is known of it."),
        gettext_lazy(
            "The city knows no message that it sent like this. Paste the whole message with its header, as “show original” of your "
            "mail program has it, to be sure."
        ),
    ),
}  # fmt: skip


class PasteForm(forms.Form):
    """One field for any input, because people do not know what kind of text they paste."""

    text = forms.CharField(
        label=gettext_lazy("The message, or its number"),
        help_text=gettext_lazy(
            "The whole message with its header: in most mail programs “Show original” or “View source”. It is not kept."
        ),
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        strip=False,
        validators=[MaxLengthValidator(MAX_LENGTH)],
        error_messages={"required": gettext_lazy("Paste the message, or type its number.")},
    )


@never_cache
def check(request: CityRequest) -> HttpResponse:
    """Show the form (GET), or the answer on the same page (POST)."""
    form, result, status = PasteForm(request.POST if request.method == "POST" else None), None, 200
    now = epoch_ms(request.now)
    client = request.actor.client
    if request.method == "POST":
        if not form.is_valid():
            status = 422
        elif not RATE_LIMIT.takes(client, now):
            form.add_error(None, gettext("From your network this was asked very often. Try again in an hour, or call the city."))
            status = 429
        else:
            try:
                result = _check(form.cleaned_data["text"], now)
            except LaterError:
                form.add_error(None, gettext("It cannot be looked up at this moment. Paste the whole message, or try again later."))
                status = 503
    page = Page(gettext("Authenticity check"), settings.CITY.city.name)
    shown: dict[str, Any] = {"page": page, "form": form}
    if result is not None:
        role, title, words = WORDS[result.what]
        shown |= {"role": role, "title": title, "words": words, "day": from_ms(result.at) if result.at else None}
    return render(request, "holding/really.html", shown, status=status)


def _check(text: str, now: int) -> CheckResult:
    data = Path(str(settings.DATA))
    try:
        keys = dkimkeys.listed(data)
    except ConfigError:
        keys = []
    check = AuthenticityCheck(_record, keys, frozenset(settings.CITY.city.domains), settings.CITY.city.host)
    if (number := authenticity.parse_number(text)) is not None:
        return check.check_number(number)
    if message_id := authenticity.parse_message_id(text):
        return check.check_any(queries.with_message_id(message_id))
    return check.check_message(text.encode("utf-8", "surrogatepass"), now)


def _record(id_: bytes) -> Any:
    try:
        return queries.held_copies().record(id_)
    except (NotInArchive, DamagedFile):
        return None
