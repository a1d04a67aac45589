"""What the service manager is told, by the socket that it names (P-23)."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from civicmail.core.config.systemd import Manager


@pytest.fixture(params=["path", "abstract"])
def heard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """The address as NOTIFY_SOCKET says it, and its socket."""
    name = f"civicmail test {os.getpid()}"
    named, bound = (str(tmp_path / "notify"),) * 2 if request.param == "path" else (f"@{name}", f"\0{name}")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.settimeout(30)
        listening.bind(bound)
        yield named, listening


def test_it_hears_how_a_process_is(heard: tuple[str, socket.socket]) -> None:
    named, listening = heard
    manager = Manager({"NOTIFY_SOCKET": named, "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())})
    manager.starting(60)
    manager.ready()
    manager.alive()
    manager.stopping()
    said = [listening.recv(100).decode() for _ in range(4)]
    assert said == ["EXTEND_TIMEOUT_USEC=60000000", "READY=1", "WATCHDOG=1", "STOPPING=1"]


def test_life_is_told_three_times_before_the_watchdog_ends_a_process(tmp_path: Path) -> None:
    """However often a loop goes round."""
    now = 0.0
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.setblocking(False)
        listening.bind(str(tmp_path / "notify"))
        manager = Manager({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "3000000"}, lambda: now)
        for moment in (0.0, 0.5, 0.9, 1.0, 1.5, 2.0):
            now = moment
            manager.alive()
        said = [listening.recv(100) for _ in range(3)]
        assert said == [b"WATCHDOG=1"] * 3
        with pytest.raises(BlockingIOError):
            listening.recv(100)


@pytest.mark.rule("P-23", "A child process cannot speak to the service manager for its parent.")
def test_what_a_process_starts_does_not_speak_for_it() -> None:
    environ = {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "PATH": "/bin"}
    assert Manager(environ).watchdog == 0 and environ == {"PATH": "/bin"}


def test_a_manager_that_is_away_stops_nobody() -> None:
    for environ in ({}, {"NOTIFY_SOCKET": "/nowhere/at/all", "WATCHDOG_USEC": "1"}):
        manager = Manager(environ)
        manager.ready()
        manager.alive()
