"""Two demos on one machine (a visitor must not be in another city than the one whose mail they watch)."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from civicmail.front.sample import installation, play
from civicmail.front.sample.play import Play


def test_of_two_demos_at_once_each_has_pages_of_its_own_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-1050: the first has not begun to listen when the second looks; when the first has ended its port can be had again."""
    usual = installation.free_ports(1)[0]
    monkeypatch.setattr(play, "WEB", usual)
    with Play(tmp_path / "a", seed=1, rate=1) as first, Play(tmp_path / "b", seed=1, rate=1) as second:
        assert first.ports.web == usual and first.elsewhere == ""
        assert second.ports.web != usual and f"http://127.0.0.1:{second.ports.web}/demo/" in second.elsewhere
        assert f"port = {second.ports.web}\n" in (tmp_path / "b" / "civicmail.toml").read_text()
    with Play(tmp_path / "c", seed=1, rate=1) as third:
        assert third.ports.web == usual


def test_a_port_on_which_somebody_listens_is_not_claimed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as there:
        assert installation.claimed(there.getsockname()[1]) is None
