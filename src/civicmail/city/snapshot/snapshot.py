"""Snapshot of who may send and receive now, as one immutable value (docs/formats.md, "Snapshot"; P-06, P-07, P-14).

`city/identity` publishes it on commit; gateways and the Dovecot authentication check the file every 250 ms and hold it in memory.
Without a database. Addresses are lower case; times are ms since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from civicmail.core.wire.paths import without_detail

Role = Literal["holder", "delegate", "successor", "service"]
State = Literal["open", "held", "closed"]
"""Of a mailbox: takes and sends; keeps what comes until somebody may read it again (M4); takes nothing more."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person may do with a mailbox. until: ms; send: false for a successor, who only reads."""

    mailbox: str
    role: Role
    until: int
    send: bool = True


@dataclass(frozen=True, slots=True)
class Device:
    """A device password: its id, and the HMAC under the key of the installation that identifies it; the password is stored
    nowhere."""

    id: str
    mac: str


@dataclass(frozen=True, slots=True)
class Person:
    """id: of the directory, permanent; login: the name typed at sign-in; epoch: increased when every session must end; why: the
    sentence for a person who may not send, empty for one who may. machine: a service sender (S1): SMTP only. outside: known
    addresses elsewhere (P-11). personal: (from, until) in which the department permits limited personal use (P-10). restricted:
    writes to one outside address at a time (P-30). former: passwords that ended together with access: they grant nothing, and their
    holder gets the reason (P-09)."""

    id: str
    login: str
    name: str
    kind: str
    epoch: int
    why: str = ""
    machine: bool = False
    devices: tuple[Device, ...] = ()
    grants: tuple[Grant, ...] = ()
    outside: tuple[str, ...] = ()
    personal: tuple[tuple[int, int], ...] = ()
    restricted: bool = False
    former: tuple[Device, ...] = ()

    def may_personally(self, now: int) -> bool:
        """Whether limited personal use is permitted now."""
        return any(since <= now < until for since, until in self.personal)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """id: its main address. department: the code of the owner. why: the sentence for a sender if it is not open. addresses: all of
    them, the main one first. forward: the function mailbox that gets its mail while it is held, until forward_until (L4).
    files_until: the end of its invitation of files from unknown people (P-25)."""

    id: str
    kind: Literal["personal", "function", "service"]
    name: str
    department: str
    state: State
    why: str = ""
    holder: str = ""
    addresses: tuple[str, ...] = ()
    forward: str = ""
    forward_until: int = 0
    files_until: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """version rises with each publication; at: when it was published. groups: address of a list to the mailboxes behind it; names:
    of all people and mailboxes; by_outside: address elsewhere to whose it is; by_name: name to the people who have it."""

    version: int
    at: int
    domains: tuple[str, ...] = ()
    people: Mapping[str, Person] = field(default_factory=dict)
    mailboxes: Mapping[str, Mailbox] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_address: Mapping[str, str] = field(default_factory=dict)
    by_login: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    by_outside: Mapping[str, str] = field(default_factory=dict)
    by_name: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def mailbox_of(self, address: str) -> Mailbox | None:
        """The mailbox behind an address; what follows a plus in the local part is the holder's own affair (RFC 5233)."""
        address = address.lower()
        mailbox_id = self.by_address.get(address)
        if mailbox_id is None:
            mailbox_id = self.by_address.get(without_detail(address))
        return self.mailboxes.get(mailbox_id) if mailbox_id is not None else None

    def person_of(self, login: str) -> Person | None:
        """The person or machine that signs in under this name."""
        uid = self.by_login.get(login.lower())
        return self.people.get(uid) if uid is not None else None

    def grant(self, person: Person, address: str, now: int) -> Grant | None:
        """By which right this person sends from an address now; None without one."""
        mailbox = self.mailbox_of(address)
        if mailbox is None:
            return None
        return next((g for g in person.grants if g.mailbox == mailbox.id and g.send and now < g.until), None)


def build(
    version: int,
    at: int,
    domains: tuple[str, ...],
    people: list[Person],
    mailboxes: list[Mailbox],
    groups: Mapping[str, tuple[str, ...]],
) -> Snapshot:
    """A snapshot with its indexes."""
    return Snapshot(
        version,
        at,
        domains,
        people={p.id: p for p in people},
        mailboxes={m.id: m for m in mailboxes},
        groups=dict(groups),
        by_address={address: m.id for m in mailboxes for address in (m.id, *m.addresses)},
        by_login={p.login: p.id for p in people},
        names=(*(p.name for p in people), *(m.name for m in mailboxes)),
        by_outside={address: p.id for p in people for address in p.outside},
        by_name=ids_by_name((p.name, p.id) for p in people),
    )


def ids_by_name(people: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Each name, and its people. people: (name, id)."""
    result: dict[str, tuple[str, ...]] = {}
    for name, id_ in people:
        result[name] = (*result.get(name, ()), id_)
    return result


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of one act for a few people, published before the whole snapshot is made again. version, at: as of a snapshot;
    people, mailboxes: their present state; gone: ids of people who are no longer in it."""

    version: int
    at: int
    people: tuple[Person, ...] = ()
    mailboxes: tuple[Mailbox, ...] = ()
    gone: tuple[str, ...] = ()


MAX_CLOCK_SKEW_MS = 60_000
"""ms by which clocks of processes may differ."""


def is_newer(changes: Changes, version: int, at: int) -> bool:
    """Whether a snapshot of this version and time lacks these changes. In a restored older database versions are lower and times
    later: earlier changes are obsolete."""
    return changes.version > version and changes.at > at - MAX_CLOCK_SKEW_MS


def apply_changes(base: Snapshot, changes: Iterable[Changes]) -> Snapshot:
    """The snapshot with what is newer than it, in order. Lists stay as they were until the whole one comes."""
    newer = [c for c in changes if is_newer(c, base.version, base.at)]
    if not newer:
        return base
    people: dict[str, Person | None] = {}
    boxes: dict[str, Mailbox | None] = {}
    for c in newer:
        people |= {p.id: p for p in c.people} | dict.fromkeys(c.gone)
        boxes |= {m.id: m for m in c.mailboxes}
    by_address, by_login = dict(base.by_address), dict(base.by_login)
    for id_ in boxes.keys() & base.mailboxes.keys():
        for address in base.mailboxes[id_].addresses:
            by_address.pop(address, None)
    for id_ in people.keys() & base.people.keys():
        by_login.pop(base.people[id_].login, None)
    by_address |= {address: m.id for m in boxes.values() if m is not None for address in (m.id, *m.addresses)}
    by_login |= {p.login: p.id for p in people.values() if p is not None}
    by_outside = {address: id_ for address, id_ in base.by_outside.items() if id_ not in people}
    by_outside |= {address: p.id for p in people.values() if p is not None for address in p.outside}
    by_name = dict(base.by_name)
    for id_ in people.keys() & base.people.keys():
        if remaining := tuple(other for other in by_name.pop(base.people[id_].name, ()) if other != id_):
            by_name[base.people[id_].name] = remaining
    for id_, p in people.items():
        if p is not None:
            by_name[p.name] = (*by_name.get(p.name, ()), id_)
    return replace(
        base,
        version=newer[-1].version,
        at=max(base.at, *(c.at for c in newer)),
        people=_Overlay(base.people, people),
        mailboxes=_Overlay(base.mailboxes, boxes),
        by_address=by_address,
        by_login=by_login,
        names=(*base.names, *(v.name for v in (*people.values(), *boxes.values()) if v is not None)),
        by_outside=by_outside,
        by_name=by_name,
    )


class _Overlay[T](Mapping[str, T]):
    """Values, some of which replace others; None for removed ones."""

    def __init__(self, base: Mapping[str, T], over: Mapping[str, T | None]) -> None:
        self._base = base
        self._over = over

    def __getitem__(self, key: str) -> T:
        if key not in self._over:
            return self._base[key]
        value = self._over[key]
        if value is None:
            raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[str]:
        yield from (key for key in self._base if key not in self._over)
        yield from (key for key, value in self._over.items() if value is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)
