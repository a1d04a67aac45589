"""The first roster: the people of a city (6,200 of 40 departments in `make city`, else a tenth of them) come by the personnel
list, their heads authorize them fifty at a time, each department goes live, and no message is missed meanwhile (P-04, P-06,
P-08)."""

from __future__ import annotations

import os
import random
import smtplib
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from civicmail.front.sample.smart_host import World
from neighbours.civic import Civicmail

pytestmark = pytest.mark.timeout(600)

PEOPLE = int(os.environ.get("CIVICMAIL_PEOPLE", "620"))
DEPARTMENTS = max(4, PEOPLE // 155)
_SCRIPT = """
import sys, time
from contextlib import nullcontext
from pathlib import Path
data, elsewhere, departments = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
from civicmail.core.disk.errors import LeaseHeld
from civicmail.front.web.start import prepare
while True:
    try:
        prepare(data)
        break
    except LeaseHeld:  # the running processes make the tables at this moment
        time.sleep(0.2)
from civicmail.city.identity.actions import bulk_authorization, claiming, feed, organization
from civicmail.city.identity.actions.publishing import single_publication
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole, machine
from civicmail.city.identity.models import Authorization
from civicmail.city.guard.reasons import Reasons
from civicmail.city.directory import store
from civicmail.city.directory.models import Department, Person

def now():
    return time.time_ns() // 1_000_000

office = Actor("e-0", "Olga", (HeldRole("access-officer", "", FOREVER),))
first = claiming.FirstOfficer("e-0", "Olga", "Officer", "d0", "Department 0")
claiming.claim_installation(first, actor=machine("os:root"), reason="the council decided so", now=now())
for n in range(1, departments):
    organization.make_department(f"d{n}", f"Department {n}", actor=office, reason="the city has it", now=now())
began = time.monotonic()
run = feed.propose((data / "list.csv").read_bytes(), source="list.csv", actor=office, now=now())
feed.apply(run, actor=office, reason="the first list of the city", now=now(), despite_brake=True)
print("feed", round(time.monotonic() - began, 1), Person.objects.count(), flush=True)
assert not Authorization.objects.exists(), "a feed grants nothing"
words = "Answers letters of the people of this city, on the same day."
for n in range(departments):
    department = Department.objects.get(code=f"d{n}")
    head, deputy = Person.objects.get(uid=f"p-{n}-0"), Person.objects.get(uid=f"p-{n}-1")
    organization.lead_department(department, head, [deputy], actor=office, reason="as the council has it", now=now())
    first, second, third = (
        Actor(p.uid, p.display, departments=frozenset({department.code}))
        for p in (head, deputy, Person.objects.get(uid=f"p-{n}-2"))
    )
    for position in ("Clerk", "Inspector"):
        rows = Person.objects.filter(episodes__department=department, episodes__position=position, episodes__ended__isnull=True)
        people = list(rows.exclude(pk__in=[head.pk, deputy.pk]).order_by("id"))
        own = [(third, first, [p for p in rows if p == deputy]), (third, second, [p for p in rows if p == head])]
        for writer, who, those in ((second, first, people), *own):
            if those:
                reasons = Reasons(words, words, words, words)
                profile = bulk_authorization.write_profile(department, position, reasons, actor=writer, now=now())
            with single_publication():  # two hundred publications would be most of the time
                for start in range(0, len(those), 50):
                    until = now() + 300 * 86_400_000
                    bulk_authorization.authorize(profile, those[start : start + 50], until=until, actor=who, now=now())
    store.set_mode(data, f"d{n}", "live", elsewhere=elsewhere, now=now(), entering=lambda facts: nullcontext("story:1"))
print("authorized", round(time.monotonic() - began, 1), Authorization.objects.filter(state="active").count(), flush=True)
"""


def _address(n: int) -> str:
    return f"given{n}.family{n}@city.example"


def _write_lists(data: Path) -> None:
    """The personnel system's list, and which address is whose department's."""
    lines = ["uid,family,given,kind,department,position,supervisor", "e-0,Officer,Olga,employee,d0,Access officer,"]
    for n in range(PEOPLE):
        where, place = n % DEPARTMENTS, n // DEPARTMENTS
        position = "Inspector" if place % 3 == 2 else "Clerk"
        lines.append(f"p-{where}-{place},Family{n},Given{n},employee,d{where},{position},{f'p-{where}-0' if place else ''}")
    (data / "list.csv").write_text("\n".join(lines) + "\n")
    tables = []
    for where in range(DEPARTMENTS):
        addresses = ", ".join(f'"{_address(n)}"' for n in range(where, PEOPLE, DEPARTMENTS))
        tables.append(f"[department.d{where}]\naddresses = [{addresses}]\n")
    (data / "directory.toml").write_text("\n".join(tables))


class Postman(threading.Thread):
    """Strangers write to people of all departments until told to stop."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port, self._stop = port, threading.Event()
        self.sent: list[str] = []
        self.problem: BaseException | None = None

    def run(self) -> None:
        chosen = random.Random(4)
        try:
            with smtplib.SMTP("127.0.0.1", self._port, timeout=30) as wire:
                while not self._stop.wait(0.05):
                    to, number = _address(chosen.randrange(PEOPLE)), len(self.sent)
                    text = f"From: a@home.example\r\nTo: {to}\r\nMessage-ID: <{number}@home.example>\r\n\r\nno. {number}\r\n"
                    assert wire.sendmail("a@home.example", [to], text) == {}
                    self.sent.append(to)
        except BaseException as error:
            self.problem = error

    def stop(self) -> None:
        self._stop.set()
        self.join(60)


def test_a_citys_people_are_authorized_from_a_list_and_no_message_is_missed(tmp_path: Path) -> None:
    """P-04, P-06, P-08; acceptance 6."""
    with World() as old:
        elsewhere = f"smtp://127.0.0.1:{old.port}"
        city = Civicmail(tmp_path / "data", courier__elsewhere=elsewhere)
        _write_lists(city.data)
        with city:
            postman = Postman(city.mx)
            postman.start()
            environ = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
            command = [sys.executable, "-c", _SCRIPT, str(city.data), elsewhere, str(DEPARTMENTS)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=400, env=environ, check=False)
            time.sleep(1)
            postman.stop()
            assert done.returncode == 0, done.stderr[-2000:]
            assert "authorized" in done.stdout and done.stdout.split()[-1] == str(PEOPLE), done.stdout
            assert postman.problem is None and len(postman.sent) > 50, postman.problem
            _all_arrived(city, old, postman)


def _all_arrived(city: Civicmail, old: World, postman: Postman) -> None:
    end = time.monotonic() + 120
    while True:
        here = Counter(p.parent.parent.name for p in (city.data / "maildir").glob("city.example/*/new/*"))
        there = Counter(r.partition("@")[0] for posting in old.taken for r in posting.recipients)
        if sum(here.values()) + sum(there.values()) >= len(postman.sent):
            break
        assert time.monotonic() < end, (sum(here.values()), sum(there.values()), len(postman.sent), city.log()[-2000:])
        time.sleep(0.2)
    assert here + there == Counter(to.partition("@")[0] for to in postman.sent), "each message once, to its own person"
    assert here and there, "some came before a department was live, and some afterwards"
