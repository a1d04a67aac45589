"""What the state of each copy means, for whoever sent it (P-06)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from civicmail.desk.mailbox.views import words
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
    assert set(words.MEANS) == set(words.COPIES) - {"kept"}
