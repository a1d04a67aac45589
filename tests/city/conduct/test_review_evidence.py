"""The evidence of a review: the same each time, proved by the ledger, checked by tools/verify_review.py without us (R14)."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from city.conduct.asked import START, Works, actor, day, row, sweep
from city.identity.staff import MS
from civicmail.city.conduct import evidence_file
from civicmail.city.conduct.actions import reassignment, review_answers
from civicmail.city.conduct.models import Review
from civicmail.city.conduct.queries import review_evidence
from civicmail.city.directory.models import Person
from civicmail.city.identity import worker_jobs
from civicmail.core.config.settings import Witness
from civicmail.core.disk.frames import NO_ID
from civicmail.core.ledger.entry_journal import record_head
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.front.worker.people_jobs import append
from civicmail.front.worker.witness import Cosigner
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.records import Event, Type
from tools.witnesses import NAME, made, serving

pytestmark = pytest.mark.django_db
TOOL = Path(__file__).resolve().parents[3] / "tools" / "verify_review.py"


def reviewed(workers: int = 22) -> Review:
    """A review that was answered, stood in for, reminded, silent in one row, and closed."""
    works = Works(workers)
    works.worker("idle", used=False)
    review = works.start()
    sub = works.workers[1]
    reassignment.delegate(row(review, "w0").part, sub, day(5), actor=actor(works.hank), reason="Away until Friday.", now=START)
    review_answers.keep(row(review, "w0"), actor=actor(sub), now=START)
    review_answers.revoke(row(review, "w1"), actor=actor(works.hank), reason="Has left the counter.", now=START)
    for n in (1, 7.2, 10, 14.7, 29, 29.1):
        sweep(day(n))
    review.refresh_from_db()
    assert review.state == "closed"
    return review


def small() -> Review:
    """Two questions, kept; closed the next day."""
    works = Works(1)
    review = works.start()
    review.rows.filter(person=works.officer).update(state="moot")
    for uid in ("w0", "dora"):
        review_answers.keep(row(review, uid), actor=actor(works.hank), now=START)
    for n in (1, 1.1):
        sweep(day(n))
    review.refresh_from_db()
    assert review.state == "closed"
    return review


def proved(data: Path) -> None:
    """Every entry is in the ledger, under a signed checkpoint."""
    with closing(Writer(data, lambda: MS)) as writer:
        worker_jobs.carry_entries(lambda heads: append(writer, heads), MS)
    with Sequencer(data) as ledger:
        ledger.integrate(MS)
        ledger.checkpoint(MS)


def checked(content: bytes, tmp_path: Path, *options: str) -> tuple[int, str]:
    path = tmp_path / "review.zip"
    path.write_bytes(content)
    done = subprocess.run([sys.executable, "-I", str(TOOL), str(path), *options], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def changed(content: bytes, name: str, old: bytes, new: bytes, *, sums: bool = False) -> bytes:
    """The file with other words in it; sums: by somebody who makes the checksums of the file fit as well."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        files = {n: file.read(n) for n in file.namelist()}
    assert old in files[name], (name, old)
    files[name] = files[name].replace(old, new)
    if sums:
        manifest = orjson.loads(files["manifest.json"])
        contents = {n: files[n] for n in manifest["contents"]}
        manifest["sha256"], manifest["files"] = (
            evidence_file.digest(contents),
            evidence_file.sums({n: files[n] for n in manifest["files"]}),
        )
        files["manifest.json"] = orjson.dumps(manifest)
        real = evidence_file.sums({n: c for n, c in files.items() if n != "SHA256SUMS"})
        files["SHA256SUMS"] = "".join(f"{sha}  {n}\n" for n, sha in real.items()).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for n, c in files.items():
            file.writestr(n, c)
    return out.getvalue()


def test_the_evidence_is_checked_offline_and_a_changed_word_is_found(installed: Path, tmp_path: Path) -> None:
    """R14: counts, questions, answers and entries fit; whoever changes a word, and all checksums with it, is found out."""
    review = reviewed()
    early = review_evidence.file(review, installed, "Sample City")
    code, said = checked(early, tmp_path)
    assert code == 1 and "began" in said, "entries that the ledger does not have yet are no evidence"
    proved(installed)
    content = review_evidence.file(review, installed, "Sample City")
    code, said = checked(content, tmp_path)
    assert (code, said[:5]) == (0, "Good:"), said
    assert "25 questions" in said and "entries were in civicmail-ledger-" in said
    for name, old, new in (
        ("rows.csv", b"revoke,Has left the counter.,hank", b"revoke,Has left the counter.,dora"),
        ("rows.csv", b"verified,keep", b"verified,lapse"),
        ("questions.jsonl", b"w0@city.example", b"w9@city.example"),
        ("report.html", b"Has left the counter.", b"Has left the city."),
        ("entries.jsonl", b"Away until Friday.", b"Away until Monday."),
    ):
        assert checked(changed(content, name, old, new), tmp_path)[0] == 1, name
        code, said = checked(changed(content, name, old, new, sums=True), tmp_path)
        assert code == 1 and said.startswith("Not good: "), (name, said)


@pytest.mark.rule("A2, P-05", "Whoever checks evidence can demand that a witness cosigned the ledger.")
def test_whoever_checks_can_demand_a_witness(installed: Path, tmp_path: Path) -> None:
    review = small()
    proved(installed)
    key = made(tmp_path / "witness", installed / "keys" / "ledger.pub")
    assert "did not cosign" in checked(review_evidence.file(review, installed, "Sample City"), tmp_path, "--witness", key)[1]
    with serving(tmp_path / "witness") as url:
        assert Cosigner.of(Witness(url=url, key=key), installed).step(MS) == 0, "cosigned, by another clock than that of the test"
    code, said = checked(review_evidence.file(review, installed, "Sample City"), tmp_path, "--witness", key)
    assert code == 0 and f"{NAME} cosigned the ledger at 20" in said


@pytest.mark.rule(
    "P-05, promise 2, R14",
    "The evidence of a review is the same each time it is made, its checksum is in the ledger, and it can be verified "
    "without Civicmail.",
)
def test_the_file_is_made_from_rows_and_comes_out_the_same(installed: Path) -> None:
    """Also after people were renamed; its checksum is that of the entry that closed the review."""
    review = small()
    proved(installed)
    first = review_evidence.file(review, installed, "Sample City")
    Person.objects.filter(uid="w0").update(display="Somebody Else")
    assert review_evidence.file(review, installed, "Sample City") == first
    assert evidence_file.digest(review_evidence.evidence(review).files) == review.digest


@pytest.mark.rule("P-05", "The evidence of a review that was closed before reports had a style sheet is unchanged.")
def test_a_review_that_was_closed_before_reports_had_a_look_is_as_it_was(installed: Path) -> None:
    """R14: its file fits the checksum that the ledger has, as one of today does."""
    review = small()
    proved(installed)
    assert b"<style>" in report_of(review_evidence.file(review, installed, "Sample City"), review.digest)
    review.digest = evidence_file.digest(review_evidence.evidence(review, style="").files)
    assert b"<style>" not in report_of(review_evidence.file(review, installed, "Sample City"), review.digest)


def report_of(content: bytes, digest: str) -> bytes:
    """The report of a file, whose manifest has this checksum."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert orjson.loads(file.read("manifest.json"))["sha256"] == digest
        return file.read("report.html")


def test_rows_and_log_say_what_happened(installed: Path) -> None:
    """R14: decisions, reasons, who stood in, reminders, silence, speed."""
    files = review_evidence.evidence(reviewed()).files
    rows = {r["person"]: r for r in csv.DictReader(io.StringIO(files["rows.csv"].decode()))}
    assert (rows["w0"]["answer"], rows["w0"]["by"], rows["w0"]["state"]) == ("keep", "w1", "verified")
    assert (rows["idle"]["answer"], rows["idle"]["by"], rows["idle"]["exceptions"]) == ("lapse", "", "never")
    log = [r["step"] for r in csv.DictReader(io.StringIO(files["log.csv"].decode()))]
    assert {"asked", "delegated", "joined", "replaced", "reminded"} <= set(log)
    parts = [r for r in csv.DictReader(io.StringIO(files["reviewers.csv"].decode())) if r["reviewer"] == "hank"]
    assert (parts[0]["stood in"], parts[0]["because"], parts[0]["kept"]) == ("w1", "Away until Friday.", "1")


def test_the_head_of_a_record_is_the_one_of_the_archive() -> None:
    """The room cannot import it; the ledger's leaf is its checksum."""
    facts = {"at": MS, "act": "review.start", "facts": {"rows": [1, 2]}, "reason": "Äöü"}
    there = Event(Type.ENTRY, NO_ID, MS, facts=facts).head("0003", 17)
    assert record_head("0003", 17, facts) == there


def test_what_spreadsheets_take_for_a_formula_is_text() -> None:
    assert evidence_file.table(("a",), [("=1+1",), (5,), (None,)]).decode().split() == ["a", "'=1+1", "5", '""']
