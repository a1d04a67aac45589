"""What gateways know of approvals: a small file, and one that grows by each answer (P-22)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import orjson
import pytest

from civicmail.city.policy.approvals import Approvals, ApprovedFiles, FileApproval, OutboundFile, Sender
from civicmail.city.snapshot import approval_file, published_approvals
from civicmail.city.snapshot.approval_file import approved_files_path, encode_lines, to_plain
from civicmail.city.snapshot.published_approvals import ApprovalsWatcher, approvals_path
from civicmail.core.disk.files import File, Files
from faults.recording import RecordingFiles, power_cut

NOW = 1_800_000_000_000
DAY = 86_400_000


def answer(n: int, until: int = NOW + 30 * DAY) -> FileApproval:
    return FileApproval(f"a{n}", until, person="dana", sha256=f"{n:064x}", address="ibis@acme.example")


def standing(n: int, until: int = NOW + DAY) -> FileApproval:
    return FileApproval(f"s{n}", until, department="parks", series=f"agenda-{n}-*.pdf")


@dataclass
class Tables:
    """What the database knows."""

    departments: set[str] = field(default_factory=set)
    standing: dict[int, FileApproval] = field(default_factory=dict)
    answers: dict[int, FileApproval] = field(default_factory=dict)

    def few(self) -> Approvals:
        return Approvals(frozenset(self.departments), tuple(self.standing.values()))

    def whole(self) -> Approvals:
        return Approvals(frozenset(self.departments), tuple(self.standing.values()), ApprovedFiles(self.answers.values()))

    def say(self, data: Path, n: int, **how: Any) -> None:
        self.answers[n] = answer(n)
        published_approvals.append_approvals(data, [self.answers[n]], self.whole, NOW, **how)

    def keep(self, data: Path) -> bool:
        return published_approvals.publish_standing(data, self.few, self.whole, NOW)


class Counted(File):
    def __init__(self, opened: File, files: Counting) -> None:
        super().__init__(opened.path, opened.fd)
        self.files = files

    def write_at(self, offset: int, chunks: Sequence[bytes | memoryview]) -> int:
        self.files.written += sum(map(len, chunks))
        return super().write_at(offset, chunks)


class Counting(Files):
    """written: bytes, to any file."""

    written = 0

    def open(self, path: Path, *, create: bool = False) -> File:
        return Counted(super().open(path, create=create), self)


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """Written down, with one department, and nothing else."""
    made = Tables({"parks"})
    published_approvals.publish(tmp_path, made.whole())
    return made


@pytest.mark.rule("P-22", "An answer about files costs the same after ten thousand: it alone is written, and read by gateways.")
def test_an_answer_costs_the_same_after_ten_thousand(tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It alone is written, and it alone is read by a gateway, and by whoever writes the next one."""
    read: list[int] = []
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, most, at: read.append(most) or real(fd, most, at))
    gateway, writer = ApprovalsWatcher(tmp_path), published_approvals.shared_watcher(tmp_path)
    for n in (1, 10_002):
        assert gateway.current(NOW) is not None and writer.current(NOW) is not None
        read.clear()
        files = Counting()
        tables.say(tmp_path, n, files=files)
        for reader in (gateway, writer):
            found = reader.current(NOW)
            assert found is not None and answer(n) in found.approved_files
        size = len(encode_lines([answer(n)]))
        assert (files.written, read) == (size, [size, size])
        tables.answers |= {n: answer(n) for n in range(2, 10_002)}
        published_approvals.publish(tmp_path, tables.whole())


@pytest.mark.rule("P-22", "An end by another process takes effect for gateways immediately.")
def test_what_was_ended_elsewhere_is_over_at_the_next_look(tables: Tables, tmp_path: Path) -> None:
    """Also where one file after the other comes in the place of one that was looked at."""
    file, sending = OutboundFile("1.2", "file", "agenda-1-x.pdf", 9, "0" * 64), Sender("parks", "dana", "dana@city.example")
    gateway = ApprovalsWatcher(tmp_path)
    for n in range(8):
        tables.standing = {1: standing(1)}
        assert tables.keep(tmp_path) and not tables.keep(tmp_path)
        found = gateway.current(NOW)
        assert found is not None and found.covering([file], sending, "ibis@acme.example", NOW) == ("s1",)
        for end in (True, False, True):
            tables.standing = {} if end else {1: standing(1)}
            tables.keep(tmp_path)
        found = gateway.current(NOW)
        assert found is not None and not found.covering([file], sending, "ibis@acme.example", NOW), n


@pytest.mark.rule("P-22, promise 6", "An unfinished answer is ignored, and cut off by the next writer.")
def test_what_somebody_left_unfinished_is_cut_off(tables: Tables, tmp_path: Path) -> None:
    """Nobody goes by it, and the next answer stands on a line of its own."""
    gateway = ApprovalsWatcher(tmp_path)
    tables.say(tmp_path, 1)
    torn = encode_lines([answer(2), answer(3)])[:-1]
    append(approved_files_path(tmp_path), torn)
    found = gateway.current(NOW)
    assert found is not None and answer(2) in found.approved_files and answer(3) not in found.approved_files
    tables.say(tmp_path, 4)
    assert approved_files_path(tmp_path).read_bytes() == approval_file.HEADER_LINE + encode_lines([answer(1), answer(2), answer(4)])
    found = gateway.current(NOW)
    assert found is not None and answer(4) in found.approved_files and answer(3) not in found.approved_files


@pytest.mark.rule("P-22", "An answer that is tried again is one line.")
def test_what_stands_there_is_not_written_twice(tables: Tables, tmp_path: Path) -> None:
    """An answer that is tried again for an hour is one line."""
    tables.say(tmp_path, 1)
    content = approved_files_path(tmp_path).read_bytes()
    tables.say(tmp_path, 1)
    published_approvals.append_approvals(tmp_path, [answer(1), answer(1)], tables.whole, NOW)
    assert approved_files_path(tmp_path).read_bytes() == content


def spoil(data: Path, how: str) -> None:
    few, many = approvals_path(data), approved_files_path(data)
    match how:
        case "line":
            append(many, b"\0\0}\n")
        case "field":
            append(many, b'{"id":"a9","until":"never"}\n')
        case "version":
            instead(many, b'{"v":2}\n' + many.read_bytes()[len(approval_file.HEADER_LINE) :])
        case "empty":
            instead(many, b"")
        case "zeros":
            instead(many, bytes(100))
        case "no answers":
            many.unlink()
        case "few":
            instead(few, few.read_bytes()[:-1])
        case "few of another version":
            instead(few, few.read_bytes().replace(b'"v":2', b'"v":3'))
        case "no few":
            few.unlink()


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def instead(path: Path, content: bytes) -> None:
    """Another file, as a copy that was put back."""
    path.unlink()
    path.write_bytes(content)


SPOILT = ["line", "field", "version", "empty", "zeros", "no answers", "few", "few of another version", "no few"]


@pytest.mark.rule(
    "P-22, promise 6",
    "Damaged or missing approvals are unknown until they are written again; they are read once for that.",
)
@pytest.mark.parametrize("how", SPOILT)
def test_what_is_damaged_or_missing_is_not_known_until_it_is_written_anew(tables: Tables, tmp_path: Path, how: str) -> None:
    """It waits, and never counts as approved; whoever writes next, or looks after it, writes it all."""
    gateway, other = ApprovalsWatcher(tmp_path), ApprovalsWatcher(tmp_path)
    for repair in ("keep", "say"):
        tables.say(tmp_path, 1)
        assert gateway.current(NOW) is not None
        spoil(tmp_path, how)
        assert gateway.current(NOW) is gateway.current(NOW) is other.current(NOW) is None
        if repair == "keep":
            assert tables.keep(tmp_path)
        else:
            tables.say(tmp_path, 2)
        for reader in (gateway, other, ApprovalsWatcher(tmp_path)):
            found = reader.current(NOW)
            assert found is not None and found.is_same(tables.whole(), NOW)


def test_what_is_damaged_is_read_once(tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that takes mail meanwhile does not read it for each message."""
    spoil(tmp_path, "line")
    gateway = ApprovalsWatcher(tmp_path)
    assert gateway.current(NOW) is None
    monkeypatch.setattr(os, "pread", None)
    assert gateway.current(NOW) is None


@pytest.mark.rule("P-22", "Approvals written by an older program are valid, and are converted with the first change.")
def test_a_file_of_an_older_program_is_carried_over(tmp_path: Path) -> None:
    """It holds until the first answer, or change, and nothing of it is asked about again."""
    tables = Tables({"parks"}, {1: standing(1)}, {1: answer(1)})
    old = {"v": 1, "departments": ["parks"], "standing": [to_plain(standing(1)), to_plain(answer(1))]}
    approvals_path(tmp_path).parent.mkdir()
    approvals_path(tmp_path).write_bytes(orjson.dumps(old))
    gateway, file = ApprovalsWatcher(tmp_path), OutboundFile("1.2", "file", "x.pdf", 9, answer(1).sha256)
    for repair in (lambda: None, lambda: tables.say(tmp_path, 2), lambda: approvals_path(tmp_path).write_bytes(orjson.dumps(old)),
                   lambda: tables.keep(tmp_path)):  # fmt: skip
        repair()
        found = gateway.current(NOW)
        assert found is not None and found.departments == {"parks"}
        assert found.covering([file], Sender("parks", "dana", ""), "ibis@acme.example", NOW) == ("a1",)
    assert answer(2) in published_approvals.read(tmp_path).approved_files and b'"a1"' not in approvals_path(tmp_path).read_bytes()


def test_where_nobody_is_asked_nothing_is_written(tmp_path: Path) -> None:
    assert not Tables().keep(tmp_path) and not published_approvals.reconcile(tmp_path, Tables().whole, NOW)
    assert (
        not approvals_path(tmp_path).exists()
        and not approved_files_path(tmp_path).exists()
        and published_approvals.read(tmp_path) == Approvals()
    )


@pytest.mark.rule("P-22", "No answer is lost to what is written of approvals at the same moment.")
def test_no_answer_is_lost_to_what_is_written_at_the_same_moment(tables: Tables, tmp_path: Path) -> None:
    """Somebody answers while all of it is written anew, from tables that do not have the answer yet."""
    spoil(tmp_path, "line")
    other = Thread(target=lambda: tables.say(tmp_path, 1))

    def meanwhile() -> Approvals:
        seen = tables.whole()
        other.start()
        other.join(1)  # done by then, if it did not wait
        return seen

    assert published_approvals.publish_standing(tmp_path, tables.few, meanwhile, NOW)
    other.join(60)
    assert answer(1) in published_approvals.read(tmp_path).approved_files


@pytest.mark.rule(
    "P-22",
    "Approvals that the tables lack are removed from the gateways' file, and ended ones once they outnumber the others.",
)
def test_what_the_tables_do_not_say_is_taken_out_and_what_is_over_too(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In time, and not for each that is over."""
    for n in range(3):
        tables.say(tmp_path, n)
    assert not published_approvals.reconcile(tmp_path, tables.whole, NOW)
    del tables.answers[0]  # a database that was restored does not know it
    assert published_approvals.reconcile(tmp_path, tables.whole, NOW)
    assert encode_lines(tables.answers.values()) in approved_files_path(tmp_path).read_bytes()
    published_approvals.append_approvals(tmp_path, [answer(n, NOW + 1) for n in range(7, 12)], tables.whole, NOW)
    assert not published_approvals.reconcile(tmp_path, tables.whole, NOW + 1)
    monkeypatch.setattr(published_approvals, "MAX_EXPIRED_LINES", 2)
    assert published_approvals.reconcile(tmp_path, tables.whole, NOW + 1) and not published_approvals.reconcile(
        tmp_path, tables.whole, NOW + 1
    )
    assert approved_files_path(tmp_path).read_bytes() == approval_file.HEADER_LINE + encode_lines(tables.answers.values())


@pytest.mark.rule("P-22", "A published approval survives a power cut at any moment.")
def test_an_answer_that_was_told_survives_a_power_cut(tmp_path: Path) -> None:
    """At any moment, whatever else the disk had not written yet."""
    (data := tmp_path / "data").mkdir()
    files, tables = RecordingFiles(), Tables({"parks"})
    published_approvals.publish(data, tables.whole(), files)
    told = [(len(files.ops), 0)]
    for n in range(3):
        tables.say(data, n, files=files)
        told.append((len(files.ops), n + 1))
    for until in range(len(files.ops) + 1):
        for seed in range(6):
            (left := tmp_path / f"{until}-{seed}").mkdir()
            power_cut(files.ops, until, data, left, Random(seed))
            found, known = ApprovalsWatcher(left).current(NOW), [count for at, count in told if at <= until]
            there = found.approved_files.in_force(NOW) if found is not None else frozenset()
            assert there <= {answer(n) for n in range(3)}
            if known:
                assert found is not None and {answer(n) for n in range(known[-1])} <= there, until


ANSWERS = """
import sys
from pathlib import Path
from civicmail.city.snapshot import published_approvals
from civicmail.city.policy.approvals import Approvals, FileApproval
for n in range(int(sys.argv[2]), int(sys.argv[2]) + 20):
    one = FileApproval(f"a{n}", int(sys.argv[3]), person="dana", sha256=f"{n:064x}", address="ibis@acme.example")
    published_approvals.append_approvals(Path(sys.argv[1]), [one], Approvals, 0)
"""


def test_of_some_processes_that_answer_at_once_none_loses_anything(tables: Tables, tmp_path: Path) -> None:
    """P-22: while another one ends standing approvals, and a gateway looks."""
    began = [subprocess.Popen([sys.executable, "-c", ANSWERS, str(tmp_path), str(100 * k), str(answer(0).until)]) for k in range(3)]
    gateway, seen = ApprovalsWatcher(tmp_path), 0
    while any(one.poll() is None for one in began):
        tables.standing = {} if tables.standing else {1: standing(1)}
        assert tables.keep(tmp_path)
        found = gateway.current(NOW)
        assert found is not None and found == tables.few()
        before, seen = seen, len(found.approved_files.in_force(NOW))
        assert seen >= before
    assert [one.returncode for one in began] == [0, 0, 0]
    found = gateway.current(NOW)
    assert found is not None and found.approved_files.in_force(NOW) == {answer(100 * k + n) for k in range(3) for n in range(20)}
