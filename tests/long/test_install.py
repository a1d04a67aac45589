"""docs/operate/install.md, played command by command on a bare Debian; the city that comes of it is used from outside (P-23)."""

from __future__ import annotations

import contextlib
import imaplib
import json
import os
import re
import smtplib
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from pathlib import Path

import pytest

from civicmail.city.snapshot.credentials import new_password
from civicmail.front.sample.smart_host import World
from house.sources import ROOT
from neighbours.authority import Authority
from neighbours.bare import THERE, Bare, root
from stories import townhall

pytestmark = [
    pytest.mark.neighbour("mmdebstrap", "unshare", "nsenter", "namespaces", "ip", "git", "python3.13", "dpkg-deb", "root"),
    pytest.mark.timeout(3600),
    pytest.mark.allow_hosts(["127.0.0.1", "::1", THERE]),
]
PAGE = ROOT / "docs" / "operate" / "install.md"
HOME = "/root"
HOST = "mail.city.example"
LINEAGE = "/etc/letsencrypt/live/mail.city.example"
SAM, ROSA, RESIDENT = "sam.ferrer@city.example", "rosa.hale@city.example", "resident@elsewhere.example"
PASSWORD = new_password()
SILENT = "CivicmailWorkerSilent"
_BLOCK = re.compile(r"^```sh([^\n]*)\n(.*?)^```$", re.M | re.S)
_STAYS_AWAY = """
mkdir -p /run/systemd/system/civicmail-city.service.d
printf '[Service]\\nRestart=no\\n' >/run/systemd/system/civicmail-city.service.d/test.conf
systemctl daemon-reload
"""
_BEGINS = "systemctl enable --now postfix@"
_KEY = re.compile(r"(?:[a-z0-9]{5}-){7}[a-z0-9]{5}")
_DEVICES = """
from civicmail.city.snapshot.credentials import device_key, mac
known = mac(device_key(Path("/var/lib/civicmail")), {password!r})
for uid in ("e-2", "e-4"):
    Device.objects.create(person=Person.objects.get(uid=uid), key=f"phone of {{uid}}", mac=known, made=now)
publish()
"""


def blocks() -> list[tuple[str, str]]:
    """What stands behind ```sh, and the commands, in the order of the page."""
    return [(info.strip(), text) for info, text in _BLOCK.findall(PAGE.read_text())]


def test_what_is_not_played_says_why() -> None:
    assert all(not info or re.fullmatch(r"(not-played|instead): \w.{10,}", info) for info, _ in blocks())


def packages() -> list[str]:
    """What the page has Debian bring, line by line, with what our package needs."""
    lines = re.findall(r"^apt-get install (.*)$", PAGE.read_text(), re.M)
    wanted = [" ".join(word for word in line.split() if word[0] not in "-.") for line in lines]
    return [*wanted, " ".join([*wanted, "python3 libstdc++6 passwd curl"])]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Debian package: what CIVICMAIL_DEB names, else made now."""
    if given := os.environ.get("CIVICMAIL_DEB"):
        return Path(given)
    out = tmp_path_factory.mktemp("release") / "dist"
    subprocess.run([sys.executable, ROOT / "tools" / "release.py", out], cwd=ROOT, check=True, timeout=1800)
    (made,) = out.glob("*.deb")
    return made


class City:
    """What the page has made. world: who takes mail that leaves; recovery: what `init` printed."""

    def __init__(self, machine: Bare, world: World, authority: Authority) -> None:
        self.machine, self.world = machine, world
        self.printed: dict[str, str] = {}
        self._authority = str(authority.certificate)

    def play(self, changes: dict[str, str], which: str = "") -> None:
        """Every block of the page whose information begins so, in its order, as root."""
        for info, text in blocks():
            if info.partition(":")[0] != which:
                continue
            for old, new in changes.items():
                text = text.replace(old, new)
            given = _KEY.findall(self.printed["civicmail init"])[0] + "\n" if "prove-recovery" in text else ""
            said = self.machine.run("sh", "-euc", f"cd {HOME}\nexec 2>&1\n{text}", text=given, seconds=900)
            self.printed |= {name: said for name in ("civicmail init", "access claim", "civicmail doctor") if name in text}

    def until(self, look: Callable[[], object], seconds: float = 90) -> None:
        end = time.monotonic() + seconds
        while not look():
            assert time.monotonic() < end, self.machine.journal("--lines=80")
            time.sleep(0.5)

    def context(self, *, named: bool = True) -> ssl.SSLContext:
        """Of a client that knows the authority; not named: and reaches the machine by its address."""
        context = ssl.create_default_context(cafile=self._authority)
        context.check_hostname = named
        return context

    def get(self, path: str, port: int = 443) -> tuple[int, dict[str, str], str]:
        """Of a page from outside: status, header and text."""
        with (
            socket.create_connection((THERE, port), 60) as plain,
            self.context().wrap_socket(plain, server_hostname=HOST) if port == 443 else contextlib.nullcontext(plain) as wire,
        ):
            wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
            answer = HTTPResponse(wire)
            answer.begin()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()

    def inbox(self, who: str) -> list[bytes]:
        with imaplib.IMAP4(THERE, timeout=60) as wire:
            wire.starttls(self.context(named=False))
            wire.login(who, PASSWORD)
            wire.select("INBOX", readonly=True)
            return [wire.fetch(n.decode(), "(BODY.PEEK[])")[1][0][1] for n in wire.search(None, "ALL")[1][0].split()]  # type: ignore[index, misc]

    def alerts(self) -> set[tuple[str, str]]:
        """(name, state) of those that are not quiet, by the Prometheus of that machine."""
        with self.machine.inside(), urllib.request.urlopen("http://127.0.0.1:9090/api/v1/rules", timeout=60) as answer:
            groups = json.load(answer)["data"]["groups"]
        return {(rule["name"], rule["state"]) for group in groups for rule in group["rules"] if rule["state"] != "inactive"}

    def value(self, query: str) -> float | None:
        """What Prometheus knows."""
        with (
            self.machine.inside(),
            urllib.request.urlopen(f"http://127.0.0.1:9090/api/v1/query?query={query}", timeout=60) as answer,
        ):
            found = json.load(answer)["data"]["result"]
        return float(found[0]["value"][1]) if found else None


@pytest.fixture(scope="module")
def city(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """By the page alone, but for what the Internet does: the certificate is a test authority's, the world a server of ours."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    certificate, key = authority.issue(HOST, days=(-1, 90))
    with Bare(root(packages())) as machine, contextlib.ExitStack() as left:
        with machine.inside():
            world = left.enter_context(World())
        for here, there in (
            (package, f"{HOME}/{package.name}"),
            (certificate, f"{LINEAGE}/fullchain.pem"),
            (key, f"{LINEAGE}/privkey.pem"),
        ):
            machine.put(here, there)
        machine.run("sh", "-c", f"echo 127.0.1.1 {HOST} >>/etc/hosts")  # as the DNS would say
        made = City(machine, world, authority)
        world_is = f"postconf -c /etc/postfix-out -e 'default_transport=smtp:[127.0.0.1]:{world.port}'"
        made.play({_BEGINS: f"{world_is}\n{_BEGINS}"})
        yield made


def test_the_page_leads_to_a_city(city: City) -> None:
    assert "https://mail.city.example/" in city.printed["access claim"]
    assert "ok         pages" in city.printed["civicmail doctor"]
    people = townhall._HEAD.format(data="/var/lib/civicmail") + townhall._TOWN.format(password=townhall.PASSWORD)
    people = (people + _DEVICES.format(password=PASSWORD)).replace('"e-1"', '"E1001"')
    city.machine.run("/usr/lib/civicmail/bin/python", "-", user="civicmail", text=people)
    with smtplib.SMTP(THERE, 25, timeout=60) as stranger:
        assert stranger.starttls(context=city.context(named=False))[0] == 220
        stranger.sendmail(RESIDENT, [SAM], f"From: {RESIDENT}\r\nTo: {SAM}\r\nSubject: Elm Street\r\n\r\nWhen is it?\r\n")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            stranger.sendmail(RESIDENT, ["nobody@city.example"], "Subject: nobody\r\n\r\n\r\n")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            stranger.sendmail(RESIDENT, ["x@other.example"], "Subject: relay\r\n\r\n\r\n")
    city.until(lambda: any(b"Subject: Elm Street" in one for one in city.inbox(SAM)))
    with smtplib.SMTP_SSL(THERE, 465, timeout=60, context=city.context(named=False)) as client:
        client.login("sam", PASSWORD)
        for to in (ROSA, RESIDENT):
            client.sendmail(SAM, [to], f"From: {SAM}\r\nTo: {to}\r\nSubject: Monday\r\n\r\nAt nine.\r\n")
    city.until(lambda: any(b"Subject: Monday" in one for one in city.inbox(ROSA)))
    city.until(lambda: any(b"Subject: Monday" in one.content for one in city.world.taken))


def test_the_pages_are_under_tls(city: City) -> None:
    status, head, text = city.get("/accounts/login/")
    assert (status, "civicmail" in text.lower()) == (200, True)
    assert "__Host-" in head["set-cookie"] and "max-age" in head["strict-transport-security"]
    assert city.get("/accounts/login/", 80)[1]["location"] == f"https://{HOST}/accounts/login/"
    assert city.get("/doors/user")[0] == 404


def test_an_alert_fires_when_the_city_worker_is_killed(city: City) -> None:
    on = city.machine
    city.until(lambda: city.value("civicmail_heartbeat_timestamp_seconds%7Bprocess=%22city%22%7D"))
    assert SILENT not in {name for name, _ in city.alerts()}
    on.run("sh", "-euc", _STAYS_AWAY)
    on.run("systemctl", "kill", "--signal=KILL", "civicmail-city.service")
    city.until(lambda: any(b"civicmail-city.service failed on" in one.content for one in city.world.taken))
    city.until(lambda: (SILENT, "firing") in city.alerts(), 300)


def test_caddy_in_the_place_of_nginx(city: City) -> None:
    city.play({}, "instead")
    test_the_pages_are_under_tls(city)
