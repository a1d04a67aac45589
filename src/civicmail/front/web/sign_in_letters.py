"""Sign-in letters for a first passkey or password, or new ones after a loss. One officer prints the first half; another, who has
seen the person, hands over the second (P-07; decision 0089)."""

from __future__ import annotations

import shlex
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Invitation
from civicmail.city.identity.actions import account_notices, invitations
from civicmail.city.identity.queries import menu_counts, signin_letters
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, absolute, acting, require, require_could
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.forms import ReasonForm
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Page
from civicmail.front.web.local_requests import is_local
from civicmail.front.web.signin import step_up
from civicmail.front.web.system import installation

TITLE = "Sign-in letters"


@acting("account.invite")
@step_up.required
@never_cache
def invite(request: CityRequest, uid: str) -> HttpResponse:
    """Print a letter for a first sign-in."""
    return _letter(request, uid, "invite")


@acting("account.recover")
@step_up.required
@never_cache
def recover(request: CityRequest, uid: str) -> HttpResponse:
    """Print a letter for a person who lost all credentials; the old ones end when it is used."""
    return _letter(request, uid, "recover")


def _letter(request: CityRequest, uid: str, kind: str) -> HttpResponse:
    who = get_object_or_404(Person, uid=uid)
    about = about_person(who)
    require(request, f"account.{kind}", about)
    back = reverse("person", args=[about.department, who.uid]) if about.department else "/"
    form = ReasonForm(request.POST or None, initial={"reason": _reason(who)} if kind == "invite" else None)
    if request.method == "POST" and form.is_valid():
        verb = invitations.invite if kind == "invite" else invitations.recover
        half = run_verb(form, lambda: verb(who, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)))
        if half is not None:
            return _printed(request, who, half, back)
    effects = {
        "invite": [f"You print a letter for {who} with the first half of what opens the account. It is good for 72 hours."],
        "recover": [
            f"You print a letter for {who} with the first half of what opens the account. It is good for 72 hours.",
            "When it is used, every passkey, code, password, device password, token and open session from before ends.",
            f"{who} hears of it at once, at every address that is known: {len(account_notices.addresses_of(who))}.",
            *(f"Call {number} as well, and say what you are doing." for number in account_notices.numbers_of(who)),
        ],
    }[kind]
    effects.append("Somebody else hands the letter over, has seen the person, and gives the second half. Nobody else sees both.")
    question = f"Make a sign-in letter for {who}?" if kind == "invite" else f"Make a recovery letter for {who}?"
    page = Page(question, "Sign-in", [(str(who), back)])
    shown = {"page": page, "form": form, "effects": effects, "verb": "Make 1 letter", "back": back, "stop": kind == "recover"}
    return render(request, "pages/confirm.html", shown, status=status_of(form))


def _reason(who: Person) -> str:
    """The decision that gave the person access, as a reason to start with; "" without one."""
    granted = who.authorizations.filter(role="holder", state__in=["approved", "active"], approver__isnull=False)
    if (last := granted.select_related("approver").order_by("-decided").first()) is None:
        return ""
    return f"First sign-in: {last.approver} approved mail access on {timezone.localdate(last.decided):%b %-d, %Y}."


def _printed(request: CityRequest, who: Person, half: str, back: str) -> HttpResponse:
    """The letter, shown this once, and who can hand it over."""
    letter = Invitation.objects.select_related("account__person").filter(account__person=who).latest("pk")
    folder = shlex.quote(str(installation.data())) if is_local(request) else "DIR"
    command = "" if letter.recovery else f"civicmail access hand-over {shlex.quote(who.uid)} --reason TEXT --data {folder}"
    shown = {
        "page": Page("This is shown once", str(who), [(str(who), back)], once=True),
        "who": who, "half": half, "back": back, "letter": letter, "where": absolute(request, reverse("welcome")),
        "others": signin_letters.who_may_hand_over(letter, epoch_ms(request.now)), "command": command,
    }  # fmt: skip
    return render(request, "invited.html", shown)


@acting("account.hand-over")
def waiting_letters(request: CityRequest) -> HttpResponseBase:
    """Letters that another officer must hand over."""
    if not menu_counts.decided_departments(request.actor):
        require_could(request, "account.hand-over")
    listing_ = listing.from_query(
        request,
        signin_letters.waiting_for(request.actor, epoch_ms(request.now)),
        caption=TITLE,
        columns=[
            Column("person", "For", lambda r: Cell(str(r.account.person), reverse("letter", args=[r.pk]), hint=r.reason)),
            Column("kind", "What", lambda r: "Recovery" if r.recovery else "First sign-in", name="what"),
            Column("by", "Asked by", lambda r: account_notices.name_of(r.by), name="asked by"),
            Column("until", "Until", lambda r: r.until, ("until",), name="until"),
        ],
        filters=[],
        empty="No letter waits for you.",
        noun="letters",
        sort="until",
    )
    return listing.render_list(request, "pages/list.html", listing_, {"page": Page(TITLE, "Access")})


@acting("account.hand-over")
@step_up.required
@never_cache
def hand_over(request: CityRequest, pk: int) -> HttpResponse:
    """Show the second half, for the person who is present."""
    row = get_object_or_404(signin_letters.waiting(epoch_ms(request.now)), pk=pk)
    require(request, "account.hand-over", signin_letters.about(row))
    who, back = row.account.person, reverse("letters")
    form = ReasonForm(request.POST or None)
    crumbs = [(TITLE, back)]
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        half = run_verb(form, lambda: invitations.hand_over(row, actor=request.actor, reason=reason, now=epoch_ms(request.now)))
        if half is not None:
            page = Page("This is shown once", str(who), crumbs, once=True)
            shown = {"page": page, "who": who, "half": half, "back": back, "where": absolute(request, reverse("welcome"))}
            return render(request, "handed.html", shown)
    page = Page(f"Hand the letter over to {who}?", TITLE, crumbs)
    shown = {
        "page": page,
        "form": form,
        "effects": _effects(row),
        "verb": "Show the second half",
        "back": back,
        "stop": row.recovery,
    }
    return render(request, "pages/confirm.html", shown, status=status_of(form))


def _effects(row: Invitation) -> list[Any]:
    who = row.account.person
    effects = [
        f"{account_notices.name_of(row.by)} asked for it: {row.reason}",
        f"See {who} in person, with a card that has a picture; say in the reason what you saw.",
        "Give the sealed letter and the second half to nobody else. Open no letter: whoever has both halves is the person.",
        *(f"Call {number} if anything is odd." for number in account_notices.numbers_of(who)),
    ]
    return [*effects, "With it every passkey, password and session from before ends."] if row.recovery else effects
