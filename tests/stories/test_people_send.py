"""People send with real clients, and an end of access is an end at the next command (issue 4; M4, L2, L4; promise 5)."""

from __future__ import annotations

import contextlib
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator

import pytest

from civicmail.city.snapshot.credentials import device_key, mac, new_password
from civicmail.city.snapshot.published_snapshot import publish
from civicmail.city.snapshot.snapshot import Device, Grant, Mailbox, Person, Snapshot, build
from civicmail.mail.courier.access_holds import held_for
from neighbours.authority import Authority
from neighbours.civic import Civicmail, answer
from neighbours.tools import swaks

pytestmark = pytest.mark.neighbour("swaks", "openssl")

ANN, BOB, EVE = "ann@city.example", "bob@city.example", "eve@city.example"
PASSWORD = new_password()
AUTH = ("--auth-user", ANN, "--auth-password", PASSWORD.replace("-", " "), "--h-From", "Ann Miller <ann@city.example>")


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def people(key: bytes, version: int, *, why: str = "", eve: str = "held") -> Snapshot:
    """Ann and Bob may send, unless why says otherwise of Ann; Eve is away."""
    until = now_ms() + 86_400_000
    device = Device("phone", mac(key, PASSWORD))
    ann = Person("ann", ANN, "Ann Miller", "employee", version if why else 1, why, False, (device,), (Grant(ANN, "holder", until),))
    bob = Person("bob", BOB, "Bob Baker", "employee", 1, grants=(Grant(BOB, "holder", until),))
    names = {ANN: ("Ann Miller", "ann", "open"), BOB: ("Bob Baker", "bob", "open"), EVE: ("Eve", "eve", eve)}
    boxes = [Mailbox(a, "personal", name, "clerk", state, "", holder, (a,)) for a, (name, holder, state) in names.items()]  # type: ignore[arg-type]
    return build(version, now_ms(), ("city.example",), [ann, bob], boxes, {})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Civicmail]:
    certificate, key = authority.issue("mail.city.example")
    data = tmp_path_factory.mktemp("people") / "data"
    running = Civicmail(data, people=f'certificate = "{certificate}"\nkey = "{key}"')
    publish(data, people(device_key(data), 1))
    with running:
        yield running


@pytest.fixture(autouse=True)
def everybody(city: Civicmail) -> int:
    """Before each test all is as in the beginning; the version that the next snapshot has."""
    version = now_ms()
    publish(city.data, people(device_key(city.data), version))
    time.sleep(0.6)
    return version + 1


def delivered(city: Civicmail, address: str, words: bytes, seconds: float = 60) -> bytes:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for content in city.mailbox(address):
            if words in content:
                return content
        time.sleep(0.05)
    raise AssertionError(f"{words!r} did not come to {address}: {city.log()[-2000:]}")


@pytest.mark.parametrize("how", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("implicit", [False, True])
def test_ann_signs_in_with_a_device_password_sends_and_bob_has_it(
    city: Civicmail, authority: Authority, how: str, implicit: bool
) -> None:
    port, tls = (city.implicit, "--tls-on-connect") if implicit else (city.submission, "--tls")
    words = f"story {how} {implicit}"
    flags = (tls, "--tls-ca-path", str(authority.certificate), "--tls-verify", "--auth", how, *AUTH, "--body", words)
    done = swaks(port, *flags, to=BOB, sender=ANN)
    assert done.returncode == 0 and "235 2.7.0" in done.stdout, done.stdout
    there = delivered(city, BOB, words.encode())
    assert b"ESMTPSA" in there and b"From: Ann Miller <ann@city.example>" in there


def test_a_wrong_password_a_missing_one_and_another_sender_are_refused(city: Civicmail) -> None:
    wrong = swaks(city.submission, "--tls", "--auth-user", ANN, "--auth-password", "x", "--auth", "PLAIN", to=BOB, sender=ANN)
    assert wrong.returncode == 28 and "535 5.7.8" in wrong.stdout, wrong.stdout
    nobody = swaks(city.submission, "--tls", to=BOB, sender=ANN)
    assert nobody.returncode == 23 and "530 5.7.0" in nobody.stdout, nobody.stdout
    clear = swaks(city.submission, to=BOB, sender=ANN)
    assert clear.returncode == 23 and "530 5.7.0 Must issue a STARTTLS" in clear.stdout, clear.stdout
    forged = swaks(city.submission, "--tls", "--auth", "PLAIN", *AUTH[:4], "--h-From", "<mayor@city.example>", to=BOB, sender=ANN)
    assert forged.returncode == 26 and "(not-yours, P-14)" in forged.stdout, forged.stdout


class Typed:
    """A session that somebody types by openssl s_client."""

    def __init__(self, port: int, authority: Authority) -> None:
        command = ["openssl", "s_client", "-quiet", "-crlf", "-starttls", "smtp", "-CAfile", str(authority.certificate)]
        command += ["-verify_return_error", "-connect", f"127.0.0.1:{port}"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def say(self, line: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        while (reply := self._line())[3:4] == "-":
            pass
        return reply

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().strip()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def test_access_ends_and_the_next_command_is_refused_within_a_second_while_the_mail_stays(
    city: Civicmail, authority: Authority, everybody: int
) -> None:
    typed = Typed(city.submission, authority)
    try:
        assert typed.say("EHLO ann.example").startswith("250 ")
        assert typed.say("AUTH PLAIN " + b64encode(f"\0{ANN}\0{PASSWORD}".encode()).decode()).startswith("235")
        for line in (f"MAIL FROM:<{ANN}>", f"RCPT TO:<{BOB}>"):
            assert typed.say(line).startswith("250")
        assert typed.say("DATA").startswith("354")
        letter = f"From: Ann Miller <{ANN}>\nSubject: before the end\n\nkept for ever\n."
        assert typed.say(letter).startswith("250")
        delivered(city, BOB, b"kept for ever")
        publish(city.data, people(device_key(city.data), everybody, why="Your access ended today."))
        ended, said = time.monotonic(), ""
        while not said.startswith("5") and time.monotonic() - ended < 50:
            said = typed.say(f"MAIL FROM:<{ANN}>")
            if said.startswith("250"):
                typed.say("RSET")
                time.sleep(0.05)
        assert said == "550 5.7.1 Your access ended today." and time.monotonic() - ended < 50
    finally:
        typed.close()
    city.wait(captures=1)
    assert answer("search", "before the end", data=city.data)["from"] == f"Ann Miller <{ANN}>"
    refused = swaks(city.submission, "--tls", "--auth", "PLAIN", *AUTH, to=BOB, sender=ANN)
    assert refused.returncode == 23 and "Your access ended today." in refused.stdout, refused.stdout


def test_mail_for_somebody_who_is_away_is_held_and_comes_when_she_is_back(city: Civicmail, everybody: int) -> None:
    assert swaks(city.mx, "--body", "while you were away", to=EVE).returncode == 0
    end = time.monotonic() + 60
    while not (held := held_for(city.data, EVE)) and time.monotonic() < end:
        time.sleep(0.05)
    assert len(held) == 1 and city.mailbox(EVE) == []
    publish(city.data, people(device_key(city.data), everybody, eve="open"))
    delivered(city, EVE, b"while you were away")
    assert held_for(city.data, EVE) == [] and len(city.mailbox(EVE)) == 1
