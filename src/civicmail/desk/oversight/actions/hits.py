"""Count the hits of rules. The counts and the journal offset are stored together, so that no record counts twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date

from django.db import transaction
from django.db.models import F

from civicmail.city.directory.models import Person
from civicmail.city.identity.actions import journal_offsets
from civicmail.desk.oversight import emergencies, rule_hits
from civicmail.desk.oversight.models import Counted, Hits, Version
from civicmail.desk.oversight.rule_hits import Heard

Rules = Callable[[bytes, int], tuple[str, ...]]
"""The rules that held the copy of a recipient (index) of a capture."""


def write(heard: Heard, read: Mapping[str, int], rules: Rules) -> None:
    """Write the counts and the journal offset. Raises DatabaseError: then nothing was written and it can be tried again."""
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
    """Copies that people released nevertheless, by the rule that had held them."""
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
