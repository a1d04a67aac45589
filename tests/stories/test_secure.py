"""One confidential message to five kinds of readers leaves by five ways, each proven by whoever received it; who picks it up on a
page answers there, and whoever wrote it has the answer in their mailbox (P-19)."""

from __future__ import annotations

import re
import smtplib
import subprocess
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from civicmail.core.disk.tail import Tail
from civicmail.mail.archive.records import Event, Type
from neighbours import postfix
from neighbours.authority import Authority
from neighbours.civic import Civicmail, civicmail
from neighbours.tools import Sink
from pages.conftest import browser_type_launch_args as browser_type_launch_args

CLERK = "clerk@city.example"
INSIDE, COUNTY, LAWYER, PRESS, RESIDENT = (
    "bob@city.example", "sam@county.example", "lee@law.example", "pat@press.example", "rosa@mailbox.example",
)  # fmt: skip
STATE = "ida@state.example"
"""Whose server cannot prove that it is the one."""
WORDS = b"The settlement is $12,400."
ANSWER = b"I agree to that."
MAIL = f"""From: clerk@city.example
To: {INSIDE}, {COUNTY}, {LAWYER}, {PRESS}, {RESIDENT}, {STATE}
Message-ID: <five@city.example>
Subject: [secure] Your case 26-114

{WORDS.decode()}
""".replace("\n", "\r\n")


@pytest.fixture
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    home = tmp_path_factory.mktemp("gpg")
    yield ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)


@pytest.mark.neighbour("postfix", "smtp-sink", "gpg", "openssl", "chromium", "root")
def test_five_readers_and_five_ways(tmp_path: Path, gpg: list[str], page: Any) -> None:
    data, authority = tmp_path / "data", Authority(tmp_path / "tls")
    chain, key = authority.issue("mx.county.example")
    certificate, private = authority.issue_for_mail(LAWYER)
    subprocess.run([*gpg, "--quick-gen-key", f"Pat <{PRESS}>", "default", "default", "never"], check=True, capture_output=True)
    (tmp_path / "pat.asc").write_bytes(subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True).stdout)
    tls = {"smtpd_tls_security_level": "encrypt", "smtpd_tls_chain_files": f"{key}, {chain}"}
    known = {"relay_domains": "county.example", "smtpd_recipient_restrictions": "reject_unauth_destination"}
    with (
        Sink(keep=True) as county, Sink(keep=True) as outside, postfix.edge(county.port, **tls, **known) as theirs,
        postfix.smart_host(outside.port) as smart_host,
    ):  # fmt: skip
        ours = Civicmail(data, next_hop=smart_host.port)
        partner = "".join(
            f'''
[[secure.partner]]
domain = "{name}"
server = "smtp://127.0.0.1:{theirs.port}"
name = "mx.{name}"
ca = "{authority.certificate}"
'''
            for name in ("county.example", "state.example")
        )
        text = (data / "civicmail.toml").read_text()
        (data / "civicmail.toml").write_text(text + partner)
        ours.set(web__serve="true", web__url=f"http://127.0.0.1:{ours.ports.web}", screening__checks='["confidential"]')
        civicmail("secure", "add", LAWYER, certificate, data=data)
        civicmail("secure", "add", PRESS, tmp_path / "pat.asc", data=data)
        with ours:
            with smtplib.SMTP("127.0.0.1", ours.relay, timeout=60) as client:
                client.sendmail("clerk@city.example", [INSIDE, COUNTY, LAWYER, PRESS, RESIDENT, STATE], MAIL.encode())
            ours.wait(lambda _: len(_proofs(data)) == 5 and bool(ours.mailbox(INSIDE)), seconds=60)
            proofs = _proofs(data)
            by = {index: proof["method"] for index, proof in proofs.items()}
            assert by == {1: "tls", 2: "smime", 3: "openpgp", 4: "portal", 5: "portal"}
            assert "certificate is not good" in proofs[5]["not_by"]["tls"]
            assert any("TLS connection established" in line or "TLSv1.3" in line for line in theirs.log())
            (at_county,) = county.wait_for(1, 60)
            assert WORDS in at_county and WORDS in ours.mailbox(INSIDE)[0]
            passed = outside.wait_for(4, 60)  # S/MIME, OpenPGP, two notices
            assert not any(WORDS in message or b"26-114" in message for message in passed)
            assert WORDS in _by_openssl(passed, tmp_path, certificate, private)
            assert WORDS in _by_gpg(passed, gpg)
            _picked_up(passed, page)
            ours.wait(lambda _: any(ANSWER in message for message in ours.mailbox(CLERK)), seconds=60)
            (answer,) = [message for message in ours.mailbox(CLERK) if ANSWER in message]
            assert len(county.messages()) == 1, "nothing went where no proof was"
            assert f"From: {RESIDENT}".encode() in answer and b"In-Reply-To: <five@city.example>" in answer
            _with_the_senders_passphrase(ours, outside, page)
        traced = civicmail("show", _id(data), "--trace", data=data).stdout.decode()
        assert "proof: tls how=pinned" in traced and "proof: portal" in traced


def _proofs(data: Path) -> dict[int, dict[str, Any]]:
    """Index of the recipient -> the proof in its record."""
    events = [Event.from_head(r.head) for r in Tail(data, bodies=False).poll() if r.type == Type.DELIVERED]
    return {index: event.facts["proof"] for event in events if "proof" in event.facts for index in event.to}


def _id(data: Path) -> str:
    return next(r.id.hex() for r in Tail(data, bodies=False).poll() if r.type == Type.RECEIPT)


def _by_openssl(passed: list[bytes], folder: Path, certificate: Path, private: Path) -> bytes:
    (sealed,) = [message for message in passed if b"application/pkcs7-mime" in message]
    (folder / "smime").write_bytes(sealed[sealed.index(b"\nReceived:") + 1 :] if b"\nReceived:" in sealed else sealed)
    command: list[str | Path] = ["openssl", "smime", "-decrypt", "-in", folder / "smime", "-inkey", private]
    command += ["-recip", certificate]
    return subprocess.run(command, check=True, capture_output=True).stdout


def _by_gpg(passed: list[bytes], gpg: list[str]) -> bytes:
    (sealed,) = [message for message in passed if b"-----BEGIN PGP MESSAGE-----" in message]
    armored = sealed[sealed.index(b"-----BEGIN PGP") : sealed.index(b"-----END PGP MESSAGE-----") + 25]
    return subprocess.run([*gpg, "--decrypt"], input=armored, check=True, capture_output=True).stdout


def _with_the_senders_passphrase(ours: Civicmail, outside: Sink, page: Any) -> None:
    """What must never go by TLS alone is shut until its sender has called, who hears when and from where it was
    opened."""
    number = "2FK4-RE6-NT52"
    content = f"From: {CLERK}\r\nTo: {RESIDENT}\r\nSubject: [secure] Your claim\r\n\r\nYour Medicare number is {number}.\r\n"
    with smtplib.SMTP("127.0.0.1", ours.relay, timeout=60) as client:
        client.sendmail(CLERK, [RESIDENT], content.encode())
    ours.wait(lambda _: any(b"Pass on by telephone" in message for message in ours.mailbox(CLERK)), seconds=60)
    (passed_on,) = [_text(message) for message in ours.mailbox(CLERK) if b"Pass on by telephone" in message]
    passphrase = re.search(r"^[0-9a-z]{4}(-[0-9a-z]{4}){2}$", passed_on, re.MULTILINE)
    ours.wait(lambda _: any("by telephone. It is never" in text for text in _notices(outside)), seconds=60)
    (notice,) = [text for text in _notices(outside) if "by telephone. It is never" in text]
    link = re.search(r"http://\S+/pickup/[\w-]+/", notice)
    assert passphrase is not None and link is not None and passphrase[0] not in notice and number not in notice
    page.goto(link[0])
    assert page.get_by_label("Choose a passphrase").count() == 0
    page.get_by_label("Passphrase").fill(passphrase[0])
    page.get_by_role("button", name="Open the message").click()
    page.get_by_text(number).wait_for()

    def opened() -> list[str]:
        return [_text(message) for message in ours.mailbox(CLERK) if b"Opened: your confidential" in message]

    ours.wait(lambda _: any("that you passed on" in text for text in opened()), seconds=60)
    assert all("127.0.0.1" in text for text in opened()) and len(opened()) == 2


def _notices(outside: Sink) -> list[str]:
    """The texts that went to readers with a link; S/MIME and OpenPGP have none in clear."""
    return [_text(message) for message in outside.messages() if b"/pickup/" in message]


def _text(message: bytes) -> str:
    return str(message_from_bytes(message, policy=default).get_content()).replace("\r\n", "\n")


def _picked_up(passed: list[bytes], page: Any) -> None:
    """The reader follows the link of the notice, and answers."""
    (notice,) = [message for message in passed if b"/pickup/" in message and RESIDENT.encode() in message]
    link = re.search(rb"http://\S+/pickup/[\w-]+/", notice.replace(b"=\r\n", b"").replace(b"=\n", b""))
    assert link is not None
    page.goto(link[0].decode())
    page.get_by_label("Choose a passphrase").fill("copper lantern river")
    page.get_by_label("The same again").fill("copper lantern river")
    page.get_by_role("button", name="Open the message").click()
    page.get_by_text(WORDS.decode()).wait_for()
    page.get_by_label("Your answer").fill(ANSWER.decode())
    page.get_by_role("button", name="Send the answer").click()
    page.get_by_text("Your answer is on its way.").wait_for()
