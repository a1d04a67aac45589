"""A sender sends unencrypted what a rule would have encrypted: with a reason, which the privacy officer reads (P-19)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client

from civicmail.city.guard.errors import Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.policy import active_rules
from civicmail.desk.mailbox.actions import send_message, submit_draft
from civicmail.desk.mailbox.actions.send_message import UnencryptedChoice
from civicmail.desk.mailbox.models import Draft, Outgoing, SentPlain
from civicmail.desk.mailbox.views import delivery, forecast_panel
from civicmail.mail.archive.envelopes import Passage
from civicmail.mail.courier.secure_routes import NO_WAY
from desk.mailbox.test_forecast import ANN, SSN, foretold, rule, written
from desk.mailbox.test_write_page import Page
from desk.mailbox.writing import LENA, Office, office
from pages.programs import asking
from pages.world import Town

pytestmark = pytest.mark.django_db
WHY = "The resident asked for it by telephone, in her own name."
BOOK = rule("seal", "P-19", "encrypt", "outbound && size(confidential.high) > 0", 'outbound = true, confidential.high = ["ssn"]')


@pytest.fixture
def desk(installed: Path, city: Town, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    active_rules.publish(installed, BOOK)
    screening = replace(settings.CITY.screening, checks=["confidential"])
    settings.CITY = replace(settings.CITY, screening=screening, web=replace(settings.CITY.web, url="https://mail.city.example"))
    with office(installed, city, configured.CITY) as made:
        monkeypatch.setattr(submit_draft, "submission", lambda: made.submission)
        yield made


def given(desk: Office, plain: UnencryptedChoice | None, subject: str = "Plan") -> Outgoing:
    draft = written(desk, to=ANN, text=SSN, subject=subject)
    return submit_draft.send_draft(
        draft, submit_draft.gather_recipients(draft), actor=desk.actor("crew0"), now=desk.now, wait=0, plain=plain
    )


def became(desk: Office, out: Outgoing) -> tuple[str, tuple[str, ...]]:
    desk.work()
    uuid = Outgoing.objects.get(pk=out.pk).capture
    capture, _ = next((c, b) for c, b in desk.captures() if c.uuid == uuid)
    return capture.dispositions[0].do, capture.dispositions[0].rules


@pytest.mark.rule(
    "P-19",
    "A sender sends unencrypted what a rule would have encrypted with a reason alone, which the privacy officer reads.",
)
def test_a_reason_sends_it_as_it_is_and_the_privacy_officer_reads_it(
    desk: Office, city: Town, visit: Callable[[str], Client]
) -> None:
    """Without one nothing is sent; what was asked for with [secure] stays encrypted."""
    draft = written(desk, to=ANN, text=SSN)
    found = foretold(desk, draft)
    assert [(c.do, c.rules) for c in found.encrypted] == [("encrypt", ("seal",))] and not found.is_calm
    assert became(desk, given(desk, None)) == ("encrypt", ("seal",))
    with pytest.raises(Unusable):
        given(desk, UnencryptedChoice("short", ("seal",)))
    assert not SentPlain.objects.exists()
    out = given(desk, UnencryptedChoice(WHY, ("seal",)))
    assert became(desk, out) == ("deliver", ("seal", "sent-plain"))
    row = SentPlain.objects.get()
    assert (row.reason, row.rules, row.uid) == (WHY, "seal", out.uid)
    assert Entry.objects.get(act="mail.plain").reason == WHY
    do, rules = became(desk, given(desk, UnencryptedChoice(WHY, ("seal",)), subject="[secure] Plan"))
    assert (do, rules[-1]) == ("encrypt", "secure-asked")
    assert visit("crew0").get("/mail/sent-plain/").status_code == 403
    shown = visit("auditor").get("/mail/sent-plain/").content.decode()
    assert WHY in shown and "2 messages, 2 copies" in shown


def test_what_is_taken_back_was_not_sent_unencrypted(desk: Office) -> None:
    """P-19."""
    draft = written(desk, to=ANN, text=SSN)
    out = submit_draft.send_draft(
        draft, submit_draft.gather_recipients(draft), actor=desk.actor("crew0"), now=desk.now, plain=UnencryptedChoice(WHY)
    )
    send_message.undo(out, actor=desk.actor("crew0"), reason="taken back", now=desk.now)
    assert not SentPlain.objects.exists()


@pytest.mark.rule("P-19", "Send securely writes the word into the subject, and every copy that leaves is encrypted.")
def test_send_securely_writes_the_word_once_and_every_copy_outside_is_encrypted(
    desk: Office, visit: Callable[[str], Client]
) -> None:
    """As a browser without script does it."""
    page = Page(visit("crew0"), "/mail/write/")
    page.press("check", to=f"{ANN}, {LENA}", subject="Plan", text="Please look.")
    page.press("secure")
    assert Draft.objects.get().subject == "[secure] Plan"
    out = Outgoing.objects.get()
    desk.now = max(desk.now, int(out.due.timestamp() * 1000))
    desk.work()
    ((capture, _),) = [(c, b) for c, b in desk.captures() if c.uuid == Outgoing.objects.get().capture]
    assert {r.address: d.do for r, d in zip(capture.envelope.recipients, capture.dispositions, strict=True)} == {
        ANN: "encrypt", LENA: "deliver",
    }  # fmt: skip


@pytest.mark.rule("P-19, promise 7", "A copy without a secure route is announced before sending, and later on its page.")
def test_what_has_no_way_is_said_before_it_is_sent_and_where_it_stands(
    desk: Office, installed: Path, city: Town, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whom it is about, and that the copy would wait; not of colleagues, and not where the portal is there."""
    draft = written(desk, to=f"{ANN}, {LENA}", text=SSN)
    assert foretold(desk, draft).cautions == ()
    bare = replace(settings.CITY, web=replace(settings.CITY.web, url=""))
    with office(installed, city, bare) as without:
        monkeypatch.setattr(submit_draft, "submission", lambda: without.submission)
        for text, subject in ((SSN, "Plan"), ("Please look.", "[secure] Plan")):
            found = foretold(without, written(without, to=f"{ANN}, {LENA}", text=text, subject=subject))
            assert [(c.code, c.count, c.addresses) for c in found.cautions] == [("no-way", 1, (ANN,))] and not found.is_calm
            assert {c.address: c.state for c in found.copies} == {ANN: "waiting", LENA: "delivered"}
        (warned,) = forecast_panel.panel(found, 1).warns
        assert ANN in warned and "would wait" in warned and "P-19" in warned
        assert foretold(without, written(without, to=ANN, text="Please look.")).cautions == ()
    waits = Passage(0, ANN, "", "encrypt", ("seal",), "deferred", 1, f"{NO_WAY}the pick-up portal has no address", 2, 1)
    assert "waits" in delivery.unencryptable(waits) and delivery.unencryptable(replace(waits, reply="4.4.1 gone")) == ""
    assert delivery.unencryptable(replace(waits, state="delivered")) == ""


def test_the_panel_asks_why_it_may_go_unencrypted(desk: Office, visit: Callable[[str], Client]) -> None:
    """On the page."""
    page = Page(visit("crew0"), "/mail/write/")
    page.press("send", to=ANN, subject="Plan", text=SSN)
    assert "Send it unencrypted" in page.text and not Outgoing.objects.exists()
    assert page.press("plain", plain="no").status_code == 422
    assert not Outgoing.objects.exists()
    page.press("plain", plain=WHY)
    assert Outgoing.objects.count() == SentPlain.objects.count() == 1


@pytest.mark.rule("P-19", "A program sends unencrypted against a rule only with a reason in words, which is recorded.")
def test_a_program_says_why_it_sends_unencrypted(desk: Office, city: Town) -> None:
    """In the same words, which are kept; without them it goes encrypted."""
    ask = asking(city.people["crew0"])
    draft = written(desk, to=ANN, text=SSN)
    said = {"version": draft.version, "plain": "short"}
    assert ask("POST", f"/drafts/{draft.uid}/send", said).status_code == 422 and not Outgoing.objects.exists()
    assert ask("POST", f"/drafts/{draft.uid}/send", {**said, "plain": WHY}).status_code == 201
    row = SentPlain.objects.get()
    assert (row.reason, row.rules, row.copies) == (WHY, "seal", 1)
    assert [line["reason"] for line in asking(city.people["auditor"])("GET", "/sent-plain").json()] == [WHY]
