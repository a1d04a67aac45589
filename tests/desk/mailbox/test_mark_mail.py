"""What somebody makes of mail of theirs: read, starred, hidden, labeled; others see none of it, the archive has all (P-15)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.core.query.parse import parse
from civicmail.core.query.scopes import received_by
from civicmail.core.query.tree import And
from civicmail.desk.mailbox import mail_list, pagination
from civicmail.desk.mailbox.actions import mark_mail
from civicmail.desk.mailbox.models import Label, Sheet, shelves
from civicmail.desk.viewer.queries import store
from civicmail.mail.archive.records import uuid_text
from civicmail.mail.search.search import search
from desk.mailbox.post import Post, letter
from desk.mailbox.test_pages import DANA, LENA, ROSA, labels_of, rows, said
from desk.mailbox.test_pages import text as said_of
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
ACME = "acme@paving.example"


@pytest.fixture
def three(post: Post) -> list[str]:
    """Three messages to Dana and Lena, the oldest first; their ids."""
    found = []
    for n in range(3):
        id_ = post.arrive(letter(sender=ACME, to=DANA, subject=f"Offer {n}", text=f"asphalt {n}"), DANA, LENA, sender=ACME)
        post.delivered(id_, 0, 1)
        found.append(uuid_text(id_))
    post.index()
    return found


def keep(client: Client, act: str, *ids: str, **more: str) -> str:
    answer = client.post("/mail/keep/", {"act": act, "row": list(ids), "next": "/mail/", **more}, follow=True)
    assert answer.status_code == 200
    return said(answer)


def unread(client: Client) -> list[str]:
    return rows(client, "?state=unread")


@pytest.mark.rule(
    "P-15",
    "Hiding affects one's own lists and searches only: others see the message, the archive has it, an examination includes it.",
)
def test_what_i_hide_is_out_of_my_lists_and_searches_and_out_of_nothing_else(three: list[str], visit: Visit, city: Town) -> None:
    """It stays in the archive, in others' lists, and is found under a mandate."""
    dana, lena = visit("crew0"), visit("crew1")
    assert "1 message is in Archive now." in keep(dana, "hide", three[1])
    assert rows(dana) == rows(dana, "?q=asphalt") == ["Offer 2", "Offer 0"]
    assert rows(dana, "?state=hidden") == ["Offer 1"]
    assert "2 of 2 messages" in said(dana.get("/mail/?q=asphalt"))
    assert "1 in Archive" in said(dana.get("/mail/"))
    assert "archive keeps it" in said(dana.get("/mail/?state=hidden"))
    assert "Offer 1" not in dana.get("/mail/?format=csv").getvalue().decode()  # type: ignore[attr-defined]
    assert dana.get(f"/mail/{three[1]}/").status_code == 200
    assert rows(lena) == ["Offer 2", "Offer 1", "Offer 0"]
    scope = And((received_by([DANA]), parse("asphalt", now=datetime.fromtimestamp(epoch_ms(city.now) / 1000, UTC))))
    assert len(search(store().reader(), scope, limit=9).hits) == 3  # as a mandate about Dana asks
    assert "1 message is in the inbox again." in keep(dana, "show", three[1])
    assert rows(dana) == ["Offer 2", "Offer 1", "Offer 0"]


@pytest.mark.rule(
    "P-06, promise 4",
    "Labels, stars, read and hidden marks belong to the person who made them; others neither see them nor search by them.",
)
def test_what_one_person_makes_of_mail_nobody_else_sees(three: list[str], visit: Visit) -> None:
    """Promise 4: labels, stars, read and hidden are of the person who made them, not of the message."""
    dana, lena = visit("crew0"), visit("crew1")
    keep(dana, "label", *three, name="Fishy offers")
    keep(dana, "star", *three)
    keep(dana, "read", *three)
    label = Label.objects.get()
    for path in ("/mail/", f"/mail/{three[0]}/", "/mail/labels/", f"/mail/?label={label.pk}", "/mail/?q=label:fishy"):
        page = lena.get(path)
        assert b"Fishy" not in page.content.replace(b"label:fishy", b"") and b"Starred </span>" not in page.content, path
    assert rows(lena, "?q=label:fishy") == []
    assert rows(lena, "?state=starred") == [] and len(rows(lena, f"?label={label.pk}")) == 3  # no label of hers: not said
    assert lena.get(f"/mail/labels/{label.pk}/").status_code == lena.post(f"/mail/labels/{label.pk}/remove/").status_code == 404
    assert "Choose one of your labels." in keep(lena, "label", three[0], label=str(label.pk))
    assert len(unread(lena)) == 2 and unread(dana) == []  # one of hers was opened above


@pytest.mark.rule("P-07, promise 4", "Acts on a message that is not one's own are refused, even with its id.")
def test_nothing_can_be_made_of_mail_that_is_not_mine(post: Post, three: list[str], visit: Visit) -> None:
    """An id that somebody knows leaves no trace under their name."""
    others = uuid_text(post.submit(LENA, letter(sender=LENA, to=ROSA, subject="Secret"), ROSA))
    post.index()
    dana = visit("crew0")
    assert "choose one or more messages first" in keep(dana, "star", others, "nonsense", "0" * 32)
    assert "choose one or more messages first" in keep(dana, "nonsense", three[0])
    assert "1 message has a star now." in keep(dana, "star", others, three[0])
    assert shelves.ids_on(shelves.starred_of(_person("p-crew0"))) == frozenset({bytes.fromhex(three[0].replace("-", ""))})
    assert (
        dana.post("/mail/keep/", {"act": "star", "row": three[0], "next": "//evil.example/mail/"}).headers["Location"] == "/mail/"
    )


@pytest.mark.rule("P-06", "To open a message marks it read, and it can be marked unread.")
def test_to_open_a_message_marks_it_read_and_it_can_be_marked_unread(three: list[str], visit: Visit) -> None:
    dana = visit("crew0")
    assert unread(dana) == ["Offer 2", "Offer 1", "Offer 0"]
    assert "3 unread" in said(dana.get("/mail/"))
    assert dana.get(f"/mail/{three[2]}/").status_code == 200
    assert unread(dana) == ["Offer 1", "Offer 0"] and rows(dana) == ["Offer 2", "Offer 1", "Offer 0"]
    assert "1 message is marked as unread." in keep(dana, "unread", three[2])
    assert len(unread(dana)) == 3
    assert "3 messages are marked as read." in keep(dana, "all-read")
    assert unread(dana) == [] and "unread" not in said(dana.get("/mail/")).replace("Mark unread", "").replace("Unread Starred", "")


def test_the_menu_says_how_much_is_unread_at_once_after_somebody_read_something(three: list[str], visit: Visit) -> None:
    """And between two looks at the mail it is not counted again on each page."""
    dana = visit("crew0")

    def count() -> str:
        found = re.search(r'<a href="/mail/"[^>]*>.*?</a>', dana.get("/my/access/").content.decode(), re.DOTALL)
        return said_of(found[0]) if found else ""

    assert count() == "My mail 3 open"
    dana.get(f"/mail/{three[0]}/")
    assert count() == "My mail 2 open"
    keep(dana, "all-read")
    assert count() == "My mail"


def test_mail_that_is_older_than_a_quarter_counts_as_read_and_so_does_what_i_sent(post: Post, visit: Visit, city: Town) -> None:
    """What is remembered of reading has an end."""
    now = post.now
    post.now = shelves.oldest_unread(now) - 2000
    post.delivered(post.arrive(letter(sender=ACME, to=DANA, subject="Old"), DANA), 0)
    post.now = now
    post.delivered(post.submit(DANA, letter(sender=DANA, to=DANA, subject="To myself"), DANA), 0)
    post.bring(letter(sender=ACME, to=DANA, subject="Brought"), DANA)
    post.index()
    assert unread(visit("crew0")) == []
    old, new = shelves.oldest_unread(now) - 1, now
    mark_mail.set_read([_id(old), _id(new)], {}, read=True, actor=Actor("p-crew0"), now=now)
    assert shelves.ids_on(shelves.read_of(_person("p-crew0"))) == frozenset({_id(new)})


@pytest.mark.rule(
    "P-06",
    "A message can have several labels, and `label:` finds them with all that lie below, beside any other word.",
)
@pytest.mark.parametrize("few", [300, 0])
def test_a_message_can_have_several_labels_and_words_find_them(
    three: list[str], visit: Visit, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """In the list, with label: in the words, together with anything else, and with what lies below."""
    monkeypatch.setattr(pagination, "MAX_QUERY_IDS", few)
    monkeypatch.setattr(mail_list, "MAX_QUERY_IDS", few)
    dana = visit("crew0")
    keep(dana, "label", three[0], three[1], name="Projects/Bridge 5")
    keep(dana, "label", three[1], name=" projects /  Ärger ")
    assert [mark.name for mark in shelves.labels_of(_person("p-crew0"))] == ["projects/Ärger", "Projects/Bridge 5"]
    assert rows(dana, "?q=label:projects") == ["Offer 1", "Offer 0"]
    assert rows(dana, '?q=label:"bridge 5" -label:arger') == ["Offer 0"]
    assert rows(dana, "?q=-label:projects") == ["Offer 2"]
    assert rows(dana, "?q=label:nowhere OR asphalt 2") == ["Offer 2"]
    label = Label.objects.get(name="Projects/Bridge 5")
    assert rows(dana, f"?label={label.pk}&q=asphalt") == ["Offer 1", "Offer 0"]
    assert re.search(r"\[<bdi>projects/Ärger</bdi>\]", dana.get("/mail/").content.decode())
    assert "The label is off 1 message." in keep(dana, "unlabel", three[0], label=str(label.pk))
    assert rows(dana, f"?label={label.pk}") == ["Offer 1"]


@pytest.mark.rule("P-06", "A label is renamed with all below it, and removed without its messages.")
def test_labels_are_renamed_with_all_below_them_and_removed_without_their_messages(three: list[str], visit: Visit) -> None:
    dana = visit("crew0")
    keep(dana, "label", three[0], name="Work/Roads")
    assert "The label Work is there." in said(dana.post("/mail/labels/", {"name": "Work"}, follow=True))
    assert dana.post("/mail/labels/", {"name": " / "}).status_code == 422
    keep(dana, "label", three[1], name="Other")
    work, other = Label.objects.get(name="Work"), Label.objects.get(name="Other")
    assert "is called Works" in said(dana.post(f"/mail/labels/{work.pk}/", {"name": "Works"}, follow=True))
    assert rows(dana, "?q=label:works") == ["Offer 0"]
    assert dana.post(f"/mail/labels/{other.pk}/", {"name": "WORKS/roads"}).status_code == 409
    assert "lie in it" in said(dana.get(f"/mail/labels/{work.pk}/remove/"))
    renamed = dana.post(f"/mail/labels/{work.pk}/remove/", {"name": "Work"})
    assert renamed.status_code == 409 and "it was changed in the meantime" in said(renamed)
    shown = re.findall(r'name="name" value="([^"]*)"', renamed.content.decode())
    assert shown == ["Works"], "whoever has looked at it again can remove it"
    assert "Works is removed" in said(dana.post(f"/mail/labels/{work.pk}/remove/", {"name": shown[0]}, follow=True))
    assert [mark.name for mark in shelves.labels_of(_person("p-crew0"))] == ["Other"]
    assert Sheet.objects.filter(shelf__startswith="label:").count() == 1 and len(rows(dana)) == 3


def test_names_trade_places_and_there_is_an_end_to_them(city: Town) -> None:
    now, dana = epoch_ms(city.now), Actor("p-crew0")
    one = mark_mail.make_label("a/b", actor=dana, now=now)
    assert mark_mail.make_label("A/B", actor=dana, now=now).pk == one.pk
    assert mark_mail.rename_label(one.pk, "A/B", actor=dana, now=now).name == "A/B"
    for name in ("", "x" * 121, "/".join("abcdefg")):
        with pytest.raises(Unusable):
            mark_mail.make_label(name, actor=dana, now=now)
    mark_mail.make_label("c", actor=dana, now=now)
    with pytest.raises(Conflict):
        mark_mail.rename_label(one.pk, "C", actor=dana, now=now)


@pytest.mark.rule("promise 8", "Paging works forwards and backwards alike, for ids from the index and for single checks.")
@pytest.mark.parametrize("few", [300, 0])
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_pages_turn_alike_whether_ids_are_asked_of_the_index_or_looked_at(
    post: Post, visit: Visit, monkeypatch: pytest.MonkeyPatch, few: int, order: str
) -> None:
    """Forwards, back and counted, with what is hidden left out."""
    monkeypatch.setattr(pagination, "MAX_QUERY_IDS", few)
    monkeypatch.setattr("civicmail.desk.mailbox.mail_list.PER_PAGE", 3)
    made = [post.arrive(letter(sender=ACME, to=DANA, subject=f"No {n}"), DANA) for n in range(9)]
    post.index()
    mark_mail.set_hidden([made[4], made[8]], hidden=True, actor=Actor("p-crew0"), now=post.now)
    dana, pages, address = visit("crew0"), [], f"/mail/?sort={order}"
    while address:
        page = dana.get(address).content.decode()
        pages.append(rows(dana, address.removeprefix("/mail/")))
        assert "of 7" in page
        address = _link(page, "next")
    numbers = [7, 6, 5, 3, 2, 1, 0] if order == "newest" else [0, 1, 2, 3, 5, 6, 7]
    assert pages == [[f"No {n}" for n in part] for part in (numbers[:3], numbers[3:6], numbers[6:])]
    back = _link(page, "prev")
    assert rows(dana, back.removeprefix("/mail/")) == pages[1]


def test_an_act_can_be_about_all_that_match(post: Post, three: list[str], visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the page, and nothing else of the person's mail."""
    post.arrive(letter(sender=ACME, to=DANA, subject="Lunch"), DANA)
    post.index()
    monkeypatch.setattr("civicmail.desk.mailbox.mail_list.PER_PAGE", 2)
    dana = visit("crew0")
    assert "All 3 that match" in said(dana.get("/mail/?q=asphalt"))
    answer = dana.post("/mail/keep/", {"act": "read", "row": three[0], "all": "yes", "next": "/mail/?q=asphalt"}, follow=True)
    assert "3 messages are marked as read." in said(answer)
    assert unread(dana) == ["Lunch"]
    assert "Nothing was changed" in keep(dana, "read", all="yes", next="/mail/?q=nowhere")
    assert "Mark 1 message as spam?" in keep(dana, "spam", three[0], all="yes")


@pytest.mark.rule("P-02, P-31", "Several messages are reported as spam after a confirmation; mail from inside is left out.")
def test_several_are_reported_as_spam_after_a_question(post: Post, three: list[str], visit: Visit) -> None:
    """Nothing is said of mail that did not come from outside."""
    inside = uuid_text(post.submit(LENA, letter(sender=LENA, to=DANA, subject="Lunch"), DANA))
    post.index()
    dana = visit("crew0")
    assert "none is spam" in keep(dana, "spam", inside)
    asked = keep(dana, "spam", *three[:2], inside)
    assert "Mark 2 messages as spam?" in asked and "Report 2 messages as spam" in asked
    assert "The filter learns from it" in keep(dana, "spam", *three[:2], sure="yes")
    assert {(uuid_text(id_), label, by) for id_, label, by, _ in labels_of(post)} == {(id_, "spam", "p-crew0") for id_ in three[:2]}


@pytest.mark.rule("P-06", "Letters are keys on every page that has some or on none: one switch for each person.")
def test_letters_are_keys_only_where_somebody_switched_them_on(three: list[str], visit: Visit) -> None:
    """One switch for all pages (WCAG 2.1.4)."""
    dana = visit("crew0")
    assert b"data-keys" not in dana.get("/mail/").content
    assert "Letter keys are on" in said(dana.post("/my/keys/", {"keys": "on", "next": "//elsewhere.example/"}, follow=True))
    assert b"data-keys" in dana.get("/mail/").content and b"data-keys" not in visit("crew1").get("/mail/").content
    dana.post("/my/keys/", {"keys": "off"})
    assert b"data-keys" not in dana.get("/mail/").content


def _link(page: str, rel: str) -> str:
    found = re.search(rf'href="([^"]*)" rel="{rel}"', page)
    return html.unescape(found[1]) if found else ""


def _id(at: int) -> bytes:
    return at.to_bytes(6) + b"\x70" + bytes(9)


def _person(uid: str) -> Any:
    return Person.objects.get(uid=uid).pk
