"""Outlook files: items become messages that say so, the same bytes each time; what is hostile costs one item (P-23, P-24)."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from civicmail.core.message import message_parser
from civicmail.core.query.parse import parse
from civicmail.mail.archive import layout
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from civicmail.mail.importers.importing import ImportProgress, Request, run_import
from civicmail.mail.importers.outlook_items import NO_ITEM, SERVICE, BuiltMessage, OutlookItems
from civicmail.mail.importers.walk import Skipped, SourceMessage, walk
from civicmail.mail.search.counts import count
from civicmail.mail.search.reader import Reader
from mail.importers.compound import compound, msg

NOW = 1_772_452_800_000
INNER = msg("Inner", "quicksilver", {}, header=24)
WHOLE = compound(msg("Pipes \u2013 outer", "see inside", {"plan.pdf": b"%PDF" * 2000, "note.txt": b"x"}, INNER))


def test_a_msg_file_becomes_a_message_with_its_attachments_and_items(tmp_path: Path) -> None:
    (tmp_path / "one.msg").write_bytes(WHOLE)
    (found,) = walk(tmp_path)
    assert isinstance(found, SourceMessage) and found.built == "msg"
    message = message_parser.parse(found.content)
    assert message.subject == "Pipes \u2013 outer" and message.text == "see inside"
    assert [a.addr for a in (*message.from_, *message.bcc)] == ["ann@city.example", "bob@city.example"]
    assert [(a.filename, len(a.content)) for a in message.attachments][:2] == [("plan.pdf", 8000), ("note.txt", 1)]
    assert [(child.subject, child.text) for child in message.children] == [("Inner", "quicksilver")]
    assert found.properties is not None and found.properties["0x001a"] == "IPM.Note"
    assert found.properties["recipients"][0]["0x39fe"] == "bob@city.example"
    assert "0x1000" not in found.properties and "0x3701" not in found.properties["attachments"][0]


def test_an_item_is_kept_with_its_properties_and_known_the_next_time(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "one.msg").write_bytes(WHOLE)
    layout.make(tmp_path / "data")
    told = ImportProgress(lambda left: pytest.fail(left.why), lambda read: None, lambda done, wanted: None)
    for stored in (1, 0):
        totals = run_import(tmp_path / "data", Request((source,)), told, lambda: NOW, 0)
        assert totals.plain() == {"read": 1, "stored": stored, "known": 1 - stored, "failed": 0}
    (kept,) = Machine(tmp_path / "data").all_captures(lambda error: pytest.fail(str(error)))
    capture = Capture.from_head(kept.head)
    assert capture.source.eol == "rebuilt msg" and capture.properties is not None
    assert capture.properties["0x0037"] == "Pipes \u2013 outer"


def test_what_is_no_item_or_broken_has_a_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.msg").write_bytes(WHOLE[:700])
    (tmp_path / "b.msg").write_bytes(compound({"WordDocument": b"x" * 5000}))
    (tmp_path / "c").write_bytes(compound({"Workbook": b"x" * 5000}))
    (tmp_path / "d.pst").write_bytes(b"!BDN" + bytes(600))
    (tmp_path / "e.msg").write_bytes(WHOLE)
    items = list(walk(tmp_path))
    left = {Path(item.name).name: item for item in items if isinstance(item, Skipped)}
    assert {name: item.failed for name, item in left.items()} == {"a.msg": True, "b.msg": True, "c": False, "d.pst": True}
    assert left["b.msg"].why == left["c"].why == NO_ITEM
    assert left["d.pst"].why.startswith("it is broken: nobody knows its version")
    assert [Path(item.name).name for item in items if isinstance(item, SourceMessage)] == ["e.msg"]


def test_a_tnef_file_that_lies_alone_is_an_item_too(tmp_path: Path) -> None:
    from core.message.test_embedded import attribute, properties, wide, winmail

    data = winmail(attribute(1, 0x69003, properties((0x0037001F, wide("Zoning")), (0x1000001F, wide("words")))))
    (tmp_path / "winmail.dat").write_bytes(data)
    (found,) = walk(tmp_path)
    assert isinstance(found, SourceMessage) and found.built == "tnef" and message_parser.parse(found.content).subject == "Zoning"


_CHILD = """
import os, time
from civicmail.core.sandbox import worker
from civicmail.mail.importers import outlook_reader
def read_store(content, request, emit):
    for index in range(request.first, 6):
        emit((index, "Inbox"))
        if index == 2:
            os.abort()
        if index == 4:
            time.sleep(60)
        emit(outlook_reader.BuiltMessage(b"item %d" % index, index, {}))
outlook_reader.read_store = read_store
worker.main()
"""


@pytest.mark.rule("P-23", "An item that kills its reader affects itself only, and the others continue.")
def test_an_item_that_kills_or_hangs_its_reader_is_one_line(tmp_path: Path) -> None:
    store = tmp_path / "x.pst"
    store.write_bytes(b"!BDN")
    with closing(OutlookItems(seconds=2.0, service=replace(SERVICE, program=(sys.executable, "-c", _CHILD)))) as items:
        told = list(items.store(str(store)))
    assert [one.index for one in told] == [0, 1, 2, 3, 4, 5]
    assert [one.built.content if isinstance(one.built, BuiltMessage) else "" for one in told] == [
        b"item 0", b"item 1", "", b"item 3", "", b"item 5",
    ]  # fmt: skip


def test_a_reader_that_says_nothing_is_one_line(tmp_path: Path) -> None:
    store = tmp_path / "x.pst"
    store.write_bytes(b"!BDN")
    with closing(OutlookItems(service=replace(SERVICE, program=(sys.executable, "-c", "")))) as items:
        assert [(one.index, isinstance(one.built, str)) for one in items.store(str(store))] == [(-1, True)]
        assert isinstance(items.file(b"x"), str)


def test_folders_are_labels_that_a_search_finds(tmp_path: Path) -> None:
    for folder in ("Zoning", "Parks"):
        (tmp_path / "source" / folder).mkdir(parents=True)
        (tmp_path / "source" / folder / "one.msg").write_bytes(WHOLE)
    layout.make(tmp_path / "data")
    told = ImportProgress(lambda left: pytest.fail(left.why), lambda read: None, lambda done, wanted: None)
    assert run_import(tmp_path / "data", Request((tmp_path / "source",)), told, lambda: NOW, 0).stored == 2
    for query, found in (("folder:zoning", 1), ("label:parks", 1), ("folder:nowhere", 0), ("zoning", 0)):
        assert count(Reader(tmp_path / "data"), parse(query, now=datetime.fromtimestamp(NOW / 1000, UTC))) == found
