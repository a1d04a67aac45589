"""What the city's mail system wrote is listed under the city's name, by how it came in and never by what it says (P-25)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from civicmail.city.notices.message import NoticeContent, build
from civicmail.mail.archive.records import uuid_text
from desk.mailbox.post import Post, letter
from desk.mailbox.test_pages import DANA, text

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
HOST = "mail.city.example"
NAME, ADDRESS = "Sample City mail system", f"MAILER-DAEMON@{HOST}"
_ROW = re.compile(r'<td role="cell" class="cm-with[^"]*">(.*?)</td>.*?<bdi dir="auto">(.*?)</bdi>', re.DOTALL)


def notice(subject: str) -> bytes:
    return build(NoticeContent(subject, DANA, subject, "Please answer until Friday.", 1_772_452_800_000), "Sample City", HOST)


def senders(client: Client, page: str = "/mail/") -> dict[str, str]:
    """Subject of each row -> whom it is from."""
    found = client.get(page).content.decode()
    return {text(subject): text(who).removeprefix("Unread ").replace(" @", "@") for who, subject in _ROW.findall(found)}


def main(client: Client, page: str) -> str:
    """The words of a page, without its menu."""
    return text(client.get(page).content.decode().partition("<main")[2].partition("</main>")[0])


@pytest.fixture
def came(post: Post) -> dict[str, str]:
    """A notice of ours and a report about delivery, a foreign one, and three that only say that they are ours: ids by subject."""
    bounce = letter(to=DANA, sender=f"Mail Delivery System <{ADDRESS}>", subject="Your message could not be delivered")
    foreign = letter(to=DANA, sender="Sample City mail system <MAILER-DAEMON@mx.paving.example>", subject="Undelivered")
    kept = {
        "Notice": post.arrive(notice("Notice"), DANA, sender="", kind="local"),
        "Your message could not be delivered": post.arrive(bounce, DANA, sender="", kind="local"),
        "Undelivered": post.arrive(foreign, DANA, sender=""),
        "Forged": post.arrive(notice("Forged"), DANA, sender=""),
        "Relayed": post.arrive(notice("Relayed"), DANA, sender="", kind="relay"),
        "Brought in": post.bring(notice("Brought in"), DANA),
    }
    for id_ in [id_ for subject, id_ in kept.items() if subject != "Brought in"]:
        post.delivered(id_, 0)
    post.index()
    return {subject: uuid_text(id_) for subject, id_ in kept.items()}


@pytest.mark.rule("P-25", "Mail of the city's mail system is listed under the city's name, by its source and never by its claims.")
def test_the_list_names_the_city_where_it_wrote_and_nobody_else_so(came: dict[str, str], visit: Visit) -> None:
    """A forged one is listed by its address like anybody's, and so is what another system bounced."""
    assert senders(visit("crew0")) == {
        "Notice": NAME,
        "Your message could not be delivered": "Mail Delivery System",
        "Undelivered": "MAILER-DAEMON@mx.paving.example",
        "Forged": ADDRESS,
        "Relayed": ADDRESS,
        "Brought in": ADDRESS,
    }


def test_the_page_of_a_message_says_that_the_system_itself_wrote_it(came: dict[str, str], visit: Visit) -> None:
    client = visit("crew0")
    pages = {subject: main(client, f"/mail/{id_}/") for subject, id_ in came.items()}
    assert {subject for subject, page in pages.items() if "Written by the city’s mail system itself" in page} == {
        "Notice",
        "Your message could not be delivered",
    }
    assert "Forward" in pages["Notice"] and not {"Reply", "Verify"} & set(pages["Notice"].split()), "nobody would read it"
    assert {"Reply", "Verify", "Forward"} <= set(pages["Forged"].split())
