"""The mailboxes that a page is about, and what the pages of this process share: index, pending copies, delivery outcomes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from civicmail.city.directory.models import Address, Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import NotPermitted, NotRecorded
from civicmail.city.guard.permits import Permit
from civicmail.city.identity.actions import content_views
from civicmail.city.identity.queries import access_status
from civicmail.city.identity.queries.mailbox_addresses import addresses
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.config.clock import now_ms
from civicmail.core.query.scopes import received_by
from civicmail.desk.mailbox import correspondents as correspondents_index
from civicmail.desk.mailbox import mail_list
from civicmail.desk.mailbox.compose import NamedAddress
from civicmail.desk.mailbox.count_cache import CountCache
from civicmail.desk.mailbox.delivery_outcomes import OutcomeCache
from civicmail.desk.mailbox.mail_list import MailContext
from civicmail.desk.mailbox.models.shelves import Shelves, ids_on_each, opened_in, read_of
from civicmail.desk.mailbox.pagination import ids
from civicmail.desk.mailbox.pending_copies import PendingCopies
from civicmail.desk.mailbox.scope import OwnMail, OwnMailbox
from civicmail.desk.mailbox.warning_marks import WarningMarks
from civicmail.desk.viewer.queries import installation, store
from civicmail.desk.viewer.store import NotIndexed
from civicmail.mail.search.errors import DamagedIndex


def own_mail(actor: Actor, *, now: int) -> tuple[Permit, OwnMail]:
    """A permit for one's own mail, and the actor's mailboxes at this moment, their own first. Raises NotPermitted, NotRecorded."""
    permit, own_addresses = content_views.own(actor, now=now)
    return permit, mail_of(boxes_of(actor, own_addresses), now)


def mail_of(boxes: tuple[OwnMailbox, ...], now: int) -> OwnMail:
    """Mailboxes with the messages that were removed from them."""
    pending_copies().refresh(now)
    return OwnMail(boxes, pending_copies().removed_ids([a for box in boxes for a in box.addresses]))


def boxes_of(actor: Actor, allowed: Collection[str]) -> tuple[OwnMailbox, ...]:
    """Group addresses by mailbox. Imported mail belongs to a person's number or address; that of another person whose mailbox
    one may use is left out, because the authorization covers only mail that arrives."""
    if not allowed:
        return ()
    addresses_of_box: dict[int, list[str]] = {}
    for address, mailbox in Address.objects.filter(address__in=allowed).order_by("address").values_list("address", "mailbox"):
        addresses_of_box.setdefault(mailbox, []).append(address)
    rows = Mailbox.objects.filter(address__in=allowed).select_related("holder").order_by("address")
    boxes = [_box(row, addresses_of_box.get(row.pk, []), actor, frozenset(allowed)) for row in rows]
    return tuple(sorted(boxes, key=lambda box: (box.kind != "own", box.id)))


def _box(row: Mailbox, other_addresses: list[str], actor: Actor, allowed: frozenset[str]) -> OwnMailbox:
    addresses = tuple(dict.fromkeys((row.address, *(a for a in other_addresses if a in allowed))))
    own = row.holder is not None and row.holder.uid == actor.uid
    names = (*addresses, actor.uid) if own else addresses if row.holder is None else ()
    return OwnMailbox(addresses, names, row.name or row.address, "own" if own else row.kind, row.pk)


def choose_box(mine: OwnMail, box: str) -> OwnMail:
    """One of the mailboxes, or all if the page's address names none."""
    one = tuple(b for b in mine.boxes if b.id == box)
    return replace(mine, boxes=one) if one else mine


def desk(permit: Permit, mine: OwnMail, *, now: int, marks: Shelves | None = None, whole: bool = False) -> MailContext:
    """The mail of a person with the marks of the permit's person. kept: marks that are loaded already; whole: raise NotFinished
    rather than return a part. Raises NotIndexed while there is no index of this version."""
    message_store = store()
    return MailContext(
        message_store.reader_for(permit.person, whole=whole),
        message_store.archive(),
        permit,
        mine,
        pending_copies(),
        outcomes(),
        _warnings(installation()),
        now,
        marks or marks_by(permit, now=now),
    )


def marks_by(permit: Permit, *, now: int) -> Shelves:
    """Marks of the permit's person."""
    return Shelves(Person.objects.get(uid=permit.person).pk, now)


def held_for(actor: Actor, *, now: int) -> int:
    """Number of held messages for the home page; 0 if unknown now."""
    try:
        _, mine = own_mail(actor, now=now)
    except (NotPermitted, NotRecorded):
        return 0
    if not mine.boxes or not pending_copies().refresh(now):
        return 0
    return pending_copies().count_held(mine.addresses)


def unread_for(actor: Actor, *, now: int) -> int:
    """Number of unopened messages for the menu; 0 if unknown now. Mail of a previous owner counts only in the list, because
    viewing it is an audit entry."""
    return _count_cache(installation()).get(actor.uid, now, lambda: _unread(actor, now))


def forget_unread(actor: Actor) -> None:
    """Forget the cached count for the menu."""
    _count_cache(installation()).forget(actor.uid)


def _unread(actor: Actor, now: int) -> int:
    if (own := _without_inherited(actor, now)) is None:
        return 0
    person, permit, mine = own
    try:
        return len(mail_list.unopened(desk(permit, mine, now=now, marks=Shelves(person.pk, now))))
    except (NotIndexed, DamagedIndex):
        return 0


def correspondents(actor: Actor, words: str, *, now: int) -> list[NamedAddress]:
    """People with whom the actor had mail and whom the words fit; empty if unknown now."""
    if (own := _without_inherited(actor, now)) is None:
        return []
    _, permit, mine = own
    try:
        return correspondents_index.find(store().reader_for(permit.person), mine, words)
    except (NotIndexed, DamagedIndex):
        return []


def _without_inherited(actor: Actor, now: int) -> tuple[Person, Permit, OwnMail] | None:
    """As own_mail, without mail of a previous owner, so that no audit entry is needed; None where there is no mail."""
    person = Person.objects.filter(uid=actor.uid).first()
    if person is None:
        return None
    try:
        permit = guard.own_permit(actor, now=now)
    except NotPermitted:
        return None
    everyone = access_status.load_status(now, [person.pk])
    rights = everyone.rights.get(person.pk, []) if everyone.is_live(person.pk) else []
    rows = [r.mailbox for r in rights if not r.suspended and r.role != "successor"]
    mine = mail_of(boxes_of(actor, addresses(rows)), now)
    return (person, permit, mine) if mine.boxes else None


def unread_at(actor: Actor, addresses_: Collection[str], *, now: int) -> int:
    """Unopened messages to these addresses, with lists. Not cached: few people have any."""
    person = Person.objects.filter(uid=actor.uid).first()
    if person is None or not addresses_:
        return 0
    try:
        permit, mine = own_mail(actor, now=now)
        context = desk(permit, mine, now=now, marks=Shelves(person.pk, now))
        return len(mail_list.unopened(context) & ids(context.reader, received_by(list(addresses_)))) if mine.boxes else 0
    except (NotPermitted, NotIndexed, DamagedIndex):
        return 0


def opened_copies(received: Iterable[tuple[str, bytes]]) -> set[tuple[str, bytes]]:
    """Of copies, (address of a mailbox, capture), those that were opened in My mail: by its holder, or by any user of a function
    mailbox. For an incident; other programs do not tell us. Two statements."""
    copies = set(received)
    rows = Mailbox.objects.filter(address__in={address for address, _ in copies}).values_list("address", "pk", "holder")
    shelf_of = {address: opened_in(pk) if holder is None else read_of(holder) for address, pk, holder in rows}
    opened = ids_on_each(set(shelf_of.values()), {capture for _, capture in copies})
    return {(address, id_) for address, id_ in copies if address in shelf_of and id_ in opened[shelf_of[address]]}


def pending_copies() -> PendingCopies:
    return _pending_copies(installation())


def outcomes() -> OutcomeCache:
    return _outcomes(installation())


def people() -> Snapshot | None:
    """The identities and authorizations that the gateways have; None while there are none."""
    return _people(installation()).current


@lru_cache(maxsize=4)
def _count_cache(_data: Path) -> CountCache:
    return CountCache()


@lru_cache(maxsize=4)
def _pending_copies(data: Path) -> PendingCopies:
    return PendingCopies(data)


@lru_cache(maxsize=4)
def _people(data: Path) -> SnapshotWatcher:
    return SnapshotWatcher(data, now_ms)


@lru_cache(maxsize=4)
def _outcomes(_data: Path) -> OutcomeCache:
    return OutcomeCache()


@lru_cache(maxsize=4)
def _warnings(_data: Path) -> WarningMarks:
    return WarningMarks()
