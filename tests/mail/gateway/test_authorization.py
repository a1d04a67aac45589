"""What the doors say of recipients in a city that knows its people (M4, P-06; promise 5, promise 6)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from city.identity.people import T0, mailbox
from civicmail.city.snapshot.published_snapshot import MAX_INBOUND_AGE_MS, snapshot_path
from civicmail.core.config.settings import Courier, Listener, Settings
from mail.gateway.running import Client, kept, running, settings_for
from mail.gateway.town import MX, RELAY, Town, town


@pytest.fixture
def here(data: Path, tmp_path: Path) -> Iterator[Town]:
    with town(data, tmp_path / "tls") as started:
        yield started


@pytest.mark.rule("P-06, promise 7", "A mailbox that is not there, or closed, is refused by name at RCPT.")
@pytest.mark.parametrize(
    ("to", "wanted"),
    [
        ("ann@city.example", "250"),
        ("A.Mueller@City.Example", "250"),
        ("ann+lists@parks.example", "250"),
        ("all@city.example", "250"),
        ("postmaster@city.example", "250"),
        ("abuse@parks.example", "250"),
        ("eve@city.example", "250"),
        ("ghost@city.example", "550 5.1.1"),
        ("ghost+ann@city.example", "550 5.1.1"),
        ("ann@ghost.city.example", "550"),
        ("frank@city.example", "550 5.2.1 This mailbox was closed."),
        ('"frank"@city.example', "550 5.2.1 This mailbox was closed."),
    ],
)
@pytest.mark.parametrize("door", [MX, RELAY])
def test_who_is_there_is_taken_and_who_is_not_is_refused_by_name(here: Town, to: str, wanted: str, door: int) -> None:
    if door == RELAY and "ghost.city" in to:
        wanted = "250"
    with Client(here.ports[door]) as client:
        client.reply()
        client.say(b"EHLO x", b"MAIL FROM:<>")
        assert client.say(b"RCPT TO:<%s>" % to.encode()).startswith(wanted)


def test_an_employee_hears_it_too(here: Town) -> None:
    with here.signed_in() as client:
        client.mail("ann@city.example")
        assert [client.rcpt(to)[0] for to in ("ghost@city.example", "frank@city.example", "bob@city.example")] == [550, 550, 250]


@pytest.mark.rule("P-06, promise 1, M4", "Mail for a held mailbox is accepted and held, not lost, and nothing leads past that.")
def test_mail_for_a_held_mailbox_is_accepted_and_held_by_a_rule(here: Town) -> None:
    """M4: inbound is held, not lost. Quotes lead past nothing."""
    for to in (b"eve@city.example", b'"eve"@city.example'):
        with Client(here.ports[MX]) as client:
            client.to_data(to)
            assert client.say(b"Subject: x\r\n\r\nx\r\n.").startswith("250")
    for capture, _ in kept(here.data):
        assert [(d.do, d.rules) for d in capture.dispositions] == [("hold", ("access-held",))]
        assert capture.envelope.recipients[0].address in ("eve@city.example", '"eve"@city.example')


def test_a_list_is_one_capture_and_says_whom_it_reached(here: Town) -> None:
    with Client(here.ports[MX]) as client:
        client.to_data(b"all@city.example")
        assert client.say(b"Subject: x\r\n\r\nx\r\n.").startswith("250")
    ((capture, _),) = kept(here.data)
    assert [r.address for r in capture.envelope.recipients] == [
        "all@city.example",
        *(f"{n}@city.example" for n in ("ann", "bob", "eve", "frank")),
    ]


def test_a_closed_mailbox_is_refused_a_moment_after_it_was_closed(here: Town) -> None:
    with Client(here.ports[MX]) as client:
        client.reply()
        client.say(b"EHLO x", b"MAIL FROM:<>")
        assert client.say(b"RCPT TO:<bob@city.example>").startswith("250")
        here.publish(mailboxes=(mailbox("bob@city.example", "Bob", state="closed", holder="bob"),))
        assert client.say(b"RCPT TO:<bob@city.example>") == "550 5.2.1 This mailbox takes no mail any more"


@pytest.mark.rule("P-06, promise 5, M4", "Nothing is sent for a mailbox that may not send, whatever its source.")
def test_a_relay_sends_nothing_for_a_mailbox_that_may_not(data: Path, tmp_path: Path) -> None:
    """M4: whoever brings it, outbound of a holder without access is refused."""
    unscoped = settings_for(Listener(kind="relay", port=0))
    with town(data, tmp_path / "tls") as here, running(data, unscoped, clock=here.clock) as run, Client(run.port) as client:
        client.reply()
        client.say(b"EHLO x")
        assert client.say(b"MAIL FROM:<eve@city.example>") == "550 5.7.1 Eve is away."
        assert client.say(b"MAIL FROM:<bob@city.example>").startswith("250")


def test_without_a_database_inbound_goes_on_for_a_day(here: Town) -> None:
    with Client(here.ports[MX]) as client:
        client.reply()
        client.say(b"EHLO x", b"MAIL FROM:<>")
        here.clock.now = T0 + MAX_INBOUND_AGE_MS
        assert client.say(b"RCPT TO:<bob@city.example>").startswith("250")
        here.clock.now += 1000
        assert client.say(b"RCPT TO:<bob@city.example>").startswith("451")
        assert client.say(b"RCPT TO:<postmaster@city.example>").startswith("250")


@pytest.mark.rule("P-06, promise 5, promise 6", "An unreadable snapshot admits nobody: 4xx, never as if there were no people.")
def test_a_gateway_that_cannot_read_who_may_what_says_later_and_lets_nobody_in_for_that(data: Path) -> None:
    snapshot_path(data).parent.mkdir(exist_ok=True)
    snapshot_path(data).write_bytes(b"torn")
    with running(data) as run, Client(run.port) as client:
        client.reply()
        client.say(b"EHLO x", b"MAIL FROM:<>")
        assert client.say(b"RCPT TO:<ghost@city.example>").startswith("451")


def test_who_is_unknown_may_be_elsewhere(data: Path, tmp_path: Path) -> None:
    with town(data, tmp_path / "tls") as here:
        base = settings_for()
        settings = Settings(city=base.city, gateway=base.gateway, courier=Courier(elsewhere="smtp://127.0.0.1:1"))
        with running(data, settings, clock=here.clock) as run, Client(run.port) as client:
            client.to_data(b"ghost@city.example", b"eve@city.example", b"frank@city.example")
            assert client.say(b"Subject: x\r\n\r\nx\r\n.").startswith("250")
    ((capture, _),) = kept(data)
    assert {d.rules for d in capture.dispositions} == {("pass-elsewhere",)}, "nobody is live here: no rule acts on them"


def test_without_people_every_local_part_is_taken_as_before(data: Path) -> None:
    with running(data) as run, Client(run.port) as client:
        client.to_data(b"anybody@city.example")
        assert client.say(b"Subject: x\r\n\r\nx\r\n.").startswith("250")
    assert kept(data)[0][0].dispositions[0].do == "deliver"
