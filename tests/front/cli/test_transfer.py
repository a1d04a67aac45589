"""`archive transfer`: a bag for the state archives that outsiders check with BagIt's rules and the export's checker (P-23)."""

from __future__ import annotations

import csv
import hashlib
from importlib import resources
from pathlib import Path

import pytest

from desk.workbench.test_export import check
from front.cli.test_found import Office, office

__all__ = ["office"]


def adopted(office: Office, folder: Path, words: tuple[str, str] = ("", "")) -> None:
    path = folder / "schedules.toml"
    path.write_text((resources.files("civicmail.city.law") / "schedules.toml").read_text().replace(*words))
    office.run("archive", "adopt", path, "--reason", "file 260017")


def manifest(bag: Path, name: str) -> dict[str, str]:
    lines = (bag / name).read_text().splitlines()
    return {path: digest for digest, path in (line.split("  ", 1) for line in lines)}


@pytest.mark.rule(
    "P-23", "A bag for the state archives has exact messages, finding aid and proofs, and outsiders check it (RFC 8493)."
)
def test_a_bag_is_checked_by_outsiders(office: Office, tmp_path: Path) -> None:
    adopted(office, tmp_path, ('class = "mail"', 'class = "other"'))
    office.run("archive", "transfer", "mail", "drain", "--out", tmp_path / "none", code=4)
    adopted(office, tmp_path, ('historical = "waived"', 'historical = "notify"'))
    bag = tmp_path / "bag"
    assert office.json("archive", "transfer", "mail", "drain", "--out", bag) == [{"transferred": 4, "failed": 0}]
    assert (bag / "bagit.txt").read_text() == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        for path, digest in manifest(bag, name).items():
            assert hashlib.sha256((bag / path).read_bytes()).hexdigest() == digest, path
    payload = {path.relative_to(bag).as_posix(): path.stat().st_size for path in (bag / "data").rglob("*") if path.is_file()}
    assert payload.keys() == manifest(bag, "manifest-sha256.txt").keys(), "every file of the payload, and no other"
    info = dict(line.split(": ", 1) for line in (bag / "bag-info.txt").read_text().splitlines())
    assert info["Payload-Oxum"] == f"{sum(payload.values())}.{len(payload)}" and info["External-Identifier"] == "SC-100"
    code, words = check(bag / "data" / "export", "--key", office.data / "keys" / "ledger.pub")
    assert code == 0, words
    with (bag / "data" / "finding-aid.csv").open(newline="") as h:
        rows = list(csv.DictReader(h))
    assert len(rows) == 4 and all((bag / row["file"]).is_file() and row["subject"] for row in rows)
    assert "<table>" in (bag / "data" / "finding-aid.html").read_text()
    office.run("archive", "transfer", "mail", "drain", "--out", bag, code=2)
    victim = next((bag / "data" / "export" / "messages").iterdir())
    victim.write_bytes(victim.read_bytes() + b"!")
    assert check(bag / "data" / "export", "--key", office.data / "keys" / "ledger.pub")[0] != 0


@pytest.mark.rule("P-23", "Only mail of the class is transferred, and only where its schedule provides for it.")
def test_only_what_the_schedule_provides_for_is_transferred(office: Office, tmp_path: Path) -> None:
    office.run("archive", "transfer", "executive", "drain", "--out", tmp_path / "a", code=4)
    adopted(office, tmp_path)
    office.run("archive", "transfer", "mail", "drain", "--out", tmp_path / "b", code=4)
    assert b"waives the State Historical Society" in office.err
    assert office.json("archive", "transfer", "executive", "drain", "--out", tmp_path / "c") == [{"transferred": 0, "failed": 0}]
