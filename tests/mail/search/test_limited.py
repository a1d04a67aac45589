"""The index and the job for attachments have hostile mail read in limited processes: what brings one down twice is passed over, and
stops nothing (promise 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path

import pytest

from civicmail.core.config.errors import LaterError
from civicmail.core.message import message_parser
from civicmail.core.query.parse import parse
from civicmail.core.sandbox.errors import Unreadable
from civicmail.core.sandbox.pool import Pool
from civicmail.core.sandbox.service import decode_reply, encode
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.records import Capture
from civicmail.mail.search import message_reader, message_requests, tasks
from civicmail.mail.search.attachments import Extract
from civicmail.mail.search.counts import count
from civicmail.mail.search.documents import document_of
from civicmail.mail.search.extract import ExtractJob
from civicmail.mail.search.message_requests import ReadFiles, Whole
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.tasks import IndexJob
from core.sandbox import samples
from mail.search.generated import NOW, captures
from mail.sick import SICK, WELL, pool

T = 1_750_000_000_000
Readers = Callable[..., Pool]


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Readers]:
    """From now on messages are read by processes that do `what` for one that is sick."""
    made: list[Pool] = []

    def give(**how: str) -> Pool:
        made.append(pool(message_requests.SERVICE, **how))
        monkeypatch.setattr(message_reader, "pool", lambda: made[-1])
        return made[-1]

    yield give
    for one in made:
        one.close()


def kept(data: Path, *bodies: bytes) -> list[Capture]:
    """Their captures, in a journal."""
    of = [
        replace(capture, sha256=sha256(body).digest(), size=len(body), class_="mail")
        for (capture, _), body in zip(captures(3, len(bodies)), bodies, strict=True)
    ]
    with closing(Writer(data, lambda: T)) as into:
        for capture, body in zip(of, bodies, strict=True):
            into.receipt(capture, body)
        into.flush()
    return of


def found(data: Path, words: str) -> int:
    return count(Reader(data), parse(words, now=NOW))


@pytest.mark.rule(
    "P-01, promise 8",
    "A message that crashes its reader twice is skipped: it can be searched by its envelope, counts as unreadable, and "
    "stops nothing.",
)
@pytest.mark.parametrize("what", ["os.abort()", "exec('while 1: pass')"])
def test_a_message_that_brings_its_reader_down_twice_is_passed_over(
    tmp_path: Path, readers: Readers, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stops nothing, is found by its envelope, and counts as unreadable."""
    monkeypatch.setattr(message_reader, "INDEX_SECONDS", 1.0)
    limited = readers(what=what)
    of = kept(tmp_path, WELL, SICK, WELL)
    with closing(IndexJob.take(tmp_path)) as job:
        assert job.step(T) == 3
        assert not job.behind()
    assert (found(tmp_path, "quicksilver"), found(tmp_path, "is:unreadable"), found(tmp_path, "-absent")) == (2, 1, 3)
    assert found(tmp_path, f"id:{of[1].uuid}") == 1
    assert limited._children[0].ended == 2


@pytest.mark.rule("promise 8", "A message that crashed a reader once is read by the next one.")
def test_what_a_reader_died_of_once_is_read_by_the_next(tmp_path: Path, readers: Readers) -> None:
    """It may have been ended from outside."""
    mark = tmp_path / "mark"
    readers(what="again or os.abort()", first=f"again = os.path.exists({str(mark)!r}); open({str(mark)!r}, 'w').close()")
    kept(tmp_path / "data", SICK)
    with closing(IndexJob.take(tmp_path / "data")) as job:
        job.step(T)
    assert (found(tmp_path / "data", "quicksilver"), found(tmp_path / "data", "is:unreadable")) == (1, 0)


@pytest.mark.rule(
    "promise 6, promise 8",
    "If no process can read anything the index waits; no message counts as unreadable for that.",
)
def test_where_nothing_can_be_read_the_index_waits(tmp_path: Path, readers: Readers) -> None:
    """That is our own fault, and no message's."""
    readers(program="/bin/false")
    kept(tmp_path, WELL)
    with closing(IndexJob.take(tmp_path)) as job:
        assert job.step(T) == 0
        readers()
        assert job.step(T + 1) == 0
        assert job.step(T + tasks.RETRY_MS) == 1
    assert (found(tmp_path, "quicksilver"), found(tmp_path, "is:unreadable")) == (1, 0)


@pytest.mark.rule("P-25, promise 8", "An invalid index document is refused: a compromised reader cannot stop the index.")
@pytest.mark.parametrize(
    "said",
    [
        "unreadable=-1",
        "unreadable=1 << 63",
        "blind=10_000, for_whom=10_000",
        "text='x' * (2 << 20)",
        "text=7",
        "attachments=[['a', 'b', -5]]",
    ],
)
def test_what_the_index_cannot_take_was_said_by_nobody_honest(said: str, readers: Readers) -> None:
    """A process that was taken over can neither stop the index nor fill its memory."""
    lie = f"(replace(own(*asked)[0], {said}), [])"
    readers(first=f"from dataclasses import replace; own = handlers.read_fields; handlers.read_fields = lambda *asked: {lie}")
    with pytest.raises(Unreadable):
        message_reader.fields(SICK)


def test_a_document_is_the_same_wherever_its_letter_was_read() -> None:
    for capture, body in captures(7, 40):
        assert document_of(capture, body) == document_of(capture, body, message_parser.fields(body))


@pytest.mark.rule("P-23", "Files are returned by a sandboxed process completely, or not at all.")
def test_files_come_whole_or_not_at_all() -> None:
    """With what they say at once."""
    parts = "".join(f"--b\r\nContent-Type: application/x; name=a{n}\r\n\r\n%PDF-1.7 {n}\r\n" for n in range(3))
    last = "--b\r\nContent-Type: application/x; name=t\r\n\r\nwords\r\n--b--\r\n"
    raw = f"Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}{last}"
    whole = message_reader.files(raw.encode())
    assert [one.content for one in whole] == [b"%PDF-1.7 0", b"%PDF-1.7 1", b"%PDF-1.7 2", b"words"]
    assert [one.known.text if one.known else None for one in whole] == [None, None, None, "words"]
    reply = encode(whole)
    assert decode_reply(ReadFiles(), reply, len(raw)) == whole
    for bad in (reply + b"x", reply[:-1], b"", encode(None), encode([Whole(b"", Extract(pictures=-1))])):
        with pytest.raises(Unreadable):
            decode_reply(ReadFiles(), bad, len(raw))


def letter_with(subject: str) -> bytes:
    message = EmailMessage()
    message["Subject"] = subject
    message.set_content("see the file")
    content = samples.zipped({"a.txt": "quicksilver"})
    message.add_attachment(content, maintype="application", subtype="octet-stream", filename="a.zip")
    return message.as_bytes()


@pytest.mark.rule("P-23", "Files that crash the reader of their message delay no others.")
def test_files_that_bring_their_reader_down_hold_up_no_others(tmp_path: Path, readers: Readers) -> None:
    """They wait for the next start, and are not tried again and again."""
    own = "own = handlers.read_files"
    readers(first=f"{own}; handlers.read_files = lambda raw, request: os.abort() if b'Subject: ill' in raw else own(raw, request)")
    kept(tmp_path, letter_with("ill"), letter_with("well"))
    with closing(IndexJob.take(tmp_path)) as job, closing(ExtractJob(tmp_path, processes=1)) as lane:
        job.step(T)
        assert (lane.step(), lane.step()) == (2, 0)
        job.step(T + 2000)
    assert found(tmp_path, "attachment:quicksilver") == 1


@pytest.mark.rule(
    "P-14, promise 6",
    "Whether a message identifies its writer is determined in a sandboxed process; if none is available, the sender tries again.",
)
def test_words_of_what_brings_its_reader_down_are_none_and_else_it_is_for_later(readers: Readers) -> None:
    """Whoever has written it says nothing of themselves by it; where nothing can be read the client comes again."""
    readers(what="os.abort()")
    assert (message_reader.words(SICK), message_reader.words(WELL).strip()) == ("", "quicksilver")
    readers(program="/bin/false")
    with pytest.raises(LaterError):
        message_reader.words(WELL)
