"""Letters are filled in from the case, refuse to be sent while anything is missing or altered, and are approved where the law
wants it; under both law packs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.law.pack import LawPack
from civicmail.city.notices.models import Notice
from civicmail.desk.records.actions import letters, requests
from civicmail.desk.records.models import Contact, Letter, SubjectNotice
from civicmail.desk.records.queries.letters import case_of
from civicmail.desk.records.queries.receipts import token_of
from desk.holding.test_quarantine import words
from desk.records.letter_world import EMAIL, REASON, Correspondence

pytestmark = pytest.mark.django_db
BOTH = pytest.mark.parametrize("law", ["wisconsin", "federal"], indirect=True)
WHY = "The attorney advises to say more about item 3."


@pytest.fixture
def desk(city: Any, law: LawPack) -> Correspondence:
    return Correspondence(city, law)


@pytest.fixture
def page(desk: Correspondence, visit: Callable[[str], Client]) -> Callable[..., Any]:
    """GET, or POST with fields, below the request's letters."""

    def call(who: str, rest: str, **given: str) -> Any:
        url = f"/records/requests/{desk.request.number}/letters/{rest}"
        return visit(who).post(url, given) if given else visit(who).get(url)

    return call


def mandatory(law: LawPack, kind: str) -> str:
    """The sentence that the law prescribes for this letter."""
    return next(s.text["en"] for s in law.sentences if s.id == law.letter(kind).sentences[0])


@BOTH
@pytest.mark.rule(
    "P-21", "A partial denial states the reason of each withheld class and the right to review, and an attorney approves it."
)
def test_r28_a_partial_denial_goes_from_the_case_to_the_requester(desk: Correspondence, law: LawPack, visit: Any) -> None:
    letter = desk.write("partial-denial")
    row = f"- item 000003: {desk.code.id} ({desk.code.citation}). {REASON}"
    assert row in letter.text and mandatory(law, "partial-denial") in letter.text
    assert "3 located = 2 released in full + 0 redacted + 1 withheld" in letter.text
    assert desk.request.custodian.display in letter.text and desk.missing(letter) == []
    with pytest.raises(Conflict, match="approval"):
        desk.send(letter)
    letter = desk.submit(letter)
    assert letter.state == "asked" and not Notice.objects.filter(to=EMAIL).exists()
    letter = desk.approve(letter)
    assert (letter.state, letter.approved_by, letter.sent is not None) == ("sent", desk.city.people["attorney"], True)
    notice = Notice.objects.get(to=EMAIL)
    assert notice.subject == letter.subject and notice.text == letter.text and notice.reply_to.startswith("records@")
    status = words(visit("").get(f"/public/records/status/{token_of(desk.request)}/"))
    assert letter.subject in status and REASON in status
    sent = Entry.objects.filter(act="records.letter-send").latest("pk")
    assert sent.facts["letter"] == letter.pk and len(sent.facts["sha256"]) == 64 and REASON not in str(sent.facts)


@BOTH
@pytest.mark.rule("P-21", "A letter with an altered mandatory sentence is not sent.")
def test_r28_one_altered_character_of_the_mandatory_sentence_refuses_the_letter(desk: Correspondence, law: LawPack) -> None:
    letter = desk.write("partial-denial")
    sentence = mandatory(law, "partial-denial")
    for at in (0, len(sentence) // 2, len(sentence) - 2):
        altered = sentence[:at] + ("x" if sentence[at] != "x" else "y") + sentence[at + 1 :]
        changed = desk.change(letter, letter.text.replace(sentence, altered))
        assert any("is missing or was altered" in problem for problem in desk.missing(changed))
        with pytest.raises(Conflict, match="missing or was altered"):
            desk.submit(changed)
    assert Letter.objects.get(pk=letter.pk).state == "draft"
    assert desk.submit(desk.change(letter, f"Dear requester,\n\n{letter.text}")).state == "asked", "more may be written"


@BOTH
def test_r28_a_withheld_row_without_its_reason_refuses_the_letter(desk: Correspondence) -> None:
    letter = desk.write("partial-denial")
    changed = desk.change(letter, letter.text.replace(REASON, ""))
    assert any("its reason is not in the letter" in problem for problem in desk.missing(changed))
    desk.item(4)
    desk.decide(4, "withhold", code=desk.code.id, reason="")
    filled = letters.fill(changed, actor=desk.actor(), now=desk.now())
    assert "Row 2 of withheld has no reason." in desk.missing(filled)
    written = desk.change(filled, filled.text.replace("[reason]", "A reason that no decision has."))
    for unfit in (filled, written):
        with pytest.raises(Conflict, match="has no reason"):
            desk.submit(unfit)


@BOTH
def test_r28_a_letter_says_the_case_as_it_is_now(desk: Correspondence) -> None:
    """Also between its submission and the approval: a decision that changes makes it unfit."""
    letter = desk.submit(desk.write("partial-denial"))
    desk.decide(2, "withhold", code=desk.code.id, reason="It names another formula.")
    with pytest.raises(Conflict, match=r"must say .*\(balance\)"):
        desk.approve(letter)
    letters.give_back(letter, WHY, actor=desk.actor("attorney"), now=desk.now())
    returned = Letter.objects.get(pk=letter.pk)
    assert (returned.state, returned.why) == ("draft", WHY)
    filled = letters.fill(returned, actor=desk.actor(), now=desk.now())
    assert "It names another formula." in filled.text and desk.approve(desk.submit(filled)).state == "sent"


@BOTH
def test_r28_only_letters_that_fit_the_request_can_be_written(desk: Correspondence, law: LawPack) -> None:
    assert {"partial-denial", "denial", "no-records", "status", "narrowing"} <= case_of(desk.row(), law).fitting.keys()
    assert "release" not in case_of(desk.row(), law).fitting and "denial-whole" not in case_of(desk.row(), law).fitting
    for kind in ("release", "acknowledgment", "subject-notice", "prepayment", "oral-denial", "nothing"):
        with pytest.raises(Unusable):
            desk.write(kind)
    draft = desk.write("partial-denial")
    desk.release_everything()
    assert "does not fit" in desk.missing(draft)[0]
    assert desk.send(desk.write("release")).state == "sent", "nothing is withheld, so that no approval is needed"


@BOTH
@pytest.mark.rule("P-21", "A denial is approved by a city attorney who wrote nothing of it.")
def test_r28_a_denial_is_approved_by_an_attorney_who_did_not_write_it(desk: Correspondence) -> None:
    letter = desk.submit(desk.write("denial"))
    assert REASON in letter.text
    for key in ("auditor", "recorder", "crew0"):
        with pytest.raises(NotPermitted):
            desk.approve(letter, key)
    Letter.objects.filter(pk=letter.pk).update(by=desk.city.people["attorney"])
    with pytest.raises(NotPermitted):
        desk.approve(letter)
    Letter.objects.filter(pk=letter.pk).update(by=None)
    with pytest.raises(NotPermitted):
        desk.approve(Letter.objects.get(pk=letter.pk), "recorder")
    Letter.objects.filter(pk=letter.pk).update(by=desk.city.people["recorder"])
    assert desk.approve(Letter.objects.get(pk=letter.pk)).state == "sent"


@BOTH
def test_r28_what_a_person_must_write_is_asked_for(desk: Correspondence) -> None:
    letter = desk.write("status")
    assert "[reason]" in letter.text and desk.missing(letter) == ["Write the reason in place of [reason]."]
    with pytest.raises(Conflict, match="Write the reason"):
        desk.send(letter)
    sent = desk.send(desk.change(letter, letter.text.replace("[reason]", "There are 3,000 messages.")))
    assert "There are 3,000 messages." in Notice.objects.get(to=EMAIL).text and sent.state == "sent"
    desk.write("narrowing", question="Which streets?")
    assert desk.missing(Letter.objects.first()) == []


@BOTH
def test_r28_two_letters_of_one_kind_are_both_sent(desk: Correspondence) -> None:
    for n in range(2):
        desk.send(desk.write("status", reason=f"Reason {n}."))
    assert Notice.objects.filter(to=EMAIL).count() == 2


@BOTH
def test_r28_without_an_address_it_is_on_the_status_page_and_printed(desk: Correspondence, page: Any, visit: Any) -> None:
    Contact.objects.filter(request=desk.request).update(email="", postal="12 Oak Street")
    letter = desk.send(desk.write("no-records"))
    assert not Notice.objects.filter(to=EMAIL).exists()
    assert "12 Oak Street" in words(page("recorder", f"{letter.pk}/"))
    assert "12 Oak Street" not in words(page("auditor", f"{letter.pk}/"))
    assert "We found no record" in words(visit("").get(f"/public/records/status/{token_of(desk.request)}/"))


@pytest.mark.parametrize("law", ["federal"], indirect=True)
def test_r28_the_letter_of_an_extension_moves_the_target_once(desk: Correspondence, law: LawPack) -> None:
    before = law.due("respond", desk.request.received.date())
    letter = desk.write("extension", reason="The records are in another office.")
    desk.send(letter)
    after = desk.row().due
    assert after > before and f"{after:%B} {after.day}, {after.year}" in letter.text
    with pytest.raises(Unusable):
        desk.write("extension")


def test_r28_there_is_no_extension_where_the_law_has_none(desk: Correspondence, law: LawPack) -> None:
    assert law.name == "wisconsin" and "extension" not in case_of(desk.row(), law).fitting


def test_r28_written_reasons_for_an_oral_denial_are_demanded_within_the_days_of_the_law(
    desk: Correspondence, page: Any, visit: Any
) -> None:
    desk.request.decisions.all().delete()
    type(desk.request).objects.filter(pk=desk.request.pk).update(oral=True)
    with pytest.raises(Conflict, match="after an oral denial"):
        letters.demand_reasons(desk.row(), actor=desk.actor(), now=desk.now())
    oral = desk.approve(desk.submit(desk.write("oral-denial", reason="It asks for all mail of all years.")))
    assert "within 5 business days" in oral.text
    Letter.objects.filter(pk=oral.pk).update(sent=desk.city.now - timedelta(days=20))
    with pytest.raises(Conflict, match="could be demanded until"):
        letters.demand_reasons(desk.row(), actor=desk.actor(), now=desk.now())
    Letter.objects.filter(pk=oral.pk).update(sent=desk.city.now - timedelta(days=1))
    assert "may demand the reasons in writing until" in words(page("recorder", ""))
    done = visit("recorder").post(f"/records/requests/{desk.request.number}/reasons/")
    assert done.status_code == 302 and desk.row().reasons_demanded is not None
    assert "send the denial with its reasons by" in words(page("recorder", ""))
    with pytest.raises(Unusable):
        desk.write("oral-denial")
    written = desk.write("denial-whole", reason="It has no limit of time (Wis. Stat. 19.35 (1) (h)).")
    assert desk.approve(desk.submit(written)).state == "sent"


def test_r28_a_notice_to_a_subject_is_told_to_the_requester(desk: Correspondence, law: LawPack) -> None:
    assert "notice-wait" not in case_of(desk.row(), law).fitting
    today = desk.city.now.date()
    SubjectNotice.objects.create(
        request=desk.request, notice="discipline", name="Pat", record="A report.", state="sent", decided=today, serve_by=today,
        by=desk.city.people["recorder"], sent=today, locked_until=today + timedelta(days=16),
    )  # fmt: skip
    assert desk.send(desk.write("notice-wait")).state == "sent"


@BOTH
def test_r28_r29_a_suit_freezes_letters(desk: Correspondence) -> None:
    draft, asked = desk.write("status", reason="Much mail."), desk.submit(desk.write("denial"))
    requests.record_suit(desk.row(), actor=desk.actor("attorney"), reason="A suit was served on the city today.", now=desk.now())
    officer, attorney = desk.actor(), desk.actor("attorney")
    changes: list[Callable[[], object]] = [
        lambda: desk.write("status"),
        lambda: desk.change(draft, "Other words."),
        lambda: letters.fill(draft, actor=officer, now=desk.now()),
        lambda: letters.discard(draft, actor=officer, now=desk.now()),
        lambda: desk.send(draft),
        lambda: desk.submit(draft),
        lambda: desk.approve(asked),
        lambda: letters.give_back(asked, WHY, actor=attorney, now=desk.now()),
        lambda: letters.demand_reasons(desk.row(), actor=officer, now=desk.now()),
    ]
    for change in changes:
        with pytest.raises(Conflict, match="suit"):
            change()


def test_r28_what_was_sent_does_not_change(desk: Correspondence) -> None:
    sent = desk.send(desk.write("status", reason="Much mail."))
    asked = desk.submit(desk.write("denial"))
    for row in (sent, asked):
        with pytest.raises(Conflict):
            desk.change(row, "Other words.")
        with pytest.raises(Conflict):
            letters.discard(row, actor=desk.actor(), now=desk.now())
    with pytest.raises(Conflict):
        desk.send(sent)
    with pytest.raises(Conflict):
        desk.send(asked)
    for key in ("auditor", "attorney", "crew0"):
        with pytest.raises(NotPermitted):
            letters.write(desk.row(), "status", actor=desk.actor(key), now=desk.now())


def test_r28_an_officer_writes_edits_and_submits_and_an_attorney_decides(desk: Correspondence, page: Any) -> None:
    assert "Release in part (Wis. Stat. 19.35 (4) (a) and (b), 19.36 (6))" in words(page("recorder", "new/"))
    assert page("recorder", "new/", kind="partial-denial").status_code == 302
    letter = Letter.objects.get(request=desk.request)
    text = words(page("recorder", f"{letter.pk}/text/"))
    assert "What stands in [brackets] you write yourself" in text and "Before it can be sent" not in text
    bad = letter.text.replace("19.37(1)", "19.37(2)")
    assert page("recorder", f"{letter.pk}/text/", text=bad, state="draft").status_code == 302
    text = words(page("recorder", f"{letter.pk}/"))
    assert "Before it can be sent" in text and "is missing or was altered" in text and "Submit the letter" not in text
    assert "missing or was altered" in words(page("recorder", f"{letter.pk}/submit/", state="draft"))
    assert page("recorder", f"{letter.pk}/fill/", state="draft").status_code == 302
    assert "Submit the letter" in words(page("recorder", f"{letter.pk}/"))
    assert page("recorder", f"{letter.pk}/submit/", state="draft").status_code == 302
    text = words(page("attorney", f"{letter.pk}/decide/"))
    assert REASON in text and "It goes by mail to the address that the requester gave." in text
    assert "at least 10 characters" in words(page("attorney", f"{letter.pk}/decide/", decision="no", reason="No", state="asked"))
    assert page("attorney", f"{letter.pk}/decide/", decision="no", reason=WHY, state="asked").status_code == 302
    assert WHY in words(page("recorder", f"{letter.pk}/"))
    assert page("recorder", f"{letter.pk}/submit/", state="draft").status_code == 302
    assert page("attorney", f"{letter.pk}/decide/", decision="yes", state="asked").status_code == 302
    assert letter.refresh_from_db() is None and letter.state == "sent"
    assert "Where it went" in words(page("auditor", f"{letter.pk}/"))


def test_r28_a_draft_is_discarded(desk: Correspondence, page: Any) -> None:
    letter = desk.write("status")
    assert page("recorder", f"{letter.pk}/discard/", state="draft").status_code == 302
    assert not Letter.objects.filter(pk=letter.pk).exists()
    assert Entry.objects.filter(act="records.letter-discard", facts__letter=letter.pk).exists()


def test_r28_a_letter_in_spanish_has_the_words_of_the_law_as_well(desk: Correspondence, law: LawPack) -> None:
    type(desk.request).objects.filter(pk=desk.request.pk).update(language="es")
    letter = desk.write("denial")
    assert letter.text.startswith("Denegamos su solicitud") and mandatory(law, "denial") in letter.text
    assert desk.missing(letter) == []


def test_r28_without_a_usable_law_pack_nothing_is_sent(desk: Correspondence, page: Any, installed: Path) -> None:
    draft = desk.write("status", reason="Much mail.")
    type(desk.request).objects.filter(pk=desk.request.pk).update(law_version="1999-01-01")
    draft.request.refresh_from_db()
    with pytest.raises(Conflict):
        desk.send(draft)
    assert page("recorder", "").status_code == page("recorder", f"{draft.pk}/").status_code == 200
