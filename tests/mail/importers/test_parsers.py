"""Parser processes: every message gets its answer, also when a process dies on one."""

from __future__ import annotations

import os
import signal
from contextlib import closing

import pytest

from civicmail.mail.importers import parsers as parsers_module
from civicmail.mail.importers.parsers import SLOT, SLOTS, TOGETHER, Parsers


def _work(content: bytes, ask: int) -> tuple[int, int]:
    if content == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    return len(content), ask


def _crashed(content: bytes, ask: int) -> str:
    return "crashed"


@pytest.mark.parametrize("processes", [0, 1, 3])
def test_every_message_gets_its_answer(processes: int) -> None:
    contents = [bytes(n % 5000) for n in range(1000)] + [bytes(SLOT + 1), bytes(SLOT)]
    items = [(n, content, n * 2) for n, content in enumerate(contents)]
    with closing(Parsers(_work, _crashed, processes)) as parsers:
        found = {thing: (content, answer) for thing, content, answer in parsers.map(items)}
    assert found == {n: (content, (len(content), n * 2)) for n, content in enumerate(contents)}


def _here(content: bytes, ask: int) -> bool:
    return os.getpid() == ask


def test_only_what_no_memory_was_set_aside_for_is_parsed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsers_module, "ROOM", SLOT * 4)
    contents = [b"x", bytes(SLOT * 3), b"x", bytes(SLOT * 4), bytes(SLOT * 3), bytes(SLOT * 2), b"x"]
    items = [(n, content, os.getpid()) for n, content in enumerate(contents)]
    with closing(Parsers(_here, _crashed, 2)) as parsers:
        here = {thing: answer for thing, _, answer in parsers.map(items)}
    assert [n for n, answer in here.items() if answer] == [3]
    assert sorted(here) == list(range(len(contents)))


def _answers(contents: list[bytes], processes: int) -> dict[int, object]:
    with closing(Parsers(_work, _crashed, processes)) as parsers:
        found = list(parsers.map((n, content, n) for n, content in enumerate(contents)))
    assert sorted(thing for thing, _, _ in found) == list(range(len(contents)))
    return {thing: answer for thing, _, answer in found}


def test_a_message_that_kills_costs_only_its_own_parse() -> None:
    answers = _answers([b"x"] * 300 + [b"die"] + [b"y"] * 300, 3)
    assert [n for n, answer in answers.items() if answer == "crashed"] == [300]


def test_when_the_last_process_has_died_what_it_had_is_not_tried_here() -> None:
    """It could take the import with it; what was not sent yet is parsed here."""
    answers = _answers([b"x"] * 300 + [b"die"] + [b"y"] * 300, 1)
    assert answers[300] == "crashed"
    assert answers[600] == (1, 600)
    assert 0 < sum(answer == "crashed" for answer in answers.values()) <= (SLOTS + 2) * TOGETHER


def test_processes_end_with_the_import() -> None:
    parsers = Parsers(_work, _crashed, 2)
    pids = [parser.pid for parser in parsers._all]
    list(parsers.map([(1, b"x", 1)]))
    parsers.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def _repeated(content: bytes, ask: int) -> bytes:
    return content * ask


@pytest.mark.parametrize("times", [1, 3])
def test_answers_may_be_larger_than_the_memory_they_come_in(times: int) -> None:
    items = [(n, bytes([n]) * (SLOT - 100), times) for n in range(5)]
    with closing(Parsers(_repeated, _crashed, 2)) as parsers:
        found = {thing: answer for thing, _, answer in parsers.map(items)}
    assert found == {n: content * times for n, content, _ in items}


def _slow(content: bytes, ask: int) -> int:
    while content == b"slow" and os.read(ask, 1) != b"!":
        pass
    return len(content)


def test_others_go_on_while_a_process_takes_long() -> None:
    """All answers but those that wait with the slow message come before it is done."""
    told, tell = os.pipe()
    many = SLOTS * TOGETHER * 4
    items = [(n, b"slow" if n == 0 else b"x", told) for n in range(many)]
    order: list[int] = []
    with closing(Parsers(_slow, _crashed, 2)) as parsers:
        for thing, _, _ in parsers.map(items):
            order.append(thing)
            if len(order) == many - SLOTS * TOGETHER:
                assert 0 not in order
                os.write(tell, b"!")
    os.close(told)
    os.close(tell)
    assert sorted(order) == list(range(many))
