"""Two demos on one machine (a visitor must not be in another city than the one whose mail they watch)."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from civicmail.front.sample import installation, live_demo
from civicmail.front.sample.live_demo import LiveDemo


@pytest.mark.rule("P-29", "Each of two simultaneous demos has pages of its own, and prints their address.")
def test_of_two_demos_at_once_each_has_pages_of_its_own_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first has not begun to listen when the second looks; when the first has ended its port can be had again."""
    usual = installation.free_ports(1)[0]
    monkeypatch.setattr(live_demo, "WEB", usual)
    with LiveDemo(tmp_path / "a", seed=1, rate=1) as first, LiveDemo(tmp_path / "b", seed=1, rate=1) as second:
        assert first.ports.web == usual and first.elsewhere == ""
        assert second.ports.web != usual and f"http://127.0.0.1:{second.ports.web}/demo/" in second.elsewhere
        assert f"port = {second.ports.web}\n" in (tmp_path / "b" / "civicmail.toml").read_text()
    with LiveDemo(tmp_path / "c", seed=1, rate=1) as third:
        assert third.ports.web == usual


def test_a_port_on_which_somebody_listens_is_not_claimed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as there:
        assert installation.claimed(there.getsockname()[1]) is None


def test_processes_that_choose_at_once_choose_different_ports() -> None:
    """Each listens some time after it has chosen. A hundred would have some in common if each only looked whether anybody
    listens."""
    code = "import sys; from civicmail.front.sample import installation as i; print(*i.free_ports(250), flush=True); input()"
    started = [Popen([sys.executable, "-c", code], stdin=PIPE, stdout=PIPE, text=True) for _ in range(4)]
    chosen = [port for one in started if one.stdout for port in one.stdout.readline().split()]
    for one in started:
        one.communicate("\n")
    assert len(chosen) == len(set(chosen)) == 1000


def test_a_fork_chooses_ports_of_its_own_and_all_can_be_had_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "_PORTS", range(20_000, 20_300))
    monkeypatch.setattr(installation, "_chooser", choosing := installation._PortChooser())
    (first,) = installation.free_ports(1)
    reader, writer = os.pipe()
    if not (child := os.fork()):
        os.write(writer, b"%d" % installation.free_ports(1)[0])
        os._exit(0)
    os.waitpid(child, 0)
    other = int(os.read(reader, 9))
    os.close(reader)
    os.close(writer)
    assert other // installation._BLOCK != first // installation._BLOCK
    assert {installation.free_ports(1)[0] for _ in range(700)} >= {first, other}
    choosing._close()
