"""The county watches the ledger of the city: a machine that is put back to yesterday with files and keys is found out (promise 2,
A2). Real processes, the witness as it is shipped, and `civicmail run` with all its workers."""

from __future__ import annotations

import shutil
import smtplib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from civicmail.front.checkup.findings import HOUR, Finding
from neighbours.civic import Civicmail, civicmail
from stories.faults import doctor, expected, until
from tools.witnesses import NAME, TOOL, call, made, serving

LINE = f"witness {NAME}"


def _send(city: Civicmail, subject: str) -> None:
    with smtplib.SMTP("127.0.0.1", city.mx) as wire:
        wire.sendmail("anna@outside.example", ["rosa.hale@city.example"], f"Subject: {subject}\r\n\r\nHello.\r\n")


def _witness(city: Civicmail) -> Finding:
    (found,) = [one for one in doctor(city) if one.check == LINE]
    return found


@pytest.mark.rule("A2, P-15", "A city that is put back to yesterday, with all files and keys, is found out by its witness.")
def test_a_city_that_is_put_back_to_yesterday_is_found_out(tmp_path: Path) -> None:
    city = Civicmail(tmp_path / "data")
    witness, settings = tmp_path / "witness", city.data / "civicmail.toml"
    key = made(witness, city.data / "keys" / "ledger.pub")
    with serving(witness) as url:
        settings.write_text(f'{settings.read_text()}\n[[archive.witness]]\nurl = "{url}"\nkey = "{key}"\n')
        with city:
            _send(city, "one")
            city.wait(captures=1, seconds=180)
            until(lambda: _witness(city).level == "ok", 180)
            assert LINE in {one.check for one in expected(city, later=2 * HOUR) if one.level == "problem"}, "an hour of silence"
        shutil.copytree(city.data, tmp_path / "yesterday")
        with city:
            _send(city, "two")
            captures = city.wait(captures=2, seconds=180).acts
            until(lambda: all(_is_cosigned(city, id_, key, tmp_path) for id_ in captures), 180)
        shutil.rmtree(city.data)
        shutil.copytree(tmp_path / "yesterday", city.data)
        with city:
            _send(city, "another past")
            city.wait(captures=2, seconds=180)
            until(lambda: _witness(city).level == "problem", 180)
        assert "set back" in _witness(city).text or "rewritten" in _witness(city).text
    assert call("status", witness)[1].startswith(("civicmail-ledger-", "ALARM"))


def _is_cosigned(city: Civicmail, capture: bytes, key: str, folder: Path) -> bool:
    """Whether a stranger with the witness's key is convinced by the proof of a message."""
    proof = folder / "proof.json"
    proof.write_bytes(civicmail("prove", capture.hex(), data=city.data).stdout)
    command = [sys.executable, "-I", TOOL.with_name("verify_proof.py"), proof, "--witness", key]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    time.sleep(1)  # the newest checkpoint is cosigned within seconds
    return done.returncode == 0 and "cosigned by the witness" in done.stdout
