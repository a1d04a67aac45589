"""What became of earlier requests to send files to an address (P-22), and what was answered today.

Both are of stored answers, within the departments of the reader; no message is read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.db.models import Count, Max, Q, QuerySet, Value
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.formats import date_format

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.desk.holding.models import Approval, ApprovalCopy

YEAR = timedelta(days=365)
COUNTED = (
    ("approved", "approved"), ("refused", "denied"), ("records", "referred"), ("withdrawn", "withdrawn"),
    ("expired", "without an answer"),
)  # fmt: skip
"""States, in the order of the sentence, with their words in it."""
ANSWERS = ("approved", "refused", "records")
MAX_TODAY = 20
"""Messages; the report has all."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Of one address. year: requests of the last year by state, one for each message; last: when the newest of all ended, None if
    there was none."""

    year: Mapping[str, int] = field(default_factory=dict)
    last: datetime | None = None

    @property
    def count(self) -> int:
        return sum(self.year.values())

    @property
    def sentence(self) -> str:
        if self.last is None:
            return "No files for this address were submitted before."
        last = date_format(timezone.localtime(self.last), "F j, Y")
        if not self.count:
            return f"No files for this address in the last year; before that the last on {last}."
        parts = ", ".join(f"{self.year[state]:,} {word}" for state, word in COUNTED if self.year.get(state))
        messages = "1 message" if self.count == 1 else f"{self.count:,} messages"
        return f"{messages} with files in the last year: {parts}. The last on {last}."


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer about a message: its copies have author, time and state in common."""

    approval: Approval
    copies: list[ApprovalCopy]


def of_addresses(addresses: Collection[str], actor: Actor, now: int) -> dict[str, Earlier]:
    """For each address, as given. Upper and lower case are one. One query, none without an address."""
    if not addresses:
        return {}
    folded = [form for address in addresses for form in (Value(address.lower()), Lower(Value(address)))]
    ended = _of_reader(ApprovalCopy.objects.filter(at__isnull=False), actor).exclude(state="gone").order_by()
    recent = Q(at__gte=from_ms(now) - YEAR)
    states = {state: Count("pk", filter=Q(state=state) & recent) for state, _ in COUNTED}
    counted = ended.annotate(to=Lower("address")).filter(to__in=folded).values("to").annotate(last=Max("at"), **states)
    rows = counted.values_list("to", "last", *states)
    known = {to.lower(): Earlier(dict(zip(states, counts, strict=True)), last) for to, last, *counts in rows}
    return {address: known.get(address.lower(), Earlier()) for address in addresses}


def answered_today(actor: Actor, now: int) -> list[Answered]:
    """What this person and the other approvers of their departments answered today, newest first. One query."""
    begins = timezone.make_aware(datetime.combine(timezone.localdate(from_ms(now)), time.min))
    copies = _of_reader(ApprovalCopy.objects.filter(at__gte=begins, state__in=ANSWERS), actor)
    related = copies.select_related("approval__person", "approval__department", "by").order_by("-at", "-approval", "index")
    return _together(related[: MAX_TODAY * 5])[:MAX_TODAY]


def _together(copies: Iterable[ApprovalCopy]) -> list[Answered]:
    answers: dict[tuple[int, int | None, str], Answered] = {}
    for copy in copies:
        key = copy.approval_id, copy.by_id, copy.state
        answers.setdefault(key, Answered(copy.approval, [])).copies.append(copy)
    return list(answers.values())


def _of_reader(copies: QuerySet[ApprovalCopy], actor: Actor) -> QuerySet[ApprovalCopy]:
    """Of the departments that the reader answers for, and of files that they decided about as their own; an auditor has all."""
    if actor.holds("auditor"):
        return copies
    own = Q(approval__own=True, approval__person__uid=actor.uid)
    return copies.filter(Q(approval__department__code__in=actor.departments) | own)
