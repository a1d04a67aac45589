"""Somebody has the password of an account: it is held within 50 messages, told within a minute, locked everywhere by one act, given
back by another, and nothing of the honest mail is lost (issue 8; P-25)."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from civicmail.city.access.credentials import device_key, mac, new_password
from civicmail.core.disk.tail import Tail
from civicmail.mail.archive.records import Capture, Type
from civicmail.mail.pipeline.contained import RULE
from neighbours.authority import Authority
from neighbours.civic import Civicmail, civicmail
from stories.townhall import run, townhall

pytestmark = pytest.mark.neighbour("openssl")
SAM, ROSA, ALMA = "sam.ferrer@city.example", "rosa.hale@city.example", "alma.weiss@city.example"
PASSWORD = new_password()
_MORE = """
from civicmail.city.access.actions.publishing import publish
Device.objects.create(person=Person.objects.get(uid="e-4"), key="phone", mac={mac!r}, made=now)
alma = Person.objects.get(uid="e-6")
grant = DutyGrant.objects.create(person=alma, duty="security-officer", starts=now - timedelta(days=1), by="e-1", reason="security",
                                 until=now + timedelta(days=90))
DutyUse.objects.create(grant=grant, reason="watch", at=now, until=now + timedelta(hours=3))
publish()
"""
_DESK = """
from civicmail.desk.holding.actions import containing
from civicmail.desk.holding.models import Containment
now = time.time_ns() // 1_000_000
alma = Actor("e-6", "Alma", (Held("security-officer", taken_until=now + 60_000),))
row = Containment.objects.get()
"""
_LOCK = (
    _DESK
    + """
containing.lock(row, actor=alma, reason="The account acts unlike its owner.", now=now)
"""
)
_RELEASE = (
    _DESK
    + """
let = [c for g in containing.groups_of(row, now) if not g.alike for c in g.captures]
containing.release(row, let, allowed=0, actor=alma, reason="Spoke to Sam at his desk.", now=now)
row.refresh_from_db()
print(row.state, len(let))
"""
)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Civicmail]:
    authority = Authority(tmp_path_factory.mktemp("tls"))
    certificate, key = authority.issue("mail.city.example")
    data = tmp_path_factory.mktemp("taken") / "data"
    running = Civicmail(data, people=f'certificate = "{certificate}"\nkey = "{key}"')
    claim = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
    civicmail(*claim, "--reason", "the council decided so", data=data)
    townhall(data)
    run(data, _MORE.format(mac=mac(device_key(data), PASSWORD)))
    with running:
        yield running


def door(city: Civicmail) -> smtplib.SMTP_SSL:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # whose it is is no part of this story
    client = smtplib.SMTP_SSL("127.0.0.1", city.implicit, timeout=20, context=context)
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


def test_a_taken_account_is_held_told_locked_and_given_back_with_its_honest_mail(city: Civicmail, tmp_path: Path) -> None:
    """R-661, R-665, R-668, R-670."""
    attack = "Dear friend, settle the attached invoice by this evening or your account at the city will be closed for good. " * 3
    with contextlib.closing(door(city)) as attacker:
        for n in range(60):  # all are taken: whoever attacks learns nothing
            post(attacker, f"p{n}@d{n}.example", attack, "Unpaid invoice")
        with contextlib.closing(door(city)) as sam:
            post(sam, ROSA, "The inspection of Elm Street is on Monday at nine.")
        until(lambda: all(city.mailbox(a) for a in (SAM, ROSA, ALMA)), city)
        assert b"Mail of Sam Ferrer waits" in city.mailbox(ROSA)[0] and b"/holding/contained/" in city.mailbox(ALMA)[0]
        assert len(city.mailbox(ROSA)) == 1, "what Sam wrote waits"
        taken = [Capture.from_head(r.head) for r in Tail(city.data, bodies=False).poll() if r.type == Type.RECEIPT]
        sent = [c for c in taken if c.envelope.login]
        held = [c for c in sent if all(d.do == "hold" and RULE in d.rules for d in c.dispositions)]
        assert len(sent) == 61 and len(sent) - len(held) <= 50
        run(city.data, _LOCK)
        until(lambda: refused(attacker), city, 5)
    with pytest.raises(smtplib.SMTPException):
        door(city)
    assert run(city.data, _RELEASE).split() == ["released", "1"]
    until(lambda: any(b"Elm Street" in content for content in city.mailbox(ROSA)), city)


def refused(client: smtplib.SMTP) -> bool:
    """Whether an open connection gets nowhere any more."""
    try:
        return client.mail(SAM)[0] >= 400
    except smtplib.SMTPException:
        return True
