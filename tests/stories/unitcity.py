"""A city as docs/operate has it, on a machine of systemd: the units of deploy/, Dovecot, PostgreSQL, a program that is told of
entries, and what people and strangers do there."""

from __future__ import annotations

import contextlib
import imaplib
import os
import secrets
import smtplib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from civicmail.city.identity.database_backup import DATABASE
from civicmail.city.snapshot.credentials import device_key, mac, new_password
from civicmail.front.sample import installation
from civicmail.front.sample.smart_host import World
from civicmail.front.web import dovecot_auth
from neighbours import tables
from neighbours.authority import Authority
from neighbours.civic import civicmail
from neighbours.dovecot import Asks, Dovecot
from neighbours.machine import Machine
from neighbours.postgresql import USER, Cluster
from stories.signing_in import signed_in
from stories.test_contained import is_cut
from stories.townhall import PASSWORD as KNOWN
from stories.townhall import run, townhall

SAM = "sam.ferrer@city.example"
PASSWORD = new_password()
FRAUD = "Your mailbox is full"
PROCESSES = tuple(f"civicmail-{name}.service" for name in ("gateway", "courier", "search", "mail", "city", "web"))
_CLAIM = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
_MORE = """
from civicmail.city.identity.actions.publishing import publish
sam, works = Person.objects.get(uid="e-4"), Department.objects.get(code="works")
Device.objects.create(person=sam, key="phone", mac={mac!r}, made=now)
box = Mailbox.objects.create(address="report@city.example", name="Reports", kind="function", department=works, made=now)
Address.objects.create(address=box.address, mailbox=box, since=now)
for uid in ("e-5", "e-6"):
    RoleAssignment.objects.create(person=Person.objects.get(uid=uid), role="security-officer", starts=now - timedelta(days=1),
                                  until=now + timedelta(days=90), by="e-1", reason="security")
publish()
"""
_PULL = """
import time
from pathlib import Path
from civicmail.front.cli.waits import wait_for_tables
from civicmail.front.web.start import prepare
prepare(Path("/var/lib/civicmail"), None, wait_for_tables())
from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.actions import case_answers, message_removal
from civicmail.desk.incidents.models import Case
now = time.time_ns() // 1_000_000
alma, rita = (Actor(u, u, (HeldRole("security-officer", active_until=now + 60_000),)) for u in ("e-6", "e-5"))
case = Case.objects.filter(sender="help@desk.example").first()
if case is not None and (found := queries.find_copies(case, now=now)).copies:
    pull = message_removal.ask(case, found.copies, "", len(found.copies), actor=alma, reason="It asks for passwords.", now=now)
    if pull.state == "asked":
        message_removal.decide(pull, agrees=True, actor=rita, reason="It asks for passwords.", now=now)
    case_answers.answer(case, "right", actor=alma, reason="It asks for passwords.", now=now)
    print("pulled", pull.total)
"""
_SETTINGS = """
[[gateway.listener]]
kind = "submission"
address = "{people}"
port = 465
tls = "implicit"
certificate = "/etc/civicmail/mail.city.example.pem"
key = "/etc/civicmail/mail.city.example.key"

[signin]
kick = "http://127.0.0.1:{api}"
kick_key_file = "/etc/civicmail/doveadm.key"

[database]
url = "{database}"

[[oversight.webhook]]
name = "siem"
url = "http://127.0.0.1:{siem}/"
secret_file = "/etc/civicmail/siem.key"

[metrics]
port = {metrics}
"""


class _Siem(HTTPServer):
    """Counts what it is told."""

    def __init__(self) -> None:
        self.came: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Told)


class _Told(BaseHTTPRequestHandler):
    server: _Siem

    def do_POST(self) -> None:
        self.server.came.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the screen of the tests."""


class UnitCity:
    """What a story needs of it. home: of its pages; metrics: port of its numbers."""

    metrics = 0

    def __init__(
        self, machine: Machine, ports: installation.Ports, dovecot: Dovecot, world: World, siem: _Siem, people: str
    ) -> None:
        self.machine, self.ports, self.dovecot, self.world = machine, ports, dovecot, world
        self._siem, self._people = siem, people
        self.home = f"http://localhost:{ports.web}"

    def until(self, look: Callable[[], object], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not look():
            assert time.monotonic() < end, self.machine.journal("--lines=60", "--priority=info")
            time.sleep(0.2)

    def told(self, act: str) -> bool:
        """Whether the program has heard of an act."""
        return any(act.encode() in body for body in self._siem.came)

    def hears(self, subject: str, to: str = SAM) -> None:
        """A stranger writes to somebody of the city."""
        with smtplib.SMTP("127.0.0.1", self.ports.mx, timeout=60) as stranger:
            text = f"From: Help Desk <help@desk.example>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <1@desk.example>\r\n\r\n"
            stranger.sendmail("help@desk.example", [to], f"{text}{_words()}")

    def sends(self, to: str, text: str) -> None:
        """Sam sends from his mail program, on port 465."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # whose it is is no part of this story
        with contextlib.closing(smtplib.SMTP_SSL(self._people, 465, timeout=60, context=context)) as client:
            client.login("sam", PASSWORD)
            client.sendmail(SAM, [to], f"From: Sam Ferrer <{SAM}>\r\nTo: {to}\r\n{text}")

    def reports(self) -> None:
        """What came to him goes to report@, attached."""
        inner = f"From: Help Desk <help@desk.example>\r\nSubject: {FRAUD}\r\nMessage-ID: <1@desk.example>\r\n\r\n{_words()}"
        head = "Subject: Fwd\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        head += "--b\r\n\r\nIs this real?\r\n--b\r\n"
        self.sends("report@city.example", f"{head}Content-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n")

    def pulls(self) -> bool:
        """Two security officers take back what was reported; whether anything was there to take."""
        return "pulled" in self.machine.python(_PULL)

    @contextmanager
    def reads(self) -> Iterator[imaplib.IMAP4]:
        """Sam's mail program, signed in at Dovecot, which asks the pages."""
        wire = imaplib.IMAP4("127.0.0.1", self.dovecot.imap, timeout=60)
        try:
            wire.login(SAM, PASSWORD)
            yield wire
        finally:
            wire.shutdown()

    def suspends(self, person: str) -> None:
        """The access officer, on the machine."""
        command = (
            "/usr/bin/civicmail",
            "access",
            "suspend",
            person,
            "--as",
            "e-1",
            "--reason",
            "he left in anger today",
            "--data",
            "/var/lib/civicmail",
        )
        self.machine.run("env", "CIVICMAIL_TOKEN_FILE=/etc/civicmail/officer.token", *command, user="civicmail")

    def has(self, subject: str) -> bool:
        """Whether a message with this subject is in Sam's mailbox."""
        mail = Path(self.dovecot.folder / "mail")
        found = (path.read_bytes() for path in mail.glob("sam*/Maildir/[nc][eu][wr]/*"))
        return any(f"\nSubject: {subject}\n".encode() in raw.replace(b"\r", b"").partition(b"\n\n")[0] + b"\n" for raw in found)


def day(city: UnitCity, browser: Any) -> None:
    """Somebody signs in on a page; mail comes and leaves; what was reported is taken back; who is suspended is cut off; a program
    hears of it."""
    page = signed_in(browser, city.home, "rosa", KNOWN)
    assert page.get_by_role("link", name="Home").first.is_visible()
    city.hears(FRAUD)
    city.until(lambda: city.has(FRAUD))
    city.sends("resident@elsewhere.example", "Subject: Elm Street\r\n\r\nOn Monday at nine.\r\n")
    city.until(lambda: any(b"Elm Street" in one.content for one in city.world.taken))
    city.reports()
    city.until(city.pulls)
    city.until(lambda: not city.has(FRAUD))
    with city.reads() as wire:
        city.suspends("e-4")
        city.until(lambda: is_cut(wire))
    city.until(lambda: city.told("access.suspend"))


def _words() -> str:
    return "Dear colleague,\r\nyour mailbox has reached its limit. Confirm it today at http://pay.example/1 to get letters.\r\n"


@contextmanager
def unit_city(place: Path, *, over: str = "") -> Iterator[UnitCity]:
    """All units run. over: "socket" or "tcp" for PostgreSQL, otherwise the database is a file."""
    data, etc = place / "data", place / "etc"
    etc.mkdir()
    place.chmod(0o755)
    Authority(etc).issue("mail.city.example")
    for name, text in (("doveadm.key", "doveadm-scratch"), ("siem.key", secrets.token_hex(24)), ("master.key", "master-scratch")):
        (etc / name).write_text(f"{text}\n")
    *rest, metrics = installation.free_ports(4)
    ports = installation.Ports(*rest)
    installation.make(data, installation.settings(ports, 1))
    people = f"127.{secrets.randbelow(200) + 9}.{secrets.randbelow(250)}.{secrets.randbelow(250) + 1}"
    asks = Asks(f"http://127.0.0.1:{ports.web}", dovecot_auth.secret(data))
    with _siem() as siem, _database(over) as (url, host), World() as world, Dovecot(asks=asks, master="master-scratch") as dovecot:
        text = installation.settings(ports, world.port)
        boxes = f'local = "lmtp://127.0.0.1:{dovecot.lmtp}"\nimap = "imap://127.0.0.1:{dovecot.imap}"\n'
        text = text.replace('local = "maildir"\n', f'{boxes}imap_key_file = "/etc/civicmail/master.key"\n')
        text = text.replace("[web]\n", f'[screening]\nchecks = ["names", "links"]\n\n[web]\nurl = "http://localhost:{ports.web}"\n')
        inside = url.replace(quote(host, safe=""), quote("/run/postgresql", safe="")) if host else url
        text += _SETTINGS.format(people=people, api=dovecot.api, database=inside, siem=siem.server_port, metrics=metrics)
        (data / "civicmail.toml").write_text(text)
        _fill(data, etc, url)
        places = {"/etc/civicmail": etc, **({"/run/postgresql": Path(host)} if host else {})}
        with Machine(data, places, {"SMART_HOST": f"127.0.0.1:{world.port}"}) as machine:
            machine.run("chown", "-R", "civicmail:civicmail", "/var/lib/civicmail", "/etc/civicmail")
            machine.run("systemctl", "start", "civicmail.target")
            city = UnitCity(machine, ports, dovecot, world, siem, people)
            city.metrics = metrics
            yield city


@contextmanager
def _siem() -> Iterator[_Siem]:
    with _Siem() as siem:
        thread = threading.Thread(target=siem.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield siem
        finally:
            siem.shutdown()
            thread.join()


@contextmanager
def _database(over: str) -> Iterator[tuple[str, str]]:
    """Its URL, and the folder of its socket; "" and "" for a file."""
    if not over:
        yield "", ""
        return
    (port,) = installation.free_ports(1)
    cluster = Cluster(port=port if over == "tcp" else 0)
    try:
        if over == "tcp":
            yield f"postgresql://{USER}@127.0.0.1:{port}/postgres", ""
        else:
            yield f"postgresql://{USER}@{quote(cluster.host, safe='')}/postgres", cluster.host
    finally:
        cluster.close()


def _fill(data: Path, etc: Path, url: str) -> None:
    """People and what they may, before the units run; from outside the machine keys and the database are elsewhere."""
    tables.lay(data)  # as townhall does, which must not make them with this database
    with pytest.MonkeyPatch.context() as patch:
        for name, there in (
            ("DATABASE__URL", url),
            ("SIGNIN__KICK_KEY_FILE", str(etc / "doveadm.key")),
            ("COURIER__IMAP_KEY_FILE", str(etc / "master.key")),
        ):
            patch.setenv(f"CIVICMAIL__{name}", there)
        for name in ("WEB__SERVE", "SCREENING__CHECKS"):
            patch.delenv(f"CIVICMAIL__{name}", raising=False)
        civicmail(*_CLAIM, "--reason", "the council decided so", data=data)
        hall = townhall(data)
        run(data, _MORE.format(mac=mac(device_key(data), PASSWORD)))
    if url:
        (data / DATABASE).unlink()
    (etc / "officer.token").write_text(hall.officer.read_text())
    os.chmod(etc / "officer.token", 0o600)
