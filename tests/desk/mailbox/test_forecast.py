"""What is said before sending is what happens: the same deciding, the same words (P-19, P-22; promise 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured

from civicmail.city.guard import models as guard
from civicmail.city.identity import models as identity
from civicmail.city.policy import active_rules, rule_parser
from civicmail.desk.mailbox.actions import edit_drafts, submit_draft
from civicmail.desk.mailbox.draft_file_type import with_file_type
from civicmail.desk.mailbox.forecast import Forecast
from civicmail.desk.mailbox.models import Draft, Outgoing
from civicmail.desk.mailbox.views import delivery, forecast_panel
from civicmail.desk.mailbox.views import words as shown
from civicmail.mail.archive.envelopes import Passage, trace_of
from civicmail.mail.archive.machine import Machine
from desk.mailbox.writing import CREWS, DANA, LENA, Office, office
from pages.world import Town

pytestmark = pytest.mark.django_db
MIGUEL = "miguel.santos@city.example"  # is on leave: his mailbox has no reader
ANN, BEN = "ann@paving.example", "ben@banned.example"
SSN = "Her social security number (SSN) is 512-34-5678."


def rule(id_: str, clause: str, do: str, when: str, fits: str, mode: str = "enforce") -> str:
    return f"""[[rule]]
id = "{id_}"
clause = "{clause}"
owner = "Clerk"
why = "The policy says so, and the departments have asked for it twice."
expires = 2199-12-31
severity = "medium"
mode = "{mode}"
do = "{do}"
when = '{when}'
{"reader" if do == "hold" else "sender"} = "Words of {id_}."
ask = "your manager"
[[rule.example]]
facts = {{ source = "submission", {fits} }}
fits = true
[[rule.example]]
facts = {{ source = "submission" }}
fits = false

"""


BOOK = (
    rule("file-leaves", "P-22", "hold", "outbound && files.count > 0", "outbound = true, files.count = 1")
    + rule("banned", "P-11", "refuse", 'recipient.domain == "banned.example"', 'recipient.domain = "banned.example"')
    + rule(
        "told-only", "P-19", "encrypt", "outbound && size(confidential.high) > 0",
        'outbound = true, confidential.high = ["ssn"]', "notify",
    )
)  # fmt: skip


@pytest.fixture
def desk(installed: Path, city: Town, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    active_rules.publish(installed, BOOK)
    settings.CITY = replace(settings.CITY, screening=replace(settings.CITY.screening, checks=["files", "confidential"]))
    with office(installed, city, configured.CITY) as made:
        monkeypatch.setattr(submit_draft, "submission", lambda: made.submission)
        yield made


def written(desk: Office, **fields: str) -> Draft:
    import uuid

    files = [with_file_type("plan.txt", b"lines of a plan")] if fields.pop("file", "") else []
    said = edit_drafts.DraftContent(**{"mailbox": DANA, "subject": "Plan", "text": "Please look.", **fields})
    return edit_drafts.save(uuid.uuid4(), said, version=0, actor=desk.actor("crew0"), now=desk.now, files=files, max_bytes=1000)


def foretold(desk: Office, draft: Draft) -> Forecast:
    return submit_draft.forecast_draft(draft, submit_draft.gather_recipients(draft), actor=desk.actor("crew0"), now=desk.now)


def became(desk: Office, draft: Draft) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """It is sent: address -> state, what is done, rules."""
    actor = desk.actor("crew0")
    out = submit_draft.send_draft(draft, submit_draft.gather_recipients(draft), actor=actor, now=desk.now, wait=0)
    assert desk.work() == 1
    capture, _ = next((c, b) for c, b in desk.captures() if c.uuid == Outgoing.objects.get(pk=out.pk).capture)
    traced = trace_of(capture, Machine(desk.data).events(capture.id))
    return {p.address: ("delivered" if p.state == "waiting" else p.state, p.do, p.rules) for p in traced.passages}


MESSAGES: list[tuple[dict[str, str], bool]] = [
    ({"to": LENA}, True),
    ({"to": f"{LENA}, {ANN}", "file": "yes"}, False),
    ({"to": f"{ANN}, {BEN}"}, False),
    ({"to": BEN}, False),
    ({"to": ANN, "text": SSN}, False),
    ({"to": f"{MIGUEL}, {CREWS}", "cc": LENA}, False),
]
"""What is written, and whether there is nothing to hear of it."""


@pytest.mark.rule("P-19, P-22, promise 7", "The forecast before sending equals the outcome for each copy.")
def test_what_was_said_before_is_what_became_of_it(desk: Office) -> None:
    """For mail that is delivered, held for a manager, refused to some or to all, told of, held for its mailbox, and to a
    list. One process screens them all: it takes seconds to start."""
    for fields, calm in MESSAGES:
        draft = written(desk, **fields)
        found = foretold(desk, draft)
        assert found.is_calm == calm, fields
        happened = became(desk, draft)
        said = {c.address: (c.state, c.do, c.rules) for c in found.copies}
        assert said == {address: happened[address] for address in said}
        assert set(happened) == set(said) or found.members, "only members of a list are not named one by one"


def test_the_panel_says_why_by_which_clause_and_whom_to_ask(desk: Office) -> None:
    """For each recipient alone, in the words of the delivery page; another text, or another outcome, is asked again."""
    panel = forecast_panel.panel(foretold(desk, written(desk, to=f"{LENA}, {ANN}", file="yes")), 1)
    lines = {line.address: line for line in panel.lines}
    assert (lines[LENA].role, str(lines[LENA].word), lines[LENA].why) == ("done", "Delivered", ())
    assert (lines[ANN].role, str(lines[ANN].word), lines[ANN].outside) == ("lock", "Held", True)
    assert lines[ANN].why == ("Words of file-leaves. Ask your manager. (P-22)",)
    told = forecast_panel.panel(foretold(desk, written(desk, to=ANN, text=SSN)), 1)
    assert told.lines[0].why == ("You will be told: Words of told-only. Ask your manager. (P-19)",)
    draft = written(desk, to=ANN, file="yes")
    found = foretold(desk, draft)
    assert found.digest(1) == foretold(desk, draft).digest(1)
    assert found.digest(1) != found.digest(2)
    active_rules.publish(
        desk.data, rule("other", "P-22", "refuse", "outbound && files.count > 0", "outbound = true, files.count = 1")
    )
    desk.now += 5_000
    assert foretold(desk, draft).digest(1) != found.digest(1)


@pytest.mark.rule("P-19, promise 7", "The delivery page explains a waiting copy as the write page did: rule, clause, contact.")
def test_the_delivery_page_says_why_a_copy_waits_as_the_write_page_did() -> None:
    """Rule, clause and whom to ask; of a rule that kept nothing back, nothing."""
    book = rule_parser.parse_rule_set([("active.toml", rule("file-leaves", "P-22", "hold", "outbound", "outbound = true"))])
    held = Passage(0, ANN, "", "hold", ("file-leaves",), "held", 0, "", 0, 0)
    assert delivery.sender_text(held, book) == "Words of file-leaves. Ask your manager. (P-22)"
    assert delivery.sender_text(replace(held, state="delivered"), book) == ""


@pytest.mark.rule("P-19", "From the delivery page a sender is led to where what waits in the portal is taken back.")
def test_of_what_waits_in_the_portal_the_sender_is_led_to_where_it_is_taken_back() -> None:
    """From the page that says how each copy stands."""
    book = rule_parser.parse_rule_set([("active.toml", rule("file-leaves", "P-22", "hold", "outbound", "outbound = true"))])
    waits = Passage(0, ANN, "", "encrypt", (), "delivered", 0, "", 0, 0, proof={"method": "portal", "box": "0" * 32})
    assert delivery._whole(waits, "0", book, {}, None).pickup == "/mail/secure/"
    assert delivery._whole(replace(waits, proof={"method": "smime"}), "0", book, {}, None).pickup == ""


@pytest.mark.rule("P-19, promise 7", "Overruled effects are not forecast, and decisions outside the rule set are.")
def test_what_the_sender_put_aside_is_not_said_to_happen() -> None:
    """A copy that left unencrypted for a reason, and what was decided beside the book is said, too."""
    book = rule_parser.parse_rule_set([("active.toml", rule("seals", "P-19", "encrypt", "outbound", "outbound = true"))])
    seals = book.rule("seals")
    assert seals is not None
    assert forecast_panel.why(("seals", "sent-plain"), [seals]) == [str(shown.RULES["sent-plain"])]
    both = forecast_panel.why(("contained", "seals"), [seals])
    assert both == [str(shown.RULES["contained"]), "Words of seals. Ask your manager. (P-19)"]


@pytest.mark.rule("P-19", "A sender gives the reason for no encryption before a message waits for something else.")
def test_what_waits_for_its_files_and_leaves_encrypted_then_may_be_put_aside_too(desk: Office) -> None:
    """A reason is asked for before it waits, because afterwards nobody can give one; never of what was asked for."""
    ssn = 'outbound = true, confidential.high = ["ssn"]'
    seals = rule("seals", "P-19", "encrypt", "outbound && size(confidential.high) > 0", ssn)
    waits = rule("file-leaves", "P-22", "hold", "outbound && files.count > 0", "outbound = true, files.count = 1")
    active_rules.publish(desk.data, waits + seals)
    desk.now += 5_000
    found = foretold(desk, written(desk, to=f"{ANN}, {LENA}", text=SSN, file="yes"))
    assert [(c.address, c.do) for c in found.encrypted] == [(ANN, "hold")] and found.encrypting_rules == ("seals",)
    assert forecast_panel.panel(found, 1).sealed
    assert foretold(desk, written(desk, to=ANN, text=SSN, subject="[secure] Plan", file="yes")).encrypted == ()


@pytest.mark.rule(
    "P-25, promise 7",
    "A sender whose next message would look like an anomaly is warned before, and a forecast does not count.",
)
def test_who_would_seem_taken_over_hears_so_before_and_is_not(desk: Office) -> None:
    """Asking counts nothing, however often; then it becomes what was said."""
    many = ", ".join(f"p{n}@d{n}.example" for n in range(25))
    draft = written(desk, to=many)
    for _ in range(3):
        found = foretold(desk, draft)
        assert {c.state for c in found.copies} == {"held"} and [c.code for c in found.cautions] == ["shown", "unlike"]
    assert "ask them first" in forecast_panel.panel(found, 1).warns[1] and len(forecast_panel.panel(found, 1).folded) == 1
    assert foretold(desk, written(desk, to=ANN)).is_calm
    assert {state for state, _, _ in became(desk, draft).values()} == {"held"}
    assert [c.code for c in foretold(desk, written(desk, to=ANN)).cautions] == [], "who is held already knows why"


def test_who_may_not_send_hears_so_before_and_nothing_goes(desk: Office) -> None:
    draft = written(desk, to=LENA)
    identity.Authorization.objects.filter(person__uid="p-crew1", role="holder").update(state="suspended")
    guard.Account.objects.filter(person__uid="p-crew0").update(is_active=False)
    desk.publish()
    desk.now += 1_000
    found = foretold(desk, draft)
    assert (found.refused, found.is_calm) == ("access-ended", False)
    assert "Your sign-in is closed" in forecast_panel.panel(found, 1).stop
