"""Limited processes that threads ask: whatever a reader does, the asker gets an answer or a word, and the next one too."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from civicmail.core.sandbox import child, confine
from civicmail.core.sandbox.errors import BUSY, CRASHED, DAMAGED, TOO_LONG, TOO_MUCH_MEMORY, Unreadable
from civicmail.core.sandbox.pool import Pool, shared
from core.sandbox.crashing import SERVICE, Do


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    made = Pool(SERVICE)
    yield made
    made.close()


def why(pool: Pool, do: str, seconds: float = 60) -> str:
    with pytest.raises(Unreadable) as told:
        pool.request(Do(do), b"content", seconds=seconds)
    return told.value.why


def test_a_process_answers_one_question_after_another(pool: Pool) -> None:
    first = pool.request(Do("say"), b"x" * 3_000_000, seconds=60)
    assert first.endswith(b"x" * 100)
    assert pool.request(Do("say"), b"y", seconds=60).split()[0] == first.split()[0]


@pytest.mark.rule("promise 8", "A fork uses sandboxed processes of its own.")
def test_a_fork_asks_processes_of_its_own() -> None:
    """By the same pipes each would have the other's answers."""
    ours = shared(SERVICE)
    assert shared(SERVICE) is ours
    child = os.fork()
    if child == 0:
        os._exit(0 if shared(SERVICE) is not ours else 1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize(
    ("do", "word"),
    [
        ("die", CRASHED),
        ("compute", TOO_LONG),
        ("fill", TOO_MUCH_MEMORY),
        ("raise", DAMAGED),
        ("refuse", "encrypted"),
        ("lie", CRASHED),
        ("long", CRASHED),
    ],
)
def test_what_a_reader_does_costs_one_question(pool: Pool, do: str, word: str) -> None:
    """Dead, busy for ever, greedy, broken: each is a word, and the next question has its answer."""
    assert why(pool, do, seconds=1) == word
    assert pool.request(Do("say"), b"next", seconds=60).endswith(b"next")


def test_one_that_only_waits_is_ended_by_the_clock(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    pool.request(Do("say"), b"", seconds=60)
    monkeypatch.setattr(child, "GRACE", 0.1)
    assert why(pool, "hang", seconds=0.1) == TOO_LONG


def test_one_that_was_ended_while_nobody_asked_is_started_again(pool: Pool) -> None:
    os.kill(int(pool.request(Do("say"), b"", seconds=60).split()[0]), signal.SIGKILL)
    running = pool._children[0]._running
    assert running is not None
    running.wait(60)
    assert pool.request(Do("say"), b"next", seconds=60).endswith(b"next")


def test_it_lives_longer_than_the_thread_that_asked_first() -> None:
    made = Pool(SERVICE)
    said: list[bytes] = []

    def ask() -> None:
        said.append(made.request(Do("say"), b"", seconds=60).split()[0])

    for _ in range(2):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    made.close()
    assert said[0] == said[1]


def test_who_finds_no_idle_process_is_told_so(pool: Pool) -> None:
    held = pool._idle.get()
    try:
        assert why(pool, "say", seconds=0.05) == BUSY
    finally:
        pool._idle.put(held)


def test_it_cannot_look_around(pool: Pool) -> None:
    if "landlock" not in confine.in_force():
        pytest.skip("this kernel has no Landlock")
    assert pool.request(Do("look"), b"", seconds=60) == b"nothing"


def test_a_fresh_process_takes_over_in_time(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("civicmail.core.sandbox.pool.MAX_REQUESTS", 1)
    first = pool.request(Do("say"), b"", seconds=60)
    assert pool.request(Do("say"), b"", seconds=60) != first
