"""Outlook data files of every layout give their items whole, and damage costs what it touches (P-23, P-24)."""

from __future__ import annotations

import struct
import time
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.message import mapi, message_parser, outlook_message
from civicmail.core.message.mapi import Item
from civicmail.mail.importers import pst, pst_cipher
from civicmail.mail.importers.pst_file import Broken, PstFile
from civicmail.mail.importers.walk import Skipped, SourceMessage, walk
from mail.importers.pstwriter import Book, File, Mail, crc, permuted

APPOINTMENT = "00062002-0000-0000-c000-000000000046"
STRINGS = "00020329-0000-0000-c000-000000000046"
MARCH = (0x40, struct.pack("<Q", 134_169_264_000_000_000))  # 2026
KEYWORDS = struct.pack("<III", 2, 12, 20) + "ZonePark".encode("utf-16-le")
INNERMOST = Mail({0x001A: "IPM.Note", 0x0037: "Innermost", 0x1000: "obsidian"}, files=[File("deep.txt", b"basalt")])
INNER = Mail(
    {0x001A: "IPM.Note", 0x0037: "Inner", 0x1000: "quicksilver " * 900},
    [{0x3001: "Bo", 0x39FE: "bo@city.example", 0x0C15: 1}],
    [File("deepest", INNERMOST)],
)
OUTER = Mail(
    {0x001A: "IPM.Note", 0x0037: "\x01\x01Outer", 0x1000: "see inside", 0x0C1A: "Ana", 0x5D01: "ana@city.example", 0x0E06: MARCH},
    [{0x3001: f"Person {n}", 0x39FE: f"p{n}@city.example", 0x0C15: 1 + n % 2} for n in range(150)],
    [File("plan.bin", bytes(range(256)) * 300), File("inner", INNER), File("note.txt", b"x")],
)  # fmt: skip
MEETING = Mail(
    {0x001A: "IPM.Appointment", 0x0037: "Hearing"},
    named={(APPOINTMENT, 0x8208): "Room 7", (APPOINTMENT, 0x820D): MARCH, (STRINGS, "Keywords"): (0x101F, KEYWORDS)},
)


def store(kind: str = "unicode", cipher: int = pst_cipher.PERMUTE, mails: int = 3) -> bytes:
    many = [Mail({0x001A: "IPM.Note", 0x0037: f"Number {n}", 0x1000: f"word{n}"}) for n in range(mails)]
    return Book(kind, cipher).whole({"Inbox": [OUTER, MEETING], "Many": many, "Empty": []})


def items(data: bytes) -> list[tuple[str, Item | str]]:
    out: list[tuple[str, Item | str]] = []
    whole = PstFile(BytesIO(data))
    for folder, read in pst.items(whole):
        try:
            out.append((folder, read()))
        except Broken as error:
            out.append((folder, str(error)))
    return out


@pytest.mark.parametrize("kind", ["ansi", "unicode", "large"])
@pytest.mark.parametrize("cipher", [pst_cipher.NONE, pst_cipher.PERMUTE, pst_cipher.CYCLIC])
def test_every_layout_and_cipher_gives_items_whole(kind: str, cipher: int) -> None:
    found = items(store(kind, cipher, mails=400 if cipher == pst_cipher.PERMUTE else 3))
    assert [folder for folder, _ in found][:3] == ["Inbox", "Inbox", "Many"]
    assert len(found) == (402 if cipher == pst_cipher.PERMUTE else 5)
    outer = found[0][1]
    assert isinstance(outer, Item) and outer.broken == ""
    message = message_parser.parse(outlook_message.message(outer))
    assert message.subject == "Outer" and [a.addr for a in message.from_] == ["ana@city.example"]
    assert len(message.to) == len(message.cc) == 75
    assert [(a.filename, len(a.content)) for a in message.attachments if a.filename != "inner"] == [
        ("plan.bin", 76800),
        ("note.txt", 1),
    ]
    (inner,) = message.children
    assert inner.text.count("quicksilver") == 900 and [a.addr for a in inner.to] == ["bo@city.example"]
    (innermost,) = inner.children
    assert innermost.text == "obsidian" and innermost.attachments[0].content == b"basalt"
    assert [i.properties[mapi.BODY] for _, i in found[2:] if isinstance(i, Item)] == [f"word{n}" for n in range(len(found) - 2)]


def test_named_properties_have_their_names() -> None:
    meeting = items(store())[1][1]
    assert isinstance(meeting, Item)
    assert meeting.properties[f"{{{APPOINTMENT}}}/0x8208"] == "Room 7"
    assert meeting.properties[f"{{{STRINGS}}}/Keywords"] == ["Zone", "Park"]
    raw = outlook_message.message(meeting)
    assert b"LOCATION:Room 7" in raw and b"CATEGORIES:Zone,Park" in raw and b"DTSTART:2026" in raw


def damaged(data: bytes, wanted: bytes) -> bytes:
    """With one byte changed in the block where these bytes stand."""
    at = data.index(permuted(wanted))
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def test_an_empty_slot_among_the_properties_is_passed_over() -> None:
    mail = Mail({0: (0, b""), 0x0037: "kept"})
    (found,) = items(Book().whole({"Inbox": [mail]}))
    assert isinstance(found[1], Item) and (found[1].properties, found[1].broken) == ({mapi.SUBJECT: "kept"}, "")


@pytest.mark.rule("P-23", "An unreadable value of an Outlook data file affects itself only, and its item reports that.")
def test_a_value_that_cannot_be_read_costs_itself() -> None:
    """The item is kept with the rest of its values, and says what is missing."""
    data = Book().whole({"Inbox": [Mail({0x0037: "kept", 0x1000: "long " * 3000})]})
    lost = data.index(permuted(("long " * 3000).encode("utf-16-le")[:64]))
    trailer = lost + 8176 + 8  # its first block says that it is another's
    whole = data[:trailer] + b"\x77" + data[trailer + 1 :]
    ((_, item),) = items(whole)
    assert isinstance(item, Item) and item.properties == {mapi.SUBJECT: "kept"}
    assert item.broken == "a block is not where its index says"


def test_a_changed_byte_is_noticed_by_its_checksum() -> None:
    ((_, item),) = items(damaged(Book().whole({"Inbox": [Mail({0x0037: "kept", 0x1000: "a body"})]}), "a body".encode("utf-16-le")))
    assert isinstance(item, Item) and item.properties[mapi.SUBJECT] == "kept"
    assert item.broken == "a block has not its checksum"


def test_an_attachment_that_is_missing_costs_itself(tmp_path: Path) -> None:
    book = Book()
    data = book.whole({"Inbox": [Mail({0x0037: "kept"}, files=[File("lost.bin", b"L" * 20000), File("kept.txt", b"here")])]})
    at = data.index(permuted(b"L" * 8176))
    data = data[: at + 8176 + 8] + b"\x77" + data[at + 8176 + 9 :]
    (tmp_path / "one.pst").write_bytes(data)
    (found,) = walk(tmp_path)
    assert isinstance(found, SourceMessage) and found.properties is not None
    assert [a.content for a in message_parser.parse(found.content).attachments] == [b"", b"here"]
    assert found.properties["attachments"][0]["unread"] == "a block is not where its index says"
    assert found.properties["broken"] == "an attachment could not be read whole"


def without_roots(data: bytes) -> bytes:
    """The pages on top of both trees are noise."""
    out = bytearray(data)
    for at in (224, 240):
        (root,) = struct.unpack_from("<Q", data, at)
        out[root : root + 488] = b"\x5a" * 488
    return bytes(out)


@pytest.mark.rule("P-23, P-24", "An Outlook data file without a usable index gives its items, and is not taken for whole.")
def test_a_file_without_an_index_gives_its_items_and_says_so(tmp_path: Path) -> None:
    whole = store(mails=100)
    mended = PstFile(BytesIO(without_roots(whole)))
    assert len(list(pst.items(mended))) == 102
    assert pst.missing(mended) == pst.DAMAGED
    (tmp_path / "one.pst").write_bytes(without_roots(whole))
    *found, last = walk(tmp_path)
    wanted = [outlook_message.message(item) for _, item in items(whole) if isinstance(item, Item)]
    assert [item.content for item in found if isinstance(item, SourceMessage)] == wanted
    assert isinstance(last, Skipped) and (last.why, last.failed) == (pst.DAMAGED, True)


def test_old_pages_give_way_to_new_ones() -> None:
    data = store()
    (root,) = struct.unpack_from("<Q", data, 240)
    page = bytearray(data[root : root + 512])
    while page[491]:  # down to a leaf
        (root,) = struct.unpack_from("<Q", page, 16)
        page = bytearray(data[root : root + 512])
    struct.pack_into("<Q", page, 8, 123)  # it once said that the first block was elsewhere
    struct.pack_into("<I", page, 500, crc(bytes(page[:496])))
    struct.pack_into("<Q", page, 504, 1)
    old = without_roots(data + bytes(page))
    assert [i.properties if isinstance(i, Item) else i for _, i in items(old)] == [
        i.properties for _, i in items(data) if isinstance(i, Item)
    ]


@pytest.mark.parametrize("part", [0.02, 0.4, 0.5, 0.9])
def test_a_file_that_is_cut_gives_what_it_has_and_says_so(part: float, tmp_path: Path) -> None:
    mails = [Mail({0x0037: f"Number {n}", 0x1000: "word " * 2000}) for n in range(60)]
    whole = Book().whole({"Inbox": mails})
    (tmp_path / "half.pst").write_bytes(whole[: int(len(whole) * part)])
    *found, last = walk(tmp_path)
    assert isinstance(last, Skipped) and last.failed
    assert last.why == f"it is cut short, {int(len(whole) * part)} of {len(whole)} bytes: what lay behind is missing"
    kept = [item for item in found if isinstance(item, SourceMessage)]
    assert len(kept) >= int(60 * part) - 5
    assert all("cut short" in item.why for item in found if isinstance(item, Skipped))
    assert sum((item.properties or {}).get("broken", "") == "" for item in kept) >= int(60 * part) - 5


class Loops(Book):
    """Whose lists name themselves."""

    def nodes_inside(self, nodes: list[tuple[int, int, int]]) -> int:
        number = super().nodes_inside(nodes)
        if number:
            self.blocks[number] = struct.pack("<BBHI", 2, 1, 3, 0) + struct.pack("<QQ", 1, number) * 3
        return number


@pytest.mark.parametrize("what", ["blocks", "nodes", "pages", "folders", "items"])
def test_what_leads_to_itself_ends(what: str) -> None:
    start = time.process_time()
    book = Loops() if what == "nodes" else Book()
    data = bytearray(book.whole({"Inbox": [OUTER]}))
    if what == "pages":
        for at in (224, 240):
            (root,) = struct.unpack_from("<Q", data, at)
            data[root + 491] = 1
            struct.pack_into("<I", data, root + 500, crc(bytes(data[root : root + 496])))
    elif what == "folders":
        data = bytearray(_folders_in_themselves())
    elif what == "blocks":
        data = bytearray(_blocks_in_themselves())
    elif what == "items":
        data = bytearray(_items_in_themselves())
    try:
        found = items(bytes(data))
    except Broken:
        found = []
    assert len(found) < 50
    assert time.process_time() - start < 60


def _folders_in_themselves() -> bytes:
    book = Book()
    book.whole({"Inbox": [OUTER]})
    book.folder(0x8022, "top", [], [0x8022, 0x122], 0x8022)
    return book._file()


def _blocks_in_themselves() -> bytes:
    book = Book()
    book.whole({"Inbox": [Mail({0x0037: "s"}, files=[File("x", b"L" * 50_000)])]})
    for number, block in book.blocks.items():
        if number & 2 and block[0] == 1:
            book.blocks[number] = struct.pack("<BBHI", 1, 2, 1000, 0) + struct.pack("<Q", number) * 1000
    return book._file()


def _items_in_themselves() -> bytes:
    book = Book()
    book.whole({"Inbox": [OUTER]})
    for number, block in book.blocks.items():
        if number & 2 and block[0] == 2 and (at := block.find(struct.pack("<Q", 0x9004))) >= 0:
            item = next(node for id_, node in book.nodes.items() if id_ & 0x1F == 4)
            book.blocks[number] = block[: at + 8] + struct.pack("<QQ", item[0], item[1]) + block[at + 24 :]
    return book._file()


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_no_damage_does_more_than_raise_broken(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from([WHOLE[kind] for kind in WHOLE])))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(whole) - 9))
        whole[at : at + 8] = data.draw(st.binary(min_size=8, max_size=8))
    try:
        for _, read in pst.items(PstFile(BytesIO(bytes(whole[: data.draw(st.sampled_from([len(whole), len(whole) // 2]))])))):
            try:
                outlook_message.message(read())
            except Broken:
                continue
    except Broken:
        return


WHOLE = {kind: store(kind) for kind in ("ansi", "unicode", "large")}


def test_what_is_no_data_file_of_outlook_is_said() -> None:
    sealed = b"!BDN" + bytes(6) + b"\x25" + bytes(600)
    for header, why in ((b"!BDN" + bytes(600), "version 0"), (b"PK", "no Outlook"), (sealed, "encrypted by Windows")):
        with pytest.raises(Broken, match=why):
            PstFile(BytesIO(header))
