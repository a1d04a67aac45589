"""The sheet path: cells that were reviewed, and nothing else of a workbook."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.redaction.read import document_of
from civicmail.core.redaction.shapes import Document, Redaction
from civicmail.core.redaction.sheet_path import cells_of, sheet_csv, sheet_pdf
from core.redaction import sources
from core.redaction.reading import by_pdfium, letters

NUMBER = "MKE-2026-00041-000050"
TABLE = "Name,Phone,\nAnn Lee,414-555-0101,\n\nBen,,=1+1\n"


def _rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(content.decode(), newline="")))


def test_cells_stay_where_they_were() -> None:
    read = document_of(TABLE.encode(), "list.csv")
    (released,) = sheet_csv(read, (), number=NUMBER)
    assert (released.name, released.media_type) == (f"{NUMBER}.csv", "text/csv")
    assert _rows(released.content) == [["Name", "Phone"], ["Ann Lee", "414-555-0101"], [], ["Ben", "", "'=1+1"]]


def test_a_label_is_in_each_cell_of_a_redaction() -> None:
    read = document_of(TABLE.encode(), "list.csv")
    first, *_, last = [n for n, word in enumerate(read.words) if word.box and word.box[1] == 1]
    (released,) = sheet_csv(read, [Redaction(4, "c", first, last)], number=NUMBER)
    assert _rows(released.content)[1] == ["[4 · REDACTED c]"] * 2
    (released,) = sheet_csv(read, [Redaction(4, "c", box=(1, 0, 2, 3))], number=NUMBER)
    assert [row[1:2] for row in _rows(released.content)] == [["[4 · REDACTED c]"], ["[4 · REDACTED c]"], [], [""]]


@pytest.mark.rule("promise 9", "A released table holds no formula.")
@pytest.mark.parametrize("text", ["=1+1", "+1-1", "-x", "@SUM(A1)", "=HYPERLINK(1)"])
def test_no_cell_is_a_formula(text: str) -> None:
    (released,) = sheet_csv(document_of(f"a,{text}\n".encode(), "a.csv"), (), number=NUMBER)
    assert _rows(released.content) == [["a", f"'{text}"]]


@pytest.mark.parametrize("text", ["-12.50", "+3", "5%"])
def test_a_number_stays_one(text: str) -> None:
    (released,) = sheet_csv(document_of(f"a,{text}\n".encode(), "a.csv"), (), number=NUMBER)
    assert _rows(released.content) == [["a", text]]


def test_the_list_names_each_cell() -> None:
    read = document_of(TABLE.encode(), "list.csv")
    released = sheet_pdf(read, sources.redacted(read, "Lee"), title="Table 1", lang="en", number=NUMBER)
    shown = by_pdfium(released.content)
    assert "B2" in shown
    assert "Ann [1 · REDACTED §19.36(10)(a)]" in shown
    assert "Lee" not in shown
    assert sorted(letters(shown)) == sorted(letters("".join(released.words)))


def test_columns_have_letters() -> None:
    read = document_of(("x," * 702 + "y\n").encode(), "a.csv")
    assert [cell.reference for cell in cells_of(read, ())][25:28] == ["Z1", "AA1", "AB1"]
    assert cells_of(read, ())[-1].reference == "AAA1"


@pytest.mark.rule("promise 9", "No redacted word is in a released table or list, and no other word is lost.")
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_r22_no_redacted_word_survives_and_no_other_word_disappears(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 30))
    words = [f"w{n}{data.draw(st.text('abcäß=+@-', max_size=6))}z" for n in range(count)]
    rows: list[list[str]] = [[]]
    for word in words:
        if data.draw(st.booleans()):
            rows.append([])
        rows[-1] += [*[""] * data.draw(st.integers(0, 2)), word]
    out = StringIO()
    csv.writer(out).writerows(rows)
    read = document_of(out.getvalue().encode(), "a.csv")
    marked = data.draw(st.sets(st.sampled_from(words), max_size=5))
    redactions = sources.redacted(read, *marked)
    (table,) = sheet_csv(read, redactions, number=NUMBER)
    as_list = sheet_pdf(read, redactions, title="T", lang="en", number=NUMBER)
    for released, shown in ((table, table.content.decode()), (as_list, by_pdfium(as_list.content))):
        assert [word for word in marked if letters(word) in letters(shown)] == []
        assert [word for word in words if word not in marked and letters(word) not in letters(shown)] == []
        assert sorted(letters(shown)) == sorted(letters("".join(released.words)))


def test_an_empty_table_is_no_file_and_an_empty_list() -> None:
    empty = Document("sheet", (), ())
    assert sheet_csv(empty, (), number=NUMBER) == ()
    assert letters(by_pdfium(sheet_pdf(empty, (), title="T", lang="en", number=NUMBER).content)) == letters(f"T{NUMBER}")
