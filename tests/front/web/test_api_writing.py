"""Drafts, files, sending and taking back by a program (issue 7; P-06, P-22)."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from civicmail.desk.mailbox.models import Draft, DraftFile, Outgoing
from pages.programs import asking
from pages.world import Town, town

PLAN = b"%PDF-1.4\n%the plan of Elm Street\n"


@pytest.fixture
def works(installed: Path, db: None) -> Town:
    """The town without its mail."""
    (installed / "claimed").touch()
    return town()


@pytest.mark.rule(
    "P-06",
    "A program writes, sends and takes back drafts of its person alone, and never over what was changed meanwhile.",
)
def test_a_program_writes_a_draft_with_a_file_sends_it_and_takes_it_back(works: Town) -> None:
    """By the verbs of the page, with its versions; whoever else asks finds nothing."""
    ask, other = asking(works.people["crew0"]), asking(works.people["head"])
    own = works.authorizations["crew0"].mailbox.address
    letter = {"to": own, "subject": "Closure", "text": "The plan is attached."}
    made = ask("POST", "/drafts", letter, idempotency_key="k")
    assert made.status_code == 201, made.content
    assert ask("POST", "/drafts", letter, idempotency_key="k").json()["uid"] == made.json()["uid"]
    place = f"/drafts/{made.json()['uid']}"
    file = {"version": 1, "name": "plan.txt", "content": base64.b64encode(PLAN).decode()}
    added = ask("POST", f"{place}/files", file).json()
    assert [(f["kind"], f["odd"], f["size"]) for f in added["files"]] == [("pdf", True, len(PLAN))], "by its content"
    assert ask("PATCH", place, {"version": 1, "subject": "Other"}).status_code == 409, "changed meanwhile"
    changed = ask("PATCH", place, {"version": added["version"], "subject": "Closure of Elm Street"}).json()
    assert (changed["subject"], changed["text"], len(changed["files"])) == ("Closure of Elm Street", "The plan is attached.", 1)
    seen = {"version": changed["version"]}
    for method, path, body in (("GET", place, None), ("POST", f"{place}/send", seen), ("POST", f"{place}/discard", seen)):
        assert other(method, path, body).status_code == 404, path
    sent = ask("POST", f"{place}/send", seen)
    assert sent.status_code == 201, sent.content
    assert (sent.json()["state"], sent.json()["recipients"], sent.json()["draft"]) == ("waiting", [own], made.json()["uid"])
    assert b"plan.txt" in bytes(Outgoing.objects.get().content)
    out = f"/outgoing/{sent.json()['uid']}"
    assert other("GET", out).status_code == other("POST", f"{out}/undo", {}).status_code == 404
    assert ask("POST", f"{out}/undo", {}).json()["state"] == "undone"
    assert ask("POST", f"{out}/undo", {}).status_code == 409 and ask("GET", place).json()["files"] == changed["files"]
    assert [row["state"] for row in ask("GET", "/outgoing").json()] == ["undone"]
    assert [(row["uid"], row["files"]) for row in ask("GET", "/drafts").json()] == [(made.json()["uid"], 1)]
    without = ask("POST", f"{place}/files/remove", {**seen, "file": changed["files"][0]["id"]}).json()
    assert without["files"] == [] and ask("POST", f"{place}/discard", {"version": without["version"]}).status_code == 200
    assert not Draft.objects.exists() and not DraftFile.objects.exists()


def test_a_file_that_is_none_is_said_and_nothing_is_kept(works: Town) -> None:
    """Neither what is not base64 nor what is too large, and never what was sent."""
    ask = asking(works.people["crew0"])
    place = f"/drafts/{ask('POST', '/drafts', {'text': 'x'}).json()['uid']}"
    bad = ask("POST", f"{place}/files", {"version": 1, "name": "a", "content": "kestrel!"})
    assert bad.status_code == 422 and bad.json()["errors"][0]["field"] == "content" and b"kestrel" not in bad.content
    large = ask("POST", f"{place}/files", {"version": 1, "name": "a", "content": "A" * 34_000_000})
    assert large.status_code in (413, 422), large.status_code
    assert ask("POST", f"{place}/send", {"version": 1}).status_code == 422, "to nobody"
    assert not DraftFile.objects.exists() and not Outgoing.objects.exists()
