"""A city and its mail for joint checks: what was seen, who there is, who sends to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from civicmail.city.snapshot.snapshot import Grant, Mailbox, Person, Snapshot, build
from civicmail.core.config.settings import Settings
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.shapes import CombinedCase, ExtractedMessage

NOW = 1_800_000_000_000
CITY = "springfield.gov"
PROTECTED = "firstbank.example"
Named = tuple[str, str]


def person(id_: str, name: str, *offices: str, outside: tuple[str, ...] = (), kind: str = "employee") -> Person:
    """offices: mailboxes that they may use besides their own."""
    own = Grant(f"{id_}@{CITY}", "holder", NOW * 2)
    return Person(
        id_, f"{id_}@{CITY}", name, kind, 1, grants=(own, *(Grant(o, "delegate", NOW * 2) for o in offices)), outside=outside
    )


def mailbox(who: Person, department: str = "parks") -> Mailbox:
    address = f"{who.id}@{CITY}"
    return Mailbox(address, "personal", who.name, department, "open", holder=who.id, addresses=(address,))


def office(local: str, name: str, department: str) -> Mailbox:
    address = f"{local}@{CITY}"
    return Mailbox(address, "function", name, department, "open", addresses=(address,))


DANA = person("dana", "Dana M. Reyes", f"parks@{CITY}", outside=("dmr@oldmill.example",))
JOHN = person("john", "John Okonjole", f"payroll@{CITY}")
ROSA = person("rosa", "Rosa García López")
PETER = person("peter", "Peter Novak Jr.")
TWIN, OTHER_TWIN = person("mei1", "Mei Nakashiro"), person("mei2", "Mei Nakashiro")
PRINTER = Person("service:printer", "printer", "Dana M. Reyes", "service", 1, machine=True)
PEOPLE = [DANA, JOHN, ROSA, PETER, TWIN, OTHER_TWIN, PRINTER]
BOXES = [
    *(mailbox(p, "finance" if p is JOHN else "parks") for p in PEOPLE[:-1]),
    office("parks", "Parks and Gardens", "parks"),
    office("payroll", "Payroll", "finance"),
]


def snapshot(people: Sequence[Person] = PEOPLE, boxes: Sequence[Mailbox] = BOXES) -> Snapshot:
    return build(1, NOW, (CITY,), list(people), list(boxes), {})


def world(there: Snapshot | None = None) -> CheckContext:
    settings = Settings()
    settings = replace(settings, city=replace(settings.city, domains=[CITY]))
    settings = replace(settings, screening=replace(settings.screening, protected=[PROTECTED]))
    return CheckContext(settings, NOW, there or snapshot())


WORLD = world()


def incoming(
    author: Named, to: Sequence[str] = (f"parks@{CITY}",), *, sender: str | None = None, world: CheckContext = WORLD, **seen: object
) -> CombinedCase:
    """From outside. seen: subject, fields, references …, and people of other fields as reply_to and cc."""
    people = {"from": (author,), **{f.replace("_", "-"): seen.pop(f) for f in ("reply_to", "cc", "sender_field") if f in seen}}
    envelope = Envelope(author[1] if sender is None else sender, tuple(map(Recipient, to)), NOW)
    return CombinedCase(ExtractedMessage(people=people, **seen), envelope, "mx", True, world, {}, {})  # type: ignore[arg-type]


def outgoing(
    who: Person | None,
    to: Sequence[Named],
    *,
    author: Named | None = None,
    sender: str = "",
    world: CheckContext = WORLD,
    **seen: object,
) -> CombinedCase:
    """To (display name, address) each, by a signed-in person; by nobody: through a relay."""
    author = author or ((who.name, f"{who.id}@{CITY}") if who else ("", sender))
    envelope = Envelope(
        sender or author[1], tuple(Recipient(address) for _, address in to), NOW, login=f"{who.id}/phone" if who else ""
    )
    seen = {"people": {"from": (author,), "to": tuple(to)}, **seen}
    return CombinedCase(ExtractedMessage(**seen), envelope, "submission" if who else "relay", False, world, {}, {})  # type: ignore[arg-type]
