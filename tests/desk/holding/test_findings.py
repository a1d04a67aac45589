"""What rules on use find goes to people, without a name until two agree, and vanishes where nobody confirms it (P-07, P-10 to
P-13)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from city.identity.people import T0, own, person
from civicmail.city.conduct.models import Evidence, Violation
from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Entry
from civicmail.city.notices.models import Notice
from civicmail.city.policy.active_rules import active
from civicmail.city.policy.dispositions import Disposition
from civicmail.city.policy.dispositions import Finding as Seen
from civicmail.city.snapshot.snapshot import Mailbox
from civicmail.core.disk.tail import Tail
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.holding import queries, record_facts
from civicmail.desk.holding.actions import expire_findings, review_findings
from civicmail.desk.holding.actions.journal_consumer import HoldingConsumer
from civicmail.desk.holding.models import Finding, Heard, Precision
from civicmail.desk.oversight.actions import publish_rules
from civicmail.desk.oversight.actions.shadow_rule import to_shadow
from civicmail.desk.oversight.models import Version
from civicmail.front.worker import processes
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.screening.use import copied_works
from desk.holding.test_quarantine import words
from front.worker.rounds import once
from mail.archive.making import UNSYNCED
from mail.gateway.town import town
from mail.screening.use.test_use import CAMPAIGN, NEWSLETTER, RESIDENTS
from pages.post import CANARIES, MESSAGE
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
RULE = "use-political-bulk"
WHY = "It asks forty people to vote for somebody."
PAT = "Pat Nguyen"


def reviewer(uid: str = "p-reviewer") -> Actor:
    return Actor(uid, held=(HeldRole("use-reviewer"),))


OTHER = reviewer("p-examiner")


def listened(data: Path, now: int) -> list[Finding]:
    """What the worker makes of the journals."""
    hearing = HoldingConsumer()
    tail = Tail(data, hearing.positions, bodies=False)
    for record in tail.poll():
        hearing.hear(record)
    hearing.positions.update(tail.positions)
    hearing.write(now)
    return list(Finding.objects.order_by("pk"))


def sent(
    data: Path, at: int, *, login: str = "p-crew2/phone", rules: tuple[str, ...] = (RULE,), source: str = "submission",
    do: str = "deliver", review: tuple[str, ...] = ("use",), facts: dict[str, Any] | None = None, to: int = 2,
) -> Capture:  # fmt: skip
    """A message of somebody inside, as it is recorded."""
    people = tuple(Recipient(f"r{n}@home.example") for n in range(to))
    envelope = Envelope("pat.nguyen@city.example", people, at, "192.0.2.9", login=login)
    capture = capture_of(capture_id(at), scan(MESSAGE), envelope, Source(source, source))
    copies = tuple(Disposition(n, do, rules, review=review) for n in range(to))  # type: ignore[arg-type]
    seen = (Seen("use", "campaign", "1", 0, 9, "vote-for-me"), Seen("links", "lookalike", "1", 3, 9, CANARIES["mask"]))
    capture = replace(capture, dispositions=copies, findings=seen, facts=facts or {})
    with closing(Writer(data, lambda: at, UNSYNCED, 1 << 20)) as w:
        w.receipt(capture, MESSAGE)
        w.flush()
    return capture


@pytest.fixture
def plain(city: Town) -> Town:
    """Without the findings of the pages."""
    Finding.objects.all().delete()
    return city


@pytest.mark.rule(
    "P-10, P-12",
    "A mailing that a rule on use matches is reported to the head of the department after two reviewers; a council "
    "member's, and a newsletter, are not.",
)
def test_a_contractors_mailing_goes_from_smtp_to_a_report_and_a_newsletter_to_nobody(
    plain: Town, installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The screening, the rules out of the box, two reviewers, and the head of the department."""
    with town(installed, tmp_path / "tls", checks=("use",), contains=False) as here:
        pat = person("p-crew2", PAT, own("p-crew2"), kind="contractor")
        mayor = person("p-chief", "Ed Marsh", own("p-chief"), kind="elected")
        boxes = (f"{one.id}@city.example" for one in (pat, mayor))
        here.publish(pat, mayor, mailboxes=tuple(Mailbox(b, "personal", b, "clerk", "open", "", b[:-13], (b,)) for b in boxes))
        for who, text in ((mayor, NEWSLETTER), (mayor, CAMPAIGN), (pat, NEWSLETTER), (pat, CAMPAIGN)):
            with here.signed_in(who.login) as client:
                client.mail(who.login)
                assert {client.rcpt(resident)[0] for resident in RESIDENTS} == {250}
                assert client.data(f"From: {who.name} <{who.login}>\r\nSubject: x\r\n\r\n{text}".encode())[0] == 250
    now = T0 + 60_000
    monkeypatch.setattr(processes, "connected", nullcontext)
    once(installed, "findings", now=now)
    found = Finding.objects.get()
    assert (found.rule, found.clause, found.state, found.copies) == (RULE, "P-12", "open", len(RESIDENTS))
    assert {(check, code) for check, code, *_ in found.evidence} == {("use", "campaign")}
    assert found.person is None and "crew2" not in str(found.__dict__) and PAT not in str(found.__dict__)
    assert listened(installed, now) == [found], "what was read is not read again"
    found = review_findings.answer(found, "second", actor=reviewer(), reason=WHY, now=now)
    found = review_findings.decide_second(found, right=True, actor=OTHER, reason=WHY, now=now)
    assert str(found.person) == PAT
    made = review_findings.hand_over(
        found, "Forty residents were asked for their vote from a city address.", actor=reviewer(), now=now
    )
    assert made.department is not None and (made.department.code, made.clause, str(made.person)) == ("public-works", "P-12", PAT)
    assert (made.state, made.origin, Evidence.objects.get(violation=made).capture) == (
        "reported",
        f"finding:{found.pk}",
        found.capture,
    )
    notice = Notice.objects.get(key__startswith="violation:")
    assert notice.to == "rosa.hale@city.example" and PAT in notice.text and "vote for me" not in notice.text
    assert Entry.objects.get(act="finding.hand-over").facts["person"] == "p-crew2"
    assert not Entry.objects.filter(act="finding.answer", facts__has_key="person").exists()


def test_a_listed_file_goes_from_smtp_to_the_reviewers_page_and_to_its_reader(
    plain: Town, visit: Visit, installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P-13: by the city's list and the rules out of the box; what two signs say is in shadow and asks nobody."""
    listed = b"%PDF-1.4 a whole book"
    (installed / copied_works.FOLDER).mkdir()
    (installed / copied_works.FOLDER / "publisher.sha256").write_text(f"{hashlib.sha256(listed).hexdigest()}  The Book.pdf\n")
    letters = (("Use this serial; the crack is included.", b"%PDF-1.4 ours"), ("as promised", listed))
    with town(installed, tmp_path / "tls", checks=("use",), contains=False) as here:
        pat = person("p-crew2", PAT, own("p-crew2"))
        box = f"{pat.id}@city.example"
        here.publish(pat, mailboxes=(Mailbox(box, "personal", box, "clerk", "open", "", pat.id, (box,)),))
        for text, content in letters:
            with here.signed_in(pat.login) as client:
                client.mail(pat.login)
                assert client.rcpt(RESIDENTS[0])[0] == 250
                parts = "".join(
                    f"--b\r\nContent-Type: {kind}\r\n{more}\r\n{body}\r\n"
                    for kind, more, body in (
                        ("text/plain", "", text),
                        ("application/pdf", 'Content-Disposition: attachment; filename="secret name.pdf"\r\n', content.decode()),
                    )
                )
                head = f"From: {pat.name} <{pat.login}>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
                assert client.data(f"{head}{parts}--b--\r\n".encode())[0] == 250
    monkeypatch.setattr(processes, "connected", nullcontext)
    once(installed, "findings", now=T0 + 60_000)
    found = Finding.objects.get()
    assert (found.rule, found.clause, found.state) == ("use-infringement-listed", "P-13", "open")
    assert [(check, code, mask) for check, code, _, mask in found.evidence] == [("use", "infringement", "list-publisher")]
    page = visit("reviewer").get(f"/holding/findings/{found.pk}/").content.decode()
    assert "the work of others: “list publisher”" in page and "secret name" not in page and PAT not in page


@pytest.mark.rule(
    "P-12, promise 4",
    "Reviewers see no name before two of them agree, and never in unconfirmed findings; they never answer about themselves.",
)
def test_nobodys_name_is_seen_before_another_person_agrees(plain: Town, visit: Visit, installed: Path) -> None:
    """On no page, in no entry; who looked first does not agree with themselves; nobody answers about themselves."""
    now = epoch_ms(plain.now)
    capture = sent(installed, now - 1000)
    sent(installed, now - 2000)
    row, older = listened(installed, now)
    assert row.pseudonym == older.pseudonym
    page, client = f"/holding/findings/{row.pk}/", visit("reviewer")

    def shown() -> str:
        return words(client.get(page)) + words(client.get("/holding/findings/?state=&sort=rule"))

    first = shown()
    assert row.pseudonym in first and "vote for me" in first and capture.uuid in first
    assert not any(hidden in first for hidden in (PAT, "pat.nguyen", "crew2", "home.example", *CANARIES.values()))
    assert client.post(page, {"reason": WHY}).status_code == 422, "nothing is chosen"
    assert client.post(page, {"answer": "second", "reason": WHY}).status_code == 302
    assert PAT not in shown() and "Another use reviewer looks at it." in shown()
    row.refresh_from_db()
    with pytest.raises(NotPermitted, match="first reviewer"):
        review_findings.decide_second(row, right=True, actor=reviewer(), reason=WHY, now=now)
    with pytest.raises(NotPermitted, match="about themselves"):
        review_findings.decide_second(row, right=True, actor=reviewer("p-crew2"), reason=WHY, now=now)
    assert PAT not in str(list(Entry.objects.values_list("facts", "object"))) and "p-crew2" not in str(
        list(Entry.objects.filter(act__startswith="finding.").values_list("facts", "object"))
    )
    assert review_findings.decide_second(row, right=True, actor=OTHER, reason=WHY, now=now).person == plain.people["crew2"]
    assert PAT in shown()
    older.refresh_from_db()
    assert older.pseudonym != row.pseudonym, "the others are without a name still"
    assert PAT not in words(client.get(f"/holding/findings/{older.pk}/"))
    assert client.post(page, {"text": "Forty residents were asked for their vote."}).status_code == 302
    assert Violation.objects.get(source="reviewer").department == plain.departments["public-works"]
    with pytest.raises(Conflict):
        review_findings.hand_over(row, "Forty residents were asked for their vote.", actor=OTHER, now=now)


@pytest.mark.rule("P-12", "A friendly reminder is sent to the sender, once, without the reviewer's name and without content.")
def test_a_friendly_reminder_names_the_rule_and_nobody_who_looked(plain: Town, visit: Visit, installed: Path) -> None:
    """One notice to whoever sent it; neither the reviewer nor a word of the message is in it."""
    now = epoch_ms(plain.now)
    sent(installed, now - 1000)
    (row,) = listened(installed, now)
    answer = {"answer": "reminded", "reason": WHY}
    assert visit("reviewer").post(f"/holding/findings/{row.pk}/", answer).status_code == 302
    (notice,) = Notice.objects.all()
    assert notice.to == "pat.nguyen@city.example" and "P-12" in notice.text and "friendly reminder" in notice.text
    assert not any(word in notice.text + notice.subject for word in ("Tova", "Lind", "p-reviewer", WHY, *CANARIES.values()))
    assert visit("reviewer").post(f"/holding/findings/{row.pk}/", answer).status_code == 409
    assert Precision.objects.get().confirmed == 1 and Notice.objects.count() == 1


@pytest.mark.rule("P-12", "A finding that two reviewers have not confirmed is deleted after thirty days, with its evidence.")
def test_what_nobody_confirms_vanishes_after_thirty_days(plain: Town, installed: Path) -> None:
    """Whatever was answered, with all evidence; what two have confirmed stays."""
    now = epoch_ms(plain.now)
    for n in range(4):
        sent(installed, now - 1000 - n)
    _, nothing, asks, confirmed = listened(installed, now)
    review_findings.answer(nothing, "nothing", actor=reviewer(), reason=WHY, now=now)
    asks = review_findings.answer(asks, "second", actor=reviewer(), reason=WHY, now=now)
    confirmed = review_findings.answer(confirmed, "second", actor=reviewer(), reason=WHY, now=now)
    review_findings.decide_second(confirmed, right=True, actor=OTHER, reason=WHY, now=now)
    assert expire_findings.expire(now + 30 * DAY_MS - 60_000) == 0 and Finding.objects.count() == 4
    assert expire_findings.expire(now + 30 * DAY_MS) == 3
    assert list(Finding.objects.all()) == [confirmed]
    assert Entry.objects.filter(act="finding.vanish").count() == 3


@pytest.mark.rule(
    "P-12, P-29",
    "A rule with less than half right of twenty answers or more goes to shadow automatically, and its author is notified.",
)
def test_a_rule_that_is_wrong_more_often_than_right_switches_itself_off(plain: Town, installed: Path) -> None:
    """Of twenty answers or more, by a version of the book; its author hears of it."""
    now = epoch_ms(plain.now)
    publish_rules.adopt(now)
    publish_rules.repair()
    rule = queries.rule_set().rule(RULE)
    precision = Precision.objects.create(rule=RULE, condition=record_facts.condition_digest(rule), answered=19, confirmed=9)
    assert expire_findings.switch_off_imprecise(to_shadow, now) == 0, "nineteen are too few"
    Precision.objects.update(answered=20, confirmed=10)
    assert expire_findings.switch_off_imprecise(to_shadow, now) == 0, "half is enough"
    Finding.objects.create(
        capture=str(uuid.UUID(int=1)),
        rule=RULE,
        condition=precision.condition,
        pseudonym="A",
        received=from_ms(now),
        made=from_ms(now),
    )
    review_findings.answer(Finding.objects.get(), "nothing", actor=reviewer(), reason=WHY, now=now)
    assert expire_findings.switch_off_imprecise(to_shadow, now) == 1
    acts = Version.objects.get(rule=RULE, state="active")
    assert (acts.number, acts.mode, acts.author, acts.approver) == (2, "shadow", None, None) and "10 of 21" in acts.changed
    publish_rules.repair()
    changed, before = active(installed).rule(RULE), Version.objects.get(rule=RULE, number=1)
    assert changed is not None and changed.mode == "shadow" and rule is not None
    assert before.state == "replaced" and (changed.when, changed.unless, changed.examples[0].facts) == (
        rule.when, rule.unless, rule.examples[0].facts,
    )  # fmt: skip
    assert [n.to for n in Notice.objects.all()] == ["cleo.hart@city.example"] and RULE in Notice.objects.get().subject
    assert expire_findings.switch_off_imprecise(to_shadow, now) == 0 and Notice.objects.count() == 1


@pytest.mark.rule(
    "P-12, P-16",
    "Mail that must not be reviewed, imports, and mail not sent from inside never become findings, whatever their records contain.",
)
def test_what_nobody_may_review_and_what_no_person_sent_is_no_finding(plain: Town, installed: Path) -> None:
    """Exempt, imported, inbound, a machine's, in shadow, asked of others: no row, whatever is recorded."""
    now = epoch_ms(plain.now)
    sent(installed, now - 1000, facts={"use.exempt": True})
    sent(installed, now - 1001, source="import")
    sent(installed, now - 1002, source="mx", login="")
    sent(installed, now - 1003, login="service:printer@city.example")
    sent(installed, now - 1004, rules=(f"shadow:{RULE}",), review=())
    sent(installed, now - 1005, rules=("confidential-many",), review=("security",))
    sent(installed, now - 31 * DAY_MS)
    assert listened(installed, now) == [] and Heard.objects.exists()
    sent(installed, now - 1006, rules=(f"notify:{RULE}", "confidential-many"), review=("use", "security"))
    assert [f.rule for f in listened(installed, now)] == [RULE]
