"""`civicmail export --proof`: what is exported can be checked without us (promise 2)."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from civicmail.core.disk.lease import Lease, lease_path
from civicmail.front.cli import proofs
from desk.workbench.test_export import check
from front.cli.test_found import Office, office

__all__ = ["office"]


@pytest.mark.parametrize(("name", "format_"), [("out", "eml"), ("out.zip", "zip")])
def test_an_export_with_proof_is_good(office: Office, tmp_path: Path, name: str, format_: str) -> None:
    """Nothing has signed a checkpoint here before."""
    out = tmp_path / name
    assert office.json("export", "drain", "--proof", "--format", format_, "--out", out) == [{"exported": 4, "failed": 0}]
    code, said = check(out, "--key", office.data / "keys" / "ledger.pub")
    assert code == 0, said
    assert said.startswith("Good: 4 messages of 4 found")
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    if format_ == "zip":
        with zipfile.ZipFile(out) as z:
            manifest = json.loads(z.read("manifest.json"))
        assert (manifest["query"], manifest["mandate"], manifest["by"]["duty"]) == ("drain", None, "owner")


def test_what_cannot_be_proved_leaves_no_half_a_file(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what a run that died has left is in nobody's way."""
    out = tmp_path / "x.zip"
    left = tmp_path / ".x.zip.work"
    left.mkdir()
    (left / "messages.jsonl").write_text("{}")
    with monkeypatch.context() as never, Lease.take(lease_path(office.data, "ledger")):
        never.setattr(proofs, "WAIT_SECONDS", 0.0)
        office.run("export", "drain", "--proof", "--format", "zip", "--out", out, code=5)
    assert b"try again in a minute" in office.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "in"]
    office.run("export", "drain", "--proof", "--format", "zip", "--out", out)
    assert check(out)[0] == 0


@pytest.mark.parametrize(
    "options",
    [
        ("--proof", "--format", "mbox", "--out", "x"),
        ("--format", "zip", "--out", "x.zip"),
        ("--proof", "--format", "zip", "--out", "x"),
    ],
)
def test_what_does_not_go_together_is_refused(office: Office, tmp_path: Path, options: tuple[str, ...]) -> None:
    *first, out = options
    office.run("export", "drain", *first, tmp_path / out, code=2)
    assert not (tmp_path / str(out)).exists()
