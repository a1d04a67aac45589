"""Whoever gets a release checks it with nothing but Python: every change, loss or addition is named."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from civicmail.core.redaction.gate import Certificate
from civicmail.core.redaction.manifest import Approval, manifest_of
from civicmail.desk.records.production import tables, verify_production
from civicmail.desk.records.production.tables import Withheld
from desk.records.production.made_documents import documents
from desk.records.production.test_load_files import BALANCE

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()


def release(folder: Path) -> Path:
    """A release as its requester unpacks it."""
    made = documents()
    content = {file.path: file.name.encode() for document in made for file in document.files.values()}
    content["index.csv"] = tables.index(made)
    content["withholding-log.csv"] = tables.withholding_log([Withheld(3, 0, "text/plain", "x", "y", "A secret.")], BALANCE)
    certificates = [Certificate(path.rpartition("/")[2], sha256(data).hexdigest(), ("type",)) for path, data in content.items()]
    manifest = manifest_of(certificates, Approval("entry:1", frozenset(c.sha256 for c in certificates)))
    content["manifest.json"] = manifest
    content["manifest.sig"] = base64.b64encode(KEY.sign(verify_production.LABEL + manifest)) + b"\n"
    content["verify.py"] = Path(verify_production.__file__).read_bytes()
    for path, data in content.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def run(path: Path, *arguments: str, script: Path | None = None) -> tuple[int, str]:
    """The program as a stranger runs it: alone, without this package."""
    script = script or Path(verify_production.__file__)
    done = subprocess.run(
        [sys.executable, "-I", script, path, *arguments], capture_output=True, text=True, check=False, cwd=path.parent
    )
    return done.returncode, done.stdout + done.stderr


def test_r26_a_release_is_verified_offline_by_the_program_in_it(tmp_path: Path) -> None:
    folder = release(tmp_path / "release")
    manifest = sha256((folder / "manifest.json").read_bytes()).hexdigest()
    code, said = run(folder, "--key", PUBLIC, "--manifest", manifest, script=folder / "verify.py")
    assert code == 0, said
    assert said.splitlines() == [
        f"{len(list(folder.rglob('*.*'))) - 3} files and 14 pages are as they were released.",
        "3 located = 1 released in full + 1 redacted + 1 withheld + 0 not responsive + 0 not a record + 0 purely personal + "
        "0 duplicate.",
        "The office signed the manifest.",
    ]
    zipped = tmp_path / "release.zip"
    with zipfile.ZipFile(zipped, "w") as file:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            file.write(path, path.relative_to(folder))
    assert run(zipped)[0] == 0
    assert "not checked: give the key" in run(zipped)[1]


def change(path: str, content: bytes) -> Callable[[Path], object]:
    def forge(folder: Path) -> None:
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(content)

    return forge


def edit_manifest(folder: Path) -> None:
    """A forger fits the manifest to a changed file."""
    (folder / "pdf/PR-2026-00041-000001.pdf").write_bytes(b"other")
    plain = json.loads((folder / "manifest.json").read_bytes())
    next(file for file in plain["files"] if file["name"].endswith("000001.pdf"))["sha256"] = sha256(b"other").hexdigest()
    (folder / "manifest.json").write_text(json.dumps(plain))


@pytest.mark.parametrize(
    ("forge", "sentence"),
    [
        (change("pdf/PR-2026-00041-000001.pdf", b"other"), "PR-2026-00041-000001.pdf was changed"),
        (lambda folder: (folder / "pdf/PR-2026-00041-000001.pdf").unlink(), "PR-2026-00041-000001.pdf is missing"),
        (change("pdf/more.pdf", b"x"), "more.pdf is not in the manifest"),
        (change("more/index.csv", b"x"), "index.csv is there more than once"),
        (edit_manifest, "the signature of the manifest is not good, or of another key"),
        (change("manifest.sig", b"AAAA"), "the signature of the manifest is not good, or of another key"),
        (change("manifest.json", b"[]"), "this is not the manifest of a release, or of a version that is not known here"),
        (change("manifest.json", b"{"), "a list of the release is not as it should be"),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda folder: (folder / "index.csv").unlink(), "index.csv is missing"),
    ],
)
def test_r26_every_forgery_is_named(tmp_path: Path, forge: Callable[[Path], object], sentence: str) -> None:
    folder = release(tmp_path / "release")
    forge(folder)
    code, said = run(folder, "--key", PUBLIC)
    assert code == 1 and f"WRONG: {sentence}." in said, said


def test_another_key_and_another_manifest_are_named(tmp_path: Path) -> None:
    folder = release(tmp_path / "release")
    other = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    assert "or of another key" in run(folder, "--key", other)[1]
    assert "another one than the office names" in run(folder, "--manifest", "0" * 64)[1]


def test_what_is_no_release_ends_with_two(tmp_path: Path) -> None:
    (tmp_path / "note.zip").write_bytes(b"no zip")
    assert run(tmp_path / "note.zip")[0] == 2
    assert run(tmp_path / "nothing")[0] == 2
