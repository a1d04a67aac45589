"""A served city with all its neighbours: each goes away, each file cannot be read, the database stops. `civicmail doctor` says so
in the line of the table, and the line goes when it is back (P-15, P-23)."""

from __future__ import annotations

import os
import re
import shutil
import signal
import smtplib
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from civicmail.city.notices import signed_links
from civicmail.core.config.clock import now_ms
from civicmail.front.checkup.findings import HOUR
from civicmail.front.sample import installation
from civicmail.front.web import dovecot_auth
from civicmail.mail.courier import dkimkeys
from neighbours.assassin import Spamd
from neighbours.authority import Authority
from neighbours.civic import Civicmail, civicmail
from neighbours.dovecot import Asks, Dovecot
from neighbours.milters import Rspamd
from neighbours.postfix import keeper
from neighbours.postgresql import USER, Cluster
from neighbours.process import Process
from neighbours.rsyslog import Rsyslog
from neighbours.slapd import READER, Slapd, entry
from neighbours.virusscanner import Clamd
from stories import townhall
from stories.faults import changed, dated, doctor, problems, stopped, until, until_told, until_told_in_a_minute, until_well
from stories.test_authenticated import Dns

pytestmark = [
    pytest.mark.neighbour("dovecot", "postfix", "rspamd", "clamd", "spamd", "slapd", "rsyslogd", "postgres", "root"),
    pytest.mark.timeout(600),
]

CLAIM = ("access", "claim", "--uid", "e-1", "--given", "Given", "--family", "Officer", "--department", "clerk=City clerk")
ROSA = """
office = Department.objects.get(code="clerk")
rosa, sam = (person(uid, "Given", family, office) for uid, family in (("e-2", "Hale"), ("e-3", "Ferrer")))
authorize(rosa, (Person.objects.get(uid="e-1"), sam))
publish()
"""
PEOPLE = {"e-1": "Officer", "e-2": "Hale", "e-3": "Ferrer"}
ROSA_AT = "given.hale@city.example"
COURIER = """\
local = "lmtp://127.0.0.1:{dovecot.lmtp}"
imap = "imap://127.0.0.1:{dovecot.imap}"
imap_key_file = "{dovecot.key_file}"
"""
MORE = """
[database]
url = "postgresql://{user}@{host}/postgres"

[signin]
kick = "http://127.0.0.1:{town.dovecot.api}"
kick_key_file = "{town.place}/doveadm.key"

[screening]
resolver = ["{town.dns.address}"]
clamd = "{town.clamd.address}"
rspamd = "http://127.0.0.1:{town.rspamd.asked}"
spamd = "{town.spamd.address}"

[archive]
standby = "{town.second}"
without_standby = "local"
backup = "{town.stamp}"

[marks]
links = ["nowhere.example"]

[mta_sts]
mode = "enforce"
servers = ["mx1.city.example"]

[[feeds.ldap]]
url = "{town.ldap.url}"
ca = "{town.ldap.ca}"
bind = "{reader}"
password_file = "{town.ldap.password}"
base = "ou=people,dc=city,dc=example"
every = 1
apply = true
timeout = 5

[[oversight.webhook]]
name = "watch"
url = "http://127.0.0.1:{town.program.port}/"
secret_file = "{secret}"

[[oversight.siem]]
name = "siem"
url = "tls://localhost:{town.siem.tls}"
ca = "{town.siem.ca}"
certificate = "{certificate}"
key = "{key}"

[[outside.hook]]
name = "tenant"
url = "http://127.0.0.1:1/ended"
secret_file = "{town.other}"
"""


class Program:
    """One that is told of entries; it can go away and come back."""

    def __init__(self) -> None:
        (self.port,) = installation.free_ports(1)
        self.start()

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _Takes)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Takes(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class Town:
    """Use it with `with`. quiet: what doctor says when all is well."""

    def __init__(self, place: Path) -> None:
        self.place, self.data = place, place / "data"
        self.stack = ExitStack()
        self.authority = Authority(place / "tls")

    def __enter__(self) -> Town:
        enter = self.stack.enter_context
        try:
            self.cluster = Cluster()
            self.stack.callback(self.cluster.close)
            self.dns, self.siem = enter(Dns()), enter(Rsyslog())
            self.recovery = installation.make(self.data, "")
            self.city = Civicmail(self.data, web__serve="true", people=self._people())
            asks = Asks(f"http://127.0.0.1:{self.city.ports.web}", dovecot_auth.secret(self.data), "doveadm-key")
            self.dovecot = enter(Dovecot(asks=asks, master="scratch"))
            self.out, self.rspamd = enter(keeper()), enter(Rspamd(asked=True))
            self.clamd, self.spamd = enter(Clamd()), enter(Spamd())
            self.ldap = enter(Slapd([entry(uid, sn=family) for uid, family in PEOPLE.items()]))
            self.program = Program()
            self.stack.callback(lambda: self.program.close())
            self._settle()
            civicmail(*CLAIM, "--reason", "the council decided so", data=self.data)
            townhall.run(self.data, ROSA)
            self.stands_still(self.ldap.process)
            enter(self.city)
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    @property
    def lines(self) -> set[str]:
        """What says of each neighbour that it is away."""
        hops = {f"next hop lmtp://127.0.0.1:{self.dovecot.lmtp}", f"next hop smtp://127.0.0.1:{self.out.port}"}
        beside = {"end of connections", "taking mail back", "virus scanner", "spam filter Rspamd", "spam filter SpamAssassin"}
        return hops | beside | {"webhook watch", "SIEM siem", "standby"}

    def stands_still(self, *processes: Process) -> None:
        """These take connections, and nobody answers."""
        for one in processes:
            os.killpg(one.process.pid, signal.SIGSTOP)

    def goes_on(self, *processes: Process) -> None:
        for one in processes:
            os.killpg(one.process.pid, signal.SIGCONT)

    def _people(self) -> str:
        self.certificate, key = self.authority.issue("mail.city.example", days=(-1, 90))
        return f'certificate = "{self.certificate}"\nkey = "{key}"'

    def _settle(self) -> None:
        """The settings of a city that has all of it."""
        secret, self.other, self.stamp = self.place / "secret", self.place / "other.key", self.place / "backup.stamp"
        self.second = self.place / "second"
        self.second.mkdir()
        for path in (secret, self.other):
            path.write_text("0123456789abcdef0123456789abcdef")
            path.chmod(0o600)
        self.stamp.touch()
        signed_links.ring(self.data)
        (self.place / "doveadm.key").write_text("doveadm-key")
        certificate, key = self.authority.issue("city-siem.example", days=(-1, 90))
        toml = self.data / "civicmail.toml"
        text = toml.read_text().replace('local = "maildir"', COURIER.format(dovecot=self.dovecot))
        text = re.sub(r'outbound = ".*"', f'outbound = "smtp://127.0.0.1:{self.out.port}"', text)
        text = text.replace("[log]\n", 'url = "http://pages.city.example"\n\n[log]\n')
        names = {"town": self, "secret": secret, "reader": READER, "user": USER, "host": quote(self.cluster.host, safe="")}
        toml.write_text(text + MORE.format(**names, certificate=certificate, key=key))


def send(town: Town, to: str, subject: str, text: str = "Hello.") -> None:
    with smtplib.SMTP("127.0.0.1", town.city.relay) as wire:
        message = f"From: printer@city.example\r\nTo: {to}\r\nSubject: {subject}\r\n\r\n{text}\r\n"
        wire.sendmail("printer@city.example", [to], message)


def test_each_neighbour_that_goes_away_and_each_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Real processes, real neighbours; by the lines of the table in docs/operate/alarms.md."""
    with Town(tmp_path) as town:
        until(town.city.is_ready)
        until_well(town.city, *town.lines, "who may use mail", "mail in", "pages")
        _mail_waits(town)
        _neighbours(town)
        _zone(town)
        _files_and_database(town)
        until_well(town.city, *town.lines, "feeds", "who may use mail", "pages", "screening", "recovery key")


def _mail_waits(town: Town) -> None:
    """Of a personnel system that was away from the beginning; of mail that has no way, and of a key that nobody has tried."""
    send(town, "resident@outside.example", "[secure] Your case 26-114", "Your card is 4111 1111 1111 1111.")
    until_told(town.city, "feeds", "secure mail", "recovery key")
    town.goes_on(town.ldap.process)
    assert "outstanding" in problems(town.city, later=5 * HOUR)


def _neighbours(town: Town) -> None:
    """All of them at once: each has its line."""
    town.dovecot.stop()
    town.rspamd.stop()
    town.clamd.kill()
    town.siem.kill()
    town.program.close()
    town.second.rename(town.place / "elsewhere")
    town.stands_still(town.out.process, town.spamd.process)
    (town.place / "recovery").write_text(town.recovery)
    civicmail("keys", "prove-recovery", "--file", town.place / "recovery", data=town.data)  # an entry, for whoever is told of them
    send(town, "resident@outside.example", "It waits until the scanner is back")
    until_told(town.city, *town.lines, "screening")
    town.goes_on(town.out.process, town.spamd.process)
    with stopped(town.city, "--job standby"):
        shutil.rmtree(town.second)
        (town.place / "elsewhere").rename(town.second)
    town.program.start()
    town.siem.start()
    town.clamd.start()
    town.rspamd.start()
    town.dovecot.start()


def _zone(town: Town) -> None:
    """The name server has another key than ours, and a server of MX that our policy does not name; then it has what it should."""
    key = dkimkeys.activate(town.data, dkimkeys.new(town.data, "city.example", "ed25519", now=now_ms()), now=now_ms())
    rows = town.dns.server.rows
    rows["city.example", "MX"] = (60, ["10 mx2.city.example."])
    told = until_told(town.city, "zone", "mta-sts")
    assert any(key.name in one.text and one.level == "problem" for one in told)
    assert any("mx2.city.example is in MX" in one.text and one.level == "problem" for one in told)
    rows[key.name, "TXT"] = (60, [f'"{key.record}"'])
    rows["city.example", "MX"] = (60, ["10 mx1.city.example."])
    assert not [one for one in doctor(town.city) if (key.name in one.text and one.level == "problem") or "in MX" in one.text]


def _files_and_database(town: Town) -> None:
    """Files that cannot be read any more, while the database is away: who asks it says so within a minute."""
    town.cluster.stop()
    keys, toml = town.data / "keys", town.data / "civicmail.toml"
    (journal, *_) = sorted((town.data / "journal").glob("*/*.log"))
    short, _ = town.authority.issue("short.example", days=(-1, 2))
    with ExitStack() as wrongs:
        for path, content in (
            (keys / "master.key", None),
            (town.other, None),
            (town.certificate, short.read_bytes()),
            (signed_links.key_path(town.data), b"{"),
            (toml, toml.read_bytes().replace(b'kind = "relay"\naddress = "127.0.0.1"', b'kind = "relay"\naddress = "0.0.0.0"')),
        ):
            wrongs.enter_context(changed(path, content))
        wrongs.enter_context(dated(town.stamp, -27 * 3600))
        wrongs.enter_context(dated(journal, 600))
        told = until_told(town.city, "keys", "settings", "other door tenant", "marks", "clear text", "backup", "clock")
        assert any("submission on port" in one.text and one.level == "problem" for one in told if one.check == "certificates")
    with changed(town.certificate, b"nothing of the kind"):
        assert any("it is no certificate" in one.text for one in doctor(town.city))
    until_well(town.city, "keys", "settings", "other door tenant", "marks", "clear text", "backup", "clock")
    told = until_told(town.city, "pages", "job deadlines")
    assert any("wait for the database" in one.text for one in told)
    until_told_in_a_minute(town.city, "who may use mail")
    town.cluster.start()
