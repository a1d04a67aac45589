"""What comes to the city's offices while it is served, by real SMTP up to the page of whoever has to act (issue 17): records@,
report@, mail of machines that is kept back, and evidence of a violation, which outlasts its schedule (P-14, P-21, P-30, P-31)."""

from __future__ import annotations

import contextlib
import os
import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from importlib import resources
from pathlib import Path

import pytest

from civicmail.city.snapshot.credentials import device_key, mac, new_password
from civicmail.front.sample import installation
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from neighbours import forkserver
from neighbours.authority import Authority
from neighbours.civic import Civicmail, civicmail
from neighbours.tools import swaks
from stories.pressing import Browser
from stories.townhall import Desk, townhall

pytestmark = [pytest.mark.neighbour("swaks", "openssl"), pytest.mark.timeout(300)]
TESTS = Path(__file__).resolve().parents[1]
RITA, ROSA, ALMA = "rita.records@city.example", "rosa.hale@city.example", "alma.weiss@city.example"
SCANNER, CLERK, OUTSIDE = "scanner@city.example", "clerk@city.example", "pat@out.example"
PASSWORD = new_password()
NUMBERS = "".join(f"SSN 512-34-{5600 + n}\r\n" for n in range(11))
_MORE = """
import sys
sys.path.insert(0, {tests!r})
from pages.world import signed_in
works, rosa = Department.objects.get(code="works"), Person.objects.get(uid="e-2")
for address, kind in (({scanner!r}, "service"), ({clerk!r}, "function")):
    box = Mailbox.objects.create(address=address, name=address, kind=kind, department=works, made=now)
    Address.objects.create(address=address, mailbox=box, since=now)
    if kind == "function":
        sam = Person.objects.get(uid="e-4")
        Authorization.objects.create(mailbox=box, person=sam, episode=sam.episodes.get(), department=works, role="delegate",
            duties="x" * 20, performance="x" * 20, efficiency="x" * 20, service="x" * 20, requester=sam, approver=rosa,
            asked=now, decided=now, starts=now, until=now + timedelta(days=200), state="active", since=now)
    else:
        Device.objects.create(machine=box, key="hall", mac={mac!r}, made=now, until=now + timedelta(days=90))
grant = RoleAssignment.objects.create(person=Person.objects.get(uid="e-6"), role="security-officer", starts=now - timedelta(days=1),
                                 by="e-1", reason="security", until=now + timedelta(days=90))
RoleActivation.objects.create(grant=grant, reason="on watch", at=now, until=now + timedelta(hours=3))
northline = Agency.objects.create(code="northline", name="Northline")
contract = Contract.objects.create(agency=northline, number="26-1", sponsor=rosa, starts=date(2026, 1, 1), ends=date(2036, 1, 1))
cole = Person.objects.create(uid="x-1", given="Cole", family="Agnew", display="Cole Agnew")
Episode.objects.create(person=cole, starts=date(2026, 1, 1), kind="contractor", department=works, position="Surveyor",
                       contract=contract)
print(signed_in(Person.objects.get(uid="e-5")), signed_in(Person.objects.get(uid="e-6")))
operator = person("e-9", "Otto", "Ops", Department.objects.get(code="it"))
Account.objects.create(person=operator, username="otto", made=now, password=hashed("x" * 20))
authorize(operator, (rosa, sam))
accept(operator)
grant = RoleAssignment.objects.create(person=operator, role="system-administrator", starts=now - timedelta(days=1), by="e-1",
                                 reason="servers", until=now + timedelta(days=90))
RoleActivation.objects.create(grant=grant, reason="imports", at=now, until=now + timedelta(hours=3))
publish()
for who in (rosa, operator):
    print(tokens.make(who, days=1, actor=Actor(who.uid), now=time.time_ns() // 1_000_000))
"""
_ADOPT = """
from civicmail.mail.archive import classes
classes.adopt(Path({data!r}), {text!r}, actor="clerk", reason="council", now=time.time_ns() // 1_000_000)
"""
_DISPOSE = """
from civicmail.city.guard.four_eyes import Facts
from civicmail.front.worker import disposal
from civicmail.mail.archive.proposal import Limit, propose
from civicmail.mail.archive.errors import NotDisposed
two, now = Facts(frozenset({{"ana", "ben"}})), time.time_ns() // 1_000_000
data = Path({data!r})
try:
    made = propose(data, now=now, view=disposal.viewer(data), limit=Limit(None))
    outcome = disposal.dispose(
        data, manifest=made.digest, proposer="ana", approver="ben", eyes=two, reason="yearly", now=now)
    print(outcome.gone, made.kept.get("held", 0))
except NotDisposed:
    print(0)
"""
_HOLDS = """
rows = Entry.objects.filter(act="hold.placed", object={case!r})
print(*(f"{{row.person}} {{hasattr(row, 'carried')}}" for row in rows))
"""


class City(Civicmail):
    """records, security: browsers of whoever has that role, and is signed in; scoped: port of a server that sends for addresses of
    the city; desk: where we look."""

    def __init__(self, data: Path, certificate: Path, key: Path) -> None:
        checks = '["names", "use", "links", "confidential"]'
        super().__init__(
            data, people=f'certificate = "{certificate}"\nkey = "{key}"', web__serve="true", screening__checks=checks,
            archive__seal_every="1",
        )  # fmt: skip
        (self.scoped,) = installation.free_ports(1)
        door = f'[[gateway.listener]]\nkind = "relay"\naddress = "127.0.0.1"\nport = {self.scoped}\nsenders = ["@city.example"]\n\n'
        settings = data / "civicmail.toml"
        settings.write_text(settings.read_text().replace("[courier]\n", f"{door}[courier]\n"))
        claim = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
        civicmail(*claim, "--reason", "the council decided so", data=data)
        townhall(data)

    def make(self, desk: Desk) -> None:
        code = _MORE.format(tests=str(TESTS), scanner=SCANNER, clerk=CLERK, mac=mac(device_key(self.data), PASSWORD))
        records, security, *made = desk.run(code).split()
        self.desk, self.tokens = desk, dict(zip(("e-2", "e-9"), made, strict=True))
        self.records, self.security = Browser(self.ports.web, records), Browser(self.ports.web, security)

    def command(self, who: str, *words: str | Path) -> str:
        """What a command says to somebody with a token."""
        place = self.data.with_name("token")
        place.touch(0o600)
        place.write_text(self.tokens[who])
        env = os.environ | {"CIVICMAIL_TOKEN_FILE": str(place)}
        command = [*map(str, words), "--as", who, "--reason", "as case 26-14 says, in writing", "--data", str(self.data)]
        done = forkserver.run(command, timeout=120, env=env)
        assert done.returncode == 0, (done.stdout + done.stderr).decode()
        return done.stdout.decode()

    def notice(self, address: str, words: str) -> str:
        """What a notice says."""
        found: list[str] = []

        def there() -> bool:
            texts = (" ".join(m.decode().replace("=\r\n", "").replace("=\n", "").split()) for m in self.mailbox(address))
            found[:] = [text for text in texts if words in text]
            return bool(found)

        until(there, self)
        return found[0]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    certificate, key = Authority(tmp_path_factory.mktemp("tls")).issue("mail.city.example")
    made = City(tmp_path_factory.mktemp("offices") / "data", certificate, key)
    with Desk(made.data) as desk:
        made.make(desk)
        with made:
            until(made.is_ready, made)
            yield made


def until(there: Callable[[], object], city: City) -> None:
    end = time.monotonic() + 60
    while not there():
        assert time.monotonic() < end, city.log()[-3000:]
        time.sleep(0.1)


def task(browser: Browser, label: str) -> str:
    """Where a task of the page Home leads, as soon as it is there; "" while it is not."""
    found = re.search(rf'<a[^>]*href="([^"]+)"[^>]*>\s*{re.escape(label)}', browser.get("/").page)
    return found[1].replace("&amp;", "&") if found else ""


def test_what_comes_to_records_is_a_task_of_the_records_officer_until_it_is_read(city: City) -> None:
    """P-21: a resident asks by mail; Home names it, and the task leads to it."""
    assert task(city.records, "Read what came to records@") == ""
    said = swaks(city.mx, "--h-Subject", "The files on Elm Street", to="records@city.example", sender=OUTSIDE)
    assert "archived=" in said.stdout, said.stdout
    until(lambda: task(city.records, "Read what came to records@"), city)
    assert any(b"Subject: The files on Elm Street" in content for content in city.mailbox(RITA))
    until(lambda: "The files on Elm Street" in city.records.get(task(city.records, "Read what came to records@")).page, city)
    assert task(city.security, "Read what came to records@") == "", "it is nobody else's"


def test_what_comes_to_report_is_a_task_of_the_security_officer_until_it_is_answered(city: City) -> None:
    """P-31: somebody without a sign-in reports by mail; Home of the security officer names it, and the task leads to the case."""
    assert task(city.security, "Answer what was reported") == ""
    said = swaks(city.mx, "--h-Subject", "Your city asks for my password", to="report@city.example", sender=OUTSIDE)
    assert "archived=" in said.stdout, said.stdout
    until(lambda: task(city.security, "Answer what was reported"), city)
    listed = city.security.get(task(city.security, "Answer what was reported")).page
    assert re.search(r'href="/incidents/\d+/"', listed), listed[-3000:]
    assert task(city.records, "Answer what was reported") == "", "it is nobody else's"


def letter(sender: str, subject: str) -> str:
    return f"From: <{sender}>\r\nTo: <{OUTSIDE}>\r\nSubject: {subject}\r\n\r\n{NUMBERS}"


def test_somebody_hears_of_mail_that_is_kept_back_of_a_machine_and_of_a_function_mailbox(city: City) -> None:
    """No person signs in there who could be told. The head of the department hears of the machine, and whoever reads the
    function mailbox in that; once a day for each, and nothing of the message."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for subject in ("scan 1", "scan 2"):
        with contextlib.closing(smtplib.SMTP_SSL("127.0.0.1", city.implicit, timeout=60, context=context)) as client:
            client.login(SCANNER, PASSWORD)
            assert client.sendmail(SCANNER, [OUTSIDE], letter(SCANNER, subject)) == {}
    with smtplib.SMTP("127.0.0.1", city.scoped, timeout=60) as client:
        assert client.sendmail(CLERK, [OUTSIDE], letter(CLERK, "a list")) == {}
    for mailbox, to in ((SCANNER, ROSA), (CLERK, CLERK)):
        text = city.notice(to, f"A message that {mailbox} sent")
        assert "many confidential numbers" in text and "Public Works" in text and "512-34" not in text and "scan 1" not in text
    assert sum(SCANNER.encode() in content for content in city.mailbox(ROSA)) == 1


def test_a_violation_holds_its_evidence_within_a_minute_and_no_schedule_removes_it(city: City, tmp_path: Path) -> None:
    """P-30, P-23: recorded by a command while all workers run; the ledger says that the hold is placed, and a disposal that
    takes what came on the same day leaves the evidence."""
    for name in ("evidence", "other"):
        at = "Fri, 1 Jan 2010 12:00:00 +0000"
        text = f"Received: from a by b; {at}\r\nFrom: <x@out.example>\r\nDate: {at}\r\nSubject: {name}\r\n\r\n{name}\r\n"
        (tmp_path / f"{name}.eml").write_text(text, newline="")
    city.desk.run(_ADOPT.format(data=str(city.data), text=(resources.files("civicmail.city.law") / "schedules.toml").read_text()))
    city.command("e-9", "import", *tmp_path.glob("*.eml"), "--duty", "system-administrator")
    captures = [Capture.from_head(stored.head) for stored in Machine(city.data).all_captures(_raised)]
    ids = {path.stem: c.uuid for path in tmp_path.glob("*.eml") for c in captures if c.sha256 == sha256(path.read_bytes()).digest()}
    said = city.command("e-2", "violation", "record", "x-1", "P-12", "--evidence", ids["evidence"])
    case = re.search(r"Violation (\d+) is recorded", said)
    assert case is not None, said
    holds = _HOLDS.format(case=f"violation:{case[1]}")
    until(lambda: city.desk.run(holds).split() == ["tick", "True"], city)
    until(lambda: city.desk.run(_DISPOSE.format(data=str(city.data))).split() == ["1", "1"], city)
    left = {Capture.from_head(stored.head).uuid for stored in Machine(city.data).all_captures(_raised)}
    assert ids["evidence"] in left and ids["other"] not in left


def _raised(error: Exception) -> None:
    raise error
