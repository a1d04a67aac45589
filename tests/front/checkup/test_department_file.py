"""A directory.toml that nobody reads is a warning; one that counts is none."""

from __future__ import annotations

from pathlib import Path

from civicmail.city.directory import store
from civicmail.core.config.settings import Settings
from civicmail.front.checkup.department_file import departments
from civicmail.front.checkup.findings import Finding, Installation


def _found(data: Path) -> Finding:
    (found,) = departments(Installation(data, Settings(), 0))
    return found


def test_a_file_beside_the_list_is_a_warning_and_says_the_command(tmp_path: Path) -> None:
    """The list of departments said so; doctor, which looks every day, did not."""
    assert _found(tmp_path).level == "ok"
    (tmp_path / store.DIRECTORY).write_text('[department.clerk]\naddresses = ["ann@city.example"]\n')
    assert _found(tmp_path).level == "ok" and "which a person wrote" in _found(tmp_path).text
    store.put_away(tmp_path, {"parks": ["lea@city.example"]})
    assert _found(tmp_path).level == "ok"
    (tmp_path / store.DIRECTORY).write_text('[department.clerk]\naddresses = ["ann@city.example"]\n')
    found = _found(tmp_path)
    assert found.level == "warning" and "is not read" in found.text
    assert f"civicmail department open {tmp_path / store.DIRECTORY}" in found.do


def test_a_file_that_counts_and_cannot_be_read_is_told(tmp_path: Path) -> None:
    """It was called well."""
    (tmp_path / store.DIRECTORY).write_text("[department.clerk")
    found = _found(tmp_path)
    assert (
        found.level == "warning"
        and "directory.toml is not TOML" in found.text
        and found.do == f"Mend {tmp_path / store.DIRECTORY}."
    )
