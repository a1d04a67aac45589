"""A resident's request is answered from a mandate's pages, in Chromium, and what leaves is checked without us (P-16, P-21)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from civicmail.city.guard.models import Entry
from civicmail.core.config.load import load
from civicmail.core.disk.frames import NO_ID
from civicmail.core.ledger import checkpoints, proof, sequencer
from civicmail.front.worker.tick import tick
from civicmail.mail.archive.records import Event, Type
from pages.conftest import browse as browse
from pages.conftest import browser_type_launch_args as browser_type_launch_args

TOOLS = Path(__file__).resolve().parents[2] / "tools"
pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]
WHY = "Request 41: a resident asks for the letters about the works on Elm Street."
STEPS = [
    "mandate.ask",
    "mandate.approve",
    "content.list",
    "content.show",
    "content.attachment",
    "content.hold",
    "hold.placed",
    "content.export",
    "export.made",
    "mandate.close",
    "export.removed",
]
"""In the order in which each came first."""


def run(tool: str, *words: str | Path) -> str:
    done = subprocess.run([sys.executable, "-I", str(TOOLS / tool), *map(str, words)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


def test_a_request_is_asked_approved_searched_held_exported_and_verified(
    browse: Callable[..., Any], installed: Path, tmp_path: Path
) -> None:
    """Promise 4: each step is in the ledger, in its order."""

    def work() -> None:
        """What the worker does beside the pages."""
        tick(load(installed), installed, lambda: None)

    officer: Page = browse("recorder", "/")
    officer.get_by_role("link", name="Request an examination").click()
    officer.get_by_label("Whose mail?").fill("dana.ortiz@city.example")
    officer.get_by_label("Only with these words").fill("kestrel")
    officer.get_by_label("Why?").fill(WHY)
    officer.get_by_role("button", name="Send for approval").click()
    expect(officer.get_by_text("Nothing can be looked at yet.")).to_be_visible()
    expect(officer.get_by_role("row", name="Dana Ortiz")).to_be_visible()
    number = re.search(r"26-\d+|\d\d-\d{3}", officer.get_by_role("heading", level=1).inner_text())
    assert number is not None
    work()

    second: Page = browse("approver", "/mandates/", script=False)
    second.get_by_role("link", name=f"Answer mandate {number[0]}").click()
    expect(second.get_by_text(re.compile(r"5 of \d+ messages fit"))).to_be_visible()
    assert "Kestrel" not in second.content().replace("kestrel", "")
    second.get_by_text("Allow this look").click()
    second.get_by_role("button", name="Record decision").click()
    expect(second.get_by_text(f"Mandate {number[0]} was approved.")).to_be_visible()
    work()

    officer.get_by_role("link", name="Home").click()
    officer.get_by_role("link", name=f"Search Examination {number[0]}").click()
    officer.get_by_label("Words").fill("has:attachment")
    officer.get_by_role("main").get_by_role("button", name="Search").click()
    expect(officer.get_by_role("link", name="Remove has:attachment")).to_be_visible()  # the list of these words is there
    expect(officer.get_by_role("link", name="Kestrel budget")).to_have_count(5)
    officer.get_by_role("link", name="Kestrel budget").first.click()
    expect(officer.get_by_text("egret-in-the-hypertext")).to_be_visible()
    with officer.expect_download() as file:
        officer.get_by_role("button", name="osprey-plan.pdf").click()
    assert Path(file.value.path()).read_bytes() == b"bittern-in-the-file"

    message = officer.url
    officer.go_back()
    officer.get_by_role("link", name="Hold", exact=True).click()
    officer.get_by_text("A request for records", exact=True).click()
    officer.get_by_role("textbox", name="Reason").fill(WHY)
    officer.get_by_role("button", name="Place 1 hold").click()
    expect(officer.get_by_text("is in force.")).to_be_visible()

    officer.goto(message)
    officer.get_by_role("button", name="Export all that match: has:attachment").click()
    expect(officer.get_by_text("Queued.")).to_be_visible()
    work()  # carries the entry, reads
    work()  # the ledger has signed: proves
    officer.get_by_role("link", name="Home").click()
    officer.get_by_role("link", name=re.compile(rf"Export \d+ of examination {number[0]}")).click()
    expect(officer.get_by_role("button", name="Download the zip file")).to_be_visible(timeout=60_000)
    manifest, key = officer.locator("dl.cm-dl code").all_inner_texts()
    with officer.expect_download() as zipped:
        officer.get_by_role("button", name="Download the zip file").click()
    got = tmp_path / "answer.zip"
    zipped.value.save_as(got)
    said = run("verify_export.py", got, "--key", key, "--manifest", manifest)
    assert said.startswith("Good: 5 messages of 5 found") and "signed by the key you gave" in said

    officer.goto(officer.url.partition("/exports/")[0] + "/close/")
    officer.get_by_label("What was found?").fill("Five letters were found, kept and given to the resident.")
    officer.get_by_role("button", name="Close 1 mandate").click()
    expect(officer.get_by_text(f"Mandate {number[0]} was closed.")).to_be_visible()
    work()
    checkpoints.request(sequencer.folder(installed))  # else it signs within the hour
    work()
    _the_ledger_shows(installed, f"mandate:{number[0]}", tmp_path)


def _the_ledger_shows(data: Path, about: str, tmp_path: Path) -> None:
    """Each step, in its order, as a record that can be proved to anybody."""
    rows = list(Entry.objects.filter(object=about).order_by("id").select_related("carried"))
    assert list(dict.fromkeys(row.act for row in rows)) == STEPS
    assert {row.person for row in rows} == {"p-recorder", "p-approver", "export"}
    assert not any(word in bytes(row.head).decode() for row in rows for word in ("Kestrel", "osprey", "Ibis")), "I4"
    written = tmp_path / "proof.json"
    for row in rows:
        place = row.carried
        head = Event(Type.ENTRY, NO_ID, row.at, facts=json.loads(bytes(row.head))).head(place.journal, place.number)
        written.write_text(json.dumps(proof.prove(data, place.journal, place.number, head)))
    assert run("verify_proof.py", written, "--key", data / "keys" / "ledger.pub").startswith("Proved: entry ")
