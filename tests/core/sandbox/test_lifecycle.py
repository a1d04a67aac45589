"""A process for each question, where people ask: what a message does to its reader, the next person does not meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from civicmail.core.sandbox import child, file_text, frames, worker
from civicmail.core.sandbox.errors import CRASHED, TOO_LONG, TOO_MUCH_MEMORY, Unreadable
from civicmail.core.sandbox.file_text import TextReader
from civicmail.core.sandbox.pool import Pool
from civicmail.desk.viewer import file_preview, message_requests, sandboxed
from civicmail.mail.courier import pickup_client, strip_client, strip_requests
from core.sandbox import samples
from core.sandbox.crashing import SERVICE, Do


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool(replace(SERVICE, fork_each=True))
    yield made
    made.close()


def ask(pool: Pool, do: str, content: bytes, seconds: float = 60) -> bytes:
    return pool.request(Do(do), content, seconds=seconds)


def test_each_question_has_a_process_of_its_own(pool: Pool) -> None:
    """P-23: nothing that one message leaves in its reader is there for the next."""
    assert [ask(pool, "keep", content) for content in (b"mail of one", b"mail of another")] == [b"mail of one", b"mail of another"]
    first, second = (ask(pool, "say", b"").split()[0] for _ in range(2))
    assert first != second
    assert pool._children[0].ended == 0, "one process forks them all"


@pytest.mark.rule(
    "P-23",
    "A process that answers twice, or does not end, is ended before the next person's request, and that person gets nothing of it.",
)
@pytest.mark.parametrize("do", ["forge", "stay"])
def test_who_answers_for_the_next_person_is_not_heard(do: str, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word too much, or a process that stays, costs that process, and reaches nobody."""
    monkeypatch.setattr(child, "ENDING", 0.2)
    assert ask(pool, do, b"mail of one") == b"the first"
    assert ask(pool, "keep", b"mail of another") == b"mail of another"
    assert pool._children[0].ended == 1


@pytest.mark.parametrize(("do", "word"), [("die", CRASHED), ("compute", TOO_LONG), ("fill", TOO_MUCH_MEMORY)])
def test_what_a_reader_does_costs_one_question(do: str, word: str, pool: Pool) -> None:
    with pytest.raises(Unreadable) as told:
        ask(pool, do, b"x", seconds=1)
    assert told.value.why == word
    assert ask(pool, "keep", b"y" * 3_000_000) == b"y" * 3_000_000


def test_files_are_read_by_a_process_for_each() -> None:
    reader = TextReader(replace(file_text.SERVICE, fork_each=True))
    told = [reader.read(samples.pdf(f"the {word} council")).text for word in ("first", "second")]
    reader.close()
    assert ["first" in told[0], "second" in told[1]] == [True, True]


def forks(pool: Pool) -> set[str]:
    """The processes that wait for a question."""
    found = set()
    for one in pool._children:
        if one._running is not None:
            pid = one._running.pid
            found |= set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return found


@pytest.mark.rule("P-23", "Messages and files for people are read by a new process for each request.")
def test_what_people_see_is_made_so() -> None:
    """The look of a message, of a file, what goes into a box of the portal, and what stands in place of a file."""
    message = b"From: a@b.example\r\nSubject: one\r\n\r\ntext\r\n"
    for pool, once in (
        (sandboxed.pool(), lambda: sandboxed.read(message)),
        (pickup_client.pool(), lambda: pickup_client.contents(message)),
        (strip_client.pool(), lambda: strip_client.paths(message)),
    ):
        for _ in range(2):
            once()
        before = forks(pool)
        for _ in range(4):  # two for each process, so that the first has ended
            once()
        assert before
        assert not before & forks(pool)
    assert file_preview._made()._reader._process._child._each


def test_what_is_done_once_is_done_before_the_forks() -> None:
    """Every question about our own message has an answer: one that failed would be done anew, slowly, by each fork."""
    for service in (message_requests.SERVICE, pickup_client.SERVICE, strip_requests.SERVICE):
        handlers = worker.load_handlers(replace(service, prepare=""))
        kinds = {worker.handle(handlers, request, worker.SAMPLE)[0] for request in service.warm}
        assert kinds == {frames.ANSWER}


def test_a_process_that_nobody_asks_any_more_ends(pool: Pool) -> None:
    ask(pool, "say", b"")
    running = pool._children[0]._running
    assert running is not None and running.stdin is not None
    running.stdin.close()
    assert running.wait(60) == 0
