"""Ten thousand letters between a city and those who live in it, at the providers where people have their mail (P-11).

Names are drawn from the pool that the city's own people are named from, so that family names are shared again and again, and now
and then a whole name; everybody writes their name into their address in one of the usual ways. Not among them, because nothing
tells it from a letter to oneself: somebody writes first, from their own mailbox, to a namesake alone whose address is that name.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from civicmail.city.snapshot.snapshot import Grant, Mailbox, Person, build
from civicmail.mail.screening.shapes import CombinedCase
from mail.screening.joints import CITY, NOW, incoming, office, outgoing, world

GIVEN = (
    "Ada", "Bruno", "Carmen", "Dmitri", "Élodie", "Farid", "Grace", "Hiro", "Inés", "Jamal", "Katrin", "Luis", "Mei",
    "Noor", "Olga", "Paolo", "Quyên", "Rosa", "Søren", "Tariq", "Una", "Vera",
)  # fmt: skip
FAMILY = (
    "Smith", "Johnson", "García", "Nguyen", "Brown", "López", "Miller", "Davis", "Martínez", "Hernández", "Wilson",
    "Lee", "Walker", "Hall", "Young", "King", "Wright", "Scott", "Torres", "Hill", "Flores", "Green", "Adams", "Nelson",
    "Baker", "Rivera", "Campbell", "Mitchell", "Carter", "Roberts", "O'Brien", "Van-Dyke",
)  # fmt: skip
PROVIDERS = ("gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "aol.com", "icloud.com", "comcast.net", "att.net", "proton.me")
DEPARTMENTS = ("parks", "water", "clerk", "finance", "housing")
STAFF = 300


@dataclass(frozen=True)
class Resident:
    """display: the name beside the address, as their program writes it, often none."""

    name: str
    address: str
    display: str


def town(chance: random.Random) -> tuple[list[Person], list[Mailbox]]:
    """STAFF people in five departments, each with a mailbox and the office's; some of them retired without a mailbox."""
    people, boxes = [], [office(d, d.title(), d) for d in DEPARTMENTS]
    for n in range(STAFF):
        name = (
            f"{chance.choice(GIVEN)} {chance.choice('ABCDE')}. {chance.choice(FAMILY)}"
            if n % 3
            else f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}"
        )
        department, address = DEPARTMENTS[n % 5], f"p{n}@{CITY}"
        retired = n % 25 == 0
        grants = () if retired else (Grant(address, "holder", NOW * 2), Grant(f"{department}@{CITY}", "delegate", NOW * 2))
        people.append(Person(f"p{n}", f"p{n}", name, "employee", 1, "It has ended." if retired else "", grants=grants))
        boxes.append(
            Mailbox(address, "personal", name, department, "held" if retired else "open", holder=f"p{n}", addresses=(address,))
        )
    return people, boxes


def resident(chance: random.Random, name: str = "") -> Resident:
    name = name or f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}"
    given, family = (_plain(word) for word in (name.split()[0], name.split()[-1]))
    year = chance.choice(("", "", "1", "77", "1984"))
    local = chance.choice((
        f"{given}.{family}{year}", f"{given}{family}{year}", f"{family}.{given}{year}", f"{given[0]}{family}{year}",
        f"{given[0]}.{family}{year}", f"{given}{family[0]}{year}", f"the{family}s", f"{family}family{year}", f"{given}{year or 5}",
        f"sunflower{year}", f"{family}{year or 9}",
    ))  # fmt: skip
    display = chance.choice((name, name, "", f"{name.split()[-1]}, {name.split()[0]}", local, "Home"))
    return Resident(name, f"{local}@{chance.choice(PROVIDERS)}", display)


def _plain(word: str) -> str:
    return word.lower().translate(str.maketrans("éíóáøêñ", "eioaoen", "'-"))


def letters(count: int, seed: int = 11) -> Iterator[tuple[str, CombinedCase]]:
    """(what kind of letter, the case): none of them is anybody's own."""
    chance = random.Random(seed)
    people, boxes = town(chance)
    there = world(build(1, NOW, (CITY,), people, boxes, {}))
    staff = [p for p in people if p.grants]
    for n in range(count):
        who = chance.choice(staff)
        kind = KINDS[n % len(KINDS)]
        if kind in ("from a namesake", "answer to a namesake", "office to a namesake"):
            to = resident(chance, chance.choice(people).name if kind == "from a namesake" else who.name)
        elif kind == "to the family":
            to = resident(chance, f"{chance.choice([g for g in GIVEN if g != who.name.split()[0]])} {who.name.split()[-1]}")
        elif kind == "payroll":
            to = resident(chance, chance.choice([p for p in people if p.name.split()[0] != who.name.split()[0]]).name)
        else:
            to = resident(chance)
            while to.name.split()[0] == who.name.split()[0] and to.name.split()[-1] == who.name.split()[-1]:
                to = resident(chance)
        yield kind, _letter(kind, chance, who, to, there)


KINDS = (
    "answer", "letter", "forward", "mailing", "from outside", "from a namesake", "answer to a namesake", "office to a namesake",
    "to the family", "payroll", "permit", "from outside again",
)  # fmt: skip


def _letter(kind: str, chance: random.Random, who: Person, to: Resident, there: object) -> CombinedCase:
    more: dict[str, object] = {"world": there}
    topic = chance.choice(("Permit", "Your bill", "Tree on Elm Street", "Ball field", "Invoice 4711", "Benefits 2027"))
    department = f"{DEPARTMENTS[int(who.id[1:]) % 5]}@{CITY}"
    named = (to.display, to.address)
    match kind:
        case "answer" | "answer to a namesake":
            return outgoing(who, [named], subject=f"Re: {topic}", references=("<1@mail.example>",), **more)  # type: ignore[arg-type]
        case "office to a namesake" | "permit":
            return outgoing(who, [named], author=(department.split("@")[0].title(), department), subject=topic, **more)  # type: ignore[arg-type]
        case "forward" | "to the family":
            return outgoing(who, [named], subject=f"Fwd: {topic}", **more)  # type: ignore[arg-type]
        case "mailing":
            others = [resident(chance) for _ in range(5)]
            return outgoing(who, [named, *((r.display, r.address) for r in others)], subject=topic, **more)  # type: ignore[arg-type]
        case "letter" | "payroll":
            return outgoing(who, [named], subject=topic, **more)  # type: ignore[arg-type]
        case _:
            office_ = f"{chance.choice(DEPARTMENTS)}@{CITY}"
            return incoming((to.display or to.name, to.address), [office_], subject=f"{chance.choice(('', 'Re: '))}{topic}", **more)  # type: ignore[arg-type]
