"""Load files are read back as they were written, whatever the mail says."""

from __future__ import annotations

import csv
import io
from xml.etree.ElementTree import fromstring

import pytest

from civicmail.desk.records.production import bates, load_files, tables
from civicmail.desk.records.production.edrm_xml import edrm_xml
from civicmail.desk.records.production.tables import Withheld
from desk.records.production.made_documents import NASTY, NUMBER, documents

PARENTS = {1: f"{NUMBER}-000001"}
BALANCE = {
    "located": 3, "released_in_full": 1, "redacted": 1, "withheld": 1, "not_responsive": 0, "not_a_record": 0, "personal": 0,
    "duplicate": 0, "open": 0,
}  # fmt: skip


def readable(text: str) -> str:
    """A text as a field of a DAT file can have it."""
    plain = text.replace("\r\n", "\n").replace("þ", "th").replace("®", "(R)")
    return "".join(c for c in plain if c == "\n" or c >= " ")


def test_r26_a_dat_file_is_read_back_as_it_was_written() -> None:
    content = load_files.dat(documents(), PARENTS)
    first = content.removeprefix(b"\xef\xbb\xbf").partition(b"\r\n")[0].decode()
    assert content.startswith(b"\xef\xbb\xbf") and first.startswith("þBEGDOCþ\x14þENDDOCþ\x14"), "bytes, not the sign ¶"
    rows = load_files.decode(content)
    assert (rows[0]["BEGATTACH"], rows[0]["ENDATTACH"]) == (f"{NUMBER}-000001", f"{NUMBER}-000004")
    assert (rows[1]["BEGATTACH"], rows[1]["PARENT"]) == (f"{NUMBER}-000001", f"{NUMBER}-000001")
    assert rows[0]["CODES"] == "19.36(5); 19.36(13)" and rows[0]["REDACTED"] == "Y"
    assert rows[0]["PDFPATH"] == f"pdf\\{NUMBER}-000001.pdf" and rows[1]["NATIVEPATH"] == f"csv\\{NUMBER}-000004.csv"
    assert [row["SUBJECT"] for row in rows[2:]] == [readable(text) for text in NASTY]
    assert [row["CUSTODIANS"] for row in rows[2:]] == [readable(text) for text in NASTY]


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", "þAþ\x14B\r\n".encode(), "þAþ\r\nþBþ\x14þCþ\r\n".encode()])
def test_a_dat_file_that_is_broken_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        load_files.decode(content)


def test_r26_an_opt_file_has_seven_columns_and_a_line_for_each_page() -> None:
    rows = list(csv.reader(io.StringIO(load_files.opt(documents(), NUMBER).decode())))
    assert {len(row) for row in rows} == {7} and len(rows) == sum(document.pages for document in documents())
    assert rows[0] == [f"{NUMBER}-000001", NUMBER, f"images\\{NUMBER}-000001.tif", "Y", "", "", "3"]
    assert rows[1] == [f"{NUMBER}-000002", NUMBER, f"images\\{NUMBER}-000002.tif", "", "", "", ""]
    assert rows[3][3:] == ["Y", "", "", "1"]


def test_r26_edrm_xml_is_read_back_as_it_was_written() -> None:
    root = fromstring(edrm_xml(documents(), PARENTS, NUMBER))
    listed = root.findall("./Batch/Documents/Document")
    assert [document.get("DocID") for document in listed] == [document.first for document in documents()]
    tags = {tag.get("TagName"): tag.get("TagValue") for tag in listed[0].iter("Tag")}
    assert tags["#Subject"] == "Pipes" and tags["Codes"] == "19.36(5); 19.36(13)"
    assert [file.get("FileType") for file in listed[0].iter("File")] == ["Native", "Image", "Text"]
    (relation,) = root.iter("Relationship")
    assert (relation.get("ParentDocId"), relation.get("ChildDocId")) == (f"{NUMBER}-000001", f"{NUMBER}-000004")
    assert listed[-1].findtext("./Locations/Location/Custodian") == NASTY[-1]


def test_r26_no_cell_of_the_index_is_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(tables.index(documents()).decode())))
    assert len({len(row) for row in rows}) == 1
    assert [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")] == []
    assert [row[8].removeprefix("'") for row in rows[3:]] == list(NASTY), "nothing is lost"
    assert rows[1][13:15] == ["1; 2", "a@city.example; b@city.example"]


def test_r30_the_log_is_made_from_decisions_and_ends_with_the_balance() -> None:
    header = {"Date": "Tue, 1 Dec 2026", "From": "a@city.example", "To": "=cmd"}
    log = [
        Withheld(
            3, 1, "application/pdf", "19.36(5)", "Wis. Stat. § 19.36(5)", "The bidder's formula is a trade secret.", header=header
        ),
        Withheld(1, 0, "message/rfc822", "19.36(13)", "Wis. Stat. § 19.36(13)", "An account number.", 2, f"{NUMBER}-000001"),
    ]
    rows = list(csv.reader(io.StringIO(tables.withholding_log(log, BALANCE).decode())))
    assert rows[0] == list(tables.LOG)
    assert [row[7:9] for row in rows[1:3]] == [["a part of it", "2"], ["all of it", ""]] and rows[2][6] == "'=cmd"
    assert rows[3][:2] == ["Balance", "3 located = 1 released in full + 1 redacted + 1 withheld + 0 not responsive + "
                           "0 not a record + 0 purely personal + 0 duplicate."]  # fmt: skip


@pytest.mark.parametrize(("code", "reason"), [("", "A reason."), ("19.36(5)", "  ")])
def test_r30_no_line_of_the_log_lacks_its_code_or_reason(code: str, reason: str) -> None:
    with pytest.raises(ValueError, match="without a code or a reason"):
        tables.withholding_log([Withheld(1, 0, "text/plain", code, "", reason)], BALANCE)


def test_r26_page_numbers_have_the_request_before_them_and_are_never_used_again() -> None:
    assert bates.bates(NUMBER, 17) == "PR-2026-00041-000017"
    assert bates.next_page([]) == 1 and bates.next_page([12, 90, 40]) == 91
    with pytest.raises(ValueError, match="from 1"):
        bates.bates(NUMBER, 0)
