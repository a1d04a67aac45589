"""A command is killed (SIGKILL) on either side of what it does while the city is served: the deed and its entry are both there
afterwards, or neither, and what nobody can know is said to be so (issue 17; 0085, A1)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import pytest

from civicmail.mail.archive import holds
from civicmail.mail.archive.classes import text_in_force
from civicmail.mail.archive.store import Store
from civicmail.mail.courier import dkimkeys
from neighbours.civic import Civicmail, civicmail
from stories.townhall import Desk, townhall

pytestmark = pytest.mark.timeout(300)
_KILLED = """
import os, signal, sys
side, place, words = sys.argv[1:4]
del sys.argv[1:4]

def is_there(fd):
    path = os.readlink(f"/proc/self/fd/{fd}")
    if place not in path or not os.path.isfile(path):
        return place in path and not words
    with open(path, "rb") as file:
        return words.encode() in file.read()

def end():
    os.kill(os.getpid(), signal.SIGKILL)

def struck(sync):
    def strike(fd):
        here = is_there(fd)
        if here and side == "amid":
            end()
        sync(fd)
        if here and side == "after":
            end()
    return strike

def written(fd, parts, offset, write=os.pwritev):
    if side == "before" and place in os.readlink(f"/proc/self/fd/{fd}") and words.encode() in b"".join(parts):
        end()
    return write(fd, parts, offset)

os.fsync, os.fdatasync, os.pwritev = struck(os.fsync), struck(os.fdatasync), written
from civicmail.front.cli.main import main
sys.exit(main())
"""
"""The program, which ends where a file below `place` gets these words: before they are written, amid writing and sync, or after."""
_PEOPLE = """
it = Department.objects.get(code="it")
for uid, role in (("d-retention", "retention-officer"), ("d-operator", "system-administrator")):
    p = person(uid, role.split("-")[0].title(), "Role", it)
    authorize(p, (Person.objects.get(uid="e-2"), Person.objects.get(uid="e-3")))
    accept(p)
    Account.objects.create(person=p, username=uid, made=now, password=hashed("x" * 20))
    grant = RoleAssignment.objects.create(person=p, role=role, starts=now - timedelta(days=1), by="e-1", reason="story",
                                     until=now + timedelta(days=90))
    RoleActivation.objects.create(grant=grant, reason="story", at=now, until=now + timedelta(hours=3))
    print(tokens.make(p, days=1, actor=Actor(uid), now=time.time_ns() // 1_000_000))
publish()
"""
_ENTRIES = """
for row in Entry.objects.filter(facts__verb={verb!r}).order_by("id"):
    print(row.person, row.facts.get("outcome", "done").split(":")[0], sep="|")
"""
_BEGUN = "print(Begun.objects.count())"
_HOUR_AGO = """
for row in Begun.objects.all():
    row.at -= 3_600_000
    row.save(update_fields=["at"])
"""
RETENTION, OPERATOR = "d-retention", "d-operator"
ROLES = {RETENTION: "retention-officer", OPERATOR: "system-administrator"}


class City(Civicmail):
    """tokens: files, by person."""

    desk: Desk

    def make(self, desk: Desk) -> None:
        self.desk, self.tokens = desk, {}
        for uid, token in zip(ROLES, desk.run(_PEOPLE).split(), strict=True):
            self.tokens[uid] = self.data.with_name(uid)
            self.tokens[uid].touch(0o600)
            self.tokens[uid].write_text(token)

    def command(self, who: str, *words: str, side: str = "", place: str = ".log") -> str:
        """What a command says; with a side nothing, for it is killed there."""
        env = os.environ | {"CIVICMAIL_TOKEN_FILE": str(self.tokens[who])}
        reason = f"as case {uuid.uuid4()} says"
        by = ("--as", who, "--duty", ROLES[who], "--reason", reason, "--data", str(self.data))
        command = [sys.executable, "-c", _KILLED, side or "never", place, reason if place == ".log" else "", *words, *by]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=env, check=False)
        assert done.returncode == (-signal.SIGKILL if side else 0), (done.returncode, done.stdout, done.stderr)
        return done.stdout

    def entries(self, verb: str) -> list[str]:
        return self.desk.run(_ENTRIES.format(verb=verb)).split()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    made = City(tmp_path_factory.mktemp("killed") / "data", web__serve="true")
    claim = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
    civicmail(*claim, "--reason", "the council decided so", data=made.data)
    townhall(made.data)
    with Desk(made.data) as desk:
        made.make(desk)
        with made:
            yield made


def until(there: Callable[[], object], city: City) -> None:
    end = time.monotonic() + 60
    while not there():
        assert time.monotonic() < end, city.log()[-3000:]
        time.sleep(0.1)


def test_a_deed_that_is_a_record_is_there_with_its_entry_or_neither_is(city: City, tmp_path: Path) -> None:
    """A hold is placed and lifted, schedules are adopted. Killed before the record is durable nothing was done; killed
    after it, and before the row of its entry, the city worker writes that row from the record."""
    schedules = tmp_path / "schedules.toml"
    schedules.write_text((resources.files("civicmail.city.law") / "schedules.toml").read_text())
    add = (RETENTION, "hold", "add", "storm", "--ground", "litigation")
    adopt = (RETENTION, "archive", "adopt", str(schedules))
    city.command(*add, side="before")
    city.command(*adopt, side="before")
    assert holds.load(city.data) == [] and text_in_force(Store(city.data)) == ""
    assert city.entries("hold add") == city.entries("archive adopt") == []
    city.command(*add, side="amid")
    until(lambda: len(holds.load(city.data)) == len(city.entries("hold add")) == 1, city)  # the kernel had all of it
    city.command(*add, side="after")
    city.command(*adopt, side="after")
    hold = holds.load(city.data)[-1]
    assert hold.actor == RETENTION and text_in_force(Store(city.data)) == schedules.read_text()
    for verb, count in (("hold add", 2), ("archive adopt", 1)):
        until(lambda verb=verb, count=count: city.entries(verb) == [f"{RETENTION}|done"] * count, city)  # type: ignore[misc]
    assert len(holds.load(city.data)) == 2
    end = (RETENTION, "hold", "end", hold.id)
    city.command(*end, side="before")
    assert len(holds.load(city.data)) == 2 and city.entries("hold end") == []
    city.command(*end, side="after")
    assert hold.id not in {h.id for h in holds.load(city.data)}
    until(lambda: city.entries("hold end") == [f"{RETENTION}|done"], city)
    assert "is in force" in city.command(*add) and len(city.entries("hold add")) == 3


def test_a_deed_that_changes_files_and_was_killed_is_named_and_said_to_be_unknown(city: City) -> None:
    """Killed before the key's file is there, and after; the next key is made as if nothing had been."""
    new = (OPERATOR, "dkim", "new", "city.example", "--selector")
    for selector, side in (("s1", "before"), ("s2", "after")):
        city.command(*new, selector, side=side, place="dkim")
    there = [key.selector for key in dkimkeys.listed(city.data)]
    assert "s1" not in there and city.entries("dkim new") == [] and city.desk.run(_BEGUN).split() == ["2"]
    city.desk.run(_HOUR_AGO)
    until(lambda: city.entries("dkim new") == [f"{OPERATOR}|not", "known"] * 2, city)
    assert city.desk.run(_BEGUN).split() == ["0"]
    assert "s3._domainkey" in city.command(*new, "s3") and city.entries("dkim new")[-1] == f"{OPERATOR}|done"
