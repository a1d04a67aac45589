"""What people report is one case for the same thing, and one answer for everybody (P-31)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import translation

from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Entry
from civicmail.city.notices import signed_links
from civicmail.city.notices.models import Notice
from civicmail.city.policy.dispositions import Disposition, Facts, Finding
from civicmail.core.disk.tail import Tail
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.incidents.actions import case_answers, incident_notices, reporting
from civicmail.desk.incidents.actions.mail_reports import MailReports
from civicmail.desk.incidents.models import Case, Pull, Pulled, Report
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.pipeline import labels
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.pipeline.fingerprint_reader import fingerprint_of
from desk.holding.test_quarantine import words
from mail.archive.making import UNSYNCED
from pages.cases import index
from pages.post import CANARIES, MESSAGE
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
DANA, PAT = "dana.ortiz@city.example", "pat.nguyen@city.example"
WHY = "It asks for passwords in the name of the help desk."
FAR = 4_000_000_000_000


def phish(name: str = "Dana", host: str = "pay.example", sender: str = "help@desk.example", number: int = 1) -> bytes:
    """One of a wave: the name and the number are another one in each."""
    return (
        f"From: Help Desk <{sender}>\r\nTo: x@city.example\r\nSubject: Your mailbox is full\r\n"
        f"Message-ID: <{number}@{host}>\r\n\r\n"
        f"Dear {name},\r\nyour mailbox has reached its limit and will be closed on Friday. Confirm your password on the page of "
        f"the help desk now so that you go on receiving letters of residents and of your colleagues: http://{host}/{number}\r\n"
    ).encode()


def officer(uid: str = "p-security") -> Actor:
    return Actor(uid, held=(HeldRole("security-officer", active_until=FAR),))


def came(
    data: Path, at: int, *to: str, raw: bytes = MESSAGE, kind: str = "mx", login: str = "", sender: str = "help@desk.example",
    facts: Facts | None = None, findings: tuple[Finding, ...] = (),
) -> Capture:  # fmt: skip
    """Mail that was delivered to these people."""
    envelope = Envelope(sender, tuple(map(Recipient, to)), at, "192.0.2.9", login=login)
    capture = capture_of(capture_id(at), scan(raw), envelope, Source(kind, kind))
    capture = replace(capture, dispositions=tuple(Disposition(n, "deliver", ()) for n in range(len(to))), facts=facts or {})
    capture = replace(capture, findings=findings)
    with closing(Writer(data, lambda: at, UNSYNCED, 1 << 20)) as w:
        w.receipt(capture, raw)
        for n in range(len(to)):
            left = {"sha256": hashlib.sha256(raw.replace(b"\r\n", b"\n")).hexdigest(), "sent": {"eol": "lf", "prepend": []}}
            w.event(Event(Type.DELIVERED, capture.id, at + 5, (n,), {"hop": "maildir", "reply": "250 ok", **left}))
        w.flush()
    return capture


def heard(data: Path, now: int) -> None:
    """What the worker makes of the journals."""
    hearing = MailReports()
    for record in Tail(data, hearing.positions, bodies=False).poll(10_000):
        hearing.hear(record)
    hearing.write(now)


@pytest.mark.rule(
    "P-31",
    "Reports of the same message are one case, answered once; each reporter gets the answer with its reason, and the "
    "filter learns.",
)
def test_the_same_thing_is_one_case_and_everybody_is_answered_once(plain: Town, visit: Visit, installed: Path) -> None:
    """Nearly the same words from two people, and other words apart; one answer with its reason, and the filter learns."""
    now = epoch_ms(plain.now)
    first = came(installed, now - 9000, DANA, raw=phish())
    second = came(installed, now - 8000, PAT, raw=phish("Pat", number=2))
    assert visit("crew0").post(f"/mail/{first.uuid}/report/", {"what": "danger"}).status_code == 302
    visit("crew0").post(f"/mail/{first.uuid}/report/", {"what": "danger"})
    reporting.report(second.uuid, fingerprint_of(phish("Pat", number=2)), plain.people["crew2"], "link", actor=officer(), now=now)
    other = fingerprint_of(
        b"From: a@desk.example\r\n\r\nSomething else altogether, of a few words, which nobody has ever seen before."
    )
    reporting.report(second.uuid, other, plain.people["crew2"], "link", actor=officer(), now=now)
    case = Case.objects.get(sender="help@desk.example")
    assert case.reports.count() == 2 and Case.objects.count() == 2
    assert Entry.objects.filter(act="report.make", facts__case=case.pk).count() == 2
    Notice.objects.all().delete()
    case_answers.answer(case, "right", actor=officer(), reason=WHY, now=now)
    told = {n.to: n for n in Notice.objects.all()}
    assert set(told) == {DANA, PAT} and all("You were right" in n.subject and WHY in n.text for n in told.values())
    assert not any(other in told[DANA].text for other in (PAT, "p-security", "Help Desk", "mailbox is full"))
    said = [labels.label_of(e) for e in Machine(installed).events(first.id) if e.type == Type.LABELLED]
    assert labels.Label(True, "p-security", "operator") in said
    with pytest.raises(Conflict):
        case_answers.answer(case, "genuine", actor=officer(), reason=WHY, now=now)
    case.refresh_from_db()
    with pytest.raises(Conflict, match="faster"):
        case_answers.answer(case, "genuine", actor=officer(), reason=WHY, now=now)


@pytest.mark.rule(
    "P-31",
    "A reporter of an answered message gets the answer immediately; a link alone does not match an answered case.",
)
def test_who_reports_what_was_answered_hears_it_at_once(plain: Town, installed: Path) -> None:
    """No new case for officers; a link alone makes nothing the same as what was answered."""
    now = epoch_ms(plain.now)
    one = came(installed, now - 9000, DANA, raw=phish())
    row = reporting.report(one.uuid, fingerprint_of(phish()), plain.people["crew0"], "page", actor=officer(), now=now).case
    case_answers.answer(row, "genuine", actor=officer(), reason=WHY, now=now)
    Notice.objects.all().delete()
    again = reporting.report(
        one.uuid, fingerprint_of(phish("Lee", number=7)), plain.people["crew2"], "page", actor=officer(), now=now
    )
    told = [(n.to, n.subject) for n in Notice.objects.all()]
    assert again.case == row and told == [(PAT, "It is genuine: what you reported")]
    short = fingerprint_of(b"From: help@desk.example\r\n\r\nNow: http://pay.example/9")
    assert reporting.report(one.uuid, short, plain.people["crew1"], "page", actor=officer(), now=now).case != row


@pytest.mark.rule("P-31", "Officers are notified, once an hour at most, of further messages of a dangerous case.")
def test_officers_hear_that_what_was_dangerous_has_come_again(plain: Town, installed: Path) -> None:
    """Once an hour, of another message; not of one that was reported before, or taken back."""
    now, people = epoch_ms(plain.now), plain.people
    one = came(installed, now - 9000, DANA, raw=phish())
    row = reporting.report(one.uuid, fingerprint_of(phish()), people["crew0"], "page", actor=officer(), now=now).case
    case_answers.answer(row, "right", actor=officer(), reason=WHY, now=now)
    told = Notice.objects.filter(subject=f"It has come again (case {row.pk})")

    def report(capture: Capture, key: str, n: int = 1) -> None:
        raw = phish("Pat", number=n) if n > 1 else phish()
        assert reporting.report(capture.uuid, fingerprint_of(raw), people[key], "page", actor=officer(), now=now).case == row

    report(one, "admin")
    assert not told.exists()
    for n, key in ((2, "crew2"), (3, "crew1")):
        report(came(installed, now - 8000 + n, PAT, raw=phish("Pat", number=n)), key, n)
    assert 1 <= told.count() == told.values("to").distinct().count()
    Notice.objects.all().delete()
    taken = came(installed, now - 7000, PAT, raw=phish("Pat", number=4))
    pull = Pull.objects.create(case=row, total=1, state="done", by=people["security"], why=WHY, made=plain.now)
    Pulled.objects.create(pull=pull, capture=taken.uuid, index=0, mailbox=PAT, state="taken")
    report(taken, "super", 4)
    assert not told.exists()


@pytest.mark.rule(
    "P-25, P-31",
    "Genuine is only the very message that was called so: one in the same words with another link, file or sender is a new case.",
)
@pytest.mark.parametrize("host", ["pay.example", "evil.example"])
def test_what_copies_a_genuine_message_is_not_called_genuine(plain: Town, installed: Path, host: str) -> None:
    """The same words with another link, or from the same place once more, are a new case; the very message is not."""
    now, people = epoch_ms(plain.now), plain.people
    one = came(installed, now - 9000, DANA, raw=phish())
    row = reporting.report(one.uuid, fingerprint_of(phish()), people["crew0"], "page", actor=officer(), now=now).case
    case_answers.answer(row, "genuine", actor=officer(), reason=WHY, now=now)
    Notice.objects.all().delete()
    again = came(installed, now - 7000, PAT, raw=b"Received: from elsewhere\r\n" + phish())
    assert reporting.report(again.uuid, fingerprint_of(phish()), people["crew2"], "page", actor=officer(), now=now).case == row
    told = Notice.objects.filter(subject__startswith="It is genuine")
    assert [n.to for n in told] == [PAT]
    raw = phish("Pat", host, number=2)
    other = came(installed, now - 8000, PAT, raw=raw)
    made = reporting.report(other.uuid, fingerprint_of(raw), people["crew1"], "page", actor=officer(), now=now)
    assert made.case != row and made.case.state == "open" and told.count() == 1


@pytest.mark.rule("P-25, P-31", "A later detection opens a case again, although the message was answered as genuine.")
def test_what_a_check_knows_by_now_is_a_case_although_it_was_called_genuine(plain: Town, installed: Path) -> None:
    """A person may have been wrong about what the scanner did not know then."""
    now = epoch_ms(plain.now)
    one = came(installed, now - 9000, DANA, raw=phish())
    row = reporting.report(one.uuid, fingerprint_of(phish()), plain.people["crew0"], "page", actor=officer(), now=now).case
    case_answers.answer(row, "genuine", actor=officer(), reason=WHY, now=now)
    made = reporting.propose(one.uuid, fingerprint_of(phish()), "The virus scanner knows Evil.Doc in it by now.", now=now)
    assert made != row and (made.state, made.proposed[:17]) == ("open", "The virus scanner")
    assert reporting.propose(one.uuid, fingerprint_of(phish()), "Once more.", now=now) == made


@pytest.mark.rule("P-31", "A report at the very moment of an answer is answered, too.")
def test_a_report_at_the_moment_of_an_answer_is_answered_too(plain: Town, installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The case that it was put to was open a moment ago."""
    now = epoch_ms(plain.now)
    one = came(installed, now - 9000, DANA, PAT, raw=phish())
    reporting.report(one.uuid, fingerprint_of(phish()), plain.people["crew0"], "page", actor=officer(), now=now)
    stale = Case.objects.get()
    case_answers.answer(Case.objects.get(), "right", actor=officer(), reason=WHY, now=now)
    monkeypatch.setattr(reporting.queries, "case_like", lambda *_, **__: stale)
    reporting.report(one.uuid, fingerprint_of(phish()), plain.people["crew2"], "page", actor=officer(), now=now)
    assert {n.to for n in Notice.objects.filter(subject__startswith="You were right")} == {DANA, PAT}


@pytest.mark.rule("P-31", "Reporters, and owners of removed or restored copies, are notified in their own language.")
def test_everybody_hears_in_their_own_language(plain: Town, installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer, and that a copy was taken out of a mailbox or put back."""
    now, dana = epoch_ms(plain.now), plain.people["crew0"]
    Person.objects.filter(pk=dana.pk).update(language="es")
    dana.refresh_from_db()
    one = came(installed, now - 9000, DANA, PAT, raw=phish())
    for person in (dana, plain.people["crew2"]):
        row = reporting.report(one.uuid, fingerprint_of(phish()), person, "page", actor=officer(), now=now).case
    Notice.objects.all().delete()
    monkeypatch.setattr(incident_notices, "gettext", lambda text: f"{translation.get_language()} {text}")
    case_answers.answer(row, "right", actor=officer(), reason=WHY, now=now)
    pull = Pull.objects.create(case=row, total=2, state="running", by=plain.people["security"], why=WHY, made=plain.now)
    for mailbox in (DANA, PAT):
        incident_notices.notify_removed(pull, mailbox, now)
        incident_notices.notify_restored(pull, mailbox, now)
    told = {(n.to, n.subject[:3], n.text[:3]) for n in Notice.objects.all()}
    assert Notice.objects.count() == 6 and told == {(DANA, "es ", "es "), (PAT, "en ", "en ")}


@pytest.mark.rule("P-31", "For a dangerous case other mail with a link to its hosts is proposed for review.")
def test_a_host_that_was_dangerous_proposes_other_mail_that_leads_there(plain: Town, installed: Path) -> None:
    """A late verdict of links: other words of another sender to the same host are a case, and nobody reported it."""
    now = epoch_ms(plain.now)
    one = came(installed, now - 9000, DANA, raw=phish())
    other = came(
        installed, now - 8000, PAT, sender="bank@safe.example",
        raw=b"From: bank@safe.example\r\nSubject: Your account\r\n\r\nLog in here: http://pay.example/login\r\n",
    )  # fmt: skip
    came(installed, now - 7000, PAT, raw=b"From: c@safe.example\r\n\r\nWe never said pay.example, look: http://safe.example/\r\n")
    index(installed, now)
    row = reporting.report(one.uuid, fingerprint_of(phish()), plain.people["crew0"], "page", actor=officer(), now=now).case
    case_answers.answer(row, "right", actor=officer(), reason=WHY, now=now)
    proposed = Case.objects.get(state="open")
    assert (proposed.capture, proposed.sender) == (other.uuid, "bank@safe.example") and "pay.example" in proposed.proposed


@pytest.mark.rule(
    "P-16, P-31",
    "A security officer reads a message that its recipient reported, in one content view with an entry; a similar one "
    "takes an examination.",
)
def test_an_officer_reads_what_was_handed_over_with_an_entry_and_nothing_that_is_only_like_it(
    plain: Town, visit: Visit, installed: Path
) -> None:
    """A click is one look, a link is none; what nobody has reported takes a mandate."""
    now = epoch_ms(plain.now)
    one, like = came(installed, now - 9000, DANA, raw=phish()), came(installed, now - 8000, PAT, raw=phish("Pat", number=2))
    row = reporting.report(one.uuid, fingerprint_of(phish()), plain.people["crew0"], "page", actor=officer(), now=now).case
    client, page = visit("security"), f"/incidents/{row.pk}/{one.uuid}/"
    assert client.get(page).status_code == 302 and not Entry.objects.filter(act="report.read").exists()
    assert "your mailbox has reached its limit" in words(client.post(page))
    entry = Entry.objects.get(act="report.read")
    assert entry.object == f"capture:{one.uuid}" and entry.facts["case"] == row.pk
    assert "Reported mail read" in words(visit("auditor").get("/oversight/viewings/?kind=report.read"))
    proposed = reporting.propose(like.uuid, fingerprint_of(b"Subject: x\r\n\r\nother words"), "x", now=now)
    assert client.post(f"/incidents/{proposed.pk}/{like.uuid}/").status_code == 403
    assert client.post(f"/incidents/{row.pk}/{like.uuid}/").status_code == 404
    assert visit("crew0").post(page).status_code == 403 and Entry.objects.filter(act="report.read").count() == 1


@pytest.mark.rule("P-31", "Only a security officer who has activated the role answers a case.")
def test_only_an_officer_who_has_taken_it_up_answers(plain: Town, installed: Path) -> None:
    now = epoch_ms(plain.now)
    one = came(installed, now - 9000, DANA, raw=phish())
    row = reporting.report(one.uuid, fingerprint_of(phish()), plain.people["crew0"], "page", actor=officer(), now=now).case
    for actor in (Actor("p-crew0"), Actor("p-reviewer", held=(HeldRole("use-reviewer"),))):
        with pytest.raises(NotPermitted):
            case_answers.answer(row, "right", actor=actor, reason=WHY, now=now)


def forward(raw: bytes, how: str) -> bytes:
    """A report by mail: the message attached, its text quoted, or something that we never had."""
    top = b"From: dana.ortiz@city.example\r\nTo: report@city.example\r\nSubject: FW: Your mailbox is full\r\nMIME-Version: 1.0\r\n"
    if how == "attached":
        return (
            top + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nIs this real?\r\n--b\r\n"
            b"Content-Type: message/rfc822\r\n\r\n" + raw + b"\r\n--b--\r\n"
        )
    body = raw.partition(b"\r\n\r\n")[2]
    quoted = b"".join(b"> " + line + b"\r\n" for line in body.split(b"\r\n"))
    return top + b"\r\nIs this real?\r\n\r\n> From: Help Desk\r\n> Subject: Your mailbox is full\r\n>\r\n" + quoted


@pytest.mark.rule("P-31", "A message forwarded to report@ is looked up in its sender's mail, attached or quoted.")
@pytest.mark.parametrize("how", ["attached", "quoted", "linked", "rewritten"])
def test_a_message_that_is_forwarded_to_report_is_found_among_what_came_to_them(plain: Town, installed: Path, how: str) -> None:
    """By its Message-ID, by a link of ours in it, also within another server's, else by its words; heard once. A link of
    another's copy finds nothing."""
    now = epoch_ms(plain.now)
    theirs = came(installed, now - 9000, DANA, raw=phish())
    others = came(installed, now - 8000, PAT, raw=phish("Pat", number=2))
    raw = forward(phish(), how)
    if how in ("linked", "rewritten"):
        links = [f"https://city/report/{signed_links.make(installed, 'report', c.id, 0, 1000)}/" for c in (theirs, others)]
        links = [f"https://safe.example/?url={quote(link, safe='')}&d=1" for link in links] if how == "rewritten" else links
        raw = raw.partition(b"Is this")[0] + "".join(f"> Report: {link}\r\n" for link in links).encode()
    came(installed, now - 1000, "report@city.example", raw=raw, kind="submission", login="p-crew0/phone", sender=DANA)
    index(installed, now)
    heard(installed, now)
    heard(installed, now)
    row = Report.objects.get()
    assert (row.capture, row.reporter, row.how, row.case.known) == (theirs.uuid, plain.people["crew0"], "mail", True)


@pytest.mark.rule("P-31", "A report through a neighboring mail system counts: for an asserted person, else as anonymous.")
@pytest.mark.parametrize(("found", "named"), [((Finding("sender", "asserted"),), True), ((), False)])
def test_a_report_that_a_peer_hands_in_is_heard(plain: Town, installed: Path, found: tuple[Finding, ...], named: bool) -> None:
    """Of the person whom the peer may assert, else of somebody whom we cannot name; none is dropped."""
    now = epoch_ms(plain.now)
    theirs = came(installed, now - 9000, DANA, raw=phish())
    raw = forward(phish(), "attached")
    came(installed, now - 1000, "report@city.example", raw=raw, kind="relay", sender=DANA, findings=found)
    index(installed, now)
    heard(installed, now)
    assert [(r.capture, r.reporter) for r in Report.objects.all()] == ([(theirs.uuid, plain.people["crew0"])] if named else [])
    assert Case.objects.get().outside == (0 if named else 1)


@pytest.mark.rule("P-31", "A report of a message that we never had is a case all the same.")
def test_what_we_never_had_is_a_case_all_the_same(plain: Town, visit: Visit, installed: Path) -> None:
    """Nobody's report is dropped because its message came another way; the number is that of the report."""
    now = epoch_ms(plain.now)
    sent = came(
        installed, now - 1000, "Report@City.Example", raw=forward(phish(), "attached"), kind="submission", login="p-crew0",
        sender=DANA,
    )  # fmt: skip
    index(installed, now)
    heard(installed, now)
    case = Case.objects.get()
    assert (case.capture, case.known, case.sender) == (sent.uuid, False, "help@desk.example")
    assert "never came through the city" in words(visit("security").get(f"/incidents/{case.pk}/"))


@pytest.mark.rule("P-31, promise 4", "Strangers' mail to report@ opens few cases a day, and gets no answer.")
def test_strangers_open_few_cases_and_are_told_nothing(plain: Town, installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand letters to report@ are counted, not a thousand rows; an answer goes to nobody outside."""
    now = epoch_ms(plain.now)
    monkeypatch.setattr(reporting, "MAX_OUTSIDE", 2)
    for n in range(30):
        text = f"Subject: {n}\r\n\r\n" + " ".join(chr(97 + n % 3) * k for k in range(3, 60))
        came(installed, now - 5000 + n, "report@city.example", raw=text.encode(), sender="eve@out.example")
    heard(installed, now)
    assert Case.objects.count() == 2 and sum(c.outside for c in Case.objects.all()) == 20 and not Report.objects.exists()
    Notice.objects.all().delete()
    case_answers.answer(Case.objects.all()[0], "right", actor=officer(), reason=WHY, now=now)
    assert not Notice.objects.exists()


@pytest.mark.rule("P-31", "A link in a copy reports it by a button, never by opening, and shows no content.")
def test_a_link_in_a_copy_reports_it_with_a_button_and_never_with_a_look(plain: Town, visit: Visit, installed: Path) -> None:
    """Without signing in; as whoever holds the mailbox, by nobody else who is signed in; nothing of it is on the page."""
    now = epoch_ms(plain.now)
    one = came(installed, now - 9000, PAT, DANA, raw=phish())
    token = signed_links.make(installed, "report", one.id, 1, now + 3_600_000)
    client = visit("")
    shown = words(client.get(f"/report/{token}/"))
    assert "Report this message" in shown and not Case.objects.exists()
    assert not any(text in shown for text in (*CANARIES.values(), DANA, PAT, "desk.example", "mailbox is full"))
    assert client.post(f"/report/{token}/").status_code == 302 and client.post(f"/report/{token}/").status_code == 302
    row = Report.objects.get()
    assert (row.reporter, row.how, row.capture) == (plain.people["crew0"], "link", one.uuid)
    other = visit("crew2").post(f"/report/{token}/")
    assert other.status_code == 403 and "somebody else's copy" in words(other) and Report.objects.count() == 1
    assert visit("crew0").get(f"/report/{token}/").status_code == 200
    over = signed_links.make(installed, "report", one.id, 1, now - 1000)
    gone = signed_links.make(installed, "report", uuid.uuid4().bytes, 0, 0)
    wrong = signed_links.make(installed, "verify", one.id, 1, 0)
    for bad in (over, gone, wrong, signed_links.make(installed, "report", one.id, 9, 0), "x"):
        answer = client.post(f"/report/{bad}/")
        assert answer.status_code == 404 and "does not work" in words(answer)
    assert Report.objects.count() == 1


@pytest.mark.rule("P-02, P-31", "Mail of colleagues can be reported as dangerous, and is never called spam.")
def test_mail_between_colleagues_can_be_dangerous_and_is_never_called_spam(plain: Town, visit: Visit, installed: Path) -> None:
    """An account may have been taken over; what our own people write teaches the filter nothing."""
    now = epoch_ms(plain.now)
    one = came(installed, now - 9000, DANA, raw=phish(), kind="submission", login="p-crew2", sender=PAT)
    page, client = f"/mail/{one.uuid}/report/", visit("crew0")
    assert "spam" not in words(client.get(page)).partition("Is it dangerous?")[2].lower()
    assert client.post(page, {"what": "spam"}).status_code == 422 and client.post(page, {"what": "danger"}).status_code == 302
    assert Report.objects.get().capture == one.uuid
    assert not [e for e in Machine(installed).events(one.id) if e.type == Type.LABELLED]
    assert visit("crew2").get(page).status_code == 404, "who wrote it does not report it"
