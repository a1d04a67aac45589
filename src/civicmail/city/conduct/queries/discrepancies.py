"""Discrepancies between the personnel list, access and use, each with what to do about it (P-05, P-08; M6, M7, L6)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from civicmail.city.conduct.external_account_states import OPEN_STATES
from civicmail.city.conduct.models import Leaver
from civicmail.city.conduct.queries import external_systems, leavers
from civicmail.city.directory.models import Department, FeedRun, Person
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries import department_questions
from civicmail.city.identity.queries.autoreplies import left_mailboxes

KINDS: dict[str, str] = {
    "left": "Left, not confirmed",
    "not-in-feed": "Here, not in the feed",
    "in-feed": "In the feed, not here",
    "outside": "Ended here, not elsewhere",
    "moved": "Moved, to be decided afresh",
    "never": "Never used",
    "unused": "Not used for 90 days",
    "open-account": "Left, account not closed",
}
"""Kinds of discrepancies, the most urgent first."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One discrepancy. route, args: the page where it is resolved; role: color of its state."""

    kind: str
    who: str
    hint: str
    where: str
    since: datetime | None
    act: str
    route: str
    args: tuple[object, ...]
    role: str = "warn"


def find_discrepancies(codes: Collection[str], now: int, *, feed: bool) -> list[Discrepancy]:
    """All discrepancies of these departments, by kind and then by name. feed: include the effects of a waiting personnel list, or
    else the errors of the last one, which concern the whole city. About ten queries."""
    names = dict(Department.objects.filter(code__in=codes).values_list("code", "name"))
    discrepancies = [*_left(codes, now), *_outside(codes), *_moved(codes), *_idle(codes, now), *_open_accounts(codes, now)]
    if feed:
        discrepancies += _feed()
    order = list(KINDS)
    return sorted(discrepancies, key=lambda n: (order.index(n.kind), names.get(n.where, n.where), n.who, n.hint))


def count_by_kind(discrepancies: Collection[Discrepancy]) -> dict[str, int]:
    """The number of each kind, in the order of KINDS, without zeros."""
    return {kind: n for kind in KINDS if (n := sum(line.kind == kind for line in discrepancies))}


def _left(codes: Collection[str], now: int) -> Iterator[Discrepancy]:
    rows = leavers.open_rows(now).filter(department__code__in=codes).select_related("ending__person", "mailbox", "department")
    for row in rows:
        role = "stop" if row.told <= from_ms(now - DAY_MS) else "wait"
        where, act = row.department.code, "Confirm, and choose for the mail"
        at = (where, row.pk)
        yield Discrepancy("left", str(row.ending.person), row.mailbox.address, where, row.ending.when, act, "left", at, role)


def _feed() -> Iterator[Discrepancy]:
    kinds = {"refused": ("in-feed", "See why the line was refused")}
    run = FeedRun.objects.filter(state__in=["proposed", "stopped"]).order_by("-at").first()
    if run is not None:
        kinds |= {"ended": ("not-in-feed", "Look at the reading: it would end them"), "added": ("in-feed", "Look at the reading")}
    else:  # what the last one refused is still not here
        run = FeedRun.objects.filter(state__in=["applied", "live"]).order_by("-at").first()
    if run is None:
        return
    rows = list(run.lines.filter(did__in=list(kinds)).order_by("id"))
    names = dict(Person.objects.filter(uid__in=[line.uid for line in rows]).values_list("uid", "display"))
    for line in rows:
        kind, act = kinds[line.did]
        family, display = line.changes.get("family", ["", ""]), line.changes.get("display", ["", ""])
        who = names.get(line.uid) or str(display[-1] or family[-1] or line.uid or f"Line {line.line}")
        yield Discrepancy(kind, who, line.reason or line.uid, "", run.at, act, "feed", (run.pk,))


def _outside(codes: Collection[str]) -> Iterator[Discrepancy]:
    rows = external_systems.endings().filter(state__in=list(OPEN_STATES), account__episode__department__code__in=codes)
    for row in rows:
        account = row.account
        role = "stop" if row.overdue else "wait"
        yield Discrepancy(
            "outside", str(account.person), f"{account.door}: {account.login}", account.episode.department.code, row.made,
            f"Ask {account.door.person}", "outside-person", (account.episode.department.code, account.person.uid), role,
        )  # fmt: skip


def _moved(codes: Collection[str]) -> Iterator[Discrepancy]:
    for episode in department_questions.arrived_movers(codes):
        where = episode.department.code
        yield Discrepancy(
            "moved", str(episode.person), "came from another department", where, None, "Decide about mail here", "person",
            (where, episode.person.uid), "wait",
        )  # fmt: skip


def _idle(codes: Collection[str], now: int) -> Iterator[Discrepancy]:
    for kind, rows in (
        ("never", department_questions.never_used(codes, now)),
        ("unused", department_questions.not_used(codes, now)),
    ):
        for a in rows:
            yield _idle_line(kind, a)


def _idle_line(kind: str, a: Authorization) -> Discrepancy:
    where = a.department.code
    at = (where, a.person.uid)
    return Discrepancy(
        kind, str(a.person), a.mailbox.address, where, a.starts, "Ask whether it is still needed", "person", at, "quiet"
    )


def _open_accounts(codes: Collection[str], now: int) -> Iterator[Discrepancy]:
    """Mailboxes of leavers that are answered but not closed, and cost money."""
    gone = left_mailboxes(now).values("pk")
    rows = Leaver.objects.filter(department__code__in=codes, mailbox__in=gone).exclude(choice="")
    for row in rows.select_related("ending__person", "mailbox", "department"):
        at = (row.department.code, row.pk)
        words = f"{row.mailbox.address}: {leavers.CHOICES[row.choice].lower()}"
        yield Discrepancy(
            "open-account", str(row.ending.person), words, row.department.code, timezone.localtime(row.answered),
            "Close the account when nobody needs it", "left", at, "quiet",
        )  # fmt: skip
