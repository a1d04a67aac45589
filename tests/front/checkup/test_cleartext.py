"""Mail beyond this machine goes over TLS, or somebody answers for it until a day (P-19)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from civicmail.core.config.settings import Courier, Gateway, Listener, Plain, Programs, Secure, Settings
from civicmail.front.checkup.cleartext import capabilities, cleartext
from civicmail.front.checkup.findings import Installation
from neighbours.dovecot import Dovecot

NOW = int(datetime(2027, 3, 1, tzinfo=UTC).timestamp() * 1000)


def said(tmp_path: Path, listener: Listener, *plain: Plain, courier: Courier | None = None) -> list[str]:
    settings = Settings(gateway=Gateway(listener=[listener]), courier=courier or Courier(), secure=Secure(plain=list(plain)))
    return [f.level for f in cleartext(Installation(tmp_path, settings, NOW))]


@pytest.mark.rule("P-19", "doctor is red for an entry point beyond this machine without TLS.")
@pytest.mark.parametrize("kind", ["submission", "relay", "lmtp", "journal"])
def test_a_door_beyond_this_machine_without_tls_is_red(tmp_path: Path, kind: str) -> None:
    bare = Listener(kind=kind, address="192.0.2.1", port=587)
    assert said(tmp_path, bare) == ["problem"]
    assert said(tmp_path, Listener(kind=kind, address="192.0.2.1", certificate="c.pem", key="k.pem")) == ["ok"]
    assert said(tmp_path, Listener(kind=kind, address="192.0.2.1", certificate="c.pem", tls="off")) == ["problem"]
    assert said(tmp_path, Listener(kind=kind, address="127.0.0.1")) == ["ok"]
    assert said(tmp_path, Listener(kind="mx", address="192.0.2.1")) == ["ok"], "strangers speak as they can"


@pytest.mark.rule("P-19", "An exception names a responsible person and an end.")
@pytest.mark.parametrize(
    ("owner", "until", "level"),
    [
        ("Networks", "2027-06-30", "warning"),
        ("Networks", "2027-03-01", "problem"),
        ("", "2027-06-30", "problem"),
        ("N", "soon", "problem"),
    ],
)
def test_an_entry_has_an_owner_and_an_end(tmp_path: Path, owner: str, until: str, level: str) -> None:
    """For its own door, too."""
    bare = Listener(kind="relay", address="192.0.2.1")
    assert said(tmp_path, bare, Plain(door="relay", owner=owner, until=until)) == [level]
    assert said(tmp_path, bare, Plain(door="lmtp", owner=owner, until=until)) == ["problem"]


def test_next_hops_beyond_this_machine_want_tls_that_is_verified(tmp_path: Path) -> None:
    """P-19."""
    here = Listener()
    assert said(tmp_path, here, courier=Courier(outbound="smtp://192.0.2.7:25")) == ["problem"]
    assert said(tmp_path, here, courier=Courier(outbound="smtp://192.0.2.7:25", tls="required")) == ["ok"]
    assert said(tmp_path, here, courier=Courier(outbound="smtp://127.0.0.1:2600", local="lmtp://[::1]:24")) == ["ok"]


@pytest.mark.rule(
    "P-19",
    "doctor is red if the mailbox server accepts passwords before TLS, unless an exception names a responsible person.",
)
@pytest.mark.parametrize(("door", "level"), [("", "problem"), ("imap", "warning"), ("lmtp", "problem")])
def test_a_mailbox_server_that_takes_passwords_before_tls_is_red(tmp_path: Path, door: str, level: str) -> None:
    """By what it says itself; one that takes none, or speaks TLS from the start, is good."""

    def levels(url: str, *said: str) -> list[str]:
        plain = [Plain(door=door, owner="Networks", until="2027-06-30")] if door else []
        settings = Settings(programs=Programs(imap=url), secure=Secure(plain=plain))
        return [f.level for f in cleartext(Installation(tmp_path, settings, NOW), lambda *_: frozenset(said))]

    assert levels("imap://imap.city.example:143", "IMAP4REV1", "STARTTLS") == [level]
    assert levels("imap://imap.city.example:143", "IMAP4REV1", "STARTTLS", "LOGINDISABLED") == ["ok"]
    assert levels("imaps://imap.city.example:993") == levels("imap://127.0.0.1:143") == levels("") == ["ok"]


@pytest.mark.neighbour("dovecot", "root")
def test_what_a_real_mailbox_server_says_before_tls() -> None:
    """The one of these tests takes passwords in clear on loopback, and says so."""
    with Dovecot(only=["a@city.example"]) as dovecot:
        said = capabilities("127.0.0.1", dovecot.imap)
    assert "IMAP4REV1" in said and "LOGINDISABLED" not in said
