"""The report on examinations from their rows and their entries: numbers, never a word of mail or of a search (P-16; E9)."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone

from civicmail.city.directory.models import Department
from civicmail.city.guard import mandate_states
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.mandates import GROUNDS
from civicmail.city.guard.models import Entry, Mandate
from civicmail.city.identity.examination_labels import RATIFICATIONS
from civicmail.desk.oversight.examination_report import ExaminationReport, Examined, Period, report

_MANDATE = "mandate:"
_NEVER = ("asked", "refused", "withdrawn", "lapsed")
"""States of examinations under which nothing can have been seen, unless they were urgent."""
_DAY_MS = 86_400_000


def report_of(period: Period, reader: str = "") -> ExaminationReport:
    """The report of a period. reader: uid of the auditor, who is told nothing about their own examination; "" for a mail, which has
    sums only."""
    first, after = _moment(period.first), _moment(period.last + timedelta(days=1))
    entries = Entry.objects.filter(at__gte=epoch_ms(first), at__lt=epoch_ms(after))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    opened: dict[str, set[str]] = defaultdict(set)
    looks = entries.filter(object__startswith=_MANDATE, act__in=["content.list", "content.show", "content.print", "content.export"])
    for act, object_, facts in looks.values_list("act", "object", "facts").iterator():
        number = object_.removeprefix(_MANDATE)
        counts[number][act] += 1
        if act in ("content.show", "content.print") and (id_ := facts.get("id")):
            opened[number].add(id_)
    began = Q(decided__gte=first, decided__lt=after) & ~Q(state__in=_NEVER)
    rows = Mandate.objects.filter(Q(number__in=list(counts)) | began)
    denied = Mandate.objects.filter(decided__gte=first, decided__lt=after, state="refused").count()
    mine = set(
        rows.filter(subjects__person__uid=reader).exclude(state__in=mandate_states.ENDED).values_list("pk", flat=True)
        if reader
        else ()
    )
    names = dict(Department.objects.values_list("code", "name"))
    shown, unseen = [], 0
    for row in rows.select_related("person", "approver", "department").prefetch_related("subjects__person__episodes__department"):
        if row.sealed or row.pk in mine:
            unseen += 1
            continue
        seen = counts[row.number]
        shown.append(
            Examined(
                row.number, GROUNDS[row.ground], str(row.person), str(row.approver or ""),
                _departments(row, names),
                sum(s.until is None for s in row.subjects.all()), _days(row), seen["content.list"], len(opened[row.number]),
                seen["content.export"], row.urgent, RATIFICATIONS[row.ratified][1] if row.urgent and row.ratified else "",
            )
        )  # fmt: skip
    alone = Counter(entries.filter(act__in=["content.reveal", "content.accident"]).values_list("act", flat=True))
    return report(period, shown, unseen=unseen, denied=denied, reveals=alone["content.reveal"], accidents=alone["content.accident"])


def _departments(row: Mandate, names: dict[str, str]) -> tuple[str, ...]:
    """Names of the departments whose people are examined."""
    if row.department is not None:
        return (str(row.department),)
    codes = set(row.departments) or {
        episode.department.code
        for subject in row.subjects.all()
        if subject.until is None
        for episode in subject.person.episodes.all()
        if episode.ended is None
    }
    return tuple(sorted(names.get(code, code) for code in codes))


def _days(row: Mandate) -> int:
    """Days of mail that it covers; 0 without a limit."""
    if row.first is None or row.last is None:
        return 0
    return max(1, round((row.last - row.first) / _DAY_MS))


def _moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
