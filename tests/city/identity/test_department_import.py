"""Departments are one list: a file brings it whole, and the data folder has what is made of it (P-04, P-06)."""

from __future__ import annotations

from pathlib import Path

import pytest

from city.identity import staff
from city.identity.staff import MS
from civicmail.city.directory import department_file, store
from civicmail.city.directory.errors import Unusable
from civicmail.city.directory.models import Department, ReservedAddress
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.models import Entry
from civicmail.city.identity.actions import department_import, department_routing, mailboxes, organization
from civicmail.city.identity.actions.department_import import ImportResult

pytestmark = pytest.mark.django_db(transaction=True)

OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))
LIST = """
[department.city]
name = "The City"
[department.works]
name = "Public Works"
parent = "city"
head = "head"
deputies = ["ann"]
mailbox_cost = 1200
addresses = ["Works@City.example"]
"""


def _open(text: str, *, dry_run: bool = False, actor: Actor = OFFICER) -> ImportResult:
    wanted = department_file.read(text.encode())
    return department_import.import_departments(wanted, actor=actor, reason="The council decided so.", now=MS, dry_run=dry_run)


@pytest.fixture
def clerk(installed: Path) -> Department:
    clerk = staff.department("clerk")
    for uid in ("head", "ann"):
        staff.employed(staff.person(uid), clerk)
    return clerk


def test_a_file_brings_a_whole_list_and_the_same_again_changes_nothing(clerk: Department, installed: Path) -> None:
    assert _open(LIST, dry_run=True) == ImportResult(["city", "works"], [], {})
    assert Department.objects.count() == 1 and not Entry.objects.exists() and not (installed / store.LIST).exists()
    assert _open(LIST).new == ["city", "works"]
    works = Department.objects.get(code="works")
    assert (works.name, works.parent.code if works.parent else "", works.mailbox_cost) == ("Public Works", "city", 1200)
    assert works.head is not None and works.head.uid == "head" and [d.uid for d in works.deputies.all()] == ["ann"]
    assert set(store.load(installed).by_name) == {"city", "clerk", "works"}, "gateways have the same departments"
    found = store.load(installed).of("works", "city.example")
    assert found is not None and found.name == "works"
    before = Entry.objects.count()
    assert _open(LIST) == ImportResult() and Entry.objects.count() == before
    table = "code;name;deputies\r\nworks;Streets and Works;ann\r\nparks;Parks;\r\n"
    assert _open(table) == ImportResult(["parks"], ["works"], {})
    works.refresh_from_db()
    assert works.name == "Streets and Works" and works.head.uid == "head", "what it does not say stays"


@pytest.mark.rule(
    "P-04, P-06",
    "Departments are one list: the access office maintains it, gateways follow it, and a list is imported completely or "
    "not at all.",
)
@pytest.mark.parametrize(
    ("lines", "code", "why"),
    [
        ('parent = "nowhere"', "works", "There is no department nowhere"),
        ('parent = "works"', "works", "cannot be below"),
        ('head = "nobody"', "works", "Nobody has the number nobody"),
        ('head = "left"', "works", "does not work for the city"),
        ('addresses = ["desk@city.example"]', "works", "is of the department clerk"),
        ('addresses = ["x@elsewhere.example"]', "works", "in no domain of the city"),
        ('addresses = ["elsewhere.example"]', "works", "in no domain of the city"),
    ],
)
def test_one_clash_is_named_and_nothing_of_the_list_is_done(lines: str, code: str, why: str, clerk: Department) -> None:
    staff.person("left")
    mailboxes.make_function(
        "desk@city.example", "Desk", clerk, "What the desk answers for all.", actor=OFFICER, reason="So.....", now=MS
    )
    done = _open(f'[department.good]\nname = "Good"\n[department.works]\nname = "Works"\n{lines}\n')
    assert why in done.clashes[code] and list(done.clashes) == [code]
    assert list(Department.objects.values_list("code", flat=True)) == ["clerk"]


def test_a_closed_code_an_address_of_two_and_a_code_of_capitals(clerk: Department) -> None:
    act = {"actor": OFFICER, "reason": "The council decided so.", "now": MS}
    organization.close_department(organization.make_department("old", "Old", **act), **act)  # type: ignore[arg-type]
    assert "was closed" in _open('[department.old]\nname = "Old"').clashes["old"]
    two = '[department.a]\naddresses = ["x@city.example"]\n[department.b]\naddresses = ["x@city.example"]\n'
    assert "is of the department a" in _open(two).clashes["b"]
    assert "small letters" in _open("code,name\nw o,Works\n").clashes["w o"]


_NO_LISTS = (
    "", "name\nx\n", "code,what\nx,y\n", "code\nx\nx\n", "[department.x]\nhead = 7\n", 'code\n"x\n',
    "[department.x]\nmailbox_cost = -1\n",
)  # fmt: skip


@pytest.mark.parametrize("text", _NO_LISTS)
def test_what_is_no_list_is_one_sentence(text: str) -> None:
    with pytest.raises(Unusable):
        department_file.read(text.encode())


_BROKEN = (
    "[department.works\nname = 'Works'\n",
    "[[department]]\ncode = 'works'\n",
    "# ours\n\ndepartment = {\n",
    "department = 5\n",
    "[departmnt.works]\nname = 'Works'\n",
    "[department.works]\nname = " + "[" * 20_000,
    "[department.works]\nmailbox_cost = " + "9" * 5000,
)


@pytest.mark.parametrize("text", _BROKEN)
def test_broken_toml_is_spoken_of_as_toml(text: str) -> None:
    """Whoever wrote a table [department.CODE] was told of columns of a CSV."""
    with pytest.raises(Unusable) as refused:
        department_file.read(text.encode())
    assert "[department.CODE]" in str(refused.value) or "TOML" in str(refused.value)
    assert "column" not in str(refused.value).replace("column 1", "").replace(", column", "")


def test_the_name_of_a_file_says_that_it_is_toml() -> None:
    for text in ("works]\n", "# nothing yet\n"):
        with pytest.raises(Unusable) as refused:
            department_file.read(text.encode(), "departments.toml")
        assert "TOML" in str(refused.value) or "no departments" in str(refused.value)


def test_only_the_access_office_opens_a_list(clerk: Department) -> None:
    with pytest.raises(NotPermitted):
        _open(LIST, actor=Actor("head", "Head", departments=frozenset({"clerk"})))


@pytest.mark.rule("P-06", "A department made on a page is known to gateways immediately.")
def test_a_department_of_a_page_is_one_that_gateways_know_at_once(clerk: Department, installed: Path) -> None:
    organization.make_department("parks", "Parks", actor=OFFICER, reason="The council decided so.", now=MS)
    assert "parks" in store.load(installed).by_name
    organization.close_department(Department.objects.get(code="parks"), actor=OFFICER, reason="It is over now.", now=MS)
    assert "parks" not in store.load(installed).by_name


@pytest.mark.rule(
    "P-06",
    "Addresses of mailboxes and of feeds are routed with the department of their owner, whatever else is configured.",
)
def test_mailboxes_and_addresses_of_people_are_their_departments(clerk: Department, installed: Path) -> None:
    """Also against what was said of another one; a person's own move with the person."""
    parks = staff.department("parks")
    parks.routed = "desk@city.example ann.old@city.example"
    parks.save()
    mailboxes.make_function(
        "desk@city.example", "Desk", clerk, "What the desk answers for all.", actor=OFFICER, reason="So.....", now=MS
    )
    ReservedAddress.objects.create(address="ann.old@city.example", person=staff.Person.objects.get(uid="ann"), main=True)
    assert department_routing.write() and not department_routing.write(), "written when it changed"
    known = store.load(installed)
    for local in ("desk", "ann.old"):
        found = known.of(local, "city.example")
        assert found is not None and found.name == "clerk"


@pytest.mark.rule("P-06", "A directory.toml that a person wrote counts until it was opened.")
def test_a_file_that_a_person_wrote_counts_until_it_was_opened(clerk: Department, installed: Path) -> None:
    """An upgrade moves nobody's mail; modes stay."""
    (installed / store.DIRECTORY).write_text('[department.works]\naddresses = ["works@city.example"]\n')
    assert not department_routing.write() and list(store.load(installed).by_name) == ["works"]
    _open((installed / store.DIRECTORY).read_text())
    department_routing.put_away_file()
    assert set(store.load(installed).by_name) == {"works", "clerk"} and not store.is_by_hand(installed)
    assert (installed / store.OPENED).exists() and not (installed / store.DIRECTORY).exists()


def test_the_list_is_there_before_anybody_changed_a_department(clerk: Department, installed: Path) -> None:
    """Of an installation that was claimed, or comes from before there was a list; then only where there is another system."""
    assert department_routing.follow() and list(store.load(installed).by_name) == ["clerk"]
    staff.department("parks")
    assert not department_routing.follow()
