"""Counts of the rule book, written with the place in the journals up to which they were counted, so that nothing counts twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date

from django.db import transaction
from django.db.models import F

from civicmail.city.access.actions import journal_offsets
from civicmail.city.directory.models import Person
from civicmail.desk.oversight import emergencies, rule_hits
from civicmail.desk.oversight.models import Counted, Hits, Version
from civicmail.desk.oversight.rule_hits import Heard

Rules = Callable[[bytes, int], tuple[str, ...]]
"""The rules by which the copy of a recipient (index) of a capture was kept back."""


def write(heard: Heard, read: Mapping[str, int], rules: Rules) -> None:
    """Write what was heard, and how far was read. Raises DatabaseError: then nothing was written and it can be tried again."""
    with transaction.atomic():
        known = set(Version.objects.order_by().values_list("rule", flat=True).distinct())
        copies = {key: n for key, n in heard.copies.items() if key[0] in known or key[0].startswith(emergencies.PREFIX)}
        for (rule, day, how), count in copies.items():
            _add(rule, day, how, copies=count)
        for (rule, day), count in _overridden(heard, rules, known).items():
            _add(rule, day, "enforce", overridden=count)
        journal_offsets.store_offsets(Counted, read)
    heard.clear()


def _overridden(heard: Heard, rules: Rules, known: set[str]) -> Counter[tuple[str, date]]:
    """What people let go all the same, by each rule that had kept it back."""
    people = set(Person.objects.filter(uid__in={r.actor for r in heard.releases}).values_list("uid", flat=True))
    overridden: Counter[tuple[str, date]] = Counter()
    for release in heard.releases:
        for index in release.to if release.actor in people else ():
            for named in map(rule_hits.read, rules(release.capture, index)):
                if named is not None and named[1] == "enforce" and named[0] in known:
                    overridden[named[0], heard.day(release.at)] += 1
    return overridden


def _add(rule: str, day: date, how: str, **counts: int) -> None:
    row, made = Hits.objects.get_or_create(rule=rule, day=day, how=how, defaults=counts)
    if not made:
        Hits.objects.filter(pk=row.pk).update(**{name: F(name) + count for name, count in counts.items()})
