"""Sign-ins, what locks them, who releases them; invitations, device passwords, tokens (P-07, S1; AC-7)."""

from __future__ import annotations

from pathlib import Path

import pytest
from allauth.usersessions.models import UserSession
from hypothesis import given
from hypothesis import strategies as st

from city.identity.signins import NOW, OFFICER, SECOND, account, actor, letter, mailbox, person
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Account, Entry, Invitation
from civicmail.city.identity import one_time_secrets
from civicmail.city.identity.actions import devices, invitations, signin, throttling, tokens
from civicmail.city.identity.models import Device, Token
from civicmail.city.identity.queries import shared_signins
from civicmail.city.snapshot.credentials import device_key, mac

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]
MINUTE = 60_000


def _fail(times: int, login: str = "ines", client: str = "192.0.2.9", now: int = NOW) -> None:
    for i in range(times):
        assert throttling.admit(login, "password", client=client, now=now + i) is not None


def test_only_the_access_office_releases_and_never_for_itself() -> None:
    ines = account()
    with pytest.raises(Conflict, match="not throttled"):
        signin.unlock(ines, actor=OFFICER, reason="nothing is the matter", now=NOW)
    _fail(5)
    with pytest.raises(NotPermitted):
        signin.unlock(ines, actor=actor(ines.person), reason="me", now=NOW)
    own = Actor("e-17", "Ines", OFFICER.held)
    with pytest.raises(NotPermitted, match="themselves"):
        signin.unlock(ines, actor=own, reason="me", now=NOW)
    with pytest.raises(Unusable):
        signin.unlock(ines, actor=OFFICER, reason=" ", now=NOW)
    signin.unlock(ines, actor=OFFICER, reason="it was me who forgot", now=NOW + MINUTE)
    assert Entry.objects.get(act="account.unlock").facts == {"locked": 0, "networks": ["192.0.2.9"]}
    _fail(5, now=NOW + MINUTE)


@pytest.mark.rule("P-07, S1", "One person has one sign-in.")
def test_one_person_has_one_sign_in_named_by_the_mailbox() -> None:
    ines = person()
    mailbox(ines, "ines@city.example")
    first = signin.open_account(ines, actor=OFFICER, reason="new", now=NOW)
    assert first.username == "ines@city.example" and not first.has_usable_password()
    assert signin.open_account(ines, actor=OFFICER, reason="again", now=NOW, username="other") == first
    other = person("e-18", "Otto Other")
    with pytest.raises(Unusable, match="already"):
        signin.open_account(other, actor=OFFICER, reason="new", now=NOW, username="INES@city.example")
    assert Account.objects.count() == 1


def _set(to: Account) -> str:
    to.set_password("correct horse battery staple")
    to.save()
    return "password"


@pytest.mark.rule("P-07", "A link for the first passkey is used once, within 72 hours.")
def test_an_invitation_is_used_once_within_72_hours() -> None:
    ines = person()
    secret = invitations.invite_first(ines, actor=machine("os:root"), reason="claim", now=NOW)
    assert invitations.find_invitation(secret, now=NOW + invitations.LIFETIME_MS) is None
    found = invitations.find_invitation(secret.upper(), now=NOW + invitations.LIFETIME_MS - 1)
    assert found is not None
    assert invitations.accept(found, _set, client="192.0.2.7", now=NOW + 1).check_password("correct horse battery staple")
    assert invitations.find_invitation(secret, now=NOW + 2) is None
    with pytest.raises(Conflict, match="already"):
        invitations.accept(found, _set, client="192.0.2.7", now=NOW + 2)
    with pytest.raises(Conflict, match="recovery"):
        invitations.invite(ines, actor=OFFICER, reason="once more", now=NOW + 3)


def test_a_newer_invitation_ends_the_older() -> None:
    ines = person()
    old, new = letter(ines), letter(ines, now=NOW + 1)
    old.refresh_from_db()
    assert old.ended is not None and new.ended is None
    with pytest.raises(Conflict, match="already"):
        invitations.accept(old, _set, client="", now=NOW + 2)


@pytest.mark.rule("P-07", "A letter opens an account by both halves, once, within 72 hours, and both names are in the record.")
def test_half_a_letter_opens_nothing_and_neither_does_a_letter_of_72_hours() -> None:
    """Also by the verbs, without a page."""
    ines = person()
    first = invitations.invite(ines, actor=OFFICER, reason="new clerk", now=NOW)
    row = Invitation.objects.get()
    for second in ("", first, "0000-0000-0000-0000"):
        assert invitations.find_letter(first, second, now=NOW) is None and invitations.find_invitation(first, now=NOW) is None
    with pytest.raises(Conflict):
        invitations.accept(row, _set, client="", now=NOW)
    with pytest.raises(NotPermitted, match="takes two"):
        invitations.hand_over(row, actor=OFFICER, reason="showed a passport", now=NOW)
    second = invitations.hand_over(row, actor=SECOND, reason="showed a passport", now=NOW)
    with pytest.raises(Conflict, match="already"):
        invitations.hand_over(row, actor=SECOND, reason="showed a passport", now=NOW)
    assert invitations.find_letter(first, second, now=NOW + invitations.LIFETIME_MS - 1) == row
    assert invitations.find_letter(first, second, now=NOW + invitations.LIFETIME_MS) is None


def test_recovery_ends_what_was_there_and_every_session() -> None:
    """P-07, L2."""
    ines = account(password="the old one")
    ines.locked = signin.from_ms(NOW)
    ines.save()
    after = invitations.accept(letter(ines.person, recovery=True), lambda a: "passkey", client="", now=NOW)
    assert not after.has_usable_password() and after.epoch == 2 and after.locked is None
    with pytest.raises(NotPermitted):
        invitations.recover(ines.person, actor=actor(ines.person), reason="me", now=NOW)


def test_who_left_is_not_invited() -> None:
    ines = person()
    ines.episodes.update(ended="2026-02-01")
    with pytest.raises(Conflict, match="any more"):
        invitations.invite(ines, actor=OFFICER, reason="come back", now=NOW)


def test_only_a_machine_invites_the_first() -> None:
    with pytest.raises(NotPermitted):
        invitations.invite_first(person(), actor=OFFICER, reason="claim", now=NOW)
    assert invitations.invite_first(person("e-2", "Ann First"), actor=machine("os:root"), reason="claim", now=NOW)


@pytest.mark.rule("P-07", "A device password is stored as its HMAC only, shown once, and ends immediately.")
def test_a_device_password_is_kept_as_its_hmac_and_ends_at_once(installed: Path) -> None:
    ines = person()
    password = devices.make(ines, "phone", actor=actor(ines), now=NOW)
    device = Device.objects.get()
    assert device.mac == mac(device_key(installed), password) and password not in str(vars(device))
    devices.end(device, actor=actor(ines), now=NOW + 1)
    devices.end(device, actor=actor(ines), now=NOW + 2)
    assert Entry.objects.filter(act="device.end").count() == 1
    with pytest.raises(NotPermitted):
        devices.end(device, actor=actor(person("e-18", "Otto Other")), now=NOW)
    assert password not in str(list(Entry.objects.values()))


def test_a_person_has_so_many_devices_and_no_more() -> None:
    ines = person()
    for i in range(devices.MAX_DEVICES):
        devices.make(ines, f"phone {i}", actor=actor(ines), now=NOW)
    with pytest.raises(Conflict, match="end one"):
        devices.make(ines, "one more", actor=actor(ines), now=NOW)


@pytest.mark.rule("P-07, S1", "A machine's password is a service mailbox's, and ends within a year.")
def test_a_machine_sends_as_a_service_mailbox_until_a_date() -> None:
    printer = mailbox(None, "printer@city.example", "service")
    until = NOW + 30 * tokens.DAY
    devices.make_for_machine(printer, "hall", until=until, actor=OFFICER, reason="scans", now=NOW)
    assert Device.objects.get().until is not None
    with pytest.raises(Unusable, match="a year"):
        devices.make_for_machine(printer, "hall", until=NOW + 400 * tokens.DAY, actor=OFFICER, reason="scans", now=NOW)
    function = mailbox(None, "info@city.example", "function")
    with pytest.raises(Conflict, match="no service mailbox"):
        devices.make_for_machine(function, "shared", until=until, actor=OFFICER, reason="everybody", now=NOW)


def test_a_use_is_noted_at_most_once_a_minute() -> None:
    ines = person()
    devices.make(ines, "phone", actor=actor(ines), now=NOW)
    key = Device.objects.get().key
    devices.note_use(key, client="192.0.2.7", now=NOW)
    devices.note_use(key, client="192.0.2.8", now=NOW + 59_000)
    assert Device.objects.get().used_from == "192.0.2.7"
    devices.note_use(key, client="192.0.2.8", now=NOW + 60_000)
    assert Device.objects.get().used_from == "192.0.2.8"


@pytest.mark.rule("P-07", "A token of the command line is one person's, until its end.")
def test_a_token_is_of_one_person_until_its_end() -> None:
    """P-16."""
    ines = account()
    text = tokens.make(ines.person, days=30, actor=actor(ines.person), now=NOW)
    assert tokens.account_by(text, "INES", now=NOW) == ines and tokens.account_by(text, "e-17", now=NOW) == ines
    other = account(person("e-18", "Otto Other"), "otto")
    for wrong in (
        lambda: tokens.account_by(text, other.username, now=NOW),
        lambda: tokens.account_by(text, "ines", now=NOW + 30 * tokens.DAY),
    ):
        with pytest.raises(NotPermitted, match="not good"):
            wrong()
    tokens.end(Token.objects.get(), actor=actor(ines.person), now=NOW)
    with pytest.raises(NotPermitted, match="not good"):
        tokens.account_by(text, "ines", now=NOW)


def test_a_token_of_who_is_locked_or_closed_opens_nothing() -> None:
    ines = account()
    text = tokens.make(ines.person, days=1, actor=actor(ines.person), now=NOW)
    for change in ({"locked": signin.from_ms(NOW)}, {"locked": None, "is_active": False}):
        Account.objects.update(**change)
        with pytest.raises(NotPermitted, match="not good"):
            tokens.account_by(text, "ines", now=NOW)


@pytest.mark.rule("P-07, S2", "Signs of a shared sign-in are listed for review, and have no automatic consequence.")
def test_many_places_at_once_and_many_sign_ins_from_one_address_are_signs_to_look_at() -> None:
    """And nothing follows by itself."""
    ines = account()
    for minute, ip in ((0, "192.0.2.1"), (20, "192.0.2.2"), (50, "192.0.2.3")):
        at = signin.from_ms(NOW - DAY_MS // 2 + minute * MINUTE)
        UserSession.objects.create(user=ines, ip=ip, created_at=at, session_key=ip, user_agent="x")
    calm = account(person("e-18", "Otto Other"), "otto")
    for hour, ip in ((1, "192.0.2.1"), (3, "192.0.2.2"), (5, "192.0.2.3")):
        at = signin.from_ms(NOW - DAY_MS // 2 + hour * 60 * MINUTE)
        UserSession.objects.create(user=calm, ip=ip, created_at=at, session_key=f"otto{ip}", user_agent="x")
    for n in range(3):
        invitations.accept(letter(person(f"e-3{n}", f"New {n}")), _set, client="198.51.100.7", now=NOW)
    seen = sorted(shared_signins.signs(NOW + 1), key=lambda s: s.kind)
    assert [s.who for s in seen] == ["e-17", "198.51.100.7"]
    places, source = seen
    assert places == shared_signins.Sign("places", "e-17", ("192.0.2.1", "192.0.2.2", "192.0.2.3"), NOW - DAY_MS // 2 + 50 * MINUTE)
    assert source.who == "198.51.100.7" and source.facts == ("e-30", "e-31", "e-32")
    assert shared_signins.signs(NOW + 2 * DAY_MS) == []
    ines.refresh_from_db()
    assert ines.is_active and ines.locked is None


@given(st.text(max_size=60))
def test_no_text_that_was_not_made_here_is_a_token_or_an_invitation(text: str) -> None:
    """Forged secrets: refused, whatever they are."""
    with pytest.raises(NotPermitted):
        tokens.account_by(text, "ines", now=NOW)
    assert invitations.find_invitation(text, now=NOW) is None and invitations.find_letter(text, text, now=NOW) is None


def test_one_kind_of_secret_never_passes_for_another(installed: Path) -> None:
    key, text = device_key(installed), one_time_secrets.new_secret("invitation")
    assert len({one_time_secrets.seal("invitation", key, text), one_time_secrets.seal("token", key, text), mac(key, text)}) == 3
