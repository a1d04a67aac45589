"""Public pages of the records desk, without an account: make a request, and follow it ("/public/records/…")."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache

from civicmail.city.conduct.rate_limit import RateLimit
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.pages import qr
from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.forms import text_field
from civicmail.city.pages.page import Page
from civicmail.city.pages.wording import translate
from civicmail.desk.records.actions import intake, replies
from civicmail.desk.records.actions.intake import ContactData, NewRequest, Receipt
from civicmail.desk.records.confidential_numbers import has_number, masked
from civicmail.desk.records.models import Publication, Request
from civicmail.desk.records.public_words import NEXT
from civicmail.desk.records.queries import clock
from civicmail.desk.records.queries.law import in_force, local_day, pack_or_none
from civicmail.desk.records.queries.receipts import by_code, by_token, token_of
from civicmail.desk.records.states import REQUEST
from civicmail.desk.records.views import contest_page, fees_page, notice_page, production_files, public_formats

REQUESTS = RateLimit(10)
"""Requests of one network in an hour."""
CODES = RateLimit(20)
"""Codes that one network may try in an hour: 80 random bits are not guessed so."""
WRITES = RateLimit(20)
OFFERED = 5
"""Releases that the form suggests."""
DELIVERY = [
    ("link", gettext_lazy("On the status page")),
    ("mail", gettext_lazy("By e-mail")),
    ("media", gettext_lazy("On a disk or stick, by post")),
    ("counter", gettext_lazy("I fetch them at the counter")),
]
_WORD = re.compile(r"\w{4,}")

type Contribution = Callable[[Request, str], dict[str, Any]]
"""(request, token) -> {"template": …, …}: a part of the status page."""
PARTS: list[Contribution] = [
    production_files.public_part,
    fees_page.public_part,
    notice_page.public_part,
    contest_page.public_part,
    public_formats.public_part,
]
"""Parts that other modules of the desk show below the state, in this order."""


class RequestForm(forms.Form):
    """A request: only the first field is required. No field asks for a purpose."""

    text = forms.CharField(
        label=gettext_lazy("What records do you ask for?"),
        help_text=gettext_lazy(
            "Name the subject, the people or offices, and the time, as well as you know them. Do not write numbers such as your "
            "Social Security number."
        ),
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": gettext_lazy("Write what you ask for.")},
    )
    about_me = forms.BooleanField(
        label=gettext_lazy("I ask for records about myself"),
        help_text=gettext_lazy("You may have more rights to them than others. We then have to see who you are, later."),
        required=False,
    )
    in_custody = forms.BooleanField(
        label=gettext_lazy("I am in jail, in prison or committed"),
        help_text=gettext_lazy("Then we keep the records longer."),
        required=False,
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, required=False)
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        help_text=gettext_lazy("We send a copy of the receipt and our letters there, and you can answer by mail."),
        max_length=254,
        required=False,
    )
    phone = forms.CharField(label=gettext_lazy("Telephone"), max_length=40, required=False)
    postal = text_field(gettext_lazy("Postal address"), rows=2, required=False)
    delivery = forms.ChoiceField(
        label=gettext_lazy("How do you want the records?"), choices=DELIVERY, initial="link", widget=forms.RadioSelect
    )

    OPTIONAL = ("name", "email", "phone", "postal")

    def is_multipart(self) -> bool:
        """Long texts in any script pass without being percent-encoded."""
        return True

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        needed = {"mail": ("email", gettext("Write the address.")), "media": ("postal", gettext("Write the postal address."))}
        field, words = needed.get(given.get("delivery", ""), ("", ""))
        if field and not given.get(field) and field not in self.errors:
            self.add_error(field, words)
        return given

    @property
    def new(self) -> NewRequest:
        """The request as the verb takes it."""
        c = self.cleaned_data
        contact = ContactData(name=c["name"], email=c["email"], phone=c["phone"], postal=c["postal"], delivery=c["delivery"])
        return NewRequest(
            text=c["text"],
            intake="web",
            contact=contact,
            language=translation.get_language() or "en",
            self_request=c["about_me"],
            incarcerated=c["in_custody"],
        )


class CodeForm(forms.Form):
    """The receipt code."""

    code = forms.CharField(
        label=gettext_lazy("Receipt code"),
        help_text=gettext_lazy("Sixteen letters and digits, like 7K3M-9QPD-W2XT-HB5C."),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Type the code of your receipt.")},
    )


class ReplyForm(forms.Form):
    """A message to the desk."""

    text = text_field(gettext_lazy("Your message"), max_length=replies.MAX_TEXT, rows=4)


@never_cache
def ask(request: CityRequest) -> HttpResponse:
    """The form of a request; after it the receipt, once."""
    now = epoch_ms(request.now)
    form = RequestForm(request.POST if request.method == "POST" else None)

    def verb() -> Receipt:
        require_rate(REQUESTS, request, now)
        return intake.submit(form.new, now=now)

    if request.method == "POST" and form.is_valid() and (receipt := run_verb(form, verb)) is not None:
        return show_receipt(request, receipt)
    pack = in_force(local_day(request.now))
    shown = {
        "page": Page(gettext("Request records"), gettext("Public records"), _up()),
        "form": form,
        "optional": [form[name] for name in RequestForm.OPTIONAL],
        "released": released_about(str(form.data.get("text", "")) if form.is_bound else ""),
        "free": [task.title for task in pack.fee_tasks] if pack else [],
        "days": pack.clock("respond").days if pack else 0,
    }
    return render(request, "records/public_request.html", shown, status=status_of(form))


def released_suggestions(request: CityRequest) -> HttpResponse:
    """Released records whose titles have words of the text so far, for the form's script. They are suggested, and block nothing."""
    return render(request, "records/released_before.html", {"released": released_about(request.POST.get("text", "")[:2000])})


def released_about(text: str) -> list[Publication]:
    """The newest releases in the reading room that share words with a text; without any, the newest."""
    rows = list(Publication.objects.filter(state="public").order_by("-published")[:500])
    words = {word.lower() for word in _WORD.findall(text)}
    fitting = [row for row in rows if words & {word.lower() for word in _WORD.findall(f"{row.title} {row.summary}")}]
    return (fitting or ([] if words else rows))[:OFFERED]


def show_receipt(request: CityRequest, receipt: Receipt, back: str = "") -> HttpResponse:
    """The receipt, which is shown once and may be printed: code, link, its picture, and the acknowledgment. back: of the desk."""
    row = receipt.request
    facts = [(gettext("Received"), row.received), *([(gettext("You hear from us by"), row.due)] if row.due else [])]
    shown = {
        "page": Page(gettext("Receipt"), row.number, facts=facts, once=True),
        "row": row,
        "receipt": receipt,
        "picture": qr.svg(receipt.url, gettext("The address of the status page")),
        "confidential": has_number(row.text),
        "back": back,
    }
    return render(request, "records/receipt.html", shown)


@never_cache
def status(request: CityRequest) -> HttpResponse:
    """Take a receipt code, and lead to the status."""
    form = CodeForm(request.POST if request.method == "POST" else None)

    def verb() -> Request:
        require_rate(CODES, request, epoch_ms(request.now))
        row = by_code(form.cleaned_data["code"])
        if row is None:
            raise Conflict(gettext("No request has this code. Look at the receipt again; a 0 is a zero."))
        return row

    if request.method == "POST" and form.is_valid() and (row := run_verb(form, verb)) is not None:
        return redirect("public-records-follow", token_of(row))
    page = Page(gettext("Status of a request"), gettext("Public records"), _up())
    return render(request, "records/public_code.html", {"page": page, "form": form}, status=status_of(form))


@never_cache
def follow(request: CityRequest, token: str) -> HttpResponse:
    """The status of a request, for its requester: what was understood, how its days were used, letters, and a way to write."""
    row = by_token(token)
    if row is None:
        raise Http404
    form = ReplyForm(request.POST if request.method == "POST" else None)

    def verb() -> bool:
        require_rate(WRITES, request, epoch_ms(request.now))
        replies.write(row, form.cleaned_data["text"], now=epoch_ms(request.now))
        return True

    if request.method == "POST" and form.is_valid() and run_verb(form, verb):
        return redirect(f"{request.path}?written=1")
    pack = pack_or_none(row)
    scope = row.scopes.exclude(state__in=("refused", "replaced")).first()
    facts: list[tuple[str, Any]] = [(gettext("Received"), row.received)]
    facts += [(gettext("You hear from us by"), row.due)] if row.due and row.closed is None else []
    facts += [(gettext("Custodian"), row.custodian.display)] if row.custodian else []
    shown = {
        "page": Page(gettext("Your request {number}").format(number=row.number), "", _up(), REQUEST[row.state], facts),
        "row": row,
        "text": masked(row.text),
        "understood": masked(scope.understood) if scope else "",
        "next": translate(NEXT[row.state]),
        "clock": clock.clock_of(row, pack, local_day(request.now)) if pack else None,
        "pause": _pause(row, pack),
        "place": clock.place_in_queue(row),
        "letters": row.letters.filter(state="sent"),
        "written": row.replies.filter(way="page"),
        "parts": [part(row, token) for part in PARTS],
        "form": form,
        "is_sent": "written" in request.GET,
    }
    return render(request, "records/public_status.html", shown, status=status_of(form))


def _pause(row: Request, pack: Any) -> str:
    """Why the clock stands still now, in the words of the law pack."""
    open_pause = row.pauses.filter(ended__isnull=True).first()
    return pack.pause_reason(open_pause.reason).title if open_pause is not None and pack is not None else ""


def _up() -> list[tuple[str, str]]:
    return [(gettext("Public records"), reverse("public-records"))]


def require_rate(limit: RateLimit, request: CityRequest, now: int) -> None:
    """Raise Conflict if this network did it too often in the last hour; no address is stored."""
    if not limit.takes(request.META.get("REMOTE_ADDR", ""), now):
        raise Conflict(gettext("From your network this was done often in the last hour; please come back later."))
