"""Parser processes: every message gets its answer, also when a process dies on one; and none of them can do more than it needs."""

from __future__ import annotations

import json
import os
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.config.errors import LaterError
from civicmail.core.sandbox.errors import CRASHED, Unreadable
from civicmail.mail.importers import parser_pool as parsers_module
from civicmail.mail.importers import parser_worker
from civicmail.mail.importers.parse_requests import FallbackParser, ParseRequest, is_plausible
from civicmail.mail.importers.parser_pool import CHUNK_BYTES, CHUNK_MESSAGES, SLOTS, ParserPool, Reply
from civicmail.mail.search import message_reader
from civicmail.mail.search.extract import FileReader
from core.sandbox import samples
from mail.importers.parserworks import command


def _apart(content: bytes, ask: int) -> tuple[int, int, str]:
    return len(content), ask, "apart"


def _complete(_content: bytes, _ask: int, said: Reply) -> tuple[int, int, str]:
    assert said.files == (b"a file", b"")
    return (*said.answer[:2], "completed")


@pytest.mark.parametrize("processes", [1, 3])
def test_every_message_gets_its_answer(processes: int) -> None:
    contents = [bytes(n % 5000) for n in range(1000)] + [bytes(CHUNK_BYTES + 1), bytes(CHUNK_BYTES)]
    items = [(n, content, n * 2) for n, content in enumerate(contents)]
    with closing(ParserPool(command("plain"), _apart, processes)) as parsers:
        found = {thing: (content, answer) for thing, content, answer in parsers.map(items)}
    assert found == {n: (content, (len(content), n * 2, "parsed")) for n, content in enumerate(contents)}


def test_what_no_memory_was_set_aside_for_is_read_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsers_module, "SLOT_BYTES", CHUNK_BYTES * 4)
    contents = [b"x", bytes(CHUNK_BYTES * 3), b"x", bytes(CHUNK_BYTES * 4), bytes(CHUNK_BYTES * 3), bytes(CHUNK_BYTES * 2), b"x"]
    assert [n for n, how in _answers(contents, 2).items() if how == "apart"] == [3]


def _answers(contents: list[bytes], processes: int, work: str = "plain") -> dict[int, str]:
    """How each was read."""
    with closing(ParserPool(command(work), _apart, processes, complete=_complete)) as parsers:
        found = list(parsers.map((n, content, n) for n, content in enumerate(contents)))
    assert sorted(thing for thing, _, _ in found) == list(range(len(contents)))
    assert all(answer[:2] == (len(content), thing) for thing, content, answer in found)
    return {thing: answer[2] for thing, _, answer in sorted(found, key=lambda one: one[0])}


@pytest.mark.rule(
    "P-01, promise 6",
    "An import never parses messages in its main process: messages of a parser process that died are parsed in a sandboxed one.",
)
@pytest.mark.parametrize("sick", [b"die", b"turn"])
def test_what_a_process_had_that_died_is_read_apart(sick: bytes) -> None:
    """Also what keeps one busy for ever; the others go on."""
    answers = _answers([b"x"] * 300 + [sick] + [b"y"] * 300, 3, "impatient")
    assert answers[300] == "apart"
    assert sum(how == "apart" for how in answers.values()) <= SLOTS * CHUNK_MESSAGES


def test_when_the_last_process_has_died_nothing_is_parsed_here() -> None:
    """It could take the import with it."""
    answers = _answers([b"x"] * 300 + [b"die"] + [b"y"] * 300, 1)
    assert answers[0] == "parsed"
    assert {answers[n] for n in (300, 600)} == {"apart"}


def test_what_has_files_is_completed_and_the_others_go_on() -> None:
    """Files need readers, and a parser process may start none."""
    answers = _answers(([b"x"] * 50 + [b"file"]) * 20, 2)
    assert [n for n, how in answers.items() if how == "completed"] == list(range(50, 1020, 51))
    assert sum(how == "parsed" for how in answers.values()) == 1000


def test_what_is_completed_may_fail_and_ends_the_import() -> None:
    def fails(_content: bytes, _ask: int, _said: Reply) -> object:
        raise LaterError("nobody reads")

    with closing(ParserPool(command("plain"), _apart, 1, complete=fails)) as parsers, pytest.raises(LaterError):
        list(parsers.map([(1, b"x", 1), (2, b"file", 1), (3, b"x", 1)]))


@pytest.mark.rule(
    "P-01, P-25",
    "A parser process of an import reaches no archive, no cache, no network, no program and no other process.",
)
def test_a_parser_process_can_reach_nothing_but_its_messages(tmp_path: Path) -> None:
    """No archive, no cache, no network, no program, no other process, and not the memory itself."""
    for folder in ("index", "extracted"):
        (tmp_path / folder).mkdir()
    (tmp_path / "journal").write_bytes(b"secret")
    with closing(ParserPool(command("tried"), _apart, 1)) as parsers:
        ((_, _, answer),) = parsers.map([(1, b"x", str(tmp_path))])
    assert answer == ("", "tried")


ASK: ParseRequest = (bytes(32), bytes(10), 1_750_000_000_000, "mailbox", 1_750_000_000_000, (), "", "Ann", ())
HEAD = b"From: a@b.example\r\nSubject: budget\r\nMessage-ID: <1@b.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
TEXT = b"--b\r\nContent-Type: application/x; name=a.txt\r\n\r\nplain words\r\n"


def _said(raw: bytes, ask: ParseRequest = ASK) -> Reply:
    (said,) = parser_worker.work([(raw, ask)])
    return said


def test_what_is_read_apart_says_the_same() -> None:
    """With what needs no reader."""
    raw = HEAD + TEXT + b"--b--\r\n"
    answer, files = _said(raw)
    assert "plain words" in answer[-1] and answer == FallbackParser()(raw, ASK) and files == ()


@pytest.mark.rule(
    "P-23, P-25",
    "A parser process of an import opens no file that needs a reader: it passes on all files of the message, and the "
    "result is complete when sandboxed processes of their own have read them.",
)
def test_what_files_say_is_read_apart(tmp_path: Path) -> None:
    """The answer of a process lacks what files say, and is complete when readers of their own have read them."""
    pdf, broken = samples.pdf("quicksilver"), b"%PDF-1.7 nothing"
    parts = [
        TEXT,
        *(b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n" + file + b"\r\n" for file in (pdf, broken, broken)),
    ]
    raw = HEAD + b"".join(parts) + b"--b--\r\n"
    said = _said(raw)
    assert said.files == (b"plain words", pdf, broken, broken)
    assert is_plausible(ASK, said.answer) and not any(word in said.answer[-1] for word in ("plain words", "quicksilver", "waiting"))
    with closing(FileReader(tmp_path)) as reader:
        apart, complete = FallbackParser(reader)(raw, ASK), FallbackParser(reader).complete(raw, ASK, said)
    assert complete[:-1] == apart[:-1]
    document = json.loads(complete[-1])
    assert {"plain", "words", "quicksilver"} <= set(document["attachment"].split())
    assert document["unreadable"] == 2 and "waiting" not in document and len(document["file"].split()) == 3
    assert _words(document) == _words(json.loads(apart[-1]))


def _words(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "attachment": document["attachment"].split()}


def test_what_a_process_lies_of_a_message_with_files_does_not_stop_the_index(tmp_path: Path) -> None:
    """A number that is right by itself is too large with what the files add."""
    raw = HEAD + b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF-1.7 nothing\r\n--b--\r\n"
    (*answer, document), files = _said(raw)
    lie = json.dumps({**json.loads(document), "unreadable": (1 << 64) - 1})
    assert is_plausible(ASK, (*answer, lie))
    with closing(FileReader(tmp_path)) as reader:
        assert is_plausible(ASK, FallbackParser(reader).complete(raw, ASK, Reply((*answer, lie), files)))


def test_what_files_say_that_nobody_has_read_waits() -> None:
    """As in a document that the index makes itself."""
    raw = HEAD + b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n" + samples.pdf("quicksilver") + b"\r\n--b--\r\n"
    assert json.loads(FallbackParser().complete(raw, ASK, _said(raw))[-1])["waiting"] == 1


@pytest.mark.rule(
    "P-01, promise 1",
    "A message that crashes every reader of an import is archived all the same, and counts as unreadable.",
)
def test_what_brings_down_every_reader_is_kept_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """And counts as unreadable; where nothing can be read at all the import ends, and goes on when it is called again."""

    def dies(_body: bytes) -> None:
        raise Unreadable(CRASHED)

    monkeypatch.setattr(message_reader, "surely", dies)
    *_, message_id, document = FallbackParser()(b"Subject: x\r\n\r\nwords\r\n", ASK)
    assert message_id == "" and '"unreadable":1' in document and "words" not in document

    def later(_body: bytes) -> None:
        raise LaterError("nobody reads")

    monkeypatch.setattr(message_reader, "surely", later)
    with pytest.raises(LaterError):
        FallbackParser()(b"Subject: x\r\n\r\nwords\r\n", ASK)


HONEST = b"From: a@b.example\r\nSubject: budget\r\n\r\nwords\r\n"


@pytest.mark.rule("P-01, promise 8", "A result of a compromised parser process is about its own messages, or is refused.")
def test_what_a_process_says_that_was_taken_over_is_of_its_own_messages_or_nothing() -> None:
    """It may lie about them, and about no other, and cannot stop the index."""
    honest, other = _said(HONEST), _said(HONEST, (ASK[0], b"9" * 10, *ASK[2:]))
    assert is_plausible(ASK, honest.answer)
    received, basis, digest, id_, document = honest.answer
    of_another = other.answer[-1]
    plain = json.loads(document)
    documents = [of_another, "", "[]", *(json.dumps({**plain, **lie}) for lie in LIES)]
    answers: list[Any] = [(received, basis, digest, id_, lie) for lie in documents]
    answers += [
        (ASK[4] + 1, basis, digest, id_, document),
        (received, "x", digest, id_, document),
        (received, basis, "00", id_, document),
        (received, basis, digest, 7, document),
        (received, basis, digest, "x" * 999, document),
        (received, basis, digest, id_),
    ]
    assert [answer for answer in answers if is_plausible(ASK, answer)] == []


LIES = ({"unreadable": -1}, {"size": 1 << 64}, {"body": 7}, {"more": "x"}, {"stored": "&"}, {"stored": "W10="}, {"date": None})


def test_who_says_what_is_not_sane_is_ended() -> None:
    """What it had is read apart."""
    with closing(ParserPool(command("plain"), _apart, 1, is_plausible=lambda ask, _: ask != 7)) as parsers:
        found = {thing: answer[2] for thing, _, answer in parsers.map((n, b"x", n) for n in range(10 * CHUNK_MESSAGES))}
    assert found[7] == "apart" and len(found) == 10 * CHUNK_MESSAGES


@given(st.binary(max_size=40), st.integers(0, 3))
def test_answers_are_what_was_asked_or_an_error(said: bytes, number: int) -> None:
    with suppress(ValueError, TypeError, OverflowError):
        assert len(parsers_module._unpacked(said, number)) == number


ANSWERS = st.tuples(st.integers(0, 1 << 40), st.text(st.characters(codec="utf-8")))


@given(st.lists(st.builds(Reply, ANSWERS, st.lists(st.binary()).map(tuple))))
def test_answers_come_as_they_were_said(done: list[Reply]) -> None:
    assert parsers_module._unpacked(parsers_module._packed(done), len(done)) == done


def test_processes_end_with_the_import() -> None:
    parsers = ParserPool(command("plain"), _apart, 2)
    pids = [parser.process.pid for parser in parsers._all]
    list(parsers.map([(1, b"x", 1)]))
    parsers.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize("times", [1, 3])
def test_answers_may_be_larger_than_the_memory_they_come_in(times: int) -> None:
    items = [(n, bytes([n]) * (CHUNK_BYTES - 100), times) for n in range(5)]
    with closing(ParserPool(command("repeated"), _apart, 2)) as parsers:
        found = {thing: answer for thing, _, answer in parsers.map(items)}
    assert found == {n: (content.decode() * times,) for n, content, _ in items}


def test_others_go_on_while_a_process_takes_long(tmp_path: Path) -> None:
    """All answers but those that wait with the slow message come before it is done."""
    go = tmp_path / "go"
    many = SLOTS * CHUNK_MESSAGES * 4
    items = [(n, b"slow" if n == 0 else b"x", str(go)) for n in range(many)]
    order: list[int] = []
    with closing(ParserPool(command("slow"), _apart, 2)) as parsers:
        for thing, _, answer in parsers.map(items):
            assert answer == ("parsed",)
            order.append(thing)
            if len(order) == many - SLOTS * CHUNK_MESSAGES:
                assert 0 not in order
                go.touch()
    assert sorted(order) == list(range(many))
