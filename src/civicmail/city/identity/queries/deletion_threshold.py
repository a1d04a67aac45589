"""Deletion threshold of SCIM: whether a change is applied at once or waits for an officer.

A single leaver is let through whatever waits (P-08, P-09).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from civicmail.city.directory import deletion_threshold
from civicmail.city.directory.feed_diff import FeedResult
from civicmail.city.directory.models import FeedLine, FeedRun
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.identity.queries.scim import people_now

HELD_TEXT = "what it said before waits, or was rejected"
"""Nothing more of the kind is done then but for single leavers, whatever the day: a feed that lies is stopped, and not obeyed a
little each day."""
HOUR_MS = DAY_MS // 24
MONTH_MS = 30 * DAY_MS


@dataclass(frozen=True, slots=True)
class ThresholdDecision:
    """why: why an officer decides first, "" if that is unnecessary. alone: a single leaver, who passes the threshold."""

    why: str = ""
    alone: bool = False


def check_line(line: FeedResult, now: int) -> ThresholdDecision:
    """Decide on one more line. now: ms. The caller locks the report of the day before, so that two simultaneous lines are counted
    one after the other."""
    if line.did == "ended":
        why = HELD_TEXT if _is_distrusted("ended") else _too_many(now)
        return ThresholdDecision(alone=True) if why and _is_alone(line.uid, now) else ThresholdDecision(why)
    large = [
        (what, names) for what, names in deletion_threshold.WATCHED_CHANGES if line.did == "changed" and names & line.changes.keys()
    ]
    return ThresholdDecision(_changes_too_many(line.uid, large, now)) if large else ThresholdDecision()


def _too_many(now: int) -> str:
    """Leavers within a day, or within thirty, in a feed that is trusted."""
    day, month = Count("pk", filter=Q(at__gt=from_ms(now - DAY_MS))), Count("pk")
    done = _done("ended", now - MONTH_MS).order_by().aggregate(day=day, month=month)
    people = people_now()
    if deletion_threshold.is_one_too_many(done["day"], people + done["day"]):
        return "more than 2 % of the people were ended within a day"
    if deletion_threshold.is_too_many_in_a_month(done["month"], people + done["month"]):
        return "more than 5 % of the people were ended within thirty days"
    return ""


def _is_alone(uid: str, now: int) -> bool:
    """Whether this is a single leaver: few are reported with them, few such leavers have passed, and no officer has this one to
    decide or has decided that they stay."""
    lines = FeedLine.objects.filter(run__kind="scim", did="ended").order_by()
    looked = Q(run__state="stopped") | Q(run__state="rejected", run__decided__gt=from_ms(now - MONTH_MS))
    if lines.filter(looked, uid=uid).exists():
        return False
    count = lines.filter(at__gt=from_ms(now - MONTH_MS)).aggregate(
        told=Count("uid", filter=Q(at__gt=from_ms(now - HOUR_MS)) & ~Q(uid=uid), distinct=True),
        day=Count("pk", filter=Q(alone=True, at__gt=from_ms(now - DAY_MS))),
        month=Count("pk", filter=Q(alone=True)),
    )
    return deletion_threshold.is_single_leaver(count["told"], count["day"], count["month"], people_now())


def _changes_too_many(uid: str, large: list[tuple[str, frozenset[str]]], now: int) -> str:
    """Whether too many people are transferred, renamed or changed in kind."""
    if _is_distrusted("changed"):
        return HELD_TEXT
    done, people = _done("changed", now - DAY_MS), people_now()
    for what, names in large if deletion_threshold.is_changed_too_often(done.count(), people) else ():
        others = done.filter(changes__has_any_keys=sorted(names)).exclude(uid=uid)
        if deletion_threshold.is_changed_too_often(others.order_by().values("uid").distinct().count(), people):
            return f"it would {what} more than 10 % of the people within a day"
    return ""


def _is_distrusted(did: str) -> bool:
    """Whether the last held line of this kind is undecided or was rejected."""
    last = FeedRun.objects.filter(kind="scim", state__in=["stopped", "rejected", "applied"], lines__did=did).order_by("-id")
    return last.values_list("state", flat=True).first() in ("stopped", "rejected")


def _done(did: str, since: int) -> QuerySet[FeedLine]:
    """Changes by SCIM since then (ms), and since an officer last confirmed the number."""
    return FeedLine.objects.filter(run__kind="scim", run__state="live", did=did, at__gt=max(from_ms(since), _looked(since)))


def _looked(since: int) -> datetime:
    """When an officer last applied held lines; `since` (ms) if none did."""
    applied = FeedRun.objects.filter(kind="scim", state="applied", decided__isnull=False).order_by("-decided")
    return applied.values_list("decided", flat=True).first() or from_ms(since)
