"""What the state of each copy means, for whoever sent it (P-06)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args

import pytest
from django.test import Client

from civicmail.desk.mailbox.views import words
from civicmail.mail.archive.envelopes import State
from civicmail.mail.archive.records import Type, uuid_text
from desk.mailbox.post import Post, letter
from desk.mailbox.test_pages import DANA, LENA, said

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


def test_each_state_of_a_copy_says_what_it_means_to_whoever_sent_it(post: Post, visit: Visit) -> None:
    """Held, tried again, not taken, called off, delivered: a sentence beside each word, and none of it for who got a copy."""
    id_ = post.submit(DANA, letter(sender=DANA, to=LENA), *(f"x{n}@paving.example" for n in range(4)), LENA)
    post.happens(Type.HELD, id_, 0, actor="p-office", reason="look")
    post.happens(Type.ATTEMPT, id_, 1, hop="smtp://192.0.2.9:25", **{"try": 1})
    post.happens(Type.DEFERRED, id_, 1, hop="smtp://192.0.2.9:25", reply="451 4.7.1 later", next=post.now + 60_000, **{"try": 1})
    post.happens(Type.FAILED, id_, 2, reply="550 5.1.1 no such user", dsn=0, **{"try": 1})
    post.happens(Type.CANCELLED, id_, 3, actor="p-office", reason="not meant")
    post.delivered(id_, 4)
    page = said(visit("crew0").get(f"/mail/{uuid_text(id_)}/delivery/"))
    for state in ("held", "deferred", "failed", "cancelled", "delivered"):
        assert str(words.MEANS[state]) in page, state
    assert not any(
        str(sentence) in said(visit("crew1").get(f"/mail/{uuid_text(id_)}/delivery/")) for sentence in words.MEANS.values()
    )
    assert set(words.MEANS) == {*get_args(State), "pending", "quarantine"} - {"kept"}


ENDED = {
    "Failed": ((Type.CANCELLED, {"actor": "p-head", "reason": "the files were not approved: Which plan is it?"}),) * 2,
    "Partly delivered": (
        (Type.FAILED, {"reply": "550 5.1.1 no such user", "dsn": 0, "try": 1}), (Type.DELIVERED, {"reply": "250", "try": 1}),
    ),
    "Delivered": ((Type.DELIVERED, {"reply": "250 2.0.0 stored", "try": 1}),) * 2,
}  # fmt: skip


@pytest.mark.rule(
    "P-06",
    "The state of a message is the same word in the list and on its pages; a held, undelivered or forecast message is "
    "never called sent or delivered.",
)
@pytest.mark.parametrize("word", ENDED)
def test_the_list_and_the_page_of_a_message_say_the_same(post: Post, visit: Visit, word: str) -> None:
    """A message that nobody got, because its files were not approved, had no state on its own page."""
    id_ = post.submit(DANA, letter(sender=DANA, to=LENA, subject="Detour"), "x0@paving.example", "x1@paving.example")
    for n, (type_, facts) in enumerate(ENDED[word]):
        post.happens(type_, id_, n, **facts)
    post.index()
    client = visit("crew0")
    listed = re.search(r"Detour.*?</tr>", client.get("/mail/?direction=sent").content.decode(), re.DOTALL)
    assert listed is not None
    page = client.get(f"/mail/{uuid_text(id_)}/").content.decode()
    for html in (listed[0], page.partition("cm-title")[2].partition("</div>")[0]):
        shown = [w for w in ENDED if re.search(rf">\s*{w}\s*<", html)]
        assert shown == [word]


def test_a_question_to_check_was_sent_to_nobody(post: Post, visit: Visit) -> None:
    """In the list it stood as sent to whom it names."""
    id_ = post.submit(DANA, letter(sender=DANA, to="x@paving.example", subject="Detour"), "check@city.example")
    post.index()
    for path in ("/mail/?direction=sent", f"/mail/{uuid_text(id_)}/"):
        assert "Forecast" in said(visit("crew0").get(path)), path


def test_why_a_copy_was_called_off_is_said_in_the_language_of_the_page(post: Post, visit: Visit) -> None:
    """The record says it in English and in small letters, with the words of whoever decided behind a colon."""
    id_ = post.submit(DANA, letter(sender=DANA, to=LENA), "x0@paving.example", "x1@paving.example")
    post.happens(Type.CANCELLED, id_, 0, actor="p-head", reason="the files were not approved: Which plan is it?")
    post.happens(Type.CANCELLED, id_, 1, actor="p-head", reason="not meant: look")
    client = visit("crew0")
    page = said(client.get(f"/mail/{uuid_text(id_)}/delivery/"))
    assert "The files were not approved. Which plan is it?" in page and "the files were not approved" not in page
    assert "It was decided that it does not go. not meant: look" in page
    client.post("/language/", {"language": "es", "next": "/"})
    assert "No se aprobaron los archivos. Which plan is it?" in said(client.get(f"/mail/{uuid_text(id_)}/delivery/"))
