"""Permissions for personal use (P-10): for the city's own people, by name, by position, or for the whole department."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone

from civicmail.city.directory.models import Episode, Person
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.models import PersonalUse
from civicmail.city.identity.person_kinds import PERSON_KINDS

Times = tuple[tuple[int, int], ...]
"""(from, until) in ms, in order."""


def allowed_to(person: Person, today: date) -> list[PersonalUse]:
    """The rows that are in force for this person: by name, by position, or for the whole department; named ones first."""
    episode = person.episodes.filter(ended__isnull=True).first()
    if episode is None or not PERSON_KINDS[episode.kind].personal_use:
        return []
    everybody = Q(person__isnull=True, position="")
    by_position = Q(person__isnull=True, position=episode.position) if episode.position else Q(pk__in=[])
    rows = PersonalUse.objects.filter(
        Q(person=person) | ((everybody | by_position) & Q(department=episode.department)),
        starts__lte=today,
        until__gte=today,
        ended__isnull=True,
    ).select_related("department", "by")
    return sorted(rows, key=lambda r: (r.person_id is None, not r.position, r.until))


def allowed(at: datetime, people: Collection[int] | None = None) -> dict[int, Times]:
    """Permissions for many people, as published for rules: by person (id of the row), present or future ones only. people: only
    these."""
    rows = list(
        PersonalUse.objects.filter(ended__isnull=True, until__gte=timezone.localdate(at)).values_list(
            "department", "position", "person", "starts", "until"
        )
    )
    if not rows:
        return {}
    episodes = Episode.objects.filter(ended__isnull=True)
    if people is not None:
        episodes = episodes.filter(person__in=people)
    periods: dict[int, set[tuple[int, int]]] = {}
    for person, kind, department, position in episodes.values_list("person", "kind", "department", "position"):
        for where, held, named, starts, until in rows:
            fits = person == named if named else where == department and held in ("", position)
            if fits and PERSON_KINDS[kind].personal_use:
                periods.setdefault(person, set()).add((_midnight(starts), _midnight(until + timedelta(days=1))))
    return {person: tuple(sorted(times)) for person, times in periods.items()}


def _midnight(day: date) -> int:
    return epoch_ms(datetime.combine(day, time.min, timezone.get_current_timezone()))
