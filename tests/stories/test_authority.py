"""One person's access from the first request to the end, with the real processes, a real browser and real mail clients (issue 4):
asked, approved, accepted, signed in with a passkey, sent, answered, ended; then every door is shut, and the mail is there."""

from __future__ import annotations

import imaplib
import json
import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from civicmail.front.sample.smart_host import World
from civicmail.front.web import dovecot_auth
from neighbours.authority import Authority
from neighbours.civic import PROGRAM, Civicmail
from neighbours.dovecot import Asks, Dovecot
from neighbours.tools import swaks
from pages.conftest import FLAGS
from pages.passkeys import Authenticator
from stories.signing_in import signed_in
from stories.townhall import PASSWORD, Townhall, townhall

pytestmark = [pytest.mark.neighbour("dovecot", "chromium", "swaks", "root"), pytest.mark.timeout(180)]

INES = "ines.moravec@city.example"
OUTSIDE = "ann@home.example"
SECONDS = 60
WHY = "Answers residents about street works, in writing and on the same day."


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = os.environ.get("CIVICMAIL_CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
    return {**browser_type_launch_args, "executable_path": chromium, "args": FLAGS, "chromium_sandbox": os.geteuid() != 0}


class City:
    """The whole city on this machine: our processes, Dovecot that asks us, the world outside."""

    def __init__(self, place: Path, until: ExitStack) -> None:
        self.authority = Authority(place)
        certificate, key = self.authority.issue("mail.city.example")
        self.data = place / "data"
        self.world = until.enter_context(World())
        self.civic = Civicmail(self.data, next_hop=self.world.port, people=f'certificate = "{certificate}"\nkey = "{key}"')
        claim = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
        self.run(*claim, "--reason", "the council decided so")
        self.hall: Townhall = townhall(self.data)
        asks = Asks(f"http://127.0.0.1:{self.civic.ports.web}", dovecot_auth.secret(self.data))
        self.dovecot = until.enter_context(Dovecot(asks=asks))
        api_key = place / "api.key"
        api_key.write_text(asks.key)
        self.civic.set(
            web__serve="true",
            courier__local=f"lmtp://127.0.0.1:{self.dovecot.lmtp}",
            signin__kick=f"http://127.0.0.1:{self.dovecot.api}",
            signin__kick_key_file=str(api_key),
        )
        self.home = f"http://localhost:{self.civic.ports.web}"
        until.enter_context(self.civic)
        _until(self.civic.is_ready, lambda: self.civic.log()[-3000:], 60)

    def run(self, *arguments: str, token: Path | None = None) -> subprocess.CompletedProcess[str]:
        environ = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        environ |= {"CIVICMAIL_TOKEN_FILE": str(token)} if token else {}
        command = [PROGRAM, *arguments, "--data", str(self.data)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environ, check=True)


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with ExitStack() as until:
        yield City(tmp_path, until)


def _ask(city: City, page: Any) -> str:
    """Sam asks for Ines; the address of the request."""
    page.goto(f"{city.home}/access/requests/new/?person=e-17")
    for field in ("duties", "performance", "efficiency", "service"):
        page.fill(f"[name={field}]", WHY)
    page.fill("[name=address]", INES)
    page.get_by_role("button", name="Send for approval").click()
    page.wait_for_url("**/access/requests/*/")
    return str(page.url)


def _choose(page: Any, words: str) -> None:
    page.locator("label", has_text=words).click()


def _message(words: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Ines Moravec <{INES}>", OUTSIDE, "Storm drain on Elm Street"
    message["Date"], message["Message-ID"] = "Wed, 25 Nov 2026 12:00:00 +0000", f"<{time.time_ns()}@city.example>"
    message.set_content(words)
    return message


def _until(condition: Any, what: Any, seconds: float = SECONDS) -> Any:
    end = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        assert time.monotonic() < end, what() if callable(what) else what
        time.sleep(0.05)


class Mail:
    """Ines's mail program: submission with STARTTLS, and IMAP; both stay open."""

    def __init__(self, city: City, password: str) -> None:
        self.smtp = smtplib.SMTP("127.0.0.1", city.civic.submission, timeout=SECONDS)
        context = ssl.create_default_context(cafile=str(city.authority.certificate))
        context.check_hostname = False  # it names mail.city.example
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the scratch authority says nothing about its own use
        self.smtp.starttls(context=context)
        self.smtp.login(INES, password)
        self.imap = imaplib.IMAP4("127.0.0.1", city.dovecot.imap, timeout=SECONDS)
        self.imap.login(INES, password)

    def inbox(self, words: bytes) -> bytes:
        self.imap.select("INBOX", readonly=True)
        for number in self.imap.search(None, "ALL")[1][0].split():
            content = self.imap.fetch(number.decode(), "(BODY.PEEK[])")[1][0][1]
            if words in content:
                return bytes(content)
        return b""

    def close(self) -> None:
        self.smtp.close()
        with suppress(OSError, imaplib.IMAP4.error):
            self.imap.shutdown()


def test_from_the_first_request_to_the_end_of_access(city: City, browser: Any) -> None:
    """P-04, P-06, P-07, P-14, P-18, L1 to L3, promise 5."""
    sam, rosa = signed_in(browser, city.home, "sam", PASSWORD), signed_in(browser, city.home, "rosa", PASSWORD)
    request = _ask(city, sam)
    rosa.goto(request)
    rosa.get_by_role("button", name="Approve access").click()
    rosa.get_by_text("was approved").wait_for()

    invited = city.run("access", "invite", "e-17", "--as", "e-1", "--reason", "her first working day", token=city.hall.officer)
    waiting = rosa.context.new_page()
    waiting.goto(f"{city.home}/access/sign-in-letters/")
    waiting.get_by_role("link", name="Ines").first.click()
    waiting.fill("[name=reason]", "She showed her passport at the counter.")
    waiting.get_by_role("button", name="Show the second half").click()
    ines = browser.new_context().new_page()
    Authenticator(ines)
    ines.goto(f"{city.home}/accounts/welcome/")
    ines.fill("[name=first]", invited.stdout.strip())
    ines.fill("[name=second]", waiting.locator("main code").first.inner_text())
    ines.get_by_role("button", name="Continue").click()
    ines.get_by_role("button", name="Accept the policy and set a passkey").click()
    ines.wait_for_url("**/mail/")
    ines.locator(".cm-me").wait_for()
    ines.context.clear_cookies()
    ines.goto(f"{city.home}/accounts/login/?next=/my/devices/add/")
    ines.get_by_role("button", name="Sign in with a passkey").click()
    ines.locator(".cm-me").wait_for()
    ines.goto(f"{city.home}/my/devices/add/")
    ines.fill("[name=name]", "Phone")
    ines.get_by_role("button", name="Make the password").click()
    password = ines.locator("#secret").inner_text()

    mail = Mail(city, password)
    try:
        mail.smtp.send_message(_message("The crew comes on Thursday."))
        sent = _until(lambda: city.world.taken, "nothing left the city")[0]
        assert OUTSIDE in sent.recipients and b"The crew comes on Thursday" in sent.content
        assert swaks(city.civic.mx, "--body", "thank you for the answer", to=INES, sender=OUTSIDE).returncode == 0
        assert _until(lambda: mail.inbox(b"thank you for the answer"), "the answer did not come")
        assert ines.goto(f"{city.home}/my/access/").status == 200
        _end(city, rosa)
        _all_doors_are_shut(city, ines, mail, password)
    finally:
        mail.close()
    number = _mandate(city)
    assert _until(lambda: len(_found(city, number)) == 2, "what was sent and what came is not there", 60)


def _mandate(city: City) -> str:
    """Rita asks to look at what Ines had, and Alma lets her; its number."""
    asked = ("--person", "e-17", "--duty", "records-officer", "--reason", "request 26-1 of the newspaper")
    made = city.run("mandate", "ask", "request", *asked, "--as", "rita", "--json", token=city.hall.records)
    number = str(json.loads(made.stdout)["number"])
    city.run("mandate", "approve", number, "--as", "alma", token=city.hall.approver)
    return number


def _found(city: City, mandate: str) -> list[Any]:
    """What the records officer finds."""
    asked = ("--as", "rita", "--mandate", mandate)
    found = city.run("search", "thursday OR answer", "--json", *asked, token=city.hall.records)
    return [json.loads(line) for line in found.stdout.splitlines()]


def _end(city: City, rosa: Any) -> None:
    rosa.goto(f"{city.home}/dept/works/leavers/new/?person=e-17")
    _choose(rosa, "Now: all doors shut within a second")
    rosa.fill("[name=reason]", "She left the city's service today.")
    rosa.get_by_role("button", name="End access of 1 person").click()
    rosa.wait_for_url("**/access/endings/*/")


def _all_doors_are_shut(city: City, ines: Any, mail: Mail, password: str) -> None:
    """The open session, the open mailbox, the open page; and nobody comes in anew."""
    began = time.monotonic()
    while (answer := mail.smtp.docmd("MAIL", f"FROM:<{INES}>"))[0] == 250:  # until the gateway has looked, four times a second
        assert time.monotonic() - began < 50
        mail.smtp.docmd("RSET")
        time.sleep(0.05)
    code, said = answer
    assert code in (421, 550) and (b"ended" in said or b"signed out" in said), (code, said)
    answer = ines.goto(f"{city.home}/my/access/")
    assert "/accounts/login/" in ines.url and answer.status == 200
    with pytest.raises((imaplib.IMAP4.abort, OSError)):
        while time.monotonic() - began < 60:
            mail.imap.noop()
            time.sleep(0.05)
    assert time.monotonic() - began < 50
    why = "Your access to the city's mail ended on .*; ask the access office"
    for shown, said in ((f"{password}0", "Authentication failed"), (password, rf"CONTACTADMIN\] {why}")):
        with pytest.raises(imaplib.IMAP4.error, match=said):
            _refused_imap(city, shown)
    for shown, said in ((f"{password}0", "do not fit"), (password, why)):
        with pytest.raises(smtplib.SMTPAuthenticationError, match=said):
            _refused_smtp(city, shown)
    ines.get_by_role("button", name="Sign in with a passkey").click()
    ines.get_by_text("has ended").wait_for()
    ines.get_by_text("ask the access office").wait_for()


def _refused_smtp(city: City, password: str) -> None:
    with smtplib.SMTP("127.0.0.1", city.civic.submission, timeout=SECONDS) as wire:
        wire.starttls(context=ssl._create_unverified_context())
        wire.login(INES, password)


def _refused_imap(city: City, password: str) -> None:
    wire = imaplib.IMAP4("127.0.0.1", city.dovecot.imap, timeout=SECONDS)
    try:
        wire.login(INES, password)
    finally:
        with suppress(OSError):
            wire.sock.shutdown(socket.SHUT_RDWR)
        wire.shutdown()
