"""Fraud lies in a real Dovecot: what its reader sees, where its link leads, how an answer leaves; and two hundred copies of it,
from the first report by mail to the last copy gone, and back again in one act (issue 8; P-31)."""

from __future__ import annotations

import contextlib
import email
import email.policy
import re
import smtplib
import ssl
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import dkim
import pytest

from civicmail.city.policy import active_rules
from civicmail.city.snapshot.credentials import device_key, mac, new_password
from civicmail.mail.archive.machine import Machine
from civicmail.mail.courier import dkimkeys
from neighbours import postfix
from neighbours.authority import Authority
from neighbours.civic import Civicmail, civicmail
from neighbours.dovecot import Dovecot
from neighbours.tools import Sink
from pages.conftest import browser_type_launch_args as browser_type_launch_args
from stories.townhall import Desk, townhall

pytestmark = pytest.mark.neighbour("dovecot", "postfix", "smtp-sink", "chromium", "openssl", "root")
SAM, PASSWORD, PEOPLE = "sam.ferrer@city.example", new_password(), 199
DESKS = [f"desk{n:03}@city.example" for n in range(PEOPLE)]
_MORE = """
from civicmail.city.identity.actions.publishing import publish
sam = Person.objects.get(uid="e-4")
Device.objects.create(person=sam, key="phone", mac={mac!r}, made=now)
works = Department.objects.get(code="works")
for address in ["report@city.example", *{desks!r}]:
    box = Mailbox.objects.create(address=address, name=address, kind="function", department=works, made=now)
    Address.objects.create(address=address, mailbox=box, since=now)
    Authorization.objects.create(mailbox=box, person=sam, episode=sam.episodes.get(), department=works, role="delegate",
        duties="x" * 20, performance="x" * 20, efficiency="x" * 20, service="x" * 20, requester=sam, approver=works.head,
        asked=now, decided=now, starts=now, until=now + timedelta(days=200), state="active", since=now)
for uid in ("e-5", "e-6"):
    RoleAssignment.objects.create(person=Person.objects.get(uid=uid), role="security-officer", starts=now - timedelta(days=1),
                                  until=now + timedelta(days=90), by="e-1", reason="security")
publish()
"""
_DESK = """
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.actions import case_answers, message_removal
from civicmail.desk.incidents.models import Case, Pull
from civicmail.desk.incidents.models import Opening
now = time.time_ns() // 1_000_000
alma, rita = (Actor(u, u, (HeldRole("security-officer", active_until=now + 60_000),)) for u in ("e-6", "e-5"))
why = "It asks for passwords in the name of the help desk."
"""
_CASE = "print([(c.known, c.reports.count()) for c in Case.objects.filter(sender='help@desk.example')])"
_PULL = """
case = Case.objects.get(sender="help@desk.example")
found = queries.find_copies(case, now=now)
pull = message_removal.ask(case, found.copies, "", {count}, actor=alma, reason=why, now=now)
before = pull.state
message_removal.decide(pull, agrees=True, actor=rita, reason=why, now=now)
case_answers.answer(case, "right", actor=alma, reason=why, now=now)
print(before, pull.total)
"""
_UNDO = 'message_removal.undo(Pull.objects.get(), actor=alma, reason="It was a drill of ours.", now=now)'
_STATE = "print(Pull.objects.get().state)"
_WHO = """
case = Case.objects.get(sender={sender!r})
found = queries.find_copies(case, now=now)
captures = dict.fromkeys([*queries.captures_of(case), *(has.capture for has in found.copies)])
print(*sorted(one.mailbox for one in queries.openings(captures)))
"""
_BAD = """
from civicmail.desk.incidents.actions import reporting
case = reporting.propose({uuid!r}, queries.marks_of(bytes.fromhex({uuid!r}.replace("-", ""))), "It pretends.", now=now)
case_answers.answer(case, "right", actor=alma, reason=why, now=now)
"""
PERSON = {"Sec-Fetch-User": "?1", "Sec-Fetch-Mode": "navigate"}
TARGET = "http://login.crook.example/a?b=1&c=2"
PHISH = (
    "From: Billing <billing@crook.example>\r\nReply-To: pay@elsewhere.example\r\nTo: Sam\r\nSubject: Invoice 4711\r\n"
    "Message-ID: <4711@crook.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    f"--b\r\nContent-Type: text/plain\r\n\r\nSee {TARGET} today.\r\n--b\r\nContent-Type: text/html\r\n\r\n"
    f'<p>See <a href="{TARGET.replace("&", "&amp;")}">www.bank.example</a> today.</p>\r\n--b--\r\n'
).encode()


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot(master="master-scratch") as found:
        yield found


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def world() -> Iterator[Sink]:
    with Sink(keep=True) as found:
        yield found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, authority: Authority, dovecot: Dovecot, world: Sink) -> Civicmail:
    """The city before its processes run."""
    certificate, key = authority.issue("mail.city.example")
    data = tmp_path_factory.mktemp("pulled") / "data"
    city = Civicmail(
        data, next_hop=world.port, people=f'certificate = "{certificate}"\nkey = "{key}"',
        courier__local=f"lmtp://127.0.0.1:{dovecot.lmtp}",
        courier__imap=f"imap://127.0.0.1:{dovecot.imap}", courier__imap_key_file=str(dovecot.key_file),
        screening__checks='["names", "links"]', marks__links='["*"]',
    )  # fmt: skip
    city.set(web__serve="true", web__url=f"http://127.0.0.1:{city.ports.web}")
    now = time.time_ns() // 1_000_000
    dkimkeys.activate(data, dkimkeys.new(data, "city.example", "rsa", now=now), now=now)
    claim = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
    civicmail(*claim, "--reason", "the council decided so", data=data)
    townhall(data)
    return city


@pytest.fixture(scope="module")
def desk(made: Civicmail) -> Iterator[Desk]:
    """Where security looks."""
    with Desk(made.data) as desk:
        desk.run(_MORE.format(mac=mac(device_key(made.data), PASSWORD), desks=DESKS))
        yield desk


@pytest.fixture(scope="module")
def city(made: Civicmail, desk: Desk) -> Iterator[Civicmail]:
    with made:
        yield made


def fraud(number: int) -> str:
    """One of a wave."""
    return (
        f"From: Help Desk <help@desk.example>\r\nTo: staff\r\nSubject: Your mailbox is full\r\n"
        f"Message-ID: <{number}@desk.example>\r\n\r\n"
        f"Dear colleague {number},\r\nyour mailbox has reached its limit and will be closed on Friday. Confirm it on the "
        f"page of the help desk now so that you go on receiving letters of residents: http://pay.example/{number}\r\n"
    )


def until(look: Callable[[], object], city: Civicmail, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, city.log()[-3000:]
        time.sleep(0.2)


def told(desk: Desk, code: str) -> str:
    """What the desk says; nothing while the index is not up with what came."""
    try:
        return desk.run(_DESK + code).strip()
    except AssertionError as error:
        if "Conflict" in str(error):
            return ""
        raise


def left(dovecot: Dovecot) -> int:
    """Copies that lie in Dovecot, by the files of its mailboxes; one that is taken out while we look is no copy."""
    count = 0
    for path in Path(dovecot.folder / "mail").glob("*/Maildir/[nc][eu][wr]/*"):
        with contextlib.suppress(FileNotFoundError):
            raw = path.read_bytes()
            count += b"Subject: Your mailbox is full" in raw and b"message/rfc822" not in raw
    return count


def copy_of(dovecot: Dovecot, who: str, subject: str) -> bytes:
    """What somebody has in their mailbox; nothing while it is on its way."""
    found = [raw for raw in dovecot.fetch(who) if f"\nSubject: {subject}\r".encode() in raw]
    return found[0] if found else b""


def link_in(city: Civicmail, raw: bytes) -> str:
    """Where the first link of a copy leads."""
    found = re.search(rb"http://127\.0\.0\.1:%d/l/[A-Za-z0-9_-]+" % city.ports.web, raw)
    assert found is not None, raw
    return found[0].decode()


def opened(link: str, **headers: str) -> str:
    """The page of a link, as a program or a browser asks for it."""
    asked = urllib.request.Request(link, headers={name.replace("_", "-"): value for name, value in headers.items()})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return str(answer.read().decode())


def is_there(link: str) -> bool:
    """Whether the pages are up by now."""
    with contextlib.suppress(OSError):
        return bool(opened(link))
    return False


def submit(city: Civicmail, to: str, text: str) -> None:
    """Sam sends it from his mail program."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # whose it is is no part of this story
    with contextlib.closing(smtplib.SMTP_SSL("127.0.0.1", city.implicit, timeout=60, context=context)) as client:
        client.login("sam", PASSWORD)
        client.sendmail(SAM, [to], text)


def report(city: Civicmail) -> None:
    """What came to him goes to report@, attached."""
    text = (
        f"From: Sam Ferrer <{SAM}>\r\nTo: report@city.example\r\nSubject: Fwd\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nIs this real?\r\n--b\r\n"
        f"Content-Type: message/rfc822\r\n\r\n{fraud(0)}\r\n--b--\r\n"
    )
    submit(city, "report@city.example", text)


def test_two_hundred_copies_are_gone_after_one_report_and_back_after_one_act(city: Civicmail, desk: Desk, dovecot: Dovecot) -> None:
    """The time from the first report to the last copy is printed; three who wanted
    to follow the link are listed for security, and nobody else."""
    everybody = [SAM, *DESKS]
    with smtplib.SMTP("127.0.0.1", city.mx, timeout=60) as stranger:
        for n in range(4):
            assert stranger.sendmail("help@desk.example", everybody[n * 50 : n * 50 + 50], fraud(n)) == {}
    until(lambda: left(dovecot) == 200, city)
    three = [SAM, DESKS[0], DESKS[60]]
    links = [link_in(city, copy_of(dovecot, who, "Your mailbox is full")) for who in (*three, DESKS[7])]
    began = time.monotonic()
    report(city)
    until(lambda: told(desk, _CASE) == "[(True, 1)]", city)
    until(lambda: told(desk, _PULL.format(count=200)) == "asked 200", city)
    until(lambda: left(dovecot) == 0, city)
    print(f"from the first report to the last of 200 copies: {time.monotonic() - began:.1f} s")
    until(lambda: is_there(links[0]), city)
    assert all("Do not go there" in opened(link, **PERSON) for link in links[:3]) and "Do not go there" in opened(links[3])
    until(lambda: told(desk, _WHO.format(sender="help@desk.example")).split() == sorted(three), city)
    until(lambda: told(desk, _STATE) == "done", city)
    until(lambda: any(b"You were right" in content for content in dovecot.fetch(SAM)), city)
    assert sum(b"was taken out of your mailbox" in content for content in dovecot.fetch(SAM)) <= 1
    desk.run(_DESK + _UNDO)
    until(lambda: left(dovecot) == 200, city)
    until(lambda: told(desk, _STATE) == "undone", city)


def parts(raw: bytes) -> tuple[str, str]:
    """The text and the HTML of a message."""
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(read, EmailMessage)
    plain, page = read.get_body(("plain",)), read.get_body(("html",))
    assert plain is not None and page is not None
    return plain.get_content(), page.get_content()


def test_a_phish_is_marked_its_link_is_told_and_an_answer_leaves_with_the_real_one(
    city: Civicmail, desk: Desk, dovecot: Dovecot, world: Sink, page: Any
) -> None:
    """By real SMTP into a real mailbox, and back out of it, signed."""
    with postfix.smart_host(1, back=city.mx) as crook, smtplib.SMTP("127.0.0.1", crook.port, timeout=60) as client:
        client.sendmail("billing@crook.example", [SAM], PHISH)
        until(lambda: copy_of(dovecot, SAM, "Invoice 4711"), city)
    copy = copy_of(dovecot, SAM, "Invoice 4711")
    plain, shown = parts(copy)
    assert b"Civicmail-Notice: external" in copy and "another domain" in plain.splitlines()[0] and TARGET not in plain + shown
    number = re.search(rb"\bid ([0-9a-f]{8}-[0-9a-f-]{27})", copy)
    assert number is not None
    kept = Machine(city.data).body(uuid.UUID(number[1].decode()).bytes)
    assert kept.endswith(PHISH) and b"/l/" not in kept, "the archive has it as it came"
    link = link_in(city, shown.encode())
    until(lambda: is_there(link), city)
    page.goto(link)
    assert page.locator(".cm-host").inner_text() == "login.crook.example"
    assert page.locator(".cm-host").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 24
    assert page.get_by_role("link", name="Go to").get_attribute("href") == TARGET
    with city.resting("--job city"):  # which puts the rules right within seconds
        rules = active_rules.active_path(city.data)
        good = rules.read_text()
        rules.write_text("broken [")
        assert "Not everything could be asked" in opened(link, **PERSON) and "Go to" in opened(link, **PERSON)
        rules.write_text(good)
    desk.run(_DESK + _BAD.format(uuid=number[1].decode()))
    assert "Do not go there" in opened(link, **PERSON, Sec_Purpose="prefetch")
    assert told(desk, _WHO.format(sender="billing@crook.example")) == ""
    page.goto(link)
    page.get_by_text("Do not go there.").wait_for()
    until(lambda: told(desk, _WHO.format(sender="billing@crook.example")) == SAM, city)
    quoted = "".join(f"> {line}\r\n" for line in plain.splitlines())
    head = f"From: Sam Ferrer <{SAM}>\r\nTo: pay@elsewhere.example\r\nSubject: Re: Invoice 4711\r\nMessage-ID: <a@city.example>\r\n"
    submit(city, "pay@elsewhere.example", f"{head}\r\nWe owe you nothing.\r\n\r\n{quoted}")
    until(lambda: any(b"We owe you nothing" in raw for raw in world.messages()), city)
    (sent,) = [raw for raw in world.messages() if b"We owe you nothing" in raw]
    sent = sent[sent.index(b"DKIM-Signature:") :].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert f"> See {TARGET} today.".encode() in sent and not re.search(rb"/(?:l|report|verify)/[A-Za-z0-9_-]{40}", sent)
    (key,) = dkimkeys.listed(city.data)
    assert dkim.verify(sent, dnsfunc=lambda name, timeout=5: key.record.encode())


def test_what_is_signed_or_encrypted_arrives_to_the_letter(
    city: Civicmail, dovecot: Dovecot, authority: Authority, tmp_path: Path
) -> None:
    """Openssl verifies the signature and opens the envelope of what lies in the mailbox."""
    certificate, key = authority.issue_for_mail("x@crook.example")
    (tmp_path / "text").write_bytes(f"Content-Type: text/plain\r\n\r\nSee {TARGET} today.\r\n".encode())
    ways = {
        "signed": ["-sign", "-signer", certificate, "-inkey", key],
        "sealed": ["-encrypt", "-aes-256-cbc"],
    }
    opens = {
        "signed": ["-verify", "-CAfile", authority.certificate, "-purpose", "any"],
        "sealed": ["-decrypt", "-recip", certificate, "-inkey", key],
    }
    for way, flags in ways.items():
        command = ["openssl", "cms", *flags, "-binary", "-in", tmp_path / "text", *([certificate] if way == "sealed" else [])]
        made = subprocess.run(command, check=True, capture_output=True).stdout.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        head = f"From: x@crook.example\r\nReply-To: y@elsewhere.example\r\nSubject: {way}\r\nMessage-ID: <{way}@crook.example>\r\n"
        with smtplib.SMTP("127.0.0.1", city.mx, timeout=60) as client:
            client.sendmail("x@crook.example", [SAM], head.encode() + made)
        until(lambda way=way: copy_of(dovecot, SAM, way), city)  # type: ignore[misc]
        copy = copy_of(dovecot, SAM, way)
        assert copy.endswith(made)
        (tmp_path / way).write_bytes(copy)
        done = subprocess.run(["openssl", "cms", *opens[way], "-in", tmp_path / way], capture_output=True, check=False)
        assert done.returncode == 0 and TARGET.encode() in done.stdout, done.stderr
