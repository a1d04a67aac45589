"""smtp-source against the gateway: many sessions at once, and every 250 is a capture (promise 1, acceptance 5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.front.sample.mail import messages
from civicmail.front.sample.smtp_client import SmtpClient
from neighbours.civic import Civicmail
from neighbours.tools import smtp_source

pytestmark = pytest.mark.neighbour("smtp-source")


@pytest.mark.parametrize("flags", [(), ("-r", "5")], ids=["one recipient", "five recipients"])
def test_fifty_sessions_lose_nothing(tmp_path: Path, flags: tuple[str, ...]) -> None:
    with Civicmail(tmp_path / "data", "gateway") as gateway:
        done = smtp_source(gateway.mx, 500, *flags, sessions=50)
        assert done.returncode == 0, done.stderr
        stage = gateway.wait(lambda stage: len(stage.acts) >= 500)
        assert len(stage.acts) == 500
        assert {len(act.recipients) for act in stage.acts.values()} == ({5} if flags else {1})


def test_connections_that_are_used_once_lose_nothing_either(tmp_path: Path) -> None:
    with Civicmail(tmp_path / "data", "gateway") as gateway:
        assert smtp_source(gateway.mx, 200, "-N", sessions=20).returncode == 0
        assert len(gateway.wait(lambda stage: len(stage.acts) >= 200).acts) == 200


def test_two_gateways_share_one_folder_and_one_port(tmp_path: Path) -> None:
    with Civicmail(tmp_path / "data", gateway__processes="2") as both:
        assert smtp_source(both.mx, 300, sessions=20, size=2000).returncode == 0
        stage = both.wait(captures=300, seconds=90)
        assert len(stage.acts) == 300
        assert len(both.mailbox("ann@city.example")) == 300


def test_sigterm_lets_messages_finish_that_are_on_their_way(tmp_path: Path) -> None:
    """What was answered 250 before the end is there after it."""
    accepted = 0
    with Civicmail(tmp_path / "data", "gateway") as gateway:
        postman = SmtpClient(gateway.relay)
        for posting, _ in zip(messages(8), range(50), strict=False):
            accepted += postman.send(posting).accepted
    postman.close()  # the gateway has hung up on it by now
    assert accepted == 50
    assert len(gateway.wait(lambda stage: len(stage.acts) >= 50).acts) == 50
