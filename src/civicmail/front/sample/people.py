"""People of the sample city and outside it. Plain data; all domains are reserved by RFC 2606."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

DOMAIN = "city.example"


@dataclass(frozen=True, slots=True)
class Person:
    """A writer or reader of mail. department: its short name, "" outside the city's service."""

    name: str
    address: str
    department: str = ""

    @property
    def inside(self) -> bool:
        return self.address.endswith("@" + DOMAIN)


@dataclass(frozen=True, slots=True)
class Department:
    """short: the mailbox of the department and the key of everything about it; topics: what its mail is about; size: how many work
    there, 0 for as many as in others of the town."""

    short: str
    name: str
    topics: tuple[str, ...]
    size: int = 0


DEPARTMENTS = (
    Department("works", "Public Works", ("storm drain", "street light", "snow route", "bridge inspection", "sidewalk repair")),
    Department("water", "Water Works", ("main break", "meter reading", "lead service line", "pump station", "boil notice")),
    Department(
        "police", "Police Department", ("records request", "crossing guard", "noise complaint", "body camera", "patrol plan")
    ),
    Department("fire", "Fire Department", ("hydrant flow test", "smoke detector", "ladder inspection", "burn permit", "drill")),
    Department("health", "Health Department", ("clinic hours", "food inspection", "air quality", "vaccine delivery", "rat report")),
    Department("library", "Public Library", ("story hour", "overdue notice", "reading room", "book van", "local history")),
    Department("clerk", "City Clerk", ("council agenda", "liquor licence", "public hearing", "minutes", "open records")),
    Department("parks", "Parks and Gardens", ("playground", "tree planting", "ball field", "picnic permit", "lake level")),
    Department(
        "housing", "Housing and Inspections", ("rent abatement", "vacant house", "code violation", "zoning variance", "survey")
    ),
    Department("finance", "Finance", ("invoice", "budget transfer", "audit finding", "purchase order", "property tax")),
    Department("law", "City Attorney", ("settlement", "subpoena", "contract draft", "ordinance", "claim notice")),
    Department("elections", "Election Commission", ("polling place", "absentee ballot", "poll worker", "recount", "redistricting")),
    Department("harbor", "Port and Harbor", ("dredging", "berth assignment", "crane inspection", "ice report", "ferry landing")),
    Department("it", "Information Technology", ("password change", "printer queue", "network outage", "new laptop", "mail filter")),
)

_GIVEN = (
    "Ada", "Bruno", "Carmen", "Dmitri", "Élodie", "Farid", "Grace", "Hiro", "Ines", "Jamal", "Katrin", "Luís", "Mei", "Noor",
    "Olga", "Paolo", "Quyên", "Rosa", "Søren", "Tariq", "Una", "Vera", "Wanda", "Xavier", "Yusuf", "Zoë",
)  # fmt: skip
_FAMILY = (
    "Abendroth", "Birchwater", "Castellano", "Dufresne", "Eastlake", "Fjordgren", "Grünewald", "Hollowell",
    "Ibarrola", "Jankowiak", "Kettleburn", "Lindqvist", "Moravec", "Nakashiro", "Okonjole", "Pettigale",
    "Quarterstone", "Ravenscar", "Szabolcsi", "Thistledown", "Umberfield", "Vantongeren", "Wrzesień", "Xenakidis",
    "Yarborough", "Zuckerweis",
)  # fmt: skip
_PLAIN = str.maketrans("Éíêøëüń", "Eieoeun")

_VENDORS = (
    ("Lakeview Paving", "paving.example"),
    ("Northside Office Supply", "supplies.example"),
    ("Harbor Crane Service", "cranes.example"),
    ("Blue Heron Software", "blueheron.example"),
    ("Mutual Pump & Valve", "pumps.example"),
    ("Old Mill Printing", "oldmill.example"),
)
_HOMES = ("home.example", "lakemail.example", "post.example", "student.example", "familie.example")
_CHEATS = ("win-big.example", "account-check.example", "pills.example", "urgent-transfer.example", "cheap-watches.example")


def _local(given: str, family: str) -> str:
    return f"{given}.{family}".translate(_PLAIN).lower()


def _names(given: int, family: int) -> Iterator[tuple[str, str]]:
    """Every name once, from these two on: first that given name in every family."""
    for g in range(len(_GIVEN)):
        for f in range(len(_FAMILY)):
            yield _GIVEN[(given + g) % len(_GIVEN)], _FAMILY[(family + f) % len(_FAMILY)]


class Town:
    """Departments and who works in them: the department's own mailbox first, then `size` people. Names and addresses are unique."""

    def __init__(self, departments: tuple[Department, ...], size: int) -> None:
        self.departments = departments
        self._staff: dict[str, tuple[Person, ...]] = {}
        taken: set[tuple[str, str]] = set()
        for d, department in enumerate(departments):
            people = [Person(department.name, f"{department.short}@{DOMAIN}", department.short)]
            for i in range(department.size or size):
                given, family = next(name for name in _names(d * 7 + i * 5, d * 3 + i * 11) if name not in taken)
                taken.add((given, family))
                address = f"{_local(given, family)}@{DOMAIN}"
                people.append(Person(f"{given} {family}", address, department.short))
            self._staff[department.short] = tuple(people)

    def staff_of(self, short: str) -> tuple[Person, ...]:
        """The people of one department, its own mailbox first."""
        return self._staff.get(short, ())

    @cached_property
    def employees(self) -> tuple[Person, ...]:
        """Everybody, department by department."""
        return tuple(person for staff in self._staff.values() for person in staff)


SAMPLE = Town(DEPARTMENTS, 6)
"""The city of tests and benchmarks: every department, few people."""

DEMO = Town(tuple(d for d in DEPARTMENTS if d.short in ("works", "police", "clerk", "finance", "law", "it")), 65)
"""The city of the demo: six departments, with the mayor and outsiders about 400 people."""


_DISTRICTS = ("North", "East", "South", "West", "Harbor", "Market", "Lakeside", "Hills", "Airport")


def _with_districts(department: Department) -> tuple[Department, ...]:
    """The department and its office in each of nine districts."""
    offices = (Department(f"{department.short}-{w.lower()}", f"{department.name}, {w}", department.topics, 4) for w in _DISTRICTS)
    return department, *offices


OFFICES = Town(tuple(office for d in DEPARTMENTS for office in _with_districts(d)), 6)
"""The city of a simulated day: some more people than the demo's, in 140 departments and district offices, so that somebody decides
about the files of 44 of the 6,200 whose mail it carries."""


@cache
def residents() -> tuple[Person, ...]:
    people = []
    for i in range(80):
        given, family = _GIVEN[(i * 3 + 1) % len(_GIVEN)], _FAMILY[(i * 7 + i // 26) % len(_FAMILY)]
        people.append(Person(f"{given} {family}", f"{_local(given, family)}{i or ''}@{_HOMES[i % len(_HOMES)]}"))
    return tuple(people)


@cache
def vendors() -> tuple[Person, ...]:
    return tuple(Person(name, f"{box}@{domain}") for name, domain in _VENDORS for box in ("sales", "accounts", "service"))


@cache
def cheats() -> tuple[Person, ...]:
    names = ("Prize Desk", "Security Team", "Dr. Wellness", "Chief Officer", "Luxury Outlet")
    return tuple(Person(name, f"no-reply@{domain}") for name, domain in zip(names, _CHEATS, strict=True))
