"""swaks against the gateway: what a mail administrator tries first (acceptance 4 and 5)."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from neighbours.authority import Authority
from neighbours.civic import Civicmail
from neighbours.tools import swaks

pytestmark = pytest.mark.neighbour("swaks")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Civicmail]:
    certificate, key = authority.issue("mail.city.example")
    lines = f'certificate = "{certificate}"\nkey = "{key}"'
    with Civicmail(tmp_path_factory.mktemp("swaks") / "data", "gateway", listener=lines) as running:
        yield running


def test_a_message_is_taken_and_the_reply_names_its_capture(gateway: Civicmail) -> None:
    done = swaks(gateway.mx, "--body", "hello")
    assert done.returncode == 0, done.stdout
    said = done.stdout.split("<-  250")[-1]
    ids = {act.uuid for act in gateway.wait(lambda stage: len(stage.acts) > 0).acts.values()}
    assert any(i in done.stdout for i in ids), said


def test_starttls_is_verified_and_the_capture_knows_the_cipher(gateway: Civicmail, authority: Authority) -> None:
    done = swaks(gateway.mx, "--tls", "--tls-ca-path", str(authority.certificate), "--tls-verify")
    assert done.returncode == 0, done.stdout
    assert "TLSv1.3" in done.stdout


def test_pipelined_commands_are_answered_in_order(gateway: Civicmail) -> None:
    done = swaks(gateway.mx, "--pipeline", to="ann@city.example,bob@city.example,clerk@city.example")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("250 2.1.5") == 3


@pytest.mark.parametrize(
    "to",
    [
        "victim@far.example",
        "victim%far.example@city.example",
        "far.example!victim@city.example",
        "@city.example:victim@far.example",
        '"victim@far.example"@city.example',
        "victim@far.example@city.example",
    ],
)
def test_six_ways_to_relay_are_refused_on_mx(gateway: Civicmail, to: str) -> None:
    """Acceptance 4; RFC 5321 4.1.1.3, C."""
    done = swaks(gateway.mx, to=to)
    assert done.returncode == 24, done.stdout


def test_the_relay_listener_takes_mail_for_the_world_from_this_machine(gateway: Civicmail) -> None:
    assert swaks(gateway.relay, to="bob@far.example", sender="ann@city.example").returncode == 0


@pytest.mark.parametrize("to", ["postmaster@city.example", "abuse@city.example", "postmaster"])
def test_postmaster_and_abuse_always_work(gateway: Civicmail, to: str) -> None:
    assert swaks(gateway.mx, to=to).returncode == 0


def test_the_null_sender_is_a_sender(gateway: Civicmail) -> None:
    assert swaks(gateway.mx, sender="<>").returncode == 0


def test_a_message_above_the_limit_is_refused_before_its_data(gateway: Civicmail) -> None:
    """RFC 1870 6.1."""
    with smtplib.SMTP("127.0.0.1", gateway.mx) as wire:
        wire.ehlo("client.example")
        assert wire.mail("carol@home.example", ["size=99999999"])[0] == 552


def test_mail_with_attachments_and_eight_bit_text_is_taken(gateway: Civicmail, tmp_path: Path) -> None:
    plan = tmp_path / "plan.pdf"
    plan.write_bytes(b"%PDF-1.4 not really")
    done = swaks(gateway.mx, "--attach", f"@{plan}", "--body", "Grüße aus der Straße", "--header", "Subject: Plan")
    assert done.returncode == 0, done.stdout
