"""The pick-up portal for outside readers, with their link and a passphrase ("/pickup/TOKEN/", P-19).

The link alone shows nothing, so programs that open links learn nothing and change nothing. An opened message stays open in that
page only, for half an hour: the page contains a signed pass, and each use checks again whether the message may still be read.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.forms import text_field
from civicmail.city.pages.page import Page
from civicmail.city.pages.wording import translate
from civicmail.desk.holding import pickup_states
from civicmail.desk.holding.actions import pickups as verbs
from civicmail.desk.holding.models import PickUp
from civicmail.desk.viewer.queries import installation
from civicmail.mail.courier import pickup_store
from civicmail.mail.pipeline import encryption_requests

OPEN_SECONDS = 1800
WHOLE = "message"
SALT, FILE_SALT = "civicmail pickup", "civicmail pickup file"


class PassphraseForm(forms.Form):
    """The passphrase that the reader enters."""

    secret = forms.CharField(
        label=gettext_lazy("Passphrase"), max_length=verbs.MAX_SECRET, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip


class ChoosePassphraseForm(forms.Form):
    """The passphrase that the reader chooses, typed twice because it is hidden."""

    secret = forms.CharField(
        label=gettext_lazy("Choose a passphrase"), max_length=verbs.MAX_SECRET, strip=False,
        help_text=gettext_lazy("At least 10 characters. You need it to open this message again; nobody can tell it to you."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    again = forms.CharField(
        label=gettext_lazy("The same again"), max_length=verbs.MAX_SECRET, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        if cleaned.get("secret") and cleaned.get("again") and cleaned["secret"] != cleaned["again"]:
            self.add_error("again", gettext("The two are not the same."))
        return cleaned


class ReplyForm(forms.Form):
    text = text_field(
        gettext_lazy("Your answer"), gettext_lazy("It stays inside the city’s system."), max_length=verbs.MAX_REPLY, rows=6
    )


@never_cache
@sensitive_post_parameters("secret", "again")
def pickup(request: CityRequest, token: str) -> HttpResponse:
    """Ask for the passphrase; with it, or a pass, show the message; take an answer."""
    row = PickUp.objects.filter(token=verbs.token_digest(token)).first()
    if row is None:
        page = Page(gettext("A confidential message"), gettext("Pick up"))
        return render(request, "holding/pickup.html", {"page": page, "unknown": True}, status=404)
    now = epoch_ms(request.now)
    if row.until.timestamp() * 1000 <= now and row.state in pickup_states.KEPT:
        row.state = "over"
    if row.state not in pickup_states.LIVE:
        return _closed_page(request, row)
    if request.method == "POST" and "pass" in request.POST:
        return _with_pass(request, row, now)
    return _ask_passphrase(request, row, now)


def _ask_passphrase(request: CityRequest, row: PickUp, now: int, *, typed: bool = True) -> HttpResponse:
    form_class = PassphraseForm if row.secret else ChoosePassphraseForm
    form = form_class(request.POST if typed and request.method == "POST" else None)
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                opened = verbs.open_(
                    row, form.cleaned_data["secret"], rules=settings.CITY.secure, client=reader_actor(request), now=now
                )
                return _show_message(request, opened, ReplyForm())
            except Conflict as error:
                row = PickUp.objects.get(pk=row.pk)
                if row.state not in pickup_states.LIVE or row.until.timestamp() * 1000 <= now:
                    return _closed_page(request, row)
                form = PassphraseForm(request.POST)
                form.add_error("secret", translate(error.args[0]))
            except Unusable as error:
                form.add_error("secret", translate(error.args[0]))
    facts = [(gettext("For"), row.to), (gettext("From"), settings.CITY.city.name), (gettext("Here until"), row.until)]
    page = Page(gettext("A confidential message"), gettext("Pick up"), facts=facts)
    shown = {"page": page, "form": form, "first": not row.secret, "sender_only": row.sender_only}
    return render(request, "holding/pickup.html", shown, status=status)


def _with_pass(request: CityRequest, row: PickUp, now: int) -> HttpResponse:
    """Answer a request of a page in which the message was opened before."""
    try:
        opened = signing.loads(request.POST["pass"], salt=SALT, max_age=OPEN_SECONDS)
    except signing.BadSignature:
        return _ask_again(request, row, now)
    if opened[:-1] != pass_payload(row):
        return _ask_again(request, row, now)
    form = ReplyForm(request.POST)
    if form.is_valid():
        try:
            index = pickup_store.index(installation(), row.box)
            text, subject, id_ = form.cleaned_data["text"], index["subject"], index["message_id"]
            verbs.reply(row, text, subject, id_, expected_count=opened[-1], client=reader_actor(request), now=now)
        except Conflict as error:
            form.add_error("text", translate(error.args[0]))
        except Unusable as error:
            form.add_error("text", translate(error.args[0]))
        except FileNotFoundError:  # it was taken back at this moment
            return _closed_page(request, PickUp.objects.get(pk=row.pk))
        else:
            return _show_message(request, row, ReplyForm(), sent=True)
    return _show_message(request, row, form, status=422)


def _ask_again(request: CityRequest, row: PickUp, now: int) -> HttpResponse:
    return _ask_passphrase(request, row, now, typed=False)


def _show_message(request: CityRequest, row: PickUp, form: forms.Form, *, sent: bool = False, status: int = 200) -> HttpResponse:
    try:
        index = pickup_store.index(installation(), row.box)
    except FileNotFoundError:
        return _closed_page(request, PickUp.objects.get(pk=row.pk))
    facts = [
        (gettext("From"), f"{index['name']} <{index['from']}>" if index["name"] else index["from"]),
        (gettext("For"), row.to),
        (gettext("Here until"), row.until),
    ]
    page = Page(encryption_requests.without_word(index["subject"]) or gettext("(no subject)"), gettext("Pick up"), facts=facts)
    base_url = settings.CITY.secure.files_url.rstrip("/")
    file_links = [
        {"name": f["name"] or gettext("file"), "size": f["size"], "at": f"{base_url}/pickup/file/{_file_token(row, str(n))}/"}
        for n, f in enumerate(index["files"])
    ]
    shown = {
        "page": page,
        "index": index,
        "files": file_links,
        "answer": form,
        "sent": sent,
        "pass": signing.dumps([*pass_payload(row), row.replies.count()], salt=SALT),
        "whole": f"{base_url}/pickup/file/{_file_token(row, WHOLE)}/",
    }
    return render(request, "holding/pickup.html", shown, status=status)


def _closed_page(request: CityRequest, row: PickUp) -> HttpResponse:
    state = row.state if row.state in pickup_states.CLOSED_MESSAGES else "over"
    page = Page(gettext("A confidential message"), gettext("Pick up"))
    return render(
        request, "holding/pickup.html", {"page": page, "closed": translate(pickup_states.CLOSED_MESSAGES[state])}, status=410
    )


def pass_payload(row: PickUp) -> list[Any]:
    """The payload of a pass: a new passphrase invalidates it."""
    return [row.pk, verbs.token_digest(row.secret)[:16]]


def _file_token(row: PickUp, what: str) -> str:
    return signing.dumps([*pass_payload(row), what], salt=FILE_SALT)


def reader_actor(request: CityRequest) -> Actor:
    return verbs.reader_actor(request.actor.client)
