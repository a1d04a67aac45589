"""A city worker sends what happens to a real rsyslog over TLS; both are killed in the middle, and nothing is lost (P-29)."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from civicmail.core.config.clock import now_ms
from civicmail.core.config.load import load
from civicmail.core.disk.tail import Tail
from civicmail.front.checkup import siem as left
from civicmail.front.checkup.findings import Installation
from civicmail.mail.archive.records import Type
from neighbours import tables
from neighbours.civic import PROGRAM, civicmail
from neighbours.process import Process
from neighbours.rsyslog import Rsyslog
from neighbours.scratch import installation

pytestmark = [pytest.mark.neighbour("rsyslogd"), pytest.mark.timeout(240)]


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def recorded(data: Path) -> set[str]:
    """Where journals have entries."""
    return {f"{one.journal}:{one.number}" for one in Tail(data, bodies=False).poll(100_000) if one.type == Type.ENTRY}


def test_both_are_killed_and_nothing_is_lost(tmp_path: Path) -> None:
    """Real processes. While the receiver is away doctor says so; when both are back it is well by itself."""
    data = installation(tmp_path / "data")
    tables.lay(data)
    with Rsyslog() as receiver:
        toml = data / "civicmail.toml"
        text = f'\n[[oversight.siem]]\nname = "siem"\nurl = "tls://localhost:{receiver.tls}"\nca = "{receiver.ca}"\n'
        toml.write_text(toml.read_text() + text)
        command = [PROGRAM, "run", "worker", "--job", "city", "--data", str(data)]

        def arrived() -> set[str]:
            return set(re.findall(r' ledger="([^"]+)"', "\n".join(receiver.lines())))

        def finding() -> str:
            (found,) = left.siem(Installation(data, load(data), now_ms()))
            return found.level

        worker = Process(command, tmp_path)
        civicmail("search", "budget", data=data)
        until(lambda: arrived() >= recorded(data) != set())
        receiver.kill()
        civicmail("search", "parade", data=data)
        until(lambda: finding() == "warning")
        worker.process.send_signal(signal.SIGKILL)
        worker.close()
        civicmail("search", "bridge", data=data)
        receiver.start()
        worker = Process(command, tmp_path)
        try:
            until(lambda: arrived() >= recorded(data) and len(recorded(data)) >= 3)
            until(lambda: finding() == "ok")
        finally:
            worker.close()
