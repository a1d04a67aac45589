"""A line of each message of a list: of what one may read, around the words that were asked for (P-06, promise 4)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.identity import models as identity
from civicmail.core.query.parse import parse
from civicmail.core.sandbox.errors import CRASHED, Unreadable
from civicmail.desk.mailbox import snippets
from civicmail.desk.mailbox.snippets import MAX_LINE, Piece
from civicmail.desk.viewer import sandboxed
from civicmail.desk.viewer.message_requests import ReadPreviews
from civicmail.mail.archive.records import uuid_text
from desk.mailbox.post import Post, letter
from desk.mailbox.test_pages import DANA, LENA
from pages.world import Town

Visit = Callable[[str], Client]
NOW = datetime(2026, 3, 2, tzinfo=UTC)
ACME = "acme@paving.example"


def test_a_line_is_where_the_word_stands_else_how_the_message_begins() -> None:
    text = f"Good morning, {'and so on ' * 30}the kestrel flies over Elm Street."
    words = snippets.words_of(parse("kestrel OR elm -morning subject:good", now=NOW))
    assert words == ("kestrel", "elm")
    assert snippets.line(text)[0].text.startswith("Good morning, and so on")
    found = snippets.line(text, words)
    assert found[0] == Piece("…") and Piece("kestrel", True) in found and Piece("Elm", True) in found
    assert snippets.line("") == []


def test_what_is_quoted_hidden_or_too_large_is_no_line() -> None:
    body = "From: a@b.example\r\n\r\n> old words\r\nnew\u202e   words\r\nof mine\r\n".encode()
    large = b"From: a@b.example\r\n\r\n" + b"x" * snippets.MAX_READ
    assert snippets.texts_of([body, large, body.replace(b"mine", b"hers")]) == ["new words of mine", "", "new words of hers"]
    assert snippets.texts_of([]) == []


@pytest.mark.rule("P-06", "A message that stops its reader costs no other message its line.")
def test_a_message_that_stops_its_reader_costs_no_other_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    fine = b"From: a@b.example\r\n\r\nfine\r\n"
    requests = []

    def ask(request: ReadPreviews, content: bytes) -> list[str]:
        requests.append(request.sizes)
        if b"evil" in content:
            raise Unreadable(CRASHED)
        return ["fine"] * len(request.sizes)

    monkeypatch.setattr(sandboxed, "_ask", ask)
    assert snippets.texts_of([fine, b"evil", fine]) == ["fine", "", "fine"]
    assert len(requests) == 4, "once together, then each by itself"


@given(st.text(max_size=600), st.lists(st.text("abc (.*", min_size=1, max_size=4), max_size=4))
def test_a_line_is_part_of_the_text_whatever_was_asked_for(text: str, words: list[str]) -> None:
    pieces = snippets.line(text, words)
    shown = "".join(piece.text for piece in pieces).removeprefix("…").removesuffix("…")
    assert shown in text + "…" and len(shown) <= MAX_LINE


def _asked(client: Client, *ids: str, q: str = "") -> dict[str, str]:
    answer = client.get("/mail/lines/", {"id": list(ids), "q": q})
    assert answer.status_code == 200 and answer["Cache-Control"] == "private, no-store"
    return {id_: "".join(text for text, _ in pieces) for id_, pieces in answer.json()["lines"].items()}


@pytest.mark.rule("P-06, promise 4", "A list shows a line of messages that the person may read now, and of no others.")
@pytest.mark.django_db
def test_lines_are_of_what_somebody_may_read_and_of_nothing_else(post: Post, visit: Visit, city: Town) -> None:
    """Of another's message, one that was kept back, and one that is not there nothing is said, whoever asked first."""
    mine = post.arrive(letter(sender=ACME, to=DANA, text="The asphalt is black."), DANA)
    hers = post.arrive(letter(sender=ACME, to=LENA, text="The secret is out."), LENA)
    identity.Authorization.objects.filter(person=city.people["crew1"]).update(state="suspended", since=city.now)
    held = Post(post.data, city).arrive(letter(sender=ACME, to=LENA, text="The secret price."), LENA)
    identity.Authorization.objects.filter(person=city.people["crew1"]).update(state="active")
    post.index()
    ids = [*map(uuid_text, (mine, hers, held)), str(uuid.UUID(int=7))]
    assert _asked(visit("crew1"), *ids) == {ids[1]: "The secret is out."}
    assert _asked(visit("crew0"), *ids, q="asphalt") == {ids[0]: "The asphalt is black."}
    assert _asked(visit("crew0"), "nonsense", *ids) == {} == _asked(visit("crew0"))
