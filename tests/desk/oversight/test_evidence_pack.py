"""Evidence packs: what the audit log has about somebody, checked by outsiders with tools/verify_review.py (promise 2, E6, A2)."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from civicmail.city.guard.actions.entries import enter
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import NotPermitted, Unusable
from civicmail.city.guard.models import Entry, Mandate
from civicmail.city.identity import worker_jobs
from civicmail.city.identity.queries.actors import actor_of
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.desk.oversight.actions import evidence_packs
from civicmail.desk.oversight.queries import evidence_pack
from civicmail.front.worker.people_jobs import append
from civicmail.mail.archive.commit import Writer
from house.sources import ROOT
from pages.world import Town

pytestmark = pytest.mark.django_db
WHY = "The court asked for it."
Visit = Callable[[str], Client]


def actor(city: Town, key: str) -> Actor:
    return actor_of(city.people[key].account, "", epoch_ms(city.now))


def proved(city: Town, data: Path) -> None:
    """Some acts of the department's head, and one about an examination, are in the ledger under a signed checkpoint; what the town
    comes with is in another ledger."""
    now = epoch_ms(city.now)
    number = Mandate.objects.values_list("number", flat=True).first()
    with transaction.atomic():
        for n in range(3):
            facts = {"number": n}
            enter(
                "entries.see",
                actor=actor(city, "head"),
                reason=f"Look {n}",
                now=now + n,
                object="mailbox:x@city.example",
                facts=facts,
            )
        enter("mandate.ask", actor=actor(city, "office"), reason="Asked", now=now, object=f"mandate:{number}", facts={})
    with closing(Writer(data, lambda: now)) as writer:
        worker_jobs.carry_entries(lambda heads: append(writer, heads), now)
    with Sequencer(data) as ledger:
        ledger.integrate(now)
        ledger.checkpoint(now)


def checked(content: bytes, folder: Path, *options: str) -> tuple[int, str]:
    path = folder / "pack.zip"
    path.write_bytes(content)
    program = [sys.executable, "-I", ROOT / "tools/verify_review.py", path, *options]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def files_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


@pytest.fixture
def auditor(city: Town) -> Actor:
    return actor(city, "auditor")


def make(kind: str, key: str, city: Town, data: Path, actor: Actor) -> bytes:
    return evidence_packs.make(kind, key, data=data, actor=actor, reason=WHY, now=epoch_ms(city.now))[0]


@pytest.mark.rule("A2, promise 2", "An outsider checks what the audit log has about a person, with the file alone.")
def test_a_pack_about_a_person_is_checked_by_an_outsider(city: Town, installed: Path, auditor: Actor, tmp_path: Path) -> None:
    proved(city, installed)
    uid = city.people["head"].uid
    content = make("person", uid, city, installed, auditor)
    code, said = checked(content, tmp_path)
    assert code == 0, said
    assert "LIMITS.txt says what they cannot show" in said and "were in civicmail-ledger-" in said
    files = files_of(content)
    lines = list(csv.DictReader(io.StringIO(files["entries.csv"].decode())))
    heads = [json.loads(line)["facts"] for line in files["entries.jsonl"].splitlines()]
    assert [line["entry"] for line in lines] == [head["uuid"] for head in heads] and lines
    assert b"entries that were left out of this file" in files["LIMITS.txt"]
    assert b"What this file cannot show" in files["report.html"]


@pytest.mark.rule("A2, promise 2", "A changed, added or removed entry of an evidence pack is found, with all checksums made anew.")
def test_a_changed_pack_is_found(city: Town, installed: Path, auditor: Actor, tmp_path: Path) -> None:
    proved(city, installed)
    content = make("person", city.people["head"].uid, city, installed, auditor)
    files = files_of(content)
    first, *rest = files["entries.jsonl"].splitlines(keepends=True)
    for entries in (first.replace(b'"act":"', b'"act":"x', 1) + b"".join(rest), b"".join(rest), first + first + b"".join(rest)):
        assert checked(zipped({**files, "entries.jsonl": entries}), tmp_path)[0] == 1
    shown = files["entries.csv"].replace(b"\n", b"\nx", 1)
    assert checked(zipped({**files, "entries.csv": shown}), tmp_path)[0] == 1
    assert checked(zipped({n: c for n, c in files.items() if n != "LIMITS.txt"}), tmp_path)[0] == 1
    code, said = checked(content, tmp_path, "--witness", "w+00000000+BAAA")
    assert (code, "did not cosign" in said or "not what it should be" in said) == (1, True)


def test_a_month_and_an_examination_have_their_entries_only(city: Town, installed: Path, auditor: Actor, tmp_path: Path) -> None:
    proved(city, installed)
    month = city.now.strftime("%Y-%m")
    content = make("month", month, city, installed, auditor)
    code, said = checked(content, tmp_path)
    assert code == 0 and f"Audit log of {month}" in said, said
    number = Mandate.objects.values_list("number", flat=True).first()
    assert number is not None
    code, said = checked(make("examination", number, city, installed, auditor), tmp_path)
    assert code == 0 and f"examination {number} of Sample City: 1 entries" in said, said


@pytest.mark.rule("P-16, E6", "That an evidence pack was made is in the audit log before anything is read.")
def test_making_a_pack_is_recorded_first(city: Town, installed: Path, auditor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    proved(city, installed)
    seen: list[int] = []

    def reads(*_: Any) -> tuple[bytes, int]:
        seen.append(Entry.objects.filter(act="evidence.pack", reason=WHY).count())
        return b"", 0

    monkeypatch.setattr(evidence_pack, "pack", reads)
    make("person", city.people["head"].uid, city, installed, auditor)
    assert seen == [1]


def test_what_is_not_there_is_said_and_others_may_not(city: Town, installed: Path, auditor: Actor) -> None:
    for kind, key, words in (
        ("person", "nobody", "personnel"),
        ("examination", "99-999", "number"),
        ("month", "2026-13", "2026-12"),
        ("month", "9999-12", "2026-12"),
    ):
        with pytest.raises(Unusable) as found:
            make(kind, key, city, installed, auditor)
        assert words in str(found.value.args)
    with pytest.raises(NotPermitted):
        make("person", city.people["head"].uid, city, installed, actor(city, "head"))


@pytest.mark.rule("P-16, E8", "The access office gets no entries of examinations in an evidence pack.")
def test_the_office_gets_no_entries_of_examinations(city: Town, installed: Path) -> None:
    proved(city, installed)
    number = Mandate.objects.values_list("number", flat=True).first()
    assert number is not None
    with pytest.raises(Unusable) as hidden:
        make("examination", number, city, installed, actor(city, "office"))
    with pytest.raises(Unusable) as unknown:
        make("examination", "99-999", city, installed, actor(city, "office"))
    assert hidden.value.args == unknown.value.args, "nor whether there is one"


def test_the_page_sends_the_file(city: Town, installed: Path, visit: Visit) -> None:
    proved(city, installed)
    client = visit("auditor")
    page = client.get("/oversight/evidence/")
    assert page.status_code == 200
    sent = client.post("/oversight/evidence/", {"kind": "person", "key": city.people["head"].uid, "reason": WHY})
    assert sent.headers["Content-Type"] == "application/zip"
    assert files_of(sent.content)["manifest.json"]
    wrong = client.post("/oversight/evidence/", {"kind": "person", "key": "nobody", "reason": WHY})
    assert wrong.status_code == 422 and b"personnel number" in wrong.content
