"""The address book, read over HTTP by a real program (vdirsyncer) with a device password (RFC 6352; P-06, L2)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from civicmail.city.snapshot.credentials import device_key, mac, new_password
from civicmail.city.snapshot.published_snapshot import publish
from civicmail.city.snapshot.snapshot import Device, Grant, Mailbox, Person, Snapshot, build
from neighbours.civic import Civicmail

pytestmark = [pytest.mark.neighbour("vdirsyncer"), pytest.mark.timeout(180)]

ANN = "ann@city.example"
PASSWORD = new_password()
ROWS = """
import django
django.setup()
from django.utils import timezone
from civicmail.city.directory.models import Department, Mailbox, MailGroup, Person
dept, _ = Department.objects.get_or_create(code="clerk", defaults={"name": "City Clerk"})
box = {"department": dept, "made": timezone.now()}
for n in range(30):
    who = Person.objects.create(uid=f"p{n}", given="Bo", family=f"Ünal {n}", display=f"Bo Ünal {n}")
    Mailbox.objects.create(address=f"bo{n}@city.example", name=who.display, kind="personal", holder=who, **box)
Mailbox.objects.create(address="clerk@city.example", name="City Clerk", kind="function", **box)
MailGroup.objects.create(address="all@city.example", name="Everybody", **box)
"""


def people(key: bytes, *, live: bool = True) -> Snapshot:
    """Ann, who may read her mail; or who had it until now."""
    version = time.time_ns() // 1_000_000
    devices = (Device("phone", mac(key, PASSWORD)),) if live else ()
    grants = (Grant(ANN, "holder", version + 86_400_000),) if live else ()
    ann = Person("ann", ANN, "Ann Miller", "employee", 1 if live else 2, "", False, devices, grants)
    box = Mailbox(ANN, "personal", "Ann Miller", "clerk", "open" if live else "held", "", "ann", (ANN,))
    return build(version, version, ("city.example",), [ann], [box], {})


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Civicmail]:
    data = tmp_path_factory.mktemp("book") / "data"
    running = Civicmail(data, web__serve="true")
    env = os.environ | {"CIVICMAIL_DATA": str(data), "DJANGO_SETTINGS_MODULE": "civicmail.front.web.settings"}
    subprocess.run([sys.executable, "-c", ROWS], env=env, check=True, timeout=60)
    with running:
        end = time.monotonic() + 40
        while not running.is_ready():
            assert time.monotonic() < end, running.log()[-3000:]
            time.sleep(0.1)
        publish(data, people(device_key(data)))
        time.sleep(0.6)
        yield running


def vdirsyncer(folder: Path, port: int, command: str) -> subprocess.CompletedProcess[str]:
    """One command, in a folder of its own."""
    config = folder / "config"
    config.write_text(
        f'[general]\nstatus_path = "{folder}/status/"\n'
        '[pair book]\na = "here"\nb = "city"\ncollections = ["from b"]\nconflict_resolution = "b wins"\n'
        f'[storage here]\ntype = "filesystem"\npath = "{folder}/book/"\nfileext = ".vcf"\n'
        f'[storage city]\ntype = "carddav"\nurl = "http://127.0.0.1:{port}/"\nread_only = true\n'
        f'username = "{ANN}"\npassword = "{PASSWORD}"\n'
    )
    line = ["vdirsyncer", "-c", str(config), command]
    return subprocess.run(line, input="y\n" * 5, capture_output=True, text=True, timeout=60, check=False)


def test_a_program_finds_reads_and_keeps_the_book_until_access_ends(city: Civicmail, tmp_path: Path) -> None:
    """From the host alone; each card, and none again while nothing is new; an end of access is one at the next question."""
    for command in ("discover", "sync"):
        done = vdirsyncer(tmp_path, city.ports.web, command)
        assert done.returncode == 0, (command, done.stderr, city.log()[-2000:])
    cards = {path: path.read_text() for path in (tmp_path / "book").rglob("*.vcf")}
    assert len(cards) == 32 and sum("FN:Bo Ünal" in card for card in cards.values()) == 30
    assert vdirsyncer(tmp_path, city.ports.web, "sync").returncode == 0
    assert {path: path.read_text() for path in (tmp_path / "book").rglob("*.vcf")} == cards
    publish(city.data, people(device_key(city.data), live=False))
    time.sleep(0.6)
    after = vdirsyncer(tmp_path, city.ports.web, "sync")
    assert after.returncode != 0 and "401" in after.stderr + after.stdout
