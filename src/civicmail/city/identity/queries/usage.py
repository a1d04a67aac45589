"""How mailboxes are used: the figures of reviews and of the pages of people, made in one place (M7, P-05, P-08).

Counts only, never content. Received mail is counted for a mailbox, whoever uses it; sent and retrieved mail for a person at a
mailbox.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Max, QuerySet, Sum
from django.db.models.functions import TruncMonth

from civicmail.city.directory.models import Person
from civicmail.city.identity.models import Usage

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


def last_sent(boxes: Collection[int]) -> dict[tuple[int, int], date]:
    """(mailbox, person) -> the last day ever on which something was sent."""
    days: dict[tuple[int, int], date] = {}
    box_ids = sorted(boxes)
    for begin in range(0, len(box_ids), MAX_IN_QUERY):
        days |= dict(_last(Usage.objects.filter(mailbox__in=box_ids[begin : begin + MAX_IN_QUERY]).order_by()))
    return days


def _last(rows: QuerySet[Usage, Usage]) -> list[tuple[tuple[int, int], date]]:
    days = rows.filter(sent__gt=0, person__isnull=False).values("mailbox", "person").annotate(last=Max("day"))
    return [((box, person), last) for box, person, last in days.values_list("mailbox", "person", "last") if person]


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
