"""The city's own values on the command line: a table is read once, and no value of it is shown or kept (P-19)."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.mail.screening.confidential import candidates, exact_lists
from front.cli.office import Office


def test_the_command_makes_shows_and_removes_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table is read once, and what is printed has no value of it."""
    office = Office(tmp_path / "data")
    capsys.readouterr()
    table = tmp_path / "staff.csv"
    table.write_text("Family;Number;SSN\nO'Brien;E100234;512-34-5678\nNobody;1;2\n", encoding="utf-8-sig")
    line = [
        "exact-list",
        "add",
        "staff",
        str(table),
        "--id",
        "ssn",
        "--id",
        "number",
        "--with",
        "family",
        "--reason",
        "payroll asks",
    ]
    assert office.run(*line) == 0
    said = capsys.readouterr()
    assert said.out == "The list staff has 1 rows.\n" and said.err.startswith("1 rows were left out")
    assert office.run("exact-list", "list") == 0
    assert capsys.readouterr().out.split()[:2] == ["staff", "2"]
    key = exact_lists.read_key(office.data)
    (path,) = exact_lists.there(office.data)
    assert exact_lists.read(path, key).names(exact_lists.identifier_hash(key, candidates.identifier("512-34-5678")))
    assert office.run("exact-list", "remove", "staff", "--reason", "over") == 0
    assert not exact_lists.there(office.data)
    assert office.run("exact-list", "remove", "staff", "--reason", "over") == 2
    assert office.run(*line[:3], table, "--id", "card", "--with", "family", "--reason", "x") == 2
    assert office.run("exact-list", "add", "../x", *line[3:]) == 4
