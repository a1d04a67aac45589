"""What was decided lately about what this person asked for: access, files, held mail (P-04, P-22, P-29)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Value
from django.urls import reverse
from django.utils.translation import gettext

from civicmail.city.identity.models import Authorization
from civicmail.city.pages.states import label
from civicmail.desk.holding import approval_states, release_states
from civicmail.desk.holding.models import ApprovalCopy, Release

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


def of_person(uid: str, now: datetime) -> list[Decision]:
    """Newest first. Two queries."""
    since = now - SINCE
    return sorted([*_access(uid, since), *_files_and_releases(uid, since)], key=lambda d: d.at, reverse=True)


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


def _files_and_releases(uid: str, since: datetime) -> list[Decision]:
    """Both with one query, so that Home asks for few."""
    files = ApprovalCopy.objects.filter(approval__person__uid=uid, at__gte=since).exclude(state="waits").exclude(by__uid=uid)
    releases = Release.objects.filter(requester__uid=uid, answered__gte=since).exclude(person__uid=uid)
    rows = files.order_by().annotate(table=Value("files")).values_list("table", "state", "at", "address")
    others = releases.order_by().annotate(table=Value("release")).values_list("table", "state", "answered", "capture")
    words, release = gettext("Files to {address}"), gettext("Release of held mail")
    return [
        Decision(words.format(address=key), approval_states.WORDS[state], at, reverse("my-approvals"))
        if table == "files"
        else Decision(release, release_states.WORDS[state], at, reverse("mail-delivery", args=[key]))
        for table, state, at, key in rows.union(others, all=True).order_by("-at")[:MAX_EACH]
        if at is not None
    ]
