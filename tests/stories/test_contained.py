"""Somebody has the password of an account: it is held within 50 messages, told within a minute, locked everywhere by one act, given
back by another, and nothing of the honest mail is lost (issue 8; P-25)."""

from __future__ import annotations

import contextlib
import imaplib
import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from civicmail.city.policy.rule_keys import CONTAINED
from civicmail.city.snapshot.credentials import device_key, mac, new_password
from civicmail.core.disk.tail import Tail
from civicmail.front.web import dovecot_auth
from civicmail.mail.archive.records import Capture, Type
from neighbours.authority import Authority
from neighbours.civic import Civicmail, civicmail
from neighbours.dovecot import Asks, Dovecot
from pages.conftest import browser_type_launch_args as browser_type_launch_args
from stories.signing_in import signed_in
from stories.townhall import PASSWORD as KNOWN
from stories.townhall import run, townhall

pytestmark = pytest.mark.neighbour("openssl", "dovecot", "chromium", "root")
SAM, ROSA, ALMA = "sam.ferrer@city.example", "rosa.hale@city.example", "alma.weiss@city.example"
PASSWORD = new_password()
_MORE = """
from civicmail.city.identity.actions.publishing import publish
Device.objects.create(person=Person.objects.get(uid="e-4"), key="phone", mac={mac!r}, made=now)
alma = Person.objects.get(uid="e-6")
grant = RoleAssignment.objects.create(person=alma, role="security-officer", starts=now - timedelta(days=1), by="e-1",
                                      until=now + timedelta(days=90), reason="security")
RoleActivation.objects.create(grant=grant, reason="watch", at=now, until=now + timedelta(hours=3))
publish()
"""


@dataclass(frozen=True)
class City:
    """The program, the server of its mailboxes, and where its pages are."""

    civic: Civicmail
    dovecot: Dovecot
    home: str


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    authority = Authority(tmp_path_factory.mktemp("tls"))
    certificate, key = authority.issue("mail.city.example")
    data = tmp_path_factory.mktemp("taken") / "data"
    running = Civicmail(data, people=f'certificate = "{certificate}"\nkey = "{key}"')
    claim = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
    civicmail(*claim, "--reason", "the council decided so", data=data)
    townhall(data)
    run(data, _MORE.format(mac=mac(device_key(data), PASSWORD)))
    home = f"http://localhost:{running.ports.web}"
    with Dovecot(asks=Asks(f"http://127.0.0.1:{running.ports.web}", dovecot_auth.secret(data))) as dovecot:
        secret = data.with_name("api.key")
        secret.write_text("doveadm-scratch")
        running.set(web__serve="true", web__url=home)
        running.set(signin__kick=f"http://127.0.0.1:{dovecot.api}", signin__kick_key_file=str(secret))
        with running:
            until(running.is_ready, running)
            yield City(running, dovecot, home)


def reading(city: City) -> imaplib.IMAP4:
    wire = imaplib.IMAP4("127.0.0.1", city.dovecot.imap, timeout=60)
    try:
        wire.login(SAM, PASSWORD)
    except imaplib.IMAP4.error:
        wire.shutdown()
        raise
    return wire


def door(city: Civicmail) -> smtplib.SMTP_SSL:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # whose it is is no part of this story
    client = smtplib.SMTP_SSL("127.0.0.1", city.implicit, timeout=60, context=context)
    try:
        client.login("sam", PASSWORD)
    except smtplib.SMTPException:
        client.close()
        raise
    return client


def post(client: smtplib.SMTP, to: str, words: str, subject: str = "Works") -> None:
    client.sendmail(SAM, [to], f"From: Sam Ferrer <{SAM}>\r\nTo: {to}\r\nSubject: {subject}\r\n\r\n{words}\r\n")


def until(look: Callable[[], bool], city: Civicmail, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, city.log()[-3000:]
        time.sleep(0.1)


def test_a_taken_account_is_held_told_locked_and_given_back_with_its_honest_mail(city: City, browser: Any) -> None:
    """The doors: sending, reading by IMAP, and the pages, all of them open when the button is
    pressed."""
    civic = city.civic
    attack = "Dear friend, settle the attached invoice by this evening or your account at the city will be closed for good. " * 3
    his, officer, phone = signed_in(browser, city.home, "sam", KNOWN), signed_in(browser, city.home, "alma", KNOWN), reading(city)
    with contextlib.closing(door(civic)) as attacker:
        for n in range(60):  # all are taken: whoever attacks learns nothing
            post(attacker, f"p{n}@d{n}.example", attack, "Unpaid invoice")
        with contextlib.closing(door(civic)) as sam:
            post(sam, ROSA, "The inspection of Elm Street is on Monday at nine.")
        until(lambda: all(civic.mailbox(a) for a in (SAM, ROSA, ALMA)), civic)
        assert b"Mail of Sam Ferrer waits" in civic.mailbox(ROSA)[0]
        assert len(civic.mailbox(ROSA)) == 1, "what Sam wrote waits"
        taken = [Capture.from_head(r.head) for r in Tail(civic.data, bodies=False).poll() if r.type == Type.RECEIPT]
        sent = [c for c in taken if c.envelope.login]
        held = [c for c in sent if all(d.do == "hold" and CONTAINED in d.rules for d in c.dispositions)]
        assert len(sent) == 61 and len(sent) - len(held) <= 50
        notice = civic.mailbox(ALMA)[0].replace(b"=\r\n", b"").replace(b"=\n", b"")
        link = re.search(rb"http://localhost:\d+/holding/contained/\d+/", notice)
        assert link is not None
        officer.goto(link[0].decode())
        officer.get_by_role("button", name="Lock account").click()
        officer.get_by_text("Every door of Sam Ferrer is locked").wait_for()
        until(lambda: refused(attacker), civic)
        until(lambda: is_cut(phone), civic)
        phone.shutdown()
        his.goto(f"{city.home}/mail/")
        assert "/accounts/login/" in his.url
    with pytest.raises(smtplib.SMTPException):
        door(civic)
    with pytest.raises(imaplib.IMAP4.error):
        reading(city)
    officer.fill("[name=reason]", "Spoke to Sam at his desk; he has a new password.")
    officer.get_by_role("button", name="Release 1 account").click()
    officer.get_by_text("The account is released.").wait_for()
    until(lambda: any(b"Elm Street" in content for content in civic.mailbox(ROSA)), civic)
    assert not any(b"invoice" in content for content in civic.mailbox(ROSA))


def is_cut(wire: imaplib.IMAP4) -> bool:
    """Whether an open connection has ended."""
    try:
        return wire.noop()[0] != "OK"
    except (imaplib.IMAP4.error, OSError):
        return True


def refused(client: smtplib.SMTP) -> bool:
    """Whether an open connection gets nowhere any more."""
    try:
        return client.mail(SAM)[0] >= 400
    except smtplib.SMTPException:
        return True
