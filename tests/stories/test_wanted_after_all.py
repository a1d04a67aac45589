"""Mail that looks like spam comes by a real Postfix, waits, is told of by a digest in a real Dovecot, and goes on the word of its
reader and on no look of any program (issue 8, quarantine and digests; P-02)."""

from __future__ import annotations

import contextlib
import re
import smtplib
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.law.schedules import Schedules
from civicmail.core.disk.tail import Tail
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.classes import classes_of
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Type
from civicmail.mail.pipeline.labels import label_of
from neighbours import postfix
from neighbours.civic import Civicmail, civicmail
from neighbours.dovecot import Dovecot
from pages.conftest import browser_type_launch_args as browser_type_launch_args
from pages.looks import violations
from stories.townhall import run, townhall

pytestmark = pytest.mark.neighbour("chromium", "postfix", "dovecot", "root")
SAM = "sam.ferrer@city.example"
_DIGEST = """
from civicmail.desk.holding.actions import digests
print(digests.send_due(time.time_ns() // 1_000_000 + 86_400_000))
"""


def offer(number: int) -> str:
    """One of a mailing, each from another address: who has written before is known."""
    return (
        f"From: Offers <{sender(number)}>\r\nTo: {SAM}\r\nSubject: Prize draw {number}\r\n"
        f"Message-ID: <{number}@shop.example>\r\nDate: Mon, 2 Mar 2026 12:00:00 +0000\r\n\r\n"
        "You have won a prize in the draw of the season: claim your reward of five thousand dollars before Friday evening, at no "
        f"cost and with no risk, and choose among watches, journeys and cameras of the best makers. Draw {number}.\r\n"
    )


def sender(number: int) -> str:
    return f"offers@shop{number}.example"


def until(look: Callable[[], Any], city: Civicmail, seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, city.log()[-3000:]
        time.sleep(0.2)
    return found


def held(city: Civicmail) -> list[bytes]:
    """Ids of what is in quarantine."""
    entries = outstanding_file.current(city.data).held()
    return [e.id for e in entries if any(c.is_held and c.now == "quarantine" for c in e.copies.values())]


def look(link: str, method: str = "GET", **headers: str) -> int:
    """As a program does that follows links."""
    with urllib.request.urlopen(urllib.request.Request(link, method=method, headers=headers), timeout=60) as response:
        return int(response.status)


def is_up(city: Civicmail) -> bool:
    with contextlib.suppress(OSError):
        return look(f"http://127.0.0.1:{city.ports.web}/healthz") == 200
    return False


@pytest.fixture
def city(tmp_path: Path) -> Iterator[tuple[Civicmail, Dovecot]]:
    """Sam works here; somebody has said of one offer that it is spam."""
    data, bad = tmp_path / "data", tmp_path / "bad.eml"
    bad.write_text(offer(0))
    with Dovecot() as dovecot:
        running = Civicmail(data, courier__local=f"lmtp://127.0.0.1:{dovecot.lmtp}", screening__checks='["spam"]')
        settings = data / "civicmail.toml"  # read by whoever sends the digest, too
        pages = f'[web]\nurl = "http://127.0.0.1:{running.ports.web}"\n'
        settings.write_text(settings.read_text().replace("[web]\n", pages))
        running.set(web__serve="true")
        civicmail("learn", bad, "--spam", data=data)
        claim = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
        civicmail(*claim, "--reason", "the council decided so", data=data)
        townhall(data)
        with running:
            yield running, dovecot


def test_what_a_filter_put_aside_is_told_of_and_goes_on_its_readers_word(city: tuple[Civicmail, Dovecot], page: Any) -> None:
    """Looked at by programs it stays; let go it is checked once more, teaches, and is mail."""
    running, dovecot = city
    with postfix.edge(running.mx) as edge:
        number, id_ = _put_aside(running, edge.port)
    link = _told(running, dovecot, number)
    until(lambda: is_up(running), running)
    for headers in ({}, {"Sec-Purpose": "prefetch"}, {"User-Agent": "LinkScanner/1.0"}):
        assert look(link, **headers) == look(link, "HEAD", **headers) == 200
    assert held(running) == [id_]
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(link)
    assert violations(page, "none") == [] and page.evaluate("document.scrollingElement.scrollWidth") <= 320
    assert held(running) == [id_], "a person who looks lets nothing go either"
    subject = f"Subject: Prize draw {number}".encode()
    assert not [m for m in dovecot.fetch(SAM) if subject in m]
    page.locator("label", has_text="This is no spam").click()  # the button in it is drawn beside what a finger hits
    page.get_by_role("button", name="Answer").click()
    page.get_by_text("It is on its way to your mailbox").wait_for()
    until(lambda: [m for m in dovecot.fetch(SAM) if subject in m], running)
    assert held(running) == []
    _recorded(running.data, id_)


def _put_aside(city: Civicmail, port: int) -> tuple[int, bytes]:
    """What resembles the report, once it is learnt: its number, and its id."""

    def one() -> list[bytes]:
        nonlocal number
        number += 1
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as stranger:
            assert stranger.sendmail(sender(number), [SAM], offer(number)) == {}
        until(lambda: _came(city, number), city)
        return held(city)

    number = 0
    (id_,) = until(one, city)
    return number, id_


def _came(city: Civicmail, number: int) -> bool:
    """Postfix has handed it over."""
    heads = (r.head for r in Tail(city.data, bodies=False).poll() if r.type == Type.RECEIPT)
    return any(sender(number).encode() in bytes(head) for head in heads)


def _told(city: Civicmail, dovecot: Dovecot, number: int) -> str:
    """The link of the digest of tomorrow morning, as it lies in Sam's mailbox."""
    until(lambda: run(city.data, _DIGEST).strip() == "1", city)
    found = until(lambda: [m for m in dovecot.fetch(SAM) if b"/digest/" in m], city)
    text = found[0].replace(b"=\r\n", b"").replace(b"=3D", b"=").decode()
    assert "1 message is held" in text and sender(number) in text and "Prize" not in text
    links = re.findall(r"http://\S+/digest/[\w-]{40,}/", text)
    assert len(links) == 1
    return str(links[0])


def _recorded(data: Path, id_: bytes) -> None:
    """What the archive says of it: checked once more with the filter put aside, let go by its reader, learnt, promoted."""
    machine = Machine(data)
    events = machine.events(id_)
    by_type = {e.type: e for e in events}
    assert "spam" in by_type[Type.DECIDED].facts["aside"] and by_type[Type.RELEASED].facts["actor"] == "e-4"
    label = label_of(by_type[Type.LABELLED])
    assert label is not None and not label.spam and label.how == "release"
    capture = machine.capture(id_)
    assert capture.class_ == "quarantine" and classes_of(capture, events, Schedules([])) == {"quarantine", "mail"}
