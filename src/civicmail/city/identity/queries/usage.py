"""How mailboxes are used: the figures of reviews and of the pages of people, made in one place (M7, P-05, P-08).

Counts only, never content. Received mail is counted for a mailbox, whoever uses it; sent and retrieved mail for a person at a
mailbox.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from civicmail.city.directory.models import Person
from civicmail.city.guard.models import Account
from civicmail.city.identity.models import Authorization, Device, Usage

PERIOD = timedelta(days=90)
"""Of which mail is counted for whoever asks whether access is used (M7)."""

MAX_IN_QUERY = 500
"""People or mailboxes from which on a query about everybody is shorter than the list of them."""


@dataclass(frozen=True, slots=True)
class Use:
    """Usage of one mailbox by one person. last_sent: the last day, if it is within the period."""

    sent: int = 0
    received: int = 0
    retrieved: int = 0
    notices: int = 0
    last_sent: date | None = None


@dataclass(slots=True)
class Used:
    """by: (mailbox, person) -> sent, fetched, the last day on which something was sent; came: by mailbox, received and notices."""

    by: dict[tuple[int, int], tuple[int, int, date | None]] = field(default_factory=dict)
    came: dict[int, tuple[int, int]] = field(default_factory=dict)

    def of(self, mailbox: int, person: int) -> Use:
        sent, fetched, last = self.by.get((mailbox, person), (0, 0, None))
        received, notices = self.came.get(mailbox, (0, 0))
        return Use(sent, received, fetched, notices, last)


def usage_since(day: date, people: Collection[int], boxes: Collection[int]) -> Used:
    """Mail sent and retrieved by these people (ids of rows), and received by these mailboxes, from a day on. Three queries."""
    used, rows = Used(), Usage.objects.filter(day__gte=day).order_by()
    mine = rows if len(people) > MAX_IN_QUERY else rows.filter(person__in=set(people))
    in_boxes = rows if len(boxes) > MAX_IN_QUERY else rows.filter(mailbox__in=set(boxes))
    last = dict(_last(mine))
    did = mine.filter(person__isnull=False).values("mailbox", "person").annotate(s=Sum("sent"), f=Sum("retrieved"))
    for box, person, sent, fetched in did.values_list("mailbox", "person", "s", "f"):
        assert person is not None
        used.by[box, person] = (sent, fetched, last.get((box, person)))
    came = in_boxes.values("mailbox").annotate(r=Sum("received"), n=Sum("notices"))
    used.came = {box: (received, notices) for box, received, notices in came.values_list("mailbox", "r", "n")}
    return used


Days = dict[tuple[int, int], date]
"""(mailbox, person), ids of rows -> a day."""


def last_sent(boxes: Collection[int]) -> Days:
    """The last day ever on which something was sent."""
    return _last_days("sent", boxes)


def last_retrieved(boxes: Collection[int]) -> Days:
    """The last day ever on which mail was retrieved, to be read."""
    return _last_days("retrieved", boxes)


def _last_days(what: str, boxes: Collection[int]) -> Days:
    days: Days = {}
    box_ids = sorted(boxes)
    for begin in range(0, len(box_ids), MAX_IN_QUERY):
        days |= dict(_last(Usage.objects.filter(mailbox__in=box_ids[begin : begin + MAX_IN_QUERY]).order_by(), what))
    return days


def _last(rows: QuerySet[Usage, Usage], what: str = "sent") -> list[tuple[tuple[int, int], date]]:
    days = rows.filter(**{f"{what}__gt": 0}, person__isnull=False).values("mailbox", "person").annotate(last=Max("day"))
    return [((box, person), last) for box, person, last in days.values_list("mailbox", "person", "last") if person]


def last_seen(people: Collection[int] | None) -> dict[int, datetime]:
    """The last sign-in or use of a device, by person (id of the row); None for all. Two queries."""
    of: dict[str, Any] = {} if people is None else {"person__in": people}
    logins = Account.objects.filter(last_login__isnull=False, **of).values_list("person", "last_login")
    used = Device.objects.filter(used__isnull=False, person__isnull=False, **of).order_by().values("person")
    seen: dict[int, datetime] = {}
    for person, at in [*logins, *used.annotate(last=Max("used")).values_list("person", "last")]:
        if at is not None and (person not in seen or seen[person] < at):
            seen[person] = at
    return seen


@dataclass(frozen=True, slots=True)
class Evidence:
    """How an authorization is used, the same in a review, on the person's page in the department, and for the person. began: the
    day on which access began; day: until when it was counted, for 90 days; the last days are of all time, None for never."""

    began: date
    day: date
    use: Use
    last_sent: date | None = None
    last_read: date | None = None
    last_seen: date | None = None

    @property
    def since(self) -> date:
        """The first day that was counted."""
        return self.day - PERIOD

    @property
    def is_used(self) -> bool:
        return any((self.last_sent, self.last_read, self.last_seen))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the use of some authorizations, for a day."""

    day: date
    used: Used
    sent: Days
    read: Days
    seen: dict[int, datetime]

    def evidence(self, a: Authorization) -> Evidence:
        key, seen = (a.mailbox_id, a.person_id), self.seen.get(a.person_id)
        return Evidence(
            timezone.localdate(a.starts or a.since), self.day, self.used.of(*key), self.sent.get(key), self.read.get(key),
            timezone.localdate(seen) if seen else None,
        )  # fmt: skip


def known(day: date, people: Collection[int], boxes: Collection[int]) -> Known:
    """What is known of the use of these mailboxes by these people (ids of rows). Seven queries for up to 500 of them."""
    some = people if len(people) <= MAX_IN_QUERY else None
    return Known(day, usage_since(day - PERIOD, people, boxes), last_sent(boxes), last_retrieved(boxes), last_seen(some))


def evidence(rows: Collection[Authorization], day: date) -> dict[int, Evidence]:
    """The evidence of some authorizations, by id of the row."""
    known_ = known(day, {a.person_id for a in rows}, {a.mailbox_id for a in rows})
    return {a.pk: known_.evidence(a) for a in rows}


@dataclass(frozen=True, slots=True)
class Month:
    first: date
    sent: int
    received: int
    retrieved: int
    notices: int = 0


def months(person: Person, max_months: int = 12) -> list[Month]:
    """Mail that a person sent from any mailbox, received in their own, and retrievals, by month, newest first."""
    rows = (
        Usage.objects.filter(person=person)
        .annotate(month=TruncMonth("day"))
        .order_by()
        .values("month")
        .annotate(sent_=Sum("sent"), received_=Sum("received"), retrieved_=Sum("retrieved"), notices_=Sum("notices"))
        .order_by("-month")
        .values_list("month", "sent_", "received_", "retrieved_", "notices_")[:max_months]
    )
    return [Month(*row) for row in rows]
