"""A rule of a mailbox sends mail out of the city by way of the relay: it is stopped, and the owner of the mailbox and the security
officers hear of it, by whatever the rule has written into the message (issue 17; P-11)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from civicmail.front.sample import installation
from neighbours.civic import Civicmail, civicmail
from neighbours.tools import swaks
from stories.townhall import run, townhall

pytestmark = pytest.mark.neighbour("swaks")
SAM, ROSA, ALMA = "sam.ferrer@city.example", "rosa.hale@city.example", "alma.weiss@city.example"
RITA = "rita.records@city.example"
OUTSIDE, CAROL = "elsewhere@home.test", "carol@vendor.test"
SRS = "SRS0=Xk2p=3F=vendor.test=carol@city.example"
_SECURITY = """
grant = RoleAssignment.objects.create(person=Person.objects.get(uid="e-6"), role="security-officer", starts=now - timedelta(days=1),
                                 by="e-1", reason="security", until=now + timedelta(days=90))
publish()
"""


class City(Civicmail):
    """With one more relay, of a server that sends for addresses of the city alone."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, web__url="https://mail.city.example", screening__checks='["names", "use"]')
        (self.scoped,) = installation.free_ports(1)
        door = f'[[gateway.listener]]\nkind = "relay"\naddress = "127.0.0.1"\nport = {self.scoped}\nsenders = ["@city.example"]\n\n'
        settings = data / "civicmail.toml"
        settings.write_text(settings.read_text().replace("[courier]\n", f"{door}[courier]\n"))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    data = tmp_path_factory.mktemp("forwarded") / "data"
    running = City(data)
    claim = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
    civicmail(*claim, "--reason", "the council decided so", data=data)
    townhall(data)
    run(data, _SECURITY)
    with running:
        yield running


def forwarded(city: City, path: Path, sender: str, *fields: str, author: str = f"Carol <{CAROL}>", port: int = 0) -> str:
    """What the server of the mailboxes hears."""
    lines = [*fields, f"From: {author}", f"To: {SAM}", "Subject: Elm Street", f"Message-ID: <{time.time_ns()}@vendor.test>"]
    path.write_text("\r\n".join([*lines, "", "The plans for Elm Street.", ""]))
    said = swaks(port or city.relay, "--data", f"@{path}", to=OUTSIDE, sender=sender).stdout
    assert "archived=" in said, said
    return said


def notices(city: City, address: str, words: str, count: int = 1, seconds: float = 60) -> list[str]:
    end = time.monotonic() + seconds
    while True:
        texts = [m.decode().replace("=\r\n", "").replace("=\n", "") for m in city.mailbox(address)]
        if len(found := [t for t in texts if words in t]) >= count:
            return found
        assert time.monotonic() < end, f"{address}: {texts}\n{city.log()[-3000:]}"
        time.sleep(0.1)


@pytest.mark.rule(
    "P-11, P-25",
    "Mail that a mailbox rule sends out through a relay is reported to the owner of the mailbox and to security, once a "
    "day, whatever the rule has written.",
)
def test_the_owner_of_the_mailbox_and_security_hear_of_what_its_rule_sends_out(city: City, tmp_path: Path) -> None:
    """Of Exchange's rule that sends in the owner's name, of one that leaves the stranger's return address, and of one whose
    mailbox nothing names; once a day for each, and nothing of the message."""
    for n in range(3):
        forwarded(city, tmp_path / f"a{n}", SAM, "Auto-Submitted: auto-forwarded", author=f"Sam Ferrer <{SAM}>")
    forwarded(city, tmp_path / "b", CAROL, f"Received: from mx by exchange for <{ROSA}>; Mon, 30 Nov 2026 10:00:00 +0000")
    forwarded(city, tmp_path / "c", SRS)
    (sam,), (rosa,) = notices(city, SAM, "out of the city"), notices(city, ROSA, "out of the city")
    assert "a rule of your mailbox, or of one to which you wrote" in " ".join(sam.split())
    assert "A rule of your mailbox would have forwarded a message" in " ".join(rosa.split())
    told = notices(city, ALMA, "out of the city", 3)
    for whose in (SAM, ROSA, "whose mailbox it is"):
        assert sum(whose in " ".join(text.split()) for text in told) == 1, (whose, told)
    assert not any(word in text for text in (sam, rosa, *told) for word in ("Elm", CAROL, OUTSIDE))


@pytest.mark.rule("P-11, P-14", "A refusal by a scoped relay of mail forwarded by a rule is reported too.")
def test_what_a_relay_with_a_scope_refuses_is_told_too(city: City, tmp_path: Path) -> None:
    """From is nobody of the city's, so the server of the mailboxes hears no; it must not be the only one."""
    assert "550 5.7.1" in forwarded(city, tmp_path / "d", RITA, port=city.scoped)
    (rita,) = notices(city, RITA, "A rule of your mailbox")
    (told,) = notices(city, ALMA, RITA)
    assert "The server that brought it was told no" in " ".join(told.split()) and "Nothing is lost" in rita
