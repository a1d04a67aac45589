"""The mail world's own test clients against the gateway: swaks and Postfix's smtp-source (P-06)."""

from __future__ import annotations

import smtplib
import subprocess
import threading
import time
from pathlib import Path

import pytest

from civicmail.core.config.settings import Listener
from mail.gateway.running import kept, running, settings_for

SWAKS = ["swaks", "--to", "bob@city.example", "--from", "ann@out.example", "--h-Subject", "by swaks", "--timeout", "10"]


def swaks(port: int, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SWAKS, "--server", f"127.0.0.1:{port}", *more], capture_output=True, text=True, timeout=60)


@pytest.mark.neighbour("swaks")
@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("mx", []),
        ("mx", ["--pipeline"]),
        ("mx", ["--to", "bob@city.example,carol@city.example,dave@parks.example"]),
        ("lmtp", ["--protocol", "LMTP", "--to", "bob@city.example,carol@city.example"]),
        ("relay", ["--xclient-addr", "127.0.0.9", "--xclient-name", "far.example"]),
        ("mx", ["--drop-after-send", "DOT"]),
    ],
)
def test_swaks_delivers(kind: str, more: list[str], data: Path) -> None:
    with running(data, settings_for(Listener(kind=kind, port=0, xclient=["127.0.0.1"]))) as run:
        done = swaks(run.port, *more)
        run.wait_for(lambda: run.counters.kept == 1)
        ((capture, body),) = kept(data)
        assert done.returncode == 0 or "--drop-after-send" in more, done.stdout
        assert b"Subject: by swaks\r\n" in body
        if "--xclient-addr" in more:
            assert capture.envelope.client == "127.0.0.9"


@pytest.mark.neighbour("swaks")
def test_swaks_is_refused_for_other_domains(data: Path) -> None:
    with running(data) as run:
        assert swaks(run.port, "--to", "b@elsewhere.example").returncode == 24  # no recipient accepted
        assert kept(data) == []


@pytest.mark.neighbour("swaks")
@pytest.mark.parametrize(
    ("point", "command"),
    [("--quit-after", c) for c in ("CONNECT", "EHLO", "MAIL", "RCPT")]
    + [("--drop-after", c) for c in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA")],
)
def test_a_client_that_leaves_before_the_end_leaves_nothing_behind(point: str, command: str, data: Path) -> None:
    with running(data) as run:
        swaks(run.port, point, command)
        run.wait_for(lambda: run.counters.connections == 1 and run.counters.open == 0)
        assert kept(data) == [] and run.counters.kept == 0


def source(port: int, *more: str) -> None:
    command = ["smtp-source", "-f", "a@out.example", "-t", "bob@city.example", *more, f"inet:127.0.0.1:{port}"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


@pytest.mark.neighbour("smtp-source")
@pytest.mark.parametrize("more", [["-d"], ["-r", "5"], ["-L", "-d", "-r", "3"]])
def test_smtp_source_with_many_sessions(more: list[str], data: Path) -> None:
    kind = "lmtp" if "-L" in more else "mx"
    with running(data, settings_for(Listener(kind=kind, port=0))) as run:
        source(run.port, "-s", "20", "-m", "300", "-l", "4000", *more)
        assert run.counters.kept == 300
        assert len(kept(data)) == 300


@pytest.mark.neighbour("smtp-source")
def test_small_mail_is_not_held_up_by_large_mail(data: Path) -> None:
    """P-06 with the fifty large messages of the requirement cut to eight; bench/ measures the whole."""
    with running(data) as run:
        flood = threading.Thread(target=source, args=(run.port, "-s", "8", "-m", "8", "-l", "12000000"))
        flood.start()
        waits = []
        with smtplib.SMTP("127.0.0.1", run.port, timeout=60) as client:
            client.ehlo()
            while flood.is_alive():
                began = time.perf_counter()
                client.sendmail("a@out.example", ["b@city.example"], "Subject: small\r\n\r\n" + "x" * 70)
                waits.append(time.perf_counter() - began)
        flood.join()
        assert run.counters.spooled == 8 and len(waits) > 10
        assert sorted(waits)[int(len(waits) * 0.99)] < 0.5
