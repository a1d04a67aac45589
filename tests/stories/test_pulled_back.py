"""Two hundred copies of one fraud lie in a real Dovecot: from the first report by mail to the last copy gone, and back again in one
act (issue 8; P-31)."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from civicmail.city.access.credentials import device_key, mac, new_password
from neighbours.authority import Authority
from neighbours.civic import Civicmail, civicmail
from neighbours.dovecot import Dovecot
from stories.townhall import run, townhall

pytestmark = pytest.mark.neighbour("dovecot", "openssl", "root")
SAM, PASSWORD, PEOPLE = "sam.ferrer@city.example", new_password(), 199
DESKS = [f"desk{n:03}@city.example" for n in range(PEOPLE)]
_MORE = """
from civicmail.city.access.actions.publishing import publish
sam = Person.objects.get(uid="e-4")
Device.objects.create(person=sam, key="phone", mac={mac!r}, made=now)
works = Department.objects.get(code="works")
for address in ["report@city.example", *{desks!r}]:
    box = Mailbox.objects.create(address=address, name=address, kind="function", department=works, made=now)
    Address.objects.create(address=address, mailbox=box, since=now)
    Authorisation.objects.create(mailbox=box, person=sam, episode=sam.episodes.get(), department=works, role="delegate",
        duties="x" * 20, performance="x" * 20, efficiency="x" * 20, service="x" * 20, requester=sam, approver=works.head,
        asked=now, decided=now, starts=now, until=now + timedelta(days=200), state="active", since=now)
for uid in ("e-5", "e-6"):
    DutyGrant.objects.create(person=Person.objects.get(uid=uid), duty="security-officer", starts=now - timedelta(days=1), by="e-1",
                             until=now + timedelta(days=90), reason="security")
publish()
"""
_DESK = """
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.actions import answering, pulling
from civicmail.desk.incidents.models import Case, Pull
now = time.time_ns() // 1_000_000
alma, rita = (Actor(u, u, (Held("security-officer", taken_until=now + 60_000),)) for u in ("e-6", "e-5"))
why = "It asks for passwords in the name of the help desk."
"""
_CASE = "print([(c.known, c.reports.count()) for c in Case.objects.all()])"
_PULL = """
case = Case.objects.get()
found = queries.who_has(case, now=now)
pull = pulling.ask(case, found.copies, "", {count}, actor=alma, reason=why, now=now)
before = pull.state
pulling.decide(pull, agrees=True, actor=rita, reason=why, now=now)
answering.answer(case, "right", actor=alma, reason=why, now=now)
print(before, pull.total)
"""
_UNDO = 'pulling.undo(Pull.objects.get(), actor=alma, reason="It was a drill of ours.", now=now)'
_STATE = "print(Pull.objects.get().state)"


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot(master="master-scratch") as found:
        yield found


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot) -> Iterator[Civicmail]:
    certificate, key = Authority(tmp_path_factory.mktemp("tls")).issue("mail.city.example")
    data = tmp_path_factory.mktemp("pulled") / "data"
    running = Civicmail(
        data, people=f'certificate = "{certificate}"\nkey = "{key}"', courier__local=f"lmtp://127.0.0.1:{dovecot.lmtp}",
        courier__imap=f"imap://127.0.0.1:{dovecot.imap}", courier__imap_key_file=str(dovecot.key_file),
    )  # fmt: skip
    claim = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
    civicmail(*claim, "--reason", "the council decided so", data=data)
    townhall(data)
    run(data, _MORE.format(mac=mac(device_key(data), PASSWORD), desks=DESKS))
    with running:
        yield running


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


def told(city: Civicmail, code: str) -> str:
    """What the desk says; nothing while the worker is still beginning, or the index is not up with what came."""
    try:
        return run(city.data, _DESK + code).strip()
    except AssertionError as error:
        if "LeaseHeld" in str(error) or "Conflict" in str(error):
            return ""
        raise


def left(dovecot: Dovecot) -> int:
    """Copies that lie in Dovecot, by the files of its mailboxes."""
    files = (
        path
        for path in Path(dovecot.folder / "mail").glob("*/Maildir/*/*")
        if path.is_file() and path.parent.name in ("new", "cur")
    )
    return sum(
        b"Subject: Your mailbox is full" in path.read_bytes() and b"message/rfc822" not in path.read_bytes() for path in files
    )


def report(city: Civicmail) -> None:
    """Sam sends what came to him to report@, attached, from his mail program."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # whose it is is no part of this story
    text = (
        f"From: Sam Ferrer <{SAM}>\r\nTo: report@city.example\r\nSubject: Fwd\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nIs this real?\r\n--b\r\n"
        f"Content-Type: message/rfc822\r\n\r\n{fraud(0)}\r\n--b--\r\n"
    )
    with contextlib.closing(smtplib.SMTP_SSL("127.0.0.1", city.implicit, timeout=60, context=context)) as client:
        client.login("sam", PASSWORD)
        client.sendmail(SAM, ["report@city.example"], text)


def test_two_hundred_copies_are_gone_after_one_report_and_back_after_one_act(city: Civicmail, dovecot: Dovecot) -> None:
    """R-687, R-693, R-696, R-701, R-704, R-705: the time from the first report to the last copy is printed."""
    everybody = [SAM, *DESKS]
    with smtplib.SMTP("127.0.0.1", city.mx, timeout=60) as stranger:
        for n in range(4):
            assert stranger.sendmail("help@desk.example", everybody[n * 50 : n * 50 + 50], fraud(n)) == {}
    until(lambda: left(dovecot) == 200, city)
    began = time.monotonic()
    report(city)
    until(lambda: told(city, _CASE) == "[(True, 1)]", city)
    until(lambda: told(city, _PULL.format(count=200)) == "asked 200", city)
    until(lambda: left(dovecot) == 0, city)
    print(f"from the first report to the last of 200 copies: {time.monotonic() - began:.1f} s")
    until(lambda: told(city, _STATE) == "done", city)
    until(lambda: any(b"You were right" in content for content in dovecot.fetch(SAM)), city)
    assert sum(b"was taken out of your mailbox" in content for content in dovecot.fetch(SAM)) <= 1
    run(city.data, _DESK + _UNDO)
    until(lambda: left(dovecot) == 200, city)
    until(lambda: told(city, _STATE) == "undone", city)
