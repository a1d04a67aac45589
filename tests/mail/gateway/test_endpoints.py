"""Listeners from their settings (P-06, P-23)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from civicmail.core.config.settings import Listener, Plain, Secure
from civicmail.mail.gateway.endpoints import make_endpoint, plain_address
from civicmail.mail.gateway.errors import ListenerError
from mail.gateway.running import settings_for
from neighbours.authority import Authority


@pytest.mark.rule(
    "P-23, promise 2",
    "Which line-ending rule a listener has follows from its kind: reject outside, normalise for peers.",
)
def test_outside_rejects_broken_lines_and_the_others_mend_them_unless_told() -> None:
    settings = settings_for()
    for kind, said, newlines in [
        ("mx", "", "reject"),
        ("mx", "normalise", "normalise"),
        ("relay", "", "normalise"),
        ("lmtp", "", "normalise"),
        ("journal", "reject", "reject"),
    ]:
        assert make_endpoint(Listener(kind=kind, line_ends=said), settings).profile.newlines == newlines
    assert make_endpoint(Listener(kind="lmtp"), settings).profile.protocol == "lmtp"
    assert make_endpoint(Listener(kind="mx"), settings).profile.hostname == "mail.city.example"


@pytest.mark.rule("P-06, promise 5", "Only named networks, or this machine, may use a listener that relays.")
def test_anybody_may_use_mx_and_only_named_networks_or_loopback_the_others() -> None:
    settings = settings_for()
    assert make_endpoint(Listener(kind="mx"), settings).is_peer("203.0.113.9")
    closed = make_endpoint(Listener(kind="relay"), settings)
    assert closed.is_peer("127.0.0.1") and closed.is_peer("::1") and not closed.is_peer("203.0.113.9")
    named = make_endpoint(Listener(kind="lmtp", peers=["203.0.113.0/24", "2001:db8::/32"]), settings)
    assert named.is_peer("203.0.113.9") and named.is_peer("2001:db8::5")
    assert not named.is_peer("127.0.0.1") and not named.is_peer("")


def test_xclient_and_xforward_are_offered_to_trusted_networks_only() -> None:
    door = make_endpoint(Listener(kind="relay", xclient=["127.0.0.1"]), settings_for())
    assert door.profile_for("127.0.0.1").xclient and door.profile_for("127.0.0.1").xforward
    assert not door.profile_for("127.0.0.2").xclient and not door.profile.xclient


@pytest.mark.rule(
    "P-19",
    "From beyond this machine relay, LMTP and journal listeners accept mail under TLS only, if they have a certificate "
    "and no exception for clear text.",
)
@pytest.mark.parametrize("kind", ["relay", "lmtp", "journal"])
def test_beyond_this_machine_mail_comes_under_tls_or_somebody_answers_for_it(tmp_path: Path, kind: str) -> None:
    """With a certificate it is not only offered; strangers speak as they can."""
    certificate, key = map(str, Authority(tmp_path).issue("mail.city.example"))

    def needs(client: str, *plain: Plain, **more: Any) -> bool:
        listener = Listener(**{"kind": kind, "certificate": certificate, "key": key} | more)
        settings = replace(settings_for(), secure=Secure(plain=list(plain)))
        return make_endpoint(listener, settings).profile_for(client).require_tls

    assert needs("192.0.2.7") and needs("2001:db8::7") and needs("192.0.2.7", xclient=["192.0.2.0/24"])
    assert not any(needs(client) for client in ("127.0.0.1", "::1"))
    assert not needs("192.0.2.7", Plain(door=kind, owner="Networks", until="2027-06-30"))
    assert needs("192.0.2.7", Plain(door="courier", owner="Networks", until="2027-06-30"))
    assert not needs("192.0.2.7", kind="mx") and not needs("192.0.2.7", proxy=["192.0.2.0/24"])
    assert not needs("192.0.2.7", certificate="", key=""), "doctor says so"
    trusted = make_endpoint(Listener(kind=kind, xclient=["192.0.2.0/24"]), settings_for()).profile_for("192.0.2.7")
    assert trusted.xclient and trusted.xforward and not trusted.require_tls


@pytest.mark.parametrize(
    "listener",
    [
        Listener(kind="submission"),
        Listener(tls="implicit"),
        Listener(kind="relay", client_ca="ca.pem"),
        Listener(certificate="not-there.pem"),
        Listener(kind="relay", tls="off", certificate="x.pem", client_ca="ca.pem"),
    ],
)
def test_a_listener_that_cannot_work_says_so_in_a_sentence(listener: Listener) -> None:
    with pytest.raises(ListenerError) as problem:
        make_endpoint(listener, settings_for())
    assert problem.value.exit_code == 3 and str(problem.value).endswith(".")


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    with pytest.raises(ListenerError, match="certificate files"):
        make_endpoint(Listener(certificate=str(wrong)), settings_for())


def test_addresses_are_written_plainly() -> None:
    assert plain_address("::ffff:192.0.2.1") == "192.0.2.1"
    assert plain_address("fe80::1%eth0") == "fe80::1"
    assert plain_address("192.0.2.1") == "192.0.2.1"
