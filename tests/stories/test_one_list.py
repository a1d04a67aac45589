"""Departments are one list: what the access office keeps is what gateways and the courier go by, while they run (P-04, P-06)."""

from __future__ import annotations

import os
import smtplib
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from civicmail.front.sample.smart_host import World
from neighbours import forkserver
from neighbours.civic import Civicmail
from stories.townhall import townhall

pytestmark = pytest.mark.timeout(240)

OFFICE = ("--as", "e-1", "--reason", "the council decided so")
ROSA, RITA, FRONT = "rosa.hale@city.example", "rita.records@city.example", "front@city.example"


def _run(data: Path, *arguments: str) -> str:
    environ = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    environ["CIVICMAIL_TOKEN_FILE"] = str(data.with_name("officer.token"))
    done = forkserver.run([*arguments, "--data", str(data)], timeout=60, env=environ)
    assert done.returncode == 0, done.stderr.decode()
    return (done.stdout + done.stderr).decode()


def _until(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_a_department_goes_live_with_its_mailboxes_though_nobody_wrote_their_addresses_down(tmp_path: Path) -> None:
    with World() as old:
        city = Civicmail(tmp_path / "data", courier__elsewhere=f"smtp://127.0.0.1:{old.port}")
        data = city.data
        claim = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
        _run(data, *claim, "--reason", "the council decided so")
        assert "it  elsewhere" in _run(data, "department", "list"), "whoever claims names a department"
        (data / "directory.departments").unlink()  # as an installation has it that was claimed before there was the list
        townhall(data)
        by_hand = data / "directory.toml"
        by_hand.write_text(f'[department.works]\naddresses = ["{FRONT}"]\n')
        with city:
            assert "a person wrote" in _run(data, "department", "list")
            number = 0

            def arrives(address: str, here: bool) -> bool:
                """One more message; whether it came here, or at the old system."""
                nonlocal number
                number += 1
                text = f"From: a@home.example\r\nTo: {address}\r\nMessage-ID: <{number}@home.example>\r\n\r\nno. {number}\r\n"
                with smtplib.SMTP("127.0.0.1", city.mx, timeout=30) as wire:
                    wire.sendmail("a@home.example", [address], text)
                mark = f"no. {number}\r\n".encode()
                end = time.monotonic() + 30
                while time.monotonic() < end:
                    if any(mark in posting.content for posting in old.taken):
                        return not here
                    if any(mark.strip() in p.read_bytes() for p in (data / "maildir").glob("city.example/*/new/*")):
                        return here
                    time.sleep(0.1)
                raise AssertionError(city.log()[-2000:])

            live = ("department", "mode", "works", "live", *OFFICE, "--duty", "access-officer")
            _run(data, *live)
            _until(lambda: arrives(FRONT, here=True))
            assert arrives(ROSA, here=False), "the list of a person counts until it was opened"
            assert "0 clashes" in _run(data, "department", "open", str(by_hand), *OFFICE)
            assert not by_hand.exists() and "it  elsewhere" in _run(data, "department", "list")
            _until(lambda: arrives(ROSA, here=True))
            assert arrives(FRONT, here=True) and arrives(RITA, here=False), "City IT is elsewhere"
            more = tmp_path / "more.csv"
            more.write_text("code;name;head;addresses\nharbour;Harbour;e-3;pier@city.example\n")
            assert "would" not in _run(data, "department", "open", str(more), *OFFICE)
            _run(data, "department", "mode", "harbour", "live", *OFFICE, "--duty", "access-officer")
            _until(lambda: arrives("pier@city.example", here=True))
