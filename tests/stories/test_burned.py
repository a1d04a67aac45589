"""The machine burns under load: its folder is killed and deleted, and an installation made from the copy alone goes on (P-23,
promise 1). Real processes, TLS between the two places, a next hop that is only there afterwards."""

from __future__ import annotations

import contextlib
import re
import shutil
import smtplib
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from civicmail.front.sample.installation import free_ports
from civicmail.front.sample.mail import Posting
from civicmail.front.sample.postman import Postman
from neighbours.authority import Authority
from neighbours.civic import PROGRAM, Civicmail, answer, civicmail
from neighbours.process import Process
from neighbours.tools import Sink

pytestmark = pytest.mark.neighbour("smtp-sink")
SENDERS = 4


class Load:
    """Employees who write to the outside until nobody answers. told: the numbers of messages that were acknowledged."""

    def __init__(self, port: int) -> None:
        self.told: set[str] = set()
        self._port = port
        self._threads = [threading.Thread(target=self._send, args=(n,)) for n in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def _send(self, sender: int) -> None:
        postman = Postman(self._port)
        with contextlib.suppress(OSError, smtplib.SMTPException):
            for n in range(100_000):
                name = f"{sender}-{n}"
                content = f"Subject: fire {name}\r\nMessage-ID: <{name}@city.example>\r\n\r\n{'text ' * 200}\r\n".encode()
                if postman.send(Posting("ann@city.example", ["bob@far.example"], content)).accepted:
                    self.told.add(name)
        postman.close()

    def wait(self, count: int) -> None:
        end = time.monotonic() + 20
        while len(self.told) < count:
            assert time.monotonic() < end, f"only {len(self.told)} messages were acknowledged"
            time.sleep(0.02)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


@contextlib.contextmanager
def second_place(folder: Path, authority: Authority) -> Iterator[str]:
    """`civicmail standby serve`; where it is reached."""
    certificate, key = authority.issue("standby.example")
    (port,) = free_ports(1)
    files = ["--certificate", str(certificate), "--key", str(key), "--ca", str(authority.certificate)]
    process = Process([PROGRAM, "standby", "serve", "--data", str(folder), "--port", str(port), *files], authority.folder)
    try:
        process.wait_for(port)
        yield f"tls://127.0.0.1:{port}"
    finally:
        process.close()


def test_a_machine_that_burns_under_load_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    authority, copy, new = Authority(tmp_path / "certificates"), tmp_path / "copy", tmp_path / "new"
    certificate, key = authority.issue("primary.example")
    (hop,) = free_ports(1)
    settings = {
        "archive__acknowledge": "standby",
        "archive__standby_certificate": str(certificate),
        "archive__standby_key": str(key),
        "archive__standby_ca": str(authority.certificate),
    }
    with second_place(copy, authority) as where:
        with Civicmail(tmp_path / "old", next_hop=hop, archive__standby=where, **settings) as old:
            load = Load(old.relay)
            load.wait(150)
            assert answer("standby", "status", data=old.data, check=False)["epoch"] == 1
            old.kill()
            shutil.rmtree(old.data)
            load.join()
        for what in ("restore", "failover"):
            drill = subprocess.run([PROGRAM, "drill", what, "--from", copy, "--json"], capture_output=True, check=False)
            assert drill.returncode == 0, drill.stdout + drill.stderr
    restored = answer("restore", "--from", copy, data=new)
    assert restored["problems"] == []
    assert restored["waiting"] >= len(load.told)
    with Sink(port=hop, keep=True) as world, Civicmail(new, next_hop=hop) as again:
        arrived = _subjects(world.wait_for(restored["waiting"]))
        assert load.told <= arrived, f"lost: {len(load.told - arrived)} of {len(load.told)}"
        again.wait(lambda stage: stage.found >= len(load.told))
    assert civicmail("verify", "--deep", data=new, check=False).returncode == 0
    assert answer("search", "subject:fire", "--count", data=new)["count"] >= len(load.told)


def test_an_old_machine_that_comes_back_may_not_go_on(tmp_path: Path) -> None:
    copy, new = tmp_path / "copy", tmp_path / "new"
    with Civicmail(tmp_path / "old", archive__standby=str(copy)) as old:
        _until(lambda: civicmail("standby", "status", data=old.data, check=False).returncode == 0)
        assert answer("restore", "--from", copy, data=new)["epoch"] == 2
        _until(lambda: old._running.process.poll() is not None)
        assert old._running.process.returncode == 3
        assert "epoch 2; this one has epoch 1" in civicmail("run", data=old.data, check=False).stderr.decode()
    with Civicmail(new, archive__standby=str(copy)) as again:
        _until(lambda: civicmail("standby", "status", data=again.data, check=False).returncode == 0)


def _until(is_so) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + 15
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


def _subjects(messages: list[bytes]) -> set[str]:
    return {found[1].decode() for m in messages if (found := re.search(rb"(?m)^Subject: fire (\S+)", m))}
