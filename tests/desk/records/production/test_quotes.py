"""What is withheld whole is found again where a reply quotes it, whatever the mail program did to its lines."""

from __future__ import annotations

import pytest

from civicmail.core.redaction.read import document_of
from civicmail.desk.records.production.quotes import passages, passages_of

BID = """The alloy for the joints has 61 parts of tin and
what else it has only our foundry in the valley knows.
Thank you for asking us.
"""


def mail(body: str) -> bytes:
    head = "From: Zoe Dufresne <zoe@city.example>\nSubject: The bid for the joints of Elm Street\n"
    return (f"{head}Content-Type: text/plain; charset=utf-8\n\n{body}").replace("\n", "\r\n").encode()


def is_quoted(body: str, withheld: str = BID) -> bool:
    hidden = passages(document_of(mail(withheld), "message.eml"), is_message=True)
    words = [word.text for word in document_of(mail(body), "message.eml").words]
    return not hidden.isdisjoint(passages_of(words))


@pytest.mark.rule("P-21", "What is withheld does not leave as a quote in a reply to it.")
@pytest.mark.parametrize(
    "body",
    [
        "I see.\n> The alloy for the joints has 61 parts of tin and\n> what else it has only our foundry in the valley knows.\n",
        "I see.\n\n-----Original Message-----\nFrom: Zoe\n\nThe alloy for the joints has 61 parts of tin and what else it has",
        ">> THE ALLOY FOR THE JOINTS\n>> has 61 parts, of tin!\n",
        "You wrote that what else it has only our foundry knows? No: it has only our foundry in the valley knows, you wrote.",
    ],
)
def test_r14_a_quote_is_found(body: str) -> None:
    assert is_quoted(body)


@pytest.mark.parametrize(
    "body",
    [
        "Thank you for asking us.",
        "The alloy for the joints is a secret, so we cannot say which parts it has.",
        "The bid for the joints of Elm Street came from Zoe Dufresne.",
    ],
)
def test_r14_a_phrase_that_everybody_writes_and_the_header_are_no_quote(body: str) -> None:
    assert not is_quoted(body)


def test_r14_a_short_line_that_tells_something_is_a_passage_and_one_that_tells_nothing_is_none() -> None:
    assert is_quoted("Yes: the code is 4711. Bye.", "the code is 4711\n")
    assert not is_quoted("Yes: see you there then. Bye.", "see you there then\n")
