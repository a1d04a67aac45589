"""The case file of a request: it has every decision with its history, is the same each time, and is verified offline."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.models import Entry
from civicmail.city.identity import worker_jobs
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.desk.records.actions import case_file as actions
from civicmail.desk.records.actions import requests
from civicmail.desk.records.models import Contact, Decision, Item, Redaction
from civicmail.desk.records.queries import case_file
from civicmail.desk.records.worker_jobs import productions as worker
from civicmail.front.worker.people_jobs import append
from civicmail.mail.archive.commit import Writer
from desk.records.production_world import Release
from desk.records.test_productions import QuietOcr
from house.sources import ROOT

pytestmark = pytest.mark.django_db
SUIT = "Petition for mandamus, circuit court, 26-CV-119."


@pytest.fixture
def desk(city: Any, installed: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """With a decision that was replaced, one that a second reader confirmed, a redaction that was removed, and a release."""
    monkeypatch.setattr(worker, "find_tesseract", lambda _: QuietOcr("", "", finds_orientation=True))
    made = Release(city, installed)
    made.request.number = "PR-2026-00905"  # no entry of the town, which its ledger does not have, is about it
    made.request.save()
    made.assign("attorney", "attorney")
    made.decide(2, "withhold", code="19.36(5)", reason="First thought.", note="For the desk.")
    made.decide(2, "release", second_asked=True, confirmed_by=city.people["attorney"], confirmed=city.now)
    mark = Redaction.objects.get(request=made.request)
    Redaction.objects.create(
        request=made.request, content=mark.content, number=15, first=0, last=0, code=mark.code, by=mark.by, at=mark.at,
        removed=city.now, removed_by=city.people["attorney"],
    )  # fmt: skip
    made.release(made.approve(made.make(made.order())))
    return made


def exported(desk: Release) -> dict[str, bytes]:
    content = actions.export(desk.request, data=desk.data, actor=desk.actor("attorney"), now=desk.now())
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def proved(desk: Release) -> None:
    """Every entry is in the ledger, under a signed checkpoint."""
    now = desk.now()
    with closing(Writer(desk.data, lambda: now)) as writer:
        worker_jobs.carry_entries(lambda heads: append(writer, heads), now)
    with Sequencer(desk.data) as ledger:
        ledger.integrate(now)
        ledger.checkpoint(now)


@pytest.mark.rule("P-21", "The case file of a request has every decision as the desk had it on its screen, with its history.")
def test_r29_every_screen_decision_is_reproduced_from_the_export(desk: Release) -> None:
    requests.record_suit(desk.request, actor=desk.actor("attorney"), reason=SUIT, now=desk.now())
    files = exported(desk)
    people = {person["uid"]: person["name"] for person in json.loads(files["data/people.json"])}
    numbers = {item["content"]: item["number"] for item in reversed(json.loads(files["data/items.json"]))}
    told = [
        (numbers[d["content"]], d["verdict"], d["code"], d["reason"], d["note"], people[d["by"]], d["replaced"] is None,
         people.get(d["confirmed_by"], ""))
        for d in json.loads(files["data/decisions.json"])
    ]  # fmt: skip
    first = {item.content: item.number for item in Item.objects.filter(request=desk.request).order_by("-number")}
    shown = [
        (first[d.content], d.verdict, d.code, d.reason, d.note, d.by.display, d.replaced is None,
         d.confirmed_by.display if d.confirmed_by else "")
        for d in Decision.objects.filter(request=desk.request).order_by("pk")
    ]  # fmt: skip
    assert told == shown and len(told) == 6
    assert {row["number"]: bool(row["removed"]) for row in json.loads(files["data/redactions.json"])} == {14: False, 15: True}
    assert next(d for d in json.loads(files["data/decisions.json"]) if d["reason"] == "First thought.")["items"] == [2, 5]
    report = files["report.html"].decode()
    assert "First thought." in report and "For the desk." in report and people[desk.city.people["recorder"].uid] in report
    rows = list(csv.DictReader(io.StringIO(files["data/decisions.csv"].decode())))
    assert [row["verdict"] for row in rows] == [row[1] for row in told]


def test_r29_every_table_of_the_desk_is_in_it_or_left_out_on_purpose(desk: Release) -> None:
    found = {case_file.TABLES[name](desk.request).model.__name__ for name in case_file.TABLES}
    assert found | case_file.LEFT_OUT == {model.__name__ for model in apps.get_app_config("records").get_models()}
    files = exported(desk)
    assert {f"data/{name}.json" for name in case_file.TABLES} <= files.keys()
    everything = b"".join(files.values()).decode()
    contact = Contact.objects.get(request=desk.request)
    assert contact.email not in everything and desk.request.receipt not in everything and desk.request.link not in everything
    shas = {row["sha256"] for row in json.loads(files["data/produced-files.json"])}
    assert shas and all(json.loads(files["data/productions.json"])[0][name] for name in ("manifest", "approved_by"))
    assert b'name = "wisconsin"' in files["law.toml"]
    assert json.loads(files["clock.json"])["elapsed"] >= 0
    assert any(name.startswith("affidavits/") for name in files)


def test_r29_the_same_state_gives_the_same_bytes_and_an_entry(desk: Release) -> None:
    actor = desk.actor("attorney")
    first = actions.export(desk.request, data=desk.data, actor=actor, now=desk.now())
    assert first == actions.export(desk.request, data=desk.data, actor=actor, now=desk.now())
    entry = Entry.objects.filter(act="records.case-file").latest("pk")
    assert entry.facts["bytes"] == len(first) and entry.person == desk.city.people["attorney"].uid
    desk.decide(4, "release")
    assert first != actions.export(desk.request, data=desk.data, actor=actor, now=desk.now())
    with pytest.raises(NotPermitted):
        actions.export(desk.request, data=desk.data, actor=desk.actor("auditor"), now=desk.now())


def test_r29_it_is_verified_without_the_program(desk: Release, tmp_path: Path) -> None:
    proved(desk)
    path = tmp_path / "case.zip"
    path.write_bytes(actions.export(desk.request, data=desk.data, actor=desk.actor("attorney"), now=desk.now()))
    program = [sys.executable, ROOT / "tools/verify_review.py"]
    done = subprocess.run([*program, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and f"Case file of request {desk.request.number}" in done.stdout, done.stdout
    assert re.search(r"All [1-9]\d* entries were in civicmail-ledger-", done.stdout), done.stdout
    with zipfile.ZipFile(path) as file:
        files = {name: file.read(name) for name in file.namelist()}
    files["data/decisions.json"] = files["data/decisions.json"].replace(b"withhold", b"release")
    with zipfile.ZipFile(path, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    done = subprocess.run([*program, path], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "data/decisions.json was changed" in done.stdout


def test_r29_the_page_offers_it_to_those_who_may(desk: Release, visit: Callable[[str], Client]) -> None:
    base = f"/records/requests/{desk.request.number}/"
    for key in ("recorder", "attorney"):
        client = visit(key)
        assert b"Export the case file" in client.get(base).content
        response = client.get(f"{base}case-file/")
        assert response["Content-Type"] == "application/zip" and response.content[:2] == b"PK"
    assert b"Export the case file" not in visit("auditor").get(base).content
    assert visit("auditor").get(f"{base}case-file/").status_code == 403
