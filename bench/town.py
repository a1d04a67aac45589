"""A synthetic city of 6,200 people in 40 departments: personnel list, and the rows of some years.

Three departments and one person for each role come from the tests' town (tests/pages/world.py), so that every page of the table of
URLs has somebody who may see it; Public Works is the largest department. Equal seeds make equal rows.
"""

from __future__ import annotations

import csv
import io
import random
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # their modules need Django, which the benchmark starts
    from pages.world import Town

PEOPLE = 6200
DEPARTMENTS = 37
"""Beside the town's three."""
LARGEST = 640
DAYS_USED = 40
"""Days with a row of use for each mailbox."""
ENTRIES = 60_000
BATCH_SIZE = 2000
KINDS = (
    ["employee"] * 80 + ["contractor"] * 6 + ["vendor"] * 2 + ["agent"] * 2 + ["volunteer"] * 5 + ["board"] * 3 + ["elected"] * 2
)
UNDER_CONTRACT = ("contractor", "vendor", "agent")
POSITIONS = ["Clerk", "Inspector", "Engineer", "Laborer", "Dispatcher", "Analyst", "Librarian", "Mechanic", "Planner", "Nurse"]
GIVEN = ["Ana", "Ben", "Chidi", "Dora", "Emil", "Fatima", "Gus", "Hana", "Ines", "Jun", "Kofi", "Lea", "Mika", "Noa", "Omar", "Pia"]
FAMILY = ["Abel", "Brandt", "Castro", "Dahl", "Eze", "Fischer", "Gupta", "Hahn", "Ito", "Jensen", "Khan", "Lopez", "Mori", "Novak"]
_COLUMNS = ("uid", "given", "family", "kind", "department", "position", "supervisor", "contract")


def codes() -> list[str]:
    return [f"d-{n:02}" for n in range(DEPARTMENTS)]


def departments(now: datetime) -> None:
    """The bodies of the city and the agencies that it has contracts with: what there is before the first list."""
    from civicmail.city.directory import models as directory

    rows = [directory.Department(code=code, name=f"Department {code[2:]}", mailbox_cost=21_250) for code in codes()]
    directory.Department.objects.bulk_create(rows)
    for n in range(12):
        agency = directory.Agency.objects.create(code=f"a-{n}", name=f"Agency {n}")
        starts, ends = now.date() - timedelta(days=300), now.date() + timedelta(days=400)
        directory.Contract.objects.create(agency=agency, number="1", starts=starts, ends=ends)


def personnel_list(people: int, seed: int = 1) -> bytes:
    """The personnel system's file: everybody with a department, a position and a supervisor, one in ten under a contract."""
    chance = random.Random(seed)
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(_COLUMNS)
    largest = min(LARGEST, people // 4)
    above: dict[str, str] = {}
    for n in range(people):
        code = codes()[0] if n < largest else codes()[1 + n % (DEPARTMENTS - 1)]
        kind = chance.choice(KINDS)
        contract = f"a-{n % 12}/1" if kind in UNDER_CONTRACT else ""
        uid, supervisor = f"e-{n:05}", above.get(code, "")
        if chance.random() < 0.08 or not supervisor:
            above[code] = uid
        lines.writerow((uid, GIVEN[n % 16], f"{FAMILY[n % 14]}-{n}", kind, code, chance.choice(POSITIONS), supervisor, contract))
    return out.getvalue().encode()


def fill(t: Town, seed: int = 1) -> None:
    """What some years left, for people who came by the list: mailboxes, access in every state, sign-ins, answers, devices, lists,
    use, entries; and the largest department becomes the town's Public Works."""
    from civicmail.city.directory import models as directory

    chance = random.Random(seed)
    works = t.departments["public-works"]
    directory.Episode.objects.filter(department__code=codes()[0]).update(department=works)
    episodes = list(
        directory.Episode.objects.filter(person__uid__startswith="e-")
        .select_related("person", "department", "contract")
        .order_by("id")
    )
    boxes = _mailboxes(t, episodes)
    _access(t, episodes, boxes, chance)
    _shared(t, boxes, chance)
    _past(t, boxes, chance)
    for code in codes()[1:]:
        head = next(e.person for e in episodes if e.department.code == code and e.kind == "employee")
        directory.Department.objects.filter(code=code).update(head=head)


def _mailboxes(t: Town, episodes: list[Any]) -> dict[int, Any]:
    """Person -> mailbox, for all but one in eight."""
    from civicmail.city.directory.models import Address, Mailbox

    have = [e for n, e in enumerate(episodes) if n % 8]
    made = Mailbox.objects.bulk_create(
        (
            Mailbox(address=f"{e.person.uid}@city.example", name=e.person.display, kind="personal", department=e.department,
                    holder=e.person, made=t.now)
            for e in have
        ),
        batch_size=BATCH_SIZE,
    )  # fmt: skip
    boxes = {e.person.pk: box for e, box in zip(have, made, strict=True)}
    rows = [Address(address=box.address, mailbox=box, person_id=person, since=t.now) for person, box in boxes.items()]
    rows += [Address(address=f"alias-{box.address}", mailbox=box, person_id=p, since=t.now) for p, box in list(boxes.items())[::10]]
    Address.objects.bulk_create(rows, batch_size=BATCH_SIZE)
    return boxes


def _access(t: Town, episodes: list[Any], boxes: dict[int, Any], chance: random.Random) -> None:
    """An expired right and a living one for each mailbox, its sign-in, its answers to the policy, and its devices."""
    from civicmail.city.guard import models as guard
    from civicmail.city.identity import models as identity
    from pages.world import REASONS

    old, long = t.now - timedelta(days=500), t.now - timedelta(days=200)
    head, asker = t.people["chief"], t.people["super"]
    rights, accounts, answers, devices = [], [], [], []
    bound = set(identity.Undertaking.objects.values_list("agency", flat=True))
    for n, e in enumerate(episodes):
        if (box := boxes.get(e.person.pk)) is None:
            continue
        what = {"mailbox": box, "person": e.person, "episode": e, "department": e.department, "requester": asker, "approver": head}
        what |= {**REASONS, "cost": 21_250}
        rights.append(identity.Authorization(**what, asked=old, decided=old, starts=old, until=long, state="expired", since=long))
        state = "asked" if n % 50 == 1 else "suspended" if n % 70 == 2 else "active"
        until = t.now + timedelta(days=chance.randrange(20, 300))
        rights.append(identity.Authorization(**what, asked=long, decided=long, starts=long, until=until, state=state, since=long))
        accounts.append(guard.Account(person=e.person, username=box.address, made=old))
        common = {"person": e.person, "text": t.policy, "accepted": True, "shown": t.policy.sha256}
        answers += [identity.Acknowledgement(**common, at=day) for day in (old, long)[: 1 + n % 2]]
        devices += [
            identity.Device(person=e.person, key=f"k{n:06}{d}", name="Phone", mac=f"{n:063}{d}", made=long) for d in range(n % 3)
        ]
    agencies = sorted({e.contract.agency_id for e in episodes if e.contract is not None} - bound)
    signed = {"text": t.policy, "how": "paper", "reference": "A-1", "at": long}
    identity.Undertaking.objects.bulk_create([identity.Undertaking(agency_id=pk, **signed) for pk in agencies])
    for model, rows in ((identity.Authorization, rights), (guard.Account, accounts), (identity.Acknowledgement, answers)):
        model.objects.bulk_create(rows, batch_size=BATCH_SIZE)  # type: ignore[attr-defined]  # a list of different models
    identity.Device.objects.bulk_create(devices, batch_size=BATCH_SIZE)


def _shared(t: Town, boxes: dict[int, Any], chance: random.Random) -> None:
    """120 function mailboxes with five delegates each, a list of everybody for each department, and 40 of forty members."""
    from civicmail.city.directory import models as directory
    from civicmail.city.identity import models as identity
    from pages.world import REASONS

    holders = list(directory.Episode.objects.filter(person__in=boxes).select_related("department"))
    long, end = t.now - timedelta(days=200), t.now + timedelta(days=100)
    for n in range(120):
        first = holders[n * 40 % len(holders)]
        address = f"desk-{n}@city.example"
        box = directory.Mailbox.objects.create(
            address=address, name=f"Desk {n}", kind="function", department=first.department, made=t.now
        )
        directory.Address.objects.create(address=address, mailbox=box, since=t.now)
        identity.Authorization.objects.bulk_create(
            identity.Authorization(
                mailbox=box, person_id=e.person_id, episode=e, department=first.department, role="delegate", **REASONS,
                requester=t.people["super"], asked=long, approver=t.people["chief"], decided=long, starts=long, until=end,
                state="active", since=long,
            )
            for e in chance.sample(holders, 5)
        )  # fmt: skip
    for d in directory.Department.objects.all():
        directory.MailGroup.objects.create(
            address=f"all-{d.code}@city.example", name=d.name, department=d, everyone=True, made=t.now
        )
    members = list(boxes.values())
    for n in range(40):
        group = directory.MailGroup.objects.create(
            address=f"list-{n}@city.example", name=f"List {n}", department=t.departments["clerk"], made=t.now
        )
        group.members.set(chance.sample(members, min(40, len(members))))


def _past(t: Town, boxes: dict[int, Any], chance: random.Random) -> None:
    """Use by day, and entries of people's acts, which the ledger has."""
    from django.db import transaction

    from civicmail.city.guard import models as guard
    from civicmail.city.guard.actions.entries import enter_each
    from civicmail.city.guard.actors import Actor
    from civicmail.city.identity import models as identity

    used = (
        identity.Usage(person_id=person, mailbox=box, day=t.now.date() - timedelta(days=day), sent=day % 9, received=day % 23)
        for person, box in boxes.items()
        for day in range(1, DAYS_USED + 1)
    )
    while days := list(islice(used, BATCH_SIZE * 5)):
        identity.Usage.objects.bulk_create(days, batch_size=BATCH_SIZE)
    first = int(t.now.timestamp() * 1000) - 300 * 86_400_000
    acts = ["sign-in", "sign-in", "sign-in", "person.change", "authorisation.approve", "device.add"]
    count = ENTRIES * len(boxes) // PEOPLE
    for begin in range(0, count, BATCH_SIZE):
        done = [(f"person:e-{n % 6000:05}", {"n": n}) for n in range(begin, begin + BATCH_SIZE)]
        who, at = Actor(f"e-{chance.randrange(6000):05}"), first + begin * 400_000
        with transaction.atomic():
            enter_each(acts[begin // BATCH_SIZE % len(acts)], done, actor=who, reason="", now=at)
    waiting = guard.Entry.objects.filter(carried__isnull=True).order_by("id")
    carried = (guard.Carried(entry=e, journal="bench", number=e.pk, at=e.at) for e in waiting.iterator())
    while rows := list(islice(carried, BATCH_SIZE)):
        guard.Carried.objects.bulk_create(rows)
