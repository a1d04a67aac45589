"""A list as a clerk really has it: semicolons, Latin-1, blank lines, a column twice, capitals, ten lines that are wrong (P-08)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pages.looks import looked_at
from pages.shots import shot

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]

HEAD = "Emp No;Surname;First Name;Type;Dept;E-Mail;E-Mail;Other addresses;Hired\r\n"
GOOD = (
    "8001;Müller;Änne;employee;public-works;ANNE.MUELLER@CITY.EXAMPLE;private@home.example;;03/09/2026",
    "8002;Baker;Bob;Employee;public-works;SMTP:Bob.Baker@City.Example;;b.baker@city.example;03/09/2026",
)
WRONG = (
    ("8003;Diaz;Eva;employee;public-works;eva.diaz@city.example;;streets@city.example;03/09/2026", "streets@city.example is "),
    ("8004;Ito;Ken;employee;public-works;ken.ito@elsewhere.example;;;03/09/2026", "ken.ito@elsewhere.example"),
    ("8005;Okafor;Ada;employee;public-works;ada okafor@city.example;;;03/09/2026", "is not an e-mail address"),
    ("8006;Novak;Jan;employee;public-works;postmaster@city.example;;;03/09/2026", "postmaster@city.example"),
    (
        "8007;Reyes;Lia;employee;public-works;lia.reyes@city.example;;;31.31.2026",
        "The field starts has 31.31.2026, and there is no such day; days are written 03/31/2026",
    ),
    ("8008;Silva;Rui;wizard;public-works;rui.silva@city.example;;;03/09/2026", "There is no kind wizard"),
    (
        "8009;Toth;Mia;employee;Nowhere;mia.toth@city.example;;;03/09/2026",
        "There is no department nowhere: write the code or name",
    ),
    ("8010;;Max;employee;public-works;max@city.example;;;03/09/2026", "The field family is empty"),
    ("8011;Weber;Tom;employee;public-works;tom.weber@city.example", "The line has 6 fields and the first line 9"),
    ("8012;Young;Sue;employee;public-works;ANNE.mueller@city.example;;;03/09/2026", "anne.mueller@city.example"),
)


def _file(folder: Path, encoding: str) -> Path:
    lines = [GOOD[0], "", WRONG[0][0], ";;;;;;;;", GOOD[1], *(line for line, _ in WRONG[1:]), "", ""]
    path = folder / "staff of the city.csv"
    path.write_bytes((HEAD + "\r\n".join(lines)).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8-sig"])
def test_a_clerk_reads_a_messy_list_and_sees_which_line_what_and_what_to_do(
    browse: Callable[..., Any], tmp_path: Path, encoding: str
) -> None:
    page = browse("office", "/access/feeds/new/")
    page.set_input_files("input[type=file]", _file(tmp_path, encoding))
    page.get_by_role("button", name="Read the list").click()
    assert "Column mapping" in page.inner_text("h1")
    assert page.locator("label", has_text="E-Mail (column 7)").count() == 1, "a column that stands twice can be told apart"
    assert page.locator("#id_column-5").input_value() == "address" and page.locator("#id_column-6").input_value() == ""
    assert page.locator("#id_column-0").input_value() == "uid", "a column that begins behind a byte order mark is known"
    assert "First lines: Müller; Diaz; Baker" in page.inner_text("main")
    page.select_option("#id_dates", "mdy")
    shot(page, "messy-columns")
    page.get_by_role("button", name="Read the list").click()
    rows = {
        cells[0].split("\n")[0]: cells
        for cells in (row.locator("td, th").all_inner_texts() for row in page.locator("tbody tr").all())
    }
    shot(page, "messy-lines")
    for number, (line, why) in enumerate(WRONG):
        uid = line.partition(";")[0]
        assert uid in rows, (uid, sorted(rows))
        assert any("Rejected" in cell for cell in rows[uid]) and any(why in cell for cell in rows[uid]), rows[uid]
        assert any(cell.strip() == str(number + 6 if number else 4) for cell in rows[uid]), rows[uid]
    assert "Rosa Hale" in rows["p-head"][0], "who would be ended has a name"
    assert "11 lines are refused: their people stay as they are." in page.inner_text("main")
    assert looked_at(page) == []
