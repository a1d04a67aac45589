"""Earlier correspondents: found in one's own mail alone, those written to first (P-06, P-16)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from desk.mailbox.post import Post, letter
from desk.mailbox.writing import DANA, LENA, STREETS

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


def offered(client: Client, words: str) -> list[list[str]]:
    found: list[list[str]] = client.get("/mail/write/people/", {"q": words}).json()["people"]
    return found


@pytest.mark.rule("P-16", "A correspondent is offered only to those whose own mail has them.")
def test_correspondents_come_from_one_s_own_mail_alone(post: Post, visit: Visit) -> None:
    post.arrive(letter(sender="Anna Berg <anna@paving.example>", to=DANA, subject="Offer"), DANA, sender="anna@paving.example")
    post.submit(
        DANA, letter(sender=f"Dana Ortiz <{DANA}>", to="Anton Paul <anton@works.example>", subject="Order"), "anton@works.example"
    )
    post.index()
    mine = offered(visit("crew0"), "an")
    assert mine[0] == ["Anton Paul <anton@works.example>", "Outside the city"], "those written to come first"
    assert mine[1] == ["Anna Berg <anna@paving.example>", "Outside the city"]
    assert offered(visit("crew0"), "pav berg") == [["Anna Berg <anna@paving.example>", "Outside the city"]]
    assert offered(visit("crew0"), "anna@pav") == [["Anna Berg <anna@paving.example>", "Outside the city"]]
    assert not [line for line, _ in offered(visit("crew1"), "an") if "paving" in line or "works" in line]


def test_colleagues_with_whom_one_had_mail_come_before_others_as_the_directory_has_them(post: Post, visit: Visit) -> None:
    before = [line for line, _ in offered(visit("crew0"), "st")]
    post.submit(
        DANA,
        letter(sender=f"Dana Ortiz <{DANA}>", to=f"Some Street <{STREETS}>, Gone <st.gone@city.example>", subject="Elm"),
        STREETS,
    )
    post.index()
    after = [line for line, _ in offered(visit("crew0"), "st")]
    assert after[0] == f"Streets and Closures <{STREETS}>"
    assert set(after) == set(before), "an address of the city that is gone is not offered"


@pytest.mark.rule("P-25", "Mail that was withheld from a person offers them nobody.")
def test_withheld_mail_names_nobody(post: Post, visit: Visit) -> None:
    post.submit(LENA, letter(sender="Eve <eve@evil.example>", to=DANA), DANA, refused="spoofed")
    post.index()
    assert offered(visit("crew0"), "eve") == []
