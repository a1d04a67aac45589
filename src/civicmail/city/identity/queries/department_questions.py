"""Questions to departments: unused, ending and moved mailboxes (M6, M7, P2, P-05)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from civicmail.city.directory.models import Department, Episode, Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization, Device, Usage
from civicmail.city.identity.queries.access_status import load_status
from civicmail.city.identity.queries.usage import PERIOD

NEVER_USED_AFTER = timedelta(days=30)
UNUSED_AFTER = PERIOD
MIN_PEOPLE_FOR_SUMS = 10
"""People below which no sums of theirs are told: they would be about somebody (P-10)."""


def _with_last_use(codes: Collection[str], now: int) -> QuerySet[Authorization]:
    """Own mailboxes in force with last_use: the latest of a sign-in, a device's use, and a message that was sent."""
    devices = Device.objects.filter(person=OuterRef("person")).order_by().values("person").annotate(last=Max("used")).values("last")
    rows = Authorization.objects.filter(state="active", role="holder", until__gt=from_ms(now), department__code__in=codes)
    sent = Usage.objects.filter(person=OuterRef("person"), sent__gt=0).order_by("-day").values("day")[:1]
    return rows.annotate(
        signed_in=F("person__account__last_login"), device_used=Subquery(devices), last_sent=Subquery(sent)
    ).select_related("person", "mailbox", "department")


def _never(codes: Collection[str], now: int) -> QuerySet[Authorization]:
    rows = _with_last_use(codes, now).filter(starts__lte=from_ms(now) - NEVER_USED_AFTER)
    unused = Q(signed_in__isnull=True) & Q(device_used__isnull=True) & Q(last_sent__isnull=True)
    return rows.filter(unused)


def _not_lately(codes: Collection[str], now: int) -> QuerySet[Authorization]:
    since = from_ms(now) - UNUSED_AFTER
    rows = _with_last_use(codes, now).filter(starts__lte=since)
    ever = Q(signed_in__isnull=False) | Q(device_used__isnull=False) | Q(last_sent__isnull=False)
    lately = Q(signed_in__gt=since) | Q(device_used__gt=since) | Q(last_sent__gt=timezone.localdate(since))
    return rows.filter(ever).exclude(pk__in=rows.filter(lately).values("pk"))


def never_used(codes: Collection[str], now: int) -> list[Authorization]:
    """Own mailboxes that were authorized thirty days ago or longer and never used since (M7). codes: of the departments."""
    return list(_never(codes, now).order_by("starts", "id"))


def never_used_anywhere(now: int) -> int:
    """The number of personal mailboxes of the city that were never used: nothing sent, no sign-in, no device. Received mail is not
    use."""
    rows = Authorization.objects.filter(
        state="active", role="holder", until__gt=from_ms(now), starts__lte=from_ms(now) - NEVER_USED_AFTER
    )
    devices = Device.objects.filter(person=OuterRef("person"), used__isnull=False)
    sent = Usage.objects.filter(person=OuterRef("person"), sent__gt=0)
    return rows.filter(~Exists(sent), ~Exists(devices), person__account__last_login__isnull=True).count()


def not_used(codes: Collection[str], now: int) -> list[Authorization]:
    """Own mailboxes that were used once, and not in the last ninety days (M7)."""
    return list(_not_lately(codes, now).order_by("person__family", "id"))


def _leaving(codes: Collection[str]) -> QuerySet[Authorization]:
    rows = Authorization.objects.filter(department__code__in=codes, state__in=LIVING, role="holder", episode__ended__isnull=True)
    return rows.exclude(episode__department=F("department"))


def _arrived(codes: Collection[str]) -> QuerySet[Episode]:
    theirs = Authorization.objects.filter(episode=OuterRef("pk"), state__in=LIVING, role="holder")
    mine = theirs.filter(department=OuterRef("department"))
    return Episode.objects.filter(Exists(theirs), ~Exists(mine), department__code__in=codes, ended__isnull=True)


def episodes_asked_about(question: str, codes: Collection[str], now: int) -> QuerySet[Episode]:
    """Employments in these departments that Home asks about. question: arrived, or unused (never, or not lately)."""
    if question == "arrived":
        return _arrived(codes)
    unused = Q(person__in=_never(codes, now).values("person")) | Q(person__in=_not_lately(codes, now).values("person"))
    return Episode.objects.filter(unused, department__code__in=codes, ended__isnull=True)


def arrived_movers(codes: Collection[str]) -> list[Episode]:
    """People who came from another department, still under its authorisation: these departments decide afresh (M6)."""
    return list(_arrived(codes).select_related("person", "department").order_by("person__family", "id"))


@dataclass(slots=True)
class Counts:
    """Numbers of questions for a department."""

    never: int = 0
    unused: int = 0
    leaving: int = 0
    arrived: int = 0


def counts(codes: Collection[str], now: int) -> dict[str, Counts]:
    """By code of the department; those without any are not in it. Four queries."""
    by_code: dict[str, Counts] = {}
    querysets = {
        "never": Authorization.objects.filter(pk__in=_never(codes, now).values("pk")),
        "unused": Authorization.objects.filter(pk__in=_not_lately(codes, now).values("pk")),
        "leaving": Authorization.objects.filter(pk__in=_leaving(codes).values("pk")),
    }
    for name, rows in querysets.items():
        for code, count in rows.order_by().values("department__code").annotate(n=Count("id")).values_list("department__code", "n"):
            setattr(by_code.setdefault(code, Counts()), name, count)
    arrived = Episode.objects.filter(pk__in=_arrived(codes).values("pk")).order_by().values("department__code")
    for code, count in arrived.annotate(n=Count("id")).values_list("department__code", "n"):
        by_code.setdefault(code, Counts()).arrived = count
    return by_code


def overdue(codes: Collection[str], now: int) -> list[Person]:
    """People with access who cannot send, because they have not accepted the policy for too long (P2)."""
    return list(Person.objects.filter(pk__in=overdue_in(codes, now)).order_by("family", "given", "pk"))


def overdue_in(codes: Collection[str], now: int) -> dict[int, str]:
    """People who cannot send for that reason (P2): id of the person's row -> code of the department. Six queries."""
    rows = Authorization.objects.filter(state="active", role="holder", until__gt=from_ms(now), department__code__in=codes)
    people = dict(rows.order_by().values_list("person", "department__code"))
    everyone = load_status(now, list(people))
    return {pk: code for pk, code in people.items() if (due := everyone.facts(pk, now).owed) is not None and due.is_overdue(now)}


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of mail that the people of a department sent and received over some days. people: number counted."""

    people: int
    sent: int
    received: int


def sums(department: Department, since: datetime) -> Sums | None:
    """Sums of a department since a time; None for fewer than ten people, because such sums would reveal too much (P-10)."""
    rows = Usage.objects.filter(mailbox__department=department, mailbox__kind="personal", day__gte=timezone.localdate(since))
    people = rows.order_by().values("mailbox").distinct().count()
    if people < MIN_PEOPLE_FOR_SUMS:
        return None
    totals = rows.aggregate(sent=Sum("sent"), received=Sum("received"))
    return Sums(people, totals["sent"] or 0, totals["received"] or 0)
