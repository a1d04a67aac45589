"""A small city as a snapshot: who the doors' tests are about."""

from __future__ import annotations

from civicmail.city.snapshot.credentials import mac
from civicmail.city.snapshot.snapshot import Device, Grant, Mailbox, Person, Snapshot, build

T0 = 1_800_000_000_000
LATER = T0 + 365 * 86_400_000
KEY = bytes(range(32))
PASSWORD = "3f7k-9q2m-xw4t-0h8z-c6vr-p1sd-j5ng"


def person(id_: str, name: str, *grants: Grant, kind: str = "employee", why: str = "", epoch: int = 1, **more: bool) -> Person:
    """A person with a device whose password is PASSWORD."""
    device = Device(f"{id_}-phone", mac(KEY, PASSWORD))
    return Person(id_, f"{id_}@city.example", name, kind, epoch, why, devices=(device,), grants=grants, **more)


def own(id_: str, until: int = LATER) -> Grant:
    return Grant(f"{id_}@city.example", "holder", until)


def mailbox(id_: str, name: str, *aliases: str, state: str = "open", why: str = "", holder: str = "") -> Mailbox:
    kind = "personal" if holder else "function"
    return Mailbox(id_, kind, name, "clerk", state, why, holder, (id_, *aliases))  # type: ignore[arg-type]


def city(version: int = 1, at: int = T0, *, people: list[Person] | None = None, mailboxes: list[Mailbox] | None = None) -> Snapshot:
    """ann: her own mailbox and the clerk's as a delegate; bob: his own; carol: has none of her own, reads 311; dora: may not send;
    mayor; a printer. eve@ is held, frank@ is closed; all@ is a list. people and mailboxes: in place of those of the same id."""
    everybody = [
        person("ann", "Ann Müller", own("ann"), Grant("clerk@city.example", "delegate", LATER)),
        person("bob", "Bob Baker", own("bob")),
        person("carol", "Carol Lee", Grant("311@city.example", "delegate", LATER)),
        person("dora", "Dora Ochs", own("dora"), why="Your access to the city's mail ended on 1 March."),
        person("mayor", "Maria Mayor", own("mayor"), kind="elected"),
        person("printer", "Third floor printer", Grant("printer@city.example", "service", LATER), machine=True),
    ]
    boxes = [
        mailbox("ann@city.example", "Ann Müller", "a.mueller@city.example", "ann@parks.example", holder="ann"),
        mailbox("bob@city.example", "Bob Baker", holder="bob"),
        mailbox("dora@city.example", "Dora Ochs", holder="dora"),
        mailbox("mayor@city.example", "Maria Mayor", holder="mayor"),
        mailbox("clerk@city.example", "City Clerk"),
        mailbox("311@city.example", "City Services 311"),
        mailbox("printer@city.example", "Third floor printer"),
        mailbox("eve@city.example", "Eve Held", state="held", why="Eve is away.", holder="eve"),
        mailbox("frank@city.example", "Frank Gone", state="closed", why="This mailbox was closed.", holder="frank"),
    ]
    people_by_id = {p.id: p for p in [*everybody, *(people or [])]}
    boxes_by_id = {m.id: m for m in [*boxes, *(mailboxes or [])]}
    groups = {"all@city.example": ("ann@city.example", "bob@city.example", "eve@city.example", "frank@city.example")}
    return build(version, at, ("city.example", "parks.example"), [*people_by_id.values()], [*boxes_by_id.values()], groups)
