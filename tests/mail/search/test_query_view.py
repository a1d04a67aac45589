"""What lies under a hold or within a mandate is read by limited processes, and said as the index says it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from civicmail.core.config.errors import LaterError
from civicmail.core.message import message_parser
from civicmail.core.query.tree import View
from civicmail.core.sandbox.pool import Pool
from civicmail.mail.archive.records import Capture
from civicmail.mail.search import message_reader, message_requests
from civicmail.mail.search.attachments import attachment_text
from civicmail.mail.search.extract_cache import Extracts
from civicmail.mail.search.fields import view
from civicmail.mail.search.query_view import viewer
from mail.search.generated import captures

HEAVY = b"Subject: budget\r\nContent-Type: text/html\r\n\r\n" + b"<p><b>a</b> <i>b</i> <u>c</u></p>" * 800_000
"""It takes its reader several seconds."""
ODD = (
    b"From: =?utf-8?q?=ED=A0=80?= <a@b.example>\r\nDate: Mon, 2 Mar 2026 12:00:00 -0000\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nbudget\r\n"
    b'--b\r\nContent-Type: application/x; name="a.txt"\r\n\r\nplain words\r\n'
    b'--b\r\nContent-Type: application/pdf; name="a.pdf"\r\n\r\n%PDF-1.7 nothing\r\n--b--\r\n'
)


def here(capture: Capture, body: bytes, data: Path) -> View:
    """As it was read without another process."""
    found = message_parser.fields(body)
    said = attachment_text(found, Extracts(data).get)
    seen = view(capture, found, said)
    seen["unreadable"] += said.waiting
    return seen


@pytest.mark.rule(
    "P-25, promise 3",
    "A sandboxed process determines whether a message is under a hold or in an examination's scope, and agrees with the index.",
)
def test_a_limited_process_says_what_the_index_says(tmp_path: Path) -> None:
    """Of mail of many kinds; with files that are known, that wait, and that need no reader."""
    see, made = viewer(tmp_path), list(captures(5, 60))
    made.append((made[0][0], ODD))
    for capture, body in made:
        assert see(capture, body) == here(capture, body, tmp_path)
    assert see(*made[-1])["unreadable"] and "plain words" in str(see(*made[-1])["attachment"])


@pytest.mark.rule(
    "promise 3, promise 4",
    "A message that crashes its reader is in no scope by words, and every hold by words covers it.",
)
def test_what_brings_its_reader_down_is_within_no_scope_by_words_and_no_hold_lets_it_go(tmp_path: Path) -> None:
    """It counts as unreadable, and says no word."""
    ((capture, _),) = captures(5, 1)
    seen = viewer(tmp_path, seconds=1)(capture, HEAVY)
    assert (seen["unreadable"], seen["subject"], seen["body"]) == (1, "", "")


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody is idle."""
    pool = Pool(message_requests.SERVICE, processes=1)
    pool._idle.get()
    monkeypatch.setattr(message_reader, "pool", lambda: pool)
    yield
    pool.close()


def test_while_all_processes_are_busy_nothing_is_said(tmp_path: Path, busy: None) -> None:
    """It is for later, and not outside of a mandate."""
    ((capture, body),) = captures(5, 1)
    with pytest.raises(LaterError):
        viewer(tmp_path, seconds=0.01)(capture, body)
