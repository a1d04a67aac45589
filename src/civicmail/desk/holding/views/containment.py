"""Has somebody else taken this account? The list, the button that locks every door, and the release ("/holding/contained/")."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from civicmail.city.access.actors import Actor
from civicmail.city.access.epoch import epoch_ms, from_ms
from civicmail.city.access.forms import set_choices, text_field
from civicmail.city.access.queries.actors import about_person
from civicmail.city.access.resources import OfPerson
from civicmail.city.access.views import listing
from civicmail.city.access.views.city_request import CityRequest, acting, may, require
from civicmail.city.access.views.form_verb import run_verb, status_of
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Page
from civicmail.desk.holding import tasks
from civicmail.desk.holding.actions import containment as verbs
from civicmail.desk.holding.containment_groups import MessageGroup
from civicmail.desk.holding.containment_states import OPEN, SIGNS, STATES
from civicmail.desk.holding.models import Containment

LOCKED_FOR = "The account acts unlike its owner: {sign}."
CHOICES = [("mine", "waits for you"), ("open", "waits"), ("released", "released")]
MAX_ALLOWED = 10_000
MAX_NAMED = 3
ALL_GROUPS = "all"


class ReleaseForm(forms.Form):
    """What goes is chosen; what looks like the attack, or goes where its sender had never written, is not chosen beforehand."""

    go = forms.MultipleChoiceField(label="Which messages go?", required=False, widget=forms.CheckboxSelectMultiple)
    allowed = forms.IntegerField(
        label="Recipients outside within an hour, for a week",
        help_text="Only where the owner has a reason to send so much. Empty: as for everybody.",
        required=False,
        min_value=1,
        max_value=MAX_ALLOWED,
    )
    reason = text_field(
        "Why is it their owner's again?", "At least 10 characters: whom you spoke to, and what they changed.", min_length=10
    )


@acting("containment.see")
def listed(request: CityRequest) -> HttpResponseBase:
    """The newest first; what is open is one click away."""
    require(request, "containment.see")
    table = listing.from_query(
        request,
        Containment.objects.all(),
        caption="Accounts that act unlike their owners",
        columns=[
            Column("made", "Since", lambda c: Cell(c.made, reverse("containment", args=[c.pk])), ("made",)),
            Column("state", "State", lambda c: Cell(STATES[c.state][1], role=STATES[c.state][0])),
            Column("who", "Account", account_name, ("sender",), name="of"),
            Column("sign", "It sent", lambda c: SIGNS.get(c.sign, c.sign), name="sent"),
            Column("locker", "Locked by", lambda c: c.locker or "", name="locked by"),
            Column("releaser", "Released by", lambda c: c.releaser or "", name="released by"),
        ],
        filters=[Filter("state", "State", partial(_in_state, request.actor), CHOICES)],
        empty="No account has acted unlike its owner.",
        noun="accounts",
        sort="-made",
        slim=lambda rows: rows.select_related("person", "locker", "releaser"),
    )
    return listing.render_list(request, "access/list.html", table, {"page": Page("Has somebody taken an account?", "Holding")})


@acting("containment.release")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """What was unlike its owner, what waits, one button that locks every door, and the release."""
    require(request, "containment.see")
    row = get_object_or_404(Containment.objects.select_related("person", "locker", "releaser"), pk=pk)
    groups = verbs.groups_of(row, epoch_ms(request.now)) if row.state in OPEN or row.let == [] else []
    form = _form(request, groups, is_open=row.state in OPEN)
    if request.method == "POST":
        response = _lock(request, row) if "lock" in request.POST else _release(request, row, form, groups)
        if response is not None:
            return response
    facts: list[tuple[str, Any]] = [
        ("Account", account_name(row)),
        ("Since", row.made),
        ("It sent", SIGNS.get(row.sign, row.sign)),
    ]
    facts += [("Waits", sum(len(g.captures) for g in groups))] if groups else []
    page = Page("Has somebody taken this account?", "Account", [("Accounts", reverse("contained"))], STATES[row.state], facts)
    shown = {
        "page": page, "row": row, "form": form, "back": reverse("contained"), "is_open": row.state in OPEN, "groups": groups,
        "may_lock": bool(may(request, "containment.lock", _resource(row))),
        "may_release": bool(may(request, "containment.release", _resource(row))), "lockable": _is_lockable(row),
    }  # fmt: skip
    return render(request, "holding/contained.html", shown, status=status_of(form))


def account_name(row: Containment) -> str:
    """Whose account it is, as a person reads it."""
    return str(row.person) if row.person is not None else row.sender.partition(":")[2]


def _lock(request: CityRequest, row: Containment) -> HttpResponse | None:
    form = forms.Form({})
    reason = LOCKED_FOR.format(sign=SIGNS.get(row.sign, row.sign))
    if run_verb(form, lambda: verbs.lock(row, actor=request.actor, reason=reason, now=epoch_ms(request.now))) is None:
        messages.error(request, " ".join(str(error) for error in form.non_field_errors()))
    else:
        messages.success(
            request, f"Every door of {account_name(row)} is locked: pages, IMAP, sending, tokens and device passwords."
        )
    return redirect("containment", pk=row.pk)


def _release(request: CityRequest, row: Containment, form: ReleaseForm, groups: list[MessageGroup]) -> HttpResponse | None:
    if not form.is_valid():
        return None
    cleaned = form.cleaned_data
    captures = [capture for g in groups if g.key in cleaned["go"] or ALL_GROUPS in cleaned["go"] for capture in g.captures]
    actor, why, now = request.actor, cleaned["reason"], epoch_ms(request.now)
    if row.state not in OPEN:
        if not captures:
            form.add_error("go", "Choose what goes.")
        if not captures or run_verb(form, lambda: verbs.release_more(row, captures, actor=actor, reason=why, now=now)) is None:
            return None
        messages.success(request, f"Messages that go now: {len(captures)}.")
        return redirect("containment", pk=row.pk)
    allowed = cleaned["allowed"] or 0
    if run_verb(form, lambda: verbs.release(row, captures, allowed=allowed, actor=actor, reason=why, now=now)) is None:
        return None
    messages.success(request, f"The account is released. Messages that go now: {len(captures)}; what was not chosen stays held.")
    return redirect("containment", pk=row.pk)


def _form(request: CityRequest, groups: list[MessageGroup], *, is_open: bool) -> ReleaseForm:
    form = ReleaseForm(request.POST or None) if "lock" not in request.POST else ReleaseForm()
    all_choice = (
        [(ALL_GROUPS, f"Everything, {sum(len(g.captures) for g in groups)} messages: it was a false alarm")]
        if len(groups) > 1
        else []
    )
    set_choices(form, "go", [*((g.key, _group_text(g)) for g in groups), *all_choice])
    form.fields["go"].initial = [g.key for g in groups if is_open and g.is_likely_honest]
    return form


def _group_text(group: MessageGroup) -> str:
    """A group in one line; nothing of what is in it."""
    count, at = len(group.captures), timezone.localtime(from_ms(group.first))
    what = f"{count} messages that say the same" if count > 1 else "1 message"
    to = f"{group.copies} recipient{'s' * (group.copies > 1)}"
    outside = f" in {_domains_text(group.domains)}" if group.domains else ", only in the city"
    place = f", from {', '.join(group.places[:3])}" if group.places else ", from the pages"
    when = f", {date_format(at, 'M j, g:i a')}"
    why = " (looks like the attack)" if group.alike else " (a domain to which it had never written)" if group.new else ""
    return f"{what}, {to}{outside}{place}{when}{why}"


def _domains_text(domains: Sequence[str]) -> str:
    """Domains outside by name where they are few."""
    return ", ".join(domains) if len(domains) <= MAX_NAMED else f"{len(domains)} domains outside"


def _is_lockable(row: Containment) -> bool:
    return row.state == "held" and (row.person is not None or row.sender.startswith("service:"))


def _resource(row: Containment) -> OfPerson:
    return about_person(row.person) if row.person is not None else OfPerson("")


def _in_state(actor: Actor, query: QuerySet[Containment], state: str) -> QuerySet[Containment]:
    if state == "mine":
        return query.filter(pk__in=tasks.contained(actor).values("pk"))
    return query.filter(state__in=OPEN) if state == "open" else query.exclude(state__in=OPEN)
