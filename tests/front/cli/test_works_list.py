"""The city's lists of works of others on the command line: lines of sha256sum, and who changed them (P-13)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from civicmail.mail.screening.use import copied_works
from front.cli.office import Office


def test_the_command_makes_shows_and_removes_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A list counts with the next message; lines that are none are said."""
    office = Office(tmp_path / "data")
    capsys.readouterr()
    digest = hashlib.sha256(b"the book").hexdigest()
    lines = tmp_path / "publisher.txt"
    lines.write_text(f"# from the publisher\n{digest}  The Book.epub\n{digest.upper()} *The Book again\nnot a line\n")
    tool = copied_works.Works(office.data)
    assert tool.named(digest) == ""
    assert office.run("works", "add", "publisher", str(lines), "--reason", "the publisher asks") == 0
    said = capsys.readouterr()
    assert said.out == "The list publisher has 1 files.\n" and said.err.startswith("1 lines were left out")
    assert tool.named(digest) == "publisher"
    assert office.run("works", "list") == 0
    assert capsys.readouterr().out.split() == ["publisher", "1", "files"]
    assert office.run("works", "add", "publisher", str(tmp_path / "none.txt"), "--reason", "x") == 2
    assert office.run("works", "add", "Publisher/..", str(lines), "--reason", "x") == 2
    lines.write_text("nothing\n")
    assert office.run("works", "add", "publisher", str(lines), "--reason", "x") == 2 and tool.named(digest) == "publisher"
    assert office.run("works", "remove", "publisher", "--reason", "over") == 0
    assert tool.named(digest) == "" and not copied_works.there(office.data)
    assert office.run("works", "remove", "publisher", "--reason", "over") == 2
