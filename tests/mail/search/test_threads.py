"""thread: finds a conversation from any message in it (issue 3; P-24)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope, Fields
from civicmail.core.query.match import matches
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import Tree, View
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.search.fields import thread
from civicmail.mail.search.search import search
from civicmail.mail.search.threads import HIGHEST, resolved
from mail.search.generated import NOW
from mail.search.test_oracle import build

PARK = [
    ("Park", "a@x.example", "", ""),
    ("Re: Park", "b@x.example", "", "a@x.example"),
    ("Re: Re: Park", "c@x.example", "a@x.example b@x.example", "b@x.example"),
    ("from a program that only knows whom it answers", "d@x.example", "", "c@x.example"),
    ("Other", "e@x.example", "", ""),
    ("without any identifier", "", "", ""),
]


def mail(rows: list[tuple[str, str, str, str]]) -> Iterator[tuple[Capture, bytes]]:
    """(subject, Message-ID, References, In-Reply-To)"""
    for n, (subject, own, references, parent) in enumerate(rows):
        lines = [f"Subject: {subject}"]
        lines += [f"Message-ID: <{own}>"] if own else []
        lines += ["References: " + " ".join(f"<{r}>" for r in references.split())] if references else []
        lines += [f"In-Reply-To: <{parent}>"] if parent else []
        body = "\r\n".join([*lines, "", "Text", ""]).encode()
        received = 1_700_000_000_000 + n
        digest = hashlib.sha256(body).digest()
        yield Capture(capture_id(received), received, digest, len(body), bytes(32), Source("mx"), Envelope("", (), received)), body


class Kept:
    """An index, and what stands behind it. asked: ids whose content was read."""

    def __init__(self, data: Path, rows: list[tuple[str, str, str, str]]) -> None:
        made = list(mail(rows))
        self.reader, self.views = build(data, made)
        self._fields = {str(capture.uuid): message_parser.fields(body) for capture, body in made}
        self.asked: list[str] = []

    def read(self, id_: str) -> Fields | None:
        self.asked.append(id_)
        return self._fields.get(id_)

    def tree(self, text: str) -> Tree:
        return resolved(self.reader, parse(text, now=NOW), self.read)

    def found(self, text: str) -> list[str]:
        """The Message-IDs that a query finds, oldest first; index and matches() agree."""
        tree = self.tree(text)
        hits = search(self.reader, tree, sort="oldest", limit=100).hits
        assert [h.id.replace("-", "") for h in hits] == [v["id"] for v in self.views if matches(tree, v)]
        return [v["messageid"] for v in self.views if matches(tree, v)]

    def forget(self) -> None:
        self._fields = {}

    def view(self, message_id: str) -> View:
        return next(v for v in self.views if v["messageid"] == message_id)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path, PARK)


def test_the_first_message_is_the_first_reference_else_whom_it_answers_else_itself() -> None:
    firsts = [thread(message_parser.fields(body)) for _, body in mail(PARK)]
    assert firsts == ["a@x.example", "a@x.example", "a@x.example", "c@x.example", "e@x.example", ""]


@pytest.mark.rule("P-24, promise 8", "thread: finds the whole conversation from any message in it.")
def test_a_conversation_is_found_from_its_first_message_and_from_a_reply(kept: Kept) -> None:
    park = ["a@x.example", "b@x.example", "c@x.example"]
    assert kept.found("thread:<A@x.example>") == park
    assert kept.found("thread:b@x.example") == park
    assert kept.found("thread:d@x.example") == [*park, "d@x.example"]
    assert kept.found("thread:b@x.example -subject:re") == ["a@x.example"]
    assert kept.found("-thread:b@x.example other") == ["e@x.example"]
    assert kept.found("thread:nobody@x.example") == []


def test_a_capture_names_its_conversation_by_id_and_by_hash(kept: Kept) -> None:
    third = kept.view("c@x.example")
    for name in (third["id"], third["sha256"], third["sha256"][:12]):
        assert len(kept.found(f"thread:{name}")) == 3


def test_a_query_without_thread_reads_nothing(kept: Kept) -> None:
    kept.found("park (text OR -subject:re)")
    assert kept.asked == []


def test_what_cannot_be_read_leaves_the_message_that_was_asked_for(kept: Kept) -> None:
    kept.forget()
    assert kept.found("thread:a@x.example") == ["a@x.example", "b@x.example", "c@x.example"]
    assert kept.found("thread:b@x.example") == []


def test_a_circle_of_answers_and_an_endless_chain_come_to_an_end(tmp_path: Path) -> None:
    circle = Kept(tmp_path / "circle", [("x", "p@x", "", "q@x"), ("y", "q@x", "", "p@x")])
    assert circle.found("thread:p@x") == ["p@x", "q@x"]
    chain = Kept(tmp_path / "chain", [("x", f"{n}@x", "", f"{n + 1}@x") for n in range(100)])
    assert len(chain.found("thread:0@x")) <= HIGHEST
