"""A department of a hundred people comes over and goes back, by the steps of docs/operate/pilot.md (issue 5, acceptance 5; P-04,
P-06, P-18): the personnel list, the first roster in a browser, live behind the edge recipe, mail programs of their own, and out."""

from __future__ import annotations

import imaplib
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from civicmail.front.sample.mail import Posting
from civicmail.front.sample.smart_host import World
from civicmail.front.sample.smtp_client import SmtpClient, SmtpReply
from civicmail.front.web import dovecot_auth
from civicmail.mail.archive import outstanding_file
from neighbours import forkserver, postfix
from neighbours.authority import Authority
from neighbours.civic import Civicmail
from neighbours.dovecot import Asks, Dovecot
from neighbours.tools import swaks
from stories.signing_in import signed_in
from stories.test_authority import browser_type_launch_args
from stories.townhall import PASSWORD, run, townhall

__all__ = ["browser_type_launch_args"]

pytestmark = [pytest.mark.neighbour("postfix", "dovecot", "chromium", "swaks", "root"), pytest.mark.timeout(240)]

PEOPLE = 100
CREW = [f"worker{n}.crew{n}@city.example" for n in range(PEOPLE)]
OLD, OUTSIDE = "bob@city.example", "eve@far.example"
WHY = "Answers residents about street works, in writing and on the same day."
NUMBER = re.compile(rb"(?m)^Subject: number (\d+)\r?$")
_DEVICES = """
for n in range({people}):
    p = Person.objects.get(uid="w-%d" % n)
    accept(p)
    if n < {devices}:
        from civicmail.city.identity.actions import devices
        print(devices.make(p, "phone", actor=Actor(p.uid), now=time.time_ns() // 1_000_000))
"""


class City:
    """Two systems side by side: the old one has everybody, ours takes Public Works when it is told to."""

    def __init__(self, place: Path, until: ExitStack) -> None:
        self.authority = Authority(place)
        certificate, key = self.authority.issue("mail.city.example")
        self.data = place / "data"
        self.world, self.store = until.enter_context(World()), until.enter_context(World())
        self.civic = Civicmail(
            self.data,
            listener='xclient = ["127.0.0.1/32"]\ndsn = true',
            journal=True,
            next_hop=until.enter_context(postfix.smart_host(self.world.port)).port,
            people=f'certificate = "{certificate}"\nkey = "{key}"',
        )
        self.old = until.enter_context(postfix.OldSystem(self.store.port, self.civic.relay, self.civic.journal))
        file = self.data / "civicmail.toml"
        file.write_text(file.read_text().replace("[courier]\n", f'[courier]\nelsewhere = "smtp://127.0.0.1:{self.old.port}"\n'))
        works = ", ".join(f'"{address}"' for address in CREW)
        (self.data / "directory.toml").write_text(
            f'[department.works]\naddresses = [{works}]\n\n[department.parks]\naddresses = ["{OLD}"]\n'
        )
        claim = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
        self.run(*claim, "--reason", "the council decided so")
        self.hall = townhall(self.data)
        asks = Asks(f"http://127.0.0.1:{self.civic.ports.web}", dovecot_auth.secret(self.data))
        self.dovecot = until.enter_context(Dovecot(asks=asks))
        self.civic.set(web__serve="true", courier__local=f"lmtp://127.0.0.1:{self.dovecot.lmtp}", courier__retry_first="1")
        until.enter_context(self.civic)
        self.edge = until.enter_context(postfix.edge(self.civic.mx))
        self.home = f"http://localhost:{self.civic.ports.web}"
        self.sent: dict[int, str] = {}
        self._doors = {"edge": self.edge.port, "old": self.old.port}
        _until(self.civic.is_ready, 60)

    def run(self, *arguments: str) -> str:
        environ = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
        environ["CIVICMAIL_TOKEN_FILE"] = str(self.data.with_name("officer.token"))
        done = forkserver.run([*arguments, "--data", str(self.data)], timeout=60, env=environ)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def mode(self, mode: str) -> None:
        self.run("department", "mode", "works", mode, "--as", "e-1", "--duty", "access-officer", "--reason", "the pilot")

    def send(self, door: str, sender: str, *to: str) -> None:
        """A message to each of them, all at the same time: the edge asks for a second about everybody whom it does not know."""
        postings = []
        for number, address in enumerate(to, len(self.sent)):
            head = f"From: <{sender}>\r\nTo: <{address}>\r\nMessage-ID: <{number}@pilot.example>\r\nSubject: number {number}\r\n"
            postings.append(Posting(sender, [address], f"{head}\r\nHello.\r\n".encode()))
            self.sent[number] = address
        with ThreadPoolExecutor(len(to)) as sessions:
            for said in sessions.map(lambda posting: _handed(self._doors[door], posting), postings):
                assert said.accepted, said

    def inbox(self, address: str, password: str) -> Counter[int]:
        """Numbers of what lies in somebody's mailbox, read with a device password."""
        wire = imaplib.IMAP4("127.0.0.1", self.dovecot.imap, timeout=60)
        try:
            wire.login(address, password)
            wire.select("INBOX", readonly=True)
            count = int(wire.select("INBOX", readonly=True)[1][0] or 0)
            found = wire.fetch(f"1:{count}", "(BODY.PEEK[HEADER])")[1] if count else []
            return _numbers(part[1] for part in found if isinstance(part, tuple))
        finally:
            wire.logout()

    def is_idle(self) -> bool:
        return self.old.waiting() + self.edge.waiting() == 0 and not list(outstanding_file.current(self.data).waiting())


def _handed(port: int, posting: Posting) -> SmtpReply:
    with closing(SmtpClient(port)) as postman:
        return postman.send(posting)


def _numbers(contents: Any) -> Counter[int]:
    return Counter(int(found[1]) for c in contents if (found := NUMBER.search(c)))


def _until(condition: Any, seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with ExitStack() as until:
        yield City(tmp_path, until)


def _personnel_list(city: City) -> None:
    lines = ["uid,given,family,kind,department,position,supervisor", "e-1,Olga,Officer,employee,it,Clerk,"]
    lines += ["e-5,Rita,Records,employee,it,Clerk,", "e-6,Alma,Weiss,employee,it,Clerk,"]
    lines += ["e-2,Rosa,Hale,employee,works,Clerk,", "e-3,Kim,Boyd,employee,works,Clerk,"]
    lines += ["e-4,Sam,Ferrer,employee,works,Clerk,", "e-17,Ines,Moravec,employee,works,Clerk,e-4"]
    lines += [f"w-{n},Worker{n},Crew{n},employee,works,Street crew,e-4" for n in range(PEOPLE)]
    place = city.data.with_name("personnel.csv")
    place.write_text("\n".join(lines) + "\n")
    city.run("people", "sync", str(place), "--as", "e-1", "--reason", "the personnel office's list")


def _first_roster(city: City, browser: Any) -> None:
    """Sam, a deputy, writes the four reasons once; Rosa, who heads Public Works, authorizes fifty people at a time."""
    run(city.data, 'Department.objects.get(code="works").deputies.add(Person.objects.get(uid="e-4"))')
    page = signed_in(browser, city.home, "sam", PASSWORD)
    page.goto(f"{city.home}/dept/works/positions/profile/?position=Street+crew")
    for field in ("duties", "performance", "efficiency", "service"):
        page.fill(f"[name={field}]", WHY)
    page.get_by_role("button", name="Save the profile").click()
    page.get_by_text("The person who wrote the reasons requests; another person authorizes.").wait_for()

    page = signed_in(browser, city.home, "rosa", PASSWORD)
    page.goto(f"{city.home}/dept/works/positions/one/?position=Street+crew")
    for left in (PEOPLE, PEOPLE // 2):
        page.get_by_role("heading", name=f"Without access: {left}").wait_for()
        page.locator("[name=row]").evaluate_all("boxes => boxes.slice(0, 50).forEach(box => box.click())")
        page.get_by_role("button", name="Review the chosen").click()
        page.get_by_role("button", name="Authorize 50 people").click()
    page.get_by_text("Everybody in this position has access").wait_for()


def test_a_hundred_people_are_authorized_go_live_and_come_back_without_losing_a_message(city: City, browser: Any) -> None:
    city.send("edge", OUTSIDE, CREW[0])  # before the day: everything goes to the old system
    city.send("old", OLD, CREW[1])
    _until(lambda: sum(_numbers(p.content for p in city.store.taken).values()) == 2)

    _personnel_list(city)
    _first_roster(city, browser)
    passwords = run(city.data, _DEVICES.format(people=PEOPLE, devices=PEOPLE)).split()
    assert len(passwords) == PEOPLE
    city.mode("live")
    _until(lambda: _arrives_here(city, passwords[0]), 60)
    city.old.forward(CREW)
    first = len(city.sent)
    city.send("edge", OUTSIDE, *CREW[::5])
    city.send("old", OLD, *CREW[::20])
    flags = ("--tls", "--tls-ca-path", str(city.authority.certificate), "--auth", "PLAIN", "--auth-user", CREW[7])
    for to in (OLD, OUTSIDE, CREW[8]):
        number = len(city.sent)
        said = swaks(
            city.civic.submission, *flags, "--auth-password", passwords[7], "--h-From", f"Worker7 Crew7 <{CREW[7]}>",
            "--h-Subject", f"number {number}", to=to, sender=CREW[7],
        )  # fmt: skip
        assert said.returncode == 0, said.stdout
        city.sent[number] = to
    _until(city.is_idle, 60)
    here = {address: city.inbox(address, password) for address, password in zip(CREW, passwords, strict=True)}
    for address, numbers in here.items():
        wanted = {n for n, to in city.sent.items() if to == address and n >= first}
        assert set(numbers) >= wanted and set(numbers.values()) <= {1}, (address, numbers)

    city.old.forward([])  # and out again
    _until(lambda: _goes_to_the_old_system(city, "old", OLD), 60)
    city.mode("elsewhere")
    _until(lambda: _goes_to_the_old_system(city, "edge", OUTSIDE), 60)
    before = len(city.sent)
    city.send("edge", OUTSIDE, *CREW[:5])
    _until(city.is_idle, 60)
    here[CREW[0]] = city.inbox(CREW[0], passwords[0])  # some came while the processes looked
    back = _numbers(p.content for p in city.store.taken)
    assert all(back[n] == 1 for n in range(before, before + 5))
    everywhere = sum(here.values(), Counter()) + back + _numbers(p.content for p in city.world.taken)
    assert set(everywhere) == set(city.sent), "lost 0"
    assert set(everywhere.values()) == {1}, "twice 0"


def _arrives_here(city: City, password: str) -> bool:
    """Each process looks once a second: write until a message lies in the new mailbox."""
    city.send("edge", OUTSIDE, CREW[0])
    _until(city.is_idle)
    return bool(city.inbox(CREW[0], password))


def _goes_to_the_old_system(city: City, door: str, sender: str) -> bool:
    city.send(door, sender, CREW[0])
    _until(city.is_idle)
    return len(city.sent) - 1 in _numbers(p.content for p in city.store.taken)
