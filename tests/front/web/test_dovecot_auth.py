"""What Dovecot asks (P-07, L2, M5, S1; AC-7): the snapshot answers, the lockout is shared, nobody else is heard."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from city.identity.people import KEY, PASSWORD, T0, city, own, person
from city.identity.signins import account, mailbox
from city.identity.signins import person as row
from civicmail.city.guard.models import Account, Entry, Failure
from civicmail.city.identity.models import Usage
from civicmail.city.snapshot import imap_access, published_snapshot
from civicmail.city.snapshot.credentials import key_path
from civicmail.city.snapshot.snapshot import Grant
from civicmail.front.web import dovecot_auth

pytestmark = pytest.mark.django_db


@pytest.fixture
def installed(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small city of people.py is published, at its own time."""
    key_path(installed).write_bytes(KEY)
    published_snapshot.publish(installed, city())
    published_snapshot.mark_database_alive(installed, T0)
    monkeypatch.setattr(dovecot_auth, "now_ms", lambda: T0 + 1)
    dovecot_auth._watch.cache_clear()
    dovecot_auth._issuer.cache_clear()
    return installed


def _ask(data: Path, door: str, secret: str | None = None, **asked: str) -> Any:
    shown = dovecot_auth.secret(data) if secret is None else secret
    client = Client(REMOTE_ADDR="127.0.0.1")
    return client.post(f"/doors/{door}", json.dumps(asked), content_type="application/json", headers={"X-Civicmail-Door": shown})


def _signs_in(data: Path, login: str, password: str = PASSWORD) -> str:
    answer = _ask(data, "password", user=login, password=password, protocol="imap", client="192.0.2.5").json()
    assert answer["ok"] == ("user" in answer)
    return str(answer.get("user", ""))


def test_a_device_password_opens_the_mailbox_of_its_person(installed: Path) -> None:
    """P-07: by the sign-in name or any address; what opens is the one mailbox."""
    for login in ("ann@city.example", "ANN@city.example", "a.mueller@city.example"):
        assert _signs_in(installed, login) == "ann@city.example"
    assert _signs_in(installed, "ann@city.example", "wrong") == ""
    assert Failure.objects.get().door == "imap"


@pytest.mark.rule(
    "P-07, M5, S1",
    "By IMAP people read their own mailbox: no function mailbox, no machine, and nobody without own access.",
)
@pytest.mark.parametrize(
    "login", ["clerk@city.example", "printer@city.example", "carol@city.example", "eve@city.example", "nobody", ""]
)
def test_no_function_mailbox_no_machine_and_nobody_without_own_access_reads(installed: Path, login: str) -> None:
    """M5, S1, M4."""
    assert _signs_in(installed, login) == ""


@pytest.mark.rule(
    "P-06, promise 5, L2, L3",
    "A person who lost access is unknown to Dovecot at that moment, and mail is still delivered.",
)
def test_who_lost_access_is_nobody_at_once_and_delivery_goes_on(installed: Path) -> None:
    """Also between the password and the mailbox."""
    assert _signs_in(installed, "ann@city.example")
    assert _ask(installed, "user", user="ann@city.example", protocol="imap").status_code == 200
    ended = replace(city().people["ann"], grants=(), devices=(), epoch=2)
    published_snapshot.publish(installed, city(2, T0 + 1, people=[ended]))
    dovecot_auth._watch.cache_clear()
    assert _signs_in(installed, "ann@city.example") == ""
    assert _ask(installed, "user", user="ann@city.example", protocol="imap").status_code == 404
    assert _ask(installed, "user", user="ann@city.example", protocol="lmtp").json() == {"user": "ann@city.example"}
    assert _ask(installed, "user", user="frank@city.example", protocol="lmtp").status_code == 404


def test_who_may_not_read_any_more_hears_why_by_the_right_password_alone(installed: Path) -> None:
    """P-09: in ASCII, without what the line of IMAP cannot have; and it is no failure that locks the sign-in."""
    ann = city().people["ann"]
    ended = replace(ann, grants=(), devices=(), former=ann.devices, epoch=2, why='Your access for "Ü" ended; ask the sponsor.')
    published_snapshot.publish(installed, city(2, T0 + 1, people=[ended]))
    dovecot_auth._watch.cache_clear()
    asked = {"user": "a.mueller@city.example", "protocol": "imap", "client": "192.0.2.5"}
    for _ in range(6):
        answer = _ask(installed, "password", password=PASSWORD, **asked).json()
        assert answer == {"ok": False, "why": "Your access for 'U' ended; ask the sponsor."}
    assert not Failure.objects.exists()
    assert _ask(installed, "password", password="wrong", **asked).json() == {"ok": False}
    assert _ask(installed, "user", user="ann@city.example", protocol="imap").status_code == 404


@pytest.mark.rule("P-07, P-08", "Only our own master user opens by IMAP what its holder may not read any more.")
def test_the_master_user_opens_what_nobody_reads_any_more(installed: Path, settings: Any) -> None:
    """To take back, to count and to empty; by IMAP, by this name, and where the city has said so."""
    settings.CITY = replace(settings.CITY, courier=replace(settings.CITY.courier, imap="imap://127.0.0.1:143"))
    ended = replace(city().people["ann"], grants=(), devices=(), epoch=2)
    published_snapshot.publish(installed, city(2, T0 + 1, people=[ended]))
    dovecot_auth._watch.cache_clear()

    def status(**more: str) -> int:
        return int(_ask(installed, "user", **{"user": "ann@city.example", "protocol": "imap", **more}).status_code)

    assert (status(), status(master=""), status(master="ann@city.example"), status(master="civicmail")) == (404, 404, 404, 200)
    assert status(master="civicmail", user="nobody@city.example") == 404
    settings.CITY = replace(settings.CITY, courier=replace(settings.CITY.courier, imap=""))
    assert status(master="civicmail") == 404


@pytest.mark.rule("P-16, promise 4", "A mailbox opens to Dovecot's master user with an entry, or not at all.")
def test_a_mailbox_opens_to_the_master_user_with_an_entry_or_not_at_all(
    installed: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has its password could read everybody's mail."""
    settings.CITY = replace(settings.CITY, courier=replace(settings.CITY.courier, imap="imap://127.0.0.1:143"))
    asked = {"user": "ann@city.example", "protocol": "imap", "master": "civicmail", "client": "127.0.0.1"}
    assert _ask(installed, "user", **asked).status_code == 200
    entry = Entry.objects.get(act="mailbox.open-as-master")
    assert (entry.object, entry.person, entry.facts["client"]) == ("mailbox:ann@city.example", "dovecot", "127.0.0.1")

    def gone(*_: Any, **__: Any) -> Any:
        raise DatabaseError

    monkeypatch.setattr("civicmail.city.guard.actions.entries.enter", gone)
    assert _ask(installed, "user", **asked).status_code == 503
    assert _ask(installed, "user", user="ann@city.example", protocol="lmtp").status_code == 200


@pytest.mark.rule(
    "P-16",
    "Only our master user of Dovecot opens a mailbox, with an entry first, by IMAP, and at the server that the city has named.",
)
@pytest.mark.parametrize("protocol", ["imap", "pop3", "submission", "sieve", "lmtp", "doveadm", ""])
@pytest.mark.parametrize("master", ["helpdesk", "root", "civicmail"])
def test_no_other_master_user_opens_anything(installed: Path, protocol: str, master: str) -> None:
    """Not who reads it all the same, by no door, and not ours where the city has named none ([courier] imap)."""
    assert _ask(installed, "user", user="ann@city.example", protocol=protocol, master=master).status_code == 404
    assert not Entry.objects.filter(act="mailbox.open-as-master").exists()


@pytest.mark.parametrize("protocol", ["imap", "pop3", "submission", "sieve", ""])
def test_whoever_lost_access_reads_by_no_protocol(installed: Path, protocol: str) -> None:
    """A city may switch more of Dovecot on than we ship."""
    assert _ask(installed, "user", user="ann@city.example", protocol=protocol).status_code == 200
    ended = replace(city().people["ann"], grants=(), devices=(), epoch=2)
    published_snapshot.publish(installed, city(2, T0 + 1, people=[ended]))
    dovecot_auth._watch.cache_clear()
    assert _ask(installed, "user", user="ann@city.example", protocol=protocol).status_code == 404


@pytest.mark.rule("P-05, P-08", "A sign-in of a mail program is counted for its day, mailbox and person.")
def test_a_sign_in_is_counted_for_its_day(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By password and by token; what is refused is none, and who is not in the directory neither."""
    ann = row("ann", "Ann Müller")
    mailbox(ann, "ann@city.example")
    for password in (PASSWORD, "wrong", PASSWORD):
        _signs_in(installed, "a.mueller@city.example", password)
    assert [(u.person, u.mailbox.address, u.retrieved, u.sent, u.received) for u in Usage.objects.all()] == [
        (ann, "ann@city.example", 2, 0, 0)
    ]
    monkeypatch.setattr(dovecot_auth.Issuer, "login", lambda self, token: token)
    assert _ask(installed, "introspect", token="ann@city.example").json()["active"]
    assert not _ask(installed, "introspect", token="nobody").json()["active"]
    monkeypatch.setattr(dovecot_auth, "now_ms", lambda: T0 + 1 + 86_400_000)
    published_snapshot.mark_database_alive(installed, T0 + 86_400_000)
    dovecot_auth._watch.cache_clear()
    _signs_in(installed, "ann@city.example")
    assert list(Usage.objects.order_by("day").values_list("retrieved", flat=True)) == [3, 1]


def test_wrong_device_passwords_lock_nothing_and_the_right_one_opens_from_the_same_address(installed: Path) -> None:
    """A stranger who knows the name, and a telephone with an old password."""
    ann = account(row("ann", "Ann Müller"), "ann@city.example")
    for _ in range(12):
        assert _signs_in(installed, "a.mueller@city.example", "wrong") == ""
    ann.refresh_from_db()
    assert ann.locked is None and Failure.objects.count() == 5, "and so many are rows, no more"
    assert _signs_in(installed, "ann@city.example") == "ann@city.example"
    assert _ask(installed, "user", user="ann@city.example", protocol="imap").status_code == 200


def test_what_an_officer_locked_opens_nothing(installed: Path) -> None:
    account(row("ann", "Ann Müller"), "ann@city.example")
    Account.objects.update(locked=datetime.fromtimestamp(T0 / 1000, UTC))
    assert _signs_in(installed, "ann@city.example") == ""
    assert _ask(installed, "user", user="ann@city.example", protocol="imap").status_code == 404


def test_without_the_database_the_snapshot_decides(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input: the database gone for a day."""

    def gone(*_: Any, **__: Any) -> Any:
        raise DatabaseError

    for name in ("note_wrong_device", "note_use"):
        monkeypatch.setattr(dovecot_auth, name, gone)
    monkeypatch.setattr(Account.objects, "filter", gone)
    assert _signs_in(installed, "ann@city.example") == "ann@city.example"
    assert _signs_in(installed, "ann@city.example", "wrong") == ""
    assert _ask(installed, "user", user="ann@city.example", protocol="imap").status_code == 200
    monkeypatch.setattr(dovecot_auth, "now_ms", lambda: T0 + published_snapshot.MAX_INBOUND_AGE_MS + 1)
    dovecot_auth._watch.cache_clear()
    assert _ask(installed, "password", user="ann@city.example", password=PASSWORD).status_code == 503


@pytest.mark.rule("P-07", "Only a program of this machine that shows the secret is answered about people.")
def test_only_a_program_of_this_machine_with_the_secret_is_heard(installed: Path) -> None:
    """For everybody else there is nothing here."""
    for secret in ("", "wrong", "ü"):
        assert _ask(installed, "password", secret.encode().decode("latin-1"), user="ann@city.example").status_code == 404
    shown = {"X-Civicmail-Door": dovecot_auth.secret(installed)}
    far = Client(REMOTE_ADDR="192.0.2.1")
    assert far.post("/doors/user", {"user": "ann@city.example"}, headers=shown).status_code == 404
    passed_on = {**shown, "X-Forwarded-For": "127.0.0.1"}
    assert Client(REMOTE_ADDR="127.0.0.1").post("/doors/user", {"user": "ann@city.example"}, headers=passed_on).status_code == 404
    assert os.stat(dovecot_auth.secret_path(installed)).st_mode & 0o777 == 0o600
    assert _ask(installed, "user", user="ann@city.example").status_code == 200


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"user": 1}', b"\xff", b'{"user": {"a": "b"}}'])
def test_a_question_that_is_none_is_told_so(installed: Path, body: bytes) -> None:
    shown = {"X-Civicmail-Door": dovecot_auth.secret(installed)}
    answer = Client(REMOTE_ADDR="127.0.0.1").post("/doors/password", body, content_type="application/json", headers=shown)
    assert answer.status_code == 400
    large = Client(REMOTE_ADDR="127.0.0.1").post("/doors/user", {"user": "a" * 20_000}, headers=shown)
    assert large.status_code == 400


def test_a_forged_token_is_not_active(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 7662; and a good one of somebody without access neither."""
    basic = base64.b64encode(f"dovecot:{dovecot_auth.secret(installed)}".encode()).decode()
    shown, client = {"Authorization": f"Basic {basic}"}, Client(REMOTE_ADDR="127.0.0.1")
    assert client.post("/doors/introspect", {"token": "a.b.c"}, headers=shown).json() == {"active": False}
    monkeypatch.setattr(dovecot_auth.Issuer, "login", lambda self, token: token)
    assert client.post("/doors/introspect", {"token": "ann@city.example"}, headers=shown).json() == {
        "active": True, "username": "ann@city.example", "scope": "imap",
    }  # fmt: skip
    for login in ("carol@city.example", "printer@city.example", "nobody"):
        assert client.post("/doors/introspect", {"token": login}, headers=shown).json() == {"active": False}


def test_reading_ends_on_its_date() -> None:
    snapshot = city(people=[person("ann", "Ann", own("ann", T0 + 10))])
    ann = snapshot.people["ann"]
    assert imap_access.own_mailbox(snapshot, ann, T0 + 9) is not None and imap_access.own_mailbox(snapshot, ann, T0 + 10) is None
    assert imap_access.own_mailbox(snapshot, person("bob", "Bob", Grant("ann@city.example", "holder", T0 + 10)), T0) is None
