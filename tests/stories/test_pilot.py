"""One department first: a second Postfix is the old system, and the clerk's department comes over and goes back (issue 3,
acceptance 3; docs/operate/pilot.md).

P-06, P-23; promises 1 and 6.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from civicmail.front.sample.mail import Posting
from civicmail.front.sample.smart_host import World
from civicmail.front.sample.smtp_client import SmtpClient
from neighbours import postfix
from neighbours.civic import Civicmail, answer, civicmail
from neighbours.dovecot import Dovecot
from neighbours.milters import EICAR, GTUBE, LIKELY, ClamAV, Rspamd
from neighbours.tools import swaks

EDGE = 'xclient = ["127.0.0.1/32"]\nverdicts = ["127.0.0.1/32"]\ndsn = true'
SOON = {"courier__retry_first": "1", "courier__retry_most": "1"}
LIVE, OLD, OUTSIDE = "clerk@city.example", "bob@city.example", "eve@far.example"
DIRECTORY = f'[department.clerk]\naddresses = ["{LIVE}"]\n\n[department.parks]\naddresses = ["{OLD}"]\n'
NUMBER = re.compile(rb"(?m)^Subject: number (\d+)\r?$")


class Pilot:
    """A city between two systems. numbers(place): which messages arrived there, as often as they did."""

    def __init__(self, stack: ExitStack, data: Path) -> None:
        self.dovecot = stack.enter_context(Dovecot())
        self.world, self.store = stack.enter_context(World()), stack.enter_context(World())
        ours = Civicmail(
            data,
            listener=EDGE,
            journal=True,
            next_hop=stack.enter_context(postfix.smart_host(self.world.port)).port,
            courier__local=f"lmtp://127.0.0.1:{self.dovecot.lmtp}",
            **SOON,
        )
        self.old = stack.enter_context(postfix.OldSystem(self.store.port, ours.relay, ours.journal))
        file = data / "civicmail.toml"
        file.write_text(file.read_text().replace("[courier]\n", f'[courier]\nelsewhere = "smtp://127.0.0.1:{self.old.port}"\n'))
        (data / "directory.toml").write_text(DIRECTORY)
        self.ours = stack.enter_context(ours)
        self.edge = stack.enter_context(postfix.edge(ours.mx))
        self.sent: dict[int, str] = {}
        self._doors = {LIVE: SmtpClient(ours.relay), OLD: SmtpClient(self.old.port), OUTSIDE: SmtpClient(self.edge.port)}

    def send(self, sender: str, to: str) -> None:
        number = len(self.sent)
        text = (
            f"From: <{sender}>\r\nTo: <{to}>\r\nMessage-ID: <{number}@pilot.example>\r\nSubject: number {number}\r\n\r\nHello.\r\n"
        )
        said = self._doors[sender].send(Posting(sender, [to], text.encode()))
        assert said.accepted, said
        self.sent[number] = to

    def mode(self, name: str, mode: str) -> None:
        civicmail("department", "mode", name, mode, "--reason", "pilot", data=self.ours.data)

    def comes_over(self) -> None:
        """Set the clerk's department live, and write to it until that arrives here: each process looks once a second."""
        self.mode("clerk", "live")
        end = time.monotonic() + 60
        while not self.numbers()["dovecot"]:
            assert time.monotonic() < end, "within a minute"
            self.send(OUTSIDE, LIVE)
            _until(lambda: len(sum(self.numbers().values(), Counter())) == len(self.sent))

    def numbers(self) -> dict[str, Counter[int]]:
        places = {
            "dovecot": self.dovecot.fetch(LIVE),
            "old": [p.content for p in self.store.taken],
            "outside": [p.content for p in self.world.taken],
        }
        return {place: Counter(int(NUMBER.search(c)[1]) for c in contents) for place, contents in places.items()}  # type: ignore[index]

    def wait(self) -> Counter[int]:
        """Until everything that was sent has arrived somewhere and nothing is under way; how often each has."""
        _until(lambda: len(sum(self.numbers().values(), Counter())) == len(self.sent))
        _until(lambda: self.old.waiting() + self.edge.waiting() == 0)
        self.ours.wait(lambda _: not civicmail("queue", "list", "--json", data=self.ours.data).stdout)
        return sum(self.numbers().values(), Counter())

    def close(self) -> None:
        for postman in self._doors.values():
            postman.close()


@contextmanager
def pilot(data: Path) -> Iterator[Pilot]:
    with ExitStack() as stack:
        made = Pilot(stack, data)
        stack.callback(made.close)
        yield made


@pytest.mark.neighbour("postfix", "dovecot", "root")
def test_mail_in_all_nine_directions_and_back_out_under_load_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    ways = [(a, b) for a in (LIVE, OLD, OUTSIDE) for b in (LIVE, OLD, OUTSIDE) if (a, b) != (OUTSIDE, OUTSIDE)]
    with pilot(tmp_path / "data") as city:
        city.mode("parks", "observe")
        for way in ways:  # nobody is here yet
            city.send(*way)
        assert set(city.wait().values()) == {1}
        assert city.numbers()["dovecot"] == Counter()

        city.comes_over()
        city.old.forward([LIVE])
        before = len(city.sent)
        for way in ways:
            city.send(*way)
        assert swaks(city.edge.port, to="x@far.example", sender=OUTSIDE).returncode == 24, "the ninth: we relay for no stranger"
        city.wait()
        arrived = city.numbers()
        for number, to in city.sent.items():
            if number >= before:
                place = {LIVE: "dovecot", OLD: "old", OUTSIDE: "outside"}[to]
                assert arrived[place][number] == 1, (number, to, arrived)

        loading = threading.Thread(target=lambda: [city.send(*way) for _ in range(6) for way in ways])
        loading.start()
        city.old.forward([])
        city.mode("clerk", "elsewhere")
        loading.join()
        for way in ways:
            city.send(*way)
        counts = city.wait()
        assert len(counts) == len(city.sent), "lost 0"
        assert set(counts.values()) == {1}, "twice 0"
        counted = answer("search", "hello", "--count", data=city.ours.data)
        assert counted["count"] > counted["unique"], "by smart host and by journal are two captures"
        _until(lambda: answer("search", "hello", "--count", data=city.ours.data)["unique"] == len(city.sent))
        last = range(len(city.sent) - len(ways), len(city.sent))
        assert not city.numbers()["dovecot"].keys() & set(last), "after the way back nobody is here"


@pytest.mark.neighbour("postfix", "rspamd", "clamd", "clamav-milter", "swaks", "root")
def test_the_edge_refuses_what_is_certain_marks_what_is_likely_and_tells_the_gateway(tmp_path: Path) -> None:
    data, stranger = tmp_path / "data", ("--xclient-addr", "192.0.2.7", "--xclient-name", "far.example")
    forged = ("--h-X-Spam-Status", "No, forged", "--h-X-Virus-Status", "Clean, forged")
    attached = tmp_path / "eicar.com"
    attached.write_bytes(EICAR)
    with Rspamd() as rspamd, ClamAV() as clam, Civicmail(data, listener=EDGE) as running:
        milters = f"inet:127.0.0.1:{rspamd.port}, inet:127.0.0.1:{clam.port}"
        with postfix.edge(running.mx, milters, smtpd_authorized_xclient_hosts="127.0.0.1") as edge:
            assert "554 5.7.1 Gtube" in swaks(edge.port, *stranger, "--body", GTUBE.decode()).stdout
            said = swaks(edge.port, *stranger, "--body", "see", "--attach", f"@{attached}").stdout
            assert "550 5.7.1 Refused: the message carries Eicar-Test" in said
            assert swaks(edge.port, *stranger, *forged, "--body", "clean mail").returncode == 0
            assert swaks(edge.port, *stranger, "--body", LIKELY.decode()).returncode == 0
            running.wait(captures=2)
            (clean,), (likely,) = (answer_lines(running.data, words) for words in ("clean", "YJS*"))
            assert {f["code"] for f in clean["findings"]} >= {"x-spam-status", "x-virus-status", "authentication-results"}
            assert not any("forged" in f["mask"] for f in clean["findings"])
            assert ("x-spam", "Yes") in {(f["code"], f["mask"]) for f in likely["findings"]}
            rspamd.stop()
            assert " 451 " in swaks(edge.port, *stranger, "--body", "while Rspamd is down").stdout
            rspamd.start()
            assert swaks(edge.port, *stranger, "--body", "while Rspamd is down").returncode == 0
            running.wait(captures=3)
            boxes = running.mailbox("ann@city.example")
            assert sum(b"while Rspamd is down" in box for box in boxes) == 1
            assert all(b"X-Virus-Status: Clean\n" in box for box in boxes), "the edge's own verdicts reach people"


def answer_lines(data: Path, words: str) -> list[dict[str, list[dict[str, str]]]]:
    """The receipts of what a search finds."""
    found = civicmail("search", words, "--json", data=data).stdout.splitlines()
    return [answer("show", json.loads(line)["id"], data=data) for line in found]


def _until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
