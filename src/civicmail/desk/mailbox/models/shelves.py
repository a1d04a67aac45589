"""Shelves: the captures that a person has read, starred, hidden or labeled, and those opened in a shared mailbox.

The name of a shelf says what it holds and for whom. Only that person, or the users of that mailbox, may read it; of a reported
message, security sees who has opened it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property

from django.db import transaction

from civicmail.city.guard.actions.acting import save_values
from civicmail.desk.mailbox.mail_marks import LabelMark
from civicmail.desk.mailbox.models.marks import Label, Sheet
from civicmail.desk.mailbox.sheets import by_week, packed, unpacked, week_at

READ_WEEKS = 13
"""Weeks after which mail counts as read, so that shelves do not grow for ever."""


def read_of(person: int) -> str:
    """The shelf of messages that a person has read, in all their mailboxes except function mailboxes."""
    return f"read:{person}"


def opened_in(mailbox: int) -> str:
    """The shelf of messages opened in a function mailbox, by any of its users."""
    return f"opened:{mailbox}"


def starred_of(person: int) -> str:
    return f"star:{person}"


def hidden_of(person: int) -> str:
    return f"hidden:{person}"


def labeled(label: int) -> str:
    return f"label:{label}"


def oldest_unread(now: int) -> int:
    """ms; mail received before counts as read."""
    return (week_at(now) - READ_WEEKS + 1) * 7 * 86_400_000


def ids_on(shelf: str, *, since: int = 0) -> frozenset[bytes]:
    """Ids on a shelf. since: ms of receipt; skip weeks that end before."""
    rows = Sheet.objects.filter(shelf=shelf, week__gte=week_at(since)).values_list("ids", flat=True)
    return frozenset(id_ for content in rows for id_ in unpacked(content))


def ids_on_each(shelves: Collection[str], ids: Iterable[bytes] | None = None) -> dict[str, frozenset[bytes]]:
    """Several shelves at once. ids: read only the weeks of these."""
    rows = Sheet.objects.filter(shelf__in=shelves)
    if ids is not None:
        rows = rows.filter(week__in=by_week(ids))
    by_shelf: dict[str, set[bytes]] = {shelf: set() for shelf in shelves}
    for shelf, content in rows.values_list("shelf", "ids"):
        by_shelf[shelf] |= unpacked(content)
    return {shelf: frozenset(held) for shelf, held in by_shelf.items()}


def add(shelf: str, ids: Iterable[bytes]) -> None:
    """Add ids. Ignore those that are present."""
    with transaction.atomic():
        for week, new_ids in by_week(ids).items():
            row, created = Sheet.objects.get_or_create(shelf=shelf, week=week, defaults={"ids": packed(new_ids)})
            if not created:
                row = Sheet.objects.select_for_update().get(pk=row.pk)
                present = unpacked(row.ids)
                if not new_ids <= present:
                    save_values(row, ids=packed(present | new_ids))


def remove(shelf: str, ids: Iterable[bytes]) -> None:
    """Remove ids. Ignore absent ones."""
    with transaction.atomic():
        for week, old_ids in by_week(ids).items():
            row = Sheet.objects.select_for_update().filter(shelf=shelf, week=week).first()
            if row is not None:
                save_values(row, ids=packed(unpacked(row.ids) - old_ids))


def clear(shelf: str, *, before: int | None = None) -> None:
    """Clear the shelf, or its weeks that end before a time (ms)."""
    rows = Sheet.objects.filter(shelf=shelf)
    (rows if before is None else rows.filter(week__lt=week_at(before))).delete()


def labels_of(person: int) -> list[LabelMark]:
    """Ordered by name."""
    return [LabelMark(*row) for row in Label.objects.filter(person=person).order_by("key").values_list("pk", "name", "key")]


class Shelves:
    """One person's marks (mail_marks.MailMarks); each shelf is loaded at first use. now: ms."""

    def __init__(self, person: int, now: int) -> None:
        self._person = person
        self.since = oldest_unread(now)

    @cached_property
    def _own(self) -> dict[str, frozenset[bytes]]:
        return ids_on_each((starred_of(self._person), hidden_of(self._person)))

    @cached_property
    def read(self) -> frozenset[bytes]:
        return ids_on(read_of(self._person), since=self.since)

    def opened(self, mailbox: int) -> frozenset[bytes]:
        return ids_on(opened_in(mailbox), since=self.since)

    @property
    def starred(self) -> frozenset[bytes]:
        return self._own[starred_of(self._person)]

    @property
    def hidden(self) -> frozenset[bytes]:
        return self._own[hidden_of(self._person)]

    @cached_property
    def labels(self) -> list[LabelMark]:
        return labels_of(self._person)

    def labeled(self, labels: Collection[int]) -> frozenset[bytes]:
        mine = [labeled(mark.pk) for mark in self.labels if mark.pk in labels]
        return frozenset(id_ for ids in ids_on_each(mine).values() for id_ in ids) if mine else frozenset()

    def labels_on(self, ids: Iterable[bytes]) -> dict[bytes, list[LabelMark]]:
        id_set, labels_by_id = set(ids), dict[bytes, list[LabelMark]]()
        by_shelf = ids_on_each([labeled(mark.pk) for mark in self.labels], id_set) if self.labels and id_set else {}
        for mark in self.labels:
            for id_ in id_set & by_shelf.get(labeled(mark.pk), frozenset()):
                labels_by_id.setdefault(id_, []).append(mark)
        return labels_by_id
