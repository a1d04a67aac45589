"""Sample people with every kind of employment, authorization and role, made by the same verbs as on the pages.

`populate` fills an empty database; Django must be started. It claims the installation by granting roles.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import batched

from civicmail.city.directory.actions.people import Name, Work
from civicmail.city.directory.models import Agency, Contract, Mailbox, Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.models import Account
from civicmail.city.guard.roles import Role
from civicmail.city.identity.actions import (
    access_end,
    access_requests,
    bulk_authorization,
    feed,
    mailboxes,
    office_lists,
    organization,
    people,
    personal_use,
    policy,
    roles,
    signin,
    suspensions,
    undertakings,
)
from civicmail.city.identity.actions.publishing import single_publication
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries.policy_answers import newest
from civicmail.front.sample.people import DOMAIN, SAMPLE, Town
from civicmail.front.sample.policy_text import CHANGED, TEXT, TITLE
from civicmail.front.sample.staff_context import FOUNDER, REASONS, WHY, YEAR, Staff, actor, at_office, oneself, today

_LEADERS = ("Director", "Deputy director")
_TEAM = ("Supervisor", "Clerk", "Clerk", "Inspector")
_POSITIONS = (*_LEADERS, *_TEAM)
_ROLES: dict[str, tuple[tuple[str, Role], ...]] = {
    "clerk": (("Clerk", "access-officer"), ("Inspector", "records-officer"), ("Supervisor", "use-reviewer")),
    "finance": (
        ("Inspector", "auditor"),
        ("Clerk", "examination-approver"),
        ("Supervisor", "use-reviewer"),
        ("Deputy director", "administration-director"),
    ),
    "it": (("Clerk", "system-administrator"), ("Inspector", "policy-author"), ("Supervisor", "security-officer")),
    "law": (
        ("Supervisor", "city-attorney"),
        ("Inspector", "retention-officer"),
        ("Clerk", "policy-approver"),
        ("Deputy director", "privacy-officer"),
    ),
    "police": (("Inspector", "examiner"),),
}


def populate(now: int, town: Town = SAMPLE) -> Staff:
    """Fill directory and access; one transaction, one publication. now: ms."""
    city = Staff(town)
    with single_publication():
        _structure(city, now)
        _offices(city, now)
        _policy(city, now)
        _leaders(city, now)
        for department in town.departments:
            _roster(city, department.short, now)
        _outsiders(city, now)
        _boxes(city, now)
        _acknowledge(city, now)
        _roles(city, now)
        _personal_use(city, now)
        _events(city, now)
    return city


def _structure(city: Staff, now: int) -> None:
    root = organization.make_department("city", "Sample City", mailbox_cost=14_400, actor=FOUNDER, reason=WHY, now=now)
    city.departments["city"] = root
    for department in city.town.departments:
        city.departments[department.short] = organization.make_department(
            department.short, department.name, parent=root, mailbox_cost=14_400, actor=FOUNDER, reason=WHY, now=now
        )
    streets = organization.make_department(
        "streets", "Streets and Lights", parent=city.departments["works"], mailbox_cost=14_400, actor=FOUNDER, reason=WHY, now=now
    )
    city.departments["streets"] = streets
    _employees(city, now)


def _employees(city: Staff, now: int) -> None:
    """Import the personnel list, as a real city does."""
    lines = [
        ("e-1001", "Maria", "Fjordgren", "elected", "city", "Mayor", ""),
        ("e-1002", "Tobias", "Quarterstone", "employee", "city", "City administrator", "e-1001"),
    ]
    teams: dict[str, list[str]] = {}
    for department in city.town.departments:
        team = teams[department.short] = []
        for number, sample in enumerate(city.town.staff_of(department.short)[1:]):
            position = _LEADERS[number] if number < 2 else _TEAM[(number - 2) % 4]
            uid = f"e-{2001 + len(lines) - 2}"
            given, _, family = sample.name.rpartition(" ")
            above = (
                "e-1002" if not team else team[0] if position in ("Deputy director", "Supervisor") else team[-1 - (number - 3) % 4]
            )
            lines.append((uid, given, family, "employee", department.short, position, above))
            team.append(uid)
            _addresses[uid] = sample.address
    header = ("uid", "given", "family", "kind", "department", "position", "supervisor")
    content = "".join(f"{','.join(line)}\n" for line in (header, *lines)).encode()
    run = feed.propose(content, source="personnel.csv", actor=FOUNDER, now=now)
    feed.apply(run, actor=FOUNDER, reason="The personnel office's list.", now=now)
    city.people = {person.uid: person for person in Person.objects.all()}
    city.team = {short: [city.people[uid] for uid in team] for short, team in teams.items()}
    city.named |= {"mayor": city.people["e-1001"], "administrator": city.people["e-1002"]}
    head, deputy, supervisor, clerk, *_ = city.six("works")
    city.named |= {"head": head, "deputy": deputy, "supervisor": supervisor, "clerk": clerk}
    city.named["without-access"] = city.six("parks")[5]


_addresses: dict[str, str] = {}
"""uid -> the address that the sample mail knows."""


def _offices(city: Staff, now: int) -> None:
    mayor, administrator = city.named["mayor"], city.named["administrator"]
    organization.lead_department(city.departments["city"], mayor, [administrator], actor=FOUNDER, reason=WHY, now=now)
    for short, team in city.team.items():
        organization.lead_department(city.departments[short], team[0], [team[1]], actor=FOUNDER, reason=WHY, now=now)
    organization.lead_department(city.departments["streets"], city.team["works"][2], actor=FOUNDER, reason=WHY, now=now)
    for person in (mayor, administrator, *(p for team in city.team.values() for p in team)):
        address = _addresses.get(person.uid, f"{person.given}.{person.family}@{DOMAIN}".lower())
        signin.open_account(person, username=address, actor=FOUNDER, reason=WHY, now=now)


def _policy(city: Staff, now: int) -> None:
    policy.publish(TITLE, TEXT, changed=CHANGED, actor=FOUNDER, reason="Adopted by the council.", now=now)
    for person in (city.named["mayor"], city.named["administrator"], *(p for t in city.team.values() for p in t[:2])):
        _accept(person, now)
    officer = city.team["clerk"][3]
    city.named["access-officer"] = officer
    roles.grant(officer, "access-officer", until=now + YEAR, actor=FOUNDER, reason="Keeps the roster of the city.", now=now)
    _accept(officer, now)


def _accept(person: Person, now: int) -> None:
    text = newest()
    assert text is not None
    policy.accept(person, text, text.sha256, actor=oneself(person), now=now)


def _leaders(city: Staff, now: int) -> None:
    """Access of decision makers: the office requests, the superior approves."""
    officer = at_office(city, now)
    mayor, administrator = city.named["mayor"], city.named["administrator"]
    for person, decider in ((administrator, mayor), (mayor, administrator)):
        _give(person, officer, actor(decider, now), now)
    above = actor(administrator, now)
    for team in city.team.values():
        _give(team[0], officer, above, now)
        _give(team[1], officer, actor(team[0], now), now)


def _give(person: Person, asker: Actor, decider: Actor, now: int) -> Authorization:
    request = access_requests.ask(
        person, reasons=REASONS, until=now + YEAR, address=_addresses.get(person.uid, ""), actor=asker, now=now
    )
    return access_requests.approve(request, actor=decider, now=now)


def _roster(city: Staff, short: str, now: int) -> None:
    """The deputy writes the reasons of each position, the head authorizes everybody in it."""
    team, where = city.team[short], city.departments[short]
    head, deputy = actor(team[0], now), actor(team[1], now)
    none = (city.named["without-access"], city.six("library")[4])
    for person in team[2:]:
        if person not in none:
            access_requests.open_own_mailbox(person, where, _addresses[person.uid], now=now)
    for position in dict.fromkeys(_TEAM):
        profile = bulk_authorization.write_profile(where, position, REASONS, actor=deputy, now=now)
        team_members = [p for n, p in enumerate(team[2:]) if _TEAM[n % 4] == position and p not in none]
        for batch in batched(team_members, 50):
            bulk_authorization.authorize(
                profile, list(batch), until=now + YEAR, actor=head, reason="Reviewed with the deputy.", now=now
            )


_OUTSIDERS = (
    ("c-3001", "Pavel", "Oakhurst", "contractor", "works", "Paving foreman", "lakeview"),
    ("c-3002", "Lena", "Marshfield", "contractor", "works", "Surveyor", "lakeview"),
    ("v-3003", "Otto", "Brightwell", "vendor", "it", "Printer service", "blueheron"),
    ("a-3004", "Nadia", "Collingtree", "agent", "finance", "Collections", "mutual"),
    ("u-3005", "Sam", "Eversley", "volunteer", "library", "Reading hour", ""),
    ("u-3006", "June", "Hartsough", "volunteer", "parks", "Tree warden", ""),
    ("b-3007", "Edwin", "Larkspur", "board", "housing", "Board of zoning appeals", ""),
    ("b-3008", "Thea", "Norwood", "board", "harbor", "Harbor commission", ""),
    ("o-3009", "Clara", "Penhallow", "elected", "clerk", "Alder, third district", ""),
    ("o-3010", "Rufus", "Sandoval", "elected", "clerk", "Alder, fifth district", ""),
)


def _outsiders(city: Staff, now: int) -> None:
    officer = at_office(city, now)
    agencies = {}
    names = (
        ("lakeview", "Lakeview Paving", "works"),
        ("blueheron", "Blue Heron Software", "it"),
        ("mutual", "Mutual Recovery", "finance"),
    )
    for number, (code, name, short) in enumerate(names):
        agency = organization.make_agency(code, name, contact=f"office@{code}.example", actor=officer, reason=WHY, now=now)
        agencies[code] = _contract(agency, f"2026-{number + 14}", city.six(short)[0], officer, now)
        if (text := newest()) is not None:
            undertakings.record(agency, text, f"Contract file 2026-{number + 14}, annex 2", actor=officer, now=now)
    for uid, given, family, kind, short, position, code in _OUTSIDERS:
        where, team = city.department(short), city.six(short)
        person = _add_by(city, officer, uid, given, family, Work(kind, where, position, team[2], agencies.get(code)), now)
        until = now + (100 * DAY_MS if code else YEAR)
        request = access_requests.ask(person, reasons=REASONS, until=until, actor=actor(team[1], now), now=now)
        access_requests.approve(request, actor=actor(team[0], now), now=now)
        city.named.setdefault(kind, person)


def _contract(agency: Agency, number: str, sponsor: Person, officer: Actor, now: int) -> Contract:
    starts, ends = today(now) - timedelta(days=200), today(now) + timedelta(days=120)
    return organization.make_contract(agency, number, sponsor, starts, ends, actor=officer, reason=WHY, now=now)


def _add_by(city: Staff, officer: Actor, uid: str, given: str, family: str, work: Work, now: int) -> Person:
    city.people[uid] = people.add(uid, Name(family, given), work, actor=officer, reason="Begins this month.", now=now)
    return city.people[uid]


def _boxes(city: Staff, now: int) -> None:
    """Function mailboxes with named users, lists in lists, a machine."""
    officer = at_office(city, now)
    lists = []
    for department in city.town.departments:
        where, team = city.departments[department.short], city.team[department.short]
        purpose = f"Letters to the {department.name} that are nobody's in particular."
        box = mailboxes.make_function(
            f"{department.short}@{DOMAIN}", department.name, where, purpose, actor=officer, reason=WHY, now=now
        )
        _grant((team[2], team[3]), box, city, department.short, now)
        lists.append(
            mailboxes.make_group(
                f"all-{department.short}@{DOMAIN}", f"All of {department.name}", where, everyone=True, actor=officer,
                reason=WHY, now=now,
            )
        )  # fmt: skip
    office_lists.make_missing(city.departments["it"], actor=officer, reason=WHY, now=now)
    clerk = city.departments["clerk"]
    box = mailboxes.make_function(
        f"311@{DOMAIN}", "City Services 311", clerk, "Where residents ask first.", actor=officer, reason=WHY, now=now
    )
    _grant((city.team["clerk"][4],), box, city, "clerk", now)
    root = city.departments["city"]
    mailboxes.make_group(f"everybody@{DOMAIN}", "Everybody", root, everyone=True, actor=officer, reason=WHY, now=now)
    heads = mailboxes.make_group(f"directors@{DOMAIN}", "Directors", root, actor=officer, reason=WHY, now=now)
    directors = Mailbox.objects.filter(holder__in=[team[0] for team in city.team.values()])
    mailboxes.change_group(heads, directors, actor=officer, reason=WHY, now=now)
    safety = mailboxes.make_group(f"safety@{DOMAIN}", "Public safety", root, actor=officer, reason=WHY, now=now)
    mailboxes.change_group(
        safety, [], [g for g in lists if g.address.startswith(("all-police", "all-fire"))], actor=officer, reason=WHY, now=now
    )
    mailboxes.make_service(
        f"copier-3@{DOMAIN}", "Copier, third floor", city.departments["it"], "Sends scans to whoever scanned them.", now + YEAR,
        actor=officer, reason=WHY, now=now,
    )  # fmt: skip


def _grant(users: Iterable[Person], box: Mailbox, city: Staff, short: str, now: int) -> None:
    head, deputy = (actor(person, now) for person in city.team[short][:2])
    for person in users:
        request = access_requests.ask_grant(person, box, "delegate", reasons=REASONS, until=now + YEAR, actor=deputy, now=now)
        access_requests.approve(request, actor=head, now=now)


def _acknowledge(city: Staff, now: int) -> None:
    """All accept the policy, except one pending, one who declines, and one who signs on paper."""
    text = newest()
    assert text is not None
    city.named |= {"unacknowledged": city.six("water")[4], "declined": city.six("water")[5], "paper": city.six("fire")[5]}
    officer = at_office(city, now)
    for account in Account.objects.select_related("person").order_by("id"):
        person = account.person
        if person == city.named["unacknowledged"] or person.acknowledgements.exists():
            continue
        if person == city.named["paper"]:
            policy.record_paper(person, text, accepted=True, reference="Binder 4, sheet 17", actor=officer, now=now)
        elif person == city.named["declined"]:
            policy.decline(person, text, text.sha256, actor=oneself(person), now=now)
        else:
            policy.accept(person, text, text.sha256, actor=oneself(person), now=now)


def _roles(city: Staff, now: int) -> None:
    officer = at_office(city, now)
    for short, held in _ROLES.items():
        for position, role in held:
            person = city.team[short][_POSITIONS.index(position)]
            if role != "access-officer":
                roles.grant(person, role, until=now + YEAR, actor=officer, reason="Chosen by the administrator.", now=now)
                city.named[role] = person
    works = city.departments["works"]
    authorizer = city.team["works"][4]
    roles.grant(
        authorizer, "authoriser", department=works, until=now + YEAR, actor=officer, reason="While the head is away.", now=now
    )
    city.named["authoriser"] = authorizer
    given = city.named["records-officer"].roles.get(role="records-officer")
    roles.activate(given, hours=2, actor=actor(given.person, now), reason="Records request 2026-31.", now=now)
    roles.record_conflict(
        city.named["records-officer"], "records-officer", "retention-officer", until=now + 90 * DAY_MS, actor=officer, now=now,
        control="The city attorney reads each disposal while the retention officer is on leave.",
    )  # fmt: skip


def _personal_use(city: Staff, now: int) -> None:
    until = today(now) + timedelta(days=300)
    limits = "A few short messages in breaks; no shops, no lists, no attachments."
    for short, position in (("library", ""), ("health", "Inspector")):
        head = actor(city.six(short)[0], now)
        personal_use.allow(city.department(short), limits, position=position, until=until, actor=head, now=now)
    head = actor(city.six("fire")[0], now)
    personal_use.allow(city.department("fire"), limits, person=city.six("fire")[4], until=until, actor=head, now=now)


def _events(city: Staff, now: int) -> None:
    """Make pending, denied, suspended, ended, ending and moved authorizations."""
    _, _, supervisor, _, clerk, inspector = city.six("works")
    library, harbor, housing, finance = (city.six(short) for short in ("library", "harbor", "housing", "finance"))
    request = access_requests.ask(library[4], reasons=REASONS, until=now + YEAR, actor=actor(library[2], now), now=now)
    city.pending += [request, _requested_by_works(inspector, supervisor, now)]
    refused, head = _requested_by_works(clerk, supervisor, now), actor(city.named["head"], now)
    access_requests.refuse(refused, actor=head, reason="Two people read this mailbox already.", now=now)
    city.named |= {"suspended": harbor[5], "ended": housing[5], "leaving": finance[4], "mover": city.six("health")[3]}
    suspensions.suspend(harbor[5], actor=actor(harbor[0], now), reason="On leave until further notice.", now=now)
    above, why = actor(housing[0], now), "Retired at the end of the month."
    access_end.end_access(housing[5], reason=why, when=now, actor=above, now=now, successor=housing[4])
    above, why = actor(finance[0], now), "Leaves for another city."
    access_end.end_access(finance[4], reason=why, when=now + 20 * DAY_MS, actor=above, now=now)
    where, officer, why = (
        city.department("parks"),
        at_office(city, now),
        "Changes to Parks and Gardens.",
    )
    people.move(city.named["mover"], where, position="Clerk", supervisor=city.six("parks")[2], actor=officer, reason=why, now=now)


def _requested_by_works(person: Person, supervisor: Person, now: int) -> Authorization:
    """A supervisor requests access to the mailbox of Public Works."""
    box, until = Mailbox.objects.get(address=f"works@{DOMAIN}"), now + 90 * DAY_MS
    return access_requests.ask_grant(person, box, "delegate", reasons=REASONS, until=until, actor=actor(supervisor, now), now=now)
