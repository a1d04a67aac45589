"""What was decided lately about what this person asked for: access, files, held mail, examinations, rules (P-04, P-16, P-22,
P-29)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils.translation import gettext

from civicmail.city.guard.models import Mandate
from civicmail.city.identity.models import Authorization
from civicmail.city.pages.states import label
from civicmail.desk.holding import approval_states, release_states
from civicmail.desk.holding.models import ApprovalCopy, Release
from civicmail.desk.oversight.models import Version

SINCE = timedelta(hours=36)
"""Since yesterday morning, whatever the hour of today."""
MAX_EACH = 5
"""Of one kind; its own page has all."""


@dataclass(frozen=True, slots=True)
class Decision:
    """what: its object; state: (role, word); at: when; url: where it is read."""

    what: str
    state: tuple[str, str]
    at: datetime
    url: str


def of_person(uid: str, now: datetime, *, sees_examinations: bool = True) -> list[Decision]:
    """Newest first. Two queries. sees_examinations: whether the person may open one now; else the link leads to the roles, where
    one is activated first."""
    since = now - SINCE
    return sorted([*_access(uid, since), *_others(uid, since, sees_examinations)], key=lambda d: d.at, reverse=True)


def _access(uid: str, since: datetime) -> list[Decision]:
    rows = (
        Authorization.objects.filter(requester__uid=uid, decided__gte=since)
        .exclude(state__in=["asked", "withdrawn"])
        .exclude(approver__uid=uid)
    )
    return [
        Decision(
            gettext("Mail access for {person}").format(person=a.person),
            label("denied" if a.state == "refused" else "approved"),
            a.decided,
            reverse("request", args=[a.pk]),
        )
        for a in rows.select_related("person").order_by("-decided")[:MAX_EACH]
        if a.decided is not None
    ]


def _others(uid: str, since: datetime, sees_examinations: bool) -> list[Decision]:
    """All with one query, so that Home asks for few."""
    files = ApprovalCopy.objects.filter(approval__person__uid=uid, at__gte=since).exclude(state="waits").exclude(by__uid=uid)
    releases = Release.objects.filter(requester__uid=uid, answered__gte=since).exclude(person__uid=uid)
    mandates = Mandate.objects.filter(person__uid=uid, approver__isnull=False, decided__gte=since)
    versions = Version.objects.filter(author__uid=uid, approver__isnull=False, decided__gte=since)
    sources: list[tuple[str, QuerySet[Any], str, Any]] = [
        ("files", files, "at", F("address")),
        ("release", releases, "answered", F("capture")),
        ("mandate", mandates, "decided", F("number")),
        ("rule", versions, "decided", Concat("rule", Value("/"), Cast("number", CharField()))),
    ]
    first, *others = (
        source.order_by().annotate(table=Value(table), place=place).values_list("table", "state", at, "place")
        for table, source, at, place in sources
    )
    rows = first.union(*others, all=True).order_by("-at")[:MAX_EACH]
    return [_decision(table, state, at, key, sees_examinations) for table, state, at, key in rows if at is not None]


def _decision(table: str, state: str, at: datetime, key: str, sees_examinations: bool) -> Decision:
    """key: address, capture, number of the mandate, or rule and version."""
    match table:
        case "files":
            text = gettext("Files to {address}").format(address=key)
            return Decision(text, approval_states.WORDS[state], at, reverse("my-approvals"))
        case "release":
            return Decision(gettext("Release of held mail"), release_states.WORDS[state], at, reverse("mail-delivery", args=[key]))
        case "mandate":
            word = label("denied" if state == "refused" else "approved")
            url = reverse("mandate", args=[key]) if sees_examinations else reverse("duties")
            return Decision(gettext("Examination {number}").format(number=key), word, at, url)
    rule, _, number = key.rpartition("/")
    word = label("denied" if state == "refused" else "approved")
    text = gettext("Rule {rule}, version {number}").format(rule=rule, number=number)
    return Decision(text, word, at, reverse("rule-version", args=[rule, number]))
