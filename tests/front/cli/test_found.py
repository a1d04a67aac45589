"""`import`, `search`, `show`, `export`: mail goes in and comes out again, and every look leaves an entry (promise 4)."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.disk.tail import Tail
from civicmail.desk.workbench import batch_read
from civicmail.front.cli.main import run
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.importers import mbox

LETTERS = [
    b"From: Ana <ana@out.example>\r\nTo: ben@city.example\r\nSubject: Storm drain %d\r\n" % n
    + b"\r\nWater in Cherry Street.\r\nFrom here on.\r\n"
    for n in range(3)
]
ODD = b"Subject: \x1b[31mred\x07\nFrom: eve@out.example\n\n\x1b]0;title\x07 text\n"


class Office:
    def __init__(self, data: Path, capsys: pytest.CaptureFixture[bytes]) -> None:
        self.data = data
        self._capsys = capsys
        self.err = b""

    def run(self, *words: object, code: int = 0) -> bytes:
        assert run([*map(str, words), "--data", str(self.data)]) == code
        out, self.err = self._capsys.readouterr()
        return out

    def json(self, *words: object, code: int = 0) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(*words, "--json", code=code).splitlines()]

    def entries(self) -> list[dict[str, Any]]:
        return [Event.from_head(r.head).facts for r in Tail(self.data).poll() if r.type == Type.ENTRY]


@pytest.fixture
def office(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Office:
    office = Office(tmp_path / "data", capsysbinary)
    office.run("init")
    place = tmp_path / "in"
    place.mkdir()
    for n, raw in enumerate([*LETTERS, ODD, LETTERS[0]]):
        (place / f"{n}.eml").write_bytes(raw)
    assert office.json("import", place) == [{"read": 5, "stored": 5, "known": 0, "failed": 0}]
    assert office.json("import", place) == [{"read": 5, "stored": 0, "known": 5, "failed": 0}]
    return office


def test_import_says_what_failed_and_what_is_no_mail(office: Office, tmp_path: Path) -> None:
    place = tmp_path / "mixed"
    place.mkdir()
    (place / "notes.txt").write_text("no mail at all")
    (place / "gone.eml").symlink_to(tmp_path / "nowhere")
    assert office.run("import", place, code=1) == b"1 read: 0 stored, 0 known, 1 failed.\n"
    assert b"notes.txt: it does not begin with the headers of a message" in office.err
    assert b"failed: " in office.err
    office.run("import", tmp_path / "nowhere", code=2)


def test_a_second_manifest_is_refused_before_anything_is_imported(office: Office, tmp_path: Path) -> None:
    (tmp_path / "new.eml").write_bytes(b"Subject: new\n\nx\n")
    office.run("import", tmp_path / "new.eml", "--manifest", tmp_path / "a.jsonl", "--manifest", tmp_path / "b.csv", code=2)
    assert b"an import writes one manifest" in office.err
    assert not (tmp_path / "a.jsonl").exists() and not (tmp_path / "b.csv").exists()
    assert office.run("search", "subject:new", "--count").startswith(b"0 found")
    office.run("import", tmp_path / "new.eml", "--manifest", tmp_path / "a.jsonl")


def test_search_gives_the_contracted_fields_newest_first(office: Office) -> None:
    hits = office.json("search", "subject:drain")
    assert len(hits) == 4
    assert hits[0].keys() >= {"id", "sha256", "received", "date", "from", "to", "subject", "size", "score"}
    received = [hit["received"] for hit in hits]
    assert received == sorted(received, reverse=True)
    assert {hit["sha256"] for hit in hits} == {sha256(raw).hexdigest() for raw in LETTERS}


def test_options_limit_sort_fold_and_count_what_is_found(office: Office) -> None:
    assert len(office.json("search", "subject:drain", "--limit", 2)) == 2
    assert len(office.json("search", "drain", "--limit", 0, "--unique", "--sort", "oldest")) == 3
    assert len(office.json("search", "drain", "--sort", "relevance")) == 4
    assert len(office.json("search", "-subject:drain")) == 1
    assert len(office.json("search", "subject:drain", "AND", "cherry")) == 4
    (counts,) = office.json("search", "from:ana@out.example", "--count")
    assert counts == {"count": 4, "unique": 3, "searchable": 5, "archived": 5, "unreadable": 0}
    assert office.run("search", "from:ana@out.example", "--count") == b"4 found, 3 different; 5 of 5 archived are searchable.\n"


def test_a_conversation_is_found_by_the_capture_id_of_a_reply(office: Office, tmp_path: Path) -> None:
    place = tmp_path / "thread"
    place.mkdir()
    (place / "1.eml").write_bytes(b"From: a@x.example\nSubject: lamp\nMessage-ID: <lamp@x.example>\n\nDark.\n")
    (place / "2.eml").write_bytes(
        b"From: b@x.example\nSubject: re\nMessage-ID: <re@x.example>\nIn-Reply-To: <lamp@x.example>\n\nYes.\n"
    )
    office.json("import", place)
    (reply,) = office.json("search", "subject:re")
    assert len(office.json("search", f"thread:{reply['id']}")) == 2
    assert office.json("search", "thread:re@x.example", "--count")[0]["count"] == 2
    assert office.json("export", f"thread:{reply['sha256']}", "--out", tmp_path / "out") == [{"exported": 2, "failed": 0}]
    assert len(office.json("search", "drain AROUND 3 storm")) == 4


def test_a_wrong_query_or_option_is_2_and_writes_no_entry(office: Office) -> None:
    for words in (["from:("], ["before:notadate"], ["x", "--jsno"], ["x", "--sort", "size"], ["x", "--limit", "-1"]):
        office.run("search", *words, code=2)
    assert office.entries() == []


def test_an_installation_without_mail_answers_with_nothing(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    empty = Office(tmp_path / "empty", capsysbinary)
    empty.run("init")
    assert empty.json("search", "x", "--count") == [{"count": 0, "unique": 0, "searchable": 0, "archived": 0, "unreadable": 0}]
    assert empty.json("search", "x") == []


def test_an_answer_says_how_much_there_is_and_what_to_do_when_there_is_nothing(office: Office) -> None:
    office.run("search", "cherry", "--limit", "1")
    assert office.err == b"1 of 4 shown; --limit 0 shows all.\n"
    assert office.run("search", "avalanche") == b""
    assert office.err.startswith(b"Nothing was found among 5 captures. Fewer words")


def test_what_is_not_searchable_yet_is_said(office: Office) -> None:
    (office.data / "index" / "current").unlink()
    assert office.json("search", "drain") == []
    assert b"Searched 0 of 5 archived captures" in office.err
    office.run("rebuild", "index")
    assert len(office.json("search", "drain")) == 4


def test_show_raw_gives_the_exact_bytes_by_every_name(office: Office) -> None:
    (hit,) = office.json("search", "-drain")
    for name in (hit["id"], hit["id"].replace("-", ""), hit["sha256"], hit["sha256"][:12], hit["id"][:20]):
        assert office.run("show", name, "--raw") == ODD
    assert office.run("show", sha256(LETTERS[0]).hexdigest(), "--raw") == LETTERS[0]  # two captures of equal bytes


def test_several_captures_are_listed_and_unknown_ids_are_1(office: Office) -> None:
    same = sha256(LETTERS[0]).hexdigest()
    assert office.run("show", same, code=1) == b""
    assert office.err.count(same.encode()) >= 2
    office.run("show", "0" * 64, code=1)
    assert len(office.err.splitlines()) == 1
    office.run("show", "short", code=2)
    office.run("show", same, "--raw", "--trace", code=2)


def test_show_for_people_cannot_steer_the_terminal(office: Office) -> None:
    (hit,) = office.json("search", "-drain")
    shown = office.run("show", hit["id"])
    assert b"Subject: " in shown
    assert b"text" in shown
    assert b"\x1b" not in shown
    assert b"\x07" not in shown


def test_show_json_and_trace_give_the_evidence(office: Office) -> None:
    (hit,) = office.json("search", "-drain")
    (shown,) = office.json("show", hit["id"])
    assert (shown["id"], shown["sha256"], shown["type"]) == (hit["id"], hit["sha256"], "receipt")
    assert shown["letter"]["from"] == "eve@out.example"
    assert shown["events"] == []
    (first, *_) = office.json("show", hit["id"], "--trace")
    assert (first["type"], first["basis"], first["source"]) == ("receipt", "mailbox", "import")
    assert b"received by import" in office.run("show", hit["id"], "--trace")
    office.run("show", hit["id"], "--as-sent", "nobody@city.example", code=1)
    assert b"is no recipient" in office.err


def test_every_look_at_content_has_an_entry(office: Office) -> None:
    (hit,) = office.json("search", "-drain")
    office.run("show", hit["id"], "--raw")
    office.run("export", "drain", "--out", office.data.parent / "out")
    acts = office.entries()
    assert [(e["act"], e.get("query", e.get("id"))) for e in acts] == [
        ("search", "-drain"),
        ("show", hit["id"]),
        ("export", "drain"),
    ]
    assert all(e["duty"] == "owner" and e["person"] for e in acts)


def test_a_claimed_installation_refuses(office: Office) -> None:
    (office.data / "claimed").touch()
    office.run("search", "x", code=4)
    assert b"--as PERSON" in office.err


def test_export_as_eml_is_bit_for_bit(office: Office, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert office.json("export", "drain", "--out", out) == [{"exported": 4, "failed": 0}]
    assert sorted(p.read_bytes() for p in out.iterdir()) == sorted([*LETTERS, LETTERS[0]])
    office.run("export", "drain", "--out", out, code=2)
    assert b"not an empty folder" in office.err


def test_an_exported_mbox_imports_as_the_same_messages(office: Office, tmp_path: Path) -> None:
    out = tmp_path / "out.mbox"
    assert office.json("export", "drain", "--format", "mbox", "--unique", "--out", out) == [{"exported": 3, "failed": 0}]
    content = out.read_bytes()
    kind = mbox.kind_of(content)
    assert kind == "mboxrd"
    assert {mbox.content(content, place, kind) for place in mbox.places(content, kind)} == set(LETTERS)
    office.run("export", "drain", "--format", "mbox", "--out", out, code=2)


def test_an_export_is_oldest_first_however_the_messages_lie(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written newest first, sealed in that order, and read a few at a time."""
    place = tmp_path / "years"
    place.mkdir()
    for n in range(9):
        (place / f"{n}.eml").write_bytes(
            b"Received: by x; Tue, 1 Jan %d 10:00:00 +0000\nSubject: year\n\n>From %d\n" % (2020 - n, n)
        )
    office.json("import", place)
    office.json("tick")
    monkeypatch.setattr(batch_read, "BATCH_SIZE", 4)
    assert office.json("export", "subject:year", "--format", "mbox", "--out", tmp_path / "out") == [{"exported": 9, "failed": 0}]
    lines = (tmp_path / "out").read_bytes().splitlines()
    assert [line for line in lines if line.startswith(b">>From")] == [b">>From %d" % n for n in range(8, -1, -1)]


def test_tick_does_once_what_the_workers_do(office: Office) -> None:
    (done,) = office.json("tick")
    assert (done["indexed"], done["sealed"], done["busy"]) == (0, 5, [])  # an import indexes and integrates by itself
    assert list((office.data / "segments").rglob("*.seg"))
    assert office.run("show", sha256(ODD).hexdigest(), "--raw") == ODD
    assert office.json("search", "drain", "--count")[0]["count"] == 4
    with Lease.take(lease_path(office.data, "ledger")):
        assert office.json("tick")[0]["busy"] == ["ledger"]
