"""deploy/container comes up with one command, as shipped but for the base of its images: the city in it is used (P-23)."""

from __future__ import annotations

import contextlib
import http.client
import imaplib
import json
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator

import pytest

from civicmail.city.snapshot.credentials import new_password
from civicmail.front.sample.installation import free_ports
from house.sources import ROOT
from neighbours.containers import Containers
from stories import townhall

pytestmark = [
    pytest.mark.neighbour("podman", "buildah", "podman-compose", "mmdebstrap", "nft", "unshare", "nsenter", "namespaces", "root"),
    pytest.mark.timeout(3600),
]
SAM, ROSA = "sam.ferrer@city.example", "rosa.hale@city.example"
PASSWORD = new_password()
TEXT = f"From: {SAM}\r\nTo: {ROSA}\r\nSubject: Monday\r\n\r\nAt nine.\r\n"
KEPT = ("/data/civicmail.toml", "/data/keys/master.key", "/etc/civicmail/mail.pem")
_DEVICE = """
from civicmail.city.snapshot.credentials import device_key, mac
known = mac(device_key(Path("/data")), {password!r})
for uid in ("e-2", "e-4"):
    Device.objects.create(person=Person.objects.get(uid=uid), key=f"phone of {{uid}}", mac=known, made=now)
publish()
"""


def until(look: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end
        time.sleep(0.5)


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return dict(zip(("SMTP", "SUBMISSION", "IMAPS", "PAGES"), free_ports(4), strict=True))


@pytest.fixture(scope="module")
def city(ports: dict[str, int]) -> Iterator[Containers]:
    with Containers(ROOT, {f"PORT_{name}": str(port) for name, port in ports.items()}) as made:
        made.build()
        made.compose("up", "--detach")
        until(lambda: _status(ports["PAGES"], "/readyz") == 200)
        yield made


def _status(port: int, path: str) -> int:
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(wire):
        wire.request("GET", path)
        return wire.getresponse().status
    return 0


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # setup makes one that nobody knows, and says so
    return context


def _inbox(port: int, who: str) -> list[bytes]:
    with imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=_context(), timeout=60) as wire:
        wire.login(who, PASSWORD)
        wire.select("INBOX", readonly=True)
        return [wire.fetch(n.decode(), "(BODY.PEEK[])")[1][0][1] for n in wire.search(None, "ALL")[1][0].split()]  # type: ignore[index, misc]


def test_a_city_comes_up_with_one_command_and_is_used(city: Containers, ports: dict[str, int]) -> None:
    said = city.inside(
        "civicmail", "civicmail", "access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer",
        "--department", "it=City IT", "--reason", "the council decided so",
    )  # fmt: skip
    assert "http" in said, said
    people = townhall._HEAD.format(data="/data") + townhall._TOWN.format(password=townhall.PASSWORD)
    city.inside("civicmail", "python", "-", text=people + _DEVICE.format(password=PASSWORD))
    with smtplib.SMTP("127.0.0.1", ports["SMTP"], timeout=60) as stranger:
        assert stranger.starttls(context=_context())[0] == 220
        stranger.sendmail("resident@elsewhere.example", [SAM], f"To: {SAM}\r\nSubject: Elm Street\r\n\r\nWhen is it?\r\n")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            stranger.sendmail("resident@elsewhere.example", ["x@other.example"], "Subject: relay\r\n\r\n\r\n")
    until(lambda: any(b"Subject: Elm Street" in one for one in _inbox(ports["IMAPS"], SAM)))
    with smtplib.SMTP_SSL("127.0.0.1", ports["SUBMISSION"], timeout=60, context=_context()) as client:
        client.login("sam", PASSWORD)
        client.sendmail(SAM, [ROSA], TEXT)
        client.sendmail(
            SAM, ["r@elsewhere.example"], f"From: {SAM}\r\nTo: r@elsewhere.example\r\nSubject: Monday\r\n\r\nAt nine.\r\n"
        )
    until(lambda: any(b"Subject: Monday" in one for one in _inbox(ports["IMAPS"], ROSA)))
    until(lambda: "to=<r@elsewhere.example>" in city.run("podman", "logs", "civicmail_postfix_1"))
    assert _status(ports["PAGES"], "/accounts/login/") == 200
    _starts_again(city, ports)


def test_it_runs_as_a_user_without_rights_and_reads_scans(city: Containers) -> None:
    assert city.inside("civicmail", "id", "-u").strip() == "977"
    assert "CapEff:\t0000000000000000" in city.inside("civicmail", "cat", "/proc/1/status")
    assert not city.inside(
        "civicmail", "sh", "-c", "touch /opt/x 2>&1; touch /x 2>&1; ls /x /opt/x 2>/dev/null", check=False
    ).endswith("/x\n")
    assert "spa" in city.inside("civicmail", "tesseract", "--list-langs")
    problems = {
        line["check"]
        for line in map(json.loads, city.inside("civicmail", "civicmail", "doctor", "--json", check=False).splitlines())
        if line.get("level") == "problem"
    }
    assert problems <= {"next hop smtp://127.0.0.1:2600"}, problems
    until(lambda: city.run("podman", "healthcheck", "run", "civicmail_civicmail_1", check=False) == "")


def _starts_again(city: Containers, ports: dict[str, int]) -> None:
    """A second start changes nothing."""
    before = city.inside("civicmail", "sha256sum", *KEPT)
    city.compose("down")
    city.compose("up", "--detach")
    until(lambda: _status(ports["PAGES"], "/readyz") == 200)
    assert before == city.inside("civicmail", "sha256sum", *KEPT)
    until(lambda: any(b"Subject: Monday" in one for one in _inbox(ports["IMAPS"], ROSA)))
