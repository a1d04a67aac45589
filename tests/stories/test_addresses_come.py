"""A city moves in: its people come with the addresses that they have, by the three feeds (6,200 in `make city`, a few of each
otherwise), and nobody gets one that was made up (P-04, P-08; issue 19, acceptance 4)."""

from __future__ import annotations

import http.client
import json
import os
import smtplib
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from neighbours.civic import PROGRAM, Civicmail
from neighbours.slapd import PEOPLE as LDAP_PEOPLE
from neighbours.slapd import READER, Slapd, entry
from stories.townhall import run, townhall

pytestmark = [pytest.mark.neighbour("slapd", "slapadd"), pytest.mark.timeout(900)]

EACH = int(os.environ.get("CIVICMAIL_PEOPLE", "90")) // 3
"""People who come by each of the three."""
SOME = 500
"""People who are authorized by one process, which has a minute."""
KINDS = {"c": "employee", "l": "volunteer", "s": "board"}
"""Of whom a list says nothing it ends nobody, so each feed has a kind of its own."""
STAFF = (
    ("e-1", "Olga", "Officer", "it"), ("e-5", "Rita", "Records", "it"), ("e-6", "Alma", "Weiss", "it"),
    ("e-2", "Rosa", "Hale", "works"), ("e-3", "Kim", "Boyd", "works"), ("e-4", "Sam", "Ferrer", "works"),
    ("e-17", "Ines", "Moravec", "works"),
)  # fmt: skip
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_SETTINGS = """
[[feeds.ldap]]
name = "hr"
url = "{server.url}"
ca = "{server.ca}"
bind = "{reader}"
password_file = "{server.password}"
base = "{base}"
"""
_TOKEN = """
from civicmail.city.identity.actions import feedkeys
print(feedkeys.make("Provider", days=9, actor=OFFICE, reason="the city's provider", now=time.time_ns() // 1_000_000))
"""
_AUTHORIZE = """
from civicmail.city.identity.actions import bulk_authorization
from civicmail.city.identity.actions.publishing import single_publication
from civicmail.city.guard.reasons import Reasons
ms = time.time_ns() // 1_000_000
works, words = Department.objects.get(code="works"), "Answers letters of the people of this city, on the same day."
writer, head = (Actor(uid, uid, departments=frozenset(["works"])) for uid in ("e-4", "e-2"))
reasons = Reasons(words, words, words, words)
profile = Profile.objects.first() or bulk_authorization.write_profile(works, "Crew", reasons, actor=writer, now=ms)
people = list(Person.objects.filter(uid__startswith="{door}", episodes__position="Crew").order_by("id")[{begin} : {begin} + {some}])
with single_publication():
    for begin in range(0, len(people), 50):
        bulk_authorization.authorize(profile, people[begin : begin + 50], until=ms + 300 * 86_400_000, actor=head, now=ms)
"""
_READ = """
import json
boxes = Mailbox.objects.filter(holder__episodes__position="Crew").values_list("holder__uid", "address")
aliases = Address.objects.filter(person__episodes__position="Crew", until__isnull=True).values_list("person__uid", "address")
print(json.dumps([dict(boxes), sorted(aliases), Account.objects.filter(username__startswith="x.").count()]))
"""


def _address(door: str, n: int) -> str:
    """What no program would make of the names, like Given Familyc7."""
    return f"x.{door}{n}@city.example"


def _alias(door: str, n: int) -> str:
    return f"other-{door}{n}@city.example"


class City:
    def __init__(self, place: Path, server: Slapd) -> None:
        self.place, self.data = place, place / "data"
        self.civic = Civicmail(self.data, web__serve="true")
        file = self.data / "civicmail.toml"
        file.write_text(file.read_text() + _SETTINGS.format(server=server, reader=READER, base=LDAP_PEOPLE))
        claim = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
        self.run(*claim, "--reason", "the council decided so")
        townhall(self.data)
        self.token = run(self.data, _TOKEN).strip()

    def run(self, *arguments: str, code: int = 0) -> str:
        environ = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        environ["CIVICMAIL_TOKEN_FILE"] = str(self.data.with_name("officer.token"))
        command = [PROGRAM, *arguments, "--data", str(self.data)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environ, check=False)
        assert done.returncode == code, (done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout

    def by_file(self) -> None:
        """With what files of offices are like; one line takes what somebody else has, and is refused alone."""
        lines = ["\ufeffuid;family;given;kind;department;position;address;aliases"]
        lines += [f"{uid};{family};{given};employee;{where};Clerk;;" for uid, given, family, where in STAFF]
        lines += [
            f"c{n};Familyc{n};Given;employee;works;Crew; {_address('c', n).upper()} ;smtp:{_alias('c', n)}" for n in range(EACH)
        ]
        lines += [lines[-1], f"thief;Family;Given;employee;works;Crew;{_alias('c', 0)};"]
        place = self.place / "people.csv"
        place.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
        said = self.run("people", "sync", str(place), "--as", "e-1", "--dry-run", code=1)
        assert f"Lines 9 and {len(lines)} have the address {_alias('c', 0)}" in said, said[-2000:]
        assert "0 people" in self.count("c")
        lines.pop()
        place.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
        self.run("people", "sync", str(place), "--as", "e-1", "--reason", "the personnel office's list", "--despite-brake")

    def by_ldap(self) -> None:
        self.run("people", "pull", "--as", "e-1", "--apply", "--reason", "the directory of the old system")

    def by_scim(self) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", self.civic.ports.web, timeout=60)) as wire:
            for n in range(EACH):
                status, answer = self._ask(wire, _user(n, [_address("s", n), _alias("s", n), "elsewhere@tenant.example"]))
                assert status == 201, answer
            status, answer = self._ask(wire, _user(EACH, [_alias("s", 0)]))
            assert status in (400, 409) and _alias("s", 0) in answer["detail"], "somebody else's is refused, and nobody is made"

    def _ask(self, wire: http.client.HTTPConnection, user: dict[str, Any]) -> tuple[int, Any]:
        head = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json"}
        wire.request("POST", "/scim/v2/Users", json.dumps(user), head)
        answer = wire.getresponse()
        return answer.status, json.loads(answer.read())

    def count(self, door: str) -> str:
        return run(self.data, f'print(Person.objects.filter(uid__startswith="{door}").count(), "people")')


def _user(n: int, addresses: list[str]) -> dict[str, Any]:
    emails = [{"value": address, "type": "work", "primary": place == 0} for place, address in enumerate(addresses)]
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "userName": f"s{n}",
        "name": {"givenName": "Given", "familyName": f"Familys{n}"},
        "userType": "board",
        "title": "Crew",
        "active": True,
        "emails": emails,
        ENTERPRISE: {"employeeNumber": f"s{n}", "department": "works"},
    }


def _entry(n: int) -> str:
    """With an address elsewhere beside the city's, and the alias where OpenLDAP has one."""
    more = {"mail": f"{_address('l', n)}\nmail: l{n}@tenant.example", "departmentNumber": "works", "employeeType": "volunteer"}
    text = entry(f"l{n}", sn=f"Familyl{n}", givenName="Given", title="Crew", mailLocalAddress=_alias("l", n), **more)
    return text.replace("objectClass: inetOrgPerson\n", "objectClass: inetOrgPerson\nobjectClass: inetLocalMailRecipient\n")


def _until(condition: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_a_citys_people_come_with_their_addresses_and_none_is_made_up(tmp_path: Path) -> None:
    """P-04, P-08; issue 19, acceptance 4."""
    with Slapd([_entry(n) for n in range(EACH)]) as server:
        city = City(tmp_path, server)
        with city.civic:
            _until(city.civic.is_ready)
            city.by_file()
            city.by_ldap()
            city.by_scim()
            for door, begin in product(KINDS, range(0, EACH, SOME)):
                run(city.data, _AUTHORIZE.format(door=door, begin=begin, some=SOME))
            boxes, aliases, accounts = json.loads(run(city.data, _READ))
            people = [(f"{door}{n}", _address(door, n), _alias(door, n)) for door in KINDS for n in range(EACH)]
            assert len(boxes) == len(people) == 3 * EACH
            assert boxes == {uid: address for uid, address, _ in people}, "0 addresses that were made up"
            assert sorted(aliases) == sorted([uid, a] for uid, *both in people for a in both)
            assert accounts == len(people), "people sign in with the address that they have"
            _until(lambda: _is_taken(city.civic.mx, [a for _, *both in people[:: max(1, EACH // 9)] for a in both]))


def _is_taken(port: int, addresses: list[str]) -> bool:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as wire:
        wire.ehlo()
        wire.mail("a@home.example")
        return all(wire.rcpt(address)[0] == 250 for address in addresses)
