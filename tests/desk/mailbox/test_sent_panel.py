"""The page of a message of one's own follows its copies without a reload, and tells what happened (P-06)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from civicmail.mail.archive.records import Type, uuid_text
from desk.mailbox.post import Post, letter
from desk.mailbox.test_pages import DANA, LENA, said

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
ASKED = {"HX-Request": "true", "HX-Request-Type": "partial", "X-Poll": "1"}


def address_of_part(html: str) -> tuple[str, str]:
    """What script asks for, and how often."""
    polls = re.search(r'id="sent-state" hx-get="([^"]*)" hx-trigger="every (\d+)s"', html)
    return (polls[1], polls[2]) if polls else ("", "")


@pytest.mark.rule("P-06", "The page of a sent message follows its copies without a reload until nothing changes by itself.")
def test_the_page_follows_the_copies(post: Post, visit: Visit) -> None:
    """Often while one is on its way, seldom while another server delays it, and never once all have an end. What has not changed
    is not sent again."""
    id_ = post.submit(DANA, letter(sender=DANA, to=LENA, subject="Detour"), "x0@paving.example", "x1@paving.example")
    client, page = visit("crew0"), f"/mail/{uuid_text(id_)}/"
    part, seconds = address_of_part(client.get(page).content.decode())
    assert part.startswith(f"{page}?shown=") and seconds == "3"
    same = client.get(part, headers=ASKED)
    assert (same.status_code, same.content) == (204, b"")
    post.delivered(id_, 0)
    post.happens(Type.ATTEMPT, id_, 1, hop="smtp://192.0.2.9:25", **{"try": 1})
    post.happens(Type.DEFERRED, id_, 1, hop="smtp://192.0.2.9:25", reply="451 later", next=post.now + 60_000, **{"try": 1})
    answer = client.get(part, headers=ASKED)
    html = answer.content.decode()
    assert "<html" not in html and 'data-say="1 of 2 recipients have it. 1 is on its way."' in html
    assert 'hx-swap-oob="innerHTML:#state"' in html and "Delivered to x0@paving.example." in said(answer)
    part, seconds = address_of_part(html)
    assert seconds == "30" and client.get(part, headers=ASKED).status_code == 204
    post.delivered(id_, 1)
    html = client.get(part, headers=ASKED).content.decode()
    assert address_of_part(html) == ("", "") and "Delivered to all 2 recipients" in html


@pytest.mark.rule("P-06", "Only the sender of a message is told how its copies stand.")
def test_a_recipient_is_not_told(post: Post, visit: Visit) -> None:
    id_ = post.submit(DANA, letter(sender=DANA, to=LENA), LENA)
    post.delivered(id_, 0)
    page = f"/mail/{uuid_text(id_)}/"
    assert visit("crew1").get(page, headers=ASKED).status_code in (204, 404)
    assert "sent-state" not in visit("crew1").get(page).content.decode()
    assert "sent-state" in visit("crew0").get(page, headers={**ASKED, "HX-Request-Type": "full"}).content.decode(), "beside a list"


@pytest.mark.rule("P-06", "The history of a message tells its sender each outcome in a sentence, newest first.")
def test_the_history_tells_each_outcome(post: Post, visit: Visit) -> None:
    """Deliveries within a minute are one line; a retry is told while it lasts."""
    to = [f"x{n}@paving.example" for n in range(5)]
    id_ = post.submit(DANA, letter(sender=DANA, to=LENA, Message_ID="<a1@city.example>"), *to)
    post.delivered(id_, 0)
    post.delivered(id_, 1)
    post.happens(Type.FAILED, id_, 2, reply="550 5.1.1 no such user", dsn=0, **{"try": 1})
    post.happens(Type.CANCELLED, id_, 3, actor="p-office", reason="not meant")
    post.happens(Type.DEFERRED, id_, 4, hop="smtp://192.0.2.9:25", reply="451 later", next=post.now + 60_000, **{"try": 2})
    post.arrive(letter(sender="x0@paving.example", to=DANA, In_Reply_To="<a1@city.example>"), DANA, sender="x0@paving.example")
    post.index()
    html = visit("crew0").get(f"/mail/{uuid_text(id_)}/").content.decode()
    told = re.findall(r"<li><time[^>]*>[^<]*</time> (.*?)</li>", html.partition('id="sent-history"')[2])
    assert told == [
        "x0@paving.example answered.",
        "Tried 2 times to deliver to x4@paving.example.",
        "Canceled for x3@paving.example.",
        "Delivery to x2@paving.example failed.",
        "Delivered to 2 recipients.",
        "You sent it.",
    ]
