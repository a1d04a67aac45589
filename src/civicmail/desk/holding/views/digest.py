"""What a link of a digest leads to, without an account: how one message stands ("/digest/TOKEN/"); and when the digest comes
("/mail/digest/").

To open it changes nothing, because programs open links, too, and some press every button that they find: so nothing is chosen
beforehand. What somebody may do with the link alone is what they could say of their own mail anyhow: that it is no spam, or that
they asked for it; and only the person whose link it is.
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

from civicmail.city.access.actors import Actor
from civicmail.city.access.errors import Conflict, NotPermitted
from civicmail.city.access.models import Account, Authorisation
from civicmail.city.access.moments import moment, ms
from civicmail.city.access.queries.actors import actor_of
from civicmail.city.access.resources import OfPerson
from civicmail.city.access.views.asked import Asked, acting, me, require
from civicmail.city.access.views.confirming import answered
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.saying import said
from civicmail.city.access.views.trying import status_of
from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.notices import tokens
from civicmail.city.notices.errors import BadLink, OldLink
from civicmail.desk.holding import kinds, queries, slots
from civicmail.desk.holding.actions import digests, letting
from civicmail.desk.holding.keptback import DEFERRED, PENDING, WAITS, Copy
from civicmail.desk.holding.models import Digest
from civicmail.desk.mailbox.views.one import crumbs

DAYS = {
    "daily": gettext_lazy("Every day"),
    "working": gettext_lazy("Monday to Friday, not on holidays"),
    "weekly": gettext_lazy("On Mondays"),
}
STATES = {
    "quarantine": ("lock", gettext_lazy("Quarantined")),
    "hold": ("lock", gettext_lazy("Held")),
    PENDING: ("wait", gettext_lazy("Waits for a check")),
    DEFERRED: ("wait", gettext_lazy("Waits for the next server")),
}


WANTED = "wanted"


class Plan(forms.Form):
    """When the digest comes."""

    days = forms.ChoiceField(label=gettext_lazy("On which days?"), choices=list(DAYS.items()), widget=forms.RadioSelect)
    hour = forms.TypedChoiceField(label=gettext_lazy("At what time?"), coerce=int, choices=[(h, f"{h}:00") for h in slots.HOURS])


class Word(forms.Form):
    """What its reader says of one message. What changes nothing stands first."""

    answer = forms.ChoiceField(widget=forms.RadioSelect, error_messages={"required": gettext_lazy("Choose an answer.")})

    def __init__(self, *args: Any, asked: bool, **kwargs: Any) -> None:
        """asked: it waits for the word of whoever asked for it, else it looks like spam."""
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["answer"])
        field.label = gettext("Did you ask for it?") if asked else gettext("Is this no spam?")
        wanted = gettext("I asked for it") if asked else gettext("This is no spam")
        field.choices = [("leave", gettext("Leave it")), (WANTED, wanted)]


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that is good, and whose it is. copy: None where it is not kept back any more, or not theirs by now."""

    person: Person
    copy: Copy | None
    sent: bool


@never_cache
def digest(request: Asked, token: str) -> HttpResponse:
    """Whoever is not signed in hears what is wrong with a link here, and is not asked to sign in first."""
    now = ms(request.now)
    try:
        return _answer(request, _opened(request, token, now), now)
    except OldLink as error:
        return _dead(request, gettext("This link is too old. What is kept back stands beside the message in My mail."), error.http)
    except BadLink as error:
        return _dead(request, gettext("This link was not made by the city's mail, or it was changed on its way."), error.http)
    except NotPermitted as error:
        return _dead(request, str(said(error.args[0])), error.http)


def _dead(request: Asked, words: str, status: int) -> HttpResponse:
    page = Page(gettext("This link does nothing"), gettext("Kept back"))
    return render(request, "holding/digest.html", {"page": page, "copy": None, "dead": words}, status=status)


def _answer(request: Asked, opened: Opened, now: int) -> HttpResponse:
    own = opened.copy is not None and not opened.sent and opened.copy.do not in WAITS and letting.is_own(opened.copy)
    asked = opened.copy is not None and kinds.kind_of(opened.copy.rules, queries.book()) == "asked"
    form = Word(request.POST if request.method == "POST" and own else None, asked=asked)
    if own and form.is_valid():
        return _let(request, opened, now) if form.cleaned_data["answer"] == WANTED else _left(request)
    response = render(request, "holding/digest.html", _shown(opened) | {"own": own, "form": form}, status=status_of(form))
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex"
    return response


def _left(request: Asked) -> HttpResponse:
    messages.info(request, gettext("It stays where it is."))
    return redirect(request.path)


@acting("my.mail")
def plan(request: Asked) -> HttpResponse:
    """One's own choice."""
    require(request, "my.mail", OfPerson(request.actor.uid))
    row = Digest.objects.filter(person=me(request)).first() or Digest()
    form = Plan(request.POST or None, initial={"days": row.days, "hour": row.hour})

    def verb() -> Digest:
        return digests.plan(form.cleaned_data["days"], form.cleaned_data["hour"], actor=request.actor, now=ms(request.now))

    return answered(
        request, form, verb, page=Page(gettext("When do you hear of what is kept back?"), gettext("My mail"), crumbs()),
        back=reverse("my-mail"), template="access/form.html", submit=gettext("Save"), said=gettext("It is saved."),
        note=gettext("One mail says what rules have kept back of your mail. Where nothing is kept back, none comes."),
    )  # fmt: skip


def _opened(request: Asked, token: str, now: int) -> Opened:
    data: Path | None = settings.DATA
    assert data is not None, "pages have an installation"
    found = tokens.read(data, "digest", token, now)
    text = found.more.decode("ascii", "replace")
    person = Person.objects.filter(pk=int(text)).first() if text.isdecimal() else None
    if person is None:
        raise BadLink
    user = cast(Any, request).user
    if user.is_authenticated and cast(Account, user).person != person:
        raise NotPermitted(gettext("This link is somebody else's. Look into your own digest."))
    copy = queries.copy_or_late(found.capture, found.index, now)
    if copy is not None and not (_is_read_by(copy, person) or _is_sent_by(copy, person)):
        copy = None
    return Opened(person, copy, copy is not None and not _is_read_by(copy, person))


def _let(request: Asked, opened: Opened, now: int) -> HttpResponse:
    assert opened.copy is not None
    actor = _actor(request, opened.person, now)
    try:
        done = letting.release_own(opened.copy, actor=actor, now=now, facts={"by": "link"})
        if done.let:
            messages.success(request, gettext("It is on its way to your mailbox, and the filter has learnt from it."))
        else:
            messages.warning(request, gettext("It stays: the checks have found something else in it. You can ask for it."))
    except Conflict as error:
        messages.info(request, said(error.args[0]))
    return redirect(request.path)


def _actor(request: Asked, person: Person, now: int) -> Actor:
    """Whose link it is, as they stand now. Raises NotPermitted for whoever has no access any more."""
    account = Account.objects.filter(person=person).first()
    if account is None:
        raise NotPermitted(gettext("This link is of somebody who does not use the pages."))
    return actor_of(account, cast(Any, request).actor.client, now)


def _is_read_by(copy: Copy, person: Person) -> bool:
    box = copy.box.lower()
    if Mailbox.objects.filter(address=box, kind="personal", holder=person, closed__isnull=True).exists():
        return True
    return Authorisation.objects.filter(mailbox__address=box, mailbox__kind="function", person=person, state="active").exists()


def _is_sent_by(copy: Copy, person: Person) -> bool:
    sender = copy.sender.lower() if copy.door == "submission" else ""
    return sender != "" and Mailbox.objects.filter(address=sender, kind="personal", holder=person).exists()


def _shown(opened: Opened) -> dict[str, Any]:
    copy = opened.copy
    title = gettext("How does this message stand?")
    if copy is None:
        return {"page": Page(title, gettext("Kept back")), "copy": None}
    who = copy.address if opened.sent else copy.sender or gettext("a mail system")
    facts = [
        (gettext("Received"), moment(copy.received)),
        (gettext("To") if opened.sent else gettext("From"), who),
        (gettext("Mailbox"), copy.sender if opened.sent else copy.box),
    ]
    rules = [rule for _, rule in queries.rules(copy.rules) if rule is not None]
    words = [(rule.sender or rule.reader) if opened.sent else (rule.reader or rule.sender) for rule in rules]
    late = digests.late_words(copy)
    role, word = STATES.get(copy.do, STATES["hold"])
    page = Page(title, gettext("Kept back"), state=(role, str(word)), facts=facts)
    return {
        "page": page, "copy": copy, "late": late, "words": [said(text) for text in words if text],
        "where": reverse("mail-release", args=[copy.uuid]),
    }  # fmt: skip
