"""Somebody comes who has something in common with a person who is barred for good: the access office hears of it when they come, by
whatever way, and not when they ask (P-30; C4). Nobody is refused for it, and nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable

from civicmail.city.access.moments import moment
from civicmail.city.access.queries import bars
from civicmail.city.access.queries.bars import Likeness
from civicmail.city.access.queries.feeds import officers
from civicmail.city.directory.models import Person
from civicmail.city.notices import actions as notices


def tell(people: Iterable[Person], *, now: int) -> None:
    """In the transaction in which they come or are called otherwise; of two people once, and once more where it is
    more than a name."""
    rows = {p.pk: p for p in people}
    found = bars.alike_of(rows.values())
    for pk, likenesses in found.items():
        for one in (one for one in likenesses if one.barred):
            _tell(rows[pk], one, now)


def tell_of_barred(person: Person, *, now: int) -> None:
    """Somebody is barred: who is here already and has something in common with them."""
    here = Person.objects.filter(episodes__isnull=False, episodes__ended__isnull=True).exclude(pk=person.pk).distinct()
    rows = {p.pk: p for p in here}
    for pk, likenesses in bars.alike_of(rows.values()).items():
        for one in (one for one in likenesses if one.other == person):
            _tell(rows[pk], one, now)


def _tell(person: Person, one: Likeness, now: int) -> None:
    subject = f"{person} may be somebody who is barred"
    text = (
        f"{person} ({person.uid}) is in the directory and has {' and '.join(one.same)} as {one.other} ({one.other.uid}), who is "
        "barred for good from the city's mail (P-30).\n\n"
        "Nothing was refused: people share names. Ask their department whether it is the same person before access is authorised; "
        "their page says so, too."
    )
    how = "match" if one.match else "name"
    for address in officers(now):
        notices.notify(f"barred-like:{one.other.pk}:{person.pk}:{how}:{address}", address, subject, text, now=moment(now))
