"""From the Internet to a person, with the files of deploy/: Postfix, the gateway, Dovecot, IMAP (issue 3, acceptance 3).

P-06, P-23; promises 1 and 2.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from civicmail.core.config.clock import now_ms
from civicmail.core.config.load import load
from civicmail.front.sample.mail import Posting, messages
from civicmail.front.sample.smtp_client import SmtpClient
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.courier import deliver
from civicmail.mail.pipeline.accept import Pipeline
from neighbours import postfix
from neighbours.civic import Civicmail, answer, civicmail
from neighbours.dovecot import Dovecot
from neighbours.tools import swaks

TRUSTED = 'xclient = ["127.0.0.1/32"]\ndsn = true'
SOON = {"courier__retry_first": "1", "courier__retry_most": "1"}
HOUR_MS = 3_600_000


@pytest.mark.neighbour("postfix", "dovecot", "swaks", "root")
def test_from_the_internet_to_imap_and_the_archive_knows_who_brought_it(tmp_path: Path) -> None:
    with (
        Dovecot() as dovecot,
        Civicmail(tmp_path / "data", listener=TRUSTED, courier__local=f"lmtp://127.0.0.1:{dovecot.lmtp}") as running,
        postfix.proxy(running.mx, smtpd_authorized_xclient_hosts="127.0.0.1") as edge,
    ):
        said = swaks(edge.port, "--xclient-addr", "192.0.2.7", "--body", "first words", to="ann@city.example,bob@city.example")
        assert said.returncode == 0
        assert "archived=" in said.stdout, "the gateway's own answer reaches the client"
        running.wait(captures=1)
        for person in ("ann@city.example", "bob@city.example"):
            (got,) = dovecot.fetch(person)
            assert b"first words" in got
        found = answer("search", "words", data=running.data)
        shown = answer("show", found["id"], data=running.data)
        assert "ADDR=192.0.2.7" in shown["envelope"]["params"]["XFORWARD"]
        exact = civicmail("show", found["id"], "--raw", data=running.data).stdout
        assert got.replace(b"\r\n", b"\n").endswith(exact.replace(b"\r\n", b"\n"))


@pytest.mark.neighbour("postfix", "swaks", "root")
@pytest.mark.parametrize("way", [postfix.proxy, postfix.edge], ids=["proxy", "edge"])
def test_a_recipient_is_refused_at_rcpt_and_the_others_get_theirs(tmp_path: Path, way: Callable[..., postfix.Postfix]) -> None:
    """While the sender is connected, so that nobody ever gets a bounce for mail that they did not send."""
    with (
        Civicmail(tmp_path / "data", listener=TRUSTED) as running,
        way(running.mx, relay_domains="city.example, left.example") as edge,
    ):
        said = swaks(edge.port, "--body", "for one", to="ann@city.example,bob@left.example")
        assert said.returncode == 0
        assert [line[4:7] for line in said.stdout.splitlines() if line.startswith("<** ")] == ["550"]
        running.wait(captures=1)
        assert len(running.mailbox("ann@city.example")) == 1
        refused = swaks(edge.port, to="bob@elsewhere.example")
        assert refused.returncode == 24
        assert edge.waiting() == 0


@pytest.mark.neighbour("dovecot", "swaks", "root")
def test_a_full_mailbox_bounces_later_and_our_own_sender_is_told(tmp_path: Path) -> None:
    people = ["ann@city.example", "bob@city.example", "clerk@city.example"]
    with (
        Dovecot(only=people, full=("bob@city.example",)) as dovecot,
        Civicmail(tmp_path / "data", courier__local=f"lmtp://127.0.0.1:{dovecot.lmtp}") as running,
    ):
        to = "ann@city.example,bob@city.example"
        assert swaks(running.relay, "--body", "x" * 3000, to=to, sender="clerk@city.example").returncode == 0
        running.wait(lambda _: bool(dovecot.fetch("clerk@city.example")))
        (report,) = dovecot.fetch("clerk@city.example")
        assert b"Status: 5.2.2" in report
        assert b"bob@city.example" in report
        assert b"Final-Recipient: rfc822; ann@city.example" not in report
        assert (len(dovecot.fetch("ann@city.example")), len(dovecot.fetch("bob@city.example"))) == (1, 0)
        assert swaks(running.mx, "--body", "y" * 3000, to="bob@city.example").returncode == 0
        stage = running.wait(lambda stage: len(stage.acts) == 2 and not waiting(running.data), seconds=60)
        assert stage.own == 1, "our own sender was told, and nobody outside is told by us"


@pytest.mark.neighbour("postfix", "dovecot", "root")
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_gateway_that_is_restarted_in_the_middle_of_a_stream_loses_nothing(tmp_path: Path, sign: signal.Signals) -> None:
    with (
        Dovecot() as dovecot,
        Civicmail(tmp_path / "data", courier__local=f"lmtp://127.0.0.1:{dovecot.lmtp}", **SOON) as running,
        postfix.edge(running.mx) as edge,
    ):
        postman = SmtpClient(edge.port)
        for number, posting in enumerate(islice(messages(11, kinds=("newsletter",)), 60)):
            assert postman.send(Posting(posting.sender, ["ann@city.example"], posting.content)).accepted
            if number == 20:
                running.end_child("run gateway", sign)
        postman.close()
        _until(lambda: edge.waiting() == 0)
        running.wait(lambda _: len(dovecot.fetch("ann@city.example")) >= 60)
        assert len(dovecot.fetch("ann@city.example")) == 60


@pytest.mark.neighbour("dovecot", "swaks", "root")
def test_dovecot_that_was_down_for_an_hour_gets_everything_once(tmp_path: Path) -> None:
    """The clock of the courier is moved; its mail waits, and nobody's try is counted."""
    asyncio.run(_an_hour(tmp_path))


async def _an_hour(tmp_path: Path) -> None:
    with Dovecot() as dovecot, Civicmail(tmp_path / "data", "gateway") as gateway:
        dovecot.stop()
        for number in range(3):
            assert swaks(gateway.mx, "--body", f"number {number}").returncode == 0
        moved, stop = [0], asyncio.Event()
        local = {"CIVICMAIL__COURIER__LOCAL": f"lmtp://127.0.0.1:{dovecot.lmtp}"}
        own = GroupCommit(Writer(gateway.data, now_ms))
        running = asyncio.create_task(
            deliver.run(load(gateway.data, None, local), gateway.data, stop, Pipeline(own).accept, lambda: now_ms() + moved[0])
        )
        await asyncio.sleep(0.5)
        moved[0] = HOUR_MS // 2
        await asyncio.sleep(0.5)
        assert not running.done()
        dovecot.start()
        moved[0] = HOUR_MS
        end = time.monotonic() + 60
        while len(dovecot.fetch("ann@city.example")) < 3:
            assert time.monotonic() < end
            await asyncio.sleep(0.1)
        stop.set()
        await running
        await own.close()
        assert len(dovecot.fetch("ann@city.example")) == 3
        assert not waiting(gateway.data)


def waiting(data: Path) -> list[str]:
    """Recipients whose copies wait."""
    return civicmail("queue", "list", "--json", data=data).stdout.decode().splitlines()


def _until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
