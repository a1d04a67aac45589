"""An export is exact, says how complete it is, goes on after a crash, and is checked by tools/verify_export.py without us."""

from __future__ import annotations

import ast
import base64
import io
import json
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import pytest

from civicmail.core.config.settings import Witness
from civicmail.core.ledger import checkpoints, keys
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import Everything
from civicmail.desk.workbench import export_run
from civicmail.desk.workbench.errors import NotProvedYet
from civicmail.desk.workbench.export import Export
from civicmail.desk.workbench.export_run import Running
from civicmail.desk.workbench.export_target import Folder
from civicmail.front.worker.witness import Cosigner
from civicmail.mail.archive.places import Place
from desk.workbench.kept import ABOUT, Kept
from mail.search.generated import NOW, captures
from tools.witnesses import made, serving

TOOL = Path(__file__).resolve().parents[3] / "tools" / "verify_export.py"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("kept") / "data", list(captures(5, 60)), sealed=True)


@pytest.fixture(scope="module")
def whole(kept: Kept) -> Path:
    """The folder of an export of everything."""
    out = kept.data.parent / "export"
    export = Export(kept.data, Folder(out), ABOUT)
    for place in kept.archive.captures():
        export.add(kept.read()(place))
    export.finish(60, {"searchable": 60, "archived": 60})
    return out


def check(path: Path, *options: str | Path) -> tuple[int, str]:
    command = [sys.executable, "-I", str(TOOL), str(path), *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def run(kept: Kept, query: str = "", name: str = "1", read: Callable[[Place], object] | None = None) -> Path:
    folder = kept.data / "exports" / name
    tree = parse(query, now=NOW) if query else Everything()
    made = Running(folder, kept.archive, kept.reader, tree, read or kept.read(), ABOUT)  # type: ignore[arg-type]
    while not made.step(0):
        pass
    made.finish()
    return folder / export_run.FILE


def test_the_checker_needs_one_library_and_nothing_of_ours() -> None:
    text = TOOL.read_text(encoding="utf-8")
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    assert imported - sys.stdlib_module_names == {"cryptography"}


@pytest.mark.rule("P-21, promise 2", "An export has the exact bytes of each message, in order of receipt.")
def test_an_export_has_the_exact_bytes_and_is_good(kept: Kept, whole: Path) -> None:
    """Every message as it was kept, in order of receipt, with the proof that it was."""
    made = sorted(kept.made, key=lambda m: m[0].id)
    assert [p.read_bytes() for p in sorted((whole / "messages").iterdir())] == [body for _, body in made]
    manifest = sha256((whole / "manifest.json").read_bytes()).hexdigest()
    code, said = check(whole, "--key", kept.data / "keys" / "ledger.pub", "--manifest", manifest)
    assert code == 0, said
    assert said.startswith("Good: 60 messages of 60 found, byte for byte as listed") and "signed by the key you gave" in said
    assert all(p.stat().st_mode & 0o077 == 0 for p in whole.rglob("*"))
    sums = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=whole, capture_output=True)
    assert sums.returncode == 0


def test_the_zip_of_a_query_is_good_too(kept: Kept) -> None:
    out = run(kept, "from:ann.lee@city.example", "query")
    code, said = check(out, "--key", base64.b64encode(keys.public(kept.data / "keys")).decode())
    assert code == 0, said
    with zipfile.ZipFile(out) as z:
        manifest = json.loads(z.read("manifest.json"))
        assert manifest["counts"]["messages"] == manifest["counts"]["found"] > 3
        assert manifest["coverage"]["archived"] == 60
    assert [p.name for p in out.parent.iterdir()] == [export_run.FILE], "nothing else stays"


def test_an_empty_export_is_good(kept: Kept) -> None:
    code, said = check(run(kept, "nothinglikethis", "empty"))
    assert (code, "0 messages of 0" in said) == (0, True), said


def spoil(whole: Path, tmp_path: Path, what: Callable[[Path], None]) -> tuple[int, str]:
    out = tmp_path / "spoiled"
    shutil.copytree(whole, out)
    what(out)
    return check(out)


def rewrite(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def what(out: Path) -> None:
        path = out / name
        path.write_bytes(change(path.read_bytes()))

    return what


def forge(out: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Change a list, and the manifest and the sums so that they agree with it."""
    rewrite(name, change)(out)
    manifest = json.loads((out / "manifest.json").read_bytes())
    rows = [json.loads(line) for line in (out / "messages.jsonl").read_text().splitlines()]
    manifest["files"] = {n: sha256((out / n).read_bytes()).hexdigest() for n in manifest["files"]}
    manifest["counts"] |= {"messages": len(rows), "bytes": sum(r["size"] for r in rows)}
    (out / "manifest.json").write_text(json.dumps(manifest))
    own = {n: sha256((out / n).read_bytes()).hexdigest() for n in ("manifest.json", "README.txt", *manifest["files"])}
    (out / "SHA256SUMS").write_text("".join(f"{d}  {n}\n" for n, d in (own | {r["file"]: r["sha256"] for r in rows}).items()))


FIRST = "messages/000001.eml"
SPOILED = {
    "a message is gone": (lambda out: (out / FIRST).unlink(), "messages/000001.eml is missing"),
    "a byte is another": (rewrite(FIRST, lambda b: b[:-1] + b"!"), "messages/000001.eml was changed"),
    "it is longer": (rewrite(FIRST, lambda b: b + b"!"), "has more bytes than"),
    "it is shorter": (rewrite(FIRST, lambda b: b[:-1]), "has fewer bytes than"),
    "one too many": (lambda out: (out / "messages" / "000061.eml").write_bytes(b"x"), "messages/000061.eml is not in the list"),
    "list cut": (rewrite("messages.jsonl", lambda b: b[: b.rindex(b"{")]), "messages.jsonl is not the one"),
    "count changed": (rewrite("manifest.json", lambda b: b.replace(b'"messages": 60', b'"messages": 61')), "speaks of 61 messages"),
    "sums changed": (rewrite("SHA256SUMS", lambda b: b.replace(b"000002", b"000099")), "SHA256SUMS has another checksum"),
    "manifest gone": (lambda out: (out / "manifest.json").unlink(), "manifest.json is missing"),
    "proof gone": (lambda out: (out / "proofs.jsonl").unlink(), "proofs.jsonl is missing"),
    "another version": (rewrite("manifest.json", lambda b: b.replace(b"export 1", b"export 9")), "not an export of a version"),
    "no JSON": (rewrite("manifest.json", lambda b: b[1:]), "is not what it should be"),
    "a message left out, everything made to agree": (
        lambda out: (
            (out / "messages" / "000060.eml").unlink(),
            forge(out, "messages.jsonl", lambda b: b[: b[:-1].rindex(b"\n") + 1]),
        ),
        "60 heads for 59 messages",
    ),
    "a message put in, everything made to agree": (
        lambda out: (
            rewrite(FIRST, lambda _: b"forged")(out),
            forge(out, "messages.jsonl", lambda b: _other(b, sha256(b"forged").hexdigest(), 6)),
        ),
        "is not about messages/000001.eml",
    ),
    "a head changed, everything made to agree": (
        lambda out: forge(out, "heads.jsonl", lambda b: b.replace(b'"class":"mail"', b'"class":"none"', 1)),
        "the ledger has other records",
    ),
    "another basis, everything made to agree": (
        lambda out: forge(out, "messages.jsonl", lambda b: b.replace(b'"basis":"', b'"basis":"not ', 1)),
        "the list has another basis of messages/000001.eml",
    ),
    "a name that writes on the terminal": (
        lambda out: (out / "x\n\x1b[2KGood: 60 messages").write_bytes(b"x"),
        "x<a><1b>[2KGood: 60 messages is not in the list",
    ),
    "a folder that lies elsewhere": (lambda out: (out / "more").symlink_to(out.parent), "more is not in the list"),
    "a batch left out": (lambda out: forge(out, "proofs.jsonl", lambda b: b[: b[:-1].rindex(b"\n") + 1]), "batches, there are"),
    "another signature": (
        lambda out: forge(out, "proofs.jsonl", lambda b: b.replace(b"\\nat ", b"\\nat 1", 1)),
        "the signature of the checkpoint is not good",
    ),
}  # fmt: skip


def _other(lines: bytes, digest: str, size: int) -> bytes:
    first, rest = lines.split(b"\n", 1)
    return json.dumps(json.loads(first) | {"sha256": digest, "size": size}).encode() + b"\n" + rest


@pytest.mark.parametrize("case", SPOILED)
def test_the_checker_says_what_is_wrong(whole: Path, tmp_path: Path, case: str) -> None:
    """Whatever was taken out, put in or changed is told in plain words."""
    what, wanted = SPOILED[case]
    code, said = spoil(whole, tmp_path, what)  # type: ignore[arg-type]
    assert code == 1
    assert wanted in said and "Traceback" not in said


def test_a_checkpoint_of_another_key_is_told(kept: Kept, whole: Path, tmp_path: Path) -> None:
    """P-21, promise 2."""
    other = base64.b64encode(keys.create(tmp_path / "keys")).decode()
    code, said = check(whole, "--key", other)
    assert (code, "signed with another key than the one you trust" in said) == (1, True), said
    code, said = check(whole, "--manifest", "0" * 64)
    assert (code, "not the one whose checksum you gave" in said) == (1, True), said
    assert check(tmp_path / "nowhere")[0] == 2


def test_an_export_of_a_rewritten_archive_is_told_by_an_older_checkpoint(tmp_path: Path) -> None:
    """With the right keys everything agrees, but for what somebody outside has kept."""
    made = list(captures(5, 12))
    honest = Kept(tmp_path / "honest", made[:6])
    old = tmp_path / "old.note"
    shutil.copy(checkpoints.paths(honest.data / "ledger")[-1], old)
    other = list(captures(6, 6))
    shutil.copytree(honest.data / "keys", tmp_path / "forged" / "keys")
    forged = Kept(tmp_path / "forged", [other[0], *made[1:6]])
    said = []
    for kept in (honest, forged):
        checkpoints.note_published(kept.data / "ledger", 1)
        kept.receive(made[6:])
        out = kept.data.parent / f"{kept.data.name}-export"
        export = Export(kept.data, Folder(out), ABOUT)
        for place in kept.archive.captures():
            export.add(kept.read()(place))
        export.finish(12, {"searchable": 12, "archived": 12})
        said.append((check(out)[0], *check(out, "--checkpoint", old)))
    assert [codes for *codes, _ in said] == [[0, 0], [0, 1]], said
    assert "in one ledger with each checkpoint" in said[0][2] and "rewritten" in said[1][2]


def test_an_export_without_proofs_is_not_good_for_who_gives_a_key(kept: Kept, whole: Path, tmp_path: Path) -> None:
    """Whoever takes the proofs out, and makes everything agree, is told by the key that was given."""

    def without(out: Path) -> None:
        for name in ("heads.jsonl", "proofs.jsonl"):
            (out / name).unlink()
        manifest = json.loads((out / "manifest.json").read_bytes())
        files = {"messages.jsonl": manifest["files"]["messages.jsonl"]}
        (out / "manifest.json").write_text(json.dumps(manifest | {"files": files, "proof": False}))
        forge(out, "messages.jsonl", lambda b: b)

    assert "no proof in this export" in spoil(whole, tmp_path, without)[1]
    key = base64.b64encode(keys.public(kept.data / "keys")).decode()
    code, said = check(tmp_path / "spoiled", "--key", key)
    assert (code, "no proofs to hold against the key" in said) == (1, True), said


@pytest.mark.rule("P-21, promise 2, A2", "Whoever checks an export can demand that a witness cosigned its checkpoint.")
def test_a_witness_that_cosigned_is_named(kept: Kept, tmp_path: Path) -> None:
    key = made(tmp_path / "witness", kept.data / "keys" / "ledger.pub")
    before = tmp_path / "before.zip"
    before.write_bytes(run(kept, "", "unseen").read_bytes())
    assert "did not cosign" in check(before, "--witness", key)[1]
    with serving(tmp_path / "witness") as url:
        assert Cosigner.of(Witness(url=url, key=key), kept.data).step(int(time.time() * 1000)) == 1
    seen = tmp_path / "seen.zip"
    seen.write_bytes(run(kept, "", "seen").read_bytes())
    code, words = check(seen, "--witness", key)
    assert (code, "cosigned by the witness by 20" in words) == (0, True), words
    assert check(seen, "--witness", made(tmp_path / "stranger"))[0] == 1


def test_a_zip_with_a_changed_byte_is_told(kept: Kept, tmp_path: Path) -> None:
    out = tmp_path / "x.zip"
    content = bytearray(run(kept, "", "changed").read_bytes())
    content[60] ^= 1
    out.write_bytes(bytes(content))
    code, said = check(out)
    assert (code, "messages/000001.eml was changed" in said) == (1, True), said
    out.write_bytes(bytes(content)[:5000])
    assert check(out) == (1, "Wrong: the zip file is damaged.\nNot good: 1 problem.\n")


def test_bytes_between_the_files_of_a_zip_are_told(kept: Kept, tmp_path: Path) -> None:
    """Nothing travels with an export unseen: not before its files, between, behind, or as a remark."""
    plain = run(kept, "from:ann.lee@city.example", "gaps")
    again = tmp_path / "again.zip"  # as any program packs it, with sizes behind the files
    with zipfile.ZipFile(plain) as source, open(again, "wb") as raw, zipfile.ZipFile(_Forward(raw), "w", zipfile.ZIP_DEFLATED) as z:
        for name in source.namelist():
            z.writestr(name, source.read(name))
    assert check(again)[0] == 0
    for where in ("between", "before", "remark"):
        odd = tmp_path / f"{where}.zip"
        with zipfile.ZipFile(plain) as source, odd.open("wb") as raw:
            raw.write(b"unseen" if where == "before" else b"")
            with zipfile.ZipFile(raw, "w") as z:
                for name in source.namelist():
                    z.writestr(name, source.read(name))
                    if where == "between" and name == "README.txt":
                        raw.write(b"unseen")
                        z.start_dir = raw.tell()
                z.comment = b"unseen" if where == "remark" else b""
        assert "belong to none of its files" in check(odd)[1], where


class _Forward(io.RawIOBase):
    """A file that cannot be sought in."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        return self._raw.write(content)


@pytest.mark.rule("P-21, promise 8", "An export names and counts what could not be read.")
def test_what_cannot_be_read_is_named_and_counted(kept: Kept) -> None:
    """An export says how complete it is."""
    bad = kept.made[3][0]

    def read(place: Place) -> object:
        if place.id == bad.id:
            from civicmail.core.disk.errors import DamagedFile

            raise DamagedFile("Segment 7 is damaged.")
        return kept.read()(place)

    out = run(kept, "", "damaged", read)
    with zipfile.ZipFile(out) as z:
        manifest = json.loads(z.read("manifest.json"))
    assert manifest["failed"] == [{"id": bad.uuid, "why": "Segment 7 is damaged."}]
    assert manifest["counts"] == {**manifest["counts"], "found": 60, "messages": 59, "failed": 1}
    code, said = check(out)
    assert (code, "1 more could not be read" in said) == (0, True), said


@pytest.mark.rule("P-21, promise 8", "An export that a restart interrupted has every message once.")
def test_it_goes_on_after_a_restart(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing twice, nothing left out, whenever it died."""
    monkeypatch.setattr("civicmail.desk.workbench.batch_read.BATCH_SIZE", 7)
    folder = kept.data / "exports" / "again"
    lives = 0
    while True:
        lives += 1
        with closing(Running(folder, kept.archive, kept.reader, Everything(), kept.read(), ABOUT)) as made:
            if made.step(0) or lives > 20:
                made.finish()
                break
        for name, content in (("messages.jsonl", b'{"half'), (export_run.FILE, b"garbage")):  # written after the last mark
            with open(folder / name, "ab") as h:
                h.write(content)
    assert lives == 10, "seven at a time, and one that finds nothing left"
    code, said = check(folder / export_run.FILE)
    assert (code, "60 messages of 60" in said) == (0, True), said


def test_what_was_read_under_a_wider_scope_does_not_stay_when_it_goes_on_under_a_narrower_one(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E5: a mandate that was narrowed while its export was stopped."""
    monkeypatch.setattr("civicmail.desk.workbench.batch_read.BATCH_SIZE", 7)
    folder = kept.data / "exports" / "narrowed"
    with closing(Running(folder, kept.archive, kept.reader, Everything(), kept.read(), ABOUT)) as made:
        assert not made.step(0)
        assert made.progress.done == 7
    narrow = parse("larger:1 smaller:900", now=NOW)
    made = Running(folder, kept.archive, kept.reader, narrow, kept.read(), ABOUT)
    assert made.progress.done == 0
    while not made.step(0):
        pass
    made.finish()
    fits = sorted(capture.uuid for capture, body in kept.made if 1 < len(body) < 900)
    with zipfile.ZipFile(folder / export_run.FILE) as z:
        listed = [json.loads(line)["id"] for line in z.read("messages.jsonl").splitlines()]
    assert 0 < len(fits) < 60 and sorted(listed) == fits


def test_an_export_waits_for_the_ledger(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "data", list(captures(5, 6)), signed=False)
    folder = kept.data / "exports" / "1"
    made = Running(folder, kept.archive, kept.reader, Everything(), kept.read(), ABOUT)
    assert made.step(10)
    with pytest.raises(NotProvedYet):
        made.finish()
    kept.integrate()
    assert made.finish().whole
    assert check(folder / export_run.FILE)[0] == 0
    export_run.remove(folder)
    assert not folder.exists()
