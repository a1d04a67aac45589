"""Whoever has the number of a decision learns why, without an account, and may say that it was wrong (P-29, promise 7)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.models import Entry
from civicmail.city.notices.models import Notice
from civicmail.city.policy.active_rules import starter_pack
from civicmail.city.policy.clauses import with_link
from civicmail.city.policy.dispositions import Action, Disposition
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.holding import queries
from civicmail.desk.holding.actions import appeals
from civicmail.desk.holding.decisions import decision
from civicmail.desk.holding.models import Contest
from civicmail.mail.archive.records import Event, Source, Type
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.pipeline.policy_decision import Verdict
from desk.holding.test_quarantine import DANA, quarantined, states, words
from desk.holding.test_release_requests import FIRST
from pages.post import CANARIES
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
SAID = {"text": "It was an offer that your office had asked for.", "contact": "heron@shop.example"}


@pytest.mark.rule(
    "P-29, promise 7",
    "The holder of a decision's number sees without an account the outcome, the rule, the clause and the contact, without "
    "content or addresses.",
)
def test_a_stranger_learns_why_and_nothing_of_the_message_or_of_people(city: Town, visit: Visit, installed: Path) -> None:
    """Promise 7: the rule's words, its clause, whom to ask; no address, no word of the mail."""
    refused = quarantined(installed, epoch_ms(city.now) - 1000, rule="own-domain-outside", do="refuse")
    shown = words(visit("").get(f"/decision/{refused.uuid}/"))
    assert "Rejected" in shown and "own-domain-outside" in shown and "P-26" in shown
    assert not any(word in shown for word in (*CANARIES.values(), "@shop.example", "dana.ortiz", "spam"))
    assert "P-14" in words(
        visit("").get(f"/decision/{quarantined(installed, epoch_ms(city.now), rule='not-yours', do='refuse').uuid}/")
    )


@pytest.mark.rule("P-29, promise 4", "An unknown number and one of mail that was simply delivered get the same answer.")
def test_a_number_says_nothing_where_nothing_was_decided(city: Town, visit: Visit, installed: Path) -> None:
    """Unknown, simply delivered, waiting for a mailbox's reader: the same answer."""
    waits = quarantined(installed, epoch_ms(city.now) - 1000, rule="access-held", do="hold")
    shadow = quarantined(installed, epoch_ms(city.now) - 1000, rule="shadow:spam-sure", do="deliver")
    numbers = ["01a2150e-cece-7bb2-86d0-6e9539f71917", city.objects["mail delivered"], waits.uuid, shadow.uuid]
    answers = [visit("").get(f"/decision/{number}/") for number in numbers]
    assert {a.status_code for a in answers} == {404}
    assert all("Nothing is known under this number." in words(a) for a in answers)


@pytest.mark.parametrize(
    ("copies", "what", "reasons"),
    [
        ([("deliver", ("deliver",)), ("quarantine", ("spam-band",))], None, []),
        ([("mark", ("first-contact",)), ("quarantine", ("spam-band", "first-contact"))], "marked", ["first-contact"]),
        ([("refuse", ("dmarc-reject",)), ("quarantine", ("dmarc-reject", "one-answer"))], "quarantined", ["dmarc-reject"]),
        ([("kept", ("expand-list",)), ("mark", ("first-contact",)), ("deliver", ("pass-elsewhere",))], "marked", ["first-contact"]),
    ],
)
def test_whoever_got_one_copy_learns_nothing_of_another(
    copies: list[tuple[Action, tuple[str, ...]]], what: str | None, reasons: list[str]
) -> None:
    """Promise 4: the number is in every copy, and a blind copy is nobody's business but its own."""
    envelope = Envelope("heron@shop.example", tuple(Recipient(f"p{n}@city.example") for n in range(len(copies))), 1)
    verdict = Verdict(tuple(Disposition(n, *copy) for n, copy in enumerate(copies)), {})
    capture = capture_of(bytes(16), scan(b"Subject: x\r\n\r\n"), envelope, Source("mx", "mx"), verdict=verdict)
    told = decision(capture, [], starter_pack())
    assert (told.what, [r.rule for r in told.reasons]) == (what, reasons) if told else what is None


def test_what_waited_for_a_check_is_explained_by_what_was_decided_then() -> None:
    """Promise 7: the rule that fitted when the scanner was back."""
    envelope = Envelope("heron@shop.example", (Recipient("dana.ortiz@city.example"),), 1)
    verdict = Verdict((Disposition(0, "pending", ("unavailable:clamav",)),), {})
    capture = capture_of(bytes(16), scan(b"Subject: x\r\n\r\n"), envelope, Source("mx", "mx"), verdict=verdict)
    then = Event(Type.DECIDED, bytes(16), 2, (0,), {"do": "quarantine", "rules": ["malware-found"]})
    later = Event(Type.DECIDED, bytes(16), 3, (0,), {"do": "deliver", "rules": ["deliver"], "aside": ["clamav"]})
    gone = Event(Type.RELEASED, bytes(16), 3, (0,), {"actor": "e-1", "reason": "two have looked"})
    assert decision(capture, [], starter_pack()) is None
    for events, what in (([then], "quarantined"), ([gone, later, then], "released")):
        told = decision(capture, events, starter_pack())
        assert told is not None and (told.what, [r.rule for r in told.reasons]) == (what, ["malware-found"])


@pytest.mark.rule(
    "P-29, promise 7",
    "An appeal is answered by an officer, with an entry, and the answer is sent to the address left.",
)
def test_what_is_said_against_it_is_answered_by_an_officer_and_told(city: Town, visit: Visit, installed: Path) -> None:
    """An act with an entry; the answer stands on the page, and goes to the address that was left."""
    capture = quarantined(installed, epoch_ms(city.now) - 1000, rule="own-domain-outside", do="refuse")
    page, stranger = f"/decision/{capture.uuid}/", visit("")
    assert stranger.post(page, {"text": "short"}).status_code == 422
    assert stranger.post(page, SAID).status_code == 302
    row = Contest.objects.get(capture=capture.uuid)
    assert (row.rules, row.contact) == ("own-domain-outside", SAID["contact"])
    assert row.client and "127.0.0.1" not in row.client, "a digest of the network"
    assert "is not decided yet" in words(stranger.get(page))
    assert "own-domain-outside" in words(visit("security").get("/holding/contests/?state=waits"))
    answer = f"/holding/contests/{row.pk}/"
    assert visit("crew0").get(answer).status_code == 403
    assert visit("security").post(answer, {"reason": "It came from your own server now."}).status_code == 422, "nothing is chosen"
    said = {"answer": "corrected", "reason": "Your server is on the list of the city's own now."}
    assert visit("security").post(answer, said).status_code == 302
    assert said["reason"] in words(stranger.get(page))
    entry, notice = Entry.objects.get(act="contest.answer"), Notice.objects.get()
    assert entry.object == f"capture:{capture.uuid}" and SAID["contact"] not in str(entry.facts)
    assert notice.to == SAID["contact"] and said["reason"] in notice.text
    assert visit("security").post(answer, said).status_code == 409
    for _ in range(5):
        stranger.post(page, SAID)
    assert stranger.post(page, SAID).status_code == 409


def contested(data: Path, rule: str, now: int, do: str = "quarantine") -> Contest:
    capture = quarantined(data, now - 1000, rule=rule, do=do)
    found = queries.decision(uuid.UUID(capture.uuid))
    assert found is not None
    return appeals.appeal(uuid.UUID(capture.uuid), found, SAID["text"], SAID["contact"], now=now)


@pytest.mark.rule(
    "P-29, promise 7",
    "A notice of a release is true: the answer releases the message, if one officer may, and is refused if nothing can be "
    "released.",
)
def test_whoever_is_told_that_it_was_let_go_has_it(city: Town, visit: Visit, installed: Path) -> None:
    """The answer does it, with its entry first; what was refused cannot be let go, and is not offered."""
    now = epoch_ms(city.now)
    row = contested(installed, "executable", now)
    page, said = f"/holding/contests/{row.pk}/", {"answer": "released", "reason": "Their invoices come that way."}
    assert "release it now" in words(visit("security").get(page))
    assert visit("author").post(page, said).status_code in (403, 422), "that takes a security officer"
    assert states(installed, uuid.UUID(row.capture).bytes) == {DANA: False}
    assert visit("security").post(page, said).status_code == 302
    assert states(installed, uuid.UUID(row.capture).bytes) == {DANA: True}
    assert [e.act for e in Entry.objects.filter(object=f"capture:{row.capture}").order_by("pk")] == [
        "quarantine.release", "contest.answer",
    ]  # fmt: skip
    assert "was released" in Notice.objects.get(key=f"contest:{row.pk}").text
    late = Contest.objects.create(capture=row.capture, rules="executable", text="Me, too, please.", made=from_ms(now))
    appeals.answer(late, "released", actor=FIRST, reason=said["reason"], now=now)
    assert Entry.objects.filter(act="quarantine.release").count() == 1, "it is on its way already"
    refused = contested(installed, "own-domain-outside", now, do="refuse")
    assert "release it now" not in words(visit("security").get(f"/holding/contests/{refused.pk}/"))
    with pytest.raises(Conflict, match="no copy is held"):
        appeals.answer(refused, "released", actor=FIRST, reason=said["reason"], now=now)


@pytest.mark.parametrize(("rule", "why"), [("malware-found", "two officers"), ("confidential-many", "privacy officer")])
def test_no_answer_lets_go_what_one_officer_may_not(city: Town, installed: Path, rule: str, why: str) -> None:
    """And nobody is told that it was let go."""
    row = contested(installed, rule, epoch_ms(city.now))
    with pytest.raises(Conflict, match=why):
        appeals.answer(row, "released", actor=FIRST, reason="It is of a vendor of ours.", now=epoch_ms(city.now))
    row.refresh_from_db()
    assert row.answer == "" and not Notice.objects.exists()
    assert states(installed, uuid.UUID(row.capture).bytes) == {DANA: False}


@pytest.mark.rule("P-29", "Only a few appeals about one decision wait for an answer, also of simultaneous ones.")
def test_two_at_once_never_have_more_places_than_there_are(city: Town, installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is second by a moment gets the next place, and none where it was the last one."""
    capture, now = quarantined(installed, epoch_ms(city.now) - 1000, rule="own-domain-outside", do="refuse"), epoch_ms(city.now)
    found = queries.decision(uuid.UUID(capture.uuid))
    assert found is not None
    made = [appeals.appeal(uuid.UUID(capture.uuid), found, SAID["text"], "", now=now) for _ in range(3)]
    assert [row.place for row in made] == [0, 1, 2]
    stale = iter([set[int](), {0, 1, 2}])  # what somebody saw who had looked before the others wrote
    monkeypatch.setattr(appeals, "taken_places", lambda _: next(stale))
    assert appeals.appeal(uuid.UUID(capture.uuid), found, SAID["text"], "", now=now).place == 3
    monkeypatch.setattr(appeals, "taken_places", lambda _: {1, 2, 3})
    with pytest.raises(Conflict, match="So many have said this"):
        appeals.appeal(uuid.UUID(capture.uuid), found, SAID["text"], "", now=now)
    assert Contest.objects.filter(capture=capture.uuid).count() == 4


@pytest.mark.rule("P-29", "One network can appeal a few decisions a day, and no address of the person is stored.")
def test_one_network_says_so_a_few_times_a_day(city: Town, installed: Path) -> None:
    """Whoever has thousands of numbers of refused mail does not fill the desk; nobody's address is kept."""
    now = epoch_ms(city.now)

    def says(client: str, at: int = now) -> Contest:
        capture = quarantined(installed, now - 1000, rule="own-domain-outside", do="refuse")
        found = queries.decision(uuid.UUID(capture.uuid))
        assert found is not None
        return appeals.appeal(uuid.UUID(capture.uuid), found, SAID["text"], "", client=client, now=at)

    rows = [says(f"192.0.2.{n}") for n in range(appeals.MAX_PER_NETWORK)]
    assert len({row.client for row in rows}) == 1 and "192.0.2" not in rows[0].client
    with pytest.raises(Conflict, match="very often today"):
        says("192.0.2.200")
    assert says("198.51.100.1").client and says("2001:db8::1").client and says("").client == ""
    assert says("192.0.2.1", now + DAY_MS).client != rows[0].client


def test_the_reply_leads_to_the_page_of_the_decision() -> None:
    said = "550 5.7.1 No. (P-26) Ask: postmaster decision=01a2150e-cece-7bb2-86d0-6e9539f71917"
    assert with_link(said, "https://mail.city.example").endswith(
        " https://mail.city.example/decision/01a2150e-cece-7bb2-86d0-6e9539f71917/"
    )
    assert with_link(said, "") == said


@pytest.mark.rule("P-29, promise 7", "An appeal is answered in each language of the city.")
def test_whoever_contested_is_answered_in_each_language_of_the_city(
    city: Town, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows which one somebody outside reads."""
    now = epoch_ms(city.now)
    row = contested(installed, "executable", now)
    monkeypatch.setattr(appeals, "gettext", lambda text: f"{translation.get_language()}|{text}")
    appeals.answer(row, "upheld", actor=FIRST, reason="It is what we wrote there.", now=now)
    notice = Notice.objects.get(key=f"contest:{row.pk}")
    assert all(f"{code}|You wrote to us" in notice.text and f"{code}|" in notice.subject for code, _ in settings.LANGUAGES)
    assert notice.text.count("It is what we wrote there.") == 1
