"""Notify the access office of people who resemble a barred person (P-30; C4).

Nobody is refused for it, and nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable

from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.queries import bars
from civicmail.city.identity.queries.bars import Likeness
from civicmail.city.identity.queries.feeds import officers
from civicmail.city.notices import actions as notices


def notify_of_matches(people: Iterable[Person], *, now: int) -> None:
    """Notify officers of matches with barred people, in the transaction that adds or renames a person; once for two people, and
    again if more than the name matches."""
    rows = {p.pk: p for p in people}
    likenesses_by_id = bars.likenesses_by_person(rows.values())
    for pk, likenesses in likenesses_by_id.items():
        for one in (one for one in likenesses if one.barred):
            _notify(rows[pk], one, now)


def notify_of_barred(person: Person, *, now: int) -> None:
    """Somebody is barred: who is here already and has something in common with them."""
    here = Person.objects.filter(episodes__isnull=False, episodes__ended__isnull=True).exclude(pk=person.pk).distinct()
    rows = {p.pk: p for p in here}
    for pk, likenesses in bars.likenesses_by_person(rows.values()).items():
        for one in (one for one in likenesses if one.other == person):
            _notify(rows[pk], one, now)


def _notify(person: Person, likeness: Likeness, now: int) -> None:
    subject = f"{person} may be somebody who is barred"
    text = (
        f"{person} ({person.uid}) is in the directory and has {' and '.join(likeness.same)} as {likeness.other} "
        f"({likeness.other.uid}), who is "
        "barred for good from the city's mail (P-30).\n\n"
        "Nothing was refused: people share names. Ask their department whether it is the same person before access is authorized; "
        "their page says so, too."
    )
    how = "match" if likeness.match else "name"
    for address in officers(now):
        notices.notify(f"barred-like:{likeness.other.pk}:{person.pk}:{how}:{address}", address, subject, text, now=from_ms(now))
