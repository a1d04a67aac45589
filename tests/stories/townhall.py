"""A claimed installation with a department, for stories with the real processes: who asks, who approves, who reads records."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from django.contrib.auth.hashers import make_password

from neighbours import forkserver, tables

PASSWORD = "correct horse battery staple"
_HEAD = """
import time
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from civicmail.front.cli.waits import wait_for_tables
from civicmail.front.web.start import prepare
prepare(Path({data!r}), None, wait_for_tables())
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from civicmail.city.guard.models import *
from civicmail.city.identity.models import *
from civicmail.city.identity.actions import policy, tokens
from civicmail.city.identity.actions.publishing import publish
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.directory.models import *
now = timezone.now()
known = {known!r}
hashed = cache(lambda password: known.get(password) or make_password(password))  # half a second of the processor for each
OFFICE = Actor("e-1", "Olga Officer", (HeldRole("access-officer", "", FOREVER),))

def person(uid, given, family, department, supervisor=None, password=""):
    p = Person.objects.create(uid=uid, given=given, family=family, display=given + " " + family)
    work = dict(kind="employee", department=department, position="Clerk", supervisor=supervisor)
    Episode.objects.create(person=p, starts=date(2026, 1, 1), **work)
    if password:
        Account.objects.create(person=p, username=given.lower(), made=now, password=hashed(password))
    return p

def authorize(p, by):
    address = (p.given + "." + p.family).lower() + "@city.example"
    home = p.episodes.get().department
    box = Mailbox.objects.create(address=address, name=p.display, kind="personal", department=home, holder=p, made=now)
    Address.objects.create(address=address, mailbox=box, person=p, since=now)
    Authorization.objects.create(mailbox=box, person=p, episode=p.episodes.get(), department=box.department, duties="x" * 20,
        performance="x" * 20, efficiency="x" * 20, service="x" * 20, requester=by[0], approver=by[1], asked=now, decided=now,
        starts=now, until=now + timedelta(days=200), state="active", since=now)

def accept(p):
    text = PolicyText.objects.get()
    Acknowledgement.objects.create(person=p, text=text, accepted=True, shown=text.sha256, at=now)
"""
_TOWN = """
works = Department.objects.create(code="works", name="Public Works")
rosa = person("e-2", "Rosa", "Hale", works, password={password!r})
kim = person("e-3", "Kim", "Boyd", works)
sam = person("e-4", "Sam", "Ferrer", works, password={password!r})
person("e-17", "Ines", "Moravec", works, supervisor=sam)
rita = person("e-5", "Rita", "Records", Department.objects.get(code="it"), password={password!r})
alma = person("e-6", "Alma", "Weiss", Department.objects.get(code="it"), password={password!r})
works.head = rosa
works.save()
works.deputies.add(kim)
ms = time.time_ns() // 1_000_000
policy.publish("E-mail use policy", "# Mail\\n\\nMail of the city is for the work of the city, and is kept." * 3, actor=OFFICE,
               reason="the council decided so", now=ms)
for p, by in ((rosa, (sam, kim)), (sam, (rosa, kim)), (rita, (rosa, kim)), (alma, (rosa, kim))):
    authorize(p, by)
    accept(p)
for who, role in ((rita, "records-officer"), (alma, "examination-approver")):
    grant = RoleAssignment.objects.create(person=who, role=role, starts=now - timedelta(days=1), until=now + timedelta(days=90),
                                     by="e-1", reason="records desk")
    RoleActivation.objects.create(grant=grant, reason="request 26-1", at=now, until=now + timedelta(hours=3))
RoleActivation.objects.create(grant=RoleAssignment.objects.get(role="access-officer"), reason="the first days", at=now,
                       until=now + timedelta(hours=3))
for uid in ("e-1", "e-5", "e-6"):
    p = Person.objects.get(uid=uid)
    accept(p) if uid == "e-1" else None
    print(tokens.make(p, days=1, actor=Actor(p.uid), now=ms))
publish()
"""

_DESK = """
import contextlib, io, json, sys, traceback
from django.db import connections
given = dict(globals())
for line in sys.stdin:
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            exec(json.loads(line), {**given, "now": timezone.now()})
        answer = {"said": said.getvalue()}
    except Exception:
        answer = {"wrong": traceback.format_exc()}
    connections.close_all()
    print(json.dumps(answer), flush=True)
"""
_SECONDS = 60


@dataclass(frozen=True)
class Townhall:
    """Files with the tokens of the access officer, of the records officer, and of who approves mandates."""

    officer: Path
    records: Path
    approver: Path


@cache
def _known() -> dict[str, str]:
    """The password of most people of most stories with its hash."""
    return {PASSWORD: make_password(PASSWORD)}


def run(data: Path, code: str) -> str:
    """Python on this folder, in a process of its own; what it prints."""
    tables.lay(data)
    text = _HEAD.format(data=str(data), known=_known()) + code
    done = forkserver.run(forkserver.python(text), timeout=_SECONDS, env=_env())
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


class Desk:
    """Python on this folder again and again, in one process: for a story that looks often. Use it with `with`, from before the
    city's own processes run: the tables are made by one at a time."""

    def __init__(self, data: Path) -> None:
        tables.lay(data)
        self._log = data.with_name("desk.log")
        text = _HEAD.format(data=str(data), known=_known()) + _DESK
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=_env()
            )

    def run(self, code: str) -> str:
        """What it prints; `now` is of this moment, and no name of an earlier code is there. Raises AssertionError with what it
        raises."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        assert select.select([self._process.stdout], [], [], _SECONDS)[0], "the desk does not answer"
        line = self._process.stdout.readline()
        assert line, self._log.read_text(errors="replace")[-3000:]
        answer = json.loads(line)
        assert "wrong" not in answer, answer["wrong"]
        return str(answer["said"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(_SECONDS)
        self._process.stdout.close()


def _env() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}


def townhall(data: Path) -> Townhall:
    """Claimed: Olga is access officer; Rosa heads Public Works, Sam supervises Ines there, who has nothing yet; Rita answers
    requests for records, under mandates that Alma approves. Rosa, Sam and Rita sign in with PASSWORD, under their given names."""
    places = []
    for name, token in zip(("officer", "records", "approver"), run(data, _TOWN.format(password=PASSWORD)).split(), strict=True):
        place = data.with_name(f"{name}.token")
        place.write_text(token)
        place.chmod(0o600)
        places.append(place)
    return Townhall(*places)
