"""Whose mailboxes a page is about, and what the pages of this process share: the index, what waits, what became of copies."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from civicmail.city.access import guard
from civicmail.city.access.actions import content_views
from civicmail.city.access.actors import Actor
from civicmail.city.access.errors import NotPermitted, NotRecorded
from civicmail.city.access.permits import Permit
from civicmail.city.access.queries import access_status
from civicmail.city.access.queries.mailbox_addresses import addresses
from civicmail.city.directory.models import Address, Mailbox, Person
from civicmail.core.query.scopes import received_by
from civicmail.desk.mailbox import finding
from civicmail.desk.mailbox.counted import Counted
from civicmail.desk.mailbox.fates import Fates
from civicmail.desk.mailbox.finding import Desk
from civicmail.desk.mailbox.models.shelves import Shelves
from civicmail.desk.mailbox.scope import Box, Mine
from civicmail.desk.mailbox.turning import ids
from civicmail.desk.mailbox.waiting import Waiting
from civicmail.desk.viewer.queries import installation, store
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.search.errors import DamagedIndex


def mine_now(actor: Actor, *, now: int) -> tuple[Permit, Mine]:
    """A permit for one's own mail, and the mailboxes that are the actor's at this moment: their own first. Raises NotPermitted,
    NotRecorded."""
    permit, found = content_views.own(actor, now=now)
    return permit, mine_of(boxes_of(actor, found), now)


def mine_of(boxes: tuple[Box, ...], now: int) -> Mine:
    """Mailboxes, with what was taken back from them."""
    waiting().look(now)
    return Mine(boxes, waiting().pulled([a for box in boxes for a in box.addresses]))


def boxes_of(actor: Actor, allowed: Collection[str]) -> tuple[Box, ...]:
    """Addresses by mailbox. Mail was imported for somebody under their number or an address; that of another person whose mailbox
    one may use is not shown, because the grant is for what comes to it."""
    if not allowed:
        return ()
    of: dict[int, list[str]] = {}
    for address, mailbox in Address.objects.filter(address__in=allowed).order_by("address").values_list("address", "mailbox"):
        of.setdefault(mailbox, []).append(address)
    rows = Mailbox.objects.filter(address__in=allowed).select_related("holder").order_by("address")
    found = [_box(row, of.get(row.pk, []), actor, frozenset(allowed)) for row in rows]
    return tuple(sorted(found, key=lambda box: (box.kind != "own", box.id)))


def _box(row: Mailbox, others: list[str], actor: Actor, allowed: frozenset[str]) -> Box:
    addresses = tuple(dict.fromkeys((row.address, *(a for a in others if a in allowed))))
    own = row.holder is not None and row.holder.uid == actor.uid
    names = (*addresses, actor.uid) if own else addresses if row.holder is None else ()
    return Box(addresses, names, row.name or row.address, "own" if own else row.kind, row.pk)


def chosen(mine: Mine, box: str) -> Mine:
    """One mailbox of mine, all of them where the address of the page names none of mine."""
    one = tuple(b for b in mine.boxes if b.id == box)
    return replace(mine, boxes=one) if one else mine


def desk(permit: Permit, mine: Mine, *, now: int, kept: Shelves | None = None, whole: bool = False) -> Desk:
    """With what the person of the permit made of their mail, and nobody else did. kept: where it was asked for already; whole:
    raise NotFinished rather than find a part. Raises NotIndexed while there is no index of this version."""
    found = store()
    return Desk(
        found.asked(permit.person, whole=whole),
        found.archive(),
        permit,
        mine,
        waiting(),
        fates(),
        now,
        kept or kept_by(permit, now=now),
    )


def kept_by(permit: Permit, *, now: int) -> Shelves:
    """What the person of the permit made of mail of theirs."""
    return Shelves(Person.objects.get(uid=permit.person).pk, now)


def held_for(actor: Actor, *, now: int) -> int:
    """How many messages of somebody's are held or wait for a decision, for the home page; 0 where that cannot be told now."""
    try:
        _, mine = mine_now(actor, now=now)
    except (NotPermitted, NotRecorded):
        return 0
    if not mine.boxes or not waiting().look(now):
        return 0
    return waiting().held_of(mine.addresses)


def unread_for(actor: Actor, *, now: int) -> int:
    """How many messages somebody has not opened, for the menu; 0 where that cannot be told now. What was another's before counts
    only in the list, because to look there is an entry."""
    return _counted(installation()).of(actor.uid, now, lambda: _unread(actor, now))


def forget_unread(actor: Actor) -> None:
    """What was remembered for the menu is not so any more."""
    _counted(installation()).forget(actor.uid)


def _unread(actor: Actor, now: int) -> int:
    person = Person.objects.filter(uid=actor.uid).first()
    if person is None:
        return 0
    try:
        permit = guard.own_permit(actor, now=now)
        everyone = access_status.load_status(now, [person.pk])
        rights = everyone.rights.get(person.pk, []) if everyone.is_live(person.pk) else []
        rows = [r.mailbox for r in rights if not r.suspended and r.role != "successor"]
        mine = mine_of(boxes_of(actor, addresses(rows)), now)
        return len(finding.unopened(desk(permit, mine, now=now, kept=Shelves(person.pk, now)))) if mine.boxes else 0
    except (NotPermitted, NotIndexed, DamagedIndex):
        return 0


def unread_at(actor: Actor, addresses_: Collection[str], *, now: int) -> int:
    """The same of what came to these addresses, lists too. Asked anew each time: few have any."""
    person = Person.objects.filter(uid=actor.uid).first()
    if person is None or not addresses_:
        return 0
    try:
        permit, mine = mine_now(actor, now=now)
        of = desk(permit, mine, now=now, kept=Shelves(person.pk, now))
        return len(finding.unopened(of) & ids(of.reader, received_by(list(addresses_)))) if mine.boxes else 0
    except (NotPermitted, NotIndexed, DamagedIndex):
        return 0


def waiting() -> Waiting:
    return _waiting(installation())


def fates() -> Fates:
    return _fates(installation())


@lru_cache(maxsize=4)
def _counted(_data: Path) -> Counted:
    return Counted()


@lru_cache(maxsize=4)
def _waiting(data: Path) -> Waiting:
    return Waiting(data)


@lru_cache(maxsize=4)
def _fates(_data: Path) -> Fates:
    return Fates()
