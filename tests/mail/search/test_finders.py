"""What people type is looked for by processes of its own: within its time, one at a time for each person, in turn between them."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from civicmail.core.query.errors import QueryError
from civicmail.core.query.tree import And, Not, Or, Range, Token, Tree, Words
from civicmail.mail.search import parallel
from civicmail.mail.search.counts import count
from civicmail.mail.search.errors import NotFinished
from civicmail.mail.search.finders import (
    HALF_LIFE,
    LARGE,
    MAX_WAITING_LARGE,
    Finder,
    Finders,
    LimitedReader,
    Query,
    is_large,
    is_typed,
)
from civicmail.mail.search.listing import list_all
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import search
from mail.search.generated import captures
from mail.search.test_oracle import build

STAR = Words("", ("a",), True)
SCOPE = Token("rcpt", "ann@city.example")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return build(tmp_path_factory.mktemp("index"), captures(7, 150))[0]


@pytest.fixture
def finders(reader: Reader) -> Iterator[Finders]:
    made = Finders(reader._data)
    yield made
    made.close()


def test_only_what_may_be_typed_is_asked_of_a_finder_and_what_is_large_of_others() -> None:
    word = Words("", ("storm",))
    assert not any(map(is_typed, (SCOPE, Range("size", 1), And((SCOPE, Not(Range("unreadable", 1)))))))
    assert all(map(is_typed, (word, Not(word), Or((SCOPE, And((STAR,)))), Token("from", "ann@", True))))
    assert all(map(is_large, (STAR, And((SCOPE, Not(STAR))), Token("from", "ann@", True), Or((word,) * 17))))
    assert not is_large(And((SCOPE, *(word,) * 16)))


def test_a_finder_answers_as_the_index_does(reader: Reader, finders: Finders) -> None:
    typed = LimitedReader(reader.still(), finders, "ann")
    for tree in (STAR, And((STAR, Not(Words("subject", ("b",))))), Words("body", ("the",)), SCOPE):
        assert search(typed, tree, limit=20, scored=False) == search(reader, tree, limit=20, scored=False)
        assert count(typed, tree) == count(reader, tree)
        assert list_all(typed, tree) == list_all(reader, tree)
    assert typed.cut == ""
    with pytest.raises(QueryError, match="cursor"):
        search(typed, STAR, cursor="x")


def _stopped(finders: Finders) -> subprocess.Popen[bytes]:
    """The one process that looks, which answers nothing from now on: else it is now and then faster than any time that is left."""
    (process,) = [f._process for f in finders._large.free if f._process is not None]
    process.send_signal(signal.SIGSTOP)
    return process


def test_what_is_not_done_in_time_is_left_out_and_its_process_ends(reader: Reader, finders: Finders) -> None:
    """Red on main of 29 November: a query went on in a thread of the pages until it was done."""
    soon = LimitedReader(reader.still(), finders, "ann")
    count(soon, STAR)
    process = _stopped(finders)
    soon._query.left = 1e-9
    assert search(soon, STAR, limit=20, scored=False).hits == ()
    assert soon.cut == "late"
    assert process.poll() is not None, "what was under way ended with it"
    assert count(LimitedReader(reader.still(), finders, "ann"), STAR) == count(reader, STAR), "and the next one has a new process"
    _stopped(finders)
    whole = LimitedReader(reader.still(), finders, "ann", whole=True)
    whole._query.left = 1e-9
    with pytest.raises(NotFinished, match="not looked through all mail"):
        count(whole, STAR)


@pytest.mark.rule(
    "P-21, promise 8",
    "Typed queries run within a time limit: an answer has the indexes completed by then, and the rest ends with its process.",
)
def test_an_answer_has_the_indexes_that_were_done_in_time() -> None:
    later = threading.Event()

    def work(searcher: Any) -> int:
        if searcher == 1:
            later.wait(60)
        return int(searcher)

    two: Any = [1, 2]
    with parallel.within(0.2) as limit:
        assert parallel.each(work, two) == [2]
    assert limit.left == 1
    later.set()
    assert parallel.each(work, two) == [1, 2]


class Slow(Finder):
    """Takes as long as it is told, or until it is killed."""

    def __init__(self, began: list[str]) -> None:
        super().__init__(Path())
        self.end = threading.Event()
        self.began = began
        self.killed = False

    def ask(self, asked: tuple[str, Tree, dict[str, Any]], seconds: float, query: Query) -> tuple[Any, int] | None:
        self.began.append(query.person)
        self.end.wait(120)
        if self.killed:
            self.killed = False
            self.end.clear()
            return None
        return query.person, 0

    def kill(self) -> None:
        self.killed = True
        self.end.set()


class Hall:
    """People who ask large queries of slow finders, each in a thread."""

    def __init__(self) -> None:
        self.finders = Finders(Path())
        self.began = list[str]()
        self.slow = [Slow(self.began) for _ in range(LARGE)]
        self.finders._large.free[:] = self.slow
        self._threads = ThreadPoolExecutor(32)

    def ask(self, whose: str) -> tuple[Query, Future[str]]:
        query = Query(whose)
        lane = self.finders._large
        answer = self._threads.submit(self.finders.ask, query, True, ("count", STAR, {}), "nothing")
        until(lambda: query in lane.running or query in lane.waiting or bool(query.cut))
        return query, answer


def until(holds: Any) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture
def hall() -> Iterator[Hall]:
    made = Hall()
    yield made
    for one in made.slow:
        one.end.set()


@pytest.mark.rule("P-21", "Of people who wait with large queries the one with the least recent use goes first.")
def test_who_has_used_little_goes_before_who_has_used_much_and_nobody_waits_in_long_lines(hall: Hall) -> None:
    """Fair between persons: four people with large queries are not in the way of a fifth for longer than a turn."""
    for bad in range(8):
        hall.finders._used[f"bad{bad}"] = 10.0, time.monotonic()
    running = [hall.ask(f"bad{n}") for n in range(LARGE)]
    waiting = [hall.ask(f"bad{n}") for n in range(LARGE, LARGE + MAX_WAITING_LARGE)]
    query, answer = hall.ask("bad7")
    assert (answer.result(60), query.cut) == ("nothing", "busy")
    good = hall.ask("carl")
    until(lambda: any(q.cut for q, _ in waiting))
    (dropped,) = [q for q, _ in waiting if q.cut]
    assert dropped.cut == "busy"
    hall.slow[0].end.set()
    assert good[1].result(60) == "carl"
    assert hall.began[LARGE] == "carl", "before whoever came earlier and has used more"
    hall.slow[1].end.set()
    assert [answer.result(60) for _, answer in running] == ["bad0", "bad1"]


@pytest.mark.rule("P-21", "One person has one query in progress, and a newer one ends the older.")
def test_a_newer_query_of_a_person_ends_the_older_one(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """One at a time, and it is the one that they wait for."""
    monkeypatch.setattr("civicmail.mail.search.finders.PATIENCE", 0.05)
    first = hall.ask("ann")
    until(lambda: hall.began == ["ann"])
    second = hall.ask("ann")
    until(first[1].done)
    assert (first[1].result(), first[0].cut) == ("nothing", "newer")
    until(lambda: hall.began == ["ann", "ann"])
    assert [q.person for q in hall.finders._large.running] == ["ann"], "one, and no more"
    for one in hall.slow:
        one.end.set()
    assert second[1].result(60) == "ann"


def test_what_a_person_uses_is_forgotten_by_and_by(hall: Hall) -> None:
    hall.finders._used["ann"] = 8.0, time.monotonic() - 2 * HALF_LIFE
    assert hall.finders.used("ann") == pytest.approx(2.0, abs=0.1)
    assert hall.finders.used("bob") == 0.0
