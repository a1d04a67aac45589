"""Somebody is dismissed, the machine fails, and yesterday's tables of people are put back as the handbook says: the journals know
better, and he does not come back (P-06, P-09, L2). Real processes, from outside by SMTP and the command line."""

from __future__ import annotations

import json
import os
import shutil
import smtplib
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from civicmail.city.identity.database_backup import BACKUP_NAME, DATABASE
from civicmail.city.snapshot.credentials import device_key, mac, new_password
from neighbours.authority import Authority
from neighbours.civic import PROGRAM, Civicmail, civicmail
from stories.townhall import run, townhall

PASSWORD = new_password()
_PHONE = """
from civicmail.city.identity.actions.publishing import publish
for uid in ("e-4", "e-2"):
    Device.objects.create(person=Person.objects.get(uid=uid), key=uid, name="phone", mac={mac!r}, made=now)
publish()
"""
SECONDS = 60


def _sends(city: Civicmail, login: str) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", city.submission, timeout=SECONDS) as wire:
            wire.starttls(context=ssl._create_unverified_context())
            wire.login(login, PASSWORD)
    except smtplib.SMTPException:
        return False
    return True


def _until(is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.2)


def test_whoever_was_dismissed_does_not_come_back_with_older_tables(tmp_path: Path) -> None:
    """P-09."""
    data, (certificate, key) = tmp_path / "data", Authority(tmp_path).issue("mail.city.example")
    city = Civicmail(data, people=f'certificate = "{certificate}"\nkey = "{key}"')
    city.set(web__serve="true")
    civicmail("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT",
              "--reason", "the council decided so", data=data)  # fmt: skip
    hall = townhall(data)
    run(data, _PHONE.format(mac=mac(device_key(data), PASSWORD)))
    with city:
        _until(lambda: (data / BACKUP_NAME).exists() and _sends(city, "sam") and _sends(city, "rosa"), city.log()[-2000:])
        shutil.copy(data / BACKUP_NAME, tmp_path / "yesterday")
        ended = [PROGRAM, "access", "end", "e-4", "--as", "e-1", "--reason", "He was dismissed this morning.", "--data", str(data)]
        subprocess.run(ended, env=os.environ | {"CIVICMAIL_TOKEN_FILE": str(hall.officer)}, check=True, timeout=SECONDS)
        _until(lambda: not _sends(city, "sam"), "he still sends")
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (data / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "yesterday", data / DATABASE)
    with city:
        _until(lambda: (data / "setback.json").exists() and not _sends(city, "sam"), city.log()[-3000:])
        _until(lambda: _sends(city, "rosa"), "others go on")
        assert not _sends(city, "sam")
    told = civicmail("doctor", "--json", data=data, check=False).stdout
    (found,) = [f for f in map(json.loads, told.splitlines()) if f.get("check") == "people" and f["level"] == "problem"]
    assert "1 people are shut out" in found["text"]
