"""Run typed queries in finder processes (finder.py): each query has a time limit, each person one query, and none of them blocks
the threads of the pages.

    finders = Finders(data)                    in the process of the pages
    reader = Asked(still, finders, "ann")      for one page: search(reader, tree) and others use a finder for typed words
    reader.cut                                 whether the answer is incomplete

A query with prefixes of words is large. Large queries have finders of their own, so that they never delay the others. The person
who used these finders least in the last minutes goes first. A person's newer query stops the older one, because that person waits
for the newer one only.
"""

from __future__ import annotations

import math
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal

from civicmail.core.config.sentence import sentence
from civicmail.core.query.tree import And, Near, Not, Or, Token, Tree, Words
from civicmail.mail.search.errors import NotFinished
from civicmail.mail.search.finder import GRACE
from civicmail.mail.search.reader import Reader

SECONDS = 5.0
"""Of one page, in a finder. On 300,000 messages the largest query that the language allows takes a second or two."""
SHARE = 2.5
"""Seconds of a query when others wait for a finder."""
WAIT = SECONDS + SHARE
"""Seconds that somebody waits for a finder at most."""
LARGE, SMALL = 2, 1
"""Finders for large queries and for the others."""
MAX_WAITING_LARGE = 2
"""Who may wait for a finder of large queries: with those who have one, fewer than the page threads (front/web/thread_pools.py)."""
MAX_WAITING_SMALL = 8
"""Of the others, which take milliseconds."""
FEW_WORDS = 16
"""Whole words up to which a query is a small one."""
PATIENCE = 0.25
"""Seconds that a person's older query has to end by itself before the newer one ends it."""
HALF_LIFE = 60.0
"""Seconds in which half of what somebody has used is forgotten."""
MIN_CHARGE = 0.25
"""Seconds that count at least for a query that was ended: a finder has to be started again."""

Cut = Literal["", "late", "newer", "busy"]
CUT_MESSAGES: dict[str, str] = {
    "late": sentence(
        "A search has {seconds} seconds, fewer while others wait. This one was stopped and has not looked through all mail. Write"
        " more letters before each *, or fewer words.",
        seconds=int(SECONDS),
    ),
    "newer": sentence("You began another search meanwhile, so this one was stopped: one person has one at a time."),
    "busy": sentence("Too many large searches are under way. Nothing was looked for."),
}


def is_typed(tree: Tree) -> bool:
    """Whether a query may contain typed words: scopes of pages contain whole addresses and identifiers only."""
    return _any(tree, lambda leaf: isinstance(leaf, Words | Near) or (isinstance(leaf, Token) and leaf.prefix))


def is_large(tree: Tree) -> bool:
    return (
        _any(tree, lambda leaf: isinstance(leaf, Near) or (isinstance(leaf, Words | Token) and leaf.prefix))
        or _words(tree) > FEW_WORDS
    )


def _any(tree: Tree, of: Callable[[Tree], bool]) -> bool:
    match tree:
        case And(parts) | Or(parts):
            return any(_any(part, of) for part in parts)
        case Not(part):
            return _any(part, of)
        case _:
            return of(tree)


def _words(tree: Tree) -> int:
    match tree:
        case And(parts) | Or(parts):
            return sum(map(_words, parts))
        case Not(part):
            return _words(part)
        case Words(_, tokens):
            return len(tokens)
        case _:
            return 0


class LimitedReader(Reader):
    """The index for one page. person: whose page it is, with one query at a time; whole: raise NotFinished rather than return a
    part. cut: why the answer is incomplete."""

    def __init__(self, reader: Reader, finders: Finders, person: str, *, whole: bool = False) -> None:
        self.__dict__.update(reader.__dict__)
        self._finders = finders
        self._query = Query(person)
        self._whole = whole

    def elsewhere(self, tree: Tree) -> LimitedReader | None:
        return self if is_typed(tree) else None

    def ask[T](self, verb: str, tree: Tree, nothing: T, **options: Any) -> T:
        """Send a query to a finder. Raises NotFinished if there is no answer, or if the answer is incomplete and must not be; else
        as the function called."""
        answer = self._finders.ask(self._query, is_large(tree), (verb, tree, options), nothing)
        self.cut = self._query.cut
        if self.cut and (self._whole or self.cut != "late"):
            raise NotFinished(CUT_MESSAGES[self.cut])
        return answer


@dataclass(eq=False, slots=True)
class Query:
    """The query of one page. left: seconds; number: larger for newer queries."""

    person: str
    left: float = SECONDS
    cut: Cut = ""
    finder: Finder | None = None
    number: int = field(default_factory=count().__next__)


class Finder:
    """One finder process, started by its first query and after a query that was stopped."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None

    def ask(self, request: tuple[str, Tree, dict[str, Any]], seconds: float, query: Query) -> tuple[Any, int] | None:
        """The answer, and how many indexes are not in it; None where the process was ended, or the query was before it began."""
        pipe = self._line or self._start()
        if query.cut:
            return None
        try:
            pipe.send((*request, seconds))
            answer: tuple[Any, int] | None = pipe.recv() if pipe.poll(seconds + 2 * GRACE) else None
        except (EOFError, OSError):
            answer = None
        if answer is None or answer[1]:
            self.end()
        return answer

    def kill(self) -> None:
        """Kill the process, from any thread. Its caller gets no answer."""
        if (process := self._process) is not None:
            process.kill()

    def end(self) -> None:
        if self._process is not None and self._line is not None:
            self._process.kill()
            self._process.wait()
            self._line.close()
        self._process = self._line = None

    def _start(self) -> Connection:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "civicmail.mail.search.finder", str(theirs.fileno()), str(self._data)]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603 - ours
        self._line = Connection(ours.detach())
        return self._line


@dataclass(eq=False, slots=True)
class Lane:
    """Finders of one kind, with their running and waiting queries."""

    free: list[Finder]
    max_waiting: int
    running: list[Query] = field(default_factory=list)
    waiting: list[Query] = field(default_factory=list)


class Finders:
    """All finders of a process. Safe for any number of threads."""

    def __init__(self, data: Path) -> None:
        self._large = Lane([Finder(data) for _ in range(LARGE)], MAX_WAITING_LARGE)
        self._small = Lane([Finder(data) for _ in range(SMALL)], MAX_WAITING_SMALL)
        self._changed = threading.Condition()
        self._used: dict[str, tuple[float, float]] = {}

    def ask[T](self, query: Query, large: bool, request: tuple[str, Tree, dict[str, Any]], nothing: T) -> T:
        """The answer of a finder, or nothing if query.cut says why. Raises the finder's exception."""
        lane = self._large if large else self._small
        if query.left <= 0:
            query.cut = query.cut or "late"
        finder = None if query.cut else self._take(lane, query)
        if finder is None:
            return nothing
        began = time.monotonic()
        answer = None
        try:
            answer = finder.ask(request, min(query.left, SHARE) if lane.waiting else query.left, query)
        finally:
            took = time.monotonic() - began
            query.left -= took
            self._give_back(lane, query, finder, took if answer is not None and not answer[1] else max(took, MIN_CHARGE))
        if answer is None:
            query.cut = query.cut or "late"
            return nothing
        reply, left = answer
        if isinstance(reply, Exception):
            raise reply
        query.cut = query.cut or ("late" if left else "")
        result: T = reply
        return result

    def used(self, person: str) -> float:
        """Seconds of finders that a person has used recently."""
        seconds, at = self._used.get(person, (0.0, 0.0))
        return seconds * math.exp2((at - time.monotonic()) / HALF_LIFE)

    def _take(self, lane: Lane, query: Query) -> Finder | None:
        """A finder, once it is this one's turn; None with query.cut."""
        end = time.monotonic() + WAIT
        patient = time.monotonic() + PATIENCE
        with self._changed:
            self._join(lane, query)
            while not query.cut:
                if lane.free and self._next(lane) is query:
                    lane.waiting.remove(query)
                    lane.running.append(query)
                    query.finder = lane.free.pop()
                    self._end_older(query)
                    return query.finder
                now = time.monotonic()
                if now > end:
                    query.cut = "busy"
                elif now > patient:
                    self._end_older(query)
                self._changed.wait(PATIENCE / 5)
            if query in lane.waiting:
                lane.waiting.remove(query)
            self._changed.notify_all()
            return None

    def _join(self, lane: Lane, query: Query) -> None:
        """Add a query. If too many wait, drop an older query of the same person, else that of the person who has used the most
        recently."""
        lane.waiting.append(query)
        if len(lane.waiting) > lane.max_waiting + len(lane.free):
            own = [
                waiting_query
                for waiting_query in lane.waiting
                if waiting_query.person == query.person and waiting_query is not query
            ]
            dropped = (
                own[0] if own else max(reversed(lane.waiting), key=lambda waiting_query: round(self.used(waiting_query.person), 1))
            )
            dropped.cut = "newer" if own else "busy"
            lane.waiting.remove(dropped)
            self._changed.notify_all()

    def _next(self, lane: Lane) -> Query | None:
        """The next query to run: of the newest queries of people without a running one, that of the person who has used the least
        recently; ties go to the earliest."""
        busy = {candidate.person for each in (self._large, self._small) for candidate in each.running}
        newest = {candidate.person: candidate for candidate in sorted(lane.waiting, key=attrgetter("number"))}
        able = [candidate for whose, candidate in newest.items() if whose not in busy and not candidate.cut]
        return min(able, key=lambda candidate: (round(self.used(candidate.person), 1), candidate.number), default=None)

    def _end_older(self, query: Query) -> None:
        """Stop the older query of the same person."""
        for lane in (self._large, self._small):
            for older in (*lane.running, *lane.waiting):
                if older.person == query.person and older.number < query.number and not older.cut:
                    older.cut = "newer"
                    if older.finder is not None:
                        older.finder.kill()

    def _give_back(self, lane: Lane, query: Query, finder: Finder, took: float) -> None:
        with self._changed:
            query.finder = None
            lane.running.remove(query)
            lane.free.append(finder)
            self._used[query.person] = self.used(query.person) + took, time.monotonic()
            if len(self._used) > 10_000:
                self._used = {who: (s, at) for who, (s, at) in self._used.items() if self.used(who) > MIN_CHARGE}
            self._changed.notify_all()

    def close(self) -> None:
        """End the idle processes."""
        for lane in (self._large, self._small):
            for finder in lane.free:
                finder.end()
