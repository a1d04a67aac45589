"""Compromised accounts: the list, the lock of an account, and the release ("/holding/contained/")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.desk.holding.actions import containment as verbs
from civicmail.desk.holding.acts.containment import LOCK_ACCOUNT, RELEASE_ACCOUNT
from civicmail.desk.holding.containment_groups import MessageGroup
from civicmail.desk.holding.containment_states import OPEN, SIGNS, STATES
from civicmail.desk.holding.models import Containment

MAX_NAMED = 3


@acting("containment.release")
def detail(request: CityRequest, pk: int) -> HttpResponse:
    """Show the anomaly, the held messages, the button that locks the account, and the release."""
    account = act_pages.row_of(RELEASE_ACCOUNT, pk, actor=request.actor, now=epoch_ms(request.now))
    row, groups, page = account.row, account.groups, reverse("containment", args=[pk])
    if "lock" in request.POST:
        row = act_pages.permitted_row(LOCK_ACCOUNT, request, pk)
        return act_pages.respond_to_button(request, LOCK_ACCOUNT, row, page, shown=(Unusable, Conflict))
    if request.method == "POST":
        require(request, "containment.release", verbs.about(row))
    facts: list[tuple[str, Any]] = [
        ("Account", verbs.account_name(row)),
        ("Since", row.made),
        ("It sent", SIGNS.get(row.sign, row.sign)),
    ]
    facts += [("Waits", sum(len(g.captures) for g in groups))] if groups else []
    form_page = FormPage(
        title=f"Compromised account: {verbs.account_name(row)}", section="Compromised accounts",
        crumbs=[("Compromised accounts", reverse("contained"))],
        state=STATES[row.state], facts=facts, back=reverse("contained"), template="holding/contained.html",
        submit="Release 1 account" if row.state in OPEN else "Let it go after all",
        context={
            "row": row, "is_open": row.state in OPEN, "groups": groups, "lockable": _is_lockable(row),
            "may_lock": bool(may(request, "containment.lock", verbs.about(row))),
            "may_release": bool(may(request, "containment.release", verbs.about(row))),
        },
    )  # fmt: skip
    return act_pages.answer(request, RELEASE_ACCOUNT, account, form_page)


def group_choices(groups: Sequence[MessageGroup]) -> list[tuple[str, str]]:
    """Each group, and everything if there are several."""
    count = sum(len(g.captures) for g in groups)
    everything = [(verbs.ALL_GROUPS, f"Everything, {count} messages: it was a false alarm")] if len(groups) > 1 else []
    return [*((g.key, _group_text(g)) for g in groups), *everything]


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
