"""The report of the policy office: hits by clause and month, overrides, false positives, and rules that wait for a look (P-29)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Sum
from django.utils import timezone

from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages.months import last_months
from civicmail.desk.holding.models import Contest
from civicmail.desk.oversight import rule_text
from civicmail.desk.oversight.models import Hits, Version

MONTHS = 12
LONG_SHADOW = timedelta(days=90)
"""A quarter has every kind of week of a city; whoever has not decided by then does not wait for more numbers."""
MAX_OLDEST = 5
OVERTURNED = ("released", "corrected")
"""Answers to an appeal by which its writer was right."""
NO_CLAUSE = "–"
"""Of hits of rules that no longer exist, and of emergency rules."""


@dataclass
class ClauseMonths:
    """Counts of a clause by month. enforced: copies that rules acted on; tried: that rules in shadow or notify would have acted on;
    overridden: that a person released all the same; wrong: appeals whose writer was right; rules: active."""

    clause: str
    enforced: Counter[date] = field(default_factory=Counter)
    tried: Counter[date] = field(default_factory=Counter)
    overridden: Counter[date] = field(default_factory=Counter)
    wrong: Counter[date] = field(default_factory=Counter)
    rules: int = 0


@dataclass(frozen=True, slots=True)
class AgedRule:
    """An active rule. since: how long it is in shadow, or when a person last approved it; None if nobody has."""

    version: Version
    since: datetime | None


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """months: oldest first; clauses: by number; shadows: too long in shadow, the longest first; oldest: active rules that nobody
    has approved, else whose approval is oldest."""

    months: list[date]
    clauses: list[ClauseMonths]
    shadows: list[AgedRule]
    oldest: list[AgedRule]


def read(now: int) -> PolicyReport:
    """Four queries."""
    months = last_months(timezone.localdate(from_ms(now)), MONTHS)
    versions = list(Version.objects.exclude(rule=rule_text.MATRIX).filter(activated__isnull=False).order_by("rule", "number"))
    clause_of = {version.rule: version.clause or NO_CLAUSE for version in versions}  # the newest that was active
    active = [version for version in versions if version.state == "active"]
    clauses: defaultdict[str, ClauseMonths] = defaultdict(lambda: ClauseMonths(""))
    for version in active:
        clauses[clause_of[version.rule]].rules += 1
    for rule, how, year, month, copies, overridden in _hits(months[0]):
        row, first = clauses[clause_of.get(rule, NO_CLAUSE)], date(year, month, 1)
        (row.enforced if how == "enforce" else row.tried)[first] += copies
        row.overridden[first] += overridden
    since = timezone.make_aware(datetime.combine(months[0], time.min))
    for rules, answered in Contest.objects.filter(answer__in=OVERTURNED, answered__gte=since).values_list("rules", "answered"):
        first = timezone.localdate(answered).replace(day=1)
        for clause in {clause_of.get(rule.strip().rpartition(":")[2], NO_CLAUSE) for rule in rules.split(",")}:
            clauses[clause].wrong[first] += 1
    for clause, row in clauses.items():
        row.clause = clause
    return PolicyReport(months, [clauses[clause] for clause in sorted(clauses)], _shadows(versions, now), _oldest(active))


def _hits(first: date) -> Iterable[tuple[str, str, int, int, int, int]]:
    rows = Hits.objects.filter(day__gte=first).order_by().values("rule", "how", "day__year", "day__month")
    sums = rows.annotate(n=Sum("copies"), o=Sum("overridden"))
    return sums.values_list("rule", "how", "day__year", "day__month", "n", "o")


def _shadows(versions: Sequence[Version], now: int) -> list[AgedRule]:
    """Active rules in shadow for longer than LONG_SHADOW, however often they were edited meanwhile."""
    since: dict[str, datetime | None] = {}
    for version in versions:  # of a rule, the oldest first
        since[version.rule] = (since.get(version.rule) or version.activated) if version.mode == "shadow" else None
    shadows = [
        AgedRule(version, begun)
        for version in versions
        if version.state == "active" and (begun := since[version.rule]) is not None and from_ms(now) - begun > LONG_SHADOW
    ]
    return sorted(shadows, key=lambda each: (each.since is not None and each.since, each.version.rule))


def _oldest(active: Sequence[Version]) -> list[AgedRule]:
    rules = [AgedRule(version, version.decided if version.approver_id is not None else None) for version in active]
    rules.sort(key=lambda each: (each.since is not None, each.since or each.version.activated, each.version.rule))
    return rules[:MAX_OLDEST]
