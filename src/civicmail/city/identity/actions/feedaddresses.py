"""Apply the addresses that a personnel feed brings (P-08, L3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from civicmail.city.directory.actions import reserved
from civicmail.city.directory.feed_addresses import COLUMNS
from civicmail.city.directory.models import FeedLine, Mailbox, Person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.identity.queries import feedaddresses as known

BATCH_SIZE = 1000


def apply_addresses(lines: Sequence[FeedLine], *, actor: Actor, reason: str, now: int) -> None:
    """Apply the addresses of the lines, in the caller's transaction. Raises Conflict if one has become another person's
    meanwhile."""
    lines = [line for line in lines if not COLUMNS.isdisjoint(line.changes)]
    if not lines:
        return
    people = {person.uid: person for person in _people(line.uid for line in lines)}
    leaving = _leaving(lines)
    owners = known.book(set(known.of_lines(line.changes for line in lines))).owners
    for line in lines:
        for address in known.of_lines([line.changes]):
            owner = owners.get(address)
            if owner is not None and owner.uid != line.uid and not (owner.kept and (owner.uid, address) in leaving):
                raise Conflict(f"{address} is {owner.words} now. Run the dry run again.")
    had = known.addresses_by_uid({line.uid for line in lines} if len(lines) <= BATCH_SIZE else None)
    addresses = {}
    for line in lines:
        before = had.get(line.uid)
        address = line.changes.get("address", ["", before.address if before else ""])[1]
        others = line.changes["aliases"][1].split() if "aliases" in line.changes else list(before.aliases if before else ())
        addresses[people[line.uid].pk] = (address, [other for other in others if other != address])
    reserved.keep(addresses)
    _reach(addresses, actor, reason, now)


def _leaving(lines: Sequence[FeedLine]) -> set[tuple[str, str]]:
    """(uid, address) of what lines take away, so that two people can change addresses in one list."""
    pairs = set()
    for line in lines:
        before = {a for column in COLUMNS for a in line.changes.get(column, [""])[0].split()}
        pairs |= {(line.uid, address) for address in before - set(known.of_lines([line.changes]))}
    return pairs


def _reach(people: Iterable[int], actor: Actor, reason: str, now: int) -> None:
    """Make addresses of people with an open mailbox effective immediately."""
    ids = sorted(people)
    boxes: list[Mailbox] = []
    for begin in range(0, len(ids), BATCH_SIZE):
        some = Mailbox.objects.filter(holder__in=ids[begin : begin + BATCH_SIZE], closed__isnull=True)
        boxes += some.order_by("made")
    given = reserved.give(boxes, now=from_ms(now))
    done = [(f"mailbox:{row.mailbox.address}", {"added": row.address}) for row in given]
    entries.enter_each("address.change", done, actor=actor, reason=reason, now=now)


def _people(uids: Iterable[str]) -> list[Person]:
    every = sorted(set(uids))
    people: list[Person] = []
    for begin in range(0, len(every), BATCH_SIZE):
        people += Person.objects.filter(uid__in=every[begin : begin + BATCH_SIZE])
    return people
