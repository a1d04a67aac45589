"""A mailbox that several use: who opened, took and answered a message, and who sent one for it (P-06, M5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from civicmail.city.directory.models import Mailbox
from civicmail.city.guard.models import Entry
from civicmail.city.identity.models import Authorization, Usage
from civicmail.desk.holding.models import Approval, ApprovalCopy
from civicmail.desk.mailbox.models import Handled
from civicmail.mail.archive.records import uuid_text
from desk.mailbox.post import Post, letter
from desk.mailbox.test_mark_mail import keep, unread
from desk.mailbox.test_pages import DANA, LENA, said
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
STREETS, ACME = "streets@city.example", "acme@paving.example"


@pytest.fixture
def both(city: Town) -> Mailbox:
    """The mailbox of Streets, which Lena may use as Dana does."""
    box, lena = Mailbox.objects.get(address=STREETS), city.people["crew1"]
    grant = Authorization.objects.get(mailbox=box, person=city.people["crew0"])
    grant.pk, grant.person, grant.episode = None, lena, lena.episodes.get()
    grant.save(force_insert=True)
    return box


@pytest.fixture
def asked(post: Post, both: Mailbox) -> str:
    """A resident's question to Streets; its id."""
    id_ = post.arrive(letter(sender=ACME, to=STREETS, subject="Closed?", Message_ID="<q1@paving.example>"), STREETS, sender=ACME)
    post.delivered(id_, 0)
    post.index()
    return uuid_text(id_)


@pytest.mark.rule("P-06", "A message opened in a function mailbox is read for all users, with the name of the first reader.")
def test_what_one_of_the_office_opens_is_read_for_all_and_it_says_who_did(asked: str, visit: Visit) -> None:
    """Per mailbox, and the first one is remembered."""
    dana, lena = visit("crew0"), visit("crew1")
    assert unread(dana) == unread(lena) == ["Closed?"]
    assert "opened first by Dana Ortiz" in said(dana.get(f"/mail/{asked}/"))
    assert unread(dana) == unread(lena) == []
    assert "opened first by Dana Ortiz" in said(lena.get(f"/mail/{asked}/"))
    assert "marked as unread" in keep(lena, "unread", asked)
    assert unread(dana) == unread(lena) == ["Closed?"]
    assert "0 messages are marked as read" in keep(dana, "all-read")  # an office's only one by one


@pytest.mark.rule("P-05, P-08", "A message that was opened is counted for its day, mailbox and reader, and never which.")
def test_that_a_message_was_opened_is_counted_and_never_which(asked: str, visit: Visit, both: Mailbox, city: Town) -> None:
    """To each reader of the mailbox that it came to; a list that was looked at is none."""
    Usage.objects.all().delete()
    dana, lena = visit("crew0"), visit("crew1")
    assert dana.get("/mail/").status_code == 200 and not Usage.objects.exists()
    for client in (dana, dana, lena):
        assert client.get(f"/mail/{asked}/").status_code == 200
    counted = {(u.person, u.mailbox, u.retrieved, u.sent, u.received) for u in Usage.objects.select_related("person", "mailbox")}
    assert counted == {(city.people["crew0"], both, 2, 0, 0), (city.people["crew1"], both, 1, 0, 0)}
    assert asked not in str([*Usage.objects.values()])


@pytest.mark.rule("P-28", "A message of an office in a colleague's care cannot be taken; taking and dropping write entries.")
def test_one_of_the_office_takes_a_message_and_the_others_see_it(asked: str, visit: Visit, both: Mailbox) -> None:
    """Nobody takes what somebody has, anybody may let it go, and both leave an entry."""
    dana, lena, url = visit("crew0"), visit("crew1"), f"/mail/{asked}/take/{both.pk}/"
    assert "You take care of this." in said(dana.post(url, {"what": "take"}, follow=True))
    assert "Dana Ortiz takes care of this" in said(lena.get(f"/mail/{asked}/"))
    assert "Dana Ortiz has taken this already." in said(lena.post(url, {"what": "take"}, follow=True))
    assert Handled.objects.get().taken_by.uid == "p-crew0"  # type: ignore[union-attr]
    assert "Nobody has this now." in said(lena.post(url, {"what": "let-go"}, follow=True))
    assert "You take care of this." in said(lena.post(url, {"what": "take"}, follow=True))
    acts = Entry.objects.filter(object=f"capture:{asked}").order_by("at", "uuid").values_list("act", "person")
    assert set(acts) == {("mail.take", "p-crew0"), ("mail.let-go", "p-crew1"), ("mail.take", "p-crew1")}
    for stranger in ("crew2", "head"):
        assert visit(stranger).post(url, {"what": "take"}).status_code == 404
    assert dana.post(f"/mail/{asked}/take/{both.pk + 1000}/").status_code == 404


@pytest.mark.rule(
    "P-14",
    "The colleague who answered for an office, or sent from a mailbox, is shown by evidence of receipts only.",
)
def test_who_answered_for_the_office_is_said_by_evidence(asked: str, post: Post, visit: Visit) -> None:
    """What the mailbox sent of the conversation, and who was signed in; and the sent message names them."""
    reply = letter(
        sender=STREETS, to=ACME, subject="Re: Closed?", Message_ID="<r1@city.example>", In_Reply_To="<q1@paving.example>"
    )
    sent = post.submit(STREETS, reply, ACME, by="p-crew0")
    forged = letter(sender=STREETS, to=STREETS, subject="Re: Closed?", In_Reply_To="<q1@paving.example>")
    post.arrive(forged, STREETS, sender=ACME)
    post.index()
    page = said(visit("crew1").get(f"/mail/{asked}/"))
    assert page.count("answered") == 1 and "answered by Dana Ortiz" in page
    for who in ("crew0", "crew1"):
        assert "Dana Ortiz sent this on behalf of Streets and Closures." in said(visit(who).get(f"/mail/{uuid_text(sent)}/"))


def test_of_ones_own_mail_nobody_is_said_to_have_opened_or_sent_it(post: Post, visit: Visit) -> None:
    """A mailbox of one person has no office beside it."""
    got = post.arrive(letter(sender=ACME, to=DANA, subject="Hello"), DANA, sender=ACME)
    sent = post.submit(DANA, letter(sender=DANA, to=LENA, subject="Lunch"), LENA)
    post.index()
    dana = visit("crew0")
    for id_ in (got, sent):
        page = said(dana.get(f"/mail/{uuid_text(id_)}/"))
        assert "opened first" not in page and "on behalf of" not in page and "I take this" not in page
    assert not Handled.objects.exists()


@pytest.mark.rule("P-06, P-22", "Users who see waiting files of a shared mailbox see whose they are.")
def test_whoever_sees_that_files_of_the_office_wait_hears_whose_they_are(
    post: Post, both: Mailbox, visit: Visit, city: Town
) -> None:
    """Whoever sent them is led to the question, a colleague hears who that is, and to others nothing is there."""
    capture = uuid_text(post.submit(STREETS, letter(sender=STREETS, to=ACME, subject="Plans"), ACME, by="p-crew0"))
    post.index()
    row = Approval.objects.create(
        capture=capture, person=city.people["crew0"], department=both.department, received=city.now, made=city.now, since=city.now,
        ends=city.now, parts=[["1.2", "file", 9, "ab" * 32]],
    )  # fmt: skip
    ApprovalCopy.objects.create(approval=row, index=0, address=ACME)
    page = f"/holding/approvals/of/{capture}/"
    assert visit("crew0").get(page)["Location"] == f"/holding/approvals/{row.pk}/"
    led = visit("crew1").get(page, follow=True)
    assert "Dana Ortiz sent it" in said(led) and led.request["PATH_INFO"] == f"/mail/{capture}/delivery/"
    assert visit("crew2").get(page).status_code == 404
