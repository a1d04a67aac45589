"""Addresses of mailboxes, of people and of departments, and custodian names of imports (promise 4, E5)."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef

from civicmail.city.directory.models import Address, Department, Mailbox, Person
from civicmail.core.query.fold import exact


def addresses(mailboxes: Collection[int]) -> tuple[str, ...]:
    """All present and former addresses of these mailboxes (ids of rows), in order; without those that are another mailbox's by
    now."""
    if not mailboxes:
        return ()
    elsewhere = Address.objects.filter(address=OuterRef("address"), until__isnull=True).exclude(mailbox__in=mailboxes)
    rows = Address.objects.filter(~Exists(elsewhere), mailbox__in=mailboxes).order_by("address")
    main = Mailbox.objects.filter(pk__in=mailboxes).values_list("address", flat=True)
    return tuple(sorted({*rows.values_list("address", flat=True), *main}))


def addresses_of_people(people: Collection[Person]) -> tuple[str, ...]:
    """All addresses of the personal mailboxes of these people, closed ones included, because earlier mail is theirs."""
    return addresses(list(Mailbox.objects.filter(holder__in=people).values_list("id", flat=True)))


def addresses_of_department(department: Department) -> tuple[str, ...]:
    """All addresses that a department and its divisions own besides personal mailboxes."""
    rows = Mailbox.objects.filter(department__in=with_divisions(department)).exclude(kind="personal")
    return addresses(list(rows.values_list("id", flat=True)))


def with_divisions(department: Department) -> list[Department]:
    """A department and all below it, closed ones too."""
    departments, waiting = [department], [department]
    while waiting:
        below = [d for d in waiting.pop().divisions.all() if d not in departments]
        departments += below
        waiting += below
    return departments


def custodian_names(people: Collection[Person]) -> tuple[str, ...]:
    """Names of these people as custodians of imports: number, addresses, and the name if it is unique."""
    others = Person.objects.exclude(pk__in=[p.pk for p in people]).values_list("display", flat=True)
    shared = {exact(name) for name in others}  # compared as imports are: case and forms of letters do not matter
    named = {p.display for p in people if exact(p.display) not in shared}
    return tuple(sorted({*(p.uid for p in people), *addresses_of_people(people), *named}))
