"""The page behind a link of a digest, without an account: the state of one message ("/digest/TOKEN/"); and the schedule of the
digest ("/mail/digest/").

Opening it changes nothing, because programs open links, too, and some press every button: so nothing is preselected. The link alone
permits only what its reader may decide about their own mail anyway: that it is not spam, or that they requested it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache

from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Account
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.notices import signed_links
from civicmail.city.notices.errors import BadLink, OldLink
from civicmail.city.pages.city_request import CityRequest
from civicmail.city.pages.form_verb import status_of
from civicmail.city.pages.page import Page
from civicmail.city.pages.wording import translate
from civicmail.desk.holding import queries, release_kinds
from civicmail.desk.holding.actions import digests, release_copies
from civicmail.desk.holding.held_copies import RETRYING, HeldCopy
from civicmail.desk.viewer.mail_states import held_label

RELEASE = "wanted"


class ReleaseForm(forms.Form):
    """The reader's decision about one message. Options without effect come first."""

    answer = forms.ChoiceField(widget=forms.RadioSelect, error_messages={"required": gettext_lazy("Choose an answer.")})

    def __init__(self, *args: Any, is_expected: bool, **kwargs: Any) -> None:
        """asked: it waits for the confirmation of its requester, else it looks like spam."""
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["answer"])
        field.label = gettext("Did you ask for it?") if is_expected else gettext("Is this no spam?")
        release_label = gettext("I asked for it") if is_expected else gettext("This is no spam")
        field.choices = [("leave", gettext("Leave it")), (RELEASE, release_label)]


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """A valid link with its owner. copy: None if it is not held any more, or no longer theirs."""

    person: Person
    copy: HeldCopy | None
    sent: bool


@never_cache
def digest(request: CityRequest, token: str) -> HttpResponse:
    """Show the state of one message. Without a sign-in an error of the link is shown here, without a redirect to the sign-in."""
    now = epoch_ms(request.now)
    try:
        return _answer(request, _opened(request, token, now), now)
    except OldLink as error:
        return _dead_link(request, gettext("This link has expired. My mail shows held messages with their state."), error.http)
    except BadLink as error:
        return _dead_link(request, gettext("This link was not made by the city's mail, or it was changed on its way."), error.http)
    except NotPermitted as error:
        return _dead_link(request, str(translate(error.args[0])), error.http)


def _dead_link(request: CityRequest, words: str, status: int) -> HttpResponse:
    page = Page(gettext("Invalid link"), gettext("Quarantine"))
    return render(request, "holding/digest.html", {"page": page, "copy": None, "dead": words}, status=status)


def _answer(request: CityRequest, opened: OpenedLink, now: int) -> HttpResponse:
    may_release = (
        opened.copy is not None
        and not opened.sent
        and opened.copy.do not in RETRYING
        and release_copies.recipient_decides(opened.copy)
    )
    is_expected = opened.copy is not None and release_kinds.kind_of(opened.copy.rules, queries.rule_set()) == "asked"
    form = ReleaseForm(request.POST if request.method == "POST" and may_release else None, is_expected=is_expected)
    if may_release and form.is_valid():
        return _release(request, opened, now) if form.cleaned_data["answer"] == RELEASE else _leave(request)
    response = render(request, "holding/digest.html", _context(opened) | {"own": may_release, "form": form}, status=status_of(form))
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex"
    return response


def _leave(request: CityRequest) -> HttpResponse:
    messages.info(request, gettext("It stays where it is."))
    return redirect(request.path)


def _opened(request: CityRequest, token: str, now: int) -> OpenedLink:
    data: Path | None = settings.DATA
    assert data is not None, "pages have an installation"
    token_data = signed_links.read(data, "digest", token, now)
    text = token_data.more.decode("ascii", "replace")
    person = Person.objects.filter(pk=int(text)).first() if text.isdecimal() else None
    if person is None:
        raise BadLink
    user = cast(Any, request).user
    if user.is_authenticated and cast(Account, user).person != person:
        raise NotPermitted(gettext("This link belongs to another person. Open the link in your own digest."))
    copy = queries.copy_or_delayed(token_data.capture, token_data.index, now)
    if copy is not None and not (_is_read_by(copy, person) or _is_sent_by(copy, person)):
        copy = None
    return OpenedLink(person, copy, copy is not None and not _is_read_by(copy, person))


def _release(request: CityRequest, opened: OpenedLink, now: int) -> HttpResponse:
    assert opened.copy is not None
    actor = _actor(request, opened.person, now)
    try:
        released = release_copies.release_own(opened.copy, actor=actor, now=now, facts={"by": "link"})
        if released.released:
            messages.success(request, gettext("It is on its way to your mailbox, and the filter has learnt from it."))
        else:
            messages.warning(request, gettext("It stays: the checks have found something else in it. You can ask for it."))
    except Conflict as error:
        messages.info(request, translate(error.args[0]))
    return redirect(request.path)


def _actor(request: CityRequest, person: Person, now: int) -> Actor:
    """The owner of the link as an actor, with present rights. Raises NotPermitted for a person without access."""
    account = Account.objects.filter(person=person).first()
    if account is None:
        raise NotPermitted(gettext("The person of this link does not use these pages."))
    return actor_of(account, cast(Any, request).actor.client, now)


def _is_read_by(copy: HeldCopy, person: Person) -> bool:
    box = copy.box.lower()
    if Mailbox.objects.filter(address=box, kind="personal", holder=person, closed__isnull=True).exists():
        return True
    return Authorization.objects.filter(mailbox__address=box, mailbox__kind="function", person=person, state="active").exists()


def _is_sent_by(copy: HeldCopy, person: Person) -> bool:
    sender = copy.sender.lower() if copy.door == "submission" else ""
    return sender != "" and Mailbox.objects.filter(address=sender, kind="personal", holder=person).exists()


def _context(opened: OpenedLink) -> dict[str, Any]:
    copy = opened.copy
    title = gettext("State of this message")
    if copy is None:
        return {"page": Page(title, gettext("Quarantine")), "copy": None}
    who = copy.address if opened.sent else copy.sender or gettext("a mail system")
    facts = [
        (gettext("Received"), from_ms(copy.received)),
        (gettext("To") if opened.sent else gettext("From"), who),
        (gettext("Mailbox"), copy.sender if opened.sent else copy.box),
    ]
    rules = [rule for _, rule in queries.named_rules(copy.rules) if rule is not None]
    words = [(rule.sender or rule.reader) if opened.sent else (rule.reader or rule.sender) for rule in rules]
    late = digests.late_reason(copy)
    page = Page(title, gettext("Quarantine"), state=held_label(copy.do), facts=facts)
    return {
        "page": page, "copy": copy, "late": late, "words": [translate(text) for text in words if text],
        "where": reverse("mail-release", args=[copy.uuid]),
    }  # fmt: skip
