"""The pages of one's own mail (P-06; promise 4): what is in the list, how it stands, what a query may ask."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from civicmail.city.directory import models as directory
from civicmail.city.guard.actions.entries import enter
from civicmail.city.guard.actors import Actor
from civicmail.city.identity import models as identity
from civicmail.core.disk.tail import Tail
from civicmail.desk.mailbox import mail_list
from civicmail.mail.archive.records import Event, Type, uuid_text
from desk.mailbox.post import Post, letter
from pages.world import Town

pytestmark = pytest.mark.django_db
DANA, LENA, PAT, ROSA = (f"{n}@city.example" for n in ("dana.ortiz", "lena.vogt", "pat.nguyen", "rosa.hale"))
STREETS = "signals@city.example"
Visit = Callable[[str], Client]
_ROW = re.compile(
    r'<th role="rowheader"[^>]*><a href="(/mail/[0-9a-f-]+/)"><bdi dir="auto">(.*?)</bdi></a>.*?</th>\s*<td role="cell">(.*?)</td>'
)


def listed(client: Client, query: str = "?direction=all") -> list[tuple[str, str]]:
    """(subject, state) of the list, in order; without a query of all mail."""
    response = client.get(f"/mail/{query}")
    assert response.status_code == 200
    return [(text(subject), text(state)) for _, subject, state in _ROW.findall(response.content.decode())]


def rows(client: Client, query: str = "?direction=all") -> list[str]:
    return [subject for subject, _ in listed(client, query)]


def text(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def said(response: Any) -> str:
    return text(response.content.decode())


@pytest.fixture
def filled(post: Post) -> Post:
    """Dana (crew0) and Lena (crew1), a stranger, an import, and mail that is nobody's of theirs."""
    post.delivered(post.submit(DANA, letter(sender=DANA, to=LENA, subject="From Dana"), LENA), 0)
    post.arrive(letter(sender="acme@paving.example", to=DANA, subject="To Dana"), DANA)
    post.arrive(letter(sender=DANA, to="x@y.example", subject="Forged as Dana"), ROSA, sender=DANA)
    post.bring(letter(sender=LENA, to="old@city.example", subject="Dana brought this"), DANA)
    post.bring(letter(sender=DANA, to=DANA, subject="Lena brought this"), LENA, to=(DANA,))
    post.submit(LENA, letter(sender=LENA, to=PAT, subject="Between others"), PAT)
    post.index()
    return post


@pytest.mark.rule(
    "P-06",
    "My mail contains messages that my mailboxes sent or received by envelope, and imports with me as custodian; "
    "recipients in an import are no envelope.",
)
def test_the_list_is_what_my_mailbox_sent_and_got_and_what_was_brought_in_as_mine(filled: Post, visit: Visit) -> None:
    """By envelope and custodian; a From that says it is mine makes nothing mine."""
    dana = visit("crew0")
    assert listed(dana) == [("Dana brought this", "Imported"), ("To Dana", "Queued"), ("From Dana", "Delivered")]
    assert rows(visit("crew1")) == ["Between others", "Lena brought this", "From Dana"]
    assert rows(visit("head")) == ["Forged as Dana"]
    assert "No mail yet. Mail to you appears within a minute." in said(visit("office").get("/mail/"))
    assert "You arrow_forward" not in said(dana.get("/mail/"))
    assert "3 of 3 messages Searched everything until" in said(dana.get("/mail/?q=dana"))
    assert "0 of 3 match. Take out a filter above." in said(dana.get("/mail/?q=nowhere"))


def test_filters_are_in_the_address_and_each_has_a_chip_that_takes_it_out(filled: Post, visit: Visit, city: Town) -> None:
    dana = visit("crew0")
    assert rows(dana, "?direction=sent") == ["From Dana"]
    assert rows(dana, "?direction=received") == ["To Dana"]
    assert rows(dana, "?direction=imported") == ["Dana brought this"]
    assert rows(dana, "?direction=nonsense&state=nonsense&since=nonsense&box=nobody@city.example") == rows(dana, "")
    assert rows(dana, f"?since={(city.now + timedelta(days=2)).date()}") == []
    assert rows(dana, f"?since={(city.now - timedelta(days=1)).date()}&direction=received") == ["To Dana"]
    page = dana.get("/mail/?q=dana&direction=received&since=2026-01-01").content.decode()
    chips = re.findall(r'class="cm-chip" href="([^"]*)"', page)
    assert [html.unescape(c) for c in chips] == [
        "/mail/?direction=received&since=2026-01-01", "/mail/?q=dana&since=2026-01-01", "/mail/?q=dana&direction=received",
    ]  # fmt: skip
    assert 'value="2026-01-01"' in page
    kept = re.search(r'href="(/views/save/[^"]*)"', page)
    assert kept and b"/mail/" in dana.get(html.unescape(kept[1])).content


def test_folders_have_what_their_names_say_and_count_what_is_unread_or_waits(filled: Post, visit: Visit) -> None:
    dana = visit("crew0")
    assert rows(dana, "") == rows(dana, "?direction=inbox") == ["Dana brought this", "To Dana"]
    filled.happens(
        Type.HELD, filled.submit(DANA, letter(sender=DANA, to=LENA, subject="Plan"), LENA), 0, actor="p-office", reason="look"
    )
    filled.index()
    page = dana.get("/mail/").content.decode()
    folders = text(page.partition('id="folders"')[2].partition("</nav>")[0])
    assert "Inbox 1 unread Sent Waiting 1 waiting Drafts Archive All mail" in folders
    assert '<a href="/mail/" aria-current="page">' in page.partition('id="folders"')[2]
    assert listed(dana, "?direction=sent&state=held") == [("Plan", "Held")]
    assert "<h1>Waiting</h1>" in dana.get("/mail/?direction=sent&state=held").content.decode()
    assert rows(dana, "?direction=outside") == ["To Dana"]


def test_a_list_has_days_and_an_order(filled: Post, visit: Visit, city: Town) -> None:
    dana, today = visit("crew0"), (city.now + timedelta(days=1)).date()
    everything = rows(dana)
    assert rows(dana, "?direction=all&sort=oldest") == everything[::-1]
    assert rows(dana, f"?until={today}") == everything
    assert rows(dana, f"?until={city.now.date() - timedelta(days=2)}") == rows(dana, "?since=2999-01-01") == []
    assert "Until" in said(dana.get(f"/mail/?until={today}"))


def test_a_query_that_cannot_be_read_says_so_and_offers_the_nearest_operator(filled: Post, visit: Visit) -> None:
    response = visit("crew0").get("/mail/?q=form:lena&direction=sent")
    assert response.status_code == 422
    assert "There is no operator “form:” (character 1); did you mean “from:”?" in said(response)
    assert 'href="/mail/?q=from%3Alena&amp;direction=sent"' in response.content.decode()
    assert visit("crew0").get("/mail/?q=sent:dana").status_code == 422
    assert visit("crew0").get("/mail/?after=nonsense").status_code == 422
    assert "(" in said(visit("crew0").get("/mail/?q=(never"))


@pytest.mark.rule("P-06, promise 4", "Another's message does not exist for a person who knows its id.")
def test_mail_that_is_nobodys_of_mine_is_not_there(filled: Post, visit: Visit) -> None:
    """Whatever page of it is asked for, and whoever knows its id."""
    post = filled
    id_ = uuid_text(post.submit(LENA, letter(sender=LENA, to=PAT, subject="Secret"), PAT))
    for beside in ("", "delivery/", "thread/", "raw/", "frame/", "file/?path=1"):
        assert visit("crew0").get(f"/mail/{id_}/{beside}").status_code == 404
        assert visit("crew1").get(f"/mail/{id_}/{beside}").status_code in (200, 404, 422)
    assert visit("crew1").get(f"/mail/{id_}/").status_code == 200
    assert visit("crew2").get(f"/mail/{id_}/raw/").status_code == 200


def test_who_may_use_mail_no_more_sees_nothing_at_the_next_request(filled: Post, visit: Visit, city: Town) -> None:
    """Promise 5: what is mine is asked anew for each page."""
    dana = visit("crew0")
    assert len(rows(dana)) == 3
    page = re.search(r"/mail/[0-9a-f-]{36}/", dana.get("/mail/").content.decode())
    assert page
    identity.Authorization.objects.filter(person=city.people["crew0"]).update(state="suspended", since=city.now)
    for path in ("/mail/", "/mail/?format=csv", page[0], f"{page[0]}raw/", f"{page[0]}delivery/", f"{page[0]}thread/"):
        assert dana.get(path).status_code in (403, 404), path


def test_nothing_is_shown_while_the_ledger_lags(filled: Post, visit: Visit, city: Town) -> None:
    """E6."""
    dana = visit("crew0")
    page = re.search(r"/mail/[0-9a-f-]{36}/", dana.get("/mail/").content.decode())
    assert page
    with transaction.atomic():
        enter("sign-in", actor=Actor("p-crew0"), reason="", now=int(city.now.timestamp() * 1000) - 3_600_000, facts={})
    for path in ("/mail/", "/mail/?format=csv", page[0], f"{page[0]}raw/", f"{page[0]}delivery/", f"{page[0]}thread/"):
        response = dana.get(path)
        assert response.status_code == 503, path
        assert b"Dana" not in response.content.replace(b"Dana Ortiz", b"")


def test_what_is_kept_back_from_me_shows_its_state_and_nothing_of_its_text(post: Post, visit: Visit, city: Town) -> None:
    """Until the copy was handed over, and then it is mail as any other."""
    identity.Authorization.objects.filter(person=city.people["crew1"]).update(state="suspended", since=city.now)
    post = Post(post.data, city)  # whose snapshot holds the mail of this mailbox
    held = post.arrive(letter(sender="acme@paving.example", to=LENA, subject="An offer", text="The secret price."), LENA)
    refused = post.submit(DANA, letter(sender="Boss <boss@elsewhere.example>", to=LENA, subject="Posing", text="The secret."), LENA)
    post.index()
    identity.Authorization.objects.filter(person=city.people["crew1"]).update(state="active")
    lena = visit("crew1")
    assert listed(lena) == [("Posing", "Rejected"), ("An offer", "Held")]
    assert rows(lena, "?q=offer") == rows(lena, "?state=held") == ["An offer"]
    assert rows(lena, "?state=refused") == ["Posing"]
    assert rows(lena, "?q=secret") == rows(lena, "?q=has:attachment") == rows(lena, "?q=sec*") == []
    page = lena.get(f"/mail/{uuid_text(held)}/")
    assert "This message is held, so it cannot be read yet." in said(page)
    assert "Nobody may read this mailbox at the moment, so its mail waits" in said(page)
    assert "not of the city" in said(lena.get(f"/mail/{uuid_text(refused)}/"))
    for id_ in (held, refused):
        for beside in ("", "thread/", "delivery/", "?view=headers"):
            assert b"secret" not in lena.get(f"/mail/{uuid_text(id_)}/{beside}").content
        for beside in ("raw/", "frame/", "file/?path=1"):
            assert lena.get(f"/mail/{uuid_text(id_)}/{beside}").status_code == 404
    assert listed(visit("crew0")) == [("Posing", "Rejected")]
    post.happens(Type.RELEASED, held, 0)
    assert rows(lena, "?q=secret") == []
    post.delivered(held, 0)
    assert listed(lena, "?q=secret") == [("An offer", "")]
    assert b"The secret price." in lena.get(f"/mail/{uuid_text(held)}/").content
    assert rows(lena, "?state=held") == []


@pytest.mark.rule("P-06, promise 4", "The sender sees the state of each copy, a recipient only their own.")
def test_how_what_i_sent_stands_is_the_worst_of_its_copies_and_others_see_their_own(post: Post, visit: Visit) -> None:
    ids = [post.submit(DANA, letter(sender=DANA, to=LENA, subject=f"No {n}"), LENA, PAT) for n in range(5)]
    for id_ in ids[1:]:
        post.delivered(id_, 0)
    post.happens(Type.DEFERRED, ids[1], 1, reply="451 later", next=post.now + 60_000, **{"try": 1})
    post.happens(Type.FAILED, ids[2], 1, reply="550 no", **{"try": 1})
    post.happens(Type.HELD, ids[3], 1, actor="p-office", reason="look")
    post.delivered(ids[4], 1)
    post.index()
    states = ["Delivered", "Held", "Partly delivered", "Retrying", "Queued"]
    dana = visit("crew0")
    assert listed(dana) == [(f"No {4 - n}", state) for n, state in enumerate(states)]
    assert rows(dana, "?state=waiting") == ["No 1", "No 0"]
    assert rows(dana, "?state=held") == ["No 3"]
    assert [state for _, state in listed(visit("crew1"))] == ["", "", "", "", "Queued"]
    delivery = said(visit("crew0").get(f"/mail/{uuid_text(ids[1])}/delivery/"))
    assert "lena.vogt" in delivery and "Retrying" in delivery and "451 later" in delivery and "Next try:" in delivery
    page = visit("crew1").get(f"/mail/{uuid_text(ids[1])}/delivery/")
    assert page.content.decode().partition('<ul class="cm-copies"')[2].count("<li>") == 1
    own = said(page)
    assert "Delivered" in own and "pat.nguyen" not in own and "451 later" not in own


def test_a_mailbox_that_i_am_granted_is_there_and_can_be_chosen(post: Post, visit: Visit, city: Town) -> None:
    works = city.departments["public-works"]
    box = directory.Mailbox.objects.create(
        address=STREETS, name="Signal Division", kind="function", department=works, made=city.now
    )
    for address in (STREETS, "lights@city.example"):
        directory.Address.objects.create(address=address, mailbox=box, since=city.now)
    own = city.authorizations["crew0"]
    identity.Authorization.objects.create(
        mailbox=box, person=own.person, episode=own.episode, department=works, role="delegate", requester=own.requester,
        asked=own.asked, approver=own.approver, decided=own.decided, starts=own.starts, until=own.until, state="active",
        since=own.since, duties="d" * 40, performance="p" * 40, efficiency="e" * 40, service="s" * 40, cost=0,
    )  # fmt: skip
    post = Post(post.data, city)
    post.arrive(letter(sender="a@b.example", to="lights@city.example", subject="A pothole"), "lights@city.example")
    post.arrive(letter(sender="a@b.example", to=DANA, subject="To me"), DANA)
    post.bring(letter(sender="a@b.example", to=STREETS, subject="An old pothole"), STREETS)
    post.index()
    dana = visit("crew0")
    assert rows(dana) == ["An old pothole", "To me", "A pothole"]
    assert rows(dana, f"?box={STREETS}") == ["An old pothole", "A pothole"]
    assert rows(dana, f"?box={DANA}") == ["To me"]
    assert rows(visit("crew1")) == []
    page = re.search(r"/mail/[0-9a-f-]{36}/", dana.get("/mail/?q=pothole+-old").content.decode())
    assert page and "This came to signals@city.example" in said(dana.get(page[0])).replace(" @", "@")


def test_pages_follow_each_other_while_mail_comes_in(post: Post, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_list, "PER_PAGE", 3)
    monkeypatch.setattr("civicmail.desk.mailbox.views.mail_list_page.PER_PAGE", 3)
    for n in range(8):
        post.arrive(letter(sender="a@b.example", to=DANA, subject=f"No {n}"), DANA)
    post.index()
    dana = visit("crew0")

    def turned(page: str, words: str) -> str:
        found = re.search(rf'<a href="/mail/([^"]*)" rel="(?:prev|next)">{words}</a>', page)
        assert found, words
        return html.unescape(found[1])

    first = dana.get("/mail/").content.decode()
    second = turned(first, "Older")
    assert rows(dana) == ["No 7", "No 6", "No 5"]
    post.arrive(letter(sender="a@b.example", to=DANA, subject="No 8"), DANA)
    post.index()
    assert rows(dana, second) == ["No 4", "No 3", "No 2"]
    page = dana.get(f"/mail/{second}").content.decode()
    assert "4\u20136 of 9" in text(page)
    third = turned(page, "Older")
    assert rows(dana, third) == ["No 1", "No 0"]
    back = turned(dana.get(f"/mail/{third}").content.decode(), "Newer")
    assert rows(dana, back) == ["No 4", "No 3", "No 2"]
    assert rows(dana, turned(page, "Newer")) == ["No 8", "No 7", "No 6"]


def test_the_file_has_all_pages_and_no_cell_that_runs(post: Post, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(4):
        post.arrive(letter(sender="a@b.example", to=DANA, subject=f"=cmd|{n}"), DANA)
    post.index()
    response = visit("crew0").get("/mail/?format=csv&q=cmd")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    table = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert [row[3] for row in table[1:]] == [f"'=cmd|{n}" for n in (3, 2, 1, 0)]
    assert {row[1] for row in table[1:]} == {"received"}


def test_strangers_are_told_by_address_and_what_nobody_would_see_is_shown(post: Post, visit: Visit) -> None:
    poses = '"Lena Vogt" <lena@acme-pavlng.example>'
    post.arrive(letter(sender=poses, to=DANA, subject="=?utf-8?q?Pay_=E2=80=AEtxt.exe?="), DANA)
    post.submit(LENA, letter(sender=f"Lena Vogt <{LENA}>", to=f"{DANA}, {PAT}", subject="Hello"), DANA, PAT)
    post.index()
    page = said(visit("crew0").get("/mail/")).replace(" @", "@")
    assert "lena@acme-pavlng.example" in page
    assert "Pay [U+202E] txt.exe" in page
    sent = said(visit("crew1").get("/mail/?direction=sent"))
    assert "To: Dana Ortiz and 1 more" in sent or "To: dana.ortiz@city.example and 1 more" in sent


def test_without_an_index_the_page_says_so(post: Post, visit: Visit) -> None:
    id_ = post.arrive(letter(sender="a@b.example", to=DANA), DANA)
    assert "Your mail cannot be searched yet. It is safe" in said(visit("crew0").get("/mail/"))
    assert "cannot be searched yet" in said(visit("crew0").get(f"/mail/{uuid_text(id_)}/thread/"))
    post.index()
    assert rows(visit("crew0")) == ["Lead lines"]


@pytest.mark.rule("P-06, promise 8", "My mail reports if the newest mail is not searchable yet.")
def test_what_is_not_searchable_yet_is_said(post: Post, visit: Visit, installed: Path) -> None:
    """Promise 8."""
    post.arrive(letter(sender="a@b.example", to=DANA), DANA)
    post.index()
    post.arrive(letter(sender="a@b.example", to=DANA), DANA)
    assert "What came in the last moments is not searched yet." in said(visit("crew0").get("/mail/"))
    post.index()
    assert "Searched everything until" in said(visit("crew0").get("/mail/"))


def test_what_a_held_message_answers_is_not_found_by_its_id(post: Post, visit: Visit, city: Town) -> None:
    """Where it belongs stands in its header."""
    post.submit(DANA, letter(sender=DANA, to=LENA, subject="First", Message_ID="<a@c.example>"), LENA)
    identity.Authorization.objects.filter(person=city.people["crew1"]).update(state="suspended", since=city.now)
    later = Post(post.data, city)
    later.now = post.now
    held = later.arrive(letter(sender="x@y.example", to=LENA, subject="Answer", References="<a@c.example>"), LENA)
    later.index()
    identity.Authorization.objects.filter(person=city.people["crew1"]).update(state="active")
    lena = visit("crew1")
    assert rows(lena, f"?q=thread:{uuid_text(held)}") == []
    later.happens(Type.RELEASED, held, 0)
    later.delivered(held, 0)
    assert rows(lena, f"?q=thread:{uuid_text(held)}") == ["Answer", "First"]


def test_a_conversation_is_what_is_mine_of_it_from_the_first_on(post: Post, visit: Visit) -> None:
    post.submit(DANA, letter(sender=DANA, to=LENA, subject="First", Message_ID="<a@c.example>"), LENA)
    post.submit(LENA, letter(sender=LENA, to=PAT, subject="Aside", Message_ID="<b@c.example>", References="<a@c.example>"), PAT)
    last = letter(
        sender=LENA, to=DANA, subject="Last", Message_ID="<c@c.example>", References="<b@c.example>", In_Reply_To="<b@c.example>"
    )
    id_ = post.submit(LENA, last, DANA)
    post.index()
    for who, expected in (("crew1", ["First", "Aside", "Last"]), ("crew0", ["Last"])):
        page = visit(who).get(f"/mail/{uuid_text(id_)}/thread/").content.decode()
        assert [text(subject) for _, subject, _ in _ROW.findall(page)] == expected
        page = visit(who).get(f"/mail/{uuid_text(id_)}/").content.decode()
        assert page.count('<details class="cm-fold"') == len(expected) - 1


def test_a_message_leads_to_the_ones_beside_it_in_the_list_it_was_opened_from(post: Post, visit: Visit) -> None:
    ids = [post.arrive(letter(sender="a@out.example", to=DANA, subject=f"Lead {n}"), DANA) for n in range(3)]
    post.submit(DANA, letter(sender=DANA, to=LENA, subject="Mine"), LENA)
    post.index()
    client, pages = visit("crew0"), [f"/mail/{uuid_text(id_)}/" for id_ in ids]
    came = {"headers": {"referer": "http://testserver/mail/?direction=received"}}
    steps = re.findall(r'href="([^"]*)" rel="(prev|next)"', client.get(pages[1], **came).content.decode())
    assert steps == [(f"{pages[2]}?list=direction%3Dreceived", "prev"), (f"{pages[0]}?list=direction%3Dreceived", "next")]
    last = client.get(html.unescape(steps[0][0])).content.decode()
    assert 'rel="prev"' not in last and 'rel="next"' in last and 'href="/mail/?direction=received"' in last
    elsewhere = client.get(pages[1], headers={"referer": "http://elsewhere.example/mail/"}).content.decode()
    assert 'rel="prev"' not in elsewhere and 'href="/mail/"' in elsewhere


def test_what_is_held_of_mine_is_a_task_at_home_and_what_others_claim_to_have_sent_as_me_is_not(post: Post, visit: Visit) -> None:
    mine = post.submit(DANA, letter(sender=DANA, to=LENA, subject="Mine"), LENA)
    forged = post.arrive(letter(sender=DANA, to=PAT, subject="Forged"), PAT, sender=DANA)
    for id_ in (mine, forged):
        post.happens(Type.HELD, id_, 0, actor="p-office", reason="look")
    post.index()
    home = visit("crew0").get("/")
    assert "See what of your mail is held" in said(home) and "1 held" in said(home)
    assert 'href="/mail/?state=held"' in home.content.decode()
    assert rows(visit("crew0"), "?state=held") == ["Mine"]
    assert "1 held" in said(visit("crew1").get("/"))
    assert "is held" not in said(visit("office").get("/"))


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("since=9999-12-31", 200),
        ("since=0001-01-01", 200),
        ("page=99999999999999999999&after=n", 422),
        ("after=n" + "f" * 32, 200),
        ("before=o" + "0" * 32, 200),
        ("after=o" + "f" * 32, 422),
        ("q=%22", 422),
        ("q=%F0%9F%A6%89+OR+%E2%80%AE", 422),
        ("q=" + "a+" * 17_000, 422),
        ("q=(" * 5 + "(" * 60, 422),
        ("q=id:0123", 422),
        ("q=*&state=waiting&direction=imported&box=&format=", 200),
        ("format=csv&q=form:x", 422),
    ],
)
def test_what_makes_no_sense_is_a_page_that_says_so(post: Post, visit: Visit, address: str, status: int) -> None:
    post.arrive(letter(sender="a@b.example", to=DANA), DANA)
    post.index()
    assert visit("crew0").get(f"/mail/?{address}").status_code == status


def test_whoever_got_a_message_from_outside_says_whether_it_is_spam(post: Post, visit: Visit) -> None:
    """P-02: a record of the message, in the name of whoever said it; nobody else may, and of our own mail nobody."""
    outside = post.arrive(letter(sender="win@prize.example", to=DANA, subject="You have won"), DANA)
    inside = post.submit(LENA, letter(sender=LENA, to=DANA, subject="Lunch"), DANA)
    for id_ in (outside, inside):
        post.delivered(id_, 0)
    dana, url = visit("crew0"), f"/mail/{uuid_text(outside)}/report/"
    assert url in dana.get(f"/mail/{uuid_text(outside)}/").content.decode()
    assert "Report this message" in said(dana.get(url)) and labels_of(post) == []
    assert dana.post(url, {}).status_code == 422 and labels_of(post) == []
    thanks = dana.post(url, {"what": "spam"}, follow=True)
    assert "The filter learns from it" in said(thanks)
    assert labels_of(post) == [(outside, "spam", "p-crew0", "report")]
    dana.post(url, {"what": "good"})
    assert [label for _, label, _, _ in labels_of(post)] == ["spam", "ham"]
    ours = f"/mail/{uuid_text(inside)}/report/"
    assert "It is dangerous" in said(dana.get(ours)) and dana.post(ours, {"what": "spam"}).status_code == 422
    assert visit("crew1").post(url, {"what": "spam"}).status_code == 404 and len(labels_of(post)) == 2


def labels_of(post: Post) -> list[tuple[bytes, str, str, str]]:
    events = [Event.from_head(r.head) for r in Tail(post.data).poll() if r.type == Type.LABELLED]
    found = [(e.at, e.id, e.facts["label"], e.facts["by"], e.facts["how"]) for e in events]
    return [tuple(row[1:]) for row in sorted(found, key=lambda row: row[0])]  # type: ignore[misc]
