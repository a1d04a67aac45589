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

from civicmail.city.access import answers, approved
from civicmail.city.access.answers import answers_path, lines, plain
from civicmail.city.access.approved import Published, path_of
from civicmail.city.policy.approvals import Answers, Approvals, Leaving, Sending, Standing
from civicmail.core.disk.files import File, Files
from faults.recording import RecordingFiles, power_cut

NOW = 1_800_000_000_000
DAY = 86_400_000


def answer(n: int, until: int = NOW + 30 * DAY) -> Standing:
    return Standing(f"a{n}", until, person="dana", sha256=f"{n:064x}", address="ibis@acme.example")


def standing(n: int, until: int = NOW + DAY) -> Standing:
    return Standing(f"s{n}", until, department="parks", series=f"agenda-{n}-*.pdf")


@dataclass
class Tables:
    """What the database knows."""

    departments: set[str] = field(default_factory=set)
    standing: dict[int, Standing] = field(default_factory=dict)
    answers: dict[int, Standing] = field(default_factory=dict)

    def few(self) -> Approvals:
        return Approvals(frozenset(self.departments), tuple(self.standing.values()))

    def whole(self) -> Approvals:
        return Approvals(frozenset(self.departments), tuple(self.standing.values()), Answers(self.answers.values()))

    def say(self, data: Path, n: int, **how: Any) -> None:
        self.answers[n] = answer(n)
        approved.say(data, [self.answers[n]], self.whole, NOW, **how)

    def keep(self, data: Path) -> bool:
        return approved.keep(data, self.few, self.whole, NOW)


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
    approved.publish(tmp_path, made.whole())
    return made


@pytest.mark.rule("P-22", "An answer about files costs the same after ten thousand: it alone is written, and read by gateways.")
def test_an_answer_costs_the_same_after_ten_thousand(tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It alone is written, and it alone is read by a gateway, and by whoever writes the next one."""
    read: list[int] = []
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, most, at: read.append(most) or real(fd, most, at))
    gateway, writer = Published(tmp_path), approved.watching(tmp_path)
    for n in (1, 10_002):
        assert gateway.at(NOW) is not None and writer.at(NOW) is not None
        read.clear()
        files = Counting()
        tables.say(tmp_path, n, files=files)
        for reader in (gateway, writer):
            found = reader.at(NOW)
            assert found is not None and answer(n) in found.answers
        size = len(lines([answer(n)]))
        assert (files.written, read) == (size, [size, size])
        tables.answers |= {n: answer(n) for n in range(2, 10_002)}
        approved.publish(tmp_path, tables.whole())


@pytest.mark.rule("P-22", "What was ended by another process is over for gateways at once.")
def test_what_was_ended_elsewhere_is_over_at_the_next_look(tables: Tables, tmp_path: Path) -> None:
    """Also where one file after the other comes in the place of one that was looked at."""
    file, sending = Leaving("1.2", "file", "agenda-1-x.pdf", 9, "0" * 64), Sending("parks", "dana", "dana@city.example")
    gateway = Published(tmp_path)
    for n in range(8):
        tables.standing = {1: standing(1)}
        assert tables.keep(tmp_path) and not tables.keep(tmp_path)
        found = gateway.at(NOW)
        assert found is not None and found.covering([file], sending, "ibis@acme.example", NOW) == ("s1",)
        for end in (True, False, True):
            tables.standing = {} if end else {1: standing(1)}
            tables.keep(tmp_path)
        found = gateway.at(NOW)
        assert found is not None and not found.covering([file], sending, "ibis@acme.example", NOW), n


@pytest.mark.rule("P-22, promise 6", "An answer that was left unfinished is nobody's, and is cut off by the next.")
def test_what_somebody_left_unfinished_is_cut_off(tables: Tables, tmp_path: Path) -> None:
    """Nobody goes by it, and the next answer stands on a line of its own."""
    gateway = Published(tmp_path)
    tables.say(tmp_path, 1)
    torn = lines([answer(2), answer(3)])[:-1]
    append(answers_path(tmp_path), torn)
    found = gateway.at(NOW)
    assert found is not None and answer(2) in found.answers and answer(3) not in found.answers
    tables.say(tmp_path, 4)
    assert answers_path(tmp_path).read_bytes() == answers.FIRST + lines([answer(1), answer(2), answer(4)])
    found = gateway.at(NOW)
    assert found is not None and answer(4) in found.answers and answer(3) not in found.answers


@pytest.mark.rule("P-22", "An answer that is tried again is one line.")
def test_what_stands_there_is_not_written_twice(tables: Tables, tmp_path: Path) -> None:
    """An answer that is tried again for an hour is one line."""
    tables.say(tmp_path, 1)
    content = answers_path(tmp_path).read_bytes()
    tables.say(tmp_path, 1)
    approved.say(tmp_path, [answer(1), answer(1)], tables.whole, NOW)
    assert answers_path(tmp_path).read_bytes() == content


def spoil(data: Path, how: str) -> None:
    few, many = path_of(data), answers_path(data)
    match how:
        case "line":
            append(many, b"\0\0}\n")
        case "field":
            append(many, b'{"id":"a9","until":"never"}\n')
        case "version":
            instead(many, b'{"v":2}\n' + many.read_bytes()[len(answers.FIRST) :])
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
    "Approvals that are damaged or missing are not known, until they are written anew; they are read once for that.",
)
@pytest.mark.parametrize("how", SPOILT)
def test_what_is_damaged_or_missing_is_not_known_until_it_is_written_anew(tables: Tables, tmp_path: Path, how: str) -> None:
    """It waits, and never counts as approved; whoever writes next, or looks after it, writes it all."""
    gateway, other = Published(tmp_path), Published(tmp_path)
    for repair in ("keep", "say"):
        tables.say(tmp_path, 1)
        assert gateway.at(NOW) is not None
        spoil(tmp_path, how)
        assert gateway.at(NOW) is gateway.at(NOW) is other.at(NOW) is None
        if repair == "keep":
            assert tables.keep(tmp_path)
        else:
            tables.say(tmp_path, 2)
        for reader in (gateway, other, Published(tmp_path)):
            found = reader.at(NOW)
            assert found is not None and found.is_same(tables.whole(), NOW)


def test_what_is_damaged_is_read_once(tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that takes mail meanwhile does not read it for each message."""
    spoil(tmp_path, "line")
    gateway = Published(tmp_path)
    assert gateway.at(NOW) is None
    monkeypatch.setattr(os, "pread", None)
    assert gateway.at(NOW) is None


@pytest.mark.rule("P-22", "What an older program wrote of approvals holds, and is carried over with the first change.")
def test_a_file_of_an_older_program_is_carried_over(tmp_path: Path) -> None:
    """It holds until the first answer, or change, and nothing of it is asked about again."""
    tables = Tables({"parks"}, {1: standing(1)}, {1: answer(1)})
    old = {"v": 1, "departments": ["parks"], "standing": [plain(standing(1)), plain(answer(1))]}
    path_of(tmp_path).parent.mkdir()
    path_of(tmp_path).write_bytes(orjson.dumps(old))
    gateway, file = Published(tmp_path), Leaving("1.2", "file", "x.pdf", 9, answer(1).sha256)
    for repair in (lambda: None, lambda: tables.say(tmp_path, 2), lambda: path_of(tmp_path).write_bytes(orjson.dumps(old)),
                   lambda: tables.keep(tmp_path)):  # fmt: skip
        repair()
        found = gateway.at(NOW)
        assert found is not None and found.departments == {"parks"}
        assert found.covering([file], Sending("parks", "dana", ""), "ibis@acme.example", NOW) == ("a1",)
    assert answer(2) in approved.read(tmp_path).answers and b'"a1"' not in path_of(tmp_path).read_bytes()


def test_where_nobody_is_asked_nothing_is_written(tmp_path: Path) -> None:
    assert not Tables().keep(tmp_path) and not approved.check(tmp_path, Tables().whole, NOW)
    assert not path_of(tmp_path).exists() and not answers_path(tmp_path).exists() and approved.read(tmp_path) == Approvals()


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

    assert approved.keep(tmp_path, tables.few, meanwhile, NOW)
    other.join(60)
    assert answer(1) in approved.read(tmp_path).answers


@pytest.mark.rule(
    "P-22",
    "What the tables do not say is taken out of what gateways know; what is over, when there is more of it than of the rest.",
)
def test_what_the_tables_do_not_say_is_taken_out_and_what_is_over_too(
    tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In time, and not for each that is over."""
    for n in range(3):
        tables.say(tmp_path, n)
    assert not approved.check(tmp_path, tables.whole, NOW)
    del tables.answers[0]  # a database that was restored does not know it
    assert approved.check(tmp_path, tables.whole, NOW)
    assert lines(tables.answers.values()) in answers_path(tmp_path).read_bytes()
    approved.say(tmp_path, [answer(n, NOW + 1) for n in range(7, 12)], tables.whole, NOW)
    assert not approved.check(tmp_path, tables.whole, NOW + 1)
    monkeypatch.setattr(approved, "OVER_MOST", 2)
    assert approved.check(tmp_path, tables.whole, NOW + 1) and not approved.check(tmp_path, tables.whole, NOW + 1)
    assert answers_path(tmp_path).read_bytes() == answers.FIRST + lines(tables.answers.values())


@pytest.mark.rule("P-22", "An answer that gateways were told survives a power cut at any moment.")
def test_an_answer_that_was_told_survives_a_power_cut(tmp_path: Path) -> None:
    """At any moment, whatever else the disk had not written yet."""
    (data := tmp_path / "data").mkdir()
    files, tables = RecordingFiles(), Tables({"parks"})
    approved.publish(data, tables.whole(), files)
    told = [(len(files.ops), 0)]
    for n in range(3):
        tables.say(data, n, files=files)
        told.append((len(files.ops), n + 1))
    for until in range(len(files.ops) + 1):
        for seed in range(6):
            (left := tmp_path / f"{until}-{seed}").mkdir()
            power_cut(files.ops, until, data, left, Random(seed))
            found, known = Published(left).at(NOW), [count for at, count in told if at <= until]
            there = found.answers.at(NOW) if found is not None else frozenset()
            assert there <= {answer(n) for n in range(3)}
            if known:
                assert found is not None and {answer(n) for n in range(known[-1])} <= there, until


ANSWERS = """
import sys
from pathlib import Path
from civicmail.city.access import approved
from civicmail.city.policy.approvals import Approvals, Standing
for n in range(int(sys.argv[2]), int(sys.argv[2]) + 20):
    one = Standing(f"a{n}", int(sys.argv[3]), person="dana", sha256=f"{n:064x}", address="ibis@acme.example")
    approved.say(Path(sys.argv[1]), [one], Approvals, 0)
"""


def test_of_some_processes_that_answer_at_once_none_loses_anything(tables: Tables, tmp_path: Path) -> None:
    """P-22: while another one ends standing approvals, and a gateway looks."""
    began = [subprocess.Popen([sys.executable, "-c", ANSWERS, str(tmp_path), str(100 * k), str(answer(0).until)]) for k in range(3)]
    gateway, seen = Published(tmp_path), 0
    while any(one.poll() is None for one in began):
        tables.standing = {} if tables.standing else {1: standing(1)}
        assert tables.keep(tmp_path)
        found = gateway.at(NOW)
        assert found is not None and found == tables.few()
        before, seen = seen, len(found.answers.at(NOW))
        assert seen >= before
    assert [one.returncode for one in began] == [0, 0, 0]
    found = gateway.at(NOW)
    assert found is not None and found.answers.at(NOW) == {answer(100 * k + n) for k in range(3) for n in range(20)}
