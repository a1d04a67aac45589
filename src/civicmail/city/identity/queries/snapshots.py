"""Build the snapshot from the database, one query per table.

A personal mailbox is open while its holder has a live authorization, a function mailbox while an authorized user has access of
their own; otherwise incoming mail is held, not lost (M4). No grant is effective without the person's own access, or longer than it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from civicmail.city.directory.models import Address
from civicmail.city.directory.models import Mailbox as MailboxRow
from civicmail.city.directory.models import Person as PersonRow
from civicmail.city.guard import access_status
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Account
from civicmail.city.identity.models import Authorization, Device
from civicmail.city.identity.queries.access_status import REMEMBERED_FOR, AccessStatus, load_status
from civicmail.city.identity.queries.autoreplies import Forwards, forwards
from civicmail.city.identity.queries.groups import expanded
from civicmail.city.identity.queries.personal_use import Times, allowed
from civicmail.city.snapshot.snapshot import Changes, Grant, Mailbox, Person, Snapshot, State, build
from civicmail.city.snapshot.snapshot import Device as Known

MANY = 400
"""People and mailboxes above which the whole snapshot is made instead of a part of it."""

FOREVER_MS = 1 << 53
"""ms: of a machine without an end, far beyond everybody."""


# On PostgreSQL each query sees what was committed before it; a change between two of them is published again right after.


class Box(NamedTuple):
    """A row of the mailboxes, in the order of the query."""

    id: int
    address: str
    name: str
    kind: str
    department: str
    holder: int | None
    holder_uid: str | None
    holder_name: str | None
    closed: datetime | None
    expires: datetime | None
    files_until: datetime | None


def build_snapshot(version: int, now: int, domains: tuple[str, ...]) -> Snapshot:
    """now: ms."""
    at = from_ms(now)
    boxes = {box.id: box for box in _boxes()}
    people = load_status(now)
    keys = _devices(at, "machine")
    machines = [_machine(box, keys.get(box.id, ()), at) for box in boxes.values() if box.kind == "service" and not box.closed]
    grants = _grants(people, boxes)
    named = {grant.mailbox for given in grants.values() for grant in given}
    ways = forwards(at)
    mailboxes = [_mailbox(box, people, named, addresses, at, ways) for box, addresses in _addressed(boxes)]
    persons = _people(people, (_devices(at, "person"), _former(at)), grants, allowed(at), now)
    return build(version, now, domains, [*persons, *machines], mailboxes, expanded(boxes.values()))


def has_mailboxes() -> bool:
    """Whether this city has a mailbox yet; without one there is nothing to publish."""
    return MailboxRow.objects.exists()


def build_changes(version: int, now: int, people: Collection[int], boxes: Collection[int]) -> Changes | None:
    """The changed parts of the snapshot after a change about these people and mailboxes (ids of rows): they, the mailboxes that
    they own or use, and everyone connected with these. None if so many are concerned that a whole snapshot is due. The same
    functions make whole snapshots."""
    near = set(boxes) | set(MailboxRow.objects.filter(holder__in=people).values_list("id", flat=True))
    near |= set(Authorization.objects.filter(person__in=people).order_by().values_list("mailbox", flat=True))
    with_them = set(people) | set(Authorization.objects.filter(mailbox__in=near).order_by().values_list("person", flat=True))
    with_them |= set(MailboxRow.objects.filter(id__in=near, holder__isnull=False).values_list("holder", flat=True))
    if len(with_them) + len(near) > MANY:
        return None
    at = from_ms(now)
    stand = load_status(now, with_them)
    used = near | {right.mailbox for rights in stand.rights.values() for right in rights}
    rows = {box.id: box for box in _boxes(used)}
    grants = _grants(stand, rows)
    named = {grant.mailbox for given in grants.values() for grant in given}
    mine = {id_: box for id_, box in rows.items() if id_ in near}
    ways = forwards(at, mine)
    mailboxes = [_mailbox(box, stand, named, addresses, at, ways) for box, addresses in _addressed(mine)]
    keys = _devices(at, "machine", [box.id for box in mine.values() if box.kind == "service"])
    machines = [_machine(box, keys.get(box.id, ()), at) for box in mine.values() if box.kind == "service" and not box.closed]
    known = _devices(at, "person", with_them), _former(at, with_them)
    persons = [*_people(stand, known, grants, allowed(at, with_them), now, with_them), *machines]
    person_ids = {person.id for person in persons}
    uids = PersonRow.objects.filter(id__in=with_them).values_list("uid", flat=True)
    gone = {*uids, *(f"service:{box.address}" for box in mine.values() if box.kind == "service")} - person_ids
    return Changes(version, now, tuple(persons), tuple(mailboxes), tuple(sorted(gone)))


def _boxes(ids: Collection[int] | None = None) -> list[Box]:
    fields = (
        "id",
        "address",
        "name",
        "kind",
        "department__code",
        "holder",
        "holder__uid",
        "holder__display",
        "closed",
        "expires",
        "files_until",
    )
    rows = MailboxRow.objects.order_by("id")
    if ids is not None:
        rows = rows.filter(id__in=ids)
    return [Box(*row) for row in rows.values_list(*fields)]


def _addressed(boxes: dict[int, Box]) -> list[tuple[Box, tuple[str, ...]]]:
    """Each mailbox with its present addresses, the main one first."""
    addresses_by_box: dict[int, list[str]] = {box.id: [box.address] for box in boxes.values()}
    rows = Address.objects.filter(until__isnull=True).order_by("id")
    if len(boxes) <= MANY:
        rows = rows.filter(mailbox__in=list(boxes))
    for address, box in rows.values_list("address", "mailbox"):
        if box in boxes and address != boxes[box].address:
            addresses_by_box[box].append(address)
    return [(boxes[id_], tuple(addresses)) for id_, addresses in addresses_by_box.items()]


def _devices(at: datetime, owner: str, of: Collection[int] | None = None) -> dict[int, tuple[Known, ...]]:
    """Device passwords in force by owner: "person", or "machine", which is a mailbox. of: ids of these alone."""
    devices: dict[int, tuple[Known, ...]] = {}
    if of is not None and not of:
        return devices
    whose = {f"{owner}__isnull": False} if of is None else {f"{owner}__in": of}
    rows = Device.objects.filter(Q(until__isnull=True) | Q(until__gt=at), ended__isnull=True, **whose)
    for id_, key, mac in rows.order_by("id").values_list(owner, "key", "mac"):
        devices[id_] = (*devices.get(id_, ()), Known(key, mac))
    return devices


def _former(at: datetime, of: Collection[int] | None = None) -> dict[int, tuple[Known, ...]]:
    """Device passwords that ended recently with the end of access or a permanent bar, by person; without those reported as lost or
    ended before. of: ids of these alone."""
    with_access = Q(person__endings__steps__step="devices", person__endings__steps__at=F("ended"))
    with_bar = Q(person__bars__kind="permanent", person__bars__since=F("ended"))
    rows = Device.objects.filter(with_access | with_bar, ended__gt=at - REMEMBERED_FOR)
    if of is not None:
        rows = rows.filter(person__in=of)
    passwords: dict[int, dict[str, Known]] = {}
    for id_, key, mac in rows.order_by("id").values_list("person", "key", "mac"):
        passwords.setdefault(id_, {})[key] = Known(key, mac)
    return {id_: tuple(known.values()) for id_, known in passwords.items()}


def _grants(people: AccessStatus, boxes: dict[int, Box]) -> dict[int, list[Grant]]:
    """The grants of each person for each mailbox. A successor reads and does not send."""
    grants: dict[int, list[Grant]] = {}
    for person, rights in people.rights.items():
        if not people.is_live(person):
            continue
        grants[person] = [
            Grant(boxes[r.mailbox].address, r.role, min(r.until, people.own[person]), r.role != "successor")
            for r in rights
            if not r.suspended and r.mailbox in boxes and not boxes[r.mailbox].closed
        ]
    return grants


def _people(
    people: AccessStatus,
    passwords: tuple[dict[int, tuple[Known, ...]], dict[int, tuple[Known, ...]]],
    grants: dict[int, list[Grant]],
    personal: dict[int, Times],
    now: int,
    of: Collection[int] | None = None,
) -> list[Person]:
    """Whoever has a sign-in and works here, or did until lately. passwords: in force, and those that ended with access; of: ids of
    these alone."""
    result, (devices, former) = [], passwords
    since = timezone.localdate(from_ms(now) - REMEMBERED_FOR)
    rows = Account.objects.order_by("id")
    if of is not None:
        rows = rows.filter(person__in=of)
    fields = ("person", "person__uid", "username", "person__display", "epoch", "is_active", "person__outside")
    for person, uid, login, name, epoch, active, outside in rows.values_list(*fields):
        work = people.work.get(person)
        if work is None or (work.ended is not None and work.ended < since):
            continue
        facts = people.facts(person, now)
        why = access_status.why_refused(facts, now) or ("" if active else "Your sign-in is closed; ask the access office.")
        known, given = devices.get(person, ()), tuple(grants.get(person, ()))
        elsewhere, personally = tuple(outside.lower().split()), personal.get(person, ())
        less = people.is_restricted(person)
        past = former.get(person, ()) if facts.barred or not facts.employed else ()
        result.append(
            Person(
                uid, login.lower(), name, work.kind, epoch, why, devices=known, grants=given, outside=elsewhere,
                personal=personally, restricted=less, former=past,
            )
        )  # fmt: skip
    return result


def _machine(box: Box, devices: tuple[Known, ...], at: datetime) -> Person:
    """A service sender: it signs in with its address, sends as itself, and ends by itself (S1)."""
    until = epoch_ms(box.expires) if box.expires else FOREVER_MS
    over = box.expires is not None and box.expires <= at
    why = "The time of this service mailbox is over; its department renews it." if over else ""
    grants = () if over else (Grant(box.address, "service", until),)
    return Person(f"service:{box.address}", box.address, box.name, "service", 1, why, machine=True, devices=devices, grants=grants)


def _mailbox(box: Box, people: AccessStatus, named: set[str], addresses: tuple[str, ...], at: datetime, ways: Forwards) -> Mailbox:
    state, why = _state(box, people, named, at)
    name, holder = _named(box, people), box.holder_uid or ""
    forward, until = ways.get(box.id, ("", at))
    beyond, files = epoch_ms(until) if forward else 0, epoch_ms(box.files_until) if box.files_until else 0
    kind: Any = box.kind
    return Mailbox(
        box.address, kind, name, box.department, state, why, holder=holder, addresses=addresses, forward=forward,
        forward_until=beyond, files_until=files,
    )  # fmt: skip


def _named(box: Box, people: AccessStatus) -> str:
    """The display name of mail from it; with the agency, if the city requires it (C5)."""
    work = people.work.get(box.holder) if box.holder is not None else None
    name = box.holder_name or box.name
    if work is None or not work.firm or not settings.CITY.city.agencies_named:
        return name
    return f"{name} ({work.kind} – {work.firm})"


def _state(box: Box, people: AccessStatus, named: set[str], at: datetime) -> tuple[State, str]:
    if box.closed:
        return "closed", "This mailbox was closed."
    if box.kind == "service":
        over = box.expires is not None and box.expires <= at
        return ("held", "The time of this service mailbox is over.") if over else ("open", "")
    if box.kind == "function":
        return ("open", "") if box.address in named else ("held", "Nobody is authorized to read this mailbox at the moment.")
    assert box.holder is not None
    if people.is_live(box.holder) and not people.has_declined(box.holder):
        return "open", ""
    return "held", "The holder of this mailbox has no access at the moment."
