"""An invitation is a card, and its answer goes to the organizer as a calendar reads it (RFC 5546; P-06)."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from civicmail.desk.mailbox import itip
from civicmail.desk.mailbox.models import Outgoing
from civicmail.desk.mailbox.views import invitation_cards
from civicmail.desk.viewer.meeting import Guest, Meeting, Repeats, When
from civicmail.mail.archive.records import uuid_text
from desk.mailbox.post import Post
from desk.mailbox.test_pages import DANA, LENA, said
from desk.viewer.test_invitations import EVENT, calendar, letter

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
ANN = "ann@acme.example"


def arrives(post: Post, raw: bytes, *to: str) -> str:
    id_ = post.arrive(b"Subject: Invitation\r\nMessage-ID: <i1@acme.example>\r\n" + letter(raw), *(to or (DANA,)), sender=ANN)
    post.delivered(id_, 0)
    post.index()
    return uuid_text(id_)


@pytest.mark.rule("P-06", "An invitation is a card with three answers, in the city's time and in words.")
def test_an_invitation_is_a_card_with_three_answers(post: Post, visit: Visit) -> None:
    """What, when in the city's zone, where, who; in words."""
    client, id_ = visit("crew0"), arrives(post, calendar())
    page = said(client.get(f"/mail/{id_}/"))
    for words in (
        "Lead lines, part 2", "Tuesday, Dec 1, 2026, 9 a.m. to 10 a.m.", "Room 4", "Ann Lee ann", "2 people are asked",
        "every 2 weeks, on Tuesday, the first Thursday, 6 times", "This changes an earlier invitation.", "Accept Tentative Decline",
    ):  # fmt: skip
        assert words in page, words


@pytest.mark.rule(
    "P-06",
    "A reply to an invitation is sent to the organizer once for each change, from the invited mailbox, in a form that "
    "calendars read.",
)
def test_an_answer_goes_to_the_organizer_as_a_calendar_reads_it(post: Post, visit: Visit) -> None:
    """Once for each change of mind, from the mailbox that was asked, with the number of the meeting."""
    client, id_ = visit("crew0"), arrives(post, calendar())
    for what in ("ACCEPTED", "ACCEPTED", "DECLINED", "ACCEPTED"):
        assert "Your answer goes to Ann Lee" in said(client.post(f"/mail/{id_}/answer/", {"answer": what}, follow=True))
    sent = list(Outgoing.objects.order_by("id"))
    assert [(s.mailbox, s.recipients) for s in sent] == [(DANA, [ANN])] * 3
    replies = [reply_of(bytes(s.content)) for s in sent]
    assert [e["attendee"].params["PARTSTAT"] for e in replies] == ["ACCEPTED", "DECLINED", "ACCEPTED"]
    assert {(str(e["uid"]), int(e["sequence"]), str(e["attendee"])) for e in replies} == {
        ("abc-1@acme.example", 2, f"mailto:{DANA}")
    }
    made: Any = message_from_bytes(bytes(sent[0].content), policy=default)
    assert made["Subject"] == "Accepted: Lead lines, part 2" and made["In-Reply-To"] == "<i1@acme.example>"
    assert "Your answer: Attending" in said(client.get(f"/mail/{id_}/"))


@pytest.mark.rule("P-06", "A guest who has answered sees the answer, and can choose another.")
def test_an_answered_invitation_says_so_and_offers_what_was_not_said(post: Post, visit: Visit) -> None:
    """The one who answered stands among the guests with this answer, and can change it."""
    client, id_ = visit("crew0"), arrives(post, calendar())
    assert "Pending" in said(client.get(f"/mail/{id_}/"))
    client.post(f"/mail/{id_}/answer/", {"answer": "ACCEPTED"})
    page = said(client.get(f"/mail/{id_}/"))
    assert "Your answer: Attending" in page and "Change it to: Tentative Decline" in page and "Pending" not in page
    client.post(f"/mail/{id_}/answer/", {"answer": "DECLINED"})
    assert "Change it to: Accept Tentative" in said(client.get(f"/mail/{id_}/"))


@pytest.mark.rule("P-06, P-25", "A reply to an invitation is shown as that of the message's sender, never of another.")
@pytest.mark.parametrize(
    ("sender", "answer", "wanted"),
    [
        ("Pat@acme.example", "ACCEPTED", "Pat Nguyen comes to this meeting."),
        ("pat@acme.example", "DECLINED", "Pat Nguyen does not come to this meeting."),
        ("pat@acme.example", "DELEGATED", "This is an answer to an invitation."),
        ("eve@acme.example", "ACCEPTED", "This is an answer to an invitation."),
    ],
)
def test_an_answer_that_came_says_who_comes(post: Post, visit: Visit, sender: str, answer: str, wanted: str) -> None:
    """In the words of whom it is from; what somebody says of another is only an answer."""
    who = f"ATTENDEE;CN=Pat Nguyen;PARTSTAT={answer}:mailto:pat@acme.example\n"
    event = "".join(line for line in EVENT.splitlines(keepends=True) if not line.startswith("ATTENDEE")) + who
    raw = letter(calendar(event, "REPLY")).replace(b"From: ann@acme.example", f"From: {sender}\r\nSubject: Re".encode())
    id_ = post.arrive(raw, DANA, sender=sender)
    post.delivered(id_, 0)
    post.index()
    page = said(visit("crew0").get(f"/mail/{uuid_text(id_)}/"))
    assert wanted in page and page.count("comes to this meeting") == wanted.count("comes to this meeting")


@pytest.mark.rule("P-06", "A canceled invitation, a reply, one's own, one without a number or to others cannot be answered.")
@pytest.mark.parametrize(
    "raw",
    [
        calendar(method="CANCEL"),
        calendar(method="REPLY"),
        calendar(EVENT.replace("Dana.Ortiz", "nobody")),
        calendar(EVENT.replace("mailto:ann@acme.example", "mailto:dana.ortiz@city.example")),
        calendar(EVENT.replace("UID:abc-1@acme.example\n", "")),
        b"nonsense",
    ],
)
def test_what_is_no_question_to_me_cannot_be_answered(post: Post, visit: Visit, raw: bytes) -> None:
    """Canceled, an answer itself, not to me, my own, without a number, unreadable."""
    client, id_ = visit("crew0"), arrives(post, raw)
    page = client.get(f"/mail/{id_}/")
    assert page.status_code == 200 and f"/mail/{id_}/answer/" not in page.content.decode()
    assert client.post(f"/mail/{id_}/answer/", {"answer": "ACCEPTED"}).status_code == 404
    assert not Outgoing.objects.exists()
    if raw == b"nonsense":
        assert "The invitation in this message cannot be read." in said(page)


def test_nobody_answers_for_another_or_with_another_word(post: Post, visit: Visit) -> None:
    id_ = arrives(post, calendar(), DANA, LENA)
    assert visit("crew1").post(f"/mail/{id_}/answer/", {"answer": "ACCEPTED"}).status_code == 404
    assert visit("crew0").post(f"/mail/{id_}/answer/", {"answer": "DELEGATED"}).status_code == 404
    assert visit("crew2").post(f"/mail/{id_}/answer/", {"answer": "ACCEPTED"}).status_code == 404
    assert not Outgoing.objects.exists()


def reply_of(content: bytes) -> Any:
    made: Any = message_from_bytes(content, policy=default)
    part = next(p for p in made.walk() if p.get_content_type() == "text/calendar")
    assert part.get_param("method") == "REPLY"
    found = Calendar.from_ical(part.get_content() if isinstance(part.get_content(), str) else part.get_content().decode())
    assert found["method"] == "REPLY"
    return found.walk("VEVENT")[0]


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Zs", "Co", "Cn")) | st.just(" "), max_size=90)


@settings(max_examples=60, deadline=None)
@given(TEXT.map(str.strip), TEXT.map(str.strip), st.sampled_from(itip.ANSWERS))
def test_an_answer_is_read_again_as_what_it_was_made_of(uid: str, title: str, answer: itip.Answer) -> None:
    meeting = Meeting("REQUEST", uid, 3, title, organizer=Guest(ANN), instance=When(day="2026-12-01"))
    raw = itip.reply(meeting, DANA, f'Dana "{title}"', answer, now=0)
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    event = Calendar.from_ical(raw).walk("VEVENT")[0]
    assert (str(event["uid"]), str(event["summary"]), event["attendee"].params["PARTSTAT"]) == (uid, title, answer)


def test_how_a_meeting_comes_again_is_said_in_both_languages() -> None:
    repeats = Repeats("MONTHLY", 1, ("-1FR",), until=When(day="2027-03-01"))
    assert invitation_cards.repeat_text(repeats) == "every month, on the last Friday, until Mar 1, 2027"
    assert invitation_cards.repeat_text(Repeats("HOURLY")) == "more than once; the file says when"
    assert invitation_cards.repeat_text(Repeats("WEEKLY", on=("9XX",))) == "every week, with exceptions; the file says which"
    assert invitation_cards.repeat_text(Repeats()) == ""
    with translation.override("es"):
        assert invitation_cards.repeat_text(repeats).startswith("cada mes")
